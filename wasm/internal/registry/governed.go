package registry

import (
	"fmt"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/wasm/wire"
)

// Evidence is what a governed registry is followed with.
type Evidence interface {
	// Block returns a block whose bytes match its CID.
	Block(c cid.Cid) ([]byte, bool)
	// Documents are what was obtained for a registry under a document's name.
	Documents(registry, name string) [][]byte
	// Gone reports whether a need could not be met, by its wire.Need.Name.
	Gone(name string) bool
}

// Terms are by which a registry's age is judged.
type Terms struct {
	Now time.Time
	// AcceptStale is the age up to which a stale head still counts, and the time for which
	// a record does after it was due; zero for none.
	AcceptStale time.Duration
	// Ask obtains the newest documents also where those at hand are fresh.
	Ask bool
}

// Distrust is why a governed registry is not asked for anything: no answer of it would
// be better than the evidence for it.
type Distrust struct {
	Reason governance.Reason
	Detail string
}

func (d *Distrust) Error() string { return string(d.Reason) + ": " + d.Detail }

// Governed is what a governed registry's documents say of it.
type Governed struct {
	*governance.Result
	ID string
	// Stale reports that the head is stale and that the terms accept its age.
	Stale bool

	distrust *Distrust // nil where it may be asked
	now      time.Time
}

// OpenGoverned follows a governed registry as far as the evidence goes; the registry
// need not be one of the request. While it has Needs, no answer of it counts. member
// is what errors call it.
func OpenGoverned(reg wire.Registry, member string, ev Evidence, terms Terms) (*Registry, error) {
	id, err := block.ParseCID(reg.ID)
	if err != nil {
		return nil, &wire.Error{Reason: wire.BadRequest, Member: member + ".id", Detail: err.Error()}
	}
	state, err := governance.ParseState(reg.State, reg.ID)
	if err != nil {
		return nil, &wire.Error{Reason: wire.BadRequest, Member: member + ".state", Detail: err.Error()}
	}
	g := &Governed{ID: reg.ID, now: terms.Now}
	g.Result = governance.Advance(id, state, documents{ev, reg.ID}, governance.Options{Now: terms.Now, Ask: terms.Ask})
	switch {
	case len(g.Needs) > 0:
		g.distrust = &Distrust{governance.Unavailable, "its documents are yet to be obtained"}
	case g.Reason == governance.Stale && g.accepts(terms.AcceptStale):
		g.Stale = true
	case g.Reason != "":
		g.distrust = &Distrust{g.Reason, g.Detail}
	}
	r := &Registry{Label: reg.ID, Recognised: reg.Recognised, get: ev.Block, Governed: g, Terms: terms}
	for _, name := range []string{reg.ID, reg.Authority} {
		if name != "" {
			r.Names = append(r.Names, name)
		}
	}
	if g.distrust == nil {
		r.root = g.Head.SnapshotCID()
		r.Label, r.AsOf = r.root.String(), wire.FormatTime(g.AsOf)
	}
	return r, nil
}

// accepts reports whether a stale head's age is within what the embedder accepts and
// what the registry lets it accept.
func (g *Governed) accepts(bound time.Duration) bool {
	if most, ok := g.MaxStale(wire.ClassRegistry); ok {
		bound = min(bound, most)
	}
	// A head that is not a second old can be stale too, where a newer one is announced:
	// a bound of nothing accepts nothing.
	return bound > 0 && g.Age() <= bound
}

// Age is the time since the head was last known to be the newest.
func (g *Governed) Age() time.Duration { return g.now.Sub(g.AsOf) }

// Distrust is why the registry is not asked, nil where it is.
func (g *Governed) Distrust() *Distrust { return g.distrust }

// Wanted are the needs as the contract has them.
func (g *Governed) Wanted() []wire.Need {
	list := make([]wire.Need, len(g.Needs))
	for i, n := range g.Needs {
		list[i] = wire.Need{MaxBytes: n.MaxBytes, Mirrors: g.Mirrors}
		if n.Block.Defined() {
			list[i].Block = n.Block.String()
		} else {
			list[i].Registry, list[i].Document = g.ID, n.Document
		}
	}
	return list
}

// documents is the evidence for one registry, as package governance takes it.
type documents struct {
	Evidence
	registry string
}

func (d documents) Documents(name string) [][]byte { return d.Evidence.Documents(d.registry, name) }

func (d documents) Gone(name string) bool {
	if _, err := block.ParseCID(name); err == nil {
		return d.Evidence.Gone(name)
	}
	return d.Evidence.Gone(wire.Need{Registry: d.registry, Document: name}.Name())
}

// States are how a governed registry's reasons show in wire.Freshness.
var states = map[governance.Reason]string{
	"": "fresh", governance.Stale: "stale", governance.Expired: "expired", governance.RootExpired: "expired",
	governance.ClockSuspect: "clock-suspect", governance.Rollback: "rollback", governance.Fork: "fork",
}

// Freshness is the age of the registry's head, and what is wrong with it.
func (g *Governed) Freshness() wire.Freshness {
	f := wire.Freshness{Class: wire.ClassRegistry, Source: g.ID, Origin: "signed", State: states[g.Reason], Notes: g.Notes, Conflict: g.Conflict}
	if f.State == "" || g.Head == nil {
		f.State = "unavailable"
	}
	if g.Head != nil {
		f.AsOf, f.Age, f.Bound = wire.FormatTime(g.AsOf), Age(g.Age()), Age(g.Until.Sub(g.AsOf))
	}
	return f
}

// Age writes a duration in its two largest units, as people do.
func Age(d time.Duration) string {
	d = max(d, 0).Truncate(time.Second)
	days, hours, minutes, seconds := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%dd%dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh%dm", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%dm%ds", minutes, seconds)
	}
	return fmt.Sprintf("%ds", seconds)
}
