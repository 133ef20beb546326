package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"github.com/verilith/verilith/registry-snapshots/block"
)

const (
	maxMemoryPages = 1 << 16 // 4 GiB, all that wasm32 can address
	maxInstances   = 1 << 10 // far above the processors of any machine
	// keepMemory is up to which size an instance goes back to the pool: memory
	// never shrinks, and one big case should not hold it for good.
	keepMemory = 128 << 20
	// maxLastWords bounds what is kept of an instance's output: the first lines of
	// a panic.
	maxLastWords = 2 << 10
	// keepModules is how many modules' compiled code stays in the cache directory:
	// the one in use and those before it, some 30 MB each.
	keepModules = 4
)

// pool holds the compiled module and its instances. An instance serves one call at
// a time.
type pool struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	cache    wazero.CompilationCache // nil if there is none

	slots chan struct{} // one for each instance that is in use
	done  chan struct{} // closed by close

	mu   sync.Mutex
	idle []*instance
	once sync.Once
	err  error // of close
}

// instance is one running copy of the module.
type instance struct {
	door  door
	mod   api.Module
	words *lastWords
}

func openPool(ctx context.Context, wasm []byte, id string, cfg Config) (*pool, error) {
	p := &pool{slots: make(chan struct{}, cfg.Instances), done: make(chan struct{})}
	dir, cacheErr := cacheDir(cfg.CacheDir, id)
	if cacheErr == nil && dir != "" {
		// wazero refuses a damaged entry. It is thrown away and made anew, once.
		for range 2 {
			if cacheErr = p.compile(ctx, wasm, dir, cfg); cacheErr == nil {
				pruneCache(dir)
				return p, p.warm(ctx)
			}
			_ = os.RemoveAll(dir)
		}
	}
	if err := p.compile(ctx, wasm, "", cfg); err != nil {
		return nil, causedBy(ModuleInvalid, err)
	}
	// A cache directory that was asked for must work; the default one need not.
	if cacheErr != nil && cfg.CacheDir != "" {
		_ = p.free(ctx)
		return nil, causedBy(BadConfig, cacheErr)
	}
	return p, p.warm(ctx)
}

// cacheDir is where this module's compiled code goes: a directory of its own, so
// that a damaged one can be thrown away.
func cacheDir(dir, id string) (string, error) {
	switch dir {
	case NoCache:
		return "", nil
	case "":
		base, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(base, "verilith", "wazero")
	}
	dir = filepath.Join(dir, id)
	return dir, os.MkdirAll(dir, 0o700)
}

// pruneCache removes the compiled code of the modules that were not opened for
// longest. It touches nothing that is not named by a module's CID.
func pruneCache(dir string) {
	now := time.Now()
	_ = os.Chtimes(dir, now, now)
	base := filepath.Dir(dir)
	entries, err := os.ReadDir(base)
	if err != nil {
		return
	}
	used := map[string]time.Time{}
	var names []string
	for _, e := range entries {
		if _, err := block.ParseCID(e.Name()); err != nil || !e.IsDir() {
			continue
		}
		if st, err := e.Info(); err == nil {
			names, used[e.Name()] = append(names, e.Name()), st.ModTime()
		}
	}
	slices.SortFunc(names, func(a, b string) int { return used[b].Compare(used[a]) })
	for _, name := range names[min(len(names), keepModules):] {
		_ = os.RemoveAll(filepath.Join(base, name))
	}
}

// compile makes the runtime. On an error it leaves nothing open.
func (p *pool) compile(ctx context.Context, wasm []byte, dir string, cfg Config) (err error) {
	defer func() {
		if err != nil {
			_ = p.free(ctx)
		}
	}()
	rc := wazero.NewRuntimeConfig().
		WithMemoryLimitPages(uint32(cfg.MemoryPages)).
		WithDebugInfoEnabled(false)
	if dir != "" {
		if p.cache, err = wazero.NewCompilationCacheWithDir(dir); err != nil {
			return err
		}
		rc = rc.WithCompilationCache(p.cache)
	}
	p.runtime = wazero.NewRuntimeWithConfig(ctx, rc)
	if _, err = wasi_snapshot_preview1.Instantiate(ctx, p.runtime); err != nil {
		return err
	}
	p.compiled, err = p.runtime.CompileModule(ctx, wasm)
	return err
}

// warm starts the first instance, so that bytes which are no Verilith module fail
// at Open.
func (p *pool) warm(ctx context.Context) error {
	in, err := p.start(ctx)
	if err != nil {
		_ = p.free(ctx)
		return causedBy(ModuleInvalid, err)
	}
	p.idle = append(p.idle, in)
	return nil
}

// The guest's clocks stand still and its random source gives zeros: a verdict
// depends on the case alone. Go's runtime in the guest wants clocks other than zero.
const fixedSeconds, fixedNanos = 1640995200, 1

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// start instantiates the module and runs its _initialize.
func (p *pool) start(ctx context.Context) (*instance, error) {
	words := &lastWords{}
	mod, err := p.runtime.InstantiateModule(ctx, p.compiled, wazero.NewModuleConfig().
		WithName(""). // nameless: there may be many
		WithStartFunctions("_initialize").
		WithStdout(words).WithStderr(words).
		WithWalltime(func() (int64, int32) { return fixedSeconds, 0 }, sys.ClockResolution(1000)).
		WithNanotime(func() int64 { return fixedNanos }, sys.ClockResolution(1000)).
		WithRandSource(zeros{}))
	if err != nil {
		return nil, words.explain(trap(err))
	}
	d, err := openDoor(mod)
	if err != nil {
		_ = mod.Close(ctx)
		return nil, err
	}
	return &instance{door: d, mod: mod, words: words}, nil
}

// acquire waits for a place and returns an instance for it.
func (p *pool) acquire(ctx context.Context) (*instance, error) {
	if err := ctx.Err(); err != nil { // select chooses freely among what is ready
		return nil, causedBy(Cancelled, err)
	}
	select {
	case <-p.done:
		return nil, errorf(Closed, "the verifier is closed")
	default:
	}
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, causedBy(Cancelled, ctx.Err())
	case <-p.done:
		return nil, errorf(Closed, "the verifier is closed")
	}
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		in := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return in, nil
	}
	p.mu.Unlock()
	in, err := p.start(context.WithoutCancel(ctx))
	if err != nil {
		<-p.slots
		return nil, causedBy(ModuleFault, err)
	}
	return in, nil
}

// release gives the place back, and the instance too if it is sound.
func (p *pool) release(in *instance, sound bool) {
	if sound && in.door.size() <= keepMemory {
		p.mu.Lock()
		p.idle = append(p.idle, in)
		p.mu.Unlock()
	} else {
		_ = in.mod.Close(context.Background())
	}
	<-p.slots
}

// call runs one case in an instance. check looks at the reply while the instance is
// still held: where it finds the module broken, the instance is discarded.
func (p *pool) call(ctx context.Context, input []byte, check func(reply []byte) error) error {
	in, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	sound := false
	defer func() { p.release(in, sound) }()
	// The work is bounded inside the module, so a call is not interrupted: wazero's
	// check for that costs up to six times the call.
	reply, err := in.door.call(context.WithoutCancel(ctx), input)
	if err == nil {
		err = check(reply)
	}
	if err != nil {
		return causedBy(ModuleFault, in.words.explain(err))
	}
	sound = true
	return nil
}

func (p *pool) close() error {
	p.once.Do(func() {
		close(p.done)
		for range cap(p.slots) { // wait for every call under way
			p.slots <- struct{}{}
		}
		p.err = p.free(context.Background())
	})
	return p.err
}

// free closes what compile opened. Instances go with the runtime.
func (p *pool) free(ctx context.Context) error {
	var errs []error
	if p.runtime != nil {
		errs = append(errs, p.runtime.Close(ctx))
	}
	if p.cache != nil {
		errs = append(errs, p.cache.Close(ctx))
	}
	p.runtime, p.cache, p.compiled, p.idle = nil, nil, nil, nil
	return errors.Join(errs...)
}

// lastWords keeps the beginning of what an instance printed: Go prints a panic there.
type lastWords struct{ text strings.Builder }

func (w *lastWords) Write(p []byte) (int, error) {
	if room := maxLastWords - w.text.Len(); room > 0 {
		w.text.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

// explain adds the last words to an error.
func (w *lastWords) explain(err error) error {
	if line, _, _ := strings.Cut(strings.TrimSpace(w.text.String()), "\n\n"); line != "" {
		return errors.New(err.Error() + ": " + line)
	}
	return err
}
