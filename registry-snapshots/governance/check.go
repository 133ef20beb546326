package governance

import (
	"slices"

	"github.com/ipfs/go-cid"
)

// ID is the registry's id, once CheckRoot has proven the root.
func (d *RootDoc) ID() string { return d.id }

// Missing is how many signatures of a role of root a document still wants. The role is
// "root", "head" or "fresh". Only signatures that hold count, each key once.
func Missing(e *Envelope, root *RootDoc, role string) int {
	r, ok := root.role(role)
	if !ok {
		return MaxSignatures + 1 // a role that is not there is never met
	}
	return r.Threshold - e.signed(r, root.keys)
}

func (d *RootDoc) role(name string) (Role, bool) {
	switch name {
	case "root":
		return d.Roles.Root, true
	case "head":
		return d.Roles.Head, true
	case "fresh":
		if d.Roles.Fresh != nil {
			return *d.Roles.Fresh, true
		}
	}
	return Role{}, false
}

// meets reports whether enough keys of a role have signed.
func (d *RootDoc) meets(e *Envelope, role string) error {
	if missing := Missing(e, d, role); missing > 0 {
		r, _ := d.role(role)
		return fail(BelowThreshold, "signatures", "%d keys of the %s role of root %d have signed, want %d of its %d",
			max(r.Threshold-missing, 0), role, d.Version, r.Threshold, len(r.Keys))
	}
	return nil
}

// CheckRoot proves a root: the first one, where prev is nil, by its own root role; any
// other by the root roles of prev, which must be proven, and its own, TUF Section
// 5.3.4 and 5.3.5. Whether it has expired is for the reader of the newest one to ask.
func CheckRoot(prev, next *RootDoc) error {
	if prev == nil {
		if next.Version != 1 {
			return fail(RootGap, "version", "%d, want 1: there is none before it", next.Version)
		}
		if err := next.meets(&next.Envelope, "root"); err != nil {
			return err
		}
		next.id, next.since = next.Location.String(), 1
		return nil
	}
	switch {
	case prev.id == "":
		return fail(RootGap, "prev", "root %d is not proven", prev.Version)
	case next.Registry != prev.id:
		return fail(WrongRegistry, "registry", "%.80q, want %s", next.Registry, prev.id)
	case next.Version != prev.Version+1:
		return fail(RootGap, "version", "%d, want %d", next.Version, prev.Version+1)
	case next.Prev != prev.Identity.String():
		return fail(WrongPrev, "prev", "%s, want %s", next.Prev, prev.Identity)
	}
	if err := prev.meets(&next.Envelope, "root"); err != nil {
		return err
	}
	if err := next.meets(&next.Envelope, "root"); err != nil {
		return err
	}
	next.id, next.since = prev.id, prev.since
	if !next.Roles.Head.equal(prev.Roles.Head) {
		next.since = next.Version
	}
	return nil
}

// CheckHead reports whether a head counts under root, the newest one, which must be
// proven. It may name an older root as long as the head role has stayed the same
// since: a rotation of head keys ends whatever was signed before, also by those keys
// that remain, so that an attacker's head ends with the attacker's keys and nothing
// from before can come back.
func CheckHead(root *RootDoc, head *HeadDoc) error {
	switch {
	case root.id == "":
		return fail(RootGap, "rootVersion", "root %d is not proven", root.Version)
	case head.Registry != root.id:
		return fail(WrongRegistry, "registry", "%.80q, want %s", head.Registry, root.id)
	case head.RootVersion > root.Version:
		return fail(RootGap, "rootVersion", "signed under root %d, and %d is the newest that is proven", head.RootVersion, root.Version)
	case head.RootVersion < root.since:
		return fail(Superseded, "rootVersion", "signed under root %d; root %d replaced the head keys", head.RootVersion, root.since)
	}
	return root.meets(&head.Envelope, "head")
}

// CheckFreshness reports whether a Freshness says of head that it was the newest one.
func CheckFreshness(root *RootDoc, head *HeadDoc, fresh *FreshnessDoc) error {
	if err := checkFreshness(root, fresh); err != nil {
		return err
	}
	if fresh.Version != head.Version || fresh.Head != head.Identity.String() {
		return fail(WrongHead, "head", "of head %d, %s; want %d, %s", fresh.Version, fresh.Head, head.Version, head.Identity)
	}
	return nil
}

// checkFreshness reports whether a Freshness of whatever head is one of the registry's.
func checkFreshness(root *RootDoc, fresh *FreshnessDoc) error {
	switch {
	case root.id == "":
		return fail(RootGap, "registry", "root %d is not proven", root.Version)
	case fresh.Registry != root.id:
		return fail(WrongRegistry, "registry", "%.80q, want %s", fresh.Registry, root.id)
	}
	return root.meets(&fresh.Envelope, "fresh")
}

// Location of root v in the list of a head.
func (h *HeadDoc) rootAt(v int64) (cid.Cid, bool) {
	if v < 2 || v > h.RootVersion {
		return cid.Undef, false
	}
	return h.roots[v-2], true
}

// mirrors are those of the newest root, then those that only older ones name.
func mirrors(roots []*RootDoc) []string {
	var list []string
	for _, r := range slices.Backward(roots) {
		for _, m := range r.Mirrors {
			if len(list) < maxMirrors && !slices.Contains(list, m) {
				list = append(list, m)
			}
		}
	}
	return list
}
