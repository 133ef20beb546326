package host

import (
	"container/list"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/wire"
)

// The memory holds 32 MiB at most.
const (
	maxRemembered  = 512      // issuers
	maxRememberedB = 64 << 10 // bytes of blocks for each; a lookup path in a million issuers has 10 KB
	maxHint        = 4 << 10  // characters of a token's header that are looked at
)

// memory remembers which blocks the last answer about an issuer rested on. They are
// sent before the module asks, so that a repeated verification is one round. It
// knows an issuer only by a hint, and may be wrong: that costs bytes and nothing
// else, since the module uses what it needs.
type memory struct {
	mu      sync.Mutex
	entries map[[32]byte]*list.Element
	order   *list.List // of *memo, latest first
}

type memo struct {
	key    [32]byte
	blocks []block.Block
}

func newMemory() *memory {
	return &memory{entries: map[[32]byte]*list.Element{}, order: list.New()}
}

func (m *memory) recall(key *[32]byte) []block.Block {
	if key == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.entries[*key]
	if !ok {
		return nil
	}
	m.order.MoveToFront(e)
	return e.Value.(*memo).blocks
}

// keep remembers the blocks of ev that the answer names, then those that the module
// asked for without naming them (where it looked first), as far as there is room.
func (m *memory) keep(key *[32]byte, named map[string]bool, ev *evidence) {
	if key == nil {
		return
	}
	documents := map[string]bool{} // obtained by URL: those have an age, and are asked for anew
	for _, d := range ev.documents {
		documents[d.Block] = true
	}
	var first, then []cid.Cid
	for c := range ev.blocks {
		switch s := c.String(); {
		case documents[s] || ev.input != nil && c == ev.input.CID:
		case named[s]:
			first = append(first, c)
		case ev.fetched[c] || ev.guessed[c]:
			then = append(then, c)
		}
	}
	var blocks []block.Block
	size := 0
	for _, c := range append(sorted(first), sorted(then)...) {
		if n := len(ev.blocks[c]); size+n <= maxRememberedB {
			size += n
			blocks = append(blocks, block.Block{CID: c, Data: ev.blocks[c]})
		}
	}
	if len(blocks) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.entries[*key]; ok {
		e.Value.(*memo).blocks = blocks
		m.order.MoveToFront(e)
		return
	}
	m.entries[*key] = m.order.PushFront(&memo{*key, blocks})
	if m.order.Len() > maxRemembered {
		last := m.order.Remove(m.order.Back()).(*memo)
		delete(m.entries, last.key)
	}
}

// rests collects the CIDs that a verdict and its parts rest on.
func rests(v wire.Verdict, into map[string]bool) {
	for _, c := range v.Checks {
		addAll(into, c.Rests)
	}
	if v.Trust != nil {
		addAll(into, v.Trust.Blocks)
	}
	for _, p := range v.Parts {
		rests(p, into)
	}
}

func addAll(to map[string]bool, ids []string) {
	for _, id := range ids {
		to[id] = true
	}
}

func sorted(list []cid.Cid) []cid.Cid {
	slices.SortFunc(list, func(a, b cid.Cid) int { return strings.Compare(a.KeyString(), b.KeyString()) })
	return list
}

// remembered is the key of a request: the hint of its issuer or the entity that is
// asked about, and its registries. Without a snapshot there is nothing to remember.
func remembered(op wire.Op, req Request) *[32]byte {
	h := sha256.New()
	snapshots := false
	for _, r := range req.Registries {
		snapshots = snapshots || r.Snapshot != "" || r.ID != ""
		h.Write([]byte(r.Snapshot + r.ID + "\x00"))
	}
	if !snapshots {
		return nil
	}
	hint := ""
	switch op {
	case wire.OpVerify:
		hint = hintOf(req.Input)
	case wire.OpAuthorize, wire.OpRecognize:
		hint = string(op) + "\x00" + req.Query.Entity + "\x00" + req.Query.Authority
	}
	if hint == "" {
		return nil
	}
	h.Write([]byte(hint))
	return (*[32]byte)(h.Sum(nil))
}

// hintOf is a part of the input that is probably the same in every credential of an
// issuer: a token's header, or the issuer and verification method of a document. The
// input is not interpreted, only compared.
func hintOf(input []byte) string {
	s := strings.TrimSpace(string(input[:min(len(input), maxHint)]))
	switch {
	case strings.HasPrefix(s, "shc:/"):
		return hintOfDigits(s)
	case strings.HasPrefix(s, "{"):
		return hintOfObject(input)
	}
	header, _, ok := strings.Cut(s, ".")
	if !ok {
		return ""
	}
	return header
}

// hintOfDigits is hintOf for a SMART Health Card's QR code: each pair of digits is a
// character less 45, so that a token's first full stop is the pair 01.
func hintOfDigits(s string) string {
	digits := s[strings.LastIndexByte(s[:min(len(s), 16)], '/')+1:] // "shc:/1/3/567…" is the first of three parts
	for i := 0; i+1 < len(digits); i += 2 {
		if digits[i:i+2] == "01" {
			return "shc:" + digits[:i]
		}
	}
	return ""
}

// hintOfObject is hintOf for JSON. Members are looked at one level deep.
func hintOfObject(input []byte) string {
	var doc struct {
		Issuer any               `json:"issuer"`
		Proof  json.RawMessage   `json:"proof"`
		Holder any               `json:"holder"`
		Cards  []json.RawMessage `json:"verifiableCredential"`
	}
	if json.Unmarshal(input, &doc) != nil {
		return ""
	}
	var hint []string
	add := func(v any) {
		switch v := v.(type) {
		case string:
			hint = append(hint, v)
		case map[string]any:
			if id, ok := v["id"].(string); ok {
				hint = append(hint, id)
			}
		}
	}
	add(doc.Issuer)
	add(doc.Holder)
	var proofs []struct {
		Method any `json:"verificationMethod"`
	}
	if json.Unmarshal(doc.Proof, &proofs) != nil {
		proofs = append(proofs[:0], struct {
			Method any `json:"verificationMethod"`
		}{})
		_ = json.Unmarshal(doc.Proof, &proofs[0]) // without a method it hints at nothing
	}
	for _, p := range proofs {
		add(p.Method)
	}
	for _, c := range doc.Cards {
		var token string
		if json.Unmarshal(c, &token) == nil {
			header, _, _ := strings.Cut(token[:min(len(token), maxHint)], ".")
			hint = append(hint, header)
		}
	}
	return strings.Join(hint, "\x00")
}
