package verify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/testissuer"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// What one call leaves to the next is never of two at once: Go code may verify in several
// goroutines, and the race detector finds nothing.
func TestCallsAtOnce(t *testing.T) {
	contexts, _ := linkedTrial(nil, nil)
	i := testissuer.Key("BBS", "issuer").AsDIDKey()
	_, doc := linkedTrial(func(doc object) { doc["issuer"] = i.ID }, nil)
	delete(doc, "proof")
	derived := linkedInput(i.BBS(rdfBy(ownContexts), doc, object{"created": "2025-01-02T00:00:00Z"}, "/issuer", "/validFrom").Derive("/credentialSubject"))
	derived.regs = []wire.Registry{{Entities: []strictjson.Object{i.Entity("*").Without("keys")}}}
	w := newStatusWorld()
	list := w.bitstring(string(strictjson.Encode(w.alice.jcs(listDocument(w.alice.didKey()), nil))), entryOf(nil))
	for n := range 4 {
		for name, tr := range map[string]trial{"contexts": contexts, "generators": derived, "lists": list} {
			t.Run(fmt.Sprint(name, n), func(t *testing.T) {
				t.Parallel()
				for k := range 5 {
					if v := tr.verdict(t); ends(v) != "accepted" {
						t.Fatal(ends(v))
					}
					// A context that nobody has had: it is put among those that are kept.
					other := contexts
					other.docs = map[string]string{courses: ownContexts[courses],
						degrees: strings.Replace(ownContexts[degrees], "example/title", fmt.Sprintf("example/%s-%d-%d", name, n, k), 1)}
					if v := other.verdict(t); ends(v) != "rejected proof bad_signature" {
						t.Fatal(ends(v))
					}
				}
			})
		}
	}
}
