package governance

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/ipns"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Root is the payload of a RegistryRoot.
type Root struct {
	V        int       `json:"v"`                  // 1
	Type     string    `json:"type"`               // TypeRoot
	Registry string    `json:"registry,omitempty"` // the registry's id; absent in version 1, of which it is the CID
	Name     string    `json:"name"`
	Version  int64     `json:"version"`
	Prev     string    `json:"prev,omitempty"` // identity of the root before; absent in version 1
	Issued   string    `json:"issued"`
	Expires  string    `json:"expires"`
	Keys     []RootKey `json:"keys"`
	Roles    Roles     `json:"roles"`
	Mirrors  []string  `json:"mirrors,omitempty"` // https URLs without a trailing slash
	IPNS     string    `json:"ipns,omitempty"`    // the name under which a record points to the head
}

// RootKey is a public key of a root, and whose it is.
type RootKey struct {
	JWK  strictjson.Object `json:"jwk"` // the members that make the key, and no others
	Name string            `json:"name,omitempty"`
}

// Roles are who may sign what. Without a Fresh role there are no Freshness documents,
// and a head counts as fresh until its own nextUpdate.
type Roles struct {
	Root  Role  `json:"root"`
	Head  Role  `json:"head"`
	Fresh *Role `json:"fresh,omitempty"`
}

// Role is keys by their thumbprints, and how many of them must sign.
type Role struct {
	Keys      []string `json:"keys"`
	Threshold int      `json:"threshold"`
}

func (r Role) equal(other Role) bool {
	a, b := slices.Sorted(slices.Values(r.Keys)), slices.Sorted(slices.Values(other.Keys))
	return r.Threshold == other.Threshold && slices.Equal(a, b)
}

// Head is the payload of a SnapshotHead.
type Head struct {
	V           int      `json:"v"`    // 1
	Type        string   `json:"type"` // TypeHead
	Registry    string   `json:"registry"`
	RootVersion int64    `json:"rootVersion"`     // the root under which it is signed
	Roots       []string `json:"roots,omitempty"` // locations of root 2 to RootVersion, so that one round obtains all
	Version     int64    `json:"version"`
	Prev        string   `json:"prev,omitempty"` // identity of the head before; absent in the first
	Snapshot    string   `json:"snapshot"`       // root CID
	Entities    int64    `json:"entities"`
	Issued      string   `json:"issued"`
	NextUpdate  string   `json:"nextUpdate"` // until when it is fresh of itself
	Expires     string   `json:"expires"`    // after which nothing makes it count
	// MaxStale bounds, per class of evidence, what staleness a verifier may accept.
	MaxStale map[string]string `json:"maxStale,omitempty"`
}

// Freshness is the payload of a Freshness.
type Freshness struct {
	V          int    `json:"v"`    // 1
	Type       string `json:"type"` // TypeFreshness
	Registry   string `json:"registry"`
	Version    int64  `json:"version"` // of the head
	Head       string `json:"head"`    // its identity
	AsOf       string `json:"asOf"`    // when it was the newest one
	NextUpdate string `json:"nextUpdate"`
}

// RootDoc is a root with its signatures. [CheckRoot] proves it.
type RootDoc struct {
	Root
	Envelope

	keys            map[string]*keys.Key // by thumbprint
	issued, expires time.Time

	id    string // the registry's, once proven
	since int64  // the version in which its head role began, once proven
}

// HeadDoc is a head with its signatures.
type HeadDoc struct {
	Head
	Envelope

	snapshot                    cid.Cid
	roots                       []cid.Cid
	issued, nextUpdate, expires time.Time
}

// SnapshotCID is the root CID of the snapshot.
func (h *HeadDoc) SnapshotCID() cid.Cid { return h.snapshot }

// FreshnessDoc is a Freshness with its signatures.
type FreshnessDoc struct {
	Freshness
	Envelope

	asOf, nextUpdate time.Time
}

// ParseRoot reads a root. It checks its form, and no signature.
func ParseRoot(doc []byte) (*RootDoc, error) {
	return remembered(doc, func() (*RootDoc, error) {
		d := &RootDoc{keys: map[string]*keys.Key{}}
		e, err := parse(doc, MaxDocument, TypeRoot, &d.Root)
		if err != nil {
			return nil, err
		}
		d.Envelope = *e
		return d, d.check()
	})
}

// ParseHead reads a head. It checks its form, and no signature.
func ParseHead(doc []byte) (*HeadDoc, error) {
	d := &HeadDoc{}
	e, err := parse(doc, MaxDocument, TypeHead, &d.Head)
	if err != nil {
		return nil, err
	}
	d.Envelope = *e
	return d, d.check()
}

// ParseFreshness reads a Freshness. It checks its form, and no signature.
func ParseFreshness(doc []byte) (*FreshnessDoc, error) {
	d := &FreshnessDoc{}
	e, err := parse(doc, maxFreshness, TypeFreshness, &d.Freshness)
	if err != nil {
		return nil, err
	}
	d.Envelope = *e
	return d, d.check()
}

// parse reads a document into dst, a pointer to its payload's type.
func parse(doc []byte, limit int, kind string, dst any) (*Envelope, error) {
	e, payload, err := parseEnvelope(doc, limit)
	if err != nil {
		return nil, err
	}
	if e.typ != typs[kind] {
		return nil, fail(Malformed, "type", "%.40q, want %s", payload.String("type"), kind)
	}
	return e, bindPayload(e.Payload, payload, dst)
}

func bindPayload(text []byte, payload strictjson.Object, dst any) error {
	if err := strictjson.Bind(payload, dst); err != nil {
		return fail(Malformed, "payload", "%v", err)
	}
	// What was read, written again, is what was read: canonical, and no empty member.
	if again, err := strictjson.Canonical(strictjson.From(dst)); err != nil || !bytes.Equal(again, text) {
		return fail(Malformed, "payload", "not in canonical form (RFC 8785), or with an empty member")
	}
	return nil
}

// EncodePayload checks a Root, Head or Freshness and writes it in its one form, ready
// to be read by people and signed. V and Type are set where they are not.
func EncodePayload(payload any) ([]byte, error) {
	var d interface{ check() error }
	var v any
	switch p := payload.(type) {
	case Root:
		p.V, p.Type = 1, TypeRoot
		d, v = &RootDoc{Root: p, keys: map[string]*keys.Key{}}, p
	case Head:
		p.V, p.Type = 1, TypeHead
		d, v = &HeadDoc{Head: p}, p
	case Freshness:
		p.V, p.Type = 1, TypeFreshness
		d, v = &FreshnessDoc{Freshness: p}, p
	default:
		return nil, fail(Malformed, "payload", "want a Root, a Head or a Freshness")
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	text, err := strictjson.Canonical(strictjson.From(v))
	if err != nil {
		return nil, fail(Malformed, "payload", "%v", err)
	}
	return text, nil
}

func (d *RootDoc) check() error {
	if d.V != 1 || d.Type != TypeRoot {
		return fail(Malformed, "v", "want version 1 of %s", TypeRoot)
	}
	if d.Version < 1 || d.Version > MaxRoots {
		return fail(Malformed, "version", "%d, want 1 to %d", d.Version, MaxRoots)
	}
	if first := d.Version == 1; first != (d.Registry == "") || first != (d.Prev == "") {
		return fail(Malformed, "prev", "want registry and prev in every root but the first")
	}
	for _, m := range []struct{ name, value string }{{"registry", d.Registry}, {"prev", d.Prev}} {
		if m.value != "" {
			if _, err := parseCID(m.name, m.value, block.JSON); err != nil {
				return err
			}
		}
	}
	if err := checkText("name", d.Name); err != nil {
		return err
	}
	err := readTimes(timeMember{"issued", d.Issued, &d.issued}, timeMember{"expires", d.Expires, &d.expires})
	if err != nil {
		return err
	}
	if err := d.checkKeys(); err != nil {
		return err
	}
	if len(d.Mirrors) > maxMirrors {
		return fail(Malformed, "mirrors", "%d, want at most %d", len(d.Mirrors), maxMirrors)
	}
	for i, m := range d.Mirrors {
		if !mirrorURL(m) || slices.Contains(d.Mirrors[:i], m) {
			return fail(Malformed, "mirrors", "%.100q, want https URLs, each once, without query, fragment and trailing slash", m)
		}
	}
	if d.IPNS != "" {
		if _, err := ipns.ParseName(d.IPNS); err != nil {
			return fail(Malformed, "ipns", "%v", err)
		}
	}
	return nil
}

func (d *RootDoc) checkKeys() error {
	if len(d.Keys) == 0 || len(d.Keys) > 3*MaxRoleKeys {
		return fail(Malformed, "keys", "%d, want 1 to %d", len(d.Keys), 3*MaxRoleKeys)
	}
	for _, k := range d.Keys {
		key, err := keys.FromJWK(k.JWK)
		if err != nil {
			return fail(Malformed, "keys", "%v", err)
		}
		if algorithms[key.Type()] == "" {
			return fail(Malformed, "keys", "a key of type %s, want Ed25519, P-256 or secp256k1", key.Type())
		}
		if !bytes.Equal(strictjson.Encode(k.JWK), strictjson.Encode(bare(key))) {
			return fail(Malformed, "keys", "a jwk with more than the members that make the key")
		}
		if k.Name != "" {
			if err := checkText("keys", k.Name); err != nil {
				return err
			}
		}
		print := key.Thumbprint()
		if d.keys[print] != nil {
			return fail(DuplicateKey, "keys", "%s is there twice: a key counts once, whatever it is called", print)
		}
		d.keys[print] = key
	}
	roles := []Role{d.Roles.Root, d.Roles.Head}
	if d.Roles.Fresh != nil {
		roles = append(roles, *d.Roles.Fresh)
	}
	for i, r := range roles {
		name := "roles." + []string{"root", "head", "fresh"}[i]
		if len(r.Keys) > MaxRoleKeys || r.Threshold < 1 || r.Threshold > len(r.Keys) {
			return fail(Malformed, name, "threshold %d of %d keys, want at least 1, no more than there are keys, and at most %d keys", r.Threshold, len(r.Keys), MaxRoleKeys)
		}
		for j, print := range r.Keys {
			if d.keys[print] == nil {
				return fail(Malformed, name, "%.60q is the thumbprint of none of the keys", print)
			}
			if slices.Contains(r.Keys[:j], print) {
				return fail(DuplicateKey, name, "%s is there twice", print)
			}
		}
	}
	return nil
}

// bare is the JWK of a key without kid, alg, use and key_ops.
func bare(k *keys.Key) strictjson.Object { return k.JWK().Without("kid", "alg", "use", "key_ops") }

func (d *HeadDoc) check() error {
	if d.V != 1 || d.Type != TypeHead {
		return fail(Malformed, "v", "want version 1 of %s", TypeHead)
	}
	if d.Version < 1 || d.Version > MaxVersion {
		return fail(Malformed, "version", "%d, want 1 to 2^53-1", d.Version)
	}
	if d.RootVersion < 1 || d.RootVersion > MaxRoots || int64(len(d.Roots)) != d.RootVersion-1 {
		return fail(Malformed, "roots", "%d locations for root version %d, want those of root 2 to it, at most %d", len(d.Roots), d.RootVersion, MaxRoots)
	}
	if _, err := parseCID("registry", d.Registry, block.JSON); err != nil {
		return err
	}
	d.roots = nil
	for _, s := range d.Roots {
		c, err := parseCID("roots", s, block.JSON)
		if err != nil {
			return err
		}
		d.roots = append(d.roots, c)
	}
	if (d.Version == 1) != (d.Prev == "") {
		return fail(Malformed, "prev", "want one in every head but the first")
	}
	if d.Prev != "" {
		if _, err := parseCID("prev", d.Prev, block.JSON); err != nil {
			return err
		}
	}
	var err error
	if d.snapshot, err = parseCID("snapshot", d.Snapshot, block.DagCBOR); err != nil {
		return err
	}
	if d.Entities < 0 {
		return fail(Malformed, "entities", "%d, want a count", d.Entities)
	}
	if err := readTimes(timeMember{"issued", d.Issued, &d.issued}, timeMember{"nextUpdate", d.NextUpdate, &d.nextUpdate}, timeMember{"expires", d.Expires, &d.expires}); err != nil {
		return err
	}
	for _, class := range slices.Sorted(maps.Keys(d.MaxStale)) {
		if class != "keys" && class != "registry" && class != "status" {
			return fail(Malformed, "maxStale", "no class %.40q of evidence", class)
		}
		if _, err := parseAge(d.MaxStale[class]); err != nil {
			return fail(Malformed, "maxStale."+class, "%v", err)
		}
	}
	return nil
}

func (d *FreshnessDoc) check() error {
	if d.V != 1 || d.Type != TypeFreshness {
		return fail(Malformed, "v", "want version 1 of %s", TypeFreshness)
	}
	if d.Version < 1 || d.Version > MaxVersion {
		return fail(Malformed, "version", "%d, want 1 to 2^53-1", d.Version)
	}
	for _, m := range []struct{ name, value string }{{"registry", d.Registry}, {"head", d.Head}} {
		if _, err := parseCID(m.name, m.value, block.JSON); err != nil {
			return err
		}
	}
	return readTimes(timeMember{"asOf", d.AsOf, &d.asOf}, timeMember{"nextUpdate", d.NextUpdate, &d.nextUpdate})
}

func parseCID(member, s string, codec uint64) (cid.Cid, error) {
	c, err := block.ParseCID(s)
	if err != nil {
		return cid.Undef, fail(Malformed, member, "%v", err)
	}
	if c.Prefix().Codec != codec {
		return cid.Undef, fail(Malformed, member, "%s is of another codec than %#x", s, codec)
	}
	return c, nil
}

// mirrorURL reports whether s is an https URL to which a path can be added. It is
// stricter than RFC 3986, so that no two readers take it for two hosts.
func mirrorURL(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	host, path, _ := strings.Cut(rest, "/")
	if !ok || host == "" || len(s) > maxURL || strings.HasSuffix(s, "/") {
		return false
	}
	name, port, hasPort := strings.Cut(host, ":")
	if name == "" || strings.HasPrefix(name, ".") || hasPort && (port == "" || strings.Trim(port, "0123456789") != "") {
		return false
	}
	other := func(allowed string) func(r rune) bool {
		return func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune(allowed, r))
		}
	}
	if strings.ContainsFunc(name, other("-.")) {
		return false
	}
	for _, segment := range strings.Split(path, "/") {
		if segment == "." || segment == ".." || segment == "" && path != "" {
			return false
		}
	}
	return !strings.ContainsFunc(path, other("ABCDEFGHIJKLMNOPQRSTUVWXYZ/-._~"))
}
