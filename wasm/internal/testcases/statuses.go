package main

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	listURL   = "https://issuer.example/status/3"
	schemaURL = "https://issuer.example/schemas/degree.json"
	listMade  = 1795338000 // 2026-11-22T09:00:00Z
)

func b64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// packed compresses a list.
// statuses are credentials with a status, under each mechanism: 5 is clear, 7 is set.
func statuses(all map[string]spec) {
	i := testissuer.Key("ES256", "issuer").AsDIDKey()
	ed := testissuer.Key("EdDSA", "issuer").AsDIDKey()
	other := testissuer.Key("ES256", "another").AsDIDKey()
	put := func(what string, s spec) { mustName(all, "status_"+what, s) }

	low := make([]byte, 64)
	low[1] = 1<<6 | 2<<0 // of 2 bits: 4 is suspended, 7 is invalid
	claims := strictjson.Object{"sub": listURL, "iat": number(listMade), "exp": number(listMade + 86400), "ttl": number(43200),
		"status_list": strictjson.Object{"bits": number(2), "lst": b64url(testissuer.Zlib(low))}}
	token := func(by *testissuer.Issuer, edits strictjson.Object) string {
		return by.JWT(strictjson.Object{"typ": "statuslist+jwt"}, with(claims, edits))
	}
	asked := func(idx int64, list string) spec {
		ref := strictjson.Object{"status": strictjson.Object{"status_list": strictjson.Object{"idx": number(idx), "uri": listURL}}}
		s := verifying(vcJOSE(i, ref, nil), withoutKey(i))
		s.docs = map[string]string{listURL: list}
		return s
	}
	good := token(i, nil)
	put("token_valid", asked(5, good))
	put("token_revoked", asked(7, good))
	put("token_suspended", asked(4, good))
	put("token_out-of-range", asked(256, good))
	put("token_sub-of-another", asked(5, token(i, strictjson.Object{"sub": listURL + "1"})))
	put("token_no-iat", asked(5, token(i, strictjson.Object{"iat": nil})))
	put("token_expired", asked(5, token(i, strictjson.Object{"exp": number(listMade + 60)})))
	put("token_byte-changed", asked(5, change(good)))
	put("token_of-another-issuer", asked(5, token(other, strictjson.Object{"iss": other.ID})))
	put("token_no-list", asked(5, "<html>"))
	put("token_cwt_valid", asked(5, string(i.Sign1(testissuer.COSE{
		Protected: map[any]any{int64(cose.LabelTyp): "application/statuslist+cwt", int64(cose.LabelKid): []byte(i.Kid)},
		Payload: testissuer.CBOR(map[any]any{int64(2): listURL, int64(6): int64(listMade),
			int64(65533): map[any]any{"bits": int64(2), "lst": testissuer.Zlib(low)}})}))))
	stale := asked(5, good)
	stale.age = "2026-11-21T20:00:00Z"
	put("token_stale", stale)
	stale.req.Policy = &wire.Policy{AcceptStale: map[string]string{"status": "1d"}}
	put("token_stale-accepted", stale)
	needed := asked(5, good)
	needed.docs = nil
	put("token_needed", needed)
	needed.req.Unobtainable = []string{listURL}
	put("token_unobtainable", needed)

	const herd = 131072
	left := make([]byte, herd/8)
	left[0] = 1
	list := func(by *testissuer.Issuer, edits strictjson.Object) strictjson.Object {
		return strictjson.Object{"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "id": listURL,
			"type": []any{"VerifiableCredential", "BitstringStatusListCredential"}, "issuer": by.ID, "validFrom": "2026-11-01T00:00:00Z",
			"credentialSubject": with(strictjson.Object{"type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": "u" + b64url(testissuer.Gzip(left))}, edits)}
	}
	jwt := func(by *testissuer.Issuer, doc strictjson.Object) string {
		return by.JWT(strictjson.Object{"typ": "vc+jwt"}, doc)
	}
	entry := func(index string) strictjson.Object {
		return strictjson.Object{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": index, "statusListCredential": listURL}
	}
	bits := func(list string, entries ...any) spec {
		s := verifying(vcJOSE(i, strictjson.Object{"credentialStatus": entries}, nil), withoutKey(i))
		s.docs = map[string]string{listURL: list}
		return s
	}
	put("bitstring_valid", bits(jwt(i, list(i, nil)), entry("5")))
	put("bitstring_revoked", bits(jwt(i, list(i, nil)), entry("7")))
	put("bitstring_second-of-two-revoked", bits(jwt(i, list(i, nil)), entry("5"), entry("7")))
	put("bitstring_out-of-range", bits(jwt(i, list(i, nil)), entry("131072")))
	put("bitstring_too-short", bits(jwt(i, list(i, strictjson.Object{"encodedList": "u" + b64url(testissuer.Gzip(left[1:]))})), entry("5")))
	put("bitstring_another-purpose", bits(jwt(i, list(i, strictjson.Object{"statusPurpose": "suspension"})), entry("5")))
	put("bitstring_not-signed", bits(string(strictjson.Encode(list(i, nil))), entry("5")))
	put("bitstring_inflate-bomb", bits(jwt(i, list(i, strictjson.Object{"encodedList": "u" + b64url(testissuer.Gzip(make([]byte, 17<<20)))})), entry("5")))
	embedded := verifying(jcs(ed, strictjson.Object{"credentialStatus": entry("5")}, nil), withoutKey(ed))
	embedded.docs = map[string]string{listURL: string(strictjson.Encode(ed.JCS(list(ed, nil), nil)))}
	put("bitstring_eddsa-jcs-2022_valid", embedded)
	older := list(ed, strictjson.Object{"type": "StatusList2021", "encodedList": b64url(testissuer.Gzip(left))})
	older["type"] = []any{"VerifiableCredential", "StatusList2021Credential"}
	for what, index := range map[string]string{"valid": "5", "revoked": "7"} {
		e := with(entry(index), strictjson.Object{"type": "StatusList2021Entry", "id": listURL + "#" + index})
		s := verifying(jcs(ed, strictjson.Object{"credentialStatus": e}, nil), withoutKey(ed))
		s.docs = map[string]string{listURL: string(strictjson.Encode(ed.JCS(older, nil)))}
		put("list-2021_"+what, s)
	}
	cardStatuses(put)
	registryStatuses(put, i, asked(5, "").input, good)
}

// cardStatuses are health cards whose issuer publishes a revocation list.
func cardStatuses(put func(string, spec)) {
	const iss = "https://health.example/issuer"
	i := testissuer.Key("ES256", "health")
	i.As(iss, i.Thumbprint())
	e := i.Entity("*")
	key := e.Array("keys")[0].(strictjson.Object)
	e["keys"] = []any{with(key, strictjson.Object{"jwk": with(key.Object("jwk"), strictjson.Object{"crlVersion": number(1)})})}
	for what, rid := range map[string]string{"valid": "free", "revoked": "gone"} {
		c := cardClaims(iss)
		c["vc"] = with(c.Object("vc"), strictjson.Object{"rid": rid})
		s := verifying(i.HealthCard(c), e)
		s.docs = map[string]string{iss + "/.well-known/crl/" + i.Thumbprint() + ".json": string(strictjson.Encode(strictjson.Object{
			"kid": i.Thumbprint(), "method": "rid", "ctr": number(1), "rids": []any{"gone"}}))}
		put("health-card_"+what, s)
	}
}

// registryStatuses are lists that a registry carries: nobody is asked by URL.
func registryStatuses(put func(string, spec), i *testissuer.Issuer, input []byte, list string) {
	store := snapshot.Store{}
	meta, err := snapshot.Build(snapshot.Source{Name: "Test registry", Entities: parsed([]strictjson.Object{withoutKey(i)}),
		StatusLists: one(snapshot.Document{URL: listURL, MediaType: "application/statuslist+jwt", Obtained: "2026-11-22T09:30:00Z", TTL: 60, Body: []byte(list)})},
		store.Put, snapshot.Options{})
	if err != nil {
		panic(err)
	}
	s, err := snapshot.Open(meta.Root, store.Get)
	if err != nil {
		panic(err)
	}
	_, p, err := s.Entity(i.ID)
	if err != nil {
		panic(err)
	}
	_, lp, err := s.StatusList(listURL)
	if err != nil {
		panic(err)
	}
	against := func(paths ...[]cid.Cid) spec {
		sp := verifying(string(input))
		sp.req.Registries = []wire.Registry{{Snapshot: meta.Root.String(), AsOf: "2026-11-22T09:40:00Z"}}
		for _, path := range paths {
			for _, c := range path {
				data, _ := store.Get(c)
				sp.blocks = append(sp.blocks, block.Block{CID: c, Data: data})
			}
		}
		return sp
	}
	complete := against(p.Blocks, lp.Blocks)
	complete.blocks = append(complete.blocks, block.New(block.Raw, []byte(list)))
	put("registry_valid", complete)
	put("registry_body-needed", against(p.Blocks, lp.Blocks))
	put("registry_path-needed", against(p.Blocks))
}

// schemas are credentials that name schemas and resources.
func schemas(all map[string]spec) {
	i := testissuer.Key("ES256", "issuer").AsDIDKey()
	put := func(what string, s spec) { mustName(all, "schema_"+what, s) }
	schema := strictjson.Object{"$id": schemaURL, "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
		"properties": strictjson.Object{"credentialSubject": strictjson.Object{"required": []any{"degree"},
			"properties": strictjson.Object{"degree": strictjson.Object{"properties": strictjson.Object{"name": strictjson.Object{"pattern": "^Bachelor"}}}}}}}
	text := string(strictjson.Encode(schema))
	sum := sha256.Sum256([]byte(text))
	named := func(ref, edits strictjson.Object, docs map[string]string) spec {
		s := verifying(vcJOSE(i, with(strictjson.Object{"credentialSchema": with(strictjson.Object{"id": schemaURL, "type": "JsonSchema"}, ref)}, edits), nil), withoutKey(i))
		s.docs = docs
		return s
	}
	at := func(o strictjson.Object) map[string]string {
		return map[string]string{schemaURL: string(strictjson.Encode(o))}
	}
	digest := "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
	put("valid", named(nil, nil, at(schema)))
	put("broken", named(nil, strictjson.Object{"credentialSubject": strictjson.Object{"degree": strictjson.Object{"name": "Master of Arts"}}}, at(schema)))
	put("digest_valid", named(strictjson.Object{"digestSRI": digest}, nil, at(schema)))
	put("digest_of-another", named(strictjson.Object{"digestSRI": digest}, nil, at(with(schema, strictjson.Object{"title": "x"}))))
	put("id-of-another", named(nil, nil, at(with(schema, strictjson.Object{"$id": schemaURL + "2"}))))
	put("draft-unknown", named(nil, nil, at(with(schema, strictjson.Object{"$schema": "https://json-schema.org/draft/2031-01/schema"}))))
	put("needed", named(nil, nil, nil))
	holder := i.JWT(strictjson.Object{"typ": "vc+jwt"}, strictjson.Object{"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "id": schemaURL + "/credential",
		"type": []any{"VerifiableCredential", "JsonSchemaCredential"}, "issuer": i.ID, "validFrom": "2026-01-01T00:00:00Z",
		"credentialSubject": strictjson.Object{"id": schemaURL, "type": "JsonSchema", "jsonSchema": schema}})
	ref := strictjson.Object{"id": schemaURL + "/credential", "type": "JsonSchemaCredential"}
	put("credential_valid", named(ref, nil, map[string]string{schemaURL + "/credential": holder}))
	put("credential_byte-changed", named(ref, nil, map[string]string{schemaURL + "/credential": change(holder)}))
	related := func(body string) spec {
		s := verifying(vcJOSE(i, strictjson.Object{"relatedResource": []any{strictjson.Object{"id": schemaURL, "digestSRI": digest}}}, nil), withoutKey(i))
		s.docs = map[string]string{schemaURL: body}
		return s
	}
	put("related-resource_valid", related(text))
	put("related-resource_changed", related(text+" "))
}
