package verify

import (
	"errors"

	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/wire"
)

// advance answers OpAdvance: needs, or how far each governed registry of the request
// has come.
func advance(c *wire.Case) wire.Reply {
	refuse := func(member, detail string) wire.Reply {
		return wire.Reply{Error: &wire.Error{Reason: wire.BadRequest, Member: member, Detail: detail}}
	}
	now, err := wire.ParseTime(c.Request.Now)
	if err != nil { // wire.OpenCase has checked it
		return refuse("now", err.Error())
	}
	ev, err := newEvidence(c, now)
	if err != nil {
		var we *wire.Error
		if errors.As(err, &we) {
			return wire.Reply{Error: we}
		}
		return refuse("registries", err.Error())
	}
	if len(ev.needs) > 0 {
		return wire.Reply{Needs: ev.needs}
	}
	reply := wire.Reply{}
	for _, r := range ev.registries {
		if r.Governed != nil {
			reply.Advance = append(reply.Advance, advanced(r.Governed))
		}
	}
	if reply.Advance == nil {
		return refuse("registries", "want a registry with an id: there is nothing to advance in others")
	}
	return reply
}

// The outcomes of an Advance.
const (
	outcomeAdvanced     = "advanced"
	outcomeUnchanged    = "unchanged"
	outcomeRefused      = "refused"
	outcomeUndetermined = "undetermined"
)

// advanced is what became of one registry.
func advanced(g *registry.Governed) wire.Advance {
	a := wire.Advance{Registry: g.ID, Outcome: outcomeUnchanged, Reason: string(g.Reason), Detail: g.Detail,
		State: g.State.Encode(), Mirrors: g.Mirrors, Rests: g.Rests, Conflict: g.Conflict}
	f := g.Freshness()
	a.Freshness = &f
	if g.Root != nil {
		a.Name, a.RootVersion = g.Root.Name, g.Root.Version
	}
	if g.Head != nil {
		a.Version, a.Head, a.Snapshot = g.Head.Version, g.Head.Location.String(), g.Head.Snapshot
	}
	switch g.Reason {
	case governance.Fork, governance.Rollback, governance.ClockSuspect, governance.BadState:
		a.Outcome = outcomeRefused
		return a
	case governance.Unavailable:
		a.Outcome = outcomeUndetermined
		return a
	}
	switch {
	case g.Head == nil:
		a.Outcome = outcomeRefused // what was obtained did not count, and there is nothing else
	case g.Changed:
		a.Outcome = outcomeAdvanced
		if g.Refused != nil && a.Detail == "" {
			a.Detail = "something else that was offered was refused: " + g.Refused.Error()
		}
	case g.Refused != nil:
		a.Outcome, a.Reason, a.Detail = outcomeRefused, string(g.Refused.Reason), g.Refused.Error()
	case !g.Obtained:
		a.Outcome, a.Reason, a.Detail = outcomeUndetermined, string(governance.Unavailable), "no document could be had"
	}
	return a
}
