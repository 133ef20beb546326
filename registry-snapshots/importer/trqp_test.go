package importer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
)

// trqpReply is an answer of the tests' authority.
func trqpReply(query, entity, action, resource string, yes bool) strictjson.Object {
	return strictjson.Object{
		"entity_id": entity, "authority_id": "did:web:authority.example", "action": action, "resource": resource, trqpQueries[query]: yes,
		"time_evaluated": "2026-07-01T11:59:00Z", "time_requested": "2026-07-01T11:58:59Z", "message": "as it was asked",
	}
}

const trqpQuestions = `
- entity_id: [did:web:a.example, did:web:b.example]
  authority_id: did:web:authority.example
  action: issue
  resource: [Diploma, Licence]
- query: recognition
  entity_id: did:web:registry.example
  authority_id: did:web:authority.example
  action: issue
  resource: Diploma
`

func goodTRQP() (fstest.MapFS, []strictjson.Object) {
	return fstest.MapFS{"questions.yaml": {Data: []byte(trqpQuestions)}}, []strictjson.Object{
		trqpReply("authorization", "did:web:a.example", "issue", "Diploma", true),
		trqpReply("authorization", "did:web:a.example", "issue", "Licence", true),
		trqpReply("authorization", "did:web:b.example", "issue", "Diploma", true),
		trqpReply("authorization", "did:web:b.example", "issue", "Licence", false),
		trqpReply("recognition", "did:web:registry.example", "issue", "Diploma", true),
	}
}

func trqpFiles(fsys fstest.MapFS, replies []strictjson.Object) fstest.MapFS {
	var list []any
	for _, r := range replies {
		list = append(list, r)
	}
	fsys["answers/all.json"] = &fstest.MapFile{Data: strictjson.Encode(list)}
	return fsys
}

func TestTRQP(t *testing.T) {
	tests := []struct {
		name    string
		edit    func(files fstest.MapFS, replies []strictjson.Object) []strictjson.Object
		opt     Options
		want    Reason
		finding Reason
	}{
		{"answered", nil, Options{Unsigned: true}, "", ""},
		{"not asked for as unsigned", nil, Options{}, NoSignature, ""},
		{"a fingerprint", nil, Options{Unsigned: true, Fingerprint: "00"}, Unsupported, ""},
		{"a question without an answer", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object { return r[1:] }, Options{Unsigned: true}, NoFile, ""},
		{"an answer for another authority", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object {
			r[0]["authority_id"] = "did:web:other.example"
			return r
		}, Options{Unsigned: true}, NoFile, ""},
		{"an answer to the other query", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object {
			delete(r[0], "authorized")
			r[0]["recognized"] = true
			return r
		}, Options{Unsigned: true}, NoFile, ""},
		{"an answer to both", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object {
			r[0]["recognized"] = true
			return r
		}, Options{Unsigned: true}, BadForm, ""},
		{"neither yes nor no", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object { r[0]["authorized"] = "true"; return r }, Options{Unsigned: true}, BadForm, ""},
		{"an error in its place", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object {
			r[0] = strictjson.Object{"type": "about:blank", "title": "Not Found", "status": strictjson.Number("404")}
			return r
		}, Options{Unsigned: true}, BadForm, ""},
		{"yes and no", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object {
			return append(r, trqpReply("authorization", "did:web:a.example", "issue", "Diploma", false))
		}, Options{Unsigned: true}, BadForm, ""},
		{"yes twice", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object { return append(r, r[0]) }, Options{Unsigned: true}, "", ""},
		{"no time", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object {
			delete(r[0], "time_evaluated")
			return r
		}, Options{Unsigned: true}, BadForm, ""},
		{"of tomorrow", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object {
			r[0]["time_evaluated"] = "2026-07-02T12:00:00Z"
			return r
		}, Options{Unsigned: true}, Expired, ""},
		{"for last year", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object {
			r[0]["time_requested"] = "2025-07-01T12:00:00Z"
			return r
		}, Options{Unsigned: true}, Unsupported, ""},
		{"another member", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object { r[0]["expiry"] = "x"; return r }, Options{Unsigned: true}, "", ""},
		{"an answer that nobody asked for", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object {
			return append(r, trqpReply("authorization", "did:web:z.example", "issue", "Diploma", true))
		}, Options{Unsigned: true}, "", ""},
		{"two authorities", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object {
			delete(f, "questions.yaml")
			r[0]["authority_id"] = "did:web:other.example"
			return r
		}, Options{Unsigned: true}, Unsupported, ""},
		{"a question with a member that is not known", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object {
			f["questions.yaml"].Data = []byte(trqpQuestions + "  contxt: x\n")
			return r
		}, Options{Unsigned: true}, BadForm, ""},
		{"a question without a resource", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object {
			f["questions.yaml"].Data = []byte(strings.Replace(trqpQuestions, "  resource: Diploma\n", "", 1))
			return r
		}, Options{Unsigned: true}, BadForm, ""},
		{"another query", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object {
			f["questions.yaml"].Data = []byte(strings.Replace(trqpQuestions, "recognition", "metadata", 1))
			return r
		}, Options{Unsigned: true}, BadForm, ""},
		{"questions twice", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object {
			f["questions.json"] = &fstest.MapFile{Data: []byte("[]")}
			return r
		}, Options{Unsigned: true}, BadForm, ""},
		{"no questions, and none answered", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object {
			delete(f, "questions.yaml")
			return nil
		}, Options{Unsigned: true}, NoFile, ""},
		{"an entity with a space", func(f fstest.MapFS, r []strictjson.Object) []strictjson.Object {
			delete(f, "questions.yaml")
			r[0]["entity_id"] = "a b"
			return r
		}, Options{Unsigned: true}, "", BadEntity},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files, replies := goodTRQP()
			if tt.edit != nil {
				replies = tt.edit(files, replies)
			}
			texts := map[string]string{}
			for name, f := range trqpFiles(files, replies) {
				texts[name] = string(f.Data)
			}
			tt.opt.Now = testNow
			r, err := Import(FromTRQP, write(t, texts), tt.opt)
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			if p := r.Report; p.Entities != 2 || p.Recognitions != 1 || p.Signature.State != Unsigned || p.Time != "2026-07-01T11:59:00Z" {
				t.Errorf("report %+v", p)
			}
			checkFindings(t, r, tt.finding, true)
			build(t, r)
		})
	}
}

func TestTRQPMapping(t *testing.T) {
	files, replies := goodTRQP()
	replies[0]["context"] = strictjson.Object{"level": "high"}
	r, err := trqp(&answers{dir: "d", fsys: trqpFiles(files, replies), opt: Options{Unsigned: true, Evidence: true, Now: testNow}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Authority != "did:web:authority.example" || r.Name != r.Authority {
		t.Errorf("%q %q", r.Name, r.Authority)
	}
	s, store := build(t, r)
	a := find(t, s, "did:web:a.example")
	if a.Kind != "issuer" || len(a.Auth) != 2 || a.Auth[0].Resource != "Diploma" || a.Auth[0].By != "" {
		t.Errorf("%+v", a)
	}
	if via, err := block.ParseCID(a.Auth[0].Via); err != nil || !strings.Contains(string(store[via]), "time_evaluated") {
		t.Errorf("via %s %v", a.Auth[0].Via, err)
	}
	if b := find(t, s, "did:web:b.example"); len(b.Auth) != 1 {
		t.Errorf("a no is there: %+v", b.Auth)
	}
	if rec := r.Recognitions[0]; rec.Registry != "did:web:registry.example" || rec.Action != "issue" || rec.Resource != "Diploma" || rec.Depth != 0 {
		t.Errorf("%+v", rec)
	}
	want := []NotMapped{{"authorized: false", 1, "a no is an absence, as is what nobody asked"}, {"context", 1, "what a registry adds in words of its own"}}
	if !slices.Equal(r.Report.NotMapped, want) {
		t.Errorf("not mapped %+v", r.Report.NotMapped)
	}
}

// What has no answer in the folder is put to the endpoint.
func TestTRQPLive(t *testing.T) {
	var asked []string
	post := func(edit func(o strictjson.Object)) func(context.Context, string, []byte) ([]byte, string, error) {
		asked = nil
		return func(_ context.Context, url string, question []byte) ([]byte, string, error) {
			asked = append(asked, url)
			q, err := strictjson.ParseObject(question)
			query, ok := strings.CutPrefix(url, "https://registry.example/trqp/")
			if err != nil || !ok || len(q) != 4 {
				return nil, "", errors.New("400")
			}
			o := trqpReply(query, q.String("entity_id"), q.String("action"), q.String("resource"), q.String("entity_id") != "did:web:b.example")
			edit(o)
			return strictjson.Encode(o), "application/json", nil
		}
	}
	source := `{"endpoint": "https://registry.example/trqp/"}`
	run := func(source string, post func(context.Context, string, []byte) ([]byte, string, error)) (*Result, error) {
		files, replies := goodTRQP()
		files = trqpFiles(files, replies[:1])
		texts := map[string]string{"source.json": source}
		for name, f := range files {
			texts[name] = string(f.Data)
		}
		return TRQP(write(t, texts), Options{Unsigned: true, Now: testNow, Post: post})
	}
	r, err := run(source, post(func(strictjson.Object) {}))
	if err != nil || r.Report.Auth != 2 || r.Report.Recognitions != 1 || len(asked) != 4 {
		t.Fatalf("%+v %v, asked %q", r, err, asked)
	}
	build(t, r)
	tests := []struct {
		name, source string
		edit         func(o strictjson.Object)
		want         Reason
	}{
		{"an answer to another question", source, func(o strictjson.Object) { o["resource"] = "Badge" }, BadForm},
		{"for another entity", source, func(o strictjson.Object) { o["entity_id"] = "did:web:z.example" }, BadForm},
		{"refused", `{"endpoint": "https://registry.example"}`, func(o strictjson.Object) {}, NoFile},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := run(tt.source, post(tt.edit))
			wantReason(t, err, tt.want)
		})
	}
	_, err = run(source, nil)
	wantReason(t, err, NoFile)
}

func FuzzTRQP(f *testing.F) {
	files, replies := goodTRQP()
	all := trqpFiles(files, replies)
	f.Add(all["answers/all.json"].Data, []byte(trqpQuestions))
	f.Add([]byte(`{}`), []byte(`- entity_id: [a, a]`))
	f.Add(strictjson.Encode(replies[4]), []byte(nil))
	f.Fuzz(func(t *testing.T, answer, questions []byte) {
		fsys := fstest.MapFS{"answers/a.json": {Data: answer}}
		if len(questions) > 0 {
			fsys["questions.yaml"] = &fstest.MapFile{Data: questions}
		}
		load := func() (*Result, error) {
			return trqp(&answers{dir: "f", fsys: fsys, opt: Options{Unsigned: true, Now: testNow}})
		}
		r, err := load()
		checkImport(t, r, err, load)
	})
}
