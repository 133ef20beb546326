package keys

import (
	bls12381 "github.com/consensys/gnark-crypto/ecc/bls12-381"
)

// blsKey is a public key of BLS12-381 in G2, compressed: those of BBS signatures. None
// of the algorithms is for it; who checks a BBS proof takes its octets.
type blsKey [bls12381.SizeOfG2AffineCompressed]byte

// newBLS checks a key as draft-irtf-cfrg-bbs-signatures Section 4.2.4.6 does: a point
// in the subgroup, and not the identity.
func newBLS(raw []byte) (*blsKey, error) {
	k := new(blsKey)
	if len(raw) != len(k) || raw[0]&0x80 == 0 {
		return nil, fail(Malformed, "", "%d octets, want a compressed point of %d for %s", len(raw), len(k), TypeBLS12381G2)
	}
	var p bls12381.G2Affine
	if _, err := p.SetBytes(raw); err != nil || p.IsInfinity() {
		return nil, fail(InvalidKey, "", "not a point of %s", TypeBLS12381G2)
	}
	copy(k[:], raw)
	return k, nil
}

// BBS returns the octets of a key of BLS12-381 G2, by which BBS proofs are checked, or
// nil for a key of another type. A JWK that says what else its key is for is heeded.
func (k *Key) BBS() []byte {
	pub, ok := k.pub.(*blsKey)
	if !ok || k.alg != "" || k.use != "" && k.use != "sig" || k.ops != nil {
		return nil
	}
	return pub[:]
}
