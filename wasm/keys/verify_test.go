package keys

import (
	"bytes"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"math/big"
	"os"
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
)

func TestVerify(t *testing.T) {
	message := []byte("what was said")
	all := signers(t)
	for name, s := range all {
		k := mustJWK(t, s.jwk)
		for _, alg := range s.algs {
			sig := s.sign(t, alg, message)
			flip := func(i int) []byte {
				b := bytes.Clone(sig)
				b[i] ^= 1
				return b
			}
			for _, tt := range []struct {
				name    string
				message []byte
				sig     []byte
				want    Reason
			}{
				{"valid", message, sig, ""},
				{"message changed", []byte("what was sold"), sig, BadSignature},
				{"message empty", nil, sig, BadSignature},
				{"first octet changed", message, flip(0), BadSignature},
				{"middle octet changed", message, flip(len(sig) / 2), BadSignature},
				{"last octet changed", message, flip(len(sig) - 1), BadSignature},
				{"cut", message, sig[:len(sig)-1], BadSignature},
				{"an octet more", message, append(sig[:len(sig):len(sig)], 0), BadSignature},
				{"an octet before", message, append([]byte{0}, sig...), BadSignature},
				{"empty", message, nil, BadSignature},
				{"zeros", message, make([]byte, len(sig)), BadSignature},
				{"ones", message, bytes.Repeat([]byte{0xff}, len(sig)), BadSignature},
				{"twice", message, append(bytes.Clone(sig), sig...), BadSignature},
			} {
				t.Run(name+" "+string(alg)+" "+tt.name, func(t *testing.T) {
					wantReason(t, k.Verify(alg, tt.message, tt.sig), tt.want)
				})
			}
		}
	}
}

// Every algorithm with every type of key: only its own will do, and a signature
// that would hold under it changes nothing.
func TestVerifyAlgorithmMismatch(t *testing.T) {
	message := []byte("what was said")
	for name, s := range signers(t) {
		k := mustJWK(t, s.jwk)
		for _, alg := range Algorithms() {
			want := AlgorithmMismatch
			for _, own := range s.algs {
				if own == alg {
					want = ""
				}
			}
			wantReason(t, k.Fits(alg), want)
			if want != "" {
				wantReason(t, k.Verify(alg, message, s.sign(t, s.algs[0], message)), want)
			}
		}
		for _, alg := range []Algorithm{"", "none", "HS256", "RS1", "RS384", "ES256K-r", "es256", "ed25519", "Ed448", "ES256\x00"} {
			if alg.Known() {
				t.Errorf("%q is known", alg)
			}
			wantReason(t, k.Verify(alg, message, nil), UnsupportedAlgorithm)
		}
		for own, others := range map[Algorithm][]Algorithm{PS256: {PS384, PS512, RS256}, RS256: {PS256}} {
			if name != TypeRSA {
				break
			}
			for _, other := range others {
				wantReason(t, k.Verify(other, message, s.sign(t, own, message)), BadSignature)
			}
		}
	}
}

func TestFits(t *testing.T) {
	tests := []struct {
		name string
		edit strictjson.Object
		want Reason
	}{
		{"nothing said", nil, ""},
		{"alg", strictjson.Object{"alg": "ES256"}, ""},
		{"another alg", strictjson.Object{"alg": "ES384"}, AlgorithmMismatch},
		{"an alg that nobody knows", strictjson.Object{"alg": "x"}, AlgorithmMismatch},
		{"use sig", strictjson.Object{"use": "sig"}, ""},
		{"use enc", strictjson.Object{"use": "enc"}, WrongUse},
		{"key_ops verify", strictjson.Object{"key_ops": []any{"sign", "verify"}}, ""},
		{"key_ops without verify", strictjson.Object{"key_ops": []any{"sign"}}, WrongUse},
		{"key_ops empty", strictjson.Object{"key_ops": []any{}}, WrongUse},
		{"use and key_ops disagree", strictjson.Object{"use": "sig", "key_ops": []any{"deriveKey"}}, WrongUse},
	}
	s := signers(t)[TypeP256]
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := s.jwk.Without()
			for name, v := range tt.edit {
				o[name] = v
			}
			k := mustJWK(t, o)
			wantReason(t, k.Fits(ES256), tt.want)
			wantReason(t, k.Verify(ES256, nil, s.sign(t, ES256, nil)), tt.want)
		})
	}
}

// EdDSA and Ed25519 are two names of one algorithm, in the header and in the key alike.
func TestFitsEitherNameOfEd25519(t *testing.T) {
	s := signers(t)[TypeEd25519]
	for _, of := range []string{"EdDSA", "Ed25519", "ES256", "Ed448"} {
		o := s.jwk.Without()
		o["alg"] = of
		k := mustJWK(t, o)
		for _, alg := range []Algorithm{EdDSA, Ed25519} {
			want := AlgorithmMismatch
			if of == "EdDSA" || of == "Ed25519" {
				want = ""
			}
			wantReason(t, k.Verify(alg, nil, s.sign(t, alg, nil)), want)
		}
	}
}

// MUSTS 20. ECDSA: r and s in [1, n), in fixed length; SEC 1 Section 4.1.4 and RFC 7518
// Section 3.4. Both values of s that fit are taken: JOSE has no rule of the low s.
func TestMust20ECDSARange(t *testing.T) {
	message := []byte("what was said")
	orders := map[string]*big.Int{
		TypeP256: elliptic.P256().Params().N, TypeP384: elliptic.P384().Params().N,
		TypeP521: elliptic.P521().Params().N, TypeSecp256k1: order,
	}
	all := signers(t)
	for name, n := range orders {
		s, size := all[name], coordinateSize[name]
		k, alg := mustJWK(t, s.jwk), s.algs[0]
		sig := s.sign(t, alg, message)
		r1, s1 := new(big.Int).SetBytes(sig[:size]), new(big.Int).SetBytes(sig[size:])
		zero, one := big.NewInt(0), big.NewInt(1)
		top := new(big.Int).Sub(new(big.Int).Lsh(one, uint(size*8)), one)
		der, err := asn1.Marshal(struct{ R, S *big.Int }{r1, s1})
		if err != nil {
			t.Fatal(err)
		}
		plus := func(v *big.Int) *big.Int { // v + n, where that has room
			if sum := new(big.Int).Add(v, n); sum.Cmp(top) <= 0 {
				return sum
			}
			return n
		}
		for _, tt := range []struct {
			name string
			sig  []byte
			want Reason
		}{
			{"valid", sig, ""},
			{"the other s", join(r1, new(big.Int).Sub(n, s1), size), ""},
			{"the other r", join(new(big.Int).Sub(n, r1), s1, size), BadSignature},
			{"r = 0", join(zero, s1, size), BadSignature},
			{"s = 0", join(r1, zero, size), BadSignature},
			{"r = s = 0", join(zero, zero, size), BadSignature},
			{"r = n", join(n, s1, size), BadSignature},
			{"s = n", join(r1, n, size), BadSignature},
			{"r + n", join(plus(r1), s1, size), BadSignature},
			{"s + n", join(r1, plus(s1), size), BadSignature},
			{"r = 1", join(one, s1, size), BadSignature},
			{"s = 1", join(r1, one, size), BadSignature},
			{"r = n-1", join(new(big.Int).Sub(n, one), s1, size), BadSignature},
			{"r all ones", join(top, s1, size), BadSignature},
			{"s all ones", join(r1, top, size), BadSignature},
			{"r and s exchanged", join(s1, r1, size), BadSignature},
			{"DER", der, BadSignature},
			{"longer halves", join(r1, s1, size+1), BadSignature},
		} {
			t.Run(name+" "+tt.name, func(t *testing.T) {
				wantReason(t, k.Verify(alg, message, tt.sig), tt.want)
			})
		}
	}
}

// MUSTS 20. EdDSA: S below the group's order, RFC 8032 Section 5.1.7.
func TestMust20Ed25519CanonicalS(t *testing.T) {
	s := signers(t)[TypeEd25519]
	k, message := mustJWK(t, s.jwk), []byte("what was said")
	sig := s.sign(t, EdDSA, message)
	l, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	wantReason(t, k.Verify(EdDSA, message, sig), "")
	for i := int64(1); i < 8; i++ { // S + iL, as long as it fits
		v := new(big.Int).Mul(l, big.NewInt(i))
		be := bytes.Clone(sig[32:])
		for i, j := 0, 31; i < j; i, j = i+1, j-1 {
			be[i], be[j] = be[j], be[i]
		}
		if v.Add(v, new(big.Int).SetBytes(be)); v.BitLen() > 256 {
			break
		}
		v.FillBytes(be)
		for i, j := 0, 31; i < j; i, j = i+1, j-1 {
			be[i], be[j] = be[j], be[i]
		}
		wantReason(t, k.Verify(EdDSA, message, append(sig[:32:32], be...)), BadSignature)
	}
	// An R that is not reduced, and one of small order, with S = 0: R = [0]B − [h]A
	// cannot be, but it must not be an error of another kind either.
	for _, r := range [][]byte{bytes.Repeat([]byte{0xff}, 32), smallOrderY[0][:], smallOrderY[1][:], smallOrderY[3][:]} {
		wantReason(t, k.Verify(EdDSA, message, append(bytes.Clone(r), make([]byte, 32)...)), BadSignature)
	}
}

// MUSTS 20. A key is a point on its curve, and none of small order: under such a one
// signatures hold for more than one message.
func TestMust20Points(t *testing.T) {
	all := signers(t)
	coordinate := func(o strictjson.Object, name string) *big.Int {
		b, err := base64.RawURLEncoding.DecodeString(o.String(name))
		if err != nil {
			t.Fatal(err)
		}
		return new(big.Int).SetBytes(b)
	}
	for _, name := range []string{TypeP256, TypeP384, TypeP521, TypeSecp256k1} {
		for _, tt := range []struct {
			name string
			more int64 // to y
			want Reason
		}{{"on the curve", 0, ""}, {"beside it", 1, InvalidKey}} {
			t.Run(name+" "+tt.name, func(t *testing.T) {
				o := maps.Clone(all[name].jwk)
				y := new(big.Int).Add(coordinate(o, "y"), big.NewInt(tt.more))
				o["y"] = b64(y.FillBytes(make([]byte, coordinateSize[name])))
				_, err := FromJWK(o)
				wantReason(t, err, tt.want)
			})
		}
	}
	// With A the neutral element, S = 0 and R = A hold for every message by RFC 8032's
	// equation: [S]B = R + [h]A.
	neutral := append([]byte{1}, make([]byte, 31)...)
	forged := append(bytes.Clone(neutral), make([]byte, 32)...)
	k, err := FromBytes(TypeEd25519, neutral)
	if err == nil {
		err = k.Verify(EdDSA, []byte("anything"), forged)
	}
	wantReason(t, err, WeakKey)
	if !ed25519.Verify(neutral, []byte("anything"), forged) {
		t.Error("the standard library refuses it by itself: this test shows nothing")
	}
	s := all[TypeEd25519]
	wantReason(t, mustJWK(t, s.jwk).Verify(EdDSA, []byte("what was said"), s.sign(t, EdDSA, []byte("what was said"))), "")
}

// PSS: the salt is as long as the hash, RFC 7518 Section 3.5.
func TestVerifyPSSSalt(t *testing.T) {
	file, err := os.ReadFile("testdata/rsa-2048.pem")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(file)
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	k, message := mustJWK(t, signers(t)[TypeRSA].jwk), []byte("what was said")
	for _, alg := range []Algorithm{PS256, PS384, PS512} {
		for _, tt := range []struct {
			salt int
			want Reason
		}{
			{alg.hash().Size(), ""},
			{20, BadSignature},
			{alg.hash().Size() - 1, BadSignature},
			{alg.hash().Size() + 1, BadSignature},
			{rsa.PSSSaltLengthAuto, BadSignature}, // as long as fits
		} {
			sig, err := signPSS(private, alg, message, tt.salt)
			if err != nil {
				t.Fatal(err)
			}
			wantReason(t, k.Verify(alg, message, sig), tt.want)
		}
	}
}

func FuzzVerify(f *testing.F) {
	all := signers(f)
	names := []string{TypeEd25519, TypeP256, TypeP384, TypeP521, TypeSecp256k1, TypeRSA}
	message := []byte("what was said")
	for i, name := range names {
		f.Add(byte(i), message, all[name].sign(f, all[name].algs[0], message))
	}
	f.Fuzz(func(t *testing.T, which byte, m, sig []byte) {
		s := all[names[int(which)%len(names)]]
		k := mustJWK(t, s.jwk)
		// Nobody but the tests holds the private keys: what verifies was a seed, or,
		// for ECDSA, a seed with the other s.
		if k.Verify(s.algs[0], m, sig) == nil && !bytes.Equal(m, message) {
			t.Fatalf("a forgery: %x over %q by %s", sig, m, k.Type())
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	message := bytes.Repeat([]byte("m"), 1000)
	for _, name := range []string{TypeEd25519, TypeP256, TypeP384, TypeP521, TypeSecp256k1, TypeRSA} {
		s := signers(b)[name]
		k := mustJWK(b, s.jwk)
		sig := s.sign(b, s.algs[0], message)
		b.Run(string(s.algs[0]), func(b *testing.B) {
			for b.Loop() {
				if err := k.Verify(s.algs[0], message, sig); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("FromJWK "+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := FromJWK(s.jwk); err != nil {
					b.Fatal(err)
				}
			}
		})
		m := k.Multikey()
		b.Run("FromMultikey "+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := FromMultikey(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
