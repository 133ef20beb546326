package verify

import (
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// signer is an account and the message that it signs.
func signInMessage(t testing.TB, i *testissuer.Issuer) string {
	a, err := keys.ParseAddress(i.Address(), false)
	if err != nil {
		t.Fatal(err)
	}
	return `https://service.example wants you to sign in with your Ethereum account:
` + a.String() + `

I accept.

URI: https://service.example/login
Version: 1
Chain ID: 1
Nonce: 32891756abc
Issued At: 2026-11-22T09:59:00Z
Expiration Time: 2026-11-22T10:05:00Z
Not Before: 2026-11-22T09:58:00Z
Request ID: 42
Resources:
- urn:x:y`
}

func TestSignIn(t *testing.T) {
	account, other := testissuer.Key("ES256K", "account"), testissuer.Key("ES256K", "other")
	message := signInMessage(t, account)
	signature := account.PersonalSign(message)
	expected := func() *wire.Expect {
		return &wire.Expect{Nonce: "32891756abc", Audience: []string{"service.example"}, Origin: "https://service.example",
			SignIn: &wire.ExpectSignIn{URI: "https://service.example/login", ChainID: 1, RequestID: "42"}}
	}
	signed := func(old, with string) (string, string) {
		m := strings.Replace(message, old, with, 1)
		if m == message {
			t.Fatalf("%q is not in the message", old)
		}
		return m, account.PersonalSign(m)
	}
	for _, tt := range []struct {
		name   string
		input  func(o strictjson.Object)
		expect func(e *wire.Expect)
		resign [2]string
		want   string
	}{
		{name: "valid", want: "accepted"},
		{name: "v of 0 or 1", input: func(o strictjson.Object) { o["signature"] = edit(t, signature, func(b []byte) { b[64] -= 27 }) }, want: "accepted"},
		{name: "two domains", expect: func(e *wire.Expect) { e.Audience = []string{"other.example", "service.example"} }, want: "accepted"},
		{name: "origin alone", expect: func(e *wire.Expect) { e.Audience = nil }, want: "accepted"},
		{name: "nothing more asked", expect: func(e *wire.Expect) { e.SignIn = nil }, want: "accepted"},
		{name: "no scheme in the message", resign: [2]string{"https://service.example wants", "service.example wants"}, want: "accepted"},

		{name: "message changed", input: func(o strictjson.Object) { o["message"] = strings.Replace(message, "I accept.", "I refuse.", 1) }, want: "rejected: bad_signature"},
		{name: "signed by another", input: func(o strictjson.Object) { o["signature"] = other.PersonalSign(message) }, want: "rejected: bad_signature"},
		{name: "signature changed", input: func(o strictjson.Object) { o["signature"] = edit(t, signature, func(b []byte) { b[10] ^= 1 }) }, want: "rejected: bad_signature"},
		{name: "the higher s", input: func(o strictjson.Object) { o["signature"] = edit(t, signature, raise) }, want: "rejected: bad_signature"},
		{name: "a contract's signature", input: func(o strictjson.Object) { o["signature"] = "0x" + strings.Repeat("ab", 130) }, want: "undetermined: contract_account"},
		{name: "a contract's signature of one octet", input: func(o strictjson.Object) { o["signature"] = "0x01" }, want: "undetermined: contract_account"},
		{name: "of a contract that is not there yet", input: func(o strictjson.Object) {
			o["signature"] = "0x" + strings.Repeat("00", 33) + hex.EncodeToString(erc6492)
		}, want: "undetermined: contract_account"},
		{name: "a contract's, and made for another", input: func(o strictjson.Object) { o["signature"] = "0x01" }, expect: func(e *wire.Expect) { e.Audience = []string{"other.example"} }, want: "rejected: audience_mismatch"},
		{name: "EIP-2098", input: func(o strictjson.Object) { o["signature"] = signature[:130] }, want: "undetermined: contract_account"},
		{name: "no signature", input: func(o strictjson.Object) { delete(o, "signature") }, want: "rejected: malformed_signin"},
		{name: "signature empty", input: func(o strictjson.Object) { o["signature"] = "0x" }, want: "rejected: malformed_signin"},
		{name: "signature without 0x", input: func(o strictjson.Object) { o["signature"] = signature[2:] }, want: "rejected: malformed_signin"},
		{name: "no message", input: func(o strictjson.Object) { delete(o, "message") }, want: "rejected: malformed_signin"},
		{name: "more than message and signature", input: func(o strictjson.Object) { o["address"] = "0x" }, want: "rejected: malformed_signin"},
		{name: "no sign-in", input: func(o strictjson.Object) { o["message"], o["signature"] = "hello", account.PersonalSign("hello") }, want: "rejected: malformed_message"},
		{name: "address without its checksum", input: func(o strictjson.Object) {
			m := strings.Replace(message, strings.Split(message, "\n")[1], account.Address(), 1)
			o["message"], o["signature"] = m, account.PersonalSign(m)
		}, want: "rejected: malformed_address"},

		{name: "made for another domain", expect: func(e *wire.Expect) { e.Audience = []string{"other.example"} }, want: "rejected: audience_mismatch"},
		{name: "made for a domain of that end", expect: func(e *wire.Expect) { e.Audience, e.Origin = []string{"example"}, "" }, want: "rejected: audience_mismatch"},
		{name: "no domain is named", expect: func(e *wire.Expect) { e.Audience, e.Origin = nil, "" }, want: "rejected: audience_mismatch"},
		{name: "made for another origin", expect: func(e *wire.Expect) { e.Origin = "https://other.example" }, want: "rejected: origin_mismatch"},
		{name: "made for another scheme", expect: func(e *wire.Expect) { e.Origin = "http://service.example" }, want: "rejected: origin_mismatch"},
		{name: "another nonce", expect: func(e *wire.Expect) { e.Nonce = "32891756abd" }, want: "rejected: nonce_mismatch"},
		{name: "no nonce is named", expect: func(e *wire.Expect) { e.Nonce = "" }, want: "undetermined: nonce_not_expected"},
		{name: "another URI", expect: func(e *wire.Expect) { e.SignIn.URI = "https://service.example/" }, want: "rejected: uri_mismatch"},
		{name: "another chain", expect: func(e *wire.Expect) { e.SignIn.ChainID = 137 }, want: "rejected: chain_mismatch"},
		{name: "another request", expect: func(e *wire.Expect) { e.SignIn.RequestID = "43" }, want: "rejected: request_mismatch"},

		{name: "issued a moment ahead", resign: [2]string{"09:59:00Z", "10:00:59Z"}, want: "accepted"},
		{name: "issued in the future", resign: [2]string{"09:59:00Z", "10:01:01Z"}, want: "rejected: signed_in_future"},
		{name: "expired this moment", resign: [2]string{"10:05:00Z", "10:00:00Z"}, want: "rejected: expired"},
		{name: "valid a moment more", resign: [2]string{"10:05:00Z", "10:00:01Z"}, want: "accepted"},
		{name: "valid from now on", resign: [2]string{"09:58:00Z", "10:00:00Z"}, want: "accepted"},
		{name: "valid later", resign: [2]string{"09:58:00Z", "10:00:01Z"}, want: "rejected: not_yet_valid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := strictjson.Object{"message": message, "signature": signature}
			if tt.resign[0] != "" {
				o["message"], o["signature"] = signed(tt.resign[0], tt.resign[1])
			}
			if tt.input != nil {
				tt.input(o)
			}
			e := expected()
			if tt.expect != nil {
				tt.expect(e)
			}
			r := ask(t, strictjson.Encode(o), func(r *wire.Request) { r.Op, r.Expect = wire.OpSignIn, e })
			if got := reason(r); got != tt.want {
				t.Fatalf("%s, want %s: %+v", got, tt.want, r.Verdict.Checks)
			}
			var made []string
			for _, c := range r.Verdict.Checks {
				made = append(made, c.Check)
			}
			if !slices.Equal(made, signInChecks) {
				t.Errorf("checks %v", made)
			}
			// The account is named where it signed, and nowhere else.
			proven := r.Verdict.Checks[1].Result == wire.Pass
			if s := r.Verdict.SignIn; proven != (s != nil && s.Account == "eip155:1:"+strings.Split(message, "\n")[1]) || !proven && s != nil && s.Account != "" {
				t.Errorf("sign-in %+v", s)
			}
		})
	}
}

func edit(t *testing.T, signature string, change func(b []byte)) string {
	b, err := hex.DecodeString(signature[2:])
	if err != nil {
		t.Fatal(err)
	}
	change(b)
	return "0x" + hex.EncodeToString(b)
}

// raise makes the other signature that ECDSA has for the same key and hash.
func raise(b []byte) {
	n, _ := new(big.Int).SetString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16)
	n.Sub(n, new(big.Int).SetBytes(b[32:64])).FillBytes(b[32:64])
	b[64] = 55 - b[64]
}

// A sign-in is no credential, and a credential no sign-in.
func TestSignInIsItsOwnOperation(t *testing.T) {
	account := testissuer.Key("ES256K", "account")
	message := signInMessage(t, account)
	input := strictjson.Encode(strictjson.Object{"message": message, "signature": account.PersonalSign(message)})
	if got := reason(ask(t, input, nil)); got != "rejected: unrecognised_input" {
		t.Error(got)
	}
	i, registries := issuerAndPolicy()
	token := i.JWT(strictjson.Object{"typ": "vc+jwt"}, claims(i.ID))
	if got := reason(ask(t, []byte(token), func(r *wire.Request) { r.Op = wire.OpSignIn })); got != "rejected: malformed_signin" {
		t.Error(got)
	}
	if got := reason(ask(t, []byte(token), func(r *wire.Request) {
		registries(r)
		r.Expect = &wire.Expect{SignIn: &wire.ExpectSignIn{ChainID: 1}}
	})); got != "error: bad_request" {
		t.Error(got)
	}
	if got := reason(ask(t, input, func(r *wire.Request) {
		r.Op, r.Expect = wire.OpSignIn, &wire.Expect{SignIn: &wire.ExpectSignIn{ChainID: -1}}
	})); got != "error: bad_request" {
		t.Error(got)
	}
	large := append([]byte(strings.Repeat(" ", wire.MaxSignIn)), input...)
	if got := reason(ask(t, large, func(r *wire.Request) { r.Op = wire.OpSignIn })); got != "error: input_too_large" {
		t.Error(got)
	}
	if got := reason(ask(t, input, func(r *wire.Request) { r.Op, r.Now = wire.OpSignIn, "" })); got != "error: bad_request" {
		t.Error(got)
	}
}
