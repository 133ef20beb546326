package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host/publish"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/registry-snapshots/importer"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// day is one version of the directory.
type day struct {
	name   string // 2026-08-22
	time   time.Time
	source *importer.Result
	keys   map[string]bool // issuer and key, as listed that day
}

// history reads the versions, oldest first. They have no signatures: only the newest
// version of the directory has one.
func history(dir string) ([]day, error) {
	files, err := filepath.Glob(filepath.Join(dir, "vci", "history", "*.json.gz"))
	if err != nil || dir == "" || len(files) == 0 {
		return nil, fmt.Errorf("%q has no vci/history/*.json.gz: %w", dir, os.ErrNotExist)
	}
	slices.Sort(files)
	var days []day
	for _, path := range files {
		d := day{name: strings.TrimSuffix(filepath.Base(path), ".json.gz"), keys: map[string]bool{}}
		if d.source, err = importer.VCI(path, importer.Options{Unsigned: true}); err != nil {
			return nil, err
		}
		if d.time, err = wire.ParseTime(d.source.Report.Time); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, e := range d.source.Entities {
			for _, k := range e.Keys {
				d.keys[e.ID+" "+k.Kid] = true
			}
		}
		days = append(days, d)
	}
	return days, nil
}

// seed makes the keys of this program: the same ones in each run.
func seed(name string) ed25519.PrivateKey {
	sum := sha256.Sum256([]byte("daily " + name))
	return ed25519.NewKeyFromSeed(sum[:])
}

func jwk(k ed25519.PrivateKey) strictjson.Object {
	return strictjson.Object{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(k.Public().(ed25519.PublicKey))}
}

// signer signs documents with one key.
type signer struct{ key ed25519.PrivateKey }

func (s signer) Key() strictjson.Object            { return jwk(s.key) }
func (s signer) Alg() string                       { return "EdDSA" }
func (s signer) Sign(input []byte) ([]byte, error) { return ed25519.Sign(s.key, input), nil }

// operator is who signs the registry.
type operator struct {
	key    signer
	root   *governance.RootDoc
	head   *governance.HeadDoc
	blocks snapshot.Store
	last   cid.Cid // the snapshot before
}

func newOperator(first time.Time) (*operator, error) {
	o := &operator{key: signer{seed("operator")}, blocks: snapshot.Store{}}
	print, err := thumbprint(o.key.Key())
	if err != nil {
		return nil, err
	}
	role := governance.Role{Keys: []string{print}, Threshold: 1}
	doc, err := o.sign(governance.Root{
		Name: "VCI directory, day by day", Version: 1, Issued: wire.FormatTime(first), Expires: wire.FormatTime(first.AddDate(10, 0, 0)),
		Keys: []governance.RootKey{{JWK: o.key.Key()}}, Roles: governance.Roles{Root: role, Head: role, Fresh: &role},
	})
	if err != nil {
		return nil, err
	}
	if o.root, err = governance.ParseRoot(doc); err == nil {
		err = governance.CheckRoot(nil, o.root)
	}
	return o, err
}

// thumbprint is that of an Ed25519 key, RFC 7638 and RFC 8037 Appendix A.3.
func thumbprint(jwk strictjson.Object) (string, error) {
	text, err := strictjson.Canonical(jwk)
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:]), err
}

func (o *operator) sign(payload any) ([]byte, error) {
	text, err := governance.EncodePayload(payload)
	if err != nil {
		return nil, err
	}
	doc, err := governance.Unsigned(text)
	if err != nil {
		return nil, err
	}
	return governance.Sign(doc, o.key)
}

// The clinic stands in the registry beside the real issuers, whose private keys are
// theirs: its credentials are this program's. It takes a new key every third day.
const clinic = "https://clinic.example"

func clinicKey(i int) (kid string, key ed25519.PrivateKey) {
	return fmt.Sprintf("%s#key-%d", clinic, i/3+1), seed(fmt.Sprint("clinic ", i/3+1))
}

// entities are the issuers of a day, with what earlier days knew of them: keys that are
// new count from that day on.
func (o *operator) entities(i int, d day, prev *snapshot.Snapshot) iter.Seq2[snapshot.Entity, error] {
	at := wire.FormatTime(d.time)
	kid, key := clinicKey(i)
	today := append(slices.Clone(d.source.Entities), snapshot.Entity{
		ID: clinic, Kind: "issuer", Names: []string{"Clinic of the Example"}, Keys: []snapshot.Key{{Kid: kid, JWK: jwk(key)}},
		Auth: []snapshot.Authorization{{Action: "issue", Resource: "*"}},
	})
	list := func(yield func(snapshot.Entity, error) bool) {
		for _, e := range today {
			var old snapshot.Entity
			var err error
			if prev != nil {
				old, _, err = prev.Entity(e.ID)
			}
			e.Keys = slices.Clone(e.Keys)
			for j, k := range e.Keys {
				e.Keys[j].From = at
				for _, was := range old.Keys {
					if was.Kid == k.Kid && sameKey(was.JWK, k.JWK) && was.State == "" {
						e.Keys[j].From = was.From
					}
				}
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
	if prev == nil {
		return list
	}
	return snapshot.Carry(prev, at, list)
}

// sameKey compares the members that make a key: what else a JWK says may change.
func sameKey(a, b strictjson.Object) bool {
	for _, name := range []string{"kty", "crv", "x", "y"} {
		if a.String(name) != b.String(name) {
			return false
		}
	}
	return true
}

// release builds the snapshot of a day and signs its head and freshness.
func (o *operator) release(i int, d day) (publish.Release, snapshot.Delta, error) {
	var r publish.Release
	var delta snapshot.Delta
	var prev *snapshot.Snapshot
	var err error
	if o.last.Defined() {
		if prev, err = snapshot.Open(o.last, o.blocks.Get); err != nil {
			return r, delta, err
		}
	}
	src := d.source.Source()
	src.Entities = o.entities(i, d, prev)
	meta, err := snapshot.Build(src, o.blocks.Put, snapshot.Options{})
	if err != nil {
		return r, delta, err
	}
	if prev != nil {
		next, err := snapshot.Open(meta.Root, o.blocks.Get)
		if err != nil {
			return r, delta, err
		}
		if delta, err = snapshot.Diff(prev, next); err != nil {
			return r, delta, err
		}
	}
	o.last = meta.Root
	h := governance.Head{
		Registry: o.root.ID(), RootVersion: 1, Version: 1, Snapshot: meta.Root.String(), Entities: int64(meta.Entities),
		Issued: wire.FormatTime(d.time), NextUpdate: wire.FormatTime(d.time.AddDate(0, 0, 7)), Expires: wire.FormatTime(d.time.AddDate(0, 0, 30)),
	}
	if o.head != nil {
		h.Version, h.Prev = o.head.Version+1, o.head.Identity.String()
	}
	doc, err := o.sign(h)
	if err != nil {
		return r, delta, err
	}
	if o.head, err = governance.ParseHead(doc); err != nil {
		return r, delta, err
	}
	fresh, err := o.sign(governance.Freshness{
		Registry: h.Registry, Version: h.Version, Head: o.head.Identity.String(),
		AsOf: h.Issued, NextUpdate: wire.FormatTime(d.time.Add(24 * time.Hour)),
	})
	if err != nil {
		return r, delta, err
	}
	r = publish.Release{ID: h.Registry, Roots: [][]byte{o.root.Bytes}, Head: doc, Fresh: fresh, Snapshot: meta.Root, Get: o.blocks.Get}
	return r, delta, r.Verify()
}

// credential is one of the clinic, signed on a day by the key of another.
func credential(signed time.Time, i int) []byte {
	kid, key := clinicKey(i)
	b64 := base64.RawURLEncoding
	text := b64.EncodeToString(strictjson.Encode(strictjson.Object{"alg": "EdDSA", "kid": kid, "typ": "vc+jwt"})) + "." +
		b64.EncodeToString(strictjson.Encode(strictjson.Object{
			"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiableCredential"},
			"issuer": clinic, "validFrom": wire.FormatTime(signed), "credentialSubject": strictjson.Object{"id": "did:example:patient"},
		}))
	return []byte(text + "." + b64.EncodeToString(ed25519.Sign(key, []byte(text))))
}
