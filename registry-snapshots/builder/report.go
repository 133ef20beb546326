package builder

import (
	"github.com/verilith/verilith/registry-snapshots/importer"
)

// A Report is how a build went. All in it but Milliseconds follows from the inputs.
type Report struct {
	Name      string           `json:"name"`
	At        string           `json:"at"`
	Root      string           `json:"root,omitempty"`
	Previous  string           `json:"previous,omitempty"`
	Changed   bool             `json:"changed"` // the root is not the previous one
	Sources   []SourceReport   `json:"sources"`
	Documents []DocumentReport `json:"documents"`
	Changes   []string         `json:"changes,omitempty"` // of keys that come from documents
	Left      []string         `json:"left,omitempty"`    // what the documents have and the snapshot has not, and why
	Dropped   []string         `json:"dropped,omitempty"` // documents of the previous snapshot that are no longer listed
	Entities  int              `json:"entities"`
	Keys      int              `json:"keys"`
	Auth      int              `json:"authorizations"`
	Resources int              `json:"resources"`
	Statuses  int              `json:"statusLists"`
	Fetched   Volume           `json:"fetched"`   // documents and bytes from the network
	NewBlocks Volume           `json:"newBlocks"` // that the previous snapshot has not
	Update    bool             `json:"update"`    // the previous snapshot was updated, and not all of it built anew
	Edits     int              `json:"edits"`     // entities that were put or removed by the update

	Milliseconds int64 `json:"milliseconds"`
}

// A Volume is a number of things and their bytes.
type Volume struct {
	Count int   `json:"count"`
	Bytes int64 `json:"bytes"`
}

// What became of a source or document.
const (
	Read      = "read"      // from a file
	New       = "new"       // obtained, and the previous snapshot has none
	Changed   = "changed"   // obtained, and other than in the previous snapshot
	Unchanged = "unchanged" // obtained, and as in the previous snapshot
	Kept      = "kept"      // could not be had, or not used: the earlier copy stays
	Missing   = "missing"   // could not be had; optional, and there is no earlier copy
	Failed    = "failed"    // could not be had, and the build fails for it
	Carried   = "carried"   // of an entity that is retired: the earlier copy stays
)

// A SourceReport is what became of one source.
type SourceReport struct {
	Label    string           `json:"label"`
	From     string           `json:"from"`
	Source   string           `json:"source"` // the file or URL
	State    string           `json:"state"`
	Reason   string           `json:"reason,omitempty"`   // why it is Kept, Missing or Failed
	Detail   string           `json:"detail,omitempty"`   // for people
	Obtained string           `json:"obtained,omitempty"` // when
	Age      string           `json:"age,omitempty"`      // of what was kept
	Bytes    int64            `json:"bytes"`
	Import   *importer.Report `json:"import,omitempty"` // signature, counts, what was not mapped
}

// A DocumentReport is what became of one document.
type DocumentReport struct {
	ID       string `json:"id"` // the URL under which it is carried
	Kind     string `json:"kind"`
	URL      string `json:"url,omitempty"` // where it was fetched, if elsewhere
	For      string `json:"for"`           // who wants it
	State    string `json:"state"`
	Reason   string `json:"reason,omitempty"`
	Detail   string `json:"detail,omitempty"`
	Obtained string `json:"obtained,omitempty"`
	Age      string `json:"age,omitempty"`
	Bytes    int64  `json:"bytes"`
}

// Problems returns how many sources and documents are kept, missing or failed.
func (r *Report) Problems() int {
	n := 0
	for _, s := range r.Sources {
		n += problem(s.State)
	}
	for _, d := range r.Documents {
		n += problem(d.State)
	}
	return n
}

func problem(state string) int {
	switch state {
	case Kept, Missing, Failed:
		return 1
	}
	return 0
}
