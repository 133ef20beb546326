//go:build wasip1

// Command canonwasm is package canon as a WebAssembly reactor: alloc makes room for a
// document, and canonicalize works on it, by the one contender or the other.
package main

import (
	"unsafe"

	"github.com/verilith/verilith/wasm/internal/bench/canon"
)

var (
	contenders map[string]canon.Contender
	document   []byte
)

// alloc makes room for a document of n bytes and returns its address.
//
//go:wasmexport alloc
func alloc(n uint32) uint32 {
	document = make([]byte, n)
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(document))))
}

// same returns 1 if all contenders come to the same canonical form of the document.
//
//go:wasmexport same
func same() uint32 {
	var err error
	if contenders, err = canon.Contenders(); err != nil {
		return 0
	}
	if err := canon.Same(contenders, document); err != nil {
		return 0
	}
	return 1
}

// canonicalize returns the length of the canonical form of the document, by json-gold if
// gold is 1; 0 is a failure.
//
//go:wasmexport canonicalize
func canonicalize(gold uint32) uint32 {
	name := "verilith"
	if gold == 1 {
		name = "json-gold"
	}
	out, err := contenders[name](document)
	if err != nil {
		return 0
	}
	return uint32(len(out))
}

func main() {}
