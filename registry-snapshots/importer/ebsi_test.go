package importer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// The parties of the tests: a root that accredits a TAO, which accredits two issuers.
const (
	didRoot   = "did:ebsi:zRoot1111111111111111"
	didTAO    = "did:ebsi:zTAo22222222222222222"
	didIssuer = "did:ebsi:zissuer333333333333"
	didOther  = "did:ebsi:zother4444444444444"
)

// ebsiCase is a registry to be made.
type ebsiCase struct {
	keys  map[string]jwtKey // of the DID documents
	attrs map[string][]*ebsiAttr
	docs  map[string]strictjson.Object
	files map[string]string // put over those made, or taken away where empty
	opt   Options
}

// ebsiAttr is one attribute to be made.
type ebsiAttr struct {
	by     string // whose key signs
	role   string
	claims strictjson.Object
	header strictjson.Object // in place of the right one
	edit   func(attr strictjson.Object)
}

// accredits makes an accreditation of subject by another.
func accredits(by, subject, kind, role string, types ...any) *ebsiAttr {
	list := []any{}
	if len(types) > 0 {
		list = append(list, strictjson.Object{
			"schemaId": "https://api.example/schemas/z1", "types": append([]any{"VerifiableCredential", "VerifiableAttestation"}, types...),
			"limitJurisdiction": "https://publications.europa.eu/resource/authority/atu/FIN",
		})
	}
	return &ebsiAttr{by: by, role: role, claims: strictjson.Object{
		"iss": by, "sub": subject, "nbf": 1767225600, "exp": 1893456000, "jti": "urn:uuid:1",
		"vc": strictjson.Object{
			"issuer": by, "type": []any{"VerifiableCredential", "VerifiableAttestation", "VerifiableAccreditation", kind},
			"validFrom": "2026-01-01T00:00:00Z", "expirationDate": "2029-06-01T00:00:00Z",
			"credentialSubject": strictjson.Object{"id": subject, "reservedAttributeId": "00", "accreditedFor": list},
			"credentialStatus":  strictjson.Object{"type": "EbsiAccreditationEntry"},
		},
	}}
}

const (
	toAttest   = "VerifiableAccreditationToAttest"
	toAccredit = "VerifiableAccreditationToAccredit"
	forChain   = "VerifiableAuthorisationForTrustChain"
)

func goodEBSI(t testing.TB) *ebsiCase {
	c := &ebsiCase{keys: map[string]jwtKey{}, docs: map[string]strictjson.Object{}, files: map[string]string{}}
	for _, did := range []string{didRoot, didTAO, didIssuer, didOther} {
		k := newJWTKey(t, did+"#k")
		c.keys[did] = k
		jwk := k.jwk(t)
		delete(jwk, "kid")
		c.docs[did] = strictjson.Object{
			"id": did, "controller": []any{did}, "assertionMethod": []any{k.kid},
			"verificationMethod": []any{strictjson.Object{"id": k.kid, "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": jwk}},
		}
	}
	c.attrs = map[string][]*ebsiAttr{
		didRoot:   {accredits(didRoot, didRoot, forChain, "RootTAO", "Diploma", "Licence")},
		didTAO:    {accredits(didRoot, didTAO, toAccredit, "TAO", "Diploma")},
		didIssuer: {accredits(didTAO, didIssuer, toAttest, "TI", "Diploma")},
		didOther:  {accredits(didTAO, didOther, toAttest, "TI", "Diploma")},
	}
	c.opt = Options{Now: testNow, Fingerprint: c.keys[didRoot].thumbprint(t)}
	return c
}

// answers are the answers of the API, by the names of the files.
func (c *ebsiCase) answers(t testing.TB) map[string]string {
	t.Helper()
	files := map[string]string{}
	var items []any
	for _, did := range sortedKeys(c.attrs) {
		items = append(items, strictjson.Object{"did": did, "href": "x"})
		dir := "issuers/" + did
		files[dir+".json"] = text(strictjson.Object{"did": did, "attributes": "https://x", "hasAttributes": true})
		var list []any
		for i, a := range c.attrs[did] {
			header := a.header
			if header == nil {
				header = strictjson.Object{"alg": "ES256", "typ": "JWT", "kid": c.keys[a.by].kid}
			}
			body := c.keys[a.by].signWith(t, header, a.claims)
			sum := sha256.Sum256([]byte(body))
			attr := strictjson.Object{"hash": hex.EncodeToString(sum[:]), "body": body, "issuerType": a.role, "tao": a.by, "rootTao": didRoot}
			if a.edit != nil {
				a.edit(attr)
			}
			id := fmt.Sprintf("%064x", i+1)
			list = append(list, strictjson.Object{"id": id, "href": "x"})
			files[dir+"/attributes/"+id+".json"] = text(strictjson.Object{"did": did, "attribute": attr})
		}
		files[dir+"/attributes.json"] = text(strictjson.Object{"self": "x", "items": list, "total": len(list), "pageSize": 50, "links": strictjson.Object{}})
	}
	for did, doc := range c.docs {
		files["dids/"+did+".json"] = text(doc)
	}
	files["issuers.json"] = text(strictjson.Object{"items": items[:2], "total": len(items), "pageSize": 2})
	files["issuers-2.json"] = text(strictjson.Object{"items": items[2:], "total": len(items), "pageSize": 2})
	for name, text := range c.files {
		if text == "" {
			delete(files, name)
		} else {
			files[name] = text
		}
	}
	return files
}

func text(v any) string { return string(strictjson.Encode(v)) }

func (c *ebsiCase) vc(did string) strictjson.Object { return c.attrs[did][0].claims.Object("vc") }

func TestEBSI(t *testing.T) {
	stranger := newJWTKey(t, didOther+"#k")
	subject := func(c *ebsiCase, did string) strictjson.Object { return c.vc(did).Object("credentialSubject") }
	tests := []struct {
		name    string
		edit    func(c *ebsiCase)
		want    Reason
		finding Reason // of what is skipped: didOther's accreditation, in most
		left    int    // entities that are there
	}{
		{"a root, a TAO and two issuers", func(c *ebsiCase) {}, "", "", 4},
		{"the root's keys as a set", func(c *ebsiCase) { c.opt.Fingerprint, c.opt.Anchors = "", []string{jwksFile(t, c.keys[didRoot])} }, "", "", 4},
		{"the older form, with attributes in it", func(c *ebsiCase) {
			o, err := strictjson.ParseObject([]byte(c.answers(t)["issuers/"+didOther+"/attributes/"+fmt.Sprintf("%064x", 1)+".json"]))
			if err != nil {
				t.Fatal(err)
			}
			c.files["issuers/"+didOther+".json"] = text(strictjson.Object{"did": didOther, "attributes": []any{o["attribute"]}})
			c.files["issuers/"+didOther+"/attributes.json"] = ""
		}, "", "", 4},
		{"an issuer without attributes", func(c *ebsiCase) {
			c.files["issuers/"+didOther+".json"] = text(strictjson.Object{"did": didOther, "attributes": "x", "hasAttributes": false})
		}, "", "", 3},
		{"no list, only issuers", func(c *ebsiCase) {
			c.files["issuers.json"], c.files["issuers-2.json"] = "", ""
			for _, did := range []string{didRoot, didTAO, didIssuer, didOther} {
				c.files["issuers/"+did+"/attributes.json"] = ""
				c.files["issuers/"+did+".json"] = text(strictjson.Object{"did": did, "hasAttributes": false})
			}
		}, "", NoSignature, 1}, // the root, which no authorisation limits
		{"no root is pinned", func(c *ebsiCase) { c.opt.Fingerprint = "" }, NoAnchor, "", 0},
		{"another root is pinned", func(c *ebsiCase) { c.opt.Fingerprint = stranger.thumbprint(t) }, WrongSigner, "", 0},
		{"the TAO alone is pinned", func(c *ebsiCase) { c.opt.Fingerprint = c.keys[didTAO].thumbprint(t) }, "", WrongSigner, 3},
		{"hash is another's", func(c *ebsiCase) {
			c.attrs[didOther][0].edit = func(a strictjson.Object) { a["hash"] = strings.Repeat("0", 64) }
		}, "", BadSignature, 3},
		{"hash with 0x and capitals", func(c *ebsiCase) {
			c.attrs[didOther][0].edit = func(a strictjson.Object) { a["hash"] = "0x" + strings.ToUpper(a.String("hash")) }
		}, "", "", 4},
		{"body changed, and its hash with it", func(c *ebsiCase) {
			c.attrs[didOther][0].edit = func(a strictjson.Object) {
				body := []byte(a.String("body"))
				last := &body[len(body)-3] // of the signature, in base64url
				*last = map[bool]byte{true: 'B', false: 'A'}[*last == 'A']
				sum := sha256.Sum256(body)
				a["body"], a["hash"] = string(body), hex.EncodeToString(sum[:])
			}
		}, "", BadSignature, 3},
		{"signed by the issuer itself, in the TAO's name", func(c *ebsiCase) {
			c.attrs[didOther][0].by, c.attrs[didOther][0].header = didOther, strictjson.Object{"alg": "ES256", "kid": didTAO + "#k"}
			c.attrs[didOther][0].edit = func(a strictjson.Object) { a["tao"] = didTAO }
		}, "", BadSignature, 3},
		{"signed with a key that the TAO has not", func(c *ebsiCase) {
			c.attrs[didOther][0].header = strictjson.Object{"alg": "ES256", "kid": didTAO + "#other"}
		}, "", WrongSigner, 3},
		{"signed with another's key id", func(c *ebsiCase) {
			c.attrs[didOther][0].header = strictjson.Object{"alg": "ES256", "kid": didIssuer + "#k"}
		}, "", WrongSigner, 3},
		{"signed with another's key that the TAO's document names", func(c *ebsiCase) {
			doc := c.docs[didTAO]
			m := c.docs[didIssuer].Array("verificationMethod")[0].(strictjson.Object).Without()
			m["controller"] = didTAO
			doc["verificationMethod"], doc["assertionMethod"] = append(doc.Array("verificationMethod"), m), append(doc.Array("assertionMethod"), m["id"])
			c.attrs[didOther][0].by, c.attrs[didOther][0].header = didIssuer, strictjson.Object{"alg": "ES256", "kid": didIssuer + "#k"}
			c.attrs[didOther][0].edit = func(a strictjson.Object) { a["tao"] = didTAO }
		}, "", WrongSigner, 3},
		{"alg none", func(c *ebsiCase) {
			c.attrs[didOther][0].header = strictjson.Object{"alg": "none", "kid": didTAO + "#k"}
		}, "", BadForm, 3},
		{"crit", func(c *ebsiCase) {
			c.attrs[didOther][0].header = strictjson.Object{"alg": "ES256", "kid": didTAO + "#k", "crit": []any{"x"}, "x": 1}
		}, "", BadForm, 3},
		{"the TAO's key is not for assertions", func(c *ebsiCase) { c.docs[didTAO]["assertionMethod"] = []any{} }, "", WrongSigner, 2},
		{"the TAO's key is another's", func(c *ebsiCase) {
			c.docs[didTAO].Array("verificationMethod")[0].(strictjson.Object)["controller"] = didOther
		}, "", WrongSigner, 2},
		{"accredited by an issuer", func(c *ebsiCase) {
			c.attrs[didOther] = []*ebsiAttr{accredits(didIssuer, didOther, toAttest, "TI", "Diploma")}
		}, "", WrongSigner, 3},
		{"accredited by itself", func(c *ebsiCase) {
			c.attrs[didOther] = []*ebsiAttr{accredits(didOther, didOther, forChain, "RootTAO", "Diploma")}
		}, "", WrongSigner, 3},
		{"two that accredit one another", func(c *ebsiCase) {
			c.attrs[didIssuer] = []*ebsiAttr{accredits(didOther, didIssuer, toAccredit, "TAO", "Diploma")}
			c.attrs[didOther] = []*ebsiAttr{accredits(didIssuer, didOther, toAccredit, "TAO", "Diploma")}
		}, "", WrongSigner, 2},
		{"signed with a key of the root that is not pinned", func(c *ebsiCase) {
			second := newJWTKey(t, didRoot+"#second")
			jwk := second.jwk(t)
			delete(jwk, "kid")
			doc := c.docs[didRoot]
			doc["verificationMethod"] = append(doc.Array("verificationMethod"), strictjson.Object{"id": second.kid, "type": "JsonWebKey2020", "controller": didRoot, "publicKeyJwk": jwk})
			doc["assertionMethod"] = append(doc.Array("assertionMethod"), second.kid)
			c.keys["second"] = second
			c.attrs[didOther] = []*ebsiAttr{accredits(didRoot, didOther, toAttest, "TI", "Diploma")}
			c.attrs[didOther][0].by = "second"
			c.attrs[didOther][0].edit = func(a strictjson.Object) { a["tao"] = didRoot }
		}, "", WrongSigner, 3},
		{"about another", func(c *ebsiCase) { subject(c, didOther)["id"] = didIssuer }, "", BadForm, 3},
		{"sub is another", func(c *ebsiCase) { c.attrs[didOther][0].claims["sub"] = didIssuer }, "", BadForm, 3},
		{"iss is another", func(c *ebsiCase) { c.attrs[didOther][0].claims["iss"] = didIssuer }, "", BadForm, 3},
		{"not by an entity of EBSI", func(c *ebsiCase) { c.vc(didOther)["issuer"] = "did:web:a.example" }, "", BadForm, 3},
		{"to onboard", func(c *ebsiCase) { c.vc(didOther)["type"] = []any{"VerifiableAuthorisationToOnboard"} }, "", Unsupported, 3},
		{"to attest and to accredit", func(c *ebsiCase) { c.vc(didOther)["type"] = []any{toAttest, toAccredit} }, "", Unsupported, 3},
		{"for the general types alone", func(c *ebsiCase) {
			subject(c, didOther)["accreditedFor"] = []any{strictjson.Object{"types": []any{"VerifiableCredential", "VerifiableAttestation"}}}
		}, "", Unsupported, 3},
		{"types that are no text", func(c *ebsiCase) {
			subject(c, didOther)["accreditedFor"] = []any{strictjson.Object{"types": []any{1}}}
		}, "", BadForm, 3},
		{"exp is text", func(c *ebsiCase) { c.attrs[didOther][0].claims["exp"] = "soon" }, "", BadForm, 3},
		{"ends before it begins", func(c *ebsiCase) { c.attrs[didOther][0].claims["exp"] = 1767225600 }, "", BadForm, 3},
		{"a role that is not known", func(c *ebsiCase) { c.attrs[didOther][0].role = "Undefined" }, "", Unsupported, 3},
		{"no body", func(c *ebsiCase) { c.attrs[didOther][0].edit = func(a strictjson.Object) { delete(a, "body") } }, "", BadSignature, 3},
		{"tao says otherwise", func(c *ebsiCase) { c.attrs[didOther][0].edit = func(a strictjson.Object) { a["tao"] = didRoot } }, "", BadForm, 4},
		{"an attribute's file is missing", func(c *ebsiCase) { c.files["issuers/"+didOther+"/attributes/"+fmt.Sprintf("%064x", 1)+".json"] = "" }, NoFile, "", 0},
		{"an issuer's file is missing", func(c *ebsiCase) { c.files["issuers/"+didOther+".json"] = "" }, NoFile, "", 0},
		{"a page is missing", func(c *ebsiCase) { c.files["issuers-2.json"] = "" }, BadForm, "", 0},
		{"the TAO's document is missing", func(c *ebsiCase) { c.files["dids/"+didTAO+".json"] = "" }, "", NoFile, 2},
		{"the TAO's document is another's", func(c *ebsiCase) { c.docs[didTAO]["id"] = didOther }, "", BadForm, 2},
		{"a DID of a natural person", func(c *ebsiCase) {
			c.files["issuers-2.json"] = text(strictjson.Object{"items": []any{strictjson.Object{"did": "did:key:z2dm"}}})
		}, BadForm, "", 0},
		{"a path in the place of a DID", func(c *ebsiCase) {
			c.files["issuers-2.json"] = text(strictjson.Object{"items": []any{strictjson.Object{"did": "../../etc/passwd"}}})
		}, BadForm, "", 0},
		{"an issuer's file is another's", func(c *ebsiCase) { c.files["issuers/"+didOther+".json"] = text(strictjson.Object{"did": didTAO}) }, BadForm, "", 0},
		{"a member twice", func(c *ebsiCase) { c.files["issuers-2.json"] = `{"items":[],"items":[]}` }, BadForm, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := goodEBSI(t)
			tt.edit(c)
			r, err := Import(FromEBSI, write(t, c.answers(t)), c.opt)
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			if r.Report.Entities != tt.left || r.Report.Signature.State != Verified {
				t.Errorf("report %+v, want %d entities", r.Report, tt.left)
			}
			if tt.finding == "" && len(r.Report.Findings) > 0 || tt.finding != "" && !slices.ContainsFunc(r.Report.Findings, func(f Finding) bool { return f.Reason == tt.finding }) {
				t.Errorf("findings %+v, want %q", r.Report.Findings, tt.finding)
			}
			build(t, r)
		})
	}
}

func TestEBSIMapping(t *testing.T) {
	c := goodEBSI(t)
	c.opt.Evidence = true
	c.attrs[didOther][0].role = "Revoked"
	c.attrs[didIssuer] = append(c.attrs[didIssuer], accredits(didTAO, didIssuer, toAttest, "TI", "Licence"))
	two := c.attrs[didIssuer][1].claims.Object("vc").Object("credentialSubject").Array("accreditedFor")
	c.attrs[didIssuer][1].claims.Object("vc").Object("credentialSubject")["accreditedFor"] = append(two, strictjson.Object{
		"types": []any{"Badge"}, "limitJurisdiction": []any{"https://publications.europa.eu/resource/authority/atu/EUR", "https://publications.europa.eu/resource/authority/atu/SWE"},
	})
	r, err := EBSI(write(t, c.answers(t)), c.opt)
	if err != nil {
		t.Fatal(err)
	}
	s, store := build(t, r)
	root := find(t, s, didRoot)
	if root.Kind != "authority" || len(root.Auth) != 2 || root.Auth[0].Action != "accredit" || root.Auth[0].By != "" || root.Auth[0].Resource != "Diploma" {
		t.Errorf("root %+v", root)
	}
	if tao := find(t, s, didTAO); tao.Kind != "authority" || tao.Auth[0].By != didRoot || tao.Auth[0].Action != "accredit" || tao.Auth[0].Jurisdiction != "FI" {
		t.Errorf("TAO %+v", tao)
	}
	e := find(t, s, didIssuer)
	var got []string
	for _, a := range e.Auth {
		got = append(got, strings.Join([]string{a.Action, a.Resource, a.Jurisdiction, a.By, a.From, a.Until}, " "))
	}
	want := []string{
		"issue Badge SE " + didTAO + " 2026-01-01T00:00:00Z 2029-06-01T00:00:00Z",
		"issue Badge https://publications.europa.eu/resource/authority/atu/EUR " + didTAO + " 2026-01-01T00:00:00Z 2029-06-01T00:00:00Z",
		"issue Diploma FI " + didTAO + " 2026-01-01T00:00:00Z 2029-06-01T00:00:00Z",
		"issue Licence FI " + didTAO + " 2026-01-01T00:00:00Z 2029-06-01T00:00:00Z",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	if e.Keys[0].Kid != didIssuer+"#k" || e.Keys[0].Use != "assertionMethod" {
		t.Errorf("key %+v", e.Keys[0])
	}
	via, err := block.ParseCID(e.Auth[0].Via)
	if err != nil || strings.Count(string(store[via]), ".") != 2 {
		t.Errorf("via %s: %q", e.Auth[0].Via, store[via])
	}
	if o := find(t, s, didOther); o.Auth[0].State != snapshot.Revoked {
		t.Errorf("revoked: %+v", o.Auth)
	}
	if len(r.Report.Findings) != 0 || !slices.ContainsFunc(r.Report.NotMapped, func(n NotMapped) bool { return n.Member == "accreditedFor.schemaId" && n.Count == 5 }) {
		t.Errorf("findings %+v, not mapped %+v", r.Report.Findings, r.Report.NotMapped)
	}
}

// A root whose authorisation names nothing may accredit everything, and that is said.
func TestEBSIRootForEverything(t *testing.T) {
	c := goodEBSI(t)
	c.attrs[didRoot] = []*ebsiAttr{accredits(didRoot, didRoot, forChain, "RootTAO")}
	r, err := EBSI(write(t, c.answers(t)), c.opt)
	if err != nil {
		t.Fatal(err)
	}
	checkFindings(t, r, NoSignature, false)
	i := slices.IndexFunc(r.Entities, func(e snapshot.Entity) bool { return e.ID == didRoot })
	if a := r.Entities[i].Auth; len(a) != 1 || a[0].Resource != "*" || a[0].Action != "accredit" {
		t.Errorf("%+v", a)
	}
}

// What a root is given from below stays the word of who gave it: a TAO cannot widen what
// the pinned key says.
func TestEBSIRootGivenFromBelow(t *testing.T) {
	c := goodEBSI(t)
	c.attrs[didRoot] = append(c.attrs[didRoot], accredits(didTAO, didRoot, toAccredit, "TAO", "Passport"))
	r, err := EBSI(write(t, c.answers(t)), c.opt)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Entities, func(e snapshot.Entity) bool { return e.ID == didRoot })
	own := map[string]string{}
	for _, a := range r.Entities[i].Auth {
		own[a.Resource] = a.By
	}
	if len(own) != 3 || own["Diploma"] != "" || own["Licence"] != "" || own["Passport"] != didTAO {
		t.Errorf("%+v", r.Entities[i].Auth)
	}
}

// What is not in the folder is asked of the endpoint that the folder names, and of
// no other.
func TestEBSILive(t *testing.T) {
	c := goodEBSI(t)
	files := c.answers(t)
	source := map[string]string{"source.json": `{"endpoint": "https://api.example/"}`}
	var asked []string
	serve := func(edit func(url, body string) string) func(context.Context, string) ([]byte, string, error) {
		asked = nil
		return func(_ context.Context, url string) ([]byte, string, error) {
			asked = append(asked, url)
			rest, ok := strings.CutPrefix(url, "https://api.example/")
			if !ok {
				return nil, "", fmt.Errorf("asked of %s", url)
			}
			name, query, _ := strings.Cut(rest, "?")
			name = strings.TrimPrefix(name, "trusted-issuers-registry/v5/")
			name = strings.ReplaceAll(name, "did-registry/v5/identifiers/", "dids/")
			body, there := files[name+".json"]
			if name == "issuers" {
				// Two pages.
				if strings.Contains(query, "after]=2") {
					body = files["issuers-2.json"]
				} else {
					o, err := strictjson.ParseObject([]byte(body))
					if err != nil {
						return nil, "", err
					}
					o["links"] = strictjson.Object{"next": "https://api.example/trusted-issuers-registry/v5/issuers?page[after]=2"}
					body = text(o)
				}
			}
			if !there {
				return nil, "", errors.New("404")
			}
			return []byte(edit(url, body)), "application/json", nil
		}
	}
	same := func(_, body string) string { return body }
	opt := c.opt
	opt.Get = serve(same)
	r, err := EBSI(write(t, source), opt)
	if err != nil || r.Report.Entities != 4 || len(r.Report.Findings) != 0 {
		t.Fatalf("%+v %v", r, err)
	}
	if len(asked) != 2+4*3+4 {
		t.Errorf("asked %d times: %q", len(asked), asked)
	}
	// What is in the folder is not asked for.
	half := map[string]string{"source.json": source["source.json"]}
	for name, text := range files {
		if strings.HasPrefix(name, "dids/") || strings.HasPrefix(name, "issuers") && !strings.Contains(name, "/") {
			half[name] = text
		}
	}
	opt.Get = serve(same)
	if _, err := EBSI(write(t, half), opt); err != nil || len(asked) != 4*3 {
		t.Errorf("asked %d times, %v", len(asked), err)
	}
	tests := []struct {
		name   string
		source string
		edit   func(url, body string) string
		want   Reason
	}{
		{"the next page elsewhere", source["source.json"], func(url, body string) string {
			return strings.Replace(body, "https://api.example/trusted-issuers-registry/v5/issuers?page", "https://evil.example/issuers?page", 1)
		}, BadForm},
		{"the next page is the same", source["source.json"], func(url, body string) string {
			return strings.Replace(body, "?page[after]=2", "?page[after]=1&page[size]=50", 1)
		}, BadForm}, // two of four issuers
		{"an endpoint without https", `{"endpoint": "http://api.example"}`, same, BadForm},
		{"an endpoint with a query", `{"endpoint": "https://api.example?x"}`, same, BadForm},
		{"source.json with something else", `{"endpoint": "https://api.example", "x": 1}`, same, BadForm},
		{"no JSON", source["source.json"], func(url, body string) string { return "<html>" }, BadForm},
		{"too large", source["source.json"], func(url, body string) string { return strings.Repeat(" ", MaxFile+1) }, TooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opt.Get = serve(tt.edit)
			_, err := EBSI(write(t, map[string]string{"source.json": tt.source}), opt)
			wantReason(t, err, tt.want)
		})
	}
	opt.Get = nil
	_, err = EBSI(write(t, source), opt)
	wantReason(t, err, NoFile)
}

func FuzzEBSI(f *testing.F) {
	c := goodEBSI(f)
	files := c.answers(f)
	attr := files["issuers/"+didOther+"/attributes/"+fmt.Sprintf("%064x", 1)+".json"]
	f.Add([]byte(attr), []byte(text(c.docs[didTAO])))
	f.Add([]byte(`{"did":"`+didOther+`","attribute":{"body":"e30.e30.AA"}}`), []byte(`{"id":"`+didTAO+`","verificationMethod":[{}]}`))
	dir := write(f, files)
	attrFile := filepath.Join(dir, "issuers", didOther, "attributes", fmt.Sprintf("%064x", 1)+".json")
	f.Fuzz(func(t *testing.T, attr, doc []byte) {
		for name, data := range map[string][]byte{attrFile: attr, filepath.Join(dir, "dids", didTAO+".json"): doc} {
			if err := os.WriteFile(name, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		load := func() (*Result, error) { return EBSI(dir, c.opt) }
		r, err := load()
		checkImport(t, r, err, load)
		if err == nil && len(r.Entities)+len(r.Report.Findings) < 4 {
			t.Fatalf("%d entities and %d findings of four parties", len(r.Entities), len(r.Report.Findings))
		}
	})
}

// The accreditation of a scope, whose signature a fuzzer does not find.
func FuzzEBSIAccreditation(f *testing.F) {
	c := goodEBSI(f)
	f.Add([]byte(text(c.vc(didOther))))
	f.Add([]byte(`{"type":["VerifiableAccreditationToAttest"],"credentialSubject":{"permissionFor":[{"types":["A"],"jurisdiction":["X"]},{"types":["B"]}]}}`))
	dir := write(f, c.answers(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		vc, err := strictjson.ParseObject(data)
		if err != nil {
			return
		}
		_, err = openAnswers(dir, c.opt, func(a *answers) (*Result, error) {
			r := &ebsiReader{Result: &Result{}, a: a, docs: map[string]*didDocument{}}
			acc := &accreditation{place: "p", holder: didOther, accreditor: didTAO}
			err := acc.window(strictjson.Object{}, vc)
			if err == nil {
				err = r.scope(acc, vc, vc.Object("credentialSubject"))
			}
			if err == nil && slices.Contains(acc.resources, "VerifiableCredential") {
				t.Fatal("a general type, which would stand for all")
			}
			return nil, err
		})
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("untyped error %v", err)
		}
	})
}
