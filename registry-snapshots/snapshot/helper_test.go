package snapshot

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
)

// wantReason fails unless err is an *Error of the reason; "" means no error.
func wantReason(t testing.TB, err error, want Reason) {
	t.Helper()
	var e *Error
	switch {
	case want == "" && err != nil:
		t.Fatalf("error %v, want none", err)
	case want != "" && !errors.As(err, &e):
		t.Fatalf("error %v, want reason %s", err, want)
	case want != "" && e.Reason != want:
		t.Fatalf("reason %s (%v), want %s", e.Reason, e, want)
	}
}

// object parses JSON for a test.
func object(t testing.TB, text string) strictjson.Object {
	t.Helper()
	o, err := strictjson.ParseObject([]byte(text))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return o
}

// entity parses an entity for a test.
func entity(t testing.TB, text string) Entity {
	t.Helper()
	e, err := ParseEntity(object(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// synthetic returns the issuer number i, with a key of its own.
func synthetic(i int) Entity {
	sum := block.New(block.Raw, fmt.Appendf(nil, "key %d", i)).CID.Hash()
	x := base32hex.EncodeToString(sum[2:])[:43]
	return Entity{
		ID:    fmt.Sprintf("https://issuer-%d.example", i),
		Kind:  "issuer",
		Names: []string{fmt.Sprintf("Issuer %d", i)},
		Keys: []Key{{Kid: x, JWK: strictjson.Object{
			"kty": "EC", "crv": "P-256", "alg": "ES256", "x": x, "y": strings.ToUpper(x),
		}}},
		Auth: []Authorization{{Action: "issue", Resource: "*"}},
	}
}

func syntheticRange(from, to int) iter.Seq2[Entity, error] {
	return func(yield func(Entity, error) bool) {
		for i := from; i < to; i++ {
			if !yield(synthetic(i), nil) {
				return
			}
		}
	}
}

func listOf[T any](list ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// build builds a snapshot in memory.
func build(t testing.TB, entities iter.Seq2[Entity, error], docs ...Document) (*Snapshot, Store) {
	t.Helper()
	store := Store{}
	meta, err := Build(Source{Name: "Test", Entities: entities, Documents: listOf(docs...)}, store.Put, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return open(t, meta.Root, store), store
}

func open(t testing.TB, root cid.Cid, store Store) *Snapshot {
	t.Helper()
	s, err := Open(root, store.Get)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// put encodes a value as a block of the store.
func put(t testing.TB, store Store, v any) cid.Cid {
	t.Helper()
	data, err := block.EncodeCBOR(v)
	if err != nil {
		t.Fatal(err)
	}
	b := block.New(block.DagCBOR, data)
	store[b.CID] = data
	return b.CID
}

// get decodes a block of the store.
func get(t testing.TB, store Store, c cid.Cid) map[string]any {
	t.Helper()
	return decoded(t, store[c])
}

func decoded(t testing.TB, data []byte) map[string]any {
	t.Helper()
	v, err := block.DecodeCBOR(data)
	if err != nil {
		t.Fatal(err)
	}
	return v.(map[string]any)
}

func aliasRecord(alias, id string) map[string]any { return map[string]any{"id": alias, "alias": id} }

func refRecord(ref string, ids []string) map[string]any {
	list := make([]any, len(ids))
	for i, id := range ids {
		list[i] = id
	}
	return map[string]any{"id": ref, "e": list}
}
