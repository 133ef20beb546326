package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	tokenList = "https://issuer.example/statuslists/1"
	tokenNow  = "2026-11-22T10:00:00Z"
	tokenMade = 1795340000
)

// tokenStatusList runs the examples of the draft. A list that the draft shows without a
// signature is signed by an issuer of ours, and asked by credentials of that issuer at
// every index that the draft names; those that it does not name are clear.
func tokenStatusList(s *session) {
	for _, v := range s.vectors {
		data, ok := s.read(v, v.Files[0])
		if !ok {
			continue
		}
		text := string(data)
		name := strings.TrimSuffix(v.Name, ".md")
		switch {
		case name == "status_list_jwt":
			s.skip(v, "", valid, "the decoded form of status_list_jwt_raw; it is no token")
		case name == "status_list_jwt_raw":
			s.draftToken(v, strings.Join(strings.Fields(text), ""), "12")
		case name == "status_list_cwt_diag":
			s.draftToken(v, string(unhexed(text)), "12")
		case name == "referenced_token_cwt_diag":
			s.skip(v, "", valid, "a CWT that refers to a list is no format of a credential here")
		case strings.HasSuffix(name, "_json"):
			at := strings.IndexByte(text, '{')
			o, err := strictjson.ParseObject([]byte(strings.Join(strings.Fields(text[max(at, 0):]), "")))
			if at < 0 || err != nil {
				s.fail(v, "", valid, "no list in it: %v", err)
				continue
			}
			s.draftList(v, name, o)
		default:
			raw := unhexed(text)
			var m struct {
				Bits int64  `cbor:"bits"`
				Lst  []byte `cbor:"lst"`
			}
			if err := cbor.Unmarshal(raw, &m); err != nil {
				s.fail(v, "", valid, "no list in it: %v", err)
				continue
			}
			s.draftList(v, name, strictjson.Object{"bits": strictjson.Number(fmt.Sprint(m.Bits)), "lst": base64.RawURLEncoding.EncodeToString(m.Lst)})
		}
	}
}

// unhexed is the hexadecimal in a text, less the comments after it.
func unhexed(text string) []byte {
	if at := strings.Index(text, "encoded:"); at >= 0 {
		text = text[at+len("encoded:"):]
	}
	var digits strings.Builder
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		for _, f := range strings.Fields(line) {
			if _, err := hex.DecodeString(f); err == nil {
				digits.WriteString(f)
			}
		}
	}
	raw, _ := hex.DecodeString(digits.String())
	return raw
}

// listed are the values that the draft names, by its tables of Sections 4.1 and Appendix C.
func listed(name string, bits int64) map[int64]int {
	long1 := map[int64]int{0: 1, 1993: 1, 25460: 1, 159495: 1, 495669: 1, 554353: 1, 645645: 1, 723232: 1, 854545: 1, 934534: 1, 1000345: 1, 1048575: 0}
	long4 := map[int64]int{0: 1, 1993: 2, 35460: 3, 459495: 4, 595669: 5, 754353: 6, 845645: 7, 923232: 8, 924445: 9, 934534: 10, 1004534: 11,
		1000345: 12, 1030203: 13, 1030204: 14, 1030205: 15, 1048575: 0}
	long8 := map[int64]int{233478: 0, 52451: 1, 576778: 2, 513575: 3, 468106: 4, 292632: 5, 214947: 6, 182323: 7, 884834: 8, 66653: 9, 62489: 10,
		196493: 11, 458517: 12, 487925: 13, 55649: 14, 1048575: 0}
	switch {
	case strings.Contains(name, "encoding1_long"):
		return long1
	case bits == 4:
		return long4
	case bits == 8:
		return long8
	case bits == 2: // 0xc9, 0x44, 0xf9
		return map[int64]int{0: 1, 1: 2, 2: 0, 3: 3, 4: 0, 5: 1, 6: 0, 7: 1, 8: 1, 9: 2, 10: 3, 11: 3, 12: -1}
	}
	return map[int64]int{0: 1, 1: 0, 2: 0, 3: 1, 4: 1, 5: 1, 6: 0, 7: 1, 8: 1, 9: 1, 10: 0, 11: 0, 12: 0, 13: 1, 14: 0, 15: 1, 16: -1}
}

// draftList signs a list in both forms and asks it.
func (s *session) draftList(v vector, name string, list strictjson.Object) {
	i := testissuer.Key("ES256", "token status list").AsDIDKey()
	claims := strictjson.Object{"sub": tokenList, "iat": strictjson.Number(fmt.Sprint(tokenMade)), "status_list": list}
	jwt := i.JWS(strictjson.Object{"typ": "statuslist+jwt"}, strictjson.Encode(claims))
	lst, _ := base64.RawURLEncoding.DecodeString(list.String("lst"))
	bits, _ := list["bits"].(strictjson.Number)
	size, _ := bits.Int64()
	cwt := i.Sign1(testissuer.COSE{
		Protected: map[any]any{int64(cose.LabelTyp): "application/statuslist+cwt", int64(cose.LabelKid): []byte(i.Kid)},
		Payload: testissuer.CBOR(map[any]any{int64(2): tokenList, int64(6): int64(tokenMade),
			int64(65533): map[any]any{"bits": size, "lst": lst}})})
	values := listed(name, size)
	for index := int64(0); len(values) > 0; index++ {
		value, ok := values[index]
		if !ok {
			continue
		}
		delete(values, index)
		want := answer{kind: invalid, outcome: wire.Undetermined, check: wire.CheckStatus, reason: "status_undefined"}
		switch value {
		case 0:
			want = accepted()
		case 1:
			want = rejected(wire.CheckStatus, "revoked")
		case 2:
			want = rejected(wire.CheckStatus, "suspended")
		case -1:
			want = rejected(wire.CheckStatus, "status_out_of_range")
		}
		for form, body := range [][]byte{[]byte(jwt), cwt} {
			q := question{input: []byte(referring(i, tokenList, index)), now: tokenNow, entities: []strictjson.Object{i.Entity("*").Without("keys")},
				documents: []document{{tokenList, body}}}
			s.judge(v, fmt.Sprintf("index %d, signed as a %s", index, []string{"JWT", "CWT"}[form]), q, want)
		}
	}
}

// referring is a credential that refers to an entry of a list.
func referring(i *testissuer.Issuer, uri string, index int64) string {
	return i.JWS(strictjson.Object{"typ": "vc+jwt"}, strictjson.Encode(strictjson.Object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiableCredential", "Example"},
		"issuer": i.ID, "credentialSubject": strictjson.Object{"id": "did:example:holder"},
		"status": strictjson.Object{"status_list": strictjson.Object{"idx": strictjson.Number(fmt.Sprint(index)), "uri": uri}}}))
}

// draftKey is the public half of the key that the draft's repository signs its examples
// with, src/util.py: the text has its kid alone.
var draftKey = strictjson.Object{"kty": "EC", "crv": "P-256",
	"x": "I3HWm_0Ds1dPMI-IWmf4mBmH-YaeAVbPVu7vB27CxXo", "y": "6N_d5Elj9bs1htgV3okJKIdbHEpkgTmAluYKJemzn1M"}

// draftStatuses are those of the list in its tokens, Section 4.1.
var draftStatuses = []int{1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1}

// draftToken asks a token as the draft signed it, by credentials of an issuer who has its
// key and one of ours.
func (s *session) draftToken(v vector, body, kid string) {
	const iss, uri = "https://example.com", "https://example.com/statuslists/1"
	i := testissuer.Key("ES256", "token status list").As(iss, "ours")
	ask := func(body string, index int, keys ...namedKey) question {
		return question{input: []byte(referring(i, uri, int64(index))), now: tokenNow, documents: []document{{uri, []byte(body)}},
			entities: []strictjson.Object{entity(iss, append(keys, namedKey{i.Kid, i.JWK})...)}}
	}
	for index, status := range draftStatuses {
		want := accepted()
		if status == 1 {
			want = rejected(wire.CheckStatus, "revoked")
		}
		s.judge(v, fmt.Sprintf("index %d", index), ask(body, index, namedKey{kid, draftKey}), want)
	}
	s.judge(v, "an index out of range", ask(body, len(draftStatuses), namedKey{kid, draftKey}), rejected(wire.CheckStatus, "status_out_of_range"))
	s.judge(v, "the issuer has not its key", ask(body, 1), rejected(wire.CheckStatus, "list_not_proven"))
	changed := []byte(body) // near its end, in what may be base64url
	if at := len(changed) - 4; changed[at] == 'A' {
		changed[at] = 'B'
	} else {
		changed[at] = 'A'
	}
	s.judge(v, "signature changed", ask(string(changed), 1, namedKey{kid, draftKey}), rejected(wire.CheckStatus, "list_not_proven"))
}
