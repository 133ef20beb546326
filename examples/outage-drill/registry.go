package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/examples/outage-drill/internal/hosts"
	"github.com/verilith/verilith/examples/outage-drill/internal/issue"
	"github.com/verilith/verilith/registry-snapshots/importer"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// neighbours are issuers that the drill's stand among: enough that a lookup is a path
// through the directory, and not the whole of it.
const neighbours = 2000

// since2026 is from when everything in the drill's registry holds.
const since2026 = "2026-01-01T00:00:00Z"

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

// snapshot makes a snapshot, as a CAR file, of the registry's folder from, with the
// drill's issuers added in the folder to.
func (s *issuers) snapshot(from, to, car string) (snapshot.Meta, error) {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return snapshot.Meta{}, fmt.Errorf("registry folder %s: %w", from, err)
	}
	for {
		if err := s.writeEntities(to); err != nil {
			return snapshot.Meta{}, err
		}
		source, err := importer.Folder(to, importer.Options{})
		if err != nil {
			return snapshot.Meta{}, err
		}
		blocks := snapshot.Store{}
		meta, err := snapshot.Build(source.Source(), blocks.Put, snapshot.Options{})
		if err != nil {
			return meta, err
		}
		ok, err := s.harbourIsApart(meta.Root, blocks.Get)
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

// writeEntities writes the drill's issuers and their neighbours, as an operator would.
func (s *issuers) writeEntities(folder string) error {
	// The university has no key here: who verifies asks its host.
	university := entity(s.university.ID, "University of the Drill", issue.Degree)
	guild := entity(s.guild.ID, "Guild of Engine Makers", issue.Membership)
	harbour := entity(s.harbour.ID, "Harbour Guild", issue.Membership)
	clinic := entity(s.clinic.ID, "Clinic of the Drill", issue.Immunization)
	jwk, err := s.clinic.JWK(s.clinic.Method)
	if err != nil {
		return err
	}
	clinic["keys"] = []any{map[string]any{"kid": s.clinic.Method, "jwk": jwk, "from": since2026}}
	var others []any
	for i := range neighbours {
		others = append(others, entity(fmt.Sprintf("https://issuer-%04d.%s", i, hosts.Domain), fmt.Sprintf("Issuer %d", i), "*"))
	}
	return errors.Join(
		writeJSON(folder, "drill.json", []any{university, guild, harbour, clinic}),
		writeJSON(folder, "neighbours.json", others))
}

func entity(id, name, resource string) map[string]any {
	return map[string]any{"id": id, "kind": "issuer", "names": []string{name},
		"auth": []any{map[string]any{"action": "issue", "resource": resource, "from": since2026}}}
}

func writeJSON(folder, name string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, name), append(data, '\n'), 0o600)
}

// harbourIsApart reports whether the harbour stands on a leaf of the directory that
// no other lookup of the drill brings along.
func (s *issuers) harbourIsApart(root cid.Cid, get snapshot.Getter) (bool, error) {
	snap, err := snapshot.Open(root, get)
	if err != nil {
		return false, err
	}
	var leaves []cid.Cid
	for _, i := range []*issue.Issuer{s.harbour, s.university, s.guild, s.clinic, s.stranger} {
		_, proof, err := snap.Entity(i.ID)
		if err != nil {
			return false, err
		}
		leaves = append(leaves, proof.Blocks[len(proof.Blocks)-1])
	}
	return !slices.Contains(leaves[1:], leaves[0]), nil
}
