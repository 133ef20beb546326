package verify

import (
	"fmt"
	"slices"
	"time"

	"github.com/verilith/verilith/wasm/internal/issuer"
	"github.com/verilith/verilith/wasm/internal/proof"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/wire"
)

// binding checks that a proof was made by a key of the issuer that was in force then.
// One such proof is enough: a witness may have added another.
func binding(r *report, m *material, made []*keys.Key, policy wire.Policy) {
	reason, detail := "", ""
	for i := range made {
		k := m.made(i, made[i])
		why, how := m.holds(k, m.times[i])
		if why == "" {
			r.pass(wire.CheckBinding, fmt.Sprintf("%.200s is a key of the issuer, in force at %s", k.Method, wire.FormatTime(m.times[i])), blocks(m.standings)...)
			return
		}
		if reason == "" || reason == string(issuer.NotTheIssuers) {
			reason, detail = why, how
		}
	}
	if reason == string(issuer.NotTheIssuers) && policy.AcceptUnboundIssuer {
		r.relax("acceptUnboundIssuer", wire.CheckBinding, reason)
		r.pass(wire.CheckBinding, "accepted by policy: "+detail)
		return
	}
	r.fail(wire.CheckBinding, reason, detail, false, blocks(m.standings)...)
}

// holds answers whether a key is the issuer's and was in force: first by the
// registries, which keep its history, then by its verification method.
func (m *material) holds(k *issuer.Key, at time.Time) (reason, detail string) {
	known := k.Key
	if k.Anchor != nil { // the registry knows the certificate's anchor, and keeps its history
		known = k.Anchor
	}
	if record := registry.Find(append(slices.Clone(m.standings), m.others...), known, at); record != nil {
		if reason, detail := registry.Allows(record, at); reason != "" {
			return string(reason), detail
		}
		if !registry.Serves(record, proof.Purpose) {
			return string(issuer.WrongPurpose), fmt.Sprintf("the registry holds the key for use %.60q", record.Use)
		}
	}
	// Controlled Identifiers 1.0 Section 2.2: from revoked or expires on, verifiers are
	// expected to verify no proof by the method, whenever it says that it was made. Who
	// rotates keys keeps the old ones in a registry, with their time.
	for _, end := range []struct{ reason, at string }{{"key_revoked", k.Revoked}, {"key_expired", k.Expires}} {
		_, late, err := registry.Within("", end.at, m.now)
		if err != nil || late {
			return end.reason, fmt.Sprintf("%.200s ended at %s", k.Method, end.at)
		}
	}
	if k.Unbound != "" {
		return string(k.Unbound), fmt.Sprintf("%.200s is not shown to be a key of the issuer", k.Method)
	}
	return "", ""
}

// issuersOwn are the proofs that the issuer made: what else is attached to a credential
// says nothing of whom it was made for. Where the policy takes a stranger's proof, all count.
func issuersOwn(m *material, proofs []proof.Proof, made []*keys.Key) []proof.Proof {
	var own []proof.Proof
	for i := range proofs {
		if m.Issuers(i, made[i]) {
			own = append(own, proofs[i])
		}
	}
	if len(own) == 0 {
		return proofs
	}
	return own
}
