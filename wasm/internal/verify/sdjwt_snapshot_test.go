package verify

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// An SD-JWT VC by a certificate, against a snapshot of some hundred entities: the anchor
// is found by the key index and the type's metadata among the resources, a block at a
// time, and no URL is asked for.
func TestSDJWTVCFromASnapshot(t *testing.T) {
	const vct = "https://types.example/degree"
	seed := sha256.Sum256([]byte("snapshot root"))
	rootKey := ed25519.NewKeyFromSeed(seed[:])
	signer := testissuer.Key("EdDSA", "snapshot signer")
	x, err := base64.RawURLEncoding.DecodeString(signer.JWK.String("x"))
	if err != nil {
		t.Fatal(err)
	}
	issue := func(c, parent *x509.Certificate, pub any) *x509.Certificate {
		c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(1), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
		der, err := x509.CreateCertificate(nil, c, parent, pub, rootKey)
		if err != nil {
			t.Fatal(err)
		}
		out, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	ca := &x509.Certificate{Subject: pkix.Name{CommonName: "root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, SubjectKeyId: seed[:20]}
	root := issue(ca, ca, rootKey.Public())
	leaf := issue(&x509.Certificate{Subject: pkix.Name{CommonName: "signer"}, KeyUsage: x509.KeyUsageDigitalSignature}, root, ed25519.PublicKey(x))

	entities := []strictjson.Object{{"id": "https://ca.example", "names": []any{"A ministry"},
		"keys": []any{strictjson.Object{"kid": "root", "x5c": []any{base64.StdEncoding.EncodeToString(root.Raw)}}},
		"auth": []any{strictjson.Object{"action": "issue", "resource": vct}}}}
	for n := range 300 {
		entities = append(entities, strictjson.Object{"id": fmt.Sprintf("https://issuer%d.example", n),
			"keys": []any{strictjson.Object{"kid": "k", "jwk": testissuer.Key("EdDSA", fmt.Sprint(n)).JWK}}})
	}
	build := func(metadata string) (snapshot.Meta, snapshot.Store) {
		store := snapshot.Store{}
		src := snapshot.Source{Name: "Test", Entities: func(yield func(snapshot.Entity, error) bool) {
			for _, o := range entities {
				if !yield(snapshot.ParseEntity(o)) {
					return
				}
			}
		}}
		if metadata != "" {
			src.Documents = func(yield func(snapshot.Document, error) bool) {
				yield(snapshot.Document{URL: vct, MediaType: "application/json", Obtained: "2026-11-20T00:00:00Z", Body: []byte(metadata)}, nil)
			}
		}
		meta, err := snapshot.Build(src, store.Put, snapshot.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if metadata != "" {
			b := block.New(block.Raw, []byte(metadata))
			if err := store.Put(b); err != nil {
				t.Fatal(err)
			}
		}
		return meta, store
	}
	b := &testissuer.SDJWT{Issuer: signer}
	text := b.Issue(strictjson.Object{"x5c": []any{base64.StdEncoding.EncodeToString(leaf.Raw)}},
		strictjson.Object{"vct": vct, "_sd": []any{b.Hide("given_name", "Ada")}})

	for _, tt := range []struct{ name, metadata, want string }{
		{"no metadata", "", "accepted"},
		{"metadata that is met", `{"vct":"https://types.example/degree","claims":[{"path":["given_name"],"sd":"always"}]}`, "accepted"},
		{"metadata that is not", `{"vct":"https://types.example/degree","claims":[{"path":["given_name"],"sd":"never"}]}`, "rejected: claim_wrongly_disclosable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			meta, store := build(tt.metadata)
			var have []block.Block
			for range wire.MaxRounds {
				r := ask(t, []byte(text), func(q *wire.Request) { q.Registries = []wire.Registry{{Snapshot: meta.Root.String()}} }, have...)
				if len(r.Needs) == 0 {
					if reason(r) != tt.want {
						t.Errorf("got %s, want %s: %+v", reason(r), tt.want, r.Verdict)
					}
					if r.Verdict != nil && r.Verdict.Credential.Issuer != "https://ca.example" {
						t.Errorf("issuer %q", r.Verdict.Credential.Issuer)
					}
					return
				}
				for _, n := range r.Needs {
					if n.Block == "" {
						t.Fatalf("asks for %s", n.URL)
					}
					id, err := block.ParseCID(n.Block)
					if err != nil {
						t.Fatal(err)
					}
					data, ok := store.Get(id)
					if !ok {
						t.Fatalf("asks for %s, which the snapshot has not", n.Block)
					}
					if !slices.ContainsFunc(have, func(b block.Block) bool { return b.CID.Equals(id) }) {
						have = append(have, block.Block{CID: id, Data: data})
					}
				}
			}
			t.Fatal("no verdict")
		})
	}
}
