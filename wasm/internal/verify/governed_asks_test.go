package verify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/registry-snapshots/ipns"
	"github.com/verilith/verilith/wasm/internal/testregistry"
	"github.com/verilith/verilith/wasm/wire"
)

// TestNeeds looks at what is asked for, and from where.
func TestNeeds(t *testing.T) {
	key := keysOf("record", 1)[0]
	name, err := ipns.NameOf(key.JWK)
	if err != nil {
		t.Fatal(err)
	}
	w := worldOf(role{Keys: keysOf("root", 1), Threshold: 1}, role{Keys: keysOf("head", 1), Threshold: 1}, role{Keys: keysOf("fresh", 1), Threshold: 1},
		func(r *governance.Root) { r.IPNS = name.String() })
	w.AddRoot(func(r *governance.Root) {
		r.IPNS, r.Mirrors = name.String(), []string{"https://new.example/m", "https://mirror.example"}
	})
	w.AddHead(w.snap, nil)
	w.AddFresh(nil)
	w.advance(t)
	var got []string
	for _, round := range w.rounds {
		var names []string
		for _, n := range round {
			at := n.Name()
			at = strings.ReplaceAll(strings.ReplaceAll(at, w.ID+"/", ""), w.ID, "<id>")
			at = strings.ReplaceAll(at, w.Roots[1].Location.String(), "<root 2>")
			if n.Document != "" {
				at += " at " + strings.Join(n.Mirrors, ", ")
			}
			names = append(names, at)
		}
		got = append(got, strings.Join(names, " | "))
	}
	want := []string{
		"<id>",
		"head at https://mirror.example | fresh at https://mirror.example | ipns/" + name.String() + " at https://mirror.example | root/2 at https://mirror.example",
		"root/3 at https://new.example/m, https://mirror.example",
	}
	if !slices.Equal(got, want) {
		t.Errorf("rounds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// A mirror that promises roots that are nowhere is not asked without end.
	lies := w.NextHead(w.snap)
	lies.RootVersion, lies.Roots = governance.MaxRoots, nil
	for i := range governance.MaxRoots - 1 {
		lies.Roots = append(lies.Roots, block.New(block.JSON, fmt.Appendf(nil, "%d", i)).CID.String())
	}
	w.Name("head", testregistry.Document(lies, w.Head.Keys...))
	wantLine(t, "advance", line(w.advance(t)), "refused root_gap r2 h0")
	if n := len(slices.Concat(w.rounds...)); len(w.rounds) > 5 || n > 80 {
		t.Errorf("%d needs in %d rounds for a mirror's lie", n, len(w.rounds))
	}
}

// TestRecordHint has IPNS records beside, and in place of, the head.
func TestRecordHint(t *testing.T) {
	key, stranger := keysOf("record", 1)[0], keysOf("stranger", 1)[0]
	name, err := ipns.NameOf(key.JWK)
	if err != nil {
		t.Fatal(err)
	}
	valid := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	record := func(w *world, head int, edit func(*ipns.Record)) []byte {
		r := ipns.Record{Value: "/ipfs/" + w.Heads[head-1].Location.String(), Sequence: uint64(head), Validity: valid, TTL: time.Hour}
		if edit != nil {
			edit(&r)
		}
		return w.AddRecord(key, r)
	}
	nohead := func(w *world) { w.Name("head") }
	broken := func(w *world, edit func(data []byte) []byte) { w.Name("ipns/"+name.String(), edit(record(w, 2, nil))) }
	tests := []struct {
		name  string
		edit  func(w *world)
		want  string
		notes string
	}{
		{"agrees (valid)", func(w *world) { record(w, 2, nil) }, "advanced r1 h2", ""},
		{"none", func(w *world) {}, "advanced r1 h2", ""},
		{"supplies the head (valid)", func(w *world) { nohead(w); record(w, 2, nil) }, "advanced r1 h2", ""},
		{"none, and no head", nohead, "undetermined registry_unavailable r1 h1", ""},
		{"expired", func(w *world) { record(w, 2, func(r *ipns.Record) { r.Validity = valid.AddDate(0, -1, 0) }) }, "advanced r1 h2", "ipns-expired"},
		{"expired, and supplies the head", func(w *world) {
			nohead(w)
			record(w, 2, func(r *ipns.Record) { r.Validity = valid.AddDate(0, -1, 0) })
		}, "advanced r1 h2", "ipns-expired"},
		{"sequence disagrees", func(w *world) { record(w, 2, func(r *ipns.Record) { r.Sequence = 3 }) }, "advanced r1 h2", "ipns-disagrees"},
		{"points to the head before", func(w *world) { record(w, 1, nil) }, "advanced r1 h2", "ipns-behind"},
		{"points to the head before, and is all there is", func(w *world) { w.keep(t); nohead(w); record(w, 1, nil) }, "undetermined registry_unavailable r1 h2", "ipns-behind"},
		{"points nowhere", func(w *world) {
			record(w, 2, func(r *ipns.Record) { r.Value = "/ipfs/" + block.New(block.JSON, []byte("x")).CID.String() })
		}, "advanced r1 h2", ""},
		{"points to a snapshot", func(w *world) { record(w, 2, func(r *ipns.Record) { r.Value = "/ipfs/" + w.snap.String() }) }, "advanced r1 h2", "ipns-invalid"},
		{"points to a domain", func(w *world) { record(w, 2, func(r *ipns.Record) { r.Value = "/ipns/example.org" }) }, "advanced r1 h2", "ipns-invalid"},
		{"points to a root", func(w *world) { record(w, 2, func(r *ipns.Record) { r.Value = "/ipfs/" + w.ID }) }, "advanced r1 h2", "ipns-invalid"},
		{"of another name", func(w *world) {
			data := w.AddRecord(stranger, ipns.Record{Value: "/ipfs/" + w.Heads[1].Location.String(), Sequence: 2, Validity: valid})
			w.Name("ipns/"+name.String(), data)
		}, "advanced r1 h2", "ipns-invalid"},
		{"signature broken", func(w *world) { broken(w, func(d []byte) []byte { d[10] ^= 1; return d }) }, "advanced r1 h2", "ipns-invalid"},
		{"over 10 KiB", func(w *world) { broken(w, func(d []byte) []byte { return append(d, make([]byte, ipns.MaxRecord)...) }) }, "advanced r1 h2", "ipns-invalid"},
		{"V1 members that agree (valid)", func(w *world) { broken(w, withV1(w, w.Heads[1].Location.String())) }, "advanced r1 h2", ""},
		{"V1 members that say another value", func(w *world) { broken(w, withV1(w, w.Heads[0].Location.String())) }, "advanced r1 h2", "ipns-invalid"},
		{"proves nothing", func(w *world) {
			head := w.NextHead(w.Snapshot())
			doc := testregistry.Document(head, w.Head.Keys[0])
			w.Name("head", doc)
			record(w, 2, func(r *ipns.Record) { r.Value, r.Sequence = "/ipfs/"+w.Put(doc).String(), 3 })
		}, "refused below_threshold r1 h1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := worldOf(role{Keys: keysOf("root", 1), Threshold: 1}, role{Keys: keysOf("head", 2), Threshold: 2}, role{},
				func(r *governance.Root) { r.IPNS = name.String() })
			w.keep(t)
			w.AddHead(w.snap, nil)
			tt.edit(w)
			a := w.advance(t)
			wantLine(t, "advance", line(a), tt.want)
			wantLine(t, "notes", strings.Join(a.Freshness.Notes, " "), tt.notes)
		})
	}
}

// withV1 adds the members of a V1 record that say a value, and else the same.
func withV1(w *world, value string) func([]byte) []byte {
	return func(d []byte) []byte {
		bytes := func(field byte, s string) []byte { return append([]byte{field<<3 | 2, byte(len(s))}, s...) }
		out := append(bytes(1, "/ipfs/"+value), bytes(4, "2026-12-01T00:00:00Z")...)
		out = append(out, 3<<3, 0, 5<<3, 2, 6<<3)
		for n := uint64(time.Hour); ; n >>= 7 {
			if n < 0x80 {
				out = append(out, byte(n))
				break
			}
			out = append(out, byte(n)|0x80)
		}
		return append(out, d...)
	}
}

// TestAdvanceRequest is what advance says to other requests.
func TestAdvanceRequest(t *testing.T) {
	w := newWorld()
	req := w.request(wire.OpAdvance)
	req.Registries = []wire.Registry{{Snapshot: w.snap.String()}}
	reply, _, _ := testregistry.Run(req, nil, nil, answer(t))
	if reply.Error == nil || reply.Error.Reason != wire.BadRequest {
		t.Errorf("advance without a governed registry: %+v", reply)
	}
	other := testregistry.Simple("second")
	other.AddHead(other.Snapshot(), nil)
	other.AddFresh(nil)
	req.Registries = []wire.Registry{{ID: other.ID}, {Snapshot: w.snap.String()}, {ID: w.ID}}
	reply, _, rounds := testregistry.Run(req, nil, map[string]*testregistry.Mirror{w.ID: &w.Mirror, other.ID: &other.Mirror}, answer(t))
	if len(reply.Advance) != 2 || line(reply.Advance[0]) != "advanced r1 h1" || line(reply.Advance[1]) != "advanced r1 h1" ||
		reply.Advance[0].Registry != other.ID || reply.Advance[1].Registry != w.ID {
		t.Errorf("two registries: %+v", reply)
	}
	if len(rounds) > 2 {
		t.Errorf("%d rounds for two registries at once, want 2", len(rounds))
	}
	// The same case gives the same bytes.
	a, b := w.keep(t), w.advance(t)
	if a.State != b.State || b.Outcome != "unchanged" {
		t.Errorf("again: %s", line(b))
	}
}
