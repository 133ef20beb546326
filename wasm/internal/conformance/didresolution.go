package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mr-tron/base58"

	"github.com/verilith/verilith/wasm/internal/did"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

const (
	whyOtherMethod = "a DID method that is not resolved; refused as unsupported_method"
	whyLegacyPKH   = "a network by the name that it had before did:pkh took up CAIP-2 (did:pkh, Appendix \"Legacy Support\"); refused as malformed_did"
	whyOtherChain  = "an account of another namespace than eip155: its key is of a kind that signs nothing Verilith verifies; refused as unsupported_key_type"
	whyChain       = "the source read the chain, where the account has another owner or further keys; Verilith makes the document that the account has by itself, and a registry may add keys"
	whyOtherKey    = "a key that signs nothing Verilith verifies (X25519, BLS12-381 G1): refused as unsupported_key_type"
	whyAgreement   = "did:key derives a key for key agreement only if asked (enableEncryptionKeyDerivation), and nothing is decrypted here; all else of the document was compared"
	whyNotFound    = "the document was not to be had when the source asked for it; what becomes of a DID then is the fetcher's to say"
	whyAnother     = "the source asked for did:web:123 and recorded the document of another DID; refused (did:web Section 2.5.2 step 7), and as a name for the host 0.0.0.123 (Section 2.3)"
)

// relationships are those of DID Core Section 5.3.
var relationships = []string{"authentication", "assertionMethod", "keyAgreement", "capabilityInvocation", "capabilityDelegation"}

// didResolution resolves the DIDs of the vectors and compares the methods' ids, keys
// and relationships with those of the documents that others made. A did:web is given
// the document as the source fetched it. The folder has no did:jwk.
func didResolution(s *session) {
	for _, v := range s.vectors {
		o, ok := s.object(v, v.Files[0])
		if !ok {
			continue
		}
		switch {
		case o.Has("executions"):
			s.executions(v, o)
		case o.Has("dids"):
			for _, id := range o.Array("dids") {
				s.production(v, id.(string), o.Object(id.(string)))
			}
		case o.Has("didDocument"):
			s.resolved(v, "", o.String("did"), o.Object("didDocument"), nil)
		case o["did"] == "didDocument": // one that holds several
			for _, name := range o.Names() {
				if name != "did" {
					s.resolved(v, short(name), name, o.Object(name), nil)
				}
			}
		case o.Has("id"):
			s.resolved(v, "", o.String("id"), o, nil)
		}
	}
}

// production compares a document of the DID Core test suite, and every representation
// of it that is there.
func (s *session) production(v vector, id string, o strictjson.Object) {
	doc := o.Object("didDocumentDataModel").Object("properties")
	s.resolved(v, short(id), id, doc, strictjson.Encode(doc))
	for _, mediaType := range o.Names() {
		if text := o.Object(mediaType).String("representation"); text != "" {
			s.resolved(v, short(id)+" as "+mediaType, id, doc, []byte(text))
		}
	}
}

// executions runs what the DID Core test suite recorded of resolvers: what they were
// asked, and what they answered.
func (s *session) executions(v vector, o strictjson.Object) {
	for i, e := range o.Array("executions") {
		in, out := e.(strictjson.Object).Object("input"), e.(strictjson.Object).Object("output")
		id := in.String("did") + in.String("didUrl")
		part := fmt.Sprintf("%d %s", i, short(id))
		text := out.String("didDocumentStream") + out.String("contentStream")
		doc := out.Object("didDocument")
		if doc == nil && strings.HasPrefix(text, "{") {
			parsed, err := strictjson.ParseObject([]byte(text))
			if err != nil {
				s.fail(v, part, valid, "the recorded document: %v", err)
				continue
			}
			doc = parsed
		}
		failure := out.Object("didResolutionMetadata").String("error") + out.Object("dereferencingMetadata").String("error")
		switch {
		case otherMethod(id):
			s.unsupported(v, part, id)
		case strings.HasPrefix(failure, "invalidDid"):
			s.malformed(v, part, id)
		case failure == "notFound":
			s.skip(v, part, open, whyNotFound)
		case strings.Contains(id, "?"): // it asks for a service of the document, which nothing here needs
			_, _, err := did.Split(id)
			s.check(v, part, open, reasonOf(err) == did.MalformedURL, "got %v, want %s", err, did.MalformedURL)
		case strings.Contains(id, "#"):
			s.dereferenced(v, part, id, doc)
		case doc.String("id") != id && strings.HasPrefix(id, "did:web:"):
			_, err := did.Resolve(id, func(string) ([]byte, error) { return []byte(text), nil })
			if r := reasonOf(err); r == did.WrongDocument || r == did.MalformedDID {
				s.skip(v, part, valid, whyAnother)
			} else {
				s.fail(v, part, valid, "got %v, want %s", err, did.WrongDocument)
			}
		default:
			s.resolved(v, part, id, doc, strictjson.Encode(doc))
		}
	}
}

// malformed asks that a text is refused as a DID.
func (s *session) malformed(v vector, part, id string) {
	_, err := did.Resolve(id, func(string) ([]byte, error) { return nil, errors.New("was asked for") })
	reason := reasonOf(err)
	s.check(v, part, invalid, reason == did.MalformedDID || reason == did.MalformedURL, "got %v, want %s", err, did.MalformedDID)
}

func (s *session) unsupported(v vector, part, id string) {
	base, _, _ := strings.Cut(id, "?")
	base, _, _ = strings.Cut(base, "#")
	if _, err := did.Resolve(base, nil); reasonOf(err) != did.UnsupportedMethod {
		s.fail(v, part, open, "got %v, want %s", err, did.UnsupportedMethod)
		return
	}
	s.skip(v, part, open, whyOtherMethod)
}

// dereferenced compares one method of a document, which the source dereferenced.
func (s *session) dereferenced(v vector, part, url string, want strictjson.Object) {
	base, _, err := did.Split(url)
	if err != nil {
		s.fail(v, part, valid, "%v", err)
		return
	}
	doc, err := did.Resolve(base, nil)
	if err != nil {
		s.fail(v, part, valid, "%v", err)
		return
	}
	m, err := doc.Method(url, "")
	if strings.HasPrefix(url, "did:ethr:") && reasonOf(err) == did.MethodNotFound {
		s.skip(v, part, open, whyChain)
		return
	}
	if err != nil {
		s.fail(v, part, valid, "%v", err)
		return
	}
	key, err := expectedKey(want)
	s.check(v, part, valid, err == nil && key != nil && key.Thumbprint() == m.Key.Thumbprint() && m.ID == want["id"], "another key, or %v", err)
}

// resolved compares a document with what Resolve makes of its DID. body is the document
// as fetched, for did:web.
func (s *session) resolved(v vector, part, id string, want strictjson.Object, body []byte) {
	if otherMethod(id) {
		s.unsupported(v, part, id)
		return
	}
	doc, err := did.Resolve(id, func(string) ([]byte, error) { return body, nil })
	if strings.HasPrefix(id, "did:pkh:") && strings.Count(id, ":") == 3 && reasonOf(err) == did.MalformedDID {
		s.skip(v, part, valid, whyLegacyPKH)
		return
	}
	if strings.HasPrefix(id, "did:pkh:") && reasonOf(err) == did.UnsupportedKey {
		s.skip(v, part, valid, whyOtherChain)
		return
	}
	if reasonOf(err) == did.UnsupportedKey && !signs(want) {
		s.skip(v, part, valid, whyOtherKey)
		return
	}
	if err != nil {
		s.fail(v, part, valid, "%v", err)
		return
	}
	if strings.HasPrefix(id, "did:ethr:") && onChain(want) && doc.Methods("assertionMethod")[0].ID == id+"#controller" {
		s.skip(v, part, open, whyChain)
		return
	}
	isKey := strings.HasPrefix(id, "did:key:")
	got, exp := methodsOf(doc), map[string]method{}
	agreement := false
	for name, m := range expectedMethods(id, want) {
		if isKey {
			agreement = agreement || slices.Contains(m.purposes, "keyAgreement")
			m.purposes = slices.DeleteFunc(m.purposes, func(p string) bool { return p == "keyAgreement" })
			if len(m.purposes) == 0 {
				continue
			}
			// Some of these documents leave out relationships that did:key Section 3.1.1 has.
			if contains(got[name].purposes, m.purposes) {
				m.purposes = got[name].purposes
			}
		}
		exp[name] = m
	}
	for name, m := range exp {
		g := got[name]
		switch {
		case g.key != m.key:
			s.fail(v, part, valid, "%s has key %q, want %q (%v)", name, g.key, m.key, m.err)
			return
		case !slices.Equal(g.purposes, m.purposes):
			s.fail(v, part, valid, "%s is for %v, want %v", name, g.purposes, m.purposes)
			return
		}
	}
	if !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(exp))) {
		s.fail(v, part, valid, "methods %v, want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(exp)))
		return
	}
	s.pass(v, part, valid)
	if agreement {
		s.skip(v, strings.TrimSpace(part+" key agreement"), valid, whyAgreement)
	}
}

// onChain reports whether a did:ethr's document says what only its chain knows.
func onChain(doc strictjson.Object) bool {
	for id := range expectedMethods(doc.String("id"), doc) {
		if _, name, _ := strings.Cut(id, "#"); name != "controller" && name != "controllerKey" {
			return true
		}
	}
	return len(doc.Array("verificationMethod")) == 0
}

// method is a verification method as it is compared. key is a thumbprint, or "" for a
// key of a kind that verifies nothing here.
type method struct {
	key      string
	purposes []string // sorted
	err      error
}

func methodsOf(doc *did.Document) map[string]method {
	all := map[string]method{}
	for _, m := range doc.Methods("") {
		one := method{purposes: slices.Sorted(slices.Values(m.Purposes))}
		if m.Key != nil {
			one.key = m.Key.Thumbprint()
		}
		all[m.ID] = one
	}
	return all
}

// expectedMethods reads a document independently of package did.
func expectedMethods(id string, doc strictjson.Object) map[string]method {
	all := map[string]method{}
	absolute := func(s string) string {
		if strings.HasPrefix(s, "#") || strings.HasPrefix(s, "/") { // DID Core Section 3.2.2
			return id + s
		}
		return s
	}
	add := func(o strictjson.Object, purposes ...string) {
		m := method{purposes: purposes}
		var k *keys.Key
		if k, m.err = expectedKey(o); k != nil {
			m.key = k.Thumbprint()
		}
		all[absolute(o.String("id"))] = m
	}
	for _, member := range []string{"verificationMethod", "publicKey"} {
		for _, o := range doc.Array(member) {
			add(o.(strictjson.Object))
		}
	}
	for _, purpose := range relationships {
		for _, e := range doc.Array(purpose) {
			switch e := e.(type) {
			case strictjson.Object:
				add(e, purpose)
			case string:
				if m, ok := all[absolute(e)]; ok {
					m.purposes = append(m.purposes, purpose)
					all[absolute(e)] = m
				}
			}
		}
	}
	for _, m := range all {
		slices.Sort(m.purposes)
	}
	return all
}

// expectedKey is the key of a method in a vector, nil where it signs nothing that is
// verified here.
func expectedKey(o strictjson.Object) (*keys.Key, error) {
	if jwk := o.Object("publicKeyJwk"); jwk != nil {
		return keys.FromJWK(jwk)
	}
	if text := o.String("publicKeyMultibase"); text != "" {
		return keys.FromMultikey(text)
	}
	if _, address, ok := strings.Cut(strings.TrimPrefix(o.String("blockchainAccountId"), "eip155:"), ":"); ok {
		a, err := keys.ParseAddress(address, false)
		if err != nil {
			return nil, err
		}
		return keys.FromAddress(a), nil
	}
	codec := map[string]string{
		"Ed25519VerificationKey2018":        "\xed\x01",
		"EcdsaSecp256k1VerificationKey2019": "\xe7\x01",
		"EcdsaSecp256r1VerificationKey2019": "\x80\x24",
		"P256Key2021":                       "\x80\x24",
	}[o.String("type")]
	if o["type"] == "Bls12381G2Key2020" && strings.HasPrefix(o.String("id"), "did:key:") {
		codec = "\xeb\x01" // a did:key says what its key is; a document's method of that type is not read
	}
	raw, err := base58.Decode(o.String("publicKeyBase58"))
	if codec == "" || err != nil {
		return nil, err
	}
	return keys.FromMultikey("z" + base58.Encode(append([]byte(codec), raw...)))
}

// signs reports whether a document has a key that is verified with here.
func signs(doc strictjson.Object) bool {
	for _, m := range expectedMethods(doc.String("id"), doc) {
		if m.key != "" {
			return true
		}
	}
	return false
}

func contains(all, some []string) bool {
	return !slices.ContainsFunc(some, func(p string) bool { return !slices.Contains(all, p) })
}

func otherMethod(id string) bool {
	rest, ok := strings.CutPrefix(id, "did:")
	name, _, named := strings.Cut(rest, ":")
	return ok && named && !slices.Contains([]string{"key", "jwk", "web", "pkh", "ethr", "peer", "webvh"}, name) && !strings.Contains(name, ";")
}

func reasonOf(err error) did.Reason {
	if e := (*did.Error)(nil); errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// short is an identifier short enough for a line.
func short(s string) string {
	if len(s) > 56 {
		return s[:55] + "…"
	}
	return s
}
