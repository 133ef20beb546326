package host

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/wire"
)

// A broken instance is discarded and the next call works, whatever broke it.
func TestBrokenInstance(t *testing.T) {
	v := open(t, Config{Instances: 1, MemoryPages: 1024})
	ctx := context.Background()
	tests := []struct {
		mediaType string
		want      string // reason; "" is a verdict
		says      string // in the detail
		fresh     bool   // whether the next call meets a new instance
	}{
		{"", "", "", false},
		{"test/panic", ModuleFault, "the guest was told to panic", true},
		{"test/exit", ModuleFault, "code 7", true},
		{"test/nil", ModuleFault, "nil pointer", true},
		{"test/fault", ModuleFault, "internal_fault: told to", true},
		{"test/memory", ModuleFault, "out of memory", true},
		{"test/deep", ModuleFault, "out of memory", true},
		{"test/outside", ModuleFault, "outside the memory", true},
		{"test/endless", ModuleFault, "4294967295 bytes", true},
		{"test/empty", ModuleFault, "0 bytes", true},
		{"test/nonsense", ModuleFault, "json_", true},
		{"test/other", ModuleFault, "something else", false},
		{"test/refuse", wire.BadRequest, "told to", false},
		{"test/grow=200000000", ModuleFault, "out of memory", true},
		{"test/grow=20000000", "", "", false},
	}
	for _, tt := range tests {
		t.Run(strings.ReplaceAll(tt.mediaType, "/", " "), func(t *testing.T) {
			before, err := v.Verify(ctx, Request{Input: []byte("x")})
			if err != nil {
				t.Fatal(err)
			}
			_, err = v.Verify(ctx, Request{Input: []byte("x"), MediaType: tt.mediaType})
			if got := reason(err); got != tt.want {
				t.Fatalf("reason %q, want %q: %v", got, tt.want, err)
			}
			if err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %q does not say %q", err, tt.says)
			}
			if err != nil && strings.Contains(err.Error(), "wasm stack trace") {
				t.Errorf("error has the guest's stack: %q", err)
			}
			after, err := v.Verify(ctx, Request{Input: []byte("x")})
			if err != nil {
				t.Fatalf("the call after it: %v", err)
			}
			// The guest counts its calls in the detail.
			if fresh := len(after.Checks[0].Detail) == 1 && after.Checks[0].Detail == "1"; fresh != tt.fresh {
				t.Errorf("calls before %s, after %s: new instance %v, want %v", before.Checks[0].Detail, after.Checks[0].Detail, fresh, tt.fresh)
			}
		})
	}
}

// An instance whose memory grew far is not kept.
func TestBigInstanceIsNotKept(t *testing.T) {
	v := open(t, Config{Instances: 1})
	for _, tt := range []struct {
		mediaType string
		kept      int
	}{{"test/grow=1000000", 1}, {"test/grow=200000000", 0}} {
		if _, err := v.Verify(context.Background(), Request{MediaType: tt.mediaType}); err != nil {
			t.Fatal(err)
		}
		if got := len(v.pool.idle); got != tt.kept {
			t.Errorf("%s: %d instances kept, want %d", tt.mediaType, got, tt.kept)
		}
	}
}

// The largest case that the contract allows fits the default memory.
func TestLargestCase(t *testing.T) {
	v := open(t, Config{Instances: 1})
	var blocks []block.Block
	for i := range 31 {
		b := bytes.Repeat([]byte{byte(i)}, 1<<20)
		blocks = append(blocks, block.New(block.Raw, b))
	}
	got, err := v.Verify(context.Background(), Request{Blocks: blocks})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Case) < 31<<20 {
		t.Errorf("case of %d bytes", len(got.Case))
	}
	blocks = append(blocks, block.New(block.Raw, bytes.Repeat([]byte{99}, 1<<20)))
	if _, err = v.Verify(context.Background(), Request{Blocks: blocks}); reason(err) != wire.BadCase {
		t.Errorf("a case over 32 MiB: %v, want %s", err, wire.BadCase)
	}
}

func TestConfig(t *testing.T) {
	good := tiny()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	id := block.New(block.Raw, good).CID.String()
	guestModule, err := guest()
	if err != nil {
		t.Fatal(err)
	}
	shared, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		cfg  Config
		want string
	}{
		{"no cache", Config{Module: good, CacheDir: NoCache}, ""},
		{"right pin", Config{Module: good, CacheDir: NoCache, ModuleCID: id}, ""},
		{"wrong pin", Config{Module: good, CacheDir: NoCache, ModuleCID: "bafkqaaa"}, ModuleInvalid},
		{"no module", Config{Module: []byte("x"), CacheDir: NoCache}, ModuleInvalid},
		{"empty module", Config{Module: []byte{}, CacheDir: NoCache}, ModuleInvalid},
		{"no exports", Config{Module: []byte("\x00asm\x01\x00\x00\x00"), CacheDir: NoCache}, ModuleInvalid},
		{"too little memory to start", Config{Module: guestModule, CacheDir: shared, MemoryPages: 1}, ModuleInvalid},
		{"negative memory", Config{Module: good, MemoryPages: -1}, BadConfig},
		{"too much memory", Config{Module: good, MemoryPages: maxMemoryPages + 1}, BadConfig},
		{"negative instances", Config{Module: good, Instances: -1}, BadConfig},
		{"cache is a file", Config{Module: good, CacheDir: file}, BadConfig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := Open(context.Background(), tt.cfg)
			if got := reason(err); got != tt.want {
				t.Fatalf("reason %q, want %q: %v", got, tt.want, err)
			}
			if err == nil {
				if v.ModuleCID() != id {
					t.Errorf("module CID %s, want %s", v.ModuleCID(), id)
				}
				if err := v.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A damaged cache entry costs one compilation, not the verifier.
func TestDamagedCache(t *testing.T) {
	dir := t.TempDir()
	v := open(t, Config{Module: tiny(), CacheDir: dir})
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := filepath.Glob(filepath.Join(dir, "*", "wazero-*", "*"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("cache entries %v, %v; want one", entries, err)
	}
	data, err := os.ReadFile(entries[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(entries[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	v = open(t, Config{Module: tiny(), CacheDir: dir})
	if _, err := v.Verify(context.Background(), Request{}); err != nil {
		t.Error(err)
	}
	if again, err := os.ReadFile(entries[0]); err != nil || bytes.Equal(again, data) {
		t.Errorf("the damaged entry is still there: %v", err)
	}
}

// The default cache directory is the user's; what was compiled long ago goes from it.
func TestDefaultCache(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", home)
	t.Setenv("HOME", home) // where the cache is on other systems
	user, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(user, "verilith", "wazero")
	old := time.Now().Add(-time.Hour)
	names := []string{"mine"}
	for i := range keepModules + 2 {
		names = append(names, block.New(block.Raw, []byte{byte(i)}).CID.String())
	}
	for i, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
		used := old.Add(time.Duration(i) * time.Minute)
		if err := os.Chtimes(path, used, used); err != nil {
			t.Fatal(err)
		}
	}
	v, err := Open(context.Background(), Config{Module: tiny()})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	want := append([]string{"mine", v.ModuleCID()}, names[len(names)-keepModules+1:]...)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("in the cache: %v, want %v", got, want)
	}

	// Without a home, or with one that cannot be written, there is no cache, and that
	// is no error.
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "file"))
	t.Setenv("HOME", filepath.Join(home, "file"))
	if err := os.WriteFile(filepath.Join(home, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := Open(context.Background(), Config{Module: tiny()})
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
}

func TestClose(t *testing.T) {
	v := open(t, Config{Instances: 2})
	release := make(chan struct{})
	v.fetcher = fetcherFunc(func(ctx context.Context, n wire.Need) (Answer, error) {
		<-release
		return Answer{}, errors.New("none")
	})
	result := make(chan error, 1)
	go func() {
		_, err := v.Verify(context.Background(), Request{Input: []byte("https://example.org/a"), MediaType: "test/list"})
		result <- err
	}()
	release <- struct{}{} // the fetcher is in its call, outside any instance
	for range 2 {
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// The call under way ended before, or finds the verifier closed.
	if err := <-result; err != nil && reason(err) != Closed {
		t.Errorf("the call under way: %v, want %s or none", err, Closed)
	}
	if _, err := v.Verify(context.Background(), Request{}); reason(err) != Closed {
		t.Errorf("after Close: %v, want %s", err, Closed)
	}
	if _, err := v.About(context.Background()); reason(err) != Closed {
		t.Errorf("after Close: %v, want %s", err, Closed)
	}
}

// A caller that waits for an instance can give up.
func TestAcquireCancelled(t *testing.T) {
	v := open(t, Config{Instances: 1})
	in, err := v.pool.acquire(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err = v.Verify(ctx, Request{})
	if reason(err) != Cancelled || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want %s", err, Cancelled)
	}
	v.pool.release(in, true)
	if _, err := v.Verify(context.Background(), Request{}); err != nil {
		t.Error(err)
	}
}

func TestConcurrent(t *testing.T) {
	v := open(t, Config{Instances: 3, MemoryPages: 2048, Fetcher: fetcherFunc(func(_ context.Context, n wire.Need) (Answer, error) {
		return Answer{Document: &Document{Body: []byte(n.URL)}}, nil
	})})
	kinds := []string{"", "test/panic", "test/list", "test/outside", "test/chain", "test/refuse"}
	registries := []wire.Registry{{Snapshot: block.New(block.DagCBOR, nil).CID.String()}}
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			for i := range 20 {
				kind := kinds[(g+i)%len(kinds)]
				_, err := v.Verify(context.Background(), Request{
					Input: []byte("https://example.org/a https://example.org/b"), MediaType: kind, Registries: registries,
				})
				broken := kind == "test/panic" || kind == "test/outside"
				if got := reason(err); (got == ModuleFault) != broken || kind == "test/refuse" && got != wire.BadRequest {
					t.Errorf("%s: %v", kind, err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(v.pool.slots); n != 0 {
		t.Errorf("%d instances are still held", n)
	}
	if n := len(v.pool.idle); n > 3 {
		t.Errorf("%d instances are idle, want at most 3", n)
	}
}
