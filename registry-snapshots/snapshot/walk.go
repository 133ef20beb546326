package snapshot

import (
	"strings"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/block"
)

// Walk returns every block along a path of Missing or Proof that get has, root
// first, and the first block on it that get has not. It answers for an embedder
// what a gateway answers to one request: it judges nothing, and ends where the
// path does or where the blocks have no such segment.
func Walk(path string, get Getter) (have []cid.Cid, missing *cid.Cid, err error) {
	segments := strings.Split(path, "/")
	if len(segments) > 2+MaxDepth {
		return nil, nil, errorf(BadPath, "%d segments, want at most %d", len(segments), 2+MaxDepth)
	}
	c, err := block.ParseCID(segments[0])
	if err != nil {
		return nil, nil, errorf(BadPath, "%v", err)
	}
	for i := 1; ; i++ {
		data, ok := get(c)
		if !ok {
			return have, &c, nil
		}
		have = append(have, c)
		if i == len(segments) || c.Prefix().Codec != block.DagCBOR {
			return have, nil, nil
		}
		if len(segments[i]) != 1 {
			return nil, nil, errorf(BadPath, "segment %.20q, want one character", segments[i])
		}
		v, err := block.DecodeCBOR(data)
		if err != nil {
			return nil, nil, errorf(BadBlock, "%v", err)
		}
		m, _ := v.(map[string]any)
		next, ok := m[segments[i]].(cid.Cid)
		if !ok {
			return have, nil, nil
		}
		if err := block.CheckCID(next); err != nil {
			return nil, nil, errorf(BadNode, "link: %v", err)
		}
		c = next
	}
}
