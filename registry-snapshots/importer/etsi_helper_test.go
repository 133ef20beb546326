package importer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"
)

// A lister's key and certificate, valid from 2024 to 2028.
type listSigner struct {
	key crypto.Signer
	der []byte
}

func (s listSigner) b64() string { return base64.StdEncoding.EncodeToString(s.der) }

// newListSigner makes a certificate for a key: "rsa", "P-256", "P-384" or "P-521". It
// is signed by parent, or by itself.
func newListSigner(t testing.TB, kind string, name pkix.Name, parent *listSigner) listSigner {
	t.Helper()
	var key crypto.Signer
	var err error
	switch kind {
	case "rsa":
		key = rsaKey()
	case "P-256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "P-384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "P-521":
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: serial, Subject: name, SubjectKeyId: serial.Bytes(), BasicConstraintsValid: true, IsCA: parent == nil,
		NotBefore: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	above, by := tmpl, key
	if parent != nil {
		if above, err = x509.ParseCertificate(parent.der); err != nil {
			t.Fatal(err)
		}
		by = parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, above, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	return listSigner{key, der}
}

// rsaKey is made once: it takes long.
var rsaKey = sync.OnceValue(func() crypto.Signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

const (
	excC14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
	sha256M = "http://www.w3.org/2001/04/xmlenc#sha256"
	dsXMLNS = ` xmlns:ds="http://www.w3.org/2000/09/xmldsig#"`
)

// xades is a signature to be made. Every piece of it is written in canonical form by
// hand, so that the tests know what is to be digested without the library that they test.
type xades struct {
	listSigner
	method, digest string
	time           string
	root           string                  // the URI of the Reference to the list
	props, info    func(string) string     // edits of what is signed, nil for none
	raw            func(sig []byte) []byte // edit of the signature value
}

func edit(f func(string) string, s string) string {
	if f == nil {
		return s
	}
	return f(s)
}

// sign puts the signature behind the last element of a list in canonical form.
func (x xades) sign(t testing.TB, list string) string {
	t.Helper()
	if x.method == "" {
		x.method = map[string]string{"*rsa.PrivateKey": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"}[fmt.Sprintf("%T", x.key)]
		if x.method == "" {
			x.method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
		}
	}
	if x.digest == "" {
		x.digest = sha256M
	}
	if x.time == "" {
		x.time = "2026-06-01T09:00:00Z"
	}
	digestOf := func(s string) string {
		h := xmlDigests[x.digest]
		if h == 0 {
			h = crypto.SHA1
		}
		return base64.StdEncoding.EncodeToString(digest(h, []byte(s)))
	}
	certDigest := digestOf(string(x.der))
	props := edit(x.props, `<xades:SignedProperties xmlns:xades="`+xadesNS+`" Id="props"><xades:SignedSignatureProperties><xades:SigningTime>`+x.time+
		`</xades:SigningTime><xades:SigningCertificateV2><xades:Cert><xades:CertDigest><ds:DigestMethod`+dsXMLNS+` Algorithm="`+x.digest+`"></ds:DigestMethod><ds:DigestValue`+dsXMLNS+`>`+
		certDigest+`</ds:DigestValue></xades:CertDigest></xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties></xades:SignedProperties>`)
	ref := func(attrs, transforms, data string) string {
		return `<ds:Reference ` + attrs + `><ds:Transforms>` + transforms + `<ds:Transform Algorithm="` + excC14N + `"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="` +
			x.digest + `"></ds:DigestMethod><ds:DigestValue>` + digestOf(data) + `</ds:DigestValue></ds:Reference>`
	}
	info := edit(x.info, `<ds:SignedInfo`+dsXMLNS+`><ds:CanonicalizationMethod Algorithm="`+excC14N+`"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="`+x.method+`"></ds:SignatureMethod>`+
		ref(`Id="list" URI="`+x.root+`"`, `<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>`, list)+
		ref(`Type="`+signedPropertiesType+`" URI="#props"`, "", props)+`</ds:SignedInfo>`)
	value := x.value(t, info)
	if x.raw != nil {
		value = x.raw(value)
	}
	sig := `<ds:Signature` + dsXMLNS + ` Id="sig">` + strings.Replace(info, dsXMLNS, "", 1) +
		`<ds:SignatureValue>` + base64.StdEncoding.EncodeToString(value) + `</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>` + x.b64() +
		`</ds:X509Certificate></ds:X509Data></ds:KeyInfo><ds:Object><xades:QualifyingProperties xmlns:xades="` + xadesNS + `" Target="#sig">` +
		strings.Replace(strings.ReplaceAll(props, dsXMLNS, ""), ` xmlns:xades="`+xadesNS+`"`, "", 1) + `</xades:QualifyingProperties></ds:Object></ds:Signature>`
	at := strings.LastIndex(list, "</")
	return list[:at] + sig + list[at:]
}

// value signs the canonical SignedInfo.
func (x xades) value(t testing.TB, info string) []byte {
	t.Helper()
	hash := crypto.SHA256
	switch {
	case strings.Contains(x.method, "sha384"):
		hash = crypto.SHA384
	case strings.Contains(x.method, "sha512"):
		hash = crypto.SHA512
	case strings.Contains(x.method, "sha1"):
		hash = crypto.SHA1
	}
	sum := digest(hash, []byte(info))
	var sig []byte
	var err error
	switch key := x.key.(type) {
	case *rsa.PrivateKey:
		if strings.Contains(x.method, "MGF1") {
			sig, err = rsa.SignPSS(rand.Reader, key, hash, sum, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		} else {
			sig, err = rsa.SignPKCS1v15(rand.Reader, key, hash, sum)
		}
	case *ecdsa.PrivateKey:
		r, s, err2 := ecdsa.Sign(rand.Reader, key, sum)
		if err = err2; err == nil {
			size := (key.Curve.Params().BitSize + 7) / 8
			sig = append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// tslText is a trusted list in canonical form. certs are those of its three services.
func tslText(certs [3]listSigner) string {
	identity := func(s listSigner) string {
		c, err := x509.ParseCertificate(s.der)
		if err != nil {
			panic(err)
		}
		return `<ServiceDigitalIdentity><DigitalId><X509Certificate>` + s.b64() + `</X509Certificate></DigitalId><DigitalId><X509SubjectName>CN=x</X509SubjectName></DigitalId><DigitalId><X509SKI>` +
			base64.StdEncoding.EncodeToString(c.SubjectKeyId) + `</X509SKI></DigitalId></ServiceDigitalIdentity>`
	}
	const status = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
	return `<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#" Id="TL" TSLTag="http://uri.etsi.org/19612/TSLTag">
 <SchemeInformation>
  <TSLVersionIdentifier>6</TSLVersionIdentifier>
  <TSLSequenceNumber>7</TSLSequenceNumber>
  <TSLType>http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric</TSLType>
  <SchemeOperatorName><Name xml:lang="de">Amt für Listen</Name><Name xml:lang="en">List
   Office</Name></SchemeOperatorName>
  <SchemeOperatorAddress></SchemeOperatorAddress>
  <SchemeTerritory>EL</SchemeTerritory>
  <ListIssueDateTime>2026-06-01T10:00:00Z</ListIssueDateTime>
  <NextUpdate><dateTime>2026-12-01T10:00:00Z</dateTime></NextUpdate>
  <DistributionPoints><URI>https://lists.example/tl.xml</URI></DistributionPoints>
 </SchemeInformation>
 <TrustServiceProviderList>
  <TrustServiceProvider>
   <TSPInformation>
    <TSPName><Name xml:lang="en">Provider &amp; Sons</Name></TSPName>
    <TSPTradeName><Name xml:lang="en">VATEL-123456789</Name></TSPTradeName>
    <TSPAddress></TSPAddress>
    <TSPInformationURI><URI xml:lang="en">https://provider.example</URI></TSPInformationURI>
   </TSPInformation>
   <TSPServices>
    <TSPService>
     <ServiceInformation>
      <ServiceTypeIdentifier>http://uri.etsi.org/TrstSvc/Svctype/CA/QC</ServiceTypeIdentifier>
      <ServiceName><Name xml:lang="en">Qualified CA</Name></ServiceName>` + identity(certs[0]) + `
      <ServiceStatus>` + status + `granted</ServiceStatus>
      <StatusStartingTime>2016-06-30T22:00:00Z</StatusStartingTime>
      <ServiceInformationExtensions><Extension Critical="true"><AdditionalServiceInformation></AdditionalServiceInformation></Extension></ServiceInformationExtensions>
     </ServiceInformation>
     <ServiceHistory><ServiceHistoryInstance>
      <ServiceTypeIdentifier>http://uri.etsi.org/TrstSvc/Svctype/CA/QC</ServiceTypeIdentifier>
      <ServiceName><Name xml:lang="en">Qualified CA</Name></ServiceName>` + identity(certs[1]) + `
      <ServiceStatus>` + status + `undersupervision</ServiceStatus>
      <StatusStartingTime>2010-01-01T00:00:00Z</StatusStartingTime>
     </ServiceHistoryInstance></ServiceHistory>
    </TSPService>
    <TSPService>
     <ServiceInformation>
      <ServiceTypeIdentifier>http://uri.etsi.org/TrstSvc/Svctype/TSA/QTST</ServiceTypeIdentifier>
      <ServiceName><Name xml:lang="en">Time stamps</Name></ServiceName>` + identity(certs[2]) + `
      <ServiceStatus>` + status + `withdrawn</ServiceStatus>
      <StatusStartingTime>2025-03-01T00:00:00Z</StatusStartingTime>
      <ServiceSupplyPoints><ServiceSupplyPoint>https://provider.example/tsa</ServiceSupplyPoint></ServiceSupplyPoints>
     </ServiceInformation>
     <ServiceHistory><ServiceHistoryInstance>
      <ServiceTypeIdentifier>http://uri.etsi.org/TrstSvc/Svctype/TSA/QTST</ServiceTypeIdentifier>
      <ServiceName><Name xml:lang="en">Time stamps</Name></ServiceName><ServiceDigitalIdentity></ServiceDigitalIdentity>
      <ServiceStatus>` + status + `granted</ServiceStatus>
      <StatusStartingTime>2023-01-01T00:00:00Z</StatusStartingTime>
     </ServiceHistoryInstance><ServiceHistoryInstance>
      <ServiceTypeIdentifier>http://uri.etsi.org/TrstSvc/Svctype/TSA/QTST</ServiceTypeIdentifier>
      <ServiceName><Name xml:lang="en">Time stamps</Name></ServiceName><ServiceDigitalIdentity></ServiceDigitalIdentity>
      <ServiceStatus>` + status + `withdrawn</ServiceStatus>
      <StatusStartingTime>2022-01-01T00:00:00Z</StatusStartingTime>
     </ServiceHistoryInstance><ServiceHistoryInstance>
      <ServiceTypeIdentifier>http://uri.etsi.org/TrstSvc/Svctype/TSA/QTST</ServiceTypeIdentifier>
      <ServiceName><Name xml:lang="en">Time stamps</Name></ServiceName><ServiceDigitalIdentity></ServiceDigitalIdentity>
      <ServiceStatus>` + status + `granted</ServiceStatus>
      <StatusStartingTime>2020-01-01T00:00:00Z</StatusStartingTime>
     </ServiceHistoryInstance></ServiceHistory>
    </TSPService>
   </TSPServices>
  </TrustServiceProvider>
 </TrustServiceProviderList>
</TrustServiceStatusList>`
}

// lotlText is a list of lists in canonical form that points to the one list of EL, and to
// itself.
func lotlText(signers ...listSigner) string {
	var ids string
	for _, s := range signers {
		ids += `<ServiceDigitalIdentity><DigitalId><X509Certificate>` + s.b64() + `</X509Certificate></DigitalId></ServiceDigitalIdentity>`
	}
	pointer := func(territory, kind string) string {
		return `<OtherTSLPointer><ServiceDigitalIdentities>` + ids + `</ServiceDigitalIdentities><TSLLocation>https://lists.example/` + territory + `.xml</TSLLocation><AdditionalInformation>` +
			`<OtherInformation><TSLType>http://uri.etsi.org/TrstSvc/TrustedList/TSLType/` + kind + `</TSLType></OtherInformation>` +
			`<OtherInformation><SchemeTerritory>` + territory + `</SchemeTerritory></OtherInformation>` +
			`<OtherInformation><SchemeOperatorName><Name xml:lang="en">Office of ` + territory + `</Name></SchemeOperatorName></OtherInformation>` +
			`</AdditionalInformation></OtherTSLPointer>`
	}
	return `<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#" Id="LOTL" TSLTag="http://uri.etsi.org/19612/TSLTag"><SchemeInformation>` +
		`<TSLVersionIdentifier>6</TSLVersionIdentifier><TSLSequenceNumber>300</TSLSequenceNumber>` +
		`<TSLType>http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUlistofthelists</TSLType>` +
		`<SchemeOperatorName><Name xml:lang="en">Commission</Name></SchemeOperatorName><SchemeTerritory>EU</SchemeTerritory>` +
		`<PointersToOtherTSL>` + pointer("EU", "EUlistofthelists") + pointer("EL", "EUgeneric") + pointer("AT", "EUgeneric") + `</PointersToOtherTSL>` +
		`<ListIssueDateTime>2026-06-01T10:00:00Z</ListIssueDateTime><NextUpdate><dateTime>2026-11-30T10:00:00Z</dateTime></NextUpdate>` +
		`</SchemeInformation></TrustServiceStatusList>`
}
