package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/importer"
)

const vciFile = `{"directory": "https://directory.example", "time": "2026-08-22T04:43:50Z",
 "issuerInfo": [{"issuer": {"iss": "https://a.example", "name": "A"}, "keys": [], "lastRetrieved": "2026-08-22T04:43:50Z"}]}`

const tslFile = `<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#" TSLTag="http://uri.etsi.org/19612/TSLTag"><SchemeInformation/></TrustServiceStatusList>`

func TestTable(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "directory.example"}, NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(2, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha512.Sum512([]byte(vciFile))
	sig, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	pinned := importer.Options{Fingerprint: hex.EncodeToString(sum[:])}
	good := map[string]string{
		"vci/vci_snapshot.json": vciFile, "vci/vci_snapshot.sig": string(sig),
		"vci/vci_snapshot.crt":                    string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		"dcc/one.json":                            `{"meta": {"created": "2020-01-01", "updated": "2024-01-01"}, "registry": {"did:web:a.example": {"name": "A", "location": "B", "url": "https://a.example"}}}`,
		"siros/lists/x/scheme.yaml":               "operatorNames: [{language: en, value: O}]\ntype: http://a.example/list\n",
		"siros/lists/x/providers/p/provider.yaml": "names: [{language: en, value: P}]\n",
		"siros/lists/y/lotl.yaml":                 "pointers: []\n",
	}
	tests := []struct {
		name   string
		edit   func(files map[string]string)
		opt    importer.Options
		failed int
		want   []string // in the output, in this order
	}{
		{"as it is", func(f map[string]string) {}, pinned, 0, []string{
			"judged at 2026-11-22T10:00:00Z",
			"vci/vci_snapshot.json 1 0 1 verified by pinned certificate of vci.org, ECDSA P-521 SHA-512 none not said 1 (1) 0",
			"dcc/one.json 1 0 1 unsigned none not said 2 (2) 0",
			"eu/eu-lotl.xml - - - not there",
			"siros/lists/x 2 0 0 unsigned none not said",
			"siros/lists/y is not imported",
			"dcc 1 registry.*.location: ",
		}},
		{"a signature that does not verify", func(f map[string]string) { f["vci/vci_snapshot.json"] += " " }, pinned, 1, []string{
			"vci/vci_snapshot.json - - - FAILED", "dcc/one.json 1 0 1", "vci/vci_snapshot.json FAILED: import_bad_signature: vci/vci_snapshot.sig",
		}},
		{"signed by another than the one known", func(f map[string]string) {}, importer.Options{}, 1, []string{"vci/vci_snapshot.json - - - FAILED", "import_wrong_signer"}},
		{"without its signature", func(f map[string]string) { delete(f, "vci/vci_snapshot.sig") }, pinned, 1, []string{"FAILED", "import_no_signature"}},
		{"without it, and unsigned accepted", func(f map[string]string) { delete(f, "vci/vci_snapshot.sig") }, importer.Options{Unsigned: true}, 1, []string{
			"vci/vci_snapshot.json 1 0 1", "it has to be verified, and is unsigned",
		}},
		{"a list without the list of lists", func(f map[string]string) { f["eu/TSL_XX.xml"] = tslFile }, pinned, 1, []string{"eu/eu-lotl.xml - - - not there", "eu/TSL_XX.xml - - - FAILED"}},
		{"a list of lists that nobody signed", func(f map[string]string) { f["eu/eu-lotl.xml"] = tslFile }, pinned, 1, []string{"eu/eu-lotl.xml - - - FAILED", "import_no_signature"}},
		{"a registry that is broken", func(f map[string]string) { f["dcc/one.json"] = "{}" }, pinned, 1, []string{"dcc/one.json - - - FAILED"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, files := t.TempDir(), maps.Clone(good)
			tt.edit(files)
			for name, text := range files {
				file := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var out bytes.Buffer
			failed, err := run(&out, dir, now, tt.opt)
			if err != nil || failed != tt.failed {
				t.Errorf("%d failed, %v, want %d:\n%s", failed, err, tt.failed, &out)
			}
			rest := strings.Join(strings.Fields(out.String()), " ")
			for _, want := range tt.want {
				_, after, ok := strings.Cut(rest, want)
				if !ok {
					t.Fatalf("no %q in order in\n%s", want, &out)
				}
				rest = after
			}
			if strings.Contains(out.String(), dir) {
				t.Errorf("the folder's own path is in the output:\n%s", &out)
			}
		})
	}
}

func TestNoFolder(t *testing.T) {
	var out bytes.Buffer
	failed, err := run(&out, filepath.Join(t.TempDir(), "none"), time.Now(), importer.Options{})
	if failed != 0 || err != nil || !strings.HasPrefix(out.String(), "skipped: there is no folder ") {
		t.Errorf("%d %v %q", failed, err, &out)
	}
}

// The real registries, where they are: every one that is signed verifies, and what is past
// due is stale.
func TestRealData(t *testing.T) {
	dir := os.Getenv("REALDATA")
	if dir == "" {
		dir = "../../../../shared/realdata"
	}
	if _, err := os.Stat(filepath.Join(dir, "eu", "eu-lotl.xml")); err != nil {
		t.Skip("REALDATA names no folder with the real registries")
	}
	var out bytes.Buffer
	failed, err := run(&out, dir, time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), importer.Options{})
	if failed != 0 || err != nil {
		t.Errorf("%d failed, %v\n%s", failed, err, &out)
	}
	if n := strings.Count(out.String(), "STALE"); n != 7 {
		t.Errorf("%d stale, want 7\n%s", n, &out)
	}
	if n := strings.Count(out.String(), "verified by pinned"); n != 8 {
		t.Errorf("%d verified, want 8\n%s", n, &out)
	}
}
