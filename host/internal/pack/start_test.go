package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/verilith/verilith/host"
)

// counter is a module whose _initialize adds 1 to a global, sets another to -2, stores 42 at
// address 8, and asks for one more page of memory.
func counter(edit func(list []section) []section) []byte {
	body := []byte{
		0,                             // no locals
		0x41, 8, 0x41, 42, 0x36, 2, 0, // i32.store
		0x23, 0, 0x41, 1, 0x6a, 0x24, 0, // global 0 += 1
		0x42, 0x7e, 0x24, 1, // global 1 = -2
		0x41, 1, 0x40, 0, 0x1a, // memory.grow, drop
		0x0b,
	}
	list := []section{
		{1, []byte{1, 0x60, 0, 0}},
		{3, []byte{1, 0}},
		{memorySection, []byte{1, 0, 1}},
		{globalSection, []byte{2, 0x7f, 1, 0x41, 0xff, 0, 0x0b, 0x7e, 1, 0x42, 5, 0x0b}}, // 127 and 5
		{exportSection, append([]byte("\x02\x06memory\x02\x00\x0b"), "_initialize\x00\x00"...)},
		{codeSection, append([]byte{1, byte(len(body))}, body...)},
		{dataSection, append([]byte{1, 0, 0x41, 0, 0x0b, 2}, "hi"...)},
	}
	if edit != nil {
		list = edit(list)
	}
	return join(list)
}

func TestAStartedModuleHasWhatItsStartLeft(t *testing.T) {
	module, err := started(counter(nil))
	if err != nil {
		t.Fatal(err)
	}
	list, err := sections(module)
	if err != nil {
		t.Fatal(err)
	}
	globals, err := readGlobals(find(list, globalSection))
	if err != nil {
		t.Fatal(err)
	}
	// An instance of it calls _initialize, as every embedder does, and that changes nothing more.
	mem, values, err := run(module, list, globals)
	if err != nil {
		t.Fatal(err)
	}
	if values[0] != 128 || int64(values[1]) != -2 {
		t.Errorf("globals %d and %d, want 128 and -2", values[0], int64(values[1]))
	}
	if len(mem) != 2*page || string(mem[:2]) != "hi" || mem[8] != 42 || bytes.Count(mem, []byte{0}) != len(mem)-3 {
		t.Errorf("%d octets of memory that begin with %x", len(mem), mem[:16])
	}
	if again, err := started(module); err != nil || !bytes.Equal(again, module) {
		t.Errorf("started again it is another module (%v)", err)
	}
}

func TestWhatCannotBeStarted(t *testing.T) {
	replace := func(id byte, body []byte) func([]section) []section {
		return func(list []section) []section {
			for i := range list {
				if list[i].id == id {
					list[i].body = body
				}
			}
			return list
		}
	}
	tests := []struct {
		name string
		edit func([]section) []section
		want string
	}{
		{"as it is", nil, ""},
		{"traps", replace(codeSection, []byte{1, 3, 0, 0x00, 0x0b}), "unreachable"},
		{"no _initialize", replace(exportSection, append([]byte("\x01\x06memory"), 2, 0)), "_initialize"},
		{"a global of floats", replace(globalSection, []byte{1, 0x7d, 0, 0x43, 0, 0, 0, 0, 0x0b}), "a global"},
		{"counts its data", func(l []section) []section {
			return append(l[:5:5], section{dataCountSection, []byte{1}}, l[5], l[6])
		}, "count"},
	}
	for _, tt := range tests {
		_, err := started(counter(tt.edit))
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	if _, err := started([]byte("\x00asm")); err == nil {
		t.Error("four octets are started")
	}
}

func TestAMemoryIsBounded(t *testing.T) {
	module, err := bounded(counter(nil))
	if err != nil {
		t.Fatal(err)
	}
	list, err := sections(module)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := limits(find(list, memorySection)); err != nil || m != (memoryLimits{1, maxPages}) {
		t.Errorf("%+v, %v", m, err)
	}
	if again, err := bounded(module); err != nil || !bytes.Equal(again, module) {
		t.Errorf("bounded again it is another module (%v)", err)
	}
	module, err = started(module)
	if err != nil {
		t.Fatal(err)
	}
	list, _ = sections(module)
	if m, err := limits(find(list, memorySection)); err != nil || m != (memoryLimits{2, maxPages}) {
		t.Errorf("started: %+v, %v", m, err)
	}
}

// The committed module answers the same, started or not, first and later.
func TestTheModuleAnswersTheSameStarted(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the module twice")
	}
	f, err := os.Open("../../verifier.wasm.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	module, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := started(module)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := filepath.Glob("../../../wasm/testdata/cases/*_valid.car")
	if err != nil || len(cases) < 20 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	ctx := context.Background()
	var answers [2][][]byte
	for i, wasm := range [][]byte{module, fresh} {
		v, err := host.Open(ctx, host.Config{Module: wasm, CacheDir: host.NoCache})
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		for _, name := range cases[:20] {
			sealed, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			_, reply, err := v.Replay(ctx, sealed)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			answers[i] = append(answers[i], reply)
		}
	}
	for i, name := range cases[:20] {
		if !bytes.Equal(answers[0][i], answers[1][i]) {
			t.Errorf("%s is answered otherwise once the module is started", name)
		}
	}
}
