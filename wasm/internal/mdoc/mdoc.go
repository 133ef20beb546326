// Package mdoc reads and verifies mobile documents, [ISO/IEC 18013-5]: what an issuer
// signed, as it is issued (IssuerSigned), and what a device returns (DeviceResponse).
//
// The inspection procedure is that of Section 9.3.1: the certificate of the document
// signer by the profile of Annex B to the root of an issuing authority that somebody
// else trusts, the signature over the mobile security object (MSO), the digest of every
// element that is disclosed, the docType, and the dates. The certificate has to be valid
// when the MSO was signed, its rule 5: an MSO that outlives its signer's certificate, as
// issuers make them, is good until its own end. Device authentication is Section 9.1.3,
// over the session transcripts of [OpenID4VP] Appendix B.2.6 and ISO/IEC TS 18013-7.
//
// Elements that the device signed itself are not read: nobody but the holder vouches for
// them. Zero-knowledge documents and reader authentication are not handled, and Brainpool
// curves not known. Whether a certificate was revoked is not asked here.
//
// [ISO/IEC 18013-5]: https://www.iso.org/standard/69084.html
// [OpenID4VP]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html
package mdoc

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/x509chain"
	"github.com/verilith/verilith/wasm/keys"
)

// Reason is the stable part of an [Error].
type Reason string

// The reasons of this package. What package cose refuses in the CBOR appears under its
// reasons, and so does what x509chain refuses.
const (
	Malformed         Reason = "malformed_mdoc"
	UnsupportedMDoc   Reason = "unsupported_mdoc"    // a version or a digest algorithm that is not known here
	TooManyDocuments  Reason = "too_many_parts"      // beyond a limit
	NoDocument        Reason = "no_document"         // the device returned none
	ResponseStatus    Reason = "mdoc_response_error" // the device says that it failed
	DocTypeMismatch   Reason = "doctype_mismatch"    // the document and the MSO are of different types
	DigestMismatch    Reason = "digest_mismatch"     // an element is not what the issuer signed
	DigestMissing     Reason = "digest_missing"      // the issuer signed no such element
	Profile           Reason = "certificate_profile" // breaks ISO/IEC 18013-5 Annex B
	SignedOutside     Reason = "signed_outside_certificate"
	NoDeviceAuth      Reason = "no_device_auth" // none is there
	BadDeviceAuth     Reason = "bad_device_auth"
	DeviceKeyUnusable Reason = "device_key_unusable"
	NoMACKey          Reason = "no_device_mac_key" // the caller gave none, and without it a MAC says nothing
	NoTranscript      Reason = "no_session_transcript"
	UnsupportedKey           = Reason(x509chain.UnsupportedKey) // a certificate's, on a Brainpool curve for one
)

// Error is why a document was refused.
type Error struct {
	Reason Reason
	Member string // the member at fault, or ""
	Detail string // for people; may change
}

func (e *Error) Error() string {
	if e.Member != "" {
		return string(e.Reason) + ": " + e.Member + ": " + e.Detail
	}
	return string(e.Reason) + ": " + e.Detail
}

func fail(r Reason, member, format string, args ...any) *Error {
	return &Error{r, member, fmt.Sprintf(format, args...)}
}

// wrap makes an Error of another package's.
func wrap(member string, err error) *Error {
	var ce *cose.Error
	if errors.As(err, &ce) {
		if ce.Member != "" {
			member += "." + ce.Member
		}
		return &Error{Reason(ce.Reason), member, ce.Detail}
	}
	var xe *x509chain.Error
	if errors.As(err, &xe) {
		return &Error{Reason(xe.Reason), member, xe.Detail}
	}
	return &Error{Malformed, member, err.Error()}
}

// The limits.
const (
	maxDocuments = 16 // of one response: wallets return one or two
	maxItems     = 1024
	minRandom    = 16 // octets, Section 9.1.2.5
)

// Document is one document, read and not verified. Nobody may change what it holds.
type Document struct {
	// Declared is the docType outside the MSO, "" where nothing is outside.
	Declared string
	// Items are the elements that are disclosed, by namespace in the order of their names
	// and within each in their own order.
	Items []Item
	MSO   MSO
	// Chain is the document signer's certificate first.
	Chain x509chain.Chain
	// Device is what the device signed, nil for a document as it was issued.
	Device *Device

	auth *cose.Sign1
}

// Algorithm is that of the issuer's signature.
func (d *Document) Algorithm() keys.Algorithm { return d.auth.Alg }

// Authority is the reference by which a registry's key index knows the certificate of
// the issuing authority: "ski:" and the authority key identifier of the document signer,
// which is the root's subject key identifier (Table B.3). It is "" where there is none.
func (d *Document) Authority() string {
	if id := d.Chain[0].AuthorityKeyId; len(id) > 0 {
		return "ski:" + hex.EncodeToString(id)
	}
	return ""
}

// Item is an element that is disclosed.
type Item struct {
	Namespace, Element string
	Value              any // as package cose decodes it
	DigestID           uint64

	bytes []byte // IssuerSignedItemBytes as received, with tag 24: what the digest is over
}

// MSO is a mobile security object, Section 9.1.2.4.
type MSO struct {
	DocType         string
	DigestAlgorithm string
	Signed          time.Time
	ValidFrom       time.Time
	ValidUntil      time.Time
	ExpectedUpdate  time.Time // zero where there is none
	Status          any       // as package cose decodes it, nil where there is none
	// DeviceKey is nil where it is of a kind that is not known here; DeviceKeyErr says which.
	DeviceKey    *keys.Key
	DeviceKeyErr error

	digests map[string]map[uint64][]byte
}

// Device is what a device signed or authenticated, Section 9.1.3.
type Device struct {
	namespaces []byte // DeviceNameSpacesBytes as received, with tag 24
	signature  *cose.Sign1
	mac        *cose.Mac0
}

// MAC reports whether the device authenticated itself by a MAC.
func (d *Device) MAC() bool { return d.mac != nil }
