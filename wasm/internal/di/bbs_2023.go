package di

import (
	"errors"
	"fmt"

	"github.com/verilith/verilith/wasm/internal/bbs"
	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/keys"
)

// The kinds of proof of bbs-2023, VC-DI-BBS Section 3.3. The optional features rest on
// drafts that still change (blind signatures, per verifier linkability), and their proofs
// are refused as of a suite that is not known.
const (
	kindBBSBase    = 0x02
	kindBBSDerived = 0x03
)

var bbsFeatures = map[byte]string{
	0x04: "anonymous holder binding", 0x05: "anonymous holder binding",
	0x06: "pseudonym", 0x07: "pseudonym", 0x08: "pseudonym", 0x09: "pseudonym",
}

// bbsDerived is what a derived proof holds, VC-DI-BBS Section 3.3.6.
type bbsDerived struct {
	_            struct{} `cbor:",toarray"`
	Proof        []byte
	Labels       map[uint64]uint64
	Mandatory    []uint64
	Selective    []uint64 // places of the disclosed messages among those that were signed
	Presentation []byte   // presentationHeader
}

// parseBBSDerived implements Parse Derived Proof Value, VC-DI-BBS Section 3.3.7.
func parseBBSDerived(data []byte) (*bbsDerived, error) {
	d := new(bbsDerived)
	if err := decodeSD(data, d); err != nil {
		return nil, err
	}
	return d, nil
}

// bbsLabel is how bbs-2023 names a blank node: by a number, so that it tells nothing.
func bbsLabel(n uint64) (string, bool) { return fmt.Sprintf("b%d", n), n < 2*maxStatements }

// verifyBBS2023 implements Verify Derived Proof (bbs-2023), VC-DI-BBS Section 3.4.4,
// with Create Verify Data, Section 3.3.8.
func verifyBBS2023(in *input, key *keys.Key) error {
	if err := isSuite(in.proof, "bbs-2023"); err != nil {
		return err
	}
	public := key.BBS()
	if public == nil {
		return &Error{WrongKeyType, "verificationMethod", fmt.Sprintf("a key of type %s, want BLS12-381 in G2", key.Type())}
	}
	data, err := sdValue(in.proof, kindBBSBase, kindBBSDerived, bbsFeatures)
	if err != nil {
		return err
	}
	d, err := parseBBSDerived(data)
	if err != nil {
		return err
	}
	_, config, err := in.canonical(rdfc.SHA256)
	if err != nil {
		return err
	}
	names, err := labels(d.Labels, bbsLabel)
	if err != nil {
		return err
	}
	lines, err := in.relabel(names)
	if err != nil {
		return err
	}
	mandatory, others, err := group(lines, d.Mandatory)
	if err != nil {
		return err
	}
	if len(others) != len(d.Selective) {
		return &Error{MalformedProof, "proofValue", fmt.Sprintf("%d places for %d statements", len(d.Selective), len(others))}
	}
	disclosed := make([]bbs.Disclosed, len(others))
	for i, line := range others {
		if d.Selective[i] >= bbs.MaxMessages {
			return &Error{MalformedProof, "proofValue", fmt.Sprintf("place %d, want below %d", d.Selective[i], bbs.MaxMessages)}
		}
		disclosed[i] = bbs.Disclosed{Index: int(d.Selective[i]), Message: []byte(line)}
	}
	// The header is what every derived document has alike.
	header := join(Digest(rdfc.SHA256, config.NQuads()), hashLines(mandatory))
	if err := bbs.VerifyProof(public, d.Proof, header, d.Presentation, disclosed); err != nil {
		var e *bbs.Error
		if errors.As(err, &e) {
			return &Error{Reason(e.Reason), "proofValue", e.Detail}
		}
		return &Error{BadSignature, "proofValue", err.Error()}
	}
	return nil
}
