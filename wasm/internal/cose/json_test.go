package cose_test

import (
	"encoding/hex"
	"testing"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/strictjson"
)

func TestJSON(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"text", "6161", `"a"`},
		{"bytes", "42ffd8", `"_9g"`},
		{"integer", "1824", `36`},
		{"greatest exact integer", "1b001fffffffffffff", `9007199254740991`},
		{"an integer beyond", "1b0020000000000000", `"9007199254740992"`},
		{"64 bits", "1b8000000000000000", `"9223372036854775808"`},
		{"negative", "3bffffffffffffffff", `"-18446744073709551616"`},
		{"float", "f93f00", `1.75`},
		{"infinity", "f97c00", `"+Inf"`},
		{"not a number", "f97e00", `"NaN"`},
		{"null", "f6", `null`},
		{"undefined", "f7", `null`},
		{"a simple value", "f8ff", `"255"`},
		{"list", "82f5f4", `[true,false]`},
		{"map", "a2616101026162", `{"2":"b","a":1}`},
		{"the same key twice as text", "a20101613102", `{"1":2}`},
		{"date", "d903ec6a313939302d30312d3032", `"1990-01-02"`},
		{"time", "c074323032362d30312d30325430333a30343a30355a", `"2026-01-02T03:04:05Z"`},
		{"embedded CBOR", "d8184101", `"AQ"`},
		{"bignum", "c249010000000000000000", `"18446744073709551616"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data, err := hex.DecodeString(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			var v any
			if err := cose.Decode(data, &v); err != nil {
				t.Fatal(err)
			}
			for range 8 { // whatever the order of a map
				if got := string(strictjson.Encode([]any{cose.JSON(v)})); got != "["+tt.want+"]" {
					t.Fatalf("got %s, want [%s]", got, tt.want)
				}
			}
		})
	}
}
