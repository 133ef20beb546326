package status

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/strictjson"
)

// variant is one of the three W3C lists, which differ in names and little else.
type variant struct {
	entry, list, subject string // types of the entry, of the list and of its subject
	index, location      string // members of the entry
	current              bool   // the Recommendation, held to its letter
	purpose              string // where neither entry nor list names one
}

var variants = []variant{
	{entry: "BitstringStatusListEntry", list: "BitstringStatusListCredential", subject: "BitstringStatusList",
		index: "statusListIndex", location: "statusListCredential", current: true},
	{entry: "StatusList2021Entry", list: "StatusList2021Credential", subject: "StatusList2021",
		index: "statusListIndex", location: "statusListCredential"},
	{entry: "RevocationList2020Status", list: "RevocationList2020Credential", subject: "RevocationList2020",
		index: "revocationListIndex", location: "revocationListCredential", purpose: revocation},
}

// The purposes that have a meaning, Bitstring Status List Section 2.1.
const (
	revocation = "revocation"
	suspension = "suspension"
	refresh    = "refresh"
	message    = "message"
)

const (
	// minEntries is the herd that one credential is one of, Section 3.2 steps 2 and 9. The
	// older texts ask for the same 16 KB.
	minEntries = 131072
	// maxSize bounds statusSize. Each size asks for 2^size messages in every credential:
	// larger ones than 256 are not written.
	maxSize = 8
)

// listAccept are the media types of W3C status lists, RDF and JOSE alike.
const listAccept = "application/vc+jwt, application/vc, application/vc+ld+json, application/json, application/jwt"

// bitstringEntry reads an entry, Section 2.1.
func bitstringEntry(o strictjson.Object, v *variant) ([]Entry, Answer) {
	e := Entry{Type: v.entry, Accept: listAccept, Signed: true, Resource: v.list, variant: v, size: 1, purpose: v.purpose}
	if e.URL = o.String(v.location); !isList(e.URL) {
		return nil, malformed("%s %.200q is no https URL of a list", v.location, e.URL)
	}
	index, isText := o[v.index].(string)
	if n, isNumber := o[v.index].(strictjson.Number); isNumber && !v.current {
		index, isText = string(n), true // the older texts' own examples have either
	}
	n, err := strconv.ParseInt(index, 10, 64)
	if !isText || err != nil || n < 0 || index != strconv.FormatInt(n, 10) {
		return nil, malformed("%s is %.60q, want an integer of 0 or more, as a string in base 10", v.index, index)
	}
	e.index = n
	if v.purpose == "" {
		if e.purpose = o.String("statusPurpose"); e.purpose == "" {
			return nil, malformed("statusPurpose is no string")
		}
	}
	if !v.current {
		return []Entry{e}, Answer{}
	}
	if id := o.String("id"); id != "" && id == e.URL {
		return nil, malformed("id is the URL of the list, which it must not be")
	}
	if o.Has("statusSize") {
		size, ok := o["statusSize"].(strictjson.Number)
		n, whole := size.Int64()
		if !ok || !whole || n < 1 {
			return nil, malformed("statusSize is no integer greater than 0")
		}
		if n > maxSize {
			return nil, Answer{Reason: Unsupported, Unknown: true, Detail: fmt.Sprintf("statusSize %d, want at most %d", n, maxSize)}
		}
		e.size = int(n)
	}
	if v, ok := o["statusReference"]; ok {
		if list := stringsOf(v); len(list) == 0 || slices.ContainsFunc(list, func(s string) bool { return !isURL(s) }) {
			return nil, malformed("statusReference is neither a URL nor an array of URLs")
		}
	}
	if e.size > 1 || o.Has("statusMessage") {
		list, ok := o["statusMessage"].([]any)
		if !ok {
			return nil, malformed("statusSize is %d and there is no statusMessage array", e.size)
		}
		if e.messages, err = messages(list, e.size); err != nil {
			return nil, malformed("statusMessage %v", err)
		}
	}
	return []Entry{e}, Answer{}
}

// messages reads a statusMessage array: one message for each value of size bits.
func messages(list []any, size int) ([]string, error) {
	if len(list) != 1<<size {
		return nil, fmt.Errorf("has %d elements, want %d for %d bits", len(list), 1<<size, size)
	}
	out := make([]string, len(list))
	seen := make([]bool, len(list))
	for i, v := range list {
		o, _ := v.(strictjson.Object)
		text, isText := o["message"].(string)
		digits, hex := strings.CutPrefix(o.String("status"), "0x")
		n, err := strconv.ParseUint(digits, 16, 16)
		if !isText || !hex || err != nil || int(n) >= len(list) {
			return nil, fmt.Errorf("has no status 0x… below 0x%x with a message in element %d", len(list), i)
		}
		if seen[n] {
			return nil, fmt.Errorf("has the status 0x%x twice", n)
		}
		out[n], seen[n] = text, true
	}
	return out, nil
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs()
}

// isList reports whether a list can be had from a URL without anything of the
// credential in it but the list's name. A fragment is not sent, and would be an index.
func isList(s string) bool {
	return len(s) <= 2048 && strings.HasPrefix(s, "https://") && len(s) > len("https://") && !strings.ContainsAny(s, "# \t\r\n")
}

// readBitstring reads a proven list credential, Sections 2.2 and 3.2.
func readBitstring(c *cred.Credential, v *variant) (*List, Answer) {
	if !slices.Contains(c.Types, v.list) {
		return nil, Answer{Reason: OtherList, Detail: fmt.Sprintf("the list is of type %.80q, want %s", c.Types, v.list)}
	}
	if len(c.Subjects) != 1 {
		return nil, badList("it has %d subjects, want 1", len(c.Subjects))
	}
	s := c.Subjects[0]
	if t := s["type"]; t != v.subject && !slices.Equal(stringsOf(t), []string{v.subject}) {
		return nil, badList("its subject is not of type %s", v.subject)
	}
	l := &List{name: c.ID, variant: v, purposes: stringsOf(s["statusPurpose"])}
	if v.purpose != "" {
		l.purposes = []string{v.purpose}
	}
	if len(l.purposes) == 0 {
		return nil, badList("statusPurpose is not one or more strings")
	}
	if v.current {
		if a := l.current(s); a.Reason != "" {
			return nil, a
		}
	}
	text := s.String("encodedList")
	if v.current { // Section 2.2: "Multibase-encoded base64url (with no padding)"
		digits, ok := strings.CutPrefix(text, "u")
		if !ok {
			return nil, badList("encodedList is no Multibase of base64url: it begins with %.1q, want u", text)
		}
		text = digits
	}
	packed, err := unbase64(text, !v.current)
	if err == nil {
		l.bits, err = gunzip(packed)
	}
	if err != nil {
		return nil, badList("encodedList: %v", err)
	}
	return l, Answer{}
}

// current reads what the Recommendation added to a list: size, messages and ttl.
func (l *List) current(s strictjson.Object) Answer {
	if v, ok := s["statusSize"]; ok {
		n, isNumber := v.(strictjson.Number)
		size, whole := n.Int64()
		if !isNumber || !whole || size < 1 {
			return badList("statusSize is no integer greater than 0")
		}
		l.size = int(min(size, maxSize+1)) // beyond maxSize it agrees with no entry
	}
	for _, name := range []string{"statusMessages", "statusMessage"} { // Section 2.2 has the one for lists, Section 2.1 the other
		if v, ok := s[name]; ok && l.size <= maxSize {
			list, _ := v.([]any)
			var err error
			if l.messages, err = messages(list, max(l.size, 1)); err != nil {
				return badList("%s %v", name, err)
			}
		}
	}
	// Section 2.2, statusPurpose: with "message" the list MUST have its messages and its size.
	if slices.Contains(l.purposes, message) && l.size <= maxSize && (l.size == 0 || l.messages == nil) {
		return badList("it is for messages, and has no statusSize or no statusMessages")
	}
	if v, ok := s["ttl"]; ok { // milliseconds
		n, isNumber := v.(strictjson.Number)
		if f := n.Float64(); !isNumber || !(f > 0 && f <= maxTTL.Seconds()*1000) {
			return badList("ttl is %.40s, want a positive number of milliseconds", n)
		}
		l.TTL = time.Duration(n.Float64() * float64(time.Millisecond))
	}
	return Answer{}
}

// maxTTL bounds a ttl, which keeps a duration far from overflow.
const maxTTL = 100 * 366 * 24 * time.Hour

// checkBitstring is the Validate Algorithm, Section 3.2, from where the list is proven.
func (e *Entry) checkBitstring(l *List) Answer {
	if l.variant != e.variant {
		return Answer{Reason: OtherList, Detail: "the list is of another kind than the entry"}
	}
	// Section 2.2: a list's id is what entries call it. Where it is there, it says that
	// this is not another list of the same issuer.
	if l.name != "" && l.name != e.URL {
		return Answer{Reason: OtherList, Detail: fmt.Sprintf("the list calls itself %.200q, the entry means %.200q", l.name, e.URL)}
	}
	if !slices.Contains(l.purposes, e.purpose) {
		return Answer{Reason: OtherList, Detail: fmt.Sprintf("the list is for %.80q, the entry for %.80q", l.purposes, e.purpose)}
	}
	if l.size != 0 && l.size != e.size {
		return Answer{Reason: OtherList, Detail: fmt.Sprintf("the list has entries of %d bits, the entry is of %d", l.size, e.size)}
	}
	if n := len(l.bits) * 8 / e.size; n < minEntries {
		return Answer{Reason: TooShort, Detail: fmt.Sprintf("the list has %d entries, want at least %d", n, minEntries)}
	}
	value, ok := leftFirst(l.bits, e.index, e.size)
	if !ok {
		return Answer{Reason: OutOfRange, Detail: fmt.Sprintf("index %d of a list of %d entries", e.index, len(l.bits)*8/e.size)}
	}
	text := ""
	for _, list := range [][]string{e.messages, l.messages} {
		if text == "" && value < len(list) {
			text = list[value]
		}
	}
	if value == 0 && e.purpose != message {
		return Answer{Detail: e.purpose + " is not set"}
	}
	said := fmt.Sprintf("%.80s is set to %d", e.purpose, value)
	if text != "" {
		said += fmt.Sprintf(": %.200q", text)
	}
	switch e.purpose {
	case revocation:
		return Answer{Reason: Revoked, Detail: said}
	case suspension:
		return Answer{Reason: Suspended, Detail: said}
	case refresh: // "does not invalidate the verifiable credential"
		return Answer{Detail: "its issuer has an updated one"}
	case message: // what a message means is between the issuer and who reads it
		if value != 0 && (text == "" || text == "undefined") {
			return Answer{Reason: Undefined, Unknown: true, Detail: said + ", which has no meaning yet"}
		}
		return Answer{Detail: said}
	}
	return Answer{Reason: Undefined, Unknown: true, Detail: said + ", a purpose that is not known here"}
}

// stringsOf is v as strings where it is one or an array of them, and not empty.
func stringsOf(v any) []string {
	if s, ok := v.(string); ok && s != "" {
		return []string{s}
	}
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, e := range list {
		s, ok := e.(string)
		if !ok || s == "" {
			return nil
		}
		out = append(out, s)
	}
	return out
}
