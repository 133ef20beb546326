// Package fetch obtains the evidence that the Verilith module asks for. No other Go
// code dials on a verifier's behalf: package host/publish does for an operator, and
// registry-snapshots/builder dials through this one.
//
// Blocks come from wherever they are at hand: CAR files, folders, a disk cache, then
// trustless gateways ([Trustless Gateway]). Each is hashed on arrival, so none of
// these need be trusted, and a whole lookup path is asked for in one request.
// Documents come by https from the host that their URL names, or from the cache when
// that host is down; when they were obtained is told to the module. A governed
// registry's signed documents come from wherever its blocks do, under their names.
//
// It refuses private addresses that it was not told of, redirects to them, answers
// over their bounds in bytes and time, and web pages in the place of answers. It
// sends no cookies, credentials or referrers, and decides nothing.
//
// [Trustless Gateway]: https://specs.ipfs.tech/http-gateways/trustless-gateway/
package fetch

import (
	"context"
	"crypto/x509"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/wire"
)

// Config says where to look, in this order. Its zero value finds nothing and asks
// nobody.
type Config struct {
	// Stores are asked first: CAR files, folders, memory.
	Stores []Store
	// Cache is asked next, and keeps what is obtained. Nil keeps nothing.
	Cache *Cache
	// Gateways are the URLs of trustless gateways and of static mirrors: folders that
	// any web server serves. Which one is asked first is learned.
	Gateways []string
	// Mirrors asks the mirrors that a governed registry names for itself, too.
	Mirrors bool
	// Routers are the URLs of delegated routers (/routing/v1), asked for IPNS records.
	Routers []string
	// Live asks the hosts of URLs for documents. Without it documents come from the
	// cache alone.
	Live bool
	// NoDocuments answers no need by URL, from the cache neither.
	NoDocuments bool
	// PreferCached uses a cached document that is younger than this without asking.
	// Zero always asks first.
	PreferCached time.Duration
	// Private names hosts ("issuer.lan:443") whose documents may come from a private
	// address, and registries' mirrors. One written "http://localhost:8080" is asked by http, also for its
	// https URLs; that is for tests and demonstrations, and for loopback alone.
	Private []string
	// RootCAs replace the system's certificate authorities.
	RootCAs *x509.CertPool
}

// patience is how long a document's host is waited for while the cache has a copy.
const patience = 5 * time.Second

// The bounds of a path: a directory has 26 levels below its room, and a segment is a
// character of a hash, or the name of a member.
const (
	maxSegments = 64
	maxSegment  = 64
)

// Fetcher answers needs. It is safe for concurrent use, and a [host.Fetcher].
type Fetcher struct {
	cfg      Config
	stores   []Store // with the cache
	gateways []*gateway
	routers  []*gateway
	private  map[string]string // "host:port" that may be at a private address → scheme to ask with
	live     *live             // nil if there is none
	clocks   clocks

	blocks    flights[host.Answer]
	documents flights[host.Answer]
	whole     whole
	mirrors   struct {
		sync.Mutex
		known map[string]*gateway // by URL; nil for one that is not asked
	}
}

// New returns a Fetcher.
func New(cfg Config) (*Fetcher, error) { return newFetcher(cfg, defaultClocks) }

func newFetcher(cfg Config, cl clocks) (*Fetcher, error) {
	f := &Fetcher{cfg: cfg, stores: slices.Clone(cfg.Stores), clocks: cl}
	if cfg.Cache != nil {
		f.stores = append(f.stores, cfg.Cache.Store())
	} else {
		f.stores = append(f.stores, f.whole.store())
	}
	for _, raw := range cfg.Gateways {
		g, err := newGateway(raw, cfg.RootCAs, cl)
		if err != nil {
			return nil, err
		}
		g.static.cache = cfg.Cache
		f.gateways = append(f.gateways, g)
	}
	for _, raw := range cfg.Routers {
		g, err := newGateway(raw, cfg.RootCAs, cl)
		if err != nil {
			return nil, err
		}
		g.router = true
		f.routers = append(f.routers, g)
	}
	var err error
	if f.private, err = privateHosts(cfg.Private); err != nil {
		return nil, err
	}
	if cfg.Live {
		if f.live, err = newLive(cfg.Private, cfg.RootCAs); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// Fetch answers one need.
func (f *Fetcher) Fetch(ctx context.Context, need wire.Need) (host.Answer, error) {
	if err := ctx.Err(); err != nil {
		return host.Answer{}, &Error{Reason: Cancelled, Err: err}
	}
	if need.URL != "" {
		return f.documents.do(ctx, need.URL+"\n"+need.Accept, func() (host.Answer, error) { return f.document(ctx, need) })
	}
	if need.Registry != "" {
		key := need.Name() + "\n" + strings.Join(need.Mirrors, "\n")
		return f.documents.do(ctx, key, func() (host.Answer, error) { return f.named(ctx, need) })
	}
	return f.blocks.do(ctx, need.Block+"\n"+need.Path, func() (host.Answer, error) { return f.block(ctx, need) })
}

// block looks along the path at hand, and asks the gateways for what is missing.
func (f *Fetcher) block(ctx context.Context, need wire.Need) (host.Answer, error) {
	c, err := block.ParseCID(need.Block)
	if err != nil {
		return host.Answer{}, &Error{Reason: BadRequest, Detail: err.Error(), Err: err}
	}
	maxBytes := int64(block.MaxSize)
	if need.MaxBytes > 0 {
		maxBytes = min(maxBytes, int64(need.MaxBytes))
	}
	local := &search{stores: f.stores, found: map[cid.Cid][]byte{}}
	_, met := local.get(c)
	whole := need.Path == ""
	if !isPath(need.Path) {
		need.Path, whole = "", true // a hint that is none
	}
	if !whole {
		_, missing, err := snapshot.Walk(need.Path, local.get)
		whole = err != nil || missing == nil
	}
	gateways := append(slices.Clip(f.gateways), f.mirrorsOf(need.Mirrors)...)
	if met && (whole || len(gateways) == 0) {
		return host.Answer{Blocks: local.blocks(), Source: local.source()}, nil
	}
	if len(gateways) == 0 {
		return host.Answer{}, errorf(Offline, "", "%s is not at hand, and no gateway is known", c)
	}
	want := c
	if met { // the rest of the path saves a round later
		if _, missing, err := snapshot.Walk(need.Path, local.get); err == nil && missing != nil {
			want = *missing
		}
	}
	got, source, err := race(ctx, gateways, want, need.Path, maxBytes, local.get)
	if err != nil && !met {
		return host.Answer{}, err
	}
	for _, b := range got.blocks {
		local.add(b, source)
	}
	if f.cfg.Cache == nil {
		f.whole.keep(got.beside)
	} else {
		for _, b := range slices.Concat(got.blocks, got.beside) {
			_ = f.cfg.Cache.PutBlock(b) // a full disk does not fail a verification
		}
	}
	return host.Answer{Blocks: local.blocks(), Source: local.source()}, nil
}

// isPath reports whether a path may become part of a URL: a CID and plain segments.
func isPath(path string) bool {
	root, rest, _ := strings.Cut(path, "/")
	if _, err := block.ParseCID(root); err != nil {
		return false
	}
	segments := strings.Split(rest, "/")
	for _, s := range segments {
		if s == "" || len(s) > maxSegment || strings.ContainsFunc(s, func(r rune) bool {
			return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_'
		}) {
			return false
		}
	}
	return len(segments) <= maxSegments
}

// document asks the document's host, or takes what the cache has kept.
func (f *Fetcher) document(ctx context.Context, need wire.Need) (host.Answer, error) {
	if f.cfg.NoDocuments {
		return host.Answer{}, errorf(Offline, need.URL, "documents are not asked for")
	}
	if need.MaxBytes <= 0 || need.MaxBytes > wire.MaxDocument {
		need.MaxBytes = wire.MaxDocument
	}
	var cached host.Document
	have, cl := false, f.clocks
	if f.cfg.Cache != nil {
		if cached, have = f.cfg.Cache.Document(need.URL); have && len(cached.Body) > need.MaxBytes {
			have = false
		}
	}
	if have {
		if time.Since(cached.Obtained) < f.cfg.PreferCached {
			return host.Answer{Document: &cached, Source: "cache"}, nil
		}
		cl.overall = min(cl.overall, patience)
	}
	err := error(errorf(Offline, need.URL, "is not at hand, and is not asked for"))
	if f.live != nil {
		var doc host.Document
		if doc, err = f.live.document(ctx, need, cl); err == nil {
			if f.cfg.Cache != nil {
				_ = f.cfg.Cache.PutDocument(need.URL, doc)
			}
			return host.Answer{Document: &doc, Source: "live"}, nil
		}
	}
	// 404 and 410 are what the host says now: what it said before is not put in its
	// place. Everything else is an outage.
	if r := reasonOf(err); have && r != NotFound && r != Blocked && r != Cancelled {
		return host.Answer{Document: &cached, Source: "cache"}, nil
	}
	return host.Answer{}, err
}

// search looks into stores, and remembers what it found and where.
type search struct {
	stores  []Store
	mu      sync.Mutex // gateways walk the path at the same time
	found   map[cid.Cid][]byte
	order   []cid.Cid
	sources []string
}

func (s *search) get(c cid.Cid) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if data, ok := s.found[c]; ok {
		return data, true
	}
	for _, st := range s.stores {
		if data, ok := st.Get(c); ok {
			s.keep(block.Block{CID: c, Data: data}, st.Name)
			return data, true
		}
	}
	return nil, false
}

func (s *search) add(b block.Block, source string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.found[b.CID]; !ok {
		s.keep(b, source)
	}
}

func (s *search) keep(b block.Block, source string) {
	s.found[b.CID] = b.Data
	s.order = append(s.order, b.CID)
	if !slices.Contains(s.sources, source) {
		s.sources = append(s.sources, source)
	}
}

func (s *search) blocks() []block.Block {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]block.Block, len(s.order))
	for i, c := range s.order {
		list[i] = block.Block{CID: c, Data: s.found[c]}
	}
	return list
}

func (s *search) source() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.sources, ", ")
}
