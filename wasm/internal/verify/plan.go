package verify

import (
	"errors"
	"slices"
	"time"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/did"
	"github.com/verilith/verilith/wasm/internal/issuer"
	"github.com/verilith/verilith/wasm/internal/proof"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/internal/trust"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/wire"
)

// material is all that the checks of one credential need from elsewhere.
type material struct {
	foreseen  trust.Answer // what the registries will say of the issuer, if it is proven
	standings []registry.Standing
	others    []registry.Standing // of those whose keys the proofs name, where they are not the issuer
	found     [][]issuer.Key      // per proof
	times     []time.Time         // per proof, when it says that it was made
	now       time.Time
	keyErr    error      // why a proof has no key
	linked    []document // contexts that were read, each once

	// stale says which keys are too old, or "", and staleReason why that matters.
	stale, staleReason string
}

// plan gathers the material, and leaves in ev.needs what it lacks. It runs anew in
// every round, and looks at everything that can be looked at before it returns, so
// that a round asks for all at once.
func plan(ev *evidence, c *cred.Credential, proofs []proof.Proof, policy wire.Policy) material {
	m := material{found: make([][]issuer.Key, len(proofs)), times: make([]time.Time, len(proofs)), now: ev.now}
	for i, p := range proofs {
		m.times[i] = p.Time(c, ev.now)
	}
	ev.quiet = false
	referred := attach(ev, proofs)
	anchors, unreadable := anchored(ev, c, proofs)
	m.foresee(ev, c)
	if len(ev.needs) > 0 && !did.SelfContained(c.Issuer) {
		return m // the registry may have the key; asking anybody else would tell of the verification
	}
	hopeless := &m.foreseen
	ev.quiet = m.hopeless() && policy.Trust != wire.TrustNone
	for i, p := range proofs {
		if owner := issuer.Owner(p.Method); owner != "" && owner != c.Issuer && policy.AcceptUnboundIssuer {
			m.others = append(m.others, ev.standings(owner)...)
		}
		q := issuer.Query{Issuer: c.Issuer, Method: p.Method, Purpose: proof.Purpose, At: m.times[i],
			KeySet: c.Format == cred.HealthCard, Metadata: c.Format == cred.SDJWTVC, Unbound: policy.AcceptUnboundIssuer, URL: c.Format == cred.DataIntegrity}
		var found []issuer.Key
		var err error
		switch {
		case p.MDoc != nil:
			found, err = issuer.InIACA(q, p.MDoc, anchors)
		case p.Chain != nil:
			in := q
			in.Unbound = q.Unbound && !p.OneWay
			found, err = issuer.InChain(in, p.Chain, anchors, ev.now)
		case referred[i] != nil:
			err = referred[i]
		default:
			found, err = issuer.Find(q, m.standings, ev)
		}
		if p.OneWay && !leads(found, err) {
			found, err = m.otherwise(ev, c, q, err, policy)
		}
		if p.Chain != nil {
			err = m.unanchored(err, unreadable)
			// A chain that leads to no anchor names an authority, which has not spoken.
			if len(found) > 0 && found[0].Source == issuer.FromCertificate && found[0].Anchor == nil {
				c.Authority = ""
			}
		}
		if err != nil && !errors.Is(err, issuer.ErrMissing) && m.keyErr == nil {
			m.keyErr = err
			if errors.Is(err, errQuiet) {
				m.keyErr = &issuer.Error{Reason: issuer.Reason(hopeless.Reason), Unknown: hopeless.Unknown, Detail: hopeless.Detail + "; its key was not asked for"}
			}
		}
		m.found[i] = found
	}
	m.contexts(ev, proofs)
	return m
}

// foresee asks the registries for the issuer at every time at which a proof says that it
// was made: one of them will be when the credential was signed.
func (m *material) foresee(ev *evidence, c *cred.Credential) {
	ev.heard = nil
	for i, t := range m.times {
		if slices.ContainsFunc(m.times[:i], t.Equal) {
			continue
		}
		a := trust.Foresee(c, t, ev.now, ev)
		ev.take(&a)
		if i == 0 {
			m.foreseen = a
		}
		for _, s := range a.Standings {
			if !slices.ContainsFunc(m.standings, func(have registry.Standing) bool { return have.Registry == s.Registry }) {
				m.standings = append(m.standings, s)
			}
		}
	}
}

// hopeless reports whether no registry is known to have the issuer. Then nobody need be
// told, by asking for its key, that a credential of this issuer is being verified.
func (m *material) hopeless() bool {
	return !slices.ContainsFunc(m.standings, func(s registry.Standing) bool { return s.Entity != nil })
}

// Keys and Issuers make material the proof package's finder.

func (m *material) Keys(i int) []*keys.Key {
	list := make([]*keys.Key, len(m.found[i]))
	for j, k := range m.found[i] {
		list[j] = k.Key
	}
	return list
}

func (m *material) Issuers(i int, key *keys.Key) bool {
	k := m.made(i, key)
	if k == nil {
		return false
	}
	reason, _ := m.holds(k, m.times[i])
	return reason == ""
}

// made returns the found key that made proof i.
func (m *material) made(i int, key *keys.Key) *issuer.Key {
	for j := range m.found[i] {
		if m.found[i][j].Key == key {
			return &m.found[i][j]
		}
	}
	return nil
}
