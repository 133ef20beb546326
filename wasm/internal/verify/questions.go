package verify

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/internal/trust"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// query answers OpAuthorize and OpRecognize: needs, or an answer. They are the two
// queries of the Trust Registry Query Protocol 2.0; entity_id, authority_id, action,
// resource and context.time are the members of wire.Query.
func query(c *wire.Case) wire.Reply {
	refuse := func(member string, err error) wire.Reply {
		var we *wire.Error
		if !errors.As(err, &we) {
			we = &wire.Error{Reason: wire.BadRequest, Member: member, Detail: err.Error()}
		}
		return wire.Reply{Error: we}
	}
	now, err := wire.ParseTime(c.Request.Now)
	if err != nil { // wire.OpenCase has checked it, as it has the query's time
		return refuse("now", err)
	}
	asked := *c.Request.Query
	at := now
	if asked.Time != "" {
		if at, err = wire.ParseTime(asked.Time); err != nil {
			return refuse("query.time", err)
		}
	}
	ev, err := newEvidence(c, now)
	if err != nil {
		return refuse("registries", err)
	}
	q := trust.Question{Entity: asked.Entity, Authority: asked.Authority, Action: asked.Action,
		Resources: []string{asked.Resource}, Jurisdiction: asked.Jurisdiction, At: at, Now: now}
	var a trust.Answer
	switch {
	case at.Sub(now) > maxSkew:
		a = trust.Answer{Reason: TimeAhead, Unknown: true, Detail: "nobody knows what will be at " + wire.FormatTime(at)}
	case c.Request.Op == wire.OpRecognize:
		a = trust.Recognise(q, ev)
	default:
		a = trust.Ask(q, ev)
	}
	ev.take(&a)
	if len(ev.needs) > 0 {
		return wire.Reply{Needs: ev.needs}
	}
	return wire.Reply{Answer: answer(ev, &a, asked, at)}
}

// TimeAhead is why a question about the future has no answer.
const TimeAhead trust.Reason = "time_in_future"

func answer(ev *evidence, a *trust.Answer, asked wire.Query, at time.Time) *wire.Answer {
	r := newReport(ev.now)
	registriesFreshness(ev, r)
	overdue(ev, r)
	out := &wire.Answer{Result: wire.Pass, Reason: string(a.Reason), Detail: a.Detail, Query: asked,
		Now: wire.FormatTime(ev.now), Time: wire.FormatTime(at), Path: a.Path, Freshness: r.v.Freshness, Relaxed: r.v.Relaxed}
	switch {
	case a.Unknown:
		out.Result = wire.Unknown
	case a.Reason != "":
		out.Result = wire.Fail
	case a.Recognition != nil:
		out.Detail = fmt.Sprintf("%.200q is recognised to %s %.200q", asked.Entity, asked.Action, asked.Resource)
	default:
		out.Detail = fmt.Sprintf("%.200q may %s %.200q", asked.Entity, asked.Action, asked.Resource)
	}
	for i := range a.Standings {
		s := &a.Standings[i]
		t := trustShown(s, nil)
		if a.Standing != nil && s.Registry == a.Standing.Registry {
			t = trustShown(a.Standing, a.Grant)
			if a.Recognition != nil {
				t = trustShown(a.Standing, a.Recognition)
			}
			if a.Key != nil {
				if o, ok := strictjson.From(*a.Key).(strictjson.Object); ok {
					o = o.Without("jwk", "x5c")
					t.Key = &o
				}
			}
		}
		out.Trust = append(out.Trust, *t)
	}
	return out
}

// The evidence is where questions go to: it is trust's Registries.

// Trusted are the registries of the request that are trusted by themselves.
func (ev *evidence) Trusted() []*registry.Registry {
	return slices.DeleteFunc(slices.Clone(ev.registries), func(r *registry.Registry) bool { return r.Recognised })
}

// Known returns the registry of the request that goes by an id, or nil.
func (ev *evidence) Known(id string) *registry.Registry {
	for _, r := range ev.registries {
		if slices.Contains(r.Names, id) {
			return r
		}
	}
	return nil
}

// Open returns the registry that goes by an id: one of the request, or one whose id says
// what it is by its hash. What else a registry is called says nothing of where it is.
func (ev *evidence) Open(id string) *registry.Registry {
	if r := ev.Known(id); r != nil {
		return r
	}
	if r, ok := ev.beyond[id]; ok {
		return r
	}
	c, err := block.ParseCID(id)
	if err != nil {
		return nil
	}
	reg := wire.Registry{Recognised: true}
	switch c.Prefix().Codec {
	case block.JSON:
		reg.ID = id
	case block.DagCBOR:
		reg.Snapshot = id
	default:
		return nil
	}
	r, err := ev.open(reg, "recognition")
	if err != nil {
		return nil
	}
	ev.beyond[id] = r
	return r
}

// take turns what an answer lacks into needs, and notes whose word it is.
func (ev *evidence) take(a *trust.Answer) {
	for _, m := range a.Missing {
		ev.needBlock(m.CID, m.Path)
	}
	for _, s := range a.Standings {
		ev.heard = append(ev.heard, s.Registry)
	}
}

// voices are the registries whose word counts: those that are trusted, and those that
// were asked because one of these recognises them.
func (ev *evidence) voices() []*registry.Registry {
	list := ev.Trusted()
	for _, r := range ev.heard {
		if !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	return list
}
