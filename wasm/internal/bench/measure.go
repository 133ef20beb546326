package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/wasm/internal/verify"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// workload is a credential and a tampered copy of it, with what it takes to judge them.
type workload struct {
	Name       string          `json:"name"`
	Input      any             `json:"input"` // a string, or a document
	Tampered   any             `json:"tampered"`
	MediaType  string          `json:"mediaType,omitempty"`
	Now        string          `json:"now"`
	Expect     *wire.Expect    `json:"expect,omitempty"`
	Registries []wire.Registry `json:"registries"`
	// Turns are what there is to be had, by URL. Each verification meets the next, the
	// last is followed by the first: so what a verifier remembers of one is of no use.
	Turns []map[string]document `json:"turns,omitempty"`
}

type document struct {
	Body      string `json:"body"`
	MediaType string `json:"mediaType,omitempty"`
	Obtained  string `json:"obtained"`
}

// prepared is a workload that was judged rightly once.
type prepared struct {
	turns []turn
	next  int
}

type turn struct {
	request host.Request
	sealed  []byte // the case of its last round
}

func (p *prepared) turn() turn {
	t := p.turns[p.next]
	p.next = (p.next + 1) % len(p.turns)
	return t
}

func (b *bench) prepare(w *workload) error {
	v, err := b.opened()
	if err != nil {
		return err
	}
	p := &prepared{}
	turns := w.Turns
	if len(turns) == 0 {
		turns = []map[string]document{nil}
	}
	for _, resources := range turns {
		good, err := w.request(w.Input, resources)
		if err != nil {
			return err
		}
		bad, err := w.request(w.Tampered, resources)
		if err != nil {
			return err
		}
		sealed, err := b.judged(v, w.Name, good, wire.Accepted)
		if err != nil {
			return err
		}
		if _, err := b.judged(v, "the tampered copy of "+w.Name, bad, wire.Rejected); err != nil {
			return err
		}
		p.turns = append(p.turns, turn{good, sealed})
	}
	b.prepared[w.Name] = p
	return nil
}

// judged verifies by the host and by the core in this process, and says whether both
// came to the outcome that is right. It returns the case of the last round.
func (b *bench) judged(v *host.Verifier, name string, req host.Request, want wire.Outcome) ([]byte, error) {
	verdict, err := v.Verify(b.ctx, req)
	if err != nil {
		return nil, err
	}
	if verdict.Outcome != want {
		return nil, fmt.Errorf("%s is %s: %s", name, verdict.Outcome, verdict.Reason)
	}
	if reply := verify.Answer(verdict.Case); reply.Verdict == nil || reply.Verdict.Outcome != want {
		return nil, fmt.Errorf("%s: the core in this process does not say %s", name, want)
	}
	return verdict.Case, nil
}

func (w *workload) request(input any, resources map[string]document) (host.Request, error) {
	now, err := wire.ParseTime(w.Now)
	if err != nil {
		return host.Request{}, err
	}
	req := host.Request{MediaType: w.MediaType, Now: now, Expect: w.Expect, Registries: w.Registries, Resources: map[string]host.Document{}}
	if s, ok := input.(string); ok {
		req.Input = []byte(s)
	} else {
		req.Input = strictjson.Encode(input)
	}
	for url, d := range resources {
		obtained, err := wire.ParseTime(d.Obtained)
		if err != nil {
			return host.Request{}, err
		}
		req.Resources[url] = host.Document{Body: []byte(d.Body), MediaType: d.MediaType, Obtained: obtained}
	}
	return req, nil
}

func (b *bench) opened() (*host.Verifier, error) {
	if b.verifier == nil {
		v, err := host.Open(b.ctx, b.config)
		if err != nil {
			return nil, err
		}
		b.verifier = v
	}
	return b.verifier, nil
}

// run times the calls of one contender for as long as it was asked to.
func (b *bench) run(r *run) (answer, error) {
	p := b.prepared[r.Workload]
	if p == nil {
		return answer{}, fmt.Errorf("%q was not prepared", r.Workload)
	}
	call, err := b.contender(r.Contender, p)
	if err != nil {
		return answer{}, err
	}
	return timed(r.Millis, call)
}

// contender returns one verification by the core in this process, from a sealed case,
// or by the module under the host, from a request as a program makes it.
func (b *bench) contender(name string, p *prepared) (func() error, error) {
	switch name {
	case "native":
		return func() error {
			if reply := verify.Run(p.turn().sealed); len(reply) == 0 {
				return fmt.Errorf("an empty reply")
			}
			return nil
		}, nil
	case "wazero":
		v, err := b.opened()
		if err != nil {
			return nil, err
		}
		return func() error {
			verdict, err := v.Verify(b.ctx, p.turn().request)
			if err == nil && verdict.Outcome != wire.Accepted {
				err = fmt.Errorf("the verdict became %s: %s", verdict.Outcome, verdict.Reason)
			}
			return err
		}, nil
	}
	return nil, fmt.Errorf("no contender %q; there are native and wazero", name)
}

// open times host.Open: with nothing at hand, or with what an earlier one compiled.
func (b *bench) open(o *opening) (answer, error) {
	cfg := b.config
	if b.cacheDir == "" {
		dir, err := os.MkdirTemp("", "verilith-bench-")
		if err != nil {
			return answer{}, err
		}
		b.cacheDir = dir
		cfg.CacheDir = dir
		if _, err := timeOpen(b, cfg); err != nil {
			return answer{}, err
		}
	}
	if cfg.CacheDir = b.cacheDir; !o.Cached {
		cfg.CacheDir = host.NoCache
	}
	took, err := timeOpen(b, cfg)
	return answer{Nanos: int64(took), Calls: 1}, err
}

func timeOpen(b *bench, cfg host.Config) (time.Duration, error) {
	start := time.Now()
	v, err := host.Open(b.ctx, cfg)
	took := time.Since(start)
	if err != nil {
		return 0, err
	}
	return took, v.Close()
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	if n := len(list); n%2 == 0 {
		return (list[n/2-1] + list[n/2]) / 2
	}
	return list[len(list)/2]
}
