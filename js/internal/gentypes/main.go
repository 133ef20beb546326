// Command gentypes writes src/wire.ts: the TypeScript types of package wire.
//
// It reads wire's source, so that the doc comments come along, and takes what
// strictjson writes as the rule: a field's json tag is the member's name, and
// omitempty or omitzero makes it optional. A Go type that it does not know is an error, never any.
//
// Run it from js/: go run ./internal/gentypes
package main

import (
	"fmt"
	"os"
)

func main() {
	out, err := generate("../wasm/wire")
	if err == nil {
		err = os.WriteFile("src/wire.ts", out, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gentypes:", err)
		os.Exit(1)
	}
}
