package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// stripLines takes the file names and line numbers out of a module that Go linked: the linker's
// -s and -w leave them, and they were a tenth of the compressed module. Only a stack trace reads
// them, and it has the functions' names without. Tables that the garbage collector or the
// scheduler reads stay.
//
// What it edits is runtime's pclntab, in the form that Go has had since 1.20 (cmd/link,
// internal/ld/pcln.go; runtime, symtab.go and runtime2.go). A function's offset 0 says that it
// has no such table, which assembly functions have always had. Bytes are overwritten by zeros and
// never moved, so every address stays. A module in another form is refused.
func stripLines(module []byte) error {
	segments, err := dataSegments(module)
	if err != nil {
		return err
	}
	mem, err := image(module, segments)
	if err != nil {
		return err
	}
	t, err := findPclntab(mem)
	if err != nil {
		return err
	}
	if err := t.strip(); err != nil {
		return err
	}
	for _, s := range segments {
		copy(module[s.start:s.start+s.size], mem[s.address:])
	}
	return nil
}

// maxImage bounds the memory that a module's data may fill.
const maxImage = 1 << 28

// segment is where a part of the memory's first content is in the module.
type segment struct{ address, start, size int }

// dataSegments lists the active data segments, WebAssembly Section 5.5.14.
func dataSegments(module []byte) ([]segment, error) {
	if !bytes.HasPrefix(module, []byte("\x00asm\x01\x00\x00\x00")) {
		return nil, errors.New("not a WebAssembly module")
	}
	r := reader{b: module, at: 8}
	for r.at < len(module) && r.err == nil {
		id, size := r.byte(), r.uint()
		if id != 11 {
			r.skip(size)
			continue
		}
		var list []segment
		for n := r.uint(); n > 0 && r.err == nil; n-- {
			// Mode 0 and an i32.const: what Go's linker writes.
			if mode, op := r.uint(), r.byte(); mode != 0 || op != 0x41 {
				return nil, errors.New("a data segment that Go does not write")
			}
			s := segment{address: r.int()}
			if r.byte() != 0x0b {
				return nil, errors.New("a data segment that Go does not write")
			}
			s.size = r.uint()
			s.start = r.at
			r.skip(s.size)
			list = append(list, s)
		}
		return list, r.err
	}
	return nil, errors.Join(r.err, errors.New("no data section"))
}

// image is the memory as the module's data fills it.
func image(module []byte, segments []segment) ([]byte, error) {
	end := 0
	for _, s := range segments {
		if s.address < 0 || s.address > maxImage-s.size {
			return nil, fmt.Errorf("a data segment at %d, want within %d", s.address, maxImage)
		}
		end = max(end, s.address+s.size)
	}
	mem := make([]byte, end)
	for _, s := range segments {
		copy(mem[s.address:], module[s.start:s.start+s.size])
	}
	return mem, nil
}

// pclntab is the runtime's table of functions, each field a part of the memory.
type pclntab struct {
	files  []byte   // names of source files, and which of them belong to which package
	tables []byte   // values by program counter, for all functions
	funcs  [][]byte // each a runtime._func, with the offsets of its tables behind it
}

// Where a runtime._func has what, and its size without the offsets of tables behind it.
const (
	funcPcsp    = 16
	funcPcfile  = 20
	funcPcln    = 24
	funcNpcdata = 28
	funcSize    = 44
)

// findPclntab finds the one table that begins as runtime.pcHeader does for WebAssembly.
func findPclntab(mem []byte) (*pclntab, error) {
	var found *pclntab
	magic := []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8}
	for at := 0; ; at++ {
		i := bytes.Index(mem[at:], magic)
		if i < 0 {
			break
		}
		at += i
		t := readPclntab(mem[at:])
		if t != nil && found != nil {
			return nil, errors.New("two tables that may be the runtime's")
		}
		if t != nil {
			found = t
		}
	}
	if found == nil {
		return nil, errors.New("no table of functions as Go 1.20 to 1.26 write it")
	}
	return found, nil
}

// readPclntab reads the table at the beginning of mem, or returns nil where it is not one.
func readPclntab(mem []byte) *pclntab {
	var header [8]int // nfunc, nfiles, unused, and the offsets of names, packages' files, files, tables, functions
	for i := range header {
		at := 8 + 8*i
		if len(mem) < at+8 {
			return nil
		}
		v := binary.LittleEndian.Uint64(mem[at:])
		if v > uint64(len(mem)) {
			return nil
		}
		header[i] = int(v)
	}
	names, packages, files, tables, functions := header[3], header[4], header[5], header[6], header[7]
	if names > packages || packages > files || files > tables || tables >= functions {
		return nil
	}
	t := &pclntab{files: mem[packages:tables], tables: mem[tables:functions]}
	for i := range header[0] {
		at := functions + 8*i // the function's entry, and where its runtime._func is
		if len(mem) < at+8 {
			return nil
		}
		f := functions + int(binary.LittleEndian.Uint32(mem[at+4:]))
		if len(mem) < f+funcSize {
			return nil
		}
		end := f + funcSize + 4*int(binary.LittleEndian.Uint32(mem[f+funcNpcdata:]))
		if len(mem) < end {
			return nil
		}
		t.funcs = append(t.funcs, mem[f:end])
	}
	return t
}

// strip overwrites the tables that only pcfile and pcln name, and the files' names.
func (t *pclntab) strip() error {
	kept := make([]bool, len(t.tables)+1) // where a table begins that something else names
	kept[0] = true                        // none
	for _, f := range t.funcs {
		for at := funcPcsp; at < len(f); at += 4 {
			offset := int64(binary.LittleEndian.Uint32(f[at:]))
			switch {
			case at > funcPcsp && at < funcSize: // not a table, or one of those to strip
			case offset >= int64(len(t.tables)):
				return fmt.Errorf("a table at %d of %d octets", offset, len(t.tables))
			default:
				kept[offset] = true
			}
		}
	}
	for _, f := range t.funcs {
		for _, field := range []int{funcPcfile, funcPcln} {
			offset := int64(binary.LittleEndian.Uint32(f[field:]))
			clear(f[field : field+4])
			if offset >= int64(len(t.tables)) {
				return fmt.Errorf("a table at %d of %d octets", offset, len(t.tables))
			}
			if kept[offset] { // shared, or none
				continue
			}
			n, err := tableSize(t.tables[offset:])
			if err != nil {
				return err
			}
			for i := offset; i < offset+int64(n); i++ {
				if kept[i] {
					return errors.New("a table within another")
				}
				t.tables[i] = 0
			}
		}
	}
	clear(t.files)
	return nil
}

// tableSize is that of the table that b begins with: pairs of varints, the difference of the value
// and that of the program counter, up to a difference of 0 that is not the first.
func tableSize(b []byte) (int, error) {
	for at := 0; at < len(b); {
		if b[at] == 0 && at > 0 {
			return at, nil
		}
		for range 2 {
			_, n := binary.Uvarint(b[at:])
			if n <= 0 {
				return 0, errors.New("a table that is no row of varints")
			}
			at += n
		}
	}
	return 0, errors.New("a table without an end")
}

// reader reads a module's numbers. After the first that is not there it has an error.
type reader struct {
	b   []byte
	at  int
	err error
}

func (r *reader) byte() byte {
	if r.at >= len(r.b) {
		r.err = errors.New("the module ends in the middle")
		return 0
	}
	r.at++
	return r.b[r.at-1]
}

func (r *reader) skip(n int) {
	if n < 0 || n > len(r.b)-r.at {
		r.err = errors.New("the module ends in the middle")
		n = len(r.b) - r.at
	}
	r.at += n
}

// uint reads an unsigned LEB128 of at most 32 bits.
func (r *reader) uint() int {
	v, shift := 0, 0
	for {
		b := r.byte()
		v |= int(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
		if shift += 7; shift > 28 {
			r.err = errors.New("a number of more than 32 bits")
			return 0
		}
	}
}

// int reads a signed LEB128 of at most 32 bits.
func (r *reader) int() int {
	v, shift := 0, 0
	for {
		b := r.byte()
		v |= int(b&0x7f) << shift
		shift += 7
		if b < 0x80 {
			if b&0x40 != 0 {
				v -= 1 << shift
			}
			return v
		}
		if shift > 28 {
			r.err = errors.New("a number of more than 32 bits")
			return 0
		}
	}
}
