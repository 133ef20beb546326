package di

import (
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/internal/jsonld"
	"github.com/verilith/verilith/wasm/internal/rdf"
	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// ToRDF turns a JSON-LD document into RDF, by the contexts that its maker has. It is
// strict: what would not be signed is an error. [Verify] passes its errors on.
type ToRDF func(doc strictjson.Object) ([]rdf.Quad, error)

// JSONLD makes RDF of documents by the contexts that are given, whose errors it passes
// on; memo keeps contexts.
//
// The suites' texts do not say what becomes of a base direction (vc-data-integrity issue
// 366). We read it as the datatype of JSON-LD-API Section 9.3, so that it is signed, as
// Digital Bazaar's issuers do. Of an issuer that leaves it out the signature does not fit.
func JSONLD(contexts func(iri string) (jsonld.Document, error), memo *jsonld.Memo) ToRDF {
	return func(doc strictjson.Object) ([]rdf.Quad, error) {
		quads, err := jsonld.ToRDF(doc, jsonld.Options{Contexts: contexts, Memo: memo, Direction: jsonld.I18nDatatype, KeepLanguageCase: true})
		var missing *jsonld.Unavailable
		var e *jsonld.Error
		switch {
		case err == nil:
			return quads, nil
		case errors.As(err, &missing):
			if missing.Err != nil {
				return nil, missing.Err // contexts says why, in words of its own
			}
			return nil, &Error{ContextUnavailable, "@context", missing.Error()}
		case errors.As(err, &e):
			return nil, &Error{Reason(e.Reason), e.Member, e.Detail}
		}
		return nil, &Error{NoCanonicalForm, "", err.Error()}
	}
}

// memo keeps what was made of a document, by hash, for the next key that is tried.
type memo struct {
	document, config [rdfc.SHA384 + 1]*rdfc.Result
	err              [rdfc.SHA384 + 1]error
	capitals         bool // a language tag has capital letters
}

// lowerTags lowers the language tags of quads, and reports whether one had capitals.
//
// JSON-LD-API Section 5.1.2 step 13.4.7 lets an issuer lower them or not, and RDF 1.1
// Section 3.3 says that the tags are the same. The issuers in JavaScript do, DIDKit does
// not: what was signed is either, so where the one does not fit the other is tried.
func lowerTags(quads []rdf.Quad, asWritten bool) (capitals bool) {
	for i := range quads {
		tag := &quads[i].O.Lang
		if lower := strings.ToLower(*tag); lower != *tag {
			capitals = true
			if !asWritten {
				*tag = lower
			}
		}
	}
	return capitals
}

// injected are the contexts that define a type of proof. Where a document has none of
// them, and no other that does, the first is added: VC-DATA-INTEGRITY Section 2.4.1,
// Context Injection. That text is about DataIntegrityProof; issuers do so for the suites
// before it too.
var injected = map[string][]string{
	"DataIntegrityProof":          {"https://w3id.org/security/data-integrity/v2", "https://w3id.org/security/data-integrity/v1", "https://www.w3.org/ns/credentials/v2"},
	"Ed25519Signature2020":        {"https://w3id.org/security/suites/ed25519-2020/v1"},
	"Ed25519Signature2018":        {"https://w3id.org/security/suites/ed25519-2018/v1", "https://www.w3.org/2018/credentials/v1", "https://w3id.org/security/v2", "https://w3id.org/security/v1"},
	"EcdsaSecp256k1Signature2019": {"https://w3id.org/security/suites/secp256k1-2019/v1", "https://www.w3.org/2018/credentials/v1", "https://w3id.org/security/v2"},
	"JsonWebSignature2020":        {"https://w3id.org/security/suites/jws-2020/v1"},
}

// contextOf is the @context by which the document and its proofs are read. options is the
// proof without its value.
func (in *input) contextOf(options strictjson.Object) any {
	context := in.secured["@context"]
	known := injected[in.proof.String("type")]
	if known == nil || in.toRDF == nil || slices.ContainsFunc(list(context), func(c any) bool {
		url, ok := c.(string)
		return ok && slices.Contains(known, url)
	}) {
		return context
	}
	// Are the terms of the proof "mapped by existing values", as by a @vocab?
	options = options.Without()
	options["@context"] = context
	_, err := in.toRDF(options)
	if e := (*Error)(nil); errors.As(err, &e) && e.Reason == Reason(jsonld.UndefinedTerm) {
		return append(slices.Clone(list(context)), known[0])
	}
	return context
}

// suiteContext reports whether own, the contexts of a proof, is the one of its suite. The
// suites before Data Integrity have no rule about them, so that JSON-LD's holds: the proof
// is read by them after the document's. DIDKit writes the suite's context there.
func (in *input) suiteContext(own any) bool {
	entries, name := list(own), in.proof.String("type")
	if len(entries) != 1 || name == "DataIntegrityProof" {
		return false
	}
	url, ok := entries[0].(string)
	return ok && slices.Contains(injected[name], url)
}

// canonical returns the canonical form of the document and of the proof's
// configuration: Transformation and Proof Configuration of the suites that sign RDF,
// VC-DI-EDDSA Sections 3.2.3 and 3.2.5. What is in the proof beside its value is
// signed, whether it is known here or not.
func (in *input) canonical(hash rdfc.Hash) (document, config *rdfc.Result, err error) {
	m := in.memo
	if m.document[hash] == nil && m.err[hash] == nil {
		m.document[hash], m.config[hash], m.err[hash] = in.canonicalize(hash)
	}
	return m.document[hash], m.config[hash], m.err[hash]
}

func (in *input) canonicalize(hash rdfc.Hash) (document, config *rdfc.Result, err error) {
	options := in.proof.Without("proofValue", "jws", "signatureValue")
	var context any
	// A proof that brings contexts of its own would be read by them and not by the
	// document's, which is what Section 3.2.5 says. Those that repeat the document's are met.
	own, has := options["@context"]
	switch {
	case !has || startsWith(list(in.secured["@context"]), list(own)):
		context = in.contextOf(options)
		options["@context"] = context
	case in.suiteContext(own):
		context = in.secured["@context"]
		options["@context"] = append(slices.Clone(list(context)), list(own)...)
	default:
		return nil, nil, &Error{ContextMismatch, "proof.@context", "the document's contexts do not start with those of the proof"}
	}
	unsecured := in.secured.Without()
	unsecured["@context"] = context
	if document, err = in.toNQuads(unsecured, hash, ""); err != nil {
		return nil, nil, err
	}
	if config, err = in.toNQuads(options, hash, "proof"); err != nil {
		return nil, nil, err
	}
	return document, config, nil
}

func (in *input) toNQuads(doc strictjson.Object, hash rdfc.Hash, member string) (*rdfc.Result, error) {
	if in.toRDF == nil {
		return nil, &Error{ContextUnavailable, "@context", "no contexts are at hand"}
	}
	quads, err := in.toRDF(doc)
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return nil, err // of whoever gave the contexts
		}
		return nil, &Error{e.Reason, strings.Trim(member+"."+e.Member, "."), e.Detail}
	}
	// Without a statement there is nothing that a signature could be over.
	if len(quads) == 0 {
		return nil, &Error{NoCanonicalForm, member, "says nothing in RDF"}
	}
	if lowerTags(quads, in.asWritten) {
		in.memo.capitals = true
	}
	r, err := rdfc.Canonicalize(quads, hash, 0)
	if err != nil {
		var e *rdfc.Error
		if errors.As(err, &e) {
			return nil, &Error{Reason(e.Reason), member, e.Detail}
		}
		return nil, &Error{NoCanonicalForm, member, err.Error()}
	}
	return r, nil
}

// verifyRDFC is Verify Proof of the suites with one signature over RDF, VC-DI-EDDSA Section
// 3.2.2 and VC-DI-ECDSA Section 3.2.2, when the suite is known; step numbers are theirs.
func (in *input) verifyRDFC(key *keys.Key, a algorithm) error {
	// Step 3.
	signature, err := base58Value(in.proof, a.size)
	if err != nil {
		return err
	}
	// Steps 2 and 4 to 6.
	hashData, err := in.hashRDF(a.hash)
	if err != nil {
		return err
	}
	// Step 7, Section 3.2.7.
	return checkSignature(key, a.alg, hashData, signature)
}

// hashRDF is Hashing, VC-DI-EDDSA Section 3.2.4 and VC-DI-ECDSA Section 3.2.4: the hash
// of the configuration comes first.
func (in *input) hashRDF(hash rdfc.Hash) ([]byte, error) {
	document, config, err := in.canonical(hash)
	if err != nil {
		return nil, err
	}
	return append(Digest(hash, config.NQuads()), Digest(hash, document.NQuads())...), nil
}

// Digest hashes data.
func Digest(hash rdfc.Hash, data []byte) []byte {
	if hash == rdfc.SHA384 {
		sum := sha512.Sum384(data)
		return sum[:]
	}
	sum := sha256.Sum256(data)
	return sum[:]
}
