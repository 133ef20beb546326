package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// verifyFlags are what verify is told.
type verifyFlags struct {
	sources
	verdictFlags
	trust, nonce, origin, now, mediaType string
	audience, acceptStale, resources     list
	unbound, unboundHolder, lines        bool
	openid4vp
}

func verifyCommand() *command {
	return &command{
		name: "verify", args: "[FILE | - | CREDENTIAL]",
		short: "judge a credential",
		text: `The input is a file, standard input, or the credential itself: a compact token, a
SMART Health Card's shc:/ digits (several codes as several arguments), or JSON.

Who may issue is for the registries to say. Without one, no credential is accepted. A
governed registry is followed by its signed head; what is learned of it is kept, so
that an older head is not taken for the newest the next time.
What the verdict rests on is fetched from the files, the cache and the gateways that
are named, and from the hosts of did:web issuers unless --allow-live=false; what
cannot be had is said in the verdict. Exit code: 0 accepted, 1 rejected,
2 undetermined, 3 wrong usage or a fault.

With --dcql the input is a response of OpenID4VP 1.0, decrypted: the vp_token, or the
whole response, in JSON. It is held to the request: --nonce, and --client-id with
--response-uri, or --origin where it came over the Digital Credentials API.

With --jsonl, every line of the input is a JSON object {"id", "input", "mediaType"?,
"now"?, "expect"?, "policy"?, "registries"?, "resources"?: {URL: {"body" | "base64",
"mediaType"?, "obtained"?}}}, and every line of the output is {"id", "outcome",
"reason", "checks"}, in the same order. A line that cannot be read has the outcome
"error". Exit code: 0 once every line was answered.`,
		examples: `  verilith verify card.smart-health-card --registry vci.car
  verilith verify eyJhbGciOi… --registry bafyrei… --gateway https://mirror.example
  curl -s https://issuer.example/vc | verilith verify --registry registry.car --json
  verilith verify vc.json --registry entities.json --now 2026-01-31T12:00:00Z --case out.car
  verilith verify vp_token.json --registry registry.car --dcql query.json --nonce n-0S6 --client-id x509_san_dns:verifier.example
  verilith verify --jsonl lines.jsonl --registry registry.car`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			f := &verifyFlags{}
			f.registryFlags(fs)
			f.blockFlags(fs)
			f.documentFlags(fs, true)
			fs.Var(&f.resources, "resource", "`URL=FILE`: a document that you vouch for, in place of the URL's host (repeatable)")
			fs.StringVar(&f.trust, "trust", "", "`none` asks no registry whether the issuer may issue: who it is is then\nyour own business")
			fs.Var(&f.acceptStale, "accept-stale", "`CLASS=AGE`: take stale evidence up to this age; keys=30d, status=12h,\nregistry=2d (repeatable)")
			fs.BoolVar(&f.unbound, "accept-unbound-issuer", false, "accept a proof by a key that is not the issuer's own")
			fs.BoolVar(&f.unboundHolder, "accept-unbound-holder", false, "accept, in a presentation, a credential that is not about the holder")
			fs.StringVar(&f.nonce, "nonce", "", "`VALUE` that the holder was asked to sign: challenge, nonce")
			fs.Var(&f.audience, "audience", "`NAME` that the holder was told is asking: domain, aud (repeatable)")
			fs.StringVar(&f.origin, "origin", "", "web `ORIGIN` that asked")
			f.openid4vp.flags(fs)
			fs.StringVar(&f.now, "now", "", "`TIME` (RFC 3339) to judge at (default now)")
			fs.StringVar(&f.mediaType, "media-type", "", "media `TYPE` that the credential came with")
			f.verdictFlags.flags(fs, "module, case, verdict, and what was asked")
			fs.BoolVar(&f.lines, "jsonl", false, "judge one credential a line; see above")
			return func(ctx context.Context, args []string, s std) error {
				defer f.done()
				if f.lines {
					return f.jsonLines(ctx, args, s, given(fs, "allow-live"))
				}
				return f.verify(ctx, args, s)
			}
		},
	}
}

// given reports whether a flag stands on the command line.
func given(fs *flag.FlagSet, name string) bool {
	there := false
	fs.Visit(func(f *flag.Flag) { there = there || f.Name == name })
	return there
}

func (f *verifyFlags) verify(ctx context.Context, args []string, s std) error {
	p, err := colours(f.color, s.outTTY)
	if err != nil {
		return err
	}
	req, err := f.request()
	if err != nil {
		return err
	}
	if req.Input, err = readInput(args, s); err != nil {
		return err
	}
	fetcher, err := f.fetcher(true)
	if err != nil {
		return err
	}
	store, err := f.store()
	if err != nil {
		return err
	}
	v, err := openWith(ctx, s, fetcher, store)
	if err != nil {
		return err
	}
	defer v.Close()
	got, err := v.Verify(ctx, req)
	if err != nil {
		return err
	}
	return f.tell(s, p, got)
}

// request is what the flags ask for, without an input.
func (f *verifyFlags) request() (host.Request, error) {
	req := host.Request{MediaType: f.mediaType, Policy: &wire.Policy{Trust: f.trust, AcceptUnboundIssuer: f.unbound, AcceptUnboundHolder: f.unboundHolder}}
	if f.nonce != "" || len(f.audience) > 0 || f.origin != "" {
		req.Expect = &wire.Expect{Nonce: f.nonce, Audience: f.audience, Origin: f.origin}
	}
	if err := f.openid4vp.ask(&req); err != nil {
		return req, err
	}
	if f.now != "" {
		var err error
		if req.Now, err = wire.ParseTime(f.now); err != nil {
			return req, usagef("--now: %v", err)
		}
	}
	stale, err := stalePolicy(f.acceptStale)
	if err != nil {
		return req, err
	}
	if stale != nil {
		req.Policy.AcceptStale = stale.AcceptStale
	}
	for _, s := range f.resources {
		url, path, ok := strings.Cut(s, "=")
		if i := strings.LastIndexByte(s, '='); ok { // a URL may have = itself
			url, path = s[:i], s[i+1:]
		}
		if !ok || path == "" {
			return req, usagef("--resource %q, want URL=FILE", clean(s, 100))
		}
		body, err := readFile(path, wire.MaxDocument)
		if err != nil {
			return req, fmt.Errorf("--resource: %w", err)
		}
		if req.Resources == nil {
			req.Resources = map[string]host.Document{}
		}
		req.Resources[url] = host.Document{Body: body}
	}
	req.Registries, err = f.trusted()
	return req, err
}

// verdictFlags say how a verdict is told.
type verdictFlags struct {
	casePath, color string
	json, quiet     bool
}

func (f *verdictFlags) flags(fs *flag.FlagSet, receipt string) {
	fs.BoolVar(&f.json, "json", false, "print the receipt as JSON: "+receipt)
	fs.StringVar(&f.casePath, "case", "", "`FILE` to write the case to, a CAR, for verilith replay")
	fs.BoolVar(&f.quiet, "quiet", false, "print the outcome and its reason only")
	fs.StringVar(&f.color, "color", "auto", "`WHEN` to use colour: auto, always, never")
}

// tell writes the case where it is asked for, prints the verdict, and ends with its exit code.
func (f *verdictFlags) tell(s std, p paint, got host.Verdict) error {
	if f.casePath != "" {
		if err := os.WriteFile(f.casePath, got.Case, 0o666); err != nil {
			return err
		}
	}
	var err error
	switch {
	case f.json:
		_, err = fmt.Fprintf(s.out, "%s\n", strictjson.Encode(receiptOf("verdict", got.Verdict, got.Receipt)))
	case f.quiet:
		_, err = fmt.Fprintln(s.out, strings.TrimSpace(string(got.Outcome)+" "+got.Reason))
	default:
		err = show(s.out, p, got)
	}
	if err != nil {
		return err
	}
	return outcomeExit(got.Outcome)
}

// outcomeExit is the exit code of an outcome.
func outcomeExit(o wire.Outcome) error {
	switch o {
	case wire.Accepted, wire.AcceptedStale:
		return nil
	case wire.Rejected:
		return exit(exitRejected)
	}
	return exit(exitUndetermined)
}

// receiptOf is an answer, under its name, with what is needed to have it again, and
// what was asked over the network.
func receiptOf(name string, answer any, r host.Receipt) strictjson.Object {
	asked := []any{}
	for _, a := range r.Asked {
		o := strictjson.Object{"need": a.Need, "round": a.Round, "ms": a.Took.Milliseconds()}
		if a.Path != "" {
			o["path"] = a.Path
		}
		if a.Err != nil {
			o["error"] = a.Err.Error()
		} else {
			o["source"], o["bytes"] = a.Source, a.Bytes
			if a.Blocks > 0 {
				o["blocks"] = a.Blocks
			}
		}
		asked = append(asked, o)
	}
	return strictjson.Object{
		"module": r.ModuleCID, "case": r.CaseCID, name: strictjson.From(answer),
		"rounds": r.Rounds, "asked": asked,
	}
}
