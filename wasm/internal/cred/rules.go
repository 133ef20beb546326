package cred

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/xsd"
	"github.com/verilith/verilith/wasm/strictjson"
)

// maxProblems bounds what a verdict carries: enough to mend a document by, and no more
// of a document that is wrong in every line.
const maxProblems = 32

// rules collects the problems of one document. Its methods check what both versions
// of the data model have in common, and add a problem for what is not so.
type rules struct {
	problems []Problem
	at       string // path of the object in work, with its dot; "" for the document
	version  string // "1.1" or "2.0"
}

func (r *rules) add(reason Reason, member, format string, args ...any) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, Problem{reason, strings.TrimSuffix(r.at+member, "."), fmt.Sprintf(format, args...)})
	}
}

// isID reports whether s can identify something: a URI, VCDM 1.1 Section 4.2, or a
// URL, VCDM 2.0 Section 4.4.
func (r *rules) isID(s string) bool {
	if r.version == "1.1" {
		return isURI(s)
	}
	return isURL(s)
}

// context checks @context: an ordered set of URLs and objects with base first. VCDM
// 1.1 Section 4.1, 2.0 Section 4.3. In 1.1 alone a set of one may be written as its
// one value: Section 6 lists the properties of which this is not so, and @context is
// not among them.
func (r *rules) context(doc strictjson.Object, base string) {
	v, ok := doc["@context"]
	if !ok {
		r.add(MissingMember, "@context", "is required, with %s first", base)
		return
	}
	list, ok := v.([]any)
	if s, single := v.(string); single && r.version == "1.1" {
		list, ok = []any{s}, true
	}
	if !ok || len(list) == 0 {
		r.add(MalformedValue, "@context", "is %s, want an array with %s first", show(v), base)
		return
	}
	if list[0] != base {
		r.add(MalformedValue, "@context", "begins with %s, want %s", show(list[0]), base)
	}
	for i, v := range list[1:] {
		switch v := v.(type) {
		case strictjson.Object:
		case string:
			// Each protects its terms, so no document can use both: JSON-LD 1.1 Section
			// 4.1.11. Nor could it be said which member ends its validity.
			if v != base && (v == contextV1 || v == contextV2) {
				r.add(MalformedValue, index("@context", i+1, len(list)), "is the base context of the other version")
			}
			if !r.isID(v) {
				r.add(MalformedValue, index("@context", i+1, len(list)), "%s is not an absolute URL", show(v))
			}
		default:
			r.add(MalformedValue, index("@context", i+1, len(list)), "is %s, want a URL or an object", show(v))
		}
	}
}

// id reads a property that is a single URL, if it is there. VCDM 1.1 Section 4.2, 2.0
// Section 4.4.
func (r *rules) id(o strictjson.Object, member string) string {
	v, ok := o["id"]
	if !ok {
		return ""
	}
	s, ok := v.(string)
	if !ok || !r.isID(s) {
		r.add(MalformedValue, member, "%s is not a single absolute URL", show(v))
		return ""
	}
	return s
}

func (r *rules) requiredID(o strictjson.Object, member string) string {
	if !o.Has("id") {
		r.add(MissingMember, member, "is required")
	}
	return r.id(o, member)
}

// types reads the type property: one or more terms and absolute URLs. VCDM 1.1 Section
// 4.3, 2.0 Section 4.5. Whether a context defines a term is not known here. A want
// that is not "" must be among them.
func (r *rules) types(o strictjson.Object, member, want string) []string {
	v, ok := o["type"]
	if !ok {
		r.add(MissingMember, member, "is required")
		return nil
	}
	list, ok := stringsOf(v)
	if !ok || len(list) == 0 {
		r.add(MalformedValue, member, "is %s, want one or more strings", show(v))
		return nil
	}
	for i, s := range list {
		if !r.isType(s) {
			r.add(MalformedValue, index(member, i, len(list)), "%s is neither a term nor an absolute URL", show(s))
		}
	}
	if want != "" && !slices.Contains(list, want) {
		r.add(MalformedValue, member, "lacks %s", want)
	}
	return list
}

// isType takes a colon for the mark of a URL, or of a compact IRI, which has the form
// of one. What looks like a JSON-LD keyword is no term (JSON-LD 1.1 Section 4.1).
func (r *rules) isType(s string) bool {
	if strings.Contains(s, ":") {
		return r.isID(s)
	}
	return s != "" && s[0] != '@'
}

// objects reads a property whose value is one object or a set of one or more, if it is
// there.
func (r *rules) objects(o strictjson.Object, member string) []strictjson.Object {
	v, ok := o[member]
	if !ok {
		return nil
	}
	list, ok := objectsOf(v)
	if !ok || len(list) == 0 {
		r.add(MalformedValue, member, "is %s, want one or more objects", show(v))
	}
	return list
}

// typed is objects, each of which must have a type and, where needID says so, an id.
// It fits credentialStatus, credentialSchema, refreshService, termsOfUse, evidence and
// proof. An id that is there must be an identifier.
func (r *rules) typed(o strictjson.Object, member string, needID bool) []strictjson.Object {
	list := r.objects(o, member)
	for i, m := range list {
		path := index(member, i, len(list))
		r.types(m, path+".type", "")
		if needID {
			r.requiredID(m, path+".id")
		} else {
			r.id(m, path+".id")
		}
	}
	return list
}

// subjects reads credentialSubject: one or more objects, none of them empty. VCDM 1.1
// Section 4.4, 2.0 Section 4.8. An object with an id alone passes: VCDM 2.0 asks for a
// claim about each subject, but its own test suite issues such credentials.
func (r *rules) subjects(doc strictjson.Object) (list []strictjson.Object, ids []string) {
	if !doc.Has("credentialSubject") {
		r.add(MissingMember, "credentialSubject", "is required")
		return nil, nil
	}
	list = r.objects(doc, "credentialSubject")
	for i, s := range list {
		path := index("credentialSubject", i, len(list))
		if len(s) == 0 {
			r.add(MalformedValue, path, "has no property, want one or more")
		}
		if id := r.id(s, path+".id"); id != "" {
			ids = append(ids, id)
		}
	}
	return list, ids
}

// party reads issuer or holder: a URL, or an object with an id that is one. VCDM 1.1
// Section 4.5, 2.0 Sections 4.7 and 4.13.
func (r *rules) party(doc strictjson.Object, member string) (id, name string) {
	switch v := doc[member].(type) {
	case string:
		if !r.isID(v) {
			r.add(MalformedValue, member, "%s is not an absolute URL", show(v))
		}
		return v, ""
	case strictjson.Object:
		id = r.requiredID(v, member+".id")
		if r.version == "2.0" {
			r.text(v, "name", member+".name")
			r.text(v, "description", member+".description")
		}
		return id, plain(v["name"])
	default:
		r.add(MalformedValue, member, "is %s, want a URL or an object with an id", show(v))
		return "", ""
	}
}

// time reads an XML Schema dateTime, if it is there. A dateTimeStamp, which VCDM 2.0
// Section 4.9 asks for, names its offset; VCDM 1.1 Section 4.6 asks for a dateTime,
// which need not, and is then UTC as VCDM 2.0 Section 5.8 has it.
func (r *rules) time(doc strictjson.Object, member string) *time.Time {
	v, ok := doc[member]
	if !ok {
		return nil
	}
	s, ok := v.(string)
	if !ok {
		r.add(MalformedValue, member, "is %s, want a dateTime", show(v))
		return nil
	}
	t, zoned, err := xsd.DateTime(s)
	if err == nil && !zoned && r.version == "2.0" {
		_, err = xsd.DateTimeStamp(s)
	}
	if err != nil {
		r.add(MalformedValue, member, "%v", err)
		return nil
	}
	return &t
}

// objectsOf returns v as objects where it is one or an array of them.
func objectsOf(v any) ([]strictjson.Object, bool) {
	switch v := v.(type) {
	case strictjson.Object:
		return []strictjson.Object{v}, true
	case []any:
		list := make([]strictjson.Object, len(v))
		for i, m := range v {
			o, ok := m.(strictjson.Object)
			if !ok {
				return nil, false
			}
			list[i] = o
		}
		return list, true
	}
	return nil, false
}

// stringsOf returns v as strings where it is one or an array of them.
func stringsOf(v any) ([]string, bool) {
	switch v := v.(type) {
	case string:
		return []string{v}, true
	case []any:
		list := make([]string, len(v))
		for i, m := range v {
			s, ok := m.(string)
			if !ok {
				return nil, false
			}
			list[i] = s
		}
		return list, true
	}
	return nil, false
}

// index is the path of one of n values of a member.
func index(member string, i, n int) string {
	if n == 1 {
		return member
	}
	return member + "[" + strconv.Itoa(i) + "]"
}

// show describes a value for people, bounded in length.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case strictjson.Number:
		return fmt.Sprintf("%.40s", v)
	case string:
		return fmt.Sprintf("%.80q", v)
	case []any:
		if len(v) == 0 {
			return "an empty array"
		}
		return "an array"
	}
	return "an object"
}
