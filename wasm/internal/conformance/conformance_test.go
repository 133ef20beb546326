package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
)

// The vectors in testdata are our own. They are wrong on purpose in places: a runner
// that cannot fail proves nothing.
const tiny = "testdata/vectors"

func run(args ...string) (code int, out, errs string) {
	var stdout, stderr bytes.Buffer
	code = command(args, &stdout, &stderr, topics)
	return code, stdout.String(), stderr.String()
}

func TestResults(t *testing.T) {
	want := map[string][]result{
		"json-parser": {
			{Case: "y_good.json", Kind: valid, Outcome: passed},
			{Case: "y_object_duplicated_key.json", Kind: valid, Outcome: notApplicable, Why: "RFC 7493 Section 2.3"},
			{Case: "y_bad.json", Kind: valid, Outcome: failed, Why: "json_syntax"},
			{Case: "n_bad.json", Kind: invalid, Outcome: passed},
			{Case: "n_good.json", Kind: invalid, Outcome: failed, Why: "was taken"},
			{Case: "i_either.json", Part: "taken", Kind: open, Outcome: passed},
			{Case: "no_file.json", Kind: open, Outcome: failed, Why: "no such file"},
			{Case: "no_rule.json", Kind: open, Outcome: failed, Why: "no rule"},
		},
		"vcdm2-documents": {
			{Case: "credential-good", Kind: valid, Outcome: passed},
			{Case: "credential-bad", Kind: invalid, Outcome: passed},
			{Case: "credential-type-unmapped-fail", Kind: invalid, Outcome: passed},
			{Case: "credential-good-as-bad", Kind: invalid, Outcome: failed, Why: "data model is not refused"},
			{Case: "credential-bad-as-good", Kind: valid, Outcome: failed, Why: "credentialSubject"},
		},
		"multiformats": {
			{Case: "table.csv", Part: "base16", Kind: valid, Outcome: passed},
			{Case: "table.csv", Part: "base58btc", Kind: valid, Outcome: failed, Why: "want \"verilith\""},
			{Case: "table.csv", Part: "base1000000", Kind: valid, Outcome: notApplicable, Why: unknownBases},
		},
	}
	for _, topic := range topics {
		list, ours := want[topic.name]
		if !ours {
			continue
		}
		t.Run(topic.name, func(t *testing.T) {
			got := topic.report(tiny + "/" + topic.name)
			if len(got.Results) != len(list) {
				t.Fatalf("%d results, want %d: %+v", len(got.Results), len(list), got.Results)
			}
			for i, w := range list {
				g := got.Results[i]
				if g.Case != w.Case || g.Part != w.Part || g.Kind != w.Kind || g.Outcome != w.Outcome ||
					!strings.Contains(g.Why, w.Why) || (g.Why == "") != (g.Outcome == passed) {
					t.Errorf("got %+v, want %+v", g, w)
				}
			}
		})
	}
}

func TestCommand(t *testing.T) {
	tests := []struct {
		name string
		args []string
		code int
		out  []string
	}{
		{"one topic", []string{"-vectors", tiny, "json-parser"}, 1, []string{
			"valid       1 passed    1 failed    1 not applicable",
			"invalid     1 passed    1 failed    0 not applicable",
			"FAILED invalid n_good.json: was taken",
			"n/a    1  RFC 7493 Section 2.3",
		}},
		{"every case", []string{"-v", "-vectors", tiny, "json-parser"}, 1, []string{"passed         valid   y_good.json\n"}},
		{"JSON", []string{"-json", "-vectors", tiny, "multiformats"}, 1, []string{`"valid":{"failed":1,"notApplicable":1,"passed":1}`}},
		{"nothing fails", []string{"-vectors", "testdata/good", "json-parser"}, 0, []string{"valid       1 passed    0 failed"}},
		{"no vectors", []string{"-vectors", "testdata/none"}, 0, []string{"skipped: "}},
		{"no vectors of one topic", []string{"-vectors", tiny, "car"}, 0, []string{"car\n  skipped: "}},
		{"no such topic", []string{"-vectors", tiny, "cars"}, 2, nil},
		{"no such flag", []string{"-fast"}, 2, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, out, errs := run(tt.args...)
			if code != tt.code {
				t.Errorf("exit status %d, want %d: %s%s", code, tt.code, out, errs)
			}
			for _, w := range tt.out {
				if !strings.Contains(out, w) {
					t.Errorf("no %q in\n%s", w, out)
				}
			}
		})
	}
	if _, out, _ := run("-json", "-vectors", tiny); !isJSON(out) {
		t.Errorf("not JSON: %s", out)
	}
}

func isJSON(s string) bool {
	o, err := strictjson.ParseObject([]byte(s))
	return err == nil && len(o.Array("topics")) == len(topics)
}

// A case of a credential fails where the verdict is another one than wanted, even
// where it is not applicable.
func TestJudge(t *testing.T) {
	q := question{input: []byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],` +
		`"issuer":"did:example:i","credentialSubject":{"a":1}}`), now: "2026-01-01T00:00:00Z"}
	right := rejected("proof", "no_proof")
	tests := []struct {
		name string
		edit func(*answer)
		want outcome
	}{
		{"right", func(*answer) {}, passed},
		{"right, not applicable", func(a *answer) { a.why = "so" }, notApplicable},
		{"other outcome", func(a *answer) { a.outcome = "accepted" }, failed},
		{"other outcome, not applicable", func(a *answer) { a.outcome, a.why = "undetermined", "so" }, failed},
		{"other check", func(a *answer) { a.check = "model" }, failed},
		{"other reason", func(a *answer) { a.reason = "bad_signature" }, failed},
		{"proof does not hold", func(a *answer) { a.proven, a.why = true, "so" }, failed},
	}
	for _, tt := range tests {
		s, a := &session{}, right
		tt.edit(&a)
		s.judge(vector{Name: tt.name}, "", q, a)
		if len(s.results) != 1 || s.results[0].Outcome != tt.want {
			t.Errorf("%s: %+v, want %s", tt.name, s.results, tt.want)
		}
	}
}

func TestTopicNamesAreUnique(t *testing.T) {
	names := topicNames(topics)
	for i, n := range names {
		if slices.Contains(names[:i], n) {
			t.Errorf("topic %s is there twice", n)
		}
	}
}
