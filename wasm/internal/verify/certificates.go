package verify

import (
	"errors"
	"fmt"
	"slices"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/issuer"
	"github.com/verilith/verilith/wasm/internal/proof"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/internal/trust"
	"github.com/verilith/verilith/wasm/internal/x509chain"
	"github.com/verilith/verilith/wasm/wire"
)

// attach gives the proofs that name a place of their certificates what the registries
// carry for it, and returns why one has none. What a token says of where to look is never
// asked for by URL: its maker may have made up whom to ask.
func attach(ev *evidence, proofs []proof.Proof) []error {
	failed := make([]error, len(proofs))
	for i := range proofs {
		p := &proofs[i]
		if p.X5U == "" || p.Chain != nil {
			continue
		}
		d, err := ev.resource(p.X5U)
		switch {
		case errors.Is(err, errAbsent):
			failed[i] = &issuer.Error{Reason: issuer.NoCertificates, Unknown: true, Detail: fmt.Sprintf("no registry carries the certificates at %.200q, and they are not fetched", p.X5U)}
			continue
		case errors.Is(err, issuer.ErrUnobtainable):
			failed[i] = &issuer.Error{Reason: issuer.NoCertificates, Unknown: true, Detail: fmt.Sprintf("whether a registry carries the certificates at %.200q cannot be read", p.X5U)}
			continue
		case err != nil:
			failed[i] = err
			continue
		}
		ev.use(*d)
		chain, err := x509chain.FromFile(d.body)
		if err == nil {
			err = p.Attach(chain)
		}
		var xe *x509chain.Error
		var pe *proof.Error
		switch {
		case errors.As(err, &xe):
			failed[i] = &issuer.Error{Reason: issuer.Reason(xe.Reason), Unknown: xe.Reason == x509chain.UnsupportedKey, Detail: fmt.Sprintf("at %.200q: %s", p.X5U, xe.Detail)}
		case errors.As(err, &pe):
			failed[i] = &issuer.Error{Reason: issuer.Reason(pe.Reason), Detail: pe.Detail}
		}
	}
	return failed
}

// leads reports whether certificates lead to a key that is the issuer's, or say themselves
// that they are not those that are meant, or are asked for.
func leads(found []issuer.Key, err error) bool {
	var ie *issuer.Error
	if !errors.As(err, &ie) {
		return err != nil || len(found) > 0 && found[0].Unbound == ""
	}
	return ie.Reason == issuer.Reason(proof.Mismatch)
}

// otherwise finds the key of a credential whose certificates are of no use as that of one
// without any: whoever they name as their authority has not spoken. Where there is no key
// either, what is wrong with the certificates says more.
func (m *material) otherwise(ev *evidence, c *cred.Credential, q issuer.Query, bad error, policy wire.Policy) ([]issuer.Key, error) {
	if c.Authority != "" {
		c.Authority, m.standings = "", nil
		m.foresee(ev, c)
		ev.quiet = m.hopeless() && policy.Trust != wire.TrustNone
	}
	found, err := issuer.Find(q, m.standings, ev)
	var ie *issuer.Error
	if err != nil && !errors.Is(err, issuer.ErrMissing) && errors.As(bad, &ie) && ie.Reason != issuer.NoAnchors && ie.Reason != issuer.NoCertificates {
		return nil, bad
	}
	return found, err
}

// anchored finds the anchors that the certificates of a credential may lead to: the keys
// that the registries hold of its issuer, or else of whoever the key index names by a
// key identifier in the chain, the nearest to the signer first. That one is then the
// credential's authority, unless the registries have the issuer itself. What the
// registries lack to answer becomes needs; where that cannot be had, the error is that of
// the registry which could not be read.
func anchored(ev *evidence, c *cred.Credential, proofs []proof.Proof) (list []issuer.Anchor, unreadable error) {
	i := slices.IndexFunc(proofs, func(p proof.Proof) bool { return p.Chain != nil })
	if i < 0 {
		return nil, nil
	}
	known := false
	if c.Issuer != "" {
		standings := ev.standings(c.Issuer)
		known = slices.ContainsFunc(standings, func(s registry.Standing) bool { return s.Entity != nil })
		if anchors := issuer.Anchors(standings); len(anchors) > 0 {
			return anchors, nil
		}
	}
	chain := proofs[i].Chain
	refs := chain.References()
	if key, err := chain.Key(); err == nil {
		refs = append([]string{"jkt:" + key.Thumbprint()}, refs...)
	}
	for _, ref := range refs {
		for _, r := range ev.voices() {
			ids, _, err := r.Holders(ref)
			var missing *snapshot.Missing
			if errors.As(err, &missing) {
				ev.needBlock(missing.CID, missing.Path)
			}
			if err != nil && unreadable == nil {
				unreadable = err
			}
			// Several entities may share an anchor; who of them speaks is not for us to pick.
			if err != nil || len(ids) != 1 {
				continue
			}
			if anchors := issuer.Anchors(ev.standings(ids[0])); len(anchors) > 0 {
				if !known {
					c.Authority = ids[0]
				}
				return anchors, nil
			}
		}
	}
	return nil, unreadable
}

// unanchored says why a chain leads nowhere: the registries that could have its anchor
// were not given, or could not be read. A registry that cannot be read is not an empty one.
func (m *material) unanchored(err, unreadable error) error {
	var ie *issuer.Error
	if !errors.As(err, &ie) || ie.Reason != issuer.NoAnchors {
		return err
	}
	switch {
	case m.foreseen.Reason == trust.NoTrustAnchor:
		return &issuer.Error{Reason: issuer.Reason(trust.NoTrustAnchor), Unknown: true, Detail: m.foreseen.Detail}
	case unreadable != nil:
		return &issuer.Error{Reason: issuer.Reason(trust.RegistryUnavailable), Unknown: true, Detail: unreadable.Error()}
	}
	return err
}
