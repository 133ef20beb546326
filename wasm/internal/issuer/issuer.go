// Package issuer finds the key by which a credential must have been signed: in the
// registries, in the issuer's DID or controller document, or in its key set.
//
// Registries come first: they hold the issuer's key history, they need no network,
// and asking them tells nobody what is being verified. A document is taken from a
// snapshot before it is asked for by URL.
//
// The package says whose key it is. It checks no signature and no time.
package issuer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/did"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/internal/x509chain"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Reason is the stable part of an [Error].
type Reason string

// The reasons of this package's errors.
const (
	NoKey               Reason = "key_not_found"           // the issuer has no such key
	DocumentUnavailable Reason = "key_unavailable"         // the document that would have it could not be had
	BadDocument         Reason = "malformed_key_document"  // it was had and is malformed
	UnsupportedMethod   Reason = "unsupported_did_method"  // no such DID method here
	UnusableKey         Reason = "unusable_key"            // the registry has it, and it is malformed, too short or unknown here
	UnsupportedKey      Reason = "unsupported_key_type"    // the key is of a kind that is not known here
	WrongPurpose        Reason = "wrong_purpose"           // the key is not for making assertions
	NoIssuer            Reason = "issuer_names_no_keys"    // the issuer is no DID and no https URL
	AmbiguousKey        Reason = "ambiguous_key"           // several keys answer to one name
	NotTheIssuers       Reason = "key_of_another"          // the verification method is not the issuer's
	MalformedMethod     Reason = "malformed_key_reference" // the name of the key is no verification method's URL
	Deactivated         Reason = "did_deactivated"         // its document says that the DID is no more
	NotInForce          Reason = "did_not_in_force"        // the history of the DID has no version of when the proof was made
)

// Error is why no key was found.
type Error struct {
	Reason  Reason
	Detail  string
	Unknown bool // the evidence does not suffice: another time the key may be found

	err error // of the package or caller that gave no document
}

func (e *Error) Error() string { return string(e.Reason) + ": " + e.Detail }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// Query is what a proof says of its key.
type Query struct {
	Issuer string // who the credential says issued it
	// Method is the verification method: an absolute URL, a name within the issuer's
	// keys, or "" where the proof names none.
	Method  string
	Purpose string // a verification relationship: assertionMethod
	// At is when the proof was made: the version of the issuer's DID that was in force then
	// counts. The zero time is now.
	At      time.Time
	Unbound bool // take a key that is not the issuer's, from wherever it must be obtained
	URL     bool // Method must be a verification method's URL, as in Data Integrity: no bare name, no DID alone
	// Metadata says that an https issuer publishes JWT VC Issuer Metadata (SD-JWT VC).
	Metadata bool
	KeySet   bool // an https issuer publishes a JWK set, not a controller document (SMART Health Cards)
}

// Key is one key that may have made the proof.
type Key struct {
	Key    *keys.Key
	Method string // the verification method's id, or the registry's kid
	// Unbound is set where the key is not shown to be the issuer's.
	Unbound Reason
	// Source says where it was found.
	Source Source
	// Revoked and Expires are those of a verification method, RFC 3339, or "".
	Revoked, Expires string
	// Anchor is the registry's key that a chain of certificates leads to, nil where Key
	// was found by itself.
	Anchor *keys.Key
	// Path is the validated chain to it, nil like Anchor.
	Path x509chain.Chain
	// Lists says that the issuer publishes a revocation list for the key: its JWK has
	// crlVersion (SMART Health Cards, "Revocation"), which ListVersion is, if it is a number.
	Lists       bool
	ListVersion int64
}

func withList(k Key, jwk strictjson.Object) Key {
	k.Lists = jwk.Has("crlVersion")
	n, _ := jwk["crlVersion"].(strictjson.Number)
	k.ListVersion, _ = n.Int64()
	return k
}

// Source is where a key was found.
type Source string

// The sources.
const (
	FromRegistry Source = "registry"
	FromDID      Source = "did"      // a DID that is its own document
	FromDocument Source = "document" // a document from a snapshot, or by URL

	FromCredential  Source = "credential"  // in a credential, as the key of who may present it
	FromCertificate Source = "certificate" // in the token, and a registry has an anchor of it
)

// Documents obtains documents by URL. It returns ErrMissing where the case has not
// yet got one, and ErrUnobtainable where the embedder could not get it.
type Documents interface {
	// Now is the time of the verdict.
	Now() time.Time
	Document(url, accept string) ([]byte, error)
}

// The errors of Documents.
var (
	ErrMissing      = errors.New("not in the case yet")
	ErrUnobtainable = errors.New("could not be obtained")
)

// maxCandidates bounds the keys that are tried where a proof names none.
const maxCandidates = 16

// Find returns the keys that may have made a proof, the likeliest first. With an
// [ErrMissing] from docs it returns that error.
func Find(q Query, standings []registry.Standing, docs Documents) ([]Key, error) {
	if found, err := inRegistries(q, standings); len(found) > 0 || err != nil {
		return bounded(found, err)
	}
	base, fragment, isURL := splitMethod(q)
	if q.URL && (!isURL || fragment == "") {
		return nil, &Error{Reason: MalformedMethod, Detail: fmt.Sprintf("%.200q is no URL of a verification method", q.Method)}
	}
	if q.Method != "" && isURL && base != q.Issuer {
		return ofAnother(q, base, standings, docs)
	}
	switch {
	case strings.HasPrefix(q.Issuer, "did:"):
		return inDID(q, docs)
	case strings.HasPrefix(q.Issuer, "https://"):
		if hasKeys(standings) {
			// The registry is where this issuer's keys stand; what its web host says today is no addition to it.
			return nil, &Error{Reason: NoKey, Detail: fmt.Sprintf("the registry's keys of %.200q have none named %.200q", q.Issuer, q.Method)}
		}
		if q.KeySet {
			return inKeySet(q, docs)
		}
		if q.Metadata {
			return inMetadata(q, docs)
		}
		return inController(q, docs)
	}
	return nil, &Error{Reason: NoIssuer, Detail: fmt.Sprintf("issuer %.200q is no DID and no https URL, and no registry has keys for it", q.Issuer)}
}

func bounded(found []Key, err error) ([]Key, error) {
	if err == nil && len(found) > maxCandidates {
		return nil, &Error{Reason: AmbiguousKey, Detail: fmt.Sprintf("the proof names no key and the issuer has %d, want at most %d", len(found), maxCandidates)}
	}
	return found, err
}

// splitMethod takes a verification method's URL apart. A method that is no absolute
// URL is a name within the issuer's keys.
func splitMethod(q Query) (base, fragment string, isURL bool) {
	base, fragment, _ = strings.Cut(q.Method, "#")
	isURL = strings.HasPrefix(base, "did:") || strings.HasPrefix(base, "https://")
	return base, fragment, isURL
}

// Owner is whose key a method's name says it is: the URL before the fragment, or "" for
// a name within the issuer's keys.
func Owner(method string) string {
	base, _, isURL := splitMethod(Query{Method: method})
	if !isURL {
		return ""
	}
	return base
}

// ofAnother finds a key whose name says that it belongs to somebody else than the
// issuer. It is the issuer's all the same where the issuer's registry entry counts
// that one among its identifiers, or the issuer's document lists the method.
func ofAnother(q Query, base string, standings []registry.Standing, docs Documents) ([]Key, error) {
	bound := false
	for _, s := range standings {
		if s.Entity != nil && (s.Entity.ID == base || slices.Contains(s.Entity.IDs, base)) {
			bound = true
		}
	}
	if !bound {
		var err error
		if bound, err = listed(q, standings, docs); err != nil && !q.Unbound {
			return nil, err
		}
	}
	if !bound && !q.Unbound && !did.SelfContained(base) {
		// Its document is not asked for: who made up the credential may have made up whom to ask.
		return nil, &Error{Reason: NotTheIssuers, Detail: fmt.Sprintf("%.200q is not shown to be a key of the issuer %.200q", q.Method, q.Issuer)}
	}
	found, err := Find(Query{Issuer: base, Method: q.Method, Purpose: q.Purpose, At: q.At}, nil, docs)
	for i := range found {
		if !bound {
			found[i].Unbound = NotTheIssuers
		}
	}
	return found, err
}

// listed reports whether the issuer's own document names the method under the purpose:
// Controlled Identifiers 1.0 Section 2.3 lets a document refer to a verification
// method of another one. A document that is not to be had leaves it open.
func listed(q Query, standings []registry.Standing, docs Documents) (bool, error) {
	var doc *did.Document
	var err error
	switch {
	case strings.HasPrefix(q.Issuer, "did:web:"), strings.HasPrefix(q.Issuer, "did:webvh:"):
		doc, _, err = resolve(q, docs)
	case strings.HasPrefix(q.Issuer, "https://") && !q.KeySet && !q.Metadata && !hasKeys(standings):
		var body []byte
		if body, err = docs.Document(q.Issuer, acceptController); err == nil {
			doc, err = parseDocument(q.Issuer, body)
		}
	default: // the issuer has no document, or its keys stand in the registry
		return false, nil
	}
	if err != nil {
		return false, wrap(err, q.Issuer)
	}
	return doc.Refers(q.Method, q.Purpose), nil
}

// The media types of documents, DID Core Section 6 and Controlled Identifiers 1.0 Section 4.
const (
	acceptLog        = "text/jsonl, application/jsonl, text/plain" // did:webvh 1.0 "The DID to HTTPS Transformation"
	acceptDID        = "application/did+json, application/did+ld+json, application/json"
	acceptController = "application/cid+json, application/json, application/ld+json"
)

// hasKeys reports whether a registry holds keys of the issuer.
func hasKeys(standings []registry.Standing) bool {
	for _, s := range standings {
		if s.Entity != nil && len(s.Entity.Keys) > 0 {
			return true
		}
	}
	return false
}

// inRegistries finds the issuer's keys that answer to the method's name; all of them
// where the proof names none. A named key that is there and of no use is an error:
// looking elsewhere for it would be looking for a better answer.
func inRegistries(q Query, standings []registry.Standing) ([]Key, error) {
	var found []Key
	var unusable error
	for _, s := range standings {
		for _, k := range s.Keys() {
			switch {
			case !named(q, k):
			case k.Key == nil:
				unusable = &Error{Reason: UnusableKey, Detail: fmt.Sprintf("the registry's key %.200q: %v", k.Record.Kid, k.Err), err: k.Err}
			case !registry.Serves(k.Record, q.Purpose):
				unusable = &Error{Reason: WrongPurpose, Detail: fmt.Sprintf("the registry's key %.200q is for use %.60q, want %s", k.Record.Kid, k.Record.Use, q.Purpose)}
			default:
				found = append(found, withList(Key{Key: k.Key, Method: k.Record.Kid, Source: FromRegistry}, k.Record.JWK))
			}
		}
	}
	if len(found) > 0 || q.Method == "" || q.Method == q.Issuer {
		return found, nil
	}
	return nil, unusable
}

// named reports whether a registry's key answers to the name in the proof: the whole
// verification method, its fragment, the JWK's own kid, or its thumbprint.
func named(q Query, k registry.Key) bool {
	if q.Method == "" || q.Method == q.Issuer {
		return true
	}
	if k.Record.Kid == q.Method {
		return true
	}
	name := q.Method
	if base, fragment, isURL := splitMethod(q); isURL {
		if base != q.Issuer {
			return false
		}
		name = fragment
	}
	name = strings.TrimPrefix(name, "#")
	_, kidFragment, _ := strings.Cut(k.Record.Kid, "#")
	return name != "" && (name == strings.TrimPrefix(k.Record.Kid, "#") || name == kidFragment ||
		k.Record.JWK.String("kid") == name || k.Key != nil && k.Key.Thumbprint() == name)
}

// inDID finds the key in the issuer's DID document.
func inDID(q Query, docs Documents) ([]Key, error) {
	doc, source, err := resolve(q, docs)
	if err != nil {
		return nil, wrap(err, q.Issuer)
	}
	return inDocument(q, doc, source)
}

// resolve returns the document of the issuer's DID as it was when the proof was made, and
// where it was found.
func resolve(q Query, docs Documents) (*did.Document, Source, error) {
	source := FromDID
	times := did.Times{At: q.At, Now: docs.Now()}
	if times.At.IsZero() {
		times.At = times.Now
	}
	doc, err := did.ResolveAt(q.Issuer, times, func(url string) ([]byte, error) {
		source = FromDocument
		accept := acceptDID
		if strings.HasSuffix(url, ".jsonl") {
			accept = acceptLog
		}
		return docs.Document(url, accept)
	})
	return doc, source, err
}

// inController finds the key in the controller document at the issuer's URL,
// Controlled Identifiers 1.0 Section 3.3.
func inController(q Query, docs Documents) ([]Key, error) {
	body, err := docs.Document(q.Issuer, acceptController)
	if err != nil {
		return nil, wrap(err, q.Issuer)
	}
	doc, err := parseDocument(q.Issuer, body)
	if err != nil {
		return nil, wrap(err, q.Issuer)
	}
	return inDocument(q, doc, FromDocument)
}
