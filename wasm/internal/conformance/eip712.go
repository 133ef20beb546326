package main

import (
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	whyNoText712    = "Eip712Signature2021, an experiment before EthereumEip712Signature2021: it signs the RDF of the document by rules that no text has; ends as undetermined: unsupported_proof"
	whyNoTextEIP191 = "EthereumPersonalSignature2021 is its maker's own: no text says what is signed; ends as undetermined: unsupported_proof"
)

// eip712Ethereum judges the credentials of the vectors, and five changes of the one that
// is signed as the specification has it. The snapshots of eth-sig-util that the manifest
// names among its sources are not in the folder.
func eip712Ethereum(s *session) {
	for _, v := range s.vectors {
		data, ok := s.read(v, v.Files[0])
		if !ok {
			continue
		}
		doc, err := strictjson.ParseObject(data)
		if err != nil {
			s.fail(v, "", open, "%v", err)
			continue
		}
		ask := func(edit func(doc strictjson.Object)) question {
			o := strictjson.Clone(doc).(strictjson.Object)
			if edit != nil {
				edit(o)
			}
			return question{input: strictjson.Encode(o), now: "2026-11-22T12:00:00Z", entities: []strictjson.Object{entity(doc.String("issuer"))}}
		}
		why := map[string]string{"Eip712Signature2021": whyNoText712, "EthereumPersonalSignature2021": whyNoTextEIP191}[doc.Object("proof").String("type")]
		if why != "" {
			// Two of the subjects are blank nodes by name, which VCDM 1.1 Section 4.2 has no room for.
			if doc.Object("credentialSubject").String("id") == "_:1" {
				s.judge(v, "", ask(nil), answer{kind: valid, outcome: wire.Rejected, check: wire.CheckModel, reason: "malformed_value", why: why + "; and the subject's id is no URL"})
			}
			s.judge(v, "with a URL as the subject", ask(func(o strictjson.Object) { o.Object("credentialSubject")["id"] = "urn:x" }), notYet(valid, wire.CheckProof, "unsupported_proof", why))
			continue
		}
		s.judge(v, "", ask(nil), accepted())
		for _, e := range []struct {
			part, reason string
			edit         func(o strictjson.Object)
		}{
			{"subject changed", "bad_signature", func(o strictjson.Object) { o.Object("credentialSubject")["id"] = "did:example:other" }},
			{"claim added", "not_signed", func(o strictjson.Object) { o.Object("credentialSubject")["degree"] = "Master" }},
			{"purpose's time changed", "bad_signature", func(o strictjson.Object) { o.Object("proof")["created"] = "2022-03-21T20:16:10Z" }},
			{"domain changed", "bad_signature", func(o strictjson.Object) {
				o.Object("proof").Object("eip712").Object("domain")["name"] = "Another"
			}},
			{"signature changed", "bad_signature", func(o strictjson.Object) {
				p := o.Object("proof")
				p["proofValue"] = strings.Replace(p.String("proofValue"), "0x19", "0x18", 1)
			}},
		} {
			s.judge(v, e.part, ask(e.edit), rejected(wire.CheckProof, e.reason))
		}
	}
}
