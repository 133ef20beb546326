package keys

import (
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/secp256k1/ecdsa"
	"github.com/consensys/gnark-crypto/ecc/secp256k1/fp"
	"github.com/consensys/gnark-crypto/ecc/secp256k1/fr"
)

// secp256k1Key is a point of secp256k1, SEC 2 Section 2.4.1.
type secp256k1Key struct {
	pub ecdsa.PublicKey
	xy  [64]byte
}

// newSecp256k1 makes a key of coordinates of 32 octets each.
func newSecp256k1(x, y []byte) (*secp256k1Key, error) {
	k := new(secp256k1Key)
	copy(k.xy[:32], x)
	copy(k.xy[32:], y)
	// The library takes coordinates below the prime only and checks the curve's
	// equation, but it writes the point at infinity, which is no key, as (0, 0).
	if _, err := k.pub.SetBytes(k.xy[:]); err != nil || k.pub.A.IsInfinity() {
		return nil, fail(InvalidKey, "x", "the point is not on secp256k1")
	}
	return k, nil
}

// expandSecp256k1 makes a key of a compressed point, SEC 1 Section 2.3.4.
func expandSecp256k1(b []byte) (*secp256k1Key, error) {
	bad := fail(InvalidKey, "", "not a compressed point of secp256k1")
	if len(b) != 33 || b[0] != 2 && b[0] != 3 {
		return nil, bad
	}
	var x, y fp.Element
	if x.SetBytesCanonical(b[1:]) != nil {
		return nil, bad
	}
	y.Square(&x).Mul(&y, &x)
	seven := fp.NewElement(7)
	if y.Add(&y, &seven); y.Sqrt(&y) == nil { // y² = x³ + 7
		return nil, bad
	}
	yb := y.Bytes()
	if yb[31]&1 != b[0]&1 {
		y.Neg(&y)
		yb = y.Bytes()
	}
	return newSecp256k1(b[1:], yb[:])
}

var (
	order     = fr.Modulus()
	halfOrder = new(big.Int).Rsh(order, 1)
)

// verify checks an ECDSA signature r || s over a hash.
//
// JOSE does not ask for the lower of the two s that fit (RFC 8812 has no such
// rule), the library does: a higher one is exchanged for its negative, which holds
// under the same key and hash.
func (k *secp256k1Key) verify(hash, signature []byte) bool {
	if len(signature) != 64 {
		return false
	}
	var sig [64]byte
	copy(sig[:], signature)
	var s big.Int
	if s.SetBytes(sig[32:]); s.Cmp(order) >= 0 {
		return false
	}
	if s.Cmp(halfOrder) > 0 {
		s.Sub(order, &s).FillBytes(sig[32:])
	}
	ok, err := k.pub.Verify(sig[:], hash, nil) // r and s in [1, n) are checked there
	return ok && err == nil
}
