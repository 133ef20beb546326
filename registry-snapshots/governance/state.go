package governance

import (
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// State is what a reader remembers of a registry: how far it has come. All of it are
// floors, and where to find again what was proven; nothing in it is believed without
// the documents. Its text is opaque to embedders.
type State struct {
	V        int    `json:"v"` // 1
	Registry string `json:"registry"`
	Root     Mark   `json:"root"`
	// Roots are the locations of root 2 to the newest, so that one round obtains all.
	Roots []string  `json:"roots,omitempty"`
	Head  *HeadMark `json:"head,omitempty"`
	// Time is the latest time that a document which counted has told.
	Time string `json:"time,omitempty"`
	// Fresh is the newest Freshness, whole: it is small, and mirrors keep only their newest.
	Fresh string `json:"fresh,omitempty"`

	time time.Time
}

// Mark is one document that was proven.
type Mark struct {
	Version  int64  `json:"version"`
	Location string `json:"location"`
	Identity string `json:"identity"`
}

// HeadMark is a head that counted.
type HeadMark struct {
	Mark
	// Epoch is the version of the root in which the head role began that signed it.
	// Versions of heads are compared within an epoch.
	Epoch int64 `json:"epoch"`
}

// Encode writes a state as text.
func (s *State) Encode() string {
	if s == nil {
		return ""
	}
	return b64(strictjson.Encode(s.object()))
}

// object is the state as JSON. HeadMark's members stand side by side.
func (s *State) object() strictjson.Object {
	o := strictjson.From(State{V: s.V, Registry: s.Registry, Root: s.Root, Roots: s.Roots, Time: s.Time, Fresh: s.Fresh}).(strictjson.Object)
	if s.Head != nil {
		h := strictjson.From(s.Head.Mark).(strictjson.Object)
		h["epoch"] = strictjson.From(s.Head.Epoch)
		o["head"] = h
	}
	return o
}

// ParseState reads a state of the registry with this id. An empty text is none.
func ParseState(text, id string) (*State, error) {
	if text == "" {
		return nil, nil
	}
	bad := func(member, format string, args ...any) (*State, error) {
		return nil, fail(BadState, member, format, args...)
	}
	if len(text) > MaxState {
		return bad("", "%d characters, want at most %d", len(text), MaxState)
	}
	data, err := keys.Base64URL(text)
	if err != nil {
		return bad("", "%v", err)
	}
	o, err := strictjson.ParseObject(data)
	if err != nil {
		return bad("", "%v", err)
	}
	s := &State{}
	if o.Has("head") {
		h := o.Object("head")
		s.Head = &HeadMark{}
		if err := strictjson.Bind(h.Without("epoch"), &s.Head.Mark); err != nil {
			return bad("head", "%v", err)
		}
		if err := strictjson.Bind(h["epoch"], &s.Head.Epoch); err != nil || s.Head.Epoch < 1 || s.Head.Epoch > MaxRoots {
			return bad("head.epoch", "want a root's version")
		}
		if err := s.Head.check(MaxVersion); err != nil {
			return bad("head", "%v", err)
		}
	}
	rest := struct {
		V        int      `json:"v"`
		Registry string   `json:"registry"`
		Root     Mark     `json:"root"`
		Roots    []string `json:"roots"`
		Time     string   `json:"time"`
		Fresh    string   `json:"fresh"`
	}{}
	if err := strictjson.Bind(o.Without("head"), &rest); err != nil {
		return bad("", "%v", err)
	}
	s.V, s.Registry, s.Root, s.Roots, s.Time, s.Fresh = rest.V, rest.Registry, rest.Root, rest.Roots, rest.Time, rest.Fresh
	if s.V != 1 {
		return bad("v", "%d, want 1", s.V)
	}
	if s.Registry != id {
		return bad("registry", "%.80q, want %s", s.Registry, id)
	}
	if err := s.Root.check(MaxRoots); err != nil {
		return bad("root", "%v", err)
	}
	if int64(len(s.Roots)) != s.Root.Version-1 {
		return bad("roots", "%d locations, want those of root 2 to %d", len(s.Roots), s.Root.Version)
	}
	for _, r := range s.Roots {
		if _, err := parseCID("roots", r, block.JSON); err != nil {
			return bad("roots", "%v", err)
		}
	}
	if s.Time != "" {
		if s.time, err = parseTime(s.Time); err != nil {
			return bad("time", "%v", err)
		}
	}
	if len(s.Fresh) > maxFreshness {
		return bad("fresh", "%d bytes, want at most %d", len(s.Fresh), maxFreshness)
	}
	if s.Encode() != text {
		return bad("", "not in canonical form")
	}
	return s, nil
}

func (m Mark) check(most int64) error {
	if m.Version < 1 || m.Version > most {
		return fail(BadState, "version", "%d, want 1 to %d", m.Version, most)
	}
	for _, s := range []string{m.Location, m.Identity} {
		if _, err := parseCID("", s, block.JSON); err != nil {
			return err
		}
	}
	return nil
}

func mark(version int64, e *Envelope) Mark {
	return Mark{Version: version, Location: e.Location.String(), Identity: e.Identity.String()}
}

// at is the location of root v, where the state knows it.
func (s *State) at(v int64) (cid.Cid, bool) {
	if s == nil || v < 2 || v > int64(len(s.Roots))+1 {
		return cid.Undef, false
	}
	c, err := block.ParseCID(s.Roots[v-2])
	return c, err == nil
}

// headAt is the location of the state's head.
func (s *State) headAt() (cid.Cid, bool) {
	if s == nil || s.Head == nil {
		return cid.Undef, false
	}
	c, err := block.ParseCID(s.Head.Location)
	return c, err == nil
}
