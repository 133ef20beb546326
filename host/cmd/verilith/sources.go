package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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
	registries, recognised, speaks, gateways, routers, cars, folders, private list
	cache, asOf, stateFile                                                    string
	offline, live, mirrors, noState                                           bool

	stores []fetch.Store
	close  []func() error
}

// blockFlags declares the flags of commands that read blocks.
func (f *sources) blockFlags(fs *flag.FlagSet) {
	fs.Var(&f.gateways, "gateway", "`URL` of a trustless gateway or static mirror (repeatable)")
	fs.Var(&f.cars, "car", "`FILE` with blocks, a CARv1 (repeatable)")
	fs.Var(&f.folders, "blocks", "`DIR` with blocks, each a file named by its CID, or a whole static mirror\n(repeatable)")
	fs.StringVar(&f.cache, "cache", "", "`DIR` to keep what was fetched in, or \"none\"\n(default verilith/evidence in the user's cache directory)")
	fs.BoolVar(&f.offline, "offline", false, "ask nobody: use files and the cache alone")
}

// registryFlags declares the flags that say whom to trust.
func (f *sources) registryFlags(fs *flag.FlagSet) {
	fs.Var(&f.registries, "registry", "registry to trust (repeatable): the `CID` of a snapshot or of a governed\nregistry, a CAR file, a static mirror's folder, a working folder, a JSON file\nof entities, or a folder of entity files")
	fs.Var(&f.recognised, "recognised", "`REGISTRY`, as above, that counts as far as one to trust recognises it\n(repeatable)")
	fs.Var(&f.speaks, "speaks-for", "`REGISTRY=ID`: in whose name a registry, written as above, speaks; others may\nrecognise it, and authorizations be made, by that ID (repeatable)")
	fs.StringVar(&f.asOf, "as-of", "", "`TIME` (RFC 3339) at which the snapshots were known to be the newest")
	f.stateFlags(fs)
}

// stateFlags declares the flags about governed registries: where their documents come
// from, and where what was learned of them is kept.
func (f *sources) stateFlags(fs *flag.FlagSet) {
	fs.StringVar(&f.stateFile, "state", "", "`FILE` that keeps the state of one governed registry, against an older head\n(default a file for each in the user's state directory)")
	fs.BoolVar(&f.noState, "no-state", false, "keep no state: an older head then looks like the newest")
	fs.BoolVar(&f.mirrors, "mirrors", true, "ask the mirrors that a governed registry names")
	fs.Var(&f.routers, "router", "`URL` of a delegated router to ask for IPNS records (repeatable)")
}

// store is where the states of governed registries are kept; nil keeps none.
func (f *sources) store() (host.RegistryStore, error) {
	switch {
	case f.noState && f.stateFile != "":
		return nil, usagef("--state and --no-state do not go together")
	case f.noState:
		return nil, nil
	case f.stateFile != "":
		return host.RegistryFile(f.stateFile), nil
	}
	dir, err := stateDir()
	if err != nil {
		return nil, nil // no home: nothing is kept, and the verdict says what that means
	}
	return host.RegistryDir(filepath.Join(dir, "verilith", "registries")), nil
}

// stateDir is where a program keeps what must outlive its caches: XDG_STATE_HOME of
// the XDG base directories, or what the system has in its place.
func stateDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	switch runtime.GOOS {
	case "windows", "darwin", "ios", "plan9":
		return os.UserConfigDir()
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state"), err
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
		cfg.Gateways, cfg.Routers, cfg.Mirrors = f.gateways, f.routers, f.mirrors
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
	names := slices.Concat(f.registries, f.recognised)
	authorities, err := f.authorities(names)
	if err != nil {
		return nil, err
	}
	var all []wire.Registry
	for i, arg := range names {
		r, err := f.registry(arg)
		name := "--registry"
		if r.Recognised = i >= len(f.registries); r.Recognised {
			name = "--recognised"
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if r.Snapshot != "" {
			r.AsOf = f.asOf
		}
		r.Authority = authorities[arg]
		all = append(all, r)
	}
	return all, nil
}

// authorities reads the --speaks-for flags: a registry's ID by the registry as it is written.
// It goes by the registries that there are, since a file's name and an ID may each have
// an equals sign.
func (f *sources) authorities(registries []string) (map[string]string, error) {
	of := map[string]string{}
	for _, text := range f.speaks {
		found := ""
		for _, arg := range registries {
			if id, ok := strings.CutPrefix(text, arg+"="); ok && id != "" && len(arg) > len(found) {
				found = arg
			}
		}
		switch {
		case found == "":
			return nil, usagef("--speaks-for %s: want REGISTRY=ID, with a registry as --registry or --recognised has it", clean(text, 80))
		case of[found] != "":
			return nil, usagef("--speaks-for %s: %s has an ID already", clean(text, 80), clean(found, 80))
		}
		of[found] = text[len(found)+1:]
	}
	return of, nil
}

// registry reads one --registry flag.
func (f *sources) registry(arg string) (wire.Registry, error) {
	if c, err := block.ParseCID(arg); err == nil {
		if c.Prefix().Codec == block.JSON { // a first root, and no snapshot
			return wire.Registry{ID: c.String()}, nil
		}
		return wire.Registry{Snapshot: c.String()}, nil
	}
	st, err := os.Stat(arg)
	switch {
	case err != nil:
		return wire.Registry{}, fmt.Errorf("%q is neither a CID nor a file: %w", clean(arg, 80), err)
	case st.IsDir():
		if id, err := f.working(arg); id != "" || err != nil {
			return wire.Registry{ID: id}, err
		}
		if id, err := mirrored(arg); id != "" || err != nil {
			if err == nil {
				f.folders = append(f.folders, arg)
			}
			return wire.Registry{ID: id}, err
		}
		return f.registryFolder(arg)
	case strings.EqualFold(filepath.Ext(arg), ".json"):
		entities, err := readEntities(arg)
		return wire.Registry{Entities: entities}, err
	}
	c, err := f.openCAR(arg)
	if err != nil {
		return wire.Registry{}, err
	}
	if c.Release != nil {
		return wire.Registry{ID: c.Release.Registry}, nil
	}
	if len(c.Roots) != 1 {
		return wire.Registry{}, fmt.Errorf("%s has %d roots, want 1", arg, len(c.Roots))
	}
	return wire.Registry{Snapshot: c.Roots[0].String()}, nil
}

// working opens an operator's working folder, which has the registry's documents and
// snapshots, and returns the registry's id: "" if it is no such folder.
func (f *sources) working(dir string) (id string, err error) {
	d := registryDir{dir}
	first, err := d.read(d.rootPath(1))
	if first == nil || err != nil {
		return "", err
	}
	for _, path := range d.cars() {
		if _, err := f.openCAR(path); err != nil {
			return "", err
		}
	}
	id = block.New(block.JSON, first).CID.String()
	f.stores = append(f.stores, d.store(id))
	return id, nil
}

// mirrored is the id of the registry whose static mirror a folder is, or "".
func mirrored(dir string) (string, error) {
	entries, err := os.ReadDir(filepath.Join(dir, "registry"))
	if err != nil {
		return "", nil // there is none
	}
	var ids []string
	for _, e := range entries {
		if c, err := block.ParseCID(e.Name()); err == nil && c.Prefix().Codec == block.JSON && e.IsDir() {
			ids = append(ids, e.Name())
		}
	}
	switch len(ids) {
	case 0:
		return "", nil
	case 1:
		return ids[0], nil
	}
	return "", fmt.Errorf("%s is a mirror of %d registries: name one by its id, and the folder by --blocks", dir, len(ids))
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

// open opens the verifier module for what keeps no state.
func open(ctx context.Context, s std, f host.Fetcher) (*host.Verifier, error) {
	return openWith(ctx, s, f, nil)
}

// openWith opens the verifier module, with one instance. The first time on a machine it
// is compiled, which takes seconds; a terminal says so.
func openWith(ctx context.Context, s std, f host.Fetcher, store host.RegistryStore) (*host.Verifier, error) {
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
	return host.Open(ctx, host.Config{Fetcher: f, Registries: store, Instances: 1})
}
