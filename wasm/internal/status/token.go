package status

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/strictjson"
)

// The media types of a Status List Token.
const (
	typeJWT     = "application/statuslist+jwt"
	typeCWT     = "application/statuslist+cwt"
	formatCWT   = 279 // the same, as IANA has it among the CoAP Content-Formats
	tokenAccept = typeJWT + ", " + typeCWT
)

// tokenEntry reads a status claim, Token Status List Section 6.2. Members other than
// status_list are other mechanisms, of which none is known here.
func tokenEntry(o strictjson.Object, c *cred.Credential) ([]Entry, Answer) {
	for _, name := range o.Names() {
		if name != "type" && name != "status_list" {
			return nil, Answer{Reason: Unsupported, Unknown: true, Detail: fmt.Sprintf("the status claim has the mechanism %.80q, which is not known here", name)}
		}
	}
	ref, ok := o["status_list"].(strictjson.Object)
	if !ok {
		return nil, malformed("the status claim has no status_list that is an object")
	}
	e := Entry{Type: cred.TokenStatus, Accept: tokenAccept, Signed: true, Resource: cred.TokenStatus}
	if c.Format == cred.SDJWTVC {
		e.Accept = typeJWT
	}
	if e.URL = ref.String("uri"); !isList(e.URL) {
		return nil, malformed("status_list.uri %.200q is no https URL of a list", e.URL)
	}
	n, isNumber := ref["idx"].(strictjson.Number)
	index, whole := n.Int64()
	if !isNumber || !whole || index < 0 {
		return nil, malformed("status_list.idx is %.40s, want an integer of 0 or more", n)
	}
	e.index = index
	return []Entry{e}, Answer{}
}

// OpenToken reads a Status List Token, Sections 5.1 and 5.2, for a credential that refers
// to it. Nothing of it is proven yet. The token may name its issuer; where it does not,
// it speaks as the issuer of the credential, and its key is found in the same way as that
// one's: Section 11.3.
func OpenToken(body []byte, referrer *cred.Credential) (*cred.Envelope, *cred.Credential, Answer) {
	open := openJWT
	if len(body) > 0 && body[0] >= 0x80 { // no character of a JWT
		open = openCWT
		if referrer.Format == cred.SDJWTVC { // SD-JWT VC Section 2.2.2.3, "status"
			return nil, nil, badList("is a CWT, and that of an SD-JWT VC MUST be in JWT format")
		}
	}
	e, answer := open(body)
	if answer.Reason != "" {
		return nil, nil, answer
	}
	c, answer := tokenClaims(e.Claims, referrer)
	return e, c, answer
}

func openJWT(body []byte) (*cred.Envelope, Answer) {
	text := string(bytes.TrimRight(body, "\r\n"))
	j, err := jose.ParseCompact(text)
	if err != nil {
		return nil, badList("%v", err)
	}
	typ := strings.ToLower(j.Typ)
	if !strings.Contains(typ, "/") {
		typ = "application/" + typ
	}
	if typ != typeJWT {
		return nil, badList("typ is %.60q, want statuslist+jwt", j.Typ)
	}
	claims, err := strictjson.ParseObject(j.Payload)
	if err != nil {
		return nil, badList("%v", err)
	}
	return &cred.Envelope{Format: cred.StatusToken, MediaType: typeJWT, JWS: j, Token: text, Claims: claims, Document: claims}, Answer{}
}

// claimNames are the claims of a CWT by what JWT calls them, RFC 8392 Section 4 and
// Token Status List Section 5.2.
var claimNames = map[int64]string{1: "iss", 2: "sub", 4: "exp", 5: "nbf", 6: "iat", 65533: "status_list", 65534: "ttl"}

func openCWT(body []byte) (*cred.Envelope, Answer) {
	if body[0] == 0xd1 { // tag 17
		return nil, Answer{Reason: Unsupported, Unknown: true, Detail: "the list is a COSE_Mac0: who can check it can make one"}
	}
	m, err := cose.ParseSign1(body)
	if err != nil {
		return nil, badList("%v", err)
	}
	if !m.Tagged || m.CWT {
		return nil, badList("want a COSE_Sign1 with tag 18, and no CWT tag")
	}
	switch typ := m.Protected[int64(cose.LabelTyp)].(type) {
	case string:
		if strings.ToLower(typ) != typeCWT {
			return nil, badList("its type is %.60q, want %s", typ, typeCWT)
		}
	case int64: // Section 5.2 lets the type be its CoAP Content-Format
		if typ != formatCWT {
			return nil, badList("its type is the CoAP Content-Format %d, want %d or %s", typ, formatCWT, typeCWT)
		}
	default:
		return nil, badList("its type is not %s, in the protected header", typeCWT)
	}
	var labels map[any]any
	if m.Payload == nil {
		return nil, badList("its payload is detached")
	}
	if err := cose.Decode(m.Payload, &labels); err != nil {
		return nil, badList("%v", err)
	}
	claims := strictjson.Object{}
	for label, v := range labels {
		n, ok := label.(int64)
		if !ok || claimNames[n] == "" {
			continue
		}
		if list, ok := v.(map[any]any); ok {
			if _, isBytes := list["lst"].([]byte); !isBytes { // Section 4.3; as JSON it is base64url
				return nil, badList("lst is no byte string")
			}
		}
		claims[claimNames[n]] = cose.JSON(v)
	}
	return &cred.Envelope{Format: cred.StatusToken, MediaType: typeCWT, COSE: m, Claims: claims, Document: claims}, Answer{}
}

// tokenClaims reads the claims that both forms have.
func tokenClaims(claims strictjson.Object, referrer *cred.Credential) (*cred.Credential, Answer) {
	c := &cred.Credential{Format: referrer.Format, Issuer: Owner(referrer), Types: []string{cred.TokenStatus},
		UntilExclusive: true, Document: claims}
	if v, ok := claims["iss"]; ok {
		if c.Issuer, ok = v.(string); !ok || c.Issuer == "" {
			return nil, badList("iss is no string")
		}
	}
	if c.ID = claims.String("sub"); c.ID == "" {
		return nil, badList("sub is required")
	}
	for _, m := range []struct {
		name string
		to   **time.Time
	}{{"iat", &c.SignedAt}, {"exp", &c.ValidUntil}, {"nbf", &c.ValidFrom}} {
		v, ok := claims[m.name]
		if !ok {
			continue
		}
		t, err := jose.NumericDate(v)
		if err != nil {
			return nil, badList("%s: %v", m.name, err)
		}
		*m.to = &t
	}
	if c.SignedAt == nil {
		return nil, badList("iat is required")
	}
	return c, Answer{}
}

// Owner is who a credential's status lists are first of all expected from: its issuer,
// or the holder of the anchor where a certificate alone says who that is.
func Owner(c *cred.Credential) string {
	if c.Issuer != "" {
		return c.Issuer
	}
	return c.Authority
}

// readToken reads the claims of a proven list, Sections 4.2 and 5.1.
func readToken(c *cred.Credential) (*List, Answer) {
	claims := c.Document
	l := &List{name: c.ID}
	if v, ok := claims["ttl"]; ok { // seconds
		n, isNumber := v.(strictjson.Number)
		if f := n.Float64(); !isNumber || !(f > 0 && f <= maxTTL.Seconds()) {
			return nil, badList("ttl is %.40s, want a positive number of seconds", n)
		}
		l.TTL = time.Duration(n.Float64() * float64(time.Second))
	}
	o, ok := claims["status_list"].(strictjson.Object)
	if !ok {
		return nil, badList("status_list is required")
	}
	bits, _ := o["bits"].(strictjson.Number)
	size, _ := bits.Int64()
	if size != 1 && size != 2 && size != 4 && size != 8 {
		return nil, badList("bits is %.40s, want 1, 2, 4 or 8", bits)
	}
	l.size = int(size)
	lst, ok := o["lst"].(string)
	if !ok {
		return nil, badList("lst is required")
	}
	packed, err := unbase64(lst, false)
	if err == nil {
		l.bits, err = unzlib(packed)
	}
	if err != nil {
		return nil, badList("lst: %v", err)
	}
	return l, Answer{}
}

// The status values that have a meaning, Section 7.1.
const (
	tokenValid     = 0
	tokenInvalid   = 1
	tokenSuspended = 2
)

// checkToken is steps 4, 6 and 7 of the Validation Rules, Section 8.3.
func (e *Entry) checkToken(l *List) Answer {
	if l.name != e.URL || l.variant != nil {
		return Answer{Reason: OtherList, Detail: fmt.Sprintf("the list's sub is %.200q, want %.200q", l.name, e.URL)}
	}
	value, ok := lowFirst(l.bits, e.index, l.size)
	if !ok {
		return Answer{Reason: OutOfRange, Detail: fmt.Sprintf("index %d of a list of %d entries", e.index, len(l.bits)*8/l.size)}
	}
	switch {
	case value == tokenValid:
		return Answer{Detail: "its status is VALID"}
	case value == tokenInvalid:
		return Answer{Reason: Revoked, Detail: "its status is INVALID"}
	case value == tokenSuspended:
		return Answer{Reason: Suspended, Detail: "its status is SUSPENDED"}
	case value == 3, value >= 0x0c && value <= 0x0f:
		return Answer{Reason: Undefined, Unknown: true, Detail: fmt.Sprintf("its status is 0x%02x, which is for an application to judge", value)}
	}
	return Answer{Reason: Undefined, Unknown: true, Detail: fmt.Sprintf("its status is 0x%02x, which has no meaning yet", value)}
}
