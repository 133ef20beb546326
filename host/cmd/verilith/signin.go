package main

import (
	"context"
	"flag"
	"strconv"
	"strings"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/wasm/wire"
)

// signinFlags are what signin is told.
type signinFlags struct {
	verdictFlags
	message, signature, nonce, origin, uri, requestID, now string
	domains                                                list
	chain                                                  int64
}

func signinCommand() *command {
	return &command{
		name: "signin", args: "[FILE | - | JSON]",
		short: "judge a sign-in with Ethereum",
		text: `The input is a JSON object of the message (ERC-4361) and its signature, as a wallet
gives them: {"message": "…", "signature": "0x…"}; or both by --message and --signature.
The message must be for a domain that is named, and have the nonce that is named: a
message for another domain is a phisher's, and one of another nonce may be an old one.
Nobody is asked for anything. What a contract account signed is undetermined: only its
chain can say. Exit code: 0 accepted, 1 rejected, 2 undetermined, 3 wrong usage or a
fault.`,
		examples: `  verilith signin signin.json --domain service.example --nonce 32891756
  verilith signin --message message.txt --signature 0x… --origin https://service.example --nonce 32891756 --chain 1`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			f := &signinFlags{}
			fs.StringVar(&f.message, "message", "", "`FILE` that holds the message, to the octet")
			fs.StringVar(&f.signature, "signature", "", "`0x…` that the wallet gave, with --message")
			fs.Var(&f.domains, "domain", "`NAME` that asked for the sign-in, with its port if it has one (repeatable)")
			fs.StringVar(&f.origin, "origin", "", "web `ORIGIN` that asked")
			fs.StringVar(&f.nonce, "nonce", "", "`VALUE` that the message must have")
			fs.StringVar(&f.uri, "uri", "", "`URI` that the sign-in must be for")
			fs.Int64Var(&f.chain, "chain", 0, "`NUMBER` of the chain that it must be for (EIP-155)")
			fs.StringVar(&f.requestID, "request-id", "", "`ID` of the request that it must answer")
			fs.StringVar(&f.now, "now", "", "`TIME` (RFC 3339) to judge at (default now)")
			f.verdictFlags.flags(fs, "module, case and verdict")
			return f.run
		},
	}
}

func (f *signinFlags) run(ctx context.Context, args []string, s std) error {
	p, err := colours(f.color, s.outTTY)
	if err != nil {
		return err
	}
	req := host.Request{Expect: &wire.Expect{Nonce: f.nonce, Audience: f.domains, Origin: f.origin,
		SignIn: &wire.ExpectSignIn{URI: f.uri, ChainID: f.chain, RequestID: f.requestID}}}
	if f.now != "" {
		if req.Now, err = wire.ParseTime(f.now); err != nil {
			return usagef("--now: %v", err)
		}
	}
	switch {
	case (f.message == "") != (f.signature == "") || f.message != "" && len(args) > 0:
		return usagef("want one input, or --message and --signature")
	case f.message != "":
		text, err := readFile(f.message, wire.MaxSignIn)
		if err != nil {
			return err
		}
		req.Input = host.SignInInput(string(text), f.signature)
	default:
		if req.Input, err = readInput(args, s); err != nil {
			return err
		}
	}
	v, err := open(ctx, s, nil)
	if err != nil {
		return err
	}
	defer v.Close()
	got, err := v.SignIn(ctx, req)
	if err != nil {
		return err
	}
	return f.tell(s, p, got)
}

// signInRows show what a sign-in's message says.
func signInRows(row func(name string, values ...string), m *wire.SignIn) {
	if m.Account != "" {
		row("account", m.Account)
	} else {
		row("address", m.Address, "not shown to have signed")
	}
	row("domain", strings.TrimPrefix(m.Scheme+"://"+m.Domain, "://"))
	row("statement", m.Statement)
	row("uri", m.URI)
	row("chain", strconv.FormatInt(m.ChainID, 10))
	row("nonce", m.Nonce)
	row("valid", prefixed("issued ", m.IssuedAt), prefixed("from ", m.NotBefore), prefixed("until ", m.ExpirationTime))
	row("request", m.RequestID)
	row("resources", m.Resources...)
}
