package host

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/wire"
)

// evidence is what a case carries beside its request. It is sealed in an order of
// its own, so that the case does not depend on which answer came first.
type evidence struct {
	input        *block.Block
	blocks       map[cid.Cid][]byte
	documents    map[string]wire.Evidence // by the name of the need that they answer; copies of a registry's by their CID, too
	unobtainable map[string]bool
	fetched      map[cid.Cid]bool // blocks that were asked for
	guessed      map[cid.Cid]bool // blocks that were sent before they were asked for
}

func newEvidence(blocks []block.Block) *evidence {
	e := &evidence{
		blocks:       make(map[cid.Cid][]byte, len(blocks)),
		documents:    map[string]wire.Evidence{},
		unobtainable: map[string]bool{},
		fetched:      map[cid.Cid]bool{},
		guessed:      map[cid.Cid]bool{},
	}
	for _, b := range blocks {
		e.blocks[b.CID] = b.Data
	}
	return e
}

// addDocument takes a document that answers a need by URL, or by a registry's name.
func (e *evidence) addDocument(need wire.Need, d Document, now time.Time) {
	if d.Obtained.IsZero() {
		d.Obtained = now
	}
	codec := uint64(block.Raw)
	// A registry's documents are known by their place as blocks too: one that came by
	// its name is the block of that CID.
	if need.Registry != "" && !strings.HasPrefix(need.Document, ipnsPrefix) {
		codec = block.JSON
	}
	b := block.New(codec, d.Body)
	e.blocks[b.CID] = b.Data
	key := need.Name()
	if need.Registry != "" {
		key += " " + b.CID.String()
	}
	e.documents[key] = wire.Evidence{
		URL: need.URL, Registry: need.Registry, Document: need.Document,
		Block: b.CID.String(), MediaType: d.MediaType, Obtained: wire.FormatTime(d.Obtained),
	}
}

// maxCopies bounds what is sent of one document; the module looks at no more.
const maxCopies = 8

// ipnsPrefix begins the name of a registry's document that is an IPNS record.
const ipnsPrefix = "ipns/"

// addResources takes the documents that the caller has.
func (e *evidence) addResources(all map[string]Document, now time.Time) error {
	for name, d := range all {
		if len(d.Body) > block.MaxSize {
			return &Error{Reason: wire.BadRequest, Member: "resources", Detail: name + " has more bytes than a block may have"}
		}
		need := wire.Need{URL: name}
		id, document, _ := strings.Cut(name, "/")
		if c, err := block.ParseCID(id); err == nil && c.Prefix().Codec == block.JSON {
			need = wire.Need{Registry: id, Document: document}
		}
		e.addDocument(need, d, now)
	}
	return nil
}

// guess takes blocks that will probably be asked for.
func (e *evidence) guess(blocks []block.Block) {
	for _, b := range blocks {
		if _, ok := e.blocks[b.CID]; !ok {
			e.blocks[b.CID] = b.Data
			e.guessed[b.CID] = true
		}
	}
}

// dropGuesses makes room. It reports whether there was anything to drop.
func (e *evidence) dropGuesses() bool {
	for c := range e.guessed {
		delete(e.blocks, c)
	}
	n := len(e.guessed)
	clear(e.guessed)
	return n > 0
}

// seal writes the case of req with this evidence.
func (e *evidence) seal(req wire.Request) ([]byte, cid.Cid, error) {
	req.Evidence = nil
	for _, name := range slices.Sorted(maps.Keys(e.documents)) {
		req.Evidence = append(req.Evidence, e.documents[name])
	}
	req.Unobtainable = slices.Sorted(maps.Keys(e.unobtainable))
	list := make([]block.Block, 0, len(e.blocks)+1)
	for c, data := range e.blocks {
		if e.input == nil || c != e.input.CID {
			list = append(list, block.Block{CID: c, Data: data})
		}
	}
	slices.SortFunc(list, func(a, b block.Block) int { return strings.Compare(a.CID.KeyString(), b.CID.KeyString()) })
	if e.input != nil {
		list = slices.Insert(list, 0, *e.input)
	}
	car, root, err := wire.SealCase(req, list)
	if err != nil && e.dropGuesses() {
		return e.seal(req)
	}
	return car, root, err
}

// take accepts the answer to a need, as far as it is one: blocks that match their
// CIDs, a document within its bound. One bad block would spoil the whole case, so
// each is hashed here, though the module does it again.
func (e *evidence) take(need wire.Need, a Answer, now time.Time) (blocks, size int, err error) {
	if need.Registry != "" {
		for _, d := range a.Copies[:min(len(a.Copies), maxCopies)] {
			if len(d.Body) > min(need.MaxBytes, block.MaxSize) {
				err = fmt.Errorf("the document has %d bytes, want at most %d", len(d.Body), need.MaxBytes)
				continue
			}
			e.addDocument(need, d, now)
			size += len(d.Body)
		}
		switch {
		case size > 0:
			return 0, size, nil
		case err != nil:
			return 0, 0, err
		}
		return 0, 0, errors.New("the fetcher gave no document")
	}
	if need.Block == "" {
		switch {
		case a.Document == nil:
			return 0, 0, errors.New("the fetcher gave no document")
		case len(a.Document.Body) > min(need.MaxBytes, block.MaxSize):
			return 0, 0, fmt.Errorf("the document has %d bytes, want at most %d", len(a.Document.Body), need.MaxBytes)
		}
		e.addDocument(need, *a.Document, now)
		return 0, len(a.Document.Body), nil
	}
	met := false
	for _, b := range a.Blocks {
		if bad := block.Check(b.CID, b.Data); bad != nil {
			err = bad
			continue
		}
		met = met || b.CID.String() == need.Block
		delete(e.guessed, b.CID)
		e.fetched[b.CID] = true
		e.blocks[b.CID] = b.Data
		blocks++
		size += len(b.Data)
	}
	switch {
	case met:
		return blocks, size, nil
	case err != nil:
		return blocks, size, err
	}
	return blocks, size, errors.New("the answer has not the block")
}

// setInput takes the credential. The module judges its size; only what no block
// could carry is refused here, with the module's own reason.
func (e *evidence) setInput(input []byte) error {
	if len(input) > block.MaxSize {
		return &Error{Reason: wire.InputTooLarge, Member: "input",
			Detail: fmt.Sprintf("the input has %d bytes, want at most %d", len(input), wire.MaxInput)}
	}
	b := block.New(block.Raw, input)
	e.input = &b
	return nil
}
