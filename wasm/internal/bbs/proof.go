package bbs

import (
	"encoding/binary"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

// fixedProof is the length of a proof that discloses all.
const fixedProof = 3*pointSize + 4*scalarSize

// Disclosed is a message and its place, counted from 0.
type Disclosed struct {
	Index   int
	Message []byte
}

// proof is a proof taken apart.
type proof struct {
	aBar, bBar, d bls12381.G1Affine
	e, r1, r3     fr.Element
	hidden        []fr.Element
	challenge     fr.Element
}

// parseProof implements Octets to Proof, Section 4.2.4.5.
func parseProof(octets []byte) (p proof, err error) {
	if len(octets) < fixedProof || (len(octets)-fixedProof)%scalarSize != 0 {
		return p, fail(Malformed, "a proof of %d bytes, want %d and %d for each hidden message", len(octets), fixedProof, scalarSize)
	}
	if len(octets) > fixedProof+MaxMessages*scalarSize {
		return p, fail(TooMany, "a proof of %d bytes hides more than %d messages", len(octets), MaxMessages)
	}
	for _, dst := range []*bls12381.G1Affine{&p.aBar, &p.bBar, &p.d} {
		if *dst, err = point(octets[:pointSize]); err != nil {
			return p, err
		}
		octets = octets[pointSize:]
	}
	p.hidden = make([]fr.Element, len(octets)/scalarSize-4)
	scalars := []*fr.Element{&p.e, &p.r1, &p.r3}
	for i := range p.hidden {
		scalars = append(scalars, &p.hidden[i])
	}
	for _, dst := range append(scalars, &p.challenge) {
		if *dst, err = scalar(octets[:scalarSize]); err != nil {
			return p, err
		}
		octets = octets[scalarSize:]
	}
	return p, nil
}

// Hidden returns how many messages a proof hides, from its length.
func Hidden(octets []byte) int { return (len(octets) - fixedProof) / scalarSize }

// VerifyProof implements ProofVerify, Section 3.5.4, and CoreProofVerify, Section 3.6.4.
// A nil error means that who made the proof for presentation knows a signature by key over
// header and messages, among them the disclosed ones at their places, in ascending order.
func VerifyProof(key, octets, header, presentation []byte, disclosed []Disclosed) error {
	// CoreProofVerify, Deserialization.
	p, err := parseProof(octets)
	if err != nil {
		return err
	}
	w, err := publicKey(key)
	if err != nil {
		return err
	}
	count := len(p.hidden) + len(disclosed)
	if count > MaxMessages {
		return fail(TooMany, "%d messages, want at most %d", count, MaxMessages)
	}
	for i, m := range disclosed {
		if m.Index < 0 || m.Index >= count || i > 0 && m.Index <= disclosed[i-1].Index {
			return fail(Malformed, "disclosed message %d of %d, or out of order", m.Index, count)
		}
	}
	gens, err := generators(count + 1)
	if err != nil {
		return fail(Malformed, "%v", err)
	}
	// ProofVerifyInit, Section 3.7.3. Steps 1 and 2.
	dom, err := domain(key, gens, header)
	if err != nil {
		return fail(Malformed, "%v", err)
	}
	var t1, t2, bv sum
	t1.add(&p.bBar, &p.challenge)
	t1.add(&p.aBar, &p.e)
	t1.add(&p.d, &p.r1)
	// Steps 3 and 4.
	one := fr.One()
	bv.add(&p1, &one)
	bv.add(&gens[0], &dom)
	scalars := make([]fr.Element, len(disclosed))
	next, hidden := 0, 0
	for i := range count {
		if next < len(disclosed) && disclosed[next].Index == i {
			if scalars[next], err = toScalar(disclosed[next].Message); err != nil {
				return fail(Malformed, "%v", err)
			}
			bv.add(&gens[i+1], &scalars[next])
			next++
			continue
		}
		t2.add(&gens[i+1], &p.hidden[hidden])
		hidden++
	}
	b := bv.affine()
	t2.add(&b, &p.challenge)
	t2.add(&p.d, &p.r3)
	// ProofChallengeCalculate, Section 3.7.4.
	in := binary.BigEndian.AppendUint64(nil, uint64(len(disclosed)))
	for i := range disclosed {
		in = binary.BigEndian.AppendUint64(in, uint64(disclosed[i].Index))
		in = appendScalar(in, &scalars[i])
	}
	a1, a2 := t1.affine(), t2.affine()
	for _, q := range []*bls12381.G1Affine{&p.aBar, &p.bBar, &p.d, &a1, &a2} {
		in = appendPoint(in, q)
	}
	in = appendScalar(in, &dom)
	in = binary.BigEndian.AppendUint64(in, uint64(len(presentation)))
	challenge, err := hashToScalar(append(in, presentation...), apiID+"H2S_")
	if err != nil {
		return fail(Malformed, "%v", err)
	}
	// CoreProofVerify, Procedure steps 3 and 4.
	if !challenge.Equal(&p.challenge) {
		return fail(BadSignature, "the proof does not answer its challenge")
	}
	_, _, _, g2 := bls12381.Generators()
	var minus bls12381.G2Affine
	minus.Neg(&g2)
	ok, err := bls12381.PairingCheck([]bls12381.G1Affine{p.aBar, p.bBar}, []bls12381.G2Affine{w, minus})
	if err != nil || !ok {
		return fail(BadSignature, "no signature by that key is behind the proof")
	}
	return nil
}

// VerifySignature implements Verify, Section 3.5.2, and CoreVerify, Section 3.6.2. A
// holder checks so what an issuer gave it; here it is for the draft's own vectors.
func VerifySignature(key, octets, header []byte, messages [][]byte) error {
	if len(octets) != pointSize+scalarSize {
		return fail(Malformed, "a signature of %d bytes, want %d", len(octets), pointSize+scalarSize)
	}
	a, err := point(octets[:pointSize])
	if err != nil {
		return err
	}
	e, err := scalar(octets[pointSize:])
	if err != nil {
		return err
	}
	w, err := publicKey(key)
	if err != nil {
		return err
	}
	if len(messages) > MaxMessages {
		return fail(TooMany, "%d messages, want at most %d", len(messages), MaxMessages)
	}
	gens, err := generators(len(messages) + 1)
	if err != nil {
		return fail(Malformed, "%v", err)
	}
	dom, err := domain(key, gens, header)
	if err != nil {
		return fail(Malformed, "%v", err)
	}
	var b sum
	one := fr.One()
	b.add(&p1, &one)
	b.add(&gens[0], &dom)
	for i, m := range messages {
		s, err := toScalar(m)
		if err != nil {
			return fail(Malformed, "%v", err)
		}
		b.add(&gens[i+1], &s)
	}
	// h(A, W + BP2 * e) * h(B, -BP2) is 1; e moves to the left side: h(A, W) * h(A * e - B, BP2).
	var left sum
	left.add(&a, &e)
	minus := b.affine()
	minus.Neg(&minus)
	left.total.AddMixed(&minus)
	_, _, _, g2 := bls12381.Generators()
	ok, err := bls12381.PairingCheck([]bls12381.G1Affine{a, left.affine()}, []bls12381.G2Affine{w, g2})
	if err != nil || !ok {
		return fail(BadSignature, "not by that key over those messages")
	}
	return nil
}
