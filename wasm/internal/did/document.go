package did

import (
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/xsd"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// maxMethods bounds the verification methods of a document, and the entries of each
// relationship. Documents have a handful; each costs the check of its key, up to 5 ms
// for a compressed point of P-521.
const maxMethods = 100

// Document is a DID document or controlled identifier document.
type Document struct {
	ID         string
	methods    []*Method
	references []reference
}

// Method is a verification method, CID Section 2.2.
type Method struct {
	ID         string // absolute
	Controller string // who is said to control the key: for the caller to compare with the document's ID
	Type       string
	// Key is nil where there is none that this module can use; KeyErr, an *Error, says why.
	Key    *keys.Key
	KeyErr error
	// Purposes are the verification relationships that the method stands under.
	Purposes []string
	// Revoked and Expires are times in RFC 3339, UTC, or "".
	Revoked, Expires string

	text string // the method in canonical JSON
}

// reference is an entry of a relationship that names a method.
type reference struct{ purpose, id string }

// relationships are the verification relationships of CID Section 2.3.
var relationships = []string{"authentication", "assertionMethod", "keyAgreement", "capabilityInvocation", "capabilityDelegation"}

// ParseDocument reads a document of that id: a DID, or the URL at which a controlled
// identifier document stands. Members that it does not know are ignored.
//
// A method whose key is of an unknown kind, or broken, is kept without a key, so that
// it does not stand in the way of the others. A document that publishes a private key
// is refused, and so is one in which it is not clear what a method's key or name is.
func ParseDocument(id string, o strictjson.Object) (*Document, error) {
	// CID Section 2.1.1: the document's id is the URL at which it was asked for.
	if s, ok := o["id"].(string); !ok || s != id {
		return nil, fail(WrongDocument, "id", "%.80q, want %.80q", o.String("id"), id)
	}
	switch v := o["deactivated"]; {
	case v == true: // did-resolution has it in the metadata; some hosts write it here
		return nil, fail(Deactivated, "deactivated", "the document says that %.80q is no more", id)
	case v != nil && v != false:
		return nil, fail(MalformedDocument, "deactivated", "want true or false")
	}
	d := &Document{ID: id}
	list, err := set(o, "verificationMethod")
	if err != nil {
		return nil, err
	}
	for _, v := range list {
		m, ok := v.(strictjson.Object)
		if !ok {
			return nil, fail(MalformedDocument, "verificationMethod", "want objects")
		}
		if err := d.add(m, "verificationMethod", ""); err != nil {
			return nil, err
		}
	}
	for _, purpose := range relationships {
		if err := d.relate(o, purpose); err != nil {
			return nil, err
		}
	}
	// Section 2.2.4: a reference to a method that is not here leads elsewhere or nowhere.
	for _, r := range d.references {
		for _, m := range d.methods {
			if m.ID == r.id && !slices.Contains(m.Purposes, r.purpose) {
				m.Purposes = append(m.Purposes, r.purpose)
			}
		}
	}
	return d, nil
}

// relate reads the entries of one verification relationship: methods and references.
func (d *Document) relate(o strictjson.Object, purpose string) error {
	list, err := set(o, purpose)
	if err != nil {
		return err
	}
	for _, v := range list {
		switch v := v.(type) {
		case string:
			id := d.absolute(v)
			if id == "" {
				return fail(MalformedDocument, purpose, "%.80q, want a URL or a fragment", v)
			}
			d.references = append(d.references, reference{purpose, id})
		case strictjson.Object:
			if err := d.add(v, purpose, purpose); err != nil {
				return err
			}
		default:
			return fail(MalformedDocument, purpose, "want URLs and objects")
		}
	}
	return nil
}

// set returns a member that is an array if it is there.
func set(o strictjson.Object, name string) ([]any, error) {
	list := o.Array(name)
	switch {
	case list == nil && o.Has(name):
		return nil, fail(MalformedDocument, name, "want an array")
	case len(list) > maxMethods:
		return nil, fail(MalformedDocument, name, "%d entries, want at most %d", len(list), maxMethods)
	}
	return list, nil
}

// absolute returns a URL in the document as an absolute one, or "" if it is none. The
// base of a relative one is the document's id and nothing else, whatever @base its
// @context sets; of a DID URL (DID-CORE Section 3.2.2) it may lack the DID, of another
// URL all but the fragment.
func (d *Document) absolute(url string) string {
	if url != "" && (url[0] == '#' || strings.HasPrefix(d.ID, "did:") && (url[0] == '/' || url[0] == '?')) {
		url = d.ID + url
	}
	if !isURL(url) || strings.HasSuffix(url, "#") {
		return ""
	}
	return url
}

// add reads a verification method, CID Section 2.2. purpose is "" for one that stands
// under no relationship by itself.
func (d *Document) add(o strictjson.Object, member, purpose string) error {
	m := &Method{text: string(strictjson.Encode(o))}
	for _, f := range []struct {
		name string
		dst  *string
	}{{"id", &m.ID}, {"type", &m.Type}, {"controller", &m.Controller}} {
		if *f.dst = o.String(f.name); *f.dst == "" {
			return fail(MalformedDocument, member+"."+f.name, "want a string that is not empty")
		}
	}
	id := m.ID
	if m.ID = d.absolute(id); m.ID == "" {
		return fail(MalformedDocument, member+".id", "%.80q, want a URL or a fragment", id)
	}
	member += "[" + m.ID + "]"
	if len(d.methods) == maxMethods {
		return fail(MalformedDocument, member, "more than %d methods", maxMethods)
	}
	for _, other := range d.methods {
		switch {
		case other.ID != m.ID:
		case other.text != m.text: // CID Section 3.4: "the behaviour is not defined"
			return fail(MalformedDocument, member, "two methods of that id")
		default: // the same again, embedded under each of its relationships
			if purpose != "" && !slices.Contains(other.Purposes, purpose) {
				other.Purposes = append(other.Purposes, purpose)
			}
			return nil
		}
	}
	if !isURL(m.Controller) {
		return fail(MalformedDocument, member+".controller", "%.80q, want a URL", m.Controller)
	}
	for _, f := range []struct {
		name string
		dst  *string
	}{{"revoked", &m.Revoked}, {"expires", &m.Expires}} {
		if !o.Has(f.name) {
			continue
		}
		t, err := xsd.DateTimeStamp(o.String(f.name))
		if err != nil {
			return fail(MalformedDocument, member+"."+f.name, "%v", err)
		}
		*f.dst = t.UTC().Format(time.RFC3339Nano)
	}
	key, err := readKey(o, m.Type, member)
	switch {
	case err == nil:
		m.Key = key
	case err.Reason == PrivateKey || err.Reason == MalformedDocument:
		return err
	default:
		m.KeyErr = err
	}
	if purpose != "" {
		m.Purposes = []string{purpose}
	}
	d.methods = append(d.methods, m)
	return nil
}

// Methods returns the document's methods for a purpose, in the document's order, those
// without a usable key among them; for purpose "" all.
func (d *Document) Methods(purpose string) []*Method {
	var list []*Method
	for _, m := range d.methods {
		if purpose == "" || slices.Contains(m.Purposes, purpose) {
			list = append(list, m)
		}
	}
	return list
}

// Refers reports whether the document refers to a method under a purpose by its URL,
// whether or not it also holds that method.
func (d *Document) Refers(id, purpose string) bool {
	return slices.Contains(d.references, reference{purpose, id})
}

// Method returns the one method that answers to a name and serves a purpose; for
// purpose "" any will do. Its key is never nil. The name is an absolute URL, a fragment
// with its "#", or, as JOSE has it, a bare kid: that of the method's JWK, the key's
// thumbprint, or the fragment.
//
// A method that the document holds but that is another document's, by its id, is not
// found: it must be looked up there (CID Section 3.3).
func (d *Document) Method(id, purpose string) (*Method, error) {
	var named, found []*Method
	for _, m := range d.methods {
		if base, _, _ := strings.Cut(m.ID, "#"); base == d.ID && m.answers(id, d.ID) {
			named = append(named, m)
			if purpose == "" || slices.Contains(m.Purposes, purpose) {
				found = append(found, m)
			}
		}
	}
	switch {
	case len(named) == 0:
		return nil, fail(MethodNotFound, "", "the document of %.80q has no method %.80q", d.ID, id)
	case len(found) == 0:
		return nil, fail(WrongPurpose, "", "method %.80q is for %q, not for %.40s", named[0].ID, named[0].Purposes, purpose)
	case len(found) > 1:
		return nil, fail(Ambiguous, "", "%d methods answer to %.80q, %.80q and %.80q among them", len(found), id, found[0].ID, found[1].ID)
	case found[0].Key == nil:
		return nil, found[0].KeyErr
	}
	return found[0], nil
}

// answers reports whether the method goes by that name in the document of base.
func (m *Method) answers(name, base string) bool {
	switch {
	case name == "":
		return false
	case strings.HasPrefix(name, "#"):
		return m.ID == base+name
	case name == m.ID:
		return true
	case strings.HasPrefix(name, "did:"), strings.HasPrefix(name, "https://"):
		return false
	}
	return m.ID == base+"#"+name || m.Key != nil && (m.Key.KID() == name || m.Key.Thumbprint() == name)
}
