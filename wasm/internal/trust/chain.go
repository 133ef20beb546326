package trust

import (
	"fmt"
	"slices"
	"time"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// Chains of accreditation, as of a Root Trusted Accreditation Organisation, a Trusted
// Accreditation Organisation and a Trusted Issuer in the European Blockchain Services
// Infrastructure (EBSI):
//
//   - An authorization without by, or by the registry's own authority, is the registry's
//     own word, and needs nobody else's.
//   - One by another entity is as good as that entity's right to grant it: the action
//     "accredit" for the resource, in the same registry, at the time when it granted
//     it. That is the authorization's from, or where it has none the time at which the
//     authorization itself is judged. The right is an authorization in its turn.
//   - What an accreditor did in time stands when it retires, or its right ends. While it
//     is suspended, revoked or compromised at the judged time, or its right is, nothing
//     that rests on it stands. EBSI and TRQP 2.0 leave that open; this is the strict reading.
//   - Nobody accredits itself, but who has the right from the registry itself: EBSI's
//     root accredits itself to issue. No chain comes back to where it was.

// claim is what an entity is to be shown authorised for.
type claim struct {
	reg      *registry.Registry
	entity   *snapshot.Entity
	action   string
	resource string
	at       time.Time
	scope    string // the jurisdiction that the links below leave
	met      bool   // a link below, or the registry, is of the authority that is asked about
	own      bool   // only the registry's own word counts
	above    []string
}

// way is a chain that shows a claim, or why there is none.
type way struct {
	reason  Reason
	detail  string
	unknown bool
	near    int // how near it came, for the reason to give of several
	grant   *snapshot.Authorization
	path    []wire.Link
}

// How near a refused authorization came: the last is nearest.
const (
	another = iota
	elsewhere
	otherTime
	retired
	revoked
	unfounded // it covers the question, and its accreditor could not grant it
)

// covering finds an authorization that covers a claim, or says how near one came. The
// registry's own word comes first: it needs no chain.
func (k *asker) covering(c claim) way {
	best := way{reason: NotAuthorised, near: another,
		detail: fmt.Sprintf("%s has no authorization to %s %.200q", called(c.entity), c.action, c.resource)}
	better := func(w way) {
		// An open way outweighs a closed one: it may be the one.
		if w.unknown && !best.unknown || w.unknown == best.unknown && w.near > best.near {
			best = w
		}
	}
	for _, own := range []bool{true, false} {
		if c.own && !own {
			break
		}
		for i := range c.entity.Auth {
			g := &c.entity.Auth[i]
			if g.Action != c.action || !k.covers(g.Resource, c.resource) || (g.By == "" || c.reg.Speaks(g.By)) != own {
				continue
			}
			w := k.by(c, g, own)
			if w.reason == "" {
				return w
			}
			better(w)
		}
	}
	return best
}

// by judges one authorization.
func (k *asker) by(c claim, g *snapshot.Authorization, own bool) way {
	refuse := func(near int, reason Reason, format string, args ...any) way {
		return way{reason: reason, near: near, detail: fmt.Sprintf("the authorization of %s to %s %.200q ", called(c.entity), g.Action, g.Resource) + fmt.Sprintf(format, args...)}
	}
	if k.steps++; k.steps > maxSteps {
		w := refuse(unfounded, TooMuchWork, "is one of more than %d that the question leads to", maxSteps)
		w.unknown = true
		return w
	}
	scope, ok := k.narrow(c.scope, g.Jurisdiction)
	if !ok {
		return refuse(elsewhere, NotInJurisdiction, "is for %.60q", g.Jurisdiction)
	}
	if reason, detail := k.inForce(g.State, g.From, g.Until, c.at, GrantRevoked, NotInForce); reason != "" {
		near := otherTime
		if reason == GrantRevoked {
			near = revoked
		}
		return refuse(near, reason, "%s; it is judged at %s", detail, wire.FormatTime(c.at))
	}
	if status, dated := k.statusAt(c.entity, c.at); status == snapshot.Retired && !dated && g.Until == "" {
		return refuse(retired, IssuerRetired, "does not say when it ended, and the registry has retired the entity")
	}
	link := wire.Link{Registry: c.reg.Label, Entity: c.entity.ID, Title: title(c.entity), Grant: object(g), By: g.By, At: wire.FormatTime(c.at)}
	met := c.met || g.By != "" && g.By == k.q.Authority
	if own {
		if !met {
			return refuse(unfounded, NotByAuthority, "is not by %.200q", k.q.Authority)
		}
		if link.By == "" {
			link.By = c.reg.Label
		}
		return way{grant: g, path: []wire.Link{link}}
	}
	c.scope, c.met = scope, met
	w := k.accredited(c, g)
	w.near = unfounded
	if w.reason == "" {
		w.grant, w.path = g, append([]wire.Link{link}, w.path...)
	}
	return w
}

// accredited shows that the entity that granted g, to the entity of c, had the right to.
func (k *asker) accredited(c claim, g *snapshot.Authorization) way {
	if len(c.above) == MaxChain {
		return way{reason: AccreditationTooDeep, detail: fmt.Sprintf("more than %d accreditations stand behind the authorization", MaxChain)}
	}
	at := c.at
	if g.From != "" {
		t, err := wire.ParseTime(g.From)
		if err != nil { // a reader of registries refuses such a record
			return way{reason: RegistryMalformed, unknown: true, detail: err.Error()}
		}
		at = t
	}
	s := k.entity(c.reg, g.By)
	switch {
	case s.Err != nil:
		a := unreadable(&s)
		return way{reason: a.Reason, unknown: true, detail: a.Detail}
	case s.Entity == nil:
		return way{reason: AccreditorNotInRegistry, detail: fmt.Sprintf("%s is authorised by %.200q, which is not in %s", called(c.entity), g.By, c.reg.Label)}
	}
	up := claim{reg: c.reg, entity: s.Entity, action: Accredit, resource: c.resource, at: at, scope: c.scope,
		met: c.met || s.Entity.ID == k.q.Authority || slices.Contains(s.Entity.IDs, k.q.Authority)}
	if up.entity.ID == c.entity.ID {
		if c.action == Accredit {
			return way{reason: SelfAccreditation, detail: called(c.entity) + " gives itself the right to accredit"}
		}
		up.own = true
	} else if slices.Contains(c.above, up.entity.ID) {
		return way{reason: AccreditationCycle, detail: called(up.entity) + " is accredited by way of itself"}
	}
	up.above = append(slices.Clone(c.above), c.entity.ID)
	if reason, detail := k.mayHaveGranted(up.entity, at); reason != "" {
		return way{reason: reason, detail: detail}
	}
	w := k.covering(up)
	switch w.reason {
	case "", AccreditorNotInRegistry, AccreditorRevoked, AccreditorSuspended, AccreditationCycle, SelfAccreditation, AccreditationTooDeep, NotByAuthority:
	default:
		if up.own {
			w.reason = SelfAccreditation
		} else if !w.unknown {
			w.reason = AccreditorNotAuthorised
		}
	}
	return w
}

// mayHaveGranted answers whether an accreditor was in a position to grant something at
// a time, and has not lost since what rests on it.
func (k *asker) mayHaveGranted(e *snapshot.Entity, at time.Time) (Reason, string) {
	then, detail := k.conduct(e, at)
	since, detailSince := k.conduct(e, k.q.At)
	if then == "" || against(since) {
		then, detail = since, detailSince
		if !against(since) {
			return "", "" // what it granted in time stands when it retires
		}
	}
	detail = called(e) + " is an accreditor: " + detail
	switch then {
	case IssuerRevoked:
		return AccreditorRevoked, detail
	case IssuerSuspended:
		return AccreditorSuspended, detail
	}
	return AccreditorNotAuthorised, detail
}

// called is what details call an entity.
func called(e *snapshot.Entity) string {
	if t := title(e); t != "" {
		return t
	}
	return e.ID
}

func title(e *snapshot.Entity) string {
	if len(e.Names) > 0 {
		return e.Names[0]
	}
	return ""
}

func object(v any) *strictjson.Object {
	o, ok := strictjson.From(v).(strictjson.Object)
	if !ok {
		return nil
	}
	return &o
}
