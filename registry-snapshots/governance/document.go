package governance

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// The types of documents, and the "typ" of each one's signatures.
const (
	TypeRoot      = "RegistryRoot"
	TypeHead      = "SnapshotHead"
	TypeFreshness = "Freshness"
)

var typs = map[string]string{
	TypeRoot: "registry-root+jws", TypeHead: "snapshot-head+jws", TypeFreshness: "registry-freshness+jws",
}

// algorithms are those of governance, each tied to one type of key.
var algorithms = map[string]keys.Algorithm{
	keys.TypeEd25519: keys.EdDSA, keys.TypeP256: keys.ES256, keys.TypeSecp256k1: keys.ES256K,
}

// Envelope is a document as signed bytes.
type Envelope struct {
	// Payload is what is signed: canonical JSON that a person can read.
	Payload []byte
	// Identity is the CID of the payload. It stays when signatures come or go, so that
	// documents name one another by it.
	Identity cid.Cid
	// Location is the CID of the whole document with its signatures: where to get it.
	Location cid.Cid
	// Bytes is the whole document, the block of Location.
	Bytes []byte
	// Signatures are in the order of their keys, each key once. Nothing is said of
	// whether they hold.
	Signatures []Signature

	typ string
}

// Signature is one signature of a document.
type Signature struct {
	Key string         // the RFC 7638 SHA-256 thumbprint of the key, which the header has as kid
	Alg keys.Algorithm // EdDSA, ES256 or ES256K

	protected string // the header in base64url
	value     []byte
}

// parseEnvelope reads the outer form of a document, and its payload as an object.
// There may be no signature yet.
func parseEnvelope(doc []byte, limit int) (*Envelope, strictjson.Object, error) {
	if len(doc) > limit {
		return nil, nil, fail(Malformed, "", "%d bytes, want at most %d", len(doc), limit)
	}
	o, err := strictjson.ParseObject(doc)
	if err != nil {
		return nil, nil, fail(Malformed, "", "%v", err)
	}
	list, isList := o["signatures"].([]any)
	if !isList || len(o) != 2 || len(list) > MaxSignatures {
		return nil, nil, fail(Malformed, "", "want the members payload and signatures, and at most %d signatures", MaxSignatures)
	}
	if canonical, err := strictjson.Canonical(o); err != nil || string(canonical) != string(doc) {
		return nil, nil, fail(Malformed, "", "not in canonical form (RFC 8785)")
	}
	e := &Envelope{Location: block.New(block.JSON, doc).CID, Bytes: doc}
	if e.Payload, err = keys.Base64URL(o.String("payload")); err != nil || len(e.Payload) == 0 {
		return nil, nil, fail(Malformed, "payload", "want JSON in base64url")
	}
	e.Identity = block.New(block.JSON, e.Payload).CID
	payload, err := strictjson.ParseObject(e.Payload)
	if err != nil {
		return nil, nil, fail(Malformed, "payload", "%v", err)
	}
	if e.typ = typs[payload.String("type")]; e.typ == "" {
		return nil, nil, fail(Malformed, "type", "%.40q, want %s, %s or %s", payload.String("type"), TypeRoot, TypeHead, TypeFreshness)
	}
	for _, v := range list {
		s, err := e.signature(v)
		if err != nil {
			return nil, nil, err
		}
		if n := len(e.Signatures); n > 0 && e.Signatures[n-1].Key >= s.Key {
			return nil, nil, fail(Malformed, "signatures", "want them in the order of their kid, each once")
		}
		e.Signatures = append(e.Signatures, s)
	}
	return e, payload, nil
}

// signature reads one element of signatures. Its protected header has exactly three
// members, so nothing in it is left to interpretation (RFC 7515 Section 10.7).
func (e *Envelope) signature(v any) (Signature, error) {
	o, _ := v.(strictjson.Object)
	s := Signature{protected: o.String("protected")}
	text, err := keys.Base64URL(s.protected)
	if err != nil || len(o) != 2 {
		return s, fail(Malformed, "signatures", "want objects with the members protected and signature, in base64url")
	}
	if s.value, err = keys.Base64URL(o.String("signature")); err != nil || len(s.value) != 64 {
		return s, fail(Malformed, "signatures", "want signatures of 64 octets in base64url")
	}
	h, err := strictjson.ParseObject(text)
	if err != nil {
		return s, fail(Malformed, "protected", "%v", err)
	}
	s.Key, s.Alg = h.String("kid"), keys.Algorithm(h.String("alg"))
	if string(header(s.Alg, s.Key, e.typ)) != string(text) {
		return s, fail(Malformed, "protected", "%.200s, want exactly alg, kid and the typ %s", text, e.typ)
	}
	if s.Alg != keys.EdDSA && s.Alg != keys.ES256 && s.Alg != keys.ES256K {
		return s, fail(Malformed, "alg", "%.40q, want EdDSA, ES256 or ES256K", string(s.Alg))
	}
	if sum, err := keys.Base64URL(s.Key); err != nil || len(sum) != 32 {
		return s, fail(Malformed, "kid", "%.60q is no SHA-256 thumbprint", s.Key)
	}
	return s, nil
}

func header(alg keys.Algorithm, kid, typ string) []byte {
	return strictjson.Encode(strictjson.Object{"alg": string(alg), "kid": kid, "typ": typ})
}

// encode is the inverse of parseEnvelope.
func encode(payload []byte, signatures []Signature) []byte {
	list := make([]any, len(signatures))
	for i, s := range signatures {
		list[i] = strictjson.Object{"protected": s.protected, "signature": b64(s.value)}
	}
	return strictjson.Encode(strictjson.Object{"payload": b64(payload), "signatures": list})
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// input is what a signature signs, RFC 7515 Section 5.1 step 5.
func input(protected string, payload []byte) []byte { return []byte(protected + "." + b64(payload)) }

// signed counts the distinct keys of a role that have signed. It stops where there are
// enough: a signature that does not hold beside enough that do says nothing, since
// anybody can add one. Who is not of the role is not looked at.
func (e *Envelope) signed(role Role, known map[string]*keys.Key) int {
	n := 0
	for _, s := range e.Signatures {
		if n == role.Threshold {
			break
		}
		key := known[s.Key]
		if key == nil || !slices.Contains(role.Keys, s.Key) {
			continue
		}
		if verified(key, s, input(s.protected, e.Payload)) {
			n++ // signatures are each by another key: parseEnvelope saw to it
		}
	}
	return n
}

// checkText holds a name to one line of visible text.
func checkText(member, s string) error {
	if s == "" || len(s) > maxText || strings.TrimSpace(s) != s || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fail(Malformed, member, "%.60q, want a line of 1 to %d characters", s, maxText)
	}
	return nil
}
