package importer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/verilith/verilith/wasm/strictjson"
)

// strictjson bounds a text to 20,000 members, and a registry may have more. So
// encoding/json takes the outermost list or object apart, and strictjson reads
// each piece with all its rules.

// members calls f for each member of the outermost object, with its text.
func members(file string, data []byte, f func(name string, text []byte) error) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return errorf(BadForm, file, "want a JSON object")
	}
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return errorf(BadForm, file, "%v", err)
		}
		name, _ := t.(string)
		if seen[name] {
			return errorf(BadForm, file, "the member %.60q is there twice", name)
		}
		seen[name] = true
		var text json.RawMessage
		if err := dec.Decode(&text); err != nil {
			return errorf(BadForm, file, "%v", err)
		}
		if err := f(name, text); err != nil {
			return err
		}
	}
	return end(file, dec)
}

// elements calls f for each element of the outermost list, with its text.
func elements(file string, data []byte, f func(i int, text []byte) error) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return errorf(BadForm, file, "want a JSON array")
	}
	for i := 0; dec.More(); i++ {
		var text json.RawMessage
		if err := dec.Decode(&text); err != nil {
			return errorf(BadForm, file, "%v", err)
		}
		if err := f(i, text); err != nil {
			return err
		}
	}
	return end(file, dec)
}

// end reads the closing delimiter, and holds that nothing comes after it.
func end(file string, dec *json.Decoder) error {
	if _, err := dec.Token(); err != nil {
		return errorf(BadForm, file, "%v", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return errorf(BadForm, file, "something behind the JSON text")
	}
	return nil
}

// object reads one object by the rules of strictjson.
func object(place string, text []byte) (strictjson.Object, error) {
	o, err := strictjson.ParseObject(text)
	if err != nil {
		return nil, errorf(BadForm, place, "%v", err)
	}
	return o, nil
}

// str returns a string member; "" if it is not there, and an error if it is
// something else.
func str(place string, o strictjson.Object, name string) (string, error) {
	v, ok := o[name]
	s, isString := v.(string)
	if ok && !isString {
		return "", errorf(BadForm, place, "%s is no string", name)
	}
	return s, nil
}

func index(file string, i int) string { return fmt.Sprintf("%s[%d]", file, i) }
