// Command pack takes the line numbers out of the module and compresses it for host to embed. Where
// it is told to, it bounds the module's memory, which lets browsers keep its compiled code, and
// starts Go's runtime in it once and for all. What it writes depends on its input alone, and it
// leaves files that already hold that as they are.
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	bound := flag.Bool("bound", false, "give the module's memory its upper bound")
	start := flag.Bool("start", false, "run the module's _initialize now, and not in every instance")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: pack [-bound] [-start] MODULE.wasm OUT.gz")
		os.Exit(2)
	}
	if err := pack(flag.Arg(0), flag.Arg(1), *bound, *start); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func pack(in, out string, bound, start bool) error {
	module, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	linked := bytes.Clone(module)
	if err := stripLines(module); err != nil {
		return err
	}
	if bound {
		if module, err = bounded(module); err != nil {
			return err
		}
	}
	if start {
		if module, err = started(module); err != nil {
			return err
		}
	}
	if !bytes.Equal(module, linked) {
		if err := os.WriteFile(in, module, 0o644); err != nil {
			return err
		}
	}
	if same(out, module) {
		return nil
	}
	var buf bytes.Buffer
	z, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(module); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(out, buf.Bytes(), 0o644)
}

// same reports whether the file at path decompresses to module.
func same(path string, module []byte) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return false
	}
	have, err := io.ReadAll(io.LimitReader(z, int64(len(module))+1))
	return err == nil && bytes.Equal(have, module)
}
