package hosts

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

const certLife = time.Hour // the drill takes a minute

// Identity is a certificate for the drill's names, by an authority that is made for
// the drill and whose key is forgotten at once.
type Identity struct {
	Chain     string `json:"chain"` // PEM, the host's certificate first
	Key       string `json:"key"`   // PEM
	Authority string `json:"-"`     // PEM, for those who are to trust it
	// Pin is the SHA-256 of the host's public key, in base64: what Chromium is told
	// to trust.
	Pin string `json:"-"`
}

// NewIdentity makes an authority and a certificate for names and 127.0.0.1.
func NewIdentity(names []string) (Identity, error) {
	fail := func(err error) (Identity, error) { return Identity{}, fmt.Errorf("certificate: %w", err) }
	now := time.Now()
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Verilith outage drill"},
		NotBefore: now.Add(-time.Minute), NotAfter: now.Add(certLife),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{Domain}, // worth nothing elsewhere
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return fail(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fail(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: names[0]},
		NotBefore: now.Add(-time.Minute), NotAfter: now.Add(certLife),
		DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		return fail(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fail(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return fail(err)
	}
	pin := sha256.Sum256(spki)
	authority := pemOf("CERTIFICATE", caDER)
	return Identity{
		Chain: pemOf("CERTIFICATE", leafDER) + authority, Key: pemOf("PRIVATE KEY", keyDER),
		Authority: authority, Pin: base64.StdEncoding.EncodeToString(pin[:]),
	}, nil
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// tls is the configuration of a host with this identity.
func (id Identity) tls() (*tls.Config, error) {
	pair, err := tls.X509KeyPair([]byte(id.Chain), []byte(id.Key))
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}
