// Package trust answers who may say what: issuer × action × resource × time.
//
// All registries of a request are asked: one of them must authorise the issuer, and
// what any of them says against it counts. A registry that cannot be read is not an
// empty one.
package trust

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/proof"
	"github.com/verilith/verilith/wasm/internal/registry"
)

// Reason is the stable part of an answer that is not a yes.
type Reason string

// The reasons of this package.
const (
	NoTrustAnchor       Reason = "no_trust_anchor"            // no registry was given
	RegistryUnavailable Reason = "registry_unavailable"       // a registry could not be read
	RegistryMalformed   Reason = "registry_malformed"         // a registry breaks the format
	NotInRegistry       Reason = "issuer_not_in_registry"     // proven absent
	NotAuthorised       Reason = "issuer_not_authorised"      // no authorization covers the credential
	NotInForce          Reason = "authorization_not_in_force" // it covered it at another time
	GrantRevoked        Reason = "authorization_revoked"
	IssuerSuspended     Reason = "issuer_suspended"
	IssuerRevoked       Reason = "issuer_revoked"
	IssuerRetired       Reason = "issuer_retired"
)

// Action is what an issuer must be authorised to do.
const Action = "issue"

// Answer is what the registries say together.
type Answer struct {
	Reason  Reason // "" is a yes
	Detail  string
	Unknown bool // it is not a no either: the evidence does not suffice
	// Standing is that of the registry that decided, nil where none did.
	Standing *registry.Standing
	// Grant is the first authorization that the yes rests on.
	Grant *snapshot.Authorization
}

// Check answers whether the issuer of a proven credential may say what it says, at the
// time when it was signed.
func Check(p proof.Proven, standings []registry.Standing) Answer {
	return decide(standings, p.Credential().Types, p.SignedAt())
}

// Hopeless answers early what Check could at best answer: that no registry is known to
// have the issuer. Then nobody need be told, by asking for its key, that a credential
// of this issuer is being verified.
func Hopeless(standings []registry.Standing) (Answer, bool) {
	for _, s := range standings {
		if s.Entity != nil {
			return Answer{}, false
		}
	}
	return decide(standings, nil, time.Time{}), true
}

func absent(standings []registry.Standing) Answer {
	names := make([]string, len(standings))
	for i, s := range standings {
		names[i] = s.Registry.Label
	}
	return Answer{Reason: NotInRegistry, Standing: &standings[0],
		Detail: "the issuer is in none of " + strings.Join(names, ", ")}
}

// general are the types that every credential of its kind has. Whoever may issue those
// may issue any of the kind.
var general = []string{"VerifiableCredential", "https://smarthealth.cards#health-card"}

// Resources are what an issuer must be authorised for, all of it: the credential's
// types less the general ones. A credential that says more than its issuer may say is
// not partly right.
func Resources(types []string) []string {
	specific := slices.DeleteFunc(slices.Clone(types), func(t string) bool { return slices.Contains(general, t) })
	if len(specific) == 0 {
		return types
	}
	return specific
}

func decide(standings []registry.Standing, types []string, at time.Time) Answer {
	if len(standings) == 0 {
		return Answer{Reason: NoTrustAnchor, Unknown: true, Detail: "no registry was given, so nobody is trusted"}
	}
	var yes, no, open *Answer
	for i := range standings {
		a := one(&standings[i], types, at)
		switch {
		case a.Unknown:
			open = first(open, a)
		case a.Reason == "":
			yes = first(yes, a)
		case a.Reason == IssuerRevoked || a.Reason == IssuerSuspended:
			return a // what any registry says against the issuer counts
		case a.Reason != NotInRegistry:
			no = first(no, a)
		}
	}
	switch {
	case open != nil: // the registry that could not be read may have something against the issuer
		return *open
	case yes != nil:
		return *yes
	case no != nil:
		return *no
	}
	return absent(standings)
}

func first(have *Answer, a Answer) *Answer {
	if have != nil {
		return have
	}
	return &a
}

// one is what a single registry says.
func one(s *registry.Standing, types []string, at time.Time) Answer {
	a := Answer{Standing: s}
	if s.Err != nil {
		a.Unknown, a.Reason, a.Detail = true, RegistryMalformed, s.Err.Error()
		if missing := (*snapshot.Missing)(nil); errors.As(s.Err, &missing) {
			a.Reason = RegistryUnavailable
		}
		if distrust := (*registry.Distrust)(nil); errors.As(s.Err, &distrust) {
			a.Reason = Reason(distrust.Reason)
		}
		return a
	}
	e := s.Entity
	if e == nil {
		a.Reason, a.Detail = NotInRegistry, "the issuer is not in "+s.Registry.Label
		return a
	}
	switch e.Status {
	case "", "active", "retired":
	case "suspended":
		a.Reason, a.Detail = IssuerSuspended, "the registry has suspended the issuer"
		return a
	default:
		a.Reason, a.Detail = IssuerRevoked, fmt.Sprintf("the registry holds the issuer as %.40q", e.Status)
		return a
	}
	kinds := slices.DeleteFunc(slices.Clone(types), func(t string) bool { return !slices.Contains(general, t) })
	resources := Resources(types)
	for _, resource := range resources {
		grant, reason := covering(e, append(kinds, resource), at)
		if reason != "" {
			a.Reason, a.Grant = reason, nil
			a.Detail = fmt.Sprintf("no authorization to %s %.200q in force at %s", Action, resource, at.Format(time.RFC3339))
			return a
		}
		if a.Grant == nil {
			a.Grant = grant
		}
	}
	if len(resources) == 0 {
		a.Reason, a.Detail = NotAuthorised, "the credential has no type that could be authorised"
	}
	return a
}

// covering finds an authorization for one of some resources, or says how near one came.
func covering(e *snapshot.Entity, resources []string, at time.Time) (*snapshot.Authorization, Reason) {
	near := NotAuthorised
	for i := range e.Auth {
		g := &e.Auth[i]
		if g.Action != Action || g.Resource != "*" && !slices.Contains(resources, g.Resource) {
			continue
		}
		early, late, err := registry.Within(g.From, g.Until, at)
		switch {
		case g.State != "" && g.State != "active" && g.State != "retired":
			near = GrantRevoked
		case err != nil || early || late:
			if near == NotAuthorised {
				near = NotInForce
			}
		// A retired issuer or grant says when it ended; without that nothing is known to be before it.
		case (e.Status == "retired" || g.State == "retired") && g.Until == "":
			near = IssuerRetired
		default:
			return g, ""
		}
	}
	return nil, near
}
