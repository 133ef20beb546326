// Package bbs verifies BBS signatures and proofs, [BBS], of the ciphersuite
// BLS12-381-SHA-256: that a holder knows a signature by one public key over a header
// and messages, of which it discloses some.
//
// The curve, its pairing, the hash to the curve and to scalars, and the encodings of
// points are those of gnark-crypto; here is the scheme's own arithmetic, one function
// for one algorithm of the text. Nothing here is secret, and nothing is in constant time.
//
// It signs nothing, makes no proofs, and knows neither blind signatures nor pseudonyms,
// which are drafts of their own.
//
// [BBS]: https://datatracker.ietf.org/doc/draft-irtf-cfrg-bbs-signatures/
package bbs

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"sync/atomic"

	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
	"github.com/consensys/gnark-crypto/field/hash"
)

// The ciphersuite, Section 7.2.2, and the names of its hashes, Section 3.3.
const (
	suiteID = "BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_"
	apiID   = suiteID + "H2G_HM2S_"

	pointSize  = bls12381.SizeOfG1AffineCompressed
	scalarSize = fr.Bytes
	expandSize = 48 // expand_len
)

// MaxMessages bounds the messages of a signature: each costs a hash to the curve and a
// multiplication, 2 ms together in WebAssembly.
const MaxMessages = 512

// Error is why a signature or proof was refused.
type Error struct {
	Reason Reason
	Detail string // for people; may change
}

// Reason is the stable part of an [Error].
type Reason string

// The reasons of this package's errors.
const (
	Malformed    Reason = "malformed_proof" // not of its form, or with a point that is none
	BadSignature Reason = "bad_signature"
	TooMany      Reason = "work_limit" // MaxMessages
)

func (e *Error) Error() string { return string(e.Reason) + ": " + e.Detail }

func fail(r Reason, format string, args ...any) error { return &Error{r, fmt.Sprintf(format, args...)} }

// p1 is P1 of the ciphersuite, Section 7.2.2.
var p1 = func() (p bls12381.G1Affine) {
	octets, ok := new(big.Int).SetString("a8ce256102840821a3e94ea9025e4662b205762f9776b3a766c872b948f1fd225e7c59698588e70d11406d161b4e28c9", 16)
	if _, err := p.SetBytes(octets.FillBytes(make([]byte, pointSize))); !ok || err != nil {
		panic("bbs: P1 is no point")
	}
	return p
}()

// made are the generators that were made so far, and the state from which to go on. They
// are the same for everybody: who needs more puts a longer list in their place, and never
// writes into one that is there.
var made atomic.Pointer[table]

type table struct {
	points []bls12381.G1Affine
	state  []byte
}

// generators implements Create Generators, Section 4.1.1.
func generators(count int) ([]bls12381.G1Affine, error) {
	const seedDST, dst = apiID + "SIG_GENERATOR_SEED_", apiID + "SIG_GENERATOR_DST_"
	have := made.Load()
	if have == nil {
		state, err := hash.ExpandMsgXmd([]byte(apiID+"MESSAGE_GENERATOR_SEED"), []byte(seedDST), expandSize)
		if err != nil {
			return nil, err
		}
		have = &table{state: state}
	}
	if count <= len(have.points) {
		return have.points[:count], nil
	}
	more := &table{append(make([]bls12381.G1Affine, 0, count), have.points...), have.state}
	for i := len(more.points) + 1; i <= count; i++ {
		state, err := hash.ExpandMsgXmd(binary.BigEndian.AppendUint64(slices.Clip(more.state), uint64(i)), []byte(seedDST), expandSize)
		if err != nil {
			return nil, err
		}
		point, err := bls12381.HashToG1(state, []byte(dst))
		if err != nil {
			return nil, err
		}
		more.state, more.points = state, append(more.points, point)
	}
	made.Store(more)
	return more.points, nil
}

// hashToScalar implements Hash to Scalar, Section 4.2.2.
func hashToScalar(msg []byte, dst string) (fr.Element, error) {
	s, err := fr.Hash(msg, []byte(dst), 1)
	if err != nil {
		return fr.Element{}, err
	}
	return s[0], nil
}

// toScalar implements Messages to Scalars, Section 4.1.2, for one of them.
func toScalar(message []byte) (fr.Element, error) {
	return hashToScalar(message, apiID+"MAP_MSG_TO_SCALAR_AS_HASH_")
}

// domain implements Calculate Domain, Section 4.2.3. gens are Q_1 and H_1 to H_L.
func domain(key []byte, gens []bls12381.G1Affine, header []byte) (fr.Element, error) {
	in := append([]byte(nil), key...)
	in = binary.BigEndian.AppendUint64(in, uint64(len(gens)-1))
	for i := range gens {
		in = appendPoint(in, &gens[i])
	}
	in = append(in, apiID...)
	in = binary.BigEndian.AppendUint64(in, uint64(len(header)))
	return hashToScalar(append(in, header...), apiID+"H2S_")
}

func appendPoint(b []byte, p *bls12381.G1Affine) []byte {
	octets := p.Bytes()
	return append(b, octets[:]...)
}

func appendScalar(b []byte, s *fr.Element) []byte {
	octets := s.Bytes()
	return append(b, octets[:]...)
}

// sum is a running sum of multiples of points.
type sum struct{ total bls12381.G1Jac }

func (s *sum) add(p *bls12381.G1Affine, by *fr.Element) {
	var k big.Int
	var term bls12381.G1Jac
	term.FromAffine(p)
	term.ScalarMultiplication(&term, by.BigInt(&k))
	s.total.AddAssign(&term)
}

func (s *sum) affine() (p bls12381.G1Affine) {
	p.FromJacobian(&s.total)
	return p
}

// point reads a compressed point of G1 that is not the identity; gnark checks that it is
// in the subgroup.
func point(octets []byte) (p bls12381.G1Affine, err error) {
	if octets[0]&0x80 == 0 {
		return p, fail(Malformed, "a point that is not compressed")
	}
	if _, err := p.SetBytes(octets); err != nil {
		return p, fail(Malformed, "%v", err)
	}
	if p.IsInfinity() {
		return p, fail(Malformed, "a point at infinity")
	}
	return p, nil
}

// scalar reads a scalar below the group's order that is not zero, as Octets to Proof,
// Section 4.2.4.5, asks for.
func scalar(octets []byte) (s fr.Element, err error) {
	if err := s.SetBytesCanonical(octets); err != nil || s.IsZero() {
		return s, fail(Malformed, "a scalar that is zero or beyond the order")
	}
	return s, nil
}

// publicKey reads a public key, Octets to Public Key, Section 4.2.4.6.
func publicKey(octets []byte) (w bls12381.G2Affine, err error) {
	if len(octets) != bls12381.SizeOfG2AffineCompressed || octets[0]&0x80 == 0 {
		return w, fail(Malformed, "a key of %d bytes, want a compressed point of G2", len(octets))
	}
	if _, err := w.SetBytes(octets); err != nil {
		return w, fail(Malformed, "%v", err)
	}
	if w.IsInfinity() {
		return w, fail(Malformed, "a key at infinity")
	}
	return w, nil
}
