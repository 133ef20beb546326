// Command pack takes the line numbers out of the module and compresses it for host to embed. What
// it writes depends on its input alone, and it leaves files that already hold that as they are.
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: pack MODULE.wasm OUT.gz")
		os.Exit(2)
	}
	if err := pack(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func pack(in, out string) error {
	module, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	linked := bytes.Clone(module)
	if err := stripLines(module); err != nil {
		return err
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
