package snapshot

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
)

// The records that a registry has millions of, and its interior blocks, are written
// here byte by byte: that takes a tenth of the time of making a map of each and
// encoding that. block.EncodeCBOR is the measure, and tests compare.

// A writer appends strict DAG-CBOR.
type writer struct{ b []byte }

// head appends the head of a value: its major type, and a number in the fewest bytes.
func (w *writer) head(major byte, n int) {
	switch {
	case n < 24:
		w.b = append(w.b, major<<5|byte(n))
	case n < 1<<8:
		w.b = append(w.b, major<<5|24, byte(n))
	case n < 1<<16:
		w.b = binary.BigEndian.AppendUint16(append(w.b, major<<5|25), uint16(n))
	case n < 1<<32:
		w.b = binary.BigEndian.AppendUint32(append(w.b, major<<5|26), uint32(n))
	default:
		w.b = binary.BigEndian.AppendUint64(append(w.b, major<<5|27), uint64(n))
	}
}

// The major types of CBOR that records have, RFC 8949 Section 3.1.
const (
	majorUint   = 0
	majorNegInt = 1
	majorBytes  = 2
	majorText   = 3
	majorArray  = 4
	majorMap    = 5
)

func (w *writer) text(s string) {
	w.head(majorText, len(s))
	w.b = append(w.b, s...)
}

func (w *writer) texts(list []string) {
	w.head(majorArray, len(list))
	for _, s := range list {
		w.text(s)
	}
}

// link appends a link: tag 42, and the CID's bytes after a zero.
func (w *writer) link(c cid.Cid) {
	w.b = append(w.b, 0xd8, 42)
	w.head(majorBytes, 1+c.ByteLen())
	w.b = append(append(w.b, 0), c.KeyString()...)
}

func (w *writer) linkText(s string) error {
	c, err := block.ParseCID(s)
	if err == nil {
		w.link(c)
	}
	return err
}

// pairs appends a map of name, value pairs that are in the order of DAG-CBOR, shorter
// names first, without those whose value is empty.
func (w *writer) pairs(list ...string) {
	n := 0
	for i := 1; i < len(list); i += 2 {
		if list[i] != "" {
			n++
		}
	}
	w.head(majorMap, n)
	for i := 1; i < len(list); i += 2 {
		if list[i] != "" {
			w.text(list[i-1])
			w.text(list[i])
		}
	}
}

// count is how many of some conditions hold: the entries of a map to come.
func count(conditions ...bool) int {
	n := 0
	for _, c := range conditions {
		if c {
			n++
		}
	}
	return n
}

// encodeEntity returns the record of an entity in its normal form.
func encodeEntity(e Entity) ([]byte, error) {
	w := &writer{make([]byte, 0, 512)}
	w.head(majorMap, count(true, e.Due != "", len(e.IDs) > 0, len(e.Auth) > 0, len(e.Keys) > 0, e.Kind != "", len(e.Names) > 0,
		e.Source != "", e.Status != "", len(e.History) > 0, len(e.Services) > 0, e.Jurisdiction != ""))
	w.text("id")
	w.text(e.ID)
	if e.Due != "" {
		w.text("due")
		w.text(e.Due)
	}
	if len(e.IDs) > 0 {
		w.text("ids")
		w.texts(e.IDs)
	}
	if len(e.Auth) > 0 {
		w.text("auth")
		w.head(majorArray, len(e.Auth))
		for i := range e.Auth {
			if err := w.authorization(&e.Auth[i]); err != nil {
				return nil, err
			}
		}
	}
	if len(e.Keys) > 0 {
		w.text("keys")
		w.head(majorArray, len(e.Keys))
		for i := range e.Keys {
			w.key(&e.Keys[i])
		}
	}
	if e.Kind != "" {
		w.text("kind")
		w.text(e.Kind)
	}
	if len(e.Names) > 0 {
		w.text("names")
		w.texts(e.Names)
	}
	if e.Source != "" {
		w.text("source")
		if err := w.linkText(e.Source); err != nil {
			return nil, err
		}
	}
	if e.Status != "" {
		w.text("status")
		w.text(e.Status)
	}
	if len(e.History) > 0 {
		w.text("history")
		w.head(majorArray, len(e.History))
		for _, h := range e.History {
			w.pairs("at", h.At, "note", h.Note, "status", h.Status)
		}
	}
	if len(e.Services) > 0 {
		w.text("services")
		w.head(majorArray, len(e.Services))
		for _, s := range e.Services {
			w.pairs("id", s.ID, "url", s.URL, "type", s.Type)
		}
	}
	if e.Jurisdiction != "" {
		w.text("jurisdiction")
		w.text(e.Jurisdiction)
	}
	return w.b, recordFits(e.ID, w.b)
}

func (w *writer) authorization(a *Authorization) error {
	if a.Via == "" {
		w.pairs("by", a.By, "from", a.From, "state", a.State, "until", a.Until,
			"action", a.Action, "resource", a.Resource, "jurisdiction", a.Jurisdiction)
		return nil
	}
	w.head(majorMap, count(a.By != "", true, a.From != "", a.State != "", a.Until != "", a.Action != "", a.Resource != "", a.Jurisdiction != ""))
	put := func(name, value string) {
		if value != "" {
			w.text(name)
			w.text(value)
		}
	}
	put("by", a.By)
	w.text("via")
	err := w.linkText(a.Via)
	put("from", a.From)
	put("state", a.State)
	put("until", a.Until)
	put("action", a.Action)
	put("resource", a.Resource)
	put("jurisdiction", a.Jurisdiction)
	return err
}

func (w *writer) key(k *Key) {
	w.head(majorMap, count(k.JWK != nil, k.Kid != "", k.Use != "", len(k.X5C) > 0, k.From != "", k.State != "", k.Until != ""))
	put := func(name, value string) {
		if value != "" {
			w.text(name)
			w.text(value)
		}
	}
	if k.JWK != nil {
		w.text("jwk")
		w.json(k.JWK)
	}
	put("kid", k.Kid)
	put("use", k.Use)
	if len(k.X5C) > 0 {
		w.text("x5c")
		w.texts(k.X5C)
	}
	put("from", k.From)
	put("state", k.State)
	put("until", k.Until)
}

// json appends a JSON value that checkJWK passed: its numbers are whole.
func (w *writer) json(v any) {
	switch v := v.(type) {
	case strictjson.Object:
		w.head(majorMap, len(v))
		names := make([]string, 0, 16)
		for name := range maps.Keys(v) {
			names = append(names, name)
		}
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
		for _, name := range names {
			w.text(name)
			w.json(v[name])
		}
	case []any:
		w.head(majorArray, len(v))
		for _, e := range v {
			w.json(e)
		}
	case string:
		w.text(v)
	case strictjson.Number:
		if n, _ := v.Int64(); n >= 0 {
			w.head(majorUint, int(n))
		} else {
			w.head(majorNegInt, int(-1-n))
		}
	case bool:
		w.b = append(w.b, 0xf4+byte(count(v)))
	default: // null
		w.b = append(w.b, 0xf6)
	}
}

// encodeAlias returns the record of another identifier of an entity.
func encodeAlias(alias, id string) ([]byte, error) {
	w := &writer{make([]byte, 0, 32+len(alias)+len(id))}
	w.pairs("id", alias, "alias", id)
	return w.b, recordFits(alias, w.b)
}

// encodeRef returns the record of a key reference. ids are sorted.
func encodeRef(ref string, ids []string) ([]byte, error) {
	w := &writer{make([]byte, 0, 128+len(ref))}
	w.head(majorMap, 2)
	w.text("e")
	w.texts(ids)
	w.text("id")
	w.text(ref)
	return w.b, recordFits(ref, w.b)
}

// encodeInterior returns an interior block.
func encodeInterior(links *[slots]cid.Cid) []byte {
	n := 0
	for _, c := range links {
		n += count(c.Defined())
	}
	w := &writer{make([]byte, 0, 2+n*(2+5+36))}
	w.head(majorMap, n)
	for i, c := range links {
		if c.Defined() {
			w.text(alphabet[i : i+1])
			w.link(c)
		}
	}
	return w.b
}
