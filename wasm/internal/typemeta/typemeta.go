// Package typemeta reads SD-JWT VC Type Metadata and holds credentials to it: [SD-JWT VC]
// draft 24, Section 5.
//
// It processes a type with all that it extends, or not at all ("Processing Type
// Metadata"): which claims the issuer must have put in, and which of them the holder may
// withhold. Display, rendering and SVG templates are checked for their form as far as
// the text says that processing fails without it, and not used.
//
// It obtains no document, and does not say whose word on a type counts: that is for who
// gives it the documents.
//
// [SD-JWT VC]: https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/
package typemeta

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// The limits of type metadata.
const (
	MaxTypes  = 8    // that extend one another: each is a document, and perhaps a round
	maxClaims = 1024 // rules of one document; the largest in the field have some 40
	maxPath   = 32   // components of a path: credentials nest no deeper than 64
)

// Reason is the stable part of an [Error].
type Reason string

// The reasons of this package.
const (
	Malformed  Reason = "malformed_type_metadata"
	Integrity  Reason = "type_metadata_integrity"   // it is not the document whose hash is in the credential, or in what extends it
	WrongType  Reason = "type_metadata_of_another"  // its vct is another one
	Circular   Reason = "type_metadata_circular"    // a type extends itself
	TooDeep    Reason = "type_metadata_too_deep"    // more than MaxTypes
	Conflict   Reason = "type_metadata_conflict"    // it changes what the type that it extends has fixed
	Path       Reason = "claim_path"                // a path leads through what is no object or array
	Mandatory  Reason = "mandatory_claim_missing"   // the issuer left a claim out
	Disclosing Reason = "claim_wrongly_disclosable" // sd: never, and it came by a Disclosure
	Exposed    Reason = "claim_not_disclosable"     // sd: always, and it stands in the open
)

// Error is why type metadata is of no use, or a credential does not meet it.
type Error struct {
	Reason Reason
	Member string
	Detail string
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

// Type is one type's own metadata, without what it extends.
type Type struct {
	VCT  string
	Name string
	// Extends is the type that it extends, and ExtendsIntegrity that document's hash, or "".
	Extends, ExtendsIntegrity string

	claims []rule
}

// rule is one object of the claims array, "Claim Metadata".
type rule struct {
	path      []any  // string, int or nil
	key       string // of path, for comparing
	mandatory *bool
	sd        string
}

// Parse reads the metadata of a type: "Type Metadata Format". Properties that are not
// understood are ignored, as that section has it.
func Parse(body []byte, vct string) (*Type, error) {
	o, err := strictjson.ParseObject(body)
	if err != nil {
		return nil, fail(Malformed, "", "%v", err)
	}
	t := &Type{VCT: o.String("vct")}
	if t.VCT != vct || vct == "" {
		return nil, fail(WrongType, "vct", "is %.200q, want %.200q", t.VCT, vct)
	}
	for _, m := range []struct {
		name string
		dst  *string
	}{{"name", &t.Name}, {"description", new(string)}, {"extends", &t.Extends}, {"extends#integrity", &t.ExtendsIntegrity}} {
		if v, there := o[m.name]; there {
			s, ok := v.(string)
			if !ok || s == "" && strings.HasPrefix(m.name, "extends") {
				return nil, fail(Malformed, m.name, "want a string")
			}
			*m.dst = s
		}
	}
	if v, there := o["display"]; there {
		if _, ok := v.([]any); !ok {
			return nil, fail(Malformed, "display", "want an array")
		}
	}
	v, there := o["claims"]
	if !there {
		return t, nil
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fail(Malformed, "claims", "want an array")
	}
	if len(list) > maxClaims {
		return nil, fail(Malformed, "claims", "%d claims, want at most %d", len(list), maxClaims)
	}
	svg := map[string]bool{}
	for i, v := range list {
		o, ok := v.(strictjson.Object)
		at := fmt.Sprintf("claims[%d]", i)
		if !ok {
			return nil, fail(Malformed, at, "want an object")
		}
		r, err := readRule(o, at, svg)
		if err != nil {
			return nil, err
		}
		t.claims = append(t.claims, r)
	}
	return t, nil
}

func readRule(o strictjson.Object, at string, svg map[string]bool) (rule, error) {
	var r rule
	path, ok := o["path"].([]any)
	if !ok || len(path) == 0 || len(path) > maxPath {
		return r, fail(Malformed, at+".path", "want an array of 1 to %d components", maxPath)
	}
	r.key = string(strictjson.Encode(path))
	for _, c := range path {
		switch c := c.(type) {
		case nil, string:
			r.path = append(r.path, c)
		case strictjson.Number:
			n, ok := c.Int64()
			if !ok || n < 0 {
				return r, fail(Malformed, at+".path", "%.40s is no index", c)
			}
			r.path = append(r.path, int(min(n, 1<<30)))
		default:
			return r, fail(Malformed, at+".path", "want strings, nulls and non-negative integers")
		}
	}
	if v, there := o["mandatory"]; there {
		b, ok := v.(bool)
		if !ok {
			return r, fail(Malformed, at+".mandatory", "want true or false")
		}
		r.mandatory = &b
	}
	if v, there := o["sd"]; there {
		if r.sd, _ = v.(string); r.sd != "always" && r.sd != "allowed" && r.sd != "never" {
			return r, fail(Malformed, at+".sd", "want always, allowed or never")
		}
	}
	if v, there := o["svg_id"]; there {
		s, _ := v.(string)
		if !isSVGID(s) || svg[s] {
			return r, fail(Malformed, at+".svg_id", "%.60q, want letters, digits and underscores, no digit first, each once", s)
		}
		svg[s] = true
	}
	return r, display(o, at)
}

// display checks "Claim Display Metadata": each object has a locale and a label.
func display(o strictjson.Object, at string) error {
	v, there := o["display"]
	if !there {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		return fail(Malformed, at+".display", "want an array")
	}
	for _, v := range list {
		d, _ := v.(strictjson.Object)
		for _, name := range []string{"locale", "label"} {
			if d.String(name) == "" {
				return fail(Malformed, at+".display."+name, "want a string that is not empty")
			}
		}
	}
	return nil
}

func isSVGID(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// CheckIntegrity compares a document with "integrity metadata": hash expressions of
// Subresource Integrity Section 3.5, of which those with the strongest algorithm count
// ("Integrity of Referenced Documents"). SRI knows no others than these three.
func CheckIntegrity(metadata string, body []byte) error {
	strongest, match := "", false
	for expression := range strings.FieldsSeq(metadata) {
		expression, _, _ = strings.Cut(expression, "?") // options, of which there are none
		alg, value, _ := strings.Cut(expression, "-")
		var sum []byte
		switch alg {
		case "sha256":
			h := sha256.Sum256(body)
			sum = h[:]
		case "sha384":
			h := sha512.Sum384(body)
			sum = h[:]
		case "sha512":
			h := sha512.Sum512(body)
			sum = h[:]
		default:
			continue
		}
		if alg < strongest {
			continue
		}
		if alg > strongest {
			strongest, match = alg, false
		}
		// The text compares what is decoded; both alphabets of base64 are met with.
		value = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(value), "=")
		want, err := base64.RawStdEncoding.DecodeString(value)
		match = match || err == nil && subtle.ConstantTimeCompare(want, sum) == 1
	}
	switch {
	case strongest == "":
		return fail(Integrity, "", "%.120q has no hash by an algorithm that is known here", metadata)
	case !match:
		return fail(Integrity, "", "the document is not the one of %.120q", metadata)
	}
	return nil
}
