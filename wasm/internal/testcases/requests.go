package main

import (
	"strings"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// requests are the other operations, inputs that are no credential, and requests that are malformed.
func requests(all map[string]spec) {
	i := testissuer.Key("EdDSA", "issuer").AsDIDKey()
	token := vcJOSE(i, nil, nil)
	put := func(what string, s spec) { mustName(all, "request_"+what, s) }
	edit := func(f func(*spec)) spec {
		s := verifying(token, withoutKey(i))
		f(&s)
		return s
	}

	put("about", spec{req: wire.Request{Verilith: wire.Contract, Op: wire.OpAbout}})
	put("inspect-token", edit(func(s *spec) { s.req.Op = wire.OpInspect }))
	put("inspect-document", edit(func(s *spec) { s.req.Op, s.input = wire.OpInspect, []byte(jcs(i, nil, nil)) }))
	card := testissuer.Key("ES256", "health")
	put("inspect-card", edit(func(s *spec) {
		s.req.Op, s.input = wire.OpInspect, []byte(testissuer.Numeric(card.HealthCard(cardClaims("https://health.example/issuer")), 2))
	}))
	put("inspect-nonsense", edit(func(s *spec) { s.req.Op, s.input = wire.OpInspect, []byte("nonsense") }))

	put("other-version", edit(func(s *spec) { s.req.Verilith = 2 }))
	put("other-operation", edit(func(s *spec) { s.req.Op = "approve" }))
	put("no-time", edit(func(s *spec) { s.req.Now = "" }))
	put("malformed-time", edit(func(s *spec) { s.req.Now = "2026-11-22 10:00:00" }))
	put("no-input", edit(func(s *spec) { s.input = nil }))
	put("unknown-trust", edit(func(s *spec) { s.req.Policy = &wire.Policy{Trust: "all"} }))
	put("unknown-class", edit(func(s *spec) { s.req.Policy = &wire.Policy{AcceptStale: map[string]string{"everything": "30d"}} }))
	put("malformed-age", edit(func(s *spec) { s.req.Policy = &wire.Policy{AcceptStale: map[string]string{"keys": "a month"}} }))
	put("empty-registry", edit(func(s *spec) { s.req.Registries = []wire.Registry{{}} }))
	put("governed-registry", edit(func(s *spec) {
		s.req.Registries = []wire.Registry{{ID: block.New(block.JSON, []byte("{}")).CID.String()}}
	}))
	put("malformed-snapshot", edit(func(s *spec) { s.req.Registries = []wire.Registry{{Snapshot: "bafybogus"}} }))
	put("media-type-agrees", edit(func(s *spec) { s.req.Input = &wire.Input{MediaType: "application/vc+jwt"} }))
	put("media-type-contradicts", edit(func(s *spec) { s.req.Input = &wire.Input{MediaType: "application/smart-health-card"} }))

	for what, input := range map[string]string{
		"nonsense": "nonsense", "empty-object": "{}", "number": "7", "empty": " ", "unsecured": string(strictjson.Encode(document2(i.ID))),
		"sd-jwt": token + "~", "cbor": "\xd2\x84\x43\xa1\x01\x26", "deep": strings.Repeat("[", 100_000),
		"many": "[" + strings.Repeat("0,", 30_000) + "0]",
	} {
		mustName(all, "input_"+what, verifying(input, withoutKey(i)))
	}

	good, err := verifying(token, withoutKey(i)).seal()
	if err != nil {
		panic(err)
	}
	changed := append([]byte(nil), good...)
	changed[len(changed)-1] ^= 1
	mustName(all, "case_cut", spec{raw: good[:len(good)-1]})
	mustName(all, "case_wrong-hash", spec{raw: changed})
	mustName(all, "case_empty", spec{raw: []byte{0}})
	mustName(all, "case_carv2", spec{raw: append([]byte("\x0a\xa1gversion\x02"), good...)})
}
