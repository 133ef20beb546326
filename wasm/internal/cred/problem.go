package cred

import (
	"fmt"

	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Reason is the stable part of an [Error] or a [Problem].
type Reason string

// Why an input was not recognised. What packages jose and strictjson refuse appears
// under their reasons, with the same text.
const (
	UnrecognisedInput    Reason = "unrecognised_input"     // none of the envelopes that exist
	UnsupportedFormat    Reason = "unsupported_format"     // an envelope that exists, but is not supported
	UnsupportedMediaType Reason = "unsupported_media_type" // a declared media type that is not known
	MediaTypeConflict    Reason = "media_type_conflict"    // the declared media type is not what is there
	MalformedEnvelope    Reason = "malformed_envelope"     // the envelope breaks its own rules
	MalformedToken       Reason = "malformed_token"        // a JWS whose header contradicts itself, or no JWS
	MalformedQR          Reason = "malformed_qr"           // numeric chunks of a health card
	MalformedDeflate     Reason = "malformed_deflate"      // not one DEFLATE stream
	TooLarge             Reason = "too_large"              // inflates beyond a limit
	TooManyParts         Reason = "too_many_parts"         // more cards or credentials than a limit
	NestedPresentation   Reason = "nested_presentation"    // a presentation where a credential belongs
	NotEnveloped         Reason = "not_enveloped"          // a credential in a token's presentation that is no token
)

// How a document breaks its data model.
const (
	MissingMember   Reason = "missing_member"   // a required member is not there
	MalformedValue  Reason = "malformed_value"  // a member is not what it must be
	OutOfRange      Reason = "out_of_range"     // values that do not fit each other
	ClaimConflict   Reason = "claim_conflict"   // a JWT claim and a member say different things
	ForbiddenMember Reason = "forbidden_member" // a member that must not be there
	NotACredential  Reason = "not_a_credential" // a presentation, or several credentials
)

// Type is the reason's problem type of VCDM 2.0 Section 7.2.
func (r Reason) Type() string {
	const base = "https://www.w3.org/TR/vc-data-model#"
	switch r {
	case MissingMember, MalformedValue, ClaimConflict, ForbiddenMember, NotACredential:
		return base + "MALFORMED_VALUE_ERROR"
	case OutOfRange:
		return base + "RANGE_ERROR"
	}
	return base + "PARSING_ERROR"
}

// Error is why an input was not recognised.
type Error struct {
	Reason Reason
	Member string // member at fault, or ""
	Detail string // for people; may change
}

func (e *Error) Error() string { return text(e.Reason, e.Member, e.Detail) }

// Problem is one way in which a document breaks its data model.
type Problem struct {
	Reason Reason
	Member string // path of the member: "credentialStatus[1].id"
	Detail string // for people; may change
}

func (p Problem) String() string { return text(p.Reason, p.Member, p.Detail) }

func text(r Reason, member, detail string) string {
	if member != "" {
		return string(r) + ": " + member + ": " + detail
	}
	return string(r) + ": " + detail
}

func fail(r Reason, member, format string, args ...any) error {
	return &Error{r, member, fmt.Sprintf(format, args...)}
}

// refused passes on what package jose or strictjson refused.
func refused(member string, err error) error {
	switch e := err.(type) {
	case *jose.Error:
		return &Error{Reason(e.Reason), e.Member, e.Detail}
	case *strictjson.Error:
		return &Error{Reason(e.Reason), member, e.Detail}
	}
	return &Error{MalformedEnvelope, member, err.Error()}
}
