package keys

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"
)

func TestFromCertificate(t *testing.T) {
	seed := make([]byte, ed25519.SeedSize)
	ca := ed25519.NewKeyFromSeed(seed)
	cert := func(pub any) []byte {
		template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "issuer"}, NotAfter: time.Unix(1<<32, 0)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, pub, ca)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	secp224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	all := signers(t)
	for _, name := range []string{TypeEd25519, TypeP256, TypeP384, TypeP521, TypeRSA} {
		want := mustJWK(t, all[name].jwk)
		got, err := FromCertificate(cert(want.pub))
		wantReason(t, err, "")
		if err == nil && got.Thumbprint() != want.Thumbprint() {
			t.Errorf("%s: another key", name)
		}
	}
	valid := cert(mustJWK(t, all[TypeP256].jwk).pub)
	short := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 1023), big.NewInt(1))
	small := append([]byte{1}, make([]byte, 31)...)
	for _, tt := range []struct {
		name string
		der  []byte
		want Reason
	}{
		{"octet behind it", append(valid[:len(valid):len(valid)], 0), Malformed},
		{"cut", valid[:len(valid)-1], Malformed},
		{"empty", nil, Malformed},
		{"too long", make([]byte, maxCertificate+1), KeyTooLarge},
		{"P-224", cert(&secp224.PublicKey), UnsupportedKeyType},
		{"RSA of 1024 bits", cert(&rsa.PublicKey{N: short, E: 65537}), WeakKey},
		{"small order", cert(ed25519.PublicKey(small)), WeakKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := FromCertificate(tt.der)
			wantReason(t, err, tt.want)
		})
	}
}
