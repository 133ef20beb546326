package issuer

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/internal/mdoc"
)

// InIACA returns the key of a mobile document's signer, if its certificate leads to one
// of the anchors by the profile of ISO/IEC 18013-5 Annex B. The document names no issuer
// of its own: it is who holds the anchor.
func InIACA(q Query, d *mdoc.Document, anchors []Anchor) ([]Key, error) {
	leaf, err := d.Chain.Key()
	if err != nil {
		return nil, &Error{Reason: UnusableKey, Detail: fmt.Sprintf("the key of the document signer's certificate: %v", err), err: err}
	}
	var certificates []*x509.Certificate
	for _, a := range anchors {
		if a.Certificate != nil {
			certificates = append(certificates, a.Certificate)
		}
	}
	k := Key{Key: leaf, Method: "x5c: " + strings.ToValidUTF8(d.Chain[0].Subject.String(), "?"), Source: FromCertificate}
	path, err := d.VerifyChain(certificates)
	var me *mdoc.Error
	switch {
	case errors.As(err, &me) && Reason(me.Reason) == NoAnchors && q.Unbound:
		k.Unbound = NotTheIssuers
		return []Key{k}, nil
	case errors.As(err, &me):
		return nil, &Error{Reason: Reason(me.Reason), Detail: me.Detail, err: err}
	case err != nil:
		return nil, &Error{Reason: UnusableKey, Detail: err.Error(), err: err}
	}
	i := slices.IndexFunc(anchors, func(a Anchor) bool { return a.Certificate != nil && a.Certificate.Equal(path[len(path)-1]) })
	k.Anchor, k.Path = anchors[i].Key, path
	return []Key{k}, nil
}
