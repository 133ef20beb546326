// Package wire is the contract between the verifier module and every embedder.
//
// An embedder hands the module a case and gets a reply. A case is a CARv1 file
// (https://ipld.io/specs/transport/car/carv1/): its root block is the [Request] in
// JSON, its other blocks are the evidence. A reply is JSON: what the module needs
// before it can answer, or the answer, or why the request is malformed.
//
// The package carries the contract and decides nothing about credentials.
package wire

// Contract is the version of this contract, the value of Request.Verilith.
const Contract = 1

// Limits of a case. They hold alike in every embedder, since the module checks them.
const (
	MaxInput     = 1 << 20  // bytes of the credential; the largest real ones are some 100 KB of images
	MaxCase      = 32 << 20 // bytes of the whole case; bounds the module's memory
	MaxBlocks    = 8192     // blocks in a case; bounds the index over them
	MaxRequest   = 1 << 20  // bytes of the request block
	MaxNeeds     = 64       // needs in one round
	MaxRounds    = 16       // rounds until a verdict; an embedder stops there
	MaxDocument  = 1 << 20  // bytes of a document that is obtained by URL
	MaxRegistry  = 16       // registries in one request
	MaxEntities  = 1024     // entities of an inline registry; more belong in a snapshot
	MaxEvidence  = 1024     // documents and unobtainable names in one request
	maxName      = 2048     // bytes of an identifier in a query; no registry has longer ones
	maxShown     = 4        // how often a reply may repeat what an input may hold
	maxReplyDeep = 128      // a reply wraps an input of depth 64
)

// Op is what the module is asked to do.
type Op string

// The operations.
const (
	OpVerify    Op = "verify"    // judge a credential
	OpInspect   Op = "inspect"   // decode and show it, without a verdict
	OpAdvance   Op = "advance"   // follow governed registries to their newest root and head
	OpAuthorize Op = "authorize" // TRQP: may this entity do this?
	OpRecognize Op = "recognize" // TRQP: is this registry recognised?
	OpSignIn    Op = "signin"    // judge a sign-in with Ethereum: {"message": …, "signature": "0x…"}
	OpAbout     Op = "about"     // say what this module verifies, and its limits
)
