package sdjwt

import (
	"slices"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Disclosure is one claim or array element that the Holder discloses, Section 4.2.
type Disclosure struct {
	Encoded string // base64url, as presented
	Digest  string
	Salt    string
	Name    string // of an object's claim; "" for an array element
	Element bool   // an array element
	Value   any    // as disclosed: what is nested in it may have digests of its own

	used bool
}

// Claim is a value of the payload as it was issued, with what selective disclosure did
// to it.
type Claim struct {
	// Disclosure is the one that the value came by itself, nil where it stood in the open.
	Disclosure *Disclosure
	// Withheld says that there is an array element that was not disclosed. Nothing else
	// is then known of it.
	Withheld bool
	// Members are those of an object, Elements those of an array; else Value is it.
	Members  map[string]*Claim
	Elements []*Claim
	Value    any
	// Undisclosed is how many digests of an object's own claims matched no Disclosure.
	Undisclosed int
}

// IsObject and IsArray say what the claim is.

func (c *Claim) IsObject() bool { return c.Members != nil }
func (c *Claim) IsArray() bool  { return c.Elements != nil }

// Names are those of an object's members, sorted.
func (c *Claim) Names() []string {
	names := make([]string, 0, len(c.Members))
	for name := range c.Members {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Open reports whether the claim and all in it stand in the open: nothing of it came by
// a Disclosure, or could.
func (c *Claim) Open() bool {
	if c.Disclosure != nil || c.Withheld || c.Undisclosed > 0 {
		return false
	}
	for _, m := range c.Members {
		if !m.Open() {
			return false
		}
	}
	for _, e := range c.Elements {
		if !e.Open() {
			return false
		}
	}
	return true
}

// json is the value without what was withheld: Section 7.1 step 3 d and e.
func (c *Claim) json() any {
	switch {
	case c.Members != nil:
		o := make(strictjson.Object, len(c.Members))
		for name, m := range c.Members {
			o[name] = m.json()
		}
		return o
	case c.Elements != nil:
		list := make([]any, 0, len(c.Elements))
		for _, e := range c.Elements {
			if !e.Withheld {
				list = append(list, e.json())
			}
		}
		return list
	}
	return c.Value
}

// The reserved claim names, Section 4.1, and that of Section 4.1.1.
const (
	digestsName = "_sd"
	elementName = "..."
	hashName    = "_sd_alg"
)

// processor is Section 7.1 step 3 on its way through a payload.
type processor struct {
	s        *SDJWT
	byDigest map[string]*Disclosure
	seen     map[string]bool // digests, of Disclosures and of decoys alike
	nodes    int
}

// process undoes selective disclosure. Step numbers are those of Section 7.1; steps 2 a
// to c are about keys, and step 6 about dates: others' business.
func (s *SDJWT) process(encoded []string) error {
	payload, err := strictjson.ParseObject(s.Signatures[0].Payload)
	if err != nil {
		return refused(Malformed, "payload", err)
	}
	// Step 2 d.
	if s.HashName, err = hashOf(payload); err != nil {
		return err
	}
	p := &processor{s: s, byDigest: make(map[string]*Disclosure, len(encoded)), seen: map[string]bool{}}
	for _, text := range encoded { // Step 3 a
		d, err := readDisclosure(text)
		if err != nil {
			return err
		}
		d.Digest = digest(s.HashName, text)
		if p.byDigest[d.Digest] != nil {
			return fail(DuplicateDisclosure, d.Name, "two Disclosures have the digest %s", d.Digest)
		}
		p.byDigest[d.Digest] = d
		s.Disclosures = append(s.Disclosures, d)
	}
	// Steps 3 b to 3 f, and 4 on the way.
	if s.Claims, err = p.object(payload, "", 1); err != nil {
		return err
	}
	for _, d := range s.Disclosures { // Step 5
		if !d.used {
			return fail(UnusedDisclosure, d.Name, "no digest in the SD-JWT is %s", d.Digest)
		}
	}
	s.Payload, _ = s.Claims.json().(strictjson.Object)
	return nil
}

// hashOf reads _sd_alg, Section 4.1.1.
func hashOf(payload strictjson.Object) (string, error) {
	v, there := payload[hashName]
	if !there {
		return defaultHash, nil
	}
	name, ok := v.(string)
	if !ok || !slices.Contains(Hashes(), name) {
		return "", fail(UnsupportedHash, hashName, "%.60q, want one of %v", v, Hashes())
	}
	return name, nil
}

// readDisclosure decodes a Disclosure: Sections 4.2.1 and 4.2.2.
func readDisclosure(text string) (*Disclosure, error) {
	data, err := keys.Base64URL(text)
	if err != nil {
		return nil, fail(MalformedDisclosure, "", "%.40q: %v", text, err)
	}
	v, err := strictjson.Parse(data)
	if err != nil {
		return nil, fail(MalformedDisclosure, "", "%.40q: %v", text, err)
	}
	list, ok := v.([]any)
	if !ok || len(list) != 2 && len(list) != 3 {
		return nil, fail(MalformedDisclosure, "", "%.40q is not an array of two or three elements", text)
	}
	d := &Disclosure{Encoded: text, Value: list[len(list)-1], Element: len(list) == 2}
	if d.Salt, ok = list[0].(string); !ok {
		return nil, fail(MalformedDisclosure, "", "%.40q has no string as its salt", text)
	}
	if d.Element {
		return d, nil
	}
	if d.Name, ok = list[1].(string); !ok {
		return nil, fail(MalformedDisclosure, "", "%.40q has no string as its claim name", text)
	}
	return d, nil
}

// take finds the Disclosure of a digest, or nil: step 3 c i. A digest that was met
// before ends it all: step 4.
func (p *processor) take(sum, at string) (*Disclosure, error) {
	if p.seen[sum] {
		return nil, fail(DuplicateDigest, at, "the digest %.100q is there twice", sum)
	}
	p.seen[sum] = true
	d := p.byDigest[sum]
	if d == nil {
		p.s.Undisclosed++
		return nil, nil
	}
	d.used = true
	return d, nil
}

func (p *processor) value(v any, at string, depth int) (*Claim, error) {
	if p.nodes++; p.nodes > MaxNodes {
		return nil, fail(TooMany, at, "more than %d claims and elements", MaxNodes)
	}
	if depth > MaxDepth {
		return nil, fail(TooDeep, at, "nested deeper than %d", MaxDepth)
	}
	switch v := v.(type) {
	case strictjson.Object:
		return p.object(v, at, depth)
	case []any:
		return p.array(v, at, depth)
	}
	return &Claim{Value: v}, nil
}

// object processes an object and the digests in its _sd: step 3 c ii.
func (p *processor) object(o strictjson.Object, at string, depth int) (*Claim, error) {
	c := &Claim{Members: make(map[string]*Claim, len(o))}
	if o.Has(elementName) { // Section 4.1: for the placeholder of an array element alone
		return nil, fail(ReservedName, path(at, elementName), "stands for no array element here")
	}
	for _, name := range o.Names() {
		switch {
		case name == digestsName:
			continue
		case name == hashName && depth == 1: // step 3 f
			continue
		case name == hashName: // Section 4.1.1: at the top level alone
			return nil, fail(ReservedName, path(at, name), "is not at the top level")
		}
		m, err := p.value(o[name], path(at, name), depth+1)
		if err != nil {
			return nil, err
		}
		c.Members[name] = m
	}
	v, there := o[digestsName]
	if !there {
		return c, nil
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fail(MalformedDigest, path(at, digestsName), "want an array of digests (RFC 9901 Section 4.2.4.1)")
	}
	for _, v := range list {
		sum, ok := v.(string)
		if !ok {
			return nil, fail(MalformedDigest, path(at, digestsName), "want strings (RFC 9901 Section 4.2.4.1)")
		}
		if p.nodes++; p.nodes > MaxNodes {
			return nil, fail(TooMany, at, "more than %d claims, elements and digests", MaxNodes)
		}
		d, err := p.take(sum, path(at, digestsName))
		if err != nil {
			return nil, err
		}
		if d == nil {
			c.Undisclosed++
			continue
		}
		if err := p.insert(c, d, at, depth); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// insert puts a disclosed claim into its object: step 3 c ii, 1 to 5.
func (p *processor) insert(c *Claim, d *Disclosure, at string, depth int) error {
	switch {
	case d.Element:
		return fail(MisplacedDisclosure, at, "a Disclosure of an array element in the place of a claim")
	case d.Name == digestsName || d.Name == elementName || d.Name == hashName:
		return fail(ReservedName, path(at, d.Name), "is no name for a disclosed claim")
	case c.Members[d.Name] != nil:
		return fail(ClaimExists, path(at, d.Name), "is there already")
	}
	m, err := p.value(d.Value, path(at, d.Name), depth+1)
	if err != nil {
		return err
	}
	m.Disclosure = d
	c.Members[d.Name] = m
	return nil
}

// array processes an array, whose elements may be placeholders {"...": digest}: step 3
// c iii.
func (p *processor) array(list []any, at string, depth int) (*Claim, error) {
	c := &Claim{Elements: make([]*Claim, len(list))}
	for i, v := range list {
		o, _ := v.(strictjson.Object)
		if !o.Has(elementName) {
			var err error
			if c.Elements[i], err = p.value(v, at, depth+1); err != nil {
				return nil, err
			}
			continue
		}
		sum, ok := o[elementName].(string)
		if !ok || len(o) != 1 {
			return nil, fail(MalformedDigest, at, `want {"...": digest} and no other member (RFC 9901 Section 4.2.4.2)`)
		}
		d, err := p.take(sum, at)
		switch {
		case err != nil:
			return nil, err
		case d == nil:
			c.Elements[i] = &Claim{Withheld: true}
			continue
		case !d.Element:
			return nil, fail(MisplacedDisclosure, at, "a Disclosure of the claim %.60q in the place of an array element", d.Name)
		}
		if c.Elements[i], err = p.value(d.Value, at, depth+1); err != nil {
			return nil, err
		}
		c.Elements[i].Disclosure = d
	}
	return c, nil
}

// maxPath bounds the path in an error: names are the issuer's, as long as it likes.
const maxPath = 120

func path(at, name string) string {
	if at != "" {
		name = at + "." + name
	}
	if len(name) > maxPath {
		name = "…" + name[len(name)-maxPath:]
	}
	return name
}
