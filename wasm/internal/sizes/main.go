// Command sizes prints what each feature costs in the module: it builds the module as it
// is, then once without each feature, and compares.
//
// A feature is left out by a panic at the start of the functions that lead to it, in an
// overlay: compiler and linker then drop what nothing else reaches. So a figure is what
// leaving out that feature alone would save. What two features share is in neither of
// their figures, package variables stay in any case, and the sum is less than the module.
//
//	go run ./wasm/internal/sizes [-only NAME,…] [-pack "FLAGS OF PACK"] -- FLAGS OF GO BUILD
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	only := flag.String("only", "", "features by name, separated by commas; all if empty")
	pack := flag.String("pack", "", "flags of pack, separated by spaces")
	flag.Parse()
	if err := run(*only, strings.Fields(*pack), flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "sizes:", err)
		os.Exit(1)
	}
}

func run(only string, pack, flags []string) error {
	dir, err := os.MkdirTemp("", "verilith-sizes-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var wanted []string
	if only != "" {
		wanted = strings.Split(only, ",")
	}
	for _, name := range wanted {
		if !slices.ContainsFunc(features, func(f feature) bool { return f.name == name }) {
			return fmt.Errorf("no feature %q", name)
		}
	}
	whole, err := measure(dir, nil, pack, flags)
	if err != nil {
		return err
	}
	fmt.Printf("The module, and what it would be smaller by without one feature, in bytes\n\n")
	fmt.Printf("  %-52s %10s %10s %10s\n", "", "raw", "gzip-9", "brotli-11")
	fmt.Printf("  %-52s %10d %10d %10d\n", "everything", whole.Raw, whole.Gzip, whole.Brotli)
	for _, f := range features {
		if wanted != nil && !slices.Contains(wanted, f.name) {
			continue
		}
		replaced, err := f.leaveOut(".")
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		without, err := measure(dir, replaced, pack, flags)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		fmt.Printf("  %-52s %10d %10d %10d\n", f.name, whole.Raw-without.Raw, whole.Gzip-without.Gzip, whole.Brotli-without.Brotli)
	}
	fmt.Printf("\nWhat features share is in none of the figures, so they do not add up to the module.\n")
	return nil
}

type size struct {
	Raw    int `json:"raw"`
	Gzip   int `json:"gzip"`
	Brotli int `json:"brotli"`
}

// measure builds the module with files replaced, does to it what make module does, and
// compresses it.
func measure(dir string, replaced map[string][]byte, packing, flags []string) (size, error) {
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for path, text := range replaced {
		file := filepath.Join(dir, strings.ReplaceAll(path, string(filepath.Separator), "_"))
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return size{}, err
		}
		full, err := filepath.Abs(path)
		if err != nil {
			return size{}, err
		}
		overlay.Replace[full] = file
	}
	config, err := json.Marshal(overlay)
	if err != nil {
		return size{}, err
	}
	overlayFile := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlayFile, config, 0o644); err != nil {
		return size{}, err
	}
	module := filepath.Join(dir, "module.wasm")
	args := append([]string{"build", "-overlay", overlayFile}, flags...)
	build := exec.Command("go", append(args, "-o", module, "./wasm")...)
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return size{}, fmt.Errorf("go build: %w", err)
	}
	args = append([]string{"run", "-trimpath", "./host/internal/pack"}, packing...)
	pack := exec.Command("go", append(args, module, filepath.Join(dir, "module.gz"))...)
	pack.Stderr = os.Stderr
	if err := pack.Run(); err != nil {
		return size{}, fmt.Errorf("pack: %w", err)
	}
	node := exec.Command("node", "-e", compress, module)
	node.Stderr = os.Stderr
	out, err := node.Output()
	if err != nil {
		return size{}, fmt.Errorf("node compresses: %w", err)
	}
	var s size
	return s, json.Unmarshal(out, &s)
}

// compress is what make size does, in Node, since Go's library has no brotli.
const compress = `
const z = require("zlib"), b = require("fs").readFileSync(process.argv[1]), q = z.constants
const params = { [q.BROTLI_PARAM_QUALITY]: 11, [q.BROTLI_PARAM_LGWIN]: 24, [q.BROTLI_PARAM_SIZE_HINT]: b.length }
const brotli = z.brotliCompressSync(b, { params }).length
console.log(JSON.stringify({ raw: b.length, gzip: z.gzipSync(b, { level: 9 }).length, brotli }))`
