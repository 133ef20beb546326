package main

import (
	"encoding/hex"
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/internal/bbs"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// diBBSNow is after every created of VC-DI-BBS's vectors.
const diBBSNow = "2024-01-01T00:00:00Z"

const (
	whyNoDate = "discloses no issuanceDate, without which there is no credential of VCDM 1.1, whatever its proof"
	whyMade   = "the issuer's and holder's input"
	whySHAKE  = "the ciphersuite of SHAKE-256, which no cryptosuite uses"
	whySecret = "how secret keys and randomness are made, which a verifier never has"
)

// whyFeature is what keeps the derived proofs of each optional feature from being verified.
var whyFeature = map[string]string{
	"HolderBinding": "anonymous_holder_binding: its proof is written as drafts of Blind BBS before -03 have it, under the name of an interface that none of them has; since -03 it begins with its length and holds the places; undetermined",
	"Pseudonym":     "pseudonym: its proof begins with 0xd95d09 and has no nym_domain, where VC-DI-BBS has 0xd95d07 and demands one; undetermined",
	"PseudonymHB":   "holder_binding_pseudonym: its proof has no nym_domain, which VC-DI-BBS demands; undetermined",
}

// diBBSSpec compares the intermediate values that VC-DI-BBS prints, and judges its proofs.
func diBBSSpec(s *session) {
	for _, v := range s.vectors {
		switch folder := "TestVectors/" + v.Name + "/"; v.Name {
		case "FeatureInputs":
			s.skip(v, "", open, whyMade)
		case "HolderBinding", "Pseudonym", "PseudonymHB":
			s.skip(v, "intermediate values", open, ldMissing)
			if doc, ok := s.object(v, folder+"addSignedSDBase.json"); ok {
				s.judge(v, "addSignedSDBase.json", s.diQuestion(doc, diBBSNow), rejected(wire.CheckProof, "base_proof"))
			}
			if doc, ok := s.object(v, folder+"derivedRevealDocument.json"); ok {
				s.judge(v, "derivedRevealDocument.json", s.diQuestion(doc, diBBSNow),
					answer{kind: valid, outcome: wire.Rejected, check: wire.CheckModel, reason: "missing_member", why: whyNoDate})
				doc["issuanceDate"] = "2023-01-01T00:00:00Z"
				s.judge(v, "derivedRevealDocument.json with an issuanceDate", s.diQuestion(doc, diBBSNow),
					notYet(open, wire.CheckProof, "unsupported_proof", whyFeature[v.Name]))
			}
		default:
			s.fail(v, "", open, "no rule for this case")
		}
	}
	// The manifest has no case for the baseline, whose files stand beside the folders of the others.
	s.bbsBaseline(vector{Name: "baseline"})
}

func (s *session) bbsBaseline(v vector) {
	const folder = "TestVectors/"
	s.sdValues(v, folder)
	if doc, ok := s.object(v, folder+"derivedRevealDocument.json"); ok {
		s.diSigned(v, "derivedRevealDocument.json", doc, diBBSNow)
	}
	if doc, ok := s.object(v, folder+"addSignedSDBase.json"); ok {
		s.judge(v, "addSignedSDBase.json", s.diQuestion(doc, diBBSNow), rejected(wire.CheckProof, "base_proof"))
	}
	groups, ok1 := s.object(v, folder+"derivedGroupIndexes.json")
	disclosed, ok2 := s.object(v, folder+"derivedDisclosureData.json")
	if ok1 && ok2 { // the places of what is disclosed, from those of the groups
		s.check(v, "indexes of the disclosed messages", valid, slices.Equal(adjusted(groups, "nonMandatoryIndexes", "selectiveIndexes"), integers(disclosed["adjSelectiveIndexes"])),
			"got %v, want %v", adjusted(groups, "nonMandatoryIndexes", "selectiveIndexes"), disclosed["adjSelectiveIndexes"])
		s.check(v, "mandatory indexes", valid, slices.Equal(adjusted(groups, "combinedIndexes", "mandatoryIndexes"), integers(disclosed["mandatoryIndexes"])),
			"got %v, want %v", adjusted(groups, "combinedIndexes", "mandatoryIndexes"), disclosed["mandatoryIndexes"])
	}
}

// adjusted are the places in one group of what is in another too.
func adjusted(groups strictjson.Object, in, of string) []int64 {
	var places []int64
	members := integers(groups[of])
	for place, i := range integers(groups[in]) {
		if slices.Contains(members, i) {
			places = append(places, int64(place))
		}
	}
	return places
}

func integers(v any) (list []int64) {
	for _, e := range array(v) {
		if n, ok := e.(strictjson.Number); ok {
			i, _ := n.Int64()
			list = append(list, i)
		}
	}
	return list
}

func array(v any) []any { list, _ := v.([]any); return list }

// bbsSignature runs the fixtures of the BBS draft itself.
func bbsSignature(s *session) {
	for _, v := range s.vectors {
		file := v.Files[0]
		if file == "messages.json" {
			s.skip(v, "", open, "an input of the others")
			continue
		}
		o, ok := s.object(v, file)
		if !ok {
			continue
		}
		result := o.Object("result")
		k := invalid
		if result["valid"] == true {
			k = valid
		}
		switch {
		case strings.Contains(file, "shake-256"):
			s.skip(v, "", open, whySHAKE)
		case strings.Contains(file, "/proof/"), strings.Contains(file, "/signature/"):
			err := bbsFixture(o)
			s.check(v, "", k, (err == nil) == (k == valid), "%v", err)
		case strings.HasSuffix(file, "generators.json"):
			s.bbsGenerators(v, o)
		case strings.HasSuffix(file, "MapMessageToScalarAsHash.json"):
			s.bbsScalars(v, o)
		case strings.HasSuffix(file, "h2s.json"):
			got, err := bbs.HashToScalar(unhex(o["message"]), string(unhex(o["dst"])))
			s.check(v, "", valid, err == nil && hex.EncodeToString(got) == o["scalar"], "%v: got %x, want %v", err, got, o["scalar"])
		default:
			s.skip(v, "", open, whySecret)
		}
	}
}

func unhex(v any) []byte {
	s, _ := v.(string)
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

func bbsFixture(o strictjson.Object) error {
	var messages [][]byte
	for _, m := range o.Array("messages") {
		messages = append(messages, unhex(m))
	}
	if !o.Has("proof") {
		return bbs.VerifySignature(unhex(o.Object("signerKeyPair")["publicKey"]), unhex(o["signature"]), unhex(o["header"]), messages)
	}
	var disclosed []bbs.Disclosed
	for _, n := range o.Array("disclosedIndexes") {
		i, _ := n.(strictjson.Number).Int64()
		disclosed = append(disclosed, bbs.Disclosed{Index: int(i), Message: messages[i]})
	}
	return bbs.VerifyProof(unhex(o["signerPublicKey"]), unhex(o["proof"]), unhex(o["header"]), unhex(o["presentationHeader"]), disclosed)
}

func (s *session) bbsGenerators(v vector, o strictjson.Object) {
	want := append([]any{o["Q1"]}, o.Array("MsgGenerators")...)
	got, err := bbs.Generators(len(want))
	if err != nil {
		s.fail(v, "", valid, "%v", err)
		return
	}
	for i := range want {
		s.check(v, "generator", valid, hex.EncodeToString(got[i]) == want[i], "%d: got %x, want %v", i, got[i], want[i])
	}
	s.check(v, "P1", valid, hex.EncodeToString(bbs.P1()) == o["P1"], "got %x, want %v", bbs.P1(), o["P1"])
}

func (s *session) bbsScalars(v vector, o strictjson.Object) {
	for _, e := range o.Array("cases") {
		c, _ := e.(strictjson.Object)
		got, err := bbs.Scalar(unhex(c["message"]))
		s.check(v, "scalar", valid, err == nil && hex.EncodeToString(got) == c["scalar"], "%v: got %x, want %v", err, got, c["scalar"])
	}
}
