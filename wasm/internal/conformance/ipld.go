package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"path"
	"strconv"
	"strings"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
)

const (
	ipldOther    = "another codec: registries are DAG-CBOR, and nothing reads dag-json or dag-pb"
	ipldNegative = "the source's negative fixtures are of dag-json and dag-pb, which nothing reads"
)

// ipldCodecs decodes and encodes the DAG-CBOR of the IPLD codec fixtures, whose files
// are named after their CIDs, and compares what was decoded with the fixture's
// dag-json, read by a reader that is not ours. The fixtures hold no bad DAG-CBOR; each
// good one is also cut by a byte and followed by one, and must then be refused.
func ipldCodecs(s *session) {
	for _, v := range s.vectors {
		if v.Expected == "invalid" {
			s.skip(v, "", invalid, ipldNegative)
			continue
		}
		var data, asJSON []byte
		var name string
		ok := true
		for _, f := range v.Files {
			switch path.Ext(f) {
			case ".dag-cbor":
				name = strings.TrimSuffix(path.Base(f), ".dag-cbor")
				data, ok = s.read(v, f)
			case ".dag-json":
				asJSON, ok = s.read(v, f)
				s.skip(v, "dag-json as a block", open, ipldOther)
			default:
				s.skip(v, strings.TrimPrefix(path.Ext(f), "."), open, ipldOther)
			}
			if !ok {
				break
			}
		}
		if ok {
			s.dagCBOR(v, name, data, asJSON)
		}
	}
}

func (s *session) dagCBOR(v vector, name string, data, asJSON []byte) {
	want, err := cid.Decode(name)
	if err == nil {
		err = block.Check(want, data)
	}
	s.check(v, "CID", valid, err == nil, "%v", err)
	got, err := block.DecodeCBOR(data)
	if err != nil {
		s.fail(v, "decoded", valid, "%v", err)
		return
	}
	again, err := block.EncodeCBOR(got)
	s.check(v, "encoded again", valid, err == nil && bytes.Equal(again, data), "%x (%v), want %x", again, err, data)
	var same any
	d := json.NewDecoder(bytes.NewReader(asJSON))
	d.UseNumber()
	if err = d.Decode(&same); err == nil {
		err = equalJSON(got, same)
	}
	s.check(v, "decoded", valid, err == nil, "unlike its dag-json: %v", err)
	_, err = block.DecodeCBOR(data[:len(data)-1])
	s.check(v, "cut by a byte", invalid, err != nil, "was taken")
	_, err = block.DecodeCBOR(append(data[:len(data):len(data)], 0xf6))
	s.check(v, "a byte after it", invalid, err != nil, "was taken")
}

// equalJSON compares a decoded value with dag-json's form of it,
// https://ipld.io/specs/codecs/dag-json/spec/.
func equalJSON(v, j any) error {
	differ := fmt.Errorf("%T %v is not %T %v", v, v, j, j)
	switch v := v.(type) {
	case nil, bool, string:
		if v != j {
			return differ
		}
	case int64, uint64, *big.Int:
		n, ok := j.(json.Number)
		if !ok || fmt.Sprint(v) != n.String() {
			return differ
		}
	case float64:
		n, ok := j.(json.Number)
		f, err := strconv.ParseFloat(n.String(), 64)
		if !ok || err != nil || f != v {
			return differ
		}
	case []byte:
		slash, _ := j.(map[string]any)
		inner, _ := slash["/"].(map[string]any)
		text, ok := inner["bytes"].(string)
		if b, err := base64.RawStdEncoding.DecodeString(text); !ok || err != nil || !bytes.Equal(b, v) {
			return differ
		}
	case cid.Cid:
		slash, _ := j.(map[string]any)
		text, _ := slash["/"].(string)
		if c, err := cid.Decode(text); err != nil || !c.Equals(v) {
			return differ
		}
	case []any:
		list, ok := j.([]any)
		if !ok || len(list) != len(v) {
			return differ
		}
		for i := range v {
			if err := equalJSON(v[i], list[i]); err != nil {
				return err
			}
		}
	case map[string]any:
		m, ok := j.(map[string]any)
		if !ok || len(m) != len(v) {
			return differ
		}
		for k := range v {
			if err := equalJSON(v[k], m[k]); err != nil {
				return fmt.Errorf("%q: %w", k, err)
			}
		}
	default:
		return differ
	}
	return nil
}
