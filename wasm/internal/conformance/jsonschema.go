package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/verilith/verilith/wasm/internal/schema/jsonschema"
	"github.com/verilith/verilith/wasm/strictjson"
)

// jsonSchemaCore runs the JSON Schema Test Suite: each file of the manifest is one case
// with the tests that it lists. Documents that a schema refers to are those of the
// suite; it serves them as http://localhost:1234.
func jsonSchemaCore(s *session) {
	for _, v := range s.vectors {
		data, ok := s.read(v, v.Files[0])
		if !ok {
			continue
		}
		groups, err := strictjson.ParseWithin(data, 128, 1<<20)
		list, isList := groups.([]any)
		if err != nil && strings.Contains(v.Files[0], "/optional/format/") {
			s.skip(v, "", open, "the file is no I-JSON: "+err.Error())
			continue
		}
		if err != nil || !isList {
			s.fail(v, "", open, "the file: %v", err)
			continue
		}
		folder, _, _ := strings.Cut(v.Files[0], "/")
		for _, g := range list {
			s.schemaGroup(v, folder, g.(strictjson.Object))
		}
	}
}

// drafts are the suite's folders, and what $schema says of their tests that do not.
var drafts = map[string]string{
	"draft7":       "http://json-schema.org/draft-07/schema#",
	"draft2019-09": "https://json-schema.org/draft/2019-09/schema",
	"draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}

func (s *session) schemaGroup(v vector, folder string, g strictjson.Object) {
	schema := g["schema"]
	if o, ok := schema.(strictjson.Object); ok && !o.Has("$schema") {
		o = o.Without()
		o["$schema"] = drafts[folder]
		schema = o
	}
	set, loadErr := jsonschema.Load("https://suite.example/schema", schema, s.remote)
	for _, t := range g.Array("tests") {
		test := t.(strictjson.Object)
		part := g.String("description") + ": " + test.String("description")
		want, k := test["valid"] == true, invalid
		if want {
			k = valid
		}
		err := loadErr
		if err == nil {
			err = set.Validate(test["data"])
		}
		reason := jsonschema.Reason("")
		if err != nil {
			reason = jsonschema.Malformed
			if e, ok := err.(*jsonschema.Error); ok {
				reason = e.Reason
			}
		}
		why := schemaNotApplicable(v.Files[0], g.String("description"), err)
		switch {
		case reason == "" && want, reason == jsonschema.Invalid && !want:
			s.pass(v, part, k)
		case why != "" && (reason != "" || strings.Contains(v.Files[0], "/optional/")):
			s.skip(v, part, k, why)
		default:
			s.fail(v, part, k, "valid %v, got %v", want, err)
		}
	}
}

// schemaNotApplicable says why a test asks for what the drafts do not ask for.
func schemaNotApplicable(file, group string, err error) string {
	text := ""
	if err != nil {
		text = err.Error()
	}
	switch {
	case strings.Contains(file, "/optional/format"):
		return "format says nothing of validity unless asked to, and it is not"
	case strings.HasSuffix(file, "/optional/content.json"):
		return "contentEncoding and contentMediaType say nothing of validity here"
	case strings.Contains(text, "$schema"):
		return "a metaschema other than the three drafts' own is refused"
	case strings.Contains(text, "no document at http"):
		return "it refers to a metaschema or an older draft, which the suite does not come with"
	case strings.HasSuffix(file, "ecmascript-regex.json") && strings.Contains(text, "cannot be matched"):
		return "the expression needs backtracking or a property that is not known here"
	}
	return ""
}

// remote finds a document of the suite.
func (s *session) remote(uri string) (any, error) {
	path, ok := strings.CutPrefix(uri, "http://localhost:1234/")
	if !ok || strings.Contains(path, "..") {
		return nil, fmt.Errorf("no document at %s", uri)
	}
	data, err := os.ReadFile(filepath.Join(s.dir, "remotes", filepath.FromSlash(path)))
	if err != nil {
		return nil, fmt.Errorf("no document at %s", uri)
	}
	return strictjson.Parse(data)
}
