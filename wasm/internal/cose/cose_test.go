package cose_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	veraison "github.com/veraison/go-cose"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/keys"
)

func reason(err error) cose.Reason {
	var e *cose.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	if err != nil {
		return cose.Reason("?" + err.Error())
	}
	return ""
}

func publicKey(t testing.TB, i *testissuer.Issuer) *keys.Key {
	t.Helper()
	k, err := cose.ParseKey(testissuer.CBOR(i.COSEKey()))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSign1(t *testing.T) {
	issuer := testissuer.Key("ES256", "cose")
	key := publicKey(t, issuer)
	type message = testissuer.COSE
	tests := []struct {
		name     string
		edit     func(m *message)
		after    func(data []byte) []byte
		detached []byte
		external []byte
		want     cose.Reason
	}{
		{name: "tagged"},
		{name: "untagged", edit: func(m *message) { m.Untagged = true }},
		{name: "as a CWT", after: func(d []byte) []byte { return append([]byte{0xd8, 61}, d...) }},
		{name: "tag 61 without tag 18", edit: func(m *message) { m.Untagged = true },
			after: func(d []byte) []byte { return append([]byte{0xd8, 61}, d...) }, want: cose.Malformed},
		{name: "another tag", edit: func(m *message) { m.Untagged = true },
			after: func(d []byte) []byte { return append([]byte{0xd1}, d...) }, want: cose.Malformed},
		{name: "a tag twice", after: func(d []byte) []byte { return append([]byte{0xd2}, d...) }, want: cose.Malformed},
		{name: "the tag's number is longer than it need be", after: func(d []byte) []byte { return append([]byte{0xd8, 18}, d[1:]...) }},
		{name: "detached", edit: func(m *message) { m.Detached = true }, detached: []byte("payload")},
		{name: "another detached", edit: func(m *message) { m.Detached = true }, detached: []byte("Payload"), want: cose.BadSignature},
		{name: "detached and not given", edit: func(m *message) { m.Detached = true }, want: cose.MissingPayload},
		{name: "given twice", detached: []byte("payload"), want: cose.DoublePayload},
		{name: "empty payload", edit: func(m *message) { m.Payload = []byte{} }},
		{name: "external data", edit: func(m *message) { m.External = []byte("aad") }, external: []byte("aad")},
		{name: "other external data", edit: func(m *message) { m.External = []byte("aad") }, external: []byte("AAD"), want: cose.BadSignature},
		{name: "payload changed", after: func(d []byte) []byte { return bytes.Replace(d, []byte("payload"), []byte("Payload"), 1) }, want: cose.BadSignature},
		{name: "signature changed", after: func(d []byte) []byte { d[len(d)-1] ^= 1; return d }, want: cose.BadSignature},
		{name: "trailing byte", after: func(d []byte) []byte { return append(d, 0) }, want: cose.Malformed},
		{name: "cut", after: func(d []byte) []byte { return d[:len(d)-1] }, want: cose.Malformed},
		{name: "empty", after: func(d []byte) []byte { return nil }, want: cose.Malformed},
		{name: "indefinite array", edit: func(m *message) { m.Untagged = true },
			after: func(d []byte) []byte { d[0] = 0x9f; return append(d, 0xff) }, want: cose.MalformedCBOR},
		{name: "five elements", edit: func(m *message) { m.Untagged = true },
			after: func(d []byte) []byte { d[0] = 0x85; return append(d, 0xf6) }, want: cose.Malformed},
		{name: "critical and understood", edit: func(m *message) {
			m.Protected[int64(2)], m.Protected[int64(3)] = []any{int64(3)}, "text/plain"
		}},
		{name: "critical and unknown", edit: func(m *message) {
			m.Protected[int64(2)], m.Protected["x"] = []any{"x"}, 1
		}, want: cose.UnknownCritical},
		{name: "critical and not there", edit: func(m *message) { m.Protected[int64(2)] = []any{int64(3)} }, want: cose.Malformed},
		{name: "critical and empty", edit: func(m *message) { m.Protected[int64(2)] = []any{} }, want: cose.Malformed},
		{name: "crit not protected", edit: func(m *message) { m.Unprotected[int64(2)] = []any{int64(4)} }, want: cose.Malformed},
		{name: "unknown and not critical", edit: func(m *message) { m.Protected["x"] = 1 }},
		{name: "a label in both", edit: func(m *message) { m.Protected[int64(4)] = []byte("a") }, want: cose.Malformed},
		{name: "no algorithm", edit: func(m *message) { m.Protected[int64(1)] = nil }, want: cose.UnsupportedAlgorithm},
		{name: "unprotected algorithm", edit: func(m *message) { m.Protected[int64(1)], m.Unprotected[int64(1)] = nil, int64(-7) }, want: cose.UnsupportedAlgorithm},
		{name: "algorithm of another key", edit: func(m *message) { m.Protected[int64(1)] = int64(-8) }, want: cose.BadSignature},
		{name: "fully specified algorithm", edit: func(m *message) { m.Protected[int64(1)] = int64(-9) }},
		{name: "unknown algorithm", edit: func(m *message) { m.Protected[int64(1)] = int64(-999) }, want: cose.UnsupportedAlgorithm},
		{name: "huge algorithm", edit: func(m *message) { m.Protected[int64(1)] = uint64(1) << 63 }, want: cose.UnsupportedAlgorithm},
		{name: "algorithm by name", edit: func(m *message) { m.Protected[int64(1)] = "ES256" }, want: cose.UnsupportedAlgorithm},
		{name: "kid is text", edit: func(m *message) { m.Unprotected[int64(4)] = "a" }, want: cose.Malformed},
		{name: "kid is empty", edit: func(m *message) { m.Unprotected[int64(4)] = []byte{} }, want: cose.Malformed},
		{name: "kid is undefined", edit: func(m *message) { m.Unprotected[int64(4)] = cbor.RawMessage{0xf7} }},
		{name: "protected kid is undefined", edit: func(m *message) {
			m.Unprotected, m.Protected[int64(4)] = nil, cbor.RawMessage{0xf7}
		}, want: cose.Malformed},
		{name: "typ is a list", edit: func(m *message) { m.Protected[int64(16)] = []any{} }, want: cose.Malformed},
		{name: "a label that is a byte string", edit: func(m *message) { m.Unprotected[cbor.ByteString("a")] = 1 }, want: cose.Malformed},
		{name: "a huge label", edit: func(m *message) { m.Unprotected[uint64(1)<<63] = 1 }, want: cose.Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := message{Protected: map[any]any{}, Unprotected: map[any]any{int64(4): []byte("kid")}, Payload: []byte("payload")}
			if tt.edit != nil {
				tt.edit(&m)
			}
			data := issuer.Sign1(m)
			if tt.after != nil {
				data = tt.after(data)
			}
			got, err := cose.ParseSign1(data)
			if err == nil {
				err = got.Verify(key, tt.detached, tt.external)
			}
			if reason(err) != tt.want {
				t.Fatalf("%v, want %q", err, tt.want)
			}
		})
	}
}

// A label twice in one header is refused, wherever it stands.
func TestDuplicateLabels(t *testing.T) {
	sig := append([]byte{0x58, 64}, make([]byte, 64)...)
	for _, tt := range []struct {
		name        string
		protected   []byte // the map
		unprotected []byte
		want        cose.Reason
	}{
		{"none", []byte{0xa1, 1, 0x26}, []byte{0xa0}, ""},
		{"protected", []byte{0xa2, 1, 0x26, 1, 0x26}, []byte{0xa0}, cose.Malformed},
		{"unprotected", []byte{0xa1, 1, 0x26}, []byte{0xa2, 4, 0x41, 1, 4, 0x41, 1}, cose.Malformed},
		{"once short, once long", []byte{0xa2, 1, 0x26, 0x18, 1, 0x26}, []byte{0xa0}, cose.Malformed},
		{"deeper", []byte{0xa2, 1, 0x26, 15, 0xa2, 1, 1, 1, 1}, []byte{0xa0}, cose.Malformed},
		{"protected is an empty map", []byte{0xa0}, []byte{0xa1, 1, 0x26}, cose.UnsupportedAlgorithm},
		{"protected is an array", []byte{0x80}, []byte{0xa0}, cose.Malformed},
		{"protected is null", []byte{0xf6}, []byte{0xa0}, cose.Malformed},
		{"a byte behind the map", []byte{0xa1, 1, 0x26, 0}, []byte{0xa0}, cose.Malformed},
		{"indefinite map", []byte{0xbf, 1, 0x26, 0xff}, []byte{0xa0}, cose.Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := append([]byte{0x84, 0x40 | byte(len(tt.protected))}, tt.protected...)
			data = append(append(append(data, tt.unprotected...), 0x41, 0), sig...)
			if _, err := cose.ParseSign1(data); reason(err) != tt.want {
				t.Fatalf("%v, want %q", err, tt.want)
			}
		})
	}
}

func TestAlgorithms(t *testing.T) {
	for _, alg := range []string{"ES256", "ES384", "ES512", "EdDSA", "ES256K"} {
		t.Run(alg, func(t *testing.T) {
			issuer := testissuer.Key(alg, "cose")
			m, err := cose.ParseSign1(issuer.Sign1(testissuer.COSE{Payload: []byte("p")}))
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Verify(publicKey(t, issuer), nil, nil); err != nil {
				t.Error(err)
			}
			if err := m.Verify(publicKey(t, testissuer.Key(alg, "another")), nil, nil); reason(err) != cose.BadSignature {
				t.Errorf("by another key: %v", err)
			}
		})
	}
}

// What is made here verifies with another implementation.
func TestAnotherImplementationAgrees(t *testing.T) {
	issuer := testissuer.Key("EdDSA", "cose")
	data := issuer.Sign1(testissuer.COSE{Payload: []byte("p"), External: []byte("aad"), Protected: map[any]any{int64(3): "text/plain"}})
	var m veraison.Sign1Message
	if err := m.UnmarshalCBOR(data); err != nil {
		t.Fatal(err)
	}
	var k veraison.Key
	if err := k.UnmarshalCBOR(testissuer.CBOR(issuer.COSEKey())); err != nil {
		t.Fatal(err)
	}
	v, err := k.Verifier()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Verify([]byte("aad"), v); err != nil {
		t.Error(err)
	}
	if err := m.Verify([]byte("AAD"), v); err == nil {
		t.Error("verifies with other external data")
	}
}

func TestMac0(t *testing.T) {
	secret := []byte("a secret of no particular length")
	good := testissuer.Mac0(secret, []byte("payload"))
	for _, tt := range []struct {
		name     string
		data     []byte
		secret   []byte
		detached []byte
		want     cose.Reason
	}{
		{"good", good, secret, []byte("payload"), ""},
		{"tagged", append([]byte{0xd1}, good...), secret, []byte("payload"), ""},
		{"another payload", good, secret, []byte("Payload"), cose.BadSignature},
		{"another secret", good, []byte("no"), []byte("payload"), cose.BadSignature},
		{"no secret", good, nil, []byte("payload"), cose.BadSignature},
		{"no payload", good, secret, nil, cose.MissingPayload},
		{"a signature's tag", append([]byte{0xd2}, good...), secret, []byte("payload"), cose.Malformed},
		{"another algorithm", bytes.Replace(good, []byte{0xa1, 1, 5}, []byte{0xa1, 1, 6}, 1), secret, []byte("payload"), cose.UnsupportedAlgorithm},
		{"cut tag", append(append(bytes.Clone(good[:len(good)-34]), 0x41), good[len(good)-32]), secret, []byte("payload"), cose.BadSignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := cose.ParseMac0(tt.data)
			if err == nil {
				err = m.Verify(tt.secret, tt.detached, nil)
			}
			if reason(err) != tt.want {
				t.Fatalf("%v, want %q", err, tt.want)
			}
		})
	}
}

func TestKey(t *testing.T) {
	ec := testissuer.Key("ES256", "cose")
	compressed := func(k map[any]any) {
		k[int64(-3)] = k[int64(-3)].([]byte)[31]&1 == 1
	}
	for _, tt := range []struct {
		name string
		edit func(k map[any]any)
		want string
	}{
		{"as it is", func(k map[any]any) {}, ""},
		{"compressed", compressed, ""},
		{"alg", func(k map[any]any) { k[int64(3)] = int64(-7) }, ""},
		{"alg fully specified", func(k map[any]any) { k[int64(3)] = int64(-9) }, ""},
		{"alg of another curve", func(k map[any]any) { k[int64(3)] = int64(-35) }, "unsupported_key_type"},
		{"alg of key agreement", func(k map[any]any) { k[int64(3)] = int64(-25) }, "unsupported_key_type"},
		{"key_ops", func(k map[any]any) { k[int64(4)] = []any{int64(2)} }, ""},
		{"key_ops without verify", func(k map[any]any) { k[int64(4)] = []any{int64(7)} }, "unsupported_key_type"},
		{"kid and unknown labels", func(k map[any]any) { k[int64(2)], k["x"] = []byte("k"), 1 }, ""},
		{"private", func(k map[any]any) { k[int64(-4)] = make([]byte, 32) }, "private_key"},
		{"symmetric", func(k map[any]any) { k[int64(1)] = int64(4) }, "unsupported_key_type"},
		{"no type", func(k map[any]any) { delete(k, int64(1)) }, "unsupported_key_type"},
		{"Brainpool", func(k map[any]any) { k[int64(-1)] = int64(256) }, "unsupported_key_type"},
		{"curve of another type", func(k map[any]any) { k[int64(-1)] = int64(6) }, "unsupported_key_type"},
		{"no x", func(k map[any]any) { delete(k, int64(-2)) }, "malformed_key"},
		{"no y", func(k map[any]any) { delete(k, int64(-3)) }, "malformed_key"},
		{"short x", func(k map[any]any) { k[int64(-2)] = make([]byte, 31) }, "malformed_key"},
		{"off the curve", func(k map[any]any) { k[int64(-2)] = bytes.Repeat([]byte{1}, 32) }, "invalid_key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := ec.COSEKey()
			tt.edit(m)
			k, err := cose.ParseKey(testissuer.CBOR(m))
			got := string(reason(err))
			var ke *keys.Error
			if errors.As(err, &ke) {
				got = string(ke.Reason)
			}
			if got != tt.want {
				t.Fatalf("%v, want %q", err, tt.want)
			}
			if err == nil && k.Thumbprint() != ec.Thumbprint() {
				t.Error("another key")
			}
		})
	}
}

// What is read as a message and written again is the same message.
func FuzzSign1(f *testing.F) {
	issuer := testissuer.Key("EdDSA", "cose")
	f.Add(issuer.Sign1(testissuer.COSE{Payload: []byte("p")}))
	f.Add(issuer.Sign1(testissuer.COSE{Untagged: true, Detached: true, Unprotected: map[any]any{int64(33): []any{[]byte{1}, []byte{2}}}}))
	f.Add([]byte{0x84, 0x43, 0xa1, 1, 0x26, 0xa1, 0x9f, 0xff, 1, 0xf6, 0x40})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := cose.ParseSign1(data)
		if err != nil {
			if reason(err)[0] == '?' {
				t.Fatalf("an error of another type: %v", err)
			}
			return
		}
		var payload any
		if m.Payload != nil {
			payload = m.Payload
		}
		again, err := cose.ParseSign1(testissuer.CBOR([]any{testissuer.CBOR(m.Protected), m.Unprotected, payload, m.Signature}))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.Payload, m.Payload) || again.Alg != m.Alg || !bytes.Equal(again.KeyID(), m.KeyID()) ||
			!bytes.Equal(testissuer.CBOR(again.Unprotected), testissuer.CBOR(m.Unprotected)) {
			t.Error("another message")
		}
		if _, err := m.X5Chain(); err != nil && reason(err) != cose.Malformed {
			t.Error(err)
		}
	})
}

// What is encoded here is what package cbor makes of it.
func TestEncodeIsDeterministic(t *testing.T) {
	long := strings.Repeat("a", 70000)
	for _, v := range []any{
		nil, "", "a", "Grüße", strings.Repeat("a", 23), strings.Repeat("a", 24), strings.Repeat("a", 255), strings.Repeat("a", 256), long,
		[]byte{}, []byte{0xff}, []byte(long), []any{}, []any{nil, nil, []any{"OpenID4VPHandover", []byte{1}}}, make([]any, 24),
		cbor.Tag{Number: 24, Content: []byte{1}}, cbor.Tag{Number: 18, Content: []any{"a"}}, cbor.RawMessage{0x82, 1, 2}, []any{cbor.RawMessage{1}, cbor.RawMessage{2}},
	} {
		if got, want := cose.Encode(v), testissuer.CBOR(v); !bytes.Equal(got, want) {
			t.Errorf("%.40v: %.40x, want %.40x", v, got, want)
		}
	}
}
