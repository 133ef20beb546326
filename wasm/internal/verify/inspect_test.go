package verify_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/internal/verify"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

func inspected(t *testing.T, input, mediaType string) wire.Inspection {
	t.Helper()
	in := block.New(block.Raw, []byte(input))
	car, _, err := wire.SealCase(wire.Request{Verilith: wire.Contract, Op: wire.OpInspect,
		Input: &wire.Input{Block: in.CID.String(), MediaType: mediaType}}, []block.Block{in})
	if err != nil {
		t.Fatal(err)
	}
	reply := verify.Answer(car)
	if reply.Inspection == nil {
		t.Fatalf("got %s", wire.EncodeReply(reply))
	}
	return *reply.Inspection
}

// outline is what an inspection shows in a word each: of a part in brackets.
func outline(in wire.Inspection) string {
	var words []string
	if in.Query != "" {
		words = append(words, in.Query+":")
	}
	if in.MediaType != "" {
		words = append(words, in.MediaType)
	}
	if in.SignIn != nil {
		words = append(words, "sign-in at "+in.SignIn.Domain)
	}
	if in.Presentation != nil {
		words = append(words, "by "+in.Presentation.Holder[:8])
	}
	if in.Credential != nil {
		words = append(words, strings.Join(in.Credential.Types, "+"))
	}
	if in.Credential == nil && in.Document != nil && in.Presentation == nil {
		words = append(words, "document")
	}
	for _, d := range in.Disclosures {
		words = append(words, "+"+d.String("name"))
	}
	for _, p := range in.Problems {
		words = append(words, p.Title)
	}
	for _, p := range in.Parts {
		words = append(words, "["+outline(p)+"]")
	}
	return strings.Join(words, " ")
}

// TestInspect: what people hold is shown for what it is, and nothing else for a part of it.
func TestInspect(t *testing.T) {
	w := honest()
	text := func(o object) string { return string(strictjson.Encode(o)) }
	account := testissuer.Key("ES256K", "account")
	address, err := keys.ParseAddress(account.Address(), false)
	if err != nil {
		t.Fatal(err)
	}
	message := "service.example wants you to sign in with your Ethereum account:\n" + address.String() +
		"\n\n\nURI: https://service.example/login\nVersion: 1\nChain ID: 1\nNonce: 32891756abc\nIssued At: 2026-11-22T09:59:00Z"
	alice := newSigner(jose.EdDSA, "alice")
	cwt := testissuer.Key("ES256", "cwt").Sign1(testissuer.COSE{Protected: map[any]any{int64(cose.LabelTyp): "application/statuslist+cwt"},
		Payload: testissuer.CBOR(map[any]any{int64(2): tokenURL, int64(6): int64(nowS), int64(65533): map[any]any{"bits": int64(1), "lst": zlibbed(lowBits(64, 1, nil))}})})
	licence := base64.RawURLEncoding.EncodeToString(testissuer.Licence(testissuer.NewAuthority("inspect", nil).Signer("inspect", nil)).IssuerSigned())
	entry := func(n int) string {
		return text(object{"versionId": fmt.Sprintf("%d-Qm", n), "versionTime": "2026-01-01T00:00:00Z", "parameters": object{}, "state": object{"id": "did:webvh:Qm:a.example"}})
	}
	const pid = "pid: application/dc+sd-jwt urn:pid +name +locality +"
	const rest = "[degree: application/jwt by did:key: [application/jwt VerifiableCredential+Degree]] [diploma: application/vp by did:key: [application/vc VerifiableCredential+Degree]] "
	for _, tt := range []struct{ name, input, mediaType, want string }{
		{"a vp_token", text(w.token()), "", "application/json " + rest + "[" + pid + "]"},
		{"a whole response", text(object{"vp_token": w.token(), "state": "s"}), "", "application/json " + rest + "[" + pid + "]"},
		{"a vp_token, declared", text(object{"pid": []any{w.pid()}}), "application/json", "application/json [" + pid + "]"},
		{"a vp_token, declared as a JWT", text(object{"pid": []any{w.pid()}}), "application/jwt", "unrecognised_input"},
		{"a vp_token with an mdoc", text(object{"mdl": []any{licence}}), "", "application/json [mdl: application/issuer-signed+cbor org.iso.18013.5.1.mDL]"},
		{"a vp_token with nonsense", text(object{"pid": []any{w.pid(), "nonsense"}}), "", "application/json [" + pid + "] [pid: unrecognised_input]"},
		{"a vp_token of nothing", text(object{"vp_token": object{}}), "", "unrecognised_input"},
		{"an empty list", text(object{"pid": []any{}}), "", "unrecognised_input"},
		{"a string in place of a list", text(object{"pid": w.pid()}), "", "unrecognised_input"},
		{"more presentations than any query asks for", `{"pid": ["a"` + strings.Repeat(`,"a"`, 64) + `]}`, "", "unrecognised_input"},

		{"a sign-in", text(object{"message": message, "signature": account.PersonalSign(message)}), "", "text/plain sign-in at service.example"},
		{"its message", message, "", "text/plain sign-in at service.example"},
		{"its message, and the end of a line", message + "\n", "text/plain", "text/plain sign-in at service.example"},
		{"a sign-in whose signature is nonsense", text(object{"message": message, "signature": "x"}), "", "text/plain sign-in at service.example malformed_signin"},
		{"a message not of the grammar", strings.Replace(message, "Version: 1", "Version: 2", 1), "", "text/plain malformed_message"},
		{"another message", strings.Replace(message, "wants you", "asks you", 1), "", "unrecognised_input"},

		{"a status list token", alice.tokenList(nil, tokenClaims()), "", "application/statuslist+jwt TokenStatusList"},
		{"a status list token in CBOR", string(cwt), "", "application/statuslist+cwt TokenStatusList"},
		{"a status list token without its subject", alice.tokenList(nil, tokenClaims().Without("sub")), "", "malformed_token"},
		{"a status list", alice.vcjose(listDocument(alice.didKey())), "", "application/vc+jwt VerifiableCredential+BitstringStatusListCredential"},

		{"the log of a DID", entry(1) + "\n" + entry(2) + "\n", "", "text/jsonl [application/json document] [application/json document]"},
		{"a log of one entry", entry(1), "", "text/jsonl [application/json document]"},
		{"a log with a line that is no entry", entry(1) + "\n{}", "", "json_syntax"},
		{"a DID document", `{"@context":"https://www.w3.org/ns/did/v1","id":"did:web:a.example"}`, "", "application/did document"},
		{"an object with another id", `{"id":"urn:a:b"}`, "", "unrecognised_input"},

		{"nonsense", "nonsense", "", "unrecognised_input"},
		{"nothing", "", "", "unrecognised_input"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := outline(inspected(t, tt.input, tt.mediaType)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
