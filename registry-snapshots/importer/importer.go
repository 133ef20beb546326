// Package importer brings registries as they are published into the model of
// package snapshot. Each source is one file here and one function.
//
// It checks the signature that a source has, and says in the [Report] what was
// checked, by which certificate, and which members of the source the model
// cannot say. It reads files that its caller names, and fetches nothing. What it
// returns is for [snapshot.Build], which checks every entity.
package importer

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// MaxFile bounds a source file, also once decompressed: a hundred times the
// largest registry that is imported today.
const MaxFile = 64 << 20

// The sources that Import knows.
const (
	FromFolder = "folder" // a folder of JSON and YAML files: an operator's own registry
	FromVCI    = "vci"    // a daily snapshot of the VCI directory of SMART Health Card issuers
	FromDCC    = "dcc"    // a registry of the Digital Credentials Consortium
)

// Options are how to import. The zero Options are the strict ones.
type Options struct {
	// Unsigned accepts a source that is signed as a rule without its signature,
	// such as an old version. The report says so. A signature that is there is
	// checked all the same.
	Unsigned bool
	// Signature and Certificate are files. Empty: those beside the source.
	Signature, Certificate string
	// Fingerprint is the SHA-256 of the signer's certificate, DER, in hex.
	// Empty: the one that is known for the source.
	Fingerprint string
	// Evidence carries the source's own bytes in the snapshot, linked from every
	// entity. They change with every version of the source, and with them then
	// every record.
	Evidence bool
}

// A Result is what a source says.
type Result struct {
	Name      string // of the registry, if the source has one
	Entities  []snapshot.Entity
	Documents []snapshot.Document
	Evidence  snapshot.Store // the bytes that entities name as source or via
	Report    Report

	noted map[string]int // member → its place in Report.NotMapped
}

// A Report is how an import went.
type Report struct {
	From      string      `json:"from"`
	Source    string      `json:"source"`              // the file or folder
	SourceCID string      `json:"sourceCid,omitempty"` // of the source's bytes, as a raw block
	Carried   bool        `json:"carried,omitempty"`   // the source's bytes are in the snapshot
	Time      string      `json:"time,omitempty"`      // what the source says of its age
	Signature Signature   `json:"signature"`
	Entities  int         `json:"entities"`
	Keys      int         `json:"keys"`
	Auth      int         `json:"authorizations"`
	Documents int         `json:"documents"`
	NotMapped []NotMapped `json:"notMapped,omitempty"` // sorted by member
}

// What can be said of a signature.
const (
	Verified = "verified" // by the pinned certificate
	Absent   = "absent"   // the source has none
	Unsigned = "unsigned" // it should have one; accepted because Options.Unsigned said so
)

// A Signature is what was checked.
type Signature struct {
	State       string `json:"state"` // Verified, Absent, Unsigned
	By          string `json:"by,omitempty"`
	Algorithm   string `json:"algorithm,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"` // SHA-256 of the certificate
	Note        string `json:"note,omitempty"`
}

// NotMapped is a member of the source that the model cannot say.
type NotMapped struct {
	Member string `json:"member"`
	Count  int    `json:"count"`
	Why    string `json:"why"`
}

// Import reads a source of the given kind.
func Import(from, path string, opt Options) (*Result, error) {
	switch from {
	case FromFolder:
		return Folder(path, opt)
	case FromVCI:
		return VCI(path, opt)
	case FromDCC:
		return DCC(path, opt)
	}
	return nil, errorf(UnknownSource, "", "%q, want folder, vci or dcc", from)
}

// Source returns what Build takes.
func (r *Result) Source() snapshot.Source {
	return snapshot.Source{
		Name:      r.Name,
		Entities:  seq(r.Entities),
		Documents: seq(r.Documents),
		Evidence:  r.Evidence.Get,
	}
}

func seq[T any](list []T) func(yield func(T, error) bool) {
	return func(yield func(T, error) bool) {
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// finish fills in the report's counts and brings entities to their normal form.
func (r *Result) finish() (*Result, error) {
	for i, e := range r.Entities {
		n, err := e.Normal()
		if err != nil {
			return nil, errorf(BadEntity, fmt.Sprintf("entity %.200q", e.ID), "%v", err)
		}
		r.Entities[i] = n
		r.Report.Keys += len(n.Keys)
		r.Report.Auth += len(n.Auth)
	}
	r.Report.Entities = len(r.Entities)
	r.Report.Documents = len(r.Documents)
	slices.SortFunc(r.Report.NotMapped, func(a, b NotMapped) int { return strings.Compare(a.Member, b.Member) })
	return r, nil
}

// notMapped counts a member that the model cannot say.
func (r *Result) notMapped(member, why string) {
	if i, ok := r.noted[member]; ok {
		r.Report.NotMapped[i].Count++
		return
	}
	if r.noted == nil {
		r.noted = map[string]int{}
	}
	r.noted[member] = len(r.Report.NotMapped)
	r.Report.NotMapped = append(r.Report.NotMapped, NotMapped{member, 1, why})
}

// others counts the members of an object that are not among those known.
func (r *Result) others(path string, o strictjson.Object, why string, known ...string) {
	for _, name := range o.Names() {
		if !slices.Contains(known, name) {
			r.notMapped(path+name, why)
		}
	}
}

// keepSource notes the source's bytes, and carries them as the evidence of every
// entity if they are to be and fit a block.
func (r *Result) keepSource(data []byte, opt Options) {
	b := block.New(block.Raw, data)
	r.Report.SourceCID = b.CID.String()
	if !opt.Evidence || len(data) > block.MaxSize {
		return
	}
	r.Report.Carried = true
	r.Evidence = snapshot.Store{b.CID: data}
	for i := range r.Entities {
		r.Entities[i].Source = r.Report.SourceCID
	}
}

// readFile reads a file within MaxFile, and decompresses one named .gz.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer f.Close()
	return readAll(f, path)
}

func readAll(r io.Reader, path string) ([]byte, error) {
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, errorf(BadFile, path, "%v", err)
		}
		r = z
	}
	data, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, fileError(path, err)
	}
	if len(data) > MaxFile {
		return nil, errorf(TooLarge, path, "more than %d bytes", MaxFile)
	}
	return data, nil
}

func fileError(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errorf(NoFile, path, "there is no such file")
	}
	return errorf(BadFile, path, "%v", err)
}

// A Reason says why an import failed. It is stable.
type Reason string

// The reasons of this package.
const (
	UnknownSource Reason = "import_unknown_source"
	NoFile        Reason = "import_no_file"
	BadFile       Reason = "import_bad_file"      // cannot be read, or is not what its name says
	TooLarge      Reason = "import_too_large"     // over MaxFile
	BadForm       Reason = "import_bad_form"      // JSON or YAML of another form than the source has
	BadEntity     Reason = "import_bad_entity"    // an entity that breaks the rules of the model
	NoSignature   Reason = "import_no_signature"  // a signature that has to be there is not
	BadSignature  Reason = "import_bad_signature" // a signature that does not verify
	WrongSigner   Reason = "import_wrong_signer"  // another certificate than the pinned one
)

// An Error is a refusal of this package.
type Error struct {
	Reason Reason
	Member string // the file, or the place in it
	Detail string // for people; may change
}

func (e *Error) Error() string {
	if e.Member == "" {
		return string(e.Reason) + ": " + e.Detail
	}
	return string(e.Reason) + ": " + e.Member + ": " + e.Detail
}

func errorf(r Reason, member, format string, args ...any) *Error {
	return &Error{r, member, fmt.Sprintf(format, args...)}
}
