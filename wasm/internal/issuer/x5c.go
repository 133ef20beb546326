package issuer

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/internal/x509chain"
	"github.com/verilith/verilith/wasm/keys"
)

// Reasons of certificate chains are those of package x509chain, and these where no
// registry has what is wanted.
const (
	NoAnchors      Reason = "no_certificate_anchor"
	NoCertificates Reason = "certificate_unavailable" // no registry carries those that an x5u leads to
)

// Anchor is a key of a registry that a chain of certificates may end at.
type Anchor struct {
	Holder      *snapshot.Entity
	Key         *keys.Key
	Certificate *x509.Certificate // nil where the registry holds the key alone
}

// Anchors are the keys that registries hold of an entity.
func Anchors(standings []registry.Standing) []Anchor {
	var list []Anchor
	for _, s := range standings {
		for _, k := range s.Keys() {
			if k.Key == nil {
				continue
			}
			a := Anchor{Holder: s.Entity, Key: k.Key}
			if len(k.Record.X5C) > 0 {
				der, err := base64.StdEncoding.DecodeString(k.Record.X5C[0])
				if err != nil {
					continue // a reader of snapshots refuses such a record
				}
				if a.Certificate, err = x509.ParseCertificate(der); err != nil {
					continue
				}
			}
			list = append(list, a)
		}
	}
	return list
}

// InChain returns the key of a chain's first certificate, if the chain leads to one of
// the anchors and its subject is the issuer: SD-JWT VC Section 2.5, "Inline X.509
// Certificates". An iss must be named in the certificate, or be the anchor's holder:
// an authority that is trusted for its own may not speak for everybody.
func InChain(q Query, chain x509chain.Chain, anchors []Anchor, at time.Time) ([]Key, error) {
	leaf, err := chain.Key()
	if err != nil {
		return nil, &Error{Reason: UnusableKey, Detail: fmt.Sprintf("the key of the signer's certificate: %v", err), err: err}
	}
	k := Key{Key: leaf, Method: "x5c: " + chain[0].Subject.String(), Source: FromCertificate}
	// The registry may hold the signer's own key, without a certificate or with another one.
	for _, a := range anchors {
		if a.Key.Thumbprint() == leaf.Thumbprint() {
			k.Source = FromRegistry
			k.bind(q.Issuer, chain, a)
			return []Key{k}, nil
		}
	}
	var certificates []*x509.Certificate
	for _, a := range anchors {
		if a.Certificate != nil {
			certificates = append(certificates, a.Certificate)
		}
	}
	path, err := chain.Verify(certificates, at)
	var ce *x509chain.Error
	switch {
	case errors.As(err, &ce) && ce.Reason == x509chain.NoAnchor && q.Unbound:
		k.Unbound = NotTheIssuers
		return []Key{k}, nil
	case errors.As(err, &ce):
		return nil, &Error{Reason: Reason(ce.Reason), Detail: ce.Detail, err: err}
	case err != nil:
		return nil, &Error{Reason: UnusableKey, Detail: err.Error(), err: err}
	}
	i := slices.IndexFunc(anchors, func(a Anchor) bool { return a.Certificate != nil && a.Certificate.Equal(path[len(path)-1]) })
	k.Anchor, k.Path = anchors[i].Key, path
	k.bind(q.Issuer, chain, anchors[i])
	return []Key{k}, nil
}

// bind says whether the key is shown to be the issuer's.
func (k *Key) bind(issuer string, chain x509chain.Chain, a Anchor) {
	if issuer != "" && a.Holder.ID != issuer && !slices.Contains(a.Holder.IDs, issuer) && !chain.Names(issuer) {
		k.Unbound = NotTheIssuers
	}
}
