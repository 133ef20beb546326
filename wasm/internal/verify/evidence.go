package verify

import (
	"errors"
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
	registries []*registry.Registry
	live       map[string]wire.Evidence
	gone       map[string]bool // what the embedder could not get, CIDs and URLs
	quiet      bool            // take what is there and ask for no document: the verdict would not change for the better

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
)

func newEvidence(c *wire.Case, now time.Time) (*evidence, error) {
	ev := &evidence{c: c, now: now,
		live:  make(map[string]wire.Evidence, len(c.Request.Evidence)),
		gone:  make(map[string]bool, len(c.Request.Unobtainable)),
		asked: map[string]bool{},
	}
	for _, e := range c.Request.Evidence {
		ev.live[e.URL] = e
	}
	for _, name := range c.Request.Unobtainable {
		ev.gone[name] = true
	}
	var err error
	ev.registries, err = registry.Open(c.Request.Registries, c.Block)
	return ev, err
}

// standings asks every registry for an issuer. What blocks that lacks becomes needs.
func (ev *evidence) standings(id string) []registry.Standing {
	list := make([]registry.Standing, len(ev.registries))
	for i, r := range ev.registries {
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
	ev.need(name, wire.Need{Block: name, Path: path, MaxBytes: block.MaxSize})
	return true
}

// need adds a need once. What exceeds the round's limit is asked for in the next one.
func (ev *evidence) need(name string, n wire.Need) {
	if ev.asked[name] || len(ev.needs) >= wire.MaxNeeds {
		return
	}
	ev.asked[name] = true
	ev.needs = append(ev.needs, n)
}

// Document obtains a document: from a registry's resources, or else as live evidence.
// So a registry is asked before anybody by URL learns of the verification.
func (ev *evidence) Document(url, accept string) ([]byte, error) {
	for _, r := range ev.registries {
		res, proof, err := r.Resource(url)
		var missing *snapshot.Missing
		switch {
		case errors.As(err, &missing):
			if !ev.quiet && ev.needBlock(missing.CID, missing.Path) {
				return nil, issuer.ErrMissing
			}
			continue // this registry cannot be read: another, or the URL itself
		case err != nil || !proof.Found:
			continue
		}
		id, err := block.ParseCID(res.CID)
		if err != nil {
			continue // a reader of snapshots refuses such a record
		}
		body, ok := ev.c.Block(id)
		if ok {
			ev.use(document{url: url, origin: originSnapshot, cid: res.CID, obtained: res.Obtained, proof: proof.Blocks, body: body})
			return body, nil
		}
		if !ev.quiet && ev.needBlock(id, "") {
			return nil, issuer.ErrMissing
		}
	}
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
