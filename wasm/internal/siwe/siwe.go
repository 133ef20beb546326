// Package siwe reads the messages of Sign-In with Ethereum, [ERC-4361].
//
// The grammar is that text's in its final form, held to the character: a message has one
// reading, and written again it is the same octets. As the notes in the grammar have it,
// an address has the checksum of ERC-55, and a time is one of RFC 3339. A chain's number
// has no leading zeros: else one chain had several names.
//
// It checks no signature, and compares nothing with what was asked for.
//
// [ERC-4361]: https://eips.ethereum.org/EIPS/eip-4361
package siwe

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/keys"
)

// Reason is the stable part of an [Error].
type Reason string

// The reasons of this package's errors.
const (
	Malformed  Reason = "malformed_message" // not of the grammar
	BadAddress Reason = "malformed_address" // no address, or one without the checksum of ERC-55
	TooLarge   Reason = "message_too_large"
)

// Error is why a text is no sign-in message.
type Error struct {
	Reason Reason
	Member string // the field at fault
	Detail string
}

func (e *Error) Error() string { return string(e.Reason) + ": " + e.Member + ": " + e.Detail }

func fail(reason Reason, member, format string, args ...any) *Error {
	return &Error{reason, member, fmt.Sprintf(format, args...)}
}

// Bounds of a message. A wallet shows it to a person.
const (
	maxMessage   = 16 << 10 // octets
	maxResources = 64
)

// Message is a sign-in message. The fields in text are as they stand in it.
type Message struct {
	Scheme  string // of the origin that asks, "" where the message does not say it
	Domain  string // RFC 3986 authority
	Address string
	// Statement may be empty and there.
	Statement    string
	HasStatement bool
	URI          string
	Version      string
	ChainID      string
	Nonce        string

	IssuedAt       string
	ExpirationTime string // "" for none
	NotBefore      string // "" for none
	// RequestID may be empty and there.
	RequestID    string
	HasRequestID bool
	// Resources may be an empty list and there.
	Resources    []string
	HasResources bool

	// The same, read.
	Account               keys.Address
	Chain                 int64
	Issued, Expires, From time.Time
}

const (
	asks   = " wants you to sign in with your Ethereum account:"
	scheme = "://"
)

// Parse reads a message by the grammar of ERC-4361, "ABNF Message Format". The error is
// an *[Error].
func Parse(text string) (*Message, error) {
	if len(text) > maxMessage {
		return nil, fail(TooLarge, "message", "%d octets, want at most %d", len(text), maxMessage)
	}
	p := &parser{rest: text}
	m := &Message{}
	// [ scheme "://" ] domain %s" wants you to sign in with your Ethereum account:" LF
	first := p.line()
	head, ok := strings.CutSuffix(first, asks)
	if !ok {
		return nil, fail(Malformed, "domain", "the first line is %.80q, want a domain that%s", first, asks)
	}
	m.Domain = head
	if before, after, ok := strings.Cut(head, scheme); ok {
		if m.Scheme, m.Domain = before, after; !isScheme(m.Scheme) {
			return nil, fail(Malformed, "scheme", "%.40q is no scheme of a URI", m.Scheme)
		}
	}
	if m.Domain == "" || !isAuthority(m.Domain) {
		return nil, fail(Malformed, "domain", "%.200q is no authority (RFC 3986 Section 3.2)", m.Domain)
	}
	// address LF
	m.Address = p.line()
	account, err := keys.ParseAddress(m.Address, true)
	if err != nil {
		return nil, fail(BadAddress, "address", "%v", err)
	}
	m.Account = account
	// LF [ statement LF ] LF
	if !p.empty() {
		return nil, fail(Malformed, "address", "want an empty line behind it")
	}
	switch {
	case !p.empty():
		m.HasStatement = true
		if m.Statement = p.line(); !isStatement(m.Statement) || !p.empty() {
			return nil, fail(Malformed, "statement", "want one line of the characters of URIs and spaces, and an empty line")
		}
	case p.empty(): // statement = *( … ): one of no characters has its line all the same
		m.HasStatement = true
	}
	return m, m.fields(p)
}

// fields reads what has a name, in its order.
func (m *Message) fields(p *parser) error {
	for _, f := range []struct {
		name, member string
		dst          *string
		ok           func(string) bool
		what         string
	}{
		{"URI: ", "uri", &m.URI, isURI, "a URI (RFC 3986)"},
		{"Version: ", "version", &m.Version, func(s string) bool { return s == "1" }, "1"},
		{"Chain ID: ", "chainId", &m.ChainID, m.readChain, "the number of a chain (EIP-155)"},
		{"Nonce: ", "nonce", &m.Nonce, isNonce, "at least 8 letters and digits"},
		{"Issued At: ", "issuedAt", &m.IssuedAt, readTime(&m.Issued), "a date and time (RFC 3339)"},
	} {
		v, ok := p.field(f.name)
		if !ok || !f.ok(v) {
			return fail(Malformed, f.member, "%.200q, want %q and %s", v, f.name, f.what)
		}
		*f.dst = v
	}
	for _, f := range []struct {
		name, member string
		dst          *string
		at           *time.Time
	}{
		{"Expiration Time: ", "expirationTime", &m.ExpirationTime, &m.Expires},
		{"Not Before: ", "notBefore", &m.NotBefore, &m.From},
	} {
		if v, ok := p.field(f.name); ok {
			if !readTime(f.at)(v) {
				return fail(Malformed, f.member, "%.80q, want a date and time (RFC 3339)", v)
			}
			*f.dst = v
		}
	}
	if m.RequestID, m.HasRequestID = p.field("Request ID: "); m.HasRequestID && span(m.RequestID, isPChar) != len(m.RequestID) {
		return fail(Malformed, "requestId", "%.80q has a character that no path segment has (RFC 3986 Section 3.3)", m.RequestID)
	}
	if p.named("Resources:") {
		m.HasResources = true
		for {
			v, ok := p.field("- ")
			if !ok {
				break
			}
			if !isURI(v) || len(m.Resources) == maxResources {
				return fail(Malformed, "resources", "%.200q, want a URI (RFC 3986), and at most %d", v, maxResources)
			}
			m.Resources = append(m.Resources, v)
		}
	}
	if !p.done {
		return fail(Malformed, "message", "%.80q is more than there is to a message", p.rest)
	}
	return nil
}

// readChain reads a chain's number, without leading zeros: with them one chain would
// have several names.
func (m *Message) readChain(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	m.Chain = n
	return err == nil && strconv.FormatInt(n, 10) == s && n > 0
}

// parser reads lines that are divided, and not ended, by LF.
type parser struct {
	rest string
	done bool // the last line was read
}

func (p *parser) line() string {
	line, rest, more := strings.Cut(p.rest, "\n")
	p.rest, p.done = rest, !more
	return line
}

// empty takes an empty line, if the next one is.
func (p *parser) empty() bool {
	if p.done || !strings.HasPrefix(p.rest, "\n") {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// field takes a line that begins with a name, and returns what is behind it.
func (p *parser) field(name string) (string, bool) {
	if p.done || !strings.HasPrefix(p.rest, name) {
		return "", false
	}
	return p.line()[len(name):], true
}

// named takes a line that is that name.
func (p *parser) named(name string) bool {
	if line, _, _ := strings.Cut(p.rest, "\n"); p.done || line != name {
		return false
	}
	p.line()
	return true
}

// String writes the message: what [Parse] read, octet for octet.
func (m *Message) String() string {
	var b strings.Builder
	if m.Scheme != "" {
		b.WriteString(m.Scheme + scheme)
	}
	b.WriteString(m.Domain + asks + "\n" + m.Address + "\n\n")
	if m.HasStatement {
		b.WriteString(m.Statement + "\n")
	}
	b.WriteString("\nURI: " + m.URI + "\nVersion: " + m.Version + "\nChain ID: " + m.ChainID + "\nNonce: " + m.Nonce + "\nIssued At: " + m.IssuedAt)
	if m.ExpirationTime != "" {
		b.WriteString("\nExpiration Time: " + m.ExpirationTime)
	}
	if m.NotBefore != "" {
		b.WriteString("\nNot Before: " + m.NotBefore)
	}
	if m.HasRequestID {
		b.WriteString("\nRequest ID: " + m.RequestID)
	}
	if m.HasResources {
		b.WriteString("\nResources:")
		for _, r := range m.Resources {
			b.WriteString("\n- " + r)
		}
	}
	return b.String()
}
