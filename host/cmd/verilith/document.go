package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// The roles of a root.
const (
	roleRoot  = "root"
	roleHead  = "head"
	roleFresh = "fresh"
)

// document is a signed document, or one that waits for signatures: one of the three.
type document struct {
	root  *governance.RootDoc
	head  *governance.HeadDoc
	fresh *governance.FreshnessDoc
	env   *governance.Envelope
}

// kind is the document's, and also the role of a head and a Freshness.
func (d *document) kind() string {
	switch {
	case d.root != nil:
		return roleRoot
	case d.head != nil:
		return roleHead
	}
	return roleFresh
}

func (d *document) title() string {
	switch {
	case d.root != nil:
		return fmt.Sprintf("root %d", d.root.Version)
	case d.head != nil:
		return fmt.Sprintf("head %d", d.head.Version)
	}
	return fmt.Sprintf("freshness of head %d", d.fresh.Version)
}

// readDocument reads a file: an envelope, or a payload alone, which is a document that
// nobody has signed yet. White space is as the reader likes it.
func readDocument(path string) (*document, error) {
	data, err := readFile(path, 2*governance.MaxDocument)
	if err != nil {
		return nil, err
	}
	d, err := parseDocument(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", clean(path, maxLine), err)
	}
	return d, nil
}

func parseDocument(data []byte) (*document, error) {
	o, err := strictjson.ParseObject(data)
	if err != nil {
		return nil, err
	}
	if data, err = strictjson.Canonical(o); err != nil {
		return nil, err
	}
	kind := o.String("type")
	if o.Has("type") {
		if data, err = governance.Unsigned(data); err != nil {
			return nil, err
		}
	} else {
		payload, err := keys.Base64URL(o.String("payload"))
		if err != nil {
			return nil, fmt.Errorf("neither a root, head or freshness, nor one with signatures")
		}
		inner, err := strictjson.ParseObject(payload)
		if err != nil {
			return nil, err
		}
		kind = inner.String("type")
	}
	return newDocument(kind, data)
}

// newDocument reads an envelope.
func newDocument(kind string, data []byte) (d *document, err error) {
	d = &document{}
	switch kind {
	case governance.TypeRoot:
		if d.root, err = governance.ParseRoot(data); err == nil {
			d.env = &d.root.Envelope
		}
	case governance.TypeHead:
		if d.head, err = governance.ParseHead(data); err == nil {
			d.env = &d.head.Envelope
		}
	case governance.TypeFreshness:
		if d.fresh, err = governance.ParseFreshness(data); err == nil {
			d.env = &d.fresh.Envelope
		}
	default:
		err = fmt.Errorf("type %q, want %s, %s or %s", clean(kind, 40), governance.TypeRoot, governance.TypeHead, governance.TypeFreshness)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// unsigned makes a document of a Root, Head or Freshness.
func unsigned(kind string, payload any) (*document, error) {
	text, err := governance.EncodePayload(payload)
	if err != nil {
		return nil, err
	}
	data, err := governance.Unsigned(text)
	if err != nil {
		return nil, err
	}
	return newDocument(kind, data)
}

// with is the document with other signatures.
func (d *document) with(data []byte) (*document, error) {
	return newDocument(map[string]string{roleRoot: governance.TypeRoot, roleHead: governance.TypeHead, roleFresh: governance.TypeFreshness}[d.kind()], data)
}

// readable is the payload for people: what is short stands on one line.
func (d *document) readable() []byte {
	v, err := strictjson.Parse(d.env.Payload)
	if err != nil { // the payload was parsed
		return d.env.Payload
	}
	var b bytes.Buffer
	layOut(&b, v, "")
	b.WriteByte('\n')
	return b.Bytes()
}

// shown is readable, fit for a terminal.
func (d *document) shown() []byte {
	var b bytes.Buffer
	for line := range strings.Lines(string(d.readable())) {
		line = strings.TrimSuffix(line, "\n")
		fmt.Fprintln(&b, clean(line, 4*maxLine))
	}
	return b.Bytes()
}

// maxShort is the longest value that stands on one line: a role of three keys.
const maxShort = 160

func layOut(b *bytes.Buffer, v any, indent string) {
	o, isObject := v.(strictjson.Object)
	list, isList := v.([]any)
	if line := strictjson.Encode(v); !isObject && !isList || indent != "" && len(line) <= maxShort {
		var spaced bytes.Buffer
		inText := false
		for i, c := range line {
			if c == '"' && !escaped(line[:i]) {
				inText = !inText
			}
			spaced.WriteByte(c)
			if (c == ',' || c == ':') && !inText {
				spaced.WriteByte(' ')
			}
		}
		b.Write(spaced.Bytes())
		return
	}
	inner := indent + "  "
	open, end, n := "{", "}", len(o)
	if isList {
		open, end, n = "[", "]", len(list)
	}
	b.WriteString(open)
	item := func(i int, name string, v any) {
		fmt.Fprintf(b, "\n%s%s", inner, name)
		layOut(b, v, inner)
		if i < n-1 {
			b.WriteByte(',')
		}
	}
	for i, name := range o.Names() {
		item(i, string(strictjson.Encode(name))+": ", o[name])
	}
	for i, v := range list {
		item(i, "", v)
	}
	fmt.Fprintf(b, "\n%s%s", indent, end)
}

// escaped reports whether a backslash that is none itself is before the next character.
func escaped(before []byte) bool {
	n := len(before) - len(bytes.TrimRight(before, "\\"))
	return n%2 == 1
}

// wanted is a role whose threshold a document has to meet.
type wanted struct {
	root *governance.RootDoc
	role string
}

func (w wanted) of() governance.Role {
	switch {
	case w.role == roleRoot:
		return w.root.Roles.Root
	case w.role == roleHead:
		return w.root.Roles.Head
	case w.root.Roles.Fresh != nil:
		return *w.root.Roles.Fresh
	}
	return governance.Role{}
}

// whose is what a key is called in a root: its name, and the beginning of its thumbprint.
func whose(root *governance.RootDoc, thumbprint string) string {
	short := thumbprint[:min(8, len(thumbprint))] + "…"
	for _, k := range root.Keys {
		if key, err := keys.FromJWK(k.JWK); err == nil && key.Thumbprint() == thumbprint && k.Name != "" {
			return clean(k.Name, 80) + " " + short
		}
	}
	return short
}

// holds says of each signature of a document by a key of these roots whether it holds.
func (d *document) holds(wants []wanted) map[string]bool {
	held := map[string]bool{}
	list, err := jose.ParseJSON(d.env.Bytes, jose.Options{})
	if err != nil { // without signatures it is no JWS
		return held
	}
	for _, j := range list {
		for _, w := range wants {
			for _, k := range w.root.Keys {
				if key, err := keys.FromJWK(k.JWK); err == nil && key.Thumbprint() == j.Kid {
					held[j.Kid] = j.Verify(key) == nil
				}
			}
		}
	}
	return held
}

// signed are the signatures of a role's keys: who has signed, whose signature does not
// hold, and who has not signed.
func (w wanted) signed(d *document) (good, bad, open []string) {
	held := d.holds([]wanted{w})
	for _, thumbprint := range w.of().Keys {
		holds, there := held[thumbprint]
		name := whose(w.root, thumbprint)
		switch {
		case holds:
			good = append(good, name)
		case there:
			bad = append(bad, name)
		default:
			open = append(open, name)
		}
	}
	return good, bad, open
}

// without is the document without signatures that count for nothing: one that does not
// hold, put in the place of a key's, would keep that key from signing.
func (d *document) without(wants []wanted, b *bytes.Buffer) (*document, error) {
	held := d.holds(wants)
	o, err := strictjson.ParseObject(d.env.Bytes)
	if err != nil {
		return nil, err
	}
	var keep []any
	list := o.Array("signatures")
	for i, s := range d.env.Signatures { // in the same order
		if held[s.Key] && belongs(wants, s.Key) {
			keep = append(keep, list[i])
			continue
		}
		fmt.Fprintf(b, "dropped    a signature that counts for nothing, by %s\n", s.Key)
	}
	if len(keep) == len(list) {
		return d, nil
	}
	if keep == nil {
		keep = []any{}
	}
	o["signatures"] = keep
	return d.with(strictjson.Encode(o))
}

// other is a document that waits in the folder: another one of the same version. Of one
// head there are many freshnesses.
func (d registryDir) other(doc *document) *document {
	other, err := readDocument(d.waiting(doc.kind()))
	if err != nil || doc.fresh != nil || other.kind() != doc.kind() || docVersion(other) != docVersion(doc) || other.env.Identity == doc.env.Identity {
		return nil
	}
	return other
}

// signer reports whether a key has put a signature to the document.
func (d *document) signer(thumbprint string) bool {
	return slices.ContainsFunc(d.env.Signatures, func(s governance.Signature) bool { return s.Key == thumbprint })
}

// missing is how many more key holders have to sign a document: no fewer, and no more
// if they have every role that it wants.
func missing(env *governance.Envelope, wants []wanted) int {
	n := 0
	for _, w := range wants {
		n = max(n, governance.Missing(env, w.root, w.role))
	}
	return n
}

// belongs reports whether a key is of one of the roles.
func belongs(wants []wanted, thumbprint string) bool {
	return slices.ContainsFunc(wants, func(w wanted) bool { return slices.Contains(w.of().Keys, thumbprint) })
}

// wants holds a document to what the folder has before it, and returns the roles that
// have to sign it. It refuses another registry's, one whose version is not the next,
// and one that does not follow.
func (d registryDir) wants(doc *document, roots []*governance.RootDoc) ([]wanted, error) {
	if len(roots) == 0 {
		if doc.root == nil || doc.root.Version != 1 {
			return nil, fmt.Errorf("%s has no registry (root/1.json), and %s needs one to be judged by", d.path, doc.title())
		}
		return []wanted{{doc.root, roleRoot}}, nil
	}
	id, newest := roots[0].ID(), roots[len(roots)-1]
	switch {
	case doc.root != nil:
		next := doc.root
		if next.Version <= int64(len(roots)) {
			if have := roots[next.Version-1]; have.Identity != next.Identity {
				return nil, fmt.Errorf("another root %d is in %s", next.Version, d.path)
			}
			return nil, nil // the same: nothing is wanted
		}
		switch {
		case next.Registry != id:
			return nil, fmt.Errorf("root %d is of the registry %s, and %s is of %s", next.Version, next.Registry, d.path, id)
		case next.Version != newest.Version+1:
			return nil, fmt.Errorf("root %d does not follow root %d", next.Version, newest.Version)
		case next.Prev != newest.Identity.String():
			return nil, fmt.Errorf("root %d follows another root %d than that in %s", next.Version, newest.Version, d.path)
		}
		return []wanted{{newest, roleRoot}, {next, roleRoot}}, nil
	case doc.head != nil:
		return d.headWants(doc.head, roots)
	}
	head, err := d.head(roots)
	switch {
	case err != nil:
		return nil, err
	case newest.Roles.Fresh == nil:
		return nil, fmt.Errorf("root %d has no fresh role", newest.Version)
	case head == nil:
		return nil, fmt.Errorf("%s has no head to be fresh", d.path)
	case doc.fresh.Registry != id:
		return nil, fmt.Errorf("it is of the registry %s, and %s is of %s", doc.fresh.Registry, d.path, id)
	case doc.fresh.Version != head.Version || doc.fresh.Head != head.Identity.String():
		return nil, fmt.Errorf("it is of another head than head %d in %s", head.Version, d.path)
	}
	return []wanted{{newest, roleFresh}}, nil
}

func (d registryDir) headWants(next *governance.HeadDoc, roots []*governance.RootDoc) ([]wanted, error) {
	id, newest := roots[0].ID(), roots[len(roots)-1]
	if next.Registry != id {
		return nil, fmt.Errorf("head %d is of the registry %s, and %s is of %s", next.Version, next.Registry, d.path, id)
	}
	prev, err := d.head(roots)
	if err != nil {
		return nil, err
	}
	version, identity := int64(0), ""
	if prev != nil {
		if prev.Identity == next.Identity {
			return nil, nil // the same: nothing is wanted
		}
		version, identity = prev.Version, prev.Identity.String()
	}
	switch {
	case prev == nil && next.Version > 1:
		return nil, fmt.Errorf("%s has no head yet, and head %d follows one: take that over first, with verilith snapshot cosign", d.path, next.Version)
	case next.Version != version+1:
		return nil, fmt.Errorf("head %d does not follow head %d, the newest in %s", next.Version, version, d.path)
	case next.Prev != identity:
		return nil, fmt.Errorf("head %d follows another head %d than that in %s", next.Version, version, d.path)
	case next.RootVersion != newest.Version:
		return nil, fmt.Errorf("head %d is to be signed under root %d, and the newest root is %d", next.Version, next.RootVersion, newest.Version)
	}
	if !slices.Equal(next.Roots, locations(roots)) {
		return nil, fmt.Errorf("head %d names other roots than those in %s", next.Version, d.path)
	}
	return []wanted{{newest, roleHead}}, nil
}

// locations are those of root 2 and on, as a head lists them.
func locations(roots []*governance.RootDoc) []string {
	var list []string
	for _, r := range roots[1:] {
		list = append(list, r.Location.String())
	}
	return list
}

// showWants prints who has signed and who may.
func showWants(b *bytes.Buffer, d *document, wants []wanted) {
	for _, w := range wants {
		good, bad, open := w.signed(d)
		role := w.of()
		fmt.Fprintf(b, "signed     %d of %d %s keys of root %d, want %d", len(good), len(role.Keys), w.role, w.root.Version, role.Threshold)
		if len(good) > 0 {
			fmt.Fprintf(b, ": %s", strings.Join(good, ", "))
		}
		b.WriteByte('\n')
		if len(bad) > 0 {
			fmt.Fprintf(b, "broken     a signature that does not hold: %s\n", strings.Join(bad, ", "))
		}
		if len(good) < role.Threshold {
			fmt.Fprintf(b, "may sign   %s\n", strings.Join(open, ", "))
		}
	}
}
