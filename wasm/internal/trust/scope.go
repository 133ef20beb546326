package trust

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/registry"
	"github.com/verilith/verilith/wasm/wire"
)

// general are the types that every credential of its kind has. Whoever may issue those
// may issue any of the kind.
var general = []string{"VerifiableCredential", "https://smarthealth.cards#health-card"}

// Resources are what an issuer must be authorised for, all of it: the credential's
// types less the general ones. A credential that says more than its issuer may say is
// not partly right. One that has no type of its own is what its schemas are. kinds are
// the general types that it has.
func Resources(c *cred.Credential) (kinds, resources []string) {
	for _, t := range c.Types {
		if slices.Contains(general, t) {
			kinds = append(kinds, t)
		} else {
			resources = append(resources, t)
		}
	}
	if len(resources) > 0 {
		return kinds, resources
	}
	for _, s := range c.Schema {
		if id := s.String("id"); id != "" {
			resources = append(resources, id)
		}
	}
	if len(resources) > 0 {
		return kinds, resources
	}
	return kinds, c.Types
}

// covers reports whether what is written in a registry covers a resource: it is the
// same text, a general type of it, or "*", which is written out.
func (k *asker) covers(written, resource string) bool {
	return written == "*" || written == resource || slices.Contains(k.q.Kinds, written)
}

// narrow returns the part of a scope that a jurisdiction leaves, "" being everywhere.
// What the question asks for has to be covered whole; where it asks for no jurisdiction,
// what is left of one grant after the other has to be something.
func (k *asker) narrow(scope, jurisdiction string) (string, bool) {
	switch {
	case k.q.Jurisdiction != "":
		return "", jurisdiction == "" || within(k.q.Jurisdiction, jurisdiction)
	case jurisdiction == "":
		return scope, true
	case scope == "" || within(jurisdiction, scope):
		return jurisdiction, true
	}
	return scope, within(scope, jurisdiction)
}

// within reports whether a jurisdiction is another one or a subdivision of it: by ISO
// 3166-2 the code of a subdivision is that of its country, a hyphen and one to three
// letters or digits. What is no such code is compared as it is.
func within(part, whole string) bool {
	if part == whole {
		return true
	}
	rest, ok := strings.CutPrefix(part, whole+"-")
	return ok && len(whole) == 2 && upper(whole) && len(rest) >= 1 && len(rest) <= 3 && upper(rest)
}

// upper reports whether s has only upper-case letters and digits.
func upper(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// inForce answers whether something with a state and a window was in force at a time.
// An empty reason is a yes; the others are given. What is retired says when it ended:
// without that nothing is known to be before it, and today it is not in force.
func (k *asker) inForce(state, from, until string, at time.Time, revoked, outside Reason) (Reason, string) {
	switch state {
	case "", snapshot.Active, snapshot.Retired:
	default:
		return revoked, "is " + state
	}
	early, late, err := registry.Within(from, until, at)
	switch {
	case err != nil:
		return outside, err.Error()
	case early:
		return outside, "holds from " + from
	case late:
		return outside, "held until " + until
	case state == snapshot.Retired && (until == "" || !at.Before(k.q.Now)):
		return outside, "is retired"
	}
	return "", ""
}

// notActive is the status of an entity before its history begins with a return to
// activity: whatever it was, it was not active.
const notActive = "not active"

// statusAt is the status of an entity at a time, by its history: the last change by
// then. dated says that the history says since when. A status of today that no change
// leads to holds since an unknown time after the last change.
func (k *asker) statusAt(e *snapshot.Entity, at time.Time) (status string, dated bool) {
	status, dated = e.Status, false
	if status == snapshot.Active {
		status = ""
	}
	if n := len(e.History); n > 0 && e.History[n-1].Status == status {
		dated = true
	}
	if !at.Before(k.q.Now) {
		return status, dated
	}
	before := "" // of the change that is looked at
	for i, h := range e.History {
		t, err := wire.ParseTime(h.At)
		if err != nil || at.Before(t) {
			if i == 0 && h.Status == "" {
				return notActive, true
			}
			return before, true
		}
		before = h.Status
	}
	if len(e.History) > 0 && (dated || status == "") {
		return before, true
	}
	return status, false
}

// conduct answers whether the registry lets the entity act at a time, whatever it is
// authorised to do. An empty reason is a yes.
func (k *asker) conduct(e *snapshot.Entity, at time.Time) (Reason, string) {
	status, dated := k.statusAt(e, at)
	if k.q.Held && (e.Status == snapshot.Suspended || e.Status == snapshot.Revoked) {
		status = e.Status
	}
	if e.Status == snapshot.Compromised { // since when is never known
		status = e.Status
	}
	switch status {
	case "", snapshot.Active:
		return "", ""
	case snapshot.Retired:
		// Without a date the authorizations say when they ended.
		if dated || !at.Before(k.q.Now) {
			return IssuerRetired, fmt.Sprintf("the registry had retired the issuer by %s", wire.FormatTime(at))
		}
		return "", ""
	case snapshot.Suspended:
		return IssuerSuspended, "the registry has suspended the issuer"
	case notActive:
		return IssuerNotActive, fmt.Sprintf("by its history the issuer is active since a time after %s", wire.FormatTime(at))
	}
	return IssuerRevoked, fmt.Sprintf("the registry holds the issuer as %.40q", status)
}
