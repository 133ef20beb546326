package importer

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// A folder of YAML files is how some operators keep a list of trusted entities before a
// program of theirs makes the list of it and signs that:
//
//	scheme.yaml                    operatorNames, territory, type or schemeType, sequenceNumber
//	providers/<name>/provider.yaml names, tradeName, informationURI
//	providers/<name>/*.yaml        one service each: serviceNames, serviceType, status
//	entities/<name>/entity.yaml    the same, with its services in it
//
// It is nobody's specification and nobody signs it, so that it is read only where
// Options.Unsigned asks for it, into the members that TS 119 602 has for the same things.
// It says neither when it was made nor when there will be another: it is never fresh.

// loteFolder reads such a folder.
func loteFolder(dir string, opt Options) (*Result, error) {
	if !opt.Unsigned {
		return nil, errorf(NoSignature, dir, "a folder of sources, which nobody signed; the list is what is made of it")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fileError(dir, err)
	}
	defer root.Close()
	f := folderLoTE{root.FS(), dir}
	scheme, err := f.read("scheme.yaml")
	if err != nil {
		return nil, err
	}
	l := &lote{listHead: &listHead{
		path: dir, idOf: loteID, kind: scheme.String("type") + scheme.String("schemeType"), operator: langTexts(renamed(scheme["operatorNames"]), "value"),
	}}
	if t := scheme.String("territory"); country.MatchString(t) {
		l.territory = t
	}
	if len(l.operator) == 0 || l.kind == "" {
		return nil, errorf(BadForm, path.Join(dir, "scheme.yaml"), "want operatorNames and a type")
	}
	for _, kind := range []string{"entities", "providers"} {
		list, err := fs.ReadDir(f.FS, kind)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fileError(filepath.Join(dir, kind), err)
		}
		for _, d := range list {
			e, err := f.entity(path.Join(kind, d.Name()))
			if err != nil {
				return nil, err
			}
			l.entities = append(l.entities, e)
		}
	}
	if len(l.entities) == 0 {
		return nil, errorf(NoFile, dir, "no providers/<name>/provider.yaml and no entities/<name>/entity.yaml")
	}
	r := &Result{Name: l.name(), Authority: l.id(), Report: Report{
		From: FromLoTE, Source: dir, Signature: Signature{State: Unsigned, Note: "a folder of sources, accepted unsigned, as was asked for"},
	}}
	if n, ok := scheme["sequenceNumber"].(strictjson.Number); ok {
		if seq, ok := n.Int64(); ok && seq > 0 {
			r.Report.Sequence = uint64(seq)
		}
	}
	if err := r.mapLoTE(l); err != nil {
		return nil, err
	}
	return r.judge(opt)
}

type folderLoTE struct {
	fs.FS
	dir string
}

// read reads a file of one mapping.
func (f folderLoTE) read(name string) (strictjson.Object, error) {
	file, err := f.Open(name)
	if err != nil {
		return nil, fileError(filepath.Join(f.dir, name), err)
	}
	defer file.Close()
	data, err := readAll(file, name)
	if err != nil {
		return nil, err
	}
	var all []strictjson.Object
	err = yamlObjects(filepath.Join(f.dir, name), data, func(_ string, o strictjson.Object) error {
		all = append(all, o)
		return nil
	})
	if err == nil && len(all) != 1 {
		err = errorf(BadForm, filepath.Join(f.dir, name), "%d mappings, want one", len(all))
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// entity reads the folder of one entity as a TrustedEntity of TS 119 602.
func (f folderLoTE) entity(dir string) (strictjson.Object, error) {
	name := "provider.yaml"
	if strings.HasPrefix(dir, "entities/") {
		name = "entity.yaml"
	}
	e, err := f.read(path.Join(dir, name))
	if err != nil {
		return nil, err
	}
	services := e.Array("services")
	files, err := fs.Glob(f.FS, path.Join(dir, "*.yaml"))
	if err != nil {
		return nil, errorf(BadForm, filepath.Join(f.dir, dir), "%v", err)
	}
	for _, file := range files {
		if path.Base(file) == name {
			continue
		}
		s, err := f.read(file)
		if err != nil {
			return nil, err
		}
		services = append(services, s)
	}
	var list []any
	for _, v := range services {
		s, _ := v.(strictjson.Object)
		info := strictjson.Object{"ServiceName": renamed(s["serviceNames"]), "ServiceDigitalIdentity": strictjson.Object{}}
		for from, to := range map[string]string{"serviceType": "ServiceTypeIdentifier", "status": "ServiceStatus"} {
			if s.Has(from) {
				info[to] = s[from]
			}
		}
		for _, other := range s.Names() {
			if other != "serviceNames" && other != "serviceType" && other != "status" {
				info[other] = s[other] // to be listed as not mapped
			}
		}
		list = append(list, strictjson.Object{"ServiceInformation": info})
	}
	info := strictjson.Object{"TEName": renamed(e["names"]), "TETradeName": renamed(e["tradeName"]), "TEInformationURI": renamed(e["informationURI"])}
	for _, other := range e.Names() {
		switch other {
		case "names", "tradeName", "informationURI", "services":
		default:
			info[other] = e[other]
		}
	}
	return strictjson.Object{"TrustedEntityInformation": info, "TrustedEntityServices": list}, nil
}

// renamed turns {language, value} into the {lang, value} and {lang, uriValue} of TS 119 602.
func renamed(v any) []any {
	list, _ := v.([]any)
	var out []any
	for _, v := range list {
		o, _ := v.(strictjson.Object)
		out = append(out, strictjson.Object{"lang": o["language"], "value": o["value"], "uriValue": o["value"]})
	}
	return out
}
