package verify

import (
	"fmt"
	"slices"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/proof"
	"github.com/verilith/verilith/wasm/wire"
)

// expectation checks that the credential is what the embedder asked for: its nonce,
// and that it was meant to be the audience. Problem types are VC-DATA-INTEGRITY's.
func expectation(r *report, env *cred.Envelope, proofs []proof.Proof, want *wire.Expect) {
	if want == nil {
		want = &wire.Expect{}
	}
	// What a holder signs itself has its nonce and audience among its claims.
	if env.SD != nil && !(env.Presentation && env.SD.KeyBinding == nil) {
		keyBinding(r, env, want)
		return
	}
	if env.MDoc != nil {
		deviceAuthentication(r, env, want)
		return
	}
	asked(r, env, proofs, want)
}

// asked is expectation for what names its nonce and audience itself.
func asked(r *report, env *cred.Envelope, proofs []proof.Proof, want *wire.Expect) {
	refuse := func(kind, reason, format string, args ...any) {
		detail := fmt.Sprintf(format, args...)
		r.fail(wire.CheckExpect, reason, detail, false)
		r.problem("https://w3id.org/security#"+kind, reason, detail)
	}
	expected := want.Audiences()
	// One proof must answer to both: a nonce from one and an audience from another are no answer.
	var audience []string
	var nonce string
	for _, l := range locks(env, proofs) {
		audience, nonce = l.audience, l.nonce
		if (want.Nonce == "" || nonce == want.Nonce) && (len(expected) == 0 || meant(env, audience, expected)) {
			break
		}
	}
	switch {
	case want.Nonce != "" && nonce != want.Nonce:
		refuse("INVALID_CHALLENGE_ERROR", "nonce_mismatch", "nonce %.100q, want %.100q", nonce, want.Nonce)
	case len(expected) > 0 && !meant(env, audience, expected):
		refuse("INVALID_DOMAIN_ERROR", "audience_mismatch", "made for %.200q, want one of %.200q", audience, expected)
	case len(expected) == 0 && isToken(env) && len(audience) > 0:
		// RFC 7519 Section 4.1.3: who is not named in aud MUST refuse the token.
		refuse("INVALID_DOMAIN_ERROR", "audience_mismatch", "made for %.200q, and the caller names no audience", audience)
	case want.Nonce == "" && len(expected) == 0:
		r.pass(wire.CheckExpect, "nothing was asked for")
	default:
		r.pass(wire.CheckExpect, "it is what was asked for")
	}
}

// meant reports whether what was made for audience was made for who is expected. For a
// token one of its audience is enough, RFC 7519 Section 4.1.3. A Data Integrity proof
// is locked to its domains: none may be another's. VC-DATA-INTEGRITY Section 4.4 step 5
// asks for the same set; we let the caller expect more than one of its own names.
func meant(env *cred.Envelope, audience, expected []string) bool {
	isExpected := func(a string) bool { return slices.Contains(expected, a) }
	if isToken(env) {
		return slices.ContainsFunc(audience, isExpected)
	}
	return len(audience) > 0 && !slices.ContainsFunc(audience, func(a string) bool { return !isExpected(a) })
}

// isToken reports whether an envelope has claims of its own, of a JWT or a CWT.
func isToken(env *cred.Envelope) bool { return env.JWS != nil || env.COSE != nil }

// lock is whom a credential was made for, and for which question.
type lock struct {
	audience []string
	nonce    string
}

// locks are those of a token, or of each of the issuer's proofs.
func locks(env *cred.Envelope, proofs []proof.Proof) []lock {
	if !isToken(env) {
		list := make([]lock, len(proofs))
		for i, p := range proofs {
			list[i] = lock{p.Domain, p.Challenge}
		}
		return list
	}
	l := lock{nonce: env.Claims.String("nonce")}
	switch aud := env.Claims["aud"].(type) {
	case string:
		l.audience = []string{aud}
	case []any:
		for _, a := range aud {
			if s, ok := a.(string); ok {
				l.audience = append(l.audience, s)
			}
		}
	}
	return []lock{l}
}
