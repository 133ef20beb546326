// Package cred recognises the envelope of an input, and reads the credential in it.
//
// It takes bytes and says which securing mechanism wraps them: a JWT of the W3C data
// model 1.1 ([VCDM 1.1] Section 6.3.1), a JWT or an SD-JWT of the data model 2.0
// ([VC-JOSE-COSE]) or a COSE_Sign1 of it, an SD-JWT VC ([SD-JWT VC], draft 24), a mobile
// document (ISO/IEC 18013-5) as it is issued or as a device returns it,
// a SMART Health Card in any of its carriages ([SMART Health Cards]), or a document
// with embedded Data Integrity proofs. From each it makes one [Credential], and holds
// the document to its data model: [VCDM 1.1] Sections 4 to 6, [VCDM 2.0] Sections 4
// to 6, and what [SMART Health Cards] says of a card with SHALL.
//
// It verifies no signature, resolves no key, reads no clock and processes no JSON-LD:
// whether a term means what it seems to mean is for the proof mechanism that knows
// the contexts. Of a health card it checks what stands at a fixed place; whether the
// FHIR resources in it obey their profiles is for who reads the resources.
//
// [VCDM 1.1]: https://www.w3.org/TR/2022/REC-vc-data-model-20220303/
// [VCDM 2.0]: https://www.w3.org/TR/vc-data-model-2.0/
// [VC-JOSE-COSE]: https://www.w3.org/TR/vc-jose-cose/
// [SD-JWT VC]: https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/
// [SMART Health Cards]: https://spec.smarthealth.cards/
package cred

import (
	"time"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/mdoc"
	"github.com/verilith/verilith/wasm/internal/sdjwt"
	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Format is a securing mechanism together with the document that it secures.
type Format string

// The formats that this package knows.
const (
	VCJWT         Format = "vc-jwt"            // VCDM 1.1 in the vc or vp claim of a JWT
	VCJOSE        Format = "vc+jwt"            // VCDM 2.0 as the claims set of a JWT, VC-JOSE-COSE
	SDJWTVC       Format = "dc+sd-jwt"         // SD-JWT VC: its claims are those of a JWT
	VCSDJWT       Format = "vc+sd-jwt"         // VCDM 2.0 as the claims set of an SD-JWT, VC-JOSE-COSE
	VCCOSE        Format = "vc+cose"           // VCDM 2.0 as the payload of a COSE_Sign1, VC-JOSE-COSE
	MDoc          Format = "mso_mdoc"          // a mobile document, ISO/IEC 18013-5
	HealthCard    Format = "smart-health-card" // VCDM 1.1 by a mapping, compressed in a JWS
	DataIntegrity Format = "data-integrity"    // VCDM of either version with embedded proofs
	Unsecured     Format = "unsecured"         // VCDM of either version without a proof
	StatusToken   Format = "statuslist+jwt"    // a Token Status List: only ever evidence, never an input
)

// Envelope is an input whose securing mechanism is known and undone, but not verified.
// Nobody may change what it holds: the parts share memory.
type Envelope struct {
	Format    Format
	MediaType string // the most precise one for what was found

	JWS    *jose.JWS         // of the JOSE formats, else nil
	Token  string            // the compact JWS that JWS was read from
	Claims strictjson.Object // the JWT claims set as received, of an SD-JWT as disclosed; nil without one
	SD     *sdjwt.SDJWT      // of the SD-JWT formats, else nil; JWS is then its first signature

	COSE *cose.Sign1    // of VCCOSE, else nil; Claims are then those of its CWT claims header
	MDoc *mdoc.Document // of MDoc, else nil

	// Document is the VCDM document. For VCJWT and HealthCard it is made from the
	// claims, VCDM 1.1 Section 6.3.1; for MDoc it shows what is in it; else it is what was
	// received.
	Document strictjson.Object
	Proofs   []strictjson.Object // embedded Data Integrity proofs, in order

	// AskedAs is another type than its vct by which an SD-JWT VC was asked for, and which it
	// claims to be of; "" for none. It counts as one of its types. It is for who asked to set.
	AskedAs string

	// Presentation says that Document is a presentation and not a credential.
	Presentation bool
	// Parts are the cards or the documents of an input that holds several; all else but
	// the format is then empty.
	Parts []Envelope
}

// Credential is what a credential says, whatever its format.
type Credential struct {
	Format     Format
	Version    string // of the W3C data model: "1.1", "2.0", or "" where it has none
	ID         string
	Issuer     string
	IssuerName string
	// Authority is who answers for the issuer in the registries, where that is not Issuer
	// itself: the holder of the anchor of its certificate. It is for who looks there to set.
	Authority  string
	Types      []string
	SubjectIDs []string

	// ValidFrom and ValidUntil are the tightest of what document and claims say.
	ValidFrom, ValidUntil *time.Time
	// UntilExclusive says that the credential is no longer valid at ValidUntil itself,
	// as exp (RFC 7519 Section 4.1.4) and expirationDate have it. At the validUntil of
	// VCDM 2.0 Section 4.9 it still is.
	UntilExclusive bool
	// SignedAt is the time of signing, nil where the envelope does not say it.
	SignedAt *time.Time

	Status, Schema, Evidence, TermsOfUse, RefreshService, RelatedResource []strictjson.Object

	Subjects []strictjson.Object
	Document strictjson.Object
}

// Credential reads the credential and checks it against its data model. It is as
// complete as could be read; only without problems does it obey the model. For a
// presentation, or an envelope with Parts, there is none and one problem says so.
func (e *Envelope) Credential() (*Credential, []Problem) {
	r := &rules{}
	var c *Credential
	switch {
	case len(e.Parts) > 0:
		r.add(NotACredential, "", "holds %d credentials", len(e.Parts))
		return nil, r.problems
	case e.Presentation:
		r.add(NotACredential, "", "is a presentation")
		return nil, r.problems
	case e.Format == HealthCard:
		c = r.healthCard(e)
	case e.Format == VCJWT:
		r.jwtClaims(e)
		c = r.vcdm1(e.Document)
		c.bound(e.Claims)
		r.statusClaim(c, e.Claims)
	case e.Format == VCCOSE:
		r.coseHeaders(e)
		c = r.vcdm2(e.Document)
		c.bound(e.Claims)
	case e.Format == MDoc:
		c = r.mobileDocument(e)
	case e.Format == SDJWTVC:
		c = r.sdjwtVC(e)
	case e.Format == VCJOSE, e.Format == VCSDJWT:
		r.joseClaims(e)
		c = r.vcdm2(e.Document)
		c.bound(e.Claims)
		r.statusClaim(c, e.Claims)
	default:
		c = r.credential(e.Document)
	}
	c.Format = e.Format
	return c, r.problems
}

// bound narrows the validity by a JWT's claims, RFC 7519 Section 4.1. Malformed ones
// are left to the rules that name them.
func (c *Credential) bound(claims strictjson.Object) {
	if t, ok := numericDate(claims["nbf"]); ok {
		c.notBefore(t)
	}
	if t, ok := numericDate(claims["exp"]); ok {
		c.notAfter(t, true)
	}
	if t, ok := numericDate(claims["iat"]); ok {
		c.SignedAt = &t
	}
}

func (c *Credential) notBefore(t time.Time) {
	if c.ValidFrom == nil || t.After(*c.ValidFrom) {
		c.ValidFrom = &t
	}
}

func (c *Credential) notAfter(t time.Time, exclusive bool) {
	switch {
	case c.ValidUntil == nil || t.Before(*c.ValidUntil):
		c.ValidUntil, c.UntilExclusive = &t, exclusive
	case t.Equal(*c.ValidUntil):
		c.UntilExclusive = c.UntilExclusive || exclusive
	}
}
