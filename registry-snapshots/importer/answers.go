package importer

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// answers are what an endpoint has answered: files of a folder, and what is not
// there is asked of the endpoint, if the folder names it and the caller can ask.
//
// The folder's source.json is {"endpoint": "https://…"}. Without it, or without
// Options.Get or Post, there are the files alone.
type answers struct {
	dir      string
	fsys     fs.FS
	opt      Options
	endpoint string // without a slash at its end; "" for files alone
}

// maxAnswers bounds the requests of one import: ten thousand issuers with a few
// documents each.
const maxAnswers = 50_000

// openAnswers calls f with the answers in a folder.
func openAnswers(dir string, opt Options, f func(a *answers) (*Result, error)) (*Result, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fileError(dir, err)
	}
	defer root.Close()
	a := &answers{dir: dir, fsys: root.FS(), opt: opt}
	if err := a.source(); err != nil {
		return nil, err
	}
	return f(a)
}

// source reads source.json.
func (a *answers) source() error {
	const name = "source.json"
	data, err := readFrom(a.fsys, name)
	if isReason(err, NoFile) {
		return nil
	}
	if err != nil {
		return err
	}
	o, err := object(name, data)
	if err != nil {
		return err
	}
	var s struct {
		Endpoint string `json:"endpoint"`
	}
	if err := strictjson.Bind(o, &s); err != nil {
		return errorf(BadForm, name, "%v", err)
	}
	// Whether it may be asked on this machine by http is for who fetches to say.
	secure := strings.HasPrefix(s.Endpoint, "https://") || strings.HasPrefix(s.Endpoint, "http://localhost:")
	if !secure || strings.ContainsAny(s.Endpoint, "?# ") {
		return errorf(BadForm, name, "endpoint %.200q is no plain https URL", s.Endpoint)
	}
	a.endpoint = strings.TrimSuffix(s.Endpoint, "/")
	return nil
}

// live reports whether what is not in a file can be fetched.
func (a *answers) live() bool { return a.endpoint != "" && a.opt.Get != nil }

// read returns a file, or what stands at an address.
func (a *answers) read(name, url string) ([]byte, error) {
	data, err := readFrom(a.fsys, name)
	if !isReason(err, NoFile) || !a.live() {
		return data, err
	}
	return a.opt.get(url)
}

// list returns what is in a folder, by name; nothing if there is no such folder.
func (a *answers) list(dir string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(a.fsys, dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fileError(dir, err)
	}
	return entries, nil
}

// pages returns the files of a list that comes in pages: base.json, base-2.json and
// so on.
func (a *answers) pages(dir, base string) ([]string, error) {
	entries, err := a.list(dir)
	var files []string
	for _, e := range entries {
		stem, ok := strings.CutSuffix(e.Name(), ".json")
		if ok && !e.IsDir() && (stem == base || strings.HasPrefix(stem, base+"-")) {
			files = append(files, path.Join(dir, e.Name()))
		}
	}
	return files, err
}

// bareKeys are the keys that the caller trusts, by their RFC 7638 thumbprints: the
// fingerprint, and those of the JWK sets that are anchors. There have to be some.
func (opt Options) bareKeys(source, whose string) (map[string]bool, error) {
	trusted := map[string]bool{}
	if opt.Fingerprint != "" {
		if b, err := keys.Base64URL(opt.Fingerprint); err != nil || len(b) != 32 {
			return nil, errorf(NoAnchor, source, "the fingerprint %.80q is no JWK thumbprint: 32 bytes of SHA-256 in base64url (RFC 7638)", opt.Fingerprint)
		}
		trusted[opt.Fingerprint] = true
	}
	for _, file := range opt.Anchors {
		data, err := readFile(file)
		if err != nil {
			return nil, err
		}
		set, err := object(file, data)
		if err != nil {
			return nil, err
		}
		list := []any{set}
		if set.Has("keys") {
			list = set.Array("keys")
		}
		for i, v := range list {
			o, _ := v.(strictjson.Object)
			k, err := keys.FromJWK(o)
			if err != nil {
				return nil, errorf(BadFile, index(file, i), "no public JWK: %v", err)
			}
			trusted[k.Thumbprint()] = true
		}
	}
	if len(trusted) == 0 {
		return nil, errorf(NoAnchor, source, "nothing says by whom it has to be signed: give a JWK set with %s as an anchor, or the RFC 7638 thumbprint of one as the fingerprint", whose)
	}
	return trusted, nil
}
