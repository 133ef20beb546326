package verify

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/issuer"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/wire"
)

// evidence is what the case holds, and a list of what it lacks.
type evidence struct {
	c          *wire.Case
	now        time.Time
	registries []*registry.Registry          // of the request
	beyond     map[string]*registry.Registry // that these recognise, opened by their ids
	heard      []*registry.Registry          // that were asked for the issuer
	live       map[string]wire.Evidence
	named      map[string][][]byte // of governed registries, by wire.Need.Name
	gone       map[string]bool     // what the embedder could not get, CIDs and URLs
	quiet      bool                // take what is there and ask for no document: the verdict would not change for the better

	needs []wire.Need
	asked map[string]bool // of needs, by CID or URL
	used  []document      // documents that were read, each once
}

// errQuiet is Document's answer where it might not ask.
var errQuiet = errors.New("not asked for")

// document is a document that the verdict rests on.
type document struct {
	url      string
	origin   string // originLive or originSnapshot
	cid      string
	obtained string // RFC 3339, or "" where a snapshot does not say
	proof    []cid.Cid
	body     []byte
}

// Where evidence comes from, in Verdict.Freshness.
const (
	originLive     = "live"     // by URL, vouched for by the embedder
	originSnapshot = "snapshot" // from a registry
	originInline   = "inline"   // from the request
	originSigned   = "signed"   // by a governed registry
)

func newEvidence(c *wire.Case, now time.Time) (*evidence, error) {
	ev := &evidence{c: c, now: now,
		live:  make(map[string]wire.Evidence, len(c.Request.Evidence)),
		named: map[string][][]byte{},
		gone:  make(map[string]bool, len(c.Request.Unobtainable)),
		asked: map[string]bool{}, beyond: map[string]*registry.Registry{},
	}
	for _, e := range c.Request.Evidence {
		if e.Registry == "" {
			ev.live[e.URL] = e
			continue
		}
		if id, err := block.ParseCID(e.Block); err == nil {
			if data, ok := c.Block(id); ok {
				name := wire.Need{Registry: e.Registry, Document: e.Document}.Name()
				ev.named[name] = append(ev.named[name], data)
			}
		}
	}
	for _, name := range c.Request.Unobtainable {
		ev.gone[name] = true
	}
	for i, reg := range c.Request.Registries {
		r, err := ev.open(reg, fmt.Sprintf("registries[%d]", i))
		if err != nil {
			return nil, err
		}
		ev.registries = append(ev.registries, r)
	}
	return ev, nil
}

// open prepares a registry, of the request or not. What a governed one lacks becomes needs.
func (ev *evidence) open(reg wire.Registry, member string) (*registry.Registry, error) {
	terms := registry.Terms{Now: ev.now, Ask: ev.c.Request.Op == wire.OpAdvance}
	if p := ev.c.Request.Policy; p != nil {
		if d, err := wire.ParseAge(p.AcceptStale[wire.ClassRegistry]); err == nil {
			terms.AcceptStale = d
		}
	}
	if reg.ID == "" {
		r, err := registry.OpenOne(reg, member, ev.c.Block)
		if err == nil {
			r.Terms = terms
		}
		return r, err
	}
	r, err := registry.OpenGoverned(reg, member, ev, terms)
	if err != nil {
		return nil, err
	}
	for _, n := range r.Governed.Wanted() {
		ev.need(n.Name(), n)
	}
	return r, nil
}

// Block, Documents and Gone are the evidence for governed registries.

func (ev *evidence) Block(c cid.Cid) ([]byte, bool) { return ev.c.Block(c) }

func (ev *evidence) Documents(id, name string) [][]byte {
	return ev.named[wire.Need{Registry: id, Document: name}.Name()]
}

func (ev *evidence) Gone(name string) bool { return ev.gone[name] }

// standings asks every registry whose word counts for somebody. What blocks that lacks
// becomes needs.
func (ev *evidence) standings(id string) []registry.Standing {
	voices := ev.voices()
	list := make([]registry.Standing, len(voices))
	for i, r := range voices {
		list[i] = r.Entity(id)
		var missing *snapshot.Missing
		if errors.As(list[i].Err, &missing) {
			ev.needBlock(missing.CID, missing.Path)
		}
	}
	return list
}

// needBlock asks for a block, unless it could not be got. It reports whether it asked.
func (ev *evidence) needBlock(c cid.Cid, path string) bool {
	name := c.String()
	if ev.gone[name] {
		return false
	}
	ev.need(name, wire.Need{Block: name, Path: path, Mirrors: ev.mirrors(path), MaxBytes: block.MaxSize})
	return true
}

// mirrors are those of the governed registry whose snapshot a path begins in: no other
// registry's learn what is looked up there.
func (ev *evidence) mirrors(path string) []string {
	root, _, _ := strings.Cut(path, "/")
	of := func(r *registry.Registry) bool { return r.Governed != nil && r.Label == root }
	if i := slices.IndexFunc(ev.registries, of); i >= 0 {
		return ev.registries[i].Governed.Mirrors
	}
	for _, id := range slices.Sorted(maps.Keys(ev.beyond)) {
		if r := ev.beyond[id]; of(r) {
			return r.Governed.Mirrors
		}
	}
	return nil
}

// need adds a need once. What exceeds the round's limit is asked for in the next one.
func (ev *evidence) need(name string, n wire.Need) {
	if ev.asked[name] || len(ev.needs) >= wire.MaxNeeds {
		return
	}
	ev.asked[name] = true
	ev.needs = append(ev.needs, n)
}

// Now is the time of the verdict.
func (ev *evidence) Now() time.Time { return ev.now }

// Document obtains a document: from a registry's resources, or else as live evidence.
// So a registry is asked before anybody by URL learns of the verification.
func (ev *evidence) Document(url, accept string) ([]byte, error) {
	switch d, err := ev.resource(url); {
	case err == nil:
		ev.use(*d)
		return d.body, nil
	case errors.Is(err, issuer.ErrMissing):
		return nil, err
	}
	// Where a registry cannot be read there is still the URL itself.
	if body, ok := ev.Held(url); ok {
		return body, nil
	}
	if ev.gone[url] {
		return nil, issuer.ErrUnobtainable
	}
	if ev.quiet {
		return nil, errQuiet
	}
	ev.need(url, wire.Need{URL: url, Accept: accept, MaxBytes: wire.MaxDocument})
	return nil, issuer.ErrMissing
}

// errAbsent says that the registries are known not to carry a document.
var errAbsent = errors.New("no registry has it")

// resource looks for a document among the resources of the registries, and no further:
// it is not there (errAbsent), or is asked for (issuer.ErrMissing), or nobody can tell
// (issuer.ErrUnobtainable).
func (ev *evidence) resource(url string) (*document, error) {
	return ev.carried(url, ev.quiet, func(r *registry.Registry) (document, snapshot.Proof, error) {
		res, proof, err := r.Resource(url)
		return document{cid: res.CID, obtained: res.Obtained}, proof, err
	})
}

// listed looks for a status list in the same way. ttl is how long the registry says that
// it may be kept, 0 for nothing.
func (ev *evidence) listed(url string) (doc *document, ttl time.Duration, err error) {
	doc, err = ev.carried(url, false, func(r *registry.Registry) (document, snapshot.Proof, error) {
		rec, proof, err := r.StatusList(url)
		ttl = time.Duration(rec.TTL) * time.Second
		return document{cid: rec.CID, obtained: rec.Obtained}, proof, err
	})
	return doc, ttl, err
}

// carried asks one registry after another for the record of a document, and takes the
// first that is at hand with its body. Where it is quiet it asks for no block.
func (ev *evidence) carried(url string, quiet bool, ask func(*registry.Registry) (document, snapshot.Proof, error)) (*document, error) {
	result := errAbsent
	for _, r := range ev.voices() {
		d, proof, err := ask(r)
		var missing *snapshot.Missing
		switch {
		case errors.As(err, &missing):
			if !quiet && ev.needBlock(missing.CID, missing.Path) {
				return nil, issuer.ErrMissing
			}
			result = issuer.ErrUnobtainable
			continue
		case err != nil:
			result = issuer.ErrUnobtainable
			continue
		case !proof.Found:
			continue
		}
		id, err := block.ParseCID(d.cid)
		if err != nil {
			continue // a reader of snapshots refuses such a record
		}
		if body, ok := ev.c.Block(id); ok {
			d.url, d.origin, d.proof, d.body = url, originSnapshot, proof.Blocks, body
			return &d, nil
		}
		if !quiet && ev.needBlock(id, "") {
			return nil, issuer.ErrMissing
		}
		result = issuer.ErrUnobtainable
	}
	return nil, result
}

// Held returns a document that is already in the case as live evidence.
func (ev *evidence) Held(url string) ([]byte, bool) {
	e, ok := ev.live[url]
	if !ok {
		return nil, false
	}
	id, err := block.ParseCID(e.Block)
	if err != nil {
		return nil, false
	}
	body, ok := ev.c.Block(id)
	if !ok || len(body) > wire.MaxDocument {
		return nil, false
	}
	ev.use(document{url: url, origin: originLive, cid: e.Block, obtained: e.Obtained, body: body})
	return body, true
}

func (ev *evidence) use(d document) {
	for _, u := range ev.used {
		if u.url == d.url {
			return
		}
	}
	ev.used = append(ev.used, d)
}
