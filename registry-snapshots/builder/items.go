package builder

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// kind is what a document is, and with that what it has to look like.
type kind string

const (
	didDocument    kind = "didDocument"
	statusList     kind = "statusList"
	jsonContext    kind = "context"
	jsonSchema     kind = "schema"
	typeMetadata   kind = "typeMetadata"   // SD-JWT VC type metadata
	issuerMetadata kind = "issuerMetadata" // SD-JWT VC JWT VC issuer metadata
	keySet         kind = "keySet"         // the jwks_uri of issuer metadata
	revocationList kind = "revocationList" // an X.509 CRL
	certificates   kind = "certificates"   // a chain of X.509 certificates, the signer's first
	resource       kind = "resource"       // of whatever form
)

// isList tells what says who was revoked from other documents.
func (k kind) isList() bool { return k == statusList || k == revocationList }

// accepts are the media types that are asked for.
var accepts = map[kind]string{
	didDocument:    "application/did, application/did+json, application/did+ld+json, application/json",
	statusList:     "application/statuslist+jwt, application/statuslist+cwt, application/vc+jwt, application/vc, application/json;q=0.5, */*;q=0.1",
	jsonContext:    "application/ld+json, application/json",
	jsonSchema:     "application/schema+json, application/json",
	typeMetadata:   "application/json",
	issuerMetadata: "application/json",
	keySet:         "application/jwk-set+json, application/json",
	revocationList: "application/pkix-crl, */*;q=0.1",
	certificates:   "application/pem-certificate-chain, application/pkix-cert, application/cose-x509, */*;q=0.1",
	resource:       "*/*",
}

// An item is one document to carry.
type item struct {
	kind     kind
	id       string // the URL, or the vct, under which it is carried
	url      string // where it is fetched; "" if it is a file
	file     string
	subject  string   // the DID, issuer or vct that it must be of; "" if any will do
	purposes []string // of a DID document: those of which there must be keys; nil if none are wanted
	media    string   // instead of what its host says
	stated   string   // when a file was obtained, as registry.yaml says
	optional bool
	place    string // in registry.yaml, or the entity that wants it
}

// readCarry reads the members of carry. Each is a list of URLs (of DIDs, issuers,
// vcts), or of mappings {url, as, file, mediaType, optional}.
func (c *Config) readCarry(f *configFile) error {
	lists := []struct {
		name string
		kind kind
		list []any
	}{
		{"statusLists", statusList, f.Carry.StatusLists},
		{"contexts", jsonContext, f.Carry.Contexts},
		{"schemas", jsonSchema, f.Carry.Schemas},
		{"typeMetadata", typeMetadata, f.Carry.TypeMetadata},
		{"issuerMetadata", issuerMetadata, f.Carry.IssuerMetadata},
		{"revocationLists", revocationList, f.Carry.RevocationLists},
		{"certificates", certificates, f.Carry.Certificates},
		{"resources", resource, f.Carry.Resources},
	}
	switch v := f.Carry.DIDDocuments.(type) {
	case nil:
	case string:
		if v != "all" {
			return errorf(BadConfig, c.at("carry.didDocuments"), "%.80q, want all, or a list of DIDs", v)
		}
		c.didAll = true
	case []any:
		lists = append(lists, struct {
			name string
			kind kind
			list []any
		}{"didDocuments", didDocument, v})
	default:
		return errorf(BadConfig, c.at("carry.didDocuments"), "want all, or a list of DIDs")
	}
	for _, l := range lists {
		for i, v := range l.list {
			it, err := c.item(l.kind, c.at(fmt.Sprintf("carry.%s[%d]", l.name, i)), v)
			if err != nil {
				return err
			}
			c.carry = append(c.carry, it)
		}
	}
	return nil
}

// item reads one entry of a list.
func (c *Config) item(k kind, place string, v any) (item, error) {
	fail := func(member, format string, args ...any) (item, error) {
		return item{}, errorf(BadConfig, place+member, format, args...)
	}
	var e struct {
		URL       string `json:"url"`
		As        string `json:"as"`
		File      string `json:"file"`
		MediaType string `json:"mediaType"`
		Obtained  string `json:"obtained"`
		Optional  bool   `json:"optional"`
	}
	switch v := v.(type) {
	case string:
		e.URL = v
	case strictjson.Object:
		if err := strictjson.Bind(v, &e); err != nil {
			return item{}, c.bindError(strings.TrimPrefix(place, c.path+": "), err)
		}
	default:
		return fail("", "want a URL, or a mapping with one")
	}
	name := e.As
	if name == "" {
		name = e.URL
	}
	if name == "" {
		return fail("", "want a url, or as and a file")
	}
	it := item{kind: k, id: name, url: e.URL, subject: name, media: e.MediaType, stated: e.Obtained, optional: e.Optional, place: place}
	var err error
	switch k {
	case didDocument:
		it.id, err = didURL(name)
		if e.URL == name || e.URL == "" {
			it.url = it.id
		}
	case issuerMetadata:
		it.id, err = issuerURL(name)
		if e.URL == name || e.URL == "" {
			it.url = it.id
		}
	case typeMetadata:
	default:
		it.subject = ""
		err = checkURL(name)
	}
	if err != nil {
		return fail("", "%v", err)
	}
	switch {
	case e.File != "" && e.URL != "":
		return fail("", "want either url or file")
	case e.File != "" && e.Optional:
		return fail(".optional", "a file is there or not: leave the entry out")
	case e.File == "" && e.Obtained != "":
		return fail(".obtained", "is for files: what is fetched is obtained now")
	case e.File != "":
		it.url, it.file = "", c.file(e.File)
		return it, nil
	}
	if err := checkURL(it.url); err != nil {
		return fail(".url", "%v", err)
	}
	return it, nil
}

// issuerURL returns where the metadata of a JWT VC issuer is: the well-known part goes
// between the host and the path (SD-JWT VC, "JWT VC Issuer Metadata").
func issuerURL(iss string) (string, error) {
	u, err := url.Parse(iss)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%.200q, want the https URL of an issuer, without query and fragment", iss)
	}
	u.Path = "/.well-known/jwt-vc-issuer" + strings.TrimSuffix(u.Path, "/")
	u.RawPath = ""
	return u.String(), nil
}
