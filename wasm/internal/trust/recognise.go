package trust

import (
	"errors"
	"fmt"
	"slices"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/wire"
)

// Recognition across registries. A registry that is trusted may take another one at
// its word, for an action on a resource, somewhere, for a time, and so many registries
// away. The rules:
//
//   - Only a registry that does not know the entity asks further: one that does, speaks
//     for itself, and no recognition widens what it says.
//   - Registries are asked in the order of their distance, then of the keys under which
//     they are recognised. The first yes counts, and what any of them before it says
//     against the entity. One that cannot be read may be the one that would say so: then
//     the answer is unknown.
//   - A registry recognises by an id. What a registry calls itself opens nothing.

// node is a registry on the way.
type node struct {
	reg       *registry.Registry
	remaining int                   // how many further registries may lie behind this one
	path      []wire.Link           // from it up to a registry that is trusted by itself
	scope     string                // the jurisdiction that the path leaves
	last      *snapshot.Recognition // the last one of path
	met       bool                  // one of the path speaks for the authority that is asked about
}

// reach is how a registry was come to. By another way its word may count elsewhere, or be
// by the authority that is asked about.
type reach struct {
	reg   *registry.Registry
	scope string
	met   bool
}

// recognised asks the registries that others recognise, starting from some that are
// trusted. ask is what one of them is asked, if so many further registries might still
// lie behind it.
func (k *asker) recognised(starts []node, behind int, ask func(node) Answer) Answer {
	var no, open, shut *Answer
	asked := slices.Clone(k.asked)
	reached := map[reach]int{} // how far beyond each may be gone
	var opened []string
	asks := 0
	queue := slices.Clone(starts)
	for steps := 0; len(queue) > 0; steps++ {
		n := queue[0]
		queue = queue[1:]
		if steps == maxExpanded {
			return Answer{Reason: TooMuchWork, Unknown: true, Detail: "the recognitions of more registries than are gone through"}
		}
		groups, a := k.list(n)
		if a != nil {
			open = first(open, *a)
			continue
		}
		for _, list := range groups {
			ways, reason := k.follow(n, list)
			ways = slices.DeleteFunc(ways, func(w node) bool { return w.remaining < behind })
			if reason != "" || len(ways) == 0 {
				continue
			}
			id := list[0].Registry
			if !slices.Contains(opened, id) && len(opened) == MaxOpened && k.regs.Known(id) == nil {
				return Answer{Reason: TooMuchWork, Unknown: true, Detail: fmt.Sprintf("more than %d recognised registries would have to be asked", MaxOpened)}
			}
			reg := k.regs.Open(id)
			if reg == nil {
				shut = first(shut, Answer{Reason: CannotOpen, Unknown: true, Detail: fmt.Sprintf("%s recognises %.200q, to which the request has no way", n.reg.Label, id)})
				continue
			}
			if slices.Contains(asked, reg) {
				continue // it was asked by itself
			}
			if !slices.Contains(opened, id) {
				opened = append(opened, id)
			}
			for _, next := range ways {
				if next.reg = reg; !next.met {
					k.miss(reg.Ready())
					next.met = reg.Speaks(k.q.Authority)
				}
				by := reach{reg, next.scope, next.met}
				before, again := reached[by]
				if again && before >= next.remaining {
					continue
				}
				reached[by] = next.remaining
				if !again {
					if asks++; asks > maxAsked {
						return Answer{Reason: TooMuchWork, Unknown: true, Detail: fmt.Sprintf("recognised registries would have to be asked more than %d times, by so many ways are they come to", maxAsked)}
					}
					switch a := ask(next); {
					case a.Unknown:
						open = first(open, a)
					case a.Reason == "" && open == nil:
						return a
					case a.Reason == "":
						return *open
					case against(a.Reason):
						return a
					case a.Reason != NotInRegistry:
						no = first(no, a)
						continue // it knows the entity: it speaks for itself
					}
				}
				if next.remaining > 0 {
					queue = append(queue, next)
				}
			}
		}
	}
	switch {
	case open != nil:
		return *open
	case no != nil:
		return *no
	case shut != nil:
		return *shut
	}
	return Answer{Reason: NotInRegistry}
}

// list returns the recognitions of a registry, by the registry that is recognised.
func (k *asker) list(n node) ([][]snapshot.Recognition, *Answer) {
	list, blocks, missing, err := n.reg.Recognitions()
	for _, m := range missing {
		k.miss(m)
	}
	if len(missing) > 0 {
		err = missing[0]
	}
	if err != nil {
		a := unreadable(&registry.Standing{Registry: n.reg, Err: err})
		var se *snapshot.Error
		if errors.As(err, &se) && se.Reason == snapshot.TooMany {
			a.Reason = TooMuchWork
		}
		return nil, &a
	}
	k.rest(n.reg, blocks)
	var groups [][]snapshot.Recognition
	for i, r := range list {
		if i == 0 || r.Registry != list[i-1].Registry {
			groups = append(groups, nil)
		}
		last := &groups[len(groups)-1]
		*last = append(*last, r)
	}
	return groups, nil
}

// follow answers whether a registry takes another one at its word for all that is
// asked, and how far. list are its recognitions of that one. Each that covers the first
// resource is a way of its own, as they may be for different places; the one that reaches
// furthest is the first.
func (k *asker) follow(n node, list []snapshot.Recognition) ([]node, Reason) {
	if len(k.q.Resources) == 0 {
		return nil, NotRecognised
	}
	starts, reason := k.recognitions(list, k.q.Resources[0], n.scope)
	var ways []node
	for _, r := range starts {
		next := node{remaining: min(n.remaining-1, r.Depth), scope: r.left, last: &r.Recognition}
		link := wire.Link{Registry: n.reg.Label, Entity: r.Registry, Grant: object(r.Recognition), By: n.reg.Label, At: wire.FormatTime(k.q.At)}
		next.path = append([]wire.Link{link}, n.path...)
		next.met = n.met || r.Registry == k.q.Authority
		all := true
		for _, resource := range k.q.Resources[1:] {
			others, why := k.recognitions(list, resource, next.scope)
			if why != "" {
				reason, all = why, false
				break
			}
			next.scope, next.remaining = others[0].left, min(next.remaining, others[0].Depth)
		}
		if all {
			ways = append(ways, next)
		}
	}
	if len(ways) > 0 {
		return ways, ""
	}
	return nil, reason
}

// usable is a recognition that covers what is asked, and the jurisdiction that it leaves.
type usable struct {
	snapshot.Recognition
	left string
}

// recognitions are those of a registry's recognitions of another one that cover a
// resource, the one that reaches furthest first, or say how near one came.
func (k *asker) recognitions(list []snapshot.Recognition, resource, scope string) (found []usable, reason Reason) {
	reason = NotRecognised
	for _, r := range list {
		if r.Action != k.q.Action || !k.covers(r.Resource, resource) {
			continue
		}
		part, ok := k.narrow(scope, r.Jurisdiction)
		why := NotInJurisdiction
		if ok {
			why, _ = k.inForce(r.State, r.From, r.Until, k.q.At, RecognitionGone, NotRecognisedNow)
		}
		switch {
		case why == "":
			found = append(found, usable{r, part})
		case reason == NotRecognised:
			reason = why
		}
	}
	if len(found) == 0 {
		return nil, reason
	}
	slices.SortStableFunc(found, func(a, b usable) int { return b.Depth - a.Depth })
	return found, ""
}

// Recognise answers whether a registry is recognised: q.Entity is an id of it.
func Recognise(q Question, regs Registries) Answer {
	k := newAsker(q, regs)
	trusted := regs.Trusted()
	if len(trusted) == 0 {
		return Answer{Reason: NoTrustAnchor, Unknown: true, Detail: "no registry was given that is trusted by itself, so nobody is trusted"}
	}
	// A registry may be recognised by any name that the request gives it.
	names := []string{q.Entity}
	if known := regs.Known(q.Entity); known != nil {
		for _, name := range known.Names {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	direct := func(n node) Answer { return k.direct(n, names) }
	asked, met := k.speaking(trusted)
	var yes, no, open *Answer
	var starts []node
	for _, r := range asked {
		n := node{reg: r, remaining: MaxOpened, met: met}
		switch a := direct(n); {
		case a.Unknown:
			open = first(open, a)
		case a.Reason == "":
			yes = first(yes, a)
		case a.Reason == NotInRegistry || a.Reason == NotByAuthority:
			starts = append(starts, n)
			fallthrough
		default:
			if no == nil || no.Reason == NotInRegistry {
				no = &a
			}
		}
	}
	switch {
	case yes != nil: // nothing that another registry says takes it back
		return k.conclude(*yes)
	case open != nil:
		return k.conclude(*open)
	}
	// A registry's own recognitions count as far as another one may lie behind it.
	a := k.recognised(starts, 1, direct)
	if a.Reason == NotInRegistry {
		a = *no
	}
	if a.Reason == NotInRegistry {
		a.Reason, a.Detail = NotRecognised, fmt.Sprintf("%.200q is recognised by none of the registries that were asked", q.Entity)
	}
	return k.conclude(k.represented(a))
}

// direct answers whether one registry itself recognises another, by one of its names.
func (k *asker) direct(n node, names []string) Answer {
	k.ask(n.reg)
	a := Answer{Standing: &registry.Standing{Registry: n.reg}, Reason: NotInRegistry}
	for _, name := range names {
		list, p, err := n.reg.Recognition(name)
		k.miss(err)
		k.rest(n.reg, p.Blocks)
		if err != nil {
			a.Standing.Err = err
			return unreadable(a.Standing)
		}
		if len(list) == 0 {
			continue
		}
		ways, reason := k.follow(n, list)
		switch {
		case reason != "":
			if a.Reason == NotInRegistry {
				a.Reason, a.Detail = reason, fmt.Sprintf("%s recognises %.200q, but not for what is asked", n.reg.Label, name)
			}
		case !n.met: // what it recognises says nothing of whose word that is
			a.Reason, a.Detail = NotByAuthority, fmt.Sprintf("%s recognises it, which does not speak for %.200q", n.reg.Label, k.q.Authority)
		default:
			a.Reason, a.Detail, a.Recognition, a.Path = "", "", ways[0].last, ways[0].path
			return a
		}
	}
	return a
}
