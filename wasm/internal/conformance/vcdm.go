package main

import (
	"errors"
	"strings"

	"github.com/verilith/verilith/wasm/internal/di"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// contextual are the documents whose fault only shows to who processes JSON-LD
// contexts. The suites that sign JSON, and the JOSE formats, process none; those that
// sign RDF refuse such a document, which is what the runner looks at.
var contextual = map[string]string{
	"credential-redef-type-fail":                                                 "its fault is in JSON-LD: an inline context redefines a protected term (JSON-LD 1.1 Section 4.1.11)",
	"credential-redef-type2-fail":                                                "its fault is in JSON-LD: an inline context redefines a protected term (JSON-LD 1.1 Section 4.1.11)",
	"credential-type-mapped-nonurl-fail":                                         "its fault is in JSON-LD: what its contexts make of a type is no absolute URL (VCDM 2.0 Section 4.5)",
	"credential-type-unmapped-fail":                                              "its fault is in JSON-LD: what its contexts make of a type is no absolute URL (VCDM 2.0 Section 4.5)",
	"vc-data-model-1.0/input/example-015-zkp-vp-bad-no-credential-schema.jsonld": "VCDM 1.1 Section 5.8 asks for a credentialSchema in credentials with a zero-knowledge proof; that this proof's type is one is known to its specification alone, which is not here",
}

// vcdm1Documents checks documents of VCDM 1.1 against their data model.
func vcdm1Documents(s *session) {
	for _, v := range s.vectors {
		if data, ok := s.read(v, v.Files[0]); ok {
			s.document(v, data)
		}
	}
}

// vcdm2Documents does so for VCDM 2.0. That suite hands its credentials to an issuer,
// which adds its own name and mends the two words that stand for dates, before it
// looks at what was issued; so the runner does the same. The cases about the issuer
// have one, or are named for having none.
func vcdm2Documents(s *session) {
	for _, v := range s.vectors {
		doc, ok := s.object(v, v.Files[0])
		if !ok {
			continue
		}
		if strings.HasPrefix(v.Name, "credential-") && !doc.Has("issuer") && v.Name != "credential-no-issuer-fail" {
			doc["issuer"] = "did:example:issuer"
		}
		for name, date := range map[string]string{"PAST DATE": "2020-01-01T00:00:00Z", "FUTURE DATE": "2040-01-01T00:00:00Z"} {
			for _, member := range []string{"validFrom", "validUntil"} {
				if doc[member] == name {
					doc[member] = date
				}
			}
		}
		s.document(v, strictjson.Encode(doc))
	}
}

// document judges an unsigned document, and looks at the model check of the verdict.
// Whatever that says the document must not be accepted.
func (s *session) document(v vector, data []byte) {
	k := map[string]kind{"valid-data-model": valid, "invalid-data-model": invalid, "": open}[v.Expected]
	if k == "" {
		s.fail(v, "", open, "the manifest expects %q, which the runner does not know", v.Expected)
		return
	}
	got, err := question{input: data, now: "2026-01-01T00:00:00Z", entities: []strictjson.Object{entity("did:example:issuer")}}.ask()
	if err != nil {
		s.fail(v, "", k, "no verdict: %v", err)
		return
	}
	format, model := of(got, wire.CheckFormat), of(got, wire.CheckModel)
	why, elsewhere := contextual[v.Name]
	switch {
	case got.Outcome == wire.Accepted || got.Outcome == wire.AcceptedStale:
		s.fail(v, "", k, "an unsigned document was %s", got.Outcome)
	case format.Result != wire.Pass:
		// What is no credential at all breaks no data model; it is refused all the same.
		s.check(v, "", k, k == invalid && got.Outcome == wire.Rejected, "%s", said(got))
	case elsewhere && model.Result == wire.Pass:
		doc, err := strictjson.ParseObject(data)
		if err == nil {
			_, err = s.toRDF()(doc)
		}
		var de *di.Error
		if err == nil || errors.As(err, &de) && de.Reason == di.ContextUnavailable {
			s.skip(v, "", k, why)
			return
		}
		s.pass(v, "", k)
	case k == valid:
		s.check(v, "", k, model.Result == wire.Pass, "%s", said(got))
	case k == invalid:
		s.check(v, "", k, model.Result == wire.Fail && got.Outcome == wire.Rejected, "its data model is not refused: %s", said(got))
	default: // VCDM 2.0 Section 4.13: a self-asserted credential needs a holder
		s.check(v, "", open, model.Result == wire.Fail, "its data model is not refused: %s", said(got))
	}
}
