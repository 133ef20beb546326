package di

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/internal/eip712"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// verifyEthereumEip712Signature2021 implements the suite of that name, [EIP712-2021]
// Section 3 "Suite Definition". It is a proof type of its own: no text defines a
// DataIntegrityProof of it.
//
// The message that was signed is the document with the proof in it, less what the
// signature could not yet say: proofValue, and the member that holds types and domain.
// That text lets the signed proof have fewer members than the one that is shown, and
// leaves open what happens where the types do not cover the document; we take nothing
// that was not signed. So a proof is not part of a chain either, for the document's type
// has room for one proof.
//
// [EIP712-2021]: https://w3c-ccg.github.io/ethereum-eip712-signature-2021-spec/
func verifyEthereumEip712Signature2021(in *input, key *keys.Key) error {
	if in.proof["type"] != "EthereumEip712Signature2021" {
		return &Error{UnsupportedSuite, "type", "want EthereumEip712Signature2021"}
	}
	if in.secured.Has("proof") {
		return &Error{MalformedProof, "previousProof", "the suite signs no other proof"}
	}
	digits, ok := strings.CutPrefix(in.proof.String("proofValue"), "0x")
	signature, err := hex.DecodeString(digits)
	if !ok || err != nil || len(signature) != keys.EthereumSignatureSize {
		return &Error{MalformedProof, "proofValue", "want 0x and 65 octets in hexadecimal"}
	}
	data, err := typedData(in.secured, in.proof)
	if err != nil {
		return err
	}
	hash, err := data.Hash()
	if err != nil {
		return notHashed(err)
	}
	if err := key.VerifyEthereum(hash, signature); err != nil {
		if e := (*keys.Error)(nil); errors.As(err, &e) && e.Reason != keys.BadSignature {
			return &Error{WrongKeyType, "verificationMethod", detailOf(err)}
		}
		return &Error{BadSignature, "proofValue", detailOf(err)}
	}
	return nil
}

// typedData puts together what was signed. The text calls the member eip712Domain and
// its types messageSchema; its context, and those who use it, eip712 and types.
func typedData(secured, proof strictjson.Object) (eip712.TypedData, error) {
	none := eip712.TypedData{}
	name, types := "eip712", "types"
	if proof.Has("eip712Domain") {
		name, types = "eip712Domain", "messageSchema"
	}
	info := proof.Object(name)
	if info == nil || proof.Has("eip712") && proof.Has("eip712Domain") {
		return none, &Error{MalformedProof, name, "want one of eip712 and eip712Domain, an object"}
	}
	for _, member := range info.Names() {
		if !slices.Contains([]string{"domain", "primaryType", types}, member) {
			return none, &Error{MalformedProof, name + "." + member, "is not known, and not signed"}
		}
	}
	message := secured.Without()
	message["proof"] = proof.Without("proofValue", name)
	data := eip712.TypedData{Primary: info.String("primaryType"), Domain: info.Object("domain"), Message: message}
	// What was not provided has a value of its own, Section 3 and "Types Generation". The
	// proof MUST have both all the same, but the text's own example has no domain.
	if !info.Has("domain") {
		data.Domain = strictjson.Object{"name": "EthereumEip712Signature2021"}
	}
	if !info.Has("primaryType") {
		data.Primary = "Document"
	}
	switch v := info[types].(type) {
	case strictjson.Object:
		data.Types = v
	case string:
		return none, &Error{UnsupportedSuite, name + "." + types, "is a URI: types that stand elsewhere are not fetched"}
	case nil:
		generated, err := eip712.Generate(data)
		if err != nil {
			return none, notHashed(err)
		}
		data.Types = generated
	default:
		return none, &Error{MalformedProof, name + "." + types, "want an object"}
	}
	return data, nil
}

// notHashed says why there is no hash. Types that leave a part of the document out are a
// fault of the proof: it does not sign what it is attached to.
func notHashed(err error) error {
	e := &eip712.Error{}
	if !errors.As(err, &e) {
		return &Error{MalformedProof, "eip712", err.Error()}
	}
	switch e.Reason {
	case eip712.UnsignedMember, eip712.MissingMember:
		return &Error{NotSigned, e.Member, e.Error()}
	}
	return &Error{MalformedProof, e.Member, e.Error()}
}
