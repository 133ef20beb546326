package verify

import (
	"errors"

	"github.com/verilith/verilith/wasm/internal/issuer"
	"github.com/verilith/verilith/wasm/internal/proof"
	"github.com/verilith/verilith/wasm/internal/schema"
	"github.com/verilith/verilith/wasm/internal/status"
	"github.com/verilith/verilith/wasm/wire"
)

// schemaCheck answers for the schemas and related resources of a proven credential. Like
// status lists they are asked for only where nothing else speaks against it.
func schemaCheck(ev *evidence, r *report, p proof.Proven, m *material, good bool, policy wire.Policy) {
	c := p.Credential()
	if !good && len(c.Schema)+len(c.RelatedResource) > 0 {
		r.skip(skippedEarlier, "its schemas are not looked at before all else holds", wire.CheckSchema)
		return
	}
	src := &resources{ev: ev, r: r, p: p, m: m, policy: policy}
	a := schema.Check(p, src)
	var rests []string
	for _, d := range src.read {
		r.v.Freshness = append(r.v.Freshness, wire.Freshness{Class: wire.ClassSchemas, Source: d.url, Origin: d.origin, AsOf: d.obtained, State: "pinned"})
		rests = append(append(rests, cids(d.proof)...), d.cid)
	}
	if a.Reason == "" {
		r.pass(wire.CheckSchema, a.Detail, rests...)
		return
	}
	r.fail(wire.CheckSchema, a.Reason, a.Detail, a.Unknown, rests...)
	switch {
	case a.Unknown:
	case a.Reason == schema.DigestMismatch:
		r.problem("https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR", a.Reason, a.Detail)
	default:
		r.problem("https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR", a.Reason, a.Detail)
	}
}

// resources is package schema's source.
type resources struct {
	ev     *evidence
	r      *report
	p      proof.Proven
	m      *material
	policy wire.Policy
	read   []document
}

func (s *resources) Document(url, accept string) ([]byte, error) {
	// A built-in context is what it is, whoever names it.
	if doc, ok := builtIn(url); ok {
		return doc.Data, nil
	}
	used := s.ev.used
	s.ev.used = nil
	body, err := s.ev.Document(url, accept)
	s.read = append(s.read, s.ev.used...)
	s.ev.used = used
	if errors.Is(err, issuer.ErrMissing) || errors.Is(err, issuer.ErrUnobtainable) || errors.Is(err, errQuiet) {
		return nil, errNotHad
	}
	return body, err
}

var errNotHad = errors.New("it could not be obtained")

func (s *resources) Prove(_ string, body []byte, resource string) (proof.Proven, schema.Answer) {
	o := claimant{what: "the schema's credential", check: wire.CheckSchema, resource: resource, referrer: s.p.Credential(), material: s.m}
	var a status.Answer
	if o.env, o.c, a = openCredential(o.what, body); a.Reason != "" {
		return proof.Proven{}, schema.Answer{Reason: "malformed_schema", Detail: a.Detail, Unknown: a.Unknown}
	}
	p, a := s.ev.proveOther(s.r, o, s.policy)
	switch a.Reason {
	case "":
		at := newReport(s.ev.now)
		if dates(at, o.c, p.SignedAt(), s.ev.now); at.v.Checks[0].Result != wire.Pass {
			return proof.Proven{}, schema.Answer{Reason: "schema_" + at.v.Checks[0].Reason, Detail: o.what + " is " + at.v.Checks[0].Detail}
		}
		return p, schema.Answer{}
	case status.Untrusted:
		a.Reason = "schema_not_trusted"
	default:
		a.Reason = "schema_not_proven"
	}
	return proof.Proven{}, schema.Answer{Reason: a.Reason, Detail: a.Detail, Unknown: a.Unknown}
}
