// Command gencases writes test/testdata/cases.json: requests with evidence, and the
// cases that package wire seals from them. The JavaScript tests seal the same.
//
// Run it from js/: go run ./internal/gencases
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

func main() {
	out, err := generate()
	if err == nil {
		err = os.WriteFile("test/testdata/cases.json", out, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gencases:", err)
		os.Exit(1)
	}
}

type sealed struct {
	Name    string          `json:"name"`
	Request json.RawMessage `json:"request"` // as a program would write it: in any order
	Blocks  []evidence      `json:"blocks"`
	CID     string          `json:"cid"`
	Case    []byte          `json:"case"`
}

type evidence struct {
	CID  string `json:"cid"`
	Data []byte `json:"data"`
}

// entity has what RFC 8785 is about: names to be sorted by UTF-16 units, escapes, and
// numbers in every notation.
const entity = `{"z":1,"a":{"\uff5e":"wide","\ud83d\ude00":"pair","é":"e acute","e":"e","":"empty"},
"text":"\u0000\b\t\n\f\r\"\\/\u007f\u2028é\ud83d\ude00","numbers":[0,-0,-1,1.0,1e0,0.1,1e-6,1e-7,123456789012345680000,1e21,1e+300,5e-324,9007199254740991,333333333.33333329],
"list":[[],{},null,true,false],"10":1,"9":2}`

func generate() ([]byte, error) {
	input := block.New(block.Raw, []byte("eyJhbGciOiJFUzI1NiJ9.e30.AA"))
	leaf, err := block.EncodeCBOR(map[string]any{"k": []any{int64(1), "two"}})
	if err != nil {
		return nil, err
	}
	other := block.New(block.DagCBOR, leaf)
	document := block.New(block.Raw, []byte(`{"id":"did:web:example.com"}`))
	big := block.New(block.Raw, []byte(strings.Repeat("0123456789", 2000))) // a section length of three bytes
	empty := block.New(block.Raw, nil)
	root := other.CID.String()

	verify := `"verilith":1,"op":"verify","now":"2026-11-22T10:00:00Z","input":{"block":"` + input.CID.String() + `"}`
	cases := []struct {
		name, request string
		blocks        []block.Block
	}{
		{"about", `{"op":"about","verilith":1}`, nil},
		{"input alone", `{` + verify + `}`, []block.Block{input}},
		{"pinned snapshot", `{` + verify + `,"registries":[{"snapshot":"` + root + `","asOf":"2026-11-21T00:00:00Z"}]}`, []block.Block{input, other}},
		{"blocks in another order", `{` + verify + `,"registries":[{"snapshot":"` + root + `"}]}`, []block.Block{other, big, input}},
		{"every codec and an empty block", `{` + verify + `}`, []block.Block{input, other, empty, block.New(block.JSON, []byte(`{}`))}},
		{"document, and what could not be had", `{` + verify + `,"unobtainable":["https://b.example/","https://a.example/"],"evidence":[{"url":"https://example.com/.well-known/did.json","obtained":"2026-11-22T09:58:00.123Z","block":"` + document.CID.String() + `","mediaType":"application/did+json"}]}`, []block.Block{input, document}},
		{"expectation and policy", `{` + verify + `,"policy":{"trust":"none","acceptUnboundIssuer":true,"acceptStale":{"status":"7d","keys":"30d"}},"expect":{"origin":"https://shop.example","nonce":"ünïcode \u2713","audience":["b","a"]}}`, []block.Block{input}},
		{"nobody at all", `{"registries":[{"entities":[]}],` + verify + `}`, []block.Block{input}},
		{"inline entities", `{"registries":[{"entities":[` + entity + `,{"id":"did:web:example.com"}]}],` + verify + `}`, []block.Block{input}},
	}
	var all []sealed
	for _, c := range cases {
		v, err := strictjson.Parse([]byte(c.request))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		var req wire.Request
		if err := strictjson.Bind(v, &req); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		car, id, err := wire.SealCase(req, c.blocks)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		s := sealed{Name: c.name, Request: json.RawMessage(c.request), Blocks: []evidence{}, CID: id.String(), Case: car}
		for _, b := range c.blocks {
			s.Blocks = append(s.Blocks, evidence{b.CID.String(), b.Data})
		}
		all = append(all, s)
	}
	out, err := json.MarshalIndent(all, "", "  ")
	return append(out, '\n'), err
}
