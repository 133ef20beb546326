package bbs

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/verilith/verilith/wasm/internal/testissuer"
)

func reasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	if err != nil {
		return Reason("untyped: " + err.Error())
	}
	return ""
}

// trial is a proof of the test issuer's, which was written apart from this package.
type trial struct {
	key, signature, proof, header, presentation []byte
	messages                                    []string
	disclosed                                   []Disclosed
}

func known(places ...uint64) trial {
	issuer := testissuer.Key("BBS", "issuer")
	m := trial{key: issuer.Octets(), header: []byte("header"), presentation: []byte("to you"), messages: []string{"a", "b", "c", "", "e"}}
	m.signature, m.proof = issuer.BBSProof(m.header, m.presentation, m.messages, places...)
	for _, p := range places {
		m.disclosed = append(m.disclosed, Disclosed{int(p), []byte(m.messages[p])})
	}
	return m
}

func TestVerifyProof(t *testing.T) {
	infinity := append([]byte{0xc0}, make([]byte, 47)...)
	order := []byte{0x73, 0xed, 0xa7, 0x53, 0x29, 0x9d, 0x7d, 0x48, 0x33, 0x39, 0xd8, 0x08, 0x09, 0xa1, 0xd8, 0x05,
		0x53, 0xbd, 0xa4, 0x02, 0xff, 0xfe, 0x5b, 0xfe, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01}
	put := func(at int, b []byte) func(*trial) { return func(m *trial) { copy(m.proof[at:], b) } }
	tests := []struct {
		name string
		edit func(*trial)
		want Reason
	}{
		{"as made", nil, ""},
		{"message changed", func(m *trial) { m.disclosed[0].Message = []byte("A") }, BadSignature},
		{"messages in each other's place", func(m *trial) {
			m.disclosed[0].Message, m.disclosed[1].Message = m.disclosed[1].Message, m.disclosed[0].Message
		}, BadSignature},
		{"another place", func(m *trial) { m.disclosed[0].Index = 1 }, BadSignature},
		{"out of order", func(m *trial) { slices.Reverse(m.disclosed) }, Malformed},
		{"a place twice", func(m *trial) { m.disclosed[1].Index = m.disclosed[0].Index }, Malformed},
		{"a place beyond", func(m *trial) { m.disclosed[1].Index = 5 }, Malformed},
		{"a place below", func(m *trial) { m.disclosed[0].Index = -1 }, Malformed},
		{"one fewer disclosed", func(m *trial) { m.disclosed = m.disclosed[:1] }, BadSignature},
		{"header changed", func(m *trial) { m.header = []byte("Header") }, BadSignature},
		{"presentation changed", func(m *trial) { m.presentation = nil }, BadSignature},
		{"key of another", func(m *trial) { m.key = testissuer.Key("BBS", "another").Octets() }, BadSignature},
		{"key cut", func(m *trial) { m.key = m.key[:95] }, Malformed},
		{"key at infinity", func(m *trial) { m.key = append([]byte{0xc0}, make([]byte, 95)...) }, Malformed},
		{"key in G1", func(m *trial) { m.key = bytes.Repeat(m.proof[:48], 2) }, Malformed},
		{"a byte more", func(m *trial) { m.proof = append(m.proof, 0) }, Malformed},
		{"a scalar fewer", func(m *trial) { m.proof = m.proof[:len(m.proof)-32] }, BadSignature},
		{"empty", func(m *trial) { m.proof = nil }, Malformed},
		{"Abar and Bbar at infinity", func(m *trial) { copy(m.proof, infinity); copy(m.proof[48:], infinity) }, Malformed},
		{"D at infinity", put(96, infinity), Malformed},
		{"Abar no point", put(0, append([]byte{0x80}, make([]byte, 47)...)), Malformed},
		{"a scalar zero", put(144, make([]byte, 32)), Malformed},
		{"a scalar that is the order", put(144, order), Malformed},
		{"Abar and Bbar exchanged", func(m *trial) {
			a := slices.Clone(m.proof[:48])
			copy(m.proof, m.proof[48:96])
			copy(m.proof[48:], a)
		}, BadSignature},
		{"a scalar changed", func(m *trial) { m.proof[150] ^= 1 }, BadSignature},
		{"challenge changed", func(m *trial) { m.proof[len(m.proof)-1] ^= 1 }, BadSignature},
		{"as many messages as there may be", func(m *trial) { m.proof = append(m.proof, bytes.Repeat(m.proof[144:176], MaxMessages-5)...) }, BadSignature},
		{"one more, with those disclosed", func(m *trial) { m.proof = append(m.proof, bytes.Repeat(m.proof[144:176], MaxMessages-4)...) }, TooMany},
		{"too long", func(m *trial) { m.proof = append(m.proof, make([]byte, 32*MaxMessages)...) }, TooMany},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := known(0, 3)
			if tt.edit != nil {
				tt.edit(&m)
			}
			if err := VerifyProof(m.key, m.proof, m.header, m.presentation, m.disclosed); reasonOf(err) != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
		})
	}
	for _, places := range [][]uint64{nil, {0, 1, 2, 3, 4}, {4}} {
		m := known(places...)
		if err := VerifyProof(m.key, m.proof, m.header, m.presentation, m.disclosed); err != nil {
			t.Errorf("disclosing %v: %v", places, err)
		}
		if Hidden(m.proof) != 5-len(places) {
			t.Errorf("disclosing %v: %d hidden", places, Hidden(m.proof))
		}
	}
}

func TestVerifySignature(t *testing.T) {
	m := known()
	messages := func(list ...string) (out [][]byte) {
		for _, s := range list {
			out = append(out, []byte(s))
		}
		return out
	}
	if err := VerifySignature(m.key, m.signature, m.header, messages(m.messages...)); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"a message fewer":   VerifySignature(m.key, m.signature, m.header, messages("a", "b", "c", "")),
		"another order":     VerifySignature(m.key, m.signature, m.header, messages("b", "a", "c", "", "e")),
		"header":            VerifySignature(m.key, m.signature, nil, messages(m.messages...)),
		"signature cut":     VerifySignature(m.key, m.signature[:79], m.header, messages(m.messages...)),
		"signature changed": VerifySignature(m.key, append(slices.Clone(m.signature[:79]), m.signature[79]^1), m.header, messages(m.messages...)),
	} {
		if err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func BenchmarkVerifyProof(b *testing.B) {
	m := known(0, 3)
	for b.Loop() {
		if err := VerifyProof(m.key, m.proof, m.header, m.presentation, m.disclosed); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzVerifyProof: no other proof is taken than the one that was made.
func FuzzVerifyProof(f *testing.F) {
	m := known(0, 3)
	f.Add(m.proof)
	f.Add(m.proof[:len(m.proof)-32])
	f.Fuzz(func(t *testing.T, proof []byte) {
		err := VerifyProof(m.key, proof, m.header, m.presentation, m.disclosed)
		if (err == nil) != bytes.Equal(proof, m.proof) {
			t.Fatalf("%x: %v", proof, err)
		}
	})
}
