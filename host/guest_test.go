package host

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
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

// compiled is one cache directory for all tests of a run.
var compiled = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "verilith-wazero") })

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := compiled(); err == nil {
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
