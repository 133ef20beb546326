package snapshot

import (
	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
)

// MaxTTL bounds StatusList.TTL: a hundred years, in seconds.
const MaxTTL = 100 * 366 * 24 * 3600

// A StatusList is a signed status list that a registry carries, as it was obtained.
// The registry vouches for when it was obtained, and not for what it says: that is
// its issuer's signature to show.
type StatusList struct {
	URL       string `json:"url"`
	CID       string `json:"cid"` // raw or json block of the list's bytes, at most 2 MiB
	MediaType string `json:"mediaType,omitempty"`
	Obtained  string `json:"obtained,omitempty"`
	TTL       int64  `json:"ttl,omitempty"` // seconds from Obtained for which its issuer lets it be kept
}

// check brings a status list to its normal form.
func (l *StatusList) check() error {
	r := Resource{URL: l.URL, CID: l.CID, MediaType: l.MediaType, Obtained: l.Obtained}
	if err := r.check(); err != nil {
		return err
	}
	l.Obtained = r.Obtained
	if l.TTL < 0 || l.TTL > MaxTTL {
		return errorf(BadValue, "ttl of %d seconds, want 0 to %d", l.TTL, MaxTTL)
	}
	return nil
}

// statusRecord returns the record of a status list in its normal form.
func statusRecord(l StatusList) (map[string]any, error) {
	m := members("id", l.URL, "mediaType", l.MediaType, "obtained", l.Obtained)
	if l.TTL != 0 {
		m["ttl"] = l.TTL
	}
	return m, putLink(m, "cid", l.CID)
}

func parseStatusRecord(url string, record map[string]any) (StatusList, error) {
	l := StatusList{URL: url}
	if v, ok := record["ttl"]; ok {
		if l.TTL, ok = v.(int64); !ok || l.TTL == 0 {
			return StatusList{}, errorf(BadRecord, "status record of %.200q: ttl is no positive integer", url)
		}
		rest := make(map[string]any, len(record))
		for name, v := range record {
			if name != "ttl" {
				rest[name] = v
			}
		}
		record = rest
	}
	r, err := parseResourceRecord(url, record)
	if err != nil {
		return StatusList{}, err
	}
	l.CID, l.MediaType, l.Obtained = r.CID, r.MediaType, r.Obtained
	if err := l.check(); err != nil {
		return StatusList{}, errorf(BadRecord, "status record of %.200q: %v", url, err)
	}
	return l, nil
}

// StatusList returns the record of the status list at url. Its body is the block of
// its CID.
func (s *Snapshot) StatusList(url string) (StatusList, Proof, error) {
	record, p, err := s.find(roomStatus, url)
	if err != nil || record == nil {
		return StatusList{}, p, err
	}
	l, err := parseStatusRecord(url, record)
	if err != nil {
		p.Found = false
	}
	return l, p, err
}

// emptyLeaf is the root of an empty directory, of which an optional room has none.
var emptyLeaf = block.New(block.DagCBOR, []byte{0xa0}).CID

// optional returns the root of an optional room, or that of an empty directory.
func optional(rooms map[string]cid.Cid, room string) cid.Cid {
	if c, ok := rooms[room]; ok {
		return c
	}
	return emptyLeaf
}

// withEmpty is a getter that also has the root of an empty directory.
func withEmpty(get Getter) Getter {
	return func(c cid.Cid) ([]byte, bool) {
		if c == emptyLeaf {
			return []byte{0xa0}, true
		}
		return get(c)
	}
}
