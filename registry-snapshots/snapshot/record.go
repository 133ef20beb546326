package snapshot

import (
	"fmt"
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

// entityRecord returns the record of an entity in its normal form: its JSON
// members, with CIDs as links.
func entityRecord(e Entity) (map[string]any, error) {
	m := map[string]any{"id": e.ID}
	put := func(name, value string) {
		if value != "" {
			m[name] = value
		}
	}
	put("kind", e.Kind)
	put("jurisdiction", e.Jurisdiction)
	put("status", e.Status)
	if err := putLink(m, "source", e.Source); err != nil {
		return nil, err
	}
	putStrings(m, "names", e.Names)
	putStrings(m, "ids", e.IDs)
	if len(e.Keys) > 0 {
		list := make([]any, len(e.Keys))
		for i, k := range e.Keys {
			list[i] = keyValue(k)
		}
		m["keys"] = list
	}
	if len(e.Services) > 0 {
		list := make([]any, len(e.Services))
		for i, s := range e.Services {
			list[i] = members("id", s.ID, "type", s.Type, "url", s.URL)
		}
		m["services"] = list
	}
	if len(e.Auth) > 0 {
		list := make([]any, len(e.Auth))
		for i, a := range e.Auth {
			v := members("action", a.Action, "resource", a.Resource, "jurisdiction", a.Jurisdiction,
				"from", a.From, "until", a.Until, "by", a.By, "state", a.State)
			if err := putLink(v, "via", a.Via); err != nil {
				return nil, err
			}
			list[i] = v
		}
		m["auth"] = list
	}
	if len(e.History) > 0 {
		list := make([]any, len(e.History))
		for i, h := range e.History {
			list[i] = members("at", h.At, "status", h.Status, "note", h.Note)
		}
		m["history"] = list
	}
	return m, nil
}

func keyValue(k Key) map[string]any {
	v := members("kid", k.Kid, "use", k.Use, "from", k.From, "until", k.Until, "state", k.State)
	if k.JWK != nil {
		v["jwk"] = toCBOR(k.JWK)
	}
	putStrings(v, "x5c", k.X5C)
	return v
}

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

func putStrings(m map[string]any, name string, list []string) {
	if len(list) == 0 {
		return
	}
	v := make([]any, len(list))
	for i, s := range list {
		v[i] = s
	}
	m[name] = v
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

// toCBOR turns a JSON value that checkJWK passed into a DAG-CBOR value.
func toCBOR(v any) any {
	switch v := v.(type) {
	case strictjson.Object:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = toCBOR(e)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = toCBOR(e)
		}
		return list
	case strictjson.Number:
		n, _ := v.Int64()
		return n
	}
	return v
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

// refRecord returns a record of the key index.
func refRecord(ref string, ids []string) map[string]any {
	m := map[string]any{"id": ref}
	putStrings(m, "e", ids)
	return m
}

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

// encodeRecord encodes a record and holds it to the size that a leaf allows.
func encodeRecord(record map[string]any) ([]byte, error) {
	data, err := block.EncodeCBOR(record)
	if err != nil {
		return nil, err
	}
	if n := leafSize(1, len(data)); n > MaxLeaf {
		return nil, errorf(TooLarge, "the record of %.200q makes a leaf of %d bytes, want at most %d", fmt.Sprint(record["id"]), n, MaxLeaf)
	}
	return data, nil
}

func sortedUnique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
