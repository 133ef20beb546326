package block

import (
	"bytes"
	"io"
	"reflect"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
	"github.com/multiformats/go-varint"
)

var (
	blockA = New(Raw, []byte("first"))
	blockB = New(JSON, []byte(`{"second":2}`))
	blockC = New(DagCBOR, []byte{0xa0})
)

// car writes a CAR of the blocks with the first as its root.
func car(t testing.TB, blocks ...Block) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := NewCARWriter(&buf, blocks[0].CID)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		if err := w.Put(b); err != nil {
			t.Fatal(err)
		}
	}
	return buf.Bytes()
}

// section returns a CAR section that no check has seen.
func section(c cid.Cid, data string) []byte {
	s := append(c.Bytes(), data...)
	return append(varint.ToUvarint(uint64(len(s))), s...)
}

// header returns a length-prefixed header of any value.
func header(t testing.TB, v any) []byte {
	t.Helper()
	b, err := EncodeCBOR(v)
	if err != nil {
		t.Fatal(err)
	}
	return append(varint.ToUvarint(uint64(len(b))), b...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// stream reads a CAR to its end with a CARReader.
func stream(data []byte, skipForeign bool) (roots []cid.Cid, blocks []Block, err error) {
	r, err := NewCARReader(bytes.NewReader(data))
	if err != nil {
		return nil, nil, err
	}
	r.SkipForeign = skipForeign
	for {
		b, err := r.Next()
		if err == io.EOF {
			return r.Roots, blocks, nil
		}
		if err != nil {
			return r.Roots, blocks, err
		}
		blocks = append(blocks, b)
	}
}

func TestCAR(t *testing.T) {
	whole := car(t, blockA, blockB, blockC)
	head := header(t, map[string]any{"version": 1, "roots": []any{blockA.CID}})
	empty := head[0] + 1 // bytes of the header with its length
	link := func(c cid.Cid) []byte {
		return header(t, map[string]any{"version": 1, "roots": []any{c}})
	}
	tests := []struct {
		name   string
		data   []byte
		want   Reason
		blocks int
	}{
		{"three blocks", whole, "", 3},
		{"header only", whole[:empty], "", 0},
		{"no roots", header(t, map[string]any{"version": 1, "roots": []any{}}), "", 0},
		{"header root is a hint: identity", join(link(cid.MustParse("bafkqaaa")), section(blockA.CID, "first")), "", 1},
		{"header root is a hint: CIDv0", join(link(foreign(t, 0, 0, multihash.SHA2_256, "x")), section(blockA.CID, "first")), "", 1},
		{"duplicate block", join(whole, section(blockA.CID, "first")), "", 3},
		{"nothing", nil, CARTruncated, 0},
		{"cut in the header length", []byte{0xff}, CARTruncated, 0},
		{"cut in the header", whole[:20], CARTruncated, 0},
		{"cut in a section length", join(head, []byte{0x80}), CARTruncated, 0},
		{"cut in a section's CID", whole[:int(empty)+20], CARTruncated, 0},
		{"cut in a section", whole[:len(whole)-1], CARTruncated, 2},
		{"CARv2 pragma", join([]byte{0x0a, 0xa1, 0x67}, []byte("version"), []byte{2}, make([]byte, 40)), CARVersion, 0},
		{"version 42", header(t, map[string]any{"version": 42}), CARVersion, 0},
		{"version missing", header(t, map[string]any{"roots": []any{blockA.CID}}), CARVersion, 0},
		{"version as a string", header(t, map[string]any{"version": "1", "roots": []any{}}), CARVersion, 0},
		{"roots missing", header(t, map[string]any{"version": 1}), CARHeader, 0},
		{"root that is no link", header(t, map[string]any{"version": 1, "roots": []any{"bafkqaaa"}}), CARHeader, 0},
		{"another header member", header(t, map[string]any{"version": 1, "roots": []any{}, "x": 1}), CARHeader, 0},
		{"header is a list", header(t, []any{}), CARHeader, 0},
		{"header not canonical", join([]byte{18, 0xa2, 0x67}, []byte("version"), []byte{1, 0x65}, []byte("roots"), []byte{0x80, 0x00}), CARHeader, 0},
		{"header of 64 KiB and more", join(varint.ToUvarint(maxHeader+1), make([]byte, maxHeader+1)), TooLarge, 0},
		{"wrong hash", join(head, section(blockA.CID, "First")), HashMismatch, 0},
		{"identity CID", join(head, section(foreign(t, 1, Raw, multihash.IDENTITY, "x"), "x")), UnsupportedCID, 0},
		{"blake2b CID", join(head, section(foreign(t, 1, Raw, multihash.BLAKE2B_MIN+31, "x"), "x")), UnsupportedCID, 0},
		{"wrong codec", join(head, section(foreign(t, 1, cid.DagProtobuf, multihash.SHA2_256, "x"), "x")), UnsupportedCID, 0},
		{"CIDv0", join(head, section(foreign(t, 0, 0, multihash.SHA2_256, "x"), "x")), UnsupportedCID, 0},
		{"section of no bytes", join(head, []byte{0}), CARSection, 0},
		{"section without a CID", join(head, []byte{3, 1, 2, 3}), CARSection, 0},
		{"section length with a long varint", join(head, []byte{0x85, 0x00}), CARVarint, 0},
		{"section length over 9 bytes", join(head, bytes.Repeat([]byte{0xff}, 9), []byte{1}), CARVarint, 0},
		{"section of 2^62 bytes", join(head, varint.ToUvarint(1<<62)), TooLarge, 0},
		{"block over 2 MiB", join(head, section(New(Raw, make([]byte, MaxSize+1)).CID, string(make([]byte, MaxSize+1)))), TooLarge, 0},
		{"block of 2 MiB", join(head, section(New(Raw, make([]byte, MaxSize)).CID, string(make([]byte, MaxSize)))), "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, blocks, err := ReadCAR(tt.data, Limits{})
			wantReason(t, err, tt.want)
			if err == nil && len(blocks) != tt.blocks {
				t.Errorf("%d blocks, want %d", len(blocks), tt.blocks)
			}
			_, blocks, err = stream(tt.data, false)
			wantReason(t, err, tt.want)
			unique := map[cid.Cid]bool{}
			for _, b := range blocks {
				unique[b.CID] = true
			}
			if len(unique) != tt.blocks {
				t.Errorf("stream: %d blocks, want %d", len(unique), tt.blocks)
			}
		})
	}
}

func TestCARRoundTrip(t *testing.T) {
	want := []Block{blockB, blockA, blockC}
	roots, got, err := ReadCAR(car(t, want...), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) || len(roots) != 1 || roots[0] != blockB.CID {
		t.Errorf("roots %v blocks %v", roots, got)
	}
}

func TestCARLimits(t *testing.T) {
	data := car(t, blockA, blockB, blockC)
	tests := []struct {
		name string
		lim  Limits
		want Reason
	}{
		{"zero", Limits{}, ""},
		{"exact", Limits{Bytes: int64(len(data)), Blocks: 3}, ""},
		{"a byte less", Limits{Bytes: int64(len(data)) - 1}, TooLarge},
		{"a block less", Limits{Blocks: 2}, TooManyBlocks},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := ReadCAR(data, tt.lim)
			wantReason(t, err, tt.want)
		})
	}
}

func TestSkipForeign(t *testing.T) {
	data := join(car(t, blockA),
		section(foreign(t, 1, Raw, multihash.IDENTITY, "x"), "x"),
		section(foreign(t, 1, cid.DagProtobuf, multihash.SHA2_256, "y"), "y"),
		section(blockB.CID, string(blockB.Data)))
	_, blocks, err := stream(data, true)
	wantReason(t, err, "")
	if len(blocks) != 2 {
		t.Errorf("%d blocks, want the two of ours", len(blocks))
	}
	_, _, err = stream(join(data, section(blockA.CID, "First")), true)
	wantReason(t, err, HashMismatch)
}

// failing gives some bytes and then an error that is not an end.
type failing struct {
	r   io.Reader
	err error
}

func (f failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err == io.EOF {
		err = f.err
	}
	return n, err
}

func TestReaderErrorIsNotAnEnd(t *testing.T) {
	data := car(t, blockA)
	for n := range data {
		r, err := NewCARReader(failing{bytes.NewReader(data[:n]), io.ErrClosedPipe})
		if err == nil {
			_, err = r.Next()
		}
		if err != io.ErrClosedPipe && err == nil {
			t.Fatalf("after %d bytes: error %v, want the reader's", n, err)
		}
		if err == io.EOF {
			t.Fatalf("after %d bytes: a broken reader looks like a whole CAR", n)
		}
	}
}

func TestPutRefuses(t *testing.T) {
	w, err := NewCARWriter(io.Discard, blockA.CID)
	if err != nil {
		t.Fatal(err)
	}
	wantReason(t, w.Put(blockA), "")
	wantReason(t, w.Put(Block{CID: foreign(t, 1, Raw, multihash.IDENTITY, "x"), Data: []byte("x")}), UnsupportedCID)
	wantReason(t, w.Put(New(Raw, make([]byte, MaxSize+1))), TooLarge)
}

// The two readers agree, every block is the block of its CID, and writing what
// was read and reading that gives the same.
func FuzzCAR(f *testing.F) {
	f.Add(car(f, blockA, blockB, blockC))
	f.Add(car(f, blockA, blockA))
	f.Add(car(f, blockA)[:50])
	f.Add([]byte("\x0a\xa1gversion\x02"))
	f.Fuzz(func(t *testing.T, data []byte) {
		roots, blocks, err := ReadCAR(data, Limits{})
		sroots, sblocks, serr := stream(data, false)
		if (err == nil) != (serr == nil) {
			t.Fatalf("ReadCAR: %v, CARReader: %v", err, serr)
		}
		for _, b := range sblocks {
			if err := Check(b.CID, b.Data); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil {
			return
		}
		if len(roots) != len(sroots) || len(sblocks) < len(blocks) {
			t.Fatalf("%d roots and %d blocks, streamed %d and %d", len(roots), len(blocks), len(sroots), len(sblocks))
		}
		if len(blocks) == 0 {
			return
		}
		_, again, err := ReadCAR(car(t, blocks...), Limits{})
		if err != nil || len(again) != len(blocks) {
			t.Fatalf("written again: %d blocks, %v", len(again), err)
		}
		for i := range again {
			if again[i].CID != blocks[i].CID || !bytes.Equal(again[i].Data, blocks[i].Data) {
				t.Fatalf("block %d changed", i)
			}
		}
	})
}
