// Importtable imports the real registries in a folder, each with its signature checked,
// and prints a table of what came of it: how many entities, keys and authorizations, by
// whom it is signed and how that is known, when its next update was due and whether that
// is past, and what the model could not say.
//
// It exits with 1 if a registry that is signed does not verify, or cannot be read. A
// folder that is not there is no failure, and is said.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/verilith/verilith/registry-snapshots/importer"
)

func main() {
	dir := flag.String("realdata", "../shared/realdata", "`FOLDER` of the registries")
	at := flag.String("now", "", "`TIME` at which to judge, RFC 3339 (default: the present)")
	flag.Parse()
	now := time.Now().UTC()
	if *at != "" {
		t, err := time.Parse(time.RFC3339, *at)
		if err != nil || flag.NArg() > 0 {
			fmt.Fprintln(os.Stderr, "importtable: want --realdata FOLDER and --now TIME")
			os.Exit(2)
		}
		now = t.UTC()
	}
	failed, err := run(os.Stdout, *dir, now, importer.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, "importtable:", err)
		os.Exit(2)
	}
	if failed > 0 {
		fmt.Fprintf(os.Stderr, "importtable: %d failed\n", failed)
		os.Exit(1)
	}
}

// A source is one row of the table.
type source struct {
	from, path string
	opt        importer.Options
	pin        pin
	signed     bool // it has to verify
}

// A pin is where it is known from who has to sign a source.
type pin struct{ short, long string }

var (
	byVCI  = pin{"pinned certificate of vci.org", "its SHA-256 is known to the importer; the certificate lies beside the file"}
	byOJ   = pin{"pinned notice C/2026/1944", "the Official Journal of the European Union of 15 April 2026 has the SHA-256 of the certificates that sign the list of lists; they are known to the importer"}
	byLOTL = pin{"pinned list of lists", "eu-lotl.xml, verified itself, has the certificates that sign the lists of each Member State"}
	byUV   = pin{"pinned key of Universal Verify", "known to the importer"}
	byself = pin{"self-consistent, unpinned", "the signature is by the certificate that comes with it, and nothing here says whose that is"}
	nobody = pin{"unsigned", "nothing to check: the source has no signature, or this old version has none"}
)

// sources lists what there is in a folder, the list of lists before the lists.
func sources(dir string, now time.Time, vci importer.Options) []source {
	plain := importer.Options{Now: now}
	loose := importer.Options{Now: now, Unsigned: true}
	vci.Now = now
	list := []source{{importer.FromVCI, "vci/vci_snapshot.json", vci, byVCI, true}}
	glob := func(pattern string, s source) {
		files, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, f := range files { // in order of their names
			s.path, _ = filepath.Rel(dir, f)
			if !slices.ContainsFunc(list, func(have source) bool { return have.path == s.path }) {
				list = append(list, s)
			}
		}
	}
	glob("vci/history/*.json.gz", source{importer.FromVCI, "", loose, nobody, false})
	glob("dcc/*.json", source{importer.FromDCC, "", plain, nobody, false})
	list = append(list, source{importer.FromETSI, "eu/eu-lotl.xml", plain, byOJ, true})
	under := plain
	under.LOTL = filepath.Join(dir, "eu", "eu-lotl.xml")
	glob("eu/*.xml", source{importer.FromETSI, "", under, byLOTL, true})
	glob("vical/*.cbor", source{importer.FromVICAL, "", loose, byself, true})
	list = append(list,
		source{importer.FromIACA, "iaca", plain, nobody, false},
		source{importer.FromUniversalVerify, "universal-verify", plain, byUV, true})
	glob("siros/lists/*/scheme.yaml", source{importer.FromLoTE, "", loose, nobody, false})
	for i, s := range list {
		if s.from == importer.FromLoTE { // the folder
			list[i].path = filepath.Dir(s.path)
		}
	}
	return list
}

// run prints the table and counts what failed. vci pins the VCI directory where the pin
// that is known does not do.
func run(w io.Writer, dir string, now time.Time, vci importer.Options) (failed int, err error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		_, err := fmt.Fprintf(w, "skipped: there is no folder %s with real registries\n", dir)
		return 0, err
	}
	fmt.Fprintf(w, "judged at %s\n\n", now.Format(time.RFC3339))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "source\tentities\tkeys\tauthorizations\tsignature\tnext update\tage\tnot mapped (times)\tskipped")
	left := map[string][]importer.NotMapped{}
	var notes []string
	for _, s := range sources(dir, now, vci) {
		if _, err := os.Stat(filepath.Join(dir, s.path)); errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(table, "%s\t-\t-\t-\tnot there\t\t\t\t\n", s.path)
			continue
		}
		r, err := importer.Import(s.from, filepath.Join(dir, s.path), s.opt)
		if err != nil {
			failed++
			fmt.Fprintf(table, "%s\t-\t-\t-\tFAILED\t\t\t\t\n", s.path)
			notes = append(notes, fmt.Sprintf("%s FAILED: %s", s.path, clean(dir, err)))
			continue
		}
		row(table, s, r)
		if !verified(s, r) {
			failed++
			notes = append(notes, s.path+" FAILED: it has to be verified, and is "+r.Report.Signature.State)
		}
		for _, n := range r.Report.NotMapped {
			left[s.from] = add(left[s.from], n)
		}
		for _, f := range r.Report.Findings {
			if f.Reason == importer.Expired {
				notes = append(notes, s.path+": "+f.Detail)
			}
		}
	}
	if err := table.Flush(); err != nil {
		return failed, err
	}
	var pins []string
	for _, p := range []pin{byVCI, byOJ, byLOTL, byUV, byself, nobody} {
		pins = append(pins, fmt.Sprintf("%-32s %s", p.short, p.long))
	}
	section(w, "By what signatures were checked", pins)
	files, _ := filepath.Glob(filepath.Join(dir, "siros/lists/*/lotl.yaml"))
	for _, f := range files {
		f, _ = filepath.Rel(dir, filepath.Dir(f))
		notes = append(notes, f+" is not imported: the sources of a list of lists, without the certificates of those that it points to")
	}
	section(w, "Notes", notes)
	var lines []string
	for _, from := range importer.Sources() {
		for _, n := range left[from] {
			lines = append(lines, fmt.Sprintf("%-16s %6d  %s: %s", from, n.Count, n.Member, n.Why))
		}
	}
	section(w, "What was not mapped", lines)
	return failed, nil
}

// verified reports whether a source that has to verify did. One that nobody vouches for
// was checked by what it says itself: then the report has an algorithm.
func verified(s source, r *importer.Result) bool {
	sig := r.Report.Signature
	return !s.signed || sig.State == importer.Verified || s.pin == byself && sig.Algorithm != ""
}

func row(w io.Writer, s source, r *importer.Result) {
	p := r.Report
	next, age := p.NextUpdate, "fresh"
	switch {
	case p.Past:
		age = "STALE"
	case next == "":
		age = "not said"
	}
	if next == "" {
		next = "none"
	}
	sig := s.pin.short
	if p.Signature.State == importer.Verified {
		sig = "verified by " + sig
	}
	if p.Signature.Algorithm != "" {
		sig += ", " + p.Signature.Algorithm
	}
	times, skipped := 0, 0
	for _, n := range p.NotMapped {
		times += n.Count
	}
	for _, f := range p.Findings {
		if f.Skipped {
			skipped++
		}
	}
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\t%s\t%s\t%d (%d)\t%d\n",
		s.path, p.Entities, p.Keys, p.Auth, sig, next, age, len(p.NotMapped), times, skipped)
}

// add sums up by member.
func add(list []importer.NotMapped, n importer.NotMapped) []importer.NotMapped {
	for i := range list {
		if list[i].Member == n.Member {
			list[i].Count += n.Count
			return list
		}
	}
	return append(list, n)
}

func section(w io.Writer, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	for _, l := range lines {
		fmt.Fprintf(w, "  %s\n", l)
	}
}

// clean takes the folder out of a message.
func clean(dir string, err error) string {
	return strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")
}
