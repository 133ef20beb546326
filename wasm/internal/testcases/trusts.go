package main

import (
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// trusts are what registries and policies say of a credential that is itself right.
func trusts(all map[string]spec) {
	i := testissuer.Key("EdDSA", "issuer").AsDIDKey()
	token := vcJOSE(i, nil, nil)
	put := func(what string, entities ...strictjson.Object) {
		mustName(all, "trust_"+what, verifying(token, entities...))
	}
	grant := func(edits strictjson.Object) strictjson.Object {
		e := withoutKey(i)
		e["auth"] = []any{with(strictjson.Object{"action": "issue", "resource": "UniversityDegreeCredential"}, edits)}
		return e
	}
	put("exact-resource_valid", grant(nil))
	put("no-registry")
	put("issuer-absent", testissuer.Key("EdDSA", "another").AsDIDKey().Entity("*"))
	put("another-resource", grant(strictjson.Object{"resource": "DrivingLicence"}))
	put("another-action", grant(strictjson.Object{"action": "verify"}))
	put("no-authorization", with(withoutKey(i), strictjson.Object{"auth": nil}))
	put("authorization-ended", grant(strictjson.Object{"until": "2026-01-01T00:00:00Z"}))
	put("authorization-ended-since_valid", grant(strictjson.Object{"until": "2026-01-03T00:00:00Z"}))
	put("authorization-not-begun", grant(strictjson.Object{"from": "2026-01-03T00:00:00Z"}))
	put("authorization-revoked", grant(strictjson.Object{"state": "revoked"}))
	put("issuer-suspended", with(withoutKey(i), strictjson.Object{"status": "suspended"}))
	put("issuer-revoked", with(withoutKey(i), strictjson.Object{"status": "revoked"}))
	put("key-retired", with(i.Entity("*"), strictjson.Object{"keys": []any{strictjson.Object{"kid": i.Kid, "jwk": i.JWK, "until": "2026-01-01T00:00:00Z"}}}))
	put("unknown-member", with(withoutKey(i), strictjson.Object{"trusted": true}))

	none := verifying(token)
	none.req.Policy = &wire.Policy{Trust: wire.TrustNone}
	mustName(all, "trust_none-by-policy", none)
	two := verifying(token, testissuer.Key("EdDSA", "another").AsDIDKey().Entity("*"))
	two.req.Registries = append(two.req.Registries, wire.Registry{Entities: []strictjson.Object{withoutKey(i)}})
	mustName(all, "trust_second-registry_valid", two)
	two.req.Registries = append([]wire.Registry{}, two.req.Registries...)
	two.req.Registries[0] = wire.Registry{Entities: []strictjson.Object{with(withoutKey(i), strictjson.Object{"status": "revoked"})}}
	mustName(all, "trust_revoked-in-one-of-two", two)

	alias := i.Entity("*")
	alias["id"], alias["ids"] = "https://issuer.example/vc", []any{i.ID}
	put("issuer-by-another-identifier_valid", alias)
	controller := testissuer.Key("EdDSA", "issuer").AsDIDKey()
	controller.ID = "https://issuer.example/vc"
	mustName(all, "trust_method-of-a-registered-identifier_valid", verifying(jcs(controller, nil, nil), with(alias, strictjson.Object{"keys": nil})))
	mustName(all, "trust_method-in-the-registry_valid", verifying(jcs(controller, nil, nil), with(alias, strictjson.Object{"ids": nil})))
}
