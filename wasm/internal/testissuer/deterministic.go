package testissuer

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/secp256k1"
	"github.com/consensys/gnark-crypto/ecc/secp256k1/fr"
)

// signSecp256k1 is ECDSA, SEC 1 Section 4.1.3, with SHA-256, the lower s, and a nonce that
// key and message make: the library draws one, and a case would have another CID
// whenever it is made.
func signSecp256k1(d *big.Int, message []byte) []byte {
	return recoverableSecp256k1(d, sha256.Sum256(message))[:64]
}

// recoverableSecp256k1 signs a hash, and adds the parity of the nonce's point.
func recoverableSecp256k1(d *big.Int, hash [32]byte) []byte {
	n := fr.Modulus()
	seed := sha256.Sum256(append(append([]byte("verilith test nonce "), d.Bytes()...), hash[:]...))
	k := new(big.Int).Mod(new(big.Int).SetBytes(seed[:]), n)
	var point secp256k1.G1Affine
	point.ScalarMultiplicationBase(k)
	r := new(big.Int)
	point.X.BigInt(r).Mod(r, n)
	s := new(big.Int).Mul(r, d)
	s.Add(s, new(big.Int).SetBytes(hash[:]))
	s.Mul(s, new(big.Int).ModInverse(k, n)).Mod(s, n)
	parity := byte(point.Y.BigInt(new(big.Int)).Bit(0))
	if half := new(big.Int).Rsh(n, 1); s.Cmp(half) > 0 {
		s.Sub(n, s)
		parity ^= 1
	}
	rs := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return append(rs, parity)
}

// drawn is what stands in for randomness where a signature has a salt.
func drawn(message []byte) io.Reader {
	seed := sha256.Sum256(append([]byte("verilith test salt "), message...))
	return bytes.NewReader(bytes.Repeat(seed[:], 32))
}
