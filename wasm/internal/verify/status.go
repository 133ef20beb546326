package verify

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/issuer"
	"github.com/verilith/verilith/wasm/internal/proof"
	"github.com/verilith/verilith/wasm/internal/status"
	"github.com/verilith/verilith/wasm/internal/trust"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/wire"
)

// stands reports whether nothing speaks against the credential so far. Only then is a
// list asked for: Token Status List Section 8.3 has a token validated before its status
// is looked at, and who asks for a list says that a credential of its is being verified.
func stands(r *report, a *trust.Answer, policy wire.Policy) bool {
	for _, c := range r.v.Checks {
		if c.Result != wire.Pass {
			return false
		}
	}
	return a.Reason == "" || waived(a, policy)
}

// statusCheck answers for every status entry of a proven credential, and for the
// certificates that its keys are in: all of them count.
// What lists it lacks becomes needs, all in one round. It reports whether a list is
// stale, and accepted so.
func statusCheck(ev *evidence, r *report, env *cred.Envelope, p proof.Proven, m *material, made []*keys.Key, good bool, policy wire.Policy) (stale bool) {
	entries, worst := status.Entries(p)
	signers := m.signers(made)
	switch {
	case len(p.Credential().Status) == 0 && len(signers) == 0:
		r.pass(wire.CheckStatus, noStatus(env))
		return false
	case worst.Reason != "" && !worst.Unknown:
		r.fail(wire.CheckStatus, worst.Reason, worst.Detail, false)
		statusProblem(r, worst)
		return false
	case !good:
		if worst.Reason != "" {
			r.fail(wire.CheckStatus, worst.Reason, worst.Detail, true)
		} else {
			r.skip(skippedEarlier, "its status is not looked at before all else holds", wire.CheckStatus)
		}
		return false
	}
	var details, rests []string
	if len(p.Credential().Status) == 0 {
		details = append(details, noStatus(env))
	}
	key := m.made(0, made[0])
	asked := map[string]*listing{}
	for i := range entries {
		e := &entries[i]
		if e.Type == cred.HealthCardRevocation && !key.Lists {
			// "Revocation": a key whose JWK has no crlVersion has no list.
			details = append(details, "the issuer's key has no revocation list")
			continue
		}
		l := asked[e.URL+" "+e.Type]
		if l == nil {
			l = ev.listing(r, e, p.Credential(), m, policy)
			asked[e.URL+" "+e.Type] = l
			if l.doc != nil {
				rests = append(append(rests, cids(l.doc.proof)...), l.doc.cid)
			}
		}
		a := l.answer
		if a.Reason == "" {
			if e.Signed {
				a = e.Check(l.list)
			} else {
				a = e.CheckCards(l.doc.body, key.ListVersion)
				if asOf, err := wire.ParseTime(l.doc.obtained); a.Reason == status.Stale && err == nil && accepted(ev, policy, wire.ClassStatus, ev.now.Sub(asOf)) {
					r.relax("acceptStale.status", wire.CheckStatus, status.Stale)
					a, stale = status.Answer{Detail: a.Detail}, true
				}
			}
			stale = stale || l.stale
		}
		if a.Reason != "" && (worst.Reason == "" || worst.Unknown && !a.Unknown) {
			worst = a
		}
		details = append(details, a.Detail)
	}
	c := ev.revocations(r, signers, policy)
	details, rests, stale = append(details, c.details...), append(rests, c.rests...), stale || c.stale
	if c.worst.Reason != "" && (worst.Reason == "" || worst.Unknown && !c.worst.Unknown) {
		worst = c.worst
	}
	if worst.Reason != "" {
		r.fail(wire.CheckStatus, worst.Reason, worst.Detail, worst.Unknown, rests...)
		statusProblem(r, worst)
		return stale
	}
	r.pass(wire.CheckStatus, strings.Join(details, "; "), rests...)
	return stale
}

// noStatus says that a credential names no status, as far as is known: VC-JOSE-COSE asks of
// issuers only that they SHOULD NOT let a credentialStatus be withheld ("With SD-JWT"). An
// SD-JWT VC's must not be, and is in the open.
func noStatus(env *cred.Envelope) string {
	if env.Format == cred.VCSDJWT && env.SD.Claims.Undisclosed > 0 {
		return fmt.Sprintf("the credential discloses no status; %d of its claims are withheld, and one may be among them", env.SD.Claims.Undisclosed)
	}
	return "the credential names no status"
}

// statusProblem adds the problem details of Bitstring Status List Section 3.5.
func statusProblem(r *report, a status.Answer) {
	kind := "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR"
	switch a.Reason {
	case status.Unavailable:
		kind = "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR"
	case status.TooShort:
		kind = "https://www.w3.org/ns/credentials/status-list#STATUS_LIST_LENGTH_ERROR"
	case status.OutOfRange:
		kind = "https://www.w3.org/TR/vc-data-model#RANGE_ERROR"
	case status.Unsupported, status.Undefined, status.Stale, ClockSuspect:
		return // nothing is wrong; something is not known
	}
	r.problem(kind, a.Reason, a.Detail)
}

// listing is one status list, had and proven, or why it is not.
type listing struct {
	doc    *document
	list   *status.List
	answer status.Answer // without a reason where all holds
	stale  bool          // and accepted so
}

// listing obtains a list, proves it and looks at its age.
func (ev *evidence) listing(r *report, e *status.Entry, referrer *cred.Credential, m *material, policy wire.Policy) *listing {
	l := &listing{}
	doc, ttl, err := ev.statusList(e.URL, e.Accept)
	switch {
	case errors.Is(err, issuer.ErrMissing):
		l.answer = status.Answer{Reason: status.Unavailable, Unknown: true, Detail: "the list is asked for"}
		return l
	case err != nil:
		l.answer = status.Answer{Reason: status.Unavailable, Unknown: true, Detail: fmt.Sprintf("the list at %.200q could not be obtained", e.URL)}
		return l
	}
	l.doc = doc
	if !e.Signed {
		l.stale, l.answer = ev.listAge(r, doc, ttl, nil, nil, policy)
		return l
	}
	o := claimant{what: "the list", check: wire.CheckStatus, resource: e.Resource, referrer: referrer, material: m}
	key := listKey(e, doc, referrer)
	memo := lists.take()
	defer lists.put(memo)
	known := memo.find(key)
	if known == nil {
		if o.env, o.c, l.answer = openList(e, doc.body, referrer); l.answer.Reason != "" {
			return l
		}
	} else {
		c := known.c
		o.env, o.c = known.env, &c
	}
	opened := readList{key: key, env: o.env, c: *o.c}
	p, answer := ev.proveOther(r, o, policy)
	if l.answer = answer; answer.Reason != "" {
		return l
	}
	if known == nil {
		if l.list, l.answer = e.Read(p); l.answer.Reason != "" {
			return l
		}
		opened.list, opened.size = l.list, 4*len(doc.body)+l.list.Size()
		memo.keep(opened)
	} else {
		l.list = known.list
	}
	c := p.Credential()
	for _, from := range []*time.Time{c.ValidFrom, c.SignedAt} {
		if from != nil && from.Sub(ev.now) > maxSkew {
			l.answer = status.Answer{Reason: status.NotYet, Unknown: true, Detail: "the list is valid from " + wire.FormatTime(*from)}
			return l
		}
	}
	if l.list.TTL > 0 { // its issuer's own word outranks what came with it
		ttl = l.list.TTL
	}
	signed := p.SignedAt()
	l.stale, l.answer = ev.listAge(r, doc, ttl, c.ValidUntil, &signed, policy)
	return l
}

// statusList obtains a list by its URL: from a registry's status lists or resources, or
// else as live evidence. What is asked for is always the whole list. ttl is how long
// the registry says that it may be kept, 0 for nothing.
func (ev *evidence) statusList(url, accept string) (doc *document, ttl time.Duration, err error) {
	doc, ttl, err = ev.listed(url)
	if err == nil || errors.Is(err, issuer.ErrMissing) {
		return doc, ttl, err
	}
	// What is read here is no document that holds keys.
	used := ev.used
	ev.used = nil
	_, err = ev.Document(url, accept)
	if len(ev.used) > 0 {
		doc = &ev.used[0]
	}
	ev.used = used
	return doc, 0, err
}

// claimant is a credential that another one refers to, and that is to be proven before
// it is read: a status list, or the credential of a schema.
type claimant struct {
	what     string // for people: "the list"
	check    string // the check that it is for
	env      *cred.Envelope
	c        *cred.Credential
	resource string // what an issuer other than the referrer's must be authorised to issue
	referrer *cred.Credential
	material *material // of the referrer
}

// proveOther proves a credential that another one refers to as any is: by a key of its
// issuer that was in force, who is the referrer's own issuer or authorised by the
// registries to issue the like. No loosening of the policy reaches here but the age of keys.
func (ev *evidence) proveOther(r *report, o claimant, policy wire.Policy) (proof.Proven, status.Answer) {
	none := proof.Proven{}
	unproven := func(detail string, unknown bool) (proof.Proven, status.Answer) {
		return none, status.Answer{Reason: status.Unproven, Detail: o.what + ": " + detail, Unknown: unknown}
	}
	proofs, err := proof.List(o.env, o.c)
	if err != nil {
		return unproven(err.Error(), unknownProof(err))
	}
	heard, quiet, needed, read := ev.heard, ev.quiet, len(ev.needs), len(ev.used)
	m := plan(ev, o.c, proofs, wire.Policy{Trust: policy.Trust})
	ev.heard, ev.quiet = append(slices.Clone(heard), ev.heard...), quiet
	if len(ev.needs) > needed {
		return unproven("its key is asked for", true)
	}
	if m.keyErr != nil {
		var ie *issuer.Error
		unknown := errors.As(m.keyErr, &ie) && ie.Unknown
		for _, s := range m.standings {
			unknown = unknown || s.Err != nil
		}
		return unproven(m.keyErr.Error(), unknown)
	}
	if freshness(ev, r, ev.used[read:], &m, policy) {
		r.relax("acceptStale.keys", o.check, StaleKeys)
	}
	if m.stale != "" {
		return unproven(m.stale, true)
	}
	proven, made, err := proof.Prove(o.c, proofs, &m, ev.now)
	if err != nil {
		return unproven(err.Error(), unknownProof(err))
	}
	bound := newReport(ev.now)
	binding(bound, &m, made, wire.Policy{})
	if b := bound.v.Checks[0]; b.Result != wire.Pass {
		return unproven(b.Detail, b.Result == wire.Unknown)
	}
	if c := ev.revocations(r, m.signers(made), policy); c.worst.Reason != "" {
		return unproven(c.worst.Detail, c.worst.Unknown)
	}
	// A certificate's authority speaks for its issuers: the list's must be the credential's.
	if same(o.c.Issuer, status.Owner(o.referrer), o.material) &&
		(o.c.Authority == "" || o.c.Authority == o.referrer.Authority || same(o.c.Authority, o.referrer.Issuer, o.material)) {
		return proven, status.Answer{}
	}
	a := trust.Ask(trust.Question{Entity: cmp.Or(o.c.Authority, o.c.Issuer), Action: trust.Issue, Resources: []string{o.resource}, At: proven.SignedAt(), Now: ev.now, Held: true}, ev)
	for _, missing := range a.Missing {
		ev.needBlock(missing.CID, missing.Path)
	}
	if a.Reason != "" {
		return none, status.Answer{Reason: status.Untrusted, Unknown: a.Unknown, Detail: fmt.Sprintf("%s is issued by %.200q, who is not the credential's issuer and not authorised to issue %s: %s", o.what, o.c.Issuer, o.resource, a.Detail)}
	}
	return proven, status.Answer{}
}

// same reports whether two names are one issuer's: alike, or both of one entity.
func same(a, b string, m *material) bool {
	if a == b {
		return true
	}
	for _, s := range m.standings {
		has := func(id string) bool { return s.Entity.ID == id || slices.Contains(s.Entity.IDs, id) }
		if s.Entity != nil && has(a) && has(b) {
			return true
		}
	}
	return false
}

func unknownProof(err error) bool {
	var pe *proof.Error
	return errors.As(err, &pe) && pe.Unknown
}

// openList reads a list as the credential that it is, held to its data model.
func openList(e *status.Entry, body []byte, referrer *cred.Credential) (*cred.Envelope, *cred.Credential, status.Answer) {
	if e.Type == cred.TokenStatus {
		return status.OpenToken(body, referrer)
	}
	return openCredential("the list", body)
}

// openCredential reads a credential that another one refers to.
func openCredential(what string, body []byte) (*cred.Envelope, *cred.Credential, status.Answer) {
	bad := func(detail string, unknown bool) (*cred.Envelope, *cred.Credential, status.Answer) {
		return nil, nil, status.Answer{Reason: status.BadList, Detail: what + ": " + detail, Unknown: unknown}
	}
	env, err := cred.Recognise(body, "")
	if err != nil {
		var ce *cred.Error
		return bad(err.Error(), errors.As(err, &ce) && ce.Reason == cred.UnsupportedFormat)
	}
	c, problems := env.Credential()
	if len(problems) > 0 {
		return bad(problems[0].String(), false)
	}
	return env, c, status.Answer{}
}

// listAge judges how old a list is. It is relied on until its validity ends, and no
// longer after it was obtained than its ttl, or than maxLiveAge where it names none. A
// policy may accept an older one, by the age of what is known.
func (ev *evidence) listAge(r *report, d *document, ttl time.Duration, until, signed *time.Time, policy wire.Policy) (stale bool, a status.Answer) {
	bound := maxLiveAge
	if ttl > 0 {
		bound = ttl
	}
	f := wire.Freshness{Class: wire.ClassStatus, Source: d.url, Origin: d.origin, State: "fresh", Bound: age(bound)}
	defer func() { r.v.Freshness = append(r.v.Freshness, f) }()
	asOf, err := wire.ParseTime(d.obtained)
	if err != nil && signed != nil {
		asOf, err = *signed, nil // a registry need not say when it was obtained: no earlier than it was made
	}
	if err != nil {
		f.State = "stale"
		return false, status.Answer{Reason: status.Stale, Unknown: true, Detail: fmt.Sprintf("when the list at %.200q was obtained is not known", d.url)}
	}
	f.AsOf, f.Age = wire.FormatTime(asOf), age(ev.now.Sub(asOf))
	if asOf.Sub(ev.now) > maxAhead {
		f.State = "suspect"
		return false, status.Answer{Reason: ClockSuspect, Unknown: true, Detail: fmt.Sprintf("the list at %.200q was obtained at %s, and it is said to be %s", d.url, f.AsOf, wire.FormatTime(ev.now))}
	}
	why := ""
	if old := ev.now.Sub(asOf); old > bound {
		why = fmt.Sprintf("the list at %.200q is %s old, want at most %s", d.url, f.Age, f.Bound)
	}
	if until != nil && !ev.now.Before(*until) {
		why = fmt.Sprintf("the list at %.200q was valid until %s", d.url, wire.FormatTime(*until))
		if until.Before(asOf) {
			asOf = *until
		}
	}
	if why == "" {
		return false, status.Answer{}
	}
	f.State = "stale"
	if accepted(ev, policy, wire.ClassStatus, ev.now.Sub(asOf)) {
		r.relax("acceptStale.status", wire.CheckStatus, status.Stale)
		return true, status.Answer{}
	}
	return false, status.Answer{Reason: status.Stale, Unknown: true, Detail: why}
}
