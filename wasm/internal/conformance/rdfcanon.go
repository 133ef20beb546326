package main

import (
	"errors"

	"github.com/verilith/verilith/wasm/internal/rdf"
	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/strictjson"
)

// rdfCanon canonicalises every dataset of the W3C's suite, and compares the N-Quads or
// the identifiers that were issued. A dataset that its source expects to be refused
// must end with the work limit.
func rdfCanon(s *session) {
	for _, v := range s.vectors {
		data, ok := s.read(v, v.Extra.String("action"))
		if !ok {
			continue
		}
		quads, err := rdf.ParseNQuads(data)
		if err != nil {
			s.fail(v, "", valid, "%v", err)
			continue
		}
		hash := rdfc.SHA256
		if v.Extra.String("hashAlgorithm") == "SHA384" {
			hash = rdfc.SHA384
		}
		got, err := rdfc.Canonicalize(quads, hash, 0)
		switch typ := v.Extra.String("type"); {
		case typ == "rdfc:RDFC10NegativeEvalTest":
			e := (*rdfc.Error)(nil)
			s.check(v, "", invalid, errors.As(err, &e) && e.Reason == rdfc.WorkLimit, "got %v, want work_limit", err)
		case err != nil:
			s.fail(v, "", valid, "%v", err)
		case typ == "rdfc:RDFC10EvalTest":
			if want, ok := s.read(v, v.Extra.String("result")); ok {
				s.check(v, "", valid, string(got.NQuads()) == string(want), "got %q, want %q", got.NQuads(), want)
			}
		case typ == "rdfc:RDFC10MapTest":
			if want, ok := s.object(v, v.Extra.String("result")); ok {
				issued := strictjson.Object{}
				for from, to := range got.Issued {
					issued[from] = to
				}
				s.check(v, "", valid, string(strictjson.Encode(issued)) == string(strictjson.Encode(want)), "got %v, want %v", got.Issued, want)
			}
		}
	}
}
