package main

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/mr-tron/base58"

	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	diNow    = "2023-03-01T00:00:00Z" // after every created
	diIssuer = "https://vc.example/issuers/5678"
	diFolder = "TestVectors/eddsa-jcs-2022/"
)

// diEdDSASpec compares the intermediate values of eddsa-jcs-2022 with those that
// VC-DI-EDDSA prints, and judges every signed document of the specification.
func diEdDSASpec(s *session) {
	for _, v := range s.vectors {
		if v.Name == "eddsa-jcs-2022" {
			s.jcsIntermediate(v)
			s.jcsSigned(v)
			continue
		}
		if suffix, ok := diEdDSASuffix[v.Name]; ok {
			folder := "TestVectors/" + v.Name + "/"
			s.rdfIntermediate(v, folder, suffix, rdfc.SHA256)
			if doc, ok := s.object(v, folder+"signed"+suffix+".json"); ok {
				s.diSigned(v, "signed", doc, diNow)
			}
			continue
		}
		s.proofSetChain(v)
	}
}

var diEdDSASuffix = map[string]string{"eddsa-rdfc-2022": "DataInt", "Ed25519Signature2020": "EdSig"}

// proofSetChain judges the documents with several proofs.
func (s *session) proofSetChain(v vector) {
	for _, f := range v.Files {
		part := f[strings.LastIndexByte(f, '/')+1:]
		if !strings.HasPrefix(part, "signed") && !strings.HasPrefix(part, "proofChainTempDoc") {
			s.skip(v, part, open, "what a signed document of the case was made of")
			continue
		}
		doc, ok := s.object(v, f)
		if !ok {
			continue
		}
		if part == "proofChainTempDoc2.json" { // less a proof that the signature is over
			s.judge(v, part, s.diQuestion(doc, diNow), rejected(wire.CheckProof, "previous_proof_missing"))
			continue
		}
		s.judge(v, part, s.diQuestion(doc, diNow), accepted())
		doc["name"] = "Somebody"
		s.judge(v, part+": claim added", s.diQuestion(doc, diNow), rejected(wire.CheckProof, "bad_signature"))
	}
}

// jcsIntermediate follows VC-DI-EDDSA Section 3.3.1 as the specification's appendix does.
// The document that was signed is what its canonical form spells.
func (s *session) jcsIntermediate(v vector) {
	text := func(name string) string {
		data, _ := s.read(v, diFolder+name)
		return strings.TrimSpace(string(data))
	}
	signed, ok1 := s.object(v, diFolder+"signedJCS.json")
	config, ok2 := s.object(v, diFolder+"proofConfigJCS.json")
	if !ok1 || !ok2 {
		return
	}
	same := func(part, got, want string) {
		s.check(v, part, valid, got == want && got != "", "got %q, want %q", got, want)
	}
	canonical := func(o strictjson.Object) []byte {
		b, err := strictjson.Canonical(o)
		if err != nil {
			s.fail(v, "canonical form", valid, "%v", err)
		}
		return b
	}
	doc, proof := canonical(signed.Without("proof")), canonical(config)
	same("document", string(doc), text("canonDocJCS.txt"))
	same("proof configuration", string(proof), text("proofCanonJCS.txt"))
	same("proof configuration in the proof", string(canonical(signed.Object("proof").Without("proofValue"))), text("proofCanonJCS.txt"))
	docHash, proofHash := sha256.Sum256(doc), sha256.Sum256(proof)
	same("hash of the document", hex.EncodeToString(docHash[:]), text("docHashJCS.txt"))
	same("hash of the proof configuration", hex.EncodeToString(proofHash[:]), text("proofHashJCS.txt"))
	same("both hashes", hex.EncodeToString(proofHash[:])+hex.EncodeToString(docHash[:]), text("combinedHashJCS.txt"))
	sig, err := base58.Decode(strings.TrimPrefix(text("sigBTC58JCS.txt"), "z"))
	s.check(v, "signature", valid, err == nil && hex.EncodeToString(sig) == text("sigHexJCS.txt"), "%v", err)
	same("proofValue", signed.Object("proof").String("proofValue"), text("sigBTC58JCS.txt"))
}

// jcsSigned judges the signed document. Its method is a did:key that is not in its
// issuer's name, so the issuer has to own up to it: in its controller document, or in
// the registry, as another identifier of the same party. Without either nobody has
// said that the issuer signed.
func (s *session) jcsSigned(v vector) {
	data, ok1 := s.read(v, diFolder+"signedJCS.json")
	doc, ok2 := s.object(v, diFolder+"signedJCS.json")
	if !ok1 || !ok2 {
		return
	}
	method := doc.Object("proof").String("verificationMethod")
	did, _, _ := strings.Cut(method, "#")
	alias := entity(diIssuer)
	alias["ids"] = []any{did}
	known := question{input: data, now: diNow, entities: []strictjson.Object{alias}}
	s.judge(v, "did:key among the issuer's identifiers", known, accepted())

	listed := question{input: data, now: diNow, entities: []strictjson.Object{entity(diIssuer)}}
	listed.documents = []document{{diIssuer, strictjson.Encode(strictjson.Object{"@context": "https://www.w3.org/ns/cid/v1", "id": diIssuer})}}
	s.judge(v, "did:key that the issuer does not own up to", listed, rejected(wire.CheckBinding, "key_of_another"))
	listed.documents = []document{{diIssuer, strictjson.Encode(strictjson.Object{
		"@context": "https://www.w3.org/ns/cid/v1", "id": diIssuer, "assertionMethod": []any{method}})}}
	s.judge(v, "did:key in the issuer's controller document", listed, accepted())

	for _, c := range []struct{ part, old, new, check, reason string }{
		{"claim changed", "The School of Examples", "The School of Samples", wire.CheckProof, "bad_signature"},
		{"validFrom changed", "2023-01-01T00:00:00Z", "2023-01-01T00:00:01Z", wire.CheckProof, "bad_signature"},
		{"created changed", "23:36:38Z", "23:36:39Z", wire.CheckProof, "bad_signature"},
		{"member added", `"name":`, `"alternateName": "Somebody", "name":`, wire.CheckProof, "bad_signature"},
		{"purpose changed", `"proofPurpose": "assertionMethod"`, `"proofPurpose": "authentication"`, wire.CheckProof, "proof_purpose"},
		{"signature in another base", `"proofValue": "z`, `"proofValue": "u`, wire.CheckProof, "malformed_proof"},
	} {
		q := known
		q.input = []byte(strings.Replace(string(data), c.old, c.new, 1))
		s.judge(v, c.part, q, rejected(c.check, c.reason))
	}
	// The document may be written in any way that JSON has: its canonical form was signed.
	known.input = strictjson.Encode(doc)
	s.judge(v, "written otherwise", known, accepted())
}
