package main

import (
	"fmt"
	"strings"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/internal/verify"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// question is one credential and all that is at hand to judge it.
type question struct {
	input     []byte
	mediaType string
	now       string
	entities  []strictjson.Object
	documents []document // obtained at now
	expect    *wire.Expect
	policy    *wire.Policy
}

type document struct {
	url  string
	body []byte
}

// ask puts the question to the verifier as an embedder would: a case, and a further one
// for every round of needs. What a vector does not come with could not be obtained.
func (q question) ask() (wire.Verdict, error) {
	in := block.New(block.Raw, q.input)
	blocks := []block.Block{in}
	req := wire.Request{Verilith: wire.Contract, Op: wire.OpVerify, Now: q.now,
		Input:      &wire.Input{Block: in.CID.String(), MediaType: q.mediaType},
		Registries: []wire.Registry{{Entities: q.entities}}, Expect: q.expect, Policy: q.policy,
	}
	if q.entities == nil {
		req.Registries = nil
	}
	for _, d := range q.documents {
		b := block.New(block.Raw, d.body)
		blocks = append(blocks, b)
		req.Evidence = append(req.Evidence, wire.Evidence{URL: d.url, Block: b.CID.String(), Obtained: q.now})
	}
	for range wire.MaxRounds {
		data, _, err := wire.SealCase(req, blocks)
		if err != nil {
			return wire.Verdict{}, err
		}
		reply, err := wire.DecodeReply(verify.Run(data))
		switch {
		case err != nil:
			return wire.Verdict{}, fmt.Errorf("the reply: %w", err)
		case reply.Error != nil:
			return wire.Verdict{}, reply.Error
		case reply.Verdict != nil:
			return *reply.Verdict, nil
		}
		for _, n := range reply.Needs {
			req.Unobtainable = append(req.Unobtainable, n.Block+n.URL)
		}
	}
	return wire.Verdict{}, fmt.Errorf("no verdict after %d rounds", wire.MaxRounds)
}

// decisive is the check that settled a verdict: the first that failed, or else the
// first that was not made for want of evidence.
func decisive(v wire.Verdict) wire.Check {
	for _, result := range []wire.Result{wire.Fail, wire.Unknown} {
		for _, c := range v.Checks {
			if c.Result == result {
				return c
			}
		}
	}
	return wire.Check{}
}

// of returns a check of a verdict by name.
func of(v wire.Verdict, name string) wire.Check {
	for _, c := range v.Checks {
		if c.Check == name {
			return c
		}
	}
	return wire.Check{}
}

func said(v wire.Verdict) string {
	c := decisive(v)
	return strings.TrimSuffix(fmt.Sprintf("%s %s %s: %s", v.Outcome, c.Check, c.Reason, c.Detail), " : ")
}

// answer is what a verdict must be.
type answer struct {
	kind    kind
	outcome wire.Outcome
	check   string // the decisive one, "" where it is accepted
	reason  string
	// proven asks that the proof holds, whatever else keeps the credential from being accepted.
	proven bool
	// why, if it is there, says why the case is not applicable. The verdict must be
	// this one all the same.
	why string
}

func accepted() answer { return answer{kind: valid, outcome: wire.Accepted} }

func rejected(check, reason string) answer {
	return answer{kind: invalid, outcome: wire.Rejected, check: check, reason: reason}
}

// notYet is a credential that cannot be judged, because something in it is of a kind
// that the verifier does not know. The source expects it to be k.
func notYet(k kind, check, reason, why string) answer {
	return answer{kind: k, outcome: wire.Undetermined, check: check, reason: reason, why: why}
}

// judge asks and compares.
func (s *session) judge(v vector, part string, q question, want answer) {
	got, err := q.ask()
	if err != nil {
		s.fail(v, part, want.kind, "no verdict: %v", err)
		return
	}
	c := decisive(got)
	switch {
	case got.Outcome != want.outcome || c.Check != want.check || c.Reason != want.reason:
		s.fail(v, part, want.kind, "%s; want %s %s %s", said(got), want.outcome, want.check, want.reason)
	case want.proven && of(got, wire.CheckProof).Result != wire.Pass:
		s.fail(v, part, want.kind, "%s, as wanted, but the proof is %+v", said(got), of(got, wire.CheckProof))
	case want.why != "":
		s.skip(v, part, want.kind, want.why)
	default:
		s.pass(v, part, want.kind)
	}
}

// entity is an issuer as an inline registry holds it, authorised for everything. Its
// keys are JWKs with the names that proofs call them by.
func entity(id string, keys ...namedKey) strictjson.Object {
	e := strictjson.Object{"id": id, "kind": "issuer",
		"auth": []any{strictjson.Object{"action": "issue", "resource": "*"}}}
	var list []any
	for _, k := range keys {
		list = append(list, strictjson.Object{"kid": k.kid, "jwk": k.jwk})
	}
	if list != nil {
		e["keys"] = list
	}
	return e
}

type namedKey struct {
	kid string
	jwk strictjson.Object
}

// public is a JWK without its private half: sources print both.
func public(jwk strictjson.Object) strictjson.Object {
	return jwk.Without("d", "p", "q", "dp", "dq", "qi", "oth", "k")
}

// flip changes one bit of one character in the middle third of a token, so that it
// stays of its form and says something else.
func flip(token string, at int) string {
	b := []byte(token)
	if b[at] == 'A' {
		b[at] = 'B'
	} else {
		b[at] = 'A'
	}
	return string(b)
}
