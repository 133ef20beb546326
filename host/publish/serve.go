package publish

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/release"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

const (
	rawType      = "application/vnd.ipld.raw"
	carType      = "application/vnd.ipld.car; version=1; order=dfs; dups=n"
	documentType = "application/jose+json"

	// What a CID names never changes; signed documents do.
	keptForever = "public, max-age=29030400, immutable"
	keptShort   = "public, max-age=60"

	// emptyCID is the identity CID of no bytes, by which clients ask whether a gateway
	// is one, and which stands as root of a CAR that ends before its path does.
	emptyCID = "bafkqaaa"
	// maxURL bounds a path: a CID and 26 levels are 120 characters.
	maxURL = 2048
)

// Source is what a [Handler] serves.
type Source struct {
	// Get has the blocks.
	Get snapshot.Getter
	// Document is a registry's document by its name, "head", "root/2" or "ipns/k51…".
	Document func(id, name string) ([]byte, bool)
	// Dir, if not empty, is a static mirror whose other files are served too.
	Dir string
}

// Source serves the folder.
func (f Folder) Source() Source { return Source{Get: f.Get, Document: f.Document, Dir: f.Dir} }

// CARSource serves a CAR file, with the documents of its release if it has one.
func CARSource(c *fetch.CAR) Source {
	return Source{Get: c.Get, Document: func(id, name string) ([]byte, bool) {
		if id == "" && c.Release != nil { // a record is asked for by its name alone
			id = c.Release.Registry
		}
		data, _, ok := c.Store().Document(id, name)
		return data, ok
	}}
}

// Handler is a trustless gateway, read only: blocks and CARs under /ipfs, IPNS records
// under /ipns and /routing/v1/ipns, and a registry's documents as a static mirror has
// them. It answers what it has, and asks nobody.
//
// A lookup is one request: the path of a directory, as a CAR of the blocks along it. A
// path that ends early is answered as far as it goes, for that proves the absence; one
// on which a block is missing is not found.
//
// https://specs.ipfs.tech/http-gateways/trustless-gateway/
func Handler(s Source) http.Handler { return gateway{s} }

type gateway struct{ Source }

func (g gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Content-Type, Range, If-None-Match")
	h.Set("Access-Control-Expose-Headers", "Content-Length, Content-Range, ETag, X-Ipfs-Path, X-Ipfs-Roots")
	h.Set("X-Content-Type-Options", "nosniff")
	switch {
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD, OPTIONS")
		refuse(w, http.StatusMethodNotAllowed, "want GET or HEAD")
		return
	case len(r.URL.Path) > maxURL:
		refuse(w, http.StatusRequestURITooLong, "the path is too long")
		return
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case parts[0] == "ipfs" && len(parts) > 1 && !strings.HasSuffix(parts[1], ".car"):
		g.ipfs(w, r, parts[1], slices.DeleteFunc(parts[2:], func(s string) bool { return s == "" }))
	case parts[0] == "ipns" && len(parts) == 2:
		g.record(w, r, strings.TrimSuffix(parts[1], ".ipns-record"), strings.HasSuffix(parts[1], ".ipns-record"))
	case len(parts) == 4 && strings.HasPrefix(r.URL.Path, "/routing/v1/ipns/"):
		g.record(w, r, parts[3], true)
	case parts[0] == "registry" && len(parts) > 2:
		g.document(w, r, parts[1], strings.Join(parts[2:], "/"))
	default:
		g.file(w, r, parts)
	}
}

// refuse answers with an error that is kept by nobody, in text that no browser takes
// for a page.
func refuse(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	http.Error(w, text, status)
}

// ipfs answers for a block, or for what lies along a path from it.
func (g gateway) ipfs(w http.ResponseWriter, r *http.Request, root string, segments []string) {
	car, ok := wantsCAR(r)
	if !ok {
		refuse(w, http.StatusNotAcceptable, "this gateway is trustless: ask for format=raw or format=car")
		return
	}
	if root == emptyCID && len(segments) == 0 && !car {
		serve(w, r, rawType, emptyCID+".raw", keptForever, nil)
		return
	}
	c, err := cid.Decode(root)
	if err != nil {
		refuse(w, http.StatusBadRequest, "no CID: "+err.Error())
		return
	}
	if block.CheckCID(c) != nil { // of a kind that no registry has
		refuse(w, http.StatusNotFound, "not found")
		return
	}
	w.Header().Set("X-Ipfs-Path", r.URL.Path)
	if car {
		g.car(w, r, c, segments)
		return
	}
	on, end, err := g.walk(r.Context(), c, segments)
	if err != nil || end < len(segments) {
		refuse(w, http.StatusNotFound, "not found")
		return
	}
	last := on[len(on)-1]
	w.Header().Set("X-Ipfs-Roots", roots(on))
	serve(w, r, rawType, last.CID.String()+".raw", keptForever, last.Data)
}

// wantsCAR reads what is asked for: format in the query, else Accept. ok is false
// where it is neither a block nor a CAR of a kind that is served.
func wantsCAR(r *http.Request) (car, ok bool) {
	q := r.URL.Query()
	accept := strings.ToLower(r.Header.Get("Accept"))
	format := q.Get("format")
	if format == "" {
		switch {
		case strings.Contains(accept, "application/vnd.ipld.car"):
			format = "car"
		case strings.Contains(accept, rawType):
			format = "raw"
		}
	}
	if format == "car" {
		params := strings.ReplaceAll(accept, " ", "")
		if v := q.Get("car-version"); v != "" && v != "1" || v == "" && strings.Contains(params, "vnd.ipld.car;") &&
			strings.Contains(params, "version=") && !strings.Contains(params, "version=1") {
			return true, false
		}
	}
	return format == "car", format == "car" || format == "raw"
}

// walk returns the blocks along a path of map members, and how many segments it went.
// It ends where a member is not there, and fails where a block is not.
func (g gateway) walk(ctx context.Context, c cid.Cid, segments []string) (on []block.Block, end int, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		data, ok := g.Get(c)
		if !ok {
			return nil, 0, &snapshot.Missing{CID: c}
		}
		on = append(on, block.Block{CID: c, Data: data})
		if end == len(segments) || c.Prefix().Codec != block.DagCBOR {
			return on, end, nil
		}
		v, err := block.DecodeCBOR(data)
		if err != nil {
			return on, end, nil
		}
		for end < len(segments) { // several members may stand in one block
			m, _ := v.(map[string]any)
			next, ok := m[segments[end]]
			if !ok {
				return on, end, nil
			}
			end++
			if link, ok := next.(cid.Cid); ok {
				c = link
				break
			}
			v = next
			if end == len(segments) {
				return on, end, nil
			}
		}
	}
}

// car answers with the blocks along a path, and below its end what dag-scope says.
func (g gateway) car(w http.ResponseWriter, r *http.Request, c cid.Cid, segments []string) {
	scope := r.URL.Query().Get("dag-scope")
	switch scope {
	case "", "all", "entity", "block":
	default:
		refuse(w, http.StatusBadRequest, "dag-scope: want block, entity or all")
		return
	}
	on, end, err := g.walk(r.Context(), c, segments)
	if err != nil {
		refuse(w, http.StatusNotFound, "not found")
		return
	}
	h := w.Header()
	last := on[len(on)-1].CID
	head, whole := last, end == len(segments)
	if !whole {
		head, err = cid.Decode(emptyCID)
	}
	if err != nil {
		refuse(w, http.StatusInternalServerError, "the answer could not be made")
		return
	}
	h.Set("X-Ipfs-Roots", roots(on))
	// An entity of dag-cbor is one block: it is no UnixFS.
	if !whole || scope == "block" || scope == "entity" || last.Prefix().Codec != block.DagCBOR {
		var b bytes.Buffer
		if err := writeBlocks(&b, head, on, nil); err != nil {
			refuse(w, http.StatusInternalServerError, "the answer could not be made")
			return
		}
		serve(w, r, carType, block.New(block.Raw, b.Bytes()).CID.String()+".car", keptForever, b.Bytes())
		return
	}
	tag := last.String() + ".all.car"
	h.Set("Content-Type", carType)
	h.Set("Cache-Control", keptForever)
	h.Set("ETag", `"`+tag+`"`)
	h.Set("Content-Disposition", `attachment; filename="`+tag+`"`)
	switch {
	case matches(r.Header.Get("If-None-Match"), `"`+tag+`"`):
		w.WriteHeader(http.StatusNotModified)
	case r.Method == http.MethodHead:
	default:
		err := writeBlocks(w, head, on, func(c cid.Cid) ([]byte, bool) {
			if r.Context().Err() != nil {
				return nil, false
			}
			return g.Get(c)
		})
		if err != nil {
			// The status was sent: only an answer that is cut says that it is not whole.
			panic(http.ErrAbortHandler)
		}
	}
}

// writeBlocks writes a CAR of the blocks on a path, and, with get, of everything below
// the last of them, each once. The root may be the CID of nothing.
func writeBlocks(w io.Writer, root cid.Cid, on []block.Block, get snapshot.Getter) error {
	car, err := block.NewCARWriter(w, root)
	if err != nil {
		return err
	}
	sent := map[cid.Cid]bool{}
	put := func(b block.Block) error {
		if sent[b.CID] {
			return nil
		}
		sent[b.CID] = true
		return car.Put(b)
	}
	for _, b := range on {
		if err := put(b); err != nil {
			return err
		}
	}
	if get == nil {
		return nil
	}
	return snapshot.Blocks(on[len(on)-1].CID, get, put)
}

// record answers with an IPNS record. plain is a URL that says what it wants.
func (g gateway) record(w http.ResponseWriter, r *http.Request, name string, plain bool) {
	if !plain && r.URL.Query().Get("format") != "ipns-record" && !strings.Contains(r.Header.Get("Accept"), recordType) {
		refuse(w, http.StatusNotAcceptable, "this gateway is trustless: ask for format=ipns-record")
		return
	}
	data, ok := g.named("", "ipns/"+name)
	if !ok {
		refuse(w, http.StatusNotFound, "not found")
		return
	}
	serve(w, r, recordType, block.New(block.Raw, data).CID.String(), keptShort, data)
}

// document answers with a signed document: /registry/<id>/<name>.json.
func (g gateway) document(w http.ResponseWriter, r *http.Request, id, file string) {
	name, ok := strings.CutSuffix(file, ".json")
	if ok && isRegistry(id) && !strings.HasPrefix(name, "ipns/") {
		if data, ok := g.named(id, name); ok {
			serve(w, r, documentType, block.New(block.JSON, data).CID.String(), keptShort, data)
			return
		}
	}
	refuse(w, http.StatusNotFound, "not found")
}

func (g gateway) named(id, name string) ([]byte, bool) {
	if g.Document == nil || !release.IsDocument(name) {
		return nil, false
	}
	return g.Document(id, name)
}

// file answers with one of a mirror's own files, by their fixed names.
func (g gateway) file(w http.ResponseWriter, r *http.Request, parts []string) {
	name, kind, kept := path.Join(parts...), "application/json", keptShort
	switch {
	case g.Dir == "":
		name = ""
	case name == indexFile:
	case name == versionsFile:
		kind = "application/jsonl"
	case len(parts) == 2 && parts[0] == "ipfs", len(parts) == 4 && parts[0] == "slices":
		kind, kept = "application/vnd.ipld.car; version=1", keptForever
		for i, p := range parts { // CIDs, rooms and numbers
			if i == len(parts)-1 {
				p = strings.TrimSuffix(p, ".car")
			}
			if p == "" || strings.ContainsFunc(p, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
				name = ""
			}
		}
	default:
		name = ""
	}
	f, err := os.Open(filepath.Join(g.Dir, filepath.FromSlash(name)))
	if name == "" || err != nil {
		if err == nil {
			f.Close()
		}
		refuse(w, http.StatusNotFound, "not found")
		return
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		refuse(w, http.StatusNotFound, "not found")
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", kept)
	http.ServeContent(w, r, "", st.ModTime(), f)
}

// serve answers with bytes, or with a part of them, or that they are the same.
func serve(w http.ResponseWriter, r *http.Request, kind, tag, kept string, data []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", kept)
	h.Set("ETag", `"`+tag+`"`)
	if kept == keptForever {
		name := strings.TrimSuffix(tag, ".raw")
		if ext := ".bin"; strings.HasSuffix(tag, ".raw") {
			name += ext
		}
		h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// matches reads If-None-Match, RFC 9110 Section 13.1.2.
func matches(header, tag string) bool {
	for item := range strings.SplitSeq(header, ",") {
		item = strings.TrimPrefix(strings.TrimSpace(item), "W/")
		if item == tag || item == "*" {
			return true
		}
	}
	return false
}

func roots(on []block.Block) string {
	var b strings.Builder
	for i, x := range on {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(x.CID.String())
	}
	return b.String()
}
