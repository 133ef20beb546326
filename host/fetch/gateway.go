package fetch

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

const (
	acceptRaw = "application/vnd.ipld.raw"
	acceptCAR = "application/vnd.ipld.car; version=1; order=dfs; dups=n"
	// maxPathCAR bounds the answer to a path: 28 blocks of at most 64 KiB, and as
	// much again for what a gateway adds.
	maxPathCAR = 4 << 20
	// maxSteps bounds the raw blocks that are asked for along one path: a root, a
	// directory of 27 levels, and what it leads to.
	maxSteps = 32
)

// How much of a path a gateway answers. It starts with the whole and is lowered
// when the gateway does not answer it.
const (
	wholePath int32 = iota
	shortPath       // some refuse a path that goes deeper than the blocks
	noPath          // raw blocks only, as a static mirror
)

// gateway is one trustless gateway: anything that answers GET /ipfs/{cid}.
type gateway struct {
	name   string // its host
	base   *url.URL
	roots  *x509.CertPool
	client *http.Client
	clocks clocks
	health *health
	paths  atomic.Int32
	static static
	router bool // a delegated router: it has IPNS records alone
}

// newGateway reads a gateway's URL: http or https, and a path before /ipfs if there
// is one.
func newGateway(raw string, roots *x509.CertPool, cl clocks) (*gateway, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errorf(BadURL, raw, "%v", err)
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return nil, errorf(BadURL, raw, "want https://host or http://host")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errorf(BadURL, raw, "want no user name, query or fragment")
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/ipfs")
	g := &gateway{name: u.Host, base: u, roots: roots, clocks: cl, health: newHealth(missingTime)}
	// The operator chose this gateway, be it on the local network. What it
	// redirects to was chosen by the gateway: it must be public, or the same place.
	own := func(addr string) bool { return strings.EqualFold(addr, hostport(u)) }
	g.client = newClient(own, roots, func(*url.URL, []*http.Request) error { return nil })
	return g, nil
}

// stranger takes away that the operator chose this gateway: a registry named it, and
// it is dialled at public addresses alone, but for those of private.
func (g *gateway) stranger(private map[string]string) {
	own := func(addr string) bool { return private[strings.ToLower(addr)] != "" }
	g.client = newClient(own, g.roots, func(*url.URL, []*http.Request) error { return nil })
}

// ask obtains the block of c, and where there is a path every further block on it
// that the gateway has. local has what is at hand, so that the path can be walked.
func (g *gateway) ask(ctx context.Context, c cid.Cid, path string, maxBytes int64, local snapshot.Getter) (brought, error) {
	start := time.Now()
	got := &haul{local: local, blocks: map[cid.Cid][]byte{}}
	err := g.fill(ctx, got, c, path, maxBytes)
	_, met := got.blocks[c]
	switch {
	case err == nil:
		g.health.succeeded(time.Since(start))
	case ctx.Err() == nil:
		g.health.failed(c.String(), err)
	case context.Cause(ctx) == errLost:
		g.health.late(time.Since(start))
	default: // the caller gave up, and that says nothing of the gateway
	}
	if met {
		return brought{got.along(c, path), got.beside}, nil
	}
	return brought{}, err
}

// brought is what a gateway answered: the blocks that were asked for, and those of a
// whole snapshot that came beside them.
type brought struct{ blocks, beside []block.Block }

// fill asks for the path in one request, else for a shorter one, else for the
// blocks one by one. Only the block c is owed; the rest of the path saves rounds.
func (g *gateway) fill(ctx context.Context, got *haul, c cid.Cid, path string, maxBytes int64) error {
	refused := false // no such path or format: the gateway may still have the blocks
	for mode := g.paths.Load(); path != "" && mode < noPath; mode++ {
		m := g.known()
		if m == nil && g.static.named {
			m = g.manifest(ctx, noManifestFor)
		}
		if m != nil { // it answers files alone
			done, err := g.files(ctx, m, path, got)
			if _, ok := got.blocks[c]; ok && reasonOf(err) != HashMismatch {
				return nil
			}
			if r := reasonOf(err); done && err != nil && r != NotFound && r != BadAnswer && r != TooLarge {
				return err
			}
			break // the blocks one by one
		}
		ask := path
		if mode == shortPath {
			ask = shorter(path)
		}
		err := g.car(ctx, ask, got)
		if _, ok := got.blocks[c]; ok && reasonOf(err) != HashMismatch {
			if refused {
				g.paths.Store(mode)
			}
			return nil
		}
		if err == nil { // a whole answer, without the block
			refused = false
			break
		}
		switch reasonOf(err) {
		case NotFound, BadRequest, NotAcceptable:
			// So do gateways that walk no path as deep, and file servers.
			if mode == wholePath && g.manifest(ctx, noManifestFor) != nil {
				mode--
				continue
			}
			refused = true
		case BadAnswer, TooLarge:
			refused = true
		default:
			return err
		}
	}
	if err := g.raw(ctx, c, maxBytes, got); err != nil {
		return err
	}
	if refused {
		g.paths.Store(noPath)
	}
	for range maxSteps {
		if path == "" {
			break
		}
		_, missing, err := snapshot.Walk(path, got.get)
		if err != nil || missing == nil || g.raw(ctx, *missing, maxBytes, got) != nil {
			break // the block that was asked for is there
		}
	}
	return nil
}

// car asks for the blocks along a path in one request. The header's roots, blocks
// that were there before, and blocks of another kind are passed over; a cut answer
// keeps what came before the cut.
func (g *gateway) car(ctx context.Context, path string, got *haul) error {
	segments := strings.Split(path, "/")
	u := g.base.JoinPath(append([]string{"ipfs"}, segments...)...)
	u.RawQuery = "format=car&dag-scope=block&dups=n&order=dfs"
	return get(ctx, g.client, g.name, u.String(), acceptCAR, maxPathCAR, g.clocks, func(h http.Header, body io.Reader) error {
		return readCAR(g.name, h, body, got.put)
	})
}

// readCAR hands every block of an answer to put, checked against its hash.
func readCAR(source string, h http.Header, body io.Reader, put func(block.Block)) error {
	start := &prefix{r: body}
	r, err := block.NewCARReader(start)
	if err != nil {
		if isPage(h, start.head) {
			return errorf(NotAGateway, source, "a web page instead of a CAR")
		}
		return errorf(BadAnswer, source, "%v", err)
	}
	r.SkipForeign = true
	for {
		b, err := r.Next()
		if err == io.EOF {
			return nil
		}
		var bad *block.Error
		if errors.As(err, &bad) && bad.Reason == block.HashMismatch {
			return errorf(HashMismatch, source, "%s", bad.Detail)
		}
		if err != nil {
			return errorf(BadAnswer, source, "%v", err)
		}
		put(b)
	}
}

// raw asks for one block.
func (g *gateway) raw(ctx context.Context, c cid.Cid, maxBytes int64, got *haul) error {
	u := g.base.JoinPath("ipfs", c.String())
	u.RawQuery = "format=raw"
	return get(ctx, g.client, g.name, u.String(), acceptRaw, maxBytes, g.clocks, func(h http.Header, body io.Reader) error {
		data, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		if err := block.Check(c, data); err != nil {
			if isPage(h, data) {
				return errorf(NotAGateway, g.name, "a web page instead of the block %s", c)
			}
			return errorf(HashMismatch, g.name, "%v", err)
		}
		got.put(block.Block{CID: c, Data: data})
		return nil
	})
}

// shorter is half of a path: its root, its room, and half of what follows.
func shorter(path string) string {
	segments := strings.Split(path, "/")
	if len(segments) <= 2 {
		return path
	}
	return strings.Join(segments[:2+(len(segments)-2)/2], "/")
}

// haul is what answers brought, beside what was at hand before.
type haul struct {
	local  snapshot.Getter
	blocks map[cid.Cid][]byte
	beside []block.Block // of a whole snapshot, to be kept
}

func (h *haul) put(b block.Block) { h.blocks[b.CID] = b.Data }

func (h *haul) get(c cid.Cid) ([]byte, bool) {
	if data, ok := h.blocks[c]; ok {
		return data, true
	}
	return h.local(c)
}

// along is the block c and what else lies on the path. What a gateway sent beside
// that is dropped: nobody asked for it.
func (h *haul) along(c cid.Cid, path string) []block.Block {
	blocks := []block.Block{{CID: c, Data: h.blocks[c]}}
	if path == "" {
		return blocks
	}
	on, _, err := snapshot.Walk(path, h.get)
	if err != nil {
		return blocks
	}
	for _, id := range on {
		if data, ok := h.blocks[id]; ok && id != c {
			blocks = append(blocks, block.Block{CID: id, Data: data})
		}
	}
	return blocks
}

// prefix remembers the first bytes that were read.
type prefix struct {
	r    io.Reader
	head []byte
}

func (p *prefix) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if room := 64 - len(p.head); room > 0 {
		p.head = append(p.head, b[:min(n, room)]...)
	}
	return n, err
}
