package importer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"
)

// realNow is when these registries were fetched, give or take.
var realNow = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// The list of the American motor vehicle administrators of August 2025: signed, past
// its next update by more than a year, and with the small faults of real life.
func TestRealVICAL(t *testing.T) {
	path := realData(t, "vical/aamva.cbor")
	_, err := VICAL(path, Options{Now: realNow})
	wantReason(t, err, NoAnchor)
	// Pinned by its own signer's certificate.
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, chain, _, err := openCOSE(path, data)
	if err != nil {
		t.Fatal(err)
	}
	r, err := VICAL(path, Options{Now: realNow, Fingerprint: x5t(chain[0].Raw)})
	if err != nil {
		t.Fatal(err)
	}
	p := r.Report
	t.Logf("%+v", p)
	if p.Signature.State != Verified || !strings.Contains(p.Signature.By, "AAMVA") || p.Sequence != 89782 || !p.Past || p.NextUpdate != "2025-08-06T20:47:21Z" {
		t.Errorf("report %+v", p)
	}
	if p.Entities != 13 || p.Keys != 13 || p.Auth != 13 {
		t.Errorf("%d entities, %d keys", p.Entities, p.Keys)
	}
	for _, f := range p.Findings {
		if f.Skipped {
			t.Errorf("skipped: %+v", f)
		}
	}
	build(t, r)
	if r, err := VICAL(path, Options{Now: time.Date(2025, 8, 6, 0, 0, 0, 0, time.UTC), Fingerprint: x5t(chain[0].Raw)}); err != nil || r.Report.Past {
		t.Errorf("on the day: %+v %v", r, err)
	}
	// One bit of the payload, and of the signature.
	var m cose.UntaggedSign1Message
	if err := m.UnmarshalCBOR(data); err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{m.Payload, m.Signature} {
		b[len(b)/2] ^= 1
		changed, err := cbor.Marshal(cbor.RawMessage(mustCOSE(t, &m)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = vical("changed", changed, Options{Now: realNow, Fingerprint: x5t(chain[0].Raw)})
		wantReason(t, err, BadSignature)
		b[len(b)/2] ^= 1
	}
}

func mustCOSE(t testing.TB, m *cose.UntaggedSign1Message) []byte {
	t.Helper()
	data, err := m.MarshalCBOR()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The roots of American states as somebody collected them.
func TestRealIACA(t *testing.T) {
	dir := realData(t, "iaca")
	r, err := IACA(dir, Options{Now: realNow})
	if err != nil {
		t.Fatal(err)
	}
	p := r.Report
	t.Logf("%+v", p)
	if p.Entities != 15 || p.Keys != 15 || p.Signature.State != Absent {
		t.Errorf("report %+v", p)
	}
	by := map[string]int{}
	for _, e := range r.Entities {
		by[e.Jurisdiction]++
	}
	// Two of Arizona; Louisiana and one of Colorado's do not say which state they are.
	if by["US-AZ"] != 2 || by["US-OH"] != 1 || by["US"] != 2 || by["US-CO"] != 1 {
		t.Errorf("jurisdictions %v", by)
	}
	broken := map[string]bool{}
	for _, f := range p.Findings {
		if f.Skipped || f.Reason != BadProfile {
			t.Errorf("%+v", f)
		}
		broken[f.Place] = true
	}
	if len(broken) != 7 {
		t.Errorf("%d certificates break the profile, want 7: %v", len(broken), broken)
	}
	build(t, r)
}

// Universal Verify: every issuer's signature is by the known key.
func TestRealUniversalVerify(t *testing.T) {
	dir := realData(t, "universal-verify")
	r, err := UniversalVerify(dir, Options{Now: realNow, Evidence: true})
	if err != nil {
		t.Fatal(err)
	}
	p := r.Report
	t.Logf("%+v", p)
	if p.Entities != 25 || p.Keys != 25 || p.Signature.State != Verified || p.Signature.By != "CN=Universal Verify Root CA" || len(p.Findings) != 0 {
		t.Errorf("report %+v", p)
	}
	s, _ := build(t, r)
	if e := find(t, s, "x509_aki:Lx4k_1KTsUo51qvuBREJwYHbXwg"); e.Jurisdiction != "US-OH" {
		t.Errorf("%+v", e)
	}
	// With one letter of one file changed.
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(copied, "issuers/x509_aki/Lx4k_1KTsUo51qvuBREJwYHbXwg.json")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(data), `"OH"`, `"TX"`, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = UniversalVerify(copied, Options{Now: realNow})
	wantReason(t, err, BadSignature)
}
