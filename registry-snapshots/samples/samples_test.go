// Package samples holds a small registry that the project makes itself, for
// tests, examples and the README. The test holds the files to each other; with
// -update it writes the keys, the credential and the CAR again.
package samples

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/importer"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

var update = flag.Bool("update", false, "write keys/, degree.jwt and demo-registry.car again")

const (
	source = "demo-registry"
	car    = "demo-registry.car"
)

// keys are the test keys by file name: the curve, and the kid of the registry,
// where it is not the thumbprint.
var keys = []struct{ name, crv, kid string }{
	{"university-2021", "Ed25519", "did:web:university.example#key-2021"},
	{"university-2025", "Ed25519", "did:web:university.example#key-2025"},
	{"clinic-2023", "P-256", ""},
	{"clinic-2026", "P-256", ""},
	{"club", "Ed25519", "did:key:z6MkrahDDE2nYNqheo6hoyBKfLWC4BZHVhpUu3BRn5gCYBTd#z6MkrahDDE2nYNqheo6hoyBKfLWC4BZHVhpUu3BRn5gCYBTd"},
	{"lab-2024", "P-384", "did:web:lab.example#key-2024"},
	{"lab-2026", "P-384", "did:web:lab.example#key-2026"},
	{"suspended", "Ed25519", "did:web:suspended.example#key-1"},
	{"stranger", "Ed25519", ""}, // in no registry
}

// privateJWK makes a test key from its name, so that nobody can take it for a
// secret.
func privateJWK(t *testing.T, name, crv, kid string) map[string]string {
	t.Helper()
	b64 := base64.RawURLEncoding.EncodeToString
	label := []byte("verilith public test key: " + name)
	jwk := map[string]string{"kty": "EC", "crv": crv}
	var required string // RFC 7638
	switch crv {
	case "Ed25519":
		seed := sha256.Sum256(label)
		pub := ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey)
		jwk["kty"], jwk["alg"], jwk["d"], jwk["x"] = "OKP", "EdDSA", b64(seed[:]), b64(pub)
		required = `{"crv":"Ed25519","kty":"OKP","x":"` + jwk["x"] + `"}`
	default:
		curve, alg, sum := elliptic.P256(), "ES256", sha512.Sum384(label)
		d := sum[:32]
		if crv == "P-384" {
			curve, alg, d = elliptic.P384(), "ES384", sum[:]
		}
		key, err := ecdsa.ParseRawPrivateKey(curve, d)
		if err != nil {
			t.Fatal(err)
		}
		point, err := key.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		n := len(d)
		jwk["alg"], jwk["d"], jwk["x"], jwk["y"] = alg, b64(d), b64(point[1:1+n]), b64(point[1+n:])
		required = `{"crv":"` + crv + `","kty":"EC","x":"` + jwk["x"] + `","y":"` + jwk["y"] + `"}`
	}
	if kid == "" {
		sum := sha256.Sum256([]byte(required))
		kid = b64(sum[:])
	}
	jwk["kid"] = kid
	return jwk
}

func TestKeys(t *testing.T) {
	for _, k := range keys {
		file := filepath.Join("keys", k.name+".jwk.json")
		want, err := json.MarshalIndent(privateJWK(t, k.name, k.crv, k.kid), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, '\n')
		if *update {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what -update writes: %v", file, err)
		}
	}
}

// The CAR is exactly what the source builds.
func TestCAR(t *testing.T) {
	r, err := importer.Folder(source, importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := snapshot.Store{}
	meta, err := snapshot.Build(r.Source(), store.Put, snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := snapshot.WriteCAR(&want, meta.Root, store.Get); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(car, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(car)
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Fatalf("%s is not what %s builds (%v); go test ./registry-snapshots/samples -update writes it", car, source, err)
	}
	roots, blocks, err := block.ReadCAR(got, block.Limits{})
	if err != nil || len(roots) != 1 || roots[0] != meta.Root {
		t.Fatalf("roots %v %v", roots, err)
	}
	held := snapshot.Store{}
	for _, b := range blocks {
		held[b.CID] = b.Data
	}
	if _, err := snapshot.Verify(meta.Root, held.Get); err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil || !strings.Contains(string(readme), meta.Root.String()) {
		t.Errorf("README.md does not name the root %s: %v", meta.Root, err)
	}
	s, err := snapshot.Open(meta.Root, held.Get)
	if err != nil {
		t.Fatal(err)
	}
	inRegistry(t, s)
}

// credential is a degree that the university signs with its key of 2025.
const credential = "degree.jwt"

func TestCredential(t *testing.T) {
	jwk := privateJWK(t, "university-2025", "Ed25519", "did:web:university.example#key-2025")
	seed, err := base64.RawURLEncoding.DecodeString(jwk["d"])
	if err != nil {
		t.Fatal(err)
	}
	header := strictjson.Object{"alg": "EdDSA", "kid": jwk["kid"], "typ": "vc+jwt"}
	payload := strictjson.Object{
		"@context":  []any{"https://www.w3.org/ns/credentials/v2"},
		"type":      []any{"VerifiableCredential", "UniversityDegreeCredential"},
		"issuer":    "did:web:university.example",
		"validFrom": "2026-07-01T00:00:00Z",
		"credentialSubject": strictjson.Object{
			"id": "did:example:graduate", "degree": strictjson.Object{"type": "BachelorDegree", "name": "Bachelor of Science"},
		},
	}
	b64 := base64.RawURLEncoding.EncodeToString
	signed := b64(strictjson.Encode(header)) + "." + b64(strictjson.Encode(payload))
	want := signed + "." + b64(ed25519.Sign(ed25519.NewKeyFromSeed(seed), []byte(signed))) + "\n"
	if *update {
		if err := os.WriteFile(credential, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(credential); err != nil || string(got) != want {
		t.Errorf("%s is not what -update writes: %v", credential, err)
	}
}

// inRegistry holds the registry to the test keys: each is there by its thumbprint
// and kid, but for the stranger's.
func inRegistry(t *testing.T, s *snapshot.Snapshot) {
	t.Helper()
	for _, k := range keys {
		jwk := privateJWK(t, k.name, k.crv, k.kid)
		thumbprint := privateJWK(t, k.name, k.crv, "")["kid"]
		ids, p, err := s.KeyRef("jkt:" + thumbprint)
		if k.name == "stranger" {
			if err != nil || p.Found {
				t.Errorf("the stranger's key is in the registry: %v %v", ids, err)
			}
			continue
		}
		if err != nil || len(ids) != 1 {
			t.Errorf("%s: %v %v", k.name, ids, err)
			continue
		}
		e, _, err := s.Entity(ids[0])
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, key := range e.Keys {
			public := strictjson.Object{}
			for name, v := range jwk {
				if name != "d" && name != "kid" {
					public[name] = v
				}
			}
			if bytes.Equal(strictjson.Encode(key.JWK.Without("kid")), strictjson.Encode(public)) && key.Kid == jwk["kid"] {
				found = true
			}
		}
		if !found {
			t.Errorf("%s is not the public half of a key of %s", k.name, e.ID)
		}
	}
}
