package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/verilith/verilith/examples/outage-drill/internal/gateway"
	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/host/publish"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/wire"
)

// result is what came of all days.
type result struct {
	Registry string
	Days     []row
	Keys     keyAnswers
	Clinic   []judged
}

// row is one day.
type row struct {
	Name         string
	Issuers      int
	Keys         int
	Blocks       int // new in the snapshot
	Bytes        int64
	Moved        []moved // one for each holder
	OldRefused   []string
	MirrorRefuse string
}

// moved is how a holder got from the day before to this one.
type moved struct {
	Holder         string
	Outcome        string // of advance
	Version        int64
	Rounds         int
	Blocks         int // that the holder had not: of the snapshot, and the documents
	Bytes          int64
	Requests, Sent int // of the whole move, and bytes of the answers
}

// holder is someone who keeps a whole copy of the registry, and verifies by it.
type holder struct {
	name     string
	copy     publish.Folder
	source   *fetch.Fetcher // where it gets new versions
	via      *via
	verifier *host.Verifier
	log      *log
}

// via is a fetcher that can be changed.
type via struct{ host.Fetcher }

// run publishes day after day. Everything that must hold is checked here: an error
// says what did not.
func run(ctx context.Context, days []day, temp, module string) (*result, error) {
	op, err := newOperator(days[0].time)
	if err != nil {
		return nil, err
	}
	w := &world{op: op, mirror: publish.Folder{Dir: filepath.Join(temp, "mirror")}, temp: temp}
	defer w.close()
	if module != "" {
		if w.module, err = os.ReadFile(module); err != nil {
			return nil, err
		}
	}
	if w.node, err = gateway.New(); err != nil {
		return nil, err
	}
	// Both know the same documents: a node has no names for them.
	files := http.FileServer(http.Dir(w.mirror.Dir))
	for _, h := range []struct {
		name   string
		server http.Handler
	}{
		{"static mirror", files},
		{"boxo gateway", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/registry/") {
				files.ServeHTTP(rw, r)
				return
			}
			w.node.ServeHTTP(rw, r)
		})},
	} {
		if err := w.hold(ctx, h.name, h.server); err != nil {
			return nil, err
		}
	}
	out := &result{Registry: op.root.ID()}
	var before publish.Release
	for i, d := range days {
		r, delta, err := op.release(i, d)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.name, err)
		}
		if err := w.publish(ctx, r); err != nil {
			return nil, fmt.Errorf("%s: %w", d.name, err)
		}
		line := row{Name: d.name, Issuers: len(d.source.Entities), Keys: len(d.keys), Blocks: delta.NewBlocks, Bytes: delta.NewBytes}
		if i == 0 { // the whole of it
			line.Blocks, line.Bytes = total(r)
		}
		for _, h := range w.holders {
			m, err := h.move(ctx, d, r, int64(i+1))
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", d.name, h.name, err)
			}
			// The head and the freshness, and a release block in the copy; on the first day the
			// root as well.
			documents := 3
			if i == 0 {
				documents = 4
			}
			if m.Blocks != line.Blocks+documents {
				return nil, fmt.Errorf("%s, %s: %d blocks were copied, want %d new ones of the snapshot and %d documents", d.name, h.name, m.Blocks, line.Blocks, documents)
			}
			line.Moved = append(line.Moved, m)
			if i > 0 {
				reason, err := h.offer(ctx, d, before, int64(i+1))
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", d.name, h.name, err)
				}
				line.OldRefused = append(line.OldRefused, reason)
			}
		}
		if i > 0 {
			_, err := w.mirror.Publish(ctx, before)
			var e *publish.Error
			if !errors.As(err, &e) || e.Reason != publish.Older {
				return nil, fmt.Errorf("%s: the mirror took the day before back: %v", d.name, err)
			}
			line.MirrorRefuse = string(e.Reason)
		}
		before = r
		out.Days = append(out.Days, line)
	}
	for _, h := range w.holders {
		k, err := answers(days, h.copy, before)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", h.name, err)
		}
		out.Keys = k
		if out.Clinic, err = h.judge(ctx, days, out.Registry); err != nil {
			return nil, fmt.Errorf("%s: %w", h.name, err)
		}
	}
	return out, nil
}

// total is the size of a whole snapshot.
func total(r publish.Release) (blocks int, bytes int64) {
	_ = snapshot.Blocks(r.Snapshot, r.Get, func(b block.Block) error { // it was just built
		blocks++
		bytes += int64(len(b.Data))
		return nil
	})
	return blocks, bytes
}

// world is everything that runs.
type world struct {
	op      *operator
	mirror  publish.Folder
	node    *gateway.Gateway
	holders []*holder
	temp    string
	module  []byte
	closers []func()
}

func (w *world) close() {
	for _, c := range slices.Backward(w.closers) {
		c()
	}
}

// publish puts a release into the mirror, and its blocks into the node.
func (w *world) publish(ctx context.Context, r publish.Release) error {
	if _, err := w.mirror.Publish(ctx, r); err != nil {
		return err
	}
	put := func(b block.Block) error { return w.node.Put(b) }
	for _, doc := range append(slices.Clone(r.Roots), r.Head, r.Fresh) {
		if err := put(block.New(block.JSON, doc)); err != nil {
			return err
		}
	}
	return snapshot.Blocks(r.Snapshot, r.Get, put)
}

// hold makes a holder that gets everything from one server.
func (w *world) hold(ctx context.Context, name string, server http.Handler) error {
	h := &holder{name: name, copy: publish.Folder{Dir: filepath.Join(w.temp, strings.ReplaceAll(name, " ", "-"))}, log: &log{next: server}, via: &via{}}
	url, stop, err := serve(h.log)
	if err != nil {
		return err
	}
	w.closers = append(w.closers, stop)
	if h.source, err = fetch.New(fetch.Config{Gateways: []string{url}}); err != nil {
		return err
	}
	h.via.Fetcher = h.source
	h.verifier, err = host.Open(ctx, host.Config{
		Fetcher: h.via, Registries: host.RegistryMemory(), Module: w.module, CacheDir: filepath.Join(w.temp, "compiled"), Instances: 1,
	})
	if err != nil {
		return err
	}
	w.closers = append(w.closers, func() { h.verifier.Close() })
	about, err := h.verifier.About(ctx)
	if err == nil && !slices.Contains(about.Operations, string(wire.OpAdvance)) {
		err = fmt.Errorf("the module has the operations %v, want advance", about.Operations)
	}
	w.holders = append(w.holders, h)
	return err
}

// move follows the registry to a day, and copies what is new.
func (h *holder) move(ctx context.Context, d day, want publish.Release, version int64) (moved, error) {
	m := moved{Holder: h.name}
	h.log.reset()
	h.via.Fetcher = h.source
	got, err := h.verifier.Advance(ctx, host.Request{Now: d.time.Add(time.Hour), Registries: []wire.Registry{{ID: want.ID}}})
	if err != nil {
		return m, err
	}
	a := got.Registries[0]
	m.Outcome, m.Version, m.Rounds = a.Outcome, a.Version, got.Rounds
	if a.Outcome != "advanced" || a.Version != version || a.Snapshot != want.Snapshot.String() || a.Freshness == nil || a.Freshness.State != "fresh" {
		return m, fmt.Errorf("advance: %+v, want version %d", a, version)
	}
	if got.NotKept != nil {
		return m, got.NotKept
	}
	r, err := publish.Obtain(ctx, h.source, want.ID)
	if err != nil {
		return m, err
	}
	report, err := h.copy.Publish(ctx, r)
	if err != nil {
		return m, err
	}
	m.Blocks, m.Bytes = report.NewBlocks, report.NewBytes
	m.Requests, m.Sent = h.log.taken()
	if _, err := snapshot.Verify(want.Snapshot, h.copy.Get); err != nil {
		return m, fmt.Errorf("the copy is not whole: %w", err)
	}
	return m, nil
}

// offer offers the day before to a holder: signed and whole, and too old.
func (h *holder) offer(ctx context.Context, d day, old publish.Release, version int64) (string, error) {
	url, stop, err := serve(publish.Handler(publish.Source{Get: old.Get, Document: func(id, name string) ([]byte, bool) {
		switch name {
		case "head":
			return old.Head, id == old.ID
		case "fresh":
			return old.Fresh, id == old.ID
		}
		return nil, false
	}}))
	if err != nil {
		return "", err
	}
	defer stop()
	if h.via.Fetcher, err = fetch.New(fetch.Config{Gateways: []string{url}}); err != nil {
		return "", err
	}
	got, err := h.verifier.Advance(ctx, host.Request{Now: d.time.Add(2 * time.Hour), Registries: []wire.Registry{{ID: old.ID}}})
	if err != nil {
		return "", err
	}
	a := got.Registries[0]
	if a.Outcome != "refused" || a.Reason != "registry_rollback" || a.Version != version || len(a.Conflict) < 2 {
		return "", fmt.Errorf("the day before was offered: %+v; want it refused as a rollback, with both heads", a)
	}
	return a.Reason, nil
}

// log counts what a server is asked, and what it answers.
type log struct {
	next     http.Handler
	mu       sync.Mutex
	requests int
	sent     int
}

func (l *log) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &counter{ResponseWriter: w}
	l.next.ServeHTTP(c, r)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests++
	l.sent += c.n
}

func (l *log) reset() { l.taken() }

func (l *log) taken() (requests, sent int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	requests, sent = l.requests, l.sent
	l.requests, l.sent = 0, 0
	return requests, sent
}

type counter struct {
	http.ResponseWriter
	n int
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.n += n
	return n, err
}

// serve serves on a port of this machine.
func serve(h http.Handler) (url string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l) // until it is closed
	}()
	return "http://" + l.Addr().String(), func() { s.Close(); <-done }, nil
}
