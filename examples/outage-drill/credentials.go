package main

import (
	"fmt"
	"time"

	"github.com/verilith/verilith/examples/outage-drill/internal/issue"
	"github.com/verilith/verilith/wasm/wire"
)

// credential is one line of the drill: what is judged, and what must come of it.
type credential struct {
	name        string
	input       string
	acceptStale string
	later       time.Duration // after now
	outcome     wire.Outcome
	reason      string
	requests    int // answered by the gateway and the did:web host, at most
}

// key tells one question from another.
func (c credential) key() string { return fmt.Sprint(c.input, c.later, c.acceptStale) }

// kind is a form of credential and the issuer who uses it.
type kind struct {
	name   string
	issuer *issue.Issuer
	form   issue.Form
	// requests that the first verification and a later one take: one for the issuer.
	// The university's document is asked for each time, and the first time it is
	// looked for among the registry's resources, too.
	requests, again int
}

// kinds are the credentials that the drill issues, one of each form.
func (s *issuers) kinds() []kind {
	return []kind{
		{"vc+jwt, did:web university", s.university, issue.VCJOSE, 3, 1},
		{"VC-JWT 1.1, did:key guild", s.guild, issue.VCJWT11, 1, 0},
		{"eddsa-jcs-2022, did:key guild", s.guild, issue.DataIntegrity, 0, 0},
		{"health card, https clinic", s.clinic, issue.HealthCard, 1, 0},
	}
}

// known are the credentials that are judged before the outage, and again after it.
func (s *issuers) known(now time.Time) ([]credential, error) {
	var good, forged []credential
	for i, k := range s.kinds() {
		c, err := k.form(k.issuer, 100+i, now)
		if err != nil {
			return nil, err
		}
		f, err := issue.Forge(c)
		if err != nil {
			return nil, err
		}
		good = append(good, credential{name: k.name, input: c, outcome: wire.Accepted, requests: k.requests})
		forged = append(forged, credential{name: "forged: " + k.name, input: f,
			outcome: wire.Rejected, reason: "bad_signature", requests: k.again})
	}
	c, err := issue.VCJWT11(s.stranger, 200, now)
	if err != nil {
		return nil, err
	}
	return append(append(good, forged...), credential{name: "VC-JWT 1.1, issuer not in registry", input: c,
		outcome: wire.Rejected, reason: "issuer_not_in_registry", requests: 1}), nil
}

// outage is how long the outage has lasted in the last lines of the drill.
const outage = 72 * time.Hour

// unseen are judged in the outage alone.
func (s *issuers) unseen(now time.Time) ([]credential, error) {
	var list []credential
	for i, k := range s.kinds() {
		c, err := k.form(k.issuer, 300+i, now)
		if err != nil {
			return nil, err
		}
		list = append(list, credential{name: "new: " + k.name, input: c, outcome: wire.Accepted})
	}
	c, err := issue.VCJWT11(s.harbour, 400, now)
	if err != nil {
		return nil, err
	}
	old := credential{input: list[0].input, later: outage}
	strict, lenient := old, old
	strict.name, strict.outcome, strict.reason = "3 days on, did:web, strict policy", wire.Undetermined, "stale_keys"
	lenient.name, lenient.outcome, lenient.acceptStale = "3 days on, did:web, acceptStale 30d", wire.AcceptedStale, "30d"
	return append(list, strict, lenient, credential{name: "issuer nobody had asked about", input: c,
		outcome: wire.Undetermined, reason: "registry_unavailable"}), nil
}
