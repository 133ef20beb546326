package importer

import (
	"bytes"
	"crypto"
	_ "crypto/sha256" // the digests that crypto.Hash makes below
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"
	"github.com/verilith/verilith/wasm/keys"
)

// The enveloped XAdES signature of a trusted list: XML Signature 1.1 [XMLDSIG]
// within the limits of TS 119 612 Annex B.1, and the rules of a baseline B signature,
// EN 319 132-1 Clause 6.
//
// goxmldsig canonicalizes, crypto/x509 checks the signature. goxmldsig's own Validate
// does not do here: it stops after a thousand elements, checks one Reference only, takes
// SHA-1, knows no RSA-PSS, and reads ECDSA signatures in another form than [XMLDSIG] has.
//
// What is returned was parsed anew from the octets whose digest the signature covers,
// so that nothing that was moved, repeated or hidden in the file can be read for signed.
//
// [XMLDSIG]: https://www.w3.org/TR/xmldsig-core1/

const (
	dsNS    = dsig.Namespace
	xadesNS = "http://uri.etsi.org/01903/v1.3.2#"
	// signedPropertiesType marks the Reference to the signed properties, EN 319 132-1
	// Clause 4.4.2.
	signedPropertiesType = "http://uri.etsi.org/01903#SignedProperties"
	maxReferences        = 3 // the list, its signed properties, KeyInfo
	maxSignerCerts       = 8 // in KeyInfo; TS 119 612 Clause 5.7.1 wants one
)

var (
	xmlDigests = map[string]crypto.Hash{
		"http://www.w3.org/2001/04/xmlenc#sha256":       crypto.SHA256,
		"http://www.w3.org/2001/04/xmldsig-more#sha384": crypto.SHA384,
		"http://www.w3.org/2001/04/xmlenc#sha512":       crypto.SHA512,
	}
	// xmlSignatures are [XMLDSIG] Section 6.4 and RFC 9231 Sections 2.3.6 and 2.3.10,
	// those with SHA-2.
	xmlSignatures = map[string]x509.SignatureAlgorithm{
		dsig.RSASHA256SignatureMethod:                            x509.SHA256WithRSA,
		dsig.RSASHA384SignatureMethod:                            x509.SHA384WithRSA,
		dsig.RSASHA512SignatureMethod:                            x509.SHA512WithRSA,
		"http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1": x509.SHA256WithRSAPSS,
		"http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1": x509.SHA384WithRSAPSS,
		"http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1": x509.SHA512WithRSAPSS,
		dsig.ECDSASHA256SignatureMethod:                          x509.ECDSAWithSHA256,
		dsig.ECDSASHA384SignatureMethod:                          x509.ECDSAWithSHA384,
		dsig.ECDSASHA512SignatureMethod:                          x509.ECDSAWithSHA512,
	}
)

// signedXML is what an enveloped signature covers, and who made it. Whether the
// signer is the right one is for the caller to say.
type signedXML struct {
	root      *xmlNode
	signer    *x509.Certificate
	at        time.Time // xades:SigningTime
	algorithm string
	legacy    bool // xades:SigningCertificate, which SigningCertificateV2 replaced
}

// xmlSig is the ds:Signature of a document, and the places that a Reference may name.
type xmlSig struct {
	name              string
	root, sig         *etree.Element
	info, props, keys *etree.Element
	value             *etree.Element
}

// readXML parses a document whose bounds were checked.
func readXML(name string, data []byte) (*etree.Element, error) {
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{MaxDepth: maxXMLDepth}
	if err := doc.ReadFromBytes(data); err != nil {
		return nil, errorf(BadForm, name, "%v", err)
	}
	return doc.Root(), nil
}

// verifyXML checks the one signature of a document.
func verifyXML(name string, root *etree.Element) (*signedXML, error) {
	x, err := findSignature(name, root)
	if err != nil {
		return nil, err
	}
	// [XMLDSIG] Section 3.2.2: what SignedInfo says is read from the octets that were
	// signed.
	infoBytes, err := x.canonical(x.info)
	if err != nil {
		return nil, err
	}
	info, err := parseCanonical(name, infoBytes)
	if err != nil {
		return nil, err
	}
	propsBytes, err := x.canonical(x.props)
	if err != nil {
		return nil, err
	}
	props, err := parseCanonical(name, propsBytes)
	if err != nil {
		return nil, err
	}
	out := &signedXML{}
	if err := x.signer(out, props); err != nil {
		return nil, err
	}
	if err := x.checkValue(out, info, infoBytes); err != nil {
		return nil, err
	}
	rootBytes, err := x.checkReferences(info, propsBytes)
	if err != nil {
		return nil, err
	}
	out.root, err = parseCanonical(name, rootBytes)
	return out, err
}

// findSignature finds the Signature, which has to be the only one of the document
// and a child of its root, and the parts of it that have to be there once.
func findSignature(name string, root *etree.Element) (*xmlSig, error) {
	x := &xmlSig{name: name, root: root}
	n := countElements(root, dsNS, "Signature")
	if n == 0 {
		return nil, errorf(NoSignature, name, "there is no Signature")
	}
	x.sig = child(root, dsNS, "Signature")
	if n > 1 || x.sig == nil {
		return nil, errorf(BadSignature, name, "%d elements Signature, want one, as a child of the root (TS 119 612 Annex B.1)", n)
	}
	x.info, x.value, x.keys = child(x.sig, dsNS, "SignedInfo"), child(x.sig, dsNS, "SignatureValue"), child(x.sig, dsNS, "KeyInfo")
	var qualifying []*etree.Element
	for _, o := range x.sig.ChildElements() {
		if o.NamespaceURI() == dsNS && o.Tag == "Object" {
			if q := child(o, xadesNS, "QualifyingProperties"); q != nil {
				qualifying = append(qualifying, q)
			}
		}
	}
	if x.info == nil || x.value == nil || x.keys == nil {
		return nil, errorf(BadSignature, name, "want one SignedInfo, SignatureValue and KeyInfo in the Signature")
	}
	// EN 319 132-1 Clause 4.4.1: all qualifying properties are in one element, whose
	// Target is the Signature.
	if len(qualifying) != 1 || countElements(root, xadesNS, "SignedProperties") != 1 {
		return nil, errorf(BadSignature, name, "want one QualifyingProperties with one SignedProperties: the signature is no XAdES")
	}
	id := x.sig.SelectAttrValue("Id", "")
	if x.props = child(qualifying[0], xadesNS, "SignedProperties"); x.props == nil || id == "" || qualifying[0].SelectAttrValue("Target", "") != "#"+id {
		return nil, errorf(BadSignature, name, "the QualifyingProperties are not those of the Signature (EN 319 132-1 Clause 4.3)")
	}
	return x, nil
}

// child returns the one child element of a name, and nil if there is not one.
func child(el *etree.Element, space, tag string) *etree.Element {
	var found *etree.Element
	for _, c := range el.ChildElements() {
		if c.Tag == tag && c.NamespaceURI() == space {
			if found != nil {
				return nil
			}
			found = c
		}
	}
	return found
}

// countElements counts the elements of a name at any depth.
func countElements(el *etree.Element, space, tag string) int {
	n := 0
	if el.Tag == tag && el.NamespaceURI() == space {
		n++
	}
	for _, c := range el.Child {
		if e, ok := c.(*etree.Element); ok {
			n += countElements(e, space, tag)
		}
	}
	return n
}

// canonical is Exclusive XML Canonicalization 1.0 without comments, the one method
// of TS 119 612 Annex B.1, of an element within its document.
func (x *xmlSig) canonical(el *etree.Element) ([]byte, error) {
	ctx, err := etreeutils.NSBuildParentContext(el)
	if err == nil {
		el, err = etreeutils.NSDetatch(ctx, el) // a copy
	}
	if err != nil {
		return nil, errorf(BadForm, x.name, "canonicalization: %v", err)
	}
	return canonicalize(x.name, el)
}

// canonicalize changes el into canonical form.
func canonicalize(name string, el *etree.Element) ([]byte, error) {
	data, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(el)
	if err != nil {
		return nil, errorf(BadForm, name, "canonicalization: %v", err)
	}
	return data, nil
}

// signer finds the signer's certificate: the one in KeyInfo that the signed
// properties name by its digest.
func (x *xmlSig) signer(out *signedXML, props *xmlNode) error {
	signed := props.at(xadesNS, "SignedSignatureProperties")
	at, err := time.Parse(time.RFC3339, signed.only(xadesNS, "SigningTime").words())
	if err != nil {
		return errorf(BadSignature, x.name, "no SigningTime in RFC 3339, which EN 319 132-1 Clause 6.3 requires")
	}
	// EN 319 132-1 Clause 5.2.2: the first Cert is the signer's. SigningCertificate is
	// the form before EN 319 132-1, in which lists of version 5 still come.
	ref := signed.at(xadesNS, "SigningCertificateV2")
	old := signed.at(xadesNS, "SigningCertificate")
	if out.legacy = ref == nil; out.legacy {
		ref = old
	} else if old != nil {
		return errorf(BadSignature, x.name, "both SigningCertificate and SigningCertificateV2")
	}
	certs := ref.all(xadesNS, "Cert")
	if len(certs) == 0 {
		return errorf(BadSignature, x.name, "no SigningCertificateV2, which EN 319 132-1 Clause 6.3 requires")
	}
	hash, want, err := x.digestOf(certs[0].only(xadesNS, "CertDigest"))
	if err != nil {
		return err
	}
	for i, data := range x.keys.FindElements("X509Data/X509Certificate") {
		if i == maxSignerCerts {
			return errorf(TooLarge, x.name, "more than %d certificates in KeyInfo", maxSignerCerts)
		}
		der, err := base64.StdEncoding.Strict().DecodeString(solid(data.Text()))
		if err != nil || data.NamespaceURI() != dsNS {
			return errorf(BadSignature, x.name, "an X509Certificate that is no base64")
		}
		if sum := digest(hash, der); bytes.Equal(sum, want) {
			if out.signer, err = x509.ParseCertificate(der); err != nil {
				return errorf(BadSignature, x.name, "the signer's certificate: %v", err)
			}
			break
		}
	}
	if out.signer == nil {
		return errorf(BadSignature, x.name, "no certificate in KeyInfo has the digest in the signed properties (EN 319 132-1 Clause 5.2.2)")
	}
	if out.at = at.UTC(); at.Before(out.signer.NotBefore) || at.After(out.signer.NotAfter) {
		return errorf(Expired, x.name, "signed at %s, and the certificate is valid from %s to %s", out.at.Format(time.RFC3339),
			out.signer.NotBefore.Format(time.RFC3339), out.signer.NotAfter.Format(time.RFC3339))
	}
	return nil
}

// checkValue checks the signature over the canonical SignedInfo, [XMLDSIG] Section
// 3.2.2.
func (x *xmlSig) checkValue(out *signedXML, info *xmlNode, signed []byte) error {
	if err := x.onlyExclusive(info.only(dsNS, "CanonicalizationMethod")); err != nil {
		return err
	}
	method := info.only(dsNS, "SignatureMethod")
	out.algorithm = method.attr("Algorithm")
	alg, ok := xmlSignatures[out.algorithm]
	if !ok || len(method.kids) > 0 {
		return errorf(Unsupported, x.name, "the signature method %.100q, want RSA, RSA-PSS or ECDSA with SHA-2", out.algorithm)
	}
	out.algorithm = alg.String()
	value, err := base64.StdEncoding.Strict().DecodeString(solid(x.value.Text()))
	if err != nil || len(x.value.ChildElements()) > 0 {
		return errorf(BadSignature, x.name, "SignatureValue is no base64")
	}
	// The key's bounds are those of every key here; crypto/x509 takes shorter ones.
	key, err := keys.FromCertificate(out.signer.Raw)
	if err != nil {
		return errorf(BadSignature, x.name, "the signer's key: %v", err)
	}
	if alg == x509.ECDSAWithSHA256 || alg == x509.ECDSAWithSHA384 || alg == x509.ECDSAWithSHA512 {
		if value, err = ecdsaASN1(key, value); err != nil {
			return errorf(BadSignature, x.name, "%v", err)
		}
	}
	if err := out.signer.CheckSignature(alg, signed, value); err != nil {
		return errorf(BadSignature, x.name, "the signature is not one by %s: %v", out.signer.Subject, err)
	}
	return nil
}

// ecdsaASN1 turns r and s side by side, [XMLDSIG] Section 6.4.3, into the form that
// crypto/x509 reads.
func ecdsaASN1(key *keys.Key, value []byte) ([]byte, error) {
	size := map[string]int{keys.TypeP256: 32, keys.TypeP384: 48, keys.TypeP521: 66}[key.Type()]
	if size == 0 || len(value) != 2*size {
		return nil, fmt.Errorf("an ECDSA signature of %d bytes by a key of type %s", len(value), key.Type())
	}
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(value[:size]), new(big.Int).SetBytes(value[size:])})
}

// checkReferences checks every Reference, [XMLDSIG] Section 3.2.1, and returns the
// octets of the root. There has to be one to the root and one to the signed
// properties; there may be one to KeyInfo, and none to anything else.
func (x *xmlSig) checkReferences(info *xmlNode, props []byte) ([]byte, error) {
	refs := info.all(dsNS, "Reference")
	if len(refs) > maxReferences {
		return nil, errorf(BadSignature, x.name, "%d References, want at most %d", len(refs), maxReferences)
	}
	var root []byte
	seen := map[*etree.Element]bool{}
	for _, ref := range refs {
		el, err := x.referenced(ref)
		if err != nil {
			return nil, err
		}
		if seen[el] {
			return nil, errorf(BadSignature, x.name, "two References to one element")
		}
		seen[el] = true
		data := props
		switch el {
		case x.root:
			data, err = x.enveloped()
			root = data
		case x.keys:
			data, err = x.canonical(el)
		}
		if err != nil {
			return nil, err
		}
		hash, want, err := x.digestOf(ref)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(digest(hash, data), want) {
			return nil, errorf(BadSignature, x.name, "the digest of %.60q is another", ref.attr("URI"))
		}
	}
	if !seen[x.root] {
		return nil, errorf(BadSignature, x.name, "no Reference to the root (TS 119 612 Annex B.1)")
	}
	if !seen[x.props] {
		return nil, errorf(BadSignature, x.name, "no Reference to the signed properties (EN 319 132-1 Clause 4.4.2)")
	}
	return root, nil
}

// referenced finds what a Reference names. Only three places can be named, each by
// its own Id: there is no search through the document.
func (x *xmlSig) referenced(ref *xmlNode) (*etree.Element, error) {
	hasURI := false
	for _, a := range ref.attrs {
		hasURI = hasURI || a.Name.Space == "" && a.Name.Local == "URI"
	}
	named := func(el *etree.Element) bool {
		id := el.SelectAttrValue("Id", "")
		return id != "" && ref.attr("URI") == "#"+id
	}
	transforms := ref.at(dsNS, "Transforms").all(dsNS, "Transform")
	if len(ref.all(dsNS, "Transforms")) != 1 || len(ref.at(dsNS, "Transforms").kids) != len(transforms) || len(transforms) == 0 {
		return nil, errorf(BadSignature, x.name, "a Reference without one list of Transforms")
	}
	if err := x.onlyExclusive(transforms[len(transforms)-1]); err != nil {
		return nil, err
	}
	root := hasURI && ref.attr("URI") == "" || named(x.root)
	switch {
	// TS 119 612 Annex B.1: these two transforms, in this order.
	case root && len(transforms) == 2 && len(transforms[0].kids) == 0 &&
		transforms[0].attr("Algorithm") == string(dsig.EnvelopedSignatureAltorithmId):
		return x.root, nil
	case root || len(transforms) != 1:
		return nil, errorf(Unsupported, x.name, "other Transforms than enveloped-signature, for the root, and exclusive canonicalization")
	case named(x.props):
		if ref.attr("Type") != signedPropertiesType {
			return nil, errorf(BadSignature, x.name, "the Reference to the signed properties has the Type %.80q", ref.attr("Type"))
		}
		return x.props, nil
	case named(x.keys):
		return x.keys, nil
	}
	return nil, errorf(Unsupported, x.name, "a Reference to %.80q, want the root, the signed properties or KeyInfo", ref.attr("URI"))
}

// onlyExclusive holds a CanonicalizationMethod or Transform to exclusive
// canonicalization, without a list of prefixes to treat otherwise.
func (x *xmlSig) onlyExclusive(n *xmlNode) error {
	if n == nil || n.attr("Algorithm") != string(dsig.CanonicalXML10ExclusiveAlgorithmId) || len(n.kids) > 0 {
		return errorf(Unsupported, x.name, "the canonicalization %.80q, want %s alone (TS 119 612 Annex B.1)",
			n.attr("Algorithm"), dsig.CanonicalXML10ExclusiveAlgorithmId)
	}
	return nil
}

// enveloped is the root without its Signature, in canonical form.
func (x *xmlSig) enveloped() ([]byte, error) {
	i := x.sig.Index()
	root := x.root.Copy()
	root.RemoveChildAt(i)
	return canonicalize(x.name, root)
}

// digestOf reads the DigestMethod and DigestValue of an element.
func (x *xmlSig) digestOf(n *xmlNode) (crypto.Hash, []byte, error) {
	alg := n.only(dsNS, "DigestMethod").attr("Algorithm")
	hash, ok := xmlDigests[alg]
	if !ok {
		return 0, nil, errorf(Unsupported, x.name, "the digest %.80q, want SHA-256, SHA-384 or SHA-512", alg)
	}
	value, err := base64.StdEncoding.Strict().DecodeString(n.only(dsNS, "DigestValue").solid())
	if err == nil && len(value) != hash.Size() {
		err = errors.New("of another length")
	}
	if err != nil {
		return 0, nil, errorf(BadSignature, x.name, "a DigestValue that is none: %v", err)
	}
	return hash, value, nil
}

func digest(hash crypto.Hash, data []byte) []byte {
	h := hash.New()
	h.Write(data)
	return h.Sum(nil)
}

// solid is a text without white space.
func solid(s string) string { return string(bytes.Join(bytes.Fields([]byte(s)), nil)) }
