package importer

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

func entityText(e snapshot.Entity) []byte { return strictjson.Encode(e.JSON()) }

func folderFiles() map[string]string {
	return map[string]string{
		"registry.yaml": "# who we are\nname: Registry of Examples\n",
		"universities/graz.yaml": `
id: did:web:graz.example
kind: issuer
names: [University of Graz-on-Example]
keys:
  - kid: did:web:graz.example#2020
    jwk: {kty: OKP, crv: Ed25519, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo}
    from: 2020-01-01
    until: 2024-01-31
    state: retired
auth:
  - action: issue
    resource: DegreeCredential
    via: evidence/letter.txt
source: evidence/letter.txt
---
id: did:web:wien.example
`,
		"clinics.yml":                  "- id: https://a.example\n- id: https://b.example\n  status: suspended\n",
		"more.json":                    `[{"id": "did:web:c.example"}, {"id": "did:web:d.example", "ids": ["https://d.example"]}]`,
		"one.json":                     ` {"id": "did:web:e.example"}`,
		"evidence/letter.txt":          "we hereby authorise",
		"resources/index.yaml":         "- {url: https://graz.example/.well-known/did.json, file: graz/did.json, mediaType: application/did+json, obtained: 2026-01-01}\n",
		"resources/graz/did.json":      `{"id":"did:web:graz.example"}`,
		".git/config":                  "x",
		"README.md":                    "# Ours",
		"universities/.hidden.yaml":    "not: an entity",
		"universities/registry/x.json": `{"id": "did:web:x.example"}`,
	}
}

func TestFolder(t *testing.T) {
	r, err := Folder(write(t, folderFiles()), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Name != "Registry of Examples" || r.Report.Entities != 8 || r.Report.Keys != 1 || r.Report.Documents != 1 || r.Report.Signature.State != Absent {
		t.Errorf("%s: report %+v", r.Name, r.Report)
	}
	if len(r.Report.NotMapped) != 1 || r.Report.NotMapped[0].Member != "README.md" {
		t.Errorf("not mapped %+v", r.Report.NotMapped)
	}
	s, store := build(t, r)
	letter := block.New(block.Raw, []byte("we hereby authorise"))
	graz := find(t, s, "did:web:graz.example")
	if graz.Source != letter.CID.String() || graz.Auth[0].Via != graz.Source || string(store[letter.CID]) != "we hereby authorise" {
		t.Errorf("evidence: %+v", graz)
	}
	if graz.Keys[0].Until != "2024-01-31T00:00:00Z" || graz.Keys[0].State != snapshot.Retired {
		t.Errorf("key %+v", graz.Keys[0])
	}
	if find(t, s, "https://d.example").ID != "did:web:d.example" || find(t, s, "https://b.example").Status != snapshot.Suspended {
		t.Error("alias or status lost")
	}
	if res, p, err := s.Resource("https://graz.example/.well-known/did.json"); err != nil || !p.Found || res.Obtained != "2026-01-01T00:00:00Z" {
		t.Errorf("resource %+v %+v %v", res, p, err)
	}
}

// What a folder says of other registries, the status lists that it carries, and in
// whose name it speaks, is in the snapshot.
func TestFolderOptionalRooms(t *testing.T) {
	files := folderFiles()
	files["registry.yaml"] = `
name: Registry of Examples
authority: did:web:registry.example
recognitions:
  - registry: did:web:other.example
    action: issue
    resource: DegreeCredential
    until: 2027-01-01
    depth: 1
    via: evidence/treaty.pdf
`
	files["evidence/treaty.pdf"] = "we recognise one another"
	files["resources/index.yaml"] += "- {kind: status, url: https://graz.example/status/1, file: status.jwt, mediaType: application/statuslist+jwt, obtained: 2026-01-01, ttl: 3600}\n"
	files["resources/status.jwt"] = "signed"
	r, err := Folder(write(t, files), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, store := build(t, r)
	meta, err := s.Head()
	if err != nil || meta.Authority != "did:web:registry.example" || meta.Recognitions != 1 || meta.StatusLists != 1 || meta.Resources != 1 {
		t.Errorf("%+v %v", meta, err)
	}
	treaty := block.New(block.Raw, []byte("we recognise one another"))
	want := snapshot.Recognition{Registry: "did:web:other.example", Action: "issue", Resource: "DegreeCredential", Until: "2027-01-01T00:00:00Z", Depth: 1, Via: treaty.CID.String()}
	if list, _, err := s.Recognition(want.Registry); err != nil || len(list) != 1 || list[0] != want || string(store[treaty.CID]) != "we recognise one another" {
		t.Errorf("%+v %v, want %+v", list, err, want)
	}
	if l, p, err := s.StatusList("https://graz.example/status/1"); err != nil || !p.Found || l.TTL != 3600 || l.Obtained != "2026-01-01T00:00:00Z" {
		t.Errorf("%+v %v", l, err)
	}
}

func TestFolderRefuses(t *testing.T) {
	tests := []struct {
		name string
		edit func(f map[string]string)
		want Reason
	}{
		{"as it is", func(f map[string]string) {}, ""},
		{"without resources and evidence", func(f map[string]string) {
			maps.DeleteFunc(f, func(name, _ string) bool { return name != "one.json" })
		}, ""},
		{"empty list", func(f map[string]string) { f["more.json"] = "[]" }, ""},
		{"comments only", func(f map[string]string) { f["x.yaml"] = "# nothing yet\n" }, ""},
		{"two manifests", func(f map[string]string) { f["registry.json"] = "{}" }, BadForm},
		{"manifest with another member", func(f map[string]string) { f["registry.yaml"] = "title: x" }, BadForm},
		{"recognition", func(f map[string]string) {
			f["registry.yaml"] = "recognitions:\n  - {registry: did:web:other.example, action: issue, resource: '*', via: evidence/letter.txt}"
		}, ""},
		{"recognition of nobody", func(f map[string]string) { f["registry.yaml"] = "recognitions: [{action: issue, resource: '*'}]" }, BadEntity},
		{"recognition with another member", func(f map[string]string) {
			f["registry.yaml"] = "recognitions: [{registry: a:1, action: issue, resource: '*', by: a:2}]"
		}, BadEntity},
		{"recognition by evidence that is not there", func(f map[string]string) {
			f["registry.yaml"] = "recognitions: [{registry: a:1, action: issue, resource: '*', via: evidence/x}]"
		}, NoFile},
		{"status list", func(f map[string]string) {
			f["resources/index.yaml"] += "- {kind: status, url: u:1, file: list.jwt, ttl: 3600}\n"
			f["resources/list.jwt"] = "list"
		}, ""},
		{"resource with a ttl", func(f map[string]string) {
			f["resources/index.yaml"] = "- {url: u:1, file: graz/did.json, ttl: 1}\n"
		}, BadForm},
		{"resource of another kind", func(f map[string]string) {
			f["resources/index.yaml"] = "- {kind: schema, url: u:1, file: graz/did.json}\n"
		}, BadForm},
		{"two lists of resources", func(f map[string]string) { f["resources/index.json"] = "[]" }, BadForm},
		{"document that is not there", func(f map[string]string) { delete(f, "resources/graz/did.json") }, NoFile},
		{"document that nothing names", func(f map[string]string) { f["resources/x.json"] = "{}" }, BadForm},
		{"document outside", func(f map[string]string) { f["resources/index.yaml"] = "- {url: u:1, file: ../one.json}" }, NoFile},
		{"resource with another member", func(f map[string]string) { f["resources/index.yaml"] = "- {url: u:1, path: graz/did.json}" }, BadForm},
		{"evidence that nothing names", func(f map[string]string) { f["evidence/x"] = "x" }, BadForm},
		{"evidence that is not there", func(f map[string]string) { delete(f, "evidence/letter.txt") }, NoFile},
		{"evidence over 2 MiB", func(f map[string]string) { f["evidence/x"] = strings.Repeat("x", block.MaxSize+1) }, TooLarge},
		{"entity with another member", func(f map[string]string) { f["one.json"] = `{"id": "a:1", "key": []}` }, BadEntity},
		{"entity without an id", func(f map[string]string) { f["one.json"] = `{}` }, BadEntity},
		{"entity a string", func(f map[string]string) { f["one.json"] = `"a:1"` }, BadForm},
		{"list of strings", func(f map[string]string) { f["more.json"] = `["a:1"]` }, BadForm},
		{"two objects", func(f map[string]string) { f["one.json"] = `{"id": "a:1"}{"id": "a:2"}` }, BadForm},
		{"JSON member twice", func(f map[string]string) { f["one.json"] = `{"id": "a:1", "id": "a:2"}` }, BadForm},
		{"JSON member twice in a list", func(f map[string]string) { f["more.json"] = `[{"id": "a:1", "id": "a:2"}]` }, BadForm},
		{"empty JSON", func(f map[string]string) { f["one.json"] = "" }, BadForm},
		{"private key", func(f map[string]string) { f["one.json"] = `{"id": "a:1", "keys": [{"jwk": {"kty": "EC", "d": "x"}}]}` }, BadEntity},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := folderFiles()
			tt.edit(files)
			_, err := Folder(write(t, files), Options{})
			wantReason(t, err, tt.want)
		})
	}
}

// A link that leaves the folder is not followed.
func TestFolderLinks(t *testing.T) {
	outside := write(t, map[string]string{"secret.json": `{"id": "a:secret"}`})
	dir := write(t, map[string]string{"one.json": `{"id": "a:1"}`})
	if err := os.Symlink(filepath.Join(outside, "secret.json"), filepath.Join(dir, "link.json")); err != nil {
		t.Skip("no symbolic links here")
	}
	_, err := Folder(dir, Options{})
	wantReason(t, err, BadFile)
}

func TestYAML(t *testing.T) {
	deep := strings.Repeat("[", 100000)
	tests := []struct {
		name, text string
		want       Reason
	}{
		{"block", "id: a:1\nnames:\n  - A\n", ""},
		{"flow", `{id: "a:1", names: [A, "B: C"]}`, ""},
		{"folded text", "id: a:1\nhistory:\n  - at: 2026-01-01\n    note: >-\n      one\n      line\n", ""},
		{"two documents", "id: a:1\n---\nid: a:2\n", ""},
		{"JSON", `{"id": "a:1"}`, ""},
		{"yes is a text", "id: a:1\nnames: [yes, on]\n", ""},
		{"duplicate key", "id: a:1\nid: a:2\n", BadForm},
		{"duplicate key in flow", "{id: a:1, id: a:2}", BadForm},
		{"anchor and alias", "id: a:1\nnames: &n [A]\nids: *n\n", BadForm},
		{"merge key", "id: a:1\n<<: {kind: issuer}\n", BadForm},
		{"tag", "id: !!binary aGVsbG8=\n", BadForm},
		{"own tag", "id: !env HOME\n", BadForm},
		{"complex key", "? [a]\n: b\n", BadForm},
		{"number as a text", "id: a:1\nnames: [2026]\n", BadEntity},
		{"number as an id", "id: 17\n", BadEntity},
		{"not a number", "id: a:1\nkeys: [{jwk: {kty: EC, n: .nan}}]\n", BadForm},
		{"infinity", "id: a:1\nkeys: [{jwk: {kty: EC, n: .inf}}]\n", BadForm},
		{"text alone", "a:1\n", BadForm},
		{"list of texts", "- a:1\n", BadForm},
		{"tab", "id: a:1\nkeys:\n\t- kid: x\n", BadForm},
		{"flow not closed", "{id: a:1", BadForm},
		{"100,000 deep in flow", deep, BadForm},
		{"100,000 deep in block", strings.Repeat("- ", 100000), BadForm},
		{"over a megabyte", "id: a:1\n" + strings.Repeat("# comment\n", 110000), TooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := folder("d", fstest.MapFS{"x.yaml": {Data: []byte(tt.text)}})
			wantReason(t, err, tt.want)
		})
	}
}

// A list of more members than strictjson reads at once.
func TestLargeList(t *testing.T) {
	text := "[" + strings.Repeat(`{"id": "a:1", "kind": "issuer"},`, 30000) + `{"id": "a:2"}]`
	r, err := folder("d", fstest.MapFS{"x.json": {Data: []byte(text)}})
	if err != nil || len(r.Entities) != 30001 {
		t.Fatalf("%d entities, %v", len(r.Entities), err)
	}
	s, _ := build(t, &Result{Name: "x", Entities: r.Entities})
	if m, err := s.Head(); err != nil || m.Entities != 2 {
		t.Errorf("%+v %v", m, err)
	}
}

// YAML of what JSON says is the same entity.
func FuzzFolder(f *testing.F) {
	for name, text := range folderFiles() {
		f.Add(filepath.Ext(name) == ".json", []byte(text))
	}
	f.Add(false, []byte("- - - a: [b, {c: d}]\n  e: |\n    text\n"))
	f.Fuzz(func(t *testing.T, isJSON bool, data []byte) {
		name := map[bool]string{true: "x.json", false: "x.yaml"}[isJSON]
		load := func() (*Result, error) { return folder("f", fstest.MapFS{name: {Data: data}}) }
		r, err := load()
		checkImport(t, r, err, load)
		if err != nil {
			return
		}
		// Written as JSON, it imports the same.
		list := []any{}
		for _, e := range r.Entities {
			list = append(list, e.JSON())
		}
		again, err := folder("f", fstest.MapFS{"y.json": {Data: strictjson.Encode(list)}})
		if err != nil || !reflect.DeepEqual(texts(again), texts(r)) {
			t.Fatalf("%s: %v", strictjson.Encode(list), err)
		}
	})
}

func texts(r *Result) []string {
	var list []string
	for _, e := range r.Entities {
		list = append(list, string(entityText(e)))
	}
	return list
}
