package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/wire"
)

func TestCommittedTypesAreUpToDate(t *testing.T) {
	want, err := generate("../../../wasm/wire")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../src/wire.ts")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("js/src/wire.ts is not what wasm/wire says; in js/ run: go run ./internal/gentypes")
	}
}

// The generator reads source. This walks the compiled structs instead, as the module
// does when it reads and writes them, and holds the generated text to their members.
func TestTypesMatchWire(t *testing.T) {
	src, err := os.ReadFile("../../src/wire.ts")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map && typ.Name() == "" {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] {
			return
		}
		seen[typ] = true
		members := tsMembers(t, string(src), tsName(typ.Name()))
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
			optional, ok := members[name]
			if !ok {
				t.Errorf("%s: no member %q", typ, name)
			}
			if optional != (opts != "") {
				t.Errorf("%s.%s: optional is %t in TypeScript, the Go tag says %q", typ, name, optional, opts)
			}
			delete(members, name)
			walk(f.Type)
		}
		for name := range members {
			t.Errorf("%s: member %q is not in Go", typ, name)
		}
	}
	walk(reflect.TypeFor[wire.Request]())
	walk(reflect.TypeFor[wire.Reply]())
	if len(seen) < 15 {
		t.Errorf("only %d types were compared", len(seen))
	}
}

var member = regexp.MustCompile(`(?m)^  (\w+)(\??): `)

// tsMembers returns the members of an interface, and whether each is optional.
func tsMembers(t *testing.T, src, name string) map[string]bool {
	t.Helper()
	_, body, ok := strings.Cut(src, "export interface "+name+" {\n")
	if !ok {
		t.Errorf("no interface %s", name)
		return nil
	}
	body, _, _ = strings.Cut(body, "\n}\n")
	members := map[string]bool{}
	for _, m := range member.FindAllStringSubmatch(body, -1) {
		members[m[1]] = m[2] == "?"
	}
	return members
}

func TestRefusals(t *testing.T) {
	const good = `package wire
const Contract = 1
const MaxX = 2 // why
// The reasons of an Error.
const ( Bad = "bad_x" )
type Kind string
const A Kind = "a"
type T struct { K Kind ` + "`json:\"k\"`" + ` }
`
	tests := []struct{ name, old, new, want string }{
		{name: "good"},
		{"field without a tag", "`json:\"k\"`", "", "json tag"},
		{"field without a name", `"k"`, `",omitempty"`, "no json name"},
		{"option that strictjson has not", `"k"`, `"k,string"`, "json option"},
		{"unknown type", "K Kind", "K chan int", "not known here"},
		{"unexported type", "K Kind", "K kind", "not known here"},
		{"map with another key", "K Kind", "K map[int]string", "key is no string"},
		{"named number", "type Kind string", "type Kind int", "neither a struct nor a string"},
		{"enum without values", `const A Kind = "a"`, "", "has no constants"},
		{"no reasons", "The reasons of an Error", "Other", "no constants under"},
		{"no contract", "Contract = 1", "Other = 1", "no constant Contract"},
		{"syntax", "package wire", "package", "expected"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			src := strings.Replace(good, tt.old, tt.new, 1)
			if err := os.WriteFile(filepath.Join(dir, "wire.go"), []byte(src), 0o644); err != nil {
				t.Fatal(err)
			}
			out, err := generate(dir)
			if tt.want == "" {
				if err != nil || !strings.Contains(string(out), "  maxX: 2, // why\n") || !strings.Contains(string(out), `export type Kind = "a"`) {
					t.Errorf("got %s, %v", out, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
