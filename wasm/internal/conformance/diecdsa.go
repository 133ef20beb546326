package main

import (
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/internal/rdf"
	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/strictjson"
)

// diECDSANow is after every created of VC-DI-ECDSA's vectors.
const diECDSANow = "2023-09-01T00:00:00Z"

var diECDSASuffix = map[string]struct {
	suffix string
	hash   rdfc.Hash
}{
	"ecdsa-rdfc-2019-p256":        {"ECDSAP256", rdfc.SHA256},
	"ecdsa-rdfc-2019-p256/employ": {"ECDSAP256", rdfc.SHA256},
	"ecdsa-rdfc-2019-p384":        {"ECDSAP384", rdfc.SHA384},
}

// diECDSASpec compares the intermediate values that VC-DI-ECDSA prints, and judges its
// signed documents.
func diECDSASpec(s *session) {
	for _, v := range s.vectors {
		folder := "TestVectors/" + v.Name + "/"
		suite, isRDF := diECDSASuffix[v.Name]
		switch {
		case isRDF:
			s.rdfIntermediate(v, folder, suite.suffix, suite.hash)
			if doc, ok := s.object(v, folder+"signed"+suite.suffix+".json"); ok {
				s.diSigned(v, "signed", doc, diECDSANow)
			}
		case strings.HasPrefix(v.Name, "ecdsa-jcs-2019"):
			s.jcsECDSA(v, folder)
		case v.Name == "ecdsa-sd-2023/employ":
			s.ecdsaSD(v, folder)
		default:
			s.skip(v, "", open, "the issuer's keys")
		}
	}
}

// whyHolder is why a value is not compared.
const whyHolder = "what an issuer or holder makes on the way to a proof, and a verifier never has"

// ecdsaSD compares the values that a verifier of a derived proof comes by.
func (s *session) ecdsaSD(v vector, folder string) {
	s.sdValues(v, folder)
	if doc, ok := s.object(v, folder+"derivedRevealDocument.json"); ok {
		s.diSigned(v, "derivedRevealDocument.json", doc, diECDSANow)
	}
	if doc, ok := s.object(v, folder+"addSignedSDBase.json"); ok {
		s.judge(v, "addSignedSDBase.json", s.diQuestion(doc, diECDSANow), rejected("proof", "base_proof"))
	}
}

// sdValues follows the verification of a proof for selective disclosure by the values
// that its specification prints.
func (s *session) sdValues(v vector, folder string) {
	base, ok1 := s.object(v, folder+"addSignedSDBase.json")
	reveal, ok2 := s.object(v, folder+"derivedRevealDocument.json")
	disclosed, ok3 := s.object(v, folder+"derivedDisclosureData.json")
	hashes, ok4 := s.object(v, folder+"addHashData.json")
	config, ok5 := s.object(v, folder+"addProofConfig.json")
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return
	}
	lines := func(part, file string, got []string) {
		data, _ := s.read(v, folder+file)
		want, err := strictjson.Parse(data)
		list, _ := want.([]any)
		ok := err == nil && len(list) == len(got)
		for i := range list {
			ok = ok && list[i] == got[i]
		}
		s.check(v, part, valid, ok, "%v: got %q, want %s", err, got, data)
	}
	if r, err := s.canonical(base.Without("proof"), rdfc.SHA256); err != nil {
		s.fail(v, "canonical document", valid, "%v", err)
	} else {
		lines("canonical document", "addBaseDocCanon.json", r.Lines)
	}
	if r, err := s.canonical(config, rdfc.SHA256); err != nil {
		s.fail(v, "canonical proof configuration", valid, "%v", err)
	} else {
		text, _ := s.read(v, folder+"addProofConfigCanon.txt")
		s.check(v, "canonical proof configuration", valid, string(r.NQuads()) == strings.TrimSpace(string(text))+"\n", "got %q, want %q", r.NQuads(), text)
		sum := hexSum(rdfc.SHA256, r.NQuads())
		s.check(v, "hash of the proof configuration", valid, sum == hashes.String("proofHash"), "got %s, want %s", sum, hashes.String("proofHash"))
	}
	// The derived document, under the labels that the proof gives its blank nodes.
	r, err := s.canonical(reveal.Without("proof"), rdfc.SHA256)
	if err != nil {
		s.fail(v, "canonical derived document", valid, "%v", err)
		return
	}
	quads, err := rdf.ParseNQuads(r.NQuads())
	if err != nil {
		s.fail(v, "canonical derived document", valid, "%v", err)
		return
	}
	labelled := rdf.Lines(rdf.Relabel(quads, labelMap(disclosed)))
	if len(v.Files) > 0 { // the baseline of VC-DI-BBS has no such file
		lines("derived document under its labels", "verifyNQuads.json", labelled)
	}
	var mandatory []string
	for _, n := range disclosed.Array("mandatoryIndexes") {
		if i, ok := n.(strictjson.Number).Int64(); ok && int(i) < len(labelled) {
			mandatory = append(mandatory, labelled[i])
		}
	}
	sum := hexSum(rdfc.SHA256, []byte(strings.Join(mandatory, "")))
	s.check(v, "hash of the mandatory statements", valid, sum == hashes.String("mandatoryHash"), "got %s, want %s", sum, hashes.String("mandatoryHash"))
	for _, f := range v.Files {
		if part := f[strings.LastIndexByte(f, '/')+1:]; !slices.Contains(comparedSD, part) {
			s.skip(v, part, open, whyHolder)
		}
	}
}

// comparedSD are the files that sdValues and its callers read.
var comparedSD = []string{"addSignedSDBase.json", "derivedRevealDocument.json", "derivedDisclosureData.json", "addHashData.json",
	"addProofConfig.json", "addProofConfigCanon.txt", "addBaseDocCanon.json", "verifyNQuads.json", "verifyDerivedProofValue.json"}

// labelMap reads the map of labels in either of the ways in which the vectors write it.
func labelMap(o strictjson.Object) map[string]string {
	list := o.Array("labelMap")
	if m := o.Object("labelMap"); m != nil {
		list = m.Array("value")
	}
	labels := make(map[string]string, len(list))
	for _, e := range list {
		if pair, ok := e.([]any); ok && len(pair) == 2 {
			from, _ := pair[0].(string)
			labels[from], _ = pair[1].(string)
		}
	}
	return labels
}

// jcsECDSA does for ecdsa-jcs-2019 what jcsIntermediate does for EdDSA.
func (s *session) jcsECDSA(v vector, folder string) {
	const suffix = "JCSECDSAP256"
	text := func(name string) string {
		data, _ := s.read(v, folder+name+suffix+".txt")
		return strings.TrimSpace(string(data))
	}
	doc, ok := s.object(v, folder+"signed"+suffix+".json")
	if !ok {
		return
	}
	for _, c := range []struct {
		part, canon, hash string
		value             strictjson.Object
	}{
		{"document", "canonDoc", "docHash", doc.Without("proof")},
		{"proof configuration", "proofCanon", "proofHash", doc.Object("proof").Without("proofValue")},
	} {
		b, err := strictjson.Canonical(c.value)
		s.check(v, c.part, valid, err == nil && string(b) == text(c.canon), "%v: got %q, want %q", err, b, text(c.canon))
		sum := hexSum(rdfc.SHA256, b)
		s.check(v, "hash of the "+c.part, valid, sum == text(c.hash), "got %s, want %s", sum, text(c.hash))
	}
	s.judge(v, "signed", s.diQuestion(doc, diECDSANow), accepted())
	doc["name"] = "Somebody"
	s.judge(v, "claim changed", s.diQuestion(doc, diECDSANow), rejected("proof", "bad_signature"))
}
