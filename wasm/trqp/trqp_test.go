package trqp

import (
	"errors"
	"reflect"
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const query = `{"entity_id":"did:ex:e","authority_id":"did:ex:a","action":"issue","resource":"Degree","context":{"time":"2025-06-19T11:30:00Z"}}`

func object(t testing.TB, text string) strictjson.Object {
	t.Helper()
	o, err := strictjson.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestQuery(t *testing.T) {
	context := func(text string) func(o strictjson.Object) {
		return func(o strictjson.Object) {
			v, err := strictjson.Parse([]byte(text))
			if err != nil {
				panic(err)
			}
			o["context"] = v
		}
	}
	tests := []struct {
		name   string
		edit   func(o strictjson.Object)
		want   Reason
		member string
	}{
		{"as it is", func(strictjson.Object) {}, "", ""},
		{"without context", func(o strictjson.Object) { delete(o, "context") }, "", ""},
		{"without entity_id", func(o strictjson.Object) { delete(o, "entity_id") }, MissingMember, "entity_id"},
		{"without authority_id", func(o strictjson.Object) { delete(o, "authority_id") }, MissingMember, "authority_id"},
		{"without action", func(o strictjson.Object) { delete(o, "action") }, MissingMember, "action"},
		{"with an empty resource", func(o strictjson.Object) { o["resource"] = "" }, MissingMember, "resource"},
		{"with a list of actions", func(o strictjson.Object) { o["action"] = []any{"issue"} }, WrongType, "action"},
		{"with a member of another profile", func(o strictjson.Object) { o["x"] = "y" }, "", ""},
		{"context as text", context(`"now"`), WrongType, "context"},
		{"empty context", context(`{}`), "", ""},
		{"blank time", context(`{"time":""}`), "", ""},
		{"time at +00:00", context(`{"time":"2025-06-19T11:30:00+00:00"}`), "", ""},
		{"time at another offset", context(`{"time":"2025-06-19T13:30:00+02:00"}`), BadTime, "context.time"},
		{"no time", context(`{"time":"yesterday"}`), BadTime, "context.time"},
		{"time as a number", context(`{"time":1750332600}`), WrongType, "context.time"},
		{"locator", context(`{"locator":"shard 7"}`), "", ""},
		{"jurisdiction", context(`{"jurisdiction":"AT"}`), "", ""},
		{"unknown condition", context(`{"assurance":"high"}`), UnknownMember, "context.assurance"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := object(t, query)
			tt.edit(o)
			q, err := Query(o)
			var e *Error
			if tt.want == "" {
				if err != nil || q.Entity != "did:ex:e" || q.Authority != "did:ex:a" || q.Action != "issue" || q.Resource != "Degree" {
					t.Fatalf("%+v %v", q, err)
				}
				return
			}
			if !errors.As(err, &e) || e.Reason != tt.want || e.Member != tt.member {
				t.Errorf("%v, want %s at %s", err, tt.want, tt.member)
			}
		})
	}
}

func TestResponse(t *testing.T) {
	q, err := Query(object(t, query))
	if err != nil {
		t.Fatal(err)
	}
	a := &wire.Answer{Result: wire.Pass, Query: q, Now: "2026-11-22T10:00:00Z", Time: "2025-06-19T11:30:00Z", Detail: "it may"}
	want := object(t, `{"entity_id":"did:ex:e","authority_id":"did:ex:a","action":"issue","resource":"Degree","authorized":true,
		"time_requested":"2025-06-19T11:30:00Z","time_evaluated":"2026-11-22T10:00:00Z","message":"it may","context":{"time":"2025-06-19T11:30:00Z"}}`)
	if got, ok := Response(wire.OpAuthorize, a); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("%s", strictjson.Encode(got))
	}
	a.Result = wire.Fail
	if got, ok := Response(wire.OpRecognize, a); !ok || got["recognized"] != false || got.Has("authorized") {
		t.Errorf("%s", strictjson.Encode(got))
	}
	a.Query.Time = ""
	if got, _ := Response(wire.OpRecognize, a); got.Has("time_requested") || got.Has("context") {
		t.Errorf("%s", strictjson.Encode(got))
	}
	a.Result, a.Reason = wire.Unknown, "registry_unavailable"
	if got, ok := Response(wire.OpAuthorize, a); ok {
		t.Errorf("an unknown answer is said as %s", strictjson.Encode(got))
	}
	if p := Problem(a); p["status"] != strictjson.Number("503") || p["title"] != "registry_unavailable" {
		t.Errorf("%v", p)
	}
	a.Reason = "authority_unknown"
	if p := Problem(a); p["status"] != strictjson.Number("404") {
		t.Errorf("%v", p)
	}
}

// What Query takes, it takes again as the query that a response repeats.
func FuzzQuery(f *testing.F) {
	f.Add([]byte(query))
	f.Add([]byte(`{"entity_id":"a","authority_id":"b","action":"c","resource":"d","context":{"jurisdiction":"AT","locator":"x"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := strictjson.ParseObject(text)
		if err != nil {
			return
		}
		q, err := Query(o)
		if err != nil {
			return
		}
		again, ok := Response(wire.OpAuthorize, &wire.Answer{Result: wire.Pass, Query: q, Now: "2026-01-01T00:00:00Z", Time: q.Time})
		if !ok {
			t.Fatal("no response")
		}
		if q2, err := Query(again); err != nil || q2 != q {
			t.Fatalf("%+v %v, want %+v", q2, err, q)
		}
	})
}
