package x509chain

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/pem"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

func (m maker) pair() Chain {
	root, leaf := template("root", true), template("leaf", false)
	r := m.issue(root, root, "root")
	return Chain{m.issue(leaf, r, "root"), r}
}

func inPEM(kind string, c Chain) []byte {
	var b []byte
	for _, cert := range c {
		b = append(b, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: cert.Raw})...)
	}
	return b
}

func inCBOR(c Chain) []byte {
	var b []byte
	for _, cert := range c {
		item, err := cbor.Marshal(cert.Raw)
		if err != nil {
			panic(err)
		}
		b = append(b, item...)
	}
	return b
}

func TestFromFile(t *testing.T) {
	c := maker{t}.pair()
	der := c[0].Raw
	good := inPEM("CERTIFICATE", c)
	cat := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	tests := []struct {
		name string
		data []byte
		n    int
		want Reason
	}{
		{"DER", der, 1, ""},
		{"DER with trailing bytes", cat(der, []byte{0}), 0, Malformed},
		{"two in DER", cat(der, c[1].Raw), 0, Malformed},
		{"PEM", good, 2, ""},
		{"PEM after a text", cat([]byte("Subject: CN=leaf\n"), good), 2, ""},
		{"PEM with CR and LF", bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")), 2, ""},
		{"PEM of something else", inPEM("X509 CRL", c), 0, Malformed},
		{"PEM and something else", cat(good, inPEM("PRIVATE KEY", c[:1])), 0, Malformed},
		{"PEM that is cut off", good[:len(good)-12], 0, Malformed},
		{"PEM of no certificate", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), 0, Malformed},
		{"PEM of seven", bytes.Repeat(inPEM("CERTIFICATE", c[:1]), 7), 0, TooLong},
		{"a CBOR sequence", inCBOR(c), 2, ""},
		{"a CBOR sequence of seven", bytes.Repeat(inCBOR(c[:1]), 7), 0, TooLong},
		{"a CBOR sequence that is cut off", inCBOR(c)[:100], 0, Malformed},
		{"a CBOR sequence with something else", append(inCBOR(c), 1), 0, Malformed},
		{"nothing", nil, 0, Malformed},
		{"a text", []byte("certificate"), 0, Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := FromFile(tt.data)
			wantReason(t, err, tt.want)
			if len(got) != tt.n {
				t.Errorf("%d certificates, want %d", len(got), tt.n)
			}
		})
	}
}

func TestIs(t *testing.T) {
	c := maker{t}.pair()
	a, b, d := sha256.Sum256(c[0].Raw), sha512.Sum384(c[0].Raw), sha512.Sum512(c[0].Raw)
	other := sha256.Sum256(c[1].Raw)
	for _, tt := range []struct {
		name string
		alg  int64
		hash []byte
		want bool
	}{
		{"SHA-256", -16, a[:], true}, {"SHA-256 of 64 bits", -15, a[:8], true}, {"SHA-384", -43, b[:], true}, {"SHA-512", -44, d[:], true},
		{"of the next certificate", -16, other[:], false}, {"cut off", -16, a[:8], false}, {"under another name", -44, a[:], false},
		{"SHA-1", -14, a[:20], false}, {"empty", -16, nil, false},
	} {
		if got := c.Is(tt.alg, tt.hash); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// What is read is written as PEM, and read again the same.
func FuzzFromFile(f *testing.F) {
	c := maker{f}.pair()
	f.Add(c[0].Raw)
	f.Add(inPEM("CERTIFICATE", c))
	f.Add(inCBOR(c))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := FromFile(data)
		if err != nil {
			return
		}
		again, err := FromFile(inPEM("CERTIFICATE", c))
		if err != nil || len(again) != len(c) || len(c) == 0 || len(c) > MaxCertificates {
			t.Fatalf("%d certificates, then %d: %v", len(c), len(again), err)
		}
		for i := range c {
			if !c[i].Equal(again[i]) {
				t.Errorf("certificate %d is another one", i+1)
			}
		}
	})
}
