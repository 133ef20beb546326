// Package pattern matches the regular expressions of JSON Schema, which are those of
// [ECMA-262] in its Unicode mode, in time linear in the text.
//
// What would need backtracking is refused: lookaround and references back. So are flags
// and the Unicode properties beyond a few general categories. A pattern says nothing of
// a text then; it does not fail to match.
//
// [ECMA-262]: https://tc39.es/ecma262/#sec-patterns
package pattern

import "unicode/utf8"

const (
	maxPattern = 4096     // bytes of an expression; no real one is near it
	maxProgram = 4096     // instructions, counted repetitions written out
	maxGroups  = 64       // nesting of groups; bounds the parser's stack
	maxWork    = 64 << 20 // instructions times characters: a second or so
)

// Regexp is a compiled expression.
type Regexp struct{ prog []inst }

type op uint8

const (
	opMatch  op = iota
	opChar      // one character of set
	opSplit     // go on at both x and y
	opJump      // go on at x
	opBegin     // ^
	opEnd       // $
	opBorder    // \b
	opInside    // \B
)

type inst struct {
	op   op
	x, y int
	set  *set
}

// Match reports whether the expression matches anywhere in text. ok is false where that
// would be too much work.
func (r *Regexp) Match(text string) (matched, ok bool) {
	if (len(text)+1)*len(r.prog) > maxWork {
		return false, false
	}
	now, next := newThreads(len(r.prog)), newThreads(len(r.prog))
	before := rune(-1)
	for i := 0; ; {
		after, width := rune(-1), 1
		if i < len(text) {
			after, width = utf8.DecodeRuneInString(text[i:])
		}
		if r.follow(now, 0, before, after) {
			return true, true
		}
		if i >= len(text) {
			return false, true
		}
		next.reset()
		for _, pc := range now.list {
			in := &r.prog[pc]
			if in.op != opChar || !in.set.has(after) {
				continue
			}
			after2 := rune(-1)
			if i+width < len(text) {
				after2, _ = utf8.DecodeRuneInString(text[i+width:])
			}
			if r.follow(next, in.x, after, after2) {
				return true, true
			}
		}
		now, next = next, now
		before, i = after, i+width
	}
}

// follow adds the thread at pc, and all that it leads to without a character, between
// before and after. It reports whether one of them has matched.
func (r *Regexp) follow(t *threads, pc int, before, after rune) bool {
	t.stack = append(t.stack[:0], pc)
	for len(t.stack) > 0 {
		pc := t.stack[len(t.stack)-1]
		t.stack = t.stack[:len(t.stack)-1]
		if t.marked[pc] == t.round {
			continue
		}
		t.marked[pc] = t.round
		in := &r.prog[pc]
		goOn := false
		switch in.op {
		case opMatch:
			return true
		case opChar:
			t.list = append(t.list, pc)
		case opSplit:
			t.stack = append(t.stack, in.y, in.x)
		case opJump:
			goOn = true
		case opBegin:
			goOn = before < 0
		case opEnd:
			goOn = after < 0
		case opBorder:
			goOn = isWord(before) != isWord(after)
		case opInside:
			goOn = isWord(before) == isWord(after)
		}
		if goOn {
			t.stack = append(t.stack, in.x)
		}
	}
	return false
}

// threads are the instructions that wait for the next character, each once.
type threads struct {
	list, stack []int
	marked      []int
	round       int
}

func newThreads(n int) *threads { return &threads{marked: make([]int, n), round: 1} }

func (t *threads) reset() {
	t.list = t.list[:0]
	t.round++
}

func isWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
