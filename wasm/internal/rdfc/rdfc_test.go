package rdfc_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/wasm/internal/rdf"
	"github.com/verilith/verilith/wasm/internal/rdfc"
)

func parse(t testing.TB, text string) []rdf.Quad {
	quads, err := rdf.ParseNQuads([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return quads
}

// edges makes a graph over blank nodes n0, n1, … with one predicate.
func edges(pairs ...[2]int) string {
	var b strings.Builder
	for _, p := range pairs {
		fmt.Fprintf(&b, "_:n%d <urn:p> _:n%d .\n", p[0], p[1])
	}
	return b.String()
}

// clique joins each of n nodes to each other.
func clique(n int) string {
	var pairs [][2]int
	for i := range n {
		for j := range n {
			if i != j {
				pairs = append(pairs, [2]int{i, j})
			}
		}
	}
	return edges(pairs...)
}

func cycle(n int) string {
	var pairs [][2]int
	for i := range n {
		pairs = append(pairs, [2]int{i, (i + 1) % n})
	}
	return edges(pairs...)
}

// star joins a centre to n leaves that look alike.
func star(n int) string {
	var pairs [][2]int
	for i := range n {
		pairs = append(pairs, [2]int{0, i + 1})
	}
	return edges(pairs...)
}

// hypercube joins numbers that differ in one of n bits.
func hypercube(n int) string {
	var pairs [][2]int
	for i := range 1 << n {
		for b := range n {
			pairs = append(pairs, [2]int{i, i ^ 1<<b})
		}
	}
	return edges(pairs...)
}

func TestSmallGraphs(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
	}{
		{"empty", "", ""},
		{"ground", "<urn:s> <urn:p> <urn:o> .", "<urn:s> <urn:p> <urn:o> .\n"},
		{"twice the same", "_:a <urn:p> \"x\" .\n_:a <urn:p> \"x\" .", "_:c14n0 <urn:p> \"x\" .\n"},
		{"pair", edges([2]int{0, 1}, [2]int{1, 0}), "_:c14n0 <urn:p> _:c14n1 .\n_:c14n1 <urn:p> _:c14n0 .\n"},
		{"to itself", "_:a <urn:p> _:a .", "_:c14n0 <urn:p> _:c14n0 .\n"},
		{"graph name", "_:a <urn:p> \"x\" _:g .", "_:c14n0 <urn:p> \"x\" _:c14n1 .\n"},
	} {
		for _, hash := range []rdfc.Hash{rdfc.SHA256, rdfc.SHA384} {
			r, err := rdfc.Canonicalize(parse(t, c.in), hash, 0)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			} else if got := string(r.NQuads()); hash == rdfc.SHA256 && got != c.want || len(got) != len(c.want) {
				t.Errorf("%s: got %s, want %s", c.name, got, c.want)
			}
		}
	}
}

func TestIssued(t *testing.T) {
	r, err := rdfc.Canonicalize(parse(t, "_:x <urn:p> \"1\" .\n_:y <urn:q> _:x .\n"), rdfc.SHA256, 0)
	if err != nil {
		t.Fatal(err)
	}
	relabelled := rdf.Lines(rdf.Relabel(parse(t, "_:x <urn:p> \"1\" .\n_:y <urn:q> _:x .\n"), r.Issued))
	if len(r.Issued) != 2 || !slices.Equal(relabelled, r.Lines) {
		t.Errorf("issued %v gives %q, want %q", r.Issued, relabelled, r.Lines)
	}
}

// poison are graphs that want much work, and graphs that only look like them.
var poison = []struct {
	name, in string
	limit    bool
}{
	{"clique of 5", clique(5), false},
	{"clique of 10", clique(10), true},
	{"clique of 60", clique(60), true},
	{"cycle of 50", cycle(50), false},
	{"cycle of 2000", cycle(2000), true},
	{"star of 6", star(6), false},
	{"star of 20", star(20), false},
	{"star of 3000", star(3000), false},
	{"hypercube of 3", hypercube(3), false},
	{"hypercube of 6", hypercube(6), true},
	{"1000 pairs", func() string {
		var pairs [][2]int
		for i := range 1000 {
			pairs = append(pairs, [2]int{2 * i, 2*i + 1}, [2]int{2*i + 1, 2 * i})
		}
		return edges(pairs...)
	}(), false},
}

// MUSTS row 15: work is bounded. Poison graphs end within the budget, and graphs that
// only look like them have a canonical form. How long it takes, BenchmarkPoison measures.
func TestMust15PoisonGraphsEndWithTheWorkLimit(t *testing.T) {
	for _, c := range poison {
		quads := parse(t, c.in)
		r, err := rdfc.Canonicalize(quads, rdfc.SHA256, 0)
		e := (*rdfc.Error)(nil)
		if limited := errors.As(err, &e) && e.Reason == rdfc.WorkLimit; limited != c.limit || !limited && r == nil {
			t.Errorf("%s: got %v, want a work limit: %v", c.name, err, c.limit)
		}
	}
}

func BenchmarkPoison(b *testing.B) {
	for _, c := range poison {
		quads := parse(b, c.in)
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				_, _ = rdfc.Canonicalize(quads, rdfc.SHA256, 0)
			}
		})
	}
}

// A budget counts the work, so it ends at the same place each time.
func TestBudget(t *testing.T) {
	quads := parse(t, clique(4))
	if _, err := rdfc.Canonicalize(quads, rdfc.SHA256, 20); err == nil {
		t.Error("20 steps are enough for a clique of 4")
	}
	if _, err := rdfc.Canonicalize(quads, rdfc.SHA256, 2000); err != nil {
		t.Errorf("2000 steps are not enough for a clique of 4: %v", err)
	}
}

// shuffle gives the blank nodes other labels and the quads another order.
func shuffle(quads []rdf.Quad, seed uint64) []rdf.Quad {
	r := rand.New(rand.NewPCG(seed, 1))
	labels := make(map[string]string)
	var order []string
	for _, q := range quads {
		for _, term := range []rdf.Term{q.S, q.O, q.G} {
			if term.Kind == rdf.Blank && labels[term.Value] == "" {
				labels[term.Value] = "x"
				order = append(order, term.Value)
			}
		}
	}
	for i, n := range r.Perm(len(order)) {
		labels[order[i]] = fmt.Sprintf("r%d", n)
	}
	out := rdf.Relabel(quads, labels)
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func TestLabelsAndOrderDoNotMatter(t *testing.T) {
	for _, in := range []string{clique(5), cycle(9), hypercube(3), star(5), cycle(4) + strings.ReplaceAll(cycle(5), "_:n", "_:m")} {
		quads := parse(t, in)
		want, err := rdfc.Canonicalize(quads, rdfc.SHA256, 0)
		if err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(10) {
			got, err := rdfc.Canonicalize(shuffle(quads, seed), rdfc.SHA256, 0)
			if err != nil || !slices.Equal(got.Lines, want.Lines) {
				t.Errorf("%q: got %q, %v, want %q", in, got.Lines, err, want.Lines)
			}
		}
	}
}

// The canonical form does not depend on labels and order, has itself as its canonical
// form, and where the budget ends one order it ends another, give or take its choices.
func FuzzCanonicalize(f *testing.F) {
	f.Add([]byte(clique(4)), uint64(1))
	f.Add([]byte("_:a <urn:p> _:b _:g .\n_:b <urn:p> _:a _:g .\n_:g <urn:q> \"x\"@en .\n"), uint64(2))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		quads, err := rdf.ParseNQuads(data)
		if err != nil {
			return
		}
		want, err := rdfc.Canonicalize(quads, rdfc.SHA256, 20000)
		if err != nil {
			return
		}
		got, err := rdfc.Canonicalize(shuffle(quads, seed), rdfc.SHA256, 0)
		if err != nil || !slices.Equal(got.Lines, want.Lines) {
			t.Fatalf("%q: %v", data, err)
		}
		again, err := rdf.ParseNQuads(want.NQuads())
		if err != nil {
			t.Fatalf("the canonical form is not read: %v", err)
		}
		if got, err := rdfc.Canonicalize(again, rdfc.SHA256, 0); err != nil || !slices.Equal(got.Lines, want.Lines) {
			t.Fatalf("the canonical form %q has another: %v", want.Lines, err)
		}
	})
}
