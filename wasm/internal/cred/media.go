package cred

import (
	"slices"
	"strings"
)

// kind is what a media type says of the document.
type kind int

const (
	either kind = iota
	credential
	presentation
)

// expectation is what a declared media type lets the input be.
type expectation struct {
	formats []Format // nil for any
	kind    kind
}

var anything = expectation{}

// declared reads a media type that came with an input. The generic ones of VCDM 2.0
// Section 6.2 ("Media Type Precision") say nothing that the input does not say better.
// One that this package does not know is refused: it says that the input is something
// else.
func declared(mediaType string) (expectation, error) {
	switch essence(mediaType) {
	case "", "text/plain", "application/octet-stream", "application/json", "application/ld+json",
		"application/jwt", "application/jose":
		return anything, nil
	case "application/vc", "application/vc+ld+json":
		return expectation{kind: credential}, nil
	case "application/vp", "application/vp+ld+json":
		return expectation{kind: presentation}, nil
	case "application/vc+jwt":
		return expectation{[]Format{VCJOSE}, credential}, nil
	case "application/vp+jwt":
		return expectation{[]Format{VCJOSE}, presentation}, nil
	case "application/dc+sd-jwt":
		return expectation{[]Format{SDJWTVC}, credential}, nil
	case "application/vc+sd-jwt": // of either, see openSDJWT
		return expectation{[]Format{VCSDJWT, SDJWTVC}, credential}, nil
	case "application/vp+sd-jwt":
		return expectation{[]Format{VCSDJWT}, presentation}, nil
	case "application/sd-jwt", "application/sd-jwt+json":
		return expectation{[]Format{VCSDJWT, SDJWTVC}, either}, nil
	case "application/cose":
		return expectation{[]Format{VCCOSE}, either}, nil
	case "application/vc+cose":
		return expectation{[]Format{VCCOSE}, credential}, nil
	case "application/vp+cose":
		return expectation{[]Format{VCCOSE}, presentation}, nil
	case "application/mdoc", "application/mso_mdoc", "application/issuer-signed+cbor", "application/device-response+cbor", "application/cbor":
		return expectation{[]Format{MDoc}, credential}, nil
	case "application/smart-health-card":
		return expectation{[]Format{HealthCard}, either}, nil
	}
	if name := unsupported(essence(mediaType)); name != "" {
		return anything, fail(UnsupportedFormat, "mediaType", "%.80q is %s, which is not supported", mediaType, name)
	}
	return anything, fail(UnsupportedMediaType, "mediaType", "%.80q is not the media type of a credential", mediaType)
}

// unsupported names the envelope of a media type that exists but is not supported.
func unsupported(essence string) string {
	switch essence {
	case "application/kb+jwt":
		return "the key binding of an SD-JWT"
	case "application/cwt":
		return "a CBOR Web Token"
	case "application/jose+json":
		return "a JWS in JSON serialisation"
	}
	return ""
}

// check holds a recognised envelope to what was declared.
func (x expectation) check(e *Envelope, mediaType string) error {
	switch {
	case x.formats != nil && !slices.Contains(x.formats, e.Format),
		x.kind == credential && e.Presentation,
		x.kind == presentation && !e.Presentation:
		return fail(MediaTypeConflict, "mediaType", "declared as %.80q, but is %s", mediaType, e.MediaType)
	}
	return nil
}

// essence is a media type without its parameters, in lower case: type and subtype are
// not case-sensitive, RFC 6838 Section 4.2.
func essence(mediaType string) string {
	s, _, _ := strings.Cut(mediaType, ";")
	return strings.ToLower(strings.Trim(s, " \t"))
}

// joseType is the media type that a typ or cty header names, RFC 7515 Sections 4.1.9
// and 4.1.10: without a slash it stands for "application/" and itself.
func joseType(s string) string {
	if s != "" && !strings.Contains(s, "/") {
		s = "application/" + s
	}
	return strings.ToLower(s)
}

// isMediaType checks type "/" subtype of restricted names, RFC 6838 Section 4.2, and
// leaves parameters alone.
func isMediaType(s string) bool {
	major, minor, ok := strings.Cut(essence(s), "/")
	return ok && isRestrictedName(major) && isRestrictedName(minor)
}

func isRestrictedName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlpha(c) && !isDigit(c) && (i == 0 || strings.IndexByte("!#$&-^_.+", c) < 0) {
			return false
		}
	}
	return s != "" && len(s) <= 127
}
