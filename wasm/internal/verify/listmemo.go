package verify

import (
	"strings"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/status"
)

// A verifier at a door asks one list for a thousand credentials: reading it, some
// hundred kilobytes of JSON and as many expanded, costs more than all else. So what was
// read of a list that was proven is kept from one call to the next. It goes by the hash
// of the list's bytes and by all else that reading them depends on, so it cannot be seen
// in an answer. That the list is proven, trusted and fresh is judged in every call anew.

// The bounds of what is kept.
const (
	maxListsKept = 8
	maxListBytes = 16 << 20 // of all together
)

// readList is a list that was read. c is copied; what else it holds keeps what was made of
// it, so it is for one call at a time.
type readList struct {
	key  string
	env  *cred.Envelope
	c    cred.Credential // before it was proven
	list *status.List
	size int
}

// listMemo keeps the lists that were read last.
type listMemo struct {
	kept []readList // the oldest first
	size int
}

var lists kept[listMemo]

// listKey is all that reading a list depends on: its bytes, what kind of list is meant,
// and what a token takes over from the credential that refers to it.
func listKey(e *status.Entry, doc *document, referrer *cred.Credential) string {
	return strings.Join([]string{doc.cid, e.Type, string(referrer.Format), status.Owner(referrer)}, " ")
}

func (m *listMemo) find(key string) *readList {
	for i := range m.kept {
		if m.kept[i].key == key {
			return &m.kept[i]
		}
	}
	return nil
}

func (m *listMemo) keep(l readList) {
	if l.size > maxListBytes {
		return
	}
	for len(m.kept) == maxListsKept || m.size+l.size > maxListBytes {
		m.size -= m.kept[0].size
		m.kept = append([]readList(nil), m.kept[1:]...)
	}
	m.kept = append(m.kept, l)
	m.size += l.size
}
