package main_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/wasm/internal/verify"
	"github.com/verilith/verilith/wasm/wire"
)

// committed are the cases that every embedder must answer with the same bytes: here
// natively and under wazero, in js/ under Node and in a browser.
func committed(t *testing.T) map[string][2][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/cases/*.car")
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string][2][]byte, len(files))
	for _, f := range files {
		car, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(f, ".car") + ".json")
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(f), ".car")] = [2][]byte{car, want}
	}
	if len(all) < 200 {
		t.Fatalf("%d cases, want at least 200", len(all))
	}
	return all
}

func TestCasesNatively(t *testing.T) {
	for name, c := range committed(t) {
		got := verify.Run(c[0])
		if !bytes.Equal(got, c[1]) {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c[1])
		}
		valid := strings.HasSuffix(name, "_valid")
		if accepted := bytes.Contains(got, []byte(`"outcome":"accepted"`)); valid && !accepted {
			t.Errorf("%s is not accepted: %s", name, got)
		}
	}
}

func TestCasesInTheModule(t *testing.T) {
	module, err := os.ReadFile("../bin/verifier.wasm")
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("SKIPPED: no bin/verifier.wasm; `make module` builds it")
	}
	ctx := context.Background()
	v, err := host.Open(ctx, host.Config{Module: module, Instances: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for name, c := range committed(t) {
		_, got, err := v.Replay(ctx, c[0])
		var refused *wire.Error
		switch {
		case got != nil: // the module's reply, whatever the host makes of it
		case errors.As(err, &refused): // no case at all: the host reads it with the module's own reader
			got = wire.EncodeReply(wire.Reply{Error: refused})
		case err != nil:
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(got, c[1]) {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c[1])
		}
	}
}
