// Package did resolves decentralized identifiers and reads their documents.
//
// It knows the syntax of [DID-CORE] Section 3, the methods did:key, did:jwk and
// did:web, one file each, and the documents of DID Core 1.0 and 1.1 and of Controlled
// Identifiers 1.0 ([CID]), which an https URL may name as well. Documents are read as
// JSON: what their @context may redefine is not looked at.
//
// It fetches nothing: did:web asks its caller for the document. It checks no signature
// and judges nobody: a method that is revoked, expired or controlled by somebody else
// than the document's subject is returned as such.
//
// [DID-CORE]: https://www.w3.org/TR/did-1.0/
// [CID]: https://www.w3.org/TR/cid-1.0/
package did

import (
	"errors"
	"fmt"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Methods returns the DID methods that [Resolve] knows.
func Methods() []string { return []string{"did:jwk", "did:key", "did:web"} }

// Resolve returns the document of a DID. fetch is asked for the document of a did:web
// by its URL, once at most; an error of its own is returned as it is.
func Resolve(did string, fetch func(url string) (body []byte, err error)) (*Document, error) {
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
