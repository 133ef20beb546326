package main

import (
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// vcPresented asks about a presentation of the W3C suite for VC-JOSE-COSE: its holder's
// key is in the controller document, under authentication; that of the credential in it,
// which the case does not come with, is the suite's own. The credential is about somebody
// else than the holder, which the policy has to say is all right.
func vcPresented(s *session, v vector, input []byte, holder strictjson.Object) {
	method, ok := s.object(v, "keys/vm-ed25519.json")
	if !ok {
		return
	}
	jwk := method.Object("publicKeyJwk")
	published := func(relation string) []document {
		return []document{{vcController, strictjson.Encode(strictjson.Object{
			"@context":           "https://www.w3.org/ns/cid/v1",
			"id":                 vcController,
			"verificationMethod": []any{holder.Without("secretKeyJwk")},
			relation:             []any{holder["id"]},
		})}}
	}
	q := question{input: input, now: vcNow, entities: []strictjson.Object{entity(vcController, namedKey{jwk.String("kid"), jwk})},
		documents: published("authentication"), policy: &wire.Policy{AcceptUnboundHolder: true}}
	s.judge(v, "the holder's key in a controller document", q, answer{kind: valid, outcome: wire.Undetermined,
		check: wire.CheckPart, reason: "schema_unavailable", proven: true, why: whyNoSchema})
	strict := q
	strict.policy = nil
	s.judge(v, "the subject must be the holder", strict, rejected(wire.CheckHolder, "holder_is_not_subject"))
	asserting := q
	asserting.documents = published("assertionMethod")
	s.judge(v, "the holder's key is to assert", asserting, rejected(wire.CheckKey, "wrong_purpose"))
	changed := q
	changed.input = []byte(flip(string(input), strings.IndexByte(string(input), '~')-20))
	s.judge(v, "signature changed", changed, rejected(wire.CheckProof, "bad_signature"))
}
