package main

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// made is a module with a runtime's table of two functions, as Go's linker writes it.
type made struct {
	tables []byte
	first  [5]uint32 // offsets in tables: pcsp, pcfile, pcln, and two of pcdata
	second [5]uint32
	names  string
	files  string
}

// known is one that holds every case: both functions share a file's table, the second's line
// numbers are the same bytes as its stack sizes, and an assembly function has no pcdata.
func known() made {
	return made{
		tables: []byte("\x00" + "\x02\x10\x04\x20\x00" + "\x02\x30\x00" + "\x06\x10\x81\x01\x20\x00" + "\x04\x30\x00" + "\x08\x30\x00"),
		first:  [5]uint32{1, 6, 9, 15, 0},
		second: [5]uint32{18, 6, 18, 15, 0},
		names:  "main.f\x00main.g\x00",
		files:  "\x00\x00\x00\x00main.go\x00",
	}
}

func (m made) module() []byte {
	le := binary.LittleEndian
	var table []byte
	names := 72
	files := names + len(m.names)
	tables := files + len(m.files)
	functions := tables + len(m.tables)
	table = append(table, 0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8)
	for _, v := range []int{2, 1, 0, names, files, files, tables, functions} {
		table = le.AppendUint64(table, uint64(v))
	}
	table = append(append(append(table, m.names...), m.files...), m.tables...)
	const size = funcSize + 2*4
	for i := range 2 {
		table = le.AppendUint32(le.AppendUint32(table, uint32(i)), uint32(20+size*i))
	}
	table = append(table, 2, 0, 0, 0) // the end's entry
	for i, f := range [][5]uint32{m.first, m.second} {
		// entry, name, args, deferreturn; pcsp, pcfile, pcln; npcdata, cuOffset, startLine; ids
		for _, v := range []uint32{uint32(i), uint32(7 * i), 8, 0, f[0], f[1], f[2], 2, 0, 3, 0, f[3], f[4]} {
			table = le.AppendUint32(table, v)
		}
	}
	// The data before the table has its first octets, and is no table. Both are in segments of
	// their own, the second in two pieces.
	before := append([]byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8}, bytes.Repeat([]byte{0xff}, 64)...)
	cut := len(table) / 2
	data := []byte{3}
	at := 4096
	for _, piece := range [][]byte{before, table[:cut], table[cut:]} {
		data = append(data, 0, 0x41)
		data = append(data, byte(at)|0x80, byte(at>>7)|0x80, byte(at>>14))
		data = append(data, 0x0b)
		data = binary.AppendUvarint(data, uint64(len(piece)))
		data = append(data, piece...)
		at += len(piece)
	}
	module := []byte("\x00asm\x01\x00\x00\x00" + "\x01\x01\x00")
	module = append(module, 11)
	module = binary.AppendUvarint(module, uint64(len(data)))
	return append(module, data...)
}

func TestStripLinesKeepsWhatElseIsRead(t *testing.T) {
	module := known().module()
	if err := stripLines(module); err != nil {
		t.Fatal(err)
	}
	want := known()
	want.first[1], want.first[2], want.second[1], want.second[2] = 0, 0, 0, 0
	want.tables = []byte("\x00" + "\x02\x10\x04\x20\x00" + "\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00" + "\x04\x30\x00" + "\x08\x30\x00")
	want.files = strings.Repeat("\x00", len(want.files))
	if !bytes.Equal(module, want.module()) {
		t.Errorf("got  %x\nwant %x", module, want.module())
	}
	again := bytes.Clone(module)
	if err := stripLines(again); err != nil || !bytes.Equal(again, module) {
		t.Errorf("a second time: %v, changed %v", err, !bytes.Equal(again, module))
	}
}

func TestStripLinesRefusesWhatGoDoesNotWrite(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(m *made)
		cut  func(b []byte) []byte
		want string // "" means taken
	}{
		{name: "as Go writes it"},
		{name: "not a module", cut: func(b []byte) []byte { return b[1:] }, want: "not a WebAssembly module"},
		{name: "cut off", cut: func(b []byte) []byte { return b[:len(b)-1] }, want: "ends in the middle"},
		{name: "without data", cut: func(b []byte) []byte { return b[:11] }, want: "no data section"},
		{name: "of another Go", cut: func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte{0xf1, 0xff, 0xff, 0xff}, []byte{0xf2, 0xff, 0xff, 0xff})
		}, want: "no table of functions"},
		{name: "a line table outside", edit: func(m *made) { m.first[2] = 500 }, want: "a table at 500"},
		{name: "a kept table outside", edit: func(m *made) { m.first[3] = 500 }, want: "a table at 500"},
		{name: "a kept table within one of lines", edit: func(m *made) { m.second[3] = 11 }, want: "within another"},
		{name: "a line table without an end", edit: func(m *made) { m.tables[len(m.tables)-1] = 1; m.first[2] = 21 }, want: "a table"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := known()
			if tt.edit != nil {
				tt.edit(&m)
			}
			module := m.module()
			if tt.cut != nil {
				module = tt.cut(module)
			}
			err := stripLines(module)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
