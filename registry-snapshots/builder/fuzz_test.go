package builder

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/importer"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// What is accepted as a did:web has one URL, on the host that the DID names, and the DID
// can be read from it again.
func FuzzDIDURL(f *testing.F) {
	for _, s := range []string{
		"did:web:a.example", "did:web:a.example%3A8443", "did:web:a.example:x:y", "did:web:a.example:x%20y", "did:web:localhost%3a1:u",
		"did:web:127.0.0.1", "did:web:a.example%2Fx", "did:web:a.example:..", "did:web:a.example:%2e%2e", "did:web:a@b", "did:web:", "did:key:z6Mk", "did:web:a.example:", "did:web:a:%", "did:web:0x7f.1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, did string) {
		got, err := didURL(did)
		if err != nil {
			return
		}
		u, err := url.Parse(got)
		if err != nil || u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.String() != got && u.EscapedPath() == "" {
			t.Fatalf("%q has the URL %q", did, got)
		}
		host := strings.ReplaceAll(strings.ReplaceAll(strings.Split(strings.TrimPrefix(did, "did:web:"), ":")[0], "%3A", ":"), "%3a", ":")
		if u.Host != host {
			t.Fatalf("%q leads to %q, want %q", did, u.Host, host)
		}
		path := strings.TrimPrefix(got, "https://"+host)
		path = strings.TrimSuffix(strings.TrimSuffix(path, "/did.json"), "/.well-known")
		again := "did:web:" + strings.Split(strings.TrimPrefix(did, "did:web:"), ":")[0] + strings.ReplaceAll(path, "/", ":")
		if again != did && !strings.HasSuffix(did, ":.well-known") {
			t.Fatalf("%q has the URL %q, which is that of %q", did, got, again)
		}
	})
}

// The keys that are read from a document are keys that an entity can have and a verifier
// can use, and what is not taken is named.
func FuzzReadDID(f *testing.F) {
	const did = "did:web:a.example"
	for _, s := range didSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := readDID(did, body, []string{"assertionMethod"})
		if err != nil {
			return
		}
		o, err := strictjson.ParseObject(body)
		if err != nil || o.String("id") != did {
			t.Fatalf("accepted %q, %v", body, err)
		}
		for _, k := range got.keys {
			key, err := keys.FromJWK(k.JWK)
			if err != nil || !strings.HasPrefix(k.Kid, did+"#") {
				t.Fatalf("key %+v: %v", k, err)
			}
			if again, err := keys.FromJWK(key.JWK()); err != nil || again.Thumbprint() != key.Thumbprint() {
				t.Fatalf("key %+v: %v", k, err)
			}
		}
		if len(got.keys)+len(got.left) > maxMethods || got.deactivated && len(got.keys) > 0 {
			t.Fatalf("%+v", got)
		}
		if _, err := (snapshot.Entity{ID: did, Keys: got.keys}).Normal(); err != nil {
			t.Fatalf("%v", err)
		}
	})
}

// A registry.yaml says the same as JSON, and no two texts are read as different things
// for how they are written.
func FuzzConfig(f *testing.F) {
	for _, s := range []string{
		"name: R\n", "name: R\nentities: [{id: 'did:example:a', keys: {from: didDocument}}]\n",
		"name: R\ncarry: {didDocuments: all, contexts: ['https://a.example/c', {as: 'https://b.example', file: x}]}\nlimits: {timeout: 5s, perHost: 2}\n",
		"name: R\nsources: [{from: vci, url: 'https://a.example/v.json', fingerprint: abc}]\nhistory: none\nrenew: 7d\n",
		"name: R\nrecognitions: [{registry: x, action: issue, resource: y}]\nauthority: did:example:r\n",
		"name: R\nentites: []\n", "{}", "[]", "name: [R]\n",
	} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	parse := func(data []byte) (*Config, error) {
		c := &Config{path: "registry.yaml", dir: dir, history: true, renew: defaultRenew, Limits: defaultLimits}
		return c, c.parse(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data, []byte("..")) || bytes.Contains(data, []byte("/*")) {
			return // files of the machine are not part of the text
		}
		c, err := parse(data)
		if err != nil {
			return
		}
		var o strictjson.Object
		if err := importer.ReadObjects("registry.yaml", data, func(_ string, found strictjson.Object) error {
			o = found
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		c2 := &Config{path: "registry.yaml", dir: dir, history: true, renew: defaultRenew, Limits: defaultLimits}
		c2.path = "registry.json"
		if err := c2.parse(strictjson.Encode(o)); err != nil {
			t.Fatalf("%q is accepted, and as JSON it is not: %v", data, err)
		}
		c2.path = c.path
		strip := func(c *Config) string {
			return strings.ReplaceAll(string(strictjson.Encode(strictjson.From(struct {
				Name, Authority, Previous string
				Limits                    []int64
				Items                     int
				Renew                     int64
			}{c.Name, c.Authority, c.Previous, []int64{c.Limits.DocumentBytes, c.Limits.TotalBytes, int64(c.Limits.PerHost)}, len(c.carry) + 1000*len(c.entities) + 1_000_000*len(c.sources), int64(c.renew)}))), "registry.json", "registry.yaml")
		}
		if strip(c) != strip(c2) || !reflect.DeepEqual(c.recognitions, c2.recognitions) {
			t.Fatalf("%q: %s, and as JSON %s", data, strip(c), strip(c2))
		}
	})
}

// What comes off the shelf is what was put there, or nothing.
func FuzzShelf(f *testing.F) {
	f.Add([]byte("body"), 0, byte(0))
	f.Add([]byte("body"), 3, byte(1))
	f.Add([]byte(""), 200, byte(0x80))
	f.Fuzz(func(t *testing.T, body []byte, at int, flip byte) {
		s, err := OpenShelf(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		k := kept{Key: "vci https://a.example", Obtained: "2026-11-01T00:00:00Z", Files: []keptFile{{Name: "a", body: body}, {URL: "https://a.example/b", MediaType: "x", body: []byte("b")}}, Report: &importer.Report{From: "vci"}}
		if err := s.put(k); err != nil {
			t.Fatal(err)
		}
		path := s.path(k.Key)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed := flip != 0 && at >= 0 && at < len(data)
		if changed {
			data[at] ^= flip
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		got := s.get(k.Key)
		if got == nil {
			if !changed {
				t.Fatal("nothing is there")
			}
			return
		}
		if len(got.Files) > 0 && string(got.Files[0].body) != string(body) && len(got.Files[0].body) == len(body) {
			t.Fatalf("%q, want %q", got.Files[0].body, body)
		}
		if !changed && (len(got.Files) != 2 || string(got.Files[1].body) != "b" || got.Report.From != "vci") {
			t.Fatalf("%+v", got)
		}
		if s.get("vci https://b.example") != nil {
			t.Fatal("another source's")
		}
		if left, err := filepath.Glob(filepath.Join(s.dir, ".new-*")); err != nil || len(left) > 0 {
			t.Fatalf("%v, %v", left, err)
		}
	})
}

// didSeeds are documents of did:web:a.example.
var didSeeds = []string{
	`{"id":"did:web:a.example"}`,
	`{"id":"did:web:a.example","deactivated":true}`,
	`{"id":"did:web:a.example","verificationMethod":[{"id":"#k","type":"JsonWebKey","controller":"did:web:a.example","publicKeyJwk":{"kty":"OKP","crv":"Ed25519","x":"svlsb7BxscqshjMrLpPGH4wA_oFNsnCrVI9GPWuAgXw","kid":"other"}}],"assertionMethod":["#k"]}`,
	`{"id":"did:web:a.example","assertionMethod":[{"id":"did:web:a.example#k","type":"Multikey","controller":"did:web:a.example","publicKeyMultibase":"z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2","expires":"2027-01-01T00:00:00Z"}]}`,
	`{"id":"did:web:a.example","assertionMethod":[{"id":"#k","type":"Ed25519VerificationKey2018","controller":"did:web:a.example","publicKeyBase58":"H3C2AVvLMv6gmMNam3uVAjZpfkcJCwDwnZn6z3wXmqPV"}]}`,
	`{"id":"did:web:a.example","authentication":["#k"],"verificationMethod":[{"id":"#k","type":"JsonWebKey","controller":"did:web:b.example"}]}`,
}

// Certificates that are carried are carried as PEM as well, the same ones, and what is a
// revocation list is no chain.
func FuzzCertificates(f *testing.F) {
	seed := sha256.Sum256([]byte("builder fuzz"))
	key := ed25519.NewKeyFromSeed(seed[:])
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte("ca")}
	der, err := x509.CreateCertificate(nil, c, c, key.Public(), key)
	if err != nil {
		f.Fatal(err)
	}
	crl, err := x509.CreateRevocationList(nil, &x509.RevocationList{Number: big.NewInt(1), NextUpdate: time.Unix(1, 0)}, c, key)
	if err != nil {
		f.Fatal(err)
	}
	inPEM := func(ders [][]byte) (b []byte) {
		for _, der := range ders {
			b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
		}
		return b
	}
	f.Add(der)
	f.Add(crl)
	f.Add(inPEM([][]byte{der, der}))
	f.Add(append([]byte{0x59, byte(len(der) >> 8), byte(len(der))}, der...))
	f.Fuzz(func(t *testing.T, body []byte) {
		list := checkCRL("list", body) == nil
		if checkCertificates("chain", body) != nil {
			return
		}
		ders, err := keys.CertificateFile(body, maxCertificates+1)
		if err != nil || list || len(ders) == 0 || len(ders) > maxCertificates {
			t.Fatalf("%d certificates, a list: %v, %v", len(ders), list, err)
		}
		again, err := keys.CertificateFile(inPEM(ders), maxCertificates+1)
		if err != nil || !reflect.DeepEqual(again, ders) || checkCertificates("chain", inPEM(ders)) != nil {
			t.Fatalf("%d certificates, then %d: %v", len(ders), len(again), err)
		}
	})
}
