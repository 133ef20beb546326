package did

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/multiformats/go-multibase"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// materials are the members that hold a public key.
var materials = []string{"publicKeyJwk", "publicKeyMultibase", "publicKeyBase58", "publicKeyHex", "publicKeyPem", "publicKeyBase64"}

// methodTypes are the types of verification method that are known: the type of key, if
// they are for one only, and the members in which they may hold it. The first two are
// those of CID Section 2.2.2 and 2.2.3, the others those of the signature suites before
// it, which documents in the field still have.
var methodTypes = map[string]struct {
	key   string
	forms []string
}{
	"Multikey":                          {"", materials[1:2]},
	"JsonWebKey":                        {"", materials[:1]},
	"JsonWebKey2020":                    {"", materials[:1]},
	"Ed25519VerificationKey2020":        {keys.TypeEd25519, materials[1:2]},
	"Ed25519VerificationKey2018":        {keys.TypeEd25519, materials[:3]},
	"EcdsaSecp256k1VerificationKey2019": {keys.TypeSecp256k1, materials[:4]},
	"Secp256k1VerificationKey2018":      {keys.TypeSecp256k1, materials[:4]},
	"EcdsaSecp256k1RecoveryMethod2020":  {keys.TypeSecp256k1, materials[:4]},
	"EcdsaSecp256r1VerificationKey2019": {keys.TypeP256, materials[:4]},
	"P256Key2021":                       {keys.TypeP256, materials[:3]},
	"P384Key2021":                       {keys.TypeP384, materials[:3]},
	"P521Key2021":                       {keys.TypeP521, materials[:3]},
	"RsaVerificationKey2018":            {keys.TypeRSA, materials[:1]},
}

// maxBare bounds a key as bare octets in text: an uncompressed point of P-521 in
// hexadecimal takes 266 characters.
const maxBare = 512

// readKey reads a method's public key, CID Section 2.2.1.
func readKey(o strictjson.Object, methodType, member string) (*keys.Key, *Error) {
	var form string
	for _, name := range o.Names() {
		if strings.HasPrefix(name, "privateKey") || strings.HasPrefix(name, "secretKey") {
			return nil, fail(PrivateKey, member+"."+name, "the document publishes a private key")
		}
		if slices.Contains(materials, name) {
			if form != "" { // "MUST NOT contain multiple verification material properties"
				return nil, fail(MalformedDocument, member, "both %s and %s", form, name)
			}
			form = name
		}
	}
	t, ok := methodTypes[methodType]
	account, hasAccount, err := readAccount(o, member)
	switch {
	case hasAccount && ok && form == "" && t.key == keys.TypeSecp256k1:
		return account, err
	case !ok:
		return nil, fail(UnsupportedKey, member+".type", "%.60q is not known", methodType)
	case form == "":
		return nil, fail(Reason(keys.Malformed), member, "no public key")
	case !slices.Contains(t.forms, form):
		return nil, fail(UnsupportedKey, member+"."+form, "not where a %s has its key", methodType)
	}
	member += "." + form
	k, e := readMaterial(o[form], form, t.key)
	if e != nil {
		return nil, fromKey(member, e)
	}
	if account != nil && k.Type() == keys.TypeSecp256k1 && !k.Same(account) {
		return nil, fail(Reason(keys.Malformed), member, "the key is not that of the method's account")
	}
	if t.key != "" && k.Type() != t.key {
		return nil, fail(Reason(keys.Malformed), member, "a key of type %s in a %s", k.Type(), methodType)
	}
	return k, nil
}

// readAccount reads the account that a method may have in place of a key, or beside it:
// blockchainAccountId, or ethereumAddress of older documents.
func readAccount(o strictjson.Object, member string) (*keys.Key, bool, *Error) {
	for _, name := range []string{"blockchainAccountId", "ethereumAddress"} {
		if !o.Has(name) {
			continue
		}
		path := member + "." + name
		text := o.String(name)
		if name == "ethereumAddress" {
			text = "eip155:1:" + text
		}
		a, ok := parseAccountID(text)
		if !ok {
			return nil, true, fail(Reason(keys.Malformed), path, "%.80q, want an account of CAIP-10", o.String(name))
		}
		k, err := accountKey(a, path)
		return k, true, err
	}
	return nil, false, nil
}

func readMaterial(v any, form, keyType string) (*keys.Key, error) {
	if form == "publicKeyJwk" {
		jwk, ok := v.(strictjson.Object)
		if !ok {
			return nil, &keys.Error{Reason: keys.Malformed, Detail: "want an object"}
		}
		return keys.FromJWK(jwk)
	}
	s, ok := v.(string)
	if !ok || s == "" {
		return nil, &keys.Error{Reason: keys.Malformed, Detail: "want a string that is not empty"}
	}
	if form == "publicKeyMultibase" {
		return keys.FromMultikey(s)
	}
	if len(s) > maxBare {
		return nil, &keys.Error{Reason: keys.KeyTooLarge, Detail: fmt.Sprintf("%d characters, want at most %d", len(s), maxBare)}
	}
	var raw []byte
	var err error
	if form == "publicKeyHex" {
		raw, err = hex.DecodeString(s)
	} else {
		_, raw, err = multibase.Decode(string(rune(multibase.Base58BTC)) + s)
	}
	if err != nil {
		return nil, &keys.Error{Reason: keys.Malformed, Detail: err.Error()}
	}
	return keys.FromBytes(keyType, raw)
}
