package wire

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
)

var (
	input    = block.New(block.Raw, []byte("input"))
	root     = block.New(block.DagCBOR, []byte{0xa0})
	document = block.New(block.JSON, []byte("{}"))
)

func query() *Query {
	return &Query{Entity: "did:example:a", Authority: "did:example:r", Action: "issue", Resource: "Degree", Jurisdiction: "AT", Time: "2025-01-01T00:00:00Z"}
}

// full is a request in which every member is set.
func full() Request {
	return Request{
		Verilith: 1, Op: OpVerify, Now: "2026-11-22T10:00:00Z",
		Input:        &Input{Block: input.CID.String(), MediaType: "application/vc+jwt"},
		Expect:       &Expect{Nonce: "n", Audience: []string{"https://v.example"}, Origin: "https://v.example"},
		Registries:   []Registry{{Snapshot: root.CID.String(), AsOf: "2026-11-21T00:00:00Z", Authority: "did:example:r"}, {Entities: []strictjson.Object{{"id": "did:example:a"}}}, {Entities: []strictjson.Object{}}},
		Policy:       &Policy{Trust: TrustRegistry, AcceptStale: map[string]string{ClassKeys: "30d"}, AcceptUnboundIssuer: true},
		Evidence:     []Evidence{{URL: "https://a.example/did.json", Block: input.CID.String(), MediaType: "application/json", Obtained: "2026-11-22T09:00:00Z"}},
		Unobtainable: []string{"https://b.example/did.json"},
	}
}

func TestRequest(t *testing.T) {
	tests := []struct {
		name   string
		edit   func(*Request)
		reason string // "" means taken
		member string
	}{
		{name: "every member"},
		{"no version", func(r *Request) { r.Verilith = 0 }, BadRequest, "verilith"},
		{"unknown operation", func(r *Request) { r.Op = "approve" }, Unsupported, "op"},
		{"inspect needs no time", func(r *Request) { r.Op, r.Now = OpInspect, "" }, "", ""},
		{"verify needs a time", func(r *Request) { r.Now = "" }, BadRequest, "now"},
		{"time without an offset", func(r *Request) { r.Now = "2026-11-22T10:00:00" }, BadRequest, "now"},
		{"time with a one-digit hour", func(r *Request) { r.Now = "2026-11-22T1:00:00.0Z" }, BadRequest, "now"},
		{"no input", func(r *Request) { r.Input = nil }, BadRequest, "input"},
		{"input is no CID", func(r *Request) { r.Input.Block = "x" }, BadRequest, "input.block"},
		{"input is not in the case", func(r *Request) { r.Input.Block = root.CID.String() }, MissingInput, "input.block"},
		{"registry of no kind", func(r *Request) { r.Registries = []Registry{{}} }, BadRequest, "registries[0]"},
		{"registry of two kinds", func(r *Request) { r.Registries[1].Snapshot = root.CID.String() }, BadRequest, "registries[1]"},
		{"governed registry", func(r *Request) { r.Registries = []Registry{{ID: document.CID.String(), State: "s"}} }, "", ""},
		{"governed registry by a snapshot's root", func(r *Request) { r.Registries = []Registry{{ID: root.CID.String()}} }, BadRequest, "registries[0].id"},
		{"a query to verify", func(r *Request) { r.Query = query() }, BadRequest, "query"},
		{"authorize", func(r *Request) { r.Op, r.Input, r.Query = OpAuthorize, nil, query() }, "", ""},
		{"authorize a credential", func(r *Request) { r.Op, r.Query = OpAuthorize, query() }, BadRequest, "input"},
		{"authorize nobody", func(r *Request) { r.Op, r.Input, r.Query = OpAuthorize, nil, query(); r.Query.Entity = "" }, BadRequest, "query.entity"},
		{"recognize without a query", func(r *Request) { r.Op, r.Input = OpRecognize, nil }, BadRequest, "query"},
		{"a query of 2 KiB", func(r *Request) {
			r.Op, r.Input, r.Query = OpAuthorize, nil, query()
			r.Query.Resource = strings.Repeat("r", 2048)
		}, "", ""},
		{"a query of more than 2 KiB", func(r *Request) {
			r.Op, r.Input, r.Query = OpAuthorize, nil, query()
			r.Query.Resource = strings.Repeat("r", 2049)
		}, BadRequest, "query.resource"},
		{"authority of more than 2 KiB", func(r *Request) { r.Registries[0].Authority = strings.Repeat("a", 2049) }, BadRequest, "registries[0].authority"},
		{"recognize at no time", func(r *Request) { r.Op, r.Input, r.Query = OpRecognize, nil, query(); r.Query.Time = "then" }, BadRequest, "query.time"},
		{"advance", func(r *Request) { r.Op, r.Input = OpAdvance, nil }, "", ""},
		{"advance needs a time", func(r *Request) { r.Op, r.Input, r.Now = OpAdvance, nil, "" }, BadRequest, "now"},
		{"evidence of a registry", func(r *Request) { r.Evidence[0].URL, r.Evidence[0].Registry, r.Evidence[0].Document = "", "id", "head" }, "", ""},
		{"evidence of a registry, from two mirrors", func(r *Request) {
			r.Evidence[0].URL, r.Evidence[0].Registry, r.Evidence[0].Document = "", "id", "head"
			r.Evidence = append(r.Evidence, r.Evidence[0])
			r.Evidence[1].Block = root.CID.String()
		}, "", ""},
		{"evidence of a registry, twice the same", func(r *Request) {
			r.Evidence[0].URL, r.Evidence[0].Registry, r.Evidence[0].Document = "", "id", "head"
			r.Evidence = append(r.Evidence, r.Evidence[0])
		}, BadRequest, "evidence[1]"},
		{"evidence by URL, twice and different", func(r *Request) {
			r.Evidence = append(r.Evidence, r.Evidence[0])
			r.Evidence[1].Block = root.CID.String()
		}, BadRequest, "evidence[1]"},
		{"governed registry whose id is no CID", func(r *Request) { r.Registries[0] = Registry{ID: "id"} }, BadRequest, "registries[0].id"},
		{"governed and pinned", func(r *Request) { r.Registries[0].ID = document.CID.String() }, BadRequest, "registries[0]"},
		{"governed with asOf", func(r *Request) { r.Registries[0] = Registry{ID: document.CID.String(), AsOf: "2026-11-21T00:00:00Z"} }, BadRequest, "registries[0].asOf"},
		{"stale registries accepted", func(r *Request) { r.Policy.AcceptStale = map[string]string{ClassRegistry: "7d"} }, "", ""},
		{"evidence of a registry, without its name", func(r *Request) { r.Evidence[0].URL, r.Evidence[0].Registry = "", "id" }, BadRequest, "evidence[0]"},
		{"evidence by URL and of a registry", func(r *Request) { r.Evidence[0].Registry, r.Evidence[0].Document = "id", "head" }, BadRequest, "evidence[0]"},
		{"state without a governed registry", func(r *Request) { r.Registries[0].State = "s" }, BadRequest, "registries[0].state"},
		{"snapshot of raw bytes", func(r *Request) { r.Registries[0].Snapshot = input.CID.String() }, BadRequest, "registries[0].snapshot"},
		{"asOf of an inline registry", func(r *Request) { r.Registries[1].AsOf = "2026-11-21T00:00:00Z" }, BadRequest, "registries[1].asOf"},
		{"sixteen registries", func(r *Request) { r.Registries = make([]Registry, 16); fill(r.Registries) }, "", ""},
		{"seventeen registries", func(r *Request) { r.Registries = make([]Registry, 17); fill(r.Registries) }, TooManyEntries, "registries"},
		{"1025 entities", func(r *Request) { r.Registries[1].Entities = make([]strictjson.Object, 1025) }, TooManyEntries, "registries[1].entities"},
		{"unknown trust", func(r *Request) { r.Policy.Trust = "all" }, BadRequest, "policy.trust"},
		{"unknown class", func(r *Request) { r.Policy.AcceptStale = map[string]string{"all": "1d"} }, BadRequest, "policy.acceptStale"},
		{"age in weeks", func(r *Request) { r.Policy.AcceptStale = map[string]string{ClassStatus: "2w"} }, BadRequest, "policy.acceptStale.status"},
		{"evidence twice", func(r *Request) { r.Evidence = append(r.Evidence, r.Evidence[0]) }, BadRequest, "evidence[1]"},
		{"evidence without a time", func(r *Request) { r.Evidence[0].Obtained = "" }, BadRequest, "evidence[0].obtained"},
		{"evidence that is no CID", func(r *Request) { r.Evidence[0].Block = "x" }, BadRequest, "evidence[0].block"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := full()
			if tt.edit != nil {
				tt.edit(&req)
			}
			car, id, err := SealCase(req, []block.Block{input})
			if err != nil {
				t.Fatal(err)
			}
			c, werr := OpenCase(car)
			if tt.reason != "" {
				if werr == nil || werr.Reason != tt.reason || werr.Member != tt.member {
					t.Fatalf("got %v, want %s at %s", werr, tt.reason, tt.member)
				}
				return
			}
			if werr != nil {
				t.Fatal(werr)
			}
			if c.Root != id || req.Input != nil && !bytes.Equal(c.Input, input.Data) || !reflect.DeepEqual(c.Request, req) {
				t.Fatalf("opened as %+v, sealed %+v", c.Request, req)
			}
		})
	}
}

func fill(list []Registry) {
	for i := range list {
		list[i].Entities = []strictjson.Object{}
	}
}

// A block that is given twice is in the case once.
func TestSealCaseTakesABlockOnce(t *testing.T) {
	once, _, err := SealCase(full(), []block.Block{input, root})
	if err != nil {
		t.Fatal(err)
	}
	twice, _, err := SealCase(full(), []block.Block{input, root, input, root})
	if err != nil || !bytes.Equal(once, twice) {
		t.Fatalf("%d bytes, then %d, %v", len(once), len(twice), err)
	}
}

// A member that no version of the contract has is refused, not passed over.
func TestUnknownMember(t *testing.T) {
	for _, text := range []string{
		`{"verilith":1,"op":"about","debug":true}`,
		`{"verilith":1,"op":"verify","policy":{"allowUnknownStatus":true}}`,
	} {
		b := block.New(block.JSON, []byte(text))
		var buf bytes.Buffer
		w, err := block.NewCARWriter(&buf, b.CID)
		if err == nil {
			err = w.Put(b)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, werr := OpenCase(buf.Bytes()); werr == nil || werr.Reason != BadRequest {
			t.Errorf("%s: got %v", text, werr)
		}
	}
}

func TestReplyIsTheSameBothWays(t *testing.T) {
	grant := strictjson.Object{"action": "issue", "resource": "*"}
	want := Reply{Verdict: &Verdict{
		Outcome: Rejected, Reason: "expired", Now: "2026-11-22T10:00:00Z",
		Checks:     []Check{{CheckFormat, Pass, "", "d", []string{"bafy"}}, {CheckDates, Fail, "expired", "d", nil}},
		Credential: &Credential{Format: "vc+jwt", Claims: []strictjson.Object{{"n": strictjson.Number("12345678901234567890"), "x": nil}}},
		Trust:      &Trust{Registry: "inline", Present: true, Grant: &grant},
		Freshness:  []Freshness{{Class: "keys", Source: "s", Origin: "live", State: "fresh"}},
		Relaxed:    []Relaxed{{"trust", CheckTrust, "not_asked"}},
		Problems:   []Problem{{"https://example.org/t", "expired", "d"}},
		Parts:      []Verdict{{Outcome: Accepted, Now: "2026-11-22T10:00:00Z", Checks: []Check{}}},
	}}
	text := EncodeReply(want)
	got, err := DecodeReply(text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) || !bytes.Equal(EncodeReply(got), text) {
		t.Fatalf("got %s, want %s", EncodeReply(got), text)
	}
}

func TestParseAge(t *testing.T) {
	for text, want := range map[string]time.Duration{"30d": 720 * time.Hour, "12h": 12 * time.Hour, "90m": 90 * time.Minute, "0m": 0, "36500d": 876000 * time.Hour} {
		if got, err := ParseAge(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "d", "30", "-1d", "+1d", "1.5h", "36501d", "999999999999d", "1w", "1D", " 1d"} {
		if got, err := ParseAge(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

// FuzzOpenCase: a case that opens can be sealed again to one with the same request
// and the same blocks.
func FuzzOpenCase(f *testing.F) {
	car, _, err := SealCase(full(), []block.Block{input})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(car)
	f.Add(car[:len(car)-3])
	f.Fuzz(func(t *testing.T, car []byte) {
		c, werr := OpenCase(car)
		if werr != nil {
			if werr.Reason == "" {
				t.Fatal("an error without a reason")
			}
			return
		}
		again, _, err := SealCase(c.Request, []block.Block{block.New(block.Raw, c.Input)})
		if err != nil {
			t.Fatal(err)
		}
		c2, werr := OpenCase(again)
		if werr != nil && werr.Reason != MissingInput { // whose input was not a raw block

			t.Fatalf("sealed again: %v", werr)
		}
		if werr == nil && !reflect.DeepEqual(c2.Request, c.Request) {
			t.Fatalf("another request: %+v, %+v", c2.Request, c.Request)
		}
	})
}
