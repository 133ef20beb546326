package publish

import (
	"encoding/hex"
	"slices"
	"strings"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
	"github.com/multiformats/go-varint"
)

// Multicodec numbers of EIP-1577 content hashes, and of an IPNS name's CID.
const (
	namespaceIPFS = 0xe3
	namespaceIPNS = 0xe5
	libp2pKey     = 0x72
)

// ENSContenthash is the value of an ENS name's contenthash record, in hex with 0x, for
// a CID or an IPNS name, which may stand behind /ipfs/ or /ipns/. It is the varint of
// the namespace and the bytes of a CIDv1: EIP-1577.
//
// An IPNS name follows the registry's head; a CID has to be set anew with every
// version. Either is a hint for verifiers: who holds the name is not trusted.
func ENSContenthash(name string) (string, error) {
	text, isIPNS := strings.CutPrefix(name, "/ipns/")
	if !isIPNS {
		text = strings.TrimPrefix(name, "/ipfs/")
	}
	if len(text) > 128 {
		return "", errorf(BadName, "", "%.40q is no CID or IPNS name", name)
	}
	c, err := cid.Decode(text)
	if err != nil {
		return "", errorf(BadName, "", "%.80q is no CID or IPNS name: %v", name, err)
	}
	if c.Version() == 0 { // EIP-1577 has CIDv1 only
		c = cid.NewCidV1(cid.DagProtobuf, c.Hash())
	}
	p := c.Prefix()
	namespace := uint64(namespaceIPFS)
	switch {
	case p.Codec == libp2pKey:
		namespace = namespaceIPNS
	case isIPNS:
		return "", errorf(BadName, "", "%.80q is no IPNS name: codec 0x%x, want 0x%x", name, p.Codec, libp2pKey)
	}
	// A name is an Ed25519 key under the identity hash, or the hash of a larger key.
	if p.MhType != multihash.SHA2_256 && (namespace == namespaceIPFS || p.MhType != multihash.IDENTITY) {
		return "", errorf(BadName, "", "%.80q has the hash 0x%x, want SHA-256", name, p.MhType)
	}
	return "0x" + hex.EncodeToString(slices.Concat(varint.ToUvarint(namespace), c.Bytes())), nil
}
