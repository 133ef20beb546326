package di

import (
	"fmt"
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// The suites before Data Integrity whose signature is a detached JWS: Ed25519Signature2018
// (Linked Data Cryptographic Suite Registry), EcdsaSecp256k1Signature2019 and
// JsonWebSignature2020 of the W3C CCG. All sign what eddsa-rdfc-2022 signs, hashed with
// SHA-256 whatever the key.

func verifyEd25519Signature2018(in *input, key *keys.Key) error {
	return in.verifyJWS(key, "Ed25519Signature2018", keys.EdDSA)
}

func verifyEcdsaSecp256k1Signature2019(in *input, key *keys.Key) error {
	return in.verifyJWS(key, "EcdsaSecp256k1Signature2019", keys.ES256K)
}

// verifyJSONWebSignature2020 takes the algorithms of that suite's Section 3.2. ES512 is
// not among them.
func verifyJSONWebSignature2020(in *input, key *keys.Key) error {
	return in.verifyJWS(key, "JsonWebSignature2020", keys.EdDSA, keys.ES256K, keys.ES256, keys.ES384, keys.PS256)
}

// maxJWS bounds the text of a detached JWS: a header of a few members and 512 bytes of RSA.
const maxJWS = 2048

// verifyJWS checks a JWS with an unencoded detached payload, RFC 7797 Section 5.
func (in *input) verifyJWS(key *keys.Key, suite string, algs ...keys.Algorithm) error {
	if err := isType(in.proof, suite); err != nil {
		return err
	}
	header, signature, err := detached(in.proof.String("jws"))
	if err != nil {
		return err
	}
	alg := keys.Algorithm(header.String("alg"))
	if !slices.Contains(algs, alg) {
		return &Error{MalformedProof, "jws", fmt.Sprintf("alg %.20q, want one of %v", alg, algs)}
	}
	hashData, err := in.hashRDF(rdfc.SHA256)
	if err != nil {
		return err
	}
	encoded, _, _ := strings.Cut(in.proof.String("jws"), ".")
	return checkSignature(key, alg, append([]byte(encoded+"."), hashData...), signature)
}

// detached takes a JWS apart. Its header says b64: false and that this is critical, RFC
// 7797 Section 6, and nothing else critical.
func detached(jws string) (header strictjson.Object, signature []byte, err error) {
	fail := func(detail string) error { return &Error{MalformedProof, "jws", detail} }
	part := strings.Split(jws, ".")
	if len(jws) > maxJWS || len(part) != 3 || part[1] != "" {
		return nil, nil, fail("want a JWS with a detached payload")
	}
	text, err := keys.Base64URL(part[0])
	if err != nil {
		return nil, nil, fail("header: " + err.Error())
	}
	if header, err = strictjson.ParseObject(text); err != nil {
		return nil, nil, fail("header: " + err.Error())
	}
	if crit := header.Array("crit"); header["b64"] != false || len(crit) != 1 || crit[0] != "b64" {
		return nil, nil, fail("want b64: false, and it alone critical")
	}
	if signature, err = keys.Base64URL(part[2]); err != nil {
		return nil, nil, fail("signature: " + err.Error())
	}
	return header, signature, nil
}

// isType checks that a proof is of a type that stands for a suite.
func isType(proof strictjson.Object, name string) error {
	if proof.String("type") != name {
		return &Error{UnsupportedSuite, "type", "want " + name}
	}
	return nil
}
