package publish

import (
	"encoding/base64"
	"fmt"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
)

// maxDocument bounds a signed document, and an IPNS record is smaller.
const maxDocument = 64 << 10

// isRegistry reports whether id is a registry's id. It is then safe as a path.
func isRegistry(id string) bool {
	c, err := block.ParseCID(id)
	return err == nil && c.Prefix().Codec == block.JSON
}

// check holds the parts of a release against one another: a head that speaks of
// another snapshot, or of roots that are not there, would be of no use to anybody.
// Signatures are judged by verifiers.
func (r *Release) check() error {
	bad := func(format string, args ...any) error { return errorf(BadRelease, "", format, args...) }
	if err := block.CheckCID(r.Snapshot); err != nil || r.Snapshot.Prefix().Codec != block.DagCBOR {
		return bad("the snapshot %s is no CID of a dag-cbor block", r.Snapshot)
	}
	if r.Get == nil && r.fetch == nil {
		return bad("the release has no blocks")
	}
	if r.ID == "" {
		if len(r.Roots) > 0 || r.Head != nil || r.Fresh != nil || r.Record != nil {
			return bad("the release has documents and no registry's id")
		}
		return nil
	}
	if len(r.Roots) == 0 || r.Head == nil {
		return bad("a registry is published by its roots and a head")
	}
	if (r.Record == nil) != (r.RecordName == "") {
		return bad("an IPNS record has a name, and a name a record")
	}
	for i, data := range r.Roots {
		root, err := payload(data)
		if err != nil {
			return bad("root %d: %v", i+1, err)
		}
		if v, _ := version(root); root.String("type") != "RegistryRoot" || v != int64(i+1) {
			return bad("root %d is a %.40s of version %d", i+1, root.String("type"), v)
		}
	}
	if c := block.New(block.JSON, r.Roots[0]).CID.String(); c != r.ID {
		return bad("root 1 is %s, want the registry's id %s", c, r.ID)
	}
	head, err := payload(r.Head)
	switch {
	case err != nil:
		return bad("head: %v", err)
	case head.String("type") != "SnapshotHead" || head.String("registry") != r.ID:
		return bad("the head is a %.40s of registry %.80s, want %s", head.String("type"), head.String("registry"), r.ID)
	case head.String("snapshot") != r.Snapshot.String():
		return bad("the head speaks of the snapshot %.80s, want %s", head.String("snapshot"), r.Snapshot)
	}
	for i, c := range head.Array("roots") { // of root 2 and on
		if i+1 >= len(r.Roots) || c != block.New(block.JSON, r.Roots[i+1]).CID.String() {
			return bad("the head names %v as root %d, which is not in the release", c, i+2)
		}
	}
	if r.Fresh != nil {
		fresh, err := payload(r.Fresh)
		if err != nil {
			return bad("freshness: %v", err)
		}
		fv, _ := version(fresh)
		hv, _ := version(head)
		if fresh.String("type") != "Freshness" || fresh.String("registry") != r.ID || fv != hv {
			return bad("the freshness is a %.40s of version %d, want one of the head's, %d", fresh.String("type"), fv, hv)
		}
	}
	_, err = r.block()
	return err
}

// guard refuses to put a head in the place of a newer one, or of another one of the
// same version.
func (f Folder) guard(r Release) error {
	if r.ID == "" {
		return nil
	}
	for _, d := range r.documents() {
		if d.name[0] == 'i' {
			continue // newer by its sequence, which is the head's version
		}
		old, ok := f.Document(r.ID, d.name)
		if !ok {
			continue
		}
		if err := follows(d.name, old, d.data); err != nil {
			return err
		}
	}
	return nil
}

// follows compares two documents of one name.
func follows(name string, old, next []byte) error {
	a, err := payload(old)
	if err != nil {
		return nil // what is there is no document: it is replaced
	}
	b, err := payload(next)
	if err != nil {
		return wrap(BadRelease, "", err)
	}
	va, _ := version(a)
	vb, _ := version(b)
	switch {
	case vb < va:
		return errorf(Older, "", "%s %d is there, and %d is older", name, va, vb)
	case vb > va, string(strictjson.Encode(a)) == string(strictjson.Encode(b)):
		return nil // signatures may be added
	case name == "fresh":
		if b.String("asOf") < a.String("asOf") { // canonical times sort as text
			return errorf(Older, "", "a freshness of %s is there, and %s is older", a.String("asOf"), b.String("asOf"))
		}
		return nil
	}
	return errorf(Forked, "", "another %s %d is there", name, va)
}

// payload reads what a signed document says (RFC 7515 Section 7.2.1), and checks no
// signature.
func payload(doc []byte) (strictjson.Object, error) {
	if len(doc) > maxDocument {
		return nil, fmt.Errorf("%d bytes, want at most %d", len(doc), maxDocument)
	}
	envelope, err := strictjson.ParseObject(doc)
	if err != nil {
		return nil, err
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(envelope.String("payload"))
	if err != nil {
		return nil, err
	}
	return strictjson.ParseObject(data)
}

func version(o strictjson.Object) (int64, error) {
	n, _ := o["version"].(strictjson.Number)
	v, ok := n.Int64()
	if !ok || v < 1 {
		return 0, fmt.Errorf("version %.40v, want a positive integer", o["version"])
	}
	return v, nil
}
