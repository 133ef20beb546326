package verify_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// What is kept of a list from one call to the next changes no answer: the same question
// is answered alike, and another one as if it were the first.
func TestKeptListsCannotBeSeen(t *testing.T) {
	w := newStatusWorld()
	ask := func(name string, tr trial, want string) wire.Verdict {
		t.Helper()
		v := tr.verdict(t)
		if got := ends(v); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		return v
	}
	// The list names no issuer: it speaks as the issuer of the credential.
	list := w.alice.tokenList(nil, tokenClaims())
	good := w.token(list, nil)
	first := ask("first", good, "accepted")
	if again := ask("again", good, "accepted"); !reflect.DeepEqual(first, again) {
		t.Errorf("%+v, then %+v", first, again)
	}
	ask("another index", w.token(list, object{"idx": number(7)}), "rejected status revoked")
	ask("another URL", trial{input: w.token(list, object{"uri": tokenURL + "2"}).input, regs: w.regs, docs: map[string]string{tokenURL + "2": list}}, "rejected status list_mismatch")
	bobs := w.token(list, nil)
	claims := with(document2(w.bob.didKey()), object{"status": object{"status_list": object{"idx": number(5), "uri": tokenURL}}})
	bobs.input, bobs.regs = w.bob.vcjose(claims), w.trusting([]any{object{"action": "issue", "resource": "Degree"}})
	ask("a credential of another issuer", bobs, "rejected status list_not_proven")
	later := good
	later.now, later.obtained = "2026-03-01T02:00:00Z", now
	ask("after it expired", later, "undetermined status stale_status")
	untrusted := good
	untrusted.regs = []wire.Registry{{Entities: []strictjson.Object{{"id": w.alice.didKey(), "keys": []any{object{"kid": w.alice.method(), "jwk": w.alice.jwk, "state": "revoked"}},
		"auth": []any{object{"action": "issue", "resource": "*"}}}}}}
	ask("after its key was revoked", untrusted, "rejected binding key_revoked")
	changed := w.token(w.alice.tokenList(nil, with(tokenClaims(), object{"status_list": object{"bits": number(1), "lst": b64(zlibbed(lowBits(64, 1, map[int]int{5: 1})))}})), nil)
	ask("another list at the same URL", changed, "rejected status revoked")
	// More lists than are kept, and then the first one again.
	for n := range 12 {
		ask(fmt.Sprintf("list %d", n), w.token(w.alice.tokenList(nil, with(tokenClaims(), object{"n": number(int64(n))})), nil), "accepted")
	}
	if again := ask("once more", good, "accepted"); !reflect.DeepEqual(first, again) {
		t.Errorf("%+v, then %+v", first, again)
	}
}
