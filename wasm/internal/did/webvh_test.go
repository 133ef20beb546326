package did

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
)

var (
	update1  = testissuer.Key("EdDSA", "update 1").AsDIDKey()
	update2  = testissuer.Key("EdDSA", "update 2").AsDIDKey()
	update3  = testissuer.Key("EdDSA", "update 3").AsDIDKey()
	stranger = testissuer.Key("EdDSA", "stranger").AsDIDKey()
	asserts1 = testissuer.Key("ES256", "asserts 1")
	asserts2 = testissuer.Key("ES384", "asserts 2")
	witness1 = testissuer.Key("EdDSA", "witness 1").AsDIDKey()
	witness2 = testissuer.Key("EdDSA", "witness 2").AsDIDKey()
	witness3 = testissuer.Key("EdDSA", "witness 3").AsDIDKey()
)

const location = "issuer.example:dids:1"

func updateKeys(keys ...*testissuer.Issuer) strictjson.Object {
	var list []any
	for _, k := range keys {
		list = append(list, k.Multikey())
	}
	return strictjson.Object{"updateKeys": list}
}

// with is p with further members.
func with(p strictjson.Object, more strictjson.Object) strictjson.Object {
	out := p.Without()
	for k, v := range more {
		out[k] = v
	}
	return out
}

func announced(keys ...*testissuer.Issuer) strictjson.Object {
	list := []any{}
	for _, k := range keys {
		list = append(list, testissuer.Multihash([]byte(k.Multikey())))
	}
	return strictjson.Object{"nextKeyHashes": list}
}

func witnesses(threshold int, keys ...*testissuer.Issuer) strictjson.Object {
	var list []any
	for _, k := range keys {
		list = append(list, strictjson.Object{"id": k.ID})
	}
	return strictjson.Object{"witness": strictjson.Object{"threshold": strictjson.Number(fmt.Sprint(threshold)), "witnesses": list}}
}

// versions are two: the second has another key for assertions, and for updates.
func versions() []testissuer.Version {
	return []testissuer.Version{
		{Time: "2024-01-01T00:00:00Z", Location: location, Parameters: updateKeys(update1), State: testissuer.Assertion(asserts1), Signer: update1},
		{Time: "2025-01-01T00:00:00Z", Location: location, Parameters: updateKeys(update2), State: testissuer.Assertion(asserts2), Signer: update1},
	}
}

func logOf(list []testissuer.Version) *testissuer.Log {
	l := &testissuer.Log{}
	for _, v := range list {
		l.Add(v)
	}
	return l
}

var webvhNow = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// asks resolves a log at a time, its files being those given.
func asks(did, at string, log []byte, proofs []any) (*Document, error) {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return nil, err
	}
	return ResolveAt(did, Times{At: t, Now: webvhNow}, func(url string) ([]byte, error) {
		switch {
		case url == "https://issuer.example/dids/1/did.jsonl":
			return log, nil
		case url == "https://issuer.example/dids/1/did-witness.json" && proofs != nil:
			return strictjson.Encode(proofs), nil
		}
		return nil, errors.New("asked for " + url)
	})
}

func wantWebVH(t *testing.T, err error, want Reason, member string) {
	t.Helper()
	e := &Error{}
	switch {
	case want == "" && err == nil:
	case !errors.As(err, &e) || e.Reason != want || member != "" && e.Member != member:
		t.Errorf("%v, want %q: %s", err, want, member)
	}
}

// The version in force at a time is the one that is returned.
func TestWebVHVersions(t *testing.T) {
	l := logOf(versions())
	for _, tt := range []struct {
		at, key string
		want    Reason
	}{
		{"2023-12-31T23:59:59Z", "", NotInForce},
		{"2024-01-01T00:00:00Z", asserts1.Thumbprint(), ""},
		{"2024-12-31T23:59:59Z", asserts1.Thumbprint(), ""},
		{"2025-01-01T00:00:00Z", asserts2.Thumbprint(), ""},
		{"2026-11-22T12:00:00Z", asserts2.Thumbprint(), ""},
	} {
		doc, err := asks(l.DID, tt.at, l.JSONL(), nil)
		wantWebVH(t, err, tt.want, "")
		if err == nil {
			if m, err := doc.Method(l.DID+"#key", "assertionMethod"); err != nil || m.Key.Thumbprint() != tt.key {
				t.Errorf("%s: %v %v", tt.at, m, err)
			}
		}
	}
}

// MUSTS row 16: witnesses to a threshold of distinct ones, versionTime strictly
// increasing and not in the future, only eddsa-jcs-2022.
func TestMust16WebVH(t *testing.T) {
	two := func(edit func(list []testissuer.Version)) func() *testissuer.Log {
		return func() *testissuer.Log {
			list := versions()
			edit(list)
			return logOf(list)
		}
	}
	afterwards := func(edit func(l *testissuer.Log)) func() *testissuer.Log {
		return func() *testissuer.Log {
			l := logOf(versions())
			edit(l)
			return l
		}
	}
	proof := func(edit func(p strictjson.Object)) func() *testissuer.Log {
		return afterwards(func(l *testissuer.Log) { edit(l.Entries[1].Object("proof")) })
	}
	for _, tt := range []struct {
		name   string
		make   func() *testissuer.Log
		want   Reason
		member string
	}{
		{"valid", two(func([]testissuer.Version) {}), "", ""},
		{"the same time", two(func(l []testissuer.Version) { l[1].Time = l[0].Time }), InvalidLog, "versionTime"},
		{"an earlier time", two(func(l []testissuer.Version) { l[1].Time = "2023-12-31T23:59:59Z" }), InvalidLog, "versionTime"},
		{"a second later", two(func(l []testissuer.Version) { l[1].Time = "2024-01-01T00:00:01Z" }), "", ""},
		{"in the future", two(func(l []testissuer.Version) { l[1].Time = "2026-11-22T12:00:01Z" }), InvalidLog, "versionTime"},
		{"now", two(func(l []testissuer.Version) { l[1].Time = "2026-11-22T12:00:00Z" }), "", ""},
		{"another offset", two(func(l []testissuer.Version) { l[1].Time = "2025-01-01T01:00:00+01:00" }), MalformedLog, "versionTime"},
		{"no offset", two(func(l []testissuer.Version) { l[1].Time = "2025-01-01T01:00:00" }), MalformedLog, "versionTime"},
		{"another suite", proof(func(p strictjson.Object) { p["cryptosuite"] = "eddsa-rdfc-2022" }), InvalidLog, "proof"},
		{"a suite that is a type", proof(func(p strictjson.Object) { p["type"] = "Ed25519Signature2020"; delete(p, "cryptosuite") }), InvalidLog, "proof"},
		{"another purpose", proof(func(p strictjson.Object) { p["proofPurpose"] = "authentication" }), InvalidLog, "proof"},
		{"signed by a stranger", two(func(l []testissuer.Version) { l[1].Signer = stranger }), InvalidLog, "proof"},
		{"signed by the key that it introduces", two(func(l []testissuer.Version) { l[1].Signer = update2 }), InvalidLog, "proof"},
		{"the first by a stranger", two(func(l []testissuer.Version) { l[0].Signer = stranger }), InvalidLog, "proof"},
		{"a fragment of the key that may, a body of the one that signs", two(func(l []testissuer.Version) {
			l[1].Signer = testissuer.Key("EdDSA", "stranger").As(stranger.ID, stranger.ID+"#"+update1.Multikey())
		}), InvalidLog, "proof"},
		{"a fragment of the one that signs, a body of the key that may", two(func(l []testissuer.Version) {
			l[1].Signer = testissuer.Key("EdDSA", "stranger").As(stranger.ID, update1.ID+"#"+stranger.Multikey())
		}), InvalidLog, "proof"},
		{"signature changed", proof(func(p strictjson.Object) { p["created"] = "2026-01-02T03:04:06Z" }), InvalidLog, "proof"},
		{"a proof more, by a stranger", afterwards(func(l *testissuer.Log) {
			e := l.Entries[1]
			e["proof"] = []any{e["proof"], stranger.JCS(e.Without("proof"), nil)["proof"]}
		}), InvalidLog, "proof"},
		{"two proofs, by those that may", func() *testissuer.Log {
			list := versions()
			list[0].Parameters = updateKeys(update1, update3)
			l := logOf(list)
			e := l.Entries[1]
			e["proof"] = []any{e["proof"], update3.JCS(e.Without("proof"), nil)["proof"]}
			return l
		}, "", ""},
		{"no proof", afterwards(func(l *testissuer.Log) { delete(l.Entries[1], "proof") }), MalformedLog, "proof"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := tt.make()
			_, err := asks(l.DID, "2026-11-22T12:00:00Z", l.JSONL(), nil)
			wantWebVH(t, err, tt.want, tt.member)
		})
	}
}

// MUSTS row 16, the witnesses: a threshold of distinct ones for each entry, by proofs
// over the versions of this log.
func TestMust16Witnesses(t *testing.T) {
	one := versions()[:1]
	one[0].Parameters = with(one[0].Parameters, witnesses(2, witness1, witness2, witness3))
	second := versions()[1]
	other := logOf(versions())
	for _, tt := range []struct {
		name   string
		more   []testissuer.Version
		proofs func(l *testissuer.Log) []any
		want   Reason
	}{
		{"enough", nil, func(l *testissuer.Log) []any { return []any{l.Witness(0, witness1, witness2)} }, ""},
		{"all", nil, func(l *testissuer.Log) []any { return []any{l.Witness(0, witness3, witness2, witness1)} }, ""},
		{"too few", nil, func(l *testissuer.Log) []any { return []any{l.Witness(0, witness1)} }, NotWitnessed},
		{"one twice", nil, func(l *testissuer.Log) []any { return []any{l.Witness(0, witness1, witness1)} }, NotWitnessed},
		{"one twice, in two entries", nil, func(l *testissuer.Log) []any { return []any{l.Witness(0, witness1), l.Witness(0, witness1)} }, NotWitnessed},
		{"a stranger", nil, func(l *testissuer.Log) []any { return []any{l.Witness(0, witness1, stranger)} }, NotWitnessed},
		{"none", nil, func(*testissuer.Log) []any { return []any{} }, NotWitnessed},
		{"of another log", nil, func(*testissuer.Log) []any { return []any{other.Witness(0, witness1, witness2)} }, NotWitnessed},
		{"of another log, called by a version of this one", nil, func(l *testissuer.Log) []any {
			return []any{with(other.Witness(0, witness1, witness2), strictjson.Object{"versionId": l.Entries[0]["versionId"]})}
		}, NotWitnessed},
		{"a proof that does not hold, beside enough", nil, func(l *testissuer.Log) []any {
			return []any{with(other.Witness(0, witness1), strictjson.Object{"versionId": l.Entries[0]["versionId"]}), l.Witness(0, witness1, witness2)}
		}, ""},
		{"no list", nil, func(*testissuer.Log) []any { return []any{"x"} }, MalformedLog},
		{"later ones are for earlier entries too", []testissuer.Version{second}, func(l *testissuer.Log) []any { return []any{l.Witness(1, witness1, witness3)} }, ""},
		{"each witnessed once is enough for the first", []testissuer.Version{second}, func(l *testissuer.Log) []any {
			return []any{l.Witness(0, witness1), l.Witness(1, witness3)}
		}, NotWitnessed},
		{"earlier ones are not for later entries", []testissuer.Version{second}, func(l *testissuer.Log) []any { return []any{l.Witness(0, witness1, witness2)} }, NotWitnessed},
		{"who ends witnessing is witnessed", []testissuer.Version{{Time: second.Time, Location: location, Parameters: strictjson.Object{"witness": strictjson.Object{}}, Signer: update1}},
			func(l *testissuer.Log) []any { return []any{l.Witness(0, witness1, witness2)} }, NotWitnessed},
		{"who ends witnessing is witnessed by the old ones", []testissuer.Version{{Time: second.Time, Location: location, Parameters: strictjson.Object{"witness": strictjson.Object{}}, State: testissuer.Assertion(asserts2), Signer: update1}},
			func(l *testissuer.Log) []any { return []any{l.Witness(1, witness1, witness2)} }, ""},
		{"new witnesses do not witness their own entry", []testissuer.Version{{Time: second.Time, Location: location, Parameters: witnesses(1, stranger), Signer: update1}},
			func(l *testissuer.Log) []any { return []any{l.Witness(1, stranger)} }, NotWitnessed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := logOf(append(one[:1:1], tt.more...))
			_, err := asks(l.DID, "2026-11-22T12:00:00Z", l.JSONL(), tt.proofs(l))
			wantWebVH(t, err, tt.want, "")
		})
	}
	for name, bad := range map[string]strictjson.Object{
		"threshold 0":        witnesses(0, witness1),
		"threshold too high": witnesses(2, witness1),
		"one twice":          witnesses(2, witness1, witness1),
		"nobody":             {"witness": strictjson.Object{"threshold": strictjson.Number("1"), "witnesses": []any{}}},
		"no did:key":         {"witness": strictjson.Object{"threshold": strictjson.Number("1"), "witnesses": []any{strictjson.Object{"id": "did:web:a.example"}}}},
		"another kind":       witnesses(1, testissuer.Key("ES256", "w").AsDIDKey()),
		"no object":          {"witness": "x"},
	} {
		list := versions()[:1]
		list[0].Parameters = with(list[0].Parameters, bad)
		l := logOf(list)
		_, err := asks(l.DID, "2026-11-22T12:00:00Z", l.JSONL(), []any{l.Witness(0, witness1)})
		if wantWebVH(t, err, MalformedLog, "witness"); t.Failed() {
			t.Fatal(name)
		}
	}
}

// The parts of a log: hashes, SCID, parameters, pre-rotation, portability, deactivation.
func TestWebVHRules(t *testing.T) {
	moved := "elsewhere.example:dids:1"
	gone := testissuer.Version{Time: "2026-01-01T00:00:00Z", Location: location, Parameters: strictjson.Object{"deactivated": true, "updateKeys": []any{}}, State: testissuer.Assertion(asserts2), Signer: update2}
	rotating := func() []testissuer.Version {
		l := versions()
		l[0].Parameters = with(l[0].Parameters, announced(update2, update3))
		l[1].Parameters = with(updateKeys(update2), announced())
		l[1].Signer = update2
		return l
	}
	for _, tt := range []struct {
		name   string
		list   []testissuer.Version
		edit   func(list []testissuer.Version)
		after  func(l *testissuer.Log)
		at     string
		want   Reason
		member string
	}{
		{name: "entry changed", list: versions(), after: func(l *testissuer.Log) { l.Entries[1].Object("state")["x"] = "y" }, want: InvalidLog, member: "versionId"},
		{name: "entry changed, and signed again", list: versions(), edit: func(l []testissuer.Version) {
			l[1].Edit = func(e strictjson.Object) { e.Object("state")["x"] = "y" }
		}, want: InvalidLog, member: "versionId"},
		{name: "first entry changed, hashed and signed again", list: versions(), edit: func(l []testissuer.Version) {
			l[0].Resealed = func(e strictjson.Object) { e.Object("state")["x"] = "y" }
		}, want: InvalidLog, member: "scid"},
		{name: "an id of another SCID", list: versions(), edit: func(l []testissuer.Version) {
			l[1].Resealed = func(e strictjson.Object) {
				e.Object("state")["id"] = "did:webvh:Qm" + strings.Repeat("a", 44) + ":" + location
			}
		}, want: InvalidLog, member: "state.id"},
		{name: "a placeholder left", list: versions(), edit: func(l []testissuer.Version) {
			l[0].Resealed = func(e strictjson.Object) { e.Object("state")["x"] = "{SCID}" }
		}, want: InvalidLog, member: "scid"},
		{name: "versions 1 and 3", list: versions(), edit: func(l []testissuer.Version) {
			l[1].Edit = func(e strictjson.Object) { e["versionId"] = strings.Replace(e.String("versionId"), "2-", "3-", 1) }
		}, want: InvalidLog, member: "versionId"},
		{name: "version 02", list: versions(), edit: func(l []testissuer.Version) {
			l[1].Edit = func(e strictjson.Object) { e["versionId"] = "0" + e.String("versionId") }
		}, want: InvalidLog, member: "versionId"},
		{name: "an entry twice", list: versions(), after: func(l *testissuer.Log) { l.Entries = append(l.Entries, l.Entries[1]) }, want: InvalidLog, member: "versionId"},
		{name: "the first entry missing", list: versions(), after: func(l *testissuer.Log) { l.Entries = l.Entries[1:] }, want: MalformedLog},
		{name: "entries in another order", list: versions(), after: func(l *testissuer.Log) { l.Entries[0], l.Entries[1] = l.Entries[1], l.Entries[0] }, want: MalformedLog},
		{name: "a member that no entry has", list: versions(), after: func(l *testissuer.Log) { l.Entries[1]["x"] = "y" }, want: MalformedLog, member: "x"},
		{name: "no state", list: versions(), after: func(l *testissuer.Log) { delete(l.Entries[1], "state") }, want: MalformedLog, member: "state"},
		{name: "too many entries", list: versions(), after: func(l *testissuer.Log) {
			for range maxEntries {
				l.Entries = append(l.Entries, l.Entries[1])
			}
		}, want: MalformedLog},

		{name: "another method", list: versions(), edit: func(l []testissuer.Version) {
			l[0].Parameters = with(l[0].Parameters, strictjson.Object{"method": "did:webvh:0.5"})
		}, want: MalformedLog, member: "method"},
		{name: "a method of later", list: versions(), edit: func(l []testissuer.Version) {
			l[1].Parameters = with(l[1].Parameters, strictjson.Object{"method": "did:webvh:1.1"})
		}, want: MalformedLog, member: "method"},
		{name: "a parameter that is not known", list: versions(), edit: func(l []testissuer.Version) {
			l[1].Parameters = with(l[1].Parameters, strictjson.Object{"x": true})
		}, want: MalformedLog, member: "x"},
		{name: "no update keys", list: versions(), edit: func(l []testissuer.Version) { l[0].Parameters = strictjson.Object{} }, want: MalformedLog, member: "updateKeys"},
		{name: "an update key twice", list: versions(), edit: func(l []testissuer.Version) { l[0].Parameters = updateKeys(update1, update1) }, want: MalformedLog, member: "updateKeys"},
		{name: "the SCID twice", list: versions(), edit: func(l []testissuer.Version) {
			l[1].Parameters = with(l[1].Parameters, strictjson.Object{"scid": "{SCID}"})
		}, want: InvalidLog, member: "scid"},
		{name: "a ttl", list: versions(), edit: func(l []testissuer.Version) {
			l[1].Parameters = with(l[1].Parameters, strictjson.Object{"ttl": strictjson.Number("60"), "watchers": []any{"https://w.example"}})
		}},
		{name: "a ttl below nothing", list: versions(), edit: func(l []testissuer.Version) {
			l[1].Parameters = with(l[1].Parameters, strictjson.Object{"ttl": strictjson.Number("-1")})
		}, want: MalformedLog, member: "ttl"},
		{name: "nulls, as early logs have them", list: versions(), edit: func(l []testissuer.Version) {
			l[1].Parameters = with(l[1].Parameters, strictjson.Object{"ttl": nil, "witness": nil, "nextKeyHashes": nil, "watchers": nil, "deactivated": nil})
		}},
		{name: "keys as before", list: append(versions(), gone)[:2], edit: func(l []testissuer.Version) { l[1].Parameters = strictjson.Object{} }},

		{name: "pre-rotation", list: rotating()},
		{name: "a key that was not announced", list: rotating(), edit: func(l []testissuer.Version) {
			l[1].Parameters, l[1].Signer = with(updateKeys(stranger), announced()), stranger
		}, want: InvalidLog, member: "updateKeys"},
		{name: "one of two was not announced", list: rotating(), edit: func(l []testissuer.Version) {
			l[1].Parameters = with(updateKeys(update2, stranger), announced())
		}, want: InvalidLog, member: "updateKeys"},
		{name: "signed by the old key", list: rotating(), edit: func(l []testissuer.Version) { l[1].Signer = update1 }, want: InvalidLog, member: "proof"},
		{name: "without new keys", list: rotating(), edit: func(l []testissuer.Version) { l[1].Parameters, l[1].Signer = announced(update3), update1 }, want: InvalidLog, member: "updateKeys"},
		{name: "without new hashes", list: rotating(), edit: func(l []testissuer.Version) { l[1].Parameters = updateKeys(update2) }, want: InvalidLog, member: "nextKeyHashes"},
		{name: "with an extra hash", list: rotating(), edit: func(l []testissuer.Version) {
			l[1].Parameters = with(updateKeys(update2), announced(update3))
		}},

		{name: "moved, portable", list: versions(), edit: func(l []testissuer.Version) {
			l[0].Parameters = with(l[0].Parameters, strictjson.Object{"portable": true})
			l[0].Location = moved
			l[1].Resealed = func(e strictjson.Object) {
				s := e.Object("state")
				s["alsoKnownAs"] = []any{strings.Replace(s.String("id"), "issuer", "elsewhere", 1)}
			}
		}},
		{name: "moved, portable, and does not say from where", list: versions(), edit: func(l []testissuer.Version) {
			l[0].Parameters = with(l[0].Parameters, strictjson.Object{"portable": true})
			l[0].Location = moved
		}, want: InvalidLog, member: "state.alsoKnownAs"},
		{name: "moved, not portable", list: versions(), edit: func(l []testissuer.Version) {
			l[0].Location = moved
			l[1].Resealed = func(e strictjson.Object) {
				s := e.Object("state")
				s["alsoKnownAs"] = []any{strings.Replace(s.String("id"), "issuer", "elsewhere", 1)}
			}
		}, want: InvalidLog, member: "state.id"},
		{name: "portable later", list: versions(), edit: func(l []testissuer.Version) {
			l[1].Parameters = with(l[1].Parameters, strictjson.Object{"portable": true})
		}, want: InvalidLog, member: "portable"},
		{name: "portable, and said again later", list: versions(), edit: func(l []testissuer.Version) {
			l[0].Parameters = with(l[0].Parameters, strictjson.Object{"portable": true})
			l[1].Parameters = with(l[1].Parameters, strictjson.Object{"portable": true})
		}, want: InvalidLog, member: "portable"},
		{name: "portable no more", list: versions(), edit: func(l []testissuer.Version) {
			l[0].Parameters = with(l[0].Parameters, strictjson.Object{"portable": true})
			l[1].Parameters = with(l[1].Parameters, strictjson.Object{"portable": false})
		}},

		{name: "deactivated", list: append(versions(), gone), want: Deactivated},
		{name: "deactivated later", list: append(versions(), gone), at: "2025-06-01T00:00:00Z"},
		{name: "more after the end", list: append(versions(), gone, testissuer.Version{Time: "2026-02-01T00:00:00Z", Location: location, Signer: update2}), want: InvalidLog, member: "deactivated"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.edit != nil {
				tt.edit(tt.list)
			}
			l := logOf(tt.list)
			if tt.after != nil {
				tt.after(l)
			}
			if tt.at == "" {
				tt.at = "2026-11-22T12:00:00Z"
			}
			did := "did:webvh:" + strings.Split(l.DID, ":")[2] + ":" + location
			_, err := asks(did, tt.at, l.JSONL(), nil)
			wantWebVH(t, err, tt.want, tt.member)
		})
	}
	l := logOf(versions())
	_, err := asks("did:webvh:Qm"+strings.Repeat("a", 44)+":"+location, "2026-11-22T12:00:00Z", l.JSONL(), nil)
	wantWebVH(t, err, WrongDocument, "scid")
	_, err = Resolve(l.DID, func(string) ([]byte, error) { return l.JSONL(), nil })
	wantWebVH(t, err, InvalidLog, "versionTime") // no time was given
	for name, body := range map[string]string{"empty": "", "an empty line": "\n" + string(l.JSONL()), "two line ends": string(l.JSONL()) + "\n", "no JSON": "x", "a list": "[]", "a member twice": `{"state":{},"state":{}}`} {
		if _, err = asks(l.DID, "2026-11-22T12:00:00Z", []byte(body), nil); err == nil {
			t.Errorf("%s: taken", name)
		}
		wantWebVH(t, err, MalformedLog, "")
	}
	if _, err := asks(l.DID, "2026-11-22T12:00:00Z", []byte(strings.ReplaceAll(strings.TrimSuffix(string(l.JSONL()), "\n"), "\n", "\r\n")), nil); err != nil {
		t.Errorf("without the last line's end, and with carriage returns: %v", err)
	}
}

func TestWebVHURLs(t *testing.T) {
	scid := "Qm" + strings.Repeat("1", 44)
	for _, tt := range []struct{ id, want string }{
		{scid + ":example.com", "https://example.com/.well-known/did.jsonl"},
		{scid + ":issuer.example.com", "https://issuer.example.com/.well-known/did.jsonl"},
		{scid + ":example.com:dids:issuer", "https://example.com/dids/issuer/did.jsonl"},
		{scid + ":example.com%3A3000:dids:issuer", "https://example.com:3000/dids/issuer/did.jsonl"},
		{scid + ":xn--jp-cd2fp15c.xn--fsq.jp:%E7%94%A8", "https://xn--jp-cd2fp15c.xn--fsq.jp/%E7%94%A8/did.jsonl"},
		{scid, ""},
		{scid + ":localhost", ""},
		{scid + ":127.0.0.1", ""},
		{scid + ":127%2E0%2E0%2E1", ""},
		{scid + ":127%2e0%2e0%2e1", ""},
		{scid + ":0x7f.1", ""},
		{scid + ":example.com:..:x", ""},
		{scid + ":example.com:a%2Fb", ""},
		{scid[:45] + ":example.com", ""},
		{scid + "1:example.com", ""},
		{scid[:45] + "0:example.com", ""},
		{"{SCID}:example.com", ""},
		{scid + ":example.com#key", ""},
		{scid + ":example.com?versionId=1", ""},
	} {
		log, witness, err := WebVHURLs("did:webvh:" + tt.id)
		if (err == nil) != (tt.want != "") || log != tt.want {
			t.Errorf("%s: %s %v, want %q", tt.id, log, err, tt.want)
		}
		if err == nil && witness != strings.TrimSuffix(log, "did.jsonl")+"did-witness.json" {
			t.Errorf("%s", witness)
		}
	}
}

// The parallel did:web of a did:webvh is a did:web like any other.
func TestParallelDIDWeb(t *testing.T) {
	l := logOf(versions())
	web := "did:web:" + location
	text := strings.ReplaceAll(string(strictjson.Encode(l.Entries[1]["state"])), l.DID, web)
	o, err := strictjson.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o["alsoKnownAs"] = []any{l.DID}
	doc, err := Resolve(web, func(url string) ([]byte, error) {
		if url != "https://issuer.example/dids/1/did.json" {
			return nil, errors.New(url)
		}
		return strictjson.Encode(o), nil
	})
	if err != nil || doc.Methods("assertionMethod")[0].Key.Thumbprint() != asserts2.Thumbprint() {
		t.Errorf("%v %v", doc, err)
	}
}

// A log that holds says the same in canonical form, and holds no more where an entry is
// left out, or a letter of its signed part is another.
func FuzzWebVHLog(f *testing.F) {
	f.Add(string(logOf(versions()).JSONL()), uint16(100))
	rotating := versions()
	rotating[0].Parameters = with(rotating[0].Parameters, announced(update2))
	rotating[1].Parameters, rotating[1].Signer = with(updateKeys(update2), announced()), update2
	f.Add(string(logOf(rotating).JSONL()), uint16(1000))
	f.Add("{}", uint16(0))
	f.Fuzz(func(t *testing.T, text string, at uint16) {
		l, err := readLog([]byte(text), webvhNow)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Detail == "" {
				t.Errorf("an error that is none of ours: %v", err)
			}
			return
		}
		var canonical []string
		for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
			o, err := strictjson.ParseObject([]byte(strings.TrimSuffix(line, "\r")))
			if err != nil {
				t.Fatal(err)
			}
			canonical = append(canonical, string(strictjson.Encode(o)))
		}
		again, err := readLog([]byte(strings.Join(canonical, "\n")), webvhNow)
		if err != nil || len(again.entries) != len(l.entries) || again.scid != l.scid {
			t.Fatalf("in canonical form: %v", err)
		}
		if _, err := readLog([]byte(strings.Join(canonical[1:], "\n")), webvhNow); err == nil {
			t.Error("without its first entry it holds too")
		}
		b := []byte(strings.Join(canonical, "\n"))
		i := int(at) % len(b)
		if b[i] >= 'a' && b[i] < 'z' {
			b[i]++
			if _, err := readLog(b, webvhNow); err == nil {
				t.Errorf("octet %d may be another", i)
			}
		}
	})
}
