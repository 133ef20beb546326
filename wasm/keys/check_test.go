package keys

import (
	"bytes"
	"math/big"
	"testing"
)

// The table of small orders follows from the curve −x² + y² = 1 + dx²y²: y is 1, −1
// or 0 for the orders 1, 2 and 4. Doubling a point of order 8 gives y = 0, so there
// y² = −x², and dy⁴ + 2y² − 1 = 0.
func TestSmallOrderY(t *testing.T) {
	want := [][]byte{littleEndian(big.NewInt(0)), littleEndian(big.NewInt(1)), littleEndian(big.NewInt(-1))}
	root := new(big.Int).ModSqrt(new(big.Int).Add(curveD, big.NewInt(1)), fieldP)
	for _, r := range []*big.Int{root, new(big.Int).Neg(root)} {
		yy := new(big.Int).Sub(r, big.NewInt(1))
		yy.Mul(yy, new(big.Int).ModInverse(curveD, fieldP)).Mod(yy, fieldP)
		if y := new(big.Int).ModSqrt(yy, fieldP); y != nil {
			want = append(want, littleEndian(y), littleEndian(new(big.Int).Neg(y)))
		}
	}
	if len(want) != len(smallOrderY) {
		t.Fatalf("%d values follow from the curve, the table has %d", len(want), len(smallOrderY))
	}
	for _, w := range want {
		found := false
		for _, y := range smallOrderY {
			found = found || bytes.Equal(w, y[:])
		}
		if !found {
			t.Errorf("%x is not in the table", w)
		}
		for _, sign := range []byte{0, 0x80} {
			key := bytes.Clone(w)
			key[31] |= sign
			wantReason(t, checkEd25519(key), WeakKey)
		}
	}
}

func littleEndian(v *big.Int) []byte {
	b := new(big.Int).Mod(v, fieldP).FillBytes(make([]byte, 32))
	for i, j := 0, 31; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return b
}

// RFC 8032 Section 5.1.3, the long way round: x is computed.
func TestEd25519PointsAreOnTheCurve(t *testing.T) {
	on, off := 0, 0
	verify := func(y *big.Int) error {
		k, err := FromBytes(TypeEd25519, littleEndian(y))
		if err != nil {
			t.Fatal(err)
		}
		return k.Verify(EdDSA, nil, make([]byte, 64))
	}
	for i := int64(2); i < 100; i++ {
		y := big.NewInt(i)
		yy := new(big.Int).Mul(y, y)
		v := new(big.Int).Mul(curveD, yy)
		v.Add(v, big.NewInt(1)).ModInverse(v, fieldP)
		u := yy.Sub(yy, big.NewInt(1))
		u.Mul(u, v).Mod(u, fieldP)
		if new(big.Int).ModSqrt(u, fieldP) != nil {
			on++
			wantReason(t, verify(y), BadSignature)
		} else {
			off++
			wantReason(t, verify(y), InvalidKey)
		}
	}
	if on == 0 || off == 0 {
		t.Errorf("%d on the curve and %d off it: the test tests nothing", on, off)
	}
}

// All encodings of a y that is not below the prime, RFC 8032 Section 5.1.3 step 1.
func TestEd25519YBelowThePrime(t *testing.T) {
	for i := byte(0); i < 19; i++ {
		key := bytes.Repeat([]byte{0xff}, 32)
		key[0], key[31] = 0xed+i, 0x7f
		wantReason(t, checkEd25519(key), InvalidKey)
		key[31] = 0xff
		wantReason(t, checkEd25519(key), InvalidKey)
	}
}
