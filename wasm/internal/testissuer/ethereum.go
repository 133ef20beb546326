package testissuer

import (
	"encoding/hex"
	"fmt"
	"math/big"

	"golang.org/x/crypto/sha3"

	"github.com/verilith/verilith/wasm/strictjson"
)

// Address is the Ethereum address of a secp256k1 key, in lower case.
func (i *Issuer) Address() string {
	xy := i.ethereum.PublicKey.A.RawBytes()
	return "0x" + hex.EncodeToString(keccak(xy[:])[12:])
}

func keccak(b []byte) []byte {
	h := sha3.NewLegacyKeccak256()
	h.Write(b)
	return h.Sum(nil)
}

// SignHash signs a hash as wallets do: r || s || v, v being 27 or 28.
func (i *Issuer) SignHash(hash [32]byte) []byte {
	sig := recoverableSecp256k1(new(big.Int).SetBytes(i.ethereum.Bytes()[64:]), hash)
	sig[64] += 27
	return sig
}

// PersonalSign signs a message as personal_sign does, EIP-191 version 0x45, and writes
// the signature in hexadecimal.
func (i *Issuer) PersonalSign(message string) string {
	text := fmt.Sprintf("\x19Ethereum Signed Message:\n%d%s", len(message), message)
	return "0x" + hex.EncodeToString(i.SignHash([32]byte(keccak([]byte(text)))))
}

// AsDIDPKH names the issuer by the did:pkh of its account on Ethereum's main network.
func (i *Issuer) AsDIDPKH() *Issuer {
	i.ID = "did:pkh:eip155:1:" + i.Address()
	i.Kid = i.ID + "#blockchainAccountId"
	return i
}

// AsDIDEthr names the issuer by the did:ethr of its account.
func (i *Issuer) AsDIDEthr() *Issuer {
	i.ID = "did:ethr:" + i.Address()
	i.Kid = i.ID + "#controller"
	return i
}

// TypedData adds an EthereumEip712Signature2021 proof to a document: types are those of
// the document and of the proof, domain what the signature is separated by. hash is the
// function that hashes typed data. options are further members of the proof.
func (i *Issuer) TypedData(doc, types, domain, options strictjson.Object, hash func(types, domain, message strictjson.Object) [32]byte) strictjson.Object {
	secured := strictjson.Clone(doc).(strictjson.Object)
	proof := strictjson.Object{"type": "EthereumEip712Signature2021", "verificationMethod": i.Kid,
		"proofPurpose": "assertionMethod", "created": "2026-01-02T03:04:05Z"}
	for k, v := range options {
		proof[k] = v
		if v == nil {
			delete(proof, k)
		}
	}
	message := secured.Without()
	message["proof"] = proof.Without("eip712", "eip712Domain", "proofValue")
	sum := hash(types, domain, message)
	if !proof.Has("eip712") && !proof.Has("eip712Domain") {
		proof["eip712"] = strictjson.Object{"types": types, "domain": domain, "primaryType": "VerifiableCredential"}
	}
	if !proof.Has("proofValue") {
		proof["proofValue"] = "0x" + hex.EncodeToString(i.SignHash(sum))
	}
	secured["proof"] = proof
	return secured
}
