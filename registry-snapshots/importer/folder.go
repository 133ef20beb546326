package importer

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// The names in a folder that are not entity files.
const (
	folderManifest  = "registry"  // registry.yaml or .json: {name, authority, recognitions}
	folderResources = "resources" // documents, and the list of them
	folderIndex     = "index"     // resources/index.yaml: [{url, file, mediaType, obtained, kind, ttl}]
	folderEvidence  = "evidence"  // signed bytes that entities name

	kindStatus = "status" // kind of a status list in the list of documents
)

// Folder reads an operator's own registry:
//
//	registry.yaml          name: the registry's name; authority: in whose name it speaks;
//	                       recognitions: what it says of other registries, a list (all optional)
//	*.yaml, *.yml, *.json  entities, one or a list per file, in any subfolder
//	resources/index.yaml   a list of {url, file, mediaType, obtained}, and of status lists
//	                       {kind: status, url, file, mediaType, obtained, ttl}
//	resources/…            the documents that the list names
//	evidence/…             files that an entity or a recognition names as source or via:
//	                       evidence/letter.pdf
//
// Names that begin with a dot are passed over. A file in resources/ that the list
// does not name is an error, as is one in evidence/ that nothing names: what
// somebody put there was meant to be published. YAML has to say what JSON could:
// no anchors, aliases or tags, and no key twice. Links out of the folder are not
// followed.
func Folder(dir string, opt Options) (*Result, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fileError(dir, err)
	}
	defer root.Close()
	return folder(dir, root.FS())
}

// loader reads one folder.
type loader struct {
	*Result
	fsys     fs.FS
	named    map[string]bool // files in resources and evidence that something names
	resource []string        // files in resources
	evidence map[string]block.Block
	manifest string

	recognitions []placed
}

// placed is an object of a file, and where it stood.
type placed struct {
	place string
	o     strictjson.Object
}

func folder(dir string, fsys fs.FS) (*Result, error) {
	l := &loader{
		Result: &Result{Evidence: snapshot.Store{}, Report: Report{
			From: FromFolder, Source: dir,
			Signature: Signature{State: Absent, Note: "the operator's own files"},
		}},
		fsys: fsys, named: map[string]bool{}, evidence: map[string]block.Block{},
	}
	var entities []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fileError(name, err)
		case name != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case d.IsDir():
		case within(name, folderResources):
			l.resource = append(l.resource, name)
		case within(name, folderEvidence):
			return l.addEvidence(name)
		case stem(name) == folderManifest:
			return l.readManifest(name)
		case stem(name) != "":
			entities = append(entities, name)
		default:
			l.notMapped(name, "not named .json, .yaml or .yml")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(l.resource)
	for _, name := range entities {
		if err := l.entityFile(name); err != nil {
			return nil, err
		}
	}
	if err := l.recognised(); err != nil {
		return nil, err
	}
	if err := l.resources(); err != nil {
		return nil, err
	}
	for _, name := range slices.Concat(l.resource, sortedNames(l.evidence)) {
		if !l.named[name] {
			return nil, errorf(BadForm, name, "nothing names this file")
		}
	}
	return l.finish()
}

func sortedNames(m map[string]block.Block) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func within(name, dir string) bool { return strings.HasPrefix(name, dir+"/") }

// stem returns the name of an entity or list file without its ending, or "".
func stem(name string) string {
	ext := path.Ext(name)
	if ext != ".json" && ext != ".yaml" && ext != ".yml" {
		return ""
	}
	return strings.TrimSuffix(name, ext)
}

func (l *loader) read(name string) ([]byte, error) {
	f, err := l.fsys.Open(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	defer f.Close()
	return readAll(f, name)
}

// objects calls f for every object of a file: the one, or those of its lists.
func (l *loader) objects(name string, f func(place string, o strictjson.Object) error) error {
	data, err := l.read(name)
	if err != nil {
		return err
	}
	return ReadObjects(name, data, f)
}

func (l *loader) readManifest(name string) error {
	if l.manifest != "" {
		return errorf(BadForm, name, "there is %s already", l.manifest)
	}
	l.manifest = name
	return l.objects(name, func(place string, o strictjson.Object) error {
		var m struct {
			Name         string              `json:"name"`
			Authority    string              `json:"authority"`
			Recognitions []strictjson.Object `json:"recognitions"`
		}
		if err := strictjson.Bind(o, &m); err != nil {
			return errorf(BadForm, place, "%v", err)
		}
		l.Name, l.Authority = m.Name, m.Authority
		for i, o := range m.Recognitions {
			// Evidence is read later than the manifest.
			l.recognitions = append(l.recognitions, placed{index(place+": recognitions", i), o})
		}
		return nil
	})
}

func (l *loader) addEvidence(name string) error {
	data, err := l.read(name)
	if err != nil {
		return err
	}
	if len(data) > block.MaxSize {
		return errorf(TooLarge, name, "has %d bytes, want at most %d", len(data), block.MaxSize)
	}
	b := block.New(block.Raw, data)
	l.evidence[name] = b
	l.Evidence[b.CID] = data
	return nil
}

func (l *loader) entityFile(name string) error {
	return l.objects(name, func(place string, o strictjson.Object) error {
		if err := l.nameEvidence(place, o, "source"); err != nil {
			return err
		}
		for i, v := range o.Array("auth") {
			if a, ok := v.(strictjson.Object); ok {
				if err := l.nameEvidence(index(place+": auth", i), a, "via"); err != nil {
					return err
				}
			}
		}
		e, err := snapshot.ParseEntity(o)
		if err != nil {
			return errorf(BadEntity, place, "%v", err)
		}
		l.Entities = append(l.Entities, e)
		return nil
	})
}

// recognised reads the recognitions of the manifest.
func (l *loader) recognised() error {
	for _, p := range l.recognitions {
		if err := l.nameEvidence(p.place, p.o, "via"); err != nil {
			return err
		}
		r, err := snapshot.ParseRecognition(p.o)
		if err != nil {
			return errorf(BadEntity, p.place, "%v", err)
		}
		l.Recognitions = append(l.Recognitions, r)
	}
	return nil
}

// nameEvidence puts a CID in the place of the name of a file in evidence/.
func (l *loader) nameEvidence(place string, o strictjson.Object, member string) error {
	name, ok := o[member].(string)
	if !ok || !within(name, folderEvidence) {
		return nil
	}
	b, ok := l.evidence[name]
	if !ok {
		return errorf(NoFile, place, "%s: there is no file %s", member, name)
	}
	l.named[name] = true
	o[member] = b.CID.String()
	return nil
}

// resources reads the list of documents and the documents.
func (l *loader) resources() error {
	var lists []string
	for _, name := range l.resource {
		if stem(name) == folderResources+"/"+folderIndex {
			lists = append(lists, name)
			l.named[name] = true
		}
	}
	if len(lists) > 1 {
		return errorf(BadForm, lists[1], "there is %s already", lists[0])
	}
	for _, name := range lists {
		if err := l.objects(name, l.document); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) document(place string, o strictjson.Object) error {
	var entry struct {
		URL       string `json:"url"`
		File      string `json:"file"`
		MediaType string `json:"mediaType"`
		Obtained  string `json:"obtained"`
		Kind      string `json:"kind"` // empty for a resource
		TTL       int64  `json:"ttl"`  // of a status list, in seconds
	}
	if err := strictjson.Bind(o, &entry); err != nil {
		return errorf(BadForm, place, "%v", err)
	}
	name := path.Join(folderResources, entry.File)
	if _, ok := slices.BinarySearch(l.resource, name); !ok {
		return errorf(NoFile, place, "there is no file %s", name)
	}
	l.named[name] = true
	data, err := l.read(name)
	if err != nil {
		return err
	}
	d := snapshot.Document{URL: entry.URL, MediaType: entry.MediaType, Obtained: entry.Obtained, TTL: entry.TTL, Body: bytes.Clone(data)}
	switch {
	case entry.Kind == kindStatus:
		l.StatusLists = append(l.StatusLists, d)
	case entry.Kind != "":
		return errorf(BadForm, place, "kind %.40q, want %s, or none for a resource", entry.Kind, kindStatus)
	case entry.TTL != 0:
		return errorf(BadForm, place, "ttl belongs to a status list")
	default:
		l.Documents = append(l.Documents, d)
	}
	return nil
}
