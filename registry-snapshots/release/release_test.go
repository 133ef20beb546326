package release

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
)

func valid() Release {
	json := func(s string) cid.Cid { return block.New(block.JSON, []byte(s)).CID }
	root := json(`{"root":1}`)
	return Release{
		Registry: root.String(),
		Snapshot: block.New(block.DagCBOR, []byte{0xa0}).CID,
		Documents: map[string]cid.Cid{
			"root/1": root, "root/2": json(`{"root":2}`), "head": json(`{"head":7}`), "fresh": json(`{"fresh":7}`),
			"ipns/k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8": block.New(block.Raw, []byte("record")).CID,
		},
	}
}

func TestRelease(t *testing.T) {
	raw, dag := block.New(block.Raw, nil).CID, block.New(block.DagCBOR, []byte{0xa0}).CID
	tests := []struct {
		name string
		edit func(*Release)
		ok   bool
	}{
		{"valid", func(*Release) {}, true},
		{"no documents", func(r *Release) { clear(r.Documents) }, true},
		{"id that is no CID", func(r *Release) { r.Registry = "registry" }, false},
		{"id of another codec", func(r *Release) { r.Registry = dag.String(); delete(r.Documents, "root/1") }, false},
		{"snapshot of another codec", func(r *Release) { r.Snapshot = raw }, false},
		{"no snapshot", func(r *Release) { r.Snapshot = cid.Undef }, false},
		{"head of another codec", func(r *Release) { r.Documents["head"] = raw }, false},
		{"record of another codec", func(r *Release) { r.Documents["ipns/k51"] = r.Documents["head"] }, false},
		{"another root 1", func(r *Release) { r.Documents["root/1"] = r.Documents["root/2"] }, false},
		{"name that climbs", func(r *Release) { r.Documents["root/../../x"] = r.Documents["head"] }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := valid()
			tt.edit(&r)
			b, err := r.Block()
			if (err == nil) != tt.ok {
				t.Fatalf("error %v, want ok %v", err, tt.ok)
			}
			if err != nil {
				return
			}
			again, err := Parse(b.Data)
			if err != nil || again.Registry != r.Registry || again.Snapshot != r.Snapshot || !maps.Equal(again.Documents, r.Documents) {
				t.Errorf("parsed %+v, %v; want %+v", again, err, r)
			}
		})
	}
}

// What a reader refuses beyond what a writer cannot write.
func TestParseRefuses(t *testing.T) {
	encode := func(edit func(m map[string]any)) []byte {
		r := valid()
		m := map[string]any{"v": 1, "registry": r.Registry, "snapshot": r.Snapshot, "documents": map[string]any{"head": r.Documents["head"]}}
		edit(m)
		data, err := block.EncodeCBOR(m)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if _, err := Parse(encode(func(map[string]any) {})); err != nil {
		t.Fatalf("the valid case: %v", err)
	}
	tests := map[string][]byte{
		"empty":           nil,
		"a list":          {0x80},
		"other version":   encode(func(m map[string]any) { m["v"] = 2 }),
		"another member":  encode(func(m map[string]any) { m["more"] = 1 }),
		"documents list":  encode(func(m map[string]any) { m["documents"] = []any{} }),
		"document text":   encode(func(m map[string]any) { m["documents"] = map[string]any{"head": "bafy"} }),
		"long":            bytes.Repeat([]byte{0}, MaxSize+1),
		"unknown name":    encode(func(m map[string]any) { m["documents"] = map[string]any{"tail": valid().Documents["head"]} }),
		"registry absent": encode(func(m map[string]any) { m["registry"] = nil }),
	}
	for name, data := range tests {
		if _, err := Parse(data); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestIsDocument(t *testing.T) {
	for _, name := range []string{"head", "fresh", "root/1", "root/9007199254740991", "ipns/k51abc0"} {
		if !IsDocument(name) {
			t.Errorf("%q refused", name)
		}
	}
	for _, name := range []string{"", "head/", "Head", "root", "root/", "root/0", "root/01", "root/-1", "root/1/2", "root/9007199254740992",
		"ipns/", "ipns/K51", "ipns/../head", "ipns/" + strings.Repeat("a", 80), "other"} {
		if IsDocument(name) {
			t.Errorf("%q accepted", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	b, err := valid().Block()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b.Data)
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			return
		}
		again, err := r.Block()
		if err != nil || !bytes.Equal(again.Data, data) {
			t.Fatalf("encoded as %x (%v), was %x", again.Data, err, data)
		}
	})
}
