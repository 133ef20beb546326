// Package dcql reads queries of the Digital Credentials Query Language, [OpenID4VP]
// Section 6, and says what a response lacks of what a query asks for.
//
// It is the verifier's side: the wallet's choice is not made again, it is held to the
// query. Whoever presents may have changed the query on its way, and a wallet may
// ignore it, so that only what was returned counts (Sections 8.6 and 14).
//
// It refuses a query that breaks a rule of Section 6. A member that the section does not
// have is ignored, as it says, and named, so that whoever asks can see that a misspelt
// restriction restricts nothing. The package proves nothing about a credential. In
// particular trusted_authorities (Section 6.1.1) are read and never matched: they help a
// wallet to choose, and who may issue is for the registries to say.
//
// [OpenID4VP]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html
package dcql

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/verilith/verilith/wasm/strictjson"
)

// The limits of a query. A request that a person can consent to is far below them.
const (
	MaxCredentials = 64  // credential queries, and presentations in a response: each may cost a verification
	MaxClaims      = 256 // claims of a credential query: each is a walk over the credential
	MaxOptions     = 64  // credential sets, options in one, and claim sets: they only combine what is there
	MaxPath        = 32  // components of a claims path pointer; a credential is at most 64 deep
	MaxValues      = 256 // values that a claim may have, and types that a credential may be of
)

// The credential formats whose meta this package knows, OpenID4VP Appendix B.
const (
	SDJWT    = "dc+sd-jwt"
	OldSDJWT = "vc+sd-jwt" // what SD-JWT VC was called until 2024, and VC-JOSE-COSE's SD-JWT still is
	MDoc     = "mso_mdoc"
	JWTVC    = "jwt_vc_json"
	LDPVC    = "ldp_vc"
)

// Query is a DCQL query, Section 6.
type Query struct {
	Credentials []Credential
	Sets        []Set // nil: every one of Credentials is asked for
	// Ignored are the paths of members that Section 6 does not have, the first few of them.
	Ignored []string
}

// Credential is a credential query, Section 6.1.
type Credential struct {
	ID       string
	Format   string
	Multiple bool // more than one credential may be returned
	// Unbound is require_cryptographic_holder_binding with false.
	Unbound bool

	VCTs    []string          // vct_values, any one of them
	DocType string            // doctype_value
	Types   [][]string        // type_values, all of any one of them
	meta    strictjson.Object // as it stood, of a format that is not known here

	Authorities []Authority
	Claims      []Claim
	ClaimSets   [][]string // ids of Claims, all of any one of them; nil: all of Claims
}

// Authority is an entry of trusted_authorities, Section 6.1.1. It is a hint to wallets.
type Authority struct {
	Type   string
	Values []string
}

// Set is a credential set query, Section 6.2.
type Set struct {
	Options  [][]string // ids of credential queries, all of any one of them
	Optional bool
}

// Claim is a claims query, Section 6.3.
type Claim struct {
	ID     string
	Path   Path
	Values []any // string, bool or strictjson.Number; nil: any value

	retain *bool // intent_to_retain, Appendix B.2.4: for the wallet to show
}

// Error is why a query was refused.
type Error struct {
	Member string // path of the member: "credentials[1].claims[0].path"
	Detail string // for people; may change
}

func (e *Error) Error() string {
	if e.Member == "" {
		return "malformed_query: " + e.Detail
	}
	return "malformed_query: " + e.Member + ": " + e.Detail
}

// Parse reads a query. The error is an *[Error].
func Parse(o strictjson.Object) (*Query, error) {
	p := &parser{}
	q := &Query{}
	p.only("", o, "credentials", "credential_sets")
	for i, c := range p.objects("", o, "credentials", true, MaxCredentials) {
		q.Credentials = append(q.Credentials, p.credential("credentials["+strconv.Itoa(i)+"]", c))
	}
	seen := map[string]bool{}
	for _, c := range q.Credentials {
		if seen[c.ID] {
			p.fail("credentials", "the id %q is there twice", c.ID)
		}
		seen[c.ID] = true
	}
	for i, s := range p.objects("", o, "credential_sets", false, MaxOptions) {
		at := "credential_sets[" + strconv.Itoa(i) + "]"
		p.only(at, s, "options", "required")
		set := Set{Optional: !p.flag(at, s, "required", true)}
		set.Options = p.lists(at, s, "options", true, MaxOptions, MaxCredentials, func(id string) bool { return seen[id] }, "the id of a credential query")
		q.Sets = append(q.Sets, set)
	}
	if p.err != nil {
		return nil, p.err
	}
	q.Ignored = p.ignored
	return q, nil
}

func (p *parser) credential(at string, o strictjson.Object) Credential {
	p.only(at, o, "id", "format", "multiple", "meta", "trusted_authorities", "require_cryptographic_holder_binding", "claims", "claim_sets")
	c := Credential{
		ID:       p.id(at, o, true),
		Format:   p.text(at, o, "format"),
		Multiple: p.flag(at, o, "multiple", false),
		Unbound:  !p.flag(at, o, "require_cryptographic_holder_binding", true),
	}
	p.readMeta(at, o, &c)
	for i, a := range p.objects(at, o, "trusted_authorities", false, MaxOptions) {
		at := at + ".trusted_authorities[" + strconv.Itoa(i) + "]"
		p.only(at, a, "type", "values")
		c.Authorities = append(c.Authorities, Authority{p.text(at, a, "type"), p.strings(at, a, "values", true, MaxValues)})
	}
	needID := o.Has("claim_sets")
	ids := map[string]bool{}
	for i, m := range p.objects(at, o, "claims", false, MaxClaims) {
		at := at + ".claims[" + strconv.Itoa(i) + "]"
		claim := p.claim(at, m, c.Format, needID)
		if claim.ID != "" && ids[claim.ID] {
			p.fail(at+".id", "%q is there twice", claim.ID)
		}
		ids[claim.ID] = true
		c.Claims = append(c.Claims, claim)
	}
	if needID && !o.Has("claims") {
		p.fail(at+".claim_sets", "must not be there without claims")
	}
	known := func(id string) bool { return id != "" && ids[id] }
	c.ClaimSets = p.lists(at, o, "claim_sets", false, MaxOptions, MaxClaims, known, "the id of a claim")
	return c
}

// readMeta reads the format's own parameters, Appendices B.1.1, B.2.3 and B.3.5. Each says REQUIRED
// of its parameter, and Section 6.1 that there need be none: "If empty, no specific
// constraints are placed". So an object without any is taken, and one with others is not.
func (p *parser) readMeta(at string, o strictjson.Object, c *Credential) {
	meta, ok := o["meta"].(strictjson.Object)
	if !ok {
		p.fail(at+".meta", "is required, an object")
		return
	}
	at += ".meta"
	switch {
	case !slices.Contains([]string{SDJWT, OldSDJWT, MDoc, JWTVC, LDPVC}, c.Format):
		c.meta = meta
		return
	case len(meta) == 0:
		return
	}
	types := func() {
		c.Types = p.lists(at, meta, "type_values", true, MaxOptions, MaxValues, func(s string) bool { return s != "" }, "a type")
	}
	switch c.Format {
	case JWTVC, LDPVC:
		p.only(at, meta, "type_values")
		types()
	case OldSDJWT:
		if meta.Has("type_values") {
			p.only(at, meta, "type_values")
			types()
			return
		}
		fallthrough
	case SDJWT:
		p.only(at, meta, "vct_values")
		c.VCTs = p.strings(at, meta, "vct_values", true, MaxValues)
	case MDoc:
		p.only(at, meta, "doctype_value")
		c.DocType = p.text(at, meta, "doctype_value")
	}
}

func (p *parser) claim(at string, o strictjson.Object, format string, needID bool) Claim {
	known := []string{"id", "path", "values"}
	if format == MDoc {
		known = append(known, "intent_to_retain") // Appendix B.2.4
	}
	p.only(at, o, known...)
	c := Claim{ID: p.id(at, o, needID)}
	path, err := ParsePath(o["path"])
	if err != nil {
		p.fail(at+".path", "%v", err)
	} else if format == MDoc && !path.forMDoc() {
		p.fail(at+".path", "%s is not a namespace and an element, as in an mdoc", path)
	}
	c.Path = path
	if v, ok := o["values"]; ok {
		list, _ := v.([]any)
		if len(list) == 0 || len(list) > MaxValues {
			p.fail(at+".values", "want 1 to %d strings, integers and booleans", MaxValues)
		}
		for i, v := range list {
			switch n := v.(type) {
			case string, bool:
				c.Values = append(c.Values, v)
				continue
			case strictjson.Number:
				if n, ok := n.Int64(); ok { // in whatever notation
					c.Values = append(c.Values, strictjson.From(n))
					continue
				}
			}
			p.fail(at+".values["+strconv.Itoa(i)+"]", "want a string, an integer or a boolean")
		}
	}
	if o.Has("intent_to_retain") && format == MDoc {
		v := p.flag(at, o, "intent_to_retain", false)
		c.retain = &v
	}
	return c
}

// parser keeps the first rule that a query breaks, and what is ignored.
type parser struct {
	err     error
	ignored []string
}

// maxIgnored bounds what is named of what is ignored.
const maxIgnored = 8

func (p *parser) fail(member, format string, args ...any) {
	if p.err == nil {
		p.err = &Error{member, fmt.Sprintf(format, args...)}
	}
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// only names the members that an object has beyond those that are known. Section 6:
// "Implementations MUST ignore any unknown properties".
func (p *parser) only(at string, o strictjson.Object, known ...string) {
	for _, name := range o.Names() {
		if !slices.Contains(known, name) && len(p.ignored) < maxIgnored {
			p.ignored = append(p.ignored, fmt.Sprintf("%.60s", join(at, name)))
		}
	}
}

// objects reads a list of one or more objects.
func (p *parser) objects(at string, o strictjson.Object, name string, required bool, most int) []strictjson.Object {
	v, ok := o[name]
	if !ok && !required {
		return nil
	}
	list, _ := v.([]any)
	if len(list) == 0 || len(list) > most {
		p.fail(join(at, name), "want 1 to %d objects", most)
		return nil
	}
	out := make([]strictjson.Object, len(list))
	for i, v := range list {
		if out[i], ok = v.(strictjson.Object); !ok {
			p.fail(join(at, name)+"["+strconv.Itoa(i)+"]", "want an object")
		}
	}
	return out
}

// lists reads a list of one or more lists of one or more strings.
func (p *parser) lists(at string, o strictjson.Object, name string, required bool, most, each int, known func(string) bool, what string) [][]string {
	v, ok := o[name]
	if !ok && !required {
		return nil
	}
	list, _ := v.([]any)
	if len(list) == 0 || len(list) > most {
		p.fail(join(at, name), "want 1 to %d lists", most)
		return nil
	}
	out := make([][]string, len(list))
	for i, v := range list {
		at := join(at, name) + "[" + strconv.Itoa(i) + "]"
		out[i] = p.stringList(at, v, each)
		for _, s := range out[i] {
			if !known(s) {
				p.fail(at, "%.60q is not %s", s, what)
			}
		}
	}
	return out
}

func (p *parser) strings(at string, o strictjson.Object, name string, required bool, most int) []string {
	v, ok := o[name]
	if !ok && !required {
		return nil
	}
	return p.stringList(join(at, name), v, most)
}

func (p *parser) stringList(at string, v any, most int) []string {
	list, _ := v.([]any)
	if len(list) == 0 || len(list) > most {
		p.fail(at, "want 1 to %d strings", most)
		return nil
	}
	out := make([]string, len(list))
	for i, v := range list {
		s, ok := v.(string)
		if !ok {
			p.fail(at+"["+strconv.Itoa(i)+"]", "want a string")
		}
		out[i] = s
	}
	return out
}

func (p *parser) text(at string, o strictjson.Object, name string) string {
	s := o.String(name)
	if s == "" {
		p.fail(join(at, name), "is required, a string")
	}
	return s
}

// id reads an identifier: "alphanumeric, underscore (_), or hyphen (-) characters".
func (p *parser) id(at string, o strictjson.Object, required bool) string {
	if !o.Has("id") && !required {
		return ""
	}
	s := o.String("id")
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-') {
			s = ""
			break
		}
	}
	if s == "" {
		p.fail(join(at, "id"), "want letters, digits, _ and -")
	}
	return s
}

func (p *parser) flag(at string, o strictjson.Object, name string, otherwise bool) bool {
	v, ok := o[name]
	if !ok {
		return otherwise
	}
	b, ok := v.(bool)
	if !ok {
		p.fail(join(at, name), "want true or false")
	}
	return b
}
