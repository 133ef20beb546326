package verify

import (
	"errors"
	"fmt"
	"slices"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/sdjwt"
	"github.com/verilith/verilith/wasm/wire"
)

// KeyBindingMissing is why a presentation is refused that does not show who makes it.
const KeyBindingMissing = "key_binding_missing"

// keyBinding checks whom an SD-JWT was presented for, and by whom: RFC 9901 Section 7.3.
//
// Whether key binding is asked for is the caller's word (step 1): it is where a nonce or
// an audience is. A KB-JWT that nobody asked for is refused, as RFC 9901 Section 4 has it
// ("MUST verify that the final tilde-separated component is empty"), and as any JWT is by
// who is not named in its aud (RFC 7519 Section 4.1.3): it was made for somebody else. A
// credential that is bound to a key, and nobody asked its holder, passes.
func keyBinding(r *report, env *cred.Envelope, want *wire.Expect) {
	refuse := func(kind, reason, format string, args ...any) {
		detail := fmt.Sprintf(format, args...)
		r.fail(wire.CheckExpect, reason, detail, false)
		r.problem("https://w3id.org/security#"+kind, reason, detail)
	}
	expected := want.Audiences()
	kb := env.SD.KeyBinding
	if kb == nil {
		l := locks(env, nil)[0] // of the credential itself
		switch {
		case want.Nonce != "" || len(expected) > 0: // step 2
			refuse("INVALID_CHALLENGE_ERROR", KeyBindingMissing, "the presentation has no KB-JWT, and one was asked for")
		case len(l.audience) > 0:
			refuse("INVALID_DOMAIN_ERROR", "audience_mismatch", "made for %.200q, and the caller names no audience", l.audience)
		case env.Claims.Has("cnf"):
			r.pass(wire.CheckExpect, "nothing was asked for; the credential is bound to a key, and its holder was not asked to show it")
		default:
			r.pass(wire.CheckExpect, "nothing was asked for")
		}
		return
	}
	now, err := wire.ParseTime(r.v.Now)
	if err == nil {
		err = env.SD.Bound(now) // step 5 but f
	}
	var se *sdjwt.Error
	switch { // step 5 f
	case errors.As(err, &se) && se.Unknown:
		r.fail(wire.CheckExpect, string(se.Reason), se.Error(), true)
	case errors.As(err, &se):
		refuse("PROOF_VERIFICATION_ERROR", string(se.Reason), "%v", se)
	case err != nil:
		refuse("PROOF_VERIFICATION_ERROR", string(sdjwt.MalformedKeyBinding), "%v", err)
	case want.Nonce != "" && kb.Nonce != want.Nonce:
		refuse("INVALID_CHALLENGE_ERROR", "nonce_mismatch", "nonce %.100q, want %.100q", kb.Nonce, want.Nonce)
	case len(expected) == 0:
		refuse("INVALID_DOMAIN_ERROR", "audience_mismatch", "presented to %.200q, and the caller names no audience", kb.Audience)
	case !slices.Contains(expected, kb.Audience):
		refuse("INVALID_DOMAIN_ERROR", "audience_mismatch", "presented to %.200q, want one of %.200q", kb.Audience, expected)
	default:
		if r.v.Credential != nil { // it is not a presentation
			r.v.Credential.HolderProven = true
		}
		r.pass(wire.CheckExpect, "it is what was asked for, presented by the holder of the key that it is bound to")
	}
}
