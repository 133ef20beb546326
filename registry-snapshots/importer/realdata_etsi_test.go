package importer

import (
	"strings"
	"testing"
	"time"
)

// The lists of trusted lists and of five Member States as they were in spring 2026: every
// signature verifies, each by the list above it, and all are past due but one, which is
// only vouched for by a list that is.
func TestRealETSI(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	lotl := realData(t, "eu/eu-lotl.xml")
	for _, tt := range []struct {
		file                 string
		sequence             uint64
		entities, keys, auth int
		next                 string
	}{
		{"eu-lotl.xml", 386, 32, 107, 32, "2026-10-21T13:10:30Z"},
		{"TSL_AT.xml", 72, 100, 103, 98, "2026-09-11T14:17:42Z"},
		{"TSL_BE.xml", 81, 153, 142, 145, "2026-12-15T16:00:00Z"},
		{"TSL_CY.xml", 53, 10, 9, 9, "2026-09-30T07:56:45Z"},
		{"TSL_EE.xml", 73, 70, 68, 72, "2026-11-20T12:00:00Z"},
		{"TSL_IE.xml", 39, 18, 13, 15, "2026-10-07T13:22:34Z"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			path := realData(t, "eu/"+tt.file)
			opt := Options{Now: now, Evidence: true}
			if tt.file != "eu-lotl.xml" {
				_, err := ETSI(path, opt)
				wantReason(t, err, NoAnchor)
				opt.LOTL = lotl
			}
			r, err := ETSI(path, opt)
			if err != nil {
				t.Fatal(err)
			}
			p := r.Report
			if p.Signature.State != Verified || !p.Past || p.Sequence != tt.sequence || p.NextUpdate != tt.next ||
				p.Entities != tt.entities || p.Keys != tt.keys || p.Auth != tt.auth {
				t.Errorf("report %+v", p)
			}
			for _, f := range p.Findings {
				if f.Skipped {
					t.Errorf("skipped %+v", f)
				}
			}
			s, _ := build(t, r)
			for _, e := range r.Entities {
				for _, k := range e.Keys {
					if k.State == "" && strings.Contains(e.ID, "/CA/QC/") && e.Status != "" {
						t.Errorf("%s: a key in use of a service that is not", e.ID)
					}
				}
				find(t, s, e.ID)
			}
			// On a day on which all were fresh, they come out fresh.
			if r, err = ETSI(path, Options{Now: time.Date(2026, 6, 20, 0, 0, 0, 0, time.UTC), LOTL: opt.LOTL}); err != nil || r.Report.Past {
				t.Errorf("in June: %+v %v", r, err)
			}
		})
	}
	// One list does not vouch for the next, and no other country's signer signs a list.
	_, err := ETSI(realData(t, "eu/TSL_CY.xml"), Options{Now: now, LOTL: realData(t, "eu/TSL_AT.xml")})
	wantReason(t, err, NoAnchor)
}
