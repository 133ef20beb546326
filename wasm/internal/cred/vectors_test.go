package cred

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
)

// vectors returns the folder of one topic of the shared vectors, or skips.
func vectors(t *testing.T, topic string) string {
	t.Helper()
	dir := os.Getenv("VECTORS")
	if dir == "" {
		dir = "../../../../shared/vectors"
	}
	dir = filepath.Join(dir, topic)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no vectors at %s: set VECTORS to the folder that has them", dir)
	}
	return dir
}

func readFile(t *testing.T, path ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// problemsOf recognises input and holds it to its data model.
func problemsOf(t *testing.T, input []byte) []string {
	t.Helper()
	e, err := Recognise(input, "")
	if err != nil {
		return []string{err.Error()}
	}
	var list []string
	for _, p := range modelProblems(e) {
		list = append(list, p.String())
	}
	return list
}

func modelProblems(e *Envelope) []Problem {
	if e.Presentation {
		return e.CheckPresentation()
	}
	_, problems := e.Credential()
	return problems
}

// needsContexts lists the documents whose fault only shows to who processes the
// contexts. They are another layer's.
var needsContexts = map[string]string{
	"credential-redef-type-fail":         "an inline context redefines a protected term of the base context",
	"credential-redef-type2-fail":        "an inline context redefines a term that another protects",
	"credential-type-mapped-nonurl-fail": "an inline context maps a type to what is no URL",
	"credential-type-unmapped-fail":      "no context defines a type",
	"example-015-zkp-vp-bad-no-credential-schema": "VCDM 1.1 Section 5.8 asks for credentialSchema " +
		"where a proof type has a credential definition, which only the proof type knows",
}

// TestVCDM1Documents runs the documents of the W3C test suite for VCDM 1.1.
func TestVCDM1Documents(t *testing.T) {
	dir := filepath.Join(vectors(t, "vcdm1-documents"), "vc-data-model-1.0/input")
	files, _ := filepath.Glob(filepath.Join(dir, "*.jsonld"))
	if len(files) < 31 {
		t.Fatalf("%d documents, want 31", len(files))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".jsonld")
		t.Run(name, func(t *testing.T) {
			checkDocument(t, name, problemsOf(t, readFile(t, file)), strings.Contains(name, "-bad-"))
		})
	}
}

// TestVCDM2Documents runs the documents of the W3C test suite for VCDM 2.0. That suite
// hands them to an issuer, which adds its own name and mends two dates; so does this.
func TestVCDM2Documents(t *testing.T) {
	dir := vectors(t, "vcdm2-documents")
	files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	if len(files) < 55 {
		t.Fatalf("%d documents, want 55", len(files))
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if name == "manifest" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			doc, err := strictjson.ParseObject(readFile(t, file))
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(name, "credential-") && !doc.Has("issuer") && name != "credential-no-issuer-fail" {
				doc["issuer"] = "did:example:issuer"
			}
			if name == "credential-validUntil-validFrom-ok" {
				doc["validFrom"], doc["validUntil"] = "2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z"
			}
			bad := strings.HasSuffix(name, "-fail") || strings.HasSuffix(name, "-fail-or-inject") ||
				name == "presentation-self-asserted-vc-no-holder" // VCDM 2.0 Section 4.13; the manifest leaves it open
			checkDocument(t, name, problemsOf(t, strictjson.Encode(doc)), bad)
		})
	}
}

func checkDocument(t *testing.T, name string, problems []string, bad bool) {
	t.Helper()
	why, elsewhere := needsContexts[name]
	switch {
	case elsewhere && len(problems) == 0:
		t.Skip("not applicable: " + why)
	case elsewhere:
		t.Errorf("listed as not applicable, but refused: %q", problems)
	case bad && len(problems) == 0:
		t.Error("a bad document has no problem")
	case !bad && len(problems) > 0:
		t.Errorf("a good document has problems: %q", problems)
	case bad:
		t.Logf("%q", problems)
	}
}

// TestVCJOSECOSE runs the W3C vectors for VC-JOSE-COSE as far as this package decides
// them: wantErr is Recognise's reason, and a problem's reason else.
func TestVCJOSECOSE(t *testing.T) {
	dir := vectors(t, "vc-jose-cose")
	tests := []struct {
		file string
		want Reason // "" for what a signature may still break
	}{
		{"credential-jose-minimal.txt", ""},
		{"credential-issuer-match-signed.txt", ""},
		{"credential-minimal.json", ""},  // unsecured: for the proof step to refuse
		{"presentation-single.json", ""}, // likewise
		{"credential-jose-bad-media-type.txt", MalformedToken},
		{"presentation-jose-bad-credential.txt", MalformedValue},
		{"credential-sdjwt-selective.txt", ""},
		{"credential-sdjwt-bad-signature.txt", ""},
		{"presentation-sdjwt-selective.txt", ""},
		{"presentation-sdjwt-bad-media-type.txt", MalformedToken},
		{"presentation-sdjwt-bad-credential.txt", MalformedToken},
		{"credential-cose-minimal.txt", ""},
		{"credential-cose-bad-media-type.txt", MalformedToken},
		{"credential-cose-bad-signature.txt", ""},
		{"presentation-cose-bad-credential.txt", MalformedValue},
		{"presentation-cose-bad-media-type.txt", MalformedToken},
		{"credential-cose-minimal-not-base64.txt", UnrecognisedInput},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			got, detail := outcome(readFile(t, dir, tt.file), "")
			if got != tt.want {
				t.Errorf("got %q (%s), want %q", got, detail, tt.want)
			}
		})
	}
}

// outcome is the first reason for which input is refused, or "".
func outcome(input []byte, mediaType string) (Reason, string) {
	e, err := Recognise(input, mediaType)
	if err != nil {
		return err.(*Error).Reason, err.Error()
	}
	envelopes := e.Parts
	if len(envelopes) == 0 {
		envelopes = []Envelope{*e}
	}
	for _, e := range envelopes {
		if list := modelProblems(&e); len(list) > 0 {
			return list[0].Reason, list[0].String()
		}
	}
	return "", ""
}
