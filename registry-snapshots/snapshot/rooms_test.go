package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"reflect"
	"slices"
	"testing"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
)

const recognition = `{"registry": "bagaaiera", "action": "issue", "resource": "DegreeCredential", "jurisdiction": "AT",
  "from": "2020-01-01", "until": "2026-01-01T00:00:00+01:00", "depth": 1, "state": "active"}`

func TestParseRecognition(t *testing.T) {
	tests := []struct {
		name   string
		edit   func(o strictjson.Object)
		want   Reason
		member string
	}{
		{name: "as it is", edit: func(strictjson.Object) {}},
		{"only what it must have", func(o strictjson.Object) {
			for name := range o {
				if name != "registry" && name != "action" && name != "resource" {
					delete(o, name)
				}
			}
		}, "", ""},
		{"of no registry", func(o strictjson.Object) { delete(o, "registry") }, BadValue, "registry"},
		{"for no action", func(o strictjson.Object) { o["action"] = "" }, BadValue, "action"},
		{"for no resource", func(o strictjson.Object) { delete(o, "resource") }, BadValue, "resource"},
		{"a space in the registry", func(o strictjson.Object) { o["registry"] = "a b" }, BadValue, "registry"},
		{"unknown member", func(o strictjson.Object) { o["by"] = "did:example:a" }, UnknownMember, "by"},
		{"depth as a text", func(o strictjson.Object) { o["depth"] = "1" }, WrongType, "depth"},
		{"depth below 0", func(o strictjson.Object) { o["depth"] = strictjson.Number("-1") }, BadValue, "depth"},
		{"depth 16", func(o strictjson.Object) { o["depth"] = strictjson.Number("16") }, "", ""},
		{"depth 17", func(o strictjson.Object) { o["depth"] = strictjson.Number("17") }, BadValue, "depth"},
		{"unknown state", func(o strictjson.Object) { o["state"] = "perhaps" }, BadValue, "state"},
		{"ends before it begins", func(o strictjson.Object) { o["until"] = "2019-01-01" }, BadValue, "until"},
		{"no time", func(o strictjson.Object) { o["from"] = "then" }, BadValue, "from"},
		{"evidence that is no CID", func(o strictjson.Object) { o["via"] = "bafy" }, BadValue, "via"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := object(t, recognition)
			tt.edit(o)
			r, err := ParseRecognition(o)
			wantReason(t, err, tt.want)
			var e *Error
			if errors.As(err, &e) && e.Member != tt.member {
				t.Errorf("member %q, want %q", e.Member, tt.member)
			}
			if err != nil {
				return
			}
			if again, err := ParseRecognition(r.JSON()); err != nil || again != r {
				t.Errorf("parsed again: %+v %v, want %+v", again, err, r)
			}
		})
	}
	r, err := ParseRecognition(object(t, recognition))
	want := Recognition{Registry: "bagaaiera", Action: "issue", Resource: "DegreeCredential", Jurisdiction: "AT",
		From: "2020-01-01T00:00:00Z", Until: "2025-12-31T23:00:00Z", Depth: 1}
	if err != nil || r != want {
		t.Errorf("%+v %v, want %+v", r, err, want)
	}
}

// vouch is a recognition of registry number i.
func vouch(i int) Recognition {
	return Recognition{Registry: fmt.Sprintf("https://registry-%d.example", i), Action: "issue", Resource: "*", Depth: i % 3}
}

// buildRooms builds a snapshot with recognitions and status lists.
func buildRooms(t testing.TB, recognitions []Recognition, lists ...Document) (*Snapshot, Store) {
	t.Helper()
	store := Store{}
	meta, err := Build(Source{Name: "Test", Authority: "did:example:authority", Entities: syntheticRange(0, 3),
		Recognitions: listOf(recognitions...), StatusLists: listOf(lists...)}, store.Put, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(meta.Root, store.Get); err != nil {
		t.Fatal(err)
	}
	return open(t, meta.Root, store), store
}

func TestRecognitions(t *testing.T) {
	a, b := vouch(1), vouch(1)
	a.Resource, b.Resource = "B", "A"
	s, _ := buildRooms(t, []Recognition{vouch(0), a, b, a, vouch(2)})
	meta, err := s.Head()
	if err != nil || meta.Recognitions != 3 || meta.StatusLists != 0 || meta.Authority != "did:example:authority" {
		t.Errorf("%+v %v", meta, err)
	}
	list, p, err := s.Recognition(a.Registry)
	if err != nil || !p.Found || !slices.Equal(list, []Recognition{b, a}) {
		t.Errorf("%+v %+v %v", list, p, err)
	}
	if list, p, err := s.Recognition("https://other.example"); err != nil || p.Found || list != nil || len(p.Blocks) == 0 {
		t.Errorf("absent: %+v %+v %v", list, p, err)
	}
	all, blocks, missing, err := s.Recognised()
	if err != nil || len(missing) != 0 || len(all) != 4 || len(blocks) == 0 {
		t.Errorf("%+v %v %v %v", all, blocks, missing, err)
	}
	// No room is no recognition, which the root alone proves.
	none, _ := build(t, syntheticRange(0, 3))
	if _, p, err := none.Recognition(a.Registry); err != nil || p.Found || !slices.Equal(p.Blocks, []cid.Cid{none.root}) {
		t.Errorf("%+v %v", p, err)
	}
	if all, blocks, missing, err := none.Recognised(); err != nil || len(all)+len(missing) != 0 || !slices.Equal(blocks, []cid.Cid{none.root}) {
		t.Errorf("%+v %v %v %v", all, blocks, missing, err)
	}
}

// A reader lists 64 registries and not one more; by its id it finds any.
func TestRecognisedIsBounded(t *testing.T) {
	for _, n := range []int{MaxRecognitions, MaxRecognitions + 1} {
		var list []Recognition
		for i := range n {
			list = append(list, vouch(i))
		}
		s, _ := buildRooms(t, list)
		all, _, _, err := s.Recognised()
		if n == MaxRecognitions {
			if err != nil || len(all) != n {
				t.Errorf("%d: %d %v", n, len(all), err)
			}
			continue
		}
		wantReason(t, err, TooMany)
		if found, p, err := s.Recognition(vouch(n - 1).Registry); err != nil || !p.Found || len(found) != 1 {
			t.Errorf("%+v %+v %v", found, p, err)
		}
	}
	var of []Recognition
	for i := range MaxRecognitions + 1 {
		of = append(of, Recognition{Registry: "a:1", Action: "issue", Resource: fmt.Sprint(i)})
	}
	_, err := Build(Source{Name: "Test", Recognitions: listOf(of...)}, Store{}.Put, Options{})
	wantReason(t, err, TooLarge)
}

// What is missing of the list comes in a few rounds, whatever its size, and no
// list is given before all of it is there.
func TestRecognisedMissing(t *testing.T) {
	var list []Recognition
	for i := range MaxRecognitions {
		list = append(list, vouch(i))
	}
	s, store := buildRooms(t, list)
	have := Store{}
	for round := 0; ; round++ {
		if round > 4 {
			t.Fatal("more than 4 rounds")
		}
		r, err := Open(s.root, have.Get)
		if err != nil {
			t.Fatal(err)
		}
		all, _, missing, err := r.Recognised()
		if err != nil {
			t.Fatal(err)
		}
		if len(missing) == 0 {
			if len(all) != len(list) {
				t.Fatalf("%d recognitions, want %d", len(all), len(list))
			}
			return
		}
		if all != nil {
			t.Fatal("a list with blocks missing")
		}
		for _, m := range missing {
			// The path brings the block that is named.
			path, _, err := Walk(m.Path, store.Get)
			if err != nil || !slices.Contains(path, m.CID) {
				t.Fatalf("%s does not bring %s: %v", m.Path, m.CID, err)
			}
			have[m.CID] = store[m.CID]
		}
	}
}

func TestStatusLists(t *testing.T) {
	doc := Document{URL: "https://a.example/status/1", MediaType: "application/statuslist+jwt", Obtained: "2026-01-02T03:04:05+01:00", TTL: 3600, Body: []byte("list")}
	s, store := buildRooms(t, nil, doc, Document{URL: "https://a.example/status/2", Body: []byte("list")})
	l, p, err := s.StatusList(doc.URL)
	if err != nil || !p.Found {
		t.Fatalf("%+v %v", p, err)
	}
	c, err := block.ParseCID(l.CID)
	if err != nil || !bytes.Equal(store[c], doc.Body) || l.MediaType != doc.MediaType || l.Obtained != "2026-01-02T02:04:05Z" || l.TTL != 3600 {
		t.Errorf("%+v %v", l, err)
	}
	if _, p, err := s.StatusList("https://a.example/status/3"); err != nil || p.Found {
		t.Errorf("absent: %+v %v", p, err)
	}
	var all []StatusList
	for l, err := range s.StatusLists() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	if len(all) != 2 || !slices.Contains(all, l) {
		t.Errorf("%+v", all)
	}
	refused := []struct {
		name string
		doc  Document
		want Reason
	}{
		{"no URL", Document{Body: []byte("1")}, BadValue},
		{"ttl below 0", Document{URL: "a:1", TTL: -1}, BadValue},
		{"ttl of a century and a half", Document{URL: "a:1", TTL: 150 * 366 * 86400}, BadValue},
		{"two megabytes and a byte", Document{URL: "a:1", Body: make([]byte, block.MaxSize+1)}, TooLarge},
	}
	for _, tt := range refused {
		_, err := Build(Source{Name: "Test", StatusLists: listOf(tt.doc)}, Store{}.Put, Options{})
		t.Run(tt.name, func(t *testing.T) { wantReason(t, err, tt.want) })
	}
	_, err = Build(Source{Name: "Test", StatusLists: listOf(doc, Document{URL: doc.URL, Body: []byte("other")})}, Store{}.Put, Options{})
	wantReason(t, err, Duplicate)
	_, err = Build(Source{Name: "Test", Documents: listOf(doc)}, Store{}.Put, Options{})
	wantReason(t, err, BadValue)
}

// Records that are not as a writer makes them.
func TestOptionalRecords(t *testing.T) {
	s, store := buildRooms(t, []Recognition{vouch(0)}, Document{URL: "a:1", Body: []byte("1")})
	body := block.New(block.Raw, []byte("1")).CID
	one := map[string]any{"action": "issue", "resource": "*"}
	two := map[string]any{"action": "verify", "resource": "*"}
	many := make([]any, MaxRecognitions+1)
	for i := range many {
		many[i] = map[string]any{"action": "issue", "resource": fmt.Sprintf("%03d", i)}
	}
	tests := []struct {
		name, room string
		record     map[string]any
		want       Reason
	}{
		{"recognition", "x", map[string]any{"id": "a:1", "recognitions": []any{one}}, ""},
		{"two recognitions", "x", map[string]any{"id": "a:1", "recognitions": []any{one, two}}, ""},
		{"two recognitions out of order", "x", map[string]any{"id": "a:1", "recognitions": []any{two, one}}, BadRecord},
		{"a recognition twice", "x", map[string]any{"id": "a:1", "recognitions": []any{one, one}}, BadRecord},
		{"no recognition", "x", map[string]any{"id": "a:1", "recognitions": []any{}}, BadRecord},
		{"64 recognitions", "x", map[string]any{"id": "a:1", "recognitions": many[1:]}, ""},
		{"65 recognitions", "x", map[string]any{"id": "a:1", "recognitions": many}, BadRecord},
		{"recognition of another", "x", map[string]any{"id": "a:2", "recognitions": []any{one}}, BadRecord},
		{"recognition that names its registry", "x", map[string]any{"id": "a:1", "recognitions": []any{with(one, "registry", "a:2")}}, BadRecord},
		{"recognition with a member of later", "x", map[string]any{"id": "a:1", "recognitions": []any{with(one, "later", "1")}}, BadRecord},
		{"recognition of no map", "x", map[string]any{"id": "a:1", "recognitions": []any{"*"}}, BadRecord},
		{"record with a member of later", "x", map[string]any{"id": "a:1", "recognitions": []any{one}, "later": 1}, BadRecord},
		{"status list", "s", map[string]any{"id": "a:1", "cid": body, "ttl": 1}, ""},
		{"status list without a body", "s", map[string]any{"id": "a:1", "ttl": 1}, BadRecord},
		{"status list with ttl 0", "s", map[string]any{"id": "a:1", "cid": body, "ttl": 0}, BadRecord},
		{"status list with ttl as text", "s", map[string]any{"id": "a:1", "cid": body, "ttl": "1"}, BadRecord},
		{"status list in chunks", "s", map[string]any{"id": "a:1", "chunks": []any{body}}, BadRecord},
		{"status list of another", "s", map[string]any{"id": "a:2", "cid": body}, BadRecord},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := reroot(t, store, s.root, map[string]any{tt.room: put(t, store, map[string]any{key("a:1"): tt.record})})
			var p Proof
			var err error
			if tt.room == "x" {
				_, p, err = r.Recognition("a:1")
			} else {
				_, p, err = r.StatusList("a:1")
			}
			wantReason(t, err, tt.want)
			if p.Found != (tt.want == "") {
				t.Errorf("found %v", p.Found)
			}
			if tt.room == "x" {
				_, _, _, err := r.Recognised()
				wantReason(t, err, tt.want)
			}
		})
	}
}

// Random updates of the optional rooms, down to nothing and back, give the root of
// a rebuild, and Diff names and counts what changed.
func TestUpdateRoomsIsRebuild(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	recognitions, lists := map[string]Recognition{}, map[string]Document{}
	now := func() (*Snapshot, Store) {
		t.Helper()
		return buildRooms(t, slices.Collect(maps.Values(recognitions)), slices.Collect(maps.Values(lists))...)
	}
	s, store := now()
	for round := range 10 {
		var ch Changes
		var want Delta
		touch := func(id string, there bool, add func(), remove func(), added, removed, changed *[]string) {
			switch {
			case there && (round == 5 || rng.Intn(3) == 0):
				remove()
				*removed = append(*removed, id)
			case there:
				add()
				*changed = append(*changed, id)
			case round != 5:
				add()
				*added = append(*added, id)
			}
		}
		for i := range []int{70, 5, 40}[rng.Intn(3)] {
			r := vouch(i)
			_, there := recognitions[r.Registry]
			touch(r.Registry, there, func() {
				r.Resource = fmt.Sprint(round)
				recognitions[r.Registry] = r
				ch.Recognitions = append(ch.Recognitions, r)
			}, func() {
				delete(recognitions, r.Registry)
				ch.RemoveRecognitions = append(ch.RemoveRecognitions, r.Registry)
			}, &want.RecognitionsAdded, &want.RecognitionsRemoved, &want.RecognitionsChanged)
			d := Document{URL: fmt.Sprintf("https://a.example/status/%d", i), TTL: 1, Body: fmt.Append(nil, round, i)}
			_, there = lists[d.URL]
			touch(d.URL, there, func() {
				lists[d.URL] = d
				ch.StatusLists = append(ch.StatusLists, d)
			}, func() {
				delete(lists, d.URL)
				ch.RemoveStatusLists = append(ch.RemoveStatusLists, d.URL)
			}, &want.StatusListsAdded, &want.StatusListsRemoved, &want.StatusListsChanged)
		}
		if round == 5 { // down to nothing
			for id := range recognitions {
				ch.RemoveRecognitions, want.RecognitionsRemoved = append(ch.RemoveRecognitions, id), append(want.RecognitionsRemoved, id)
			}
			for url := range lists {
				ch.RemoveStatusLists, want.StatusListsRemoved = append(ch.RemoveStatusLists, url), append(want.StatusListsRemoved, url)
			}
			clear(recognitions)
			clear(lists)
		}
		fresh := Store{}
		meta, err := Update(s, ch, fresh.Put)
		if err != nil {
			t.Fatal(err)
		}
		next, whole := now()
		if wantMeta, err := next.Head(); err != nil || meta != wantMeta {
			t.Fatalf("round %d: %+v, want %+v %v", round, meta, wantMeta, err)
		}
		maps.Copy(store, fresh)
		if got := open(t, meta.Root, store).store(t); !reflect.DeepEqual(got, whole) {
			t.Fatalf("round %d: %d blocks, want %d", round, len(got), len(whole))
		}
		for _, list := range [][]string{want.RecognitionsAdded, want.RecognitionsRemoved, want.RecognitionsChanged,
			want.StatusListsAdded, want.StatusListsRemoved, want.StatusListsChanged} {
			slices.Sort(list)
		}
		old := s.store(t)
		for c, data := range whole {
			if _, had := old[c]; !had {
				want.NewBlocks++
				want.NewBytes += int64(len(data))
			}
		}
		got, err := Diff(s, next)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("round %d: %+v %v, want %+v", round, got, err, want)
		}
		s = open(t, meta.Root, store)
	}
	_, err := Update(s, Changes{RemoveRecognitions: []string{"a:none"}}, Store{}.Put)
	wantReason(t, err, BadValue)
	_, err = Update(s, Changes{RemoveStatusLists: []string{"a:none"}}, Store{}.Put)
	wantReason(t, err, BadValue)
}

func TestCarryRecognitions(t *testing.T) {
	kept, gone, later, ended := vouch(0), vouch(1), vouch(2), vouch(3)
	later.From = "2027-01-01T00:00:00Z"
	ended.Until, ended.State = "2020-01-01T00:00:00Z", Retired
	s, _ := buildRooms(t, []Recognition{kept, gone, later, ended})
	kept.From = "2020-01-01T00:00:00Z"
	var got []Recognition
	for r, err := range CarryRecognitions(s, "2026-01-01", listOf(kept)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	gone.State, gone.Until = Retired, "2026-01-01T00:00:00Z"
	slices.SortFunc(got, func(a, b Recognition) int { return bytes.Compare([]byte(a.Registry), []byte(b.Registry)) })
	if want := []Recognition{kept, gone, ended}; !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, err := range CarryRecognitions(s, "then", nil) {
		wantReason(t, err, BadValue)
	}
}

// The evidence of a recognition is carried, and a recognition without it is refused.
func TestRecognitionEvidence(t *testing.T) {
	letter := block.New(block.Raw, []byte("letter"))
	r := vouch(0)
	r.Via = letter.CID.String()
	_, err := Build(Source{Name: "Test", Recognitions: listOf(r)}, Store{}.Put, Options{})
	wantReason(t, err, BadValue)
	store := Store{}
	meta, err := Build(Source{Name: "Test", Recognitions: listOf(r), Evidence: Store{letter.CID: letter.Data}.Get}, store.Put, Options{})
	if err != nil || !bytes.Equal(store[letter.CID], letter.Data) {
		t.Fatal(err)
	}
	if _, err := Verify(meta.Root, store.Get); err != nil {
		t.Fatal(err)
	}
	list, _, err := open(t, meta.Root, store).Recognition(r.Registry)
	if err != nil || !slices.Equal(list, []Recognition{r}) {
		t.Errorf("%+v %v", list, err)
	}
}

// What ParseRecognition takes, it takes again as JSON and as a record, unchanged.
func FuzzRecognition(f *testing.F) {
	f.Add([]byte(recognition))
	f.Add([]byte(`{"registry":"a:1","action":"issue","resource":"*"}`))
	f.Add([]byte(`{"registry":"a:1","action":"issue","resource":"*","depth":16,"from":"2020-01-01T00:00:00.5Z","state":"retired"}`))
	f.Add([]byte(`{"registry":"a:1","action":"issue","resource":"*","via":"bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := strictjson.ParseObject(text)
		if err != nil {
			return
		}
		r, err := ParseRecognition(o)
		if err != nil {
			return
		}
		if again, err := ParseRecognition(r.JSON()); err != nil || again != r {
			t.Fatalf("%+v %v, want %+v", again, err, r)
		}
		data, err := encodeRecognitions([]Recognition{r})
		if err != nil {
			t.Fatal(err)
		}
		record, err := decodeRecord(data)
		if err != nil {
			t.Fatal(err)
		}
		if list, err := parseRecognitionRecord(r.Registry, record); err != nil || !slices.Equal(list, []Recognition{r}) {
			t.Fatalf("%+v %v, want %+v", list, err, r)
		}
	})
}
