package host

import (
	"context"

	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// SignIn judges a sign-in with Ethereum (ERC-4361): Request.Input is what [SignInInput]
// makes of the message and its signature, and Expect names the domain that asked and the
// nonce that it gave, without which no sign-in is accepted. Nobody is asked for
// anything: what a contract account signed is undetermined.
//
// The session belongs to Verdict.SignIn.Account. Whether a nonce was used before is for
// the caller to remember.
func (v *Verifier) SignIn(ctx context.Context, req Request) (Verdict, error) {
	r, err := v.call(ctx, wire.OpSignIn, req)
	if err != nil {
		return Verdict{}, err
	}
	return Verdict{*r.reply.Verdict, r.receipt}, nil
}

// SignInInput makes the input of SignIn of a message and its signature in hexadecimal,
// as wallets give it: "0x…".
func SignInInput(message, signature string) []byte {
	return strictjson.Encode(strictjson.Object{"message": message, "signature": signature})
}
