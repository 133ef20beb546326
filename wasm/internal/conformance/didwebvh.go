package main

import (
	"bytes"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/did"
	"github.com/verilith/verilith/wasm/strictjson"
)

const (
	whyBareWitness  = "the log names its witness by a bare key; \"The DID MUST be a did:key DID\" (did:webvh 1.0, The witness Parameter); refused as malformed_did_log"
	whyNoController = "the log was verified to its end; the DID document in it has verification methods without a controller, which CID Section 2.2 demands, and is refused as malformed_did_document"
)

// now is after every version of the vectors.
var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// didWebVH resolves the logs of the vectors, and compares the methods of each version of
// which the source recorded the result. What must be refused must be so for the reason
// that its folder is named after.
func didWebVH(s *session) {
	for _, v := range s.vectors {
		if v.Name == "negative-pct-encoded-ip-host" {
			s.hosts(v)
			continue
		}
		for _, file := range v.Files {
			if path.Base(file) == "did.jsonl" {
				s.webvh(v, path.Dir(file))
			}
		}
	}
}

// hosts refuses the DIDs of a script before anything is fetched.
func (s *session) hosts(v vector) {
	script, ok := s.read(v, v.Name+"/script.yaml")
	if !ok {
		return
	}
	for _, word := range strings.Fields(string(script)) {
		id := strings.Trim(word, `"`)
		if !strings.HasPrefix(id, "did:webvh:") || !strings.Contains(id, ":") {
			continue
		}
		// The script's SCIDs are of a 0, which base58btc has not: with one that is well formed the host is what is wrong.
		for _, id := range []string{id, strings.Replace(id, strings.Split(id, ":")[2], "Qm"+strings.Repeat("1", 44), 1)} {
			_, _, err := did.WebVHURLs(id)
			s.check(v, short(id), invalid, reasonOf(err) == did.MalformedDID, "got %v, want %s", err, did.MalformedDID)
		}
	}
}

// webvhReasons are why the invalid logs are to be refused, by folder.
var webvhReasons = map[string]struct {
	reason did.Reason
	member string
}{
	"negative-cross-did-witness-replay":       {did.NotWitnessed, "did-witness.json"},
	"negative-did-key-body-fragment-mismatch": {did.InvalidLog, "proof"},
	"negative-duplicate-witness-ids":          {did.MalformedLog, "witness"},
	"negative-portable-scid-swap":             {did.InvalidLog, "state.id"},
	"negative-scid-mismatch-genesis":          {did.InvalidLog, "scid"},
	"negative-unknown-method-version":         {did.MalformedLog, "method"},
	"negative-wrong-cryptosuite":              {did.InvalidLog, "proof"},
}

func (s *session) webvh(v vector, dir string) {
	maker := path.Base(dir)
	log, ok := s.read(v, dir+"/did.jsonl")
	if !ok {
		return
	}
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	last, err := strictjson.ParseObject(lines[len(lines)-1])
	if err != nil {
		s.fail(v, maker, open, "%v", err)
		return
	}
	fetch := func(url string) ([]byte, error) {
		data, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(dir), path.Base(url)))
		if err != nil {
			return nil, errors.New("the vector has no " + path.Base(url))
		}
		return data, nil
	}
	if want, negative := webvhReasons[v.Name]; negative {
		_, err := did.ResolveAt(last.Object("state").String("id"), did.Times{At: now, Now: now}, fetch)
		if reasonOf(err) == did.MalformedDID { // the last id is the forged one: that of the log's SCID must not do either
			first, ferr := strictjson.ParseObject(lines[0])
			if ferr != nil {
				s.fail(v, maker, open, "%v", ferr)
				return
			}
			_, err = did.ResolveAt("did:webvh:"+first.Object("parameters").String("scid")+":example.com", did.Times{At: now, Now: now}, fetch)
		}
		var e *did.Error
		s.check(v, maker, invalid, errors.As(err, &e) && e.Reason == want.reason && e.Member == want.member, "got %v, want %s: %s", err, want.reason, want.member)
		return
	}
	results := []string{dir + "/resolutionResult.json"}
	for _, f := range v.Files {
		if strings.HasPrefix(f, dir+"/resolutionResult.") && !slices.Contains(results, f) {
			results = append(results, f)
		}
	}
	for _, file := range results {
		s.version(v, maker+" "+path.Base(file), file, fetch)
	}
}

// version compares one version with what the source recorded of it.
func (s *session) version(v vector, part, file string, fetch did.Fetch) {
	result, ok := s.object(v, file)
	if !ok {
		return
	}
	want, meta := result.Object("didDocument"), result.Object("didDocumentMetadata")
	at := now
	if text := meta.String("versionTime"); text != "" {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			s.fail(v, part, valid, "%v", err)
			return
		}
		at = t
	}
	doc, err := did.ResolveAt(want.String("id"), did.Times{At: at, Now: now}, fetch)
	lacks := slices.ContainsFunc(want.Array("verificationMethod"), func(m any) bool { o, _ := m.(strictjson.Object); return !o.Has("controller") })
	switch {
	case lacks && reasonOf(err) == did.MalformedDocument:
		s.skip(v, part, valid, whyNoController)
		return
	case v.Name == "witness-threshold" && strings.HasPrefix(part, "rust ") && reasonOf(err) == did.MalformedLog:
		s.skip(v, part, valid, whyBareWitness)
		return
	case err != nil:
		s.fail(v, part, valid, "%v", err)
		return
	}
	got, exp := methodsOf(doc), expectedMethods(doc.ID, want)
	for name, m := range exp {
		if g := got[name]; g.key != m.key || !slices.Equal(g.purposes, m.purposes) {
			s.fail(v, part, valid, "%s is %q for %v, want %q for %v", name, g.key, g.purposes, m.key, m.purposes)
			return
		}
	}
	s.check(v, part, valid, len(got) == len(exp), "%d methods, want %d", len(got), len(exp))
}
