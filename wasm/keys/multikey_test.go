package keys

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"math/big"
	"strings"
	"testing"

	"github.com/multiformats/go-multibase"

	"github.com/verilith/verilith/wasm/strictjson"
)

// multikey writes what [FromMultikey] reads.
func multikey(base multibase.Encoding, codec uint64, raw []byte) string {
	s, err := multibase.Encode(base, append(binary.AppendUvarint(nil, codec), raw...))
	if err != nil {
		panic(err)
	}
	return s
}

func TestFromMultikey(t *testing.T) {
	all := signers(t)
	raw := make(map[string][]byte) // as a Multikey holds it
	for name, s := range all {
		_, data, err := multibase.Decode(mustJWK(t, s.jwk).Multikey())
		if err != nil {
			t.Fatal(err)
		}
		_, n := binary.Uvarint(data)
		raw[name] = data[n:]
	}
	const z, u = multibase.Base58BTC, multibase.Base64url
	ed, p256, rsaDER := raw[TypeEd25519], raw[TypeP256], raw[TypeRSA]
	edU := multikey(u, codecEd25519, ed)
	jcs := strictjson.Encode(all[TypeSecp256k1].jwk)
	uncompressed := append([]byte{4}, mustJWK(t, all[TypeP256].jwk).point()...)
	offCurve := append([]byte{2}, make([]byte, 32)...)
	offCurve[32] = 7 // neither x³+7 nor x³−3x+b is a square in its field
	big4096 := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), MaxRSABits), big.NewInt(1))
	pkcs1 := func(n *big.Int, e int) []byte { return x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: n, E: e}) }

	tests := []struct {
		name string
		in   string
		want Reason
		key  string // type, where accepted
	}{
		{"Ed25519", multikey(z, codecEd25519, ed), "", TypeEd25519},
		{"Ed25519 in base64url", edU, "", TypeEd25519},
		{"P-256", multikey(z, codecP256, p256), "", TypeP256},
		{"P-384", multikey(z, codecP384, raw[TypeP384]), "", TypeP384},
		{"P-521", multikey(u, codecP521, raw[TypeP521]), "", TypeP521},
		{"secp256k1", multikey(z, codecSecp256k1, raw[TypeSecp256k1]), "", TypeSecp256k1},
		{"RSA", multikey(z, codecRSA, rsaDER), "", TypeRSA},
		{"the longest RSA", multikey(z, codecRSA, pkcs1(big4096, maxExponent)), "", TypeRSA},
		{"JWK", multikey(z, codecJWK, jcs), "", TypeSecp256k1},
		{"the longest JWK", multikey(z, codecJWK, strictjson.Encode((&Key{pub: &rsa.PublicKey{N: big4096, E: maxExponent}}).required())), "", TypeRSA},

		{"empty", "", Malformed, ""},
		{"base only", "z", Malformed, ""},
		{"no base", multikey(z, codecEd25519, ed)[1:], Malformed, ""},
		{"base64 with padding", multikey(multibase.Base64urlPad, codecEd25519, ed), Malformed, ""},
		{"base58flickr", multikey(multibase.Base58Flickr, codecEd25519, ed), Malformed, ""},
		{"base16", multikey(multibase.Base16, codecEd25519, ed), Malformed, ""},
		{"not of base58", multikey(z, codecEd25519, ed) + "0", Malformed, ""},
		{"beyond ASCII", "zé", Malformed, ""},
		{"stray bit", "u" + stray(multikey(u, codecEd25519, append([]byte{0}, ed...))[1:]), Malformed, ""},
		{"line break", edU[:10] + "\n" + edU[10:], Malformed, ""},
		{"too long", "z" + strings.Repeat("1", maxMultikey), KeyTooLarge, ""},
		{"multicodec without an end", "u" + b64([]byte{0xed}), Malformed, ""},
		{"multicodec not minimal", "u" + b64(append([]byte{0xed, 0x81, 0x00}, ed...)), Malformed, ""},
		{"multicodec beyond 63 bits", "u" + b64([]byte(strings.Repeat("\xff", 9)+"\x01")), Malformed, ""},
		{"trailing octet", multikey(z, codecEd25519, append(ed[:32:32], 0)), Malformed, ""},
		{"an octet short", multikey(z, codecEd25519, ed[:31]), Malformed, ""},
		{"no key", multikey(z, codecP256, nil), Malformed, ""},
		{"uncompressed point", multikey(z, codecP256, uncompressed), Malformed, ""},
		{"point of another length", multikey(z, codecP384, p256), Malformed, ""},
		{"point with another head", multikey(z, codecP256, append([]byte{5}, p256[1:]...)), Malformed, ""},
		{"point at infinity", multikey(z, codecP256, make([]byte, 33)), Malformed, ""},
		{"point off P-256", multikey(z, codecP256, offCurve), InvalidKey, ""},
		{"point off secp256k1", multikey(z, codecSecp256k1, offCurve), InvalidKey, ""},
		{"x not below the prime", multikey(z, codecSecp256k1, []byte("\x02"+strings.Repeat("\xff", 32))), InvalidKey, ""},
		{"small order", multikey(z, codecEd25519, append([]byte{1}, make([]byte, 31)...)), WeakKey, ""},
		{"RSA with an octet behind it", multikey(z, codecRSA, append(rsaDER[:len(rsaDER):len(rsaDER)], 0)), Malformed, ""},
		{"RSA that is no DER", multikey(z, codecRSA, rsaDER[1:]), Malformed, ""},
		{"RSA with a length not minimal", multikey(z, codecRSA, append([]byte{0x30, 0x83, 0x00}, rsaDER[2:]...)), Malformed, ""},
		{"RSA of 1024 bits", multikey(z, codecRSA, pkcs1(new(big.Int).Rsh(big4096, 3072), 65537)), WeakKey, ""},
		{"RSA with exponent 1", multikey(z, codecRSA, pkcs1(big4096, 1)), InvalidKey, ""},
		{"JWK not in canonical form", multikey(z, codecJWK, append([]byte(" "), jcs...)), Malformed, ""},
		{"JWK with a member more", multikey(z, codecJWK, []byte(strings.Replace(string(jcs), `"kty"`, `"kid":"k","kty"`, 1))), Malformed, ""},
		{"JWK with a private member", multikey(z, codecJWK, []byte(strings.Replace(string(jcs), `"kty"`, `"d":"AA","kty"`, 1))), PrivateKey, ""},
		{"JWK with a member twice", multikey(z, codecJWK, []byte(strings.Replace(string(jcs), `"kty"`, `"kty":"EC","kty"`, 1))), Malformed, ""},
		{"no JWK", multikey(z, codecJWK, []byte("[]")), Malformed, ""},
		{"X25519", multikey(z, 0xec, ed), UnsupportedKeyType, ""},
		{"BLS12-381 G2, not compressed", multikey(z, 0xeb, make([]byte, 96)), Malformed, ""},
		{"BLS12-381 G2, the identity", multikey(z, 0xeb, append([]byte{0xc0}, make([]byte, 95)...)), InvalidKey, ""},
		{"BLS12-381 G2, no point", multikey(z, 0xeb, append([]byte{0x80}, make([]byte, 95)...)), InvalidKey, ""},
		{"a CID", multikey(z, 0x01, ed), UnsupportedKeyType, ""},
		{"Ed25519 private key", multikey(z, 0x1300, ed), PrivateKey, ""},
		{"P-256 private key", multikey(z, 0x1306, ed), PrivateKey, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, err := FromMultikey(tt.in)
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			if k.Type() != tt.key {
				t.Errorf("type %s, want %s", k.Type(), tt.key)
			}
			if strings.Contains(tt.name, "longest") {
				return // of a modulus that nobody holds
			}
			if want := mustJWK(t, all[tt.key].jwk).Thumbprint(); k.Thumbprint() != want {
				t.Errorf("another key: %s, want %s", k.Thumbprint(), want)
			}
		})
	}
}

func TestFromBytes(t *testing.T) {
	for name, s := range signers(t) {
		if name == TypeRSA || name == TypeEd25519 {
			continue
		}
		k := mustJWK(t, s.jwk)
		xy := k.point()
		half := len(xy) / 2
		even, odd := append([]byte{2}, xy[:half]...), append([]byte{3}, xy[:half]...)
		whole := append([]byte{4}, xy...)
		hybrid := append([]byte{6 | xy[len(xy)-1]&1}, xy...)
		off := append([]byte{4}, xy...)
		off[len(off)-1] ^= 1
		for _, tt := range []struct {
			name string
			raw  []byte
			want Reason
		}{
			{"even", even, ""}, {"odd", odd, ""}, {"uncompressed", whole, ""},
			{"hybrid form of SEC 1", hybrid, Malformed}, {"off the curve", off, InvalidKey},
			{"cut", whole[:len(whole)-1], Malformed}, {"infinity", []byte{0}, Malformed}, {"nothing", nil, Malformed},
		} {
			t.Run(name+" "+tt.name, func(t *testing.T) {
				got, err := FromBytes(name, tt.raw)
				wantReason(t, err, tt.want)
				if err == nil && (got.Thumbprint() == k.Thumbprint()) != (len(tt.raw) > 1+half || tt.raw[0]&1 == xy[len(xy)-1]&1) {
					t.Error("another key, or the same for both signs of y")
				}
			})
		}
	}
	ed, err := Base64URL(signers(t)[TypeEd25519].jwk.String("x"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		keyType string
		raw     []byte
		want    Reason
	}{{TypeEd25519, ed, ""}, {TypeEd25519, ed[1:], Malformed}, {TypeEd25519, nil, Malformed}, {TypeRSA, ed, UnsupportedKeyType}, {"", ed, UnsupportedKeyType}} {
		_, err := FromBytes(tt.keyType, tt.raw)
		wantReason(t, err, tt.want)
	}
}

func FuzzFromMultikey(f *testing.F) {
	for _, s := range signers(f) {
		k, err := FromJWK(s.jwk)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(k.Multikey())
		f.Add(multikey(multibase.Base64url, codecJWK, strictjson.Encode(s.jwk)))
	}
	f.Add("u7QE")
	f.Add("z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F")
	f.Fuzz(func(t *testing.T, s string) {
		k, err := FromMultikey(s)
		if err != nil {
			return
		}
		_, data, err := multibase.Decode(s)
		if err != nil {
			t.Fatal(err)
		}
		if codec, _ := binary.Uvarint(data); codec == codecJWK {
			if again := multikey(multibase.Encoding(s[0]), codec, strictjson.Encode(k.JWK())); again != s {
				t.Fatalf("%q became %q", s, again)
			}
			return
		}
		again := k.Multikey()
		if s[0] == multibase.Base64url {
			_, data, err := multibase.Decode(again)
			if err != nil {
				t.Fatal(err)
			}
			again = "u" + b64(data)
		}
		if again != s {
			t.Fatalf("%q became %q", s, again)
		}
	})
}
