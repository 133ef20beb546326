package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// started runs a module's _initialize once and writes what it left, in memory and in globals,
// into the module, as its first content. Starting Go's runtime took longer in a page than
// all else there is to do before the first verdict; now every instance begins where it ended.
//
// Every embedder gives _initialize the same: clocks that stand still, zeros for random bytes,
// no arguments, no environment (DESIGN: a pure function). So what it does, it does once and for
// all, and its result depends on the module alone. _initialize stays, and does nothing.
func started(module []byte) ([]byte, error) {
	list, err := sections(module)
	if err != nil {
		return nil, err
	}
	globals, err := readGlobals(find(list, globalSection))
	if err != nil {
		return nil, err
	}
	mem, values, err := run(module, list, globals)
	if err != nil {
		return nil, fmt.Errorf("_initialize: %w", err)
	}
	for i := range globals {
		globals[i].value = values[i]
	}
	code, err := withoutStart(list)
	if err != nil {
		return nil, err
	}
	memory, err := limits(find(list, memorySection))
	if err != nil {
		return nil, err
	}
	memory.min = len(mem) / page
	for i := range list {
		switch list[i].id {
		case memorySection:
			list[i].body = memory.encode()
		case globalSection:
			list[i].body = encodeGlobals(globals)
		case codeSection:
			list[i].body = code
		case dataSection:
			list[i].body = encodeData(mem)
		case dataCountSection:
			return nil, errors.New("a count of data segments, which Go does not write")
		}
	}
	return join(list), nil
}

const page = 64 << 10

// The clocks of the embedders; host and js have the same.
const fixedSeconds, fixedNanos = 1640995200, 1

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// run starts an instance whose globals can be seen, and returns what it has after _initialize.
func run(module []byte, list []section, globals []global) ([]byte, []uint64, error) {
	exports := find(list, exportSection)
	r := reader{b: exports}
	n := r.uint()
	if r.err != nil {
		return nil, nil, errors.New("no exports")
	}
	visible := binary.AppendUvarint(nil, uint64(n+len(globals)))
	visible = append(visible, exports[r.at:]...)
	for i := range globals {
		name := globalName(i)
		visible = append(append(append(visible, byte(len(name))), name...), 3)
		visible = binary.AppendUvarint(visible, uint64(i))
	}
	open := make([]section, len(list))
	copy(open, list)
	for i := range open {
		if open[i].id == exportSection {
			open[i].body = visible
		}
	}
	ctx := context.Background()
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer runtime.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, runtime)
	instance, err := runtime.InstantiateWithConfig(ctx, join(open), wazero.NewModuleConfig().
		WithStartFunctions("_initialize").
		WithWalltime(func() (int64, int32) { return fixedSeconds, 0 }, sys.ClockResolution(1000)).
		WithNanotime(func() int64 { return fixedNanos }, sys.ClockResolution(1000)).
		WithRandSource(zeros{}))
	if err != nil {
		return nil, nil, err
	}
	size := instance.Memory().Size()
	view, ok := instance.Memory().Read(0, size)
	if !ok {
		return nil, nil, errors.New("its memory cannot be read")
	}
	values := make([]uint64, len(globals))
	for i := range globals {
		values[i] = instance.ExportedGlobal(globalName(i)).Get()
	}
	return append([]byte(nil), view...), values, nil
}

func globalName(i int) string { return fmt.Sprintf("global %d", i) }

// global is one of the module's own, WebAssembly Section 5.5.9.
type global struct {
	kind    api.ValueType
	mutable byte
	value   uint64
}

func readGlobals(body []byte) ([]global, error) {
	r := reader{b: body}
	list := make([]global, r.uint())
	for i := range list {
		list[i] = global{kind: r.byte(), mutable: r.byte()}
		switch op := r.byte(); {
		case op == 0x41 && list[i].kind == api.ValueTypeI32, op == 0x42 && list[i].kind == api.ValueTypeI64:
			for r.byte()&0x80 != 0 { // its value is read when it has run
			}
		default:
			return nil, errors.New("a global that Go does not write")
		}
		if r.byte() != 0x0b || r.err != nil {
			return nil, errors.New("a global that Go does not write")
		}
	}
	return list, nil
}

func encodeGlobals(list []global) []byte {
	out := binary.AppendUvarint(nil, uint64(len(list)))
	for _, g := range list {
		out = append(out, g.kind, g.mutable)
		if g.kind == api.ValueTypeI32 {
			out = appendInt(append(out, 0x41), int64(int32(uint32(g.value))))
		} else {
			out = appendInt(append(out, 0x42), int64(g.value))
		}
		out = append(out, 0x0b)
	}
	return out
}

// withoutStart is the code section with nothing in the function that _initialize names.
func withoutStart(list []section) ([]byte, error) {
	imported, err := importedFunctions(find(list, importSection))
	if err != nil {
		return nil, err
	}
	start, err := exported(find(list, exportSection), "_initialize")
	if err != nil {
		return nil, err
	}
	code := find(list, codeSection)
	r := reader{b: code}
	n := r.uint()
	for i := range n {
		at := r.at
		r.skip(r.uint())
		if r.err != nil {
			break
		}
		if i == start-imported {
			empty := []byte{2, 0, 0x0b} // two octets: no locals, end
			return append(append(append([]byte(nil), code[:at]...), empty...), code[r.at:]...), nil
		}
	}
	return nil, errors.New("_initialize is no function of the module's own")
}

func importedFunctions(body []byte) (int, error) {
	if body == nil {
		return 0, nil
	}
	r := reader{b: body}
	n := r.uint()
	for range n {
		r.skip(r.uint())
		r.skip(r.uint())
		if kind := r.byte(); kind != 0 {
			return 0, errors.New("an import that is no function")
		}
		r.uint()
	}
	return n, r.err
}

func exported(body []byte, name string) (int, error) {
	r := reader{b: body}
	for range r.uint() {
		size := r.uint()
		at := r.at
		r.skip(size)
		kind, index := r.byte(), r.uint()
		if r.err != nil {
			return 0, r.err
		}
		if kind == 0 && string(body[at:at+size]) == name {
			return index, nil
		}
	}
	return 0, fmt.Errorf("no function %s is exported", name)
}

// gap is how many zeros end a data segment. They compress well, and browsers take at most
// 100,000 segments.
const gap = 256

// encodeData makes data segments of a memory that is zeros otherwise.
func encodeData(mem []byte) []byte {
	var segments []byte
	n := 0
	for at := 0; at < len(mem); {
		if mem[at] == 0 {
			at++
			continue
		}
		end := at + 1 // behind the last octet that is not zero
		for i := end; i < len(mem) && i-end < gap; i++ {
			if mem[i] != 0 {
				end = i + 1
			}
		}
		segments = append(appendInt(append(segments, 0, 0x41), int64(int32(at))), 0x0b)
		segments = append(binary.AppendUvarint(segments, uint64(end-at)), mem[at:end]...)
		at = end
		n++
	}
	return append(binary.AppendUvarint(nil, uint64(n)), segments...)
}

// appendInt appends a signed LEB128.
func appendInt(out []byte, v int64) []byte {
	for v < -64 || v > 63 {
		out = append(out, byte(v&0x7f)|0x80)
		v >>= 7
	}
	return append(out, byte(v&0x7f))
}

// maxPages bounds an instance's memory: 512 MiB, as the embedders do.
const maxPages = 8192

// bounded gives the module's memory an upper bound, which Go's linker leaves out. A page
// could set it nowhere else, and has to take the module's bytes for it.
func bounded(module []byte) ([]byte, error) {
	list, err := sections(module)
	if err != nil {
		return nil, err
	}
	memory, err := limits(find(list, memorySection))
	if err != nil {
		return nil, err
	}
	if memory.min > maxPages {
		return nil, fmt.Errorf("a memory of %d pages, want at most %d", memory.min, maxPages)
	}
	memory.max = maxPages
	for i := range list {
		if list[i].id == memorySection {
			list[i].body = memory.encode()
		}
	}
	return join(list), nil
}

// memoryLimits are those of the one memory, in pages. A max of 0 is none.
type memoryLimits struct{ min, max int }

func limits(body []byte) (memoryLimits, error) {
	r := reader{b: body}
	var m memoryLimits
	if n, flags := r.uint(), r.byte(); n != 1 || flags > 1 {
		return m, errors.New("a memory that Go does not write")
	} else if m.min = r.uint(); flags == 1 {
		m.max = r.uint()
	}
	return m, r.err
}

func (m memoryLimits) encode() []byte {
	if m.max == 0 {
		return binary.AppendUvarint([]byte{1, 0}, uint64(m.min))
	}
	return binary.AppendUvarint(binary.AppendUvarint([]byte{1, 1}, uint64(m.min)), uint64(m.max))
}

// Sections of a module, WebAssembly Section 5.5.2.
const (
	importSection    = 2
	memorySection    = 5
	globalSection    = 6
	exportSection    = 7
	codeSection      = 10
	dataSection      = 11
	dataCountSection = 12
)

type section struct {
	id   byte
	body []byte
}

func sections(module []byte) ([]section, error) {
	if len(module) < 8 || string(module[:8]) != "\x00asm\x01\x00\x00\x00" || len(module) > math.MaxInt32 {
		return nil, errors.New("not a WebAssembly module")
	}
	var list []section
	r := reader{b: module, at: 8}
	for r.at < len(module) && r.err == nil {
		id, size := r.byte(), r.uint()
		at := r.at
		r.skip(size)
		list = append(list, section{id, module[at:r.at]})
	}
	return list, r.err
}

func find(list []section, id byte) []byte {
	for _, s := range list {
		if s.id == id {
			return s.body
		}
	}
	return nil
}

func join(list []section) []byte {
	out := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range list {
		out = append(binary.AppendUvarint(append(out, s.id), uint64(len(s.body))), s.body...)
	}
	return out
}
