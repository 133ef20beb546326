package keys

import (
	"math/big"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/verilith/verilith/wasm/strictjson"
)

func TestFromJWK(t *testing.T) {
	all := signers(t)
	set := func(name string, v any) func(strictjson.Object) {
		return func(o strictjson.Object) { o[name] = v }
	}
	drop := func(name string) func(strictjson.Object) {
		return func(o strictjson.Object) { delete(o, name) }
	}
	modulus := func(bits uint, odd int64) string {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		return b64(n.Add(n, big.NewInt(odd)).Bytes())
	}
	prime := b64(fieldP.FillBytes(make([]byte, 32)))
	tests := []struct {
		name string
		key  string
		edit func(strictjson.Object)
		want Reason // "" means accepted
	}{
		{"valid", TypeEd25519, nil, ""},
		{"valid", TypeP256, nil, ""},
		{"valid", TypeP384, nil, ""},
		{"valid", TypeP521, nil, ""},
		{"valid", TypeSecp256k1, nil, ""},
		{"valid", TypeRSA, nil, ""},
		{"unknown members are ignored", TypeP256, set("x5c", []any{"AA"}), ""},
		{"kid, alg, use and key_ops", TypeP256, func(o strictjson.Object) {
			o["kid"], o["alg"], o["use"], o["key_ops"] = "k", "ES256", "sig", []any{"verify"}
		}, ""},

		{"kty absent", TypeP256, drop("kty"), Malformed},
		{"kty a number", TypeP256, set("kty", strictjson.Number("1")), Malformed},
		{"kty empty", TypeP256, set("kty", ""), Malformed},
		{"kty unknown", TypeP256, set("kty", "AKP"), UnsupportedKeyType},
		{"kty in lower case", TypeP256, set("kty", "ec"), UnsupportedKeyType},
		{"kty of another curve", TypeP256, set("kty", "OKP"), UnsupportedKeyType},
		{"symmetric", TypeP256, set("kty", "oct"), SymmetricKey},
		{"crv absent", TypeP256, drop("crv"), Malformed},
		{"crv unknown", TypeP256, set("crv", "P-224"), UnsupportedKeyType},
		{"X25519", TypeEd25519, set("crv", "X25519"), UnsupportedKeyType},
		{"Ed448", TypeEd25519, set("crv", "Ed448"), UnsupportedKeyType},
		{"another curve's name", TypeP256, set("crv", "P-384"), Malformed},
		{"secp256k1's name on a point of P-256", TypeP256, set("crv", "secp256k1"), InvalidKey},
		{"P-256's name on a point of secp256k1", TypeSecp256k1, set("crv", "P-256"), InvalidKey},

		{"d", TypeP256, set("d", "AA"), PrivateKey},
		{"d of no use", TypeEd25519, set("d", nil), PrivateKey},
		{"p", TypeRSA, set("p", "AA"), PrivateKey},
		{"oth", TypeRSA, set("oth", []any{}), PrivateKey},
		{"k", TypeEd25519, set("k", "AA"), PrivateKey},

		{"x absent", TypeEd25519, drop("x"), Malformed},
		{"y absent", TypeP384, drop("y"), Malformed},
		{"x not a string", TypeP256, set("x", []any{}), Malformed},
		{"x too short", TypeP256, func(o strictjson.Object) { o["x"] = o.String("x")[:42] }, Malformed},
		{"x too long", TypeP256, func(o strictjson.Object) { o["x"] = "A" + o.String("x") }, Malformed},
		{"x with padding", TypeP521, func(o strictjson.Object) { o["x"] = o.String("x")[:87] + "=" }, Malformed},
		{"x with a line break", TypeP256, func(o strictjson.Object) { o["x"] = o.String("x")[:42] + "\n" }, Malformed},
		{"x with a stray bit", TypeP256, func(o strictjson.Object) { o["x"] = stray(o.String("x")) }, Malformed},
		{"x in base64", TypeP256, func(o strictjson.Object) { o["x"] = "+" + o.String("x")[1:] }, Malformed},
		{"y of another point", TypeP256, func(o strictjson.Object) { o["y"] = o["x"] }, InvalidKey},
		{"point at infinity", TypeP256, func(o strictjson.Object) { o["x"], o["y"] = b64(make([]byte, 32)), b64(make([]byte, 32)) }, InvalidKey},
		{"y of another point", TypeSecp256k1, func(o strictjson.Object) { o["y"] = o["x"] }, InvalidKey},
		{"point at infinity", TypeSecp256k1, func(o strictjson.Object) { o["x"], o["y"] = b64(make([]byte, 32)), b64(make([]byte, 32)) }, InvalidKey},
		{"coordinate not below the prime", TypeSecp256k1, set("x", b64([]byte(strings.Repeat("\xff", 32)))), InvalidKey},
		{"identity", TypeEd25519, set("x", b64(append([]byte{1}, make([]byte, 31)...))), WeakKey},
		{"y not below the prime", TypeEd25519, set("x", reverse(prime)), InvalidKey},

		{"n absent", TypeRSA, drop("n"), Malformed},
		{"e absent", TypeRSA, drop("e"), Malformed},
		{"n with a leading zero", TypeRSA, func(o strictjson.Object) { o["n"] = "AAAA" + o.String("n") }, Malformed},
		{"e with a leading zero", TypeRSA, set("e", "AAEAAQ"), Malformed},
		{"2047 bits", TypeRSA, set("n", modulus(2047, 1)), WeakKey},
		{"2048 bits", TypeRSA, set("n", modulus(2048, 1)), ""},
		{"4096 bits", TypeRSA, set("n", modulus(4096, 1)), ""},
		{"4097 bits", TypeRSA, set("n", modulus(4097, 1)), KeyTooLarge},
		{"a modulus without end", TypeRSA, set("n", strings.Repeat("A", 1<<20)), KeyTooLarge},
		{"modulus of guessable primes", TypeRSA, set("n", b64(rocaModulus().Bytes())), WeakKey},
		{"even modulus", TypeRSA, set("n", modulus(2048, 2)), InvalidKey},
		{"e is 3", TypeRSA, set("e", "Aw"), ""},
		{"e is 1", TypeRSA, set("e", "AQ"), InvalidKey},
		{"e is even", TypeRSA, set("e", "AQAA"), InvalidKey},
		{"e is 2³¹−1", TypeRSA, set("e", "f____w"), ""},
		{"e is 2³¹+1", TypeRSA, set("e", "gAAAAQ"), KeyTooLarge},
		{"e of 5 octets", TypeRSA, set("e", "AQAAAAE"), KeyTooLarge},

		{"kid not a string", TypeP256, set("kid", strictjson.Number("1")), Malformed},
		{"alg not a string", TypeP256, set("alg", nil), Malformed},
		{"use not a string", TypeP256, set("use", []any{"sig"}), Malformed},
		{"key_ops not an array", TypeP256, set("key_ops", "verify"), Malformed},
		{"key_ops not of strings", TypeP256, set("key_ops", []any{nil}), Malformed},
		{"key_ops twice the same", TypeP256, set("key_ops", []any{"verify", "verify"}), Malformed},
		{"key_ops without end", TypeP256, set("key_ops", make([]any, maxKeyOps+1)), Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.key+" "+tt.name, func(t *testing.T) {
			o := all[tt.key].jwk.Without()
			if tt.edit != nil {
				tt.edit(o)
			}
			k, err := FromJWK(o)
			wantReason(t, err, tt.want)
			if err == nil && k.Type() != tt.key {
				t.Errorf("type %s", k.Type())
			}
			if err != nil && k != nil {
				t.Error("a key beside an error")
			}
		})
	}
}

// rocaModulus has the form of CVE-2017-15361, of no known factors: a power of 65537
// modulo the product M of the first primes.
func rocaModulus() *big.Int {
	m := big.NewInt(1)
	for p := int64(2); p <= 167; p++ {
		if big.NewInt(p).ProbablyPrime(0) {
			m.Mul(m, big.NewInt(p))
		}
	}
	n := new(big.Int).Lsh(big.NewInt(1), 2047)
	n.Div(n, m).Add(n, big.NewInt(1)).Mul(n, m)
	return n.Add(n, new(big.Int).Exp(big.NewInt(65537), big.NewInt(12345), m))
}

// stray sets a bit beyond the last octet.
func stray(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i := strings.IndexByte(alphabet, s[len(s)-1])
	return s[:len(s)-1] + string(alphabet[i|1])
}

func reverse(s string) string {
	b, err := Base64URL(s)
	if err != nil {
		panic(err)
	}
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return b64(b)
}

// The bound on RSA is also go-jose's, and there it is a variable.
func TestMaxRSABitsIsGoJOSEs(t *testing.T) {
	if jose.MaxRSAModulusBits != MaxRSABits {
		t.Errorf("go-jose stops at %d bits, this package at %d", jose.MaxRSAModulusBits, MaxRSABits)
	}
}

func TestJWKReturnsWhatWasRead(t *testing.T) {
	for name, s := range signers(t) {
		o := s.jwk.Without()
		o["kid"], o["alg"], o["use"], o["key_ops"] = "k", string(s.algs[0]), "sig", []any{"verify"}
		k := mustJWK(t, o)
		if got, want := string(strictjson.Encode(k.JWK())), string(strictjson.Encode(o)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if k.KID() != "k" {
			t.Errorf("%s: kid %q", name, k.KID())
		}
		if bare := mustJWK(t, s.jwk); bare.Thumbprint() != k.Thumbprint() || len(bare.JWK()) != len(s.jwk) {
			t.Errorf("%s: the thumbprint hangs on more than the key", name)
		}
	}
}

func TestThumbprint(t *testing.T) {
	// RFC 8037 Appendix A.3.
	k := mustJWK(t, strictjson.Object{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
	if got, want := k.Thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// go-jose computes its own, RFC 7638, for the curves that it knows.
	for name, s := range signers(t) {
		if name == TypeSecp256k1 {
			continue
		}
		var j jose.JSONWebKey
		if err := j.UnmarshalJSON(strictjson.Encode(s.jwk)); err != nil {
			t.Fatal(err)
		}
		want, err := j.Thumbprint(5) // crypto.SHA256
		if err != nil {
			t.Fatal(err)
		}
		if got := mustJWK(t, s.jwk).Thumbprint(); got != b64(want) {
			t.Errorf("%s: %s, want %s", name, got, b64(want))
		}
	}
}

func FuzzFromJWK(f *testing.F) {
	for _, s := range signers(f) {
		f.Add(strictjson.Encode(s.jwk))
	}
	f.Add([]byte(`{"kty":"OKP","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","key_ops":[]}`))
	f.Add([]byte(`{"kty":"EC","crv":"secp256k1","x":"","y":"","use":"enc"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := strictjson.ParseObject(data)
		if err != nil {
			return
		}
		k, err := FromJWK(o)
		if err != nil {
			return
		}
		again, err := FromJWK(k.JWK())
		if err != nil {
			t.Fatalf("own JWK refused: %v", err)
		}
		multi, err := FromMultikey(k.Multikey())
		if err != nil {
			t.Fatalf("own Multikey refused: %v", err)
		}
		if p := k.Thumbprint(); again.Thumbprint() != p || multi.Thumbprint() != p {
			t.Fatal("the thumbprint changes from form to form")
		}
		for name, v := range k.required() {
			if o[name] != v {
				t.Fatalf("%s read as %v, was %v", name, v, o[name])
			}
		}
	})
}
