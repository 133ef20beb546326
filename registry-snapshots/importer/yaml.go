package importer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
	"github.com/verilith/verilith/wasm/strictjson"
)

const (
	// maxYAML bounds a YAML file, which is written by hand; large registries come
	// as JSON. The YAML parser's work and stack grow with it.
	maxYAML = 1 << 20
	// maxYAMLDepth bounds nesting, as strictjson does for JSON, but before the
	// parser recurses into it.
	maxYAMLDepth = strictjson.MaxDepth
)

// yamlObjects calls f for every object of a YAML file: of each of its documents,
// the one, or those of its list.
func yamlObjects(name string, data []byte, f func(place string, o strictjson.Object) error) error {
	if err := plainYAML(name, data); err != nil {
		return err
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for n := 0; ; n++ {
		var v any
		err := dec.Decode(&v)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errorf(BadForm, name, "%v", yaml.FormatError(err, false, false))
		}
		j, err := fromYAML(v, 0)
		if err != nil {
			return errorf(BadForm, name, "%v", err)
		}
		switch v := j.(type) {
		case nil: // a document of comments only
		case strictjson.Object:
			if err := yamlObject(name, v, f); err != nil {
				return err
			}
		case []any:
			for i, e := range v {
				o, ok := e.(strictjson.Object)
				if !ok {
					return errorf(BadForm, index(name, i), "want a mapping")
				}
				if err := yamlObject(index(name, i), o, f); err != nil {
					return err
				}
			}
		default:
			return errorf(BadForm, name, "want a mapping or a list of mappings")
		}
	}
}

// yamlObject holds an object to the rules of strictjson.
func yamlObject(place string, v strictjson.Object, f func(place string, o strictjson.Object) error) error {
	o, err := object(place, strictjson.Encode(v))
	if err != nil {
		return err
	}
	return f(place, o)
}

// plainYAML refuses what JSON could not say, and nesting that would exhaust the
// parser, by the tokens alone.
func plainYAML(name string, data []byte) error {
	if len(data) > maxYAML {
		return errorf(TooLarge, name, "YAML of %d bytes, want at most %d; larger registries as JSON", len(data), maxYAML)
	}
	depth := 0
	columns := []int{} // of the block collections that are open
	for _, t := range lexer.Tokenize(string(data)) {
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType, token.TagType, token.DirectiveType, token.MappingKeyType:
			return errorf(BadForm, name, "line %d: %q: anchors, aliases, tags, directives and complex keys have no place here", t.Position.Line, t.Value)
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		}
		if depth == 0 {
			for len(columns) > 0 && columns[len(columns)-1] >= t.Position.Column {
				columns = columns[:len(columns)-1]
			}
			columns = append(columns, t.Position.Column)
		}
		if depth+len(columns) > 2*maxYAMLDepth {
			return errorf(BadForm, name, "line %d: nested deeper than %d", t.Position.Line, maxYAMLDepth)
		}
	}
	return nil
}

// fromYAML turns the decoder's values into those of strictjson.
func fromYAML(v any, depth int) (any, error) {
	if depth > maxYAMLDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxYAMLDepth)
	}
	switch v := v.(type) {
	case map[string]any:
		o := make(strictjson.Object, len(v))
		for k, e := range v {
			j, err := fromYAML(e, depth+1)
			if err != nil {
				return nil, err
			}
			o[k] = j
		}
		return o, nil
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			j, err := fromYAML(e, depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = j
		}
		return list, nil
	case uint64:
		return strictjson.Number(strconv.FormatUint(v, 10)), nil
	case int64:
		return strictjson.Number(strconv.FormatInt(v, 10)), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("%v, which JSON could not say", v)
		}
		return strictjson.Number(strconv.FormatFloat(v, 'g', -1, 64)), nil
	case nil, bool, string:
		return v, nil
	}
	return nil, fmt.Errorf("a value of Go type %T", v)
}
