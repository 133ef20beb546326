package main

import (
	"encoding/base64"
	"errors"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/internal/di"
	"github.com/verilith/verilith/wasm/internal/rdf"
	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// recordedNow is after every created of the requests that were recorded.
const recordedNow = "2026-11-23T00:00:00Z"

// diRecorded judges what the W3C's test suites for verifiers send. A suite asserts only
// that a verifier says no; why is not compared.
func diRecorded(s *session) {
	for _, v := range s.vectors {
		o, ok := s.object(v, v.Files[0])
		if !ok {
			continue
		}
		body := o.Object("body")
		doc, isObject := body["verifiableCredential"].(strictjson.Object)
		q := s.diQuestion(doc, recordedNow)
		if !isObject {
			q.input = strictjson.Encode(body["verifiableCredential"])
		}
		if v.Expected == "valid" {
			s.judge(v, "", q, accepted())
		} else {
			s.notAccepted(v, "", q)
		}
	}
}

// notAccepted asks, and wants no yes.
func (s *session) notAccepted(v vector, part string, q question) {
	got, err := q.ask()
	if err != nil {
		s.fail(v, part, invalid, "no verdict: %v", err)
		return
	}
	s.check(v, part, invalid, got.Outcome == wire.Rejected || got.Outcome == wire.Undetermined, "%s", said(got))
}

const (
	whyNoCredential = "no credential or presentation with a proof"
	whyOtherTopic   = "tokens and sources, which other topics are about"
	whyNotAtHand    = "the vectors come without the issuer's key or a context; undetermined"
	whyOldSuite     = "a suite that no text describes any more; undetermined"
	whyModel        = "the document breaks its data model, whatever its proof"
)

// thirdPartyRefused are documents that are rightly refused.
var thirdPartyRefused = map[string]string{
	"mosip-ldp_vc/Ed25519Signature2018SignedVC-https.json":                                          "its verification method is a document of its own, where Controlled Identifiers 1.0 Section 3.3 wants a fragment of its controller's; rejected",
	"vcgo-verifiable/testdata/example-vcs.json":                                                     "its ECDSA signature is in DER, where VC-DI-ECDSA Section 3.2.6 wants r and s alone; rejected",
	"ssi-crates/data-integrity/suites/src/suites/w3c/bbs_2023/tests/signed-derived-document.jsonld": "its challenge is that of draft-irtf-cfrg-bbs-signatures-05, which had the points before the messages; later drafts, and the vectors of W3C and IETF, have them after; rejected",
}

// thirdPartyInvalid are documents of which the source's own tests want that their proof does
// not hold, where the manifest does not say so.
var thirdPartyInvalid = []string{"mosip-vp/Ed25519Signature2020SignedVP-didKey.json"}

// thirdPartyNow is after the last of them was made, and before the first one to be valid expires.
const thirdPartyNow = "2026-06-01T00:00:00Z"

// vcThirdParty judges what other projects have among their tests. What they expect of it
// stands in their code, but where the manifest says so; here a proof must hold, and a
// changed copy's must not.
func vcThirdParty(s *session) {
	for _, v := range s.vectors {
		file := v.Files[len(v.Files)-1]
		data, ok := s.read(v, file)
		if !ok {
			continue
		}
		doc, err := strictjson.ParseObject(data)
		if err != nil {
			s.skip(v, "", open, whyOtherTopic)
			continue
		}
		if len(doc) == 1 { // DCC's are a module's one export
			for _, name := range doc.Names() {
				if o := doc.Object(name); o != nil {
					doc = o
				}
			}
		}
		if len(proofsOf(doc)) == 0 {
			s.skip(v, "", open, whyNoCredential)
			continue
		}
		s.proofHolds(v, doc)
	}
}

// proofHolds asks whether the proof of a document holds, whatever else is wrong with it.
func (s *session) proofHolds(v vector, doc strictjson.Object) {
	q := s.diQuestion(doc, thirdPartyNow)
	q.documents = append(slices.Clone(q.documents), s.openBadges()...)
	got, err := q.ask()
	if err != nil {
		s.fail(v, "", open, "no verdict: %v", err)
		return
	}
	proof, key, model := of(got, wire.CheckProof), of(got, wire.CheckKey), of(got, wire.CheckModel)
	switch {
	case v.Expected == "invalid", slices.Contains(thirdPartyInvalid, v.Name):
		s.check(v, "", invalid, got.Outcome == wire.Rejected || got.Outcome == wire.Undetermined, "%s", said(got))
		return
	case model.Result == wire.Fail:
		s.skip(v, "", open, whyModel)
		return
	case key.Result == wire.Unknown, key.Result == wire.Fail && key.Reason == "key_unavailable", proof.Reason == "context_unavailable":
		s.skip(v, "", open, whyNotAtHand)
		return
	case thirdPartyRefused[v.Name] != "" && got.Outcome == wire.Rejected:
		s.skip(v, "", open, thirdPartyRefused[v.Name])
		return
	case proof.Reason == "unsupported_proof":
		s.skip(v, "", open, whyOldSuite)
		return
	case proof.Result != wire.Pass:
		s.fail(v, "proof", valid, "%s", said(got))
		return
	}
	s.pass(v, "proof", valid)
	if strings.HasPrefix(v.Expected, "invalid:") {
		s.check(v, v.Expected, invalid, got.Outcome == wire.Rejected || got.Outcome == wire.Undetermined, "%s", said(got))
	}
	changed := strictjson.Clone(doc).(strictjson.Object)
	proofsOf(changed)[0]["created"] = "2020-01-02T03:04:05Z"
	q.input = strictjson.Encode(changed)
	got, err = q.ask()
	s.check(v, "created changed", invalid, err == nil && of(got, wire.CheckProof).Reason == "bad_signature", "%v: %s", err, said(got))
}

// openBadges are the contexts of that topic.
func (s *session) openBadges() (list []document) {
	for _, version := range []string{"", "-3.0.1", "-3.0.2", "-3.0.3"} {
		if body, err := os.ReadFile(filepath.Join(filepath.Dir(s.dir), "open-badges", "context"+version+".json")); err == nil {
			list = append(list, document{"https://purl.imsglobal.org/spec/ob/v3p0/context" + version + ".json", body})
		}
	}
	return list
}

// openBadgeExamples judges the credentials in the pages of the specification. Those with
// a proof print one that is none: what is shown is that their contexts are read.
func openBadgeExamples(s *session) {
	for _, v := range s.vectors {
		data, ok := s.read(v, v.Files[0])
		if !ok {
			continue
		}
		if strings.HasSuffix(v.Files[0], "-canon.txt") {
			s.canonicalAgain(v, data)
			continue
		}
		if _, signed, ok := strings.Cut(string(data), `title="Signed credential">`); ok {
			s.signedBadge(v, string(data), signed)
			continue
		}
		text := html.UnescapeString(string(data))
		start, end := strings.IndexByte(text, '{'), strings.LastIndexByte(text, '}')
		if start < 0 || end < start {
			s.skip(v, "", open, whyNoCredential)
			continue
		}
		doc, err := strictjson.ParseObject([]byte(text[start : end+1]))
		if err != nil {
			s.skip(v, "", open, whyNotJSON)
			continue
		}
		if !doc.Has("@context") {
			s.skip(v, "", open, whyNoCredential)
			continue
		}
		var de *di.Error
		if _, err := s.toRDF()(doc.Without("proof")); errors.As(err, &de) && de.Reason == di.ContextUnavailable {
			s.skip(v, "as RDF", open, whyNotAtHand)
			continue
		} else if err != nil {
			s.fail(v, "as RDF", valid, "%v", err)
			continue
		}
		s.pass(v, "as RDF", valid)
		doc.Object("credentialSubject")["notDefinedThere"] = "x"
		_, err = s.toRDF()(doc.Without("proof"))
		s.check(v, "with a member that no context knows", invalid, err != nil, "was taken")
	}
}

// canonicalAgain checks that the canonical form which a specification prints is that of the
// same quads in another order, under other labels. The document that they are of stands in
// a page that the vectors do not have.
func (s *session) canonicalAgain(v vector, data []byte) {
	text := strings.TrimSpace(string(data)) + "\n"
	lines := strings.SplitAfter(strings.NewReplacer("_:c14n0", "_:c14n9", "_:c14n1", "_:a").Replace(text), "\n")
	slices.Reverse(lines)
	quads, err := rdf.ParseNQuads([]byte(strings.Join(lines, "")))
	if err != nil {
		s.fail(v, "canonical form", valid, "%v", err)
		return
	}
	r, err := rdfc.Canonicalize(quads, rdfc.SHA256, 0)
	s.check(v, "canonical form", valid, err == nil && string(r.NQuads()) == text, "%v, want %q", err, text)
}

// signedBadge judges the credential of the page that shows how one is signed, by the public
// key in it, and compares the hashes that it prints.
func (s *session) signedBadge(v vector, page, signed string) {
	signed, _, _ = strings.Cut(signed, "</pre>")
	doc, err := strictjson.ParseObject([]byte(strings.TrimSpace(signed)))
	code := regexp.MustCompile(`<code\s*>([0-9a-f]+)</code`).FindAllStringSubmatch(page, -1)
	if err != nil || len(code) < 4 {
		s.fail(v, "", valid, "%v, %d values in hex", err, len(code))
		return
	}
	q := s.diQuestion(doc, thirdPartyNow)
	q.documents = append(slices.Clone(q.documents), s.openBadges()...)
	x := base64.RawURLEncoding.EncodeToString(unhex(code[0][1]))
	q.entities = []strictjson.Object{entity(doc.Object("issuer").String("id"), namedKey{doc.Object("proof").String("verificationMethod"),
		strictjson.Object{"kty": "OKP", "crv": "Ed25519", "x": x}})}
	s.judge(v, "signed credential", q, accepted())
	config := doc.Object("proof").Without("proofValue")
	config["@context"] = doc["@context"]
	for i, o := range []strictjson.Object{doc.Without("proof"), config} {
		part, want := []string{"hash of the document", "hash of the proof"}[i], code[i+2][1]
		r, err := s.canonical(o, rdfc.SHA256)
		if err != nil {
			s.fail(v, part, valid, "%v", err)
			continue
		}
		got := hexSum(rdfc.SHA256, r.NQuads())
		s.check(v, part, valid, got == want, "got %s, want %s", got, want)
	}
	doc.Object("credentialSubject").Object("achievement")["name"] = "Teamwork!"
	q.input = strictjson.Encode(doc)
	s.judge(v, "achievement renamed", q, rejected(wire.CheckProof, "bad_signature"))
}

const whyNotJSON = "the example has comments or several parts"
