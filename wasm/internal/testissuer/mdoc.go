package testissuer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Authority is an issuing authority of mobile documents, with the root certificate of
// ISO/IEC 18013-5 Table B.1.
type Authority struct {
	Key  *Issuer
	Cert *x509.Certificate
}

// The times of certificates and documents.
var (
	rootFrom, rootUntil = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2034, 1, 1, 0, 0, 0, 0, time.UTC)
	dsFrom, dsUntil     = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	mdocSigned          = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	mdocUntil           = time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)
)

// NewAuthority makes an authority from a name. edit changes its certificate before it is
// signed; nil for none.
func NewAuthority(name string, edit func(c *x509.Certificate)) *Authority {
	key := Key("ES256", "iaca "+name)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Country: []string{"UT"}, CommonName: "Utopia IACA " + name},
		NotBefore: rootFrom, NotAfter: rootUntil, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true, SubjectKeyId: key.keyID(),
	}
	if edit != nil {
		edit(c)
	}
	return &Authority{Key: key, Cert: certificate(c, c, key, key)}
}

// Signer makes a document signer of the authority, ISO/IEC 18013-5 Table B.3. edit
// changes its certificate before it is signed; nil for none.
func (a *Authority) Signer(name string, edit func(c *x509.Certificate)) *Signer {
	key := Key("ES256", "document signer "+name)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{Country: []string{"UT"}, CommonName: "Utopia DS " + name},
		NotBefore: dsFrom, NotAfter: dsUntil, KeyUsage: x509.KeyUsageDigitalSignature,
		UnknownExtKeyUsage: []asn1.ObjectIdentifier{{1, 0, 18013, 5, 1, 2}},
		SubjectKeyId:       key.keyID(), AuthorityKeyId: a.Cert.SubjectKeyId,
	}
	if edit != nil {
		edit(c)
	}
	return &Signer{Key: key, Chain: [][]byte{certificate(c, a.Cert, key, a.Key).Raw}}
}

// Certify makes a certificate of a key by the authority, for digital signatures. edit
// changes it before it is signed; nil for none.
func (a *Authority) Certify(key *Issuer, edit func(c *x509.Certificate)) *x509.Certificate {
	c := &x509.Certificate{SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "Utopia signer"}, NotBefore: dsFrom, NotAfter: dsUntil,
		KeyUsage: x509.KeyUsageDigitalSignature, AuthorityKeyId: a.Cert.SubjectKeyId}
	if edit != nil {
		edit(c)
	}
	return certificate(c, a.Cert, key, a.Key)
}

// CRL makes the authority's revocation list of 20 to 30 November 2026, with certificates
// by their serial numbers. edit changes it before it is signed; nil for none.
func (a *Authority) CRL(edit func(l *x509.RevocationList), serials ...int64) []byte {
	l := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), NextUpdate: time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)}
	for _, n := range serials {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(n), RevocationTime: mdocSigned, ReasonCode: 1})
	}
	if edit != nil {
		edit(l)
	}
	der, err := x509.CreateRevocationList(nil, l, a.Cert, certifier{a.Key})
	if err != nil {
		panic(err)
	}
	return der
}

// Entity is the authority as a registry holds it, authorised for a document type.
func (a *Authority) Entity(docType string) strictjson.Object {
	return strictjson.Object{
		"id": "https://iaca.example/" + a.Key.Thumbprint()[:8], "kind": "issuer", "names": []any{a.Cert.Subject.CommonName},
		"keys": []any{strictjson.Object{"kid": "iaca", "x5c": []any{base64.StdEncoding.EncodeToString(a.Cert.Raw)}}},
		"auth": []any{strictjson.Object{"action": "issue", "resource": docType}},
	}
}

// Signer is a document signer: a key and the chain of its certificate.
type Signer struct {
	Key   *Issuer
	Chain [][]byte
}

// certificate signs c by the key of parent.
func certificate(c, parent *x509.Certificate, key, by *Issuer) *x509.Certificate {
	der, err := x509.CreateCertificate(nil, c, parent, key.public(), certifier{by})
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return cert
}

// certifier signs certificates without randomness.
type certifier struct{ by *Issuer }

func (c certifier) Public() crypto.PublicKey { return c.by.public() }

func (c certifier) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, fmt.Errorf("a message is signed, not its digest")
}

func (c certifier) SignMessage(_ io.Reader, message []byte, _ crypto.SignerOpts) ([]byte, error) {
	sig := c.by.Sign(message)
	if c.by.Alg == "EdDSA" {
		return sig, nil
	}
	half := len(sig) / 2
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:half]), new(big.Int).SetBytes(sig[half:])})
}

func (i *Issuer) public() crypto.PublicKey {
	if i.Alg == "EdDSA" {
		return ed25519.PublicKey(i.raw)
	}
	curve := map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}[i.Alg]
	pub, err := ecdsa.ParseUncompressedPublicKey(curve, append(append([]byte{4}, unb64(i.JWK.String("x"))...), unb64(i.JWK.String("y"))...))
	if err != nil {
		panic(err)
	}
	return pub
}

func (i *Issuer) keyID() []byte {
	sum := sha256.Sum256(i.raw)
	return sum[:20] // RFC 7093 Section 2, method 1
}

// Element is one element of a mobile document.
type Element struct {
	Namespace, Name string
	Value           any
	Hidden          bool // the issuer signed it, and it is not disclosed
}

// MDoc is a mobile document in the making.
type MDoc struct {
	Signer   *Signer
	Device   *Issuer
	DocType  string
	Elements []Element
	// The edits change what is about to be encoded.
	Item  func(n int, item map[string]any)
	MSO   func(mso map[string]any)
	Auth  func(m *COSE)
	Whole func(issuerSigned map[string]any)
}

// Licence is a mobile driving licence with two elements disclosed and one hidden.
func Licence(s *Signer) *MDoc {
	const ns = "org.iso.18013.5.1"
	return &MDoc{Signer: s, Device: Key("ES256", "device"), DocType: "org.iso.18013.5.1.mDL", Elements: []Element{
		{Namespace: ns, Name: "family_name", Value: "Doe"},
		{Namespace: ns, Name: "birth_date", Value: cbor.Tag{Number: 1004, Content: "1990-01-02"}},
		{Namespace: ns, Name: "document_number", Value: "T123", Hidden: true},
		{Namespace: ns + ".UT", Name: "veteran", Value: true},
	}}
}

// TDate is a tdate, RFC 8610 Appendix D.
func TDate(t time.Time) cbor.Tag { return cbor.Tag{Number: 0, Content: t.UTC().Format(time.RFC3339)} }

// Embed is encoded CBOR in tag 24.
func Embed(v any) cbor.Tag { return cbor.Tag{Number: 24, Content: CBOR(v)} }

// Signed is the document as an IssuerSigned, not yet encoded.
func (m *MDoc) Signed() map[string]any {
	spaces, digests := map[string][]any{}, map[string]map[uint64][]byte{}
	for n, e := range m.Elements {
		random := sha256.Sum256([]byte(fmt.Sprint("random ", n)))
		item := map[string]any{"digestID": uint64(n), "random": random[:], "elementIdentifier": e.Name, "elementValue": e.Value}
		if m.Item != nil {
			m.Item(n, item)
		}
		bytes := Embed(item)
		if digests[e.Namespace] == nil {
			digests[e.Namespace] = map[uint64][]byte{}
		}
		sum := sha256.Sum256(CBOR(bytes))
		digests[e.Namespace][uint64(n)] = sum[:]
		if !e.Hidden {
			spaces[e.Namespace] = append(spaces[e.Namespace], bytes)
		}
	}
	mso := map[string]any{"version": "1.0", "digestAlgorithm": "SHA-256", "valueDigests": digests, "docType": m.DocType,
		"deviceKeyInfo": map[string]any{"deviceKey": m.Device.COSEKey()},
		"validityInfo":  map[string]any{"signed": TDate(mdocSigned), "validFrom": TDate(mdocSigned), "validUntil": TDate(mdocUntil)}}
	if m.MSO != nil {
		m.MSO(mso)
	}
	var chain any = m.Signer.Chain[0]
	if len(m.Signer.Chain) > 1 {
		chain = m.Signer.Chain
	}
	auth := COSE{Untagged: true, Payload: CBOR(Embed(mso)), Protected: map[any]any{}, Unprotected: map[any]any{int64(cose.LabelX5Chain): chain}}
	if m.Auth != nil {
		m.Auth(&auth)
	}
	signed := map[string]any{"nameSpaces": spaces, "issuerAuth": cbor.RawMessage(m.Signer.Key.Sign1(auth))}
	if m.Whole != nil {
		m.Whole(signed)
	}
	return signed
}

// IssuerSigned is the document as it is issued.
func (m *MDoc) IssuerSigned() []byte { return CBOR(m.Signed()) }

// Document is the document as a device returns it in a session; with a MAC key by MAC.
func (m *MDoc) Document(transcript, macKey []byte) map[string]any {
	spaces := Embed(map[string]any{})
	payload := CBOR(Embed([]any{"DeviceAuthentication", cbor.RawMessage(transcript), m.DocType, spaces}))
	auth := map[string]any{}
	if macKey != nil {
		auth["deviceMac"] = cbor.RawMessage(Mac0(macKey, payload))
	} else {
		auth["deviceSignature"] = cbor.RawMessage(m.Device.Sign1(COSE{Untagged: true, Payload: payload, Detached: true}))
	}
	return map[string]any{"docType": m.DocType, "issuerSigned": m.Signed(),
		"deviceSigned": map[string]any{"nameSpaces": spaces, "deviceAuth": auth}}
}

// DeviceResponse holds documents as a device returns them.
func DeviceResponse(documents ...map[string]any) []byte {
	return CBOR(map[string]any{"version": "1.0", "documents": documents, "status": 0})
}
