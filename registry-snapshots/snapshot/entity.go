package snapshot

import (
	"errors"
	"strconv"

	"github.com/verilith/verilith/wasm/strictjson"
)

// An Entity is one party of a registry: an issuer, a verifier, another registry.
// All times are RFC 3339 in UTC; a period is from its first instant up to, but not
// including, its last.
type Entity struct {
	ID           string          `json:"id"`                     // a DID, https URL or other URI, compared byte by byte
	Kind         string          `json:"kind,omitempty"`         // "issuer", "verifier", "registry", …
	Names        []string        `json:"names,omitempty"`        // for people, the preferred one first
	IDs          []string        `json:"ids,omitempty"`          // other identifiers of the same party, sorted
	Jurisdiction string          `json:"jurisdiction,omitempty"` // ISO 3166 code such as AT or US-CA
	Keys         []Key           `json:"keys,omitempty"`         // in order of kid; retired keys stay
	Services     []Service       `json:"services,omitempty"`     // web pages and endpoints
	Auth         []Authorization `json:"auth,omitempty"`         // what the registry says it may do
	Status       string          `json:"status,omitempty"`       // "" active, or a state
	History      []Event         `json:"history,omitempty"`      // changes of status, in order of time
	Source       string          `json:"source,omitempty"`       // CID of the signed bytes that say so, if carried
	Due          string          `json:"due,omitempty"`          // when who says so is to have said it anew: from then on it is stale
}

// A Key is one public key of an entity, as a JWK, as a certificate chain, or both.
type Key struct {
	Kid   string            `json:"kid,omitempty"`
	JWK   strictjson.Object `json:"jwk,omitempty"`
	X5C   []string          `json:"x5c,omitempty"` // base64 DER, the key's certificate first (RFC 7517 Section 4.7)
	Use   string            `json:"use,omitempty"`
	From  string            `json:"from,omitempty"`
	Until string            `json:"until,omitempty"`
	State string            `json:"state,omitempty"`
}

// A Service is an address of an entity.
type Service struct {
	ID   string `json:"id,omitempty"`
	Type string `json:"type"`
	URL  string `json:"url"`
}

// An Authorization says that an entity may do something. Action and Resource are
// exact; a Resource of "*" is any, and is written out.
type Authorization struct {
	Action       string `json:"action"`
	Resource     string `json:"resource"`
	Jurisdiction string `json:"jurisdiction,omitempty"`
	From         string `json:"from,omitempty"`
	Until        string `json:"until,omitempty"`
	By           string `json:"by,omitempty"`  // id of the entity that grants it
	Via          string `json:"via,omitempty"` // CID of the evidence, if carried
	State        string `json:"state,omitempty"`
}

// An Event is a change of an entity's status.
type Event struct {
	At     string `json:"at"`
	Status string `json:"status,omitempty"`
	Note   string `json:"note,omitempty"`
}

// States of an entity, a key or an authorization. Active is also the empty one,
// and written that way.
const (
	Active      = "active"
	Suspended   = "suspended"
	Revoked     = "revoked"
	Retired     = "retired"
	Compromised = "compromised"
)

// A Resource is a document that a registry vouches for: a DID document, a JSON-LD
// context, a schema, type metadata.
type Resource struct {
	URL       string `json:"url"`
	CID       string `json:"cid"` // raw or json block of the document's bytes
	MediaType string `json:"mediaType,omitempty"`
	Obtained  string `json:"obtained,omitempty"`
}

// ParseEntity reads an entity from JSON. A member that the model has not is
// refused, and every value is brought to its one form: see [Entity.Normal].
func ParseEntity(o strictjson.Object) (Entity, error) {
	var e Entity
	if err := strictjson.Bind(o, &e); err != nil {
		var je *strictjson.Error
		if !errors.As(err, &je) {
			return Entity{}, &Error{Reason: WrongType, Detail: err.Error()}
		}
		reason := WrongType
		if je.Reason == strictjson.Unknown {
			reason = UnknownMember
		}
		return Entity{}, &Error{Reason: reason, Member: je.Member, Detail: je.Detail}
	}
	return e.Normal()
}

// JSON returns the entity as the JSON object that ParseEntity reads.
func (e Entity) JSON() strictjson.Object {
	return strictjson.From(e).(strictjson.Object)
}

// A place is a member of an entity. Every value is checked, so its text is made
// only where there is something to say.
type place struct {
	list string // "" for a member of the entity itself
	i    int
	name string
}

func (p place) String() string {
	if p.list == "" {
		return p.name
	}
	return at(p.list, p.i, p.name)
}

// at makes the path of an element: keys[3].until.
func at(list string, i int, member string) string {
	return list + "[" + strconv.Itoa(i) + "]" + member
}
