package governance

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// testSigner is a key made from its name.
type testSigner struct {
	jwk  strictjson.Object
	sign func([]byte) ([]byte, error)
}

func (s testSigner) Key() strictjson.Object            { return s.jwk }
func (s testSigner) Sign(input []byte) ([]byte, error) { return s.sign(input) }

func (s testSigner) print() string {
	k, err := keys.FromJWK(s.jwk)
	if err != nil {
		panic(err)
	}
	return k.Thumbprint()
}

func signer(name string) testSigner {
	seed := sha256.Sum256([]byte("governance test key " + name))
	key := ed25519.NewKeyFromSeed(seed[:])
	return testSigner{strictjson.Object{"kty": "OKP", "crv": "Ed25519", "x": b64(key.Public().(ed25519.PublicKey))},
		func(m []byte) ([]byte, error) { return ed25519.Sign(key, m), nil }}
}

func signerP256(name string) testSigner {
	seed := sha256.Sum256([]byte("governance test key " + name))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	if err != nil {
		panic(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	return testSigner{strictjson.Object{"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])},
		func(m []byte) ([]byte, error) {
			h := sha256.Sum256(m)
			der, err := key.Sign(nil, h[:], crypto.SHA256)
			if err != nil {
				return nil, err
			}
			var rs struct{ R, S *big.Int }
			if _, err := asn1.Unmarshal(der, &rs); err != nil {
				return nil, err
			}
			return append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...), nil
		}}
}

// made is a registry of one root, head and Freshness.
type made struct {
	root, head, fresh testSigner
	docs              [3][]byte // root, head, freshness
	rootDoc           *RootDoc
	headDoc           *HeadDoc
	freshDoc          *FreshnessDoc
}

func document(t testing.TB, payload any, signers ...testSigner) []byte {
	t.Helper()
	text, err := EncodePayload(payload)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := Unsigned(text)
	for _, s := range signers {
		if err == nil {
			doc, err = Sign(doc, s)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func makeRegistry(t testing.TB) made {
	t.Helper()
	m := made{root: signer("root"), head: signerP256("head"), fresh: signer("fresh")}
	var err error
	m.docs[0] = document(t, m.rootPayload(), m.root)
	if m.rootDoc, err = ParseRoot(m.docs[0]); err != nil {
		t.Fatal(err)
	}
	if err := CheckRoot(nil, m.rootDoc); err != nil {
		t.Fatal(err)
	}
	m.docs[1] = document(t, m.headPayload(), m.head)
	if m.headDoc, err = ParseHead(m.docs[1]); err != nil {
		t.Fatal(err)
	}
	m.docs[2] = document(t, m.freshPayload(), m.fresh)
	if m.freshDoc, err = ParseFreshness(m.docs[2]); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m made) rootPayload() Root {
	role := func(s testSigner) Role { return Role{Keys: []string{s.print()}, Threshold: 1} }
	fresh := role(m.fresh)
	return Root{Name: "A registry", Version: 1, Issued: "2026-01-01T00:00:00Z", Expires: "2027-01-01T00:00:00Z",
		Keys:    []RootKey{{JWK: m.root.jwk, Name: "First person"}, {JWK: m.head.jwk}, {JWK: m.fresh.jwk}},
		Roles:   Roles{Root: role(m.root), Head: role(m.head), Fresh: &fresh},
		Mirrors: []string{"https://mirror.example", "https://mirror.example:8443/a/b"}}
}

func (m made) headPayload() Head {
	return Head{Registry: m.rootDoc.ID(), RootVersion: 1, Version: 1, Snapshot: block.New(block.DagCBOR, []byte{0xa0}).CID.String(),
		Issued: "2026-11-20T00:00:00Z", NextUpdate: "2026-11-27T00:00:00Z", Expires: "2026-12-20T00:00:00Z", MaxStale: map[string]string{"registry": "7d"}}
}

func (m made) freshPayload() Freshness {
	return Freshness{Registry: m.rootDoc.ID(), Version: 1, Head: m.headDoc.Identity.String(), AsOf: "2026-11-22T09:00:00Z", NextUpdate: "2026-11-23T09:00:00Z"}
}

func wantReason(t *testing.T, err error, want Reason) {
	t.Helper()
	var e *Error
	switch {
	case want == "" && err != nil:
		t.Fatalf("error %v, want none", err)
	case want != "" && !errors.As(err, &e):
		t.Fatalf("error %v, want reason %s", err, want)
	case want != "" && e.Reason != want:
		t.Fatalf("reason %s (%s), want %s", e.Reason, e.Detail, want)
	}
}

// evidence is all that a test lets a reader see; what it has not is gone.
type evidence struct {
	blocks map[cid.Cid][]byte
	named  map[string][][]byte
}

func (e evidence) Block(c cid.Cid) ([]byte, bool) { data, ok := e.blocks[c]; return data, ok }
func (e evidence) Documents(name string) [][]byte { return e.named[name] }
func (e evidence) Gone(string) bool               { return true }

func (m made) evidence() evidence {
	e := evidence{map[cid.Cid][]byte{}, map[string][][]byte{"head": {m.docs[1]}, "fresh": {m.docs[2]}}}
	for _, d := range m.docs {
		e.blocks[block.New(block.JSON, d).CID] = d
	}
	return e
}

func at(s string) time.Time {
	t, err := parseTime(s)
	if err != nil {
		panic(err)
	}
	return t
}

var now = at("2026-11-22T10:00:00Z")
