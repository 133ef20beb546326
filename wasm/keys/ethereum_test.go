package keys

import (
	"bytes"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
)

// The examples of ERC-55.
var checksummed = []string{
	"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
	"0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
	"0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
	"0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
}

func TestParseAddress(t *testing.T) {
	for _, s := range checksummed {
		swapped := strings.Replace(s, "b", "B", 1)
		if swapped == s {
			swapped = strings.Replace(s, "B", "b", 1)
		}
		for _, tt := range []struct {
			text         string
			loose, exact Reason
		}{
			{s, "", ""},
			{strings.ToLower(s), "", Malformed},
			{"0x" + strings.ToUpper(s[2:]), "", Malformed},
			{swapped, Malformed, Malformed},
			{s[2:], Malformed, Malformed},
			{"0X" + s[2:], Malformed, Malformed},
			{s[:41], Malformed, Malformed},
			{s + "00", Malformed, Malformed},
			{s[:41] + "g", Malformed, Malformed},
			{"", Malformed, Malformed},
		} {
			a, err := ParseAddress(tt.text, false)
			wantReason(t, err, tt.loose)
			if err == nil && a.String() != s {
				t.Errorf("%s was read as %s", tt.text, a)
			}
			_, err = ParseAddress(tt.text, true)
			wantReason(t, err, tt.exact)
		}
	}
}

// MUSTS row 20, for Ethereum: r and s in range, a point that is on the curve, the lower s.
func TestMust20EthereumSignature(t *testing.T) {
	s := signers(t)[TypeSecp256k1]
	key := mustJWK(t, s.jwk)
	address, _ := key.Address()
	account := FromAddress(address)
	hash := [32]byte(ES256K.sum([]byte("what was said")))
	good := s.sign(t, ES256KR, []byte("what was said")) // over that hash
	edit := func(change func(sig []byte)) []byte {
		b := bytes.Clone(good)
		change(b)
		return b
	}
	put := func(at int, v *big.Int) []byte {
		return edit(func(b []byte) { v.FillBytes(b[at : at+32]) })
	}
	value := func(at int) *big.Int { return new(big.Int).SetBytes(good[at : at+32]) }
	p, _ := new(big.Int).SetString("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f", 16)
	zero := new(big.Int)
	for _, tt := range []struct {
		name string
		sig  []byte
		want Reason
	}{
		{"valid", good, ""},
		{"v of EIP-191", edit(func(b []byte) { b[64] += 27 }), ""},
		{"v 29", edit(func(b []byte) { b[64] = 29 }), BadSignature},
		{"v 2: r plus the order", edit(func(b []byte) { b[64] += 2 }), BadSignature},
		{"v 26", edit(func(b []byte) { b[64] = 26 }), BadSignature},
		{"v of EIP-155", edit(func(b []byte) { b[64] += 37 }), BadSignature},
		{"the other parity", edit(func(b []byte) { b[64] ^= 1 }), BadSignature},
		{"the higher s, that JOSE would take", edit(func(b []byte) {
			new(big.Int).Sub(order, value(32)).FillBytes(b[32:64])
			b[64] ^= 1
		}), BadSignature},
		{"r 0", put(0, zero), BadSignature},
		{"s 0", put(32, zero), BadSignature},
		{"r the order", put(0, order), BadSignature},
		{"s the order", put(32, order), BadSignature},
		{"r beyond the order", put(0, new(big.Int).Add(order, big.NewInt(1))), BadSignature},
		{"r the field's prime", put(0, p), BadSignature},
		{"r all ones", edit(func(b []byte) { copy(b, bytes.Repeat([]byte{0xff}, 32)) }), BadSignature},
		{"r of no point", put(0, big.NewInt(5)), BadSignature}, // 5³ + 7 is no square
		{"r changed", edit(func(b []byte) { b[31] ^= 1 }), BadSignature},
		{"s changed", edit(func(b []byte) { b[63] ^= 1 }), BadSignature},
		{"without v", good[:64], BadSignature},
		{"EIP-2098 compact", good[:64:64], BadSignature},
		{"an octet more", append(bytes.Clone(good), 0), BadSignature},
		{"nothing", nil, BadSignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantReason(t, key.VerifyEthereum(hash, tt.sig), tt.want)
			wantReason(t, account.VerifyEthereum(hash, tt.sig), tt.want)
		})
	}
	wantReason(t, account.VerifyEthereum([32]byte{1}, good), BadSignature)
	wantReason(t, account.VerifyEthereum([32]byte{}, good), BadSignature)
	wantReason(t, FromAddress(Address{1}).VerifyEthereum(hash, good), BadSignature)
	wantReason(t, mustJWK(t, signers(t)[TypeP256].jwk).VerifyEthereum(hash, good), AlgorithmMismatch)

	encrypts := s.jwk.Without()
	encrypts["use"] = "enc"
	wantReason(t, mustJWK(t, encrypts).VerifyEthereum(hash, good), WrongUse)
	wraps := s.jwk.Without()
	wraps["key_ops"] = []any{"wrapKey"}
	wantReason(t, mustJWK(t, wraps).VerifyEthereum(hash, good), WrongUse)
}

// What an account signed as JOSE: ES256K holds under either parity and either s, as it
// does under the key; ES256K-R says the parity, which is the other one for the higher s.
func TestAccountJOSE(t *testing.T) {
	s := signers(t)[TypeSecp256k1]
	key := mustJWK(t, s.jwk)
	address, _ := key.Address()
	message := []byte("what was said")
	plain, recoverable := s.sign(t, ES256K, message), s.sign(t, ES256KR, message)
	high := bytes.Clone(plain)
	new(big.Int).Sub(order, new(big.Int).SetBytes(plain[32:])).FillBytes(high[32:])
	other := bytes.Clone(recoverable)
	other[64] ^= 1
	highR := bytes.Clone(other)
	new(big.Int).Sub(order, new(big.Int).SetBytes(recoverable[32:64])).FillBytes(highR[32:64])
	highSame := bytes.Clone(highR)
	highSame[64] ^= 1
	eip191 := bytes.Clone(recoverable)
	eip191[64] += 27
	for _, k := range []*Key{key, FromAddress(address)} {
		for _, tt := range []struct {
			name string
			alg  Algorithm
			sig  []byte
			want Reason
		}{
			{"ES256K", ES256K, plain, ""},
			{"ES256K, higher s", ES256K, high, ""},
			{"ES256K-R", ES256KR, recoverable, ""},
			{"ES256K-R, higher s", ES256KR, highR, ""},
			{"ES256K-R, higher s with the lower's parity", ES256KR, highSame, BadSignature},
			{"ES256K-R with the parity of EIP-191", ES256KR, eip191, BadSignature},
			{"ES256K-R with the other parity", ES256KR, other, BadSignature},
			{"ES256K-R without parity", ES256KR, plain, BadSignature},
			{"ES256K with parity", ES256K, recoverable, BadSignature},
			{"another algorithm", ES256, plain, AlgorithmMismatch},
		} {
			t.Run(k.Type()+" "+tt.name, func(t *testing.T) {
				wantReason(t, k.Verify(tt.alg, message, tt.sig), tt.want)
			})
		}
	}
	wantReason(t, FromAddress(Address{}).Verify(ES256K, message, plain), BadSignature)
}

func TestSame(t *testing.T) {
	all := signers(t)
	k1, p256 := mustJWK(t, all[TypeSecp256k1].jwk), mustJWK(t, all[TypeP256].jwk)
	address, _ := k1.Address()
	account, other := FromAddress(address), FromAddress(Address{})
	for _, tt := range []struct {
		a, b *Key
		want bool
	}{{k1, k1, true}, {k1, account, true}, {account, k1, true}, {account, account, true}, {p256, p256, true},
		{k1, p256, false}, {account, other, false}, {k1, other, false}, {p256, account, false}, {account, p256, false}} {
		if got := tt.a.Same(tt.b); got != tt.want {
			t.Errorf("%s and %s: %v", tt.a.Thumbprint(), tt.b.Thumbprint(), got)
		}
	}
	if _, ok := p256.Address(); ok {
		t.Error("a P-256 key has an address")
	}
	if account.Thumbprint() == other.Thumbprint() || account.Multikey() != "" || account.Type() != TypeAccount {
		t.Error("an account's names")
	}
}

// The empty string's hash tells Keccak from SHA-3.
func TestKeccak256(t *testing.T) {
	sum := Keccak256()
	if got := hex.EncodeToString(sum[:]); got != "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470" {
		t.Error(got)
	}
}
