package wire

import (
	"slices"

	"github.com/verilith/verilith/wasm/strictjson"
)

// Request is the root block of a case.
type Request struct {
	// Verilith is the contract's version: 1.
	Verilith int `json:"verilith"`
	// Op is the operation.
	Op Op `json:"op"`
	// Now is the time of the verdict, RFC 3339. There is no default: the module has no clock.
	Now string `json:"now,omitempty"`
	// Input is the credential.
	Input *Input `json:"input,omitempty"`
	// Query is what OpAuthorize and OpRecognize ask.
	Query *Query `json:"query,omitempty"`
	// Expect is what the embedder asked the holder for. Empty means that nothing was asked.
	Expect *Expect `json:"expect,omitempty"`
	// Registries say who may issue what. Without one nobody is trusted.
	Registries []Registry `json:"registries,omitempty"`
	// Policy loosens rules by name. Its zero value is the strict one.
	Policy *Policy `json:"policy,omitempty"`
	// Evidence names the blocks of this case that were obtained by URL.
	Evidence []Evidence `json:"evidence,omitempty"`
	// Unobtainable lists needs of earlier rounds, by [Need.Name], that could not be met.
	Unobtainable []string `json:"unobtainable,omitempty"`
}

// Input names the block that holds the credential.
type Input struct {
	Block string `json:"block"`
	// MediaType is what the embedder was told, if it was told. It must not contradict
	// the bytes; empty means that the bytes speak for themselves.
	MediaType string `json:"mediaType,omitempty"`
}

// Expect is what the embedder asked for when it asked for the credential.
type Expect struct {
	// Nonce is a Data Integrity challenge.
	Nonce string `json:"nonce,omitempty"`
	// Audience is who was meant to receive it: a Data Integrity domain, an aud claim.
	Audience []string `json:"audience,omitempty"`
	// Origin is the web origin that asked.
	Origin string `json:"origin,omitempty"`
	// OpenID4VP is the request to which the input is the response, if it was made by
	// OpenID for Verifiable Presentations 1.0.
	OpenID4VP *OpenID4VP `json:"openid4vp,omitempty"`
	// MDoc is what more a session has in which mobile documents were asked for.
	MDoc *MDoc `json:"mdoc,omitempty"`
	// SignIn is what more a sign-in was asked for. Its nonce is Nonce, its domain Audience.
	SignIn *ExpectSignIn `json:"signIn,omitempty"`
}

// OpenID4VP is an authorization request of OpenID for Verifiable Presentations 1.0, as
// far as a response is checked against it. Its nonce is Expect.Nonce, and must be there;
// for a request over the Digital Credentials API, Expect.Origin is the origin that the
// platform names, and ClientID and ResponseURI are empty. A response that was encrypted
// (direct_post.jwt, dc_api.jwt) is for the embedder to decrypt.
type OpenID4VP struct {
	// Query is the request's dcql_query. With it the input is the response's vp_token,
	// or the whole response: a JSON object. Without it the input is one presentation.
	Query strictjson.Object `json:"dcqlQuery,omitempty"`
	// ClientID is the request's client_id, with its prefix: the audience.
	ClientID string `json:"clientId,omitempty"`
	// ResponseURI is the request's response_uri, or its redirect_uri. An mdoc is signed over it.
	ResponseURI string `json:"responseUri,omitempty"`
	// JWKThumbprint is the RFC 7638 thumbprint, SHA-256 in base64url, of the key that the
	// response was encrypted to; empty if it was not. An mdoc is signed over it.
	JWKThumbprint string `json:"jwkThumbprint,omitempty"`
}

// Audiences are whom a response must have been made for: Audience and Origin, or the
// client that asked by OpenID4VP. Over the Digital Credentials API that is its origin
// with a prefix, OpenID4VP Appendix A.4.
func (e *Expect) Audiences() []string {
	switch {
	case e == nil:
		return nil
	case e.OpenID4VP != nil && e.OpenID4VP.ClientID != "":
		return []string{e.OpenID4VP.ClientID}
	case e.OpenID4VP != nil:
		return []string{"origin:" + e.Origin}
	case e.Origin != "":
		return append(slices.Clone(e.Audience), e.Origin)
	}
	return e.Audience
}

// Registry is one source of trust. Exactly one of Snapshot, Entities and ID is set.
type Registry struct {
	// Snapshot pins one snapshot by its root CID.
	Snapshot string `json:"snapshot,omitempty"`
	// AsOf is when the pinned snapshot was known to be the newest one, RFC 3339, if the embedder knows.
	AsOf string `json:"asOf,omitempty"`
	// Entities is a handful of issuers that the embedder pins itself, in the
	// snapshot's entity model. An empty list is a registry without anybody.
	Entities []strictjson.Object `json:"entities,omitzero"`
	// ID is the CID of a governed registry's first root: its signed head is followed.
	// State is the embedder's copy of what the module last said about it; without one
	// nothing protects against an old head, and the verdict says so.
	ID    string `json:"id,omitempty"`
	State string `json:"state,omitempty"`
	// Recognised says that the registry is not trusted by itself: it counts as far as
	// another one of the request recognises it.
	Recognised bool `json:"recognised,omitempty"`
	// Authority is in whose name the registry speaks, by the embedder's word: what
	// Query.Authority, other registries' recognitions and the member by of
	// authorizations may call it, beside its id or root CID.
	Authority string `json:"authority,omitempty"`
}

// Query is a question of the Trust Registry Query Protocol (TRQP 2.0): may this
// entity do this (OpAuthorize), is this registry recognised for it (OpRecognize)?
type Query struct {
	// Entity is who is asked about: entity_id.
	Entity string `json:"entity"`
	// Authority is by whose word: authority_id. Empty asks all registries of the request.
	Authority string `json:"authority,omitempty"`
	// Action and Resource are what it would do: "issue", and a credential type, a vct, a
	// docType or a schema's id.
	Action   string `json:"action"`
	Resource string `json:"resource"`
	// Jurisdiction narrows the question. Empty asks for one that holds anywhere the
	// registry says.
	Jurisdiction string `json:"jurisdiction,omitempty"`
	// Time is the point in time that is asked about, RFC 3339. Empty is now.
	Time string `json:"time,omitempty"`
}

// Policy loosens rules. Every member that mattered shows in Verdict.Relaxed.
type Policy struct {
	// Trust is "registry" (also when empty): a registry must authorise the issuer.
	// "none" asks for no authorisation: who the issuer is is then the caller's business.
	Trust string `json:"trust,omitempty"`
	// AcceptStale gives, per class of evidence ("keys", "status"), the age up to
	// which stale evidence still counts, as "30d", "12h" or "90m".
	AcceptStale map[string]string `json:"acceptStale,omitempty"`
	// AcceptUnboundIssuer accepts a proof by a verification method that is not the issuer's own.
	AcceptUnboundIssuer bool `json:"acceptUnboundIssuer,omitempty"`
	// AcceptUnboundHolder accepts, in a presentation, a credential that neither names the
	// presentation's holder as its subject nor is bound to the holder's key. Whether that
	// may be is the caller's business: a parent shows a child's credential, a finder another's.
	AcceptUnboundHolder bool `json:"acceptUnboundHolder,omitempty"`
}

// The values of Policy.Trust.
const (
	TrustRegistry = "registry"
	TrustNone     = "none"
)

// Evidence is a document that was not obtained by its hash. Either it has a URL, and
// the embedder vouches for what it obtained there, or a Registry and a Document, and
// signatures say what it is worth: where mirrors differ, each copy may be given.
type Evidence struct {
	URL string `json:"url,omitempty"`
	// Registry and Document are those of the need that it answers.
	Registry string `json:"registry,omitempty"`
	Document string `json:"document,omitempty"`
	Block    string `json:"block"`
	// MediaType is the Content-Type that came with it, if one did.
	MediaType string `json:"mediaType,omitempty"`
	// Obtained is when, RFC 3339.
	Obtained string `json:"obtained"`
}
