package snapshot

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/wasm/strictjson"
)

const (
	// MaxRecognitions is how many registries a reader lists of those that a registry
	// recognises, and how many recognitions a record has. The largest list of lists
	// today, the European one, points to some forty; a question about one registry
	// by its id has no such bound.
	MaxRecognitions = 64
	// MaxRecognitionDepth bounds Recognition.Depth. Nobody means more than a few
	// registries to stand between.
	MaxRecognitionDepth = 16
)

// A Recognition says that this registry takes another one's word, for an action on
// a resource. It is always the registry's own statement. Members are as those of an
// Authorization.
type Recognition struct {
	// Registry is which: the id of a governed registry, the root CID of a snapshot, or
	// another identifier, such as a DID or the URL of a trusted list.
	Registry     string `json:"registry"`
	Action       string `json:"action"`
	Resource     string `json:"resource"`
	Jurisdiction string `json:"jurisdiction,omitempty"`
	From         string `json:"from,omitempty"`
	Until        string `json:"until,omitempty"`
	// Depth is how many further registries may lie between this one and the registry
	// that is taken at its word: with 0 Registry's own entities count, and not those
	// of registries that it recognises in turn.
	Depth int    `json:"depth,omitempty"`
	Via   string `json:"via,omitempty"` // CID of the evidence, if carried
	State string `json:"state,omitempty"`
}

// ParseRecognition reads a recognition from JSON, as strictly as ParseEntity.
func ParseRecognition(o strictjson.Object) (Recognition, error) {
	var r Recognition
	if err := bindModel(o, &r); err != nil {
		return Recognition{}, err
	}
	return r.Normal()
}

// bindModel binds an object to a type of the model. A member that the model has not
// is refused.
func bindModel(o strictjson.Object, dst any) error {
	err := strictjson.Bind(o, dst)
	if err == nil {
		return nil
	}
	var je *strictjson.Error
	if !errors.As(err, &je) {
		return &Error{Reason: WrongType, Detail: err.Error()}
	}
	reason := WrongType
	if je.Reason == strictjson.Unknown {
		reason = UnknownMember
	}
	return &Error{Reason: reason, Member: je.Member, Detail: je.Detail}
}

// JSON returns the recognition as the JSON object that ParseRecognition reads.
func (r Recognition) JSON() strictjson.Object {
	return strictjson.From(r).(strictjson.Object)
}

// Normal returns the recognition in its one form, or what rule of the model it breaks.
func (r Recognition) Normal() (Recognition, error) {
	m := func(name string) place { return place{name: name} }
	if err := first(
		identifier(m("registry"), r.Registry, true),
		identifier(m("action"), r.Action, true),
		identifier(m("resource"), r.Resource, true),
		identifier(m("jurisdiction"), r.Jurisdiction, false),
		link(m("via"), r.Via),
		state(m("state"), &r.State),
	); err != nil {
		return Recognition{}, err
	}
	if err := period(place{}, &r.From, &r.Until); err != nil {
		err.Member = err.Member[1:] // a period's member follows that of a list: .from
		return Recognition{}, err
	}
	if r.Depth < 0 || r.Depth > MaxRecognitionDepth {
		return Recognition{}, &Error{Reason: BadValue, Member: "depth", Detail: fmt.Sprintf("%d, want 0 to %d", r.Depth, MaxRecognitionDepth)}
	}
	return r, nil
}

// compareRecognitions orders the recognitions of one registry by their members.
func compareRecognitions(a, b Recognition) int {
	return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(a.Resource, b.Resource),
		cmp.Compare(a.Jurisdiction, b.Jurisdiction), cmp.Compare(a.From, b.From), cmp.Compare(a.Until, b.Until),
		cmp.Compare(a.Depth, b.Depth), cmp.Compare(a.Via, b.Via), cmp.Compare(a.State, b.State))
}

// recognitionRecord returns the record of a registry that is recognised, of
// recognitions in their normal form.
func recognitionRecord(registry string, list []Recognition) (map[string]any, error) {
	list = slices.Clone(list)
	slices.SortFunc(list, compareRecognitions)
	list = slices.Compact(list)
	if len(list) > MaxRecognitions {
		return nil, errorf(TooLarge, "%d recognitions of %.200q, want at most %d", len(list), registry, MaxRecognitions)
	}
	values := make([]any, len(list))
	for i, r := range list {
		v := members("action", r.Action, "resource", r.Resource, "jurisdiction", r.Jurisdiction,
			"from", r.From, "until", r.Until, "state", r.State)
		if err := putLink(v, "via", r.Via); err != nil {
			return nil, err
		}
		if r.Depth != 0 {
			v["depth"] = int64(r.Depth)
		}
		values[i] = v
	}
	return map[string]any{"id": registry, "recognitions": values}, nil
}

func parseRecognitionRecord(registry string, record map[string]any) ([]Recognition, error) {
	values, _ := record["recognitions"].([]any)
	if len(record) != 2 || len(values) == 0 || len(values) > MaxRecognitions {
		return nil, errorf(BadRecord, "record of the recognised %.200q: want id and a list of 1 to %d recognitions", registry, MaxRecognitions)
	}
	list := make([]Recognition, len(values))
	for i, v := range values {
		j, err := toJSON(v)
		if err != nil {
			return nil, err
		}
		o, ok := j.(strictjson.Object)
		if !ok || o.Has("registry") {
			return nil, errorf(BadRecord, "record of the recognised %.200q: recognitions[%d] is no map, or names a registry of its own", registry, i)
		}
		o["registry"] = registry
		if list[i], err = ParseRecognition(o); err != nil {
			return nil, errorf(BadRecord, "record of the recognised %.200q: recognitions[%d]: %v", registry, i, err)
		}
		if i > 0 && compareRecognitions(list[i-1], list[i]) >= 0 {
			return nil, errorf(BadRecord, "record of the recognised %.200q: recognitions[%d] is not in order", registry, i)
		}
	}
	return list, checkRecordID(registry, record)
}

// Recognition returns what this registry says of another one, by its id. That it
// says nothing, once proven, is Proof.Found == false and no error.
func (s *Snapshot) Recognition(registry string) ([]Recognition, Proof, error) {
	record, p, err := s.find(roomRecognitions, registry)
	if err != nil || record == nil {
		return nil, p, err
	}
	list, err := parseRecognitionRecord(registry, record)
	if err != nil {
		p.Found = false
	}
	return list, p, err
}

// Recognised lists what this registry recognises, in the order of the keys, and the
// blocks that this rests on. It reads the whole room, so the list is complete; of
// more than MaxRecognitions registries it is TooMany. Blocks that are not at hand
// are returned all at once, for then one round brings them: the list is nil until
// there are none.
func (s *Snapshot) Recognised() (list []Recognition, blocks []cid.Cid, missing []*Missing, err error) {
	room := s.root.String() + "/" + roomRecognitions
	if err := s.load(room); err != nil {
		var m *Missing
		if errors.As(err, &m) {
			return nil, nil, []*Missing{m}, nil
		}
		return nil, nil, nil, err
	}
	blocks = []cid.Cid{s.root}
	root, ok := s.rooms[roomRecognitions]
	if !ok {
		return nil, blocks, nil, nil
	}
	data, ok := s.get(root)
	if !ok {
		return nil, nil, []*Missing{{CID: root, Path: room}}, nil
	}
	n, err := parseNode(data)
	if err != nil {
		return nil, nil, nil, err
	}
	w := &recognised{get: s.get, room: room, blocks: append(blocks, root)}
	if err := w.walk(n, ""); err != nil || len(w.missing) > 0 {
		return nil, nil, w.missing, err
	}
	return w.list, w.blocks, nil, nil
}

// recognised is a walk over the room of recognitions.
type recognised struct {
	get     Getter
	room    string
	records int
	list    []Recognition
	blocks  []cid.Cid
	missing []*Missing
}

func (w *recognised) walk(n *node, prefix string) error {
	if n.leaf {
		for _, e := range n.entries {
			if w.records++; w.records > MaxRecognitions {
				return errorf(TooMany, "more than %d registries are recognised; ask by an id", MaxRecognitions)
			}
			id, record, err := openEntry(e)
			if err != nil {
				return err
			}
			list, err := parseRecognitionRecord(id, record)
			if err != nil {
				return err
			}
			w.list = append(w.list, list...)
		}
		return nil
	}
	// A leaf holds one record at least, so what is missing counts for one.
	if len(prefix) == MaxDepth || w.records+len(w.missing) > MaxRecognitions {
		return errorf(TooMany, "more than %d registries are recognised; ask by an id", MaxRecognitions)
	}
	for slot := 0; slot < slots; {
		if n.links[slot] == nil {
			slot++
			continue
		}
		at, err := n.spanOf(slot)
		if err != nil {
			return err
		}
		link := n.child(slot)
		data, ok := w.get(link)
		if !ok {
			path := w.room
			for _, c := range prefix + alphabet[slot:slot+1] {
				path += "/" + string(c)
			}
			w.missing = append(w.missing, &Missing{CID: link, Path: path})
			slot = at.end()
			continue
		}
		c, err := n.open(prefix, at, data)
		if err != nil {
			return err
		}
		w.blocks = append(w.blocks, link)
		if err := w.walk(c, prefix+alphabet[slot:slot+1]); err != nil {
			return err
		}
		slot = at.end()
	}
	return nil
}
