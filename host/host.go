// Package host runs the Verilith module in a Go program.
//
// It carries bytes and decides nothing: [Verifier.Verify] seals the request and the
// evidence into a case (package wire), hands it to the module, and obtains what the
// module asks for from a [Fetcher], until there is a verdict; Advance, Authorize and
// Recognize do the same for their operations. What the module wants to be reminded of,
// the state of a governed registry, is kept in a [RegistryStore]. The module is
// WebAssembly in wazero, with no files, no network, no clock and a bound on its
// memory; an instance that broke is discarded, and the next call gets another one.
//
// The package dials nobody. Package host/fetch has the fetchers that do.
package host

import (
	"context"
	"runtime"

	"github.com/verilith/verilith/wasm/wire"
)

// Config says how to run the module. Its zero value is sensible: the embedded
// module, offline, one instance per processor, compiled code kept in the user's
// cache directory.
type Config struct {
	// Fetcher obtains what the module needs. Nil is offline: every need is then
	// unobtainable, and the verdict says so.
	Fetcher Fetcher
	// Registries keeps what the module said of governed registries, from call to call:
	// see [RegistryDir]. Nil keeps nothing; a registry whose State the caller does not
	// hand over is then met for the first time in every call.
	Registries RegistryStore
	// CacheDir keeps the compiled module, so that only the first [Open] takes
	// seconds. Whoever can write there can run code in this process. Empty means
	// verilith/wazero in the user's cache directory, if there is one; NoCache, none.
	CacheDir string
	// Instances bounds how many calls run at once; zero means GOMAXPROCS. An
	// instance is made when it is first wanted.
	Instances int
	// MemoryPages bounds the memory of one instance, in pages of 64 KiB; zero means
	// DefaultMemoryPages, the bound that the embedded module itself has: with it more
	// has no effect.
	MemoryPages int
	// Module is the module's bytes; nil means the embedded ones.
	Module []byte
	// ModuleCID pins the module: Open refuses any other. Empty pins nothing.
	ModuleCID string
}

// NoCache as Config.CacheDir keeps no compiled code.
const NoCache = "-"

// DefaultMemoryPages is 512 MiB: a case of 32 MiB, the values parsed from it, and
// the slack that a copying garbage collector's doubling of the heap wants. A case
// that needs more is hostile, and ends its instance instead of the machine.
const DefaultMemoryPages = 8192

// Verifier is an opened module. It is safe for concurrent use.
type Verifier struct {
	pool       *pool
	fetcher    Fetcher
	registries RegistryStore
	module     string
	memory     *memory
}

// Open compiles the module, or loads it from the cache, and starts one instance.
func Open(ctx context.Context, cfg Config) (*Verifier, error) {
	wasm := cfg.Module
	if wasm == nil {
		var err error
		if wasm, err = embeddedModule(); err != nil {
			return nil, err
		}
	}
	id := moduleCID(wasm)
	if cfg.ModuleCID != "" && cfg.ModuleCID != id {
		return nil, errorf(ModuleInvalid, "the module is %s, want %s", id, cfg.ModuleCID)
	}
	if cfg.MemoryPages < 0 || cfg.MemoryPages > maxMemoryPages {
		return nil, errorf(BadConfig, "MemoryPages is %d, want 0 to %d", cfg.MemoryPages, maxMemoryPages)
	}
	if cfg.Instances < 0 || cfg.Instances > maxInstances {
		return nil, errorf(BadConfig, "Instances is %d, want 0 to %d", cfg.Instances, maxInstances)
	}
	if cfg.MemoryPages == 0 {
		cfg.MemoryPages = DefaultMemoryPages
	}
	if cfg.Instances == 0 {
		cfg.Instances = runtime.GOMAXPROCS(0)
	}
	p, err := openPool(ctx, wasm, id, cfg)
	if err != nil {
		return nil, err
	}
	return &Verifier{pool: p, fetcher: cfg.Fetcher, registries: cfg.Registries, module: id, memory: newMemory()}, nil
}

// ModuleCID is the CID of the module's bytes (codec raw). It is part of every
// receipt: the same case in the same module gives the same bytes.
func (v *Verifier) ModuleCID() string { return v.module }

// Close waits for the calls that are under way and frees everything. Later calls
// fail with Closed.
func (v *Verifier) Close() error { return v.pool.close() }

// About says what the module verifies, and its limits.
func (v *Verifier) About(ctx context.Context) (wire.About, error) {
	r, err := v.run(ctx, wire.Request{Verilith: wire.Contract, Op: wire.OpAbout}, newEvidence(nil), nil)
	if err != nil {
		return wire.About{}, err
	}
	if r.reply.About == nil {
		return wire.About{}, errorf(ModuleFault, "the module answered about by something else")
	}
	return *r.reply.About, nil
}
