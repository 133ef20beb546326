package verify

import (
	"strings"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/wire"
)

// report is a verdict in the making. Checks are appended, never looked up and overwritten.
type report struct {
	v wire.Verdict
}

func newReport(now time.Time) *report {
	return &report{wire.Verdict{Now: wire.FormatTime(now), Checks: []wire.Check{}}}
}

func (r *report) add(check string, result wire.Result, reason, detail string, rests ...string) {
	r.v.Checks = append(r.v.Checks, wire.Check{Check: check, Result: result, Reason: reason, Detail: beside(reason, detail), Rests: rests})
}

// beside is a detail without the reason that its error began with, once for each package
// that it came through: they stand side by side.
func beside(reason, detail string) string {
	for reason != "" && strings.HasPrefix(detail, reason+": ") {
		detail = detail[len(reason)+2:]
	}
	return detail
}

func (r *report) pass(check, detail string, rests ...string) {
	r.add(check, wire.Pass, "", detail, rests...)
}

// fail adds a check that did not pass: failed, or unknown where the evidence did not suffice.
func (r *report) fail(check, reason, detail string, unknown bool, rests ...string) {
	result := wire.Fail
	if unknown {
		result = wire.Unknown
	}
	r.add(check, result, reason, detail, rests...)
}

// skip says that the checks were not made, and why.
func (r *report) skip(reason, detail string, checks ...string) {
	for _, c := range checks {
		r.add(c, wire.Skipped, reason, detail)
	}
}

func (r *report) relax(rule, check, reason string) {
	r.v.Relaxed = append(r.v.Relaxed, wire.Relaxed{Rule: rule, Check: check, Reason: reason})
}

// problem adds the failure as problem details with one of the W3C's types.
func (r *report) problem(kind, reason, detail string) {
	r.v.Problems = append(r.v.Problems, wire.Problem{Type: kind, Title: reason, Detail: beside(reason, detail)})
}

// conclude settles the outcome: a failed check rejects, an unknown one leaves it
// undetermined, and a skipped one without either would be a fault of ours, so it does
// not pass.
func (r *report) conclude(stale bool) wire.Verdict {
	v := &r.v
	v.Outcome = wire.Accepted
	if stale {
		v.Outcome = wire.AcceptedStale
	}
	for _, want := range []struct {
		result  wire.Result
		outcome wire.Outcome
	}{{wire.Fail, wire.Rejected}, {wire.Unknown, wire.Undetermined}} {
		for _, c := range v.Checks {
			if c.Result == want.result {
				v.Outcome, v.Reason = want.outcome, c.Reason
				return *v
			}
		}
	}
	for _, c := range v.Checks {
		if c.Result == wire.Skipped && c.Reason != skippedByPolicy {
			v.Outcome, v.Reason = wire.Undetermined, c.Reason
		}
	}
	return *v
}

// Why a check is skipped.
const (
	skippedEarlier  = "earlier_failure"
	skippedByPolicy = "policy"
)

func cids(list []cid.Cid) []string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.String()
	}
	return out
}

func age(d time.Duration) string { return registry.Age(d) }
