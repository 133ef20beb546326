package main_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// forbidden are the packages that the module must not reach, however indirectly, and
// what it would mean if it did. The list is policy: a build that fails it is mended
// in the code, not here.
var forbidden = map[string]string{
	"net/http":                          "the core never dials",
	"net/http/httptest":                 "the core never dials",
	"crypto/tls":                        "the core never dials",
	"os/exec":                           "the core runs no program",
	"os/signal":                         "the core is called, it does not run",
	"plugin":                            "the core is one module",
	"log":                               "the core says what it has to say in its reply",
	"log/slog":                          "the core says what it has to say in its reply",
	"encoding/gob":                      "the core has one encoding of its own, JSON",
	"database/sql":                      "the core has no store",
	"html/template":                     "the core has no pages",
	"text/template":                     "the core has no pages",
	"testing":                           "test code is not shipped",
	"github.com/piprate/json-gold/ld":   "JSON-LD is our own: this one dials and bounds no work",
	"github.com/tetratelabs/wazero":     "that is the host's",
	"github.com/verilith/verilith/host": "the core does not know its embedders",
}

// clockAndChance are calls that would make the same case answer differently.
var clockAndChance = []string{"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.NewTimer", "rand.Read", "rand.Reader", "rand.Int"}

func TestTheCoreReachesNothingForbidden(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", ".")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "github.com/verilith/verilith/wasm/internal/verify") {
		t.Fatal("go list did not list the core itself")
	}
	for _, d := range deps {
		if why, bad := forbidden[d]; bad {
			t.Errorf("the module reaches %s: %s", d, why)
		}
	}
}

// Our own packages in the module import neither net, which comes with crypto/x509
// alone, nor a clock nor chance.
func TestTheCoreIsAPureFunction(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", `{{.ImportPath}} {{.Dir}} {{join .GoFiles ","}} {{join .Imports ","}}`, ".")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	own := 0
	for line := range strings.Lines(string(out)) {
		path, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.HasPrefix(path, "github.com/verilith/verilith/") {
			continue
		}
		own++
		fields := strings.Split(rest, " ")
		for _, imported := range strings.Split(fields[2], ",") {
			if slices.Contains([]string{"net", "os", "sync", "math/rand", "math/rand/v2", "crypto/rand", "runtime", "encoding/json", "regexp"}, imported) {
				t.Errorf("%s imports %s", path, imported)
			}
		}
		for _, file := range strings.Split(fields[1], ",") {
			src, err := os.ReadFile(fields[0] + "/" + file)
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range clockAndChance {
				if strings.Contains(string(src), call+"(") {
					t.Errorf("%s/%s calls %s", path, file, call)
				}
			}
		}
	}
	if own < 5 {
		t.Fatalf("looked at %d packages of our own, want at least 5", own)
	}
}
