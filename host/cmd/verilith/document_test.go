package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/host/internal/signer"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/wasm/strictjson"
)

const someSnapshot = "bafyreigw6oxthqimtwnztcuhwsrxwrutnfcgi6zjyvgflp4misjs2kcnci"

func newTestKey(t testing.TB, kind string) *signer.Key {
	t.Helper()
	k, err := signer.Generate(kind)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// founded is a working folder with a root of two keys, both of which sign.
func founded(t testing.TB, a, b *signer.Key) (registryDir, []*governance.RootDoc) {
	t.Helper()
	role := governance.Role{Keys: []string{a.Thumbprint(), b.Thumbprint()}, Threshold: 2}
	doc, err := unsigned(governance.TypeRoot, governance.Root{
		Version: 1, Name: "Test \u202e registry", Issued: "2026-11-22T10:00:00Z", Expires: "2027-11-22T10:00:00Z",
		Keys:  []governance.RootKey{{JWK: a.Key(), Name: "a"}, {JWK: b.Key(), Name: "b"}},
		Roles: governance.Roles{Root: role, Head: role, Fresh: &governance.Role{Keys: role.Keys[:1], Threshold: 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	doc = signedBy(t, doc, a, b)
	d := registryDir{t.TempDir()}
	if _, err := d.install(doc); err != nil {
		t.Fatal(err)
	}
	roots, err := d.roots()
	if err != nil {
		t.Fatal(err)
	}
	return d, roots
}

func signedBy(t testing.TB, doc *document, keys ...*signer.Key) *document {
	t.Helper()
	for _, k := range keys {
		data, err := governance.Sign(doc.env.Bytes, k)
		if err != nil {
			t.Fatal(err)
		}
		if doc, err = doc.with(data); err != nil {
			t.Fatal(err)
		}
	}
	return doc
}

func headOf(t testing.TB, roots []*governance.RootDoc, edit func(h *governance.Head)) *document {
	t.Helper()
	h := governance.Head{
		Registry: roots[0].ID(), RootVersion: 1, Version: 1, Snapshot: someSnapshot, Entities: 3,
		Issued: "2026-11-22T10:00:00Z", NextUpdate: "2026-11-29T10:00:00Z", Expires: "2026-12-22T10:00:00Z",
	}
	if edit != nil {
		edit(&h)
	}
	doc, err := unsigned(governance.TypeHead, h)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// A document waits for exactly the one that follows. Each line is one edit of a head
// that does.
func TestWants(t *testing.T) {
	a, b := newTestKey(t, signer.Ed25519), newTestKey(t, signer.ES256)
	d, roots := founded(t, a, b)
	first := signedBy(t, headOf(t, roots, nil), a, b)
	if _, err := d.install(first); err != nil {
		t.Fatal(err)
	}
	_, others := founded(t, b, a)
	next := func(edit func(h *governance.Head)) *document {
		return headOf(t, roots, func(h *governance.Head) {
			h.Version, h.Prev = 2, first.env.Identity.String()
			if edit != nil {
				edit(h)
			}
		})
	}
	for _, tt := range []struct {
		name string
		doc  *document
		want string // in the error; "" means that it is wanted
	}{
		{"next", next(nil), ""},
		{"another registry's", next(func(h *governance.Head) { h.Registry = others[0].ID() }), "is of the registry"},
		{"one too far", next(func(h *governance.Head) { h.Version = 3 }), "does not follow head 1"},
		{"the version again", headOf(t, roots, func(h *governance.Head) { h.Entities = 4 }), "head 1 does not follow head 1"},
		{"after another head", next(func(h *governance.Head) { h.Prev = roots[0].Identity.String() }), "follows another head 1"},
		{"under a root that is not there", next(func(h *governance.Head) { h.RootVersion, h.Roots = 2, []string{roots[0].Location.String()} }), "and the newest root is 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wants, err := d.wants(tt.doc, roots)
			if tt.want == "" {
				if err != nil || len(wants) != 1 || wants[0].role != roleHead {
					t.Fatalf("%v %v", wants, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
	if wants, err := d.wants(first, roots); err != nil || wants != nil {
		t.Errorf("the head that is there: %v %v", wants, err)
	}
}

// A signature that does not hold, or by somebody else, is dropped, so that it keeps
// nobody from signing.
func TestWithout(t *testing.T) {
	a, b, stranger := newTestKey(t, signer.Ed25519), newTestKey(t, signer.ES256K), newTestKey(t, signer.Ed25519)
	d, roots := founded(t, a, b)
	doc := headOf(t, roots, nil)
	wants, err := d.wants(doc, roots)
	if err != nil {
		t.Fatal(err)
	}
	good := signedBy(t, doc, a)
	all := signedBy(t, good, b, stranger)
	o, err := strictjson.ParseObject(all.env.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range all.env.Signatures { // b's becomes a's
		if s.Key == b.Thumbprint() {
			o.Array("signatures")[i].(strictjson.Object)["signature"] = strings.Repeat("A", 86)
		}
	}
	broken, err := all.with(strictjson.Encode(o))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := governance.Sign(broken.env.Bytes, b); err == nil {
		t.Fatal("the broken signature keeps nobody from signing: this test tests nothing")
	}
	var said bytes.Buffer
	clean, err := broken.without(wants, &said)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(clean.env.Bytes, good.env.Bytes) {
		t.Errorf("left is %s", clean.env.Bytes)
	}
	if strings.Count(said.String(), "dropped") != 2 {
		t.Errorf("said %q", said.String())
	}
	if missing(signedBy(t, clean, b).env, wants) != 0 {
		t.Error("b's own signature does not complete it")
	}
	if same, err := good.without(wants, &said); err != nil || same != good {
		t.Errorf("a good document was changed: %v", err)
	}
}

func TestAhead(t *testing.T) {
	a, b := newTestKey(t, signer.Ed25519), newTestKey(t, signer.Ed25519)
	_, roots := founded(t, a, b)
	doc := headOf(t, roots, nil) // of ten o'clock
	for text, ok := range map[string]bool{
		"2026-11-22T10:00:00Z": true, "2026-11-22T09:50:00Z": true, "2026-11-22T09:49:59Z": false, "2027-01-01T00:00:00Z": true,
	} {
		now, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		if err := ahead(doc, now); (err == nil) != ok {
			t.Errorf("at %s: %v", text, err)
		}
	}
}

// What a terminal is shown holds nothing that it obeys.
func TestShown(t *testing.T) {
	_, roots := founded(t, newTestKey(t, signer.Ed25519), newTestKey(t, signer.Ed25519))
	doc, err := newDocument(governance.TypeRoot, roots[0].Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(doc.shown()); strings.Contains(got, "\u202e") || !strings.Contains(got, `\u{202e}`) {
		t.Errorf("%s", got)
	}
	if got := string(doc.readable()); !strings.Contains(got, "\u202e") {
		t.Errorf("the file has another name than was signed: %s", got)
	}
}

// What a person can read is the same document when it is read again.
func FuzzReadable(f *testing.F) {
	_, roots := founded(f, newTestKey(f, signer.Ed25519), newTestKey(f, signer.ES256K))
	f.Add(roots[0].Bytes)
	f.Add(roots[0].Payload)
	f.Add(headOf(f, roots, nil).env.Bytes)
	f.Add([]byte(`{"payload":"e30","signatures":[]}`))
	f.Add([]byte(`{"type":"SnapshotHead"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := parseDocument(data)
		if err != nil {
			return
		}
		again, err := parseDocument(doc.readable())
		if err != nil || again.env.Identity != doc.env.Identity || len(again.env.Signatures) != 0 {
			t.Fatalf("%v\n%s", err, doc.readable())
		}
		if same, err := parseDocument(doc.env.Bytes); err != nil || !bytes.Equal(same.env.Bytes, doc.env.Bytes) {
			t.Fatalf("%v\n%s", err, doc.env.Bytes)
		}
	})
}
