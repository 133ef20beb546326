// Package status answers whether a credential was revoked or suspended. Each status
// mechanism is one file: [Bitstring Status List] with StatusList2021 and
// RevocationList2020 before it, [Token Status List] (draft 21), and the revocation
// lists of [SMART Health Cards]. A mechanism that is not here never passes.
//
// A status list is a credential: it is opened as one, proven by the same code as any
// other, and only a [proof.Proven] is read. The one exception is a health card's list,
// which nobody signs: it is worth what its place is worth.
//
// The package fetches nothing, knows no clock and does not judge how old a list is. A
// status that a list itself may have is not asked for: no text here gives it a meaning,
// and how long a list may be relied on is said by its validity and its ttl.
//
// [Bitstring Status List]: https://www.w3.org/TR/vc-bitstring-status-list/
// [Token Status List]: https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/
// [SMART Health Cards]: https://spec.smarthealth.cards/#revocation
package status

import (
	"fmt"
	"slices"
	"time"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/proof"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Answer is what one status entry, or all together, say.
type Answer struct {
	Reason string // "" means that no entry speaks against the credential
	Detail string
	// Unknown means that the evidence does not suffice, or that an entry is of a kind
	// that is not known here.
	Unknown bool
}

// The reasons of this package. That a list is not the one that is meant, breaks its
// rules or is not proven rejects the credential: "no statement about the status can be
// made and the Referenced Token SHOULD be rejected" (Token Status List Section 8.3).
const (
	Revoked     = "revoked"
	Suspended   = "suspended"
	Unsupported = "status_unsupported"   // an entry of a kind that is not known here
	Undefined   = "status_undefined"     // a value or a purpose that says nothing here
	Malformed   = "malformed_status"     // the entry breaks its rules
	Unavailable = "status_unavailable"   // the list could not be had
	BadList     = "malformed_list"       // the list breaks its rules
	Unproven    = "list_not_proven"      // nobody who is known signed the list
	Untrusted   = "list_not_trusted"     // its issuer is neither the credential's nor authorised for lists
	OtherList   = "list_mismatch"        // the list is not the one that the entry means
	TooShort    = "list_too_short"       // fewer entries than a herd has
	OutOfRange  = "status_out_of_range"  // the list has no such index
	NotYet      = "list_not_yet_valid"   // its validity begins later
	Stale       = "stale_status"         // the list is older than may be relied on
	TooMany     = "too_many_status_uses" // maxEntries
)

// maxEntries bounds the status entries of one credential: each may cost a list.
const maxEntries = 16

// Types lists the status types that are known here.
func Types() []string {
	names := make([]string, 0, len(variants)+2)
	for _, v := range variants {
		names = append(names, v.entry)
	}
	return append(names, cred.TokenStatus, cred.HealthCardRevocation)
}

// Entry is one status entry of a credential: which list to ask, and for what.
type Entry struct {
	Type string
	// URL is that of the whole list; it says nothing of the index.
	URL    string
	Accept string
	// Signed says that the list is a credential, to be proven before it is read.
	Signed bool
	// Resource is the type of list that an issuer other than the credential's must be
	// authorised to issue.
	Resource string

	purpose  string
	index    int64
	size     int      // bits, 0 where the list says
	messages []string // by value, nil for none
	rid      string
	made     *time.Time // when the credential was
	kid      string
	variant  *variant
}

// Entries reads the status entries of a proven credential. Where one of them cannot be
// read there is an answer already.
func Entries(p proof.Proven) ([]Entry, Answer) {
	c := p.Credential()
	if n := len(c.Status); n > maxEntries {
		return nil, Answer{Reason: TooMany, Detail: fmt.Sprintf("the credential has %d status entries, want at most %d", n, maxEntries)}
	}
	var list []Entry
	var open Answer
	for i, o := range c.Status {
		e, a := entry(o, c)
		if a.Reason == "" {
			list = append(list, e...)
			continue
		}
		a.Detail = fmt.Sprintf("status entry %d: %s", i+1, a.Detail)
		if !a.Unknown {
			return nil, a
		}
		if open.Reason == "" {
			open = a
		}
	}
	return list, open
}

// entry reads one entry by its type. A type that is not known among known ones may say
// more than these, so it is not passed over.
func entry(o strictjson.Object, c *cred.Credential) ([]Entry, Answer) {
	types := []string{o.String("type")}
	for _, t := range o.Array("type") {
		s, _ := t.(string)
		types = append(types, s)
	}
	types = slices.DeleteFunc(types, func(s string) bool { return s == "" })
	if len(types) == 1 {
		switch {
		case types[0] == cred.TokenStatus:
			return tokenEntry(o, c)
		case types[0] == cred.HealthCardRevocation:
			return cardEntry(o, c)
		}
		for i := range variants {
			if types[0] == variants[i].entry {
				return bitstringEntry(o, &variants[i])
			}
		}
	}
	return nil, Answer{Reason: Unsupported, Unknown: true, Detail: fmt.Sprintf("a status of type %.80q cannot be checked by this module", types)}
}

// List is a proven status list, expanded. Nobody may change what it holds.
type List struct {
	// TTL is how long a copy may be kept, 0 where the list does not say.
	TTL time.Duration

	bits     []byte
	size     int // bits of an entry, 0 where the entry says
	name     string
	purposes []string
	messages []string
	variant  *variant
}

// Size is what the list takes of memory.
func (l *List) Size() int { return len(l.bits) }

// Read reads a proven list.
func (e *Entry) Read(p proof.Proven) (*List, Answer) {
	if e.variant != nil {
		return readBitstring(p.Credential(), e.variant)
	}
	return readToken(p.Credential())
}

// Check answers by the list for one entry.
func (e *Entry) Check(l *List) Answer {
	if e.variant != nil {
		return e.checkBitstring(l)
	}
	return e.checkToken(l)
}

func malformed(format string, args ...any) Answer {
	return Answer{Reason: Malformed, Detail: fmt.Sprintf(format, args...)}
}

func badList(format string, args ...any) Answer {
	return Answer{Reason: BadList, Detail: "the list: " + fmt.Sprintf(format, args...)}
}
