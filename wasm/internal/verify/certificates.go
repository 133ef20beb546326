package verify

import (
	"errors"
	"slices"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/issuer"
	"github.com/verilith/verilith/wasm/internal/proof"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/internal/trust"
)

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
