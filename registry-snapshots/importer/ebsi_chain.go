package importer

import (
	"slices"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// didDocument is what of a DID document matters here: the keys for assertions.
type didDocument struct {
	ids  []string // of the methods, in their order
	keys map[string]*keys.Key
}

// maxMethods bounds the keys of a DID document: one has a handful.
const maxMethods = 100

// document returns the DID document of a party. One that cannot be had or read is
// listed, and has no keys: nothing is signed by that party then.
func (r *ebsiReader) document(did string) *didDocument {
	if d := r.docs[did]; d != nil {
		return d
	}
	name := "dids/" + did
	d := &didDocument{}
	o, err := r.read(name+".json", ebsiDIDs+did)
	if err == nil {
		d, err = r.parseDID(name, did, o)
	}
	if err != nil {
		r.skipError(name, err)
		d = &didDocument{}
	}
	r.docs[did] = d
	return d
}

// parseDID reads the methods of the relationship assertionMethod, DID Core Section
// 5.3.2, that have a JWK. Others are passed over: they cannot have signed here.
func (r *ebsiReader) parseDID(place, did string, o strictjson.Object) (*didDocument, error) {
	if o.String("id") != did {
		return nil, errorf(BadForm, place, "is the document of %.100q", o.String("id"))
	}
	d := &didDocument{keys: map[string]*keys.Key{}}
	methods := o.Array("verificationMethod")
	if len(methods) > maxMethods {
		return nil, errorf(TooLarge, place, "%d verification methods, want at most %d", len(methods), maxMethods)
	}
	absolute := func(id string) string {
		if len(id) > 0 && id[0] == '#' {
			return did + id
		}
		return id
	}
	asserts := map[string]bool{}
	for _, v := range o.Array("assertionMethod") {
		switch v := v.(type) {
		case string:
			asserts[absolute(v)] = true
		case strictjson.Object:
			asserts[absolute(v.String("id"))] = true
			methods = append(methods, v)
		}
	}
	for _, v := range methods {
		m, ok := v.(strictjson.Object)
		id := absolute(m.String("id"))
		if !ok || id == "" {
			return nil, errorf(BadForm, place, "a verification method without an id")
		}
		if _, twice := d.keys[id]; twice {
			return nil, errorf(BadForm, place, "the verification method %.100q is there twice", id)
		}
		if !asserts[id] || m.String("controller") != did {
			continue
		}
		k, err := keys.FromJWK(m.Object("publicKeyJwk"))
		if err != nil {
			r.note(place, Unsupported, "%s: %v", shown(id), err)
			continue
		}
		d.ids, d.keys[id] = append(d.ids, id), k
	}
	return d, nil
}

// chains keeps the accreditations that lead to a root, makes the entities, and
// returns the roots.
func (r *ebsiReader) chains(dids []string) (roots []string) {
	// A root is whoever has a pinned key for assertions.
	parties := slices.Clone(dids)
	for _, acc := range r.held {
		parties = append(parties, acc.accreditor)
	}
	slices.Sort(parties)
	parties = slices.Compact(parties)
	for _, did := range parties {
		d := r.document(did)
		for _, id := range d.ids {
			if r.pins[d.keys[id].Thumbprint()] {
				roots = append(roots, did)
				break
			}
		}
	}
	// From the roots downwards: what they sign counts if a pinned key signed it; what
	// others sign counts if they may accredit.
	by := map[string][]*accreditation{}
	for _, acc := range r.held {
		by[acc.accreditor] = append(by[acc.accreditor], acc)
	}
	counts := map[*accreditation]bool{}
	accredits := map[string]bool{}
	queue := slices.Clone(roots)
	for _, did := range roots {
		accredits[did] = true
	}
	for len(queue) > 0 {
		did := queue[0]
		queue = queue[1:]
		for _, acc := range by[did] {
			if slices.Contains(roots, did) && !r.pins[acc.signedBy] {
				continue
			}
			counts[acc] = true
			if acc.action == "accredit" && !accredits[acc.holder] {
				accredits[acc.holder] = true
				queue = append(queue, acc.holder)
			}
		}
	}
	held := map[string][]*accreditation{}
	for _, acc := range r.held {
		if counts[acc] {
			held[acc.holder] = append(held[acc.holder], acc)
		} else {
			r.skip(acc.place, WrongSigner, "accredited by %s, who leads to no pinned root", acc.accreditor)
		}
	}
	for _, did := range parties {
		if root := slices.Contains(roots, did); root || len(held[did]) > 0 {
			r.party(did, held[did], root)
		}
	}
	return roots
}

// party makes the entity of a DID.
func (r *ebsiReader) party(did string, held []*accreditation, root bool) {
	e := snapshot.Entity{ID: did, Kind: "issuer"}
	d := r.document(did)
	for _, id := range d.ids {
		e.Keys = append(e.Keys, snapshot.Key{Kid: id, JWK: d.keys[id].JWK(), Use: "assertionMethod"})
	}
	for _, acc := range held {
		auth := snapshot.Authorization{Action: acc.action, From: acc.from, Until: acc.until, State: acc.state, Via: r.carry(acc.jwt, r.a.opt)}
		if !root || !r.pins[acc.signedBy] { // what a root is given from below is not the registry's own word
			auth.By = acc.accreditor
		}
		if acc.action == "accredit" {
			e.Kind = "authority"
		}
		where := acc.jurisdictions
		if len(where) == 0 {
			where = []string{""}
		}
		for _, resource := range acc.resources {
			for _, auth.Jurisdiction = range where {
				auth.Resource = resource
				if !slices.Contains(e.Auth, auth) {
					e.Auth = append(e.Auth, auth)
				}
			}
		}
		if len(acc.resources) == 0 && !root {
			r.skip(acc.place, Unsupported, "is for nothing: no accreditedFor")
		}
	}
	if root {
		e.Kind = "authority"
		if !slices.ContainsFunc(e.Auth, func(a snapshot.Authorization) bool { return a.Action == "accredit" && a.By == "" }) {
			r.note(did, NoSignature, "may accredit everything, as the root that is pinned: no authorisation of its own says for what")
			e.Auth = append(e.Auth, snapshot.Authorization{Action: "accredit", Resource: "*"})
		}
	}
	if _, err := e.Normal(); err != nil {
		r.skip("issuers/"+did, BadEntity, "%v", err)
		return
	}
	r.Entities = append(r.Entities, e)
}
