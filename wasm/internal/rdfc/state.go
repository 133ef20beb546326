package rdfc

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/verilith/verilith/wasm/internal/rdf"
)

// state is the canonicalization state of RDFC-1.0 Section 4.3. Blank nodes are
// numbered in the order in which they are met.
type state struct {
	hash  Hash
	work  int // what is left of total
	total int

	text   string // every quad once, with the labels that it came with
	quads  []quad
	labels []string // by node

	mentionsOf []int32 // quads by node: those of node n from mentionsAt[n] to mentionsAt[n+1]
	mentionsAt []int32

	first     []string // first degree hashes
	canonical []int32  // canonical number by node, or -1
	issuedAll int32

	// The temporary issuer. What the algorithm calls a copy of an issuer always begins
	// with what the original has issued, so one list that is wound back serves for all.
	issued []int32 // nodes in the order of issue
	temp   []int32 // number by node, or -1

	buf   []byte
	lines [][2]int32
}

// quad is one line of text, and where in it the blank nodes are.
type quad struct {
	start, end int32
	hole       [3]hole
	holes      int8
	predicate  string
}

type hole struct {
	start, end int32
	node       int32
	position   byte // s, o or g
}

// load fills the blank node to quads map, Step 2.
func (s *state) load(quads []rdf.Quad) {
	numbers := make(map[string]int32)
	s.quads = make([]quad, 0, len(quads))
	buf := make([]byte, 0, 160*len(quads))
	for i := range quads {
		in := &quads[i]
		q := quad{start: int32(len(buf)), predicate: in.P.Value}
		for position, t := range [...]*rdf.Term{&in.S, &in.P, &in.O, &in.G} {
			if t.Kind == rdf.None {
				continue
			}
			at := int32(len(buf))
			buf = rdf.AppendTerm(buf, *t)
			if t.Kind == rdf.Blank && position != 1 {
				n, ok := numbers[t.Value]
				if !ok {
					n = int32(len(s.labels))
					numbers[t.Value] = n
					s.labels = append(s.labels, t.Value)
				}
				q.hole[q.holes] = hole{at, int32(len(buf)), n, "spog"[position]}
				q.holes++
			}
			buf = append(buf, ' ')
		}
		buf = append(buf, '.', '\n')
		q.end = int32(len(buf))
		s.quads = append(s.quads, q)
	}
	s.text = string(buf)
	s.buf = buf[:0]
	seen := make(map[string]struct{}, len(quads))
	s.quads = slices.DeleteFunc(s.quads, func(q quad) bool {
		line := s.text[q.start:q.end]
		_, dup := seen[line]
		seen[line] = struct{}{}
		return dup
	})
	s.canonical = make([]int32, len(s.labels))
	for i := range s.canonical {
		s.canonical[i] = -1
	}
	s.loadMentions()
}

func (s *state) loadMentions() {
	s.mentionsAt = make([]int32, len(s.labels)+1)
	each := func(f func(node, quad int32)) {
		for i := range s.quads {
			q := &s.quads[i]
			for j, h := range q.hole[:q.holes] {
				if j > 0 && q.hole[0].node == h.node || j > 1 && q.hole[1].node == h.node {
					continue // a quad counts once for a node that it has twice
				}
				f(h.node, int32(i))
			}
		}
	}
	each(func(node, _ int32) { s.mentionsAt[node+1]++ })
	for n := range s.labels {
		s.mentionsAt[n+1] += s.mentionsAt[n]
	}
	next := slices.Clone(s.mentionsAt)
	s.mentionsOf = make([]int32, s.mentionsAt[len(s.labels)])
	each(func(node, quad int32) {
		s.mentionsOf[next[node]] = quad
		next[node]++
	})
}

func (s *state) mentions(n int32) []int32 { return s.mentionsOf[s.mentionsAt[n]:s.mentionsAt[n+1]] }

// digest hashes data and charges for it: one, and one more for each further KiB.
func (s *state) digest(data []byte) string {
	s.work -= 1 + len(data)>>10
	if s.hash == SHA384 {
		var text [2 * sha512.Size384]byte
		sum := sha512.Sum384(data)
		hex.Encode(text[:], sum[:])
		return string(text[:])
	}
	var text [2 * sha256.Size]byte
	sum := sha256.Sum256(data)
	hex.Encode(text[:], sum[:])
	return string(text[:])
}

func (s *state) spent() bool { return s.work < 0 }

func (s *state) tooMuch() error {
	return &Error{WorkLimit, "the blank nodes of the dataset need more than " + strconv.Itoa(s.total) +
		" hashes and permutations to tell apart (RDFC-1.0 Section 7.1)"}
}

func (s *state) issueCanonical(n int32) {
	if s.canonical[n] < 0 {
		s.canonical[n] = s.issuedAll
		s.issuedAll++
	}
}

// issue gives n the next temporary identifier, unless it has one.
func (s *state) issue(n int32) {
	if s.temp[n] < 0 {
		s.temp[n] = int32(len(s.issued))
		s.issued = append(s.issued, n)
	}
}

// rewind takes back all temporary identifiers but the first few.
func (s *state) rewind(length int) {
	for _, n := range s.issued[length:] {
		s.temp[n] = -1
	}
	s.issued = s.issued[:length]
}
