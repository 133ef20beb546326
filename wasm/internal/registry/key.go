package registry

import (
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/wire"
)

// Reason is the stable part of why a registry does not let a key sign.
type Reason string

// The reasons.
const (
	KeyTooEarly  Reason = "key_not_yet_valid" // signed before the registry's window of the key
	KeyRetired   Reason = "key_retired"       // signed after it
	KeyRevoked   Reason = "key_revoked"       // revoked or compromised: no signing time can be believed
	KeySuspended Reason = "key_suspended"
)

// Key is a registry's record of a key, and the key itself.
type Key struct {
	Record *snapshot.Key
	Key    *keys.Key // nil where it is of no use here
	Err    error     // why Key is nil
}

// Keys are the issuer's keys in this registry.
func (s Standing) Keys() []Key { return s.keys }

// hold keeps what the registry says of the issuer, nil for nothing. Its keys are parsed
// here, once: looking for the right one goes over all of them more than once.
func (s *Standing) hold(e *snapshot.Entity) {
	s.Entity, s.keys = e, nil
	if e == nil {
		return
	}
	s.Proof.Found = true
	s.keys = make([]Key, len(e.Keys))
	for i := range e.Keys {
		record := &e.Keys[i]
		key, err := parse(record)
		s.keys[i] = Key{Record: record, Key: key, Err: err}
	}
}

// parse reads a record's key: its JWK, or the key of its first certificate.
func parse(record *snapshot.Key) (*keys.Key, error) {
	if record.JWK != nil {
		return keys.FromJWK(record.JWK)
	}
	if len(record.X5C) == 0 {
		return nil, errors.New("the record holds no key")
	}
	der, err := base64.StdEncoding.DecodeString(record.X5C[0])
	if err != nil {
		return nil, fmt.Errorf("x5c: %w", err)
	}
	return keys.FromCertificate(der)
}

// Allows answers whether a key may have signed at a time, by its record's state and
// window. An empty reason is a yes.
func Allows(k *snapshot.Key, at time.Time) (Reason, string) {
	switch k.State {
	case "", snapshot.Active, snapshot.Retired:
	case snapshot.Suspended:
		return KeySuspended, "the registry has suspended the key"
	default:
		return KeyRevoked, fmt.Sprintf("the registry holds the key as %.40q", k.State)
	}
	early, late, err := Within(k.From, k.Until, at)
	switch {
	case err != nil:
		return KeyRevoked, err.Error()
	case early:
		return KeyTooEarly, fmt.Sprintf("signed at %s, the registry holds the key from %s", wire.FormatTime(at), k.From)
	case late:
		return KeyRetired, fmt.Sprintf("signed at %s, the registry held the key until %s", wire.FormatTime(at), k.Until)
	case k.State == snapshot.Retired && k.Until == "":
		return KeyRetired, "the registry holds the key as retired and does not say since when"
	}
	return "", ""
}

// Serves reports whether a registry's key may be used for a purpose, a verification
// relationship. An empty use is any, and "sig" is that of RFC 7517 Section 4.2.
func Serves(k *snapshot.Key, purpose string) bool {
	return k.Use == "" || k.Use == "sig" || k.Use == purpose
}

// Find looks in every registry for its record of a key and returns the first that
// does not allow it at that time, or else the first. It is nil where none has one.
func Find(standings []Standing, key *keys.Key, at time.Time) *snapshot.Key {
	var found *snapshot.Key
	for _, s := range standings {
		for _, k := range s.Keys() {
			if k.Key == nil || !k.Key.Same(key) {
				continue
			}
			if reason, _ := Allows(k.Record, at); reason != "" {
				return k.Record
			}
			if found == nil {
				found = k.Record
			}
		}
	}
	return found
}

// Within says whether a time lies before or after a window of RFC 3339 times; an
// empty end is open. The start belongs to the window, the end does not.
func Within(from, until string, at time.Time) (early, late bool, err error) {
	if from != "" {
		t, err := wire.ParseTime(from)
		if err != nil {
			return false, false, err
		}
		early = at.Before(t)
	}
	if until != "" {
		t, err := wire.ParseTime(until)
		if err != nil {
			return false, false, err
		}
		late = !at.Before(t)
	}
	return early, late, nil
}
