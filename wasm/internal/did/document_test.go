package did

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/multiformats/go-multibase"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/internal/xsd"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

const subject = "did:example:issuer"

// document is a known-good one: an embedded method, two by reference, and one that no
// relationship names.
func document() strictjson.Object {
	method := func(id, alg string) strictjson.Object {
		return strictjson.Object{"id": subject + id, "type": "JsonWebKey", "controller": subject, "publicKeyJwk": testissuer.Key(alg, id).JWK}
	}
	return strictjson.Object{
		"@context":           []any{"https://www.w3.org/ns/did/v1.1"},
		"id":                 subject,
		"alsoKnownAs":        []any{"https://issuer.example"},
		"verificationMethod": []any{method("#a", "EdDSA"), method("#b", "ES256"), method("#idle", "ES384")},
		"assertionMethod":    []any{subject + "#a", "#b"},
		"authentication":     []any{"#a", method("#login", "ES256K")},
		"service":            []any{strictjson.Object{"id": "#s", "type": "x", "serviceEndpoint": "https://issuer.example"}},
	}
}

// first is the first method of a document.
func first(o strictjson.Object) strictjson.Object {
	return o.Array("verificationMethod")[0].(strictjson.Object)
}

func TestParseDocument(t *testing.T) {
	d, err := ParseDocument(subject, document())
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, m := range d.Methods("") {
		got += fmt.Sprintf("%s %s %v\n", m.ID, m.Key.Type(), m.Purposes)
	}
	want := subject + "#a Ed25519 [authentication assertionMethod]\n" +
		subject + "#b P-256 [assertionMethod]\n" +
		subject + "#idle P-384 []\n" +
		subject + "#login secp256k1 [authentication]\n"
	if got != want {
		t.Errorf("methods:\n%swant:\n%s", got, want)
	}
	if n := len(d.Methods("assertionMethod")); n != 2 {
		t.Errorf("%d methods for assertionMethod", n)
	}
}

func TestParseDocumentRules(t *testing.T) {
	other := testissuer.Key("EdDSA", "other")
	many := func(n int) []any {
		list := make([]any, n)
		for i := range list {
			list[i] = strictjson.Object{"id": fmt.Sprintf("#%d", i), "type": "Unknown", "controller": subject}
		}
		return list
	}
	tests := []struct {
		name string
		edit func(o strictjson.Object)
		want Reason
	}{
		{"known good", nil, ""},
		{"nothing but an id", func(o strictjson.Object) {
			for name := range o {
				if name != "id" {
					delete(o, name)
				}
			}
		}, ""},
		{"lists that are empty", func(o strictjson.Object) { o["verificationMethod"], o["authentication"] = []any{}, []any{} }, ""},
		{"controlled by another", func(o strictjson.Object) { first(o)["controller"] = "did:example:other" }, ""},
		{"a method of another's", func(o strictjson.Object) { first(o)["id"] = "did:example:other#a" }, ""},
		{"a reference elsewhere", func(o strictjson.Object) {
			o["assertionMethod"] = []any{"did:example:other#a", "https://other.example/#b"}
		}, ""},
		{"a reference nowhere", func(o strictjson.Object) { o["assertionMethod"] = []any{"#none"} }, ""},
		{"the same reference twice", func(o strictjson.Object) { o["assertionMethod"] = []any{"#a", "#a"} }, ""},
		{"relative to the DID by a path", func(o strictjson.Object) {
			first(o)["id"] = "/path#a"
			o["assertionMethod"] = []any{subject + "/path#a", "?query", "#b"}
		}, ""},
		{"a controller of the document", func(o strictjson.Object) { o["controller"] = "did:example:other" }, ""},
		{"revoked and expires", func(o strictjson.Object) {
			first(o)["revoked"], first(o)["expires"] = "2026-01-02T03:04:05Z", "2027-01-02T03:04:05.5+01:00"
		}, ""},
		{"not deactivated", func(o strictjson.Object) { o["deactivated"] = false }, ""},
		{"as many methods as may be", func(o strictjson.Object) {
			o["verificationMethod"], o["authentication"] = many(maxMethods), []any{}
		}, ""},

		{"id absent", func(o strictjson.Object) { delete(o, "id") }, WrongDocument},
		{"id of another", func(o strictjson.Object) { o["id"] = "did:example:other" }, WrongDocument},
		{"id with a fragment", func(o strictjson.Object) { o["id"] = subject + "#a" }, WrongDocument},
		{"id in another case", func(o strictjson.Object) { o["id"] = strings.ToUpper(subject) }, WrongDocument},
		{"id not a string", func(o strictjson.Object) { o["id"] = []any{subject} }, WrongDocument},
		{"deactivated", func(o strictjson.Object) { o["deactivated"] = true }, Deactivated},
		{"deactivated, but not as a boolean", func(o strictjson.Object) { o["deactivated"] = "true" }, MalformedDocument},
		{"methods not a list", func(o strictjson.Object) { o["verificationMethod"] = first(o) }, MalformedDocument},
		{"methods null", func(o strictjson.Object) { o["verificationMethod"] = nil }, MalformedDocument},
		{"a method as a string", func(o strictjson.Object) { o["verificationMethod"] = []any{"#a"} }, MalformedDocument},
		{"a relationship that is no list", func(o strictjson.Object) { o["assertionMethod"] = "#a" }, MalformedDocument},
		{"a relationship of numbers", func(o strictjson.Object) { o["keyAgreement"] = []any{strictjson.Number("1")} }, MalformedDocument},
		{"a reference that is no URL", func(o strictjson.Object) { o["assertionMethod"] = []any{"a"} }, MalformedDocument},
		{"a reference by a path that climbs", func(o strictjson.Object) { o["assertionMethod"] = []any{"../a"} }, MalformedDocument},
		{"a reference with an empty fragment", func(o strictjson.Object) { o["assertionMethod"] = []any{"#"} }, MalformedDocument},
		{"a reference with a space", func(o strictjson.Object) { o["assertionMethod"] = []any{"#a "} }, MalformedDocument},
		{"a reference to no DID", func(o strictjson.Object) { o["assertionMethod"] = []any{"did:Example:x#a"} }, MalformedDocument},
		{"too many methods", func(o strictjson.Object) { o["verificationMethod"] = many(maxMethods + 1) }, MalformedDocument},
		{"too many methods together", func(o strictjson.Object) { o["verificationMethod"] = many(maxMethods) }, MalformedDocument},
		{"too many references", func(o strictjson.Object) {
			o["assertionMethod"] = slices.Repeat([]any{"#a"}, maxMethods+1)
		}, MalformedDocument},

		{"method without id", func(o strictjson.Object) { delete(first(o), "id") }, MalformedDocument},
		{"method without type", func(o strictjson.Object) { delete(first(o), "type") }, MalformedDocument},
		{"method without controller", func(o strictjson.Object) { delete(first(o), "controller") }, MalformedDocument},
		{"controllers", func(o strictjson.Object) { first(o)["controller"] = []any{subject} }, MalformedDocument},
		{"controller no URL", func(o strictjson.Object) { first(o)["controller"] = "issuer" }, MalformedDocument},
		{"types", func(o strictjson.Object) { first(o)["type"] = []any{"JsonWebKey"} }, MalformedDocument},
		{"id no URL", func(o strictjson.Object) { first(o)["id"] = "a" }, MalformedDocument},
		{"id twice", func(o strictjson.Object) { first(o)["id"] = subject + "#b" }, MalformedDocument},
		{"id twice, once relative", func(o strictjson.Object) { first(o)["id"] = "#b" }, MalformedDocument},
		{"id twice, once embedded", func(o strictjson.Object) { first(o)["id"] = "#login" }, MalformedDocument},
		{"id twice, embedded with another key", func(o strictjson.Object) {
			again := first(o).Without()
			again["publicKeyJwk"] = other.JWK
			o["capabilityInvocation"] = []any{again}
		}, MalformedDocument},
		{"embedded without type", func(o strictjson.Object) { delete(o.Array("authentication")[1].(strictjson.Object), "type") }, MalformedDocument},
		{"revoked without an offset", func(o strictjson.Object) { first(o)["revoked"] = "2026-01-02T03:04:05" }, MalformedDocument},
		{"revoked a date", func(o strictjson.Object) { first(o)["revoked"] = "2026-01-02" }, MalformedDocument},
		{"revoked a boolean", func(o strictjson.Object) { first(o)["revoked"] = true }, MalformedDocument},
		{"revoked null", func(o strictjson.Object) { first(o)["revoked"] = nil }, MalformedDocument},
		{"expires on no day", func(o strictjson.Object) { first(o)["expires"] = "2026-02-30T00:00:00Z" }, MalformedDocument},
		{"two keys", func(o strictjson.Object) { first(o)["publicKeyMultibase"] = other.Multikey() }, MalformedDocument},
		{"two keys, of which one is nothing", func(o strictjson.Object) { first(o)["publicKeyPem"] = nil }, MalformedDocument},
		{"private JWK", func(o strictjson.Object) { first(o).Object("publicKeyJwk")["d"] = "AA" }, PrivateKey},
		{"private key beside it", func(o strictjson.Object) { first(o)["privateKeyJwk"] = strictjson.Object{} }, PrivateKey},
		{"secret key beside it", func(o strictjson.Object) { first(o)["secretKeyMultibase"] = "z" }, PrivateKey},
		{"private key in a method of unknown type", func(o strictjson.Object) {
			first(o)["type"], first(o)["privateKeyBase58"] = "Unknown", "1"
		}, PrivateKey},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := document()
			if tt.edit != nil {
				tt.edit(o)
			}
			_, err := ParseDocument(subject, o)
			wantReason(t, err, tt.want)
		})
	}
}

// The same method again is the same method, with the relationships of each.
func TestParseDocumentEmbeddedAgain(t *testing.T) {
	o := document()
	o["assertionMethod"] = []any{first(o), first(o), "#b"}
	o["keyAgreement"] = []any{o.Array("authentication")[1]}
	d, err := ParseDocument(subject, o)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, m := range d.Methods("") {
		got += fmt.Sprintf("%s %v\n", m.ID, m.Purposes)
	}
	want := subject + "#a [assertionMethod authentication]\n" +
		subject + "#b [assertionMethod]\n" +
		subject + "#idle []\n" +
		subject + "#login [authentication keyAgreement]\n"
	if got != want {
		t.Errorf("methods:\n%swant:\n%s", got, want)
	}
}

// A key that is of no use here does not stand in the way of the others.
func TestParseDocumentKeepsMethodsWithoutKey(t *testing.T) {
	ed, k1 := testissuer.Key("EdDSA", "ed"), testissuer.Key("ES256K", "k1")
	tests := []struct {
		name string
		vm   strictjson.Object
		want Reason
	}{
		{"known good", strictjson.Object{"type": "Multikey", "publicKeyMultibase": ed.Multikey()}, ""},
		{"unknown type", strictjson.Object{"type": "TezosMethod2021", "blockchainAccountId": "tezos:NetXdQprcVkpaWU:tz1TzrmTBSuiVHV2VfMnGRMYvTEPCP42oSM8"}, UnsupportedKey},
		{"unknown key", strictjson.Object{"type": "JsonWebKey", "publicKeyJwk": strictjson.Object{"kty": "OKP", "crv": "X25519", "x": "AA"}}, UnsupportedKey},
		{"unknown multicodec", strictjson.Object{"type": "Multikey", "publicKeyMultibase": "z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F"}, UnsupportedKey},
		{"PEM", strictjson.Object{"type": "RsaVerificationKey2018", "publicKeyPem": "-----BEGIN"}, UnsupportedKey},
		{"another member than the type's", strictjson.Object{"type": "Multikey", "publicKeyJwk": ed.JWK}, UnsupportedKey},
		{"no key", strictjson.Object{"type": "Multikey"}, Reason(keys.Malformed)},
		{"key of another type", strictjson.Object{"type": "Ed25519VerificationKey2020", "publicKeyMultibase": k1.Multikey()}, Reason(keys.Malformed)},
		{"JWK that is no object", strictjson.Object{"type": "JsonWebKey", "publicKeyJwk": "x"}, Reason(keys.Malformed)},
		{"multibase that is no string", strictjson.Object{"type": "Multikey", "publicKeyMultibase": nil}, Reason(keys.Malformed)},
		{"broken multibase", strictjson.Object{"type": "Multikey", "publicKeyMultibase": "z0"}, Reason(keys.Malformed)},
		{"broken base58", strictjson.Object{"type": "Ed25519VerificationKey2018", "publicKeyBase58": "0"}, Reason(keys.Malformed)},
		{"base58 without end", strictjson.Object{"type": "Ed25519VerificationKey2018", "publicKeyBase58": strings.Repeat("2", maxBare+1)}, Reason(keys.KeyTooLarge)},
		{"broken hexadecimal", strictjson.Object{"type": "EcdsaSecp256k1VerificationKey2019", "publicKeyHex": "0"}, Reason(keys.Malformed)},
		{"weak key", strictjson.Object{"type": "JsonWebKey", "publicKeyJwk": testissuer.Key("RS256-1024", "weak").JWK}, Reason(keys.WeakKey)},
		{"symmetric key", strictjson.Object{"type": "JsonWebKey", "publicKeyJwk": strictjson.Object{"kty": "oct", "k": "AA"}}, Reason(keys.SymmetricKey)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := document()
			tt.vm["id"], tt.vm["controller"] = "#x", subject
			o["verificationMethod"] = append(o.Array("verificationMethod"), tt.vm)
			o["assertionMethod"] = append(o.Array("assertionMethod"), "#x")
			d, err := ParseDocument(subject, o)
			if err != nil {
				t.Fatal(err)
			}
			_, err = d.Method("#x", "assertionMethod")
			wantReason(t, err, tt.want)
			m := d.Methods("assertionMethod")
			if last := m[len(m)-1]; len(m) != 3 || last.ID != subject+"#x" || (last.Key == nil) != (tt.want != "") || (last.KeyErr == nil) != (tt.want == "") {
				t.Errorf("methods %+v", m)
			}
			_, err = d.Method("#a", "assertionMethod")
			wantReason(t, err, "")
		})
	}
}

// Each type of method that is known, with each form of key that it may have.
func TestMethodTypes(t *testing.T) {
	algs := map[string]string{keys.TypeEd25519: "EdDSA", keys.TypeP256: "ES256", keys.TypeP384: "ES384", keys.TypeP521: "ES512", keys.TypeSecp256k1: "ES256K", keys.TypeRSA: "RS256"}
	for name, mt := range methodTypes {
		alg := algs[mt.key]
		if alg == "" {
			alg = "ES256"
		}
		i := testissuer.Key(alg, "issuer")
		_, data, err := multibase.Decode(i.Multikey())
		if err != nil {
			t.Fatal(err)
		}
		bare := data[2:] // behind a multicodec of two octets
		base58, err := multibase.Encode(multibase.Base58BTC, bare)
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]any{
			"publicKeyJwk": i.JWK, "publicKeyMultibase": i.Multikey(), "publicKeyBase58": base58[1:], "publicKeyHex": hex.EncodeToString(bare),
		}
		for _, form := range mt.forms {
			o := strictjson.Object{"id": subject, "assertionMethod": []any{
				strictjson.Object{"id": "#k", "type": name, "controller": subject, form: values[form]},
			}}
			d, err := ParseDocument(subject, o)
			if err != nil {
				t.Fatal(err)
			}
			m, err := d.Method("#k", "assertionMethod")
			if err != nil || m.Key.Thumbprint() != i.Thumbprint() || m.Type != name {
				t.Errorf("%s with %s: %v", name, form, err)
			}
		}
	}
}

func TestMethod(t *testing.T) {
	ed, ec := testissuer.Key("EdDSA", "#a"), testissuer.Key("ES256", "#b")
	o := document()
	first(o).Object("publicKeyJwk")["kid"] = "key of 2026"
	foreign := strictjson.Object{"id": "did:example:other#c", "type": "JsonWebKey", "controller": "did:example:other", "publicKeyJwk": testissuer.Key("ES512", "c").JWK}
	twin := strictjson.Object{"id": "#twin", "type": "JsonWebKey", "controller": subject, "publicKeyJwk": ec.JWK}
	o["assertionMethod"] = append(o.Array("assertionMethod"), foreign)
	o["keyAgreement"] = []any{twin}
	d, err := ParseDocument(subject, o)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		id, purpose, found string
		want               Reason
	}{
		{subject + "#a", "assertionMethod", "#a", ""},
		{"#a", "assertionMethod", "#a", ""},
		{"a", "assertionMethod", "#a", ""},
		{"key of 2026", "assertionMethod", "#a", ""},
		{ed.Thumbprint(), "assertionMethod", "#a", ""},
		{"#a", "authentication", "#a", ""},
		{"#a", "", "#a", ""},
		{"#idle", "", "#idle", ""},
		{"#login", "authentication", "#login", ""},
		// Two methods have this key; for a purpose there is one.
		{ec.Thumbprint(), "assertionMethod", "#b", ""},
		{ec.Thumbprint(), "keyAgreement", "#twin", ""},
		{ec.Thumbprint(), "", "", Ambiguous},

		{"#a", "keyAgreement", "", WrongPurpose},
		{"#a", "x", "", WrongPurpose},
		{"#idle", "assertionMethod", "", WrongPurpose},
		{"#login", "assertionMethod", "", WrongPurpose},
		{"", "assertionMethod", "", MethodNotFound},
		{"#", "assertionMethod", "", MethodNotFound},
		{"#none", "assertionMethod", "", MethodNotFound},
		{"#A", "assertionMethod", "", MethodNotFound},
		{"#key of 2026", "assertionMethod", "", MethodNotFound},
		{subject, "assertionMethod", "", MethodNotFound},
		{"did:example:other#a", "assertionMethod", "", MethodNotFound},
		{"https://issuer.example#a", "assertionMethod", "", MethodNotFound},
		// It stands here, but whose it is must be asked elsewhere.
		{"did:example:other#c", "assertionMethod", "", MethodNotFound},
		{"c", "assertionMethod", "", MethodNotFound},
		{testissuer.Key("ES512", "c").Thumbprint(), "assertionMethod", "", MethodNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.id+" for "+tt.purpose, func(t *testing.T) {
			m, err := d.Method(tt.id, tt.purpose)
			wantReason(t, err, tt.want)
			if err == nil && m.ID != subject+tt.found {
				t.Errorf("%s, want %s", m.ID, tt.found)
			}
			if err != nil && m != nil {
				t.Error("a method beside an error")
			}
		})
	}
}

// Two keys of one kid, and a kid that is another method's fragment.
func TestMethodAmbiguous(t *testing.T) {
	o := document()
	o.Array("verificationMethod")[0].(strictjson.Object).Object("publicKeyJwk")["kid"] = "k"
	o.Array("verificationMethod")[1].(strictjson.Object).Object("publicKeyJwk")["kid"] = "k"
	d, err := ParseDocument(subject, o)
	wantReason(t, err, "")
	_, err = d.Method("k", "assertionMethod")
	wantReason(t, err, Ambiguous)

	o.Array("verificationMethod")[1].(strictjson.Object).Object("publicKeyJwk")["kid"] = "a"
	d, err = ParseDocument(subject, o)
	wantReason(t, err, "")
	_, err = d.Method("a", "assertionMethod")
	wantReason(t, err, Ambiguous)
	_, err = d.Method("#a", "assertionMethod")
	wantReason(t, err, "")
}

func TestMethodTimes(t *testing.T) {
	o := document()
	first(o)["revoked"], first(o)["expires"] = "2026-01-02T03:04:05Z", "2027-01-02T03:04:05.5+01:00"
	first(o)["controller"] = "did:example:other"
	d, err := ParseDocument(subject, o)
	wantReason(t, err, "")
	m, err := d.Method("#a", "assertionMethod")
	wantReason(t, err, "")
	if m.Revoked != "2026-01-02T03:04:05Z" || m.Expires != "2027-01-02T02:04:05.5Z" || m.Controller == d.ID {
		t.Errorf("%+v", m)
	}
}

// A controlled identifier document stands at its id, an https URL.
func TestControlledIdentifierDocument(t *testing.T) {
	const id = "https://issuer.example/keys"
	i := testissuer.Key("ES384", "issuer")
	o := strictjson.Object{"@context": "https://www.w3.org/ns/cid/v1", "id": id, "verificationMethod": []any{
		strictjson.Object{"id": id + "#1", "type": "Multikey", "controller": id, "publicKeyMultibase": i.Multikey()},
	}, "assertionMethod": []any{id + "#1", "https://other.example/keys#2"}}
	d, err := ParseDocument(id, o)
	wantReason(t, err, "")
	m, err := d.Method(id+"#1", "assertionMethod")
	if err != nil || m.Key.Thumbprint() != i.Thumbprint() || m.Controller != d.ID {
		t.Errorf("%+v, %v", m, err)
	}
	for _, tt := range []struct {
		id, purpose string
		want        bool
	}{
		{"https://other.example/keys#2", "assertionMethod", true},
		{id + "#1", "assertionMethod", true},
		{"https://other.example/keys#2", "authentication", false},
		{"https://other.example/keys#3", "assertionMethod", false},
	} {
		if d.Refers(tt.id, tt.purpose) != tt.want {
			t.Errorf("refers to %s for %s: %t", tt.id, tt.purpose, !tt.want)
		}
	}
	o["assertionMethod"] = []any{"/keys#1"} // its base would be the origin, not the id
	_, err = ParseDocument(id, o)
	wantReason(t, err, MalformedDocument)
	_, err = ParseDocument(id+"/", o)
	wantReason(t, err, WrongDocument)
}

func FuzzParseDocument(f *testing.F) {
	f.Add(strictjson.Encode(document()))
	o := document()
	first(o)["revoked"] = "2026-01-02T03:04:05.5+01:00"
	first(o)["type"] = "Unknown"
	o["keyAgreement"] = []any{"did:example:other#a", "https://other.example/#b"}
	f.Add(strictjson.Encode(o))
	f.Add([]byte(`{"id":"did:example:issuer","assertionMethod":[{"id":"#k","type":"Multikey","controller":"did:example:issuer","publicKeyMultibase":"z6Mk"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := strictjson.ParseObject(data)
		if err != nil {
			return
		}
		d, err := ParseDocument(subject, o)
		if err != nil {
			return
		}
		seen := make(map[string]bool)
		for _, m := range d.Methods("") {
			if seen[m.ID] || !isURL(m.ID) || !isURL(m.Controller) || (m.Key == nil) == (m.KeyErr == nil) {
				t.Fatalf("method %+v", m)
			}
			seen[m.ID] = true
			for _, purpose := range append([]string{""}, m.Purposes...) {
				// A method of this document is found by its id, for what it is for.
				found, err := d.Method(m.ID, purpose)
				switch base, _, _ := strings.Cut(m.ID, "#"); {
				case base != subject || m.Key == nil:
					if err == nil {
						t.Fatalf("found %+v", found)
					}
				case err != nil || found != m:
					t.Fatalf("%s for %q: %v", m.ID, purpose, err)
				}
			}
		}
	})
}

// FuzzMethod builds a document around one method, so that what changes is seldom the
// grammar of JSON.
func FuzzMethod(f *testing.F) {
	ed := testissuer.Key("EdDSA", "fuzz")
	f.Add("#k", "Multikey", subject, "publicKeyMultibase", ed.Multikey(), "#k", "2026-01-02T03:04:05Z", "k")
	f.Add(subject+"#k", "Ed25519VerificationKey2018", "did:example:other", "publicKeyBase58", ed.Multikey()[1:], subject+"#k", "2026-01-02T24:00:00+14:00", "#k")
	f.Add("/p?q#k", "EcdsaSecp256k1VerificationKey2019", "https://other.example/", "publicKeyHex", "02", "did:a:b#k", "9999-12-31T23:59:59-14:00", "did:a:b#k")
	f.Fuzz(func(t *testing.T, id, methodType, controller, form, value, ref, expires, name string) {
		if !strings.HasPrefix(form, "publicKey") {
			return // another of the method's members, or one that is ignored
		}
		o := strictjson.Object{"id": subject, "assertionMethod": []any{ref}, "verificationMethod": []any{
			strictjson.Object{"id": id, "type": methodType, "controller": controller, form: value, "expires": expires},
		}}
		d, err := ParseDocument(subject, o)
		if err != nil {
			return
		}
		all := d.Methods("")
		m := all[0]
		if len(all) != 1 || !strings.HasSuffix(m.ID, id) || !isURL(m.ID) || (m.Key == nil) == (m.KeyErr == nil) {
			t.Fatalf("methods %+v", all)
		}
		if serves := len(d.Methods("assertionMethod")) == 1; serves != d.Refers(m.ID, "assertionMethod") {
			t.Fatalf("%q refers to %q: %t", ref, m.ID, serves)
		}
		found, err := d.Method(name, "assertionMethod")
		if err == nil && (found != m || m.Key == nil || !strings.HasPrefix(m.ID, subject+"#")) {
			t.Fatalf("%q found %+v", name, found)
		}
		if _, err := xsd.DateTimeStamp(m.Expires); err != nil {
			t.Fatalf("%q became %q: %v", expires, m.Expires, err)
		}
	})
}
