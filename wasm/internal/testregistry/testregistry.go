// Package testregistry makes governed registries for tests: it is an operator whose
// keys are public, and a mirror that says what it is told to say.
//
// It is no part of the module and no example of how to keep keys.
package testregistry

import (
	"encoding/base64"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/registry-snapshots/ipns"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// Signer is a key holder of whom package governance and package ipns take signatures.
type Signer struct{ *testissuer.Issuer }

// Key is the public key.
func (s Signer) Key() strictjson.Object { return s.JWK }

// Sign signs.
func (s Signer) Sign(input []byte) ([]byte, error) { return s.Issuer.Sign(input), nil }

// Keys makes n keys of a name, their algorithms in turn: EdDSA where none is given.
func Keys(name string, n int, algs ...string) []*testissuer.Issuer {
	if len(algs) == 0 {
		algs = []string{"EdDSA"}
	}
	list := make([]*testissuer.Issuer, n)
	for i := range list {
		list[i] = testissuer.Key(algs[i%len(algs)], fmt.Sprintf("%s %d", name, i))
	}
	return list
}

// Role is keys and how many of them must sign.
type Role struct {
	Keys      []*testissuer.Issuer
	Threshold int
}

func (r Role) role() governance.Role {
	out := governance.Role{Threshold: r.Threshold}
	for _, k := range r.Keys {
		out.Keys = append(out.Keys, k.Thumbprint())
	}
	return out
}

// Operator runs a registry. What it has published is in its Mirror.
type Operator struct {
	Root, Head, Fresh Role
	Mirror

	ID    string
	Roots []*governance.RootDoc
	Heads []*governance.HeadDoc
}

// The times of what is not said otherwise. Tests ask at Now.
const (
	Now            = "2026-11-22T10:00:00Z"
	rootIssued     = "2026-01-01T00:00:00Z"
	rootExpires    = "2027-01-01T00:00:00Z"
	headIssued     = "2026-11-20T00:00:00Z"
	headNextUpdate = "2026-11-27T00:00:00Z"
	headExpires    = "2026-12-20T00:00:00Z"
	freshAsOf      = "2026-11-22T09:00:00Z"
	freshUntil     = "2026-11-23T09:00:00Z"
)

// New makes a registry with its first root, signed by the threshold of its root keys.
func New(root, head, fresh Role, edit func(*governance.Root)) *Operator {
	o := &Operator{Root: root, Head: head, Fresh: fresh, Mirror: Mirror{Blocks: map[cid.Cid][]byte{}, Named: map[string][][]byte{}}}
	o.AddRoot(edit)
	return o
}

// Simple is a registry with one Ed25519 key per role.
func Simple(name string) *Operator {
	return New(Role{Keys(name+" root", 1), 1}, Role{Keys(name+" head", 1), 1}, Role{Keys(name+" fresh", 1), 1}, nil)
}

// NextRoot is the payload of the root that follows, with the operator's present roles.
func (o *Operator) NextRoot() governance.Root {
	r := governance.Root{V: 1, Type: governance.TypeRoot, Name: "Registry of tests", Version: int64(len(o.Roots)) + 1,
		Issued: rootIssued, Expires: rootExpires, Mirrors: []string{"https://mirror.example"}}
	seen := map[string]bool{}
	for _, role := range []Role{o.Root, o.Head, o.Fresh} {
		for _, k := range role.Keys {
			if print := k.Thumbprint(); !seen[print] {
				seen[print] = true
				r.Keys = append(r.Keys, governance.RootKey{JWK: k.JWK})
			}
		}
	}
	r.Roles = governance.Roles{Root: o.Root.role(), Head: o.Head.role()}
	if len(o.Fresh.Keys) > 0 {
		fresh := o.Fresh.role()
		r.Roles.Fresh = &fresh
	}
	if n := len(o.Roots); n > 0 {
		r.Registry, r.Prev = o.ID, o.Roots[n-1].Identity.String()
	}
	return r
}

// AddRoot publishes the next root, signed by signers; by the thresholds of the root
// before and its own where none are given.
func (o *Operator) AddRoot(edit func(*governance.Root), signers ...*testissuer.Issuer) *governance.RootDoc {
	r := o.NextRoot()
	if edit != nil {
		edit(&r)
	}
	if signers == nil {
		signers = o.Root.Keys[:o.Root.Threshold]
		if n := len(o.Roots); n > 0 {
			signers = append(slices.Clone(signers), o.rootSigners...)
		}
	}
	doc, err := governance.ParseRoot(Document(r, signers...))
	if err != nil {
		panic(err)
	}
	o.rootSigners = o.Root.Keys[:o.Root.Threshold]
	if o.Roots = append(o.Roots, doc); len(o.Roots) == 1 {
		o.ID = doc.Location.String()
	} else {
		o.Name(fmt.Sprintf("root/%d", doc.Version), doc.Bytes)
	}
	o.Put(doc.Bytes)
	return doc
}

// NextHead is the payload of the head that follows.
func (o *Operator) NextHead(snapshot cid.Cid) governance.Head {
	h := governance.Head{V: 1, Type: governance.TypeHead, Registry: o.ID, RootVersion: int64(len(o.Roots)), Version: int64(len(o.Heads)) + 1,
		Snapshot: snapshot.String(), Issued: headIssued, NextUpdate: headNextUpdate, Expires: headExpires}
	for _, r := range o.Roots[1:] {
		h.Roots = append(h.Roots, r.Location.String())
	}
	if n := len(o.Heads); n > 0 {
		h.Version, h.Prev = o.Heads[n-1].Version+1, o.Heads[n-1].Identity.String()
	}
	return h
}

// AddHead publishes the next head, signed by signers; by the threshold where none are given.
func (o *Operator) AddHead(snapshot cid.Cid, edit func(*governance.Head), signers ...*testissuer.Issuer) *governance.HeadDoc {
	h := o.NextHead(snapshot)
	if edit != nil {
		edit(&h)
	}
	if signers == nil {
		signers = o.Head.Keys[:o.Head.Threshold]
	}
	doc, err := governance.ParseHead(Document(h, signers...))
	if err != nil {
		panic(err)
	}
	o.Heads = append(o.Heads, doc)
	o.Put(doc.Bytes)
	o.Name("head", doc.Bytes)
	return doc
}

// AddFresh publishes a Freshness of the newest head.
func (o *Operator) AddFresh(edit func(*governance.Freshness), signers ...*testissuer.Issuer) *governance.FreshnessDoc {
	h := o.Heads[len(o.Heads)-1]
	f := governance.Freshness{V: 1, Type: governance.TypeFreshness, Registry: o.ID, Version: h.Version, Head: h.Identity.String(), AsOf: freshAsOf, NextUpdate: freshUntil}
	if edit != nil {
		edit(&f)
	}
	if signers == nil {
		signers = o.Fresh.Keys[:o.Fresh.Threshold]
	}
	doc, err := governance.ParseFreshness(Document(f, signers...))
	if err != nil {
		panic(err)
	}
	o.Name("fresh", doc.Bytes)
	return doc
}

// AddRecord publishes an IPNS record under the name of a key.
func (o *Operator) AddRecord(key *testissuer.Issuer, r ipns.Record) []byte {
	name, err := ipns.NameOf(key.JWK)
	if err != nil {
		panic(err)
	}
	data, err := ipns.Create(Signer{key}, r)
	if err != nil {
		panic(err)
	}
	o.Name("ipns/"+name.String(), data)
	return data
}

// Snapshot makes a snapshot of entities and puts its blocks into the mirror.
func (o *Operator) Snapshot(entities ...strictjson.Object) cid.Cid {
	store := snapshot.Store{}
	meta, err := snapshot.Build(snapshot.Source{Name: "Test registry", Entities: parsed(entities)}, store.Put, snapshot.Options{})
	if err != nil {
		panic(err)
	}
	for c := range store {
		o.Blocks[c], _ = store.Get(c)
	}
	return meta.Root
}

func parsed(entities []strictjson.Object) iter.Seq2[snapshot.Entity, error] {
	return func(yield func(snapshot.Entity, error) bool) {
		for _, o := range entities {
			if !yield(snapshot.ParseEntity(o)) {
				return
			}
		}
	}
}

// Document writes a Root, Head or Freshness and signs it.
func Document(payload any, signers ...*testissuer.Issuer) []byte {
	text := strictjson.Encode(strictjson.From(payload))
	o, err := strictjson.ParseObject(text)
	if err != nil {
		panic(err)
	}
	return Envelope(text, o.String("type"), signers...)
}

// Envelope signs a payload of a type, whatever it holds. It is written apart from
// package governance, from the text of the format alone.
func Envelope(payload []byte, kind string, signers ...*testissuer.Issuer) []byte {
	typ := map[string]string{"RegistryRoot": "registry-root+jws", "SnapshotHead": "snapshot-head+jws", "Freshness": "registry-freshness+jws"}[kind]
	byKey := map[string]string{}
	for _, s := range signers {
		protected := b64([]byte(`{"alg":"` + s.Alg + `","kid":"` + s.Thumbprint() + `","typ":"` + typ + `"}`))
		byKey[s.Thumbprint()] = `{"protected":"` + protected + `","signature":"` + b64(s.Sign([]byte(protected+"."+b64(payload)))) + `"}`
	}
	var list []string
	for _, print := range slices.Sorted(maps.Keys(byKey)) {
		list = append(list, byKey[print])
	}
	return []byte(`{"payload":"` + b64(payload) + `","signatures":[` + strings.Join(list, ",") + `]}`)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Mirror is what an embedder can obtain.
type Mirror struct {
	Blocks map[cid.Cid][]byte
	Named  map[string][][]byte // "head", "fresh", "root/2", "ipns/k51…"

	rootSigners []*testissuer.Issuer
}

// Put adds a document's block.
func (m *Mirror) Put(doc []byte) cid.Cid {
	b := block.New(block.JSON, doc)
	m.Blocks[b.CID] = doc
	return b.CID
}

// Name sets what is found under a document's name.
func (m *Mirror) Name(name string, docs ...[]byte) { m.Named[name] = docs }

// Clone copies a mirror, so that what one test does to it no other sees.
func (m *Mirror) Clone() Mirror {
	return Mirror{maps.Clone(m.Blocks), maps.Clone(m.Named), m.rootSigners}
}

// Run asks until there is an answer, as an embedder does: what the mirrors, by
// registry, have not it calls unobtainable. It returns the answer, the last case, and
// the needs of all rounds.
func Run(req wire.Request, input []byte, mirrors map[string]*Mirror, answer func(car []byte) wire.Reply) (wire.Reply, []byte, [][]wire.Need) {
	var blocks []block.Block
	if input != nil {
		b := block.New(block.Raw, input)
		req.Input = &wire.Input{Block: b.CID.String()}
		blocks = append(blocks, b)
	}
	obtained := req.Now
	if t, err := wire.ParseTime(req.Now); err == nil {
		obtained = wire.FormatTime(t.Add(-time.Minute))
	}
	var rounds [][]wire.Need
	for range wire.MaxRounds {
		car, _, err := wire.SealCase(req, blocks)
		if err != nil {
			panic(err)
		}
		reply := answer(car)
		if len(reply.Needs) == 0 {
			return reply, car, rounds
		}
		rounds = append(rounds, reply.Needs)
		for _, n := range reply.Needs {
			found := false
			for _, id := range slices.Sorted(maps.Keys(mirrors)) {
				m := mirrors[id]
				if n.Registry == id {
					for _, doc := range m.Named[n.Document] {
						b := block.New(block.JSON, doc)
						if strings.HasPrefix(n.Document, "ipns/") {
							b = block.New(block.Raw, doc)
						}
						blocks, found = append(blocks, b), true
						req.Evidence = append(req.Evidence, wire.Evidence{Registry: id, Document: n.Document, Block: b.CID.String(), Obtained: obtained})
					}
				}
				if n.Block != "" && !found {
					c := cid.MustParse(n.Block)
					if data, ok := m.Blocks[c]; ok {
						blocks, found = append(blocks, block.Block{CID: c, Data: data}), true
						blocks = append(blocks, m.along(n.Path)...)
					}
				}
			}
			if !found {
				req.Unobtainable = append(req.Unobtainable, n.Name())
			}
		}
	}
	return wire.Reply{Error: &wire.Error{Reason: "rounds", Detail: "no answer"}}, nil, rounds
}

// along are the blocks on a path.
func (m *Mirror) along(path string) []block.Block {
	var list []block.Block
	if path == "" {
		return nil
	}
	get := func(c cid.Cid) ([]byte, bool) { data, ok := m.Blocks[c]; return data, ok }
	have, _, err := snapshot.Walk(path, get)
	if err != nil {
		return nil
	}
	for _, c := range have {
		list = append(list, block.Block{CID: c, Data: m.Blocks[c]})
	}
	return list
}
