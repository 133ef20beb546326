package builder

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/wasm/strictjson"
)

// TestReadDID edits a document with one key, of one purpose.
func TestReadDID(t *testing.T) {
	const did = "did:web:a.example"
	const good = `{"id":"did:web:a.example","verificationMethod":[{"id":"#k","type":"JsonWebKey","controller":"did:web:a.example","publicKeyJwk":{"kty":"OKP","crv":"Ed25519","x":"svlsb7BxscqshjMrLpPGH4wA_oFNsnCrVI9GPWuAgXw"}}],"assertionMethod":["#k"]}`
	const material = `"publicKeyJwk":{"kty":"OKP","crv":"Ed25519","x":"svlsb7BxscqshjMrLpPGH4wA_oFNsnCrVI9GPWuAgXw"}`
	tests := []struct {
		name, old, new string
		keys           int
		left           string // what is said of a method that is not taken
		want           Reason
	}{
		{name: "valid", keys: 1},
		{name: "absolute names", old: `"#k"`, new: `"did:web:a.example#k"`, keys: 1},
		{name: "embedded", old: `"assertionMethod":["#k"]`, new: `"assertionMethod":[{"id":"#e","type":"JsonWebKey","controller":"did:web:a.example",` + material + `}]`, keys: 1},
		{name: "Multikey", old: material, new: `"publicKeyMultibase":"z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"`, keys: 1},
		{name: "another purpose", old: "assertionMethod", new: "keyAgreement", keys: 0},
		{name: "a purpose elsewhere", old: `["#k"]`, new: `["did:web:b.example#k"]`, keys: 0},
		{name: "another's key", old: `"controller":"did:web:a.example"`, new: `"controller":"did:web:b.example"`, left: "is controlled by"},
		{name: "another document's method", old: `"#k"`, new: `"did:web:b.example#k"`, left: "belongs to another document"},
		{name: "no key", old: "," + material, new: "", left: "has 0 public keys"},
		{name: "two keys", old: material, new: material + `,"publicKeyHex":"00"`, left: "has 2 public keys"},
		{name: "an unknown key", old: `"crv":"Ed25519"`, new: `"crv":"X448"`, left: "unsupported_key_type"},
		{name: "a private key as JWK", old: `"x":`, new: `"d":"AA","x":`, left: "private_key"},
		{name: "expires is no time", old: material, new: material + `,"expires":"soon"`, left: "expires"},
		{name: "a private key", old: material, new: material + `,"privateKeyBase58":"x"`, want: BadDocument},
		{name: "another DID", old: `"id":"did:web:a.example"`, new: `"id":"did:web:A.example"`, want: WrongID},
		{name: "deactivated is no truth", old: `"id":`, new: `"deactivated":"yes","id":`, want: BadDocument},
		{name: "no controller", old: `"controller":"did:web:a.example",`, new: "", want: BadDocument},
		{name: "a name that is none", old: `"id":"#k"`, new: `"id":"k"`, want: BadDocument},
		{name: "a reference that is none", old: `["#k"]`, new: `[1]`, want: BadDocument},
		{name: "a relationship that is no list", old: `["#k"]`, new: `"#k"`, want: BadDocument},
		{name: "not JSON", old: "{", new: "", want: BadDocument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := 1
			if tt.old == `"#k"` { // also where it is referred to
				n = 2
			}
			got, err := readDID(did, []byte(strings.Replace(good, tt.old, tt.new, n)), []string{"assertionMethod"})
			var e *Error
			if tt.want != "" {
				if !errors.As(err, &e) || e.Reason != tt.want {
					t.Fatalf("%v, want %s", err, tt.want)
				}
				return
			}
			if err != nil || len(got.keys) != tt.keys || tt.left == "" && len(got.left) > 0 || tt.left != "" && (len(got.left) != 1 || !strings.Contains(got.left[0], tt.left)) {
				t.Fatalf("%+v, %v; want %d keys, left %q", got, err, tt.keys, tt.left)
			}
			for _, k := range got.keys {
				if k.JWK.String("x") == "" || k.JWK.Has("kid") || !strings.HasPrefix(k.Kid, did+"#") {
					t.Errorf("%+v", k)
				}
			}
		})
	}
	revoked := strings.Replace(good, material, material+`,"revoked":"2026-01-02T03:04:05+01:00"`, 1)
	if got, err := readDID(did, []byte(revoked), []string{"assertionMethod"}); err != nil || got.keys[0].State != "revoked" || got.keys[0].Until != "2026-01-02T02:04:05Z" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDIDURL(t *testing.T) {
	for _, tt := range []struct{ did, want string }{
		{"did:web:a.example", "https://a.example/.well-known/did.json"},
		{"did:web:a.example%3A8443", "https://a.example:8443/.well-known/did.json"},
		{"did:web:a.example:u:1", "https://a.example/u/1/did.json"},
		{"did:web:a.example:caf%C3%A9", "https://a.example/caf%C3%A9/did.json"},
		{"did:web:127.0.0.1", ""}, {"did:web:0x7f000001", ""}, {"did:web:a.example%3A0", ""}, {"did:web:a.example%3A65536", ""}, {"did:web:a.example%2Fb", ""},
		{"did:web:a.example:..", ""}, {"did:web:a.example:%2e%2E", ""}, {"did:web:a.example:a%2Fb", ""}, {"did:web:a.example:", ""}, {"did:web:a.example?x", ""},
		{"did:web:-a.example", ""}, {"did:web:a..example", ""}, {"did:web:u@a.example", ""}, {"did:key:z6Mk", ""}, {"did:web:", ""}, {"did:web:a.example:%0", ""}, {"did:web:" + strings.Repeat("a.", 200) + "example", ""},
	} {
		got, err := didURL(tt.did)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %q, %v; want %q", tt.did, got, err, tt.want)
		}
	}
}

func TestTimeToLive(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       int64
	}{
		{"Token Status List", "eyJhbGciOiJFUzI1NiJ9.eyJ0dGwiOjQzMjAwfQ.c2ln", 43200},
		{"Token Status List in CBOR", "\xd2\x84\x40\xa0\x48\xa1\x19\xff\xfe\x19\xa8\xc0\x00\x41\x00", 0}, // with something behind the claims
		{"Token Status List in CBOR, whole", "\xd2\x84\x40\xa0\x47\xa1\x19\xff\xfe\x19\xa8\xc0\x41\x00", 43200},
		{"with the tag of a CWT", "\xd8\x3d\xd2\x84\x40\xa0\x47\xa1\x19\xff\xfe\x19\xa8\xc0\x41\x00", 43200},
		{"Bitstring", `{"credentialSubject":{"type":"BitstringStatusList","ttl":300000}}`, 300},
		{"none", "eyJhbGciOiJFUzI1NiJ9.e30.c2ln", 0},
		{"negative", "eyJhbGciOiJFUzI1NiJ9.eyJ0dGwiOi01fQ.c2ln", 0},
		{"endless", `{"credentialSubject":{"ttl":9007199254740991}}`, 100 * 366 * 24 * 3600},
		{"no list", "hello", 0}, {"empty", "", 0},
	} {
		if got := timeToLive([]byte(tt.body)); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestConfig edits a file in which everything is used.
func TestConfig(t *testing.T) {
	const good = `name: R
authority: did:web:registry.example
previous: before.car
sources:
  - {from: vci, url: 'https://a.example/list.json', fingerprint: ab, evidence: true, optional: true}
  - {from: iaca, files: {AT.pem: 'https://a.example/at'}}
  - {from: trqp, url: 'https://t.example', unsigned: true, questions: [{entity_id: x, authority_id: y, action: issue, resource: z}]}
  - {from: folder, file: clubs}
entities:
  - {id: 'did:web:b.example', keys: {from: didDocument, purposes: [authentication]}}
  - more.json
recognitions:
  - {registry: r, action: issue, resource: x, depth: 1}
carry:
  didDocuments: all
  contexts: ['https://c.example/v1', {as: 'https://c.example/v2', url: 'https://mirror.example/v2', optional: true, mediaType: application/ld+json}]
  resources: [{as: 'https://c.example/terms', file: terms.txt, obtained: 2026-01-01}]
history: keep
renew: 7d
limits: {documentBytes: 1000, totalBytes: 5000, documents: 7, perHost: 1, timeout: 5s, sourceBytes: 9}
`
	dir := t.TempDir()
	for name, text := range map[string]string{"more.json": `[{"id":"did:example:m"}]`, "terms.txt": "x", "bad.txt": "", "private.yaml": "&a x: *a"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ name, old, new, want string }{ // want: the place, or "" for no error
		{name: "valid"},
		{"unknown member", "authority:", "authorty:", "registry.yaml: authorty"},
		{"unknown member of a source", "evidence:", "evidense:", "registry.yaml: sources[0].evidense"},
		{"unknown member of a document", "mediaType:", "media:", "registry.yaml: carry.contexts[1].media"},
		{"unknown limit", "perHost: 1", "perhost: 1", "registry.yaml: limits.perhost"},
		{"no name", "name: R\n", "", "registry.yaml: name"},
		{"a member twice", "renew: 7d", "renew: 7d\nrenew: 8d", "registry.yaml"},
		{"an anchor", "renew: 7d", "renew: &a 7d", "registry.yaml"},
		{"another kind of source", "from: vci", "from: cloud", "registry.yaml: sources[0].from"},
		{"a source by http with a user", "https://a.example/list.json", "https://u:p@a.example/list.json", "registry.yaml: sources[0]"},
		{"a source that is two", "url: 'https://t.example'", "url: 'https://t.example', file: x", "registry.yaml: sources[2]"},
		{"a source that is none", "file: clubs", "label: clubs", "registry.yaml: sources[3]"},
		{"a folder by URL", "file: clubs", "url: 'https://a.example'", "registry.yaml: sources[3]"},
		{"a file that leaves its folder", "AT.pem:", "../AT.pem:", "registry.yaml: sources[1]"},
		{"questions for who answers none", "from: iaca, files: {AT.pem: 'https://a.example/at'}", "from: dcc, url: 'https://a.example/at', questions: []", "registry.yaml: sources[1].questions"},
		{"the same source twice", "from: folder, file: clubs", "from: trqp, url: 'https://t.example', unsigned: true", "registry.yaml: sources[3]"},
		{"an optional file", "file: clubs", "file: clubs, optional: true", "registry.yaml: sources[3].optional"},
		{"a file of entities that is not there", "- more.json", "- less.json", "registry.yaml: entities[1]"},
		{"a file of entities of another kind", "- more.json", "- bad.txt", "registry.yaml: entities[1]"},
		{"a number for an entity", "- more.json", "- 5", "registry.yaml: entities[1]"},
		{"a recognition without a registry", "registry: r", "registry: ''", "registry.yaml: recognitions[0]"},
		{"documents of everybody", "didDocuments: all", "didDocuments: everybody", "registry.yaml: carry.didDocuments"},
		{"a DID that has no URL", "didDocuments: all", "didDocuments: ['did:key:z6Mk']", "registry.yaml: carry.didDocuments[0]"},
		{"a document by ftp", "'https://c.example/v1'", "'ftp://c.example/v1'", "registry.yaml: carry.contexts[0]"},
		{"a document that is a file and fetched", "file: terms.txt", "file: terms.txt, url: 'https://x.example'", "registry.yaml: carry.resources[0]"},
		{"a time for what is fetched", "optional: true, mediaType", "obtained: 2026-01-01, mediaType", "registry.yaml: carry.contexts[1].obtained"},
		{"an empty document", "'https://c.example/v1'", "{}", "registry.yaml: carry.contexts[0]"},
		{"history of another kind", "history: keep", "history: some", "registry.yaml: history"},
		{"an age that is none", "renew: 7d", "renew: weekly", "registry.yaml: renew"},
		{"a limit beyond the most", "documents: 7", "documents: 7000000", "registry.yaml: limits.documents"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(dir, "registry.yaml")
			if err := os.WriteFile(path, []byte(strings.Replace(good, tt.old, tt.new, 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			c, err := Load(path)
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if c.Previous != "before.car" || len(c.sources) != 4 || len(c.entities) != 2 || len(c.carry) != 3 || !c.didAll || c.renew != 7*24*time.Hour || c.Limits != (Limits{1000, 9, 5000, 7, 1, 5 * time.Second}) {
					t.Errorf("%+v", c)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) || e.Reason != BadConfig && e.Reason != NoFile || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want one at %s", err, tt.want)
			}
		})
	}
}

// A folder without registry.yaml, or with one that only has a name, is its entity files.
func TestLoadFolder(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	check := func(path, name string) {
		t.Helper()
		c, err := Load(path)
		if err != nil || c.Name != name || len(c.sources) != 1 || c.sources[0].File != "." {
			t.Fatalf("%+v, %v", c, err)
		}
	}
	write("a.json", `{"id":"did:example:a"}`)
	check(dir, "")
	write("registry.yaml", "name: R")
	check(dir, "R")
	check(filepath.Join(dir, "registry.yaml"), "R")
	write("registry.yaml", "name: R\nrecognitions: [{registry: x, action: issue, resource: y}]")
	check(dir, "R")
	write("registry.yaml", "name: R\nhistory: none")
	if _, err := Load(dir); err == nil {
		t.Error("a file that builds nothing is accepted")
	}
	write("registry.json", string(strictjson.Encode(strictjson.Object{"name": "S"})))
	if _, err := Load(dir); err == nil {
		t.Error("two registry files are accepted")
	}
	if _, err := Load(filepath.Join(dir, "none.yaml")); err == nil {
		t.Error("a file that is not there is accepted")
	}
}
