package main

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// verdict is what the drill reads of one.
type verdict struct {
	Outcome string `json:"outcome"`
	Reason  string `json:"reason"`
}

func (v verdict) String() string {
	if v.Reason == "" {
		return v.Outcome
	}
	return v.Outcome + ": " + v.Reason
}

// same reports where two verdicts differ in anything but the time of the verdict, the
// age of the evidence, and the details, which are for people and name times.
func same(a, b json.RawMessage) error {
	x, err := timeless(a)
	if err != nil {
		return err
	}
	y, err := timeless(b)
	if err != nil {
		return err
	}
	if where := differ("", x, y); where != "" {
		return fmt.Errorf("the verdicts differ at %s", where)
	}
	return nil
}

func timeless(data json.RawMessage) (any, error) {
	var v map[string]any
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, fmt.Errorf("verdict: %w", err)
	}
	forget(v)
	return v, nil
}

// forget removes what may differ, wherever it stands.
func forget(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range []string{"now", "asOf", "age", "detail"} {
			delete(v, name)
		}
		for _, member := range v {
			forget(member)
		}
	case []any:
		for _, element := range v {
			forget(element)
		}
	}
}

// differ is the path of the first difference, or "".
func differ(path string, a, b any) string {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			return path
		}
		for name := range y {
			if _, ok := x[name]; !ok {
				return path + "." + name
			}
		}
		for name, v := range x {
			if where := differ(path+"."+name, v, y[name]); where != "" {
				return where
			}
		}
		return ""
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return path
		}
		for i := range x {
			if where := differ(fmt.Sprintf("%s[%d]", path, i), x[i], y[i]); where != "" {
				return where
			}
		}
		return ""
	}
	if !reflect.DeepEqual(a, b) {
		return path
	}
	return ""
}
