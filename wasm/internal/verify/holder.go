package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/issuer"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// holds checks that a credential in a presentation was issued to who presents it: the
// holder is a subject of it, or the key that it is bound to made the presentation. Which
// of several subjects the holder is makes no difference: all of them were told of it.
//
// The W3C's texts leave that to the verifier (VCDM 1.1 Appendix C, "Subject-Holder
// Relationships"), who says so by name: Policy.AcceptUnboundHolder.
func (h *holder) holds(r *report, name string, c *cred.Presented, part *wire.Verdict) {
	if h.keys == nil || c.Err != nil || len(part.Parts) == 0 && part.Credential == nil {
		r.skip(skippedEarlier, "who presents or what is presented is not proven", wire.CheckHolder)
		return
	}
	var subjects []string
	for _, v := range append(slices.Clone(part.Parts), *part) {
		if v.Credential != nil {
			subjects = append(subjects, v.Credential.Subjects...)
		}
	}
	how := h.confirms(c.Envelope)
	switch {
	case h.id != "" && slices.Contains(subjects, h.id):
		r.pass(wire.CheckHolder, fmt.Sprintf("%s is about the holder %.200s", name, h.id))
	case how != "":
		r.pass(wire.CheckHolder, fmt.Sprintf("%s is bound to the holder's key %.200s", name, how))
	default:
		reason, detail := NoSubject, name+" names no subject"
		if len(subjects) > 0 {
			reason, detail = NotTheSubject, fmt.Sprintf("%s is about %.200q, and the holder is %.200q", name, subjects, h.id)
		}
		if h.policy.AcceptUnboundHolder {
			r.relax("acceptUnboundHolder", wire.CheckHolder, reason)
			r.pass(wire.CheckHolder, "accepted by policy: "+detail)
			return
		}
		r.fail(wire.CheckHolder, reason, detail, false)
	}
}

// confirms names the holder's key to which a credential is bound, or is "": cnf with a
// jwk or its thumbprint (RFC 7800 Section 3.2, RFC 9449 Section 6.1), or with a kid that
// is the whole URL of the holder's verification method (RFC 7800 Section 3.4).
func (h *holder) confirms(env *cred.Envelope) string {
	cnf := confirmation(env)
	if cnf == nil {
		return ""
	}
	thumbprint := cnf.String("jkt")
	if jwk := cnf.Object("jwk"); jwk != nil {
		k, err := keys.FromJWK(jwk)
		if err != nil {
			return ""
		}
		thumbprint = k.Thumbprint()
	}
	for _, k := range h.keys {
		if thumbprint != "" && k.Key.Thumbprint() == thumbprint || issuer.Owner(k.Method) != "" && cnf.String("kid") == k.Method {
			return k.Method
		}
	}
	return ""
}

// confirmed are the keys to which the credentials of the presentation are bound, those
// of the given name if it is one: their kid, or their thumbprint, by itself or as a URN
// (RFC 9278). They are candidates: that the credentials hold is checked elsewhere.
func (h *holder) confirmed(kid string) (found []issuer.Key) {
	thumbprint := strings.TrimPrefix(kid, "urn:ietf:params:oauth:jwk-thumbprint:sha-256:")
	for _, c := range h.p.Credentials {
		if c.Err != nil {
			continue
		}
		jwk := confirmation(c.Envelope).Object("jwk")
		if jwk == nil {
			continue
		}
		k, err := keys.FromJWK(jwk)
		if err != nil || kid != "" && kid != jwk.String("kid") && thumbprint != k.Thumbprint() {
			continue
		}
		if !slices.ContainsFunc(found, func(f issuer.Key) bool { return f.Key.Thumbprint() == k.Thumbprint() }) {
			found = append(found, issuer.Key{Key: k, Method: k.Thumbprint(), Source: issuer.FromCredential})
		}
	}
	return found
}

func confirmation(env *cred.Envelope) strictjson.Object {
	if env.Claims == nil {
		return nil
	}
	return env.Claims.Object("cnf")
}
