package publish

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/host/internal/signer"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

var epoch = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func at(days int) string { return epoch.AddDate(0, 0, days).Format(time.RFC3339) }

// operator holds the keys of a registry, and what it has signed.
type operator struct {
	t        testing.TB
	rootKey  *signer.Key
	headKey  *signer.Key
	ipnsKey  *signer.Key
	ipnsName string
	mirrors  []string
	start    time.Time // from when names of releases count: a node judges them by its own clock

	roots []*governance.RootDoc
	head  *governance.HeadDoc // the last one
	store snapshot.Store
}

func newKey(t testing.TB) *signer.Key {
	t.Helper()
	k, err := signer.Generate(signer.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newOperator(t testing.TB, mirrors ...string) *operator {
	t.Helper()
	o := &operator{t: t, rootKey: newKey(t), headKey: newKey(t), mirrors: mirrors, start: epoch, store: snapshot.Store{}}
	o.rotate()
	return o
}

func (o *operator) id() string { return o.roots[0].ID() }

// sign signs a payload with keys.
func (o *operator) sign(payload any, keys ...*signer.Key) []byte {
	o.t.Helper()
	text, err := governance.EncodePayload(payload)
	if err != nil {
		o.t.Fatal(err)
	}
	doc, err := governance.Unsigned(text)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, k := range keys {
		if doc, err = governance.Sign(doc, k); err != nil {
			o.t.Fatal(err)
		}
	}
	return doc
}

// rotate makes the next root, of the keys that the operator has now.
func (o *operator) rotate(before ...*signer.Key) {
	o.t.Helper()
	r := governance.Root{
		Name: "Registry of Tests", Version: int64(len(o.roots) + 1), Issued: at(0), Expires: at(365), Mirrors: o.mirrors, IPNS: o.ipnsName,
		Keys: []governance.RootKey{{JWK: o.rootKey.Key()}, {JWK: o.headKey.Key()}},
		Roles: governance.Roles{
			Root:  governance.Role{Keys: []string{o.rootKey.Thumbprint()}, Threshold: 1},
			Head:  governance.Role{Keys: []string{o.headKey.Thumbprint()}, Threshold: 1},
			Fresh: &governance.Role{Keys: []string{o.headKey.Thumbprint()}, Threshold: 1},
		},
	}
	var prev *governance.RootDoc
	if len(o.roots) > 0 {
		prev = o.roots[len(o.roots)-1]
		r.Registry, r.Prev = o.id(), prev.Identity.String()
	}
	root, err := governance.ParseRoot(o.sign(r, append([]*signer.Key{o.rootKey}, before...)...))
	if err == nil {
		err = governance.CheckRoot(prev, root)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	o.roots = append(o.roots, root)
}

// build makes a snapshot of so many issuers, of which the first few have a name that
// says when.
func (o *operator) build(issuers, changed, day int) cid.Cid {
	o.t.Helper()
	return build(o.t, o.store, issuers, changed, day)
}

func build(t testing.TB, store snapshot.Store, issuers, changed, day int) cid.Cid {
	t.Helper()
	src := snapshot.Source{Name: "Test", Entities: func(yield func(snapshot.Entity, error) bool) {
		for i := range issuers {
			e := snapshot.Entity{ID: issuer(i), Kind: "issuer", Names: []string{"An issuer with a name of some length"},
				Auth: []snapshot.Authorization{{Action: "issue", Resource: "*"}}}
			if i < changed {
				e.Names = []string{fmt.Sprintf("An issuer that changed on day %d", day)}
			}
			if !yield(e, nil) {
				return
			}
		}
	}}
	meta, err := snapshot.Build(src, store.Put, snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return meta.Root
}

func issuer(i int) string { return fmt.Sprintf("https://issuer-%d.example", i) }

// release signs the next head, of a snapshot, and what goes with it.
func (o *operator) release(root cid.Cid, day int) Release {
	o.t.Helper()
	h := governance.Head{Registry: o.id(), RootVersion: int64(len(o.roots)), Version: 1, Snapshot: root.String(),
		Issued: at(day), NextUpdate: at(day + 1), Expires: at(day + 30)}
	for _, r := range o.roots[1:] {
		h.Roots = append(h.Roots, r.Location.String())
	}
	if o.head != nil {
		h.Version, h.Prev = o.head.Version+1, o.head.Identity.String()
	}
	return o.releaseOf(h, day)
}

func (o *operator) releaseOf(h governance.Head, day int) Release {
	o.t.Helper()
	head, err := governance.ParseHead(o.sign(h, o.headKey))
	if err != nil {
		o.t.Fatal(err)
	}
	o.head = head
	r := Release{ID: o.id(), Head: head.Bytes, Fresh: o.fresh(day), Snapshot: head.SnapshotCID(), Get: o.store.Get}
	for _, d := range o.roots {
		r.Roots = append(r.Roots, d.Bytes)
	}
	if o.ipnsKey != nil {
		if err := r.Name(o.ipnsKey, o.start.AddDate(0, 0, day+2), time.Minute); err != nil {
			o.t.Fatal(err)
		}
	}
	return r
}

func (o *operator) fresh(day int) []byte {
	o.t.Helper()
	return o.sign(governance.Freshness{Registry: o.id(), Version: o.head.Version, Head: o.head.Identity.String(),
		AsOf: at(day), NextUpdate: at(day + 1)}, o.headKey)
}

// publish publishes and fails if that fails.
func publish(t testing.TB, to Target, r Release) Report {
	t.Helper()
	report, err := to.Publish(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// wantReason fails unless err is an *Error with the reason; "" is no error.
func wantReason(t testing.TB, err error, want Reason) {
	t.Helper()
	var e *Error
	switch {
	case want == "" && err != nil:
		t.Errorf("error %v, want none", err)
	case want != "" && (!errors.As(err, &e) || e.Reason != want):
		t.Errorf("error %v, want reason %s", err, want)
	}
}

// wantWhole fails unless a folder holds what it must at any time: below a block, all
// that it links to.
func wantWhole(t testing.TB, f Folder) (blocks int) {
	t.Helper()
	list, err := os.ReadDir(filepath.Join(f.Dir, "ipfs"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, d := range list {
		c, err := block.ParseCID(d.Name())
		if err != nil {
			if !bytes.HasSuffix([]byte(d.Name()), []byte(".car")) {
				t.Errorf("a file %s", d.Name())
			}
			continue
		}
		blocks++
		data, ok := f.Get(c)
		if !ok {
			t.Errorf("%s is damaged", c)
		}
		if c.Prefix().Codec != block.DagCBOR {
			continue
		}
		links, err := block.Links(data)
		if err != nil {
			t.Error(err)
		}
		for _, l := range links {
			if !f.has(l) {
				t.Errorf("%s is there, and %s below it is not", c, l)
			}
		}
	}
	return blocks
}
