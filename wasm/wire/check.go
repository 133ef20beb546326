package wire

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
)

// check holds a request to the rules that its types cannot say. Times and CIDs are
// checked here once, so that no step meets a malformed one.
func (r *Request) check() error {
	bad := func(member, format string, args ...any) error {
		return &Error{BadRequest, member, fmt.Sprintf(format, args...)}
	}
	if r.Verilith != Contract {
		return bad("verilith", "version %d, want %d", r.Verilith, Contract)
	}
	switch r.Op {
	case OpAbout:
		return nil
	case OpVerify, OpInspect, OpAdvance, OpAuthorize, OpRecognize, OpSignIn:
	default:
		return &Error{Unsupported, "op", fmt.Sprintf("no operation %.40q; this module has verify, inspect, advance, authorize, recognize, signin and about", string(r.Op))}
	}
	if takes := r.Op == OpVerify || r.Op == OpInspect || r.Op == OpSignIn; takes != (r.Input != nil) {
		return bad("input", "want one for verify, inspect and signin, and for no other operation")
	}
	if asks := r.Op == OpAuthorize || r.Op == OpRecognize; asks != (r.Query != nil) {
		return bad("query", "want one for authorize and recognize, and for no other operation")
	}
	if err := r.Query.check(); err != nil {
		return err
	}
	if r.Op != OpInspect || r.Now != "" {
		if _, err := ParseTime(r.Now); err != nil {
			return bad("now", "%v", err)
		}
	}
	if n := len(r.Registries); n > MaxRegistry {
		return &Error{TooManyEntries, "registries", fmt.Sprintf("%d registries, want at most %d", n, MaxRegistry)}
	}
	for i, reg := range r.Registries {
		if err := reg.check("registries[" + strconv.Itoa(i) + "]"); err != nil {
			return err
		}
	}
	if err := r.Policy.check(); err != nil {
		return err
	}
	if err := r.Expect.check(); err != nil {
		return err
	}
	if r.Expect != nil {
		if err := r.Expect.SignIn.check(r.Op); err != nil {
			return err
		}
	}
	if n := len(r.Evidence); n > MaxEvidence {
		return &Error{TooManyEntries, "evidence", fmt.Sprintf("%d documents, want at most %d", n, MaxEvidence)}
	}
	seen := make(map[string]bool, len(r.Evidence))
	for i, e := range r.Evidence {
		member := "evidence[" + strconv.Itoa(i) + "]"
		if _, err := block.ParseCID(e.Block); err != nil {
			return bad(member+".block", "%v", err)
		}
		if _, err := ParseTime(e.Obtained); err != nil {
			return bad(member+".obtained", "%v", err)
		}
		name := Need{URL: e.URL, Registry: e.Registry, Document: e.Document}.Name()
		if e.Registry != "" {
			name += " " + e.Block // mirrors may differ, and signatures say which one counts
		}
		switch {
		case e.URL == "" && e.Registry == "":
			return bad(member+".url", "is empty")
		case e.URL != "" && e.Registry != "" || (e.Registry == "") != (e.Document == ""):
			return bad(member, "want a url, or a registry and a document")
		case seen[name]:
			return bad(member, "%.200q is there twice", name)
		}
		seen[name] = true
	}
	if n := len(r.Unobtainable); n > MaxEvidence {
		return &Error{TooManyEntries, "unobtainable", fmt.Sprintf("%d names, want at most %d", n, MaxEvidence)}
	}
	return nil
}

func (r *Registry) check(member string) error {
	kinds := 0
	for _, set := range []bool{r.Snapshot != "", r.Entities != nil, r.ID != ""} {
		if set {
			kinds++
		}
	}
	if kinds != 1 {
		return &Error{BadRequest, member, fmt.Sprintf("has %d of snapshot, entities and id, want exactly one", kinds)}
	}
	if r.ID != "" {
		c, err := block.ParseCID(r.ID)
		if err != nil {
			return &Error{BadRequest, member + ".id", err.Error()}
		}
		if c.Prefix().Codec != block.JSON {
			return &Error{BadRequest, member + ".id", r.ID + " is not of codec 0x0200 (JSON)"}
		}
	} else if r.State != "" {
		return &Error{BadRequest, member + ".state", "belongs to a registry with an id"}
	}
	if r.Snapshot != "" {
		c, err := block.ParseCID(r.Snapshot)
		if err != nil {
			return &Error{BadRequest, member + ".snapshot", err.Error()}
		}
		if c.Prefix().Codec != block.DagCBOR {
			return &Error{BadRequest, member + ".snapshot", r.Snapshot + " is not of codec dag-cbor"}
		}
	}
	if len(r.Authority) > maxName {
		return &Error{BadRequest, member + ".authority", fmt.Sprintf("has %d bytes, want at most %d", len(r.Authority), maxName)}
	}
	if r.AsOf != "" {
		if _, err := ParseTime(r.AsOf); err != nil {
			return &Error{BadRequest, member + ".asOf", err.Error()}
		}
		if r.Snapshot == "" {
			return &Error{BadRequest, member + ".asOf", "belongs to a registry with a snapshot"}
		}
	}
	if n := len(r.Entities); n > MaxEntities {
		return &Error{TooManyEntries, member + ".entities", fmt.Sprintf("%d entities, want at most %d; put them into a snapshot", n, MaxEntities)}
	}
	return nil
}

func (q *Query) check() error {
	if q == nil {
		return nil
	}
	for _, m := range []struct{ name, value string }{{"entity", q.Entity}, {"action", q.Action}, {"resource", q.Resource}} {
		if m.value == "" {
			return &Error{BadRequest, "query." + m.name, "is empty"}
		}
	}
	for _, m := range []struct{ name, value string }{{"entity", q.Entity}, {"authority", q.Authority}, {"action", q.Action}, {"resource", q.Resource}, {"jurisdiction", q.Jurisdiction}} {
		if len(m.value) > maxName {
			return &Error{BadRequest, "query." + m.name, fmt.Sprintf("has %d bytes, want at most %d", len(m.value), maxName)}
		}
	}
	if q.Time != "" {
		if _, err := ParseTime(q.Time); err != nil {
			return &Error{BadRequest, "query.time", err.Error()}
		}
	}
	return nil
}

// check holds a request of OpenID4VP together: a response is checked against all of it, or
// not at all. Section 5.2 requires the nonce.
func (e *Expect) check() error {
	if e == nil {
		return nil
	}
	if err := e.MDoc.check(); err != nil || e.OpenID4VP == nil {
		return err
	}
	bad := func(member, format string, args ...any) error {
		return &Error{BadRequest, "expect." + member, fmt.Sprintf(format, args...)}
	}
	x := e.OpenID4VP
	switch {
	case e.Nonce == "":
		return bad("nonce", "is empty; a request of OpenID4VP has one")
	case len(e.Audience) > 0:
		return bad("audience", "is the clientId or the origin of a request of OpenID4VP; want none beside it")
	case (x.ClientID == "") == (e.Origin == ""):
		return bad("openid4vp.clientId", "want either it or an origin: over the Digital Credentials API the origin is the audience")
	case x.ClientID == "" && x.ResponseURI != "":
		return bad("openid4vp.responseUri", "a response over the Digital Credentials API has none")
	case len(x.ClientID) > maxName || len(x.ResponseURI) > maxName:
		return bad("openid4vp", "a name in it has over %d bytes", maxName)
	}
	if x.JWKThumbprint != "" {
		if b, err := base64.RawURLEncoding.Strict().DecodeString(x.JWKThumbprint); err != nil || len(b) != sha256.Size {
			return bad("openid4vp.jwkThumbprint", "%.60q is no SHA-256 thumbprint in base64url", x.JWKThumbprint)
		}
	}
	return nil
}

func (p *Policy) check() error {
	if p == nil {
		return nil
	}
	if p.Trust != "" && p.Trust != TrustRegistry && p.Trust != TrustNone {
		return &Error{BadRequest, "policy.trust", fmt.Sprintf("%.40q, want %q or %q", p.Trust, TrustRegistry, TrustNone)}
	}
	for _, class := range slices.Sorted(maps.Keys(p.AcceptStale)) {
		if !slices.Contains(classes, class) {
			return &Error{BadRequest, "policy.acceptStale", fmt.Sprintf("no class %.40q of evidence; want one of %q", class, classes)}
		}
		if _, err := ParseAge(p.AcceptStale[class]); err != nil {
			return &Error{BadRequest, "policy.acceptStale." + class, err.Error()}
		}
	}
	return nil
}

// The classes of evidence that Policy.AcceptStale and Verdict.Freshness name.
const (
	ClassKeys     = "keys"     // documents that hold an issuer's keys
	ClassStatus   = "status"   // status lists
	ClassTypes    = "types"    // type metadata, to which no age applies
	ClassSchemas  = "schemas"  // schemas and what is named by digest, to which no age applies
	ClassContexts = "contexts" // JSON-LD contexts, to which no age applies
	ClassRegistry = "registry" // the head of a governed registry
)

var classes = []string{ClassKeys, ClassStatus, ClassRegistry}

// ParseTime reads an RFC 3339 time. It must name its offset, as that grammar demands.
func ParseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	// time.Parse also takes one-digit hours and a comma before the fraction.
	if err != nil || len(s) < len("2006-01-02T15:04:05Z") || s[13] != ':' || s[16] != ':' || strings.Contains(s, ",") {
		return time.Time{}, fmt.Errorf("%.40q is no RFC 3339 time", s)
	}
	return t.UTC(), nil
}

// FormatTime writes t in UTC as RFC 3339, to the second where it has no fraction.
func FormatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// ParseAge reads a duration of days, hours or minutes: "30d", "12h", "90m".
func ParseAge(s string) (time.Duration, error) {
	units := map[byte]time.Duration{'d': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute}
	if len(s) >= 2 && len(s) <= 7 {
		n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
		unit, ok := units[s[len(s)-1]]
		if err == nil && ok && n <= maxAgeDays*uint64(24*time.Hour/unit) {
			return time.Duration(n) * unit, nil
		}
	}
	return 0, fmt.Errorf("%.40q is no age; want a whole number of d, h or m, at most %dd", s, maxAgeDays)
}

const maxAgeDays = 36500 // a century; keeps a duration far from overflow
