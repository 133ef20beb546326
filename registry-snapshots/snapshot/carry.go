package snapshot

import (
	"iter"
	"slices"
)

// Carry adds to a source what the snapshot before it knew and the source no
// longer says, so that "was it so when the credential was issued" keeps its
// answer. at is the time of the source.
//
//   - A key or authorization that is gone stays, retired, until at.
//   - An entity that is gone stays, retired, with all its keys and
//     authorizations retired.
//   - A change of status is noted in the history.
//
// What the source does say, stands. A key that was never valid before at is not
// kept. Evidence of entities that are carried is that of the old snapshot.
func Carry(prev *Snapshot, at string, source iter.Seq2[Entity, error]) iter.Seq2[Entity, error] {
	return func(yield func(Entity, error) bool) {
		taken := map[string]bool{} // identifiers that the source has
		if err := instant(place{name: "at"}, &at); err != nil || at == "" {
			yield(Entity{}, &Error{Reason: BadValue, Member: "at", Detail: "want the time of the source"})
			return
		}
		for e, err := range source {
			if err == nil {
				for _, id := range append([]string{e.ID}, e.IDs...) {
					taken[id] = true
				}
				e, err = carry(prev, at, e)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
		for old, err := range prev.Entities() {
			if err == nil && taken[old.ID] {
				continue
			}
			if err == nil {
				old = retire(old, at)
				old.IDs = slices.DeleteFunc(slices.Clone(old.IDs), func(id string) bool { return taken[id] })
			}
			if !yield(old, err) || err != nil {
				return
			}
		}
	}
}

// carry adds to an entity what the old snapshot knew under any of its identifiers.
func carry(prev *Snapshot, at string, e Entity) (Entity, error) {
	id := e.ID
	e, err := e.Normal()
	if err != nil {
		return Entity{}, inEntity(id, err)
	}
	status, before := e.Status, e.Status
	for _, name := range append([]string{id}, e.IDs...) {
		old, p, err := prev.Entity(name)
		if err != nil {
			return Entity{}, inEntity(id, err)
		}
		if !p.Found || old.ID != name {
			continue
		}
		if name == id {
			before = old.Status
		}
		for _, k := range old.Keys {
			if !hasKey(e.Keys, k) {
				e.Keys = append(e.Keys, retireKey(k, at)...)
			}
		}
		for _, a := range old.Auth {
			if !hasAuth(e.Auth, a) {
				e.Auth = append(e.Auth, retireAuth(a, at)...)
			}
		}
		e.History = append(e.History, old.History...)
	}
	if status != before {
		e.History = append(e.History, Event{At: at, Status: status})
	}
	return e.Normal()
}

func hasKey(list []Key, k Key) bool {
	for _, other := range list {
		if compareKeys(k, other) == 0 {
			return true
		}
	}
	return false
}

// hasAuth compares what is allowed and by whom, not when.
func hasAuth(list []Authorization, a Authorization) bool {
	for _, b := range list {
		if a.Action == b.Action && a.Resource == b.Resource && a.Jurisdiction == b.Jurisdiction && a.By == b.By {
			return true
		}
	}
	return false
}

// retire returns an entity that its source no longer has.
func retire(e Entity, at string) Entity {
	keys, auth := e.Keys, e.Auth
	e.Keys, e.Auth, e.Due = nil, nil, "" // nobody will say it anew
	for _, k := range keys {
		e.Keys = append(e.Keys, retireKey(k, at)...)
	}
	for _, a := range auth {
		e.Auth = append(e.Auth, retireAuth(a, at)...)
	}
	if e.Status == "" || e.Status == Suspended {
		e.Status = Retired
		e.History = append(slices.Clone(e.History), Event{At: at, Status: Retired, Note: "no longer in the source"})
	}
	return e
}

// retireKey returns the key retired, or as it is if it had ended otherwise, or
// nothing if it was never valid.
func retireKey(k Key, at string) []Key {
	if !retireAt(&k.State, k.From, &k.Until, at) {
		return nil
	}
	return []Key{k}
}

func retireAuth(a Authorization, at string) []Authorization {
	if !retireAt(&a.State, a.From, &a.Until, at) {
		return nil
	}
	return []Authorization{a}
}

// retireAt ends a period at the latest at a time. It reports false if the period
// had not begun by then.
func retireAt(state *string, from string, until *string, at string) bool {
	if *state != "" && *state != Suspended {
		return true
	}
	if from != "" && compareTimes(from, at) >= 0 {
		return false
	}
	*state = Retired
	if *until == "" || compareTimes(*until, at) > 0 {
		*until = at
	}
	return true
}
