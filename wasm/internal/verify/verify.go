package verify

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/issuer"
	"github.com/verilith/verilith/wasm/internal/proof"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/internal/trust"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// judge answers OpVerify: needs, or a verdict.
func judge(c *wire.Case) wire.Reply {
	now, err := wire.ParseTime(c.Request.Now)
	if err != nil { // wire.OpenCase has checked it
		return wire.Reply{Error: &wire.Error{Reason: wire.BadRequest, Member: "now", Detail: err.Error()}}
	}
	ev, err := newEvidence(c, now)
	if err != nil {
		var we *wire.Error
		if !errors.As(err, &we) {
			we = &wire.Error{Reason: wire.BadRequest, Member: "registries", Detail: err.Error()}
		}
		return wire.Reply{Error: we}
	}
	if x := c.Request.Expect; x != nil && x.OpenID4VP != nil && x.OpenID4VP.Query != nil {
		return response(ev, c)
	}
	env, err := cred.Recognise(c.Input, c.Request.Input.MediaType)
	if err != nil {
		return wire.Reply{Verdict: unrecognised(err, now)}
	}
	v := all(ev, env, &c.Request)
	if len(ev.needs) > 0 {
		return wire.Reply{Needs: ev.needs}
	}
	return wire.Reply{Verdict: &v}
}

// checksAfterFormat are all further checks of a credential, in their order.
var checksAfterFormat = []string{wire.CheckModel, wire.CheckKey, wire.CheckProof, wire.CheckBinding, wire.CheckDates,
	wire.CheckExpect, wire.CheckStatus, wire.CheckSchema, wire.CheckTrust}

// unrecognised is the verdict on an input that is no credential, or of a kind that is
// not known here.
func unrecognised(err error, now time.Time) *wire.Verdict {
	r := newReport(now)
	reason, detail, unknown := "unrecognised_input", err.Error(), false
	var ce *cred.Error
	if errors.As(err, &ce) {
		reason = string(ce.Reason)
		unknown = ce.Reason == cred.UnsupportedFormat || ce.Reason == cred.UnsupportedMediaType
		r.problem(ce.Reason.Type(), reason, detail)
	}
	r.fail(wire.CheckFormat, reason, detail, unknown)
	r.skip(skippedEarlier, "the input could not be read", checksAfterFormat...)
	v := r.conclude(false)
	return &v
}

// all judges an envelope, or every credential of one that holds several. The whole is
// then as good as its least part.
func all(ev *evidence, env *cred.Envelope, req *wire.Request) wire.Verdict {
	if len(env.Parts) == 0 {
		return one(ev, env, req)
	}
	r := newReport(ev.now)
	r.pass(wire.CheckFormat, fmt.Sprintf("%d credentials in one input", len(env.Parts)))
	stale := false
	for i := range env.Parts {
		ev.used = nil
		part := one(ev, &env.Parts[i], req)
		r.v.Parts = append(r.v.Parts, part)
		stale = r.part(fmt.Sprintf("part %d", i+1), &part) || stale
	}
	return r.conclude(stale)
}

// one judges one credential. Where evidence is missing it leaves needs in ev, and the
// verdict is none.
func one(ev *evidence, env *cred.Envelope, req *wire.Request) wire.Verdict {
	var policy wire.Policy
	if req.Policy != nil {
		policy = *req.Policy
	}
	r := newReport(ev.now)
	r.pass(wire.CheckFormat, describe(env))

	if env.Presentation {
		return presented(ev, r, env, req)
	}
	c, problems := env.Credential()
	if c != nil {
		r.v.Credential = summary(c, env)
	}
	if len(problems) > 0 {
		model(r, problems)
		r.skip(skippedEarlier, "the document breaks its data model", checksAfterFormat[1:]...)
		return r.conclude(false)
	}
	r.pass(wire.CheckModel, "the document obeys its data model")

	proofs, err := proof.List(env, c)
	if err != nil {
		r.skip(skippedEarlier, "there is no proof to check", wire.CheckKey)
		refused(r, err)
		r.skip(skippedEarlier, "nothing is proven", checksAfterFormat[3:]...)
		return r.conclude(false)
	}
	m := plan(ev, c, proofs, policy)
	if len(ev.needs) > 0 {
		return wire.Verdict{}
	}
	// From here on everything is at hand: each check is a plain function.
	stale := registriesFreshness(ev, r)
	stale = overdue(ev, r) || stale
	if m.keyErr != nil {
		return noKey(ev, r, c, &m)
	}
	if freshness(ev, r, ev.used, &m, policy) {
		stale = true
		r.relax("acceptStale.keys", wire.CheckKey, StaleKeys)
	}
	if m.stale != "" {
		r.fail(wire.CheckKey, m.staleReason, m.stale, true, docCIDs(ev)...)
	} else {
		r.pass(wire.CheckKey, keySources(&m), docCIDs(ev)...)
	}
	proven, made, err := proof.Prove(c, proofs, &m, ev.now)
	if err != nil {
		refused(r, err)
		r.skip(skippedEarlier, "the credential is not proven", checksAfterFormat[3:]...)
		return r.conclude(false)
	}
	r.v.Credential.Algorithm, r.v.Credential.VerificationMethod = proofs[0].Algorithm, m.made(0, made[0]).Method
	r.v.Credential.SignedAt = wire.FormatTime(proven.SignedAt())
	r.pass(wire.CheckProof, madeBy(proofs), r.linkedShown(&m)...)
	if c.Issuer == "" { // it names none: who issued it is who answers for its certificate
		r.v.Credential.Issuer = c.Authority
	}
	binding(r, &m, made, policy)
	dates(r, c, proven.SignedAt(), ev.now)
	expectation(r, env, issuersOwn(&m, proofs, made), req.Expect)
	allowed := trust.Check(proven, ev, ev.now)
	ev.take(&allowed)
	good := stands(r, &allowed, policy)
	stale = statusCheck(ev, r, env, proven, &m, made, good, policy) || stale
	if env.Format == cred.SDJWTVC {
		typeCheck(ev, r, env, c, good)
	} else {
		schemaCheck(ev, r, proven, &m, good, policy)
	}
	if len(ev.needs) > 0 {
		return wire.Verdict{}
	}
	stale = overdue(ev, r) || stale // also of the issuers of status lists and the like
	trustCheck(r, &allowed, policy)
	return r.conclude(stale)
}

func model(r *report, problems []cred.Problem) {
	p := problems[0]
	r.fail(wire.CheckModel, string(p.Reason), p.String(), false)
	for _, p := range problems {
		r.problem(p.Reason.Type(), string(p.Reason), p.String())
	}
}

// refused adds the proof check that did not pass.
func refused(r *report, err error) {
	reason, unknown := string(proof.Malformed), false
	var pe *proof.Error
	if errors.As(err, &pe) {
		reason, unknown = string(pe.Reason), pe.Unknown
	}
	r.fail(wire.CheckProof, reason, err.Error(), unknown)
	if !unknown {
		kind := "https://w3id.org/security#PROOF_VERIFICATION_ERROR"
		if pe != nil && pe.Reason == proof.BadSignature {
			kind = "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR"
		}
		r.problem(kind, reason, err.Error())
	}
}

// noKey is the verdict where a proof has no key to check it with. What the credential
// says of its own dates can still refuse it, and what the registries say is shown.
func noKey(ev *evidence, r *report, c *cred.Credential, m *material) wire.Verdict {
	reason, unknown := string(issuer.BadDocument), false
	var ie *issuer.Error
	if errors.As(m.keyErr, &ie) {
		reason, unknown = string(ie.Reason), ie.Unknown
	}
	// A key that is missing is no proof against the credential while a registry that may have it cannot be read.
	for _, s := range m.standings {
		if s.Err != nil && !unknown {
			reason, unknown = string(trust.RegistryUnavailable), true
			var d *registry.Distrust
			if errors.As(s.Err, &d) {
				reason = string(d.Reason)
			}
		}
	}
	if m.foreseen.Unknown && m.foreseen.Reason != trust.NoTrustAnchor && !unknown {
		reason, unknown = string(m.foreseen.Reason), true
	}
	r.fail(wire.CheckKey, reason, m.keyErr.Error(), unknown, blocks(m.standings)...)
	r.skip(skippedEarlier, "there is no key to check it with", wire.CheckProof, wire.CheckBinding)
	at := ev.now
	if c.SignedAt != nil {
		at = *c.SignedAt
	}
	dates(r, c, at, ev.now)
	r.skip(skippedEarlier, "the credential is not proven", checksAfterFormat[5:]...)
	if len(m.standings) > 0 {
		r.v.Trust = trustShown(&m.standings[0], nil)
	}
	return r.conclude(false)
}

// maxSkew is how far the issuer's clock may be ahead when it says that it signed:
// credentials are shown the moment that they are issued. It moves no bound of validity.
const maxSkew = time.Minute

// dates checks the period of validity, VCDM 2.0 Section 4.9, VCDM 1.1 Section 4.6 and RFC 7519 Section 4.1.
func dates(r *report, c *cred.Credential, signed, now time.Time) {
	switch {
	case c.ValidFrom != nil && now.Before(*c.ValidFrom):
		r.fail(wire.CheckDates, "not_yet_valid", "valid from "+wire.FormatTime(*c.ValidFrom)+", it is "+wire.FormatTime(now), false)
	case c.ValidUntil != nil && (now.After(*c.ValidUntil) || c.UntilExclusive && now.Equal(*c.ValidUntil)):
		r.fail(wire.CheckDates, "expired", "valid until "+wire.FormatTime(*c.ValidUntil)+", it is "+wire.FormatTime(now), false)
	case signed.Sub(now) > maxSkew:
		// Stricter than RFC 7519 Section 4.1.6 and VC-DATA-INTEGRITY Section 2.1: a key's
		// standing at a time that has not come is not known.
		r.fail(wire.CheckDates, "signed_in_future", "signed at "+wire.FormatTime(signed)+", it is "+wire.FormatTime(now), false)
	default:
		r.pass(wire.CheckDates, "valid at "+wire.FormatTime(now))
		return
	}
	last := r.v.Checks[len(r.v.Checks)-1]
	r.problem("https://www.w3.org/TR/vc-data-model#RANGE_ERROR", last.Reason, last.Detail)
}

// waived reports whether the policy asks for no authorization. It does not waive what a
// registry holds against the issuer.
func waived(a *trust.Answer, policy wire.Policy) bool {
	return policy.Trust == wire.TrustNone && a.Reason != trust.IssuerRevoked && a.Reason != trust.IssuerSuspended
}

func trustCheck(r *report, a *trust.Answer, policy wire.Policy) {
	if waived(a, policy) {
		r.relax("trust", wire.CheckTrust, "not_asked")
		r.skip(skippedByPolicy, "the policy asks for no authorization", wire.CheckTrust)
		return
	}
	if a.Standing != nil {
		r.v.Trust = trustShown(a.Standing, a.Grant)
	}
	if a.Reason != "" {
		r.fail(wire.CheckTrust, string(a.Reason), a.Detail, a.Unknown, blocks(a.Standings)...)
		return
	}
	if len(a.Path) > 1 {
		r.v.Path = a.Path
	}
	r.pass(wire.CheckTrust, fmt.Sprintf("%s is authorised to %s %s", named(a.Standing), a.Grant.Action, a.Grant.Resource), blocks(a.Standings)...)
}

func trustShown(s *registry.Standing, grant any) *wire.Trust {
	t := &wire.Trust{Registry: s.Registry.Label, Name: s.Registry.Name(), Present: s.Entity != nil, Blocks: cids(s.Proof.Blocks)}
	if g := s.Registry.Governed; g != nil {
		t.ID = g.ID
		if g.Head != nil {
			t.Version = g.Head.Version
		}
	}
	if s.Entity != nil {
		t.Entity = s.Entity.ID
		if len(s.Entity.Names) > 0 {
			t.Title = s.Entity.Names[0]
		}
	}
	if o, ok := strictjson.From(grant).(strictjson.Object); ok {
		t.Grant = &o
	}
	return t
}

func named(s *registry.Standing) string {
	if len(s.Entity.Names) > 0 {
		return s.Entity.Names[0]
	}
	return s.Entity.ID
}

// blocks are the CIDs that the registries' answers rest on: the documents of those
// that are governed, and the paths in their snapshots.
func blocks(standings []registry.Standing) []string {
	var list []string
	for i, s := range standings {
		again := func(before registry.Standing) bool { return before.Registry == s.Registry }
		if g := s.Registry.Governed; g != nil && !slices.ContainsFunc(standings[:i], again) {
			list = append(list, g.Rests...)
		}
		list = append(list, cids(s.Proof.Blocks)...)
	}
	return list
}
