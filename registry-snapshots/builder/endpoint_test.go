package builder_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/builder"
	"github.com/verilith/verilith/wasm/strictjson"
)

// An endpoint that answers questions is asked each of them once; when it is down, its
// answers of last time stand.
func TestEndpoint(t *testing.T) {
	w := newWeb(t)
	var asked atomic.Int64
	answer := func(authorized string) http.HandlerFunc {
		return func(out http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			body, err := io.ReadAll(r.Body)
			o, err2 := strictjson.ParseObject(body)
			if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || err != nil || err2 != nil {
				t.Errorf("%s with %v: %q", r.Method, r.Header, body)
			}
			fmt.Fprintf(out, `{"entity_id":%q,"authority_id":%q,"action":%q,"resource":%q,"time_evaluated":"2026-11-01T00:00:00Z",%s}`,
				o.String("entity_id"), o.String("authority_id"), o.String("action"), o.String("resource"), authorized)
		}
	}
	w.serve("/authorization", answer(`"authorized":true`))
	w.serve("/recognition", answer(`"recognized":true`))
	yaml := `name: R
sources:
  - from: trqp
    url: ` + w.base + `
    unsigned: true
    questions:
      - {entity_id: ['did:example:a', 'did:example:b'], authority_id: did:example:r, action: issue, resource: Degree}
      - {query: recognition, entity_id: did:example:other, authority_id: did:example:r, action: issue, resource: Degree}
`
	p := newProject(t, fetchFrom(t, w.private()))
	p.shelf()
	first := p.build(day(1), yaml)
	if m := first.Meta; asked.Load() != 3 || m.Entities != 2 || m.Recognitions != 1 || m.Authority != "did:example:r" || first.Report.Fetched.Count != 3 {
		t.Fatalf("asked %d times: %+v", asked.Load(), m)
	}
	// A question goes to whom it is for, and nowhere else.
	for _, tt := range []struct {
		name string
		page http.HandlerFunc
		want string
	}{
		{"redirected", redirect("/recognition"), "a question"},
		{"down", status(503), "unavailable"},
		{"another's answer", func(out http.ResponseWriter, r *http.Request) {
			fmt.Fprint(out, `{"entity_id":"did:example:evil","authority_id":"did:example:r","action":"issue","resource":"Degree","authorized":true,"time_evaluated":"2026-11-01T00:00:00Z"}`)
		}, "another question"},
		{"no answer", page("application/json", `{"error":"later"}`), "no answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.serve("/authorization", tt.page)
			p.opt.Fetch = fetchFrom(t, w.private())
			r := p.build(day(2), yaml)
			if s := r.Report.Sources[0]; r.Meta.Root != first.Meta.Root || s.State != builder.Kept || !strings.Contains(s.Detail, tt.want) || s.Age != "24h0m0s" {
				t.Errorf("%+v", s)
			}
		})
	}
	w.serve("/authorization", answer(`"authorized":false`))
	p.opt.Fetch = fetchFrom(t, w.private())
	r := p.build(day(3), yaml)
	if e := p.entity(r.Meta.Root, "did:example:a"); e.Status != "retired" || r.Report.Sources[0].State != builder.Changed {
		t.Errorf("%+v, %+v", e, r.Report.Sources[0])
	}
}

// A source of several files, each by its URL, is a folder for its importer.
func TestSourceOfFiles(t *testing.T) {
	w := newWeb(t)
	w.file("/a", "application/x-pem-file", "no certificate")
	p := newProject(t, fetchFrom(t, w.private()))
	r, err := p.try(day(1), "name: R\nsources:\n  - {from: iaca, files: {AT/a.pem: '"+w.base+"/a'}}\n")
	seen := fmt.Sprint(err)
	for _, s := range r.Report.Sources {
		if s.Import != nil {
			seen += fmt.Sprint(s.Import.Findings)
		}
	}
	if w.asked("/a") != 1 || !strings.Contains(seen, "AT/a.pem") {
		t.Errorf("asked %d times; %s", w.asked("/a"), seen)
	}
}
