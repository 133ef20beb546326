package importer

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// vicalCase is a list to be made.
type vicalCase struct {
	payload     map[string]any
	infos       []map[string]any
	protected   cose.ProtectedHeader
	unprotected cose.UnprotectedHeader
	signer      party
	after       func(data []byte) []byte // what is done to the signed list
	opt         Options
}

func tdate(t time.Time) cbor.Tag { return cbor.Tag{Number: 0, Content: t.UTC().Format(time.RFC3339)} }

// vicalInfo is the entry of a certificate.
func vicalInfo(c *x509.Certificate, docTypes ...string) map[string]any {
	return map[string]any{
		"certificate": c.Raw, "serialNumber": cbor.Tag{Number: 2, Content: c.SerialNumber.Bytes()}, "ski": c.SubjectKeyId, "docType": docTypes,
		"issuingAuthority": c.Subject.String(), "issuingCountry": "US", "stateOrProvinceName": c.Subject.Province[0],
		"issuer": c.RawIssuer, "subject": c.RawSubject, "notBefore": tdate(c.NotBefore), "notAfter": tdate(c.NotAfter),
		"certificateProfile": []string{"urn:example:profile"},
	}
}

// good is a list of two authorities by a provider with a chain of two.
func goodVICAL(t testing.TB) *vicalCase {
	root := listRoot(t, "Provider Root")
	leaf := listLeaf(t, &root, nil)
	return &vicalCase{
		payload: map[string]any{
			"version": "1.0", "vicalProvider": "Provider", "date": tdate(testNow.Add(-time.Hour)), "vicalIssueID": 41, "nextUpdate": tdate(testNow.Add(time.Hour)),
		},
		infos: []map[string]any{
			vicalInfo(mdlRoot(t, "US-OH", nil).cert, mDL), vicalInfo(mdlRoot(t, "US-CA", nil).cert, mDL, "org.example.id"),
		},
		protected:   cose.ProtectedHeader{cose.HeaderLabelAlgorithm: cose.AlgorithmES256},
		unprotected: cose.UnprotectedHeader{cose.HeaderLabelX5Chain: []byte(leaf.cert.Raw)},
		signer:      leaf,
		opt:         Options{Now: testNow, Anchors: []string{anchorFile(t, root.cert)}},
	}
}

func (c *vicalCase) make(t testing.TB) []byte {
	t.Helper()
	if c.infos != nil {
		c.payload["certificateInfos"] = c.infos
	}
	enc, err := cbor.EncOptions{}.EncMode()
	if err != nil {
		t.Fatal(err)
	}
	payload, err := enc.Marshal(c.payload)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := cose.NewSigner(cose.AlgorithmES256, c.signer.key)
	if err != nil {
		t.Fatal(err)
	}
	m := cose.UntaggedSign1Message{Headers: cose.Headers{Protected: c.protected, Unprotected: c.unprotected}, Payload: payload}
	if err := m.Sign(rand.Reader, nil, signer); err != nil {
		t.Fatal(err)
	}
	data, err := m.MarshalCBOR()
	if err != nil {
		t.Fatal(err)
	}
	if c.after != nil {
		data = c.after(data)
	}
	return data
}

func TestVICAL(t *testing.T) {
	stranger := listRoot(t, "Provider Root")
	tests := []struct {
		name string
		edit func(c *vicalCase)
		want Reason
	}{
		{"signed", func(c *vicalCase) {}, ""},
		{"tagged", func(c *vicalCase) { c.after = func(d []byte) []byte { return append([]byte{0xd2}, d...) } }, ""},
		{"x5chain protected", func(c *vicalCase) {
			c.protected[cose.HeaderLabelX5Chain] = c.unprotected[cose.HeaderLabelX5Chain]
			c.unprotected = nil
		}, ""},
		{"no next update, no issue number", func(c *vicalCase) {
			delete(c.payload, "nextUpdate")
			delete(c.payload, "vicalIssueID")
		}, ""},
		{"no entries", func(c *vicalCase) { c.infos = []map[string]any{} }, ""},
		{"nobody vouches, as asked for", func(c *vicalCase) { c.opt.Anchors, c.opt.Unsigned = nil, true }, ""},
		{"the signer's certificate has ended since", func(c *vicalCase) { c.opt.Now = certUntil.AddDate(1, 0, 0) }, ""},
		{"nobody vouches", func(c *vicalCase) { c.opt.Anchors = nil }, NoAnchor},
		{"another anchor", func(c *vicalCase) { c.opt.Anchors = []string{anchorFile(t, stranger.cert)} }, WrongSigner},
		{"another anchor, unsigned asked for", func(c *vicalCase) {
			c.opt.Anchors, c.opt.Unsigned = []string{anchorFile(t, stranger.cert)}, true
		}, WrongSigner},
		{"another's signature under the provider's chain", func(c *vicalCase) { c.signer = stranger }, BadSignature},
		{"another's signature, unsigned asked for", func(c *vicalCase) { c.signer, c.opt.Anchors, c.opt.Unsigned = stranger, nil, true }, BadSignature},
		{"a byte changed", func(c *vicalCase) {
			c.after = func(d []byte) []byte {
				return bytes.Replace(d, []byte("vicalProviderhProvider"), []byte("vicalProviderhProvidor"), 1)
			}
		}, BadSignature},
		{"signed before the certificate", func(c *vicalCase) { c.payload["date"] = tdate(certFrom.AddDate(0, 0, -1)) }, Expired},
		{"of tomorrow", func(c *vicalCase) { c.payload["date"] = tdate(testNow.AddDate(0, 0, 1)) }, Expired},
		{"no x5chain", func(c *vicalCase) { c.unprotected = nil }, NoSignature},
		{"x5chain is no certificate", func(c *vicalCase) { c.unprotected[cose.HeaderLabelX5Chain] = []byte("x") }, BadFile},
		{"crit", func(c *vicalCase) {
			c.protected[cose.HeaderLabelCritical] = []any{int64(-9999)}
			c.protected[int64(-9999)] = true
		}, Unsupported},
		{"a byte behind it", func(c *vicalCase) { c.after = func(d []byte) []byte { return append(d, 0) } }, BadForm},
		{"cut", func(c *vicalCase) { c.after = func(d []byte) []byte { return d[:len(d)-1] } }, BadForm},
		{"empty", func(c *vicalCase) { c.after = func(d []byte) []byte { return nil } }, BadForm},
		{"no date", func(c *vicalCase) { delete(c.payload, "date") }, BadForm},
		{"no provider", func(c *vicalCase) { delete(c.payload, "vicalProvider") }, BadForm},
		{"no version", func(c *vicalCase) { delete(c.payload, "version") }, BadForm},
		{"no list", func(c *vicalCase) { c.infos = nil }, BadForm},
		{"version 2", func(c *vicalCase) { c.payload["version"] = "2.0" }, Unsupported},
		{"date is text", func(c *vicalCase) { c.payload["date"] = "2026-07-01T00:00:00Z" }, BadForm},
		{"date is a number", func(c *vicalCase) { c.payload["date"] = cbor.Tag{Number: 1, Content: 1} }, BadForm},
		{"provider is bytes", func(c *vicalCase) { c.payload["vicalProvider"] = []byte("x") }, BadForm},
		{"a negative number", func(c *vicalCase) { c.payload["vicalIssueID"] = -1 }, BadForm},
		{"the list is a map", func(c *vicalCase) { c.infos, c.payload["certificateInfos"] = nil, map[string]any{} }, BadForm},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := goodVICAL(t)
			tt.edit(c)
			r, err := vical("v.cbor", c.make(t), c.opt)
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			want := Verified
			if c.opt.Unsigned {
				want = Unsigned
			}
			if p := r.Report; p.Signature.State != want || p.Entities != len(c.infos) || p.Signature.Algorithm != "COSE ES256" {
				t.Errorf("report %+v", p)
			}
			build(t, r)
		})
	}
}

func TestVICALMapping(t *testing.T) {
	c := goodVICAL(t)
	c.opt.Evidence = true
	data := c.make(t)
	r, err := vical("v.cbor", data, c.opt)
	if err != nil {
		t.Fatal(err)
	}
	if p := r.Report; p.Sequence != 41 || p.Time != "2026-07-01T11:00:00Z" || p.NextUpdate != "2026-07-01T13:00:00Z" || p.Past || !p.Carried || r.Name != "Provider VICAL" {
		t.Errorf("report %+v", p)
	}
	if want := []NotMapped{{"certificateInfos.certificateProfile", 2, "the model has no profiles of certificates"}}; !slices.Equal(r.Report.NotMapped, want) || len(r.Report.Findings) != 0 {
		t.Errorf("not mapped %+v, findings %+v", r.Report.NotMapped, r.Report.Findings)
	}
	s, store := build(t, r)
	cert, err := x509.ParseCertificate(c.infos[1]["certificate"].([]byte))
	if err != nil {
		t.Fatal(err)
	}
	id, err := thumbprintURI(cert)
	if err != nil {
		t.Fatal(err)
	}
	e := find(t, s, id)
	if e.Kind != "issuer" || e.Jurisdiction != "US-CA" || e.Names[0] != "Motor Vehicles of US-CA" || len(e.Auth) != 2 || e.Auth[0].Resource != "org.example.id" || e.Auth[1].Resource != mDL {
		t.Errorf("%+v", e)
	}
	if e.Keys[0].From != "2024-01-01T00:00:00Z" || e.Keys[0].Until != "2034-01-01T00:00:00Z" {
		t.Errorf("key %+v", e.Keys[0])
	}
	ski := ""
	for _, b := range cert.SubjectKeyId {
		ski += string("0123456789abcdef"[b>>4]) + string("0123456789abcdef"[b&15])
	}
	if ids, p, err := s.KeyRef("ski:" + ski); err != nil || !p.Found || ids[0] != id {
		t.Errorf("by its key identifier: %v %v", ids, err)
	}
	source, err := block.ParseCID(e.Source)
	if err != nil || !bytes.Equal(store[source], data) {
		t.Errorf("source %s: %v", e.Source, err)
	}
}

// An entry that is wrong is skipped and listed, and the others are there.
func TestVICALEntries(t *testing.T) {
	other := mdlRoot(t, "US-TX", nil).cert
	tests := []struct {
		name    string
		edit    func(info map[string]any, c *x509.Certificate)
		reason  Reason // of the one finding; "" for none
		skipped bool
	}{
		{"right", func(i map[string]any, c *x509.Certificate) {}, "", false},
		{"key identifier as in the extension", func(i map[string]any, c *x509.Certificate) {
			i["ski"] = append([]byte{4, 22, 4, 20}, c.SubjectKeyId...)
		}, "", false},
		{"an optional member left out", func(i map[string]any, c *x509.Certificate) { delete(i, "issuingCountry") }, "", false},
		{"no certificate", func(i map[string]any, c *x509.Certificate) { delete(i, "certificate") }, BadForm, true},
		{"certificate is rubbish", func(i map[string]any, c *x509.Certificate) { i["certificate"] = []byte("x") }, BadFile, true},
		{"negative serial in the certificate", func(i map[string]any, c *x509.Certificate) {
			i["certificate"] = bytes.Replace(c.Raw, bytes.Repeat([]byte{0x51}, 8), append([]byte{0xd1}, bytes.Repeat([]byte{0x51}, 7)...), 1)
		}, BadFile, true},
		{"another's certificate", func(i map[string]any, c *x509.Certificate) { i["certificate"] = other.Raw }, BadForm, true},
		{"another serial", func(i map[string]any, c *x509.Certificate) { i["serialNumber"] = 3 }, BadForm, true},
		{"negative serial", func(i map[string]any, c *x509.Certificate) {
			i["serialNumber"] = cbor.Tag{Number: 3, Content: []byte{1}}
		}, BadForm, true},
		{"another key identifier", func(i map[string]any, c *x509.Certificate) { i["ski"] = other.SubjectKeyId }, BadForm, true},
		{"another issuer", func(i map[string]any, c *x509.Certificate) { i["issuer"] = other.RawIssuer }, BadForm, true},
		{"no docType", func(i map[string]any, c *x509.Certificate) { i["docType"] = []string{} }, BadForm, true},
		{"docType is a number", func(i map[string]any, c *x509.Certificate) { i["docType"] = []int{1} }, BadForm, true},
		{"docType with a space", func(i map[string]any, c *x509.Certificate) { i["docType"] = []string{"a b"} }, BadEntity, true},
		{"another end than the certificate's", func(i map[string]any, c *x509.Certificate) { i["notAfter"] = tdate(certUntil.AddDate(1, 0, 0)) }, BadProfile, false},
		{"state without its country", func(i map[string]any, c *x509.Certificate) { i["stateOrProvinceName"] = "OH" }, BadProfile, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := goodVICAL(t)
			cert, err := x509.ParseCertificate(c.infos[0]["certificate"].([]byte))
			if err != nil {
				t.Fatal(err)
			}
			tt.edit(c.infos[0], cert)
			r, err := vical("v.cbor", c.make(t), c.opt)
			if err != nil {
				t.Fatal(err)
			}
			checkFindings(t, r, tt.reason, tt.skipped)
			if want := 2; tt.skipped && r.Report.Entities != want-1 || !tt.skipped && r.Report.Entities != want {
				t.Errorf("%d entities", r.Report.Entities)
			}
			for _, e := range r.Entities {
				if k := e.Keys[0]; k.Until != "2034-01-01T00:00:00Z" {
					t.Errorf("key until %s", k.Until)
				}
			}
			build(t, r)
		})
	}
}

// checkFindings holds that there is one finding, of that reason, or none.
func checkFindings(t testing.TB, r *Result, reason Reason, skipped bool) {
	t.Helper()
	n := r.Report.Findings
	switch {
	case reason == "" && len(n) != 0:
		t.Errorf("findings %+v, want none", n)
	case reason != "" && (len(n) != 1 || n[0].Reason != reason || n[0].Skipped != skipped):
		t.Errorf("findings %+v, want one, %s, skipped %v", n, reason, skipped)
	}
}

// Several certificates of one key are one authority; the same twice is one.
func TestVICALSameKey(t *testing.T) {
	c := goodVICAL(t)
	p := mdlRoot(t, "US-NV", nil)
	tmpl := *p.cert
	tmpl.SerialNumber = big.NewInt(99)
	renewed := certify(t, p.key, &tmpl, nil)
	c.infos = []map[string]any{vicalInfo(p.cert, mDL), vicalInfo(renewed.cert, "org.example.id"), vicalInfo(p.cert, mDL)}
	r, err := vical("v.cbor", c.make(t), c.opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Entities) != 1 || len(r.Entities[0].Keys) != 2 || len(r.Entities[0].Auth) != 2 {
		t.Errorf("%+v", r.Entities)
	}
	checkFindings(t, r, BadProfile, false)
	build(t, r)
}

// MUSTS 17: a list past its next update is stale, and says so.
func TestMust17PastNextUpdate(t *testing.T) {
	tests := []struct {
		name string
		next time.Duration // after now; 0 for none
		past bool
	}{
		{"an hour to come", time.Hour, false},
		{"a second to come", time.Second, false},
		{"now", 0, true},
		{"a year ago", -365 * 24 * time.Hour, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := goodVICAL(t)
			c.payload["date"], c.payload["nextUpdate"] = tdate(testNow.AddDate(-2, 0, 0)), tdate(testNow.Add(tt.next))
			r, err := vical("v.cbor", c.make(t), c.opt)
			if err != nil {
				t.Fatal(err)
			}
			if due := rfc3339(testNow.Add(tt.next)); !slices.ContainsFunc(r.Entities, func(e snapshot.Entity) bool { return e.Due == due }) ||
				slices.ContainsFunc(r.Entities, func(e snapshot.Entity) bool { return e.Due != due }) {
				t.Errorf("not all is due on %s: %+v", due, r.Entities)
			}
			if r.Report.Past != tt.past || r.Report.Judged != "2026-07-01T12:00:00Z" {
				t.Errorf("report %+v", r.Report)
			}
		})
	}
	c := goodVICAL(t)
	delete(c.payload, "nextUpdate")
	if r, err := vical("v.cbor", c.make(t), c.opt); err != nil || r.Report.Past || r.Report.NextUpdate != "" || r.Report.Judged != "" || r.Entities[0].Due != "" {
		t.Errorf("without a next update: %+v %v", r.Report, err)
	}
}

// MUSTS 17: a lower sequence number than the last one imported is refused, and so is
// the same number on another list.
func TestMust17Sequence(t *testing.T) {
	c := goodVICAL(t)
	first, err := vical("v.cbor", c.make(t), c.opt)
	if err != nil {
		t.Fatal(err)
	}
	same := c.make(t) // signed anew: other bytes
	again, err := vical("v.cbor", same, c.opt)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		edit  func(c *vicalCase)
		after *Report
		want  Reason
	}{
		{"the next", func(c *vicalCase) { c.payload["vicalIssueID"] = 42 }, &first.Report, ""},
		{"the one before", func(c *vicalCase) { c.payload["vicalIssueID"] = 40 }, &first.Report, Rollback},
		{"no number any more", func(c *vicalCase) { delete(c.payload, "vicalIssueID") }, &first.Report, Rollback},
		{"the same number, another list", func(c *vicalCase) { c.infos = c.infos[:1] }, &first.Report, Rollback},
		{"after a report of another kind", func(c *vicalCase) {}, &Report{From: FromVCI}, Rollback},
		{"after a list of another provider", func(c *vicalCase) { c.payload["vicalIssueID"] = 42 }, &Report{From: FromVICAL, List: "Another", Sequence: 41}, Rollback},
		{"the first", func(c *vicalCase) {}, nil, ""},
		{"no numbers, and later", func(c *vicalCase) { delete(c.payload, "vicalIssueID") }, &Report{From: FromVICAL, Time: "2026-07-01T10:59:59Z"}, ""},
		{"no numbers, and earlier", func(c *vicalCase) { delete(c.payload, "vicalIssueID") }, &Report{From: FromVICAL, Time: "2026-07-01T11:00:01Z"}, Rollback},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := goodVICAL(t)
			tt.edit(c)
			c.opt.After = tt.after
			_, err := vical("v.cbor", c.make(t), c.opt)
			wantReason(t, err, tt.want)
		})
	}
	c.opt.After = &again.Report
	if _, err := vical("v.cbor", same, c.opt); err != nil {
		t.Errorf("the same list again: %v", err)
	}
}

// CBOR that says one thing twice, or in another way than one, is refused.
func TestVICALStrictCBOR(t *testing.T) {
	tests := []struct{ name, payload string }{
		{"a key twice", "\xa2\x61a\x01\x61a\x02"},
		{"indefinite length", "\xbf\x61a\x01\xff"},
		{"key is a number", "\xa1\x01\x01"},
		{"no map", "\x81\x01"},
		{"null", "\xf6"},
		{"deep", strings.Repeat("\x81", 10_000) + "\x01"},
		{"something behind it", "\xa1\x61a\x01\x00"},
		{"a length that is not there", "\xbb\x7f\xff\xff\xff\xff\xff\xff\xff"},
		{"no UTF-8", "\xa1\x61\xff\x01"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseCBORMap("p", []byte(tt.payload))
			wantReason(t, err, BadForm)
		})
	}
	if m, err := parseCBORMap("p", []byte("\xa1\x61a\x01")); err != nil || m.uint("a") != 1 || m.err != nil {
		t.Errorf("%+v %v", m, err)
	}
}

func FuzzVICAL(f *testing.F) {
	c := goodVICAL(f)
	c.opt.Anchors, c.opt.Unsigned = nil, true
	data := c.make(f)
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add([]byte{0x84, 0x40, 0xa0, 0x40, 0x40})
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := vical("f", data, c.opt)
		checkImport(t, r, err, func() (*Result, error) { return vical("f", data, c.opt) })
	})
}

// The entries of a list, whose signature a fuzzer does not find.
func FuzzVICALEntry(f *testing.F) {
	for _, info := range goodVICAL(f).infos {
		data, err := cbor.Marshal(info)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		load := func() (*Result, error) {
			r := &Result{}
			r.vicalEntry("p", data, map[string]int{}, testNow)
			return r.judge(Options{Now: testNow})
		}
		r, err := load()
		checkImport(t, r, err, load)
		if err == nil && len(r.Entities)+len(r.Report.Findings) == 0 {
			t.Fatal("an entry that is neither there nor listed")
		}
	})
}
