// Package ipns reads, verifies and creates IPNS records, [IPNS-RECORD].
//
// A record says that a name, which is a public key, points to a value, such as
// /ipfs/ and a CID. Its signature V2 covers the DAG-CBOR in its member data, and that
// alone is believed; the members of a V1 record, where there are any, must agree with
// it. Names of Ed25519 keys hold the key; RSA, ECDSA with P-256 and secp256k1 keys
// come with the record.
//
// It refuses records that only have a signature V1, and that it takes no word for: a
// record is signed by one key, without threshold or rotation, so to a registry it is
// a hint. Whether a record has expired is said and not judged. The package dials
// nothing.
//
// [IPNS-RECORD]: https://specs.ipfs.tech/ipns/ipns-record/
package ipns

import (
	"bytes"
	"fmt"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// MaxRecord is the most bytes that a record may have, IPNS-RECORD "Record Size Limit".
const MaxRecord = 10 << 10

// validityEOL is the only type of validity: Validity is when the record ends.
const validityEOL = 0

// signaturePrefix stands before the data in what signature V2 signs.
const signaturePrefix = "ipns-signature:"

// Reason is the stable part of an [Error].
type Reason string

// The reasons of this package.
const (
	TooLarge     Reason = "ipns_too_large"
	Malformed    Reason = "malformed_ipns"
	BadName      Reason = "bad_ipns_name"
	NoSignature  Reason = "ipns_unsigned" // no signature V2
	BadSignature Reason = "ipns_bad_signature"
	Mismatch     Reason = "ipns_v1_mismatch" // a member of V1 that says something else than the data
	WrongKey     Reason = "ipns_wrong_key"   // a public key that is not the name's
	NoKey        Reason = "ipns_no_key"      // neither the name nor the record has the key
)

// Error is why a name or a record was refused.
type Error struct {
	Reason Reason
	Detail string // for people; may change
}

func (e *Error) Error() string { return string(e.Reason) + ": " + e.Detail }

func fail(reason Reason, format string, args ...any) *Error {
	return &Error{reason, fmt.Sprintf(format, args...)}
}

// Record is what a record says.
type Record struct {
	Value    string // "/ipfs/<CID>"
	Sequence uint64
	Validity time.Time     // when it ends
	TTL      time.Duration // how long it may be cached
}

// Name is a name: the multihash of a public key.
type Name struct{ cid cid.Cid }

const libp2pKey = 0x72 // multicodec of a name's CID

// ParseName reads a name in its canonical text form: CIDv1 in base36, "k51…" for an
// Ed25519 key and "k2k4r8…" for a hash.
func ParseName(s string) (Name, error) {
	if len(s) > 128 || len(s) == 0 || s[0] != 'k' { // keeps a long string out of the base36 decoder
		return Name{}, fail(BadName, "%.80q, want a name in base36, as k51…", s)
	}
	c, err := cid.Decode(s)
	if err != nil {
		return Name{}, fail(BadName, "%q: %v", s, err)
	}
	if p := c.Prefix(); p.Version != 1 || p.Codec != libp2pKey {
		return Name{}, fail(BadName, "%q is not of codec libp2p-key", s)
	}
	n := Name{c}
	if n.String() != s {
		return Name{}, fail(BadName, "%q is not in canonical form", s)
	}
	if digest, hashed := n.digest(); hashed && len(digest) != 32 || !hashed && publicKey(digest) == nil {
		return Name{}, fail(BadName, "%q holds neither a key nor a SHA-256 hash of one", s)
	}
	return n, nil
}

func (n Name) String() string {
	s, err := n.cid.StringOfBase('k')
	if err != nil {
		return "" // the base is known
	}
	return s
}

// digest is the public key itself, or its SHA-256 hash.
func (n Name) digest() (digest []byte, hashed bool) {
	mh, err := multihash.Decode(n.cid.Hash())
	if err != nil || mh.Code != multihash.IDENTITY && mh.Code != multihash.SHA2_256 {
		return nil, false
	}
	return mh.Digest, mh.Code == multihash.SHA2_256
}

// NameOf is the name of an Ed25519 key.
func NameOf(jwk strictjson.Object) (Name, error) {
	key, err := keys.FromJWK(jwk)
	if err != nil {
		return Name{}, fail(NoKey, "%v", err)
	}
	if key.Type() != keys.TypeEd25519 {
		return Name{}, fail(NoKey, "a key of type %s, want Ed25519", key.Type())
	}
	raw, err := keys.Base64URL(jwk.String("x"))
	if err != nil {
		return Name{}, fail(NoKey, "%v", err)
	}
	proto := append([]byte{0x08, kindEd25519, 0x12, byte(len(raw))}, raw...)
	mh, err := multihash.Sum(proto, multihash.IDENTITY, -1)
	if err != nil {
		return Name{}, fail(BadName, "%v", err)
	}
	return Name{cid.NewCidV1(libp2pKey, mh)}, nil
}

// Verify reads a record of a name and checks it, IPNS-RECORD "Record Verification".
// It does not judge Validity.
func Verify(name Name, data []byte) (Record, error) {
	if len(data) > MaxRecord {
		return Record{}, fail(TooLarge, "%d bytes, want at most %d", len(data), MaxRecord)
	}
	e, err := parseEntry(data)
	if err != nil {
		return Record{}, err
	}
	if len(e.signatureV2) == 0 || len(e.data) == 0 {
		return Record{}, fail(NoSignature, "no signature V2; one of V1 proves too little")
	}
	// Step 3: the public key, from the record or else from the name.
	digest, hashed := name.digest()
	var key *publicKeyOf
	switch {
	case hashed && e.pubKey == nil:
		return Record{}, fail(NoKey, "%s is the hash of a key, and the record has none", name)
	case hashed:
		if sum, err := multihash.Sum(e.pubKey, multihash.SHA2_256, -1); err != nil || !bytes.Equal(sum, name.cid.Hash()) {
			return Record{}, fail(WrongKey, "the record's key does not hash to %s", name)
		}
		key = publicKey(e.pubKey)
	case e.pubKey != nil && !bytes.Equal(e.pubKey, digest):
		return Record{}, fail(WrongKey, "the record's key is not that of %s", name)
	default:
		key = publicKey(digest)
	}
	if key == nil {
		return Record{}, fail(NoKey, "the key is none of Ed25519, RSA, P-256 and secp256k1")
	}
	if err := key.verify(append([]byte(signaturePrefix), e.data...), e.signatureV2); err != nil {
		return Record{}, fail(BadSignature, "%v", err)
	}
	r, validity, err := parseData(e.data)
	if err != nil {
		return Record{}, err
	}
	if err := e.agrees(r, validity); err != nil {
		return Record{}, err
	}
	return r, nil
}

// parseData reads the DAG-CBOR, IPNS-RECORD "DAG-CBOR Document". Members beyond the
// five are allowed there, and mean nothing here. validity is the time as it stood.
func parseData(data []byte) (r Record, validity []byte, err error) {
	v, err := block.DecodeCBOR(data)
	if err != nil {
		return r, nil, fail(Malformed, "data: %v", err)
	}
	m, _ := v.(map[string]any)
	value, ok1 := m["Value"].([]byte)
	until, ok2 := m["Validity"].([]byte)
	kind, ok3 := m["ValidityType"].(int64)
	ttl, ok4 := m["TTL"].(int64)
	sequence, ok5 := number(m["Sequence"])
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || ttl < 0 {
		return r, nil, fail(Malformed, "data: want Value, Validity, ValidityType, Sequence and TTL")
	}
	if kind != validityEOL {
		return r, nil, fail(Malformed, "validity type %d, want 0 (EOL)", kind)
	}
	end, err := time.Parse(time.RFC3339Nano, string(until))
	if err != nil {
		return r, nil, fail(Malformed, "validity %.60q is no RFC 3339 time", until)
	}
	return Record{Value: string(value), Sequence: sequence, Validity: end.UTC(), TTL: time.Duration(ttl)}, until, nil
}

func number(v any) (uint64, bool) {
	switch v := v.(type) {
	case int64:
		return uint64(v), v >= 0
	case uint64:
		return v, true
	}
	return 0, false
}

// Signer holds an Ed25519 key.
type Signer interface {
	Key() strictjson.Object // the public key as a JWK
	Sign(input []byte) ([]byte, error)
}

// Create makes a record with a signature V2 and nothing of V1. Only Ed25519 keys are
// taken: their names hold the key, so that the name alone verifies the record.
func Create(s Signer, r Record) ([]byte, error) {
	e, err := sign(s, r)
	if err != nil {
		return nil, err
	}
	return e.checked(s)
}

func sign(s Signer, r Record) (*entry, error) {
	if r.TTL < 0 {
		return nil, fail(Malformed, "a TTL of %v", r.TTL)
	}
	data, err := block.EncodeCBOR(map[string]any{
		"Value": []byte(r.Value), "Validity": []byte(formatValidity(r.Validity)), "ValidityType": validityEOL,
		"Sequence": r.Sequence, "TTL": int64(r.TTL),
	})
	if err != nil {
		return nil, fail(Malformed, "%v", err)
	}
	sig, err := s.Sign(append([]byte(signaturePrefix), data...))
	if err != nil {
		return nil, fail(BadSignature, "%v", err)
	}
	return &entry{signatureV2: sig, data: data}, nil
}

// checked writes an entry and reads it again as anybody would.
func (e *entry) checked(s Signer) ([]byte, error) {
	name, err := NameOf(s.Key())
	if err != nil {
		return nil, err
	}
	out := e.encode()
	_, err = Verify(name, out)
	return out, err
}

func formatValidity(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
