package publish

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// settings are files that make web hosts answer as a trustless gateway does: the
// right types, answers that may be kept for ever, any origin may ask, and 404 for what
// is not there. Without a 404.html some hosts answer every path with a page and 200.
//
//go:embed settings
var settings embed.FS

// settings writes them where they are not: what an operator changed stays.
func (f Folder) settings() error {
	for from, to := range map[string]string{
		"404.html": "404.html", "headers": "_headers", "htaccess": ".htaccess",
		"nginx.conf": "nginx.conf", "Caddyfile": "Caddyfile", "nojekyll": ".nojekyll",
	} {
		path := filepath.Join(f.Dir, to)
		if _, err := os.Lstat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		data, err := settings.ReadFile("settings/" + from)
		if err != nil {
			return err
		}
		if err := writeFile(path, data); err != nil {
			return err
		}
	}
	return nil
}
