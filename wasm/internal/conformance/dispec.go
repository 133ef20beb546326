package main

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mr-tron/base58"

	"github.com/verilith/verilith/registry-snapshots/block"
	builtin "github.com/verilith/verilith/wasm/internal/contexts"
	"github.com/verilith/verilith/wasm/internal/di"
	"github.com/verilith/verilith/wasm/internal/jsonld"
	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// contexts are those of the topic of that name, as documents that a case comes with.
// What the module holds itself is among them: it must not look at those.
func (s *session) contexts() []document {
	if s.held != nil {
		return s.held
	}
	dir := filepath.Join(filepath.Dir(s.dir), "contexts")
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return nil
	}
	o, err := strictjson.ParseObject(data)
	if err != nil {
		return nil
	}
	for _, e := range o.Array("cases") {
		c, _ := e.(strictjson.Object)
		files := c.Array("files")
		if len(files) == 0 || !strings.HasPrefix(c.String("name"), "http") {
			continue
		}
		name, _ := files[0].(string)
		body, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		if o, err := strictjson.ParseObject(body); err == nil && o.Object("document") != nil {
			body = strictjson.Encode(o["document"])
		}
		s.held = append(s.held, document{c.String("name"), body})
	}
	return s.held
}

// toRDF reads documents by the contexts that the module holds, and by those.
func (s *session) toRDF() di.ToRDF {
	return di.JSONLD(func(iri string) (jsonld.Document, error) {
		if d, ok := builtin.Document(iri); ok {
			return d, nil
		}
		for _, d := range append(slices.Clone(s.contexts()), s.openBadges()...) {
			if d.url == iri {
				return jsonld.Document{Data: d.body, ID: block.New(block.Raw, d.body).CID.String()}, nil
			}
		}
		return jsonld.Document{}, &jsonld.Unavailable{IRI: iri}
	}, nil)
}

// canonical is the canonical N-Quads of a document.
func (s *session) canonical(doc strictjson.Object, hash rdfc.Hash) (*rdfc.Result, error) {
	quads, err := s.toRDF()(doc)
	if err != nil {
		return nil, err
	}
	return rdfc.Canonicalize(quads, hash, 0)
}

// rdfIntermediate compares the values that lead to a signature over RDF with those that
// a specification prints in files of one suffix.
func (s *session) rdfIntermediate(v vector, folder, suffix string, hash rdfc.Hash) {
	text := func(name string) string {
		data, _ := s.read(v, folder+name+suffix+".txt")
		return strings.TrimSpace(string(data))
	}
	signed, ok1 := s.object(v, folder+"signed"+suffix+".json")
	config, ok2 := s.object(v, folder+"proofConfig"+suffix+".json")
	if !ok1 || !ok2 {
		return
	}
	same := func(part, got, want string) {
		s.check(v, part, valid, got == want && got != "", "got %q, want %q", got, want)
	}
	canonical := func(part string, o strictjson.Object, want string) (sum string) {
		r, err := s.canonical(o, hash)
		if err != nil {
			s.fail(v, part, valid, "%v", err)
			return ""
		}
		same(part, strings.TrimSpace(string(r.NQuads())), want)
		return hexSum(hash, r.NQuads())
	}
	docHash := canonical("canonical document", signed.Without("proof"), text("canonDoc"))
	proofHash := canonical("canonical proof configuration", config, text("proofCanon"))
	inProof := signed.Object("proof").Without("proofValue")
	inProof["@context"] = signed["@context"]
	canonical("canonical proof configuration, from the proof", inProof, text("proofCanon"))
	same("hash of the document", docHash, text("docHash"))
	same("hash of the proof configuration", proofHash, text("proofHash"))
	same("both hashes", proofHash+docHash, text("combinedHash"))
	sig, err := base58.Decode(strings.TrimPrefix(text("sigBTC58"), "z"))
	s.check(v, "signature", valid, err == nil && hex.EncodeToString(sig) == text("sigHex"), "%v", err)
	same("proofValue", signed.Object("proof").String("proofValue"), text("sigBTC58"))
}

func hexSum(hash rdfc.Hash, data []byte) string { return hex.EncodeToString(di.Digest(hash, data)) }

// diQuestion asks for a secured document. Its issuer is in the registry, which knows the
// DIDs of the methods as its own other names.
func (s *session) diQuestion(doc strictjson.Object, now string) question {
	issuer := doc.String("issuer")
	if o := doc.Object("issuer"); o != nil {
		issuer = o.String("id")
	}
	if issuer == "" { // a presentation, or what is no credential
		return question{input: strictjson.Encode(doc), now: now, documents: s.contexts()}
	}
	e := entity(issuer)
	var ids []any
	for _, p := range proofsOf(doc) {
		if owner, _, _ := strings.Cut(p.String("verificationMethod"), "#"); owner != issuer && owner != "" {
			ids = append(ids, owner)
		}
	}
	if ids != nil {
		e["ids"] = ids
	}
	return question{input: strictjson.Encode(doc), now: now, entities: []strictjson.Object{e}, documents: s.contexts()}
}

func proofsOf(doc strictjson.Object) (list []strictjson.Object) {
	if p := doc.Object("proof"); p != nil {
		return []strictjson.Object{p}
	}
	for _, e := range doc.Array("proof") {
		if p, ok := e.(strictjson.Object); ok {
			list = append(list, p)
		}
	}
	return list
}

// diSigned judges a secured document as it is, and as others would like it to be.
func (s *session) diSigned(v vector, part string, doc strictjson.Object, now string) {
	s.judge(v, part, s.diQuestion(doc, now), accepted())
	for _, c := range []struct {
		part          string
		edit          func(doc, proof strictjson.Object)
		check, reason string
	}{
		{"validity changed", func(d, _ strictjson.Object) { d["validFrom"] = "2021-02-03T04:05:06Z" }, wire.CheckProof, "bad_signature"},
		{"created changed", func(_, p strictjson.Object) { p["created"] = "2023-02-01T00:00:00Z" }, wire.CheckProof, "bad_signature"},
		{"a type more", func(d, _ strictjson.Object) {
			d["type"] = append(append([]any{}, d.Array("type")...), "https://vc.example/Other")
		}, wire.CheckProof, "bad_signature"},
		{"a member that no context knows", func(d, _ strictjson.Object) { d["neverHeardOfIt"] = "x" }, wire.CheckProof, "undefined_term"},
		{"a member that no context knows in the proof", func(_, p strictjson.Object) { p["neverHeardOfIt"] = "x" }, wire.CheckProof, "undefined_term"},
		{"suite of another kind", func(_, p strictjson.Object) { p["cryptosuite"] = "eddsa-jcs-2021" }, wire.CheckProof, "unsupported_proof"},
		{"proofValue in another base", func(_, p strictjson.Object) {
			s := p.String("proofValue")
			p["proofValue"] = strings.TrimLeft(s[:1], "zu") + "f" + s[1:]
		}, wire.CheckProof, "malformed_proof"},
	} {
		changed := strictjson.Clone(doc).(strictjson.Object)
		proof := proofsOf(changed)[0]
		if proof.String("type") != "DataIntegrityProof" && c.reason == "unsupported_proof" {
			continue
		}
		c.edit(changed, proof)
		want := rejected(c.check, c.reason)
		if c.reason == "unsupported_proof" {
			want.outcome = wire.Undetermined
		}
		value := proofsOf(doc)[0].String("proofValue")
		if c.reason == "undefined_term" && knowsAll(doc) {
			want.reason = "bad_signature"
		}
		// A derived proof has a signature or place for each statement that it discloses.
		if more := len(changed) > len(doc) || c.part == "a type more"; more && want.reason == "bad_signature" && strings.HasPrefix(value, "u") {
			want.reason = "malformed_proof"
		}
		s.judge(v, part+": "+c.part, s.diQuestion(changed, now), want)
	}
}

// knowsAll reports whether the contexts of a document have a meaning for every name.
func knowsAll(doc strictjson.Object) bool {
	return slices.ContainsFunc(doc.Array("@context"), func(c any) bool {
		o, _ := c.(strictjson.Object)
		return o.Has("@vocab") || c == "https://www.w3.org/ns/credentials/examples/v2"
	})
}
