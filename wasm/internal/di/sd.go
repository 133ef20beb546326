package di

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/verilith/verilith/wasm/internal/rdf"
	"github.com/verilith/verilith/wasm/internal/rdfc"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Limits of proofs with selective disclosure.
const (
	// maxStatements bounds the statements of a derived document: ecdsa-sd-2023 signs each
	// by itself, which costs 1.4 ms in WebAssembly, and bbs-2023 makes a point for each.
	maxStatements = 512
	// maxSDValue bounds proofValue before it is decoded: every statement with its
	// signature, label and index.
	maxSDValue = 128 << 10
)

// sdValue decodes the text of proofValue: base64url of the CBOR tag 0x5d00 to 0x5dff, whose
// last byte says which kind of proof it is, VC-DI-ECDSA Section 3.5 and VC-DI-BBS Section
// 3.3. features names the derived proofs that exist beside the one that is read here.
func sdValue(proof strictjson.Object, derived byte, base []byte, features map[byte]string) ([]byte, error) {
	text := proof.String("proofValue")
	if len(text) > maxSDValue {
		return nil, &Error{MalformedProof, "proofValue", fmt.Sprintf("%d characters, want at most %d", len(text), maxSDValue)}
	}
	if text == "" || text[0] != 'u' {
		return nil, &Error{MalformedProof, "proofValue", "want a base64url multibase value"}
	}
	data, err := keys.Base64URL(text[1:])
	if err != nil {
		return nil, &Error{MalformedProof, "proofValue", "want a base64url multibase value: " + err.Error()}
	}
	if len(data) < 3 || data[0] != 0xd9 || data[1] != 0x5d {
		return nil, &Error{MalformedProof, "proofValue", "does not begin with the header of a proof for selective disclosure"}
	}
	switch kind := data[2]; {
	case kind == derived:
		return data[3:], nil
	case bytes.IndexByte(base, kind) >= 0:
		return nil, &Error{BaseProof, "proofValue", "is a base proof: its holder derives from it the proof to be verified"}
	case features[kind] != "":
		return nil, &Error{UnsupportedSuite, "proofValue", "a proof with the optional feature " + features[kind] + ", on which its texts and vectors differ"}
	default:
		return nil, &Error{MalformedProof, "proofValue", fmt.Sprintf("kind of proof %#02x, want %#02x", kind, derived)}
	}
}

// sdCBOR is the CBOR of these proofs: one form for each value, nothing but what they name.
var sdCBOR = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		MaxNestedLevels: 4, MaxArrayElements: 2 * maxStatements, MaxMapPairs: 2 * maxStatements,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

// decodeSD decodes the components of a proof, and holds them to the one encoding that
// deterministic CBOR has for them but for the order of a map, in which issuers differ.
func decodeSD(data []byte, dst any) error {
	if err := sdCBOR.Unmarshal(data, dst); err != nil {
		return &Error{MalformedProof, "proofValue", err.Error()}
	}
	if !shortest(data) {
		return &Error{MalformedProof, "proofValue", "its CBOR is longer than need be"}
	}
	return nil
}

// shortest reports whether each length and integer of data is in the fewest octets, RFC 8949
// Section 4.2.1. data is well-formed CBOR of definite lengths, without floats.
func shortest(data []byte) bool {
	for len(data) > 0 {
		major, n, size := data[0]>>5, uint64(data[0]&31), 0
		if n >= 24 {
			size = 1 << (n - 24)
			least := uint64(24) // that is not written in fewer
			if size > 1 {
				least = 1 << (4 * size)
			}
			n = 0
			for _, b := range data[1 : 1+size] {
				n = n<<8 | uint64(b)
			}
			if n < least {
				return false
			}
		}
		data = data[1+size:]
		if major == 2 || major == 3 {
			data = data[n:]
		}
	}
	return true
}

// disclosed is what a derived document says, as its issuer signed it.
type disclosed struct {
	proofHash, mandatoryHash []byte
	others                   []string // the statements that are not mandatory, in order
}

// signedStatements implements what both suites' Create Verify Data have alike, VC-DI-ECDSA
// Section 3.5.9 and VC-DI-BBS Section 3.3.8: the document under its issuer's labels, the
// statements that are mandatory apart from the others.
func signedStatements[V any](in *input, compressed map[uint64]V, name func(V) (string, bool), mandatory []uint64) (*disclosed, error) {
	_, config, err := in.canonical(rdfc.SHA256)
	if err != nil {
		return nil, err
	}
	names, err := labels(compressed, name)
	if err != nil {
		return nil, err
	}
	lines, err := in.relabel(names)
	if err != nil {
		return nil, err
	}
	must, may, err := group(lines, mandatory)
	if err != nil {
		return nil, err
	}
	return &disclosed{Digest(rdfc.SHA256, config.NQuads()), hashLines(must), may}, nil
}

// labels undoes Decompress Label Map: the name of the blank node c14nN.
func labels[V any](compressed map[uint64]V, name func(V) (string, bool)) (map[string]string, error) {
	m := make(map[string]string, len(compressed))
	seen := make(map[string]bool, len(compressed))
	for n, v := range compressed {
		label, ok := name(v)
		if !ok {
			return nil, &Error{MalformedProof, "proofValue", "the map of labels has one that is not of its form"}
		}
		// Two blank nodes of one name would be one in what was signed.
		if seen[label] {
			return nil, &Error{MalformedProof, "proofValue", "the map of labels gives a label twice"}
		}
		seen[label] = true
		m[fmt.Sprintf("c14n%d", n)] = label
	}
	return m, nil
}

// relabel implements Label Replacement Canonicalize JSON-LD, VC-DI-ECDSA Section
// 3.4.2: the statements under the labels that the issuer signed, in order. We are
// stricter: the map names the blank nodes of the document, all and no others.
func (in *input) relabel(labels map[string]string) ([]string, error) {
	document, _, err := in.canonical(rdfc.SHA256)
	if err != nil {
		return nil, err
	}
	if len(document.Lines) > maxStatements {
		return nil, &Error{Reason("work_limit"), "", fmt.Sprintf("%d statements, want at most %d", len(document.Lines), maxStatements)}
	}
	if len(labels) != len(document.Issued) {
		return nil, &Error{MalformedProof, "proofValue", fmt.Sprintf("names %d blank nodes, the document has %d", len(labels), len(document.Issued))}
	}
	for _, c := range document.Issued {
		if _, ok := labels[c]; !ok {
			return nil, &Error{MalformedProof, "proofValue", fmt.Sprintf("has no label for the blank node %s", c)}
		}
	}
	quads, err := rdf.ParseNQuads(document.NQuads())
	if err != nil {
		return nil, &Error{NoCanonicalForm, "", err.Error()}
	}
	return rdf.Lines(rdf.Relabel(quads, labels)), nil
}

// group divides statements into those that the issuer made mandatory, by their places,
// and the others.
func group(lines []string, mandatory []uint64) (must, may []string, err error) {
	is := make([]bool, len(lines))
	for _, i := range mandatory {
		if i >= uint64(len(lines)) || is[i] {
			return nil, nil, &Error{MalformedProof, "proofValue", fmt.Sprintf("mandatory statement %d is none of %d, or there twice", i, len(lines))}
		}
		is[i] = true
	}
	for i, line := range lines {
		if is[i] {
			must = append(must, line)
		} else {
			may = append(may, line)
		}
	}
	return must, may, nil
}

// hashLines is Hash Mandatory N-Quads.
func hashLines(lines []string) []byte { return Digest(rdfc.SHA256, []byte(strings.Join(lines, ""))) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
