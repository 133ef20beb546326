package governance

import (
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Signer is a key holder. Where the private key is, and who is asked before it signs,
// is the signer's affair.
type Signer interface {
	Key() strictjson.Object // the public key as a JWK
	Sign(input []byte) ([]byte, error)
}

// Unsigned is the document of a payload before anybody has signed it.
func Unsigned(payload []byte) ([]byte, error) {
	doc := encode(payload, nil)
	return doc, checkForm(doc)
}

// checkForm checks the form of a document of whatever type.
func checkForm(doc []byte) error {
	e, _, err := parseEnvelope(doc, MaxDocument)
	if err != nil {
		return err
	}
	switch e.typ {
	case typs[TypeRoot]:
		_, err = ParseRoot(doc)
	case typs[TypeHead]:
		_, err = ParseHead(doc)
	default:
		_, err = ParseFreshness(doc)
	}
	return err
}

// Sign adds a signature to a document. It refuses a second one by the same key, and
// one that does not verify.
func Sign(doc []byte, s Signer) ([]byte, error) {
	if err := checkForm(doc); err != nil {
		return nil, err
	}
	e, _, err := parseEnvelope(doc, MaxDocument)
	if err != nil {
		return nil, err
	}
	key, err := keys.FromJWK(s.Key())
	if err != nil {
		return nil, fail(BadSigner, "", "%v", err)
	}
	alg, ok := algorithms[key.Type()]
	if !ok {
		return nil, fail(BadSigner, "", "a key of type %s, want Ed25519, P-256 or secp256k1", key.Type())
	}
	sig := Signature{Key: key.Thumbprint(), Alg: alg}
	if slices.ContainsFunc(e.Signatures, func(s Signature) bool { return s.Key == sig.Key }) {
		return nil, fail(BadSigner, "", "%s has signed already", sig.Key)
	}
	sig.protected = b64(header(alg, sig.Key, e.typ))
	if sig.value, err = s.Sign(input(sig.protected, e.Payload)); err != nil {
		return nil, fail(BadSigner, "", "%v", err)
	}
	if err := key.Verify(alg, input(sig.protected, e.Payload), sig.value); err != nil {
		return nil, fail(BadSigner, "", "its signature does not verify: %v", err)
	}
	return join(e, sig)
}

// Merge joins copies of one document that different key holders have signed. Of a key
// that signed in several the first copy's signature is kept.
func Merge(doc []byte, copies ...[]byte) ([]byte, error) {
	e, _, err := parseEnvelope(doc, MaxDocument)
	if err != nil {
		return nil, err
	}
	var more []Signature
	for _, c := range copies {
		other, _, err := parseEnvelope(c, MaxDocument)
		if err != nil {
			return nil, err
		}
		if other.Identity != e.Identity {
			return nil, fail(Malformed, "payload", "%s and %s are different documents", e.Identity, other.Identity)
		}
		for _, s := range other.Signatures {
			by := func(have Signature) bool { return have.Key == s.Key }
			if !slices.ContainsFunc(e.Signatures, by) && !slices.ContainsFunc(more, by) {
				more = append(more, s)
			}
		}
	}
	return join(e, more...)
}

func join(e *Envelope, more ...Signature) ([]byte, error) {
	all := slices.Concat(e.Signatures, more)
	slices.SortFunc(all, func(a, b Signature) int { return strings.Compare(a.Key, b.Key) })
	doc := encode(e.Payload, all)
	return doc, checkForm(doc)
}
