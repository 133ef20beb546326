package snapshot

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
)

// maxID bounds an identifier or URL: longer ones pass no browser or proxy.
const maxID = 2048

// Normal returns the entity in its one form, so that equal facts give equal
// records: times in UTC, lists whose order says nothing sorted, "active" left
// out. It refuses values that break the rules of the model. The result shares
// no slice with e that was changed.
func (e Entity) Normal() (Entity, error) {
	if err := identifier(place{name: "id"}, e.ID, true); err != nil {
		return Entity{}, err
	}
	if err := first(
		identifier(place{name: "kind"}, e.Kind, false),
		identifier(place{name: "jurisdiction"}, e.Jurisdiction, false),
		link(place{name: "source"}, e.Source),
		instant(place{name: "due"}, &e.Due),
		state(place{name: "status"}, &e.Status),
	); err != nil {
		return Entity{}, err
	}
	for i, n := range e.Names {
		if err := text(place{"names", i, ""}, n); err != nil {
			return Entity{}, err
		}
	}
	if err := e.normalIDs(); err != nil {
		return Entity{}, err
	}
	if err := e.normalKeys(); err != nil {
		return Entity{}, err
	}
	if err := e.normalServices(); err != nil {
		return Entity{}, err
	}
	if err := e.normalAuth(); err != nil {
		return Entity{}, err
	}
	if err := e.normalHistory(); err != nil {
		return Entity{}, err
	}
	return e, nil
}

func (e *Entity) normalIDs() error {
	e.IDs = slices.Clone(e.IDs)
	slices.Sort(e.IDs)
	for i, id := range e.IDs {
		if err := identifier(place{"ids", i, ""}, id, true); err != nil {
			return err
		}
		if id == e.ID || i > 0 && id == e.IDs[i-1] {
			return &Error{Reason: Duplicate, Member: place{"ids", i, ""}.String(), Detail: fmt.Sprintf("%q is there twice", id)}
		}
	}
	return nil
}

func (e *Entity) normalKeys() error {
	e.Keys = slices.Clone(e.Keys)
	for i := range e.Keys {
		k := &e.Keys[i]
		m := func(name string) place { return place{"keys", i, name} }
		if err := first(
			identifier(m(".kid"), k.Kid, false),
			identifier(m(".use"), k.Use, false),
			period(m(""), &k.From, &k.Until),
			state(m(".state"), &k.State),
			checkJWK(m(".jwk"), k.JWK),
		); err != nil {
			return err
		}
		if k.JWK == nil && len(k.X5C) == 0 {
			return &Error{Reason: BadValue, Member: m("").String(), Detail: "neither jwk nor x5c"}
		}
		for j, c := range k.X5C {
			if _, err := base64.StdEncoding.Strict().DecodeString(c); err != nil || c == "" || strings.ContainsAny(c, "\r\n") {
				return &Error{Reason: BadValue, Member: at(m(".x5c").String(), j, ""), Detail: "no base64 of a certificate (RFC 7517 Section 4.7)"}
			}
		}
	}
	slices.SortStableFunc(e.Keys, compareKeys)
	for i := 1; i < len(e.Keys); i++ {
		if compareKeys(e.Keys[i-1], e.Keys[i]) == 0 {
			return &Error{Reason: Duplicate, Member: at("keys", i, ""), Detail: fmt.Sprintf("the key with kid %q is there twice", e.Keys[i].Kid)}
		}
	}
	return nil
}

// compareKeys orders keys by kid, then by what they are. A kid may stand for
// several keys over time; one kid and one key is one entry.
func compareKeys(a, b Key) int {
	if c := cmp.Compare(a.Kid, b.Kid); c != 0 {
		return c
	}
	return cmp.Compare(a.material(), b.material())
}

// material returns a text that is equal for equal public keys.
func (k Key) material() string {
	if t := thumbprint(k.JWK); t != "" {
		return t
	}
	if len(k.JWK) > 0 {
		return string(strictjson.Encode(k.JWK))
	}
	if len(k.X5C) > 0 {
		return k.X5C[0]
	}
	return ""
}

func (e *Entity) normalServices() error {
	e.Services = slices.Clone(e.Services)
	for i := range e.Services {
		s := &e.Services[i]
		if err := first(
			identifier(place{"services", i, ".id"}, s.ID, false),
			identifier(place{"services", i, ".type"}, s.Type, true),
			identifier(place{"services", i, ".url"}, s.URL, true),
		); err != nil {
			return err
		}
	}
	slices.SortFunc(e.Services, func(a, b Service) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.URL, b.URL), cmp.Compare(a.ID, b.ID))
	})
	e.Services = slices.Compact(e.Services)
	return nil
}

func (e *Entity) normalAuth() error {
	e.Auth = slices.Clone(e.Auth)
	for i := range e.Auth {
		a := &e.Auth[i]
		m := func(name string) place { return place{"auth", i, name} }
		if err := first(
			identifier(m(".action"), a.Action, true),
			identifier(m(".resource"), a.Resource, true),
			identifier(m(".jurisdiction"), a.Jurisdiction, false),
			identifier(m(".by"), a.By, false),
			link(m(".via"), a.Via),
			period(m(""), &a.From, &a.Until),
			state(m(".state"), &a.State),
		); err != nil {
			return err
		}
	}
	slices.SortFunc(e.Auth, func(a, b Authorization) int {
		return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(a.Resource, b.Resource),
			cmp.Compare(a.Jurisdiction, b.Jurisdiction), cmp.Compare(a.From, b.From), cmp.Compare(a.Until, b.Until),
			cmp.Compare(a.By, b.By), cmp.Compare(a.Via, b.Via), cmp.Compare(a.State, b.State))
	})
	e.Auth = slices.Compact(e.Auth)
	return nil
}

func (e *Entity) normalHistory() error {
	e.History = slices.Clone(e.History)
	for i := range e.History {
		h := &e.History[i]
		if h.At == "" {
			return &Error{Reason: BadValue, Member: place{"history", i, ".at"}.String(), Detail: "is empty, want a time"}
		}
		if err := first(
			instant(place{"history", i, ".at"}, &h.At),
			state(place{"history", i, ".status"}, &h.Status),
		); err != nil {
			return err
		}
		if h.Note != "" {
			if err := text(place{"history", i, ".note"}, h.Note); err != nil {
				return err
			}
		}
	}
	slices.SortStableFunc(e.History, func(a, b Event) int {
		return cmp.Or(compareTimes(a.At, b.At), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Note, b.Note))
	})
	e.History = slices.Compact(e.History)
	return nil
}

func first(errs ...*Error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// identifier checks a string that is compared byte by byte: no white space and
// nothing that does not show.
func identifier(member place, s string, required bool) *Error {
	switch {
	case s == "" && required:
		return &Error{Reason: BadValue, Member: member.String(), Detail: "is missing or empty"}
	case len(s) > maxID:
		return &Error{Reason: BadValue, Member: member.String(), Detail: fmt.Sprintf("has %d bytes, want at most %d", len(s), maxID)}
	}
	for _, r := range s {
		if r == utf8.RuneError || r == ' ' || !unicode.IsGraphic(r) || unicode.IsSpace(r) {
			return &Error{Reason: BadValue, Member: member.String(), Detail: fmt.Sprintf("%.80q has a space or a character that does not show", s)}
		}
	}
	return nil
}

// text checks a string for people: one line of characters that show.
func text(member place, s string) *Error {
	if s == "" || len(s) > maxID {
		return &Error{Reason: BadValue, Member: member.String(), Detail: fmt.Sprintf("has %d bytes, want 1 to %d", len(s), maxID)}
	}
	for _, r := range s {
		if r == utf8.RuneError || unicode.IsControl(r) {
			return &Error{Reason: BadValue, Member: member.String(), Detail: fmt.Sprintf("%.80q has a control character", s)}
		}
	}
	return nil
}

func link(member place, s string) *Error {
	if s == "" {
		return nil
	}
	if _, err := block.ParseCID(s); err != nil {
		return &Error{Reason: BadValue, Member: member.String(), Detail: err.Error()}
	}
	return nil
}

func state(member place, s *string) *Error {
	switch *s {
	case Active:
		*s = ""
	case "", Suspended, Revoked, Retired, Compromised:
	default:
		return &Error{Reason: BadValue, Member: member.String(), Detail: fmt.Sprintf("%.80q, want active, suspended, revoked, retired or compromised", *s)}
	}
	return nil
}

func period(member place, from, until *string) *Error {
	member.name = ".from"
	if err := instant(member, from); err != nil {
		return err
	}
	member.name = ".until"
	if err := instant(member, until); err != nil {
		return err
	}
	if *from != "" && *until != "" && compareTimes(*from, *until) >= 0 {
		return &Error{Reason: BadValue, Member: member.String(), Detail: fmt.Sprintf("%s is not after from, %s", *until, *from)}
	}
	return nil
}

// instant brings a time to UTC. A date is its first instant.
func instant(member place, s *string) *Error {
	if *s == "" {
		return nil
	}
	t, ok := parseTime(*s)
	if !ok {
		return &Error{Reason: BadValue, Member: member.String(), Detail: fmt.Sprintf("%.80q, want an RFC 3339 time or a date", *s)}
	}
	*s = t.Format(time.RFC3339Nano)
	return nil
}

func parseTime(s string) (time.Time, bool) {
	if len(s) == len(time.DateOnly) {
		s += "T00:00:00Z"
	}
	// time.Parse also takes one-digit hours and a comma for the point, and
	// RFC 3339 Section 5.6 neither.
	if len(s) < len("2006-01-02T15:04:05Z") || s[10] != 'T' || s[13] != ':' || s[16] != ':' || strings.ContainsRune(s, ',') {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, false
	}
	t = t.UTC()
	return t, t.Year() >= 1 && t.Year() <= 9999
}

// compareTimes compares two normal times. Texts do not do, for fractions.
func compareTimes(a, b string) int {
	ta, _ := parseTime(a)
	tb, _ := parseTime(b)
	return ta.Compare(tb)
}

// checkJWK refuses a key that is no public one, and values that have no single
// form in a record.
func checkJWK(member place, o strictjson.Object) *Error {
	if o == nil {
		return nil
	}
	if o.String("kty") == "" {
		return &Error{Reason: BadValue, Member: member.String() + ".kty", Detail: "is missing or empty (RFC 7517 Section 4.1)"}
	}
	// RFC 7518 Sections 6.2.2, 6.3.2 and 6.4.1, RFC 8037, and "priv" of AKP keys.
	for _, name := range [...]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"} {
		if o.Has(name) {
			return &Error{Reason: PrivateKey, Member: member.String() + "." + name, Detail: "a registry holds public keys"}
		}
	}
	err := wholeNumbers(o, 0)
	if err != nil {
		err.Member = member.String() + err.Member
	}
	return err
}

// wholeNumbers refuses numbers with a fraction: no JWK member has one, and whole
// numbers keep their form through a record. An error's member begins at v.
func wholeNumbers(v any, depth int) *Error {
	if depth > maxJWKDepth {
		return &Error{Reason: BadValue, Detail: fmt.Sprintf("nested deeper than %d", maxJWKDepth)}
	}
	switch v := v.(type) {
	case strictjson.Number:
		if _, ok := v.Int64(); !ok {
			return &Error{Reason: BadValue, Detail: fmt.Sprintf("%.40s, want a whole number within 2^53", v)}
		}
	case []any:
		for i, e := range v {
			if err := wholeNumbers(e, depth+1); err != nil {
				err.Member = at("", i, err.Member)
				return err
			}
		}
	case strictjson.Object:
		return wholeMembers(v, depth)
	case string:
		if !utf8.ValidString(v) {
			return &Error{Reason: BadValue, Detail: "is not UTF-8"}
		}
	case nil, bool:
	default:
		return &Error{Reason: WrongType, Detail: fmt.Sprintf("Go type %T", v)}
	}
	return nil
}

// wholeMembers is wholeNumbers for an object. Of several faults it names the one
// whose member comes first.
func wholeMembers(o strictjson.Object, depth int) *Error {
	var fault *Error
	var at string
	for name, v := range o {
		err := wholeNumbers(v, depth+1)
		if err == nil && !utf8.ValidString(name) {
			err = &Error{Reason: BadValue, Detail: "name is not UTF-8"}
		}
		if err != nil && (fault == nil || name < at) {
			fault, at = err, name
		}
	}
	if fault != nil {
		fault.Member = "." + at + fault.Member
	}
	return fault
}

// maxJWKDepth bounds a JWK's nesting, so that a record stays well within the
// depth of a block.
const maxJWKDepth = 16
