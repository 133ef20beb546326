package governance

import (
	"crypto/sha256"
	"sync/atomic"

	"github.com/verilith/verilith/wasm/keys"
)

// memoSize is how many signatures that held are remembered: those of a dozen
// registries. The chain of roots is proven anew in every round of every question.
const memoSize = 1024

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
