package keys

import (
	"bytes"
	"math/big"
	"slices"
)

// Bounds of an RSA key.
const (
	// MinRSABits is RFC 7518 Sections 3.3 and 3.5: "2048 bits or larger MUST be used".
	MinRSABits = 2048
	// MaxRSABits bounds the work of a verification, which grows with the square of
	// the length. It is also where go-jose stops. Nobody in the field uses more.
	MaxRSABits = 4096
	// maxExponent is what crypto/rsa takes. Every key in use has 3 or 65537.
	maxExponent = 1<<31 - 1

	maxModulusSize  = MaxRSABits / 8
	maxExponentSize = 4
)

// checkRSA says whether n and e, big endian, may be a public key.
func checkRSA(n, e []byte) error {
	var bn, be big.Int
	bn.SetBytes(n)
	be.SetBytes(e)
	switch {
	case bn.BitLen() < MinRSABits:
		return fail(WeakKey, "n", "%d bits, want at least %d", bn.BitLen(), MinRSABits)
	case bn.BitLen() > MaxRSABits:
		return fail(KeyTooLarge, "n", "%d bits, want at most %d", bn.BitLen(), MaxRSABits)
	case bn.Bit(0) == 0:
		return fail(InvalidKey, "n", "an even modulus")
	case be.Cmp(big.NewInt(3)) < 0 || be.Bit(0) == 0:
		return fail(InvalidKey, "e", "%v, want an odd exponent above 1", &be)
	case be.Cmp(big.NewInt(maxExponent)) > 0:
		return fail(KeyTooLarge, "e", "%v, want at most %d", &be, maxExponent)
	case isROCA(&bn):
		return fail(WeakKey, "n", "the modulus of a device that made guessable primes (CVE-2017-15361)")
	}
	return nil
}

// rocaPrimes are those small primes of which the powers of 65537 miss most residues.
var rocaPrimes = []int64{11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157}

// isROCA reports whether n is a power of 65537 modulo each of those primes, as the
// moduli of a widely used smart card chip are, whose factors can be found ("The Return
// of Coppersmith's Attack", CCS 2017, Section 4). One in 2²⁷ others is too.
func isROCA(n *big.Int) bool {
	var r big.Int
	for _, p := range rocaPrimes {
		rest := r.Mod(n, big.NewInt(p)).Int64()
		power := int64(1)
		for power != rest {
			if power = power * 65537 % p; power == 1 {
				return false
			}
		}
	}
	return true
}

// smallOrderY are the y of the eight points of Ed25519 whose order divides the
// cofactor 8: orders 4, 1, 2, and 8 twice. Each fits both signs of x. They follow
// from the curve of RFC 8032 Section 5.1, and a test derives them.
var smallOrderY = [5][32]byte{
	{}, // 0
	{1},
	{ // p−1
		0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
	},
	{
		0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
	},
	{
		0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
	},
}

// The field and the constant d of Ed25519, RFC 8032 Section 5.1.
var (
	fieldP, _ = new(big.Int).SetString("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed", 16)
	curveD, _ = new(big.Int).SetString("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3", 16)
)

// checkEd25519 refuses what crypto/ed25519 takes, RFC 8032 Section 5.1.3
// notwithstanding: a y that is not below p, which it reduces, and a key of small
// order, under which one signature fits many messages.
//
// That the point is on the curve is checked there, at each verification; to do it here
// too would add a quarter to the cost of one.
func checkEd25519(pub []byte) error {
	y := bytes.Clone(pub)
	y[31] &= 0x7f // the sign of x
	for _, small := range smallOrderY {
		if bytes.Equal(y, small[:]) {
			return fail(WeakKey, "x", "a point of small order: one signature would fit many messages")
		}
	}
	if edwardsY(pub).Cmp(fieldP) >= 0 { // Section 5.1.3 step 1
		return fail(InvalidKey, "x", "y is not below the field's prime")
	}
	return nil
}

// edwardsY returns y of an encoded point, which is little endian, RFC 8032 Section 5.1.2.
func edwardsY(pub []byte) *big.Int {
	be := bytes.Clone(pub)
	be[31] &= 0x7f
	slices.Reverse(be)
	return new(big.Int).SetBytes(be)
}

// onEd25519 reports whether there is a point of that y, RFC 8032 Section 5.1.3 steps 2
// and 3: x² = (y²−1)/(dy²+1) has a root where their product is a square.
func onEd25519(pub []byte) bool {
	v := edwardsY(pub)
	v.Mul(v, v)
	u := new(big.Int).Sub(v, big.NewInt(1))
	v.Mul(v, curveD).Add(v, big.NewInt(1))
	u.Mul(u, v).Mod(u, fieldP)
	return big.Jacobi(u, fieldP) >= 0
}
