package verify

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/dcql"
	"github.com/verilith/verilith/wasm/internal/siwe"
	"github.com/verilith/verilith/wasm/internal/status"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// maxShown bounds the entries of a DID's log that are shown: more than package did reads.
const maxShown = 1024

// otherInput shows an input that is no credential, but that people have beside them: a response
// of OpenID4VP, a sign-in with Ethereum, a status list token, a DID document or the log
// of a DID. It is nil for anything else.
func otherInput(input []byte) *wire.Inspection {
	text := bytes.TrimSpace(input)
	if o, err := strictjson.ParseObject(text); err == nil {
		return otherObject(o, text)
	}
	if lines := bytes.Split(text, []byte("\n")); len(lines) > 1 && text[0] == '{' {
		return didLog(lines)
	}
	if first, _, _ := strings.Cut(string(text), "\n"); strings.HasSuffix(first, " wants you to sign in with your Ethereum account:") {
		return shownMessage(string(text))
	}
	// A token may leave its issuer to the credential that refers to it: there is none here.
	env, c, answer := status.OpenToken(input, &cred.Credential{})
	if answer.Reason != "" {
		return nil
	}
	in := &wire.Inspection{Credential: summary(c, env), MediaType: env.MediaType, Document: env.Document}
	in.Credential.Format = strings.TrimPrefix(env.MediaType, "application/")
	showHeader(in, env)
	return in
}

func otherObject(o strictjson.Object, text []byte) *wire.Inspection {
	message, isMessage := o["message"].(string)
	if isMessage && o.Has("signature") && len(o) == 2 {
		in := shownMessage(message)
		if _, _, err := readSignIn(text); err != nil {
			in.Problems = append(in.Problems, problem(malformedInput, err))
		}
		return in
	}
	if isLogEntry(o) {
		return didLog([][]byte{text})
	}
	if strings.HasPrefix(o.String("id"), "did:") && !o.Has("type") {
		return &wire.Inspection{MediaType: "application/did", Document: o}
	}
	token := o
	if whole := o.Object("vp_token"); whole != nil {
		token = whole
	}
	return vpToken(token)
}

// shownMessage shows a message of ERC-4361, to the octet as a wallet signs it.
func shownMessage(text string) *wire.Inspection {
	in := &wire.Inspection{MediaType: "text/plain"}
	m, err := siwe.Parse(text)
	if err != nil {
		reason := malformedInput
		if e := (*siwe.Error)(nil); errors.As(err, &e) {
			reason = string(e.Reason)
		}
		in.Problems = []wire.Problem{problem(reason, err)}
		return in
	}
	in.SignIn = shownSignIn(m)
	return in
}

// didLog shows the log of a did:webvh, an entry a line: did:webvh 1.0 "DID Log File".
func didLog(lines [][]byte) *wire.Inspection {
	in := &wire.Inspection{MediaType: "text/jsonl"}
	for i, line := range lines {
		o, err := strictjson.ParseObject(line)
		if err != nil || !isLogEntry(o) || i == maxShown {
			return nil
		}
		in.Parts = append(in.Parts, wire.Inspection{MediaType: "application/json", Document: o})
	}
	return in
}

func isLogEntry(o strictjson.Object) bool {
	return o.Has("versionId") && o.Has("versionTime") && o.Has("parameters") && o.Has("state")
}

// vpToken shows the presentations of a response, OpenID4VP Section 8.1: each list is by the
// id of the credential query that it answers.
func vpToken(token strictjson.Object) *wire.Inspection {
	in := &wire.Inspection{MediaType: "application/json"}
	members := strictjson.MaxMembers // as in a verdict, which shows them as well
	for _, id := range token.Names() {
		list := token.Array(id)
		if len(list) == 0 || len(in.Parts)+len(list) > dcql.MaxCredentials {
			return nil
		}
		for _, v := range list {
			env, err := cred.RecogniseValue(v)
			if err == nil {
				if members -= env.Members(); members < 0 {
					err = &cred.Error{Reason: cred.Reason(strictjson.TooMany), Detail: fmt.Sprintf("the presentations have more than %d members together", strictjson.MaxMembers)}
				}
			}
			part := wire.Inspection{}
			if err != nil {
				part.Problems = []wire.Problem{problem(string(cred.UnrecognisedInput), err)}
			} else {
				part = shown(env)
			}
			part.Query = clip(id)
			in.Parts = append(in.Parts, part)
		}
	}
	if len(in.Parts) == 0 {
		return nil
	}
	return in
}
