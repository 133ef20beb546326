package rdf_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/rdf"
)

func TestParseNQuads(t *testing.T) {
	for _, c := range []struct {
		name, in, want string // want is the canonical line, "" for a refusal
	}{
		{"triple", "<urn:s> <urn:p> <urn:o> .", "<urn:s> <urn:p> <urn:o> .\n"},
		{"quad", "<urn:s> <urn:p> <urn:o> <urn:g> .", "<urn:s> <urn:p> <urn:o> <urn:g> .\n"},
		{"blank nodes", "_:a <urn:p> _:b.c _:é .", "_:a <urn:p> _:b.c _:é .\n"},
		{"no space", `_:a<urn:p>"x"@en-GB.`, "_:a <urn:p> \"x\"@en-GB .\n"},
		{"dot after a blank node", "_:a <urn:p> _:b.", "_:a <urn:p> _:b .\n"},
		{"comment", "<urn:s> <urn:p> <urn:o> . # said", "<urn:s> <urn:p> <urn:o> .\n"},
		{"xsd:string is not written", `<urn:s> <urn:p> "x"^^<http://www.w3.org/2001/XMLSchema#string> .`, "<urn:s> <urn:p> \"x\" .\n"},
		{"datatype", `<urn:s> <urn:p> "1"^^<urn:t> .`, "<urn:s> <urn:p> \"1\"^^<urn:t> .\n"},
		{"escapes", `<urn:s> <urn:p> "\t\b\n\r\f\"\'\\\u0041\U0001F600\u0001\u007f" .`, `<urn:s> <urn:p> "\t\b\n\r\f\"'\\A😀\u0001\u007F" .` + "\n"},
		{"escape in an IRI", `<urn:\u00e9> <urn:p> <urn:o> .`, "<urn:é> <urn:p> <urn:o> .\n"},
		{"relative IRI", "<s> <urn:p> <urn:o> .", ""},
		{"space in an IRI", "<urn:s s> <urn:p> <urn:o> .", ""},
		{"escaped space in an IRI", `<urn:\u0020> <urn:p> <urn:o> .`, ""},
		{"literal as subject", `"s" <urn:p> <urn:o> .`, ""},
		{"blank predicate", "<urn:s> _:p <urn:o> .", ""},
		{"literal as graph", `<urn:s> <urn:p> <urn:o> "g" .`, ""},
		{"no dot", "<urn:s> <urn:p> <urn:o>", ""},
		{"two on a line", "<urn:s> <urn:p> <urn:o> . <urn:s> <urn:p> <urn:o> .", ""},
		{"unclosed literal", `<urn:s> <urn:p> "o .`, ""},
		{"line feed in a literal", "<urn:s> <urn:p> \"o\n\" .", ""},
		{"unknown escape", `<urn:s> <urn:p> "\x" .`, ""},
		{"surrogate", `<urn:s> <urn:p> "\uD800" .`, ""},
		{"beyond Unicode", `<urn:s> <urn:p> "\U00110000" .`, ""},
		{"bad language", `<urn:s> <urn:p> "x"@1 .`, ""},
		{"language of digits later", `<urn:s> <urn:p> "x"@de-1996 .`, "<urn:s> <urn:p> \"x\"@de-1996 .\n"},
		{"language that ends in a hyphen", `<urn:s> <urn:p> "x"@en- .`, ""},
		{"langString without a language", `<urn:s> <urn:p> "x"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString> .`, ""},
		{"empty label", "_: <urn:p> <urn:o> .", ""},
		{"label of a dot", "_:. <urn:p> <urn:o> .", ""},
		{"not UTF-8", "<urn:s> <urn:p> \"\xff\" .", ""},
	} {
		quads, err := rdf.ParseNQuads([]byte(c.in))
		if c.want == "" {
			if e := (*rdf.Error)(nil); !errors.As(err, &e) || e.Reason != rdf.Syntax || e.Line != 1 {
				t.Errorf("%s: got %v, %v, want a syntax error in line 1", c.name, quads, err)
			}
			continue
		}
		if err != nil || len(quads) != 1 || string(rdf.AppendQuad(nil, quads[0])) != c.want {
			t.Errorf("%s: got %v, %v, want %s", c.name, quads, err, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	line := "<urn:s> <urn:p> <urn:o> .\n"
	if quads, err := rdf.ParseNQuads([]byte(strings.Repeat(line, rdf.MaxQuads))); err != nil || len(quads) != rdf.MaxQuads {
		t.Errorf("as many as are allowed: %d, %v", len(quads), err)
	}
	for name, in := range map[string]string{"quads": strings.Repeat(line, rdf.MaxQuads+1), "bytes": strings.Repeat("\n", rdf.MaxBytes+1)} {
		if _, err := rdf.ParseNQuads([]byte(in)); err == nil || err.(*rdf.Error).Reason != rdf.TooMany {
			t.Errorf("%s: got %v, want %s", name, err, rdf.TooMany)
		}
	}
}

func TestLinesAndRelabel(t *testing.T) {
	quads, err := rdf.ParseNQuads([]byte("_:b <urn:p> _:a _:g .\n<urn:s> <urn:p> _:a .\n<urn:s> <urn:p> _:a .\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := rdf.Lines(rdf.Relabel(quads, map[string]string{"a": "x", "b": "y"}))
	want := []string{"<urn:s> <urn:p> _:x .\n", "_:y <urn:p> _:x _:g .\n"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if quads[0].S.Value != "b" {
		t.Error("Relabel changed what it was given")
	}
}

// What is read is written in one form, and read from it as the same.
func FuzzParseNQuads(f *testing.F) {
	f.Add([]byte("<urn:s> <urn:p> \"a\\u0001\\n\"@en .\n_:a <urn:p> _:b <urn:g> . # c\n"))
	f.Add([]byte("\r\n\t_:a<urn:p>\"\\U0001F600\"^^<urn:t>.\r"))
	f.Fuzz(func(t *testing.T, data []byte) {
		quads, err := rdf.ParseNQuads(data)
		if err != nil {
			return
		}
		var text []byte
		for _, q := range quads {
			text = rdf.AppendQuad(text, q)
		}
		if len(text) > rdf.MaxBytes {
			return
		}
		again, err := rdf.ParseNQuads(text)
		if err != nil || !slices.Equal(quads, again) {
			t.Fatalf("%q is written as %q, which is read as %v, %v", data, text, again, err)
		}
	})
}
