// Package strictjson reads I-JSON (RFC 7493) and writes canonical JSON (RFC 8785).
//
// It is stricter than RFC 8259, as RFC 7493 asks: the text is UTF-8 without a
// byte order mark, names within one object are unique, strings hold no
// surrogates and no noncharacters, and numbers fit an IEEE 754 double. Depth
// and the number of members are bounded, so hostile text meets a limit and not
// the machine's stack or memory.
//
// It keeps the literal of every number: what is shown to people is what was
// signed. Only [Canonical] turns numbers into doubles, and refuses an integer
// that no double holds, since two documents would then share one canonical form.
package strictjson

// Object is a JSON object. Its values are nil, bool, string, [Number], []any and
// [Object].
type Object map[string]any

// Limits of the reader. Both bound work on input that an attacker chooses.
const (
	MaxDepth   = 64    // nesting of arrays and objects; bounds the reader's stack
	MaxMembers = 20000 // members and elements in all; bounds memory and map growth
)

// Reason is the stable part of an [Error].
type Reason string

// The reasons of this package's errors.
const (
	Syntax       Reason = "json_syntax"           // not RFC 8259
	NotUTF8      Reason = "json_not_utf8"         // RFC 7493 Section 2.1
	BadCodePoint Reason = "json_bad_code_point"   // surrogate or noncharacter, RFC 7493 Section 2.1
	Duplicate    Reason = "json_duplicate_name"   // RFC 7493 Section 2.3
	NumberRange  Reason = "json_number_range"     // no finite double, or no exact one; RFC 7493 Section 2.2
	TooDeep      Reason = "json_too_deep"         // MaxDepth
	TooMany      Reason = "json_too_many_members" // MaxMembers
	WrongType    Reason = "json_wrong_type"       // Bind, ParseObject
	Unknown      Reason = "json_unknown_member"   // Bind
	Unsupported  Reason = "json_unsupported_type" // Canonical and Bind, for a Go type that JSON has not
)

// Error is why a text was refused.
type Error struct {
	Reason Reason
	Offset int    // byte in the text, for errors of the reader
	Member string // path of the member, for errors of Bind
	Detail string // for people; may change
}

func (e *Error) Error() string {
	if e.Member != "" {
		return string(e.Reason) + ": " + e.Member + ": " + e.Detail
	}
	return string(e.Reason) + ": " + e.Detail
}
