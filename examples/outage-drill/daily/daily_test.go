package main

import (
	"bytes"
	"errors"
	"os"
	"testing"
)

// TestDaily runs the program where there are real registries. MODULE names another
// module than the embedded one.
func TestDaily(t *testing.T) {
	dir := os.Getenv("REALDATA")
	if dir == "" {
		dir = "../../../../shared/realdata"
	}
	days, err := history(dir)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("REALDATA names no folder with vci/history")
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(days) != 10 {
		t.Fatalf("%d versions, want ten", len(days))
	}
	r, err := run(t.Context(), days, t.TempDir(), os.Getenv("MODULE"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.print(&b); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", b.String())
	for _, d := range r.Days {
		for _, m := range d.Moved {
			// The release block is made from the rest; the first root, the head and the
			// freshness are asked for twice, and whether there is a next root.
			if m.Requests > m.Blocks+6 {
				t.Errorf("%s, %s: %d requests for %d blocks: more than what is new", d.Name, m.Holder, m.Requests, m.Blocks)
			}
		}
	}
}
