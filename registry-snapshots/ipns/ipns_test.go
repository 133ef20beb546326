package ipns

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
)

type testSigner struct{ key ed25519.PrivateKey }

func signer(name string) testSigner {
	seed := sha256.Sum256([]byte("ipns test key " + name))
	return testSigner{ed25519.NewKeyFromSeed(seed[:])}
}

func (s testSigner) Key() strictjson.Object {
	return strictjson.Object{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(s.key.Public().(ed25519.PublicKey))}
}

func (s testSigner) Sign(m []byte) ([]byte, error) { return ed25519.Sign(s.key, m), nil }

func nameOf(t testing.TB, s testSigner) Name {
	t.Helper()
	n, err := NameOf(s.Key())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

var record = Record{Value: "/ipfs/bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq", Sequence: 7,
	Validity: time.Date(2027, 1, 2, 3, 4, 5, 600, time.UTC), TTL: 5 * time.Minute}

func wantReason(t *testing.T, err error, want Reason) {
	t.Helper()
	var e *Error
	switch {
	case want == "" && err != nil:
		t.Fatalf("error %v, want none", err)
	case want != "" && !errors.As(err, &e):
		t.Fatalf("error %v, want reason %s", err, want)
	case want != "" && e.Reason != want:
		t.Fatalf("reason %s (%s), want %s", e.Reason, e.Detail, want)
	}
}

// v1 fills in the members of a V1 record, as older software wants them.
func v1(e *entry, r Record) {
	zero, sequence, ttl := uint64(0), r.Sequence, uint64(r.TTL)
	e.value, e.validity, e.signatureV1 = []byte(r.Value), []byte(formatValidity(r.Validity)), []byte("a signature of old")
	e.validityType, e.sequence, e.ttl = &zero, &sequence, &ttl
}

func TestCreate(t *testing.T) {
	s := signer("a")
	data, err := Create(s, record)
	wantReason(t, err, "")
	got, err := Verify(nameOf(t, s), data)
	wantReason(t, err, "")
	if got != record {
		t.Errorf("%+v, want %+v", got, record)
	}
	if len(data) > 250 {
		t.Errorf("a record of %d bytes, want V2 alone, some 220", len(data))
	}
	e, err := parseEntry(data)
	wantReason(t, err, "")
	if e.value != nil || e.signatureV1 != nil || e.sequence != nil {
		t.Error("it has members of V1")
	}
	if _, err := Create(s, Record{Value: "/ipfs/x", TTL: -1}); err == nil {
		t.Error("a negative TTL was taken")
	}
}

func TestVerify(t *testing.T) {
	s, other := signer("a"), signer("b")
	libp2p := func(s testSigner) []byte {
		return append([]byte{8, 1, 0x12, 32}, s.key.Public().(ed25519.PublicKey)...)
	}
	two, seven := uint64(2), uint64(7)
	resign := func(e *entry, edit func(m map[string]any)) {
		v, err := block.DecodeCBOR(e.data)
		if err != nil {
			t.Fatal(err)
		}
		m := v.(map[string]any)
		edit(m)
		if e.data, err = block.EncodeCBOR(m); err != nil {
			t.Fatal(err)
		}
		e.signatureV2, _ = s.Sign(append([]byte(signaturePrefix), e.data...))
	}
	tests := []struct {
		name string
		edit func(e *entry)
		want Reason
	}{
		{"V2", nil, ""},
		{"V1 and V2", func(e *entry) { v1(e, record) }, ""},
		{"V1 without a signature", func(e *entry) { v1(e, record); e.signatureV1 = nil }, ""},
		{"broken V1 signature proves nothing either way", func(e *entry) { v1(e, record); e.signatureV1 = []byte{1} }, ""},
		{"key within", func(e *entry) { e.pubKey = libp2p(s) }, ""},
		{"a member more in the data", func(e *entry) { resign(e, func(m map[string]any) { m["_more"] = "x" }) }, ""},
		{"expired is said, not judged", func(e *entry) {
			resign(e, func(m map[string]any) { m["Validity"] = []byte("2020-01-01T00:00:00Z") })
		}, ""},
		{"broken V1 value", func(e *entry) { v1(e, record); e.value = []byte("/ipfs/bafkqaaa") }, Mismatch},
		{"V1 value left out", func(e *entry) { v1(e, record); e.value = nil }, Mismatch},
		{"V1 sequence", func(e *entry) { v1(e, record); e.sequence = &two }, Mismatch},
		{"V1 sequence alone", func(e *entry) { e.sequence = &seven }, Mismatch},
		{"V1 validity", func(e *entry) { v1(e, record); e.validity = []byte("2027-01-02T03:04:05Z") }, Mismatch},
		{"V1 validity type", func(e *entry) { v1(e, record); e.validityType = &two }, Mismatch},
		{"V1 ttl", func(e *entry) { v1(e, record); e.ttl = &two }, Mismatch},
		{"broken V2 signature", func(e *entry) { e.signatureV2[5] ^= 1 }, BadSignature},
		{"broken V2 signature beside V1", func(e *entry) { v1(e, record); e.signatureV2[5] ^= 1 }, BadSignature},
		{"V1 only", func(e *entry) { v1(e, record); e.signatureV2, e.data = nil, nil }, NoSignature},
		{"no signature", func(e *entry) { e.signatureV2 = nil }, NoSignature},
		{"no data", func(e *entry) { e.data = nil }, NoSignature},
		{"data changed", func(e *entry) { e.data[len(e.data)-1] ^= 1 }, BadSignature},
		{"signed by another", func(e *entry) { e.signatureV2, _ = other.Sign(append([]byte(signaturePrefix), e.data...)) }, BadSignature},
		{"another's key within", func(e *entry) { e.pubKey = libp2p(other) }, WrongKey},
		{"signed without the prefix", func(e *entry) { e.signatureV2, _ = s.Sign(e.data) }, BadSignature},
		{"data not DAG-CBOR", func(e *entry) {
			e.data = []byte("{}")
			e.signatureV2, _ = s.Sign(append([]byte(signaturePrefix), e.data...))
		}, Malformed},
		{"no value", func(e *entry) { resign(e, func(m map[string]any) { delete(m, "Value") }) }, Malformed},
		{"value as text", func(e *entry) { resign(e, func(m map[string]any) { m["Value"] = record.Value }) }, Malformed},
		{"sequence below zero", func(e *entry) { resign(e, func(m map[string]any) { m["Sequence"] = -1 }) }, Malformed},
		{"another validity type", func(e *entry) { resign(e, func(m map[string]any) { m["ValidityType"] = 1 }) }, Malformed},
		{"validity is no time", func(e *entry) { resign(e, func(m map[string]any) { m["Validity"] = []byte("soon") }) }, Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := sign(s, record)
			wantReason(t, err, "")
			if tt.edit != nil {
				tt.edit(e)
			}
			_, err = Verify(nameOf(t, s), e.encode())
			wantReason(t, err, tt.want)
		})
	}
	data, err := Create(s, record)
	wantReason(t, err, "")
	_, err = Verify(nameOf(t, other), data)
	wantReason(t, err, BadSignature) // under another name
}

func TestRecordSize(t *testing.T) {
	s := signer("a")
	for _, tt := range []struct {
		pad  int
		want Reason
	}{{9000, ""}, {MaxRecord, TooLarge}} {
		r := record
		r.Value = "/ipfs/" + strings.Repeat("a", tt.pad)
		e, err := sign(s, r)
		wantReason(t, err, "")
		_, err = Verify(nameOf(t, s), e.encode())
		wantReason(t, err, tt.want)
	}
}

func TestProtobufIsStrict(t *testing.T) {
	s := signer("a")
	good, err := Create(s, record)
	wantReason(t, err, "")
	tests := []struct {
		name string
		data []byte
		want Reason
	}{
		{"valid", good, ""},
		{"nothing", nil, NoSignature},
		{"cut", good[:len(good)-1], Malformed},
		{"a field twice", append(bytes.Clone(good), 0x2a, 0x00, 0x2a, 0x00), Malformed},
		{"data twice", append(bytes.Clone(good), 0x4a, 0x00), Malformed},
		{"unknown field", append(bytes.Clone(good), 0x52, 0x00), Malformed},
		{"field 0", append(bytes.Clone(good), 0x02, 0x00), Malformed},
		{"wrong wire type", append(bytes.Clone(good), 0x08, 0x00), Malformed},
		{"long tag", append(bytes.Clone(good), 0xba, 0x00, 0x00), Malformed},
		{"long number", append(bytes.Clone(good), 0x28, 0x87, 0x00), Malformed},
		{"number over 64 bits", append(append(bytes.Clone(good), 0x28), bytes.Repeat([]byte{0xff}, 10)...), Malformed},
		{"length beyond the end", append(bytes.Clone(good), 0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f), Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Verify(nameOf(t, s), tt.data)
			wantReason(t, err, tt.want)
		})
	}
}

func TestParseName(t *testing.T) {
	good := nameOf(t, signer("a")).String()
	if !strings.HasPrefix(good, "k51") {
		t.Errorf("%s, want k51…", good)
	}
	tests := []struct {
		name, text string
		want       Reason
	}{
		{"Ed25519", good, ""},
		{"hash of an RSA key", "k2k4r8jl0yz8qjgqbmc2cdu5hkqek5rj6flgnlkyywynci20j0iuyfuj", ""},
		{"empty", "", BadName},
		{"upper case", "K" + strings.ToUpper(good[1:]), BadName},
		{"mixed case", good[:10] + strings.ToUpper(good[10:]), BadName},
		{"a block's CID", "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq", BadName},
		{"with a path", good + "/a", BadName},
		{"one character less", good[:len(good)-1], BadName},
		{"long", "k" + strings.Repeat("5", 1<<16), BadName},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err := ParseName(tt.text)
			wantReason(t, err, tt.want)
			if err == nil && n.String() != tt.text {
				t.Errorf("%s", n)
			}
		})
	}
}

// TestGatewayVectors runs the records of the gateway conformance suite, where they are.
func TestGatewayVectors(t *testing.T) {
	dir := os.Getenv("REALDATA")
	if dir == "" {
		dir = "../../../shared/realdata"
	}
	files, _ := filepath.Glob(dir + "/ipns-vectors/*.ipns-record")
	if len(files) == 0 {
		t.Skip("SKIPPED: no records in " + dir)
	}
	want := map[string]Reason{"v2": "", "v1-v2": "", "v1-v2-broken-signature-v1": "", "v1-v2-broken-signature-v2": BadSignature,
		"v1-v2-broken-v1-value": Mismatch, "v1": NoSignature}
	for _, f := range files {
		name, kind, _ := strings.Cut(strings.TrimSuffix(filepath.Base(f), ".ipns-record"), "_")
		t.Run(kind, func(t *testing.T) {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			n, err := ParseName(name)
			wantReason(t, err, "")
			reason, ok := want[kind]
			if !ok {
				t.Fatalf("a vector of an unknown kind: %s", f)
			}
			_, err = Verify(n, data)
			wantReason(t, err, reason)
		})
	}
}

func FuzzVerify(f *testing.F) {
	s := signer("a")
	name, err := NameOf(s.Key())
	if err != nil {
		f.Fatal(err)
	}
	plain, err := Create(s, record)
	if err != nil {
		f.Fatal(err)
	}
	both, err := sign(s, record)
	if err != nil {
		f.Fatal(err)
	}
	v1(both, record)
	f.Add(plain)
	f.Add(both.encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := parseEntry(data)
		if err != nil {
			return
		}
		// Written in order it is the same record, and of the same length: nothing was left out.
		out := e.encode()
		again, err := parseEntry(out)
		if err != nil || len(out) != len(data) || !bytes.Equal(again.encode(), out) {
			t.Fatalf("%x became %x: %v", data, out, err)
		}
		r, err := Verify(name, data)
		r2, err2 := Verify(name, out)
		if (err == nil) != (err2 == nil) || r != r2 {
			t.Fatalf("%v and %v for one record in two orders", err, err2)
		}
	})
}
