package jose

import (
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// registered are the header parameters that RFC 7515 Section 4.1 and RFC 7518 define,
// of which "crit" must name none (RFC 7515 Section 4.1.11).
var registered = []string{
	"alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit",
	"enc", "zip", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c",
}

// readHeader checks a JOSE header, RFC 7515 Sections 4 and 5.2 steps 3 to 5. Header
// parameters that it does not know are ignored, unless they are critical.
func (j *JWS) readHeader(protected string, opt Options) error {
	text, err := keys.Base64URL(protected)
	if err != nil {
		return fail(Malformed, "protected", "%v", err)
	}
	h, err := strictjson.ParseObject(text)
	if err != nil {
		return fail(MalformedHeader, "", "%v", err)
	}
	j.Header = h
	if j.Alg, err = algorithm(h); err != nil {
		return err
	}
	for _, m := range []struct {
		name string
		dst  *string
	}{{"kid", &j.Kid}, {"typ", &j.Typ}, {"cty", &j.Cty}} {
		if *m.dst, err = optional(h, m.name); err != nil {
			return err
		}
	}
	// RFC 7797 Section 3. Section 6 wants b64 to be critical where it is false; it is
	// refused with or without.
	if b64, there := h["b64"]; there && b64 != true {
		if b64 == false {
			return fail(UnencodedPayload, "b64", "a payload that is not base64url is not supported")
		}
		return fail(MalformedHeader, "b64", "want true or false")
	}
	if err := critical(h, opt.Understood); err != nil {
		return err
	}
	if zip, there := h["zip"]; there && (!opt.Deflate || zip != "DEF") {
		return fail(Compressed, "zip", "want no compression, or DEF where the format has it")
	}
	return nil
}

// algorithm reads the header's alg, RFC 7515 Section 4.1.1.
func algorithm(h strictjson.Object) (keys.Algorithm, error) {
	s, ok := h["alg"].(string)
	alg := keys.Algorithm(s)
	switch {
	case !ok:
		return "", fail(MalformedHeader, "alg", "want a string in the protected header")
	case alg.Known():
		return alg, nil
	case strings.EqualFold(s, "none"):
		return "", fail(NoneAlgorithm, "alg", "%q signs nothing", s)
	case strings.HasPrefix(s, "HS"):
		return "", fail(MACAlgorithm, "alg", "%.40q: whoever can check a MAC can make one", s)
	}
	return "", fail(UnsupportedAlgorithm, "alg", "%.40q, want one of %s", s, keys.Algorithms())
}

// critical checks crit, RFC 7515 Section 4.1.11. No extension is understood here: each
// name in it that the caller does not understand is a reason to refuse.
func critical(h strictjson.Object, understood []string) error {
	v, there := h["crit"]
	if !there {
		return nil
	}
	names, ok := v.([]any)
	if !ok || len(names) == 0 {
		return fail(MalformedHeader, "crit", "want an array that is not empty")
	}
	for i, v := range names {
		name, ok := v.(string)
		switch {
		case !ok:
			return fail(MalformedHeader, "crit", "want an array of strings")
		case slices.Contains(registered, name):
			return fail(MalformedHeader, "crit", "%q is no extension", name)
		case !h.Has(name):
			return fail(MalformedHeader, "crit", "%.40q is not in the header", name)
		case slices.Contains(names[:i], v):
			return fail(MalformedHeader, "crit", "%.40q is there twice", name)
		case !slices.Contains(understood, name):
			return fail(UnsupportedCritical, "crit", "%.40q must be understood and is not", name)
		}
	}
	return nil
}

// readUnprotected checks the unprotected header of the JSON serialization, RFC 7515
// Section 7.2.1. It may say which key, and nothing that decides how to verify.
func (j *JWS) readUnprotected(h strictjson.Object) error {
	j.Unprotected = h
	for _, name := range h.Names() {
		if j.Header.Has(name) {
			return fail(MalformedHeader, name, "both protected and not (RFC 7515 Section 7.2.1)")
		}
	}
	for _, name := range []string{"crit", "b64", "zip"} {
		if h.Has(name) {
			return fail(MalformedHeader, name, "must be protected (RFC 7515 Section 4.1.11, RFC 7797 Section 3)")
		}
	}
	kid, err := optional(h, "kid")
	if err == nil && kid != "" {
		j.Kid = kid
	}
	return err
}

// optional returns a header parameter that is a string if it is there.
func optional(h strictjson.Object, name string) (string, error) {
	v, there := h[name]
	s, ok := v.(string)
	if there && !ok {
		return "", fail(MalformedHeader, name, "want a string")
	}
	return s, nil
}
