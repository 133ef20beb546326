package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// topics are all topics, in the order in which they are run.
var topics = []topic{
	{"json-parser", jsonParser},
	{"jcs", jcs},
	{"json-ld", jsonLD},
	{"rdf-canon", rdfCanon},
	{"multiformats", multiformats},
	{"ipld-codecs", ipldCodecs},
	{"car", cars},
	{"jose-cookbook", joseCookbook},
	{"did-resolution", didResolution},
	{"did-webvh", didWebVH},
	{"eip712-ethereum", eip712Ethereum},
	{"vcdm1-documents", vcdm1Documents},
	{"vcdm2-documents", vcdm2Documents},
	{"di-eddsa-spec", diEdDSASpec},
	{"di-ecdsa-spec", diECDSASpec},
	{"di-bbs-spec", diBBSSpec},
	{"bbs-signature", bbsSignature},
	{"di-w3c-suite-recorded", diRecorded},
	{"vc-thirdparty", vcThirdParty},
	{"open-badges", openBadgeExamples},
	{"cose-examples", coseExamples},
	{"mdoc", mobileDocuments},
	{"vc-jose-cose", vcJOSECOSE},
	{"sd-jwt", sdJWT},
	{"smart-health-cards", smartHealthCards},
	{"token-status-list", tokenStatusList},
	{"vc-json-schema", vcJSONSchema},
	{"json-schema-core", jsonSchemaCore},
	{"trqp", trqpMessages},
}

// topic is one folder of vectors and how to run them.
type topic struct {
	name string
	run  func(*session)
}

// kind is what a source demands of a case.
type kind string

const (
	valid   kind = "valid"   // it must be taken
	invalid kind = "invalid" // it must be refused
	open    kind = "open"    // the source leaves it open, or it is no case at all
)

// outcome is how a case went.
type outcome string

const (
	passed        outcome = "passed"
	failed        outcome = "failed"
	notApplicable outcome = "not applicable"
)

// result is one line of a report. A case of the manifest has one or more.
type result struct {
	Case    string  `json:"case"`
	Part    string  `json:"part,omitempty"` // of a case that holds several, or how the runner changed it
	Kind    kind    `json:"kind"`
	Outcome outcome `json:"outcome"`
	Why     string  `json:"why,omitempty"` // always, unless it passed
}

func (r result) name() string {
	if r.Part == "" {
		return r.Case
	}
	return r.Case + ": " + r.Part
}

// report is what came of one topic.
type report struct {
	Topic   string   `json:"topic"`
	Skipped string   `json:"skipped,omitempty"`
	Results []result `json:"results,omitempty"`
}

// count counts results of a kind, or of all kinds for "".
func (r report) count(k kind, o outcome) int {
	n := 0
	for _, res := range r.Results {
		if (k == "" || res.Kind == k) && res.Outcome == o {
			n++
		}
	}
	return n
}

// vector is one case of a manifest.
type vector struct {
	Name     string            `json:"name"`
	Source   string            `json:"source"`
	Expected string            `json:"expected"`
	Files    []string          `json:"files"`
	Reason   string            `json:"reason"`
	Extra    strictjson.Object `json:"extra"`
}

// session is one run of a topic.
type session struct {
	dir     string
	vectors []vector
	results []result
	held    []document // of contexts
}

// report runs the topic on a folder.
func (t topic) report(dir string) report {
	r := report{Topic: t.name}
	if _, err := os.Stat(dir); err != nil {
		r.Skipped = "there are no vectors at " + dir
		return r
	}
	s := &session{dir: dir}
	if err := s.readManifest(); err != nil {
		r.Results = []result{{Case: "manifest.json", Kind: open, Outcome: failed, Why: err.Error()}}
		return r
	}
	t.run(s)
	for _, v := range s.vectors {
		if !slices.ContainsFunc(s.results, func(r result) bool { return r.Case == v.Name }) {
			s.fail(v, "", open, "the runner has no rule for it (the manifest expects %q)", v.Expected)
		}
	}
	r.Results = s.results
	return r
}

func (s *session) readManifest() error {
	data, err := os.ReadFile(filepath.Join(s.dir, "manifest.json"))
	if err != nil {
		return err
	}
	o, err := strictjson.ParseObject(data)
	if err != nil {
		return err
	}
	for _, c := range o.Array("cases") {
		// null is how a manifest says that it expects nothing.
		if c, ok := c.(strictjson.Object); ok && c["expected"] == nil {
			delete(c, "expected")
		}
	}
	if err := strictjson.Bind(o["cases"], &s.vectors); err != nil {
		return fmt.Errorf("cases: %w", err)
	}
	if len(s.vectors) == 0 {
		return fmt.Errorf("names no cases")
	}
	return nil
}

// find returns the manifest's case of a name. One that is not there is a failure of
// its own, since a rule of the runner then runs on nothing.
func (s *session) find(name string) (vector, bool) {
	i := slices.IndexFunc(s.vectors, func(v vector) bool { return v.Name == name })
	if i < 0 {
		s.fail(vector{Name: name}, "", open, "the manifest has no such case")
		return vector{}, false
	}
	return s.vectors[i], true
}

// read returns a file of the topic. A file that cannot be read fails the case.
func (s *session) read(v vector, path string) ([]byte, bool) {
	data, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(path)))
	if err != nil {
		s.fail(v, "", open, "%v", err)
		return nil, false
	}
	return data, true
}

// object returns a file of the topic that is a JSON object.
func (s *session) object(v vector, path string) (strictjson.Object, bool) {
	data, ok := s.read(v, path)
	if !ok {
		return nil, false
	}
	o, err := strictjson.ParseObject(data)
	if err != nil {
		s.fail(v, "", open, "%s: %v", path, err)
		return nil, false
	}
	return o, true
}

func (s *session) pass(v vector, part string, k kind) {
	s.results = append(s.results, result{v.Name, part, k, passed, ""})
}

func (s *session) fail(v vector, part string, k kind, format string, args ...any) {
	s.results = append(s.results, result{v.Name, part, k, failed, oneLine(fmt.Sprintf(format, args...))})
}

func (s *session) skip(v vector, part string, k kind, why string) {
	s.results = append(s.results, result{v.Name, part, k, notApplicable, why})
}

// check passes or fails by one condition.
func (s *session) check(v vector, part string, k kind, ok bool, format string, args ...any) {
	if ok {
		s.pass(v, part, k)
	} else {
		s.fail(v, part, k, format, args...)
	}
}

// oneLine keeps a message of several lines, or with bytes that a terminal acts on, to one.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
