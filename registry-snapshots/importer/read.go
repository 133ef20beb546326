package importer

import (
	"path"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// ReadObjects calls f for every object of a text: the one, or those of its list; of
// YAML, whose name does not end in .json, those of each of its documents. place
// names the object. YAML has to say what JSON could: see [Folder].
func ReadObjects(name string, data []byte, f func(place string, o strictjson.Object) error) error {
	if path.Ext(name) != ".json" {
		return yamlObjects(name, data, f)
	}
	if strings.HasPrefix(strings.TrimLeft(string(data[:min(len(data), 100)]), " \t\r\n"), "[") {
		return elements(name, data, func(i int, text []byte) error {
			o, err := object(index(name, i), text)
			if err != nil {
				return err
			}
			return f(index(name, i), o)
		})
	}
	o, err := object(name, data)
	if err != nil {
		return err
	}
	return f(name, o)
}
