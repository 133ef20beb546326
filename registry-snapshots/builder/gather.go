package builder

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"
)

// gatherer obtains documents: each URL once, within the limits. It is safe for
// concurrent use.
type gatherer struct {
	ctx    context.Context
	fetch  func(context.Context, Request) (Answer, error)
	limits Limits
	slots  chan struct{} // over all hosts

	mu    sync.Mutex
	once  map[string]*exchange
	hosts map[string]chan struct{}
	left  int64
	over  error // a limit on the whole was met: the build fails
}

// exchange is one URL's answer.
type exchange struct {
	done chan struct{}
	answer
}

type answer struct {
	Answer
	err error
}

func newGatherer(ctx context.Context, fetch func(context.Context, Request) (Answer, error), limits Limits) *gatherer {
	return &gatherer{
		ctx: ctx, fetch: fetch, limits: limits, slots: make(chan struct{}, maxWorkers),
		once: map[string]*exchange{}, hosts: map[string]chan struct{}{}, left: limits.TotalBytes,
	}
}

// get returns what is at a URL: in one build always the same, however often and for
// whatever it is asked. That is what makes an entity's keys and the document that is
// carried agree, also where the document changes in between.
func (g *gatherer) get(target, accept string, most int64, timeout time.Duration) (Answer, error) {
	return g.do(Request{URL: target, Accept: accept, MaxBytes: most, Timeout: timeout})
}

// do is get for a request that may be a question.
func (g *gatherer) do(r Request) (Answer, error) {
	target, most := r.URL, r.MaxBytes
	name := target
	if r.Question != nil {
		name += "\n" + string(r.Question)
	}
	if g.fetch == nil {
		return Answer{}, errorf(NotFetched, target, "nothing is fetched")
	}
	g.mu.Lock()
	x, known := g.once[name]
	if !known {
		x = &exchange{done: make(chan struct{})}
		g.once[name] = x
		if len(g.once) > g.limits.Documents {
			g.exceeded(errorf(TooMany, "", "more than %d documents are fetched", g.limits.Documents))
		}
	}
	g.mu.Unlock()
	if !known {
		x.Answer, x.err = g.ask(r)
		close(x.done)
	}
	<-x.done
	if x.err == nil && int64(len(x.Body)) > most {
		return Answer{}, errorf(TooLarge, target, "%d bytes, want at most %d", len(x.Body), most)
	}
	return x.Answer, x.err
}

func (g *gatherer) exceeded(err error) {
	if g.over == nil {
		g.over = err
	}
}

// failed returns the limit on the whole that was met, if one was.
func (g *gatherer) failed() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.over
}

// ask makes the request, when it is the host's turn.
func (g *gatherer) ask(r Request) (Answer, error) {
	target, most := r.URL, r.MaxBytes
	u, err := url.Parse(target)
	if err != nil {
		return Answer{}, errorf(BadDocument, target, "%v", err)
	}
	host := g.host(u.Host)
	select {
	case host <- struct{}{}:
		defer func() { <-host }()
	case <-g.ctx.Done():
		return Answer{}, errorf(Cancelled, target, "%v", context.Cause(g.ctx))
	}
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	case <-g.ctx.Done():
		return Answer{}, errorf(Cancelled, target, "%v", context.Cause(g.ctx))
	}
	g.mu.Lock()
	left, over := g.left, g.over
	g.mu.Unlock()
	switch {
	case over != nil:
		return Answer{}, over
	case g.ctx.Err() != nil:
		return Answer{}, errorf(Cancelled, target, "%v", context.Cause(g.ctx))
	}
	a, err := g.fetch(g.ctx, r)
	if err == nil && int64(len(a.Body)) > most { // a fetcher that does not keep the bound
		a, err = Answer{}, errorf(TooLarge, target, "more than %d bytes", most)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.left -= int64(len(a.Body)); g.left < 0 {
		g.exceeded(errorf(TooLarge, target, "brings what is fetched over %d bytes, and %d were left", g.limits.TotalBytes, left))
		return Answer{}, g.over
	}
	return a, err
}

func (g *gatherer) host(name string) chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, ok := g.hosts[name]
	if !ok {
		c = make(chan struct{}, g.limits.PerHost)
		g.hosts[name] = c
	}
	return c
}

// fetched returns how many bytes and URLs were asked for.
func (g *gatherer) fetched() (bytes int64, urls int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.limits.TotalBytes - g.left, len(g.once)
}

// isCancelled reports whether an error is the end of the build, and says nothing of
// the document.
func isCancelled(ctx context.Context, err error) bool {
	var e *Error
	return ctx.Err() != nil || errors.As(err, &e) && e.Reason == Cancelled
}
