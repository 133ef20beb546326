package builder_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/builder"
	"github.com/verilith/verilith/registry-snapshots/importer"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// everything is a registry that carries one document of each kind.
func everything(w *web) string {
	return strings.NewReplacer("$BASE", w.base, "$DID", w.did).Replace(`
name: Registry of Examples
entities:
  - id: $DID
    kind: issuer
    keys: {from: didDocument}
    auth: [{action: issue, resource: Degree}]
  - id: $BASE/issuer
    kind: issuer
    keys: {from: issuerMetadata}
    auth: [{action: issue, resource: $BASE/vct/degree}]
recognitions:
  - {registry: did:web:other.example, action: issue, resource: Degree}
carry:
  didDocuments: all
  statusLists: [$BASE/status/1, {url: $BASE/status/none, optional: true}]
  contexts: [$BASE/context]
  schemas: [$BASE/schema]
  typeMetadata: [$BASE/vct/degree, {as: "urn:example:vct", url: $BASE/vct/urn}]
  issuerMetadata: [$BASE/issuer]
  resources: [$BASE/logo, {as: https://elsewhere.example/terms, file: terms.txt, mediaType: text/plain, obtained: 2026-10-01}]
`)
}

func serveEverything(w *web) {
	w.file("/.well-known/did.json", "application/did+json", didDoc(w.did, "key-1", "key-2"))
	w.file("/status/1", "application/statuslist+jwt", "eyJhbGciOiJFUzI1NiJ9.eyJ0dGwiOjQzMjAwfQ.c2ln")
	w.file("/context", "application/ld+json", `{"@context":{}}`)
	w.file("/schema", "application/schema+json", `{"type":"object"}`)
	w.file("/vct/degree", "application/json", `{"vct":"`+w.base+`/vct/degree","name":"Degree"}`)
	w.file("/vct/urn", "application/json", `{"vct":"urn:example:vct"}`)
	w.file("/.well-known/jwt-vc-issuer/issuer", "application/json", `{"issuer":"`+w.base+`/issuer","jwks_uri":"`+w.base+`/jwks"}`)
	w.file("/jwks", "application/json", `{"keys":[{"kid":"k1",`+jwk("metadata")[1:]+`]}`)
	w.file("/logo", "image/png", "\x89PNG")
}

func TestBuild(t *testing.T) {
	w := newWeb(t)
	serveEverything(w)
	p := newProject(t, fetchFrom(t, w.private()))
	p.write("terms.txt", "terms")
	r := p.build(day(1), everything(w))
	if got := kids(p.entity(r.Meta.Root, w.did)); got != "key-1, key-2" {
		t.Errorf("keys %s", got)
	}
	if e := p.entity(r.Meta.Root, w.base+"/issuer"); len(e.Keys) != 1 || e.Keys[0].Kid != "k1" {
		t.Errorf("%+v", e)
	}
	for url, want := range map[string]string{
		w.base + "/.well-known/did.json":             didDoc(w.did, "key-1", "key-2"),
		w.base + "/context":                          `{"@context":{}}`,
		"urn:example:vct":                            `{"vct":"urn:example:vct"}`,
		w.base + "/jwks":                             `{"keys":[{"kid":"k1",` + jwk("metadata")[1:] + `]}`,
		w.base + "/.well-known/jwt-vc-issuer/issuer": `{"issuer":"` + w.base + `/issuer","jwks_uri":"` + w.base + `/jwks"}`,
	} {
		if body, obtained := p.body(r.Meta.Root, url); body != want || obtained != "2026-11-01T00:00:00Z" {
			t.Errorf("%s is %s of %s", url, body, obtained)
		}
	}
	if body, obtained := p.body(r.Meta.Root, "https://elsewhere.example/terms"); body != "terms" || obtained != "2026-10-01T00:00:00Z" {
		t.Errorf("%s of %s", body, obtained)
	}
	l, proof, err := p.open(r.Meta.Root).StatusList(w.base + "/status/1")
	if err != nil || !proof.Found || l.TTL != 43200 || l.Obtained != "2026-11-01T00:00:00Z" {
		t.Errorf("status list %+v, %v", l, err)
	}
	if d := document(t, r, w.base+"/status/none"); d.State != builder.Missing || d.Reason != "not_found" {
		t.Errorf("%+v", d)
	}
	if list, _, err := p.open(r.Meta.Root).Recognition("did:web:other.example"); err != nil || len(list) != 1 {
		t.Errorf("recognitions %v, %v", list, err)
	}
	if rep := r.Report; rep.Entities != 2 || rep.Keys != 3 || rep.Auth != 2 || rep.Statuses != 1 || rep.Resources != 9 || rep.Problems() != 1 || !rep.Changed {
		t.Errorf("%+v", rep)
	}
	for path, n := range w.hits {
		if n != 1 {
			t.Errorf("%s was asked for %d times", path, n)
		}
	}
}

// The same inputs give the same root, whatever order answers come in.
func TestDeterministic(t *testing.T) {
	w := newWeb(t)
	serveEverything(w)
	root := ""
	for i := range 4 {
		p := newProject(t, fetchFrom(t, w.private()))
		p.write("terms.txt", "terms")
		r := p.build(day(1), everything(w))
		if root == "" {
			root = r.Report.Root
		}
		if r.Report.Root != root {
			t.Errorf("build %d has the root %s, want %s", i, r.Report.Root, root)
		}
		w.serve("/context", func(out http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Duration(i) * 5 * time.Millisecond)
			out.Header().Set("Content-Type", "application/ld+json")
			out.Write([]byte(`{"@context":{}}`))
		})
	}
}

// Without anything new the snapshot is the one before; a day later the times of
// documents are brought forward.
func TestUnchanged(t *testing.T) {
	w := newWeb(t)
	w.file("/.well-known/did.json", "application/did+json", didDoc(w.did, "key-1"))
	p := newProject(t, fetchFrom(t, w.private()))
	yaml := "name: R\nrenew: 20h\nentities: [{id: '" + w.did + "', kind: issuer, keys: {from: didDocument}}]\n"
	first := p.build(day(1), yaml)
	same := p.build(day(1).Add(19*time.Hour), yaml)
	if same.Changed || same.Meta.Root != first.Meta.Root || same.Report.NewBlocks.Count != 0 || document(t, same, w.base+"/.well-known/did.json").State != builder.Unchanged {
		t.Errorf("%+v", same.Report)
	}
	renewed := p.build(day(2), yaml)
	if _, obtained := p.body(renewed.Meta.Root, w.base+"/.well-known/did.json"); obtained != "2026-11-02T00:00:00Z" || !renewed.Changed || renewed.Report.NewBlocks.Count != 2 {
		t.Errorf("obtained %s, %+v", obtained, renewed.Report)
	}
}

// A key that a DID document has no longer stays, retired; the document and the keys
// are of one fetch.
func TestRotation(t *testing.T) {
	w := newWeb(t)
	w.file("/.well-known/did.json", "application/did+json", didDoc(w.did, "key-1"))
	p := newProject(t, fetchFrom(t, w.private()))
	yaml := "name: R\nentities: [{id: '" + w.did + "', kind: issuer, keys: {from: didDocument}}]\n"
	p.build(day(1), yaml)
	w.file("/.well-known/did.json", "application/did+json", didDoc(w.did, "key-2"))
	r := p.build(day(2), yaml)
	if got := kids(p.entity(r.Meta.Root, w.did)); got != "key-1 retired 2026-11-02T00:00:00Z, key-2" {
		t.Errorf("keys %s", got)
	}
	if d := document(t, r, w.base+"/.well-known/did.json"); d.State != builder.Changed {
		t.Errorf("%+v", d)
	}
	want := []string{w.did + ": key " + w.did + "#key-2 is new", w.did + ": key " + w.did + "#key-1 is gone, and stays as retired"}
	if strings.Join(r.Report.Changes, "\n") != strings.Join(want, "\n") {
		t.Errorf("changes %q", r.Report.Changes)
	}
	// Deactivated: every key is retired, and the snapshot carries the document that says so.
	w.file("/.well-known/did.json", "application/did+json", `{"id":"`+w.did+`","deactivated":true}`)
	r = p.build(day(3), yaml)
	if got := kids(p.entity(r.Meta.Root, w.did)); got != "key-1 retired 2026-11-02T00:00:00Z, key-2 retired 2026-11-03T00:00:00Z" {
		t.Errorf("keys %s", got)
	}
	// Without history what is gone is gone.
	r = p.build(day(4), "history: none\n"+yaml)
	if got := kids(p.entity(r.Meta.Root, w.did)); got != "" {
		t.Errorf("keys %s", got)
	}
}

// What cannot be refreshed stays with its age, and the entity keeps its keys.
func TestOutage(t *testing.T) {
	w := newWeb(t)
	serveEverything(w)
	p := newProject(t, fetchFrom(t, w.private()))
	p.write("terms.txt", "terms")
	first := p.build(day(1), everything(w))
	w.Close()
	r := p.build(day(8), everything(w))
	if r.Changed {
		t.Errorf("the outage changed the snapshot: %+v", r.Report)
	}
	d := document(t, r, w.base+"/.well-known/did.json")
	if d.State != builder.Kept || d.Age != "168h0m0s" || d.Obtained != "2026-11-01T00:00:00Z" || d.Reason != "unavailable" && d.Reason != "timeout" {
		t.Errorf("%+v", d)
	}
	if r.Report.Problems() != 10 || r.Meta.Root != first.Meta.Root {
		t.Errorf("%d problems: %+v", r.Report.Problems(), r.Report.Documents)
	}
	// What there is no earlier copy of fails the build, by its place.
	_, err := p.try(day(9), everything(w)+"    # \n")
	wantReason(t, err, "")
	_, err = p.try(day(9), strings.Replace(everything(w), "contexts: [", "contexts: ["+w.base+"/other, ", 1))
	wantReason(t, err, builder.Unavailable)
	if !strings.Contains(err.Error(), "carry.contexts[0]") {
		t.Errorf("%v names no place", err)
	}
	// Offline is the same, and says why.
	p.opt.Fetch = nil
	r = p.build(day(10), everything(w))
	if d := document(t, r, w.base+"/context"); d.State != builder.Kept || d.Reason != string(builder.NotFetched) {
		t.Errorf("%+v", d)
	}
}

// A document that is no longer listed is dropped, and the report says so; that of an
// entity that left stays with its retired keys.
func TestDropped(t *testing.T) {
	a, b := newWeb(t), newWeb(t)
	for _, w := range []*web{a, b} {
		serveEverything(w)
	}
	p := newProject(t, fetchFrom(t, a.private(), b.private()))
	both := "name: R\nentities:\n - {id: '" + a.did + "', keys: {from: didDocument}}\n - {id: '" + b.did + "', keys: {from: didDocument}}\ncarry: {contexts: ['" + a.base + "/context']}\n"
	p.build(day(1), both)
	r := p.build(day(2), "name: R\nentities:\n - {id: '"+a.did+"', keys: {from: didDocument}}\n")
	if strings.Join(r.Report.Dropped, " ") != a.base+"/context" {
		t.Errorf("dropped %q", r.Report.Dropped)
	}
	if e := p.entity(r.Meta.Root, b.did); e.Status != snapshot.Retired || kids(e) != "key-1 retired 2026-11-02T00:00:00Z, key-2 retired 2026-11-02T00:00:00Z" {
		t.Errorf("%+v", e)
	}
	if d := document(t, r, b.base+"/.well-known/did.json"); d.State != builder.Carried || b.asked("/.well-known/did.json") != 1 {
		t.Errorf("%+v, asked %d times", d, b.asked("/.well-known/did.json"))
	}
	if r.Meta.Resources != 2 {
		t.Errorf("%d resources", r.Meta.Resources)
	}
}

// The root of an update is that of a build of the whole, and far fewer blocks are made.
func TestIncremental(t *testing.T) {
	p := newProject(t, nil)
	list := func(n int, edit string) string {
		var b strings.Builder
		b.WriteString("[")
		for i := range n {
			if i > 0 {
				b.WriteString(",\n")
			}
			name := fmt.Sprintf("Issuer %d", i)
			if i%500 == 7 {
				name += edit
			}
			fmt.Fprintf(&b, `{"id":"did:example:%d","kind":"issuer","names":[%q],"keys":[{"kid":"#k","jwk":{"kty":"OKP","crv":"Ed25519","x":"%043d"}}],"auth":[{"action":"issue","resource":"Degree"}]}`, i, name, i)
		}
		return b.String() + "]"
	}
	const n = 3000
	yaml := "name: R\nentities: [entities.json]\nrecognitions: [{registry: did:web:other.example, action: issue, resource: Degree}]\ncarry: {resources: [{as: https://a.example/x, file: x.txt}]}\n"
	p.write("entities.json", list(n, ""))
	p.write("x.txt", "x")
	first := p.build(day(1), yaml)
	if first.Report.Update || first.Report.NewBlocks.Count < 500 {
		t.Fatalf("%+v", first.Report)
	}
	p.write("entities.json", list(n-1, " renamed"))
	p.write("x.txt", "y")
	before := len(p.store)
	second := p.build(day(2), strings.Replace(yaml, "resource: Degree", "resource: Master", 1))
	rep := second.Report
	if !rep.Update || rep.Edits != 7 || rep.NewBlocks.Count != len(p.store)-before || rep.NewBlocks.Count > 40 {
		t.Errorf("%d edits, %d new blocks, %d kept in the store", rep.Edits, rep.NewBlocks.Count, len(p.store)-before)
	}
	// From scratch, by the packages that the builder rests on: the source as it is now,
	// what the snapshot before knew, the documents and the recognitions.
	var source []snapshot.Entity
	if err := importer.ReadObjects("entities.json", []byte(list(n-1, " renamed")), func(_ string, o strictjson.Object) error {
		e, err := snapshot.ParseEntity(o)
		source = append(source, e)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	entities := func(yield func(snapshot.Entity, error) bool) {
		for _, e := range source {
			if !yield(e, nil) {
				return
			}
		}
	}
	puts := 0
	meta, err := snapshot.Build(snapshot.Source{
		Name: "R", Prev: first.Meta.Root, Entities: snapshot.Carry(p.open(first.Meta.Root), day(2).Format(time.RFC3339), entities),
		Recognitions: p.open(second.Meta.Root).Recognitions(),
		Documents: func(yield func(snapshot.Document, error) bool) {
			yield(snapshot.Document{URL: "https://a.example/x", Body: []byte("y")}, nil)
		},
	}, func(block.Block) error { puts++; return nil }, snapshot.Options{})
	if err != nil || meta.Root != second.Meta.Root {
		t.Errorf("from scratch %s, %v; want %s", meta.Root, err, second.Meta.Root)
	}
	if puts < 10*rep.NewBlocks.Count {
		t.Errorf("the update put %d blocks, and a build of the whole %d", rep.NewBlocks.Count, puts)
	}
	t.Logf("%d entities: an update of %d put %d blocks (%d bytes), a build of the whole %d", n, rep.Edits, rep.NewBlocks.Count, rep.NewBlocks.Bytes, puts)
}

// A folder brings all that its importer reads, also in a snapshot of several sources.
func TestFolder(t *testing.T) {
	p := newProject(t, nil)
	p.write("registry.yaml", "")
	p.write("a.yaml", "{id: 'did:example:a', kind: issuer}")
	p.write("resources/index.yaml", "- {url: 'https://a.example/terms', file: terms.txt}\n- {url: 'https://a.example/status', file: status.jwt, kind: status, obtained: 2026-10-31, ttl: 60}\n")
	p.write("resources/terms.txt", "terms")
	p.write("resources/status.jwt", "eyJhbGciOiJFUzI1NiJ9.e30.c2ln")
	r := p.build(day(1), "name: R\nauthority: did:example:r\nrecognitions: [{registry: x, action: issue, resource: y}]\n")
	if m := r.Meta; m.Name != "R" || m.Authority != "did:example:r" || m.Entities != 1 || m.Resources != 1 || m.StatusLists != 1 || m.Recognitions != 1 {
		t.Errorf("%+v", m)
	}
	if again := p.build(day(2), "name: R\nauthority: did:example:r\nrecognitions: [{registry: x, action: issue, resource: y}]\n"); again.Changed {
		t.Errorf("%+v", again.Report)
	}
	// The same folder as one source of others.
	q := newProject(t, nil)
	q.write("other/registry.yaml", "name: Other\nrecognitions: [{registry: x, action: issue, resource: y}]\n")
	for name, text := range map[string]string{"a.yaml": "{id: 'did:example:a', kind: issuer}", "resources/index.yaml": "- {url: 'https://a.example/status', file: status.jwt, kind: status, obtained: 2026-10-31}\n", "resources/status.jwt": "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"} {
		q.write("other/"+name, text)
	}
	yaml := "name: R\nsources: [{from: folder, file: other}]\nrecognitions: [{registry: x, action: issue, resource: y}, {registry: z, action: issue, resource: y}]\n"
	r = q.build(day(1), yaml)
	if m := r.Meta; m.Name != "R" || m.Entities != 1 || m.StatusLists != 1 || m.Recognitions != 2 {
		t.Errorf("%+v", m)
	}
	if again := q.build(day(2), yaml); again.Changed {
		t.Errorf("%+v", again.Report)
	}
}
