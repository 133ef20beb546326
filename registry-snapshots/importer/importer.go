// Package importer brings registries as they are published into the model of
// package snapshot. Each source is one file here and one function.
//
// It checks the signature that a source has, and says in the [Report] what was
// checked, by which certificate, and which members of the source the model
// cannot say. It reads files that its caller names; of a source that by nature is an
// endpoint, what the files do not have is obtained by its caller, with Options.Get and
// Options.Post. It dials nowhere itself. What it returns is for [snapshot.Build], which checks every entity.
package importer

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

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
	FromVICAL  = "vical"  // a list of mdoc issuing authorities, ISO/IEC 18013-5 Annex C
	FromIACA   = "iaca"   // a folder of certificates of mdoc issuing authorities
	FromEBSI   = "ebsi"   // answers of the EBSI Trusted Issuers Registry
	FromOIDF   = "oidf"   // entity statements of an OpenID Federation
	FromTRQP   = "trqp"   // answers of a TRQP endpoint
	FromETSI   = "etsi"   // a trusted list or list of trusted lists, ETSI TS 119 612
	FromLoTE   = "lote"   // a list of trusted entities, ETSI TS 119 602

	FromUniversalVerify = "universal-verify" // the Trusted Issuer Registry of Universal Verify
)

// Options are how to import. The zero Options are the strict ones.
type Options struct {
	// Unsigned accepts a source that is signed as a rule without its signature,
	// such as an old version, or with one by a signer that nobody vouches for. The
	// report says so. A signature that is there is checked all the same.
	Unsigned bool
	// Signature and Certificate are files. Empty: those beside the source.
	Signature, Certificate string
	// Fingerprint pins who signed: the SHA-256 of a certificate, DER, in hex, that
	// is the signer's or one above it; where the source is signed with bare keys,
	// the RFC 7638 SHA-256 thumbprint of one. Empty: the one that is known for the
	// source, if one is.
	Fingerprint string
	// Anchors are files of what is trusted to have signed the source: X.509
	// certificates in PEM or DER, or a JWK set where it is signed with bare keys.
	// Empty: Fingerprint alone says. A signed source with neither is refused.
	Anchors []string
	// LOTL is a file: a list of lists that points to the source and so says who signs
	// it. Fingerprint and Anchors are then about who signed the list of lists.
	LOTL string
	// Now is when the import is judged: whether the next update is past, and whether
	// a certificate or statement is still valid. Zero: the present.
	Now time.Time
	// After is the report of the import before this one. A source of an earlier
	// version than that, or of the same with other bytes, is refused, as is another
	// list of the same kind: its numbers say nothing of this one. Nil: no import before.
	After *Report
	// Get obtains what a source by nature has at addresses, where the folder of
	// saved answers has it not. Nil: files only; this package dials nowhere.
	Get func(ctx context.Context, url string) (body []byte, mediaType string, err error)
	// Post is Get for a source that answers questions, with the JSON of one.
	Post func(ctx context.Context, url string, question []byte) (body []byte, mediaType string, err error)
	// Context is what Get and Post are called with. Nil: the background.
	Context context.Context
	// Evidence carries the source's own bytes in the snapshot, linked from every
	// entity. They change with every version of the source, and with them then
	// every record.
	Evidence bool
}

// A Result is what a source says.
type Result struct {
	Name      string // of the registry, if the source has one
	Authority string // in whose name the source speaks, if it says so
	Entities  []snapshot.Entity
	Documents []snapshot.Document
	// StatusLists are signed status lists, as they were obtained.
	StatusLists []snapshot.Document
	// Recognitions are what the source says of other registries.
	Recognitions []snapshot.Recognition
	Evidence     snapshot.Store // the bytes that entities name as source or via
	Report       Report

	noted map[string]int // member → its place in Report.NotMapped
}

// A Report is how an import went.
type Report struct {
	From         string      `json:"from"`
	Source       string      `json:"source"`               // the file or folder
	List         string      `json:"list,omitempty"`       // which list of its kind the source says it is; empty if there is only one
	SourceCID    string      `json:"sourceCid,omitempty"`  // of the source's bytes, as a raw block
	Carried      bool        `json:"carried,omitempty"`    // the source's bytes are in the snapshot
	Time         string      `json:"time,omitempty"`       // what the source says of its age
	NextUpdate   string      `json:"nextUpdate,omitempty"` // when the source says that there will be a newer one
	Judged       string      `json:"judged,omitempty"`     // the time at which NextUpdate was judged
	Past         bool        `json:"past,omitempty"`       // NextUpdate is past at Judged, or that of what says who signs the source: it is stale, not fresh
	Sequence     uint64      `json:"sequence,omitempty"`   // the source's own version number; 0 if it has none
	Signature    Signature   `json:"signature"`
	Entities     int         `json:"entities"`
	Keys         int         `json:"keys"`
	Auth         int         `json:"authorizations"`
	Documents    int         `json:"documents"`
	Recognitions int         `json:"recognitions,omitempty"`
	NotMapped    []NotMapped `json:"notMapped,omitempty"` // sorted by member
	Findings     []Finding   `json:"findings,omitempty"`  // what is wrong with entries of the source, in its order
}

// A Finding is something wrong with one entry of a source. An entry that cannot be
// trusted or understood is skipped, and one that merely breaks a rule of its
// profile is kept.
type Finding struct {
	Place   string `json:"place"`
	Reason  Reason `json:"reason"`
	Detail  string `json:"detail"`
	Skipped bool   `json:"skipped,omitempty"` // the entry is not in the result
}

// What can be said of a signature.
const (
	Verified = "verified" // by who is pinned, or leads to an anchor
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

// importers are the sources, in the order in which they are named to people.
var importers = []struct {
	from string
	read func(path string, opt Options) (*Result, error)
}{
	{FromFolder, Folder},
	{FromVCI, VCI},
	{FromDCC, DCC},
	{FromVICAL, VICAL},
	{FromIACA, IACA},
	{FromETSI, ETSI},
	{FromLoTE, LoTE},
	{FromUniversalVerify, UniversalVerify},
	{FromEBSI, EBSI},
	{FromOIDF, OIDF},
	{FromTRQP, TRQP},
}

// Sources returns the kinds of source that Import knows.
func Sources() []string {
	var names []string
	for _, i := range importers {
		names = append(names, i.from)
	}
	return names
}

// Import reads a source of the given kind.
func Import(from, path string, opt Options) (*Result, error) {
	for _, i := range importers {
		if i.from == from {
			return i.read(path, opt)
		}
	}
	return nil, errorf(UnknownSource, "", "%q, want one of %s", from, strings.Join(Sources(), ", "))
}

// Source returns what Build takes.
func (r *Result) Source() snapshot.Source {
	return snapshot.Source{
		Name:         r.Name,
		Authority:    r.Authority,
		Entities:     seq(r.Entities),
		Documents:    seq(r.Documents),
		StatusLists:  seq(r.StatusLists),
		Recognitions: seq(r.Recognitions),
		Evidence:     r.Evidence.Get,
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

// now is the time at which to judge.
func (opt Options) now() time.Time {
	if opt.Now.IsZero() {
		return time.Now().UTC()
	}
	return opt.Now.UTC()
}

// get obtains an address, if the caller has said how.
func (opt Options) get(url string) ([]byte, error) {
	if opt.Get == nil {
		return nil, errorf(NoFile, url, "not among the saved answers, and no way is given to fetch it")
	}
	body, _, err := opt.Get(opt.context(), url)
	return obtained(url, body, err)
}

// post asks an address, if the caller has said how.
func (opt Options) post(url string, question []byte) ([]byte, error) {
	if opt.Post == nil {
		return nil, errorf(NoFile, url, "not among the saved answers, and no way is given to ask it")
	}
	body, _, err := opt.Post(opt.context(), url, question)
	return obtained(url, body, err)
}

func (opt Options) context() context.Context {
	if opt.Context == nil {
		return context.Background()
	}
	return opt.Context
}

func obtained(url string, body []byte, err error) ([]byte, error) {
	switch {
	case err != nil:
		return nil, errorf(NoFile, url, "%v", err)
	case len(body) > MaxFile:
		return nil, errorf(TooLarge, url, "more than %d bytes", MaxFile)
	}
	return body, nil
}

// judge is finish for a source that has a version or an end: it says whether the
// next update is past, and refuses a source older than the last one imported.
func (r *Result) judge(opt Options) (*Result, error) {
	p := &r.Report
	if p.NextUpdate != "" {
		next, err := time.Parse(time.RFC3339, p.NextUpdate)
		if err != nil {
			return nil, errorf(BadForm, p.Source, "next update: %v", err)
		}
		now := opt.now()
		p.Judged, p.Past = now.Format(time.RFC3339), !now.Before(next)
	}
	if err := p.follows(opt.After); err != nil {
		return nil, err
	}
	return r.finish()
}

// due notes on every entity when the list that it is from is to be renewed, so that who
// verifies by it learns that it was not. "" notes nothing.
func (r *Result) due(at string) {
	for i := range r.Entities {
		r.Entities[i].Due = at
	}
}

// follows reports whether a source may be imported after another version of it.
func (p *Report) follows(prev *Report) error {
	switch {
	case prev == nil:
		return nil
	case prev.From != p.From:
		return errorf(Rollback, p.Source, "the import before was of a source of kind %q, want %q", prev.From, p.From)
	case prev.List != p.List && prev.List != "": // a report may be from before reports said so
		return errorf(Rollback, p.Source, "is %s, and the import before was of %s, whose versions say nothing of it", shown(p.List), shown(prev.List))
	case p.Sequence < prev.Sequence:
		return errorf(Rollback, p.Source, "has the sequence number %d, and %d is imported already", p.Sequence, prev.Sequence)
	case p.Sequence > prev.Sequence:
		return nil
	case p.Sequence > 0 && p.SourceCID != prev.SourceCID:
		return errorf(Rollback, p.Source, "has the sequence number %d, as %s had that was imported before it", p.Sequence, prev.SourceCID)
	}
	before, err := time.Parse(time.RFC3339, prev.Time)
	if err != nil {
		return nil // what was imported before said nothing of its age
	}
	if at, err := time.Parse(time.RFC3339, p.Time); err != nil || at.Before(before) {
		return errorf(Rollback, p.Source, "is of %q, and one of %s is imported already", p.Time, prev.Time)
	}
	return nil
}

// skip lists an entry that is not imported.
func (r *Result) skip(place string, reason Reason, format string, args ...any) {
	r.Report.Findings = append(r.Report.Findings, Finding{place, reason, fmt.Sprintf(format, args...), true})
}

// skipError is skip with the reason of an error of this package.
func (r *Result) skipError(place string, err error) {
	reason := BadForm
	var e *Error
	if errors.As(err, &e) {
		reason = e.Reason
	}
	r.skip(place, reason, "%v", err)
}

// carry keeps bytes as evidence, if they are to be carried and fit a block, and
// returns the CID under which an entity names them, else "".
func (r *Result) carry(data []byte, opt Options) string {
	if !opt.Evidence || len(data) > block.MaxSize {
		return ""
	}
	b := block.New(block.Raw, data)
	if r.Evidence == nil {
		r.Evidence = snapshot.Store{}
	}
	r.Report.Carried = true
	r.Evidence[b.CID] = data
	return b.CID.String()
}

// note lists an entry that breaks a rule of its profile and is imported.
func (r *Result) note(place string, reason Reason, format string, args ...any) {
	r.Report.Findings = append(r.Report.Findings, Finding{place, reason, fmt.Sprintf(format, args...), false})
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
	r.Report.Recognitions = len(r.Recognitions)
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
	WrongSigner   Reason = "import_wrong_signer"  // another certificate or key than the pinned one, or none that leads to an anchor
	NoAnchor      Reason = "import_no_anchor"     // a signed source, and nothing says by whom it has to be signed
	Expired       Reason = "import_expired"       // a certificate or statement that is not valid at the time that matters
	Rollback      Reason = "import_rollback"      // an earlier version than the one imported before, or another of the same number
	BadProfile    Reason = "import_bad_profile"   // breaks a rule of the profile that the source says it follows
	Unsupported   Reason = "import_unsupported"   // well formed, and of a kind that this package does not know
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
