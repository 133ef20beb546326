package host

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	recordVersion = 1
	// maxRecord bounds what is kept of one registry: its state, and the newest root,
	// head and freshness with the roots on the way, 64 KiB each at most.
	maxRecord = 4 << 20
	// maxSwaps is how often an advance starts again from what another process kept
	// meanwhile. Each of them has moved the state on, so it ends sooner.
	maxSwaps = 8
)

// RegistryStore keeps one record for each governed registry, by its id: the state that
// the module gave, and the signed documents that it rests on. The record is made and
// read by this package alone.
//
// The state never goes backward: it is only replaced by one that the module made from
// it. That is why a store has a swap and no put.
type RegistryStore interface {
	// Load returns a registry's record, or nil if there is none.
	Load(id string) ([]byte, error)
	// Swap puts next in the place of old (nil where there was none), in one step for
	// all who use the store. Where another record is there than old it changes
	// nothing, and reports false.
	Swap(id string, old, next []byte) (bool, error)
}

// known is what the store had of a registry when a call began.
type known struct {
	record []byte
	state  string
	blocks []block.Block
}

// recallStates fills in the states of the registries that came without one, and sends
// the documents that they rest on before they are asked for.
func (v *Verifier) recallStates(asked *wire.Request, ev *evidence) (map[string]known, error) {
	if v.registries == nil {
		return nil, nil
	}
	asked.Registries = slices.Clone(asked.Registries) // the caller's own list stays as it is
	all := map[string]known{}
	for i := range asked.Registries {
		r := &asked.Registries[i]
		if c, err := block.ParseCID(r.ID); err != nil || c.Prefix().Codec != block.JSON || r.State != "" {
			continue // not governed, not well-formed, or the caller's own affair
		}
		k, err := v.load(r.ID)
		if err != nil {
			return nil, err
		}
		r.State = k.state
		ev.guess(k.blocks)
		all[r.ID] = k
	}
	return all, nil
}

// keepStates keeps what an answer says, or would say, of the registries whose states
// came from the store. An advance says it. After another operation that had to ask for
// a registry's documents, the module is asked to advance by the same evidence: nothing
// is fetched for it.
func (v *Verifier) keepStates(ctx context.Context, asked wire.Request, said []wire.Advance, all map[string]known, ev *evidence) error {
	if len(all) == 0 {
		return nil
	}
	if said == nil {
		var ids []string
		for id := range all {
			if ev.hasDocuments(id) {
				ids = append(ids, id)
			}
		}
		if ids == nil {
			return nil
		}
		slices.Sort(ids)
		var err error
		if said, err = v.advanceBy(ctx, asked, ids, all, ev); err != nil {
			return err
		}
	}
	for _, a := range said {
		k, ok := all[a.Registry]
		if !ok {
			continue
		}
		for i := 0; ; i++ {
			if a.State == "" || a.State == k.state {
				break
			}
			next, err := encodeRecord(a, k, ev)
			if err != nil {
				return stateError(a.Registry, err)
			}
			done, err := v.registries.Swap(a.Registry, k.record, next)
			if err != nil {
				return stateError(a.Registry, err)
			}
			if done {
				break
			}
			if i == maxSwaps {
				return errorf(BadState, "%s is changed by others all the time", a.Registry)
			}
			// Someone else was faster: go on from where they are.
			if k, err = v.load(a.Registry); err != nil {
				return err
			}
			all[a.Registry] = k
			again, err := v.advanceBy(ctx, asked, []string{a.Registry}, all, ev)
			if err != nil {
				return err
			}
			a = again[0]
		}
	}
	return nil
}

// advanceBy advances registries from what is known of them, by evidence at hand.
func (v *Verifier) advanceBy(ctx context.Context, asked wire.Request, ids []string, all map[string]known, ev *evidence) ([]wire.Advance, error) {
	req := wire.Request{Verilith: wire.Contract, Op: wire.OpAdvance, Now: asked.Now, Policy: asked.Policy}
	own := ev.governance()
	for _, id := range ids {
		req.Registries = append(req.Registries, wire.Registry{ID: id, State: all[id].state})
		own.guess(all[id].blocks)
	}
	r, err := v.run(ctx, req, own, nil)
	if err != nil {
		return nil, err
	}
	if len(r.reply.Advance) != len(ids) {
		return nil, errorf(ModuleFault, "the module advanced %d registries, want %d", len(r.reply.Advance), len(ids))
	}
	return r.reply.Advance, nil
}

func (v *Verifier) load(id string) (known, error) {
	data, err := v.registries.Load(id)
	if err != nil {
		return known{}, stateError(id, err)
	}
	if data == nil {
		return known{}, nil
	}
	k, err := decodeRecord(id, data)
	if err != nil {
		return known{}, stateError(id, err)
	}
	return k, nil
}

// stateError is why the state of a registry is not to be had. A damaged one is no
// reason to go on without: whoever damages it would have rolled the registry back.
func stateError(id string, err error) *Error {
	return &Error{Reason: BadState, Member: id, Detail: err.Error(), Err: err}
}

// A record is a CARv1, as a case is one: its root block says what it is, and the other
// blocks are the registry's signed documents.
type record struct {
	Verilith int      `json:"verilith"`
	Registry string   `json:"registry"`
	State    string   `json:"state"`
	Rests    []string `json:"rests,omitempty"`
}

func encodeRecord(a wire.Advance, k known, ev *evidence) ([]byte, error) {
	have := map[string]block.Block{}
	for _, b := range k.blocks {
		have[b.CID.String()] = b
	}
	for c, data := range ev.blocks {
		have[c.String()] = block.Block{CID: c, Data: data}
	}
	rec := record{Verilith: recordVersion, Registry: a.Registry, State: a.State}
	var blocks []block.Block
	size := len(a.State)
	for _, id := range a.Rests {
		b, ok := have[id]
		if size += len(b.Data); !ok || size > maxRecord/2 || slices.Contains(rec.Rests, id) {
			continue // without it the state is as good; it is then fetched
		}
		rec.Rests = append(rec.Rests, id)
		blocks = append(blocks, b)
	}
	root := block.New(block.JSON, strictjson.Encode(strictjson.From(rec)))
	var buf bytes.Buffer
	w, err := block.NewCARWriter(&buf, root.CID)
	for _, b := range append([]block.Block{root}, blocks...) {
		if err == nil {
			err = w.Put(b)
		}
	}
	return buf.Bytes(), err
}

func decodeRecord(id string, data []byte) (known, error) {
	roots, blocks, err := block.ReadCAR(data, block.Limits{Bytes: maxRecord, Blocks: wire.MaxBlocks})
	if err != nil {
		return known{}, err
	}
	if len(roots) != 1 || len(blocks) == 0 || blocks[0].CID != roots[0] {
		return known{}, errorf(BadState, "it does not begin with its root block")
	}
	var rec record
	v, err := strictjson.Parse(blocks[0].Data)
	if err == nil {
		err = strictjson.Bind(v, &rec)
	}
	switch {
	case err != nil:
		return known{}, err
	case rec.Verilith != recordVersion:
		return known{}, errorf(BadState, "it is of version %d, want %d", rec.Verilith, recordVersion)
	case rec.Registry != id:
		return known{}, errorf(BadState, "it is the state of %s", rec.Registry)
	}
	return known{record: data, state: rec.State, blocks: blocks[1:]}, nil
}

// hasDocuments reports whether a registry's documents were asked for and obtained.
func (e *evidence) hasDocuments(id string) bool {
	for _, d := range e.documents {
		if d.Registry == id {
			return true
		}
	}
	return false
}

// governance is the part of the evidence that registries are governed by.
func (e *evidence) governance() *evidence {
	g := newEvidence(nil)
	for name, d := range e.documents {
		if d.Registry == "" {
			continue
		}
		if c, err := block.ParseCID(d.Block); err == nil {
			g.documents[name], g.blocks[c] = d, e.blocks[c]
		}
	}
	for c, data := range e.blocks {
		if c.Prefix().Codec == block.JSON && (e.input == nil || c != e.input.CID) {
			g.blocks[c] = data
		}
	}
	for name := range e.unobtainable {
		id, _, _ := strings.Cut(name, "/")
		if c, err := block.ParseCID(id); err == nil && c.Prefix().Codec == block.JSON {
			g.unobtainable[name] = true
		}
	}
	return g
}

// Follow advances registries at once and then every so often, until the context ends.
// It reports each time to tell, which may be nil. It is for a goroutine of its own:
// the verifier goes on meanwhile, and Config.Registries has the newest state.
func (v *Verifier) Follow(ctx context.Context, ids []string, every time.Duration, tell func(Advanced, error)) {
	req := Request{}
	for _, id := range ids {
		req.Registries = append(req.Registries, wire.Registry{ID: id})
	}
	timer := time.NewTicker(max(every, time.Second))
	defer timer.Stop()
	for {
		got, err := v.Advance(ctx, req)
		if ctx.Err() != nil {
			return
		}
		if tell != nil {
			tell(got, err)
		}
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}
