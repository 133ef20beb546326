package di

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// valueOf writes a proofValue.
func valueOf(kind byte, data []byte) string {
	return "u" + base64.RawURLEncoding.EncodeToString(append([]byte{0xd9, 0x5d, kind}, data...))
}

func encoded(t testing.TB, v any) []byte {
	t.Helper()
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		t.Fatal(err)
	}
	b, err := mode.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func componentsOf(t testing.TB, doc strictjson.Object) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(doc.Object("proof").String("proofValue")[1:])
	if err != nil {
		t.Fatal(err)
	}
	return b[3:]
}

func TestECDSASD2023(t *testing.T) {
	issuer := testissuer.Key("ES256", "issuer")
	issuer.Kid = "did:example:issuer#key"
	key := keyOf(t, issuer)
	base := issuer.ECDSASD(testissuer.RDF(builtIn), linked(vcdm2), nil, "/issuer", "/credentialSubject/name2")
	good := base.Derive(derived...)
	other := issuer.ECDSASD(testissuer.RDF(builtIn), linked(vcdm2), strictjson.Object{"created": "2026-01-03T00:00:00Z"}, "/issuer").Derive(derived...)
	tests := []struct {
		name string
		edit func(d *ecdsaDerived)
		want Reason
	}{
		{"as derived", func(*ecdsaDerived) {}, ""},
		{"a signature of another document", func(d *ecdsaDerived) {
			o, _ := parseECDSADerived(componentsOf(t, other))
			d.BaseSignature = o.BaseSignature
		}, BadSignature},
		{"a key of another", func(d *ecdsaDerived) {
			d.PublicKey = append([]byte{0x80, 0x24}, testissuer.Key("ES256", "another").Octets()...)
		}, BadSignature},
		{"a key of another kind", func(d *ecdsaDerived) { d.PublicKey[1] = 0x25 }, MalformedProof},
		{"a key that is no point", func(d *ecdsaDerived) { d.PublicKey[2] = 5 }, MalformedProof},
		{"signatures exchanged", func(d *ecdsaDerived) { slices.Reverse(d.Signatures) }, BadSignature},
		{"a signature fewer", func(d *ecdsaDerived) { d.Signatures = d.Signatures[1:] }, MalformedProof},
		{"a signature more", func(d *ecdsaDerived) { d.Signatures = append(d.Signatures, d.Signatures[0]) }, MalformedProof},
		{"a signature cut", func(d *ecdsaDerived) { d.Signatures[0] = d.Signatures[0][:63] }, MalformedProof},
		{"signatures without number", func(d *ecdsaDerived) {
			for range maxStatements {
				d.Signatures = append(d.Signatures, d.Signatures[0])
			}
		}, "work_limit"},
		{"a label less", func(d *ecdsaDerived) { delete(d.Labels, 0) }, MalformedProof},
		{"a label more", func(d *ecdsaDerived) { d.Labels[7] = make([]byte, 32) }, MalformedProof},
		{"a label cut", func(d *ecdsaDerived) { d.Labels[0] = d.Labels[0][1:] }, MalformedProof},
		{"a label twice", func(d *ecdsaDerived) { d.Labels[0] = d.Labels[1] }, MalformedProof},
		{"labels exchanged", func(d *ecdsaDerived) { d.Labels[0], d.Labels[1] = d.Labels[1], d.Labels[0] }, BadSignature},
		{"a mandatory statement that is optional", func(d *ecdsaDerived) {
			d.Mandatory = d.Mandatory[1:]
			d.Signatures = append(d.Signatures, d.Signatures[0])
		}, BadSignature},
		{"mandatory statements in another order", func(d *ecdsaDerived) { slices.Reverse(d.Mandatory) }, ""},
		{"a mandatory statement twice", func(d *ecdsaDerived) { d.Mandatory[1] = d.Mandatory[0] }, MalformedProof},
		{"a mandatory statement that is not there", func(d *ecdsaDerived) { d.Mandatory[0] = 1 << 40 }, MalformedProof},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := parseECDSADerived(componentsOf(t, good))
			if err != nil {
				t.Fatal(err)
			}
			tt.edit(d)
			doc := strictjson.Clone(good).(strictjson.Object)
			doc.Object("proof")["proofValue"] = valueOf(kindECDSADerived, encoded(t, d))
			if err := checkRDF(doc, key); reasonOf(err) != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
		})
	}
	sdText(t, good, base.Base(), key, kindECDSADerived)
	t.Run("P-384 is not for this suite", func(t *testing.T) {
		if err := checkRDF(good, keyOf(t, testissuer.Key("ES384", "issuer"))); reasonOf(err) != WrongKeyType {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("a mandatory claim left out", func(t *testing.T) {
		doc := strictjson.Clone(good).(strictjson.Object)
		delete(doc.Object("credentialSubject"), "name2")
		if err := checkRDF(doc, key); err == nil {
			t.Fatal("is taken")
		}
	})
	t.Run("all, and no more than must be, disclosed", func(t *testing.T) {
		for _, pointers := range [][]string{nil, {"/credentialSubject"}, {"/credentialSubject/course/0"}, {"/id", "/validFrom"}} {
			if err := checkRDF(base.Derive(pointers...), key); err != nil {
				t.Errorf("%v: %v", pointers, err)
			}
		}
	})
}

func TestBBS2023(t *testing.T) {
	issuer := testissuer.Key("BBS", "issuer")
	issuer.Kid = "did:example:issuer#key"
	key := keyOf(t, issuer)
	base := issuer.BBS(testissuer.RDF(builtIn), linked(vcdm2), nil, "/issuer", "/credentialSubject/name2")
	good := base.Derive(derived...)
	tests := []struct {
		name string
		edit func(d *bbsDerived)
		want Reason
	}{
		{"as derived", func(*bbsDerived) {}, ""},
		{"presentation header changed", func(d *bbsDerived) { d.Presentation = []byte("to another") }, BadSignature},
		{"places exchanged", func(d *bbsDerived) { slices.Reverse(d.Selective) }, MalformedProof},
		{"another place", func(d *bbsDerived) { d.Selective[len(d.Selective)-1]++ }, BadSignature},
		{"a place beyond the limit", func(d *bbsDerived) { d.Selective[0] = 1 << 60 }, MalformedProof},
		{"a place fewer", func(d *bbsDerived) { d.Selective = d.Selective[1:] }, MalformedProof},
		{"a label twice", func(d *bbsDerived) { d.Labels[0] = d.Labels[1] }, MalformedProof},
		{"a label beyond the limit", func(d *bbsDerived) { d.Labels[0] = 1 << 40 }, MalformedProof},
		{"labels exchanged", func(d *bbsDerived) { d.Labels[0], d.Labels[1] = d.Labels[1], d.Labels[0] }, BadSignature},
		{"a mandatory statement fewer", func(d *bbsDerived) { d.Mandatory = d.Mandatory[1:] }, MalformedProof},
		{"proof cut", func(d *bbsDerived) { d.Proof = d.Proof[1:] }, MalformedProof},
		{"proof changed", func(d *bbsDerived) { d.Proof[len(d.Proof)-1] ^= 1 }, BadSignature},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := parseBBSDerived(componentsOf(t, good))
			if err != nil {
				t.Fatal(err)
			}
			tt.edit(d)
			doc := strictjson.Clone(good).(strictjson.Object)
			doc.Object("proof")["proofValue"] = valueOf(kindBBSDerived, encoded(t, d))
			if err := checkRDF(doc, key); reasonOf(err) != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
		})
	}
	sdText(t, good, base.Base(), key, kindBBSDerived)
	t.Run("optional features", func(t *testing.T) {
		for _, tt := range []struct {
			kind    byte
			want    Reason
			feature string // that the detail names
		}{
			{0x03, "", ""},
			{0x04, BaseProof, ""},
			{0x05, UnsupportedSuite, "anonymous_holder_binding"},
			{0x06, BaseProof, ""},
			{0x07, UnsupportedSuite, "pseudonym"},
			{0x08, BaseProof, ""},
			{0x09, UnsupportedSuite, "holder_binding_pseudonym"},
			{0x0a, MalformedProof, ""},
		} {
			doc := strictjson.Clone(good).(strictjson.Object)
			doc.Object("proof")["proofValue"] = valueOf(tt.kind, componentsOf(t, good))
			err := checkRDF(doc, key)
			if reasonOf(err) != tt.want || err != nil && !strings.Contains(err.Error(), tt.feature) {
				t.Errorf("kind %#x: %v", tt.kind, err)
			}
		}
	})
	t.Run("all, and no more than must be, disclosed", func(t *testing.T) {
		for _, pointers := range [][]string{nil, {"/credentialSubject"}, {"/credentialSubject/course/0"}, {"/id", "/validFrom"}} {
			if err := checkRDF(base.Derive(pointers...), key); err != nil {
				t.Errorf("%v: %v", pointers, err)
			}
		}
	})
}

// Two blank nodes of one name would be one in what was signed.
func TestLabels(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   map[uint64]uint64
		want Reason
	}{
		{"two", map[uint64]uint64{0: 1, 1: 0}, ""},
		{"two of one name", map[uint64]uint64{0: 1, 1: 1}, MalformedProof},
		{"beyond the limit", map[uint64]uint64{0: 2 * maxStatements}, MalformedProof},
	} {
		if got, err := labels(tt.in, bbsLabel); reasonOf(err) != tt.want || err == nil && (len(got) != 2 || got["c14n0"] != "b1") {
			t.Errorf("%s: got %v, %v", tt.name, got, err)
		}
	}
}

// A derived document has at most maxStatements, and one more ends before the signatures.
func TestStatements(t *testing.T) {
	const own = 7 // statements of the document beside its courses
	for n, want := range map[int]Reason{maxStatements - own: "", maxStatements - own + 1: "work_limit"} {
		doc := linked(vcdm2)
		courses := make([]any, n)
		for i := range courses {
			courses[i] = fmt.Sprint("course ", i)
		}
		doc.Object("credentialSubject")["course"] = courses
		proof := strictjson.Object{"type": "DataIntegrityProof", "cryptosuite": "bbs-2023", "proofPurpose": "assertionMethod", "verificationMethod": "did:example:issuer#key"}
		in := &input{secured: doc, proof: proof, toRDF: builtIn, memo: new(memo)}
		lines, err := in.relabel(map[string]string{})
		if reasonOf(err) != want || err == nil && len(lines) != maxStatements {
			t.Errorf("%d courses: %d statements, %v", n, len(lines), err)
		}
	}
}

// sdText edits the text and the CBOR of a proofValue.
func sdText(t *testing.T, good, base strictjson.Object, key *keys.Key, kind byte) {
	data := componentsOf(t, good)
	text := good.Object("proof").String("proofValue")
	tests := []struct {
		name  string
		value string
		want  Reason
	}{
		{"padded", text + "=", MalformedProof},
		{"in base58btc", "z" + text[1:], MalformedProof},
		{"empty", "u", MalformedProof},
		{"header alone", valueOf(kind, nil), MalformedProof},
		{"another tag", "u" + base64.RawURLEncoding.EncodeToString(append([]byte{0xd9, 0x5e, kind}, data...)), MalformedProof},
		{"another kind", valueOf(0x40, data), MalformedProof},
		{"trailing byte", valueOf(kind, append(slices.Clone(data), 0)), MalformedProof},
		{"cut", valueOf(kind, data[:len(data)-1]), MalformedProof},
		{"an item fewer", valueOf(kind, append([]byte{0x84}, data[1:]...)), MalformedProof},
		{"length not minimal", valueOf(kind, append([]byte{0x98, 0x05}, data[1:]...)), MalformedProof},
		{"length not known", valueOf(kind, append(append([]byte{0x9f}, data[1:]...), 0xff)), MalformedProof},
		{"tagged within", valueOf(kind, append([]byte{0x85, 0xc2}, data[1:]...)), MalformedProof},
		{"null within", valueOf(kind, append([]byte{0x85, 0xf6}, 0xf6, 0xf6, 0xf6, 0xf6)), MalformedProof},
		{"too long", "u" + strings.Repeat("A", maxSDValue), MalformedProof},
		{"a base proof", base.Object("proof").String("proofValue"), BaseProof},
	}
	for _, tt := range tests {
		t.Run("text/"+tt.name, func(t *testing.T) {
			doc := strictjson.Clone(good).(strictjson.Object)
			doc.Object("proof")["proofValue"] = tt.value
			if err := checkRDF(doc, key); reasonOf(err) != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// FuzzSDValue: what is decoded encodes to what decodes to the same.
func FuzzSDValue(f *testing.F) {
	e := testissuer.Key("ES256", "issuer")
	b := testissuer.Key("BBS", "issuer")
	e.Kid, b.Kid = "did:example:issuer#key", "did:example:issuer#key"
	f.Add(componentsOf(f, e.ECDSASD(testissuer.RDF(builtIn), linked(vcdm2), nil, "/issuer").Derive(derived...)))
	f.Add(componentsOf(f, b.BBS(testissuer.RDF(builtIn), linked(vcdm2), nil, "/issuer").Derive(derived...)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if d, err := parseECDSADerived(data); err == nil {
			once := encoded(t, d)
			again, err := parseECDSADerived(once)
			if err != nil || !bytes.Equal(encoded(t, again), once) || len(once) != len(data) {
				t.Fatalf("ecdsa-sd-2023: %x: %v", data, err)
			}
		} else if reasonOf(err) != MalformedProof && reasonOf(err) != "work_limit" {
			t.Fatal(err)
		}
		if d, err := parseBBSDerived(data); err == nil {
			once := encoded(t, d)
			again, err := parseBBSDerived(once)
			if err != nil || !bytes.Equal(encoded(t, again), once) || len(once) != len(data) {
				t.Fatalf("bbs-2023: %x: %v", data, err)
			}
		} else if reasonOf(err) != MalformedProof {
			t.Fatal(err)
		}
	})
}

// Package cbor writes each value in the fewest octets, so a text of another length has an
// argument that is written too long; and the walk over it is ours.
func TestShortest(t *testing.T) {
	type components struct {
		_    struct{} `cbor:",toarray"`
		A    []byte
		B    [][]byte
		C    map[uint64][]byte
		D    []uint64
		Last uint64
	}
	long := make([]byte, 256)
	tests := []struct {
		name string
		data []byte
		want bool
	}{
		{"empty", []byte{0x85, 0x40, 0x80, 0xa0, 0x80, 0x00}, true},
		{"null for each", []byte{0x85, 0xf6, 0xf6, 0xf6, 0xf6, 0x00}, true},
		{"23", []byte{0x85, 0x40, 0x80, 0xa0, 0x80, 0x17}, true},
		{"23 in two octets", []byte{0x85, 0x40, 0x80, 0xa0, 0x80, 0x18, 0x17}, false},
		{"24 in two octets", []byte{0x85, 0x40, 0x80, 0xa0, 0x80, 0x18, 0x18}, true},
		{"255 in three octets", []byte{0x85, 0x40, 0x80, 0xa0, 0x80, 0x19, 0, 0xff}, false},
		{"256 in three octets", []byte{0x85, 0x40, 0x80, 0xa0, 0x80, 0x19, 1, 0}, true},
		{"65535 in five octets", []byte{0x85, 0x40, 0x80, 0xa0, 0x80, 0x1a, 0, 0, 0xff, 0xff}, false},
		{"65536 in five octets", []byte{0x85, 0x40, 0x80, 0xa0, 0x80, 0x1a, 0, 1, 0, 0}, true},
		{"4294967295 in nine octets", []byte{0x85, 0x40, 0x80, 0xa0, 0x80, 0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, false},
		{"4294967296 in nine octets", []byte{0x85, 0x40, 0x80, 0xa0, 0x80, 0x1b, 0, 0, 0, 1, 0, 0, 0, 0}, true},
		{"the length of an array", []byte{0x98, 5, 0x40, 0x80, 0xa0, 0x80, 0x00}, false},
		{"the length of a byte string", []byte{0x85, 0x58, 1, 7, 0x80, 0xa0, 0x80, 0x00}, false},
		{"a byte string of what looks too long", []byte{0x85, 0x42, 0x18, 1, 0x80, 0xa0, 0x80, 0x00}, true},
		{"a byte string of 256", append(append([]byte{0x85, 0x59, 1, 0}, long...), 0x80, 0xa0, 0x80, 0x00), true},
		{"a byte string in an array", []byte{0x85, 0x40, 0x81, 0x58, 1, 7, 0xa0, 0x80, 0x00}, false},
		{"a key of a map", []byte{0x85, 0x40, 0x80, 0xa1, 0x18, 1, 0x40, 0x80, 0x00}, false},
		{"a map in any order", []byte{0x85, 0x40, 0x80, 0xa2, 2, 0x40, 1, 0x40, 0x80, 0x00}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var v components
			if err := sdCBOR.Unmarshal(tt.data, &v); err != nil {
				t.Fatal(err)
			}
			again := encoded(t, &v)
			if got := decodeSD(tt.data, new(components)) == nil; got != tt.want || got != (len(again) == len(tt.data)) {
				t.Errorf("%v, want %v; package cbor makes %d octets of %d", got, tt.want, len(again), len(tt.data))
			}
		})
	}
}
