package governance

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

func TestSign(t *testing.T) {
	m := makeRegistry(t)
	a, b, c := signer("a"), signerP256("b"), signer("c")
	payload, err := EncodePayload(m.headPayload())
	wantReason(t, err, "")
	unsigned, err := Unsigned(payload)
	wantReason(t, err, "")
	one, err := Sign(unsigned, a)
	wantReason(t, err, "")
	all := one
	for _, s := range []testSigner{b, c} {
		all, err = Sign(all, s)
		wantReason(t, err, "")
	}
	d, err := ParseHead(all)
	wantReason(t, err, "")
	if len(d.Signatures) != 3 || !slices.IsSortedFunc(d.Signatures, func(x, y Signature) int { return strings.Compare(x.Key, y.Key) }) {
		t.Errorf("signatures %v", d.Signatures)
	}
	if u, err := ParseHead(unsigned); err != nil || u.Identity != d.Identity || u.Location == d.Location {
		t.Error("a signature changes the location of a document, and not its identity")
	}
	_, err = Sign(all, a)
	wantReason(t, err, BadSigner) // a second time
	liar := a
	liar.jwk = c.jwk
	_, err = Sign(unsigned, liar)
	wantReason(t, err, BadSigner) // another's key
	_, err = Sign(unsigned, testSigner{a.jwk, func([]byte) ([]byte, error) { return nil, errors.New("no") }})
	wantReason(t, err, BadSigner)
	_, err = Sign(unsigned, testSigner{strictjson.Object{"kty": "oct", "k": "AA"}, nil})
	wantReason(t, err, BadSigner)
	_, err = Sign(payload, a)
	wantReason(t, err, Malformed)

	// Any reader of JWS finds the same.
	jws, err := jose.ParseJSON(all, jose.Options{})
	if err != nil || len(jws) != 3 {
		t.Fatalf("%d signatures, %v", len(jws), err)
	}
	for _, j := range jws {
		for _, s := range []testSigner{a, b, c} {
			key, err := keys.FromJWK(s.jwk)
			if err != nil {
				t.Fatal(err)
			}
			if ok := j.Verify(key) == nil; ok != (j.Kid == key.Thumbprint()) || j.Typ != "snapshot-head+jws" || !bytes.Equal(j.Payload, payload) {
				t.Errorf("kid %s, typ %s: holds %v", j.Kid, j.Typ, ok)
			}
		}
	}
}

func TestMerge(t *testing.T) {
	m := makeRegistry(t)
	payload, err := EncodePayload(m.headPayload())
	wantReason(t, err, "")
	unsigned, err := Unsigned(payload)
	wantReason(t, err, "")
	var copies [][]byte
	want := unsigned
	for _, name := range []string{"a", "b", "c"} {
		doc, err := Sign(unsigned, signer(name))
		wantReason(t, err, "")
		copies = append(copies, doc)
		want, err = Sign(want, signer(name))
		wantReason(t, err, "")
	}
	got, err := Merge(copies[2], copies[0], copies[1], copies[0], want)
	wantReason(t, err, "")
	if !bytes.Equal(got, want) {
		t.Error("what was signed apart is not what was signed in turn")
	}
	_, err = Merge(unsigned, m.docs[2])
	wantReason(t, err, Malformed)
}

func TestMissing(t *testing.T) {
	m := makeRegistry(t)
	for _, tt := range []struct {
		doc  *Envelope
		role string
		want int
	}{
		{&m.rootDoc.Envelope, "root", 0}, {&m.rootDoc.Envelope, "head", 1},
		{&m.headDoc.Envelope, "head", 0}, {&m.headDoc.Envelope, "root", 1}, {&m.headDoc.Envelope, "fresh", 1},
		{&m.freshDoc.Envelope, "fresh", 0},
	} {
		if got := Missing(tt.doc, m.rootDoc, tt.role); got != tt.want {
			t.Errorf("%s: %d missing, want %d", tt.role, got, tt.want)
		}
	}
	if Missing(&m.headDoc.Envelope, m.rootDoc, "other") <= 0 {
		t.Error("a role that is not there was met")
	}
}

func TestEncodePayload(t *testing.T) {
	m := makeRegistry(t)
	root := func(edit func(*Root)) any { p := m.rootPayload(); edit(&p); return p }
	head := func(edit func(*Head)) any { p := m.headPayload(); edit(&p); return p }
	fresh := func(edit func(*Freshness)) any { p := m.freshPayload(); edit(&p); return p }
	id, long := m.rootDoc.ID(), strings.Repeat("n", 201)
	tests := []struct {
		name    string
		payload any
		want    Reason
	}{
		{"root", m.rootPayload(), ""},
		{"root without a fresh role", root(func(r *Root) { r.Roles.Fresh = nil }), ""},
		{"root with an IPNS name", root(func(r *Root) { r.IPNS = "k51qzi5uqu5dit2ku9mutlfgwyz8u730on38kd10m97m36bjt66my99hb6103f" }), ""},
		{"root with no IPNS name", root(func(r *Root) { r.IPNS = "example.org" }), Malformed},
		{"root 2", root(func(r *Root) { r.Version, r.Registry, r.Prev = 2, id, id }), ""},
		{"root 2 without prev", root(func(r *Root) { r.Version, r.Registry = 2, id }), Malformed},
		{"root 2 without registry", root(func(r *Root) { r.Version, r.Prev = 2, id }), Malformed},
		{"root 1 with prev", root(func(r *Root) { r.Registry, r.Prev = id, id }), Malformed},
		{"root 0", root(func(r *Root) { r.Version = 0 }), Malformed},
		{"root 256", root(func(r *Root) { r.Version, r.Registry, r.Prev = 256, id, id }), ""},
		{"root 257", root(func(r *Root) { r.Version, r.Registry, r.Prev = 257, id, id }), Malformed},
		{"prev of another codec", root(func(r *Root) { r.Version, r.Registry, r.Prev = 2, id, m.headDoc.Snapshot }), Malformed},
		{"no name", root(func(r *Root) { r.Name = "" }), Malformed},
		{"a name of two lines", root(func(r *Root) { r.Name = "a\nb" }), Malformed},
		{"a long name", root(func(r *Root) { r.Name = long }), Malformed},
		{"expires before it is issued", root(func(r *Root) { r.Expires = "2025-12-31T23:59:59Z" }), Malformed},
		{"a time with an offset", root(func(r *Root) { r.Issued = "2026-01-01T00:00:00+00:00" }), Malformed},
		{"a time with an empty fraction", root(func(r *Root) { r.Issued = "2026-01-01T00:00:00.0Z" }), Malformed},
		{"a date", root(func(r *Root) { r.Issued = "2026-01-01" }), Malformed},
		{"no keys", root(func(r *Root) { r.Keys = nil }), Malformed},
		{"seventeen keys in a role", root(func(r *Root) {
			for i := range 16 {
				s := signer("more" + string(rune('a'+i)))
				r.Keys = append(r.Keys, RootKey{JWK: s.jwk})
				r.Roles.Root.Keys = append(r.Roles.Root.Keys, s.print())
			}
		}), Malformed},
		{"a jwk with a kid", root(func(r *Root) { r.Keys[0].JWK = with(r.Keys[0].JWK, "kid", "k") }), Malformed},
		{"a jwk with an unknown member", root(func(r *Root) { r.Keys[0].JWK = with(r.Keys[0].JWK, "x-y", "k") }), Malformed},
		{"a key off its curve", root(func(r *Root) { r.Keys[1].JWK = with(r.Keys[1].JWK, "y", r.Keys[1].JWK["x"]) }), Malformed},
		{"the same key twice", root(func(r *Root) { r.Keys = append(r.Keys, RootKey{JWK: m.root.jwk, Name: "Second person"}) }), DuplicateKey},
		{"seventeen mirrors", root(func(r *Root) {
			for i := range 15 {
				r.Mirrors = append(r.Mirrors, "https://mirror"+string(rune('a'+i))+".example")
			}
		}), Malformed},
		{"a mirror twice", root(func(r *Root) { r.Mirrors = append(r.Mirrors, r.Mirrors[0]) }), Malformed},

		{"head", m.headPayload(), ""},
		{"head without maxStale", head(func(h *Head) { h.MaxStale = nil }), ""},
		{"head 2", head(func(h *Head) { h.Version, h.Prev = 2, id }), ""},
		{"head 2 without prev", head(func(h *Head) { h.Version = 2 }), Malformed},
		{"head 1 with prev", head(func(h *Head) { h.Prev = id }), Malformed},
		{"head 2^53-1", head(func(h *Head) { h.Version, h.Prev = MaxVersion, id }), ""},
		{"head 2^53", head(func(h *Head) { h.Version, h.Prev = MaxVersion+1, id }), Malformed},
		{"head 0", head(func(h *Head) { h.Version = 0 }), Malformed},
		{"head of root 2", head(func(h *Head) { h.RootVersion, h.Roots = 2, []string{id} }), ""},
		{"head of root 2 that names no root", head(func(h *Head) { h.RootVersion = 2 }), Malformed},
		{"head of root 1 that names a root", head(func(h *Head) { h.Roots = []string{id} }), Malformed},
		{"head of root 0", head(func(h *Head) { h.RootVersion = 0 }), Malformed},
		{"snapshot of another codec", head(func(h *Head) { h.Snapshot = id }), Malformed},
		{"registry of another codec", head(func(h *Head) { h.Registry = h.Snapshot }), Malformed},
		{"fewer than no entities", head(func(h *Head) { h.Entities = -1 }), Malformed},
		{"nextUpdate after it expires", head(func(h *Head) { h.NextUpdate = "2026-12-20T00:00:01Z" }), Malformed},
		{"nextUpdate before it is issued", head(func(h *Head) { h.NextUpdate = "2026-11-19T00:00:00Z" }), Malformed},
		{"maxStale of an unknown class", head(func(h *Head) { h.MaxStale = map[string]string{"all": "1d"} }), Malformed},
		{"maxStale of no age", head(func(h *Head) { h.MaxStale = map[string]string{"keys": "1w"} }), Malformed},
		{"maxStale over a century", head(func(h *Head) { h.MaxStale = map[string]string{"keys": "36501d"} }), Malformed},

		{"freshness", m.freshPayload(), ""},
		{"freshness of head 0", fresh(func(f *Freshness) { f.Version = 0 }), Malformed},
		{"freshness of no head", fresh(func(f *Freshness) { f.Head = "" }), Malformed},
		{"freshness before its time", fresh(func(f *Freshness) { f.NextUpdate = "2026-11-22T08:59:59Z" }), Malformed},
		{"neither", "payload", Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, err := EncodePayload(tt.payload)
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			doc, err := Unsigned(text)
			wantReason(t, err, "")
			e, _, err := parseEnvelope(doc, MaxDocument)
			wantReason(t, err, "")
			if !bytes.Equal(e.Payload, text) {
				t.Error("another payload")
			}
		})
	}
}

func with(o strictjson.Object, name string, value any) strictjson.Object {
	c := o.Without()
	c[name] = value
	return c
}

func TestMirrorURL(t *testing.T) {
	for text, want := range map[string]bool{
		"https://mirror.example": true, "https://mirror.example:8443": true, "https://mirror.example/a/b.c/~d_e-f": true, "https://192.0.2.1/m": true,
		"http://mirror.example": false, "https://": false, "https://mirror.example/": false, "https://mirror.example/a/": false, "https://mirror.example//a": false,
		"https://mirror.example/../a": false, "https://mirror.example/./a": false, "https://mirror.example?a": false, "https://mirror.example/a#b": false,
		"https://user@mirror.example": false, "https://mirror.example:": false, "https://mirror.example:x": false, "https://.example": false,
		"https://Mirror.example": false, "https://mirror.example/a b": false, "https://mirror.example/%2e%2e": false, `https://mirror.example\@other`: false,
		"https://[::1]/a": false, "https://mirror.example/" + strings.Repeat("a", 500): false, "": false,
	} {
		if got := mirrorURL(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestOneEncoding writes a good document in other ways.
func TestOneEncoding(t *testing.T) {
	m := makeRegistry(t)
	good := string(m.docs[1])
	payload := string(m.headDoc.Payload)
	sig := m.headDoc.Signatures[0]
	head := string(header(sig.Alg, sig.Key, "snapshot-head+jws"))
	envelope := func(protected, payload string, value []byte) string {
		return `{"payload":"` + b64([]byte(payload)) + `","signatures":[{"protected":"` + b64([]byte(protected)) + `","signature":"` + b64(value) + `"}]}`
	}
	tests := []struct {
		name, doc string
		want      Reason
	}{
		{"as it is", good, ""},
		{"written again", envelope(head, payload, sig.value), ""},
		{"a space", strings.Replace(good, `":`, `": `, 1), Malformed},
		{"a line break at the end", good + "\n", Malformed},
		{"a member more", `{"a":1,` + good[1:], Malformed},
		{"an unprotected header", strings.Replace(good, `{"protected"`, `{"header":{},"protected"`, 1), Malformed},
		{"flattened", `{"payload":"` + b64([]byte(payload)) + `","protected":"` + sig.protected + `","signature":"` + b64(sig.value) + `"}`, Malformed},
		{"signatures no list", `{"payload":"` + b64([]byte(payload)) + `","signatures":{}}`, Malformed},
		{"compact", sig.protected + "." + b64([]byte(payload)) + "." + b64(sig.value), Malformed},
		{"payload with a space", envelope(head, strings.Replace(payload, `":`, `": `, 1), sig.value), Malformed},
		{"payload in another order", envelope(head, `{"version":1,`+strings.Replace(payload[1:], `"version":1`, `"x":1`, 1), sig.value), Malformed},
		{"payload with an empty member", envelope(head, strings.Replace(payload, `"registry":`, `"prev":"","registry":`, 1), sig.value), Malformed},
		{"payload with an unknown member", envelope(head, strings.Replace(payload, `"registry":`, `"q":1,"registry":`, 1), sig.value), Malformed},
		{"payload with a null", envelope(head, strings.Replace(payload, `"registry":`, `"prev":null,"registry":`, 1), sig.value), Malformed},
		{"payload with a number in another form", envelope(head, strings.Replace(payload, `"version":1`, `"version":1e0`, 1), sig.value), Malformed},
		{"payload with a member twice", envelope(head, strings.Replace(payload, `"version":1`, `"version":1,"version":1`, 1), sig.value), Malformed},
		{"payload of version 2 of the format", envelope(head, strings.Replace(payload, `"v":1`, `"v":2`, 1), sig.value), Malformed},
		{"payload of an unknown type", envelope(head, strings.Replace(payload, TypeHead, "Head", 1), sig.value), Malformed},
		{"payload empty", envelope(head, "", sig.value), Malformed},
		{"header in another order", envelope(`{"kid":"`+sig.Key+`","alg":"ES256","typ":"snapshot-head+jws"}`, payload, sig.value), Malformed},
		{"header with a member more", envelope(strings.Replace(head, `"kid"`, `"crit":["a"],"kid"`, 1), payload, sig.value), Malformed},
		{"header with a jwk", envelope(strings.Replace(head, `"kid"`, `"jwk":{},"kid"`, 1), payload, sig.value), Malformed},
		{"header of another type", envelope(strings.Replace(head, "snapshot-head", "registry-root", 1), payload, sig.value), Malformed},
		{"header without a type", envelope(strings.Replace(head, `,"typ":"snapshot-head+jws"`, "", 1), payload, sig.value), Malformed},
		{"alg none", envelope(strings.Replace(head, "ES256", "none", 1), payload, sig.value), Malformed},
		{"alg ES384", envelope(strings.Replace(head, "ES256", "ES384", 1), payload, sig.value), Malformed},
		{"alg of another type of key", envelope(strings.Replace(head, "ES256", "EdDSA", 1), payload, sig.value), ""}, // well formed; it does not hold
		{"a short kid", envelope(strings.Replace(head, sig.Key, sig.Key[:42], 1), payload, sig.value), Malformed},
		{"a kid of other characters", envelope(strings.Replace(head, sig.Key, "."+sig.Key[1:], 1), payload, sig.value), Malformed},
		{"a short signature", envelope(head, payload, sig.value[:63]), Malformed},
		{"no signature", envelope(head, payload, nil), Malformed},
		{"a byte order mark", "\xef\xbb\xbf" + good, Malformed},
		{"nothing", "", Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := ParseHead([]byte(tt.doc))
			wantReason(t, err, tt.want)
			if err == nil && tt.name == "alg of another type of key" {
				wantReason(t, CheckHead(m.rootDoc, d), BelowThreshold)
			}
		})
	}
	list := make([]Signature, MaxSignatures+1)
	for i := range list {
		list[i] = sig
		list[i].Key = "A" + string(rune('A'+i%26)) + string(rune('A'+i/26)) + sig.Key[3:]
		list[i].protected = b64(header(sig.Alg, list[i].Key, "snapshot-head+jws"))
	}
	slices.SortFunc(list, func(a, b Signature) int { return strings.Compare(a.Key, b.Key) })
	_, err := ParseHead(encode(m.headDoc.Payload, list[:MaxSignatures]))
	wantReason(t, err, "")
	_, err = ParseHead(encode(m.headDoc.Payload, list))
	wantReason(t, err, Malformed)
	_, err = ParseFreshness(m.docs[1])
	wantReason(t, err, Malformed)
	_, err = ParseRoot(m.docs[1])
	wantReason(t, err, Malformed)
}

func TestUnproven(t *testing.T) {
	m := makeRegistry(t)
	unproven, err := ParseRoot(m.docs[0])
	wantReason(t, err, "")
	wantReason(t, CheckHead(unproven, m.headDoc), RootGap)
	wantReason(t, CheckFreshness(unproven, m.headDoc, m.freshDoc), RootGap)
	wantReason(t, CheckRoot(unproven, m.rootDoc), RootGap)
	wantReason(t, CheckHead(m.rootDoc, m.headDoc), "")
	wantReason(t, CheckFreshness(m.rootDoc, m.headDoc, m.freshDoc), "")
	other := m.freshPayload()
	other.Version = 2
	doc, err := ParseFreshness(document(t, other, m.fresh))
	wantReason(t, err, "")
	wantReason(t, CheckFreshness(m.rootDoc, m.headDoc, doc), WrongHead)
}

func TestState(t *testing.T) {
	m := makeRegistry(t)
	r := Advance(m.rootDoc.Location, nil, m.evidence(), Options{Now: now, Ask: true})
	if r.Reason != "" || r.State == nil || !r.Changed {
		t.Fatalf("%s %s", r.Reason, r.Detail)
	}
	text := r.State.Encode()
	s, err := ParseState(text, m.rootDoc.ID())
	wantReason(t, err, "")
	if s.Encode() != text || s.Head.Version != 1 || s.Head.Epoch != 1 || s.Time != "2026-11-22T09:00:00Z" || s.Fresh != string(m.docs[2]) {
		t.Errorf("%+v", s)
	}
	if len(text) > 2500 {
		t.Errorf("a state of %d characters", len(text))
	}
	if s, err := ParseState("", m.rootDoc.ID()); s != nil || err != nil {
		t.Error("no state is no state")
	}
	raw, err := keys.Base64URL(text)
	wantReason(t, err, "")
	for name, edit := range map[string][2]string{
		"a member more":         {`"v":1`, `"v":1,"w":1`},
		"root version":          {`"version":1},"time"`, `"version":0},"time"`},
		"root version too high": {`"version":1},"time"`, `"version":300},"time"`},
		"roots left out":        {`"version":1},"time"`, `"version":2},"time"`},
		"head version":          {`"version":1},"registry"`, `"version":0},"registry"`},
		"no head identity":      {`"identity"`, `"ident"`},
		"epoch 0":               {`"epoch":1`, `"epoch":0`},
		"epoch as text":         {`"epoch":1`, `"epoch":"1"`},
		"time":                  {`"time":"2026`, `"time":"26`},
		"not canonical":         {`"v":1`, `"v": 1`},
	} {
		if !strings.Contains(string(raw), edit[0]) {
			t.Fatalf("%s: nothing to edit in %s", name, raw)
		}
		_, err := ParseState(b64([]byte(strings.Replace(string(raw), edit[0], edit[1], 1))), m.rootDoc.ID())
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		wantReason(t, err, BadState)
	}
}

func FuzzDocument(f *testing.F) {
	m := makeRegistry(f)
	for _, d := range m.docs {
		f.Add(d)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		e, _, err := parseEnvelope(doc, MaxDocument)
		if err != nil {
			return
		}
		if !bytes.Equal(encode(e.Payload, e.Signatures), doc) {
			t.Fatal("written again it is another document")
		}
		var payload any
		if d, err := ParseRoot(doc); err == nil {
			payload = d.Root
		} else if d, err := ParseHead(doc); err == nil {
			payload = d.Head
		} else if d, err := ParseFreshness(doc); err == nil {
			payload = d.Freshness
		} else {
			return
		}
		if text, err := EncodePayload(payload); err != nil || !bytes.Equal(text, e.Payload) {
			t.Fatalf("%s became %s: %v", e.Payload, text, err)
		}
		if e.Location != block.New(block.JSON, doc).CID || e.Identity != block.New(block.JSON, e.Payload).CID {
			t.Fatal("its CIDs are not those of its bytes")
		}
	})
}

func FuzzState(f *testing.F) {
	m := makeRegistry(f)
	r := Advance(m.rootDoc.Location, nil, m.evidence(), Options{Now: now, Ask: true})
	raw, err := keys.Base64URL(r.State.Encode())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		text := b64(raw)
		s, err := ParseState(text, m.rootDoc.ID())
		if err != nil || s == nil {
			return
		}
		if s.Encode() != text {
			t.Fatalf("%s became %s", text, s.Encode())
		}
		// Whatever it says, no head counts but the one that the head key has signed, and
		// what it leaves can be read.
		r := Advance(m.rootDoc.Location, s, m.evidence(), Options{Now: now, Ask: true})
		if r.Head != nil && r.Head.Identity != m.headDoc.Identity {
			t.Fatal("another head")
		}
		if _, err := ParseState(r.State.Encode(), m.rootDoc.ID()); err != nil {
			t.Fatalf("left a state that cannot be read: %v", err)
		}
		if r.State.Root.Version < s.Root.Version || s.Head != nil && r.State.Head == nil {
			t.Fatalf("left an older state: %+v after %+v", r.State, s)
		}
	})
}

// FuzzMirror has a mirror say anything: it may keep a reader from the newest head, and
// cannot make it believe another.
func FuzzMirror(f *testing.F) {
	m := makeRegistry(f)
	for _, d := range m.docs {
		f.Add("head", d)
		f.Add("fresh", d)
		f.Add("root/2", d)
	}
	first := Advance(m.rootDoc.Location, nil, m.evidence(), Options{Now: now, Ask: true})
	f.Fuzz(func(t *testing.T, name string, doc []byte) {
		for _, st := range []*State{nil, first.State} {
			ev := m.evidence()
			ev.named[name] = append([][]byte{doc}, ev.named[name]...)
			r := Advance(m.rootDoc.Location, st, ev, Options{Now: now, Ask: true})
			if r.Reason != "" || r.Head == nil || r.Head.Identity != m.headDoc.Identity || len(r.Needs) > 0 {
				t.Fatalf("%s: %s", r.Reason, r.Detail)
			}
			if len(r.Conflict) > 0 || r.Root.Version != 1 {
				t.Fatal("it believed something")
			}
		}
	})
}
