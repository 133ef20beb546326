package wire

import "github.com/verilith/verilith/wasm/strictjson"

// Reply is what the module answers: exactly one member is set.
type Reply struct {
	Needs      []Need      `json:"needs,omitempty"`
	Verdict    *Verdict    `json:"verdict,omitempty"`
	Inspection *Inspection `json:"inspection,omitempty"`
	Advance    []Advance   `json:"advance,omitempty"`
	Answer     *Answer     `json:"answer,omitempty"`
	About      *About      `json:"about,omitempty"`
	Error      *Error      `json:"error,omitempty"`
}

// Need is one piece of evidence that the module lacks. It names bytes, not a way to
// get them. It has either a Block, which anyone may supply since the module checks
// the hash; or a Registry and a Document, which anyone may supply since the module
// checks the signatures; or a URL, for whose answer the embedder vouches.
type Need struct {
	// Block is the CID of the missing block.
	Block string `json:"block,omitempty"`
	// Path is an IPLD path that passes through Block: "<root>/e/2/k/7/…". An answer
	// with every block along it spares later rounds. It is a hint.
	Path string `json:"path,omitempty"`
	// Registry is the id of a governed registry, and Document one of its signed
	// documents: "head", "fresh", "root/2", or "ipns/k51…" for an IPNS record.
	Registry string `json:"registry,omitempty"`
	Document string `json:"document,omitempty"`
	// Mirrors are where the governed registry whose document or block this is says that
	// it is published, newest word first: a mirror M has M/registry/<id>/<document>.json,
	// M/ipns/k51… for a record, and M/ipfs/<cid>.
	Mirrors []string `json:"mirrors,omitempty"`
	// URL is the document to obtain, with the media types to ask for in Accept.
	URL    string `json:"url,omitempty"`
	Accept string `json:"accept,omitempty"`
	// MaxBytes bounds the answer, each block of a path by itself.
	MaxBytes int `json:"maxBytes"`
}

// Name is what the need is called in Request.Unobtainable: its CID, its URL, or
// "<registry>/<document>".
func (n Need) Name() string {
	switch {
	case n.Block != "":
		return n.Block
	case n.Registry != "":
		return n.Registry + "/" + n.Document
	}
	return n.URL
}

// Error says why a request could not be worked on. It is not a verdict.
type Error struct {
	Reason string `json:"reason"`           // stable
	Member string `json:"member,omitempty"` // the request's member at fault
	Detail string `json:"detail,omitempty"` // for people; may change
}

func (e *Error) Error() string {
	s := e.Reason
	if e.Member != "" {
		s += ": " + e.Member
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// The reasons of an Error.
const (
	BadCase        = "bad_case"        // not a CARv1 with checked blocks within the limits
	BadRequest     = "bad_request"     // the root block is not a request
	MissingInput   = "missing_input"   // the input's block is not in the case
	InputTooLarge  = "input_too_large" // MaxInput
	Unsupported    = "unsupported"     // an operation or a kind of registry that this module has not
	InternalFault  = "internal_fault"  // the module broke; the embedder discards the instance
	TooManyEntries = "too_many"        // a list of the request is over its limit
)

// Outcome is the verdict in one word.
type Outcome string

// The outcomes. Only Accepted is a yes, and AcceptedStale where the policy asked for it.
const (
	Accepted      Outcome = "accepted"
	AcceptedStale Outcome = "accepted-stale"
	Rejected      Outcome = "rejected"
	Undetermined  Outcome = "undetermined"
)

// Verdict is the answer to OpVerify and OpSignIn.
type Verdict struct {
	Outcome Outcome `json:"outcome"`
	// Reason is the first failed check's reason, or else the first unknown one's. It
	// is empty when accepted.
	Reason string `json:"reason,omitempty"`
	// Now is the time that was judged.
	Now string `json:"now"`
	// Checks are all checks in the order in which they were made.
	Checks []Check `json:"checks"`
	// Credential is what was judged, as far as it could be read.
	Credential *Credential `json:"credential,omitempty"`
	// Presentation is what a presentation says of itself. Its credentials are Parts.
	Presentation *Presentation `json:"presentation,omitempty"`
	// SignIn is the message that was judged, of OpSignIn.
	SignIn *SignIn `json:"signIn,omitempty"`
	// Query is the id of the DCQL credential query that a part of an OpenID4VP response answers.
	Query string `json:"query,omitempty"`
	// Missing says what an OpenID4VP response lacks of what the DCQL query asks for, and
	// Unasked which selectively disclosed claims it has beyond that: a wallet must not send
	// them (OpenID4VP Section 6.4), and whoever receives them need not keep them.
	Missing []QueryItem `json:"missing,omitempty"`
	Unasked []QueryItem `json:"unasked,omitempty"`
	// Parts are the verdicts on the credentials of an input that holds several. The
	// outcome above is then the least of theirs.
	Parts []Verdict `json:"parts,omitempty"`
	// Path is the chain of authority behind the issuer's authorization, if it has one
	// beyond the registry itself.
	Path []Link `json:"path,omitempty"`
	// Trust is what the registries said of the issuer.
	Trust *Trust `json:"trust,omitempty"`
	// Freshness says how old the evidence is.
	Freshness []Freshness `json:"freshness,omitempty"`
	// Relaxed names every rule that the policy loosened and that mattered.
	Relaxed []Relaxed `json:"relaxed,omitempty"`
	// Problems are the failures as W3C problem details, VCDM 2.0 Section 7.4.
	Problems []Problem `json:"problems,omitempty"`
}

// Result of one check.
type Result string

// The results. Unknown means that the evidence did not suffice; Skipped that an
// earlier failure left nothing to check.
const (
	Pass    Result = "pass"
	Fail    Result = "fail"
	Unknown Result = "unknown"
	Skipped Result = "skipped"
)

// Check is one step of the verification.
type Check struct {
	Check  string   `json:"check"`
	Result Result   `json:"result"`
	Reason string   `json:"reason,omitempty"` // stable
	Detail string   `json:"detail,omitempty"` // for people; may change
	Rests  []string `json:"rests,omitempty"`  // CIDs of the evidence that it rests on
}

// The checks, in the order in which they are made.
const (
	CheckFormat  = "format"  // is the envelope one that is known, and well formed?
	CheckModel   = "model"   // does the document obey its data model?
	CheckKey     = "key"     // is the issuer's key known?
	CheckProof   = "proof"   // was the proof made by that key?
	CheckBinding = "binding" // did the key belong to the issuer, at that time?
	CheckDates   = "dates"   // is it valid now?
	CheckExpect  = "expect"  // is it what was asked for?
	CheckStatus  = "status"  // is it revoked or suspended?
	CheckSchema  = "schema"  // does it say what its type promises?
	CheckTrust   = "trust"   // may this issuer say this?
	CheckPart    = "part"    // is a credential in it accepted?
	CheckHolder  = "holder"  // was a credential in a presentation issued to who presents it?
	CheckQuery   = "query"   // is it what the DCQL query asks for?
)

// Credential is what a credential says of itself.
type Credential struct {
	Format     string   `json:"format"`
	Version    string   `json:"version,omitempty"` // of the W3C data model
	ID         string   `json:"id,omitempty"`
	Issuer     string   `json:"issuer,omitempty"`
	IssuerName string   `json:"issuerName,omitempty"`
	Types      []string `json:"types,omitempty"`
	Subjects   []string `json:"subjects,omitempty"` // ids
	ValidFrom  string   `json:"validFrom,omitempty"`
	ValidUntil string   `json:"validUntil,omitempty"`
	SignedAt   string   `json:"signedAt,omitempty"`
	// VerificationMethod and Algorithm are those of the proof.
	VerificationMethod string `json:"verificationMethod,omitempty"`
	Algorithm          string `json:"algorithm,omitempty"`
	// HolderKey is the key to which the credential is bound, by its thumbprint: "jkt:…".
	// HolderProven says that who presented it showed that the key is theirs.
	HolderKey    string `json:"holderKey,omitempty"`
	HolderProven bool   `json:"holderProven,omitempty"`
	// Claims are the disclosed ones, a list of subjects.
	Claims []strictjson.Object `json:"claims,omitempty"`
	// Evidence, RefreshService and TermsOfUse are passed on as they stand: nothing that
	// they name was fetched or judged.
	Evidence       []strictjson.Object `json:"evidence,omitempty"`
	RefreshService []strictjson.Object `json:"refreshService,omitempty"`
	TermsOfUse     []strictjson.Object `json:"termsOfUse,omitempty"`
}

// QueryItem is a credential query of a DCQL query, or a claim in it.
type QueryItem struct {
	Query string `json:"query"`
	// Path is the claims path pointer as it stands in a query, in JSON: ["address","locality"].
	// It is empty where the credential itself is meant.
	Path   string `json:"path,omitempty"`
	Reason string `json:"reason,omitempty"` // stable
}

// Presentation is what a presentation says of itself.
type Presentation struct {
	Format  string   `json:"format"`
	Version string   `json:"version,omitempty"` // of the W3C data model
	ID      string   `json:"id,omitempty"`
	Types   []string `json:"types,omitempty"`
	// Holder is who presents: by its own word, or else the owner of the key that it is signed with.
	Holder   string `json:"holder,omitempty"`
	SignedAt string `json:"signedAt,omitempty"`
	// VerificationMethod and Algorithm are those of the holder's proof.
	VerificationMethod string `json:"verificationMethod,omitempty"`
	Algorithm          string `json:"algorithm,omitempty"`
}

// Trust is what the registries said of an issuer.
type Trust struct {
	Registry string             `json:"registry"`          // the snapshot's root CID, or "inline"
	ID       string             `json:"id,omitempty"`      // of a governed registry
	Version  int64              `json:"version,omitempty"` // of its head
	Name     string             `json:"name,omitempty"`    // of the registry
	Present  bool               `json:"present"`           // whether the issuer is in it
	Entity   string             `json:"entity,omitempty"`  // the entity's id
	Title    string             `json:"title,omitempty"`   // its name
	Grant    *strictjson.Object `json:"grant,omitempty"`   // the authorization that covers the credential
	Key      *strictjson.Object `json:"key,omitempty"`     // the key's record, without the key, where the registry has it
	Blocks   []string           `json:"blocks,omitempty"`  // the path that proves presence or absence
}

// Freshness is the age of one class of evidence.
type Freshness struct {
	Class  string `json:"class"`           // "keys", "registry", "status", "types", "schemas", "contexts"
	Source string `json:"source"`          // URL, root CID or "inline"
	Origin string `json:"origin"`          // "live", "snapshot", "inline", "signed"
	AsOf   string `json:"asOf,omitempty"`  // RFC 3339, if known
	Age    string `json:"age,omitempty"`   // "3d4h", if known
	Bound  string `json:"bound,omitempty"` // up to which it counts as fresh, if there is one
	// State is "fresh", "stale", "suspect" (later than now) or "pinned" (no bound
	// applies); of a governed registry also "expired", "clock-suspect", "rollback",
	// "fork" or "unavailable".
	State string `json:"state"`
	// Notes are further stable facts: "no-rollback-protection", "floor-reset", and of an
	// IPNS record "ipns-expired", "ipns-invalid", "ipns-disagrees", "ipns-behind".
	Notes []string `json:"notes,omitempty"`
	// Conflict are the CIDs of the registry's documents that contradict one another, where
	// it is a rollback or a fork.
	Conflict []string `json:"conflict,omitempty"`
}

// Relaxed is a rule that the policy loosened and that mattered.
type Relaxed struct {
	Rule   string `json:"rule"`   // the policy's member
	Check  string `json:"check"`  // the check that would not have passed
	Reason string `json:"reason"` // with which reason
}

// Problem is a failure as problem details (RFC 9457) with the W3C's types.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Detail string `json:"detail,omitempty"`
}

// Inspection is the answer to OpInspect: what the input holds, unverified.
type Inspection struct {
	Credential *Credential `json:"credential,omitempty"`
	// Presentation is set in place of Credential for a presentation. Its credentials are Parts.
	Presentation *Presentation `json:"presentation,omitempty"`
	// SignIn is what a message of Sign-In with Ethereum says.
	SignIn *SignIn `json:"signIn,omitempty"`
	// Query is the id of the credential query that this part of an OpenID4VP response answers.
	Query     string              `json:"query,omitempty"`
	MediaType string              `json:"mediaType,omitempty"`
	Header    strictjson.Object   `json:"header,omitempty"`   // JOSE header
	Document  strictjson.Object   `json:"document,omitempty"` // the credential in its data model
	Proofs    []strictjson.Object `json:"proofs,omitempty"`   // embedded proofs
	// Disclosures are those of an SD-JWT in their order, each with its digest, its name
	// where it is a claim, and its value.
	Disclosures []strictjson.Object `json:"disclosures,omitempty"`
	// Withheld is how many further digests it has: claims that were not disclosed, or decoys.
	Withheld int `json:"withheld,omitempty"`
	// KeyBinding is the claims set of its KB-JWT.
	KeyBinding strictjson.Object `json:"keyBinding,omitempty"`
	Problems   []Problem         `json:"problems,omitempty"` // where it breaks its data model
	Parts      []Inspection      `json:"parts,omitempty"`
}

// Advance is the answer to OpAdvance, for one governed registry.
type Advance struct {
	Registry string `json:"registry"` // its id
	Name     string `json:"name,omitempty"`
	// Outcome is "advanced" (State is newer than the one given), "unchanged", "refused"
	// (what was offered breaks a rule, and what was known before stands) or
	// "undetermined" (no head could be had, or nothing new).
	Outcome string `json:"outcome"`
	Reason  string `json:"reason,omitempty"` // stable
	Detail  string `json:"detail,omitempty"` // for people; may change
	// State is the state to keep from now on. It is never older than the one given.
	State       string     `json:"state,omitempty"`
	RootVersion int64      `json:"rootVersion,omitempty"`
	Version     int64      `json:"version,omitempty"` // of the head
	Head        string     `json:"head,omitempty"`    // CID of the head's document
	Snapshot    string     `json:"snapshot,omitempty"`
	Mirrors     []string   `json:"mirrors,omitempty"`
	Freshness   *Freshness `json:"freshness,omitempty"`
	Rests       []string   `json:"rests,omitempty"` // CIDs of the documents that it rests on
	// Conflict are the CIDs of the documents that contradict one another, where it is a
	// rollback or a fork: the evidence to show.
	Conflict []string `json:"conflict,omitempty"`
}

// Answer is the answer to OpAuthorize and OpRecognize.
type Answer struct {
	// Result is Pass for a yes, Fail for a proven no, Unknown where the evidence does not suffice.
	Result Result `json:"result"`
	Reason string `json:"reason,omitempty"` // stable; empty for a yes
	Detail string `json:"detail,omitempty"` // for people; may change
	Query  Query  `json:"query"`
	Now    string `json:"now"`
	Time   string `json:"time"` // the point in time that was judged
	// Path is the chain from the entity that was asked about up to the registry.
	Path []Link `json:"path,omitempty"`
	// Trust is what each registry said, with the blocks that prove it.
	Trust     []Trust     `json:"trust,omitempty"`
	Freshness []Freshness `json:"freshness,omitempty"`
	Relaxed   []Relaxed   `json:"relaxed,omitempty"`
}

// Link is one link of a chain of authority.
type Link struct {
	Registry string             `json:"registry"`         // snapshot root CID, or "inline"
	Entity   string             `json:"entity,omitempty"` // who is authorised, or the registry that is recognised
	Title    string             `json:"title,omitempty"`  // its name
	Grant    *strictjson.Object `json:"grant,omitempty"`  // the authorization or recognition
	By       string             `json:"by,omitempty"`     // who granted it: the next link's entity, or the registry itself
	At       string             `json:"at"`               // the time at which the link was judged
}

// About is the answer to OpAbout.
type About struct {
	Contract   int            `json:"contract"`
	Operations []string       `json:"operations"`
	Formats    []Feature      `json:"formats"`
	Algorithms []string       `json:"algorithms"`
	Suites     []string       `json:"suites"`
	Methods    []string       `json:"didMethods"`
	Registries []string       `json:"registries"`
	Status     []string       `json:"status"`
	Schemas    []string       `json:"schemas"`
	Limits     map[string]int `json:"limits"`
}

// Feature is something that the module verifies, and the text that says how.
type Feature struct {
	Name          string `json:"name"`
	Specification string `json:"specification"`
}
