// Package sdjwt reads SD-JWTs, [RFC 9901], and checks all of them but the signature.
//
// It takes the compact serialisation (Section 4) and the JSON ones (Section 8) apart,
// matches the Disclosures with the digests in the Issuer-signed JWT, and puts the
// processed payload together: Section 7.1 step 3 to step 5. A Key Binding JWT is held to
// Section 7.3 step 5, with the key that the cnf claim names and no other.
//
// The signatures of the Issuer-signed JWT are package jose's, and whose key may make
// them is for others to say, as is what the claims mean. It is stricter than the RFC in
// that a digest which is no string, a "..." that stands for no array element and a
// disclosed _sd_alg are refused and not passed over (Section 4.1 forbids issuers the
// first two, Section 7.1 step 3 looks for what is well formed), and that a Key Binding
// JWT that is there must hold, whether or not anybody asked for it.
//
// [RFC 9901]: https://www.rfc-editor.org/rfc/rfc9901
package sdjwt

import (
	"fmt"
	"strings"

	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// The limits of an SD-JWT. Its length is bounded as that of any JWS.
const (
	MaxDisclosures = 1024 // each is hashed and parsed; the largest credentials in the field have some 60
	MaxNodes       = strictjson.MaxMembers
	MaxDepth       = strictjson.MaxDepth // of the processed payload: Disclosures nest in one another
)

// SDJWT is an SD-JWT, or an SD-JWT+KB where it has a KeyBinding. It is parsed, and its
// Disclosures are matched; nothing is verified by a key.
type SDJWT struct {
	// Signatures are those of the Issuer-signed JWT, over one payload. Only the general
	// JSON serialisation has more than one.
	Signatures []*jose.JWS
	// Disclosures are in the order in which they were presented.
	Disclosures []*Disclosure
	// Claims is the processed payload as a tree, and Payload the same as JSON.
	Claims  *Claim
	Payload strictjson.Object
	// HashName is the _sd_alg, or its default.
	HashName string
	// KeyBinding is nil where there is none.
	KeyBinding *KeyBinding
	// Undisclosed is how many digests matched no Disclosure: claims that are withheld, or decoys.
	Undisclosed int

	token     string // the Issuer-signed JWT, compact; the first signature's
	presented string // what sd_hash is a digest of, Section 4.3.1
	source    strictjson.Object
}

// Reason is the stable part of an [Error]. Those of packages jose and keys appear here
// under the same text.
type Reason string

// The reasons of this package.
const (
	Malformed           Reason = "malformed_sd_jwt"
	TooMany             Reason = "too_many_disclosures" // or claims in them
	TooDeep             Reason = "disclosures_too_deep"
	MalformedDisclosure Reason = "malformed_disclosure"
	DuplicateDisclosure Reason = "duplicate_disclosure" // two Disclosures with one digest
	UnsupportedHash     Reason = "unsupported_sd_alg"
	MalformedDigest     Reason = "malformed_digest"
	DuplicateDigest     Reason = "duplicate_digest"
	UnusedDisclosure    Reason = "unused_disclosure"
	MisplacedDisclosure Reason = "misplaced_disclosure" // a claim's where an element's belongs, or the other way round
	ReservedName        Reason = "reserved_claim_name"
	ClaimExists         Reason = "claim_exists"
	MalformedKeyBinding Reason = "malformed_key_binding"
)

// Error is why an SD-JWT was refused.
type Error struct {
	Reason Reason
	Member string // header, claim or Disclosure at fault, or ""
	Detail string // for people; may change
	// Unknown says that the evidence does not suffice: the means is not known here.
	Unknown bool
}

func (e *Error) Error() string {
	if e.Member != "" {
		return string(e.Reason) + ": " + e.Member + ": " + e.Detail
	}
	return string(e.Reason) + ": " + e.Detail
}

func fail(r Reason, member, format string, args ...any) *Error {
	return &Error{Reason: r, Member: member, Detail: fmt.Sprintf(format, args...)}
}

// refused passes on what package jose, keys or strictjson refused.
func refused(reason Reason, member string, err error) error {
	if e, ok := err.(*jose.Error); ok {
		return &Error{Reason: Reason(e.Reason), Member: strings.Trim(member+"."+e.Member, "."), Detail: e.Detail}
	}
	return fail(reason, member, "%v", err)
}

// IsCompact reports whether s has the form of a compact SD-JWT: three base64url parts
// of a JWT and a tilde behind them.
func IsCompact(s string) bool {
	token, _, tilde := strings.Cut(s, "~")
	return tilde && strings.Count(token, ".") == 2 && !strings.ContainsAny(token, " \t\r\n{")
}

// Parse reads the compact serialisation, Section 4:
//
//	<Issuer-signed JWT>~<Disclosure 1>~...~<Disclosure N>~<optional KB-JWT>
//
// The last tilde is there without a KB-JWT, too.
func Parse(text string) (*SDJWT, error) {
	if len(text) > jose.MaxSize {
		return nil, fail(Reason(jose.TooLarge), "", "%d octets, want at most %d", len(text), jose.MaxSize)
	}
	last := strings.LastIndexByte(text, '~')
	if last < 0 {
		return nil, fail(Malformed, "", "there is no tilde behind the Issuer-signed JWT")
	}
	presented, kb := text[:last+1], text[last+1:]
	token, rest, _ := strings.Cut(presented, "~")
	if n := strings.Count(rest, "~"); n > MaxDisclosures {
		return nil, fail(TooMany, "", "%d Disclosures, want at most %d", n, MaxDisclosures)
	}
	var encoded []string
	for rest != "" {
		var d string
		d, rest, _ = strings.Cut(rest, "~")
		encoded = append(encoded, d)
	}
	j, err := jose.ParseCompact(token)
	if err != nil {
		return nil, refused(Malformed, "", err)
	}
	s := &SDJWT{Signatures: []*jose.JWS{j}, token: token, presented: presented}
	return s, s.read(encoded, kb)
}

// IsJSON reports whether o may be a JSON serialisation of an SD-JWT: a JWS whose
// unprotected header has Disclosures or a KB-JWT, or whose type says so.
func IsJSON(o strictjson.Object) bool {
	first := firstSignature(o)
	if header := first.Object("header"); header.Has("disclosures") || header.Has("kb_jwt") {
		return true
	}
	text, err := keys.Base64URL(first.String("protected"))
	if err != nil {
		return false
	}
	h, err := strictjson.ParseObject(text)
	return err == nil && strings.HasSuffix(strings.ToLower(h.String("typ")), "sd-jwt")
}

// firstSignature is where a JSON serialisation has its Disclosures: the flattened object
// itself, or the first of the general one's signatures.
func firstSignature(o strictjson.Object) strictjson.Object {
	if list := o.Array("signatures"); len(list) > 0 {
		first, _ := list[0].(strictjson.Object)
		return first
	}
	return o
}

// ParseJSON reads the flattened or general JSON serialisation, Section 8.
func ParseJSON(o strictjson.Object) (*SDJWT, error) {
	all, err := jose.ParseJSON(strictjson.Encode(o), jose.Options{})
	if err != nil {
		return nil, refused(Malformed, "", err)
	}
	// Section 8.1: only the first signature's unprotected header has them.
	for i, j := range all {
		for _, name := range []string{"disclosures", "kb_jwt"} {
			if i > 0 && j.Unprotected.Has(name) || j.Header.Has(name) {
				return nil, fail(Malformed, name, "stands elsewhere than in the first unprotected header (RFC 9901 Section 8.1)")
			}
		}
	}
	header := all[0].Unprotected
	var encoded []string
	if v, there := header["disclosures"]; there {
		list, ok := v.([]any)
		if !ok {
			return nil, fail(Malformed, "disclosures", "want an array of strings")
		}
		if len(list) > MaxDisclosures {
			return nil, fail(TooMany, "", "%d Disclosures, want at most %d", len(list), MaxDisclosures)
		}
		for _, v := range list {
			d, ok := v.(string)
			if !ok || strings.Contains(d, "~") {
				return nil, fail(Malformed, "disclosures", "want an array of Disclosures")
			}
			encoded = append(encoded, d)
		}
	}
	kb, ok := header["kb_jwt"].(string)
	if header.Has("kb_jwt") && (!ok || kb == "") {
		return nil, fail(Malformed, "kb_jwt", "want a string that is not empty")
	}
	first := firstSignature(o)
	s := &SDJWT{Signatures: all, source: o,
		token: first.String("protected") + "." + o.String("payload") + "." + first.String("signature")}
	// Section 8.1: sd_hash is that of the compact form of the first signature.
	s.presented = strings.Join(append([]string{s.token}, encoded...), "~") + "~"
	return s, s.read(encoded, kb)
}

// read undoes what both serialisations have in common.
func (s *SDJWT) read(encoded []string, kb string) error {
	if err := s.process(encoded); err != nil {
		return err
	}
	if kb == "" {
		return nil
	}
	var err error
	s.KeyBinding, err = parseKeyBinding(kb)
	return err
}

// Token is the Issuer-signed JWT in compact serialisation.
func (s *SDJWT) Token() string { return s.token }

// String is the compact serialisation. Of a general JSON one, it has the first signature
// alone.
func (s *SDJWT) String() string {
	if s.KeyBinding == nil {
		return s.presented
	}
	return s.presented + s.KeyBinding.Token
}

// JSON is the JSON serialisation: the one that was read, or else the flattened one.
func (s *SDJWT) JSON() strictjson.Object {
	if s.source != nil {
		return s.source
	}
	parts := strings.SplitN(s.token, ".", 3)
	header := strictjson.Object{}
	if len(s.Disclosures) > 0 {
		list := make([]any, len(s.Disclosures))
		for i, d := range s.Disclosures {
			list[i] = d.Encoded
		}
		header["disclosures"] = list
	}
	if s.KeyBinding != nil {
		header["kb_jwt"] = s.KeyBinding.Token
	}
	o := strictjson.Object{"protected": parts[0], "payload": parts[1], "signature": parts[2]}
	if len(header) > 0 {
		o["header"] = header
	}
	return o
}
