package verify

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const now = "2026-11-22T10:00:00Z"

// ask seals a request about input and answers it.
func ask(t testing.TB, input []byte, edit func(*wire.Request), blocks ...block.Block) wire.Reply {
	t.Helper()
	b := block.New(block.Raw, input)
	req := wire.Request{Verilith: wire.Contract, Op: wire.OpVerify, Now: now, Input: &wire.Input{Block: b.CID.String()}}
	if edit != nil {
		edit(&req)
	}
	car, _, err := wire.SealCase(req, append([]block.Block{b}, blocks...))
	if err != nil {
		t.Fatal(err)
	}
	r, err := wire.DecodeReply(Run(car))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// reason is what a reply says in one word: the outcome and its reason, or the error's.
func reason(r wire.Reply) string {
	switch {
	case r.Error != nil:
		return "error: " + r.Error.Reason
	case r.Verdict != nil:
		return strings.TrimSuffix(string(r.Verdict.Outcome)+": "+r.Verdict.Reason, ": ")
	case len(r.Needs) > 0:
		return "needs"
	}
	return "nothing"
}

func issuerAndPolicy() (*testissuer.Issuer, func(*wire.Request)) {
	i := testissuer.Key("EdDSA", "issuer").AsDIDKey()
	return i, func(r *wire.Request) { r.Registries = []wire.Registry{{Entities: []strictjson.Object{i.Entity("*")}}} }
}

func claims(issuer string) strictjson.Object {
	return strictjson.Object{"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiableCredential"}, "issuer": issuer,
		"validFrom": "2026-01-01T00:00:00Z", "credentialSubject": strictjson.Object{"id": "did:example:holder"}}
}

// Hostile inputs meet a limit and a typed answer, beside the largest that is taken.
func TestHostileInput(t *testing.T) {
	i, registry := issuerAndPolicy()
	full := strictjson.Encode(i.JCS(claims(i.ID), nil))
	full = append(full, bytes.Repeat([]byte(" "), wire.MaxInput-len(full))...)
	nested := func(depth int) []byte {
		return []byte(strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth))
	}
	card := testissuer.Key("ES256", "health")
	tests := []struct {
		name  string
		input []byte
		want  string
	}{
		{"1 MiB", full, "accepted"},
		{"1 MiB and one byte", append(full[:len(full):len(full)], ' '), "error: input_too_large"},
		{"JSON 100,000 deep", nested(100_000), "rejected: json_too_deep"},
		{"a token's payload 100,000 deep", []byte(i.JWS(strictjson.Object{"typ": "vc+jwt"}, nested(100_000))), "rejected: json_too_deep"},
		{"inflate bomb", []byte(card.JWS(strictjson.Object{"zip": "DEF", "kid": card.Thumbprint()}, testissuer.Deflate(make([]byte, 256<<20)))), "rejected: too_large"},
		{"empty", nil, "rejected: unrecognised_input"},
		{"zeros", make([]byte, 1000), "rejected: unrecognised_input"},
		{"million dots", []byte(strings.Repeat(".", 1_000_000)), "rejected: unrecognised_input"},
		{"million shc chunks", []byte(strings.Repeat("shc:/1/9/56 ", 80_000)), "rejected: malformed_qr"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := reason(ask(t, tt.input, registry)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// Hostile cases: everything of a CARv1 that can be wrong.
func TestHostileCase(t *testing.T) {
	i, registry := issuerAndPolicy()
	input := block.New(block.Raw, []byte(i.JWT(strictjson.Object{"typ": "vc+jwt"}, claims(i.ID))))
	req := wire.Request{Verilith: wire.Contract, Op: wire.OpVerify, Now: now, Input: &wire.Input{Block: input.CID.String()}}
	registry(&req)
	good, _, err := wire.SealCase(req, []block.Block{input})
	if err != nil {
		t.Fatal(err)
	}
	section := func(b ...byte) []byte { return append(append([]byte(nil), good...), b...) }
	tests := []struct {
		name string
		car  []byte
		want string
	}{
		{"as sealed", good, "accepted"},
		{"the same block twice", section(good[len(good)-len(input.Data)-len(input.CID.Bytes())-2:]...), "accepted"},
		{"cut in a section", good[:len(good)-1], "error: bad_case"},
		{"cut in a length", section(0x80), "error: bad_case"},
		{"section of no length", section(0), "error: bad_case"},
		{"section longer than the file", section(binary.AppendUvarint(nil, 1<<40)...), "error: bad_case"},
		{"length that is not minimal", section(0x81, 0x80, 0x00), "error: bad_case"},
		{"length of eleven bytes", section(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), "error: bad_case"},
		{"block with a wrong hash", append(append([]byte(nil), good[:len(good)-1]...), good[len(good)-1]^1), "error: bad_case"},
		{"CARv2", append([]byte("\x0a\xa1gversion\x02"), good...), "error: bad_case"},
		{"empty", nil, "error: bad_case"},
		{"larger than the limit", append(section(), make([]byte, wire.MaxCase)...), "error: bad_case"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := wire.DecodeReply(Run(tt.car))
			if err != nil {
				t.Fatal(err)
			}
			if got := reason(r); got != tt.want {
				t.Errorf("got %s (%v), want %s", got, r.Error, tt.want)
			}
		})
	}
}

// FuzzRun: whatever the case is, the answer is one reply, the same one each time, and
// only an input that is signed by the registered issuer is ever accepted.
func FuzzRun(f *testing.F) {
	i, registry := issuerAndPolicy()
	token := i.JWT(strictjson.Object{"typ": "vc+jwt"}, claims(i.ID))
	f.Add([]byte(token))
	f.Add(strictjson.Encode(i.JCS(claims(i.ID), nil)))
	f.Add([]byte(testissuer.Numeric(token, 2)))
	f.Add([]byte(`{"verifiableCredential":["` + token + `"]}`))
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) > wire.MaxInput {
			return
		}
		first, second := ask(t, input, registry), ask(t, input, registry)
		if a, b := wire.EncodeReply(first), wire.EncodeReply(second); !bytes.Equal(a, b) {
			t.Fatalf("two answers: %s and %s", a, b)
		}
		if first.Verdict != nil && first.Verdict.Outcome == wire.Accepted && first.Verdict.Credential != nil && first.Verdict.Credential.Issuer != i.ID {
			t.Fatalf("accepted from another issuer: %s", input)
		}
	})
}
