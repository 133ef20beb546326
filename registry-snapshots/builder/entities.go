package builder

import (
	"fmt"
	"slices"
	"strings"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// entity is an entity, and who says so.
type entity struct {
	snapshot.Entity
	place string    // for messages
	from  *document // whose keys it has; nil if its keys are given
}

// readEntity reads an entity of registry.yaml. Its keys may be a list, or
// {from: didDocument, purposes: […]}, or {from: issuerMetadata}.
func (b *build) readEntity(c entityConfig) (entity, error) {
	e := entity{place: c.place}
	rule, fromDocument := c.object["keys"].(strictjson.Object)
	var k struct {
		From     string   `json:"from"`
		Purposes []string `json:"purposes"`
		Optional bool     `json:"optional"`
	}
	o := c.object
	if fromDocument {
		if err := strictjson.Bind(rule, &k); err != nil {
			return e, errorf(BadConfig, c.place, "keys: %v", err)
		}
		o = o.Without("keys")
	}
	parsed, err := snapshot.ParseEntity(o)
	if err != nil {
		return e, errorf(BadConfig, c.place, "%v", err)
	}
	e.Entity = parsed
	if !fromDocument {
		return e, nil
	}
	it := item{subject: e.ID, optional: k.Optional, place: c.place}
	switch k.From {
	case string(didDocument):
		it.kind = didDocument
		it.id, err = didURL(e.ID)
		it.purposes = k.Purposes
		if it.purposes == nil {
			it.purposes = []string{"assertionMethod"}
		}
		for _, p := range it.purposes {
			if !slices.Contains(relationships, p) {
				return e, errorf(BadConfig, c.place, "keys.purposes: %.60q, want some of %s", p, strings.Join(relationships, ", "))
			}
		}
	case string(issuerMetadata):
		it.kind = issuerMetadata
		it.id, err = issuerURL(e.ID)
		if k.Purposes != nil {
			return e, errorf(BadConfig, c.place, "keys.purposes: issuer metadata has none")
		}
	default:
		return e, errorf(BadConfig, c.place, "keys.from: %.60q, want didDocument or issuerMetadata", k.From)
	}
	if err != nil {
		return e, errorf(BadConfig, c.place, "keys.from: %v", err)
	}
	it.url = it.id
	if listed := b.listed[roomOf(it.kind)+it.id]; listed.place != "" { // it may say where to fetch it
		it.url, it.file, it.media, it.stated = listed.url, listed.file, listed.media, listed.stated
	}
	e.from, err = b.want(it)
	return e, err
}

// merge adds the entities of one source to those of the others. Two may say the same of
// an entity, and not different things: which is right is for the operator to say.
func (b *build) merge(list []entity) error {
	for _, e := range list {
		if old, ok := b.named[e.ID]; ok && b.entities[old].ID == e.ID {
			other := b.entities[old]
			if other.from == e.from && string(strictjson.Encode(other.JSON())) == string(strictjson.Encode(e.JSON())) {
				continue
			}
			return errorf(Conflict, e.ID, "%s and %s say different things of it: %s", other.place, e.place, difference(other.Entity, e.Entity))
		}
		for _, name := range append([]string{e.ID}, e.IDs...) {
			if old, ok := b.named[name]; ok {
				return errorf(Conflict, name, "is an identifier of %.200q (%s) and of %.200q (%s)", b.entities[old].ID, b.entities[old].place, e.ID, e.place)
			}
		}
		for _, name := range append([]string{e.ID}, e.IDs...) {
			b.named[name] = len(b.entities)
		}
		b.entities = append(b.entities, e)
	}
	return nil
}

// difference names the members in which two entities differ.
func difference(a, b snapshot.Entity) string {
	var names []string
	ja, jb := a.JSON(), b.JSON()
	for _, o := range []strictjson.Object{ja, jb} {
		for _, name := range o.Names() {
			if string(strictjson.Encode(ja[name])) != string(strictjson.Encode(jb[name])) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return "where the keys come from"
	}
	return strings.Join(names, ", ")
}

// takeKeys gives the entities whose keys come from documents their keys, and says what
// changed.
func (b *build) takeKeys() error {
	for i := range b.entities {
		e := &b.entities[i]
		if e.from == nil {
			continue
		}
		got, err := b.documentKeys(e)
		if err != nil {
			return err
		}
		e.Keys = got.keys
		if !e.from.have {
			b.keep(e)
			continue
		}
		if e.Entity, err = e.Normal(); err != nil {
			return errorf(BadDocument, e.place, "%v", err)
		}
		b.compareKeys(e, got.deactivated)
	}
	return nil
}

// keep leaves an entity whose document is missing the keys that it had. They are not
// retired: nobody says that they are gone.
func (b *build) keep(e *entity) {
	if b.prev == nil {
		return
	}
	if old, p, err := b.prev.Entity(e.ID); err == nil && p.Found && old.ID == e.ID {
		e.Keys = old.Keys
	}
}

// compareKeys reports what is new in the document of an entity.
func (b *build) compareKeys(e *entity, deactivated bool) {
	note := func(format string, args ...any) {
		b.out.Report.Changes = append(b.out.Report.Changes, e.ID+": "+fmt.Sprintf(format, args...))
	}
	if deactivated {
		note("its document says that it is deactivated")
	}
	if b.prev == nil {
		return
	}
	old, p, err := b.prev.Entity(e.ID)
	if err != nil || !p.Found || old.ID != e.ID {
		return
	}
	same := func(a, b snapshot.Key) bool {
		return a.Kid == b.Kid && string(strictjson.Encode(a.JWK)) == string(strictjson.Encode(b.JWK))
	}
	for _, k := range e.Keys {
		if !slices.ContainsFunc(old.Keys, func(o snapshot.Key) bool { return same(k, o) && o.State == k.State }) {
			note("key %s is new", k.Kid)
		}
	}
	for _, o := range old.Keys {
		if o.State == "" && !slices.ContainsFunc(e.Keys, func(k snapshot.Key) bool { return same(k, o) }) {
			word := "is dropped"
			if b.cfg.history {
				word = "is gone, and stays as retired"
			}
			note("key %s %s", o.Kid, word)
		}
	}
}
