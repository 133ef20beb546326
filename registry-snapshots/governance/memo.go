package governance

import (
	"crypto/sha256"
	"slices"
	"sync/atomic"

	"github.com/verilith/verilith/wasm/keys"
)

// memoSize is how many signatures that held are remembered: those of a dozen
// registries. The chain of roots is proven anew in every round of every question.
const memoSize = 1024

// rootSlots and rootMost bound the roots that are remembered parsed, some 2 MB of them.
const (
	rootSlots = 32
	rootMost  = 16 << 10 // bytes of one; those of 10 keys have 4 KB
)

// roots holds roots as they were parsed, unproven, by the hash of the whole document.
var roots [rootSlots]atomic.Pointer[rememberedRoot]

type rememberedRoot struct {
	sum  [sha256.Size]byte
	root RootDoc
}

// remembered is parse, but for a document that was parsed before. Nothing changes a
// RootDoc but CheckRoot, which each caller does to a copy of its own.
func remembered(doc []byte, parse func() (*RootDoc, error)) (*RootDoc, error) {
	if len(doc) > rootMost {
		return parse()
	}
	sum := sha256.Sum256(doc)
	slot := &roots[sum[0]%rootSlots]
	if have := slot.Load(); have != nil && have.sum == sum {
		root := have.root
		return &root, nil
	}
	d, err := parse()
	if err == nil {
		d.Bytes = slices.Clone(doc) // the caller's bytes may be part of a whole case
		slot.Store(&rememberedRoot{sum, *d})
	}
	return d, err
}

// memo holds hashes of (key, what was signed, signature) of signatures that held, each
// in the slot that it falls to. It is a cache of a pure function: nothing shows
// whether an answer came from it.
var memo [memoSize]atomic.Pointer[[sha256.Size]byte]

// verified reports whether a signature holds.
func verified(key *keys.Key, s Signature, signed []byte) bool {
	h := sha256.New()
	// The thumbprint is checked to be 43 characters and the signature to be 64 octets,
	// so that no two triples are the same bytes.
	h.Write([]byte(s.Key))
	h.Write(s.value)
	h.Write(signed)
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	slot := &memo[(int(sum[0])<<8|int(sum[1]))%memoSize]
	if have := slot.Load(); have != nil && *have == sum {
		return true
	}
	if key.Verify(s.Alg, signed, s.value) != nil {
		return false
	}
	slot.Store(&sum)
	return true
}
