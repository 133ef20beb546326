package fetch

import (
	"context"
	"crypto/x509"
	"time"

	"github.com/verilith/verilith/host"
)

// Gatherer obtains documents for whoever builds a registry from them, with the
// guards of live documents: https, at most three redirects, no private addresses. It
// keeps nothing, and asks each time. Bounds are the caller's, since a trust list is
// larger than any document that a verification needs. It is safe for concurrent use.
type Gatherer struct {
	live  *live
	stall time.Duration
}

// NewGatherer returns a Gatherer. private and roots are as in Config.
func NewGatherer(private []string, roots *x509.CertPool) (*Gatherer, error) {
	l, err := newLive(private, roots)
	if err != nil {
		return nil, err
	}
	return &Gatherer{l, defaultClocks.stall}, nil
}

// Get obtains a document of at most maxBytes within the time. With a question, which is
// JSON, it is the answer to that, by POST; such an answer is not redirected.
func (g *Gatherer) Get(ctx context.Context, target, accept string, question []byte, maxBytes int64, within time.Duration) (host.Document, error) {
	return g.live.ask(ctx, target, accept, question, maxBytes, clocks{stall: min(g.stall, within), overall: within})
}

// Code returns the error's reason, for callers that know no more of it.
func (e *Error) Code() string { return string(e.Reason) }
