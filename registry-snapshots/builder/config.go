package builder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/verilith/verilith/registry-snapshots/importer"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// A Config is a registry.yaml that was read and checked.
type Config struct {
	Name string
	// Authority is snapshot.Meta.Authority: in whose name the registry speaks.
	Authority string
	Previous  string // the snapshot before, as the file names it: for the caller to open
	Limits    Limits

	path     string // for messages
	dir      string // relative files start here
	sources  []sourceConfig
	entities []entityConfig
	carry    []item
	didAll   bool // carry the DID document of every entity
	history  bool
	renew    time.Duration
	// recognitions are what the registry says of others.
	recognitions []snapshot.Recognition
}

// configFile is registry.yaml. A member that is not here is refused.
type configFile struct {
	Name         string              `json:"name"`
	Authority    string              `json:"authority"`
	Previous     string              `json:"previous"`
	Sources      []sourceFile        `json:"sources"`
	Entities     []any               `json:"entities"`
	Recognitions []strictjson.Object `json:"recognitions"`
	Carry        struct {
		DIDDocuments    any   `json:"didDocuments"`
		StatusLists     []any `json:"statusLists"`
		Contexts        []any `json:"contexts"`
		Schemas         []any `json:"schemas"`
		TypeMetadata    []any `json:"typeMetadata"`
		IssuerMetadata  []any `json:"issuerMetadata"`
		RevocationLists []any `json:"revocationLists"`
		Certificates    []any `json:"certificates"`
		Resources       []any `json:"resources"`
	} `json:"carry"`
	History string `json:"history"`
	Renew   string `json:"renew"`
	Limits  struct {
		DocumentBytes int64  `json:"documentBytes"`
		SourceBytes   int64  `json:"sourceBytes"`
		TotalBytes    int64  `json:"totalBytes"`
		Documents     int    `json:"documents"`
		PerHost       int    `json:"perHost"`
		Timeout       string `json:"timeout"`
	} `json:"limits"`
}

// sourceFile is one entry of sources.
type sourceFile struct {
	From  string            `json:"from"`
	Label string            `json:"label"`
	File  string            `json:"file"`  // a file or folder
	URL   string            `json:"url"`   // a file
	Files map[string]string `json:"files"` // a folder: names, and the URLs of what goes under them

	// As in importer.Options. Files may be URLs.
	Signature   string   `json:"signature"`
	Certificate string   `json:"certificate"`
	Anchors     []string `json:"anchors"`
	LOTL        string   `json:"lotl"`
	Fingerprint string   `json:"fingerprint"`
	Unsigned    bool     `json:"unsigned"`
	Evidence    bool     `json:"evidence"`
	Questions   []any    `json:"questions"` // of an endpoint that answers some: what to ask

	Optional bool `json:"optional"`
}

type sourceConfig struct {
	sourceFile
	place string
}

// entityConfig is an entity of registry.yaml, or of a file that it names.
type entityConfig struct {
	place  string
	object strictjson.Object
}

// Load reads registry.yaml, or the one in a folder. One that says no more than the
// folder importer reads in it (name, authority, recognitions) stands for its folder.
func Load(path string) (*Config, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	dir := filepath.Dir(path)
	if st.IsDir() {
		dir = path
		if path, err = manifest(dir); err != nil {
			return nil, err
		}
	}
	c := &Config{path: filepath.Base(path), dir: dir, history: true, renew: defaultRenew, Limits: defaultLimits}
	if path == "" { // entities alone
		c.path = filepath.Base(dir)
		c.sources = []sourceConfig{{sourceFile{From: importer.FromFolder, File: ".", Label: "folder"}, c.path}}
		return c, nil
	}
	data, err := readFile(path, maxConfig)
	if err != nil {
		return nil, err
	}
	return c, c.parse(data)
}

// manifest returns the registry.yaml of a folder, or "" if it has none.
func manifest(dir string) (string, error) {
	found := ""
	for _, name := range []string{"registry.yaml", "registry.yml", "registry.json"} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return "", fileError(path, err)
		}
		if found != "" {
			return "", errorf(BadConfig, path, "there is %s already", found)
		}
		found = path
	}
	return found, nil
}

func (c *Config) parse(data []byte) error {
	var whole strictjson.Object
	err := importer.ReadObjects(c.path, data, func(place string, o strictjson.Object) error {
		if whole != nil {
			return errorf(BadConfig, place, "want one mapping")
		}
		whole = o
		return nil
	})
	if err != nil {
		var own *Error
		if errors.As(err, &own) {
			return err
		}
		return errorf(BadConfig, "", "%v", err)
	}
	var f configFile
	if err := strictjson.Bind(whole, &f); err != nil {
		return c.bindError("", err)
	}
	c.Name, c.Authority, c.Previous = f.Name, f.Authority, f.Previous
	if len(whole.Without("name", "authority", "recognitions")) == 0 { // what the folder importer reads
		c.sources = []sourceConfig{{sourceFile{From: importer.FromFolder, File: ".", Label: "folder"}, c.path}}
		return nil
	}
	if c.Name == "" {
		return errorf(BadConfig, c.path, "name: is missing or empty")
	}
	if o := whole.Without("name", "authority", "recognitions", "previous", "history", "renew", "limits"); len(o) == 0 {
		return errorf(BadConfig, c.path, "there is nothing to build from: want sources, entities or carry")
	}
	for _, step := range []func(*configFile) error{c.readOptions, c.readSources, c.readEntities, c.readCarry} {
		if err := step(&f); err != nil {
			return err
		}
	}
	for i, o := range f.Recognitions {
		r, err := snapshot.ParseRecognition(o)
		if err != nil {
			return errorf(BadConfig, c.at(fmt.Sprintf("recognitions[%d]", i)), "%v", err)
		}
		c.recognitions = append(c.recognitions, r)
	}
	return nil
}

// at names a place in the file.
func (c *Config) at(member string) string {
	if member == "" {
		return c.path
	}
	return c.path + ": " + member
}

// bindError says where strictjson.Bind found a fault below a member.
func (c *Config) bindError(member string, err error) error {
	var je *strictjson.Error
	if !errors.As(err, &je) {
		return errorf(BadConfig, c.at(member), "%v", err)
	}
	switch {
	case member == "":
		member = je.Member
	case je.Member != "":
		member += "." + je.Member
	}
	return errorf(BadConfig, c.at(member), "%s", je.Detail)
}

func (c *Config) readOptions(f *configFile) error {
	switch f.History {
	case "", "keep":
	case "none":
		c.history = false
	default:
		return errorf(BadConfig, c.at("history"), "%.40q, want keep or none", f.History)
	}
	if f.Renew != "" {
		d, err := parseAge(f.Renew)
		if err != nil {
			return errorf(BadConfig, c.at("renew"), "%v", err)
		}
		c.renew = d
	}
	if f.Limits.Timeout != "" {
		d, err := parseAge(f.Limits.Timeout)
		if err != nil || d <= 0 || d > mostLimits.Timeout {
			return errorf(BadConfig, c.at("limits.timeout"), "%.40q, want a time such as 30s, at most %v", f.Limits.Timeout, mostLimits.Timeout)
		}
		c.Limits.Timeout = d
	}
	for _, l := range []struct {
		name      string
		have, top int64
		set       func(int64)
	}{
		{"documentBytes", f.Limits.DocumentBytes, mostLimits.DocumentBytes, func(n int64) { c.Limits.DocumentBytes = n }},
		{"sourceBytes", f.Limits.SourceBytes, mostLimits.SourceBytes, func(n int64) { c.Limits.SourceBytes = n }},
		{"totalBytes", f.Limits.TotalBytes, mostLimits.TotalBytes, func(n int64) { c.Limits.TotalBytes = n }},
		{"documents", int64(f.Limits.Documents), int64(mostLimits.Documents), func(n int64) { c.Limits.Documents = int(n) }},
		{"perHost", int64(f.Limits.PerHost), int64(mostLimits.PerHost), func(n int64) { c.Limits.PerHost = int(n) }},
	} {
		switch {
		case l.have < 0 || l.have > l.top:
			return errorf(BadConfig, c.at("limits."+l.name), "%d, want at most %d", l.have, l.top)
		case l.have > 0:
			l.set(l.have)
		}
	}
	return nil
}

// parseAge reads "30s", "12h" or "7d".
func parseAge(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("%.40q, want a time such as 12h or 7d", s)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%.40q, want a time such as 12h or 7d", s)
	}
	return d, nil
}

func (c *Config) readSources(f *configFile) error {
	labels := map[string]bool{}
	for i, s := range f.Sources {
		place := c.at(fmt.Sprintf("sources[%d]", i))
		switch {
		case !slices.Contains(importer.Sources(), s.From):
			return errorf(BadConfig, place+".from", "%.40q, want one of %s", s.From, strings.Join(importer.Sources(), ", "))
		case s.kinds() != 1:
			return errorf(BadConfig, place, "want one of file, url and files")
		case s.File == "" && s.From == importer.FromFolder:
			return errorf(BadConfig, place, "want the file of a folder")
		case s.Questions != nil && (s.From != importer.FromTRQP || s.URL == ""):
			return errorf(BadConfig, place+".questions", "are for the url of a %s endpoint", importer.FromTRQP)
		case s.File != "" && s.Optional:
			return errorf(BadConfig, place+".optional", "a file is there or not: leave the source out")
		}
		if err := s.check(); err != nil {
			return errorf(BadConfig, place, "%v", err)
		}
		if s.Label == "" {
			s.Label = s.From + " " + s.where()
		}
		if labels[s.Label] {
			return errorf(BadConfig, place, "there is a source %.200q already", s.Label)
		}
		labels[s.Label] = true
		c.sources = append(c.sources, sourceConfig{s, place})
	}
	return nil
}

// kinds counts the ways in which a source says where it is.
func (s sourceFile) kinds() (n int) {
	for _, there := range []bool{s.File != "", s.URL != "", len(s.Files) > 0} {
		if there {
			n++
		}
	}
	return n
}

// where is the file or URL of a source, for people and for the shelf.
func (s sourceFile) where() string {
	if len(s.Files) == 0 {
		return s.File + s.URL
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		list = append(list, s.Files[name])
	}
	return strings.Join(list, " ")
}

// check holds what is fetched to be named by https URLs, and files to have names that
// stay in their folder.
func (s sourceFile) check() error {
	if s.URL != "" {
		if err := checkURL(s.URL); err != nil {
			return fmt.Errorf("url: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, `\:`) {
			return fmt.Errorf("files: %.100q is no name of a file", name)
		}
		if err := checkURL(s.Files[name]); err != nil {
			return fmt.Errorf("files[%s]: %w", name, err)
		}
	}
	for _, name := range append([]string{s.Signature, s.Certificate, s.LOTL}, s.Anchors...) {
		if !isURL(name) {
			continue
		}
		if err := checkURL(name); err != nil {
			return err
		}
		if s.File != "" {
			return fmt.Errorf("%.200q is a URL, and the source is a file: want files for both", name)
		}
	}
	return nil
}

func isURL(s string) bool { return strings.Contains(s, "://") }

// checkURL holds a text to be an https URL, or one of http for this machine, which
// is for the fetcher to allow.
func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("%.200q, want an https URL without user and fragment", s)
	}
	return nil
}

// readEntities takes entities and reads the files that are named among them.
func (c *Config) readEntities(f *configFile) error {
	for i, v := range f.Entities {
		place := c.at(fmt.Sprintf("entities[%d]", i))
		switch v := v.(type) {
		case strictjson.Object:
			c.entities = append(c.entities, entityConfig{place, v})
		case string:
			if err := c.entityFiles(place, v); err != nil {
				return err
			}
		default:
			return errorf(BadConfig, place, "want an entity, or the name of a file of entities")
		}
	}
	return nil
}

// entityFiles reads the files that a pattern names, in the order of their names.
func (c *Config) entityFiles(place, pattern string) error {
	names, err := filepath.Glob(c.file(pattern))
	if err != nil {
		return errorf(BadConfig, place, "%v", err)
	}
	if len(names) == 0 {
		return errorf(NoFile, place, "there is no file %s", pattern)
	}
	for _, name := range names {
		switch filepath.Ext(name) {
		case ".json", ".yaml", ".yml":
		default:
			return errorf(BadConfig, place, "%s is not named .json, .yaml or .yml", name)
		}
		data, err := readFile(name, maxEntities)
		if err != nil {
			return err
		}
		if err := importer.ReadObjects(name, data, func(place string, o strictjson.Object) error {
			c.entities = append(c.entities, entityConfig{place, o})
			return nil
		}); err != nil {
			return errorf(BadConfig, "", "%v", err)
		}
	}
	return nil
}

// file is a file that is named in registry.yaml.
func (c *Config) file(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.dir, filepath.FromSlash(name))
}

func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fileError(path, err)
	}
	if int64(len(data)) > most {
		return nil, errorf(TooLarge, path, "more than %d bytes", most)
	}
	return data, nil
}

func fileError(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errorf(NoFile, path, "there is no such file")
	}
	return errorf(NoFile, path, "%v", err)
}
