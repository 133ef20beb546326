package keys

import (
	"encoding/hex"
	"math/big"
	"slices"
	"strings"

	"github.com/consensys/gnark-crypto/ecc/secp256k1/ecdsa"
	"golang.org/x/crypto/sha3"
)

// TypeAccount is the type of a key of which only the Ethereum address is known.
const TypeAccount = "eip155"

// Address is that of an Ethereum account: the last 20 octets of the Keccak-256 of its
// public key (Ethereum Yellow Paper, Appendix F).
type Address [20]byte

// Keccak256 is the hash of Ethereum: Keccak as it was before FIPS 202 changed its padding.
func Keccak256(parts ...[]byte) (sum [32]byte) {
	h := sha3.NewLegacyKeccak256()
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(sum[:0])
	return sum
}

// ParseAddress reads an address of 0x and 40 hexadecimal digits. One in which both
// cases are used must have the checksum of ERC-55 in them; strict asks for it of every
// address.
func ParseAddress(s string, strict bool) (Address, error) {
	var a Address
	digits, ok := strings.CutPrefix(s, "0x")
	if raw, err := hex.DecodeString(digits); !ok || err != nil || copy(a[:], raw) != len(a) || len(raw) != len(a) {
		return a, fail(Malformed, "", "%.60q, want an address of 0x and 40 hexadecimal digits", s)
	}
	if !strict && (digits == strings.ToLower(digits) || digits == strings.ToUpper(digits)) {
		return a, nil
	}
	if want := a.String(); want != s {
		return a, fail(Malformed, "", "%.60q breaks the checksum of ERC-55, want %s", s, want)
	}
	return a, nil
}

// String writes the address with the checksum of ERC-55: a letter is a capital where the
// hash of the address in lower case has a digit of 8 or more.
func (a Address) String() string {
	text := []byte(hex.EncodeToString(a[:]))
	sum := Keccak256(text)
	for i, c := range text {
		if c >= 'a' && sum[i/2]>>(4*(1-i%2))&0xf >= 8 {
			text[i] = c - 'a' + 'A'
		}
	}
	return "0x" + string(text)
}

// FromAddress makes the key of an account. What it signed is checked by recovering the
// public key from the signature, and comparing the address.
func FromAddress(a Address) *Key { return &Key{pub: a} }

// Address returns the Ethereum address of a secp256k1 key or an account. Other keys
// have none.
func (k *Key) Address() (Address, bool) {
	switch pub := k.pub.(type) {
	case Address:
		return pub, true
	case *secp256k1Key:
		return addressOf(pub.xy[:]), true
	}
	return Address{}, false
}

func addressOf(xy []byte) (a Address) {
	sum := Keccak256(xy)
	copy(a[:], sum[12:])
	return a
}

// Same reports whether two keys are one: of accounts, whether a key is that of the address.
func (k *Key) Same(other *Key) bool {
	_, account := k.pub.(Address)
	if _, otherAccount := other.pub.(Address); account || otherAccount {
		a, ok := k.Address()
		b, ok2 := other.Address()
		return ok && ok2 && a == b
	}
	return k.Thumbprint() == other.Thumbprint()
}

// EthereumSignatureSize is that of r || s || v.
const EthereumSignatureSize = 65

// RecoverAddress returns the account that signed a hash, from a signature r || s || v of
// 65 octets. v is 0 or 1, or 27 or 28 as EIP-191 has it; s is in the lower half of the
// order (EIP-2: otherwise anybody makes a second signature of one).
func RecoverAddress(hash [32]byte, signature []byte) (Address, error) {
	if len(signature) != EthereumSignatureSize {
		return Address{}, fail(BadSignature, "", "%d octets, want %d: r, s and v", len(signature), EthereumSignatureSize)
	}
	v := signature[64]
	if v >= 27 {
		v -= 27
	}
	if v > 1 {
		return Address{}, fail(BadSignature, "v", "%d, want 0, 1, 27 or 28", signature[64])
	}
	if new(big.Int).SetBytes(signature[32:64]).Cmp(halfOrder) > 0 {
		return Address{}, fail(BadSignature, "s", "in the upper half of the order: another signature made this one (EIP-2)")
	}
	return recoverAddress(hash[:], signature[:64], v)
}

// recoverAddress is Public Key Recovery, SEC 1 Section 4.1.6, with v as the parity of R's y.
// R's x is r: that it exceeds the order has a probability of 2⁻¹²⁷, and v has no value for it.
func recoverAddress(hash, rs []byte, v byte) (Address, error) {
	bad := fail(BadSignature, "", "no public key has this signature over this hash")
	r, s := new(big.Int).SetBytes(rs[:32]), new(big.Int).SetBytes(rs[32:])
	if r.Sign() == 0 || r.Cmp(order) >= 0 || s.Sign() == 0 || s.Cmp(order) >= 0 {
		return Address{}, fail(BadSignature, "", "r or s is not in [1, n)")
	}
	var pub ecdsa.PublicKey
	if err := pub.RecoverFrom(hash, uint(v), r, s); err != nil || pub.A.IsInfinity() || !pub.A.IsOnCurve() {
		return Address{}, bad
	}
	// Steps 1.6.2 to 1.6.4: the key that was recovered must verify the signature.
	xy := pub.A.RawBytes()
	key := &secp256k1Key{pub: pub, xy: xy}
	if !key.verify(hash, rs) {
		return Address{}, bad
	}
	return addressOf(xy[:]), nil
}

// VerifyEthereum reports whether an Ethereum signature over a hash, as
// [RecoverAddress] reads it, is by this key: a secp256k1 key or an account. A nil error
// means that it is.
func (k *Key) VerifyEthereum(hash [32]byte, signature []byte) error {
	want, ok := k.Address()
	switch {
	case !ok:
		return fail(AlgorithmMismatch, "", "an Ethereum signature needs a key of type %s or %s, this one is %s", TypeSecp256k1, TypeAccount, k.Type())
	case k.use != "" && k.use != "sig":
		return fail(WrongUse, "use", "%.40q, want sig", k.use)
	case k.ops != nil && !slices.Contains(k.ops, "verify"):
		return fail(WrongUse, "key_ops", "%.80q, want verify among them", k.ops)
	}
	got, err := RecoverAddress(hash, signature)
	if err != nil {
		return err
	}
	if got != want {
		return fail(BadSignature, "", "made by %s, want %s", got, want)
	}
	return nil
}

// verifyAccount checks a JOSE signature by an account: r || s with either parity, for
// ES256K does not say which; and r || s || v for ES256K-R, which does.
func verifyAccount(a Address, alg Algorithm, hash, signature []byte) bool {
	if alg == ES256KR {
		if len(signature) != EthereumSignatureSize || signature[64] > 1 {
			return false
		}
		got, err := recoverAddress(hash, signature[:64], signature[64])
		return err == nil && got == a
	}
	if len(signature) != 64 {
		return false
	}
	for v := range byte(2) {
		if got, err := recoverAddress(hash, signature, v); err == nil && got == a {
			return true
		}
	}
	return false
}
