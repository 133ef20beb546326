// Command testcases makes the cases by which embedders are compared: the same case
// must give the same reply, to the byte, natively, under wazero, in Node and in a
// browser. Each is a .car, beside the .json reply that the core gives natively.
//
// The names tell the story: format_naming_what-is-wrong. Making them again gives the
// same bytes.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/verilith/verilith/wasm/internal/verify"
)

func main() {
	out := flag.String("out", "wasm/testdata/cases", "folder to write to")
	flag.Parse()
	if err := write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "testcases:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	all := cases()
	for name, c := range all {
		car, err := c.seal()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".car"), car, 0o644); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name+".json"), verify.Run(car), 0o644); err != nil {
			return err
		}
	}
	fmt.Printf("%d cases in %s\n", len(all), dir)
	return nil
}
