package host

import (
	"context"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/wire"
)

// Request is what to judge, and by what. Verify needs an Input, Authorize and
// Recognize a Query, Advance the Registries alone. Without a registry no issuer is
// trusted, and the best outcome is undetermined.
type Request struct {
	// Input is the credential, as it was received.
	Input []byte
	// Query is what Authorize and Recognize ask.
	Query wire.Query
	// MediaType is what came with it, if anything did. It must not contradict the bytes.
	MediaType string
	// Now is the time to judge at; zero means the time of the call.
	Now time.Time
	// Expect is what the holder was asked for. Nil: nothing was asked.
	Expect *wire.Expect
	// Registries say who may issue what. One with an ID and no State gets the state
	// that Config.Registries has kept.
	Registries []wire.Registry
	// Policy loosens rules by name. Nil is the strict one.
	Policy *wire.Policy
	// Resources are documents that the caller already has: by URL, and it vouches for
	// them; or by "<registry>/<document>", as wire.Need.Name has it, a registry's
	// signed documents, for which their signatures speak.
	Resources map[string]Document
	// Blocks are evidence by hash that the caller already has.
	Blocks []block.Block
}

// Document is what was obtained by a URL, or by a registry's name for it.
type Document struct {
	Body []byte
	// MediaType is the Content-Type that came with it, or "".
	MediaType string
	// Obtained is when it was; zero means the request's Now.
	Obtained time.Time
}

// Fetcher obtains what the module needs. It is called from several goroutines, once
// for each need. For a need with a Block it need not be trusted: every block is
// checked by its hash; nor for one with a Registry and a Document, whose signatures
// are. For a need with a URL it vouches.
type Fetcher interface {
	Fetch(ctx context.Context, need wire.Need) (Answer, error)
}

// Answer is what a Fetcher found.
type Answer struct {
	// Blocks answers a need with a Block: that block, and where the need has a Path
	// every further block on it that is at hand.
	Blocks []block.Block
	// Document answers a need with a URL.
	Document *Document
	// Copies answers a need with a Registry and a Document: what was had under that
	// name, from more places than one where they differ. The module tells which counts.
	Copies []Document
	// Source says where the answer came from, for people and logs: "cache", a
	// gateway's URL.
	Source string
}

// Receipt is what it takes to have an answer again: by Case and ModuleCID anyone gets
// the same bytes.
type Receipt struct {
	// Case is the case that was judged, a CARv1, and CaseCID its root.
	Case    []byte
	CaseCID string
	// ModuleCID is the module that judged.
	ModuleCID string
	// Rounds is how often the module was called.
	Rounds int
	// Asked is what was asked of the Fetcher, in order.
	Asked []Asked
	// NotKept is why Config.Registries could not keep what was learned of a registry;
	// nil if it did, or if nothing was. The answer is good all the same.
	NotKept error
}

// Verdict is the module's verdict on a credential.
type Verdict struct {
	wire.Verdict
	Receipt
}

// Advanced is how far the registries of a request were followed, each in its place.
type Advanced struct {
	Registries []wire.Advance
	Receipt
}

// Decision is the answer to a query.
type Decision struct {
	wire.Answer
	Receipt
}

// Replayed is the module's reply to a sealed case: the Reply's member of the case's
// operation is set.
type Replayed struct {
	wire.Reply
	Receipt
}

// Asked is one need that the Fetcher was asked for.
type Asked struct {
	Need   string // its wire.Need.Name: CID, URL, or "<registry>/<document>"
	Path   string // of the need, if it had one
	Round  int    // from 1
	Source string // of the answer
	Blocks int    // blocks that were accepted
	Bytes  int    // their bytes, or the document's
	Took   time.Duration
	Err    error // why there is no answer; nil if there is one
}
