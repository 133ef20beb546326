package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/examples/outage-drill/internal/hosts"
	"github.com/verilith/verilith/examples/outage-drill/internal/issue"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// neighbours are issuers that the drill's stand among: enough that a lookup is a path
// through the directory, and not the whole of it.
const neighbours = 2000

// issuers are those of the credentials.
type issuers struct {
	university *issue.Issuer // did:web: its key is in its document, at its host
	clinic     *issue.Issuer // https: its key is in the registry
	guild      *issue.Issuer // did:key: its id is its key
	harbour    *issue.Issuer // did:key: in the registry, but nobody asks for it before the outage
	stranger   *issue.Issuer // did:key: not in the registry
}

func newIssuers() (s issuers, err error) {
	for _, i := range []**issue.Issuer{&s.guild, &s.harbour, &s.stranger} {
		if *i, err = issue.NewDIDKey(); err != nil {
			return s, err
		}
	}
	if s.university, err = issue.NewP256(""); err != nil {
		return s, err
	}
	s.clinic, err = issue.NewP256("https://clinic." + hosts.Domain)
	return s, err
}

// settle names the university by where its host listens.
func (s *issuers) settle(universityAddress string) {
	s.university.ID = hosts.DID(universityAddress)
	s.university.Method = s.university.ID + "#key-1"
}

// writeSource writes the drill's issuers beside a copy of the registry's folder: an
// entity a file, as an operator keeps them.
func (s *issuers) writeSource(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	key, err := s.clinic.JWK(s.clinic.Method)
	if err != nil {
		return err
	}
	for name, e := range map[string]map[string]any{
		"university": entity(s.university.ID, "University of the Drill", issue.Degree),
		"guild":      entity(s.guild.ID, "Guild of Engine Makers", issue.Membership),
		"harbour":    entity(s.harbour.ID, "Harbour Guild", issue.Membership),
		"clinic": with(entity(s.clinic.ID, "Clinic of the Drill", issue.Immunization),
			"keys", []any{map[string]any{"kid": s.clinic.Method, "jwk": key, "use": "sig", "from": "2026-01-01T00:00:00Z"}}),
	} {
		if err := writeJSON(filepath.Join(to, name+".json"), e); err != nil {
			return err
		}
	}
	for i := range neighbours {
		id := fmt.Sprintf("https://issuer-%04d.%s", i, hosts.Domain)
		name := fmt.Sprintf("neighbour-%04d.json", i)
		if err := writeJSON(filepath.Join(to, name), entity(id, fmt.Sprintf("Issuer %d", i), "*")); err != nil {
			return err
		}
	}
	return nil
}

// build makes a snapshot of a folder with the registry's entities and the drill's
// issuers, as a CAR file.
func (s *issuers) build(from, folder, car string) (snapshot.Meta, error) {
	for {
		if err := s.writeSource(from, folder); err != nil {
			return snapshot.Meta{}, err
		}
		blocks := snapshot.Store{}
		meta, err := snapshot.Build(snapshot.Source{Name: "Outage drill", Entities: fromFolder(folder)}, blocks.Put, snapshot.Options{})
		if err != nil {
			return meta, err
		}
		ok, err := apart(meta.Root, blocks.Get, s.harbour.ID, s.university.ID, s.guild.ID, s.clinic.ID, s.stranger.ID)
		if err != nil {
			return meta, err
		}
		if !ok { // one run in some hundreds: another key has another place
			if s.harbour, err = issue.NewDIDKey(); err != nil {
				return meta, err
			}
			continue
		}
		file, err := os.Create(car)
		if err != nil {
			return meta, err
		}
		return meta, errors.Join(snapshot.WriteCAR(file, meta.Root, blocks.Get), file.Close())
	}
}

func fromFolder(folder string) iter.Seq2[snapshot.Entity, error] {
	return func(yield func(snapshot.Entity, error) bool) {
		files, _ := filepath.Glob(filepath.Join(folder, "*.json"))
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				yield(snapshot.Entity{}, err)
				return
			}
			o, err := strictjson.ParseObject(data)
			if err != nil {
				yield(snapshot.Entity{}, err)
				return
			}
			if !yield(snapshot.ParseEntity(o)) {
				return
			}
		}
	}
}

func entity(id, name, resource string) map[string]any {
	return map[string]any{"id": id, "kind": "issuer", "names": []string{name},
		"auth": []any{map[string]any{"action": "issue", "resource": resource, "from": "2026-01-01T00:00:00Z"}}}
}

func with(o map[string]any, name string, value any) map[string]any {
	o[name] = value
	return o
}

func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o600)
}

// apart reports whether id stands on a leaf of the directory that no lookup of others
// brings along.
func apart(root cid.Cid, get snapshot.Getter, id string, others ...string) (bool, error) {
	s, err := snapshot.Open(root, get)
	if err != nil {
		return false, err
	}
	leaf := func(id string) (cid.Cid, error) {
		_, proof, err := s.Entity(id)
		if err != nil {
			return cid.Undef, err
		}
		return proof.Blocks[len(proof.Blocks)-1], nil
	}
	own, err := leaf(id)
	if err != nil {
		return false, err
	}
	for _, other := range others {
		theirs, err := leaf(other)
		if err != nil {
			return false, err
		}
		if own == theirs {
			return false, nil
		}
	}
	return true, nil
}
