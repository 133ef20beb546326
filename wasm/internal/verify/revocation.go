package verify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/issuer"
	"github.com/verilith/verilith/wasm/internal/status"
	"github.com/verilith/verilith/wasm/internal/x509chain"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/wire"
)

// What a revocation list says against a certificate, RFC 5280 Section 5.3.1.
const (
	CertificateRevoked = "certificate_revoked"
	CertificateOnHold  = "certificate_on_hold"
)

// maxCRLs bounds the places of revocation lists of one credential: certificates have one
// or two each, and each place costs a look into every registry.
const maxCRLs = 16

// signer is a certificate on the way to an anchor, and the one above it.
type signer struct {
	cert, issuer *x509.Certificate
	place        int // in the path, from 1
	urls         []string
}

// signers are the certificates, each once, that name a revocation list and lead from the
// keys that made the proofs to their anchors. Whether an anchor stands is the registry's to say.
func (m *material) signers(made []*keys.Key) (list []signer) {
	for i := range made {
		k := m.made(i, made[i])
		if k == nil {
			continue
		}
		for j := 0; j+1 < len(k.Path); j++ {
			s := signer{k.Path[j], k.Path[j+1], j + 1, x509chain.Locations(k.Path[j])}
			if len(s.urls) > 0 && !slices.ContainsFunc(list, func(have signer) bool { return have.cert.Equal(s.cert) }) {
				list = append(list, s)
			}
		}
	}
	return list
}

// revocations is what the lists say of all of them.
type revocations struct {
	worst          status.Answer // without a reason where nothing speaks against them
	details, rests []string
	stale          bool // and accepted so
}

// revocations asks the revocation lists for certificates: RFC 5280 Section 6.3. A list
// is taken where a registry holds it, among its status lists or its resources, or where
// the embedder has put it into the case; it is not asked for by URL. So a registry that
// wants revocation looked at carries the lists. That nobody holds one is no fault, and is said.
func (ev *evidence) revocations(r *report, signers []signer, policy wire.Policy) (out revocations) {
	places := 0
	for _, s := range signers {
		places += len(s.urls)
	}
	if places > maxCRLs {
		out.worst = status.Answer{Reason: status.TooMany, Unknown: true, Detail: fmt.Sprintf("the certificates name %d places of revocation lists, want at most %d", places, maxCRLs)}
		return out
	}
	for _, s := range signers {
		if a := ev.revoked(r, &s, policy, &out); a.Reason == "" {
			out.details = append(out.details, a.Detail)
		} else if out.worst.Reason == "" || out.worst.Unknown && !a.Unknown {
			out.worst = a
		}
	}
	return out
}

// revoked asks every list of one certificate that is at hand. One that is of use and has
// not got it is enough, unless another one has.
func (ev *evidence) revoked(r *report, s *signer, policy wire.Policy, out *revocations) status.Answer {
	var good, open *status.Answer
	for _, url := range s.urls {
		a, held := ev.crl(r, s, url, policy, out)
		switch {
		case !held:
		case a.Reason == "" && good == nil:
			good = &a
		case a.Reason != "" && !a.Unknown:
			return a
		case a.Reason != "" && open == nil:
			open = &a
		}
	}
	switch {
	case good != nil:
		return *good
	case open != nil:
		return *open
	}
	return status.Answer{Detail: fmt.Sprintf("no registry holds a revocation list for certificate %d, which names %.200q", s.place, s.urls[0])}
}

// crl asks the list at one place. held is false where it is known that no registry has it.
func (ev *evidence) crl(r *report, s *signer, url string, policy wire.Policy, out *revocations) (a status.Answer, held bool) {
	unknown := func(reason, format string, args ...any) (status.Answer, bool) {
		return status.Answer{Reason: reason, Unknown: true, Detail: fmt.Sprintf("certificate %d: ", s.place) + fmt.Sprintf(format, args...)}, true
	}
	doc, _, err := ev.listed(url)
	if errors.Is(err, errAbsent) {
		doc, err = ev.resource(url)
	}
	if err != nil && !errors.Is(err, issuer.ErrMissing) {
		used := ev.used
		ev.used = nil // it is no document that holds keys
		if _, ok := ev.Held(url); ok {
			doc, err = &ev.used[0], nil
		}
		ev.used = used
	}
	switch {
	case errors.Is(err, errAbsent):
		return a, false
	case err != nil:
		return unknown(status.Unavailable, "whether a registry holds the revocation list at %.200q cannot be read", url)
	}
	out.rests = append(append(out.rests, cids(doc.proof)...), doc.cid)
	list, err := x509chain.ParseCRL(doc.body)
	var found *x509chain.Revocation
	if err == nil {
		found, err = list.Revoked(s.cert, s.issuer)
	}
	var xe *x509chain.Error
	switch {
	case errors.As(err, &xe):
		return unknown(string(xe.Reason), "%s", xe.Detail)
	case err != nil:
		return unknown(status.BadList, "%v", err)
	case found != nil:
		reason, what := CertificateRevoked, "revoked"
		if found.Hold {
			reason, what = CertificateOnHold, "put on hold"
		}
		return status.Answer{Reason: reason, Detail: strings.TrimSuffix(fmt.Sprintf("certificate %d, %.200q, was %s by its issuer at %s: %s", s.place, s.cert.Subject, what,
			wire.FormatTime(found.At), found.Reason), ": ")}, true
	case list.ThisUpdate.Sub(ev.now) > maxSkew:
		return unknown(status.NotYet, "its revocation list is of %s, it is %s", wire.FormatTime(list.ThisUpdate), wire.FormatTime(ev.now))
	}
	// Its issuer's word on when the next one comes outranks how long others keep one.
	var ttl time.Duration
	var until *time.Time
	if !list.NextUpdate.IsZero() {
		ttl, until = list.NextUpdate.Sub(list.ThisUpdate), &list.NextUpdate
	}
	stale, a := ev.listAge(r, doc, ttl, until, &list.ThisUpdate, policy)
	out.stale = out.stale || stale
	if a.Reason == "" {
		a.Detail = fmt.Sprintf("certificate %d is not on the revocation list of %s at %.200q", s.place, wire.FormatTime(list.ThisUpdate), url)
	}
	return a, true
}
