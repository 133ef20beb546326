package fetch

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// errLost ends the requests whose answers are no longer wanted.
var errLost = &Error{Reason: Cancelled, Detail: "another gateway was faster"}

// maxInFlight bounds how many gateways are asked for one block at once.
const maxInFlight = 3

// race asks gateways for one block: the fastest first, the next one when that is
// late by its own measure or has failed. The first answer that has the block wins.
func race(ctx context.Context, gateways []*gateway, c cid.Cid, path string, maxBytes int64, local snapshot.Getter) (brought, string, error) {
	var failures []error
	ready := make([]*gateway, 0, len(gateways))
	for _, g := range gateways {
		if err := g.health.ready(g.name, c.String()); err != nil {
			failures = append(failures, err)
			continue
		}
		ready = append(ready, g)
	}
	byLatency(ready)

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(errLost)
	type answer struct {
		from *gateway
		got  brought
		err  error
	}
	answers := make(chan answer, len(ready))
	late := time.NewTimer(0) // fires at once: the first one starts
	defer late.Stop()
	flying := 0
	for next := 0; ; {
		if flying == 0 && next == len(ready) {
			return brought{}, "", join(failures)
		}
		start := late.C
		if next == len(ready) || flying == maxInFlight {
			start = nil
		}
		select {
		case <-start:
			g := ready[next]
			next++
			flying++
			_, patience := g.health.latency()
			late.Reset(patience)
			go func() {
				got, err := g.ask(ctx, c, path, maxBytes, local)
				answers <- answer{g, got, err}
			}()
		case a := <-answers:
			flying--
			if a.err == nil {
				return a.got, a.from.name, nil
			}
			failures = append(failures, a.err)
			late.Reset(0)
		case <-ctx.Done():
			return brought{}, "", &Error{Reason: Cancelled, Err: context.Cause(ctx)}
		}
	}
}

// byLatency puts the gateways first that answer fastest.
func byLatency(gateways []*gateway) {
	expected := make(map[*gateway]time.Duration, len(gateways))
	for _, g := range gateways {
		expected[g], _ = g.health.latency()
	}
	slices.SortStableFunc(gateways, func(a, b *gateway) int { return cmp.Compare(expected[a], expected[b]) })
}

// join makes one error of the failures of all sources. Its reason is theirs if they
// have one, else Unavailable.
func join(failures []error) error {
	if len(failures) == 1 {
		return failures[0]
	}
	reason := reasonOf(failures[0])
	texts := make([]string, len(failures))
	for i, err := range failures {
		if reasonOf(err) != reason {
			reason = Unavailable
		}
		texts[i] = err.Error()
	}
	return &Error{Reason: reason, Detail: strings.Join(texts, "; ")}
}

// flights lets callers who want the same thing at the same time share one request.
type flights[T any] struct {
	mu  sync.Mutex
	now map[string]*flight[T]
}

type flight[T any] struct {
	done  chan struct{}
	value T
	err   error
	again bool // the leader gave up, and its answer says nothing
}

// do returns what do returns for key, once for all who ask meanwhile. Who leads may
// give up; then another one of them starts again.
func (f *flights[T]) do(ctx context.Context, key string, do func() (T, error)) (T, error) {
	for {
		f.mu.Lock()
		if f.now == nil {
			f.now = map[string]*flight[T]{}
		}
		lead, ok := f.now[key]
		if !ok {
			lead = &flight[T]{done: make(chan struct{})}
			f.now[key] = lead
			f.mu.Unlock()
			lead.value, lead.err = do()
			lead.again = ctx.Err() != nil
			f.mu.Lock()
			delete(f.now, key)
			f.mu.Unlock()
			close(lead.done)
			return lead.value, lead.err
		}
		f.mu.Unlock()
		select {
		case <-lead.done:
			if lead.again && ctx.Err() == nil {
				continue
			}
			return lead.value, lead.err
		case <-ctx.Done():
			var none T
			return none, &Error{Reason: Cancelled, Err: context.Cause(ctx)}
		}
	}
}
