// Package builder makes a registry snapshot from a declarative file, registry.yaml:
// which registries to import, which entities there are, which documents to carry.
//
// [Load] reads the file, and [Build] gathers what it names, holds each document to
// what it should be, merges the sources, keeps history and writes the blocks that
// are new. What could not be had is kept from the snapshot before, with the time at
// which it was obtained then, and the [Report] says so; what is not there either is
// an error, unless it was said to be optional. Nothing is dropped in silence.
//
// The same inputs give the same root: the time is an input, and each URL is obtained
// once, so that an entity's keys and the document that they come from agree.
//
// It dials nowhere: bytes come through [Options.Fetch], whose bounds on addresses,
// redirects and time are its own. It signs nothing; a snapshot is worth what the
// signature over its head is worth.
package builder

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/importer"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// A Request is one document to obtain.
type Request struct {
	URL      string
	Accept   string // media types, or ""
	Question []byte // JSON to POST; nil is a GET
	MaxBytes int64
	Timeout  time.Duration // for the whole exchange
}

// An Answer is a document as it was obtained.
type Answer struct {
	Body      []byte
	MediaType string // the Content-Type, if there was one
}

// Options are how to build.
type Options struct {
	// Now is the time of the build: of every document that is obtained in it, of
	// what is retired in it, and of every judgement. There is no default.
	Now time.Time
	// Fetch obtains a document. It is called from several goroutines, at most
	// Limits.PerHost of them for one host. An error may have a method Code() string,
	// a stable reason for the report. Nil: nothing is fetched, and all comes
	// from files and from the snapshot before.
	Fetch func(ctx context.Context, r Request) (Answer, error)
	// Previous is the snapshot before this one, and Get its blocks: all of them are
	// read. An undefined Previous: there is none.
	Previous cid.Cid
	Get      snapshot.Getter
	// Shelf keeps the sources as they were imported last. Nil: a source that cannot
	// be had fails the build.
	Shelf *Shelf
	// Progress, if not nil, is told what goes on.
	Progress func(Step)
	// Scratch is for snapshot.Build.
	Scratch snapshot.Scratch
}

// A Step is where a build is: "sources", "documents" or "records", and how far.
type Step struct {
	What       string
	Done, Size int // Size is 0 where it is not known
}

// A Result is what was built.
type Result struct {
	Meta snapshot.Meta
	// Changed is false if the snapshot is the one before, block for block.
	Changed bool
	Report  Report
}

// Build gathers, merges and writes a snapshot. It puts the blocks that the snapshot
// before has not; the others are in that one. The report is there for an error, too,
// as far as it came.
func Build(ctx context.Context, cfg *Config, put func(block.Block) error, opt Options) (*Result, error) {
	if opt.Now.IsZero() {
		return &Result{}, errorf(BadOptions, "now", "want the time of the build")
	}
	opt.Now = opt.Now.UTC().Truncate(time.Second)
	b := &build{ctx: ctx, cfg: cfg, opt: opt, at: opt.Now.Format(time.RFC3339)}
	b.out.Report = Report{Name: cfg.Name, At: b.at, Sources: []SourceReport{}}
	err := b.run(put)
	b.finishReport()
	if err != nil && ctx.Err() != nil {
		err = errorf(Cancelled, "", "%v", context.Cause(ctx))
	}
	return &b.out, err
}

// build is one build.
type build struct {
	ctx  context.Context
	cfg  *Config
	opt  Options
	at   string // opt.Now as text
	prev *snapshot.Snapshot
	out  Result

	gather       *gatherer
	name         string // of the first source that has one
	authority    string // of registry.yaml, or of the first source that has one
	recognitions []snapshot.Recognition
	entities     []entity
	named        map[string]int // identifiers, to their place in entities
	frozen       bool           // a source is missing: what only the snapshot before has is kept as it was
	evidence     snapshot.Store
	listed       map[string]item      // what carry lists, by room and id
	wanted       map[string]*document // by room and id
	order        []*document
	retired      map[string]bool // URLs of the DID documents of entities that only the snapshot before has
	docs         []snapshot.Document
	lists        []snapshot.Document // status lists
	written      map[cid.Cid]bool
}

// A Reason says why a build failed, or a document was not taken. It is stable. The
// reasons of an import, a snapshot or a fetch are those of their own packages.
type Reason string

// The reasons of this package.
const (
	BadConfig   Reason = "build_bad_config"   // registry.yaml breaks its form
	BadOptions  Reason = "build_bad_options"  // the caller's mistake
	NoFile      Reason = "build_no_file"      // a file that is named is not there, or cannot be read
	Conflict    Reason = "build_conflict"     // two sources say different things of one id or URL
	BadDocument Reason = "build_bad_document" // what was fetched is not what it should be
	WrongID     Reason = "build_wrong_id"     // a document of another subject
	NoKeys      Reason = "build_no_keys"      // a document from which keys were wanted, and has none
	TooLarge    Reason = "build_too_large"    // over a limit of this package or of registry.yaml
	TooMany     Reason = "build_too_many"     // more documents than the limit
	NotFetched  Reason = "build_not_fetched"  // nothing is fetched: offline
	Unavailable Reason = "build_unavailable"  // could not be had, and no earlier copy is there
	BadSource   Reason = "build_bad_source"   // a source that cannot be imported, and no earlier copy is there
	Cancelled   Reason = "build_cancelled"
)

// An Error is a refusal of this package.
type Error struct {
	Reason Reason
	Member string // the place in registry.yaml, the file, URL or entity
	Detail string // for people; may change
	Err    error  // the cause, or nil
}

func (e *Error) Error() string {
	s := string(e.Reason)
	if e.Member != "" {
		s += ": " + e.Member
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

func errorf(r Reason, member, format string, args ...any) *Error {
	e := &Error{Reason: r, Member: member, Detail: fmt.Sprintf(format, args...)}
	for _, a := range args {
		if err, ok := a.(error); ok {
			e.Err = err
		}
	}
	return e
}

// reasonOf is the stable reason of an error of this package, or what the error says
// it is.
func reasonOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return string(e.Reason)
	}
	var ie *importer.Error
	if errors.As(err, &ie) {
		return string(ie.Reason)
	}
	var coded interface{ Code() string }
	if errors.As(err, &coded) {
		return coded.Code()
	}
	return string(Unavailable)
}
