package verify

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/eip712"
	"github.com/verilith/verilith/wasm/internal/siwe"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// The checks of a sign-in, in their order.
var signInChecks = []string{wire.CheckFormat, wire.CheckProof, wire.CheckDates, wire.CheckExpect}

// Why a sign-in is not accepted, beyond the reasons that credentials have as well.
const (
	contractAccount = "contract_account" // only the account's chain can say whether it signed
	noNonceExpected = "nonce_not_expected"
	malformedInput  = "malformed_signin"
)

// signIn answers OpSignIn: was this message of ERC-4361 signed by the account that it
// names, for who asks here, and does it hold now? No registry is asked: the account is
// who it says that it is, and what it may do is for the caller to know.
func signIn(c *wire.Case) wire.Reply {
	now, err := wire.ParseTime(c.Request.Now)
	if err != nil { // wire.OpenCase has checked it
		return wire.Reply{Error: &wire.Error{Reason: wire.BadRequest, Member: "now", Detail: err.Error()}}
	}
	if len(c.Input) > wire.MaxSignIn {
		return wire.Reply{Error: &wire.Error{Reason: wire.InputTooLarge, Member: "input",
			Detail: fmt.Sprintf("%d bytes, want at most %d", len(c.Input), wire.MaxSignIn)}}
	}
	r := newReport(now)
	text, signature, err := readSignIn(c.Input)
	if err != nil {
		return refusedSignIn(r, malformedInput, err)
	}
	m, err := siwe.Parse(text)
	if err != nil {
		reason := malformedInput
		if e := (*siwe.Error)(nil); errors.As(err, &e) {
			reason = string(e.Reason)
		}
		return refusedSignIn(r, reason, err)
	}
	r.v.SignIn = shownSignIn(m)
	r.pass(wire.CheckFormat, "a message of Sign-In with Ethereum, version 1")
	signInProof(r, m, text, signature)
	signInDates(r, m, now)
	signInExpect(r, m, c.Request.Expect)
	v := r.conclude(false)
	return wire.Reply{Verdict: &v}
}

func refusedSignIn(r *report, reason string, err error) wire.Reply {
	r.fail(wire.CheckFormat, reason, err.Error(), false)
	r.skip(skippedEarlier, "the input could not be read", signInChecks[1:]...)
	v := r.conclude(false)
	return wire.Reply{Verdict: &v}
}

// readSignIn reads the input: a JSON object of the message and its signature.
func readSignIn(input []byte) (message string, signature []byte, err error) {
	o, err := strictjson.ParseObject(input)
	if err != nil {
		return "", nil, err
	}
	message, isMessage := o["message"].(string)
	text, isSignature := o["signature"].(string)
	digits, isHex := strings.CutPrefix(text, "0x")
	signature, err = hex.DecodeString(digits)
	switch {
	case len(o) != 2 || !isMessage || !isSignature:
		return "", nil, errors.New("want an object of message and signature, both strings")
	case !isHex || err != nil || len(signature) == 0:
		return "", nil, errors.New("signature: want 0x and hexadecimal digits")
	}
	return message, signature, nil
}

func shownSignIn(m *siwe.Message) *wire.SignIn {
	return &wire.SignIn{Address: m.Address, ChainID: m.Chain, Scheme: m.Scheme, Domain: m.Domain, Statement: m.Statement,
		URI: m.URI, Nonce: m.Nonce, IssuedAt: m.IssuedAt, ExpirationTime: m.ExpirationTime, NotBefore: m.NotBefore,
		RequestID: m.RequestID, Resources: m.Resources}
}

// erc6492 ends the signature of a contract that may not be there yet, ERC-6492.
var erc6492 = bytes.Repeat([]byte{0x64, 0x92}, 16)

// signInProof checks the signature, "Signing and Verifying with Ethereum Accounts": by
// EIP-191 for an account that has a key. What a contract takes for its signature
// (ERC-1271) is any number of octets, and its code decides, on its chain: that is not
// known here. Of 65 octets it is known that they are no signature by the account's key;
// a wallet in the form of a contract may take them all the same.
func signInProof(r *report, m *siwe.Message, text string, signature []byte) {
	if len(signature) != keys.EthereumSignatureSize || bytes.HasSuffix(signature, erc6492) {
		r.fail(wire.CheckProof, contractAccount, fmt.Sprintf("a signature of %d octets is a contract's (ERC-1271, ERC-6492): only its code on chain %s can say whether it holds", len(signature), m.ChainID), true)
		return
	}
	if err := keys.FromAddress(m.Account).VerifyEthereum(eip712.PersonalMessage([]byte(text)), signature); err != nil {
		reason := string(keys.BadSignature)
		r.fail(wire.CheckProof, reason, err.Error()+" (whether a contract at that address takes it, only its chain can say)", false)
		r.problem("https://w3id.org/security#PROOF_VERIFICATION_ERROR", reason, err.Error())
		return
	}
	r.v.SignIn.Account = "eip155:" + m.ChainID + ":" + m.Address
	r.pass(wire.CheckProof, "signed by "+m.Address)
}

// signInDates checks issued-at, expiration-time and not-before.
func signInDates(r *report, m *siwe.Message, now time.Time) {
	switch {
	case m.Issued.Sub(now) > maxSkew:
		r.fail(wire.CheckDates, "signed_in_future", "issued at "+m.IssuedAt+", it is "+wire.FormatTime(now), false)
	case m.ExpirationTime != "" && !now.Before(m.Expires):
		r.fail(wire.CheckDates, "expired", "expired at "+m.ExpirationTime+", it is "+wire.FormatTime(now), false)
	case m.NotBefore != "" && now.Before(m.From):
		r.fail(wire.CheckDates, "not_yet_valid", "valid from "+m.NotBefore+", it is "+wire.FormatTime(now), false)
	default:
		r.pass(wire.CheckDates, "valid at "+wire.FormatTime(now))
	}
}

// signInExpect compares the message with what was asked for. A sign-in that was made for
// somebody else is a phisher's, and one whose nonce nobody knows may have been seen
// before: so the caller names its domain, or its origin, and the nonce.
func signInExpect(r *report, m *siwe.Message, want *wire.Expect) {
	if want == nil {
		want = &wire.Expect{}
	}
	var more wire.ExpectSignIn
	if want.SignIn != nil {
		more = *want.SignIn
	}
	refuse := func(reason, format string, args ...any) {
		r.fail(wire.CheckExpect, reason, fmt.Sprintf(format, args...), false)
	}
	originScheme, originDomain, _ := strings.Cut(want.Origin, "://")
	switch {
	case len(want.Audience) == 0 && want.Origin == "":
		refuse("audience_mismatch", "made for %.200q, and the caller names no domain", m.Domain)
	case len(want.Audience) > 0 && !slices.Contains(want.Audience, m.Domain):
		refuse("audience_mismatch", "made for %.200q, want one of %.200q", m.Domain, want.Audience)
	case want.Origin != "" && (m.Domain != originDomain || m.Scheme != "" && m.Scheme != originScheme):
		refuse("origin_mismatch", "made for %.200q, want %.200q", strings.TrimPrefix(m.Scheme+"://"+m.Domain, "://"), want.Origin)
	case want.Nonce != "" && m.Nonce != want.Nonce:
		refuse("nonce_mismatch", "nonce %.100q, want %.100q", m.Nonce, want.Nonce)
	case more.URI != "" && m.URI != more.URI:
		refuse("uri_mismatch", "of %.200q, want %.200q", m.URI, more.URI)
	case more.ChainID != 0 && m.Chain != more.ChainID:
		refuse("chain_mismatch", "for chain %d, want %d", m.Chain, more.ChainID)
	case more.RequestID != "" && m.RequestID != more.RequestID:
		refuse("request_mismatch", "answers request %.100q, want %.100q", m.RequestID, more.RequestID)
	case want.Nonce == "":
		r.fail(wire.CheckExpect, noNonceExpected, "the caller names no nonce: whether the message was used before is not known", true)
	default:
		r.pass(wire.CheckExpect, "it is what was asked for")
	}
}
