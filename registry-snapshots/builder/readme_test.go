package builder_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/builder"
)

// TestREADME loads the registry.yaml that the README shows, as it stands there.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(readme), "\n### `registry.yaml`: a registry of several sources\n")
	_, rest, begins := strings.Cut(section, "\n```yaml\n")
	text, _, ends := strings.Cut(rest, "\n```\n")
	if !ok || !begins || !ends {
		t.Fatal("the README has no registry.yaml")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "registry.yaml")
	if err := os.Mkdir(filepath.Join(dir, "more"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "more", "club.yaml"), []byte("id: did:web:club.example\nkind: issuer\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	load := func(text string) (*builder.Config, error) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return builder.Load(path)
	}
	// The ids in it are cut short for the page.
	id := "bagaaierazdinq7ghagrb3xg6ftgue365jig5yo7f23znb7liszt4rgzhntpq"
	text = strings.ReplaceAll(text, "bagaaiera…", id)
	c, err := load(text)
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "Registry of Examples" || c.Authority != "did:web:registry.example" || c.Previous != "registry.car" || c.Limits.PerHost != 4 {
		t.Errorf("%+v", c)
	}
	// What the README says is refused.
	for _, line := range []string{"unknown: 1", "name: again"} {
		if _, err := load(text + "\n" + line + "\n"); err == nil {
			t.Errorf("%q was taken", line)
		}
	}
}
