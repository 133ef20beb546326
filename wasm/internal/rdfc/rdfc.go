// Package rdfc canonicalises RDF datasets by [RDFC-1.0], with SHA-256 or SHA-384.
//
// Blank nodes that look alike from all sides cost time that grows with the factorial
// of their number. A dataset made for that (a poison graph, RDFC-1.0 Section 7.1)
// ends with an [Error] of reason [WorkLimit] once it has used its budget, which
// counts calls of the hash and permutations tried and not time, and so is spent
// alike on every machine. Where no two blank nodes have the same first degree hash,
// which is how nearly every credential is, there is one hash for each and no search.
//
// [RDFC-1.0]: https://www.w3.org/TR/rdf-canon/
package rdfc

import (
	"slices"
	"strconv"
	"strings"

	"github.com/verilith/verilith/wasm/internal/rdf"
)

// Hash chooses the hash function.
type Hash uint8

// The hashes that RDFC-1.0 Section 4.2 names.
const (
	SHA256 Hash = iota
	SHA384
)

const (
	// DefaultWork is the budget that zero stands for: five times the dearest of the
	// W3C's own tests, and a hash for each blank node that a document within
	// strictjson.MaxMembers can have. It is used up within 100 ms natively.
	DefaultWork = 30000
	// maxDepth bounds the recursion of Hash N-Degree Quads: how far blank nodes that
	// look alike may hang together in a row.
	maxDepth = 256
)

// Reason is the stable part of an [Error].
type Reason string

// WorkLimit says that the dataset needs more work than was allowed.
const WorkLimit Reason = "work_limit"

// Error is why there is no canonical form.
type Error struct {
	Reason Reason
	Detail string // for people; may change
}

func (e *Error) Error() string { return string(e.Reason) + ": " + e.Detail }

// Result is a canonicalised dataset.
type Result struct {
	// Lines are the canonical N-Quads in code point order, each with its line feed.
	Lines []string
	// Issued maps the input's blank node labels to the canonical ones, both without "_:".
	Issued map[string]string
}

// NQuads returns the serialised canonical form.
func (r *Result) NQuads() []byte { return []byte(strings.Join(r.Lines, "")) }

// Canonicalize implements RDFC-1.0 Section 4.4.3. Work bounds hash calls and
// permutations together; zero means [DefaultWork]. Quads that occur twice count once.
func Canonicalize(quads []rdf.Quad, hash Hash, work int) (*Result, error) {
	if work <= 0 {
		work = DefaultWork
	}
	s := &state{hash: hash, work: work, total: work}
	// Steps 1 and 2.
	s.load(quads)
	// Step 3.
	s.first = make([]string, len(s.labels))
	for n := range s.first {
		s.first[n] = s.hashFirstDegree(int32(n))
	}
	order := make([]int32, len(s.labels))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return strings.Compare(s.first[a], s.first[b]) })
	// Step 4: nodes that are alone with their hash.
	var ties [][]int32
	for i := 0; i < len(order); {
		j := i + 1
		for j < len(order) && s.first[order[j]] == s.first[order[i]] {
			j++
		}
		if j == i+1 {
			s.issueCanonical(order[i])
		} else {
			ties = append(ties, order[i:j])
		}
		i = j
	}
	if s.spent() {
		return nil, s.tooMuch()
	}
	// Step 5.
	if ties != nil {
		if err := s.breakTies(ties); err != nil {
			return nil, err
		}
	}
	// Step 6.
	return s.result(), nil
}

// breakTies is Step 5.
func (s *state) breakTies(ties [][]int32) error {
	s.temp = make([]int32, len(s.labels))
	for i := range s.temp {
		s.temp[i] = -1
	}
	type path struct {
		hash   string
		issued []int32
	}
	for _, tie := range ties {
		var paths []path
		for _, n := range tie {
			if s.canonical[n] >= 0 {
				continue // Step 5.2.1
			}
			s.issue(n)
			h, err := s.hashNDegree(n, 0)
			if err != nil {
				return err
			}
			paths = append(paths, path{h, slices.Clone(s.issued)})
			s.rewind(0)
		}
		// Step 5.3. Two nodes with one hash have the same place in the dataset, so
		// their order makes no difference to the result.
		slices.SortStableFunc(paths, func(a, b path) int { return strings.Compare(a.hash, b.hash) })
		for _, p := range paths {
			for _, n := range p.issued {
				s.issueCanonical(n)
			}
		}
	}
	return nil
}

// result labels every quad, Step 6.
func (s *state) result() *Result {
	r := &Result{Lines: make([]string, len(s.quads)), Issued: make(map[string]string, len(s.labels))}
	for n, label := range s.labels {
		r.Issued[label] = "c14n" + strconv.Itoa(int(s.canonical[n]))
	}
	for i := range s.quads {
		q := &s.quads[i]
		if q.holes == 0 {
			r.Lines[i] = s.text[q.start:q.end]
			continue
		}
		buf, at := s.buf[:0], q.start
		for _, h := range q.hole[:q.holes] {
			buf = append(buf, s.text[at:h.start]...)
			buf = append(buf, "_:c14n"...)
			buf = strconv.AppendInt(buf, int64(s.canonical[h.node]), 10)
			at = h.end
		}
		buf = append(buf, s.text[at:q.end]...)
		r.Lines[i] = string(buf)
		s.buf = buf
	}
	slices.Sort(r.Lines)
	return r
}
