package importer

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

var (
	listNow   = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	greekName = pkix.Name{Organization: []string{"List Office"}, Country: []string{"GR"}, CommonName: "List signer"}
)

// services are certificates for the three services of tslText.
func services(t testing.TB) [3]listSigner {
	name := func(s string) pkix.Name { return pkix.Name{CommonName: s} }
	return [3]listSigner{newListSigner(t, "P-256", name("CA"), nil), newListSigner(t, "P-256", name("CA old"), nil), newListSigner(t, "P-384", name("TSA"), nil)}
}

func replace(old, new string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, new, 1) }
}

// A tslCase is a list to be signed and imported, and what is changed of it.
type tslCase struct {
	x    xades
	list string
	opt  Options
}

func (c *tslCase) file(t testing.TB, text string) string {
	return filepath.Join(write(t, map[string]string{"tl.xml": text}), "tl.xml")
}

// Which signatures are taken, and every way to make one that is not.
func TestETSISignature(t *testing.T) {
	list := tslText(services(t))
	me := newListSigner(t, "P-256", greekName, nil)
	rsaMe := newListSigner(t, "rsa", greekName, nil)
	p384, p521 := newListSigner(t, "P-384", greekName, nil), newListSigner(t, "P-521", greekName, nil)
	other := newListSigner(t, "P-256", greekName, nil)
	const more = "http://www.w3.org/2001/04/xmldsig-more#"
	const more07 = "http://www.w3.org/2007/05/xmldsig-more#"
	with := func(s listSigner, method, digest string) func(*tslCase) {
		return func(c *tslCase) { c.x.listSigner, c.x.method, c.x.digest = s, method, digest }
	}
	props := func(old, new string) func(*tslCase) { return func(c *tslCase) { c.x.props = replace(old, new) } }
	info := func(old, new string) func(*tslCase) { return func(c *tslCase) { c.x.info = replace(old, new) } }
	const envelopedT = `<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform>`
	const excT = `<ds:Transform Algorithm="` + excC14N + `"></ds:Transform>`
	propsRef := func(s string) string { // the second Reference
		return s[strings.LastIndex(s, "<ds:Reference"):strings.LastIndex(s, "</ds:SignedInfo>")]
	}

	tests := []struct {
		name  string
		edit  func(c *tslCase)         // before it is signed
		after func(text string) string // and after
		want  Reason
	}{
		{"ECDSA P-256", nil, nil, ""},
		{"ECDSA P-384 with SHA-384", with(p384, more+"ecdsa-sha384", more+"sha384"), nil, ""},
		{"ECDSA P-521 with SHA-512", with(p521, more+"ecdsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512"), nil, ""},
		{"ECDSA P-384 with SHA-256", with(p384, more+"ecdsa-sha256", sha256M), nil, ""},
		{"RSA with SHA-256", with(rsaMe, more+"rsa-sha256", sha256M), nil, ""},
		{"RSA with SHA-384", with(rsaMe, more+"rsa-sha384", sha256M), nil, ""},
		{"RSA with SHA-512", with(rsaMe, more+"rsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512"), nil, ""},
		{"RSA-PSS with SHA-256", with(rsaMe, more07+"sha256-rsa-MGF1", sha256M), nil, ""},
		{"RSA-PSS with SHA-512", with(rsaMe, more07+"sha512-rsa-MGF1", sha256M), nil, ""},
		{"the root by its Id", func(c *tslCase) { c.x.root = "#TL" }, nil, ""},
		{"SigningCertificate of before", func(c *tslCase) {
			c.x.props = func(s string) string { return strings.ReplaceAll(s, "SigningCertificateV2>", "SigningCertificate>") }
		}, nil, ""},

		// The same list in other words.
		{"XML declaration and byte order mark", nil, func(s string) string { return "\ufeff<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" + s + "\n" }, ""},
		{"a comment in a text", nil, replace("Qualified CA", "Qualified<!-- not so --> CA"), ""},
		{"a comment between elements", nil, replace("<TSPServices>", "<TSPServices><!-- three of them -->"), ""},
		{"CDATA", nil, replace("Provider &amp; Sons", "<![CDATA[Provider & Sons]]>"), ""},
		{"an empty element in one tag", nil, replace("<SchemeOperatorAddress></SchemeOperatorAddress>", "<SchemeOperatorAddress />"), ""},
		{"other quotes and order of attributes", nil, replace(` Id="TL" TSLTag="http://uri.etsi.org/19612/TSLTag">`, ` TSLTag='http://uri.etsi.org/19612/TSLTag'  Id="TL" >`), ""},
		{"a namespace that nothing uses", nil, replace(` Id="TL"`, ` xmlns:ns5="http://a.example" Id="TL"`), ""},
		{"character references", nil, replace("Qualified CA", "&#81;ualified CA"), ""},
		{"CRLF", nil, replace("\n", "\r\n"), ""},

		// Something else than what was signed.
		{"a comment and a space", nil, replace("Qualified CA", "Qualified <!-- not so --> CA"), BadSignature},
		{"a letter", nil, replace("Qualified CA", "Qualified CB"), BadSignature},
		{"a status", nil, replace("withdrawn", "granted"), BadSignature},
		{"white space", nil, replace("<TSPServices>", "<TSPServices> "), BadSignature},
		{"an attribute", nil, replace(` Id="TL"`, ` Id="TL" Zz="1"`), BadSignature},
		{"another default namespace", nil, replace("<TSPServices>", `<TSPServices xmlns="http://a.example">`), BadSignature},
		{"signing time", nil, replace("2026-06-01T09", "2026-06-01T08"), BadSignature},
		{"SignedInfo", nil, replace(`Id="list"`, `Id="liste"`), BadSignature},
		{"signature value", func(c *tslCase) { c.x.raw = func(b []byte) []byte { b[9] ^= 1; return b } }, nil, BadSignature},
		{"signature value empty", func(c *tslCase) { c.x.raw = func(b []byte) []byte { return nil } }, nil, BadSignature},
		{"ECDSA in ASN.1", func(c *tslCase) {
			c.x.raw = func(b []byte) []byte {
				der, _ := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(b[:32]), new(big.Int).SetBytes(b[32:])})
				return der
			}
		}, nil, BadSignature},
		{"ECDSA of zeros", func(c *tslCase) { c.x.raw = func(b []byte) []byte { return make([]byte, 64) } }, nil, BadSignature},
		{"RSA key, ECDSA method", func(c *tslCase) {
			with(rsaMe, more+"rsa-sha256", sha256M)(c)
			info(more+"rsa-sha256", more+"ecdsa-sha256")(c)
		}, nil, BadSignature},
		{"PKCS1 said to be PSS", func(c *tslCase) {
			with(rsaMe, more+"rsa-sha256", sha256M)(c)
			info(more+"rsa-sha256", more07+"sha256-rsa-MGF1")(c)
		}, nil, BadSignature},

		// Wrapping: the signed list is there, and something else is to be read.
		{"no signature", nil, func(s string) string { return list }, NoSignature},
		{"two signatures", nil, func(s string) string {
			sig := s[strings.Index(s, "<ds:Signature"):strings.Index(s, "</TrustServiceStatusList>")]
			return strings.Replace(s, "</TrustServiceStatusList>", strings.NewReplacer(`"sig"`, `"sig2"`, `"props"`, `"props2"`, `"list"`, `"list2"`).Replace(sig)+"</TrustServiceStatusList>", 1)
		}, BadSignature},
		{"the signature deeper", nil, func(s string) string {
			sig := s[strings.Index(s, "<ds:Signature"):strings.Index(s, "</TrustServiceStatusList>")]
			return strings.Replace(strings.Replace(s, sig, "", 1), "</SchemeInformation>", sig+"</SchemeInformation>", 1)
		}, BadSignature},
		{"the list in another list", func(c *tslCase) { c.x.root = "#TL" }, func(s string) string {
			at := strings.Index(s, "<ds:Signature")
			inner, sig := s[:at]+"</TrustServiceStatusList>", s[at:strings.LastIndex(s, "</TrustServiceStatusList>")]
			return replace("Qualified CA", "Evil CA")(strings.Replace(strings.Replace(list, `Id="TL"`, `Id="evil"`, 1), "</TrustServiceStatusList>", inner+sig+"</TrustServiceStatusList>", 1))
		}, Unsupported},
		{"the list within the signature", func(c *tslCase) { c.x.root = "#TL" }, func(s string) string {
			at := strings.Index(s, "<ds:Signature")
			inner, sig := s[:at]+"</TrustServiceStatusList>", s[at:strings.LastIndex(s, "</TrustServiceStatusList>")]
			sig = strings.Replace(sig, "</ds:Signature>", "<ds:Object>"+inner+"</ds:Object></ds:Signature>", 1)
			return strings.Replace(strings.Replace(list, `Id="TL"`, `Id="evil"`, 1), "</TrustServiceStatusList>", sig+"</TrustServiceStatusList>", 1)
		}, Unsupported},
		{"the same Id in both", func(c *tslCase) { c.x.root = "#TL" }, func(s string) string {
			at := strings.Index(s, "<ds:Signature")
			inner, sig := s[:at]+"</TrustServiceStatusList>", s[at:strings.LastIndex(s, "</TrustServiceStatusList>")]
			return strings.Replace(list, "</TrustServiceStatusList>", inner+sig+"</TrustServiceStatusList>", 1)
		}, BadForm},
		{"the same Id in another case of its name", func(c *tslCase) { c.x.root = "#TL" }, replace("<TSPServices>", `<TSPServices ID="TL">`), BadForm},
		{"signed properties of somebody else beside", nil, replace("</ds:Object>", `</ds:Object><ds:Object><xades:SignedProperties xmlns:xades="`+xadesNS+`" Id="p2"></xades:SignedProperties></ds:Object>`), BadSignature},
		{"two lists of signed properties", nil, replace("</ds:Object>", `</ds:Object><ds:Object><xades:QualifyingProperties xmlns:xades="`+xadesNS+`" Target="#sig"></xades:QualifyingProperties></ds:Object>`), BadSignature},
		{"the properties of another signature", nil, replace(`Target="#sig"`, `Target="#sig2"`), BadSignature},
		{"two SignedInfo", nil, replace("<ds:SignatureValue>", "<ds:SignedInfo></ds:SignedInfo><ds:SignatureValue>"), BadSignature},
		{"two SignatureValue", nil, replace("<ds:KeyInfo>", "<ds:SignatureValue></ds:SignatureValue><ds:KeyInfo>"), BadSignature},
		{"an element in SignatureValue", nil, replace("</ds:SignatureValue>", "<x></x></ds:SignatureValue>"), BadSignature},

		// Signatures that sign less, or in another way.
		{"no signed properties", func(c *tslCase) {
			c.x.info = func(s string) string { return strings.Replace(s, propsRef(s), "", 1) }
		}, nil, BadSignature},
		{"no list", func(c *tslCase) {
			c.x.info = func(s string) string { return s[:strings.Index(s, "<ds:Reference")] + propsRef(s) + "</ds:SignedInfo>" }
		}, nil, BadSignature},
		{"the list twice", func(c *tslCase) {
			c.x.info = func(s string) string {
				ref := s[strings.Index(s, "<ds:Reference"):strings.LastIndex(s, "<ds:Reference")]
				return strings.Replace(s, "</ds:SignedInfo>", strings.Replace(ref, `Id="list"`, `Id="list2"`, 1)+"</ds:SignedInfo>", 1)
			}
		}, nil, BadSignature},
		{"the properties without their type", info(`Type="`+signedPropertiesType+`" `, ""), nil, BadSignature},
		{"a part of the list", info(`URI=""`, `URI="#TSP"`), nil, Unsupported},
		{"a file", info(`URI=""`, `URI="https://lists.example/tl.xml"`), nil, Unsupported},
		{"an XPointer", info(`URI=""`, `URI="#xpointer(/)"`), nil, Unsupported},
		{"no URI", info(` URI=""`, ""), nil, Unsupported},
		{"not enveloped", info(envelopedT, ""), nil, Unsupported},
		{"enveloped twice", info(envelopedT, envelopedT+envelopedT), nil, Unsupported},
		{"transforms in the other order", info(envelopedT+excT, excT+envelopedT), nil, Unsupported},
		{"not canonicalized", info(envelopedT+excT, envelopedT), nil, Unsupported},
		{"XPath transform", info("http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/TR/1999/REC-xpath-19991116"), nil, Unsupported},
		{"XSLT transform", info(envelopedT, envelopedT+`<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"></ds:Transform>`), nil, Unsupported},
		{"inclusive canonicalization of the list", info(envelopedT+excT, envelopedT+strings.Replace(excT, excC14N, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", 1)), nil, Unsupported},
		{"inclusive canonicalization of SignedInfo", info(`<ds:CanonicalizationMethod Algorithm="`+excC14N, `<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315`), nil, Unsupported},
		{"canonicalization with comments", info(excC14N+`"></ds:CanonicalizationMethod>`, excC14N+`WithComments"></ds:CanonicalizationMethod>`), nil, Unsupported},
		{"inclusive prefixes", info(envelopedT+`<ds:Transform Algorithm="`+excC14N+`">`, envelopedT+`<ds:Transform Algorithm="`+excC14N+`"><ec:InclusiveNamespaces xmlns:ec="`+excC14N+`" PrefixList="ds"></ec:InclusiveNamespaces>`), nil, Unsupported},
		{"no transforms", info("<ds:Transforms>"+excT+"</ds:Transforms>", ""), nil, BadSignature},
		{"RSA with SHA-1", with(rsaMe, "http://www.w3.org/2000/09/xmldsig#rsa-sha1", sha256M), nil, Unsupported},
		{"digest with SHA-1", with(me, "", "http://www.w3.org/2000/09/xmldsig#sha1"), nil, Unsupported},
		{"digest of the list with SHA-1", info(`<ds:DigestMethod Algorithm="`+sha256M, `<ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1`), nil, Unsupported},
		{"HMAC", info(more+"ecdsa-sha256", more+"hmac-sha256"), nil, Unsupported},
		{"no time of signing", func(c *tslCase) { c.x.time = "" + " " }, nil, BadSignature},
		{"no signing certificate", func(c *tslCase) {
			c.x.props = func(s string) string { return strings.ReplaceAll(s, "SigningCertificateV2>", "SigningCertificateV3>") }
		}, nil, BadSignature},
		{"the digest of another certificate", props(base64.StdEncoding.EncodeToString(digest(xmlDigests[sha256M], me.der)), base64.StdEncoding.EncodeToString(digest(xmlDigests[sha256M], other.der))), nil, BadSignature},
		{"another certificate in KeyInfo", nil, replace(me.b64(), other.b64()), BadSignature},
		{"another certificate before it in KeyInfo", nil, replace("<ds:X509Certificate>", "<ds:X509Certificate>"+other.b64()+"</ds:X509Certificate><ds:X509Certificate>"), ""},
		{"no KeyInfo", nil, func(s string) string {
			return s[:strings.Index(s, "<ds:KeyInfo>")] + s[strings.Index(s, "</ds:KeyInfo>")+len("</ds:KeyInfo>"):]
		}, BadSignature},

		// Whose.
		{"signed by somebody else", func(c *tslCase) { c.x.listSigner = other }, nil, WrongSigner},
		{"nobody is trusted", func(c *tslCase) { c.opt = Options{} }, nil, NoAnchor},
		{"nobody is trusted, and unsigned would do", func(c *tslCase) { c.opt = Options{Unsigned: true} }, nil, NoAnchor},
		{"signed after the certificate ended", func(c *tslCase) { c.x.time = "2028-06-01T09:00:00Z" }, nil, Expired},
		{"signed before it began", func(c *tslCase) { c.x.time = "2023-06-01T09:00:00Z" }, nil, Expired},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &tslCase{x: xades{listSigner: me}, list: list}
			c.opt.Fingerprint = fingerprint(me.der)
			if tt.edit != nil {
				tt.edit(c)
			}
			if bytes.Equal(c.x.der, rsaMe.der) || bytes.Equal(c.x.der, p384.der) || bytes.Equal(c.x.der, p521.der) {
				c.opt.Fingerprint = fingerprint(c.x.der)
			}
			text := edit(tt.after, c.x.sign(t, c.list))
			if tt.after != nil && text == c.x.sign(t, c.list) {
				t.Fatal("nothing was changed")
			}
			c.opt.Now = listNow
			r, err := Import(FromETSI, c.file(t, text), c.opt)
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			if r.Report.Signature.State != Verified || r.Report.Signature.Fingerprint != c.opt.Fingerprint || r.Report.Entities != 4 || r.Entities[1].Names[0] != "Provider & Sons" {
				t.Errorf("report %+v", r.Report)
			}
		})
	}
}

// A comment within a text is not signed, and does not cut the text short.
func TestETSICommentInText(t *testing.T) {
	me := newListSigner(t, "P-256", greekName, nil)
	text := xades{listSigner: me}.sign(t, tslText(services(t)))
	for _, where := range []string{"Provider &amp; Sons", "VATEL-123456789", "granted", "Svctype/CA/QC"} {
		t.Run(where, func(t *testing.T) {
			cut := where[:5] + "<!-- x -->" + where[5:]
			c := tslCase{opt: Options{Fingerprint: fingerprint(me.der), Now: listNow}}
			want, err := ETSI(c.file(t, text), c.opt)
			wantReason(t, err, "")
			got, err := ETSI(c.file(t, strings.ReplaceAll(text, where, cut)), c.opt)
			wantReason(t, err, "")
			a, _ := build(t, want)
			b, _ := build(t, got)
			if mustRoot(t, a) != mustRoot(t, b) {
				t.Errorf("root %s, want %s", mustRoot(t, b), mustRoot(t, a))
			}
		})
	}
}

// Hostile XML meets a bound, before anything is built of it.
func TestETSIHostileXML(t *testing.T) {
	list := tslText(services(t))
	laughs := `<!DOCTYPE l [<!ENTITY a "ha">`
	for c := 'b'; c < 'k'; c++ {
		laughs += `<!ENTITY ` + string(c) + ` "` + strings.Repeat("&"+string(c-1)+";", 10) + `">`
	}
	many := func(n int, f func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(f(i))
		}
		return b.String()
	}
	constant := func(s string) func(int) string { return func(int) string { return s } }
	root := replace(`<TrustServiceStatusList `, "")(list[:strings.Index(list, ">")])
	tests := []struct {
		name, text string
		want       Reason
	}{
		{"the list", list, ""},
		{"billion laughs", laughs + "]>" + replace("Qualified CA", "&j;")(list), BadForm},
		{"quadratic blowup", `<!DOCTYPE l [<!ENTITY a "` + strings.Repeat("a", 100_000) + `">]>` + replace("Qualified CA", strings.Repeat("&a;", 10_000))(list), BadForm},
		{"external entity", `<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/hostname">]>` + replace("Qualified CA", "&a;")(list), BadForm},
		{"parameter entity", `<!DOCTYPE l [<!ENTITY % a SYSTEM "https://evil.example/a.dtd"> %a;]>` + list, BadForm},
		{"external DTD", `<!DOCTYPE l SYSTEM "https://evil.example/a.dtd">` + list, BadForm},
		{"empty DTD", `<!DOCTYPE TrustServiceStatusList>` + list, BadForm},
		{"unknown entity", replace("Qualified CA", "&nbsp;")(list), BadForm},
		{"XInclude is not acted on", replace("Qualified CA", `<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/hostname"></x:include>Qualified CA`)(list), ""},
		{"stylesheet", `<?xml-stylesheet href="https://evil.example"?>` + list, BadForm},
		{"a processing instruction", replace("Qualified CA", "Qualified <?php ?>CA")(list), BadForm},
		{"XML declaration in the middle", replace("Qualified CA", `Qualified <?xml version="1.0"?>CA`)(list), BadForm},
		{"deep nesting", strings.Repeat("<a>", 100_000) + strings.Repeat("</a>", 100_000), TooLarge},
		{"deep nesting, not closed", strings.Repeat("<a>", 100_000), TooLarge},
		{"just too deep", strings.Repeat("<a>", maxXMLDepth+1) + strings.Repeat("</a>", maxXMLDepth+1), TooLarge},
		{"huge attribute", replace(` Id="TL"`, ` Id="`+strings.Repeat("T", maxXMLValue+1)+`"`)(list), TooLarge},
		{"many attributes", replace(` Id="TL"`, many(maxXMLAttrs, func(i int) string { return fmt.Sprintf(` a%d=""`, i) }))(list), TooLarge},
		{"many namespaces in scope", many(4, func(j int) string {
			return "<a" + many(20, func(i int) string {
				return " xmlns:n" + string(rune('A'+i)) + string(rune('A'+j)) + `="http://a.example"`
			}) + ">"
		}) + strings.Repeat("</a>", 4), TooLarge},
		{"many elements", "<" + "a>" + many(maxXMLElements, constant("<b/>")) + "</a>", TooLarge},
		{"many comments", replace("<TSPServices>", "<TSPServices>"+many(maxXMLComments+1, constant("<!---->")))(list), TooLarge},
		{"large", replace("<TSPServices>", "<TSPServices>"+strings.Repeat(" ", maxXML))(list), TooLarge},
		{"two roots", list + "<a></a>", BadForm},
		{"text behind the root", list + "a", BadForm},
		{"text before the root", "a" + list, BadForm},
		{"nothing", "", BadForm},
		{"cut", list[:len(list)-10], BadForm},
		{"an end too many", list + "</a>", BadForm},
		{"attribute twice", replace(` Id="TL"`, ` Id="TL" Id="TL"`)(list), BadForm},
		{"prefixed attribute twice", replace(` Id="TL"`, ` xmlns:a="http://x.example" xmlns:b="http://x.example" a:c="1" b:c="2"`)(list), BadForm},
		{"Id twice", replace("<TSPServices>", `<TSPServices Id="TL">`)(list), BadForm},
		{"undeclared prefix", replace("<TSPServices>", `<TSPServices a:b="1">`)(list), BadForm},
		{"prefix xmlns declared", replace("<TSPServices>", `<TSPServices xmlns:xmlns="http://a.example">`)(list), BadForm},
		{"not UTF-8", replace("Qualified CA", "Qualified \xff")(list), BadForm},
		{"UTF-16 declared", `<?xml version="1.0" encoding="UTF-16"?>` + list, BadForm},
		{"latin-1 declared", `<?xml version="1.0" encoding="ISO-8859-1"?>` + list, BadForm},
		{"control character", replace("Qualified CA", "Qualified &#1;")(list), BadForm},
		{"HTML", "<!doctype html><html><body>Sign in to the Wi-Fi</body></html>", BadForm},
		{"JSON", "{}", BadForm},
		{"another root", `<a` + root + `></a>`, BadForm},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			_, err := ETSI((&tslCase{}).file(t, tt.text), Options{Unsigned: true, Now: listNow})
			wantReason(t, err, tt.want)
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

// A list of lists says who signs which list.
func TestETSIByListOfLists(t *testing.T) {
	commission := newListSigner(t, "P-384", pkix.Name{CommonName: "Commission"}, nil)
	me, other := newListSigner(t, "P-256", greekName, nil), newListSigner(t, "P-256", greekName, nil)
	under := newListSigner(t, "P-256", greekName, &me)
	list := tslText(services(t))
	tests := []struct {
		name         string
		lotl, member func(string) string // edits before signing
		by           listSigner          // who signs the member list; zero: me
		edit         func(f map[string]string, opt *Options)
		want         Reason
		past         bool
	}{
		{name: "trusted by its pointer"},
		{name: "the second signer of the pointer", by: other},
		{name: "by an anchor", edit: func(f map[string]string, opt *Options) {
			opt.Fingerprint, opt.Anchors = "", []string{"lotl.pem"}
		}},
		{name: "a signer that the pointer does not have", by: newListSigner(t, "P-256", greekName, nil), want: WrongSigner},
		{name: "a signer below one that it has", by: under, want: WrongSigner},
		{name: "a signer for another country", lotl: func(s string) string { return strings.ReplaceAll(s, "<SchemeTerritory>EL<", "<SchemeTerritory>FR<") }, want: WrongSigner},
		{name: "a list of another type", member: replace("EUgeneric", "other"), want: WrongSigner},
		{name: "the list of lists by somebody else", edit: func(f map[string]string, opt *Options) { opt.Fingerprint = fingerprint(other.der) }, want: WrongSigner},
		{name: "the list of lists by nobody who is known", edit: func(f map[string]string, opt *Options) { opt.Fingerprint = "" }, want: WrongSigner},
		{name: "the list of lists changed", edit: func(f map[string]string, opt *Options) {
			f["lotl.xml"] = strings.Replace(f["lotl.xml"], "Commission", "Commissioner", 1)
		}, want: BadSignature},
		{name: "the list of lists unsigned", edit: func(f map[string]string, opt *Options) { f["lotl.xml"] = lotlText(me, other) }, want: NoSignature},
		{name: "the list of lists unsigned, and unsigned asked for", edit: func(f map[string]string, opt *Options) {
			f["lotl.xml"], opt.Unsigned = lotlText(me, other), true
		}, want: NoSignature},
		{name: "no list of lists", lotl: replace("EUlistofthelists", "EUgeneric"), edit: func(f map[string]string, opt *Options) {}, want: BadForm},
		{name: "the list of lists is past due", lotl: replace("2026-11-30", "2026-11-20"), past: true},
		{name: "the list is past due", member: replace("2026-12-01", "2026-11-01"), past: true},
		{name: "the list is closed", member: replace("<NextUpdate><dateTime>2026-12-01T10:00:00Z</dateTime></NextUpdate>", "<NextUpdate></NextUpdate>"), past: true},
		{name: "the list says nothing of a next one", member: replace("<NextUpdate><dateTime>2026-12-01T10:00:00Z</dateTime></NextUpdate>", ""), want: BadForm},
		// MUSTS: a trust list that cannot be had is not an empty policy.
		{name: "the list of lists cannot be had", edit: func(f map[string]string, opt *Options) { delete(f, "lotl.xml") }, want: NoFile},
		{name: "the list cannot be had", edit: func(f map[string]string, opt *Options) { delete(f, "tl.xml") }, want: NoFile},
		{name: "the list is empty", edit: func(f map[string]string, opt *Options) { f["tl.xml"] = "" }, want: BadForm},
		{name: "half of the list", edit: func(f map[string]string, opt *Options) { f["tl.xml"] = f["tl.xml"][:len(f["tl.xml"])/2] }, want: BadForm},
		{name: "a page in its place", edit: func(f map[string]string, opt *Options) { f["tl.xml"] = "<html><body>503</body></html>" }, want: NoSignature},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			by := tt.by
			if by.key == nil {
				by = me
			}
			opt := Options{Fingerprint: fingerprint(commission.der), Now: listNow}
			files := map[string]string{
				"lotl.xml": xades{listSigner: commission}.sign(t, edit(tt.lotl, lotlText(me, other))),
				"tl.xml":   xades{listSigner: by}.sign(t, edit(tt.member, list)), "lotl.pem": certPEM(commission.der),
			}
			if tt.edit != nil {
				tt.edit(files, &opt)
			}
			dir := write(t, files)
			opt.LOTL = filepath.Join(dir, "lotl.xml")
			for i := range opt.Anchors {
				opt.Anchors[i] = filepath.Join(dir, opt.Anchors[i])
			}
			r, err := ETSI(filepath.Join(dir, "tl.xml"), opt)
			wantReason(t, err, tt.want)
			if err != nil {
				if r != nil {
					t.Error("a result beside an error")
				}
				return
			}
			if r.Report.Past != tt.past || !strings.Contains(r.Report.Signature.Note, "list of lists EU number 300") {
				t.Errorf("report %+v", r.Report)
			}
			due := "2026-11-30T10:00:00Z" // that of the list of lists is the earlier one
			switch tt.name {
			case "the list of lists is past due":
				due = "2026-11-20T10:00:00Z"
			case "the list is past due":
				due = "2026-11-01T10:00:00Z"
			case "the list is closed":
				due = r.Report.Time
			}
			if len(r.Entities) == 0 || slices.ContainsFunc(r.Entities, func(e snapshot.Entity) bool { return e.Due != due }) {
				t.Errorf("not all is due on %s: %+v", due, r.Entities)
			}
			if tt.past != slices.ContainsFunc(r.Report.Findings, func(f Finding) bool { return f.Reason == Expired }) && !strings.Contains(tt.name, "list is past due") {
				t.Errorf("findings %+v", r.Report.Findings)
			}
		})
	}
}

// MUSTS: a list with a lower sequence number than one known already is not taken.
func TestETSIRollback(t *testing.T) {
	me := newListSigner(t, "P-256", greekName, nil)
	list := tslText(services(t))
	number := func(n string) string {
		return xades{listSigner: me}.sign(t, replace("<TSLSequenceNumber>7<", "<TSLSequenceNumber>"+n+"<")(list))
	}
	opt := Options{Fingerprint: fingerprint(me.der), Now: listNow}
	c := &tslCase{}
	seven, err := ETSI(c.file(t, number("7")), opt)
	wantReason(t, err, "")
	same := c.file(t, number("7"))
	again, err := ETSI(same, opt)
	wantReason(t, err, "")
	tests := []struct {
		name, file string
		after      *Report
		want       Reason
	}{
		{"next", c.file(t, number("8")), &seven.Report, ""},
		{"the same bytes", same, &again.Report, ""},
		{"the one before", c.file(t, number("6")), &seven.Report, Rollback},
		{"the same number, signed again", same, &seven.Report, Rollback},
		{"far ahead", c.file(t, number("9007199254740991")), &seven.Report, ""},
		{"of another territory", c.file(t, number("8")), another(&seven.Report, "etsi-tlso:BE "+tslTypes+"EUgeneric"), Rollback},
		{"of another type", c.file(t, number("8")), another(&seven.Report, "etsi-tlso:GR "+tslTypes+"EUlistofthelists"), Rollback},
		{"a report that does not say which list", c.file(t, number("8")), another(&seven.Report, ""), ""},
		{"no number", c.file(t, number("seven")), nil, BadForm},
		{"zero", c.file(t, number("0")), nil, BadForm},
		{"beyond 2^53", c.file(t, number("9007199254740992")), nil, BadForm},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opt := opt
			opt.After = tt.after
			_, err := ETSI(tt.file, opt)
			wantReason(t, err, tt.want)
		})
	}
}

// another is a report of another list.
func another(r *Report, list string) *Report {
	c := *r
	c.List = list
	return &c
}

// What becomes of a list.
func TestETSIMapping(t *testing.T) {
	certs := services(t)
	me := newListSigner(t, "P-256", greekName, nil)
	r, err := ETSI((&tslCase{}).file(t, xades{listSigner: me}.sign(t, tslText(certs))), Options{Fingerprint: fingerprint(me.der), Now: listNow, Evidence: true})
	if err != nil {
		t.Fatal(err)
	}
	p := r.Report
	if r.Name != "Trusted list of EL, List Office" || r.Authority != "etsi-tlso:GR" || p.Sequence != 7 || p.Time != "2026-06-01T10:00:00Z" ||
		p.NextUpdate != "2026-12-01T10:00:00Z" || p.Past || len(p.Findings) != 0 || p.Keys != 4 || p.Auth != 5 || !p.Carried || p.List != "etsi-tlso:GR "+tslTypes+"EUgeneric" {
		t.Errorf("%q, report %+v", r.Name, p)
	}
	s, _ := build(t, r)
	operator := find(t, s, "etsi-tlso:GR")
	if operator.Kind != "authority" || operator.Names[0] != "List Office" || operator.Names[1] != "Amt für Listen" || operator.Jurisdiction != "GR" ||
		operator.Keys[0].X5C[0] != me.b64() || operator.Services[0].URL != "https://lists.example/tl.xml" {
		t.Errorf("operator %+v", operator)
	}
	// In a registry of several sources the operator needs the right to grant what it grants,
	// and needs no other.
	rights := []snapshot.Authorization{
		{Action: "accredit", Resource: "http://uri.etsi.org/TrstSvc/Svctype/CA/QC", Jurisdiction: "GR"},
		{Action: "accredit", Resource: "http://uri.etsi.org/TrstSvc/Svctype/TSA/QTST", Jurisdiction: "GR"},
	}
	if !slices.Equal(operator.Auth, rights) {
		t.Errorf("the operator's rights %+v", operator.Auth)
	}
	tsp := find(t, s, "etsi-tsp:GR:VATEL-123456789")
	if tsp.Kind != "trust-service-provider" || len(tsp.Keys) != 0 || len(tsp.Auth) != 0 || len(tsp.Services) != 3 || tsp.Source != p.SourceCID {
		t.Errorf("provider %+v", tsp)
	}
	const kind = "http://uri.etsi.org/TrstSvc/Svctype/"
	var ca, tsa snapshot.Entity
	for _, e := range r.Entities {
		switch {
		case strings.HasPrefix(e.ID, tsp.ID+"/CA/QC/"):
			ca = e
		case strings.HasPrefix(e.ID, tsp.ID+"/TSA/QTST/"):
			tsa = e
		}
	}
	wantAuth := []snapshot.Authorization{{Action: "provide", Resource: kind + "CA/QC", Jurisdiction: "GR", From: "2010-01-01T00:00:00Z", By: "etsi-tlso:GR"}}
	if !slices.Equal(ca.Auth, wantAuth) || ca.Status != "" || len(ca.History) != 2 || ca.Names[0] != "Qualified CA" {
		t.Errorf("CA %+v", ca)
	}
	for _, k := range ca.Keys {
		switch k.X5C[0] {
		case certs[0].b64(): // that of today, since the history has another
			if k.From != "2016-06-30T22:00:00Z" || k.Until != "" || k.State != "" {
				t.Errorf("key %+v", k)
			}
		case certs[1].b64(): // that of the history, until there was another
			if k.From != "2010-01-01T00:00:00Z" || k.Until != "2016-06-30T22:00:00Z" || k.State != snapshot.Retired {
				t.Errorf("old key %+v", k)
			}
		default:
			t.Errorf("key %+v", k)
		}
	}
	wantAuth = []snapshot.Authorization{
		{Action: "provide", Resource: kind + "TSA/QTST", Jurisdiction: "GR", From: "2020-01-01T00:00:00Z", Until: "2022-01-01T00:00:00Z", By: "etsi-tlso:GR", State: snapshot.Retired},
		{Action: "provide", Resource: kind + "TSA/QTST", Jurisdiction: "GR", From: "2023-01-01T00:00:00Z", Until: "2025-03-01T00:00:00Z", By: "etsi-tlso:GR", State: snapshot.Retired},
	}
	if !slices.Equal(tsa.Auth, wantAuth) || tsa.Status != snapshot.Retired || len(tsa.History) != 4 || len(tsa.Services) != 2 {
		t.Errorf("TSA %+v", tsa)
	}
	if k := tsa.Keys[0]; len(tsa.Keys) != 1 || k.From != "2020-01-01T00:00:00Z" || k.Until != "2025-03-01T00:00:00Z" || k.State != snapshot.Retired {
		t.Errorf("TSA key %+v", tsa.Keys)
	}
	if ids, proof, err := s.KeyRef("ski:" + ca.ID[strings.LastIndex(ca.ID, "/")+1:]); err != nil || !proof.Found || ids[0] != ca.ID {
		t.Errorf("by key identifier: %v %v", ids, err)
	}
	want := []string{"SchemeInformation.SchemeOperatorAddress", "ServiceInformationExtensions.AdditionalServiceInformation", "TSPInformation.TSPAddress"}
	var got []string
	for _, n := range p.NotMapped {
		got = append(got, n.Member)
	}
	if !slices.Equal(got, want) {
		t.Errorf("not mapped %v", p.NotMapped)
	}
}

// What is not understood is left out, and the rest is not.
func TestETSIEntries(t *testing.T) {
	certs := services(t)
	list := tslText(certs)
	tests := []struct {
		name     string
		edit     func(string) string
		want     Reason // of the import
		finding  Reason // of an entry that is skipped
		entities int
	}{
		{"as it is", nil, "", "", 4},
		{"unknown status", replace("Svcstatus/granted", "Svcstatus/wonderful"), "", Unsupported, 3},
		{"unknown status long ago", replace("Svcstatus/undersupervision", "Svcstatus/wonderful"), "", Unsupported, 3},
		{"no status", replace("<ServiceStatus>http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted</ServiceStatus>", ""), "", Unsupported, 3},
		{"no time of the status", replace("<StatusStartingTime>2016-06-30T22:00:00Z</StatusStartingTime>", ""), "", Unsupported, 3},
		{"a time that is none", replace("2016-06-30T22", "2016-06-31T22"), "", BadForm, 3},
		{"a type twice", replace("<ServiceName>", "<ServiceTypeIdentifier>x</ServiceTypeIdentifier><ServiceName>"), "", BadForm, 3},
		{"another type in its history", func(s string) string {
			i := strings.Index(s, "<ServiceHistory>")
			return s[:i] + strings.Replace(s[i:], "Svctype/CA/QC", "Svctype/CA/PKC", 1)
		}, "", BadForm, 3},
		{"unknown critical extension", replace("AdditionalServiceInformation></AdditionalServiceInformation", "Secret></Secret"), "", Unsupported, 3},
		{"unknown extension", func(s string) string {
			return replace(`Critical="true"`, `Critical="false"`)(replace("AdditionalServiceInformation></AdditionalServiceInformation", "Secret></Secret")(s))
		}, "", "", 4},
		{"unknown critical extension of the scheme", replace("<DistributionPoints>", `<SchemeExtensions><Extension Critical="true"><Secret></Secret></Extension></SchemeExtensions><DistributionPoints>`), Unsupported, "", 0},
		{"unknown critical extension of the provider", replace("</TSPInformation>", `<TSPInformationExtensions><Extension Critical="1"><Secret></Secret></Extension></TSPInformationExtensions></TSPInformation>`), "", Unsupported, 1},
		{"provider without a name", replace(`<Name xml:lang="en">Provider &amp; Sons</Name>`, ""), "", BadForm, 1},
		{"service without a name", replace(`<Name xml:lang="en">Qualified CA</Name>`, ""), "", BadForm, 3},
		{"a certificate that is none", replace(certs[0].b64(), "AAAA"), "", "", 4},
		{"no providers", func(s string) string {
			return s[:strings.Index(s, " <TrustServiceProviderList>")] + "</TrustServiceStatusList>"
		}, "", "", 1},
		{"version 4", replace("<TSLVersionIdentifier>6", "<TSLVersionIdentifier>4"), Unsupported, "", 0},
		{"another tag", replace("19612/TSLTag", "102231/TSLtag"), BadForm, "", 0},
		{"no territory", replace("<SchemeTerritory>EL</SchemeTerritory>", ""), BadForm, "", 0},
		{"territory in small letters", replace("<SchemeTerritory>EL", "<SchemeTerritory>el"), BadForm, "", 0},
		{"two territories", replace("<SchemeTerritory>", "<SchemeTerritory>AT</SchemeTerritory><SchemeTerritory>"), BadForm, "", 0},
		{"two heads", replace("<TrustServiceProviderList>", "<SchemeInformation></SchemeInformation><TrustServiceProviderList>"), BadForm, "", 0},
		{"issue that is no time", replace("2026-06-01T10", "2026-06-01 10"), BadForm, "", 0},
		{"next update that is no time", replace("2026-12-01T10", "soon"), BadForm, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := ETSI((&tslCase{}).file(t, edit(tt.edit, list)), Options{Unsigned: true, Now: listNow})
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			if r.Report.Signature.State != Unsigned || r.Report.Entities != tt.entities {
				t.Errorf("report %+v", r.Report)
			}
			var got Reason
			for _, f := range r.Report.Findings {
				if f.Skipped {
					got = f.Reason
				}
			}
			if got != tt.finding {
				t.Errorf("findings %+v", r.Report.Findings)
			}
			build(t, r)
		})
	}
}

// Without a pin only the Commission's list of lists is known, by the notice in the
// Official Journal.
func TestLOTLFingerprints(t *testing.T) {
	me := newListSigner(t, "P-256", greekName, nil)
	text := xades{listSigner: me}.sign(t, lotlText(me))
	_, err := ETSI((&tslCase{}).file(t, text), Options{Now: listNow})
	wantReason(t, err, WrongSigner)
	known := LOTLFingerprints
	defer func() { LOTLFingerprints = known }()
	LOTLFingerprints = append(slices.Clone(known), fingerprint(me.der))
	r, err := ETSI((&tslCase{}).file(t, text), Options{Now: listNow})
	wantReason(t, err, "")
	if r.Entities[0].ID != "etsi-tlso:AT" && r.Report.Entities != 3 || !strings.Contains(r.Report.Signature.Note, "Official Journal") {
		t.Errorf("report %+v", r.Report)
	}
	s, _ := build(t, r)
	// One right for lists of that type, wherever: the list of lists is of the Union.
	if rights := find(t, s, "etsi-tlso:EU").Auth; len(rights) != 1 || rights[0] != (snapshot.Authorization{Action: "accredit", Resource: tslTypes + "EUgeneric"}) {
		t.Errorf("the rights of the list of lists %+v", rights)
	}
	el := find(t, s, "etsi-tlso:GR")
	want := snapshot.Authorization{Action: "publish", Resource: tslTypes + "EUgeneric", Jurisdiction: "GR", By: "etsi-tlso:EU"}
	if el.Names[0] != "Office of EL" || len(el.Keys) != 1 || len(el.Auth) != 1 || el.Auth[0] != want || el.Services[0].URL != "https://lists.example/EL.xml" {
		t.Errorf("%+v", el)
	}
}

// What imports, builds, and importing is the same each time.
func FuzzETSI(f *testing.F) {
	list := tslText(services(f))
	f.Add([]byte(list))
	f.Add([]byte(lotlText()))
	f.Add([]byte(replace("granted", "withdrawn")(list)))
	f.Fuzz(func(t *testing.T, data []byte) {
		read := func() (*Result, error) {
			l, err := parseTSL("f", data, true)
			if err != nil {
				return nil, err
			}
			if l.signed != nil {
				return nil, errorf(NoAnchor, "f", "signed")
			}
			r := &Result{Name: l.name()}
			if err := r.mapTSL(l); err != nil {
				return nil, err
			}
			return r.judgeList(l.listHead, "", Options{Now: listNow})
		}
		r, err := read()
		checkImport(t, r, err, read)
	})
}

// What is canonical stays as it is when it is made canonical again, and reads the same.
func FuzzCanonicalXML(f *testing.F) {
	f.Add([]byte(tslText(services(f))))
	f.Add([]byte(`<a xmlns="u" xmlns:b="v" c='d'><!-- e --><b:f b:g="&lt;&#10;"/><![CDATA[<]]>&amp;</a>`))
	f.Add([]byte(`<a:b xmlns:a="u"><c xmlns=""/><c xmlns="w"><d xmlns=""/></c></a:b>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if checkXML("f", data) != nil {
			return
		}
		root, err := readXML("f", data)
		if err != nil {
			return
		}
		once, err := canonicalize("f", root)
		if err != nil {
			return
		}
		node, err := parseCanonical("f", once)
		if err != nil {
			t.Fatalf("%q of %q: %v", once, data, err)
		}
		if checkXML("f", once) != nil {
			return // a bound that the canonical form passes: it may be longer
		}
		if root, err = readXML("f", once); err != nil {
			t.Fatalf("%q of %q: %v", once, data, err)
		}
		twice, err := canonicalize("f", root)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%q, then %q, %v", once, twice, err)
		}
		if again, err := parseCanonical("f", twice); err != nil || again.Name != node.Name || !bytes.Equal(again.text, node.text) {
			t.Fatalf("%v, then %v, %v", node.Name, again, err)
		}
	})
}

// From when and until when a service has a key.
func TestKeyWindows(t *testing.T) {
	key := func(kid string) []snapshot.Key { return []snapshot.Key{{Kid: kid}} }
	state := func(at string, keys []snapshot.Key) serviceState {
		return serviceState{at: at + "-01-01T00:00:00Z", keys: keys}
	}
	tests := []struct {
		name        string
		from, until string
		states      []serviceState
		want        string // kid:from-until, years
	}{
		{"one state", "2010", "", []serviceState{state("2010", key("a"))}, "a:2010-"},
		{"the history has none", "2010", "", []serviceState{state("2010", nil), state("2016", key("a"))}, "a:2010-"},
		{"the history has the same", "2010", "", []serviceState{state("2010", key("a")), state("2016", key("a"))}, "a:2010-"},
		{"the history has another", "2010", "", []serviceState{state("2010", key("a")), state("2016", key("b"))}, "b:2016- a:2010-2016"},
		{"only the history has one", "2010", "2016", []serviceState{state("2010", key("a")), state("2016", nil)}, "a:2010-2016"},
		{"one comes back", "2010", "", []serviceState{state("2010", key("a")), state("2016", key("b")), state("2020", key("a"))}, "a:2010- b:2016-2020"},
		{"it ended", "2010", "2020", []serviceState{state("2010", key("a")), state("2020", key("a"))}, "a:2010-2020"},
		{"it ended, with another since", "2010", "2020", []serviceState{state("2010", key("a")), state("2020", key("b"))}, "a:2010-2020"},
		{"it began late", "2016", "", []serviceState{state("2010", key("a")), state("2016", key("b"))}, "b:2016-"},
		{"no times", "", "", []serviceState{{keys: key("a")}}, "a:-"},
	}
	year := func(s string) string {
		if s == "" {
			return ""
		}
		return s + "-01-01T00:00:00Z"
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := listedService{states: tt.states}
			var got []string
			for _, k := range s.keyWindows(year(tt.from), year(tt.until)) {
				if (k.State == snapshot.Retired) != (k.Until != "") {
					t.Errorf("%+v", k)
				}
				got = append(got, k.Kid+":"+strings.TrimSuffix(k.From, "-01-01T00:00:00Z")+"-"+strings.TrimSuffix(k.Until, "-01-01T00:00:00Z"))
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
		})
	}
}
