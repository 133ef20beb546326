// Package trust answers who may do what: entity × action × resource × jurisdiction ×
// time, by the word of registries.
//
// It answers the two queries of the Trust Registry Query Protocol [TRQP] offline, and
// a verification asks by the same code: may this issuer issue this, at the time when
// it was signed?
//
// All registries that the request trusts are asked. One of them must authorise the
// entity, and what any of them says against it counts. An authorization that another
// entity grants is as good as that one's right to grant it (chain.go). Where a
// registry does not know the entity, the registries that it recognises are asked for
// it (recognise.go). A registry that cannot be read is not an empty one.
//
// Package trust refuses to guess: what is not written in a registry is not allowed,
// and "no" is said only where blocks prove it.
//
// [TRQP]: https://trustoverip.github.io/tswg-trust-registry-protocol/
package trust

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/proof"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/wire"
)

// Reason is the stable part of an answer that is not a yes.
type Reason string

// The reasons of this package. A key that does not hold has those of package registry.
const (
	NoTrustAnchor       Reason = "no_trust_anchor"            // no registry was given that is trusted by itself
	RegistryUnavailable Reason = "registry_unavailable"       // a registry could not be read
	RegistryMalformed   Reason = "registry_malformed"         // a registry breaks the format
	NotInRegistry       Reason = "issuer_not_in_registry"     // proven absent
	NotAuthorised       Reason = "issuer_not_authorised"      // no authorization covers it
	NotInForce          Reason = "authorization_not_in_force" // one covers it at another time
	NotInJurisdiction   Reason = "jurisdiction_not_covered"   // one covers it elsewhere
	GrantRevoked        Reason = "authorization_revoked"
	IssuerSuspended     Reason = "issuer_suspended"
	IssuerRevoked       Reason = "issuer_revoked"
	IssuerRetired       Reason = "issuer_retired"
	IssuerNotActive     Reason = "issuer_not_active" // its history begins later

	AccreditorNotInRegistry Reason = "accreditor_not_in_registry" // proven absent
	AccreditorNotAuthorised Reason = "accreditor_not_authorised"  // it had no right to grant that, then
	AccreditorRevoked       Reason = "accreditor_revoked"
	AccreditorSuspended     Reason = "accreditor_suspended"
	AccreditationCycle      Reason = "accreditation_cycle"    // the chain comes back to where it was
	SelfAccreditation       Reason = "self_accreditation"     // and nobody above allows it
	AccreditationTooDeep    Reason = "accreditation_too_deep" // more than MaxChain links

	AuthorityUnknown Reason = "authority_unknown"          // no registry speaks for the authority that was asked about
	NotByAuthority   Reason = "not_by_authority"           // authorised, but not by that authority
	AmbiguousKey     Reason = "ambiguous_key"              // several entities have the key that was asked about
	TooMuchWork      Reason = "question_too_wide"          // a bound of the work was reached
	NotRecognised    Reason = "registry_not_recognised"    // proven: no recognition, or none for that
	NotRecognisedNow Reason = "recognition_not_in_force"   // recognised for it at another time
	RecognitionGone  Reason = "recognition_revoked"        // and suspended
	CannotOpen       Reason = "recognised_registry_absent" // a recognised registry that the request has no way to
)

// The actions that have a meaning here.
const (
	Issue    = "issue"    // what an issuer must be authorised to do
	Accredit = "accredit" // to grant authorizations for the resource, and the right to grant them
)

// The bounds of one question: some three times what the largest real ones come to.
const (
	MaxChain    = 8    // accreditations behind an authorization
	maxLookups  = 128  // entities that are looked up
	maxSteps    = 4096 // authorizations that are judged, of a record with hundreds and chains of them
	MaxOpened   = 8    // recognised registries that are opened
	maxExpanded = 32   // times that the recognitions of a registry are gone through
	maxAsked    = 256  // times that a recognised registry is asked: one for each scope in which it is recognised
)

// Question is what is asked of the registries.
type Question struct {
	// Entity is who is asked about: an identifier, or a reference to a key of theirs.
	Entity string
	Action string
	// Resources are what the action is done to, all of it. Kinds are general types of
	// it: an authorization for one of those covers each resource.
	Resources, Kinds []string
	// Jurisdiction narrows the question; "" asks for an authorization that holds anywhere.
	Jurisdiction string
	// Authority is by whose word; "" is any registry's that is trusted.
	Authority string
	// At is the time that is asked about, and Now when it is asked.
	At, Now time.Time
	// Held says that what is held against somebody today counts whatever the time: a
	// credential is relied on today.
	Held bool
}

// Registries are where a question goes to.
type Registries interface {
	// Trusted are the registries that are trusted by themselves, in order.
	Trusted() []*registry.Registry
	// Known returns the registry of the request that goes by an id, or nil.
	Known(id string) *registry.Registry
	// Open returns the registry that goes by an id, of the request or not, or nil where
	// there is no way to it. The same id gives the same registry.
	Open(id string) *registry.Registry
}

// Answer is what the registries say together.
type Answer struct {
	Reason  Reason // "" is a yes
	Detail  string
	Unknown bool // it is not a no either: the evidence does not suffice
	// Standing is that of the registry that decided, nil where none did.
	Standing *registry.Standing
	// Grant is the authorization that a yes rests on, the first of several, and
	// Recognition what a yes to Recognise does.
	Grant       *snapshot.Authorization
	Recognition *snapshot.Recognition
	// Key is the record of the key that was asked about, or nil.
	Key *snapshot.Key
	// Path is the chain behind Grant, from the entity up to a registry that is trusted by itself.
	Path []wire.Link
	// Standings are what each registry said that was asked for the entity: the trusted
	// ones first, with the blocks that all of it rests on.
	Standings []registry.Standing
	// Missing are the blocks that the answer lacks.
	Missing []*snapshot.Missing
}

// Check answers whether the issuer of a proven credential may say what it says, at the
// time when it was signed.
func Check(p proof.Proven, regs Registries, now time.Time) Answer {
	return Ask(question(p.Credential(), p.SignedAt(), now), regs)
}

// Foresee is Check before anything is proven: it says which blocks Check will need, and
// which registries have a word on the issuer. It is no answer.
func Foresee(c *cred.Credential, signed, now time.Time, regs Registries) Answer {
	return Ask(question(c, signed, now), regs)
}

func question(c *cred.Credential, signed, now time.Time) Question {
	kinds, resources := Resources(c)
	return Question{Entity: cmp.Or(c.Authority, c.Issuer), Action: Issue, Resources: resources, Kinds: kinds, At: signed, Now: now, Held: true}
}

// Ask answers whether an entity is authorised.
func Ask(q Question, regs Registries) Answer {
	k := newAsker(q, regs)
	trusted := regs.Trusted()
	if len(trusted) == 0 {
		return Answer{Reason: NoTrustAnchor, Unknown: true, Detail: "no registry was given that is trusted by itself, so nobody is trusted"}
	}
	asked, met := k.speaking(trusted)
	var yes, no, open, held *Answer
	var starts []node
	for _, r := range asked {
		n := node{reg: r, remaining: MaxOpened, met: met}
		a := k.one(n)
		switch {
		case a.Unknown:
			open = first(open, a)
		case a.Reason == "":
			yes = first(yes, a)
		case against(a.Reason):
			held = first(held, a)
		case a.Reason == NotInRegistry:
			starts = append(starts, n)
		default:
			no = first(no, a)
		}
	}
	switch {
	case held != nil: // what any registry says against the issuer counts
		return k.conclude(*held)
	case open != nil: // the registry that could not be read may have something against the issuer
		return k.conclude(*open)
	case yes != nil:
		return k.conclude(*yes)
	}
	a := k.recognised(starts, 0, k.one)
	switch {
	case a.Reason == "" || a.Unknown || against(a.Reason):
	case no != nil:
		a = *no
	case a.Reason == NotInRegistry || a.Reason == NotRecognised:
		a = absent(asked)
	}
	return k.conclude(k.represented(a))
}

// against reports whether a reason is something that a registry holds against the
// entity, whoever else may authorise it.
func against(r Reason) bool {
	return r == IssuerRevoked || r == IssuerSuspended || r == Reason(registry.KeyRevoked) || r == Reason(registry.KeySuspended)
}

func absent(asked []*registry.Registry) Answer {
	names := make([]string, len(asked))
	for i, r := range asked {
		names[i] = r.Label
	}
	return Answer{Reason: NotInRegistry, Detail: "the issuer is in none of " + strings.Join(names, ", ")}
}

func first(have *Answer, a Answer) *Answer {
	if have != nil {
		return have
	}
	return &a
}

// asker is one question on its way through the registries.
type asker struct {
	q       Question
	regs    Registries
	asked   []*registry.Registry // in order
	heard   map[*registry.Registry]map[string]registry.Standing
	rests   map[*registry.Registry][]cid.Cid // what was read beside the entity itself
	lookups int
	steps   int
	missing []*snapshot.Missing
}

func newAsker(q Question, regs Registries) *asker {
	return &asker{q: q, regs: regs, heard: map[*registry.Registry]map[string]registry.Standing{}, rests: map[*registry.Registry][]cid.Cid{}}
}

// speaking returns the registries that speak for the authority that is asked about: all,
// where it is any. Where none does, it may still be an accreditor in one of them, or a
// registry that one of them recognises; met is then false.
func (k *asker) speaking(trusted []*registry.Registry) (list []*registry.Registry, met bool) {
	if k.q.Authority == "" {
		return trusted, true
	}
	for _, r := range trusted {
		if err := r.Ready(); err != nil {
			return trusted, false // it may be the one; what cannot be read ends as unknown
		}
		if r.Speaks(k.q.Authority) {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		return trusted, false
	}
	return list, true
}

// represented makes an unknown of a no where no registry was asked that speaks for the
// authority in question, or knows it: nobody says no in another's name.
func (k *asker) represented(a Answer) Answer {
	if k.q.Authority == "" || a.Reason == "" || a.Unknown || against(a.Reason) {
		return a
	}
	for _, r := range k.asked {
		if r.Speaks(k.q.Authority) {
			return a
		}
		switch s := k.entity(r, k.q.Authority); {
		case s.Err != nil:
			return unreadable(&s)
		case s.Entity != nil:
			return a
		}
	}
	return Answer{Reason: AuthorityUnknown, Unknown: true, Detail: fmt.Sprintf("no registry that was asked speaks for %.200q", k.q.Authority)}
}

// conclude completes an answer by what was heard on the way.
func (k *asker) conclude(a Answer) Answer {
	a.Missing = k.missing
	for _, r := range k.asked {
		s, ok := k.heard[r][k.q.Entity]
		if a.Standing != nil && a.Standing.Registry == r {
			s, ok = *a.Standing, true
		}
		if !ok {
			s = registry.Standing{Registry: r}
		}
		s.Proof.Blocks = slices.Clone(s.Proof.Blocks)
		for _, c := range k.rests[r] {
			if !slices.Contains(s.Proof.Blocks, c) {
				s.Proof.Blocks = append(s.Proof.Blocks, c)
			}
		}
		a.Standings = append(a.Standings, s)
		if a.Standing != nil && a.Standing.Registry == r {
			a.Standing = &s
		}
	}
	if a.Standing == nil && len(a.Standings) > 0 {
		a.Standing = &a.Standings[0]
	}
	return a
}

// entity looks an entity up, once.
func (k *asker) entity(r *registry.Registry, id string) registry.Standing {
	if s, ok := k.heard[r][id]; ok {
		return s
	}
	if k.lookups++; k.lookups > maxLookups {
		return registry.Standing{Registry: r, Err: errTooMuch}
	}
	if k.heard[r] == nil {
		k.heard[r] = map[string]registry.Standing{}
	}
	s := r.Entity(id)
	k.miss(s.Err)
	if id != k.q.Entity {
		k.rest(r, s.Proof.Blocks)
	}
	k.heard[r][id] = s
	return s
}

var errTooMuch = fmt.Errorf("the question leads to more than %d entities", maxLookups)

// miss notes a block that is not at hand.
func (k *asker) miss(err error) {
	var m *snapshot.Missing
	if errors.As(err, &m) {
		k.missing = append(k.missing, m)
	}
}

// rest notes blocks that the answer rests on.
func (k *asker) rest(r *registry.Registry, blocks []cid.Cid) {
	k.rests[r] = append(k.rests[r], blocks...)
}

// unreadable is the answer of a registry that could not be read.
func unreadable(s *registry.Standing) Answer {
	a := Answer{Standing: s, Unknown: true, Reason: RegistryMalformed, Detail: s.Err.Error()}
	if missing := (*snapshot.Missing)(nil); errors.As(s.Err, &missing) {
		a.Reason = RegistryUnavailable
	}
	if distrust := (*registry.Distrust)(nil); errors.As(s.Err, &distrust) {
		a.Reason = Reason(distrust.Reason)
	}
	if errors.Is(s.Err, errTooMuch) {
		a.Reason = TooMuchWork
	}
	return a
}

// ask notes that a registry is asked. It may be asked again, for what counts by another way.
func (k *asker) ask(r *registry.Registry) {
	if !slices.Contains(k.asked, r) {
		k.asked = append(k.asked, r)
	}
}

// one is what a single registry says of the entity by itself.
func (k *asker) one(n node) Answer {
	k.ask(n.reg)
	s := k.entity(n.reg, k.q.Entity)
	if s.Err != nil {
		return unreadable(&s)
	}
	a := Answer{Standing: &s}
	if s.Entity == nil {
		held := k.holder(n.reg, &s)
		if held.Reason != "" {
			return held
		}
		a = held
	}
	e := a.Standing.Entity
	if reason, detail := k.conduct(e, k.q.At); reason != "" {
		a.Reason, a.Detail = reason, detail
		return a
	}
	if len(k.q.Resources) == 0 {
		a.Reason, a.Detail = NotAuthorised, "the credential has no type that could be authorised"
	}
	for _, resource := range k.q.Resources {
		w := k.covering(claim{reg: n.reg, entity: e, action: k.q.Action, resource: resource, at: k.q.At, scope: n.scope, met: n.met})
		if w.reason != "" {
			// A proven no for one resource outweighs what is open for another.
			if a.Reason == "" || a.Unknown && !w.unknown {
				a.Reason, a.Detail, a.Unknown = w.reason, w.detail, w.unknown
			}
			continue
		}
		if a.Grant == nil {
			a.Grant, a.Path = w.grant, append(slices.Clone(w.path), n.path...)
		}
	}
	if a.Reason != "" {
		a.Grant, a.Path = nil, nil
	}
	return a
}

// holder finds the entity by a reference to its key, where the question has one in the
// place of an id. Then the key, too, must have been in force.
func (k *asker) holder(r *registry.Registry, s *registry.Standing) Answer {
	none := Answer{Standing: s, Reason: NotInRegistry, Detail: "the issuer is not in " + r.Label}
	ref := k.q.Entity
	if !strings.HasPrefix(ref, "jkt:") && !strings.HasPrefix(ref, "ski:") && !strings.Contains(ref, "#") {
		return none
	}
	ids, p, err := r.Holders(ref)
	k.miss(err)
	s.Proof.Blocks = append(slices.Clone(s.Proof.Blocks), p.Blocks...)
	s.Err = err
	switch {
	case err != nil:
		return unreadable(s)
	case len(ids) == 0:
		return none
	case len(ids) > 1:
		return Answer{Standing: s, Reason: AmbiguousKey, Unknown: true, Detail: fmt.Sprintf("%d entities have the key %.200q; ask by an id", len(ids), ref)}
	}
	h := k.entity(r, ids[0])
	h.Proof.Blocks = append(slices.Clone(s.Proof.Blocks), h.Proof.Blocks...)
	switch {
	case h.Err != nil:
		return unreadable(&h)
	case h.Entity == nil:
		return Answer{Standing: &h, Reason: RegistryMalformed, Unknown: true, Detail: fmt.Sprintf("the key index names %.200q, which is not there", ids[0])}
	}
	a := Answer{Standing: &h, Reason: Reason(registry.KeyRevoked), Detail: "the entity has no such key"}
	for i := range h.Entity.Keys {
		key := &h.Entity.Keys[i]
		if !key.AnswersTo(*h.Entity, ref) {
			continue
		}
		a.Key = key
		reason, detail := registry.Allows(key, k.q.At)
		if a.Reason, a.Detail = Reason(reason), detail; reason == "" {
			break
		}
	}
	return a
}
