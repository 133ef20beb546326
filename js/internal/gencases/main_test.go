package main

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/block"
)

func TestCommittedCasesAreUpToDate(t *testing.T) {
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../test/testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("js/test/testdata/cases.json is not what wasm/wire seals; in js/ run: go run ./internal/gencases")
	}
}

// Every case is a CARv1 of the request and its evidence.
func TestCasesHoldTheirBlocks(t *testing.T) {
	out, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	var all []sealed
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		roots, blocks, err := block.ReadCAR(c.Case, block.Limits{})
		if err != nil || len(roots) != 1 || roots[0].String() != c.CID {
			t.Errorf("%s: roots %v, error %v, want the root %s", c.Name, roots, err, c.CID)
			continue
		}
		if len(blocks) != 1+len(c.Blocks) {
			t.Errorf("%s: %d blocks, want the request and %d", c.Name, len(blocks), len(c.Blocks))
		}
	}
}
