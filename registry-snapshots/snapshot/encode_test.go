package snapshot

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
)

// What is written byte by byte is what the general encoder writes.
func TestEncodeAsTheGeneralEncoder(t *testing.T) {
	full := entity(t, fullEntity)
	long := full
	long.Names = []string{strings.Repeat("n", 23), strings.Repeat("n", 24), strings.Repeat("n", 255), strings.Repeat("n", 256)}
	long.Services = nil
	for i := range 25 {
		long.Services = append(long.Services, Service{ID: "#s", Type: "t", URL: fmt.Sprintf("https://a.example/%02d", i)})
	}
	via := full
	via.Auth = []Authorization{{Action: "issue", Resource: "*", Jurisdiction: "AT", From: "2020-01-01T00:00:00Z", Until: "2021-01-01T00:00:00Z", By: "a:2", Via: full.Source, State: Revoked}}
	odd := full
	odd.Keys = []Key{{Kid: "k", JWK: strictjson.Object{"kty": "EC", "ext": true, "no": false, "nil": nil, "n": strictjson.Number("24"),
		"big": strictjson.Number("9007199254740991"), "less": strictjson.Number("-1"), "list": []any{"a", strictjson.Object{"bb": "x", "a": "y"}}}}}
	for name, e := range map[string]Entity{"full": full, "long": long, "via": via, "odd": odd, "least": {ID: "a:1"}} {
		data, err := encodeEntity(e)
		if err != nil {
			t.Fatal(name, err)
		}
		same(t, name, data)
		back, _, err := parseEntityRecord(e.ID, decoded(t, data))
		if err != nil {
			t.Fatal(name, err)
		}
		if again, err := encodeEntity(back); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%s: read and written again it is %x, %v", name, again, err)
		}
	}
	alias, err := encodeAlias("a:2", "a:1")
	if want, _ := block.EncodeCBOR(aliasRecord("a:2", "a:1")); err != nil || !bytes.Equal(alias, want) || !isAlias(alias) {
		t.Errorf("alias %x %v", alias, err)
	}
	ref, err := encodeRef("jkt:x", []string{"a:1", "a:2"})
	if want, _ := block.EncodeCBOR(refRecord("jkt:x", []string{"a:1", "a:2"})); err != nil || !bytes.Equal(ref, want) {
		t.Errorf("ref %x %v", ref, err)
	}
	var links [slots]cid.Cid
	for i := 1; i < slots; i += 3 {
		links[i] = block.New(block.DagCBOR, []byte{byte(i)}).CID
	}
	same(t, "interior", encodeInterior(&links))
}

// same holds bytes to what the general encoder makes of what they say.
func same(t *testing.T, name string, data []byte) {
	t.Helper()
	v, err := block.DecodeCBOR(data)
	if err != nil {
		t.Fatalf("%s: %v in %x", name, err, data)
	}
	if again, err := block.EncodeCBOR(v); err != nil || !bytes.Equal(again, data) {
		t.Errorf("%s: %x, want %x, %v", name, data, again, err)
	}
}
