package verify_test

import (
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/eip712"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// typed signs a document as EthereumEip712Signature2021, by types that are generated.
func typed(t *testing.T, i *testissuer.Issuer, doc object) object {
	t.Helper()
	domain := object{"name": "VerifiableCredential", "version": "1", "chainId": number(1)}
	message := with(doc, object{"proof": object{"type": "", "verificationMethod": "", "proofPurpose": "", "created": ""}})
	types, err := eip712.Generate(eip712.TypedData{Primary: "VerifiableCredential", Domain: domain, Message: message})
	if err != nil {
		t.Fatal(err)
	}
	return i.TypedData(doc, types, domain, nil, func(types, domain, message strictjson.Object) [32]byte {
		h, err := eip712.TypedData{Types: types, Primary: "VerifiableCredential", Domain: domain, Message: message}.Hash()
		if err != nil {
			t.Fatal(err)
		}
		return h
	})
}

// Accounts as issuers: by their did:pkh and did:ethr, with typed data and with tokens.
func TestEthereumIssuers(t *testing.T) {
	onPolygon := func(i *testissuer.Issuer) *testissuer.Issuer {
		return i.As("did:ethr:0x89:"+i.Address(), "did:ethr:0x89:"+i.Address()+"#controller")
	}
	for name, as := range map[string]func(*testissuer.Issuer) *testissuer.Issuer{
		"did:pkh": (*testissuer.Issuer).AsDIDPKH, "did:ethr": (*testissuer.Issuer).AsDIDEthr, "did:ethr of a chain": onPolygon,
	} {
		account, recoverable := as(testissuer.Key("ES256K", "account")), as(testissuer.Key("ES256K-R", "account"))
		other := testissuer.Key("ES256K", "other").As(account.ID, account.Kid)
		good := typed(t, account, document1(account.ID))
		data := func(edit func(o object)) string {
			o := strictjson.Clone(good).(object)
			if edit != nil {
				edit(o)
			}
			return string(strictjson.Encode(o))
		}
		token := func(i *testissuer.Issuer, header object) string {
			return i.JWT(with(object{"typ": "vc+jwt"}, header), with(document2(i.ID), object{"iat": number(issued)}))
		}
		spoken := strings.Split(token(account, nil), ".")
		spoken[1] = strings.Split(account.JWT(nil, with(document2(account.ID), object{"name": "x"})), ".")[1]
		delegate := alice.jws(object{"typ": "vc+jwt", "kid": account.ID + "#delegate-1"}, strictjson.Encode(document2(account.ID)))
		regs := registry(entity(account.ID, nil))
		keyed := func(more object) []wire.Registry {
			return registry(entity(account.ID, object{"keys": []any{with(object{"kid": "#key", "jwk": account.JWK}, more)}}))
		}
		t.Run(name, func(t *testing.T) {
			runAttempts(t, []attempt{
				{"typed data", trial{input: data(nil), regs: regs}, "accepted"},
				{"typed data, claim changed", trial{input: data(func(o object) { o.Object("credentialSubject")["degree"] = "Master" }), regs: regs}, "rejected proof bad_signature"},
				{"typed data, claim added", trial{input: data(func(o object) { o.Object("credentialSubject")["honours"] = "yes" }), regs: regs}, "rejected proof not_signed"},
				{"typed data, validity added", trial{input: data(func(o object) { o["expirationDate"] = "2030-01-01T00:00:00Z" }), regs: regs}, "rejected proof not_signed"},
				{"typed data, types at a URI", trial{input: data(func(o object) { o.Object("proof").Object("eip712")["types"] = "https://a.example" }), regs: regs}, "undetermined proof unsupported_proof"},
				{"typed data, another purpose", trial{input: data(func(o object) { o.Object("proof")["proofPurpose"] = "authentication" }), regs: regs}, "rejected proof proof_purpose"},
				{"typed data by another account", trial{input: string(strictjson.Encode(typed(t, other, document1(account.ID)))), regs: regs}, "rejected proof bad_signature"},
				{"typed data by a method that the DID has not", trial{input: data(func(o object) { o.Object("proof")["verificationMethod"] = account.ID + "#x" }), regs: regs}, "rejected key key_not_found"},
				{"typed data that nobody trusts", trial{input: data(nil)}, "undetermined trust no_trust_anchor"},
				{"typed data in another's name", trial{input: string(strictjson.Encode(typed(t, account, document1(alice.didKey())))), regs: trusted}, "rejected binding key_of_another"},
				{"ES256K", trial{input: token(account, nil), regs: regs}, "accepted"},
				{"ES256K without a kid", trial{input: token(account, object{"kid": nil}), regs: regs}, "accepted"},
				{"ES256K by another account", trial{input: token(other, nil), regs: regs}, "rejected proof bad_signature"},
				{"ES256K, other claims", trial{input: strings.Join(spoken, "."), regs: regs}, "rejected proof bad_signature"},
				{"ES256K-R", trial{input: token(recoverable, nil), regs: registry(entity(recoverable.ID, nil))}, "accepted"},
				{"ES256K-R without a kid", trial{input: token(recoverable, object{"kid": nil}), regs: registry(entity(recoverable.ID, nil))}, "accepted"},
				{"ES256K-R that says ES256K", trial{input: token(recoverable, object{"alg": "ES256K"}), regs: registry(entity(recoverable.ID, nil))}, "rejected proof bad_signature"},
				{"ES256K that says ES256K-R", trial{input: token(account, object{"alg": "ES256K-R"}), regs: regs}, "rejected proof bad_signature"},
				{"the registry holds the key of the account as compromised", trial{input: data(nil), regs: keyed(object{"state": "compromised"})}, "rejected binding key_revoked"},
				{"the registry held the key until later", trial{input: data(nil), regs: keyed(object{"until": "2026-06-01T00:00:00Z", "state": "retired"})}, "accepted"},
				{"the registry held the key until before", trial{input: data(nil), regs: keyed(object{"until": "2026-01-01T00:00:00Z", "state": "retired"})}, "rejected binding key_retired"},
				{"a delegate that the registry has", trial{input: delegate, regs: registry(entity(account.ID, object{"keys": []any{key(account.ID+"#delegate-1", alice, nil)}}))}, "accepted"},
				{"a delegate that nobody has", trial{input: delegate, regs: regs}, "rejected key key_not_found"},
			})
		})
	}
}

// A did:webvh as an issuer: its log is asked for, and read at the time of signing.
func TestWebVHIssuer(t *testing.T) {
	update := testissuer.Key("EdDSA", "update").AsDIDKey()
	first, second := testissuer.Key("ES256", "first"), testissuer.Key("ES256", "second")
	keys := object{"updateKeys": []any{update.Multikey()}}
	l := &testissuer.Log{}
	l.Add(testissuer.Version{Time: "2024-01-01T00:00:00Z", Location: "issuer.example", Parameters: keys, State: testissuer.Assertion(first), Signer: update})
	l.Add(testissuer.Version{Time: "2025-06-01T00:00:00Z", Location: "issuer.example", Parameters: object{}, State: testissuer.Assertion(second), Signer: update})
	gone := *l // Add makes a list of its own
	gone.Entries = gone.Entries[:2:2]
	gone.Add(testissuer.Version{Time: "2026-02-01T00:00:00Z", Location: "issuer.example", Parameters: object{"deactivated": true}, State: testissuer.Assertion(second), Signer: update})
	watched := &testissuer.Log{}
	watched.Add(testissuer.Version{Time: "2024-01-01T00:00:00Z", Location: "issuer.example", Signer: update, State: testissuer.Assertion(first),
		Parameters: with(keys, object{"witness": object{"threshold": number(1), "witnesses": []any{object{"id": update.ID}}}})})
	const logURL, witnessURL = "https://issuer.example/.well-known/did.jsonl", "https://issuer.example/.well-known/did-witness.json"
	files := func(l *testissuer.Log) map[string]string { return map[string]string{logURL: string(l.JSONL())} }
	with2 := func(m map[string]string, url string, v any) map[string]string {
		m[url] = string(strictjson.Encode(v))
		return m
	}
	token := func(l *testissuer.Log, k *testissuer.Issuer, iat string) string {
		at := map[string]int64{"2024": 1718000000, "2025": 1750000000, "2026": 1771500000, "2023": 1690000000}[iat]
		doc := with(document2(l.DID), object{"validFrom": nil, "iat": number(at)})
		return testissuer.Key(k.Alg, map[*testissuer.Issuer]string{first: "first", second: "second"}[k]).As(l.DID, l.DID+"#key").JWT(object{"typ": "vc+jwt"}, doc)
	}
	regs := registry(entity(l.DID, nil))
	changed := strings.Replace(string(l.JSONL()), "2025-06-01", "2025-07-01", 1)
	runAttempts(t, []attempt{
		{"signed by the key of then", trial{input: token(l, first, "2024"), regs: regs, docs: files(l)}, "accepted"},
		{"signed by the key of now", trial{input: token(l, second, "2026"), regs: regs, docs: files(l)}, "accepted"},
		{"signed by the old key, when it was no more", trial{input: token(l, first, "2026"), regs: regs, docs: files(l)}, "rejected proof bad_signature"},
		{"signed by the new key, before it was there", trial{input: token(l, second, "2024"), regs: regs, docs: files(l)}, "rejected proof bad_signature"},
		{"signed before the DID was there", trial{input: token(l, first, "2023"), regs: regs, docs: files(l)}, "rejected key did_not_in_force"},
		{"signed before the DID was deactivated", trial{input: token(l, second, "2025"), regs: regs, docs: files(&gone)}, "accepted"},
		{"signed after the DID was deactivated", trial{input: token(l, second, "2026"), regs: regs, docs: files(&gone)}, "rejected key did_deactivated"},
		{"a log that was changed", trial{input: token(l, second, "2026"), regs: regs, docs: map[string]string{logURL: changed}}, "rejected key invalid_did_log"},
		{"a log that is none", trial{input: token(l, second, "2026"), regs: regs, docs: map[string]string{logURL: "{}"}}, "rejected key malformed_did_log"},
		{"the log of another DID", trial{input: token(l, second, "2026"), regs: regs, docs: with2(files(watched), witnessURL, []any{watched.Witness(0, update)})}, "rejected key malformed_key_document"},
		{"no log", trial{input: token(l, second, "2026"), regs: regs}, "undetermined key key_unavailable"},
		{"witnessed", trial{input: token(watched, first, "2024"), regs: registry(entity(watched.DID, nil)), docs: with2(files(watched), witnessURL, []any{watched.Witness(0, update)})}, "accepted"},
		{"not witnessed", trial{input: token(watched, first, "2024"), regs: registry(entity(watched.DID, nil)), docs: with2(files(watched), witnessURL, []any{})}, "rejected key did_not_witnessed"},
		{"no word of the witnesses", trial{input: token(watched, first, "2024"), regs: registry(entity(watched.DID, nil)), docs: files(watched)}, "undetermined key key_unavailable"},
		{"nobody trusts the DID, so nobody is asked for its log", trial{input: token(l, second, "2026"), regs: trusted}, "rejected key issuer_not_in_registry"},
	})
}

// MUSTS row 22: a credential that was signed while a key was valid verifies by the
// registry's history of a did:web's keys; what was signed after does not. Today's
// document of the DID has another key, and is not asked for.
func TestMust22KeyHistory(t *testing.T) {
	const web = "did:web:issuer.example"
	history := registry(entity(web, object{"keys": []any{
		key(web+"#2024", alice, object{"from": "2024-01-01T00:00:00Z", "until": "2025-06-01T00:00:00Z", "state": "retired"}),
		key(web+"#2025", other, object{"from": "2025-05-01T00:00:00Z"}),
	}}))
	token := func(s *signer, name string, iat int64) string {
		return s.jws(object{"typ": "vc+jwt", "kid": web + name}, strictjson.Encode(with(document2(web), object{"validFrom": nil, "iat": number(iat)})))
	}
	const in2024, in2026 = 1718000000, 1771500000
	runAttempts(t, []attempt{
		{"the retired key, while it was valid", trial{input: token(alice, "#2024", in2024), regs: history}, "accepted"},
		{"the retired key, after", trial{input: token(alice, "#2024", in2026), regs: history}, "rejected binding key_retired"},
		{"the new key, now", trial{input: token(other, "#2025", in2026), regs: history}, "accepted"},
		{"the new key, before", trial{input: token(other, "#2025", in2024), regs: history}, "rejected binding key_not_yet_valid"},
		{"another key under the retired one's name", trial{input: token(mallory, "#2024", in2024), regs: history}, "rejected proof bad_signature"},
	})
}
