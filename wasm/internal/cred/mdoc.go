package cred

import (
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/mdoc"
	"github.com/verilith/verilith/wasm/strictjson"
)

// mobileDocument reads a mobile document. Package mdoc has held it to its data model.
//
// It names no issuer but by the certificate of its signer: who that is, is said by the
// registry that has the certificate of its authority. The type is the docType.
func (r *rules) mobileDocument(e *Envelope) *Credential {
	d := e.MDoc
	c := &Credential{Document: e.Document, IssuerName: d.AuthorityName(), Types: []string{d.MSO.DocType}}
	from, until, signed := d.MSO.ValidFrom, d.MSO.ValidUntil, d.MSO.Signed
	c.notBefore(from)
	// ISO/IEC 18013-5 Section 9.3.1: "the 'validUntil' element shall be equal or later than
	// the current timestamp".
	c.notAfter(until, false)
	c.SignedAt = &signed
	if spaces := e.Document.Object("nameSpaces"); len(spaces) > 0 {
		c.Subjects = []strictjson.Object{spaces}
	}
	if d.MSO.Status != nil {
		r.statusClaim(c, strictjson.Object{"status": cose.JSON(d.MSO.Status)})
	}
	return c
}

// showMDoc shows what a mobile document says: what it discloses, by namespace, and
// ValidityInfo.
func showMDoc(d *mdoc.Document) strictjson.Object {
	spaces := strictjson.Object{}
	for _, item := range d.Items {
		space, ok := spaces[item.Namespace].(strictjson.Object)
		if !ok {
			space = strictjson.Object{}
			spaces[item.Namespace] = space
		}
		space[item.Element] = cose.JSON(item.Value)
	}
	text := func(s string) string { return strings.ToValidUTF8(s, "?") } // a certificate's strings are of many kinds
	date := func(t time.Time) string { return t.Format(time.RFC3339) }
	validity := strictjson.Object{"signed": date(d.MSO.Signed), "validFrom": date(d.MSO.ValidFrom), "validUntil": date(d.MSO.ValidUntil)}
	if !d.MSO.ExpectedUpdate.IsZero() {
		validity["expectedUpdate"] = date(d.MSO.ExpectedUpdate)
	}
	o := strictjson.Object{"docType": d.MSO.DocType, "digestAlgorithm": d.MSO.DigestAlgorithm, "validityInfo": validity, "nameSpaces": spaces,
		"documentSigner": text(d.Chain[0].Subject.String()), "issuingAuthority": text(d.Chain[0].Issuer.String())}
	if d.MSO.Status != nil {
		o["status"] = cose.JSON(d.MSO.Status)
	}
	switch {
	case d.Device == nil:
	case d.Device.MAC():
		o["deviceAuth"] = "MAC"
	default:
		o["deviceAuth"] = "signature"
	}
	return o
}
