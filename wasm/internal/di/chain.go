package di

import (
	"fmt"
	"slices"

	"github.com/verilith/verilith/wasm/strictjson"
)

// ParseProofs reads the proofs of a document and checks that they form a set or
// chain, VC-DATA-INTEGRITY Section 4.5: every previousProof names a proof of the
// document. We are stricter: an id names one proof, and no proof rests on itself.
func ParseProofs(list []strictjson.Object) ([]*Proof, error) {
	if len(list) > MaxProofs {
		return nil, &Error{ChainTooLong, "proof", fmt.Sprintf("%d proofs, want at most %d", len(list), MaxProofs)}
	}
	proofs := make([]*Proof, len(list))
	byID := make(map[string]*Proof, len(list))
	for i, o := range list {
		p, err := ParseProof(o)
		if err != nil {
			return nil, err
		}
		if p.ID != "" {
			if byID[p.ID] != nil {
				return nil, &Error{DuplicateProofID, "proof.id", fmt.Sprintf("%.100q names two proofs", p.ID)}
			}
			byID[p.ID] = p
		}
		proofs[i] = p
	}
	w := walk{byID: byID, state: make(map[*Proof]visit, len(proofs))}
	for _, p := range proofs {
		if err := w.visit(p); err != nil {
			return nil, err
		}
	}
	return proofs, nil
}

// walk follows previousProof depth first. Each proof is entered once, and MaxProofs bounds the depth.
type walk struct {
	byID  map[string]*Proof
	state map[*Proof]visit
}

type visit int

const (
	entered visit = iota + 1
	left
)

func (w *walk) visit(p *Proof) error {
	w.state[p] = entered
	for _, id := range p.Previous {
		prev := w.byID[id]
		switch {
		case prev == nil:
			return &Error{MissingPrevious, "previousProof", fmt.Sprintf("%.100q names no proof of the document", id)}
		case w.state[prev] == entered:
			return &Error{PreviousCycle, "previousProof", fmt.Sprintf("%.100q rests on itself", id)}
		case w.state[prev] == 0:
			if err := w.visit(prev); err != nil {
				return err
			}
		}
	}
	w.state[p] = left
	return nil
}

// documents are what proof may be over: Section 4.5 steps 3.1 to 3.3. The proofs that it
// rests on stand in it in the order of the document, since each element of allProofs is
// added whose id matches. Where previousProof names them in another order, that is the
// second: a suite that signs JSON signs one of them, and proofs have no order in RDF.
func documents(doc strictjson.Object, all []*Proof, proof *Proof) ([]strictjson.Object, error) {
	in := doc.Without("proof")
	if len(proof.Previous) == 0 {
		return []strictjson.Object{in}, nil
	}
	var matching []*Proof
	for _, p := range all {
		if slices.Contains(proof.Previous, p.ID) {
			matching = append(matching, p)
		}
	}
	if len(matching) != len(proof.Previous) {
		return nil, &Error{MissingPrevious, "previousProof", "names a proof that the document has not"}
	}
	named := slices.SortedFunc(slices.Values(matching), func(a, b *Proof) int {
		return slices.Index(proof.Previous, a.ID) - slices.Index(proof.Previous, b.ID)
	})
	list := []strictjson.Object{withProofs(in, matching)}
	if !slices.Equal(matching, named) {
		list = append(list, withProofs(in, named))
	}
	return list, nil
}

func withProofs(doc strictjson.Object, proofs []*Proof) strictjson.Object {
	values := make([]any, len(proofs))
	for i, p := range proofs {
		values[i] = p.value
	}
	doc = doc.Without()
	doc["proof"] = values
	return doc
}
