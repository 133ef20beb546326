package verify_test

import (
	"testing"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// A Token Status List in CWT form, draft 21 Section 5.2.
func TestTokenStatusListCWT(t *testing.T) {
	i, other := testissuer.Key("ES256", "cwt").AsDIDKey(), testissuer.Key("ES256", "other").AsDIDKey()
	regs := []wire.Registry{{Entities: []strictjson.Object{i.Entity("*").Without("keys")}}}
	claims := func(edits map[any]any) []byte {
		m := map[any]any{int64(2): tokenURL, int64(6): int64(nowS - 3600), int64(4): int64(nowS + 3600), int64(65534): int64(43200),
			int64(65533): map[any]any{"bits": int64(1), "lst": zlibbed(lowBits(64, 1, map[int]int{7: 1}))}}
		for k, v := range edits {
			m[k] = v
			if v == nil {
				delete(m, k)
			}
		}
		return testissuer.CBOR(m)
	}
	message := func(payload []byte) testissuer.COSE {
		return testissuer.COSE{Protected: map[any]any{int64(cose.LabelTyp): "application/statuslist+cwt", int64(cose.LabelKid): []byte(i.Kid)}, Payload: payload}
	}
	judged := func(idx int64, list []byte) trial {
		doc := with(document2(i.ID), object{"status": object{"status_list": object{"idx": number(idx), "uri": tokenURL}}})
		return trial{input: i.JWS(object{"typ": "vc+jwt", "kid": i.Kid}, strictjson.Encode(doc)), regs: regs, docs: map[string]string{tokenURL: string(list)}}
	}
	edited := func(edits map[any]any) trial { return judged(5, i.Sign1(message(claims(edits)))) }
	// asSDJWT is the same of an SD-JWT VC.
	asSDJWT := func(list string) trial {
		sd := &testissuer.SDJWT{Issuer: i}
		text := sd.Issue(nil, object{"iss": i.ID, "vct": "urn:pid", "status": object{"status_list": object{"idx": number(5), "uri": tokenURL}}})
		return trial{input: text, regs: regs, docs: map[string]string{tokenURL: list}}
	}
	untagged, otherType, byNumber, noType := message(claims(nil)), message(claims(nil)), message(claims(nil)), message(claims(nil))
	byNumber.Protected[int64(cose.LabelTyp)] = int64(279)
	otherNumber := message(claims(nil))
	otherNumber.Protected[int64(cose.LabelTyp)] = int64(61) // application/cwt
	delete(noType.Protected, int64(cose.LabelTyp))
	untagged.Untagged = true
	otherType.Protected[int64(cose.LabelTyp)] = "application/cwt"
	good := i.Sign1(message(claims(nil)))
	changed := append([]byte(nil), good...)
	changed[len(changed)-1] ^= 1
	runAttempts(t, []attempt{
		{"valid", judged(5, good), "accepted"},
		{"invalid", judged(7, good), "rejected status revoked"},
		{"out of range", judged(64, good), "rejected status status_out_of_range"},
		{"signature changed", judged(5, changed), "rejected status list_not_proven"},
		{"signed by another", judged(5, other.Sign1(message(claims(nil)))), "rejected status list_not_proven"},
		{"not tagged", judged(5, i.Sign1(untagged)), "rejected status malformed_list"},
		{"with the tag of a CWT", judged(5, append([]byte{0xd8, 0x3d}, good...)), "rejected status malformed_list"},
		{"of another type", judged(5, i.Sign1(otherType)), "rejected status malformed_list"},
		{"of its type by number", judged(5, i.Sign1(byNumber)), "accepted"},
		{"of another type by number", judged(5, i.Sign1(otherNumber)), "rejected status malformed_list"},
		{"of no type", judged(5, i.Sign1(noType)), "rejected status malformed_list"},
		{"of an SD-JWT VC", asSDJWT(string(good)), "rejected status malformed_list"},
		{"of an SD-JWT VC, as a JWT", asSDJWT(i.JWT(object{"typ": "statuslist+jwt"}, tokenClaims())), "accepted"},
		{"with a MAC", judged(5, append([]byte{0xd1}, good[1:]...)), "undetermined status status_unsupported"},
		{"sub of another list", edited(map[any]any{int64(2): tokenURL + "2"}), "rejected status list_mismatch"},
		{"no iat", edited(map[any]any{int64(6): nil}), "rejected status malformed_list"},
		{"expired", edited(map[any]any{int64(4): int64(nowS)}), "undetermined status stale_status"},
		{"ttl of 0", edited(map[any]any{int64(65534): int64(0)}), "rejected status malformed_list"},
		{"no list", edited(map[any]any{int64(65533): nil}), "rejected status malformed_list"},
		{"lst that is text", edited(map[any]any{int64(65533): map[any]any{"bits": int64(1), "lst": b64(zlibbed(make([]byte, 64)))}}), "rejected status malformed_list"},
	})
}
