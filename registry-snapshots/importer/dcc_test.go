package importer

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

const dccFile = `{
  "meta": {"created": "2022-10-27T17:57:31+00:00", "updated": "2025-10-31T07:11:34+00:00"},
  "registry": {
    "did:key:z6MkuL7x2mTEoBmUuuaQ2hvEUd2YsEtmsHeX9JzqJZ8VYaVH": {"name": "Example College", "location": "Graz, Austria", "url": "https://college.example"},
    "did:web:school.example": {"name": "Example School", "url": "not an address"}
  }
}`

func TestDCC(t *testing.T) {
	r, err := dcc("r.json", []byte(dccFile), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, _ := build(t, r)
	e := find(t, s, "did:key:z6MkuL7x2mTEoBmUuuaQ2hvEUd2YsEtmsHeX9JzqJZ8VYaVH")
	want := snapshot.Entity{ID: e.ID, Kind: "issuer", Names: []string{"Example College"},
		Services: []snapshot.Service{{Type: "website", URL: "https://college.example"}},
		Auth:     []snapshot.Authorization{{Action: "issue", Resource: "*"}}}
	if got, err := want.Normal(); err != nil || !reflect.DeepEqual(string(entityText(e)), string(entityText(got))) {
		t.Errorf("%+v, want %+v", e, want)
	}
	if r.Report.Signature.State != Absent || r.Report.Entities != 2 || r.Report.Time != "2025-10-31T07:11:34+00:00" {
		t.Errorf("report %+v", r.Report)
	}
	notMapped := []NotMapped{{"meta.created", 1, "describes the file"}, {"registry.*.location", 1, "free text, where a jurisdiction is an ISO 3166 code"}, {"registry.*.url", 1, "some are no address"}}
	if !slices.Equal(r.Report.NotMapped, notMapped) {
		t.Errorf("not mapped %+v", r.Report.NotMapped)
	}
	tests := []struct {
		name, old, new string
		want           Reason
	}{
		{"as it is", "", "", ""},
		{"another member", `"meta"`, `"Meta"`, ""},
		{"no registry", `"registry"`, `"registri"`, BadForm},
		{"registry a list", `"registry": {`, `"registry": [{`, BadForm},
		{"same DID twice", "did:web:school.example", "did:key:z6MkuL7x2mTEoBmUuuaQ2hvEUd2YsEtmsHeX9JzqJZ8VYaVH", BadForm},
		{"no DID", "did:web:school.example", "school.example", BadForm},
		{"DID with a space", "did:web:school.example", "did:web:school example", BadEntity},
		{"name a number", `"Example School"`, `1`, BadForm},
		{"member twice", `"location"`, `"name"`, BadForm},
		{"cut", "\n  }\n}", "", BadForm},
		{"something behind it", "\n}", "\n} x", BadForm},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := dcc("r.json", []byte(strings.Replace(dccFile, tt.old, tt.new, 1)), Options{})
			wantReason(t, err, tt.want)
		})
	}
}

// checkImport holds an import of fuzzed bytes: it is the same again, whatever it
// gives builds or is refused with a typed error, and the snapshot verifies.
func checkImport(t *testing.T, r *Result, err error, again func() (*Result, error)) {
	t.Helper()
	var e *Error
	if err != nil {
		if !errors.As(err, &e) {
			t.Fatalf("untyped error %v", err)
		}
		return
	}
	twice, err := again()
	if err != nil || !reflect.DeepEqual(r.Report, twice.Report) {
		t.Fatalf("again: %v", err)
	}
	if r.Name == "" {
		r.Name = "Fuzz"
	}
	twice.Name = r.Name
	var root cid.Cid
	for _, r := range []*Result{r, twice} {
		store := snapshot.Store{}
		meta, err := snapshot.Build(r.Source(), store.Put, snapshot.Options{})
		var se *snapshot.Error
		if errors.As(err, &se) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if root.Defined() && root != meta.Root {
			t.Fatal("another root")
		}
		root = meta.Root
		if _, err := snapshot.Verify(root, store.Get); err != nil {
			t.Fatal(err)
		}
		slices.Reverse(twice.Entities)
	}
}

func FuzzDCC(f *testing.F) {
	f.Add([]byte(dccFile))
	f.Add([]byte(`{"registry":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := dcc("f", data, Options{})
		checkImport(t, r, err, func() (*Result, error) { return dcc("f", data, Options{}) })
	})
}
