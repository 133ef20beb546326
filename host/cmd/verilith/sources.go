package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/importer"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// sources are the flags that say where evidence comes from.
type sources struct {
	registries, gateways, cars, folders, private list
	cache, asOf                                  string
	offline, live                                bool

	stores []fetch.Store
	close  []func() error
}

// blockFlags declares the flags of commands that read blocks.
func (f *sources) blockFlags(fs *flag.FlagSet) {
	fs.Var(&f.gateways, "gateway", "`URL` of a trustless gateway or mirror to ask for blocks (repeatable)")
	fs.Var(&f.cars, "car", "`FILE` with blocks, a CARv1 (repeatable)")
	fs.Var(&f.folders, "blocks", "`DIR` with blocks, each a file named by its CID (repeatable)")
	fs.StringVar(&f.cache, "cache", "", "`DIR` to keep what was fetched in, or \"none\"\n(default verilith/evidence in the user's cache directory)")
	fs.BoolVar(&f.offline, "offline", false, "ask nobody: use files and the cache alone")
}

// registryFlags declares the flags that say whom to trust.
func (f *sources) registryFlags(fs *flag.FlagSet) {
	fs.Var(&f.registries, "registry", "registry to trust (repeatable): the `CID` of a snapshot, a CAR file, a\nJSON file of entities, or a folder of entity files")
	fs.StringVar(&f.asOf, "as-of", "", "`TIME` (RFC 3339) at which the snapshots were known to be the newest")
}

// documentFlags declares the flags for documents by URL. live is the default.
func (f *sources) documentFlags(fs *flag.FlagSet, live bool) {
	fs.BoolVar(&f.live, "allow-live", live, "ask the hosts of URLs, such as a did:web issuer's\n(default true; false with --jsonl; --allow-live=false)")
	fs.Var(&f.private, "private", "`HOST:PORT` whose documents may come from a private address;\nhttp://localhost:PORT is asked by http (repeatable)")
}

// fetcher makes the fetcher. Without documents, none is answered by URL.
func (f *sources) fetcher(documents bool) (*fetch.Fetcher, error) {
	for _, path := range f.cars {
		if _, err := f.openCAR(path); err != nil {
			return nil, err
		}
	}
	for _, dir := range f.folders {
		st, err := fetch.Folder(dir)
		if err != nil {
			return nil, err
		}
		f.stores = append(f.stores, st)
	}
	cfg := fetch.Config{Stores: f.stores, NoDocuments: !documents, Private: f.private, Live: f.live && !f.offline}
	if !f.offline {
		cfg.Gateways = f.gateways
	}
	var err error
	if cfg.Cache, err = f.openCache(); err != nil {
		return nil, err
	}
	return fetch.New(cfg)
}

func (f *sources) openCache() (*fetch.Cache, error) {
	switch f.cache {
	case "none":
		return nil, nil
	case "":
		base, err := os.UserCacheDir()
		if err != nil {
			return nil, nil // no home: nothing is kept
		}
		c, err := fetch.OpenCache(filepath.Join(base, "verilith", "evidence"), 0)
		if err != nil {
			return nil, nil // a read-only home likewise
		}
		return c, nil
	}
	return fetch.OpenCache(f.cache, 0)
}

func (f *sources) openCAR(path string) (*fetch.CAR, error) {
	c, err := fetch.OpenCAR(path)
	if err != nil {
		return nil, err
	}
	f.close = append(f.close, c.Close)
	f.stores = append(f.stores, c.Store())
	return c, nil
}

// done closes files.
func (f *sources) done() {
	for _, c := range f.close {
		_ = c()
	}
}

// trusted reads the --registry flags. It comes before fetcher, since files bring
// their own blocks.
func (f *sources) trusted() ([]wire.Registry, error) {
	if f.asOf != "" {
		if _, err := wire.ParseTime(f.asOf); err != nil {
			return nil, usagef("--as-of: %v", err)
		}
	}
	var all []wire.Registry
	for _, arg := range f.registries {
		r, err := f.registry(arg)
		if err != nil {
			return nil, fmt.Errorf("--registry: %w", err)
		}
		if r.Snapshot != "" {
			r.AsOf = f.asOf
		}
		all = append(all, r)
	}
	return all, nil
}

// registry reads one --registry flag.
func (f *sources) registry(arg string) (wire.Registry, error) {
	if c, err := block.ParseCID(arg); err == nil {
		return wire.Registry{Snapshot: c.String()}, nil
	}
	st, err := os.Stat(arg)
	switch {
	case err != nil:
		return wire.Registry{}, fmt.Errorf("%q is neither a CID nor a file: %w", clean(arg, 80), err)
	case st.IsDir():
		return f.registryFolder(arg)
	case strings.EqualFold(filepath.Ext(arg), ".json"):
		entities, err := readEntities(arg)
		return wire.Registry{Entities: entities}, err
	}
	c, err := f.openCAR(arg)
	if err != nil {
		return wire.Registry{}, err
	}
	if len(c.Roots) != 1 {
		return wire.Registry{}, fmt.Errorf("%s has %d roots, want 1", arg, len(c.Roots))
	}
	return wire.Registry{Snapshot: c.Roots[0].String()}, nil
}

// registryFolder builds a snapshot of a folder of entity files, in memory.
func (f *sources) registryFolder(dir string) (wire.Registry, error) {
	r, err := importer.Folder(dir, importer.Options{})
	if err != nil {
		return wire.Registry{}, err
	}
	if r.Name == "" {
		r.Name = filepath.Base(dir)
	}
	store := snapshot.Store{}
	meta, err := snapshot.Build(r.Source(), store.Put, snapshot.Options{})
	if err != nil {
		return wire.Registry{}, err
	}
	f.stores = append(f.stores, fetch.Store{Name: filepath.Base(dir), Get: store.Get})
	return wire.Registry{Snapshot: meta.Root.String()}, nil
}

// readEntities reads a JSON file: a list of entities, one entity, or {"entities": […]}.
func readEntities(path string) ([]strictjson.Object, error) {
	data, err := readFile(path, wire.MaxRequest)
	if err != nil {
		return nil, err
	}
	v, err := strictjson.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	items, ok := v.([]any)
	if o, isObject := v.(strictjson.Object); isObject {
		if items, ok = o["entities"].([]any); !ok {
			items, ok = []any{o}, true
		}
	}
	entities := make([]strictjson.Object, 0, len(items))
	for _, item := range items {
		o, isObject := item.(strictjson.Object)
		if !isObject {
			ok = false
			break
		}
		entities = append(entities, o)
	}
	if !ok || len(entities) == 0 {
		return nil, fmt.Errorf("%s: want a list of entities", path)
	}
	return entities, nil
}

// open opens the verifier module, with one instance. The first time on a machine it
// is compiled, which takes seconds; a terminal says so.
func open(ctx context.Context, s std, f host.Fetcher) (*host.Verifier, error) {
	if s.errTTY {
		const text = "preparing the verifier, once …"
		opened, cleared := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(cleared)
			select {
			case <-opened:
			case <-time.After(700 * time.Millisecond):
				fmt.Fprint(s.err, text)
				<-opened
				fmt.Fprintf(s.err, "\r%s\r", strings.Repeat(" ", len(text)))
			}
		}()
		defer func() { close(opened); <-cleared }()
	}
	return host.Open(ctx, host.Config{Fetcher: f, Instances: 1})
}
