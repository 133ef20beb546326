// Package di verifies W3C Data Integrity proofs, [VC-DATA-INTEGRITY].
//
// Each cryptosuite is one file and one function, written in the order of its
// specification's Verify Proof steps: eddsa-jcs-2022, [VC-DI-EDDSA] Section 3.3.
// What all suites share is here: a proof's members, and which document a proof in
// a set or chain is over; what those share that sign RDF is in rdf.go, selective
// disclosure in sd.go, the suites before Data Integrity in legacy.go.
//
// It resolves no keys and judges no issuer: it says whether one proof over one
// document was made by one public key.
//
// [VC-DATA-INTEGRITY]: https://www.w3.org/TR/vc-data-integrity/
// [VC-DI-EDDSA]: https://www.w3.org/TR/vc-di-eddsa/
//
// [VC-DI-ECDSA]: https://www.w3.org/TR/vc-di-ecdsa/
// [VC-DI-BBS]: https://www.w3.org/TR/vc-di-bbs/
package di

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/xsd"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Reason is the stable part of an [Error].
type Reason string

// The reasons of this package's errors.
const (
	MalformedProof   Reason = "malformed_proof"          // a member is missing or not of its form
	UnsupportedSuite Reason = "unsupported_suite"        // no such cryptosuite here: the proof says nothing
	WrongKeyType     Reason = "wrong_key_type"           // the suite takes another kind of key
	BadSignature     Reason = "bad_signature"            // not made by that key over that document
	ContextMismatch  Reason = "proof_context_mismatch"   // the document's contexts are not those that were signed
	NoCanonicalForm  Reason = "no_canonical_form"        // RFC 8785 cannot write the document
	MissingPrevious  Reason = "previous_proof_missing"   // previousProof names no proof of the document
	ChainTooLong     Reason = "proof_chain_too_long"     // MaxProofs
	NotSigned        Reason = "not_signed"               // the signature leaves out a member of the document
	DuplicateProofID Reason = "duplicate_proof_id"       // an id names two proofs
	PreviousCycle    Reason = "previous_proof_is_cyclic" // a proof rests on itself
	BaseProof        Reason = "base_proof"               // for the holder alone, who derives from it what others see

	// ContextUnavailable says that the RDF cannot be had for want of a context: the proof says nothing.
	ContextUnavailable Reason = "context_unavailable"
)

// MaxProofs bounds the proofs of one document, and so also its chains: each costs a signature check.
const MaxProofs = 16

// Error is why a proof was refused.
type Error struct {
	Reason Reason
	Member string
	Detail string
}

func (e *Error) Error() string {
	if e.Member != "" {
		return string(e.Reason) + ": " + e.Member + ": " + e.Detail
	}
	return string(e.Reason) + ": " + e.Detail
}

// Proof is one Data Integrity proof, its members held to VC-DATA-INTEGRITY Section 2.1.
type Proof struct {
	ID                 string
	Type               string
	Suite              string
	VerificationMethod string
	Purpose            string
	Created            *time.Time
	Expires            *time.Time
	Domain             []string
	Challenge          string
	Previous           []string

	value           strictjson.Object
	memo, asWritten memo // by how language tags are read, see lowerTags
}

// ParseProof reads a proof. That type, verificationMethod and proofPurpose are there
// is step 3 of Verify Proof, VC-DATA-INTEGRITY Section 4.4.
func ParseProof(o strictjson.Object) (*Proof, error) {
	p := &Proof{value: o}
	for _, m := range []struct {
		name     string
		dst      *string
		required bool
	}{
		{"type", &p.Type, true},
		{"verificationMethod", &p.VerificationMethod, true},
		{"proofPurpose", &p.Purpose, true},
		{"id", &p.ID, false},
		{"cryptosuite", &p.Suite, false},
		{"challenge", &p.Challenge, false},
	} {
		v, ok := o[m.name]
		if !ok && !m.required {
			continue
		}
		s, isString := v.(string)
		if !isString || s == "" {
			return nil, &Error{MalformedProof, m.name, "want a string that is not empty"}
		}
		*m.dst = s
	}
	// Section 2.1: cryptosuite MUST be there if type is DataIntegrityProof. Other types name their suite.
	if p.Type == "DataIntegrityProof" && p.Suite == "" {
		return nil, &Error{MalformedProof, "cryptosuite", "is missing; a DataIntegrityProof names its suite"}
	}
	if o.Has("id") && !isURL(p.ID) {
		return nil, &Error{MalformedProof, "id", fmt.Sprintf("%.100q is no URL", p.ID)}
	}
	var err error
	if p.Created, err = instant(o, "created"); err != nil {
		return nil, err
	}
	if p.Expires, err = instant(o, "expires"); err != nil {
		return nil, err
	}
	if p.Domain, err = stringSet(o, "domain"); err != nil {
		return nil, err
	}
	if p.Previous, err = stringSet(o, "previousProof"); err != nil {
		return nil, err
	}
	return p, nil
}

// isURL holds the id of a proof to Section 2.1: it "MUST be a URL", which has a scheme.
func isURL(s string) bool {
	scheme, rest, _ := strings.Cut(s, ":")
	return scheme != "" && scheme[0]|0x20 >= 'a' && scheme[0]|0x20 <= 'z' && rest != "" && !strings.ContainsAny(s, " \"<>\\^`{|}")
}

// Name is the suite in words: its cryptosuite, or the type that stands for one.
func (p *Proof) Name() string {
	if p.Type == "DataIntegrityProof" {
		return p.Suite
	}
	return p.Type
}

// instant reads created or expires: Section 2.1 asks for a dateTimeStamp. One
// without an offset is "interpreted as UTC", as that section lets processors do.
func instant(o strictjson.Object, name string) (*time.Time, error) {
	v, ok := o[name]
	if !ok {
		return nil, nil
	}
	s, ok := v.(string)
	if !ok {
		return nil, &Error{MalformedProof, name, "want a date and time"}
	}
	t, _, err := xsd.DateTime(s)
	if err != nil {
		return nil, &Error{MalformedProof, name, err.Error()}
	}
	return &t, nil
}

// stringSet reads a member that is a string or a list of distinct strings.
func stringSet(o strictjson.Object, name string) ([]string, error) {
	var set []string
	switch v := o[name].(type) {
	case string:
		set = []string{v}
	case []any:
		for _, e := range v {
			s, ok := e.(string)
			if !ok || s == "" {
				return nil, &Error{MalformedProof, name, "want strings that are not empty"}
			}
			if slices.Contains(set, s) {
				return nil, &Error{MalformedProof, name, fmt.Sprintf("%.100q is there twice", s)}
			}
			set = append(set, s)
			if len(set) > MaxProofs {
				return nil, &Error{MalformedProof, name, fmt.Sprintf("more than %d entries", MaxProofs)}
			}
		}
	}
	if o.Has(name) && (len(set) == 0 || set[0] == "") {
		return nil, &Error{MalformedProof, name, "want a string, or a list of strings, that is not empty"}
	}
	return set, nil
}

// suites are the cryptosuites by the name that Proof.Name gives.
var suites = map[string]struct {
	verify func(in *input, key *keys.Key) error
	rdf    bool // it signs RDF
}{
	"bbs-2023":                    {verifyBBS2023, true},
	"ecdsa-jcs-2019":              {verifyECDSAJCS2019, false},
	"ecdsa-rdfc-2019":             {verifyECDSARDFC2019, true},
	"ecdsa-sd-2023":               {verifyECDSASD2023, true},
	"eddsa-jcs-2022":              {verifyEdDSAJCS2022, false},
	"eddsa-rdfc-2022":             {verifyEdDSARDFC2022, true},
	"Ed25519Signature2018":        {verifyEd25519Signature2018, true},
	"Ed25519Signature2020":        {verifyEd25519Signature2020, true},
	"EcdsaSecp256k1Signature2019": {verifyEcdsaSecp256k1Signature2019, true},
	"JsonWebSignature2020":        {verifyJSONWebSignature2020, true},
	"EthereumEip712Signature2021": {verifyEthereumEip712Signature2021, false},
}

// Suites lists the cryptosuites that Verify knows.
func Suites() []string {
	names := make([]string, 0, len(suites))
	for n := range suites {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Supported reports whether Verify knows the proof's suite.
func (p *Proof) Supported() bool { _, ok := suites[p.Name()]; return ok }

// SignsRDF reports whether the proof's suite signs what the document says in RDF, so
// that the document's contexts are needed to check it.
func (p *Proof) SignsRDF() bool { return suites[p.Name()].rdf }

// input is what a suite checks a proof over.
type input struct {
	secured strictjson.Object // the document less this proof, with the previous proofs of a chain
	proof   strictjson.Object // as received; nobody may change either
	toRDF   ToRDF
	memo    *memo

	asWritten bool // language tags keep their capitals
}

// Verify reports whether proof is a valid proof over doc by key. A nil error means it
// is. all are the document's proofs, in which proof's previous ones are found. A suite
// that signs RDF needs [VerifyRDF].
func Verify(doc strictjson.Object, all []*Proof, proof *Proof, key *keys.Key) error {
	return VerifyRDF(doc, all, proof, key, nil)
}

// VerifyRDF is Verify for all suites: toRDF knows the contexts. A proof keeps what it
// made of doc for the next key, so it is for one document.
func VerifyRDF(doc strictjson.Object, all []*Proof, proof *Proof, key *keys.Key, toRDF ToRDF) error {
	suite, ok := suites[proof.Name()]
	if !ok {
		return &Error{UnsupportedSuite, "cryptosuite", fmt.Sprintf("%.60q is none of %v", proof.Name(), Suites())}
	}
	list, err := documents(doc, all, proof)
	if err != nil {
		return err
	}
	for i, secured := range list {
		said := verifyEither(suite.verify, secured, proof, key, toRDF)
		if said == nil {
			return nil
		}
		if i == 0 {
			err = said
		}
	}
	return err
}

// verifyEither checks a proof over language tags in small letters, and where that does not
// fit, over the tags as they were written: see lowerTags.
func verifyEither(verify func(*input, *keys.Key) error, secured strictjson.Object, proof *Proof, key *keys.Key, toRDF ToRDF) error {
	err := verify(&input{secured: secured, proof: proof.value, toRDF: toRDF, memo: &proof.memo}, key)
	if e := (*Error)(nil); proof.memo.capitals && errors.As(err, &e) && e.Reason == BadSignature {
		again := &input{secured: secured, proof: proof.value, toRDF: toRDF, memo: &proof.asWritten, asWritten: true}
		if verify(again, key) == nil {
			return nil
		}
	}
	return err
}
