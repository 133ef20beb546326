package main

import (
	"strings"

	"github.com/verilith/verilith/wasm/internal/eip712"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// ethereums are accounts as issuers, sign-ins, and the DIDs with which they came: did:pkh,
// did:ethr, did:peer and did:webvh.
func ethereums(all map[string]spec) {
	for name, as := range map[string]func(*testissuer.Issuer) *testissuer.Issuer{
		"did-pkh": (*testissuer.Issuer).AsDIDPKH, "did-ethr": (*testissuer.Issuer).AsDIDEthr,
	} {
		account, recoverable := as(testissuer.Key("ES256K", "account")), as(testissuer.Key("ES256K-R", "account"))
		put := func(what string, s spec) { mustName(all, what, s) }
		good := typedData(account, account.ID)
		put("ethereum-eip712_"+name+"_valid", verifying(good, withoutKey(account)))
		put("ethereum-eip712_"+name+"_byte-changed", verifying(change(good), withoutKey(account)))
		put("ethereum-eip712_"+name+"_claim-added", verifying(strings.Replace(good, `"issuer":`, `"name":"x","issuer":`, 1), withoutKey(account)))
		put("ethereum-eip712_"+name+"_signature-of-another", verifying(typedData(testissuer.Key("ES256K", "another").As(account.ID, account.Kid), account.ID), withoutKey(account)))
		put("vc+jwt_ES256K_"+name+"_valid", verifying(vcJOSE(account, nil, nil), withoutKey(account)))
		put("vc+jwt_ES256K-R_"+name+"_valid", verifying(vcJOSE(recoverable, nil, nil), withoutKey(recoverable)))
	}
	peer := testissuer.Key("EdDSA", "issuer")
	peer.As("did:peer:2.A"+peer.Multikey(), "did:peer:2.A"+peer.Multikey()+"#key-1")
	mustName(all, "vc+jwt_EdDSA_did-peer_valid", verifying(vcJOSE(peer, nil, nil), withoutKey(peer)))
	histories(all)
	signIns(all)
}

// typedData is a credential of VCDM 1.1 with an EthereumEip712Signature2021 proof.
func typedData(i *testissuer.Issuer, issuer string) string {
	doc := document1(issuer)
	domain := strictjson.Object{"name": "VerifiableCredential", "version": "1", "chainId": number(1)}
	message := with(doc, strictjson.Object{"proof": strictjson.Object{"type": "", "verificationMethod": "", "proofPurpose": "", "created": ""}})
	types, err := eip712.Generate(eip712.TypedData{Primary: "VerifiableCredential", Domain: domain, Message: message})
	if err != nil {
		panic(err)
	}
	return string(strictjson.Encode(i.TypedData(doc, types, domain, nil, func(types, domain, message strictjson.Object) [32]byte {
		h, err := eip712.TypedData{Types: types, Primary: "VerifiableCredential", Domain: domain, Message: message}.Hash()
		if err != nil {
			panic(err)
		}
		return h
	})))
}

// histories are did:webvh issuers, at the time of two versions of theirs.
func histories(all map[string]spec) {
	update, witness := testissuer.Key("EdDSA", "update").AsDIDKey(), testissuer.Key("EdDSA", "witness").AsDIDKey()
	first, second := testissuer.Key("EdDSA", "first"), testissuer.Key("EdDSA", "second")
	l := &testissuer.Log{}
	l.Add(testissuer.Version{Time: "2024-01-01T00:00:00Z", Location: "issuer.example", Signer: update, State: testissuer.Assertion(first),
		Parameters: strictjson.Object{"updateKeys": []any{update.Multikey()},
			"witness": strictjson.Object{"threshold": number(1), "witnesses": []any{strictjson.Object{"id": witness.ID}}}}})
	l.Add(testissuer.Version{Time: "2026-06-01T00:00:00Z", Location: "issuer.example", Signer: update, State: testissuer.Assertion(second), Parameters: strictjson.Object{}})
	files := map[string]string{
		"https://issuer.example/.well-known/did.jsonl":        string(l.JSONL()),
		"https://issuer.example/.well-known/did-witness.json": string(strictjson.Encode([]any{l.Witness(1, witness)})),
	}
	first.As(l.DID, l.DID+"#key")
	second.As(l.DID, l.DID+"#key")
	put := func(what string, i *testissuer.Issuer, edit func(files map[string]string)) {
		s := verifying(vcJOSE(i, nil, nil), withoutKey(i))
		s.docs = map[string]string{}
		for url, body := range files {
			s.docs[url] = body
		}
		edit(s.docs)
		mustName(all, "vc+jwt_EdDSA_did-webvh_"+what, s)
	}
	put("valid", first, func(map[string]string) {})
	put("key-of-later", second, func(map[string]string) {})
	put("not-witnessed", first, func(files map[string]string) {
		files["https://issuer.example/.well-known/did-witness.json"] = "[]"
	})
	put("entry-changed", first, func(files map[string]string) {
		url := "https://issuer.example/.well-known/did.jsonl"
		files[url] = strings.Replace(files[url], "2026-06-01", "2026-06-02", 1)
	})
	put("needs-witnesses", first, func(files map[string]string) { delete(files, "https://issuer.example/.well-known/did-witness.json") })
	put("needed", first, func(files map[string]string) { clear(files) })
}

// signIns are messages of ERC-4361.
func signIns(all map[string]spec) {
	i := testissuer.Key("ES256K", "account")
	parsed, err := keys.ParseAddress(i.Address(), false)
	if err != nil {
		panic(err)
	}
	address := parsed.String()
	message := "https://service.example wants you to sign in with your Ethereum account:\n" + address +
		"\n\nI accept.\n\nURI: https://service.example/login\nVersion: 1\nChain ID: 1\nNonce: 32891756abc\nIssued At: 2026-11-22T09:59:00Z" +
		"\nExpiration Time: 2026-11-22T10:05:00Z\nRequest ID: 42\nResources:\n- urn:x:y"
	put := func(what, message, signature string, expect *wire.Expect) {
		s := spec{req: wire.Request{Verilith: wire.Contract, Op: wire.OpSignIn, Now: now, Expect: expect},
			input: strictjson.Encode(strictjson.Object{"message": message, "signature": signature})}
		mustName(all, "signin_"+what, s)
	}
	asked := &wire.Expect{Nonce: "32891756abc", Audience: []string{"service.example"}, SignIn: &wire.ExpectSignIn{ChainID: 1}}
	good := i.PersonalSign(message)
	put("valid", message, good, asked)
	put("another-domain", message, good, &wire.Expect{Nonce: "32891756abc", Audience: []string{"other.example"}})
	put("another-nonce", message, good, &wire.Expect{Nonce: "12345678", Audience: []string{"service.example"}})
	put("nothing-asked", message, good, nil)
	put("byte-changed", strings.Replace(message, "accept", "except", 1), good, asked)
	put("signature-of-another", message, testissuer.Key("ES256K", "another").PersonalSign(message), asked)
	put("contract-account", message, good+"00", asked)
	put("no-checksum", strings.Replace(message, address, i.Address(), 1), good, asked)
	put("not-of-the-grammar", message+"\n", good, asked)
	put("no-message", "", good, asked)
	expired := strings.Replace(message, "10:05:00Z", "10:00:00Z", 1)
	put("expired", expired, i.PersonalSign(expired), asked)
}
