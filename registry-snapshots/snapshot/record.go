package snapshot

import (
	"maps"
	"math/big"
	"slices"
	"strconv"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
)

// A record is one entry of a directory: a DAG-CBOR map whose member "id" is the
// text that its key is the hash of.

// members makes a map of name, value pairs, without the empty ones.
func members(pairs ...string) map[string]any {
	m := make(map[string]any, len(pairs)/2+1)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			m[pairs[i]] = pairs[i+1]
		}
	}
	return m
}

func putLink(m map[string]any, name, text string) error {
	if text == "" {
		return nil
	}
	c, err := block.ParseCID(text)
	if err != nil {
		return err
	}
	m[name] = c
	return nil
}

// toJSON turns a DAG-CBOR value into JSON: links become their text. Bytes and
// floats are in no record.
func toJSON(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		o := make(strictjson.Object, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) { // of two faults, always the same is named
			j, err := toJSON(v[k])
			if err != nil {
				return nil, err
			}
			o[k] = j
		}
		return o, nil
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			j, err := toJSON(e)
			if err != nil {
				return nil, err
			}
			list[i] = j
		}
		return list, nil
	case int64:
		return strictjson.Number(strconv.FormatInt(v, 10)), nil
	case cid.Cid:
		return v.String(), nil
	case nil, bool, string:
		return v, nil
	case []byte, float64, uint64, *big.Int:
	}
	return nil, errorf(BadRecord, "a value of Go type %T", v)
}

// parseEntityRecord reads an entity record, or the primary id that an alias
// record names.
func parseEntityRecord(id string, record map[string]any) (e Entity, primary string, err error) {
	if alias, ok := record["alias"].(string); ok {
		if len(record) != 2 || alias == id {
			return Entity{}, "", errorf(BadRecord, "alias record of %q", id)
		}
		return Entity{}, alias, checkRecordID(id, record)
	}
	v, err := toJSON(record)
	if err != nil {
		return Entity{}, "", err
	}
	e, err = ParseEntity(v.(strictjson.Object))
	if err != nil {
		return Entity{}, "", errorf(BadRecord, "record of %q: %v", id, err)
	}
	return e, "", checkRecordID(id, record)
}

func checkRecordID(id string, record map[string]any) error {
	if got, _ := record["id"].(string); got != id {
		return errorf(BadRecord, "the record under %q has the id %q", id, got)
	}
	return nil
}

// parseRefRecord reads a record of the key index.
func parseRefRecord(ref string, record map[string]any) ([]string, error) {
	list, _ := record["e"].([]any)
	if len(list) == 0 || len(record) != 2 {
		return nil, errorf(BadRecord, "key record of %q: want id and a list e", ref)
	}
	ids := make([]string, len(list))
	for i, v := range list {
		s, _ := v.(string)
		if s == "" || i > 0 && s <= ids[i-1] {
			return nil, errorf(BadRecord, "key record of %q: entity %d is empty, or not sorted", ref, i)
		}
		ids[i] = s
	}
	return ids, checkRecordID(ref, record)
}

// resourceRecord returns a record of the resources.
func resourceRecord(r Resource) (map[string]any, error) {
	m := members("id", r.URL, "mediaType", r.MediaType, "obtained", r.Obtained)
	return m, putLink(m, "cid", r.CID)
}

func parseResourceRecord(url string, record map[string]any) (Resource, error) {
	c, _ := record["cid"].(cid.Cid)
	r := Resource{URL: url}
	known := 2
	for _, f := range []struct {
		name string
		dst  *string
	}{{"mediaType", &r.MediaType}, {"obtained", &r.Obtained}} {
		if v, ok := record[f.name]; ok {
			if *f.dst, ok = v.(string); !ok {
				return Resource{}, errorf(BadRecord, "resource record of %q: %s is no string", url, f.name)
			}
			known++
		}
	}
	if len(record) != known || block.CheckCID(c) != nil || c.Prefix().Codec == block.DagCBOR {
		return Resource{}, errorf(BadRecord, "resource record of %q: want id, cid of a raw or json block, mediaType, obtained", url)
	}
	r.CID = c.String()
	if err := r.check(); err != nil {
		return Resource{}, errorf(BadRecord, "resource record of %q: %v", url, err)
	}
	return r, checkRecordID(url, record)
}

// check brings a resource to its normal form.
func (r *Resource) check() error {
	if err := first(
		identifier(place{name: "url"}, r.URL, true),
		instant(place{name: "obtained"}, &r.Obtained),
	); err != nil {
		return err
	}
	if r.MediaType != "" {
		if err := text(place{name: "mediaType"}, r.MediaType); err != nil {
			return err
		}
	}
	return nil
}

// encodeRecord encodes a record of which a registry has few.
func encodeRecord(record map[string]any) ([]byte, error) {
	data, err := block.EncodeCBOR(record)
	if err != nil {
		return nil, err
	}
	id, _ := record["id"].(string)
	return data, recordFits(id, data)
}

// recordFits holds a record to the size that a leaf allows.
func recordFits(id string, data []byte) error {
	if n := leafSize(1, len(data)); n > MaxLeaf {
		return errorf(TooLarge, "the record of %.200q makes a leaf of %d bytes, want at most %d", id, n, MaxLeaf)
	}
	return nil
}

func sortedUnique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
