package registry

import (
	"fmt"
	"slices"

	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/wire"
)

// Overdue is an entity whose record was to be renewed by now, and was not: the list that
// it is from is past its next update.
type Overdue struct {
	Entity string
	// Accepted reports that the terms accept it for so long after that.
	Accepted bool
}

// overdue judges the age of a record by its member due. A record that is past it is not
// used: no answer of it would be better than the list that it is from. Terms may accept
// it for some time after it was due, and no longer than a governed registry lets them.
func (r *Registry) overdue(e *snapshot.Entity) error {
	if e.Due == "" {
		return nil
	}
	due, err := wire.ParseTime(e.Due)
	if err != nil { // a reader of registries refuses such a record
		return err
	}
	late := r.Terms.Now.Sub(due)
	if late < 0 {
		return nil
	}
	bound := r.Terms.AcceptStale
	if g := r.Governed; g != nil {
		if most, ok := g.MaxStale(wire.ClassRegistry); ok {
			bound = min(bound, most)
		}
	}
	o := Overdue{Entity: e.ID, Accepted: bound > 0 && late <= bound}
	if len(r.Overdue) < maxSeen && !slices.Contains(r.Overdue, o) {
		r.Overdue = append(r.Overdue, o)
	}
	if o.Accepted {
		return nil
	}
	return &Distrust{governance.Stale, fmt.Sprintf("what is known of %.200q was to be renewed by %s, by a newer list, and it is %s", e.ID, e.Due, wire.FormatTime(r.Terms.Now))}
}
