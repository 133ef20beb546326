package builder_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
)

// A registry of one source speaks in its name. One of several speaks in nobody's, unless
// it says so: what the second says would else be the word of the first.
func TestAuthority(t *testing.T) {
	p := newProject(t, nil)
	for _, name := range []string{"one", "two"} {
		p.write(name+"/registry.yaml", "name: "+name+"\nauthority: did:example:"+name+"\n")
		p.write(name+"/a.yaml", "{id: 'did:example:of-"+name+"', kind: issuer, auth: [{action: issue, resource: Degree}]}")
	}
	const one, two = "{from: folder, file: one}", "{from: folder, file: two}"
	for _, tt := range []struct{ name, yaml, want string }{
		{"one source", "sources: [" + one + "]", "did:example:one"},
		{"two", "sources: [" + one + ", " + two + "]", ""},
		{"the other first", "sources: [" + two + ", " + one + "]", ""},
		{"two, and it says so", "authority: did:example:r\nsources: [" + one + ", " + two + "]", "did:example:r"},
		{"one, and it says so", "authority: did:example:r\nsources: [" + one + "]", "did:example:r"},
		{"one, and entities of its own", "sources: [" + one + "]\nentities: [{id: 'did:example:own', kind: issuer}]", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if m := p.build(day(1), "name: R\n"+tt.yaml+"\n").Meta; m.Authority != tt.want {
				t.Errorf("speaks for %q, want %q", m.Authority, tt.want)
			}
		})
	}
}

// While its one source cannot be had, a registry goes on in its name.
func TestAuthorityOutage(t *testing.T) {
	w := newWeb(t)
	answer := func(out http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		o, err := strictjson.ParseObject(body)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(out, `{"entity_id":%q,"authority_id":%q,"action":"issue","resource":"Degree","time_evaluated":"2026-11-01T00:00:00Z","authorized":true}`, o.String("entity_id"), o.String("authority_id"))
	}
	w.serve("/authorization", answer)
	yaml := "name: R\nsources:\n  - from: trqp\n    url: " + w.base + "\n    unsigned: true\n    optional: true\n    questions: [{entity_id: did:example:a, authority_id: did:example:r, action: issue, resource: Degree}]\n"
	p := newProject(t, fetchFrom(t, w.private()))
	first := p.build(day(1), yaml)
	if first.Meta.Authority != "did:example:r" || first.Meta.Entities != 1 {
		t.Fatalf("%+v", first.Meta)
	}
	w.serve("/authorization", status(503))
	if second := p.build(day(2), yaml); second.Meta.Root != first.Meta.Root || second.Changed {
		t.Errorf("%+v, was %+v", second.Meta, first.Meta)
	}
}
