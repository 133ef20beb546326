// Package registry opens the registries of a request and says what each holds about
// an issuer and its keys.
//
// A registry is a pinned snapshot, a governed one whose signed head names the snapshot,
// or a list of entities that the embedder pins itself; one code path answers for all
// three. The package judges no credential.
package registry

import (
	"fmt"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// Registry is one registry of a request.
type Registry struct {
	// Label is the snapshot's root CID, or "inline"; of a governed registry without a
	// head that counts, its id.
	Label string
	// AsOf is when a pinned snapshot was known to be the newest, or "".
	AsOf string
	// Names are the identifiers that others may mean it by: the id of a governed
	// registry, the root CID of a pinned one, and in whose name the embedder says that
	// it speaks.
	Names []string
	// Recognised says that it is not trusted by itself.
	Recognised bool
	// Governed is what its documents say of it, nil where it is not governed.
	Governed *Governed
	// Terms are by which what it says is judged.
	Terms Terms
	// Overdue are the entities that were asked for, and that are stale by what their
	// records say, in the order in which they were first asked for.
	Overdue []Overdue

	root     cid.Cid
	get      snapshot.Getter
	opened   *snapshot.Snapshot
	seen     map[string]Standing // what was looked up, maxSeen at most
	entities map[string]*snapshot.Entity
}

// Open prepares the registries of a request. Blocks are read through get, and only
// when they are asked for.
func Open(regs []wire.Registry, get snapshot.Getter) ([]*Registry, error) {
	out := make([]*Registry, len(regs))
	for i, reg := range regs {
		var err error
		if out[i], err = OpenOne(reg, fmt.Sprintf("registries[%d]", i), get); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// OpenOne prepares one registry. member is what errors call it.
func OpenOne(reg wire.Registry, member string, get snapshot.Getter) (*Registry, error) {
	r := &Registry{Label: "inline", AsOf: reg.AsOf, Recognised: reg.Recognised, get: get}
	for _, name := range []string{reg.ID, reg.Snapshot, reg.Authority} {
		if name != "" {
			r.Names = append(r.Names, name)
		}
	}
	if reg.Snapshot != "" {
		root, err := block.ParseCID(reg.Snapshot)
		if err != nil {
			return nil, err
		}
		r.Label, r.root = reg.Snapshot, root
		return r, nil
	}
	return r, r.inline(reg.Entities, member+".entities")
}

func (r *Registry) inline(entities []strictjson.Object, member string) error {
	r.entities = make(map[string]*snapshot.Entity, len(entities))
	for i, o := range entities {
		at := fmt.Sprintf("%s[%d]", member, i)
		e, err := snapshot.ParseEntity(o)
		if err != nil {
			return &wire.Error{Reason: wire.BadRequest, Member: at, Detail: err.Error()}
		}
		for _, id := range append([]string{e.ID}, e.IDs...) {
			if other := r.entities[id]; other != nil && other.ID != e.ID || other != nil && id == e.ID {
				return &wire.Error{Reason: wire.BadRequest, Member: at, Detail: fmt.Sprintf("%.200q names two entities", id)}
			}
			r.entities[id] = &e
		}
	}
	return nil
}

// Name is the registry's own name, where it is known.
func (r *Registry) Name() string {
	if g := r.Governed; g != nil && g.Root != nil {
		return g.Root.Name
	}
	if r.opened == nil {
		return ""
	}
	head, err := r.opened.Head()
	if err != nil {
		return "" // the root block is not at hand; then there is no answer to name either
	}
	return head.Name
}

func (r *Registry) open() error {
	if r.opened != nil || r.entities != nil {
		return nil
	}
	if r.Governed != nil && r.Governed.distrust != nil {
		return r.Governed.distrust
	}
	s, err := snapshot.Open(r.root, r.get)
	if err == nil {
		r.opened = s
	}
	return err
}

// Standing is what one registry holds about an issuer.
type Standing struct {
	Registry *Registry
	// Entity is nil where the registry has no such issuer, which Proof then proves.
	Entity *snapshot.Entity
	Proof  snapshot.Proof
	// Err is set where the registry could not be read: a *snapshot.Missing, a *Distrust, or what is wrong with it.
	Err error

	keys []Key // of Entity, parsed
}

// Entity asks the registry for an issuer.
func (r *Registry) Entity(id string) Standing {
	st := Standing{Registry: r}
	if st.Err = r.open(); st.Err != nil {
		return st
	}
	if seen, ok := r.seen[id]; ok {
		return seen
	}
	if r.entities != nil {
		st.hold(r.entities[id])
	} else {
		e, proof, err := r.opened.Entity(id)
		st.Proof, st.Err = proof, err
		if err == nil && proof.Found {
			st.hold(&e)
		}
	}
	if st.Err == nil && st.Entity != nil {
		if err := r.overdue(st.Entity); err != nil {
			st = Standing{Registry: r, Proof: st.Proof, Err: err}
		}
	}
	if st.Err == nil && len(r.seen) < maxSeen {
		if r.seen == nil {
			r.seen = map[string]Standing{}
		}
		r.seen[id] = st
	}
	return st
}

// maxSeen bounds what is kept of one registry while a case is answered: an issuer is
// looked up before and after its proof, with its keys.
const maxSeen = 64

// Resource asks the registry for a document that it carries.
func (r *Registry) Resource(url string) (snapshot.Resource, snapshot.Proof, error) {
	if err := r.open(); err != nil || r.entities != nil {
		return snapshot.Resource{}, snapshot.Proof{}, err
	}
	return r.opened.Resource(url)
}

// StatusList asks the registry for a status list that it carries.
func (r *Registry) StatusList(url string) (snapshot.StatusList, snapshot.Proof, error) {
	if err := r.open(); err != nil || r.entities != nil {
		return snapshot.StatusList{}, snapshot.Proof{}, err
	}
	return r.opened.StatusList(url)
}
