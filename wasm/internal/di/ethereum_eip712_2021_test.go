package di

import (
	"encoding/hex"
	"math/big"
	"testing"

	"github.com/verilith/verilith/wasm/internal/eip712"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

var ethereumDomain = strictjson.Object{"name": "VerifiableCredential", "version": "1", "chainId": strictjson.Number("1")}

func ethereumDocument() strictjson.Object {
	return strictjson.Object{
		"@context":          []any{"https://www.w3.org/2018/credentials/v1"},
		"type":              []any{"VerifiableCredential"},
		"issuer":            "did:pkh:eip155:1:0x0",
		"credentialSubject": strictjson.Object{"degree": "Bachelor"},
	}
}

// signedTypedData signs a document by generated types. edit changes it before it is signed.
func signedTypedData(t *testing.T, i *testissuer.Issuer, edit func(doc, types, domain, options strictjson.Object)) strictjson.Object {
	doc, domain, options := ethereumDocument(), ethereumDomain.Without(), strictjson.Object{}
	message := doc.Without()
	message["proof"] = strictjson.Object{"type": "", "verificationMethod": "", "proofPurpose": "", "created": ""}
	types, err := eip712.Generate(eip712.TypedData{Primary: "VerifiableCredential", Domain: domain, Message: message})
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		edit(doc, types, domain, options)
	}
	return i.TypedData(doc, types, domain, options, func(types, domain, message strictjson.Object) [32]byte {
		h, err := eip712.TypedData{Types: types, Primary: "VerifiableCredential", Domain: domain, Message: message}.Hash()
		if err != nil {
			return [32]byte{} // what cannot be hashed is not signed
		}
		return h
	})
}

func TestEthereumEip712Signature2021(t *testing.T) {
	issuer, other := testissuer.Key("ES256K", "eip712").AsDIDPKH(), testissuer.Key("ES256K", "another").AsDIDPKH()
	address, _ := keyOf(t, issuer).Address()
	account := keys.FromAddress(address)
	named := func(types strictjson.Object, typ, name, is string) {
		types[typ] = append(types.Array(typ), strictjson.Object{"name": name, "type": is})
	}
	moved := func(_, types, domain, options strictjson.Object) {
		options["eip712Domain"] = strictjson.Object{"messageSchema": types, "domain": domain, "primaryType": "VerifiableCredential"}
	}
	for _, tt := range []struct {
		name   string
		before func(doc, types, domain, options strictjson.Object)
		after  func(doc, proof strictjson.Object)
		want   Reason
	}{
		{name: "valid"},
		{name: "types in messageSchema, as the text has it", before: moved},
		{name: "types generated", after: func(_, p strictjson.Object) { delete(p.Object("eip712"), "types") }},
		{name: "an object more in types, that is not used", before: func(_, types, _, _ strictjson.Object) { types["X"] = []any{} }, want: MalformedProof},
		{name: "a member more that is signed", before: func(doc, types, _, _ strictjson.Object) {
			doc["id"] = "urn:x"
			named(types, "VerifiableCredential", "id", "string")
		}},
		{"claim changed", nil, func(d, _ strictjson.Object) { d.Object("credentialSubject")["degree"] = "Master" }, BadSignature},
		{"issuer changed", nil, func(d, _ strictjson.Object) { d["issuer"] = "did:pkh:eip155:1:0x1" }, BadSignature},
		{"claim added, which no type has", nil, func(d, _ strictjson.Object) { d.Object("credentialSubject")["honours"] = "yes" }, NotSigned},
		{"member added, which no type has", nil, func(d, _ strictjson.Object) { d["validUntil"] = "2030-01-01T00:00:00Z" }, NotSigned},
		{"claim added, and its type", nil, func(d, p strictjson.Object) {
			d.Object("credentialSubject")["honours"] = "yes"
			named(p.Object("eip712").Object("types"), "CredentialSubject", "honours", "string")
		}, BadSignature},
		{"claim taken away", nil, func(d, _ strictjson.Object) { delete(d.Object("credentialSubject"), "degree") }, NotSigned},
		{"claim taken away, and its type", nil, func(d, p strictjson.Object) {
			delete(d.Object("credentialSubject"), "degree")
			p.Object("eip712").Object("types")["CredentialSubject"] = []any{}
		}, BadSignature},
		{"purpose changed", nil, func(_, p strictjson.Object) { p["proofPurpose"] = "authentication" }, BadSignature},
		{"created changed", nil, func(_, p strictjson.Object) { p["created"] = "2026-01-02T03:04:06Z" }, BadSignature},
		{"a proof's member that is not signed", nil, func(_, p strictjson.Object) { p["domain"] = "example.org" }, NotSigned},
		{"a proof's member that is not in its type", func(_, types, _, _ strictjson.Object) {
			types["Proof"] = types.Array("Proof")[1:]
		}, nil, NotSigned},
		{"domain changed", nil, func(_, p strictjson.Object) { p.Object("eip712").Object("domain")["chainId"] = strictjson.Number("5") }, BadSignature},
		{"domain of a member more", nil, func(_, p strictjson.Object) { p.Object("eip712").Object("domain")["salt"] = "0x" }, MalformedProof},
		{"primary type changed", nil, func(_, p strictjson.Object) { p.Object("eip712")["primaryType"] = "CredentialSubject" }, MalformedProof},
		{"member of eip712 that is not known", nil, func(_, p strictjson.Object) { p.Object("eip712")["message"] = strictjson.Object{} }, MalformedProof},
		{"types at a URI", nil, func(_, p strictjson.Object) { p.Object("eip712")["types"] = "https://example.com/schema" }, UnsupportedSuite},
		{"types a list", nil, func(_, p strictjson.Object) { p.Object("eip712")["types"] = []any{} }, MalformedProof},
		{"no types and no domain", nil, func(_, p strictjson.Object) { delete(p, "eip712") }, MalformedProof},
		{"both names", nil, func(_, p strictjson.Object) { p["eip712Domain"] = p["eip712"] }, MalformedProof},
		{"signature of another", nil, func(_, p strictjson.Object) { p["proofValue"] = other.PersonalSign("x") }, BadSignature},
		{"signature of another hash", nil, func(_, p strictjson.Object) { p["proofValue"] = issuer.PersonalSign("x") }, BadSignature},
		{"the higher s", nil, func(_, p strictjson.Object) { p["proofValue"] = higher(t, p.String("proofValue")) }, BadSignature},
		{"signature without 0x", nil, func(_, p strictjson.Object) { p["proofValue"] = p.String("proofValue")[2:] }, MalformedProof},
		{"signature cut", nil, func(_, p strictjson.Object) { p["proofValue"] = p.String("proofValue")[:130] }, MalformedProof},
		{"no signature", nil, func(_, p strictjson.Object) { delete(p, "proofValue") }, MalformedProof},
		{"another type of proof", nil, func(_, p strictjson.Object) { p["type"] = "Eip712Signature2021" }, UnsupportedSuite},
		{"as a DataIntegrityProof, which no text defines", nil, func(_, p strictjson.Object) {
			p["type"], p["cryptosuite"] = "DataIntegrityProof", "EthereumEip712Signature2021"
		}, UnsupportedSuite},
	} {
		t.Run(tt.name, func(t *testing.T) {
			secured := signedTypedData(t, issuer, tt.before)
			if tt.after != nil {
				tt.after(secured, secured.Object("proof"))
			}
			for _, k := range []*keys.Key{keyOf(t, issuer), account} {
				if got := reasonOf(check(secured, k)); got != tt.want {
					t.Errorf("%s: %q (%v), want %q", k.Type(), got, check(secured, k), tt.want)
				}
			}
		})
	}
	secured := signedTypedData(t, issuer, nil)
	if got := reasonOf(check(secured, keyOf(t, other))); got != BadSignature {
		t.Errorf("key of another: %q", got)
	}
	if got := reasonOf(check(secured, keyOf(t, testissuer.Key("ES256", "p256")))); got != WrongKeyType {
		t.Errorf("key of another type: %q", got)
	}
	chained := signedTypedData(t, issuer, nil)
	first := testissuer.Key("EdDSA", "first").As("did:x:y", "did:x:y#1").JCS(ethereumDocument(), strictjson.Object{"id": "urn:first"})
	second := chained.Object("proof").Without()
	second["previousProof"] = "urn:first"
	chained["proof"] = []any{first["proof"], second}
	proofs, err := ParseProofs([]strictjson.Object{first.Object("proof"), second})
	if err != nil {
		t.Fatal(err)
	}
	if got := reasonOf(Verify(chained, proofs, proofs[1], account)); got != MalformedProof {
		t.Errorf("chain: %q", got)
	}
}

// A domain and a primary type that are not there are those of the text, and are signed.
func TestEthereumEip712Defaults(t *testing.T) {
	issuer := testissuer.Key("ES256K", "eip712").AsDIDPKH()
	signed := func(primary string, domain strictjson.Object) strictjson.Object {
		message := ethereumDocument()
		message["proof"] = strictjson.Object{"type": "", "verificationMethod": "", "proofPurpose": "", "created": ""}
		types, err := eip712.Generate(eip712.TypedData{Primary: primary, Domain: domain, Message: message})
		if err != nil {
			t.Fatal(err)
		}
		secured := issuer.TypedData(ethereumDocument(), types, domain, nil, func(types, domain, message strictjson.Object) [32]byte {
			h, err := eip712.TypedData{Types: types, Primary: primary, Domain: domain, Message: message}.Hash()
			if err != nil {
				t.Fatal(err)
			}
			return h
		})
		secured.Object("proof").Object("eip712")["primaryType"] = primary
		return secured
	}
	byDefault, other := strictjson.Object{"name": "EthereumEip712Signature2021"}, strictjson.Object{"name": "Other"}
	for _, tt := range []struct {
		name, primary string
		domain        strictjson.Object
		drop          []string
		want          Reason
	}{
		{"both written", "Document", byDefault, nil, ""},
		{"no domain", "Document", byDefault, []string{"domain"}, ""},
		{"no primary type", "Document", byDefault, []string{"primaryType"}, ""},
		{"neither, and no types", "Document", byDefault, []string{"domain", "primaryType", "types"}, ""},
		{"no domain, and another was signed", "Document", other, []string{"domain"}, BadSignature},
		{"no primary type, and another was signed", "VerifiableCredential", byDefault, []string{"primaryType"}, MalformedProof},
		{"no primary type and no types, and another was signed", "VerifiableCredential", byDefault, []string{"primaryType", "types"}, BadSignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			secured := signed(tt.primary, tt.domain)
			for _, name := range tt.drop {
				delete(secured.Object("proof").Object("eip712"), name)
			}
			if got := reasonOf(check(secured, keyOf(t, issuer))); got != tt.want {
				t.Errorf("%q (%v), want %q", got, check(secured, keyOf(t, issuer)), tt.want)
			}
		})
	}
}

// higher is the other signature that ECDSA has for the same key and hash.
func higher(t *testing.T, value string) string {
	sig, err := hex.DecodeString(value[2:])
	if err != nil {
		t.Fatal(err)
	}
	n, _ := new(big.Int).SetString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16)
	n.Sub(n, new(big.Int).SetBytes(sig[32:64])).FillBytes(sig[32:64])
	sig[64] = 55 - sig[64]
	return "0x" + hex.EncodeToString(sig)
}
