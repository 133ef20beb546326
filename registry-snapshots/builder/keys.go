package builder

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mr-tron/base58"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// maxMethods bounds the verification methods of a document, as the verifier does.
const maxMethods = 100

// relationships are the verification relationships of CID Section 2.3.
var relationships = []string{"authentication", "assertionMethod", "keyAgreement", "capabilityInvocation", "capabilityDelegation"}

// didKeys is what a DID document says of its subject's keys.
type didKeys struct {
	keys        []snapshot.Key
	left        []string // methods that are not taken, and why
	deactivated bool
}

// readDID reads the keys of a DID document that stand under one of the purposes. It
// is less than the verifier's own reading, and no more lenient: a document that this
// refuses would help no verifier.
//
// A method that another controls, or whose key is of a kind that no verifier here
// knows, is left out and named.
func readDID(did string, body []byte, purposes []string) (didKeys, error) {
	var out didKeys
	o, err := strictjson.ParseObject(body)
	if err != nil {
		return out, errorf(BadDocument, did, "%v", err)
	}
	if id, ok := o["id"].(string); !ok || id != did {
		return out, errorf(WrongID, did, "the document is of %.200q", o.String("id"))
	}
	switch v := o["deactivated"]; {
	case v == true:
		out.deactivated = true
		return out, nil
	case v != nil && v != false:
		return out, errorf(BadDocument, did, "deactivated: want true or false")
	}
	methods := map[string]strictjson.Object{}
	var order []string
	add := func(member string, m strictjson.Object) (string, error) {
		id := absolute(did, m.String("id"))
		if id == "" || m.String("type") == "" || m.String("controller") == "" {
			return "", errorf(BadDocument, did, "%s: want methods with id, type and controller", member)
		}
		if methods[id] != nil || len(methods) == maxMethods {
			return "", errorf(BadDocument, did, "%s: %.200q is there twice, or is one of more than %d", member, id, maxMethods)
		}
		for name := range m {
			if strings.HasPrefix(name, "privateKey") || strings.HasPrefix(name, "secretKey") {
				return "", errorf(BadDocument, did, "%.200q publishes a private key", id)
			}
		}
		methods[id] = m
		order = append(order, id)
		return id, nil
	}
	list, err := members(did, o, "verificationMethod")
	if err != nil {
		return out, err
	}
	for _, v := range list {
		m, ok := v.(strictjson.Object)
		if !ok {
			return out, errorf(BadDocument, did, "verificationMethod: want objects")
		}
		if _, err := add("verificationMethod", m); err != nil {
			return out, err
		}
	}
	wanted := map[string]bool{}
	for _, purpose := range relationships {
		list, err := members(did, o, purpose)
		if err != nil {
			return out, err
		}
		for _, v := range list {
			var id string
			switch v := v.(type) {
			case string:
				id = absolute(did, v)
			case strictjson.Object:
				if id, err = add(purpose, v); err != nil {
					return out, err
				}
			}
			if id == "" {
				return out, errorf(BadDocument, did, "%s: want URLs and methods", purpose)
			}
			wanted[id] = wanted[id] || slices.Contains(purposes, purpose)
		}
	}
	for _, id := range order {
		if !wanted[id] {
			continue
		}
		k, why := methodKey(did, id, methods[id])
		if why != "" {
			out.left = append(out.left, id+": "+why)
			continue
		}
		out.keys = append(out.keys, k)
	}
	return out, nil
}

func members(did string, o strictjson.Object, name string) ([]any, error) {
	list := o.Array(name)
	if list == nil && o.Has(name) || len(list) > maxMethods {
		return nil, errorf(BadDocument, did, "%s: want an array of at most %d", name, maxMethods)
	}
	return list, nil
}

// absolute returns a method's id as a DID URL; its base is the document's id.
func absolute(did, id string) string {
	if strings.HasPrefix(id, "#") {
		id = did + id
	}
	if base, fragment, _ := strings.Cut(id, "#"); !strings.HasPrefix(base, "did:") || fragment == "" {
		return ""
	}
	return id
}

// methodKey returns a method as the key of an entity, or why it is none.
func methodKey(did, id string, m strictjson.Object) (k snapshot.Key, why string) {
	if base, _, _ := strings.Cut(id, "#"); base != did {
		return k, "belongs to another document"
	}
	if m.String("controller") != did {
		return k, fmt.Sprintf("is controlled by %.100q", m.String("controller"))
	}
	key, err := material(m)
	if err != nil {
		return k, err.Error()
	}
	k = snapshot.Key{Kid: id, JWK: publicMembers(key)}
	for _, f := range []struct {
		name  string
		state string
	}{{"expires", ""}, {"revoked", snapshot.Revoked}} {
		if !m.Has(f.name) {
			continue
		}
		t, err := time.Parse(time.RFC3339, m.String(f.name))
		if err != nil {
			return k, fmt.Sprintf("%s: %.40q is no time", f.name, m.String(f.name))
		}
		k.Until, k.State = t.UTC().Format(time.RFC3339Nano), f.state
	}
	return k, unfit(did, k)
}

// unfit says why an entity cannot have a key: a name with a character that does not show.
func unfit(id string, k snapshot.Key) string {
	if _, err := (snapshot.Entity{ID: id, Keys: []snapshot.Key{k}}).Normal(); err != nil {
		return err.Error()
	}
	return ""
}

// publicMembers is a key's JWK without the names that it came with: the kid of an
// entity's key is the method's id.
func publicMembers(key *keys.Key) strictjson.Object { return key.JWK().Without("kid") }

// bareTypes are the types of method that hold a key as bare octets, of which octets
// alone do not say what key they are.
var bareTypes = map[string]string{
	"Ed25519VerificationKey2018":        keys.TypeEd25519,
	"EcdsaSecp256k1VerificationKey2019": keys.TypeSecp256k1,
	"Secp256k1VerificationKey2018":      keys.TypeSecp256k1,
	"EcdsaSecp256r1VerificationKey2019": keys.TypeP256,
}

// material reads a method's public key, CID Section 2.2.1: in one form.
func material(m strictjson.Object) (*keys.Key, error) {
	var forms []string
	for _, form := range []string{"publicKeyJwk", "publicKeyMultibase", "publicKeyBase58", "publicKeyHex", "publicKeyPem", "publicKeyBase64"} {
		if m.Has(form) {
			forms = append(forms, form)
		}
	}
	if len(forms) != 1 {
		return nil, fmt.Errorf("has %d public keys, want one", len(forms))
	}
	text := m.String(forms[0])
	bare := bareTypes[m.String("type")]
	switch {
	case forms[0] == "publicKeyJwk":
		jwk := m.Object("publicKeyJwk")
		if jwk == nil {
			return nil, fmt.Errorf("publicKeyJwk is no object")
		}
		return keys.FromJWK(jwk)
	case forms[0] == "publicKeyMultibase":
		return keys.FromMultikey(text)
	case len(text) > 512: // an uncompressed point of P-521 in hexadecimal has 266
		return nil, fmt.Errorf("%s has %d characters, want at most 512", forms[0], len(text))
	case forms[0] == "publicKeyBase58" && bare != "":
		raw, err := base58.Decode(text)
		if err != nil {
			return nil, err
		}
		return keys.FromBytes(bare, raw)
	case forms[0] == "publicKeyHex" && bare != "":
		raw, err := hex.DecodeString(text)
		if err != nil {
			return nil, err
		}
		return keys.FromBytes(bare, raw)
	}
	return nil, fmt.Errorf("%s in a method of type %.60q is not known", forms[0], m.String("type"))
}

// readKeySet reads the keys of a JWK set, RFC 7517 Section 5, under an entity's name.
func readKeySet(member string, set strictjson.Object) (didKeys, error) {
	var out didKeys
	list := set.Array("keys")
	if len(list) == 0 || len(list) > maxMethods {
		return out, errorf(BadDocument, member, "want a JWK set of 1 to %d keys", maxMethods)
	}
	seen := map[string]bool{}
	for i, v := range list {
		jwk, ok := v.(strictjson.Object)
		if !ok {
			return out, errorf(BadDocument, member, "keys[%d] is no object", i)
		}
		key, err := keys.FromJWK(jwk)
		if err != nil {
			out.left = append(out.left, fmt.Sprintf("keys[%d]: %v", i, err))
			continue
		}
		k := snapshot.Key{Kid: jwk.String("kid"), JWK: publicMembers(key)}
		if why := unfit("set", k); why != "" {
			out.left = append(out.left, fmt.Sprintf("keys[%d]: %s", i, why))
			continue
		}
		if name := k.Kid + " " + key.Thumbprint(); !seen[name] {
			seen[name] = true
			out.keys = append(out.keys, k)
		}
	}
	if len(out.keys) == 0 {
		return out, errorf(NoKeys, member, "none of %d keys can be used: %s", len(list), strings.Join(out.left, "; "))
	}
	return out, nil
}
