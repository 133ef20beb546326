package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/verilith/verilith/registry-snapshots/block"
)

// maxInput is one byte more than the module may be handed: the module says what is
// too large.
const maxInput = block.MaxSize + 1

// readInput returns the credential that the arguments name: a file, - or nothing for
// standard input, or the credential itself.
func readInput(args []string, s std) ([]byte, error) {
	if len(args) > 1 {
		for _, a := range args {
			if !strings.HasPrefix(a, "shc:/") {
				return nil, usagef("%d inputs, want one", len(args))
			}
		}
		return []byte(strings.Join(args, "\n")), nil // the QR codes of one card
	}
	if len(args) == 0 {
		if s.inTTY {
			return nil, usagef("no input: name a file, pipe it in, or give the credential itself")
		}
		args = []string{"-"}
	}
	arg := args[0]
	if arg == "-" {
		return io.ReadAll(io.LimitReader(s.in, maxInput))
	}
	f, err := os.Open(arg)
	if err != nil {
		if isCredential(arg) {
			return []byte(arg), nil
		}
		if errors.Is(err, fs.ErrNotExist) || len(arg) > 255 {
			return nil, usagef("%q is no file, and does not look like a credential", clean(arg, 60))
		}
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxInput))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", arg, err)
	}
	return data, nil
}

// isCredential reports whether an argument that is no file is meant to be the
// credential: a compact token, a SMART Health Card's digits, or JSON.
func isCredential(s string) bool {
	s = strings.TrimSpace(s)
	switch {
	case strings.HasPrefix(s, "shc:/"), strings.HasPrefix(s, "{"):
		return true
	}
	return strings.HasPrefix(s, "ey") && strings.Count(s, ".") >= 2
}

// readFile reads a file of at most most bytes.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s has more than %d bytes", path, most)
	}
	return data, err
}
