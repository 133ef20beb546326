package status

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
)

func TestExpand(t *testing.T) {
	text := bytes.Repeat([]byte("status"), 1000)
	for _, tt := range []struct {
		name string
		undo func([]byte) ([]byte, error)
		in   []byte
		ok   bool
	}{
		{"gzip", gunzip, testissuer.Gzip(text), true},
		{"gzip, nothing", gunzip, testissuer.Gzip(nil), true},
		{"gzip, two members", gunzip, append(testissuer.Gzip(text), testissuer.Gzip(text)...), false},
		{"gzip, a byte after it", gunzip, append(testissuer.Gzip(text), 0), false},
		{"gzip, cut off", gunzip, testissuer.Gzip(text)[:40], false},
		{"gzip, its sum cut off", gunzip, testissuer.Gzip(text)[:len(testissuer.Gzip(text))-4], false},
		{"gzip, its sum changed", gunzip, func() []byte { b := testissuer.Gzip(text); b[len(b)-8] ^= 1; return b }(), false},
		{"gzip of zlib", gunzip, testissuer.Zlib(text), false},
		{"gzip of the limit", gunzip, testissuer.Gzip(make([]byte, maxExpanded)), true},
		{"gzip beyond the limit", gunzip, testissuer.Gzip(make([]byte, maxExpanded+1)), false},
		{"zlib", unzlib, testissuer.Zlib(text), true},
		{"zlib, a byte after it", unzlib, append(testissuer.Zlib(text), 0), false},
		{"zlib, cut off", unzlib, testissuer.Zlib(text)[:20], false},
		{"zlib, its sum changed", unzlib, func() []byte { b := testissuer.Zlib(text); b[len(b)-1] ^= 1; return b }(), false},
		{"zlib of gzip", unzlib, testissuer.Gzip(text), false},
		{"zlib of the limit", unzlib, testissuer.Zlib(make([]byte, maxExpanded)), true},
		{"zlib beyond the limit", unzlib, testissuer.Zlib(make([]byte, maxExpanded+1)), false},
		{"nothing", unzlib, nil, false},
	} {
		if out, err := tt.undo(tt.in); (err == nil) != tt.ok || tt.ok && len(out) > 6000 && len(out) != maxExpanded {
			t.Errorf("%s: %d bytes, %v", tt.name, len(out), err)
		}
	}
}

// The orders of the two texts, by their own examples: Token Status List Section 4.1 and
// Bitstring Status List Section 2.2.
func TestOrder(t *testing.T) {
	for i, want := range []int{1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1} {
		if got, ok := lowFirst([]byte{0xb9, 0xa3}, int64(i), 1); got != want || !ok {
			t.Errorf("lowFirst %d: %d, want %d", i, got, want)
		}
	}
	for i, want := range []int{1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3} {
		if got, ok := lowFirst([]byte{0xc9, 0x44, 0xf9}, int64(i), 2); got != want || !ok {
			t.Errorf("lowFirst %d of 2: %d, want %d", i, got, want)
		}
	}
	for i, want := range []int{1, 0, 1, 1, 1, 0, 0, 1} {
		if got, ok := leftFirst([]byte{0xb9}, int64(i), 1); got != want || !ok {
			t.Errorf("leftFirst %d: %d, want %d", i, got, want)
		}
	}
	for i, want := range []int{5, 6, 2} { // 101 110 010, and 7 bits that are no entry
		if got, ok := leftFirst([]byte{0xb9, 0x00}, int64(i), 3); got != want || !ok {
			t.Errorf("leftFirst %d of 3: %d, want %d", i, got, want)
		}
	}
	for _, index := range []int64{-1, 5, 1 << 62, -1 << 63} {
		if _, ok := leftFirst([]byte{0xb9, 0x00}, index, 3); ok {
			t.Errorf("index %d of 5 is found", index)
		}
	}
}

// FuzzBitstring: a list that is read gives the same bits when they are compressed anew,
// and no entry says more than its size lets it.
func FuzzBitstring(f *testing.F) {
	for _, b := range [][]byte{nil, {0x80}, bytes.Repeat([]byte{0, 1}, 100)} {
		f.Add("u"+base64.RawURLEncoding.EncodeToString(testissuer.Gzip(b)), "revocation", int64(3), 2)
	}
	f.Fuzz(func(t *testing.T, encoded, purpose string, index int64, size int) {
		for i := range variants {
			v := &variants[i]
			read := func(encoded string) (*List, Answer) {
				return readBitstring(&cred.Credential{Types: []string{v.list}, Subjects: []strictjson.Object{{
					"type": v.subject, "statusPurpose": purpose, "encodedList": encoded}}}, v)
			}
			l, a := read(encoded)
			if a.Reason != "" {
				if l != nil {
					t.Fatal("a list beside its refusal")
				}
				continue
			}
			text := base64.RawURLEncoding.EncodeToString(testissuer.Gzip(l.bits))
			if v.current {
				text = "u" + text
			}
			again, a := read(text)
			if a.Reason != "" || !bytes.Equal(again.bits, l.bits) {
				t.Fatalf("read again: %+v", a)
			}
			if size = size & 7; size > 0 {
				if value, ok := leftFirst(l.bits, index, size); ok && (value >= 1<<size || index >= int64(len(l.bits))*8) {
					t.Fatalf("entry %d of %d bits is %d", index, size, value)
				}
			}
		}
	})
}

// FuzzToken: the claims of a list that are read, written again, give the same list.
func FuzzToken(f *testing.F) {
	lst := base64.RawURLEncoding.EncodeToString(testissuer.Zlib([]byte{0xb9, 0xa3}))
	f.Add([]byte(`{"sub":"https://a.example","iat":1,"exp":2,"ttl":3,"status_list":{"bits":1,"lst":"`+lst+`"}}`), int64(1))
	f.Add([]byte(`{"sub":"https://a.example","iat":1.5,"ttl":0.25,"status_list":{"bits":8,"lst":"`+lst+`"}}`), int64(2))
	f.Add([]byte(`{"iat":1,"status_list":{"bits":3}}`), int64(-1))
	f.Fuzz(func(t *testing.T, payload []byte, index int64) {
		claims, err := strictjson.ParseObject(payload)
		if err != nil {
			return
		}
		c, a := tokenClaims(claims, &cred.Credential{Issuer: "did:example:a"})
		if a.Reason != "" {
			return
		}
		if c.ID == "" || c.SignedAt == nil || c.Issuer == "" {
			t.Fatalf("half a list: %+v", c)
		}
		l, a := readToken(c)
		if a.Reason != "" {
			return
		}
		if value, ok := lowFirst(l.bits, index, l.size); ok && (value >= 1<<l.size || value < 0) {
			t.Fatalf("entry %d of %d bits is %d", index, l.size, value)
		}
		claims["status_list"].(strictjson.Object)["lst"] = base64.RawURLEncoding.EncodeToString(testissuer.Zlib(l.bits))
		if again, a := readToken(c); a.Reason != "" || !bytes.Equal(again.bits, l.bits) || again.TTL != l.TTL || again.size != l.size {
			t.Fatalf("read again: %+v, %+v", again, a)
		}
	})
}

// FuzzCards: a rid that is not in a list is not revoked by it, and one that is put in is.
func FuzzCards(f *testing.F) {
	f.Add([]byte(`{"kid":"k","method":"rid","ctr":1,"rids":["a","b.1700000000"]}`), "a")
	f.Add([]byte(`{"kid":"k","method":"rid","ctr":1,"rids":[]}`), "b")
	f.Fuzz(func(t *testing.T, body []byte, rid string) {
		e := &Entry{rid: rid, kid: "k"}
		if rid == "" || bytes.ContainsRune([]byte(rid), '.') || !bytes.Equal(bytes.ToValidUTF8([]byte(rid), nil), []byte(rid)) {
			return
		}
		a := e.CheckCards(body, 0)
		if a.Reason != "" && a.Reason != Revoked {
			return
		}
		o, err := strictjson.ParseObject(body)
		if err != nil {
			t.Fatal("no JSON is read")
		}
		o["rids"] = append(o.Array("rids"), rid)
		if again := e.CheckCards(strictjson.Encode(o), 0); again.Reason != Revoked && again.Reason != BadList {
			t.Fatalf("put in, and %+v", again)
		}
	})
}

// FuzzEntries: an entry that is read has a list at an https URL without a fragment, and
// an index that is no less than 0.
func FuzzEntries(f *testing.F) {
	f.Add([]byte(`{"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"5","statusListCredential":"https://a.example/3"}`))
	f.Add([]byte(`{"type":"TokenStatusList","status_list":{"idx":5,"uri":"https://a.example/3"}}`))
	f.Add([]byte(`{"type":"SmartHealthCardRevocation","rid":"a","id":"https://a.example/.well-known/crl/k.json"}`))
	f.Add([]byte(`{"type":"RevocationList2020Status","revocationListIndex":1e3,"revocationListCredential":"https://a.example/3"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := strictjson.ParseObject(data)
		if err != nil {
			return
		}
		list, a := entry(o, &cred.Credential{})
		if (a.Reason == "") != (len(list) == 1) {
			t.Fatalf("%d entries, %+v", len(list), a)
		}
		for _, e := range list {
			if !isList(e.URL) || e.index < 0 || e.Signed == (e.rid != "") || e.size < 0 || e.size > maxSize {
				t.Fatalf("%+v", e)
			}
		}
	})
}
