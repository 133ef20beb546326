package verify

import (
	"errors"
	"fmt"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/issuer"
	"github.com/verilith/verilith/wasm/internal/proof"
	"github.com/verilith/verilith/wasm/wire"
)

// holderChecks are the checks of a presentation by itself, after its format, in their
// order. Behind them stand, for each credential in it, part and holder: a presentation
// has no status and no schema, and nobody authorises a holder to present.
var holderChecks = []string{wire.CheckModel, wire.CheckKey, wire.CheckProof, wire.CheckBinding, wire.CheckDates, wire.CheckExpect}

// Why a presentation, or a credential in it, is refused.
const (
	// NotTheSubject: the credential is about others than who presents it.
	NotTheSubject = "holder_is_not_subject"
	// NoSubject: the credential says of nobody that it is about them, so anybody may present it.
	NoSubject = "credential_names_no_subject"
	// NothingPresented: there is no credential in the presentation.
	NothingPresented = "nothing_presented"
)

// presented judges a presentation: the holder's proof, and every credential in it, each
// with a verdict of its own. It is as good as the least of them.
//
// The texts ask for less than is checked here. VCDM 2.0 Section 4.13 makes holder and
// proof optional; a presentation without a proof is no more than its credentials, and
// who wants to know of them can verify them one by one, so it is rejected, and they are
// judged and shown all the same. Both data models leave it to the verifier whether the
// holder must be the subject (VCDM 1.1 Appendix C); here it must, unless the policy says
// otherwise.
func presented(ev *evidence, r *report, env *cred.Envelope, req *wire.Request) wire.Verdict {
	var policy wire.Policy
	if req.Policy != nil {
		policy = *req.Policy
	}
	p, problems := env.OpenPresentation()
	r.v.Presentation = presentationShown(p)
	h := holder{ev: ev, env: env, p: p, policy: policy}
	stale := false
	if len(problems) > 0 {
		model(r, problems)
		r.skip(skippedEarlier, "the document breaks its data model", holderChecks[1:]...)
	} else {
		r.pass(wire.CheckModel, "the document obeys its data model")
		stale = h.check(r, req.Expect)
	}
	for i := range p.Credentials {
		c := &p.Credentials[i]
		part := h.part(c, req)
		r.v.Parts = append(r.v.Parts, part)
		name := fmt.Sprintf("credential %d", i+1)
		stale = r.part(name, &part) || stale
		h.holds(r, name, c, &part)
	}
	if len(p.Credentials) == 0 {
		r.fail(wire.CheckPart, NothingPresented, "there is no credential in the presentation", false)
	}
	if len(ev.needs) > 0 {
		return wire.Verdict{}
	}
	return r.conclude(stale)
}

func presentationShown(p *cred.Presentation) *wire.Presentation {
	s := &wire.Presentation{Format: string(p.Format), Version: p.Version, ID: p.ID, Types: p.Types, Holder: p.Holder}
	if p.SignedAt != nil {
		s.SignedAt = wire.FormatTime(*p.SignedAt)
	}
	return s
}

// part adds what became of a part of the input. It reports whether it rests on stale evidence.
func (r *report) part(name string, part *wire.Verdict) (stale bool) {
	switch part.Outcome {
	case wire.Accepted:
		r.pass(wire.CheckPart, name+" is accepted")
	case wire.AcceptedStale:
		r.pass(wire.CheckPart, name+" is accepted on stale evidence")
		return true
	default:
		r.fail(wire.CheckPart, part.Reason, name+" is "+string(part.Outcome), part.Outcome == wire.Undetermined)
	}
	return false
}

// holder is who presents, and what is known of that.
type holder struct {
	ev     *evidence
	env    *cred.Envelope
	p      *cred.Presentation
	policy wire.Policy

	id string // as far as it is proven, else ""
	// keys are those by which the holder's proofs were made, as far as they are the holder's.
	keys []*issuer.Key
}

// check checks the holder's own proof. It reports whether it rests on stale evidence.
func (h *holder) check(r *report, want *wire.Expect) (stale bool) {
	ev := h.ev
	ev.used, ev.quiet = nil, false
	proofs, err := proof.ListPresentation(h.env, h.p)
	if err != nil {
		r.skip(skippedEarlier, "there is no proof to check", wire.CheckKey)
		refused(r, err)
		r.skip(skippedEarlier, "nothing is proven", holderChecks[3:]...)
		return false
	}
	name, m := h.find(proofs)
	m.contexts(ev, proofs)
	r.v.Presentation.Holder = name
	if m.keyErr != nil {
		reason, unknown := string(issuer.BadDocument), false
		var ie *issuer.Error
		if errors.As(m.keyErr, &ie) {
			reason, unknown = string(ie.Reason), ie.Unknown
		}
		r.fail(wire.CheckKey, reason, m.keyErr.Error(), unknown)
		r.skip(skippedEarlier, "there is no key to check it with", holderChecks[2:]...)
		return false
	}
	if freshness(ev, r, ev.used, m, h.policy) {
		stale = true
		r.relax("acceptStale.keys", wire.CheckKey, StaleKeys)
	}
	if m.stale != "" {
		r.fail(wire.CheckKey, m.staleReason, m.stale, true, docCIDs(ev)...)
	} else {
		r.pass(wire.CheckKey, keySources(m), docCIDs(ev)...)
	}
	made, err := proof.Presented(proofs, m, ev.now)
	if err != nil {
		refused(r, err)
		r.skip(skippedEarlier, "the presentation is not proven", holderChecks[3:]...)
		return stale
	}
	by := m.made(0, made[0])
	s := r.v.Presentation
	s.Algorithm, s.VerificationMethod, s.SignedAt = proofs[0].Algorithm, by.Method, wire.FormatTime(m.times[0])
	r.pass(wire.CheckProof, madeBy(proofs), r.linkedShown(m)...)

	// Every proof must hold, and one must be the holder's.
	reason, detail := "", ""
	var own []proof.Proof
	for i := range proofs {
		k := m.made(i, made[i])
		if why, how := m.holds(k, m.times[i]); why != "" {
			if reason == "" {
				reason, detail = why, how
			}
			continue
		}
		h.keys, own = append(h.keys, k), append(own, proofs[i])
	}
	if len(own) == 0 {
		r.fail(wire.CheckBinding, reason, "of the holder: "+detail, false)
		own = proofs
	} else {
		h.id = name
		r.pass(wire.CheckBinding, fmt.Sprintf("%.200s is a key of the holder", h.keys[0].Method))
	}
	token := &cred.Credential{ValidFrom: h.p.ValidFrom, ValidUntil: h.p.ValidUntil, UntilExclusive: true}
	dates(r, token, m.times[0], ev.now)
	if want == nil {
		want = &wire.Expect{}
	}
	if h.env.SD != nil && h.env.SD.KeyBinding != nil {
		keyBinding(r, h.env, want)
	} else {
		asked(r, h.env, own, want)
	}
	return stale
}

// find looks for the holder's keys, and says who that is: whom the presentation names,
// or else the owner of the verification method that it is signed by. Where neither is
// there, or the name leads to no keys (any URL may be a holder, VCDM 2.0 Section 4.13),
// the keys to which its credentials are bound are tried: their cnf, RFC 7800. Such a
// name is then nobody's: it proves no subject, and is not shown.
//
// Registries are not asked: they list who may issue, and their mirrors need not learn
// who presents.
func (h *holder) find(proofs []proof.Proof) (string, *material) {
	ev := h.ev
	m := &material{now: ev.now}
	name := h.p.Holder
	none := issuer.Error{Reason: issuer.NoKey, Detail: "the presentation names neither its holder nor a verification method, and no credential in it is bound to a key"}
	if name != "" && issuer.Owner(name) == "" {
		none = issuer.Error{Reason: issuer.NoIssuer, Detail: fmt.Sprintf("the holder %.200q is no DID and no https URL, and no credential is bound to a key by which the presentation names its own", name)}
		name = ""
	}
	for _, p := range proofs {
		if h.p.Holder == "" && name == "" {
			name = issuer.Owner(p.Method)
		}
		m.times = append(m.times, p.Time(&cred.Credential{}, ev.now))
	}
	for _, p := range proofs {
		var found []issuer.Key
		var err error
		if name == "" {
			found = h.confirmed(p.Method)
			if len(found) == 0 {
				err = &none
			}
		} else {
			q := issuer.Query{Issuer: name, Method: p.Method, Purpose: proof.Authentication, URL: h.env.Format == cred.DataIntegrity}
			found, err = issuer.Find(q, nil, ev)
		}
		if err != nil && !errors.Is(err, issuer.ErrMissing) && m.keyErr == nil {
			m.keyErr = err
		}
		m.found = append(m.found, found)
	}
	m.contexts(ev, proofs)
	return name, m
}

// part judges one credential of the presentation. What it lacks becomes needs, beside
// those of the others: a round asks for all of them.
func (h *holder) part(c *cred.Presented, req *wire.Request) wire.Verdict {
	if c.Err != nil {
		return *unrecognised(c.Err, h.ev.now)
	}
	// The nonce is for the holder to sign. A credential that names an audience, or that its holder
	// bound to a question by itself, is held to what it says.
	mine := *req
	mine.Expect = nil
	if req.Expect != nil {
		bound := c.Envelope.SD != nil && c.Envelope.SD.KeyBinding != nil
		switch {
		case bound:
			mine.Expect = req.Expect
		case c.Envelope.Claims.Has("aud"):
			mine.Expect = &wire.Expect{Audience: req.Expect.Audiences()}
		}
	}
	return apart(h.ev, func() wire.Verdict { return all(h.ev, c.Envelope, &mine) })
}

// apart runs f as if nothing was needed before it, so that it asks for its own needs in
// the same round. A round's limit holds all the same.
func apart(ev *evidence, f func() wire.Verdict) wire.Verdict {
	before := ev.needs
	ev.needs, ev.used, ev.quiet = nil, nil, false
	v := f()
	ev.needs = append(before, ev.needs...)
	if len(ev.needs) > wire.MaxNeeds {
		ev.needs = ev.needs[:wire.MaxNeeds]
	}
	return v
}
