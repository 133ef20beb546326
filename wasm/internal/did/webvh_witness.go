package did

import (
	"slices"

	"github.com/verilith/verilith/wasm/internal/di"
	"github.com/verilith/verilith/wasm/strictjson"
)

// maxWitnessProofs bounds the proofs that are checked: each costs a signature check. A
// file that is pruned, as that text asks for, has one for each witness.
const maxWitnessProofs = 256

// witnessed reports whether an entry of the log needs witnesses.
func (l *history) witnessed() bool {
	return slices.ContainsFunc(l.entries, func(e entry) bool { return e.witness != nil })
}

// checkWitnesses reads did-witness.json and asks that every entry that needs witnesses
// has enough of them, did:webvh 1.0 "Verifying Witness Proofs During Resolution". A
// witness counts once, and for all entries before the one that it signed, for which the
// versionId must be one of this log: a witness signs nothing else, so a proof over
// another DID's would hold too.
func (l *history) checkWitnesses(body []byte) error {
	v, err := strictjson.Parse(body)
	list, ok := v.([]any)
	if err != nil || !ok {
		return fail(MalformedLog, "did-witness.json", "want a list: %v", err)
	}
	latest := map[string]int{} // by witness, the last entry that it signed; bounded by maxWitnessProofs
	checked := 0
	for _, e := range list {
		o, ok := e.(strictjson.Object)
		if !ok {
			return fail(MalformedLog, "did-witness.json", "want objects")
		}
		i := slices.IndexFunc(l.entries, func(e entry) bool { return e.versionID == o.String("versionId") })
		if i < 0 {
			continue // "MUST ignore": not published yet, or of another log
		}
		proofs := o.Array("proof")
		if p, ok := o["proof"].(strictjson.Object); ok {
			proofs = []any{p}
		}
		if checked += len(proofs); checked > maxWitnessProofs {
			return fail(MalformedLog, "did-witness.json", "more than %d proofs", maxWitnessProofs)
		}
		for _, p := range proofs {
			witness, ok := l.witnessOf(o.String("versionId"), p)
			if at, has := latest[witness]; ok && (!has || i > at) {
				latest[witness] = i
			}
		}
	}
	for i, e := range l.entries {
		if e.witness == nil {
			continue
		}
		n := 0
		for _, w := range e.witness.keys {
			if at, ok := latest[w]; ok && at >= i {
				n++
			}
		}
		if n < e.witness.threshold {
			return fail(NotWitnessed, "did-witness.json", "entry %d has %d of the %d witnesses that it needs", i+1, n, e.witness.threshold)
		}
	}
	return nil
}

// witnessOf returns who made a proof over a versionId. One that does not hold is
// ignored, as that text lets a resolver do: it counts for nobody.
func (l *history) witnessOf(versionID string, v any) (string, bool) {
	o, ok := v.(strictjson.Object)
	if !ok {
		return "", false
	}
	p, err := di.ParseProof(o)
	if err != nil {
		return "", false
	}
	multikey, key, err := proofKey(p)
	named := func(e entry) bool { return e.witness != nil && slices.Contains(e.witness.keys, multikey) }
	if err != nil || !slices.ContainsFunc(l.entries, named) {
		return "", false
	}
	err = di.Verify(strictjson.Object{"versionId": versionID}, []*di.Proof{p}, p, key)
	return multikey, err == nil
}
