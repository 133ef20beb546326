package main_test

import (
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/importer"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/internal/verify"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const clinic = "https://clinic.example/shc"

// judged answers a card against a snapshot as an embedder does: with no evidence at
// first, and every need of the module met from the snapshot's blocks.
func judged(t *testing.T, card string, root cid.Cid, store snapshot.Store) (verdict *wire.Verdict, rounds int) {
	t.Helper()
	input := block.New(block.Raw, []byte(card))
	req := wire.Request{Verilith: wire.Contract, Op: wire.OpVerify, Now: "2026-11-22T10:00:00Z",
		Input: &wire.Input{Block: input.CID.String()}, Registries: []wire.Registry{{Snapshot: root.String()}}}
	blocks := []block.Block{input}
	for rounds = 1; rounds <= wire.MaxRounds; rounds++ {
		car, _, err := wire.SealCase(req, blocks)
		if err != nil {
			t.Fatal(err)
		}
		reply := verify.Answer(car)
		if reply.Verdict != nil {
			return reply.Verdict, rounds
		}
		for _, n := range reply.Needs {
			if n.Path == "" {
				t.Fatalf("asked for %+v, want blocks on a path of the registry", n)
			}
			have, _, err := snapshot.Walk(n.Path, store.Get)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range have {
				data, _ := store.Get(c)
				blocks = append(blocks, block.Block{CID: c, Data: data})
			}
		}
	}
	t.Fatal("no verdict")
	return nil, 0
}

// A health card by a key that stands in the VCI directory's real snapshot, beside its
// 651 issuers, and what must not be accepted of it.
func TestHealthCardAgainstTheVCIDirectory(t *testing.T) {
	dir := os.Getenv("REALDATA")
	if dir == "" {
		dir = "../../shared/realdata"
	}
	path := filepath.Join(dir, "vci", "vci_snapshot.json")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("SKIPPED: no %s; REALDATA names the folder of real registries", path)
	}
	vci, err := importer.Import("vci", path, importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(vci.Entities) != 651 {
		t.Fatalf("%d issuers, want 651", len(vci.Entities))
	}
	key := testissuer.Key("ES256", "clinic")
	key.As(clinic, key.Thumbprint())
	entity := func(edit strictjson.Object) []strictjson.Object {
		e := key.Entity("*")
		record := e.Array("keys")[0].(strictjson.Object)
		for name, v := range edit {
			record[name] = v
		}
		return []strictjson.Object{e}
	}
	card := key.HealthCard(strictjson.Object{"iss": clinic, "nbf": strictjson.Number("1767323045"), "vc": strictjson.Object{ // 2026-01-02
		"type": []any{"https://smarthealth.cards#health-card", "https://smarthealth.cards#immunization"},
		"credentialSubject": strictjson.Object{"fhirVersion": "4.0.1", "fhirBundle": strictjson.Object{"resourceType": "Bundle", "type": "collection",
			"entry": []any{strictjson.Object{"fullUrl": "resource:0", "resource": strictjson.Object{"resourceType": "Patient", "birthDate": "1951-01-20"}}}}}}})
	dot := strings.LastIndexByte(card, '.')
	changed := []byte(card)
	changed[dot+10] ^= 1

	tests := []struct {
		name, card string
		entities   []strictjson.Object
		outcome    wire.Outcome
		reason     string
	}{
		{"in the registry", card, entity(nil), wire.Accepted, ""},
		{"issuer absent", card, nil, wire.Rejected, "issuer_not_in_registry"},
		{"key retired before nbf", card, entity(strictjson.Object{"state": "retired", "until": "2026-01-01T00:00:00Z"}), wire.Rejected, "key_retired"},
		{"key retired after nbf", card, entity(strictjson.Object{"state": "retired", "until": "2026-02-01T00:00:00Z"}), wire.Accepted, ""},
		{"a byte changed", string(changed), entity(nil), wire.Rejected, "bad_signature"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := vci.Source()
			src.Entities = with(vci.Entities, tt.entities)
			store := snapshot.Store{}
			meta, err := snapshot.Build(src, store.Put, snapshot.Options{})
			if err != nil {
				t.Fatal(err)
			}
			v, rounds := judged(t, tt.card, meta.Root, store)
			if v.Outcome != tt.outcome || v.Reason != tt.reason {
				t.Fatalf("%s %s, want %s %s: %+v", v.Outcome, v.Reason, tt.outcome, tt.reason, v.Checks)
			}
			if v.Reason != "bad_signature" && (v.Trust == nil || len(v.Trust.Blocks) == 0) {
				t.Fatal("no blocks prove what the registry says")
			}
			if rounds > 2 {
				t.Errorf("%d rounds, want at most 2: one for the path, one for the verdict", rounds)
			}
		})
	}
}

// with are the directory's entities and some more.
func with(entities []snapshot.Entity, more []strictjson.Object) iter.Seq2[snapshot.Entity, error] {
	return func(yield func(snapshot.Entity, error) bool) {
		for _, e := range entities {
			if !yield(e, nil) {
				return
			}
		}
		for _, o := range more {
			if !yield(snapshot.ParseEntity(o)) {
				return
			}
		}
	}
}
