// Package proof checks who made a credential. It is the only maker of [Proven]: the
// later checks take nothing else, so nothing unproven reaches them.
package proof

import (
	"errors"
	"fmt"
	"time"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/di"
	"github.com/verilith/verilith/wasm/internal/mdoc"
	"github.com/verilith/verilith/wasm/internal/x509chain"
	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Reason is the stable part of an [Error].
type Reason string

// The reasons of this package itself. A suite's or a signature's own reason comes
// through as it is.
const (
	None         Reason = "no_proof"             // nothing secures the document
	BadSignature Reason = "bad_signature"        // not made by that key over that text
	WrongKey     Reason = "algorithm_mismatch"   // the algorithm does not fit the key
	WrongPurpose Reason = "proof_purpose"        // the proof was not made to assert
	Expired      Reason = "proof_expired"        // VC-DATA-INTEGRITY Section 2.1, expires
	Unsupported  Reason = "unsupported_proof"    // no such mechanism here
	Malformed    Reason = "malformed_proof"      // the proof's members break their rules
	KeyID        Reason = "kid_is_no_thumbprint" // SMART Health Cards: kid is the key's thumbprint
)

// Error is why a proof does not hold.
type Error struct {
	Reason  Reason
	Detail  string
	Unknown bool // the proof is of a kind that is not known here: it says nothing
}

func (e *Error) Error() string { return string(e.Reason) + ": " + e.Detail }

// Purpose is the verification relationship that a credential's proof must be for.
const Purpose = "assertionMethod"

// Proof is one proof of an envelope, not yet checked.
type Proof struct {
	// Method names the key: a verification method, or a kid, or "" for none.
	Method    string
	Algorithm string // JOSE algorithm, or cryptosuite
	SignedAt  *time.Time
	// Domain and Challenge are what a Data Integrity proof is locked to.
	Domain    []string
	Challenge string

	// Chain are the certificates that came with the proof, nil if none did.
	Chain x509chain.Chain
	// X5U is where they are said to stand instead (RFC 7515 Section 4.1.5, RFC 9360 Section
	// 2), or "". Who has them from there attaches them.
	X5U string
	// OneWay says that the certificates are one way to the key beside others.
	OneWay bool
	// MDoc is the mobile document, whose chain has a profile of its own; else nil.
	MDoc *mdoc.Document

	// RDF is how a suite that signs RDF reads its document. It is for who has the
	// contexts to set.
	RDF di.ToRDF

	env  *cred.Envelope
	jws  *jose.JWS
	x5t  *thumbprint
	all  []*di.Proof
	data *di.Proof
}

// List reads the proofs of an envelope. All of them must hold. The error is an *[Error].
func List(env *cred.Envelope, c *cred.Credential) ([]Proof, error) {
	return list(env, c, c.SignedAt, Purpose)
}

// list takes a nil credential for what is a presentation: its holder has no certificates.
func list(env *cred.Envelope, c *cred.Credential, signedAt *time.Time, purpose string) ([]Proof, error) {
	if all := env.Signatures(); len(all) > 0 {
		list := make([]Proof, len(all))
		for i, j := range all {
			list[i] = Proof{Method: j.Kid, Algorithm: string(j.Alg), SignedAt: signedAt, env: env, jws: j}
			if err := list[i].certificatesJOSE(c); err != nil {
				return nil, badCertificates(err)
			}
		}
		return list, nil
	}
	if m := env.COSE; m != nil {
		p := Proof{Method: string(m.KeyID()), Algorithm: string(m.Alg), SignedAt: signedAt, env: env}
		if err := p.certificatesCOSE(c); err != nil {
			return nil, badCertificates(err)
		}
		return []Proof{p}, nil
	}
	if d := env.MDoc; d != nil {
		return []Proof{{Algorithm: string(d.Algorithm()), SignedAt: signedAt, Chain: d.Chain, MDoc: d, env: env}}, nil
	}
	if len(env.Proofs) == 0 {
		return nil, &Error{Reason: None, Detail: "the document has no proof"}
	}
	parsed, err := di.ParseProofs(env.Proofs)
	if err != nil {
		return nil, fromDI(err)
	}
	list := make([]Proof, len(parsed))
	for i, p := range parsed {
		// VC-DATA-INTEGRITY Section 4.4 step 4.
		if p.Purpose != purpose {
			return nil, &Error{Reason: WrongPurpose, Detail: fmt.Sprintf("proofPurpose %.60q, want %q", p.Purpose, purpose)}
		}
		if !p.Supported() {
			return nil, &Error{Reason: Unsupported, Unknown: true, Detail: fmt.Sprintf("no suite %.60q; this module has %v", p.Name(), di.Suites())}
		}
		list[i] = Proof{Method: p.VerificationMethod, Algorithm: p.Name(), SignedAt: p.Created,
			Domain: p.Domain, Challenge: p.Challenge, env: env, all: parsed, data: p}
	}
	return list, nil
}

// Document returns the document whose contexts are needed to check p: nil where the
// proof signs no RDF.
func (p *Proof) Document() strictjson.Object {
	if p.data == nil || !p.data.SignsRDF() {
		return nil
	}
	return p.env.Document
}

// Verify reports whether p was made by key. A nil error means it was.
func (p *Proof) Verify(key *keys.Key, now time.Time) error {
	if p.data != nil {
		if p.data.Expires != nil && !now.Before(*p.data.Expires) {
			return &Error{Reason: Expired, Detail: "the proof expired at " + p.data.Expires.Format(time.RFC3339)}
		}
		if err := di.VerifyRDF(p.env.Document, p.all, p.data, key, p.RDF); err != nil {
			return fromDI(err)
		}
		return nil
	}
	if p.env.COSE != nil || p.env.MDoc != nil {
		return p.binary(key)
	}
	if err := key.Fits(p.jws.Alg); err != nil {
		return &Error{Reason: WrongKey, Detail: err.Error()}
	}
	if err := p.env.CheckKeyID(key.Thumbprint()); err != nil {
		return &Error{Reason: KeyID, Detail: err.Error()}
	}
	if err := p.jws.Verify(key); err != nil {
		return &Error{Reason: BadSignature, Detail: err.Error()}
	}
	return nil
}

// binary verifies a COSE_Sign1, or a mobile document with every element that it
// discloses.
func (p *Proof) binary(key *keys.Key) error {
	if err := key.Fits(keys.Algorithm(p.Algorithm)); err != nil {
		return &Error{Reason: WrongKey, Detail: err.Error()}
	}
	if p.env.COSE != nil {
		if err := p.env.COSE.Verify(key, nil, nil); err != nil {
			return &Error{Reason: BadSignature, Detail: err.Error()}
		}
		return nil
	}
	err := p.MDoc.VerifyIssuer(key)
	var me *mdoc.Error
	if errors.As(err, &me) {
		return &Error{Reason: Reason(me.Reason), Detail: me.Error()}
	}
	return err
}

func fromDI(err error) error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var de *di.Error
	if !errors.As(err, &de) {
		return &Error{Reason: Malformed, Detail: err.Error()}
	}
	e := &Error{Reason: Reason(de.Reason), Detail: de.Error()}
	switch de.Reason {
	case di.UnsupportedSuite:
		e.Reason, e.Unknown = Unsupported, true
	case di.ContextUnavailable:
		e.Unknown = true
	case di.WrongKeyType:
		e.Reason = WrongKey
	}
	return e
}

// Proven is a credential whose every proof holds.
type Proven struct {
	credential *cred.Credential
	signedAt   time.Time
}

// Finder gives the keys by which a proof may have been made, and says of one of them
// whether it was the issuer's, in force when the proof was made.
type Finder interface {
	Keys(proof int) []*keys.Key
	Issuers(proof int, key *keys.Key) bool
}

// maker returns the key that made p. Where none did, the error is about a key that
// could have, if there was one.
func maker(p *Proof, candidates []*keys.Key, now time.Time) (*keys.Key, error) {
	var first error = &Error{Reason: BadSignature, Detail: "there is no key to check it with"}
	for i, key := range candidates {
		err := p.Verify(key, now)
		if err == nil {
			return key, nil
		}
		var e *Error
		if i == 0 || errors.As(err, &e) && e.Reason == BadSignature {
			first = err
		}
	}
	return nil, first
}

// Prove checks every proof by the keys that find gives for it, and returns which key
// made each. It is the only way to a [Proven].
func Prove(c *cred.Credential, proofs []Proof, find Finder, now time.Time) (Proven, []*keys.Key, error) {
	if len(proofs) == 0 {
		return Proven{}, nil, &Error{Reason: None, Detail: "the document has no proof"}
	}
	p := Proven{credential: c}
	made := make([]*keys.Key, len(proofs))
	issuers := false
	for i := range proofs {
		var err error
		if made[i], err = maker(&proofs[i], find.Keys(i), now); err != nil {
			return Proven{}, nil, err
		}
		// Anybody may add a proof to a set: only the issuer's own say when it signed.
		at := proofs[i].Time(c, now)
		switch own := find.Issuers(i, made[i]); {
		case own && (!issuers || at.Before(p.signedAt)):
			p.signedAt, issuers = at, true
		case !issuers && at.After(p.signedAt):
			p.signedAt = at
		}
	}
	return p, made, nil
}

// Time is when the proof says that it was made, or else when the credential's
// validity starts, or else now. Whose key made it, and what that issuer might say, is
// judged at that time.
func (p *Proof) Time(c *cred.Credential, now time.Time) time.Time {
	switch {
	case p.SignedAt != nil:
		return *p.SignedAt
	case c.ValidFrom != nil:
		return *c.ValidFrom
	}
	return now
}

// Credential returns what was proven.
func (p Proven) Credential() *cred.Credential { return p.credential }

// SignedAt returns when the issuer signed it, by the issuer's own word.
func (p Proven) SignedAt() time.Time { return p.signedAt }
