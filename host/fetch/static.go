package fetch

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/registry-snapshots/block"
)

const (
	maxManifest   = 64 << 10         // mirror.json; an entry for a root has some 150 bytes
	maxWholeCAR   = 2<<20 + 256<<10  // mirrors write a whole snapshot up to 2 MiB; and its headers
	maxSliceBits  = 20               // four characters of a key; a million slices
	manifestGood  = time.Minute      // a root that is not in it yet may be in the next one
	noManifestFor = 10 * time.Minute // a gateway without one is asked again: a mirror may be put in its place
	acceptJSON    = "application/json"
)

// manifest is mirror.json: it marks a static mirror, and says what that has beside
// blocks. It is a hint: what comes of it is hashed.
type manifest struct {
	Verilith int                       `json:"verilith"`
	CARs     map[string]int64          `json:"cars"`   // snapshot root → bytes of the whole
	Slices   map[string]map[string]int `json:"slices"` // snapshot root → room → bits of the key
}

// static is what is known of a gateway as a static mirror.
type static struct {
	mu    sync.Mutex
	is    *manifest // nil if it is none
	read  time.Time
	doubt bool   // it said what is not so
	named bool   // a registry names it as its mirror: it has files, whatever else
	cache *Cache // keeps mirror.json from run to run; nil keeps nothing
}

// known returns the manifest, if it was read, now or in an earlier run, and there is one.
func (g *gateway) known() *manifest {
	s := &g.static
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read.IsZero() && s.cache != nil {
		if doc, ok := s.cache.Document(g.manifestURL()); ok {
			if m, err := parseManifest(doc.Body); err == nil {
				s.is, s.read = m, doc.Obtained
			}
		}
	}
	return s.is
}

func (g *gateway) manifestURL() string { return g.base.JoinPath("mirror.json").String() }

func parseManifest(data []byte) (*manifest, error) {
	m := &manifest{}
	if err := json.Unmarshal(data, m); err != nil {
		return nil, err
	}
	if m.Verilith != 1 {
		return nil, fmt.Errorf("version %d, want 1", m.Verilith)
	}
	return m, nil
}

// manifest reads mirror.json where that was not read lately, and returns it or nil.
func (g *gateway) manifest(ctx context.Context, goodFor time.Duration) *manifest {
	g.static.mu.Lock()
	is, read := g.static.is, g.static.read
	g.static.mu.Unlock()
	if !read.IsZero() && time.Since(read) < goodFor {
		return is
	}
	var m *manifest
	err := get(ctx, g.client, g.name, g.manifestURL(), acceptJSON, maxManifest, g.clocks, func(_ http.Header, body io.Reader) error {
		data, err := io.ReadAll(body)
		if err != nil {
			return err
		}
		if m, err = parseManifest(data); err != nil {
			return errorf(BadAnswer, g.name, "mirror.json: %v", err)
		}
		if g.static.cache != nil {
			_ = g.static.cache.PutDocument(g.manifestURL(), host.Document{Body: data, Obtained: time.Now().UTC()})
		}
		return nil
	})
	if ctx.Err() != nil {
		return is
	}
	g.static.mu.Lock()
	defer g.static.mu.Unlock()
	g.static.read, g.static.doubt = time.Now(), false
	switch {
	case err == nil:
		g.static.is = m
	case reasonOf(err) == NotFound || g.static.is == nil:
		g.static.is = nil
	}
	return g.static.is
}

// files answers a path from a static mirror's files, in one request: the whole
// snapshot where it is small, so that the mirror does not learn who was looked up;
// else the slice in which the path lies. It reports whether there is such a file.
func (g *gateway) files(ctx context.Context, m *manifest, path string, got *haul) (bool, error) {
	root, rest, _ := strings.Cut(path, "/")
	if _, ok := m.CARs[root]; g.static.doubted() || !ok && m.Slices[root] == nil {
		// Written before this snapshot was. It is read again, not more than once a minute.
		if m = g.manifest(ctx, manifestGood); m == nil {
			return false, nil
		}
	}
	if _, ok := m.CARs[root]; ok {
		u := g.base.JoinPath("ipfs", root+".car")
		return true, get(ctx, g.client, g.name, u.String(), acceptCAR, maxWholeCAR, g.clocks, func(h http.Header, body io.Reader) error {
			return readCAR(g.name, h, body, func(b block.Block) { got.put(b); got.beside = append(got.beside, b) })
		})
	}
	room, key, _ := strings.Cut(rest, "/")
	bits, ok := m.Slices[root][room]
	if !ok {
		return false, nil
	}
	n, ok := sliceOf(key, bits)
	if !ok {
		return false, nil
	}
	u := g.base.JoinPath("slices", root, room, n+".car")
	err := get(ctx, g.client, g.name, u.String(), acceptCAR, maxPathCAR, g.clocks, func(h http.Header, body io.Reader) error {
		return readCAR(g.name, h, body, got.put)
	})
	if err != nil && reasonOf(err) == NotFound {
		g.static.mu.Lock()
		defer g.static.mu.Unlock()
		g.static.doubt = true
	}
	return true, err
}

func (s *static) doubted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doubt
}

// sliceOf is the number of the slice that a key lies in: its first bits, in
// hexadecimal. A key is written as single characters of base32hex, five bits each.
func sliceOf(key string, bits int) (string, bool) {
	if bits < 0 || bits > maxSliceBits {
		return "", false
	}
	n, have := uint64(0), 0
	for _, c := range strings.Split(key, "/") {
		if have >= bits {
			break
		}
		v := strings.IndexByte("0123456789abcdefghijklmnopqrstuv", (c + " ")[0])
		if len(c) != 1 || v < 0 {
			return "", false
		}
		n, have = n<<5|uint64(v), have+5
	}
	if have < bits {
		return "", false
	}
	return strconv.FormatUint(n>>(have-bits), 16), true
}

// whole keeps what static mirrors sent of whole snapshots, for a Fetcher without a
// cache: the next issuer of a small registry is then looked up without a request.
type whole struct {
	mu     sync.Mutex
	blocks map[cid.Cid][]byte
	size   int
}

const maxWhole = 16 << 20 // bytes in memory; a handful of small registries

func (w *whole) store() Store {
	return Store{Name: "memory", Get: func(c cid.Cid) ([]byte, bool) {
		w.mu.Lock()
		defer w.mu.Unlock()
		data, ok := w.blocks[c]
		return data, ok
	}}
}

func (w *whole) keep(blocks []block.Block) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range blocks {
		if _, ok := w.blocks[b.CID]; ok {
			continue
		}
		if w.size += len(b.Data); w.size > maxWhole || w.blocks == nil {
			w.blocks, w.size = map[cid.Cid][]byte{}, len(b.Data)
		}
		w.blocks[b.CID] = b.Data
	}
}
