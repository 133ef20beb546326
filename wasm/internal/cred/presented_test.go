package cred

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
)

// aPresentation is one of a Data Integrity document, with what stands in it.
func aPresentation(credentials ...any) *Envelope {
	return &Envelope{Format: DataIntegrity, Presentation: true, Document: strictjson.Object{
		"@context": []any{contextV2}, "type": []any{"VerifiablePresentation"}, "holder": "did:example:holder", "verifiableCredential": credentials}}
}

func aCredential() strictjson.Object {
	return strictjson.Object{"@context": []any{contextV2}, "type": []any{"VerifiableCredential"}, "issuer": "did:example:issuer",
		"credentialSubject": strictjson.Object{"id": "did:example:subject"}, "proof": strictjson.Object{"type": "DataIntegrityProof"}}
}

func TestOpenPresentation(t *testing.T) {
	envelope := func(id string) strictjson.Object {
		return strictjson.Object{"@context": contextV2, "type": envelopedCredential, "id": id}
	}
	in := func(format Format, v any) *Envelope {
		e := aPresentation(v)
		e.Format = format
		if format != DataIntegrity {
			e.JWS = nil
		}
		return e
	}
	for _, tt := range []struct {
		name string
		from *Envelope
		want Reason // of the credential; "" means opened
	}{
		{"a document", aPresentation(aCredential()), ""},
		{"a document in a presentation without proof", in(Unsecured, aCredential()), ""},
		{"a presentation", aPresentation(aPresentation().Document), NestedPresentation},
		{"an enveloped presentation", aPresentation(strictjson.Object{"@context": contextV2, "type": envelopedPresentation, "id": "data:application/vp+jwt,a.b.c"}), NestedPresentation},
		{"both", aPresentation(strictjson.Object{"@context": []any{contextV2}, "type": []any{"VerifiableCredential", "VerifiablePresentation"}}), NestedPresentation},
		{"a document that holds credentials", aPresentation(strictjson.Object{"@context": []any{contextV2}, "type": []any{"Thing"}, "verifiableCredential": []any{aCredential()}}), NestedPresentation},
		{"a document of nothing", aPresentation(strictjson.Object{}), UnrecognisedInput},
		{"no token", aPresentation("x"), UnrecognisedInput},
		{"a number", aPresentation(strictjson.Number("1")), UnrecognisedInput},
		{"an envelope of nothing", aPresentation(envelope("data:application/vc+jwt,")), MalformedEnvelope},
		{"an envelope of text", aPresentation(envelope("data:application/vc+jwt,x")), MalformedEnvelope},
	} {
		p, _ := tt.from.OpenPresentation()
		if len(p.Credentials) != 1 {
			t.Fatalf("%s: %d credentials", tt.name, len(p.Credentials))
		}
		c := p.Credentials[0]
		var e *Error
		errors.As(c.Err, &e)
		switch {
		case tt.want == "" && (c.Err != nil || c.Envelope == nil):
			t.Errorf("%s: %v", tt.name, c.Err)
		case tt.want != "" && (e == nil || e.Reason != tt.want || c.Envelope != nil):
			t.Errorf("%s: %v, want %s", tt.name, c.Err, tt.want)
		}
	}
}

// TestHolder: who the presentation says presents it.
func TestHolder(t *testing.T) {
	for _, tt := range []struct {
		name   string
		holder any
		iss    string
		want   string
	}{
		{"a URL", "did:example:a", "", "did:example:a"},
		{"an object", strictjson.Object{"id": "did:example:a"}, "", "did:example:a"},
		{"iss alone", nil, "did:example:b", "did:example:b"},
		{"holder before iss", "did:example:a", "did:example:b", "did:example:a"}, // that they differ is a problem of its own
		{"nobody", nil, "", ""},
		{"neither URL nor object", true, "did:example:b", ""},
	} {
		e := aPresentation(aCredential())
		e.Document["holder"] = tt.holder
		if tt.holder == nil {
			delete(e.Document, "holder")
		}
		if tt.iss != "" {
			e.Claims = strictjson.Object{"iss": tt.iss}
		}
		if p, _ := e.OpenPresentation(); p.Holder != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, p.Holder, tt.want)
		}
	}
}

// TestPresentedLimits: the limits hold, and one more is refused.
func TestPresentedLimits(t *testing.T) {
	p, problems := aPresentation(slices.Repeat([]any{aCredential()}, MaxPresented)...).OpenPresentation()
	if len(problems) != 0 || len(p.Credentials) != MaxPresented {
		t.Errorf("%d credentials: %d opened, %v", MaxPresented, len(p.Credentials), problems)
	}
	p, problems = aPresentation(slices.Repeat([]any{aCredential()}, MaxPresented+1)...).OpenPresentation()
	if len(p.Credentials) != 0 || !slices.ContainsFunc(problems, func(p Problem) bool { return p.Reason == TooManyParts }) {
		t.Errorf("%d credentials: %d opened, %v", MaxPresented+1, len(p.Credentials), problems)
	}
	long := func(n int) strictjson.Object {
		c := aCredential()
		c["list"] = slices.Repeat([]any{strictjson.Number("1")}, n-(&Envelope{Document: c}).Members()-1)
		return c
	}
	for _, n := range []int{strictjson.MaxMembers / 2, strictjson.MaxMembers/2 + 1} {
		p, _ = aPresentation(long(n), long(n)).OpenPresentation()
		if fits := n == strictjson.MaxMembers/2; (p.Credentials[1].Err == nil) != fits {
			t.Errorf("two of %d members: %v", n, p.Credentials[1].Err)
		}
	}
}

// FuzzOpenPresentation: whatever stands in a presentation, each of its credentials is
// opened or refused, and none is a presentation or more than the limits let be.
func FuzzOpenPresentation(f *testing.F) {
	f.Add([]byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"],"holder":{"id":"did:a:b"},"verifiableCredential":[{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiableCredential","id":"data:application/vc+jwt,a.b.c"}]}`))
	f.Add([]byte(`{"@context":["https://www.w3.org/2018/credentials/v1"],"type":"VerifiablePresentation","verifiableCredential":"a.b.c"}`))
	f.Add([]byte(`{"verifiableCredential":{"type":["VerifiableCredential"],"verifiableCredential":[{}]},"proof":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Recognise(data, "")
		if err != nil || !e.Presentation {
			return
		}
		p, problems := e.OpenPresentation()
		if len(p.Credentials) > MaxPresented {
			t.Fatalf("%d credentials", len(p.Credentials))
		}
		total := 0
		for _, c := range p.Credentials {
			if (c.Err == nil) == (c.Envelope == nil) {
				t.Fatalf("neither opened nor refused, or both: %+v", c)
			}
			if c.Err != nil {
				continue
			}
			if total += c.Envelope.Members(); c.Envelope.Presentation || total > strictjson.MaxMembers {
				t.Fatalf("a presentation, or %d members: %+v", total, c.Envelope)
			}
		}
		// Opening changes nothing: again is the same.
		if again, more := e.OpenPresentation(); len(again.Credentials) != len(p.Credentials) || len(more) != len(problems) || again.Holder != p.Holder {
			t.Fatalf("opened as %+v, then as %+v", p, again)
		}
		if strings.TrimSpace(p.Holder) != "" && !e.Document.Has("holder") && e.Claims.String("iss") != p.Holder {
			t.Fatalf("holder %q out of nothing", p.Holder)
		}
	})
}
