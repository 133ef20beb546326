package did

import (
	"strings"
	"testing"

	"github.com/multiformats/go-multibase"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

const (
	checksummed = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed" // an example of ERC-55
	lower       = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
	wrongSum    = "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
)

// summary is a document's methods in a line each.
func summary(d *Document) string {
	var lines []string
	for _, m := range d.Methods("") {
		key := "none"
		if m.Key != nil {
			key = m.Key.Type()
		}
		lines = append(lines, strings.TrimPrefix(m.ID, d.ID)+" "+m.Type+" "+key+" "+strings.Join(m.Purposes, ","))
	}
	return strings.Join(lines, "\n")
}

func TestAccountsAndPeers(t *testing.T) {
	ed, k1 := testissuer.Key("EdDSA", "peer"), testissuer.Key("ES256K", "ethr")
	point, err := multibase.Encode(multibase.Base16, nil)
	if err != nil || point != "f" {
		t.Fatal(err)
	}
	_, raw, err := multibase.Decode(k1.Multikey())
	if err != nil {
		t.Fatal(err)
	}
	public, err := multibase.Encode(multibase.Base16, raw[2:])
	if err != nil {
		t.Fatal(err)
	}
	public = "0x" + public[1:]
	const account = "EcdsaSecp256k1RecoveryMethod2020 eip155 authentication,assertionMethod"
	signs := "authentication,assertionMethod,capabilityInvocation,capabilityDelegation"
	x25519 := "z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F"
	four := func(edit func(o strictjson.Object)) string {
		o := strictjson.Object{
			"verificationMethod": []any{strictjson.Object{"id": "#key-1", "type": "Multikey", "publicKeyMultibase": ed.Multikey()}},
			"assertionMethod":    []any{"#key-1"},
			"authentication":     []any{strictjson.Object{"id": "#key-2", "type": "Multikey", "controller": "did:example:other", "publicKeyMultibase": k1.Multikey()}},
		}
		if edit != nil {
			edit(o)
		}
		text, err := multibase.Encode(multibase.Base58BTC, append([]byte{0x80, 0x04}, strictjson.Encode(o)...))
		if err != nil {
			t.Fatal(err)
		}
		return "did:peer:4z" + testissuer.Multihash([]byte(text)) + ":" + text
	}
	for _, tt := range []struct {
		did, want string
		reason    Reason
	}{
		{"did:pkh:eip155:1:" + checksummed, "#blockchainAccountId " + account, ""},
		{"did:pkh:eip155:1:" + lower, "#blockchainAccountId " + account, ""},
		{"did:pkh:eip155:137:" + lower, "#blockchainAccountId " + account, ""},
		{"did:pkh:eip155:1:" + wrongSum, "", Reason(keys.Malformed)},
		{"did:pkh:eip155:1:" + lower[:40], "", Reason(keys.Malformed)},
		{"did:pkh:eip155:01:" + lower, "", Reason(keys.Malformed)},
		{"did:pkh:eip155:x:" + lower, "", Reason(keys.Malformed)},
		{"did:pkh:eip155:" + lower, "", MalformedDID},
		{"did:pkh:eth:" + lower, "", MalformedDID},
		{"did:pkh:EIP155:1:" + lower, "", MalformedDID},
		{"did:pkh:eip155:1:" + lower + ":x", "", MalformedDID},
		{"did:pkh:bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6", "", UnsupportedKey},
		{"did:pkh:solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ:CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPqToJ4LBdvG9Ev", "", UnsupportedKey},

		{"did:ethr:" + checksummed, "#controller " + account, ""},
		{"did:ethr:" + lower, "#controller " + account, ""},
		{"did:ethr:sepolia:" + lower, "#controller " + account, ""},
		{"did:ethr:0x89:" + lower, "#controller " + account, ""},
		{"did:ethr:linea:sepolia:" + lower, "#controller " + account, ""},
		{"did:ethr:" + public, "#controller " + account + "\n#controllerKey EcdsaSecp256k1VerificationKey2019 secp256k1 authentication,assertionMethod", ""},
		{"did:ethr:" + public[:len(public)-1], "", Reason(keys.Malformed)},
		{"did:ethr:0x05" + public[4:], "", Reason(keys.Malformed)},
		{"did:ethr:zz" + public[2:], "", Reason(keys.Malformed)},
		{"did:ethr:" + wrongSum, "", Reason(keys.Malformed)},
		{"did:ethr::" + lower, "", MalformedDID},
		{"did:ethr:a::" + lower, "", MalformedDID},
		{"did:ethr:mainnet", "", Reason(keys.Malformed)},

		{"did:peer:0" + ed.Multikey(), "#" + ed.Multikey() + " Multikey Ed25519 " + signs, ""},
		{"did:peer:0x" + ed.Multikey(), "", Reason(keys.Malformed)},
		{"did:peer:0" + x25519, "", UnsupportedKey},
		{"did:peer:2.V" + ed.Multikey() + ".E" + x25519 + ".A" + k1.Multikey() + ".SeyJ0IjoiZG0ifQ",
			"#key-1 Multikey Ed25519 authentication\n#key-2 Multikey none keyAgreement\n#key-3 Multikey secp256k1 assertionMethod", ""},
		{"did:peer:2", "", MalformedDID},
		{"did:peer:2.", "", MalformedDID},
		{"did:peer:2..V" + ed.Multikey(), "", MalformedDID},
		{"did:peer:2V" + ed.Multikey(), "", MalformedDID},
		{"did:peer:2.X" + ed.Multikey(), "", MalformedDID},
		{"did:peer:2.Vu7QEt", "", MalformedDID},
		{"did:peer:2.V" + ed.Multikey() + ".SeyJ0IjoiZG0ifR", "", MalformedDID}, // base64 with bits left over
		{four(nil), "#key-1 Multikey Ed25519 assertionMethod\n#key-2 Multikey secp256k1 authentication", ""},
		{four(func(o strictjson.Object) { o["id"] = "did:example:x" }), "", MalformedDocument},
		{four(func(o strictjson.Object) { o["assertionMethod"] = "x" }), "", MalformedDocument},
		{strings.Replace(four(nil), ":4zQm", ":4zQn", 1), "", WrongDocument},
		{four(nil) + "1", "", WrongDocument},
		{strings.Join(strings.Split(four(nil), ":")[:3], ":"), "", UnsupportedMethod},
		{"did:peer:1zQmZMygzYqNwU6Uhmewx5Xepf2VLp5S4HLSwwgf2aiKZuwa", "", UnsupportedMethod},
		{"did:peer:3zQmS19jtYDvGtKVrJhQnRFpBQAx3pJ9omx2HpNrcXFuRCz9", "", UnsupportedMethod},
		{"did:peer:5z", "", MalformedDID},
	} {
		t.Run(tt.did[:min(len(tt.did), 60)], func(t *testing.T) {
			d, err := Resolve(tt.did, nil)
			wantReason(t, err, tt.reason)
			if err == nil {
				if got := summary(d); got != tt.want {
					t.Errorf("%s\nwant %s", got, tt.want)
				}
				if !SelfContained(tt.did) {
					t.Error("is not said to hold its document")
				}
			}
		})
	}
	for _, did := range []string{"did:web:a.example", "did:webvh:x:a.example", "did:example:x", "", "https://a.example"} {
		if SelfContained(did) {
			t.Errorf("%s is said to hold its document", did)
		}
	}
}

// A method may name an account in place of a key, or beside the key that it is of.
func TestAccountMethods(t *testing.T) {
	k1, other := testissuer.Key("ES256K", "k1"), testissuer.Key("ES256K", "other")
	for _, tt := range []struct {
		name string
		vm   strictjson.Object
		typ  string
		want Reason
	}{
		{"an account", strictjson.Object{"type": accountMethod, "blockchainAccountId": "eip155:1:" + k1.Address()}, keys.TypeAccount, ""},
		{"an account as CAIP-10 had it first", strictjson.Object{"type": accountMethod, "blockchainAccountId": k1.Address() + "@eip155:1"}, keys.TypeAccount, ""},
		{"an address of older documents", strictjson.Object{"type": "Secp256k1VerificationKey2018", "ethereumAddress": k1.Address()}, keys.TypeAccount, ""},
		{"an account in a key's method", strictjson.Object{"type": "EcdsaSecp256k1VerificationKey2019", "blockchainAccountId": "eip155:1:" + k1.Address()}, keys.TypeAccount, ""},
		{"a key and its account", strictjson.Object{"type": accountMethod, "publicKeyJwk": k1.JWK, "blockchainAccountId": "eip155:1:" + k1.Address()}, keys.TypeSecp256k1, ""},
		{"a key and another's account", strictjson.Object{"type": accountMethod, "publicKeyJwk": k1.JWK, "blockchainAccountId": "eip155:1:" + other.Address()}, "", Reason(keys.Malformed)},
		{"a key and an account of another namespace", strictjson.Object{"type": accountMethod, "publicKeyJwk": k1.JWK, "blockchainAccountId": "cosmos:cosmoshub-3:cosmos1t2uf"}, keys.TypeSecp256k1, ""},
		{"an account of another namespace", strictjson.Object{"type": accountMethod, "blockchainAccountId": "cosmos:cosmoshub-3:cosmos1t2uf"}, "", UnsupportedKey},
		{"no account", strictjson.Object{"type": accountMethod, "blockchainAccountId": "eip155:1:0x0"}, "", Reason(keys.Malformed)},
		{"no text", strictjson.Object{"type": accountMethod, "blockchainAccountId": strictjson.Number("1")}, "", Reason(keys.Malformed)},
		{"an account for another kind of key", strictjson.Object{"type": "JsonWebKey", "blockchainAccountId": "eip155:1:" + k1.Address()}, "", Reason(keys.Malformed)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := document()
			tt.vm["id"], tt.vm["controller"] = "#x", subject
			o["assertionMethod"] = append(o.Array("assertionMethod"), tt.vm)
			d, err := ParseDocument(subject, o)
			if err != nil {
				t.Fatal(err)
			}
			m, err := d.Method("#x", "assertionMethod")
			wantReason(t, err, tt.want)
			if err == nil && m.Key.Type() != tt.typ {
				t.Errorf("a key of type %s, want %s", m.Key.Type(), tt.typ)
			}
		})
	}
}
