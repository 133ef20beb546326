//go:build wasip1

// Command wasm is the verifier module: bytes in, bytes out.
//
// It is built as a WebAssembly reactor (GOOS=wasip1, -buildmode=c-shared) and exports
// memory, _initialize, alloc and run. An embedder asks alloc for room, writes a case
// there, and calls run, which returns the place of the reply. Package wire is the
// contract; package verify does the work.
package main

import (
	"fmt"
	"unsafe"

	"github.com/verilith/verilith/wasm/internal/verify"
	"github.com/verilith/verilith/wasm/wire"
)

// The buffers that the embedder has the addresses of. They are kept here so that the
// garbage collector leaves them be: input until the run that takes it, reply until
// the next alloc.
var input, reply []byte

// alloc makes room for a case of n bytes and returns its address, or 0 where n is
// over the limit of a case.
//
//go:wasmexport alloc
func alloc(n uint32) uint32 {
	reply = nil
	if n == 0 || n > wire.MaxCase {
		input = nil
		return 0
	}
	input = make([]byte, n)
	return address(input)
}

// run answers the case that was written to alloc's address. It returns the reply's
// address and length as ptr<<32 | len.
//
//go:wasmexport run
func run(ptr, n uint32) uint64 {
	switch {
	case len(input) == 0 || ptr != address(input) || int(n) != len(input):
		reply = wire.EncodeReply(wire.Reply{Error: &wire.Error{Reason: wire.BadCase, Detail: "run takes the address and length of the last alloc"}})
	default:
		reply = answer(input)
	}
	input = nil
	return uint64(address(reply))<<32 | uint64(len(reply))
}

// answer keeps a panic from ending the call without a word. The instance is not to be
// used again: the embedder discards it on internal_fault.
func answer(car []byte) (out []byte) {
	defer func() {
		if r := recover(); r != nil {
			out = wire.EncodeReply(wire.Reply{Error: &wire.Error{Reason: wire.InternalFault, Detail: fmt.Sprint(r)}})
		}
	}()
	return verify.Run(car)
}

func address(b []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

func main() {}
