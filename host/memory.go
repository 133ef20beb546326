package host

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"

	"github.com/verilith/verilith/wasm/wire"
)

// maxReply bounds what is copied out of the module. A verdict shows an input of
// wire.MaxInput at most a few times, and JSON escapes no byte into more than six.
const maxReply = 32 << 20

// door is the one way into an instance's memory. Every range is checked and copied:
// nothing outside this file holds a pointer into a guest, and the guest holds none
// into the host.
type door struct {
	memory api.Memory
	alloc  api.Function
	run    api.Function
}

// openDoor finds the exports of the contract: memory, alloc(len) ptr and
// run(ptr, len) ptr<<32|len.
func openDoor(mod api.Module) (door, error) {
	d := door{memory: mod.Memory(), alloc: mod.ExportedFunction("alloc"), run: mod.ExportedFunction("run")}
	if d.memory == nil {
		return d, errors.New("the module exports no memory")
	}
	for _, want := range []struct {
		name   string
		f      api.Function
		params int
		result api.ValueType
	}{{"alloc", d.alloc, 1, api.ValueTypeI32}, {"run", d.run, 2, api.ValueTypeI64}} {
		if want.f == nil {
			return d, fmt.Errorf("the module exports no function %s", want.name)
		}
		def := want.f.Definition()
		ok := len(def.ParamTypes()) == want.params && len(def.ResultTypes()) == 1 && def.ResultTypes()[0] == want.result
		for _, p := range def.ParamTypes() {
			ok = ok && p == api.ValueTypeI32
		}
		if !ok {
			return d, fmt.Errorf("the module's function %s has another signature", want.name)
		}
	}
	return d, nil
}

// call copies a case into the guest, runs it, and copies the reply out. After an
// error the instance must not be used again: a Go program that panicked in
// WebAssembly goes on answering, wrongly.
func (d door) call(ctx context.Context, input []byte) ([]byte, error) {
	if len(input) > wire.MaxCase {
		return nil, fmt.Errorf("a case of %d bytes, want at most %d", len(input), wire.MaxCase)
	}
	size := uint64(len(input))
	results, err := d.alloc.Call(ctx, size)
	if err != nil {
		return nil, trap(err)
	}
	ptr := uint32(results[0])
	if ptr == 0 || !d.memory.Write(ptr, input) {
		return nil, fmt.Errorf("alloc(%d) gave the range at %d, outside the memory of %d bytes", size, ptr, d.memory.Size())
	}
	if results, err = d.run.Call(ctx, uint64(ptr), size); err != nil {
		return nil, trap(err)
	}
	at, n := uint32(results[0]>>32), uint32(results[0])
	if n == 0 || n > maxReply {
		return nil, fmt.Errorf("run gave a reply of %d bytes, want 1 to %d", n, maxReply)
	}
	view, ok := d.memory.Read(at, n)
	if !ok || at == 0 {
		return nil, fmt.Errorf("run gave a reply of %d bytes at %d, outside the memory of %d bytes", n, at, d.memory.Size())
	}
	return append(make([]byte, 0, n), view...), nil
}

// size is the guest's memory in bytes. It only ever grows.
func (d door) size() uint32 { return d.memory.Size() }

// trap puts what ended a call into one line: wazero adds the guest's stack.
func trap(err error) error {
	var exit *sys.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("the module exited with code %d", exit.ExitCode())
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(first)
}
