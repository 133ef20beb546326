package host

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// guest builds testdata/guest, a module that does what a test tells it to.
var guest = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "verilith-guest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "guest.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out, "./testdata/guest")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, errors.New(string(text))
	}
	return os.ReadFile(out)
})

// keptCompiled is a cache directory that outlives the run, if one is named: compiled code
// is the same under the race detector, and takes minutes to make there.
var keptCompiled = os.Getenv("VERILITH_COMPILED")

// compiled is one cache directory for all tests of a run.
var compiled = sync.OnceValues(func() (string, error) {
	if keptCompiled != "" {
		return keptCompiled, nil
	}
	return os.MkdirTemp("", "verilith-wazero")
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := compiled(); err == nil && keptCompiled == "" {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// open opens the guest with what cfg adds.
func open(t testing.TB, cfg Config) *Verifier {
	t.Helper()
	var err error
	if cfg.Module == nil {
		if cfg.Module, err = guest(); err != nil {
			t.Fatal(err)
		}
	}
	if cfg.CacheDir == "" {
		if cfg.CacheDir, err = compiled(); err != nil {
			t.Fatal(err)
		}
	}
	v, err := Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// reason is the stable part of an error of this package.
func reason(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	if err != nil {
		return "untyped: " + err.Error()
	}
	return ""
}

// tiny is a module of a few bytes that always gives the same verdict: it compiles at
// once. Its memory has one page; alloc gives 1024, and run the reply at 32768.
func tiny() []byte {
	const reply = `{"verdict":{"outcome":"accepted","now":"","checks":[]}}`
	section := func(id byte, content ...byte) []byte { return append([]byte{id, byte(len(content))}, content...) }
	name := func(s string) []byte { return append([]byte{byte(len(s))}, s...) }
	code := func(body ...byte) []byte { return append([]byte{byte(len(body) + 2), 0}, append(body, 0x0b)...) }
	const i32, i64 = 0x7f, 0x7e
	// i64.const 32768<<32 | len(reply), in signed LEB128
	packed := []byte{0x42}
	for n := int64(32768)<<32 | int64(len(reply)); ; n >>= 7 {
		if n < 64 {
			packed = append(packed, byte(n))
			break
		}
		packed = append(packed, byte(n&0x7f)|0x80)
	}
	exports := []byte{4}
	for _, e := range []struct {
		name        string
		kind, index byte
	}{{"memory", 2, 0}, {"alloc", 0, 0}, {"run", 0, 1}, {"_initialize", 0, 2}} {
		exports = append(append(exports, name(e.name)...), e.kind, e.index)
	}
	alloc := code(0x41, 0x80, 0x08) // i32.const 1024
	run := code(packed...)
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
		section(1, 3, 0x60, 1, i32, 1, i32, 0x60, 2, i32, i32, 1, i64, 0x60, 0, 0), // types
		section(3, 3, 0, 1, 2), // functions
		section(5, 1, 0, 1),    // memory
		section(7, exports...),
		section(10, slices.Concat([]byte{3}, alloc, run, code())...),
		section(11, slices.Concat([]byte{1, 0, 0x41, 0x80, 0x80, 0x02, 0x0b, byte(len(reply))}, []byte(reply))...))
}
