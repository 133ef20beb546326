package block

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCBORValues(t *testing.T) {
	below := new(big.Int).Sub(big.NewInt(-1<<63), big.NewInt(1))
	tests := []struct {
		name, hex string
		want      any
	}{
		{"zero", "00", int64(0)},
		{"23", "17", int64(23)},
		{"24", "1818", int64(24)},
		{"255", "18ff", int64(255)},
		{"256", "190100", int64(256)},
		{"2^16", "1a00010000", int64(1 << 16)},
		{"2^32", "1b0000000100000000", int64(1 << 32)},
		{"2^63-1", "1b7fffffffffffffff", int64(1<<63 - 1)},
		{"2^63", "1b8000000000000000", uint64(1 << 63)},
		{"2^64-1", "1bffffffffffffffff", uint64(1<<64 - 1)},
		{"-1", "20", int64(-1)},
		{"-2^63", "3b7fffffffffffffff", int64(-1 << 63)},
		{"-2^63-1", "3b8000000000000000", below},
		{"false", "f4", false},
		{"true", "f5", true},
		{"null", "f6", nil},
		{"float", "fb3ff8000000000000", 1.5},
		{"whole float", "fb3ff0000000000000", 1.0},
		{"empty string", "60", ""},
		{"string", "62c3bc", "ü"},
		{"bytes", "420102", []byte{1, 2}},
		{"empty bytes", "40", []byte{}},
		{"list", "8201820203", []any{int64(1), []any{int64(2), int64(3)}}},
		{"map, shorter key first", "a2 6162 01 626161 02", map[string]any{"b": int64(1), "aa": int64(2)}},
		{"link", "d82a 4500 01550000", cid.NewCidV1(Raw, multihash.Multihash{0, 0})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := unhex(t, tt.hex)
			got, err := DecodeCBOR(data)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %#v, want %#v", got, tt.want)
			}
			again, err := EncodeCBOR(tt.want)
			if err != nil || !bytes.Equal(again, data) {
				t.Errorf("encoded %x %v, want %x", again, err, data)
			}
		})
	}
}

func TestCBORRefuses(t *testing.T) {
	nest := func(n int) string { return strings.Repeat("81", n) + "00" }
	tests := []struct {
		name, hex string
		want      Reason
	}{
		{"depth 64", nest(64), ""},
		{"depth 65", nest(65), TooDeep},
		{"depth 100,000", nest(100000), TooDeep},
		{"keys out of order", "a2 626161 02 6162 01", NotCanonical},
		{"keys out of byte order", "a2 6162 01 6161 02", NotCanonical},
		{"duplicate key", "a2 6161 01 6161 02", BadCBOR},
		{"duplicate key in order of encoding", "a3 6161 01 6161 01 6162 01", BadCBOR},
		{"integer in two bytes", "1817", NotCanonical},
		{"integer in nine bytes", "1b00000000ffffffff", NotCanonical},
		{"long negative integer", "3800", NotCanonical},
		{"long string length", "7801 61", NotCanonical},
		{"long bytes length", "5801 61", NotCanonical},
		{"long list length", "9801 00", NotCanonical},
		{"long map length", "b801 6161 00", NotCanonical},
		{"long tag", "d9002a 4500 01550000", NotCanonical},
		{"indefinite list", "9f 00 ff", BadCBOR},
		{"indefinite map", "bf 6161 00 ff", BadCBOR},
		{"indefinite string", "7f 6161 ff", BadCBOR},
		{"indefinite bytes", "5f 4161 ff", BadCBOR},
		{"16-bit float", "f93e00", NotCanonical},
		{"32-bit float", "fa3fc00000", NotCanonical},
		{"NaN", "fb7ff8000000000000", BadCBOR},
		{"16-bit NaN", "f97e00", NotCanonical},
		{"infinity", "fb7ff0000000000000", BadCBOR},
		{"undefined", "f7", BadCBOR},
		{"simple value 16", "f0", BadCBOR},
		{"simple value 255", "f8ff", BadCBOR},
		{"tag 0", "c0 74 323032362d31312d32325431303a30303a30305a", BadCBOR},
		{"tag 1", "c1 00", BadCBOR},
		{"tag 2", "c2 49 010000000000000000", BadCBOR},
		{"tag 24", "d818 4100", BadCBOR},
		{"tag 55799", "d9d9f7 00", BadCBOR},
		{"link of a string", "d82a 6500 01550000", BadCBOR},
		{"link without the prefix", "d82a 44 01550000", BadCBOR},
		{"link of no bytes", "d82a 40", BadCBOR},
		{"link of the prefix alone", "d82a 4100", BadCBOR},
		{"link with another prefix", "d82a 4501 01550000", BadCBOR},
		{"link with a byte behind the CID", "d82a 4600 0155000000", BadCBOR},
		{"link as a key", "a1 d82a 4500 01550000 00", BadCBOR},
		{"integer key", "a1 00 00", BadCBOR},
		{"bytes key", "a1 4161 00", BadCBOR},
		{"string not UTF-8", "61ff", BadCBOR},
		{"key not UTF-8", "a1 61ff 00", BadCBOR},
		{"trailing byte", "0000", BadCBOR},
		{"nothing", "", BadCBOR},
		{"cut string", "6261", BadCBOR},
		{"cut list", "82 00", BadCBOR},
		{"list of 2^60", "9b1000000000000000", BadCBOR},
		{"reserved head", "1c", BadCBOR},
		{"break alone", "ff", BadCBOR},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := DecodeCBOR(unhex(t, tt.hex))
			wantReason(t, err, tt.want)
		})
	}
	_, err := DecodeCBOR(make([]byte, MaxSize+1))
	wantReason(t, err, TooLarge)
}

func TestEncodeCBORRefuses(t *testing.T) {
	deep := any(int64(0))
	for range MaxDepth + 1 {
		deep = []any{deep}
	}
	tests := []struct {
		name  string
		value any
		want  Reason
	}{
		{"known", map[string]any{"a": []any{1, "b", blockA.CID}}, ""},
		{"too deep", deep, TooDeep},
		{"unknown type", struct{}{}, BadCBOR},
		{"int32", int32(1), BadCBOR},
		{"string not UTF-8", "\xff", BadCBOR},
		{"key not UTF-8", map[string]any{"\xff": 1}, BadCBOR},
		{"undefined CID", cid.Undef, BadCID},
		{"big.Int that fits", big.NewInt(1), BadCBOR},
		{"big.Int above", new(big.Int).Lsh(big.NewInt(1), 64), BadCBOR},
		{"big.Int below", new(big.Int).Lsh(big.NewInt(-1), 65), BadCBOR},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := EncodeCBOR(tt.value)
			wantReason(t, err, tt.want)
		})
	}
}

func TestLinks(t *testing.T) {
	data, err := EncodeCBOR(map[string]any{
		"z":  blockA.CID,
		"aa": []any{blockB.CID, []byte{0, 1, 2}, map[string]any{"x": blockC.CID}},
		"b":  "text", "n": -500, "f": 1.5,
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Links(data)
	if err != nil {
		t.Fatal(err)
	}
	if want := []cid.Cid{blockA.CID, blockB.CID, blockC.CID}; !reflect.DeepEqual(got, want) {
		t.Errorf("links %v, want %v", got, want)
	}
	_, err = Links(unhex(t, "d82a 4500 01550001"))
	wantReason(t, err, BadCBOR)
}

// What decodes, encodes to the same bytes; its links and entries are those that
// the value holds; and the decoder takes all that the scanner takes.
func FuzzCBOR(f *testing.F) {
	for _, s := range []string{"a26162016261 6102", "d82a450001550000", "8201820203", "fb3ff8000000000000", "3b8000000000000000", "f7", "a1616100"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := DecodeCBOR(data)
		if err != nil {
			if scan(data, nil) == nil {
				t.Fatalf("scanned, but not decoded: %v", err)
			}
			return
		}
		again, err := EncodeCBOR(v)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%x encodes to %x, %v", data, again, err)
		}
		links, err := Links(data)
		if err != nil {
			t.Fatal(err)
		}
		if n := countLinks(v); n != len(links) {
			t.Fatalf("%d links, want %d", len(links), n)
		}
		m, isMap := v.(map[string]any)
		entries, err := Entries(data)
		if isMap != (err == nil) || len(entries) != len(m) {
			t.Fatalf("%d entries, %v, of %v", len(entries), err, v)
		}
		for _, e := range entries {
			value, err := EncodeCBOR(m[e.Key])
			if err != nil || !bytes.Equal(value, e.Value) {
				t.Fatalf("entry %q is %x, want %x", e.Key, e.Value, value)
			}
			c, isLink := m[e.Key].(cid.Cid)
			if got, ok := e.Link(); ok != isLink || got != c {
				t.Fatalf("entry %q links to %s %v, want %s", e.Key, got, ok, c)
			}
		}
	})
}

func countLinks(v any) (n int) {
	switch v := v.(type) {
	case cid.Cid:
		return 1
	case []any:
		for _, e := range v {
			n += countLinks(e)
		}
	case map[string]any:
		for _, e := range v {
			n += countLinks(e)
		}
	}
	return n
}
