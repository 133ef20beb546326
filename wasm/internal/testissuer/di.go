package testissuer

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"github.com/mr-tron/base58"

	"github.com/verilith/verilith/wasm/internal/rdf"
	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/strictjson"
)

// RDF reads a JSON-LD document by the contexts of the test.
type RDF func(doc strictjson.Object) ([]rdf.Quad, error)

// lines is the canonical form of a document.
func (f RDF) lines(doc strictjson.Object, hash rdfc.Hash) []string {
	quads, err := f(doc)
	if err != nil {
		panic(err)
	}
	r, err := rdfc.Canonicalize(quads, hash, 0)
	if err != nil {
		panic(err)
	}
	return r.Lines
}

func sum(hash rdfc.Hash, lines []string) []byte {
	text := []byte(strings.Join(lines, ""))
	if hash == rdfc.SHA384 {
		h := sha512.Sum384(text)
		return h[:]
	}
	h := sha256.Sum256(text)
	return h[:]
}

// suiteConfig is a proof without its value. options are further members, or other values
// of its own; one that is nil leaves the member out.
func (i *Issuer) suiteConfig(suite string, options strictjson.Object) strictjson.Object {
	config := strictjson.Object{"type": suite, "verificationMethod": i.Kid, "proofPurpose": "assertionMethod", "created": "2026-01-02T03:04:05Z"}
	if strings.Contains(suite, "-") {
		config["type"], config["cryptosuite"] = "DataIntegrityProof", suite
	}
	for k, v := range options {
		config[k] = v
		if v == nil {
			delete(config, k)
		}
	}
	return config
}

// hashRDF is what the suites that sign RDF sign, VC-DI-EDDSA Section 3.2.4.
func (f RDF) hashRDF(doc, config strictjson.Object, hash rdfc.Hash) []byte {
	c := config.Without()
	c["@context"] = doc["@context"]
	return append(sum(hash, f.lines(c, hash)), sum(hash, f.lines(doc, hash))...)
}

// Secure adds a proof of any suite that signs RDF and discloses all, or of
// ecdsa-jcs-2019. doc has no proof of its own yet, but those that this one rests on.
func (i *Issuer) Secure(f RDF, suite string, doc, options strictjson.Object) strictjson.Object {
	secured := strictjson.Clone(doc).(strictjson.Object)
	config := i.suiteConfig(suite, options)
	hash := rdfc.SHA256
	if i.Alg == "ES384" && strings.HasPrefix(suite, "ecdsa") {
		hash = rdfc.SHA384
	}
	proof := config.Without()
	switch suite {
	case "ecdsa-jcs-2019":
		if c, ok := secured["@context"]; ok && !options.Has("@context") {
			config["@context"], proof["@context"] = c, c
		}
		data := append(sum(hash, []string{string(strictjson.Encode(config))}), sum(hash, []string{string(strictjson.Encode(secured))})...)
		proof["proofValue"] = "z" + base58.Encode(i.Sign(data))
	case "Ed25519Signature2018", "JsonWebSignature2020", "EcdsaSecp256k1Signature2019":
		header := b64(strictjson.Encode(strictjson.Object{"alg": i.Alg, "b64": false, "crit": []any{"b64"}}))
		data := append([]byte(header+"."), f.hashRDF(secured, config, rdfc.SHA256)...)
		proof["jws"] = header + ".." + b64(i.Sign(data))
	default:
		proof["proofValue"] = "z" + base58.Encode(i.Sign(f.hashRDF(secured, config, hash)))
	}
	secured["proof"] = proof
	return secured
}

// Base is what an issuer gives a holder who may disclose parts: VC-DI-ECDSA Section
// 3.6.1, before it is written into a proofValue.
type Base struct {
	rdf       RDF
	doc       strictjson.Object // with a blank node's name for every node, as skolem has it
	config    strictjson.Object
	mandatory []string
	labels    map[string]string // of blank nodes as the issuer calls them, by their names
	lines     []string          // of the whole document under these labels
	must      []int             // mandatory ones
	// of ecdsa-sd-2023
	baseSignature []byte
	ephemeral     *Issuer
	signatures    map[int][]byte // by line
	// of bbs-2023
	bbs *bbsBase
}

const skolem = "urn:bnid:"

// skolemize names every node of a plain document: one whose objects are all nodes.
func skolemize(v any, n *int) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = skolemize(v[i], n)
		}
		return out
	case strictjson.Object:
		if v.Has("@value") {
			return v
		}
		out := make(strictjson.Object, len(v)+1)
		for _, name := range v.Names() {
			if name == "@context" {
				out[name] = v[name]
				continue
			}
			out[name] = skolemize(v[name], n)
		}
		if !out.Has("id") && !out.Has("@id") {
			out["id"] = fmt.Sprintf("%sn%d", skolem, *n)
			*n++
		}
		return out
	}
	return v
}

// unskolemized is the RDF of a skolemized document with its blank nodes back.
func (f RDF) unskolemized(doc strictjson.Object) []rdf.Quad {
	quads, err := f(doc)
	if err != nil {
		panic(err)
	}
	for i := range quads {
		for _, t := range []*rdf.Term{&quads[i].S, &quads[i].O, &quads[i].G} {
			if name, ok := strings.CutPrefix(t.Value, skolem); ok && t.Kind == rdf.IRI {
				*t = rdf.NewBlank(name)
			}
		}
	}
	return quads
}

// newBase canonicalises and groups, VC-DI-ECDSA Section 3.4.16.
func newBase(f RDF, config, doc strictjson.Object, mandatory []string, label func(all map[string]string) map[string]string) *Base {
	n := 0
	b := &Base{rdf: f, config: config, mandatory: mandatory, doc: skolemize(doc, &n).(strictjson.Object)}
	quads := f.unskolemized(b.doc)
	r, err := rdfc.Canonicalize(quads, rdfc.SHA256, 0)
	if err != nil {
		panic(err)
	}
	b.labels = label(r.Issued)
	b.lines = rdf.Lines(rdf.Relabel(quads, b.labels))
	b.must = b.selected(mandatory)
	return b
}

// hmacs are the labels of ecdsa-sd-2023, by the names of blank nodes.
func hmacs(key []byte) func(map[string]string) map[string]string {
	return func(issued map[string]string) map[string]string {
		labels := make(map[string]string, len(issued))
		for name, c := range issued {
			h := hmac.New(sha256.New, key)
			h.Write([]byte(c))
			labels[name] = "u" + b64(h.Sum(nil))
		}
		return labels
	}
}

// selected are the lines that pointers select.
func (b *Base) selected(pointers []string) []int {
	var list []int
	for _, line := range rdf.Lines(rdf.Relabel(b.rdf.unskolemized(b.pick(pointers)), b.labels)) {
		i, ok := slices.BinarySearch(b.lines, line)
		if !ok {
			panic("selected a statement that was not made: " + line)
		}
		list = append(list, i)
	}
	return list
}

// pick implements Select JSON-LD, VC-DI-ECDSA Section 3.4.11.
func (b *Base) pick(pointers []string) strictjson.Object {
	out := strictjson.Object{"@context": b.doc["@context"]}
	begin(out, b.doc)
	for _, p := range pointers {
		copyPath(out, b.doc, strings.Split(strings.TrimPrefix(p, "/"), "/"))
	}
	return compactArrays(out).(strictjson.Object)
}

// begin is Create Initial Selection, Section 3.4.12.
func begin(out, of strictjson.Object) {
	for _, name := range []string{"id", "type"} {
		if of.Has(name) {
			out[name] = of[name]
		}
	}
}

// sparse is an array of which some elements are selected.
type sparse map[int]any

func copyPath(out, of strictjson.Object, path []string) {
	name := path[0]
	if len(path) == 1 {
		out[name] = of[name]
		return
	}
	out[name] = copyValue(out[name], of[name], path[1:])
}

func copyValue(out, of any, path []string) any {
	switch of := of.(type) {
	case strictjson.Object:
		o, ok := out.(strictjson.Object)
		if !ok {
			o = strictjson.Object{}
			begin(o, of)
		}
		copyPath(o, of, path)
		return o
	case []any:
		s, ok := out.(sparse)
		if !ok {
			s = sparse{}
		}
		var i int
		if _, err := fmt.Sscan(path[0], &i); err != nil {
			panic("a pointer into an array: " + path[0])
		}
		if len(path) == 1 {
			s[i] = of[i]
		} else {
			s[i] = copyValue(s[i], of[i], path[1:])
		}
		return s
	}
	panic("a pointer into nothing: " + path[0])
}

func compactArrays(v any) any {
	switch v := v.(type) {
	case sparse:
		var list []any
		for _, i := range slices.Sorted(maps.Keys(v)) {
			list = append(list, compactArrays(v[i]))
		}
		return list
	case strictjson.Object:
		out := make(strictjson.Object, len(v))
		for k, e := range v {
			out[k] = compactArrays(e)
		}
		return out
	}
	return v
}

// unnamed takes the names of skolemize out again.
func unnamed(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = unnamed(v[i])
		}
		return out
	case strictjson.Object:
		out := make(strictjson.Object, len(v))
		for k, e := range v {
			if s, ok := e.(string); ok && strings.HasPrefix(s, skolem) {
				continue
			}
			out[k] = unnamed(e)
		}
		return out
	}
	return v
}

// ECDSASD makes a base proof of ecdsa-sd-2023, VC-DI-ECDSA Section 3.6.1.
func (i *Issuer) ECDSASD(f RDF, doc, options strictjson.Object, mandatory ...string) *Base {
	config := i.suiteConfig("ecdsa-sd-2023", options)
	secret := sha256.Sum256([]byte("hmac"))
	b := newBase(f, config, doc, mandatory, hmacs(secret[:]))
	b.ephemeral = Key("ES256", "ephemeral")
	c := config.Without()
	c["@context"] = doc["@context"]
	b.baseSignature = i.Sign(slices.Concat(sum(rdfc.SHA256, f.lines(c, rdfc.SHA256)), b.ephemeral.multikeyBytes(), sum(rdfc.SHA256, b.at(b.must))))
	b.signatures = make(map[int][]byte)
	for n, line := range b.lines {
		if !slices.Contains(b.must, n) {
			b.signatures[n] = b.ephemeral.Sign([]byte(line))
		}
	}
	return b
}

func (i *Issuer) multikeyBytes() []byte { return append([]byte{0x80, 0x24}, i.raw...) }

func (b *Base) at(places []int) []string {
	var lines []string
	for _, p := range places {
		lines = append(lines, b.lines[p])
	}
	return lines
}

// disclosed is what a holder works out before it writes a derived proof, VC-DI-ECDSA
// Section 3.5.6.
type disclosed struct {
	doc       strictjson.Object
	combined  []int          // lines of the whole that are in doc
	mandatory []uint64       // of these, by place
	labels    map[int]string // by N of c14nN
}

func (b *Base) disclose(pointers []string) disclosed {
	all := slices.Concat(b.mandatory, pointers)
	d := disclosed{doc: unnamed(b.pick(all)).(strictjson.Object), combined: b.selected(all), labels: make(map[int]string)}
	for n, p := range d.combined {
		if slices.Contains(b.must, p) {
			d.mandatory = append(d.mandatory, uint64(n))
		}
	}
	r, err := rdfc.Canonicalize(b.rdf.unskolemized(b.pick(all)), rdfc.SHA256, 0)
	if err != nil {
		panic(err)
	}
	for name, c := range r.Issued {
		var n int
		if _, err := fmt.Sscanf(c, "c14n%d", &n); err != nil {
			panic(err)
		}
		d.labels[n] = b.labels[name]
	}
	return d
}

// write puts a proof with the value into the document.
func (b *Base) write(doc strictjson.Object, kind byte, components ...any) strictjson.Object {
	data := must(must(cbor.CoreDetEncOptions().EncMode()).Marshal(components))
	proof := b.config.Without()
	proof["proofValue"] = "u" + b64(append([]byte{0xd9, 0x5d, kind}, data...))
	doc["proof"] = proof
	return doc
}

// Base is the document with its base proof, as the holder has it.
func (b *Base) Base() strictjson.Object {
	if b.bbs != nil {
		return b.write(unnamed(b.doc).(strictjson.Object), 0x02, b.bbs.signature, b.bbs.header, b.bbs.key, []byte("hmac"), b.mandatory)
	}
	return b.write(unnamed(b.doc).(strictjson.Object), 0x00, b.baseSignature, b.ephemeral.multikeyBytes(), []byte("hmac"), [][]byte{}, b.mandatory)
}

// Derive discloses what pointers select, VC-DI-ECDSA Section 3.6.6.
func (b *Base) Derive(pointers ...string) strictjson.Object {
	d := b.disclose(pointers)
	if b.bbs != nil {
		return b.deriveBBS(d)
	}
	var signatures [][]byte
	for _, p := range d.combined {
		if !slices.Contains(b.must, p) {
			signatures = append(signatures, b.signatures[p])
		}
	}
	labels := make(map[uint64][]byte)
	for n, l := range d.labels {
		value, err := base64.RawURLEncoding.DecodeString(l[1:])
		if err != nil {
			panic(err)
		}
		labels[uint64(n)] = value
	}
	return b.write(d.doc, 0x01, b.baseSignature, b.ephemeral.multikeyBytes(), signatures, labels, d.mandatory)
}
