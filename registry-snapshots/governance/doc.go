// Package governance says which snapshot of a registry is the right one, by the rules
// of The Update Framework ([TUF] Section 5.3 and on) in JSON Web Signatures.
//
// Three documents do it. A [Root] names the keys of three roles and how many of each
// must sign; root N+1 is signed by the thresholds of root N and by its own, and the
// CID of root 1 is the registry's id, for ever. A [Head], signed by the head role,
// names a snapshot. A [Freshness], signed by the fresh role, says that a head is still
// the newest one. Each is a JWS in general JSON serialization ([RFC 7515] Section
// 7.2.1) in canonical form ([RFC 8785]), so that a document has one encoding.
//
// [Advance] is the whole of a reader: a pure function of evidence, of the state that
// an earlier run left, and of the time. The state holds floors and never authority: a
// registry is proven from its id in every run, so a state that somebody has tampered
// with can keep a registry from being believed, and cannot make another believed.
//
// The package obtains nothing, keeps nothing, and holds no private key: a [Signer]
// does. It judges no credential.
//
// [TUF]: https://theupdateframework.github.io/specification/v1.0.33/
// [RFC 7515]: https://www.rfc-editor.org/rfc/rfc7515
// [RFC 8785]: https://www.rfc-editor.org/rfc/rfc8785
package governance

import "fmt"

// Limits. A reader and a writer hold to the same ones.
const (
	MaxDocument   = 64 << 10  // bytes of a document; a root with 48 keys and 32 signatures has some 20 KB
	MaxSignatures = 32        // of one document: a rotation of all of MaxRoleKeys keys bears both sets
	MaxRoleKeys   = 16        // keys of one role; bounds what a reader verifies
	MaxRoots      = 256       // roots of one registry; one a month for twenty years
	MaxVersion    = 1<<53 - 1 // what a JSON number holds exactly (RFC 7493 Section 2.2)
	MaxState      = 64 << 10  // characters of a state: 255 roots by CID and a Freshness are half of it
	maxFreshness  = 12 << 10  // bytes of a Freshness: 32 signatures; it is kept in the state
	maxMirrors    = 16        // of a root; each is asked for each document
	maxText       = 200       // characters of a name
	maxURL        = 500       // characters of a mirror's URL
)

// Reason is the stable part of an [Error].
type Reason string

// The reasons of this package.
const (
	Malformed      Reason = "malformed_document" // not in the one encoding of a document, or outside its limits
	BadState       Reason = "bad_state"          // not a state, or another registry's
	BelowThreshold Reason = "below_threshold"    // too few distinct keys of the role have signed
	WrongRegistry  Reason = "wrong_registry"     // a document of another registry
	RootGap        Reason = "root_gap"           // a root that does not follow the one before, or one in between cannot be had
	WrongPrev      Reason = "wrong_prev"         // the right version, and another predecessor
	Superseded     Reason = "superseded"         // a head of keys that a later root has replaced
	WrongHead      Reason = "wrong_head"         // a Freshness of another head
	DuplicateKey   Reason = "duplicate_key"      // one key twice, under whatever names
	BadSigner      Reason = "bad_signer"         // a signer whose signature does not verify, or that has signed already

	// What becomes of a registry, in a [Result].
	Unavailable  Reason = "registry_unavailable"
	Fork         Reason = "registry_fork"
	Rollback     Reason = "registry_rollback"
	ClockSuspect Reason = "clock_suspect"
	RootExpired  Reason = "root_expired"
	Expired      Reason = "registry_expired"
	Stale        Reason = "registry_stale"
)

// Error is why a document or a state was refused.
type Error struct {
	Reason Reason
	Member string // at fault, or ""
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
