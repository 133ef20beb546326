package status

import (
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
)

// Bitstring Status List Section 2.1, statusMessage: as many elements as there are values,
// each with a status in hexadecimal and a message.
func TestMessages(t *testing.T) {
	for _, tt := range []struct {
		list string
		size int
		ok   bool
	}{
		{`[{"status":"0x0","message":"a"},{"status":"0x1","message":"b"}]`, 1, true},
		{`[{"status":"0x1","message":"b"},{"status":"0x0","message":"a","more":1}]`, 1, true},
		{`[{"status":"0x0","message":"a"},{"status":"0x1","message":""}]`, 1, true},
		{`[{"status":"0x0","message":"a"},{"status":"0x1"}]`, 1, false},
		{`[{"status":"0x0","message":"a"},{"status":"0x1","message":1}]`, 1, false},
		{`[{"status":"0x0","message":"a"},{"message":"b"}]`, 1, false},
		{`[{"status":"0x0","message":"a"},{"status":1,"message":"b"}]`, 1, false},
		{`[{"status":"0x0","message":"a"},{"status":"1","message":"b"}]`, 1, false},
		{`[{"status":"0x0","message":"a"},{"status":"0x","message":"b"}]`, 1, false},
		{`[{"status":"0x0","message":"a"},{"status":"0xg","message":"b"}]`, 1, false},
		{`[{"status":"0x0","message":"a"},{"status":"0x2","message":"b"}]`, 1, false},
		{`[{"status":"0x0","message":"a"},{"status":"0x0","message":"b"}]`, 1, false},
		{`[{"status":"0x0","message":"a"}]`, 1, false},
		{`[{"status":"0x0","message":"a"},{"status":"0x1","message":"b"}]`, 2, false},
		{`["a","b"]`, 1, false},
	} {
		v, err := strictjson.Parse([]byte(tt.list))
		if err != nil {
			t.Fatal(err)
		}
		texts, err := messages(v.([]any), tt.size)
		if (err == nil) != tt.ok || tt.ok && texts[0] != "a" {
			t.Errorf("%s of %d bits: %q, %v", tt.list, tt.size, texts, err)
		}
	}
}
