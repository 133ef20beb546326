package host

import (
	"context"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/wire"
)

// Request is what to judge, and by what. Only Input is needed; without a registry
// no issuer is trusted, and the best outcome is undetermined.
type Request struct {
	// Input is the credential, as it was received.
	Input []byte
	// MediaType is what came with it, if anything did. It must not contradict the bytes.
	MediaType string
	// Now is the time to judge at; zero means the time of the call.
	Now time.Time
	// Expect is what the holder was asked for. Nil: nothing was asked.
	Expect *wire.Expect
	// Registries say who may issue what.
	Registries []wire.Registry
	// Policy loosens rules by name. Nil is the strict one.
	Policy *wire.Policy
	// Resources are documents by URL that the caller already has and vouches for.
	Resources map[string]Document
	// Blocks are evidence by hash that the caller already has.
	Blocks []block.Block
}

// Document is what was obtained by a URL.
type Document struct {
	Body []byte
	// MediaType is the Content-Type that came with it, or "".
	MediaType string
	// Obtained is when it was; zero means the request's Now.
	Obtained time.Time
}

// Fetcher obtains what the module needs. It is called from several goroutines, once
// for each need. For a need with a Block it need not be trusted: every block is
// checked by its hash. For a need with a URL it vouches.
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
	// Source says where the answer came from, for people and logs: "cache", a
	// gateway's URL.
	Source string
}

// Verdict is the module's verdict and the receipt for it: by Case and ModuleCID
// anyone can have the same bytes again.
type Verdict struct {
	wire.Verdict
	// Case is the case that was judged, a CARv1, and CaseCID its root.
	Case    []byte
	CaseCID string
	// ModuleCID is the module that judged.
	ModuleCID string
	// Rounds is how often the module was called.
	Rounds int
	// Asked is what was asked of the Fetcher, in order.
	Asked []Asked
}

// Asked is one need that the Fetcher was asked for.
type Asked struct {
	Need   string // CID or URL
	Path   string // of the need, if it had one
	Round  int    // from 1
	Source string // of the answer
	Blocks int    // blocks that were accepted
	Bytes  int    // their bytes, or the document's
	Took   time.Duration
	Err    error // why there is no answer; nil if there is one
}
