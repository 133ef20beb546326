package builder

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/verilith/verilith/registry-snapshots/importer"
	"github.com/verilith/verilith/wasm/strictjson"
)

// source is an imported source, or one that is missing.
type source struct {
	*importer.Result
	missing bool // optional, and not to be had: nothing is known of who is in it
}

// importSource imports one source: from its file, from the network, or as it was
// kept from the last time.
func (b *build) importSource(c sourceConfig) (source, error) {
	rep := SourceReport{Label: c.Label, From: c.From, Source: c.where()}
	s, err := b.readSource(c, &rep)
	if err != nil && !isCancelled(b.ctx, err) {
		rep.State, rep.Reason, rep.Detail = Failed, reasonOf(err), err.Error()
		err = errorf(BadSource, c.place, "source %.200q: %v", c.Label, err)
	}
	if s.Result != nil {
		r := s.Report
		r.Source = rep.Source
		rep.Import = &r
	}
	b.out.Report.Sources = append(b.out.Report.Sources, rep)
	return s, err
}

func (b *build) readSource(c sourceConfig, rep *SourceReport) (source, error) {
	if c.File != "" {
		r, err := importer.Import(c.From, b.cfg.file(c.File), b.importOptions(c, nil))
		if err != nil {
			return source{}, err
		}
		rep.State = Read
		if st, err := os.Stat(b.cfg.file(c.File)); err == nil && st.Mode().IsRegular() {
			rep.Bytes = st.Size()
		}
		return source{Result: r}, nil
	}
	key := c.From + " " + c.where()
	old := b.opt.Shelf.get(key)
	now := &kept{Key: key, Obtained: b.at}
	var r *importer.Result
	err := b.download(c, now)
	if err == nil {
		r, err = b.importKept(c, now, old, true)
	}
	if err == nil {
		rep.State, rep.Obtained, rep.Bytes = New, b.at, now.size()
		if old != nil {
			rep.State = Changed
			if old.sum() == now.sum() {
				rep.State = Unchanged
			}
		}
		report := r.Report
		report.Source, now.Report = rep.Source, &report
		return source{Result: r}, b.opt.Shelf.put(*now)
	}
	if isCancelled(b.ctx, err) || b.gather.failed() != nil {
		return source{}, err
	}
	rep.Reason, rep.Detail = reasonOf(err), err.Error()
	if old != nil {
		// What was kept is imported anew: at this time its signature may have ended.
		if r, oldErr := b.importKept(c, old, nil, false); oldErr == nil {
			rep.State, rep.Obtained, rep.Bytes = Kept, old.Obtained, old.size()
			rep.Age = b.age(old.Obtained)
			return source{Result: r}, nil
		} else {
			err = fmt.Errorf("%w; and what was kept from %s: %w", err, old.Obtained, oldErr)
		}
	}
	if c.Optional {
		rep.State = Missing
		return source{missing: true}, nil
	}
	return source{}, err
}

// age is how old something is at the time of the build.
func (b *build) age(obtained string) string {
	t, err := time.Parse(time.RFC3339, obtained)
	if err != nil {
		return ""
	}
	return b.opt.Now.Sub(t).Round(time.Second).String()
}

func (k *kept) size() (n int64) {
	for _, f := range k.Files {
		n += int64(len(f.body))
	}
	return n
}

// sum tells two versions of a source apart.
func (k *kept) sum() digest {
	h := sha256.New()
	for _, f := range k.Files {
		fmt.Fprintf(h, "%d %s %d %s %d ", len(f.Name), f.Name, len(f.URL), f.URL, len(f.body))
		h.Write(f.body)
	}
	return digest(h.Sum(nil))
}

// beside are the files that a source has beside it, as endings of its own name, and
// that are tried where registry.yaml names no others.
var beside = map[string][]string{importer.FromVCI: {".sig", ".crt"}}

// download obtains the files that registry.yaml names by URL.
func (b *build) download(c sourceConfig, k *kept) error {
	fetch := func(target string) ([]byte, string, error) {
		a, err := b.gather.get(target, "*/*", b.cfg.Limits.SourceBytes, b.cfg.Limits.Timeout)
		return a.Body, a.MediaType, err
	}
	for _, name := range slices.Sorted(maps.Keys(c.Files)) {
		body, media, err := fetch(c.Files[name])
		if err != nil {
			return err
		}
		k.Files = append(k.Files, keptFile{Name: name, URL: c.Files[name], MediaType: media, body: body})
	}
	if c.URL != "" && isAPI(c.From) {
		k.Files = append(k.Files, c.endpoint()...)
	} else if c.URL != "" {
		if err := b.downloadFile(c, k, fetch); err != nil {
			return err
		}
	}
	for _, named := range append([]string{c.Signature, c.Certificate, c.LOTL}, c.Anchors...) {
		if !isURL(named) {
			continue
		}
		body, media, err := fetch(named)
		if err != nil {
			return err
		}
		k.Files = append(k.Files, keptFile{Name: fmt.Sprintf(besideFile, len(k.Files), fileName(named, "file")), URL: named, MediaType: media, body: body})
	}
	return nil
}

// besideFile is the name of a file that the importer is told of, apart from those that
// make a folder.
const besideFile = ".beside-%d-%s"

// downloadFile obtains a source that is one file, and what lies beside it.
func (b *build) downloadFile(c sourceConfig, k *kept, fetch func(string) ([]byte, string, error)) error {
	body, media, err := fetch(c.URL)
	if err != nil {
		return err
	}
	main := fileName(c.URL, "source")
	k.Files = append(k.Files, keptFile{Name: main, URL: c.URL, MediaType: media, body: body})
	stem := strings.TrimSuffix(strings.TrimSuffix(main, ".gz"), ".json")
	stemURL, _, _ := strings.Cut(c.URL, "?")
	stemURL = strings.TrimSuffix(strings.TrimSuffix(stemURL, ".gz"), ".json")
	for i, ending := range beside[c.From] {
		if []string{c.Signature, c.Certificate}[i] != "" {
			continue
		}
		body, media, err := fetch(stemURL + ending)
		if err != nil && (isCancelled(b.ctx, err) || b.gather.failed() != nil) {
			return err
		}
		if err != nil {
			continue // the importer says what it thinks of that
		}
		k.Files = append(k.Files, keptFile{Name: stem + ending, URL: stemURL + ending, MediaType: media, body: body})
	}
	return nil
}

// isAPI reports whether a source is no file but a number of addresses, which its
// importer asks for one by one.
func isAPI(from string) bool {
	return from == importer.FromEBSI || from == importer.FromOIDF || from == importer.FromTRQP
}

// endpoint makes the folder that such an importer reads, of its endpoint alone.
func (c sourceConfig) endpoint() []keptFile {
	text := strictjson.Encode(strictjson.Object{"endpoint": c.URL})
	files := []keptFile{{Name: "source.json", body: text}}
	if c.Questions != nil {
		files = append(files, keptFile{Name: "questions.json", body: strictjson.Encode(c.Questions)})
	}
	return files
}

// fileName is the last segment of a URL, as far as it can be a file's name.
func fileName(target, otherwise string) string {
	u, err := url.Parse(target)
	if err != nil {
		return otherwise
	}
	name := path.Base(u.Path)
	if len(name) > 100 || strings.HasPrefix(name, ".") || strings.ContainsFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '_' && r != '.'
	}) || strings.Trim(name, "./") == "" {
		return otherwise
	}
	return name
}

// importKept imports a source from the files that were obtained, now or earlier. With
// live, what else the importer asks for is fetched, and kept with the files.
func (b *build) importKept(c sourceConfig, k, before *kept, live bool) (*importer.Result, error) {
	dir, err := os.MkdirTemp("", "verilith-source-")
	if err != nil {
		return nil, errorf(BadOptions, "", "%v", err)
	}
	defer os.RemoveAll(dir)
	files := map[string]string{} // URL → file
	main := dir
	for i, f := range k.Files {
		if f.Name == "" {
			continue
		}
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return nil, errorf(BadOptions, "", "%v", err)
		}
		if err := os.WriteFile(name, f.body, 0o600); err != nil {
			return nil, errorf(BadOptions, "", "%v", err)
		}
		files[f.URL] = name
		if i == 0 && c.URL != "" && !isAPI(c.From) {
			main = name
		}
	}
	opt := b.importOptions(c, files)
	if before != nil {
		opt.After = before.Report
	}
	var mu sync.Mutex
	var asked []keptFile
	ask := func(target string, question []byte) ([]byte, string, error) {
		name := target
		if question != nil {
			name += "\n" + string(question)
		}
		if !live {
			for _, f := range k.Files {
				if f.URL == name {
					return f.body, f.MediaType, nil
				}
			}
			return nil, "", errorf(NotFetched, target, "was not kept")
		}
		a, err := b.gather.do(Request{URL: target, Question: question, MaxBytes: b.cfg.Limits.SourceBytes, Timeout: b.cfg.Limits.Timeout})
		if err == nil {
			mu.Lock()
			asked = append(asked, keptFile{URL: name, MediaType: a.MediaType, body: a.Body})
			mu.Unlock()
		}
		return a.Body, a.MediaType, err
	}
	opt.Get = func(_ context.Context, target string) ([]byte, string, error) { return ask(target, nil) }
	opt.Post = func(_ context.Context, target string, question []byte) ([]byte, string, error) {
		return ask(target, question)
	}
	r, err := importer.Import(c.From, main, opt)
	if err != nil { // its text names the file that was made here
		return nil, renamed{err, strings.NewReplacer(main, c.where(), dir, c.where())}
	}
	r.Report.Source = c.where()
	slices.SortFunc(asked, func(a, b keptFile) int { return strings.Compare(a.URL, b.URL) })
	k.Files = append(k.Files, asked...)
	return r, nil
}

// importOptions are what registry.yaml says of a source. files are those that were
// fetched, by URL.
func (b *build) importOptions(c sourceConfig, files map[string]string) importer.Options {
	local := func(name string) string {
		switch {
		case name == "":
			return ""
		case isURL(name):
			return files[name]
		}
		return b.cfg.file(name)
	}
	opt := importer.Options{
		Unsigned: c.Unsigned, Evidence: c.Evidence, Fingerprint: c.Fingerprint,
		Signature: local(c.Signature), Certificate: local(c.Certificate), LOTL: local(c.LOTL), Now: b.opt.Now, Context: b.ctx,
	}
	for _, a := range c.Anchors {
		opt.Anchors = append(opt.Anchors, local(a))
	}
	return opt
}

// renamed is an error whose text names URLs in the place of temporary files.
type renamed struct {
	err  error
	text *strings.Replacer
}

func (r renamed) Error() string { return r.text.Replace(r.err.Error()) }
func (r renamed) Unwrap() error { return r.err }
