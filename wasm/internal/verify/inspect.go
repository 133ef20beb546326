package verify

import (
	"errors"
	"strings"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// inspect shows what an input holds. It verifies nothing, and says where the document
// breaks its data model.
func inspect(c *wire.Case) *wire.Inspection {
	env, err := cred.Recognise(c.Input, c.Request.Input.MediaType)
	if err != nil {
		if in := otherInput(c.Input); in != nil && (c.Request.Input.MediaType == "" || c.Request.Input.MediaType == in.MediaType) {
			return in
		}
		return &wire.Inspection{Problems: []wire.Problem{problem(string(cred.UnrecognisedInput), err)}}
	}
	in := shown(env)
	return &in
}

// problem is why something could not be read. reason is for an error that has none.
func problem(reason string, err error) wire.Problem {
	ce := &cred.Error{Reason: cred.Reason(reason), Detail: err.Error()}
	errors.As(err, &ce)
	return wire.Problem{Type: ce.Reason.Type(), Title: string(ce.Reason), Detail: err.Error()}
}

func shown(env *cred.Envelope) wire.Inspection {
	in := wire.Inspection{MediaType: env.MediaType, Document: env.Document, Proofs: env.Proofs}
	for i := range env.Parts {
		in.Parts = append(in.Parts, shown(&env.Parts[i]))
	}
	if len(env.Parts) > 0 {
		return in
	}
	showHeader(&in, env)
	showSDJWT(&in, env)
	var problems []cred.Problem
	if env.Presentation {
		problems = showPresentation(&in, env)
	} else {
		var c *cred.Credential
		if c, problems = env.Credential(); c != nil {
			in.Credential = summary(c, env)
		}
	}
	for _, p := range problems {
		in.Problems = append(in.Problems, wire.Problem{Type: p.Reason.Type(), Title: string(p.Reason), Detail: p.String()})
	}
	return in
}

// showPresentation shows a presentation, and each credential in it by itself.
func showPresentation(in *wire.Inspection, env *cred.Envelope) []cred.Problem {
	p, problems := env.OpenPresentation()
	in.Presentation = presentationShown(p)
	for _, c := range p.Credentials {
		if c.Err != nil {
			in.Parts = append(in.Parts, wire.Inspection{Problems: []wire.Problem{problem(string(cred.UnrecognisedInput), c.Err)}})
			continue
		}
		in.Parts = append(in.Parts, shown(c.Envelope))
	}
	return problems
}

func showHeader(in *wire.Inspection, env *cred.Envelope) {
	if env.JWS != nil {
		in.Header = env.JWS.Header
	}
	if env.COSE != nil {
		in.Header = coseHeader(env.COSE)
	}
}

// showSDJWT shows what an SD-JWT discloses, and what it does not.
func showSDJWT(in *wire.Inspection, env *cred.Envelope) {
	if env.SD == nil {
		return
	}
	for _, d := range env.SD.Disclosures {
		o := strictjson.Object{"digest": d.Digest, "value": d.Value}
		if !d.Element {
			o["name"] = d.Name
		}
		in.Disclosures = append(in.Disclosures, o)
	}
	in.Withheld = env.SD.Undisclosed
	if kb := env.SD.KeyBinding; kb != nil {
		in.KeyBinding = kb.Claims
	}
}

// coseHeader shows the headers of a COSE message by what JOSE calls them.
func coseHeader(m *cose.Sign1) strictjson.Object {
	h := strictjson.Object{"alg": string(m.Alg)}
	for name, v := range map[string]string{"kid": strings.ToValidUTF8(string(m.KeyID()), "?"), "typ": m.Typ(), "cty": m.ContentType()} {
		if v != "" {
			h[name] = v
		}
	}
	return h
}
