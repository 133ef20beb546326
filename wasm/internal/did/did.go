// Package did resolves decentralized identifiers and reads their documents.
//
// It knows the syntax of [DID-CORE] Section 3, the methods did:key, did:jwk, did:web,
// did:webvh, did:peer, did:pkh and did:ethr, and the documents of DID Core 1.0 and 1.1
// and of Controlled Identifiers 1.0 ([CID]), which an https URL may name as well.
// Documents are read as JSON: what their @context may redefine is not looked at.
//
// It fetches nothing: did:web and did:webvh ask their caller for documents. It reads no
// chain: the document of a did:ethr is the one that the account has by itself. Of
// signatures it checks those of a did:webvh's log. It judges nobody: a method that is
// revoked, expired or controlled by somebody else than the document's subject is
// returned as such.
//
// [DID-CORE]: https://www.w3.org/TR/did-1.0/
// [CID]: https://www.w3.org/TR/cid-1.0/
package did

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Methods returns the DID methods that [Resolve] knows.
func Methods() []string {
	return []string{"did:ethr", "did:jwk", "did:key", "did:peer", "did:pkh", "did:web", "did:webvh"}
}

// SelfContained reports whether a DID holds its document, so that nobody is asked for it.
func SelfContained(did string) bool {
	u, err := parseURL(did)
	return err == nil && slices.Contains([]string{"ethr", "jwk", "key", "peer", "pkh"}, u.method)
}

// Fetch obtains a document by its URL.
type Fetch func(url string) (body []byte, err error)

// Times are those at which a DID with a history is read.
type Times struct {
	At  time.Time // the version in force then is returned
	Now time.Time // nothing in the history is later. There is no default: in the zero time everything is.
}

// Resolve returns the document of a DID that has no history.
func Resolve(did string, fetch Fetch) (*Document, error) { return ResolveAt(did, Times{}, fetch) }

// ResolveAt returns the document of a DID as it was in force at a time, where the method
// keeps a history, or else as it is. fetch is asked for the documents of a did:web and a
// did:webvh by their URLs; an error of its own is returned as it is.
func ResolveAt(did string, times Times, fetch Fetch) (*Document, error) {
	u, err := parseURL(did)
	if err != nil {
		return nil, err
	}
	if u.did != did {
		return nil, fail(MalformedDID, "", "%.80q is a DID URL, want a DID", did)
	}
	switch u.method {
	case "key":
		return resolveKey(u)
	case "jwk":
		return resolveJWK(u)
	case "pkh":
		return resolvePKH(u)
	case "ethr":
		return resolveEthr(u)
	case "peer":
		return resolvePeer(u)
	case "webvh":
		return resolveWebVH(u, times, fetch)
	case "web":
		url, err := WebURL(did)
		if err != nil {
			return nil, err
		}
		body, err := fetch(url)
		if err != nil {
			return nil, err
		}
		o, err := strictjson.ParseObject(body)
		if err != nil {
			return nil, fail(MalformedDocument, "", "%v", err)
		}
		// did:web Section 2.5.2, step 7: the document is that of this DID.
		return ParseDocument(did, o)
	}
	return nil, fail(UnsupportedMethod, "", "did:%.40s, want one of %s", u.method, Methods())
}

// Reason is the stable part of an [Error]. Those of package keys appear here under the
// same text, where a method's key is the fault.
type Reason string

// The reasons of this package's errors.
const (
	MalformedDID      Reason = "malformed_did"
	MalformedURL      Reason = "malformed_did_url"
	UnsupportedMethod Reason = "unsupported_method" // a DID method that is not known here
	MalformedDocument Reason = "malformed_did_document"
	WrongDocument     Reason = "wrong_did_document" // a document with another id
	Deactivated       Reason = "did_deactivated"
	MalformedLog      Reason = "malformed_did_log" // the history of a did:webvh is not of its form
	InvalidLog        Reason = "invalid_did_log"   // it is, and its hashes, signatures or times do not hold
	NotWitnessed      Reason = "did_not_witnessed" // too few of the witnesses that it must have
	NotInForce        Reason = "did_not_in_force"  // there was no such DID at that time
	MethodNotFound    Reason = "method_not_found"
	WrongPurpose      Reason = "wrong_purpose" // there is the method, but not for this purpose
	Ambiguous         Reason = "ambiguous"     // several methods answer to the name
	UnsupportedKey    Reason = Reason(keys.UnsupportedKeyType)
	PrivateKey        Reason = Reason(keys.PrivateKey)
)

// Error is why there is no document or no method.
type Error struct {
	Reason Reason
	Member string // member of the document at fault, or ""
	Detail string // for people; may change
}

func (e *Error) Error() string {
	if e.Member != "" {
		return string(e.Reason) + ": " + e.Member + ": " + e.Detail
	}
	return string(e.Reason) + ": " + e.Detail
}

func fail(reason Reason, member, format string, args ...any) *Error {
	return &Error{reason, member, fmt.Sprintf(format, args...)}
}

// fromKey makes an error of package keys one of this package, under the same reason.
func fromKey(member string, err error) *Error {
	var ke *keys.Error
	if !errors.As(err, &ke) {
		return fail(MalformedDocument, member, "%v", err)
	}
	if ke.Member != "" {
		if member != "" {
			member += "."
		}
		member += ke.Member
	}
	return &Error{Reason(ke.Reason), member, ke.Detail}
}
