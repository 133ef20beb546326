package builder

import (
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/importer"
)

// Limits bound what is gathered. Those of registry.yaml may be lower or higher than
// the defaults, up to the most that each allows.
type Limits struct {
	DocumentBytes int64         // of one document that is carried
	SourceBytes   int64         // of one file of a source
	TotalBytes    int64         // of everything that is fetched
	Documents     int           // that are carried, and fetched for sources
	PerHost       int           // requests to one host at a time
	Timeout       time.Duration // for one document
}

var defaultLimits = Limits{
	DocumentBytes: 1 << 20, // what a verifier takes by URL; documents in the field have some KB
	SourceBytes:   importer.MaxFile,
	TotalBytes:    512 << 20, // a few hundred status lists and the largest trust lists
	Documents:     10_000,
	PerHost:       4, // as a browser is said to be polite; hosts of one provider serve many issuers
	Timeout:       2 * time.Minute,
}

// mostLimits are the most that registry.yaml can ask for.
var mostLimits = Limits{
	DocumentBytes: block.MaxSize, // a document is carried as one block
	SourceBytes:   importer.MaxFile,
	TotalBytes:    16 << 30,
	Documents:     1_000_000,
	PerHost:       16,
	Timeout:       time.Hour,
}

const (
	maxWorkers  = 16       // requests at a time, over all hosts
	maxConfig   = 1 << 20  // bytes of registry.yaml; larger sets of entities go into files
	maxEntities = 64 << 20 // bytes of a file of entities
	// defaultRenew is how old a document may be that has not changed until its time is
	// brought forward: a registry that is rebuilt every hour should not change every hour.
	defaultRenew = 24 * time.Hour
)
