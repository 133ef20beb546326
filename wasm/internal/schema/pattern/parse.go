package pattern

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The errors of Compile: the expression breaks its grammar, or has what is not matched here.
var (
	ErrSyntax      = errors.New("is no regular expression")
	ErrUnsupported = errors.New("cannot be matched by this module")
)

// Compile reads an expression.
func Compile(expr string) (*Regexp, error) {
	if len(expr) > maxPattern {
		return nil, fmt.Errorf("%w: %d bytes, want at most %d", ErrUnsupported, len(expr), maxPattern)
	}
	if !utf8.ValidString(expr) {
		return nil, fmt.Errorf("%w: it is not UTF-8", ErrSyntax)
	}
	p := &parser{text: expr}
	if err := p.alternatives(0); err != nil {
		return nil, err
	}
	if p.pos < len(p.text) {
		return nil, p.wrong("there is no group to close")
	}
	p.emit(inst{op: opMatch})
	return &Regexp{p.prog}, nil
}

// parser turns an expression into a program as it reads: Thompson's construction. A
// piece of program jumps only within itself and to its own end, so it can be moved and
// repeated by shifting its addresses.
type parser struct {
	text string
	pos  int
	prog []inst
}

func (p *parser) wrong(format string, args ...any) error {
	return fmt.Errorf("%w: %s at byte %d", ErrSyntax, fmt.Sprintf(format, args...), p.pos)
}

func (p *parser) emit(in inst) { p.prog = append(p.prog, in) }

func (p *parser) fits() error {
	if len(p.prog) > maxProgram {
		return fmt.Errorf("%w: it has more than %d steps", ErrUnsupported, maxProgram)
	}
	return nil
}

// take removes the program from start on, and relocates it to begin at 0.
func (p *parser) take(start int) []inst {
	piece := shifted(p.prog[start:], -start)
	p.prog = p.prog[:start]
	return piece
}

// put appends a piece that begins at 0.
func (p *parser) put(piece []inst) { p.prog = append(p.prog, shifted(piece, len(p.prog))...) }

func shifted(piece []inst, by int) []inst {
	out := slices.Clone(piece)
	for i := range out {
		out[i].x += by
		out[i].y += by
	}
	return out
}

func (p *parser) eat(s string) bool {
	if strings.HasPrefix(p.text[p.pos:], s) {
		p.pos += len(s)
		return true
	}
	return false
}

// alternatives is Disjunction.
func (p *parser) alternatives(depth int) error {
	if depth > maxGroups {
		return fmt.Errorf("%w: groups more than %d deep", ErrUnsupported, maxGroups)
	}
	start := len(p.prog)
	if err := p.sequence(depth); err != nil {
		return err
	}
	for p.eat("|") {
		left := p.take(start)
		if err := p.sequence(depth); err != nil {
			return err
		}
		right := p.take(start)
		p.emit(inst{op: opSplit, x: start + 1, y: start + len(left) + 2})
		p.put(left)
		p.emit(inst{op: opJump, x: start + len(left) + 2 + len(right)})
		p.put(right)
		if err := p.fits(); err != nil {
			return err
		}
	}
	return nil
}

// sequence is Alternative: terms, each with its quantifier.
func (p *parser) sequence(depth int) error {
	for p.pos < len(p.text) && p.text[p.pos] != '|' && p.text[p.pos] != ')' {
		start := len(p.prog)
		repeatable, err := p.term(depth)
		if err == nil {
			err = p.quantifier(start, repeatable)
		}
		if err == nil {
			err = p.fits()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// term is Assertion or Atom.
func (p *parser) term(depth int) (repeatable bool, err error) {
	assert := func(o op) (bool, error) {
		p.emit(inst{op: o, x: len(p.prog) + 1})
		return false, nil
	}
	switch {
	case p.eat("^"):
		return assert(opBegin)
	case p.eat("$"):
		return assert(opEnd)
	case p.eat(`\b`):
		return assert(opBorder)
	case p.eat(`\B`):
		return assert(opInside)
	case p.eat("(?=") || p.eat("(?!") || p.eat("(?<=") || p.eat("(?<!"):
		return false, fmt.Errorf("%w: it looks around", ErrUnsupported)
	case p.eat("(?:"):
	case p.eat("(?<"):
		end := strings.IndexByte(p.text[p.pos:], '>')
		if end <= 0 || strings.ContainsAny(p.text[p.pos:p.pos+end], "()[]{}|\\ ") {
			return false, p.wrong("a group without a name")
		}
		p.pos += end + 1
	case p.eat("(?"):
		return false, fmt.Errorf("%w: it sets flags", ErrUnsupported)
	case p.eat("("):
	case p.eat("."):
		p.char(&set{ranges: []rune{'\n', '\n', '\r', '\r', 0x2028, 0x2029}, not: true})
		return true, nil
	case p.eat("["):
		s, err := p.class()
		if err != nil {
			return false, err
		}
		p.char(s)
		return true, nil
	case p.eat(`\`):
		s, err := p.escape(false)
		if err != nil {
			return false, err
		}
		p.char(s)
		return true, nil
	default:
		r, n := utf8.DecodeRuneInString(p.text[p.pos:])
		if strings.ContainsRune("*+?{}])", r) {
			return false, p.wrong("%q stands for nothing", r)
		}
		p.pos += n
		p.char(&set{ranges: []rune{r, r}})
		return true, nil
	}
	if err := p.alternatives(depth + 1); err != nil {
		return false, err
	}
	if !p.eat(")") {
		return false, p.wrong("a group is not closed")
	}
	return true, nil
}

func (p *parser) char(s *set) { p.emit(inst{op: opChar, set: s, x: len(p.prog) + 1}) }

// quantifier repeats what was emitted from start on. Whether it is greedy says nothing
// of whether there is a match.
func (p *parser) quantifier(start int, repeatable bool) error {
	least, most := 1, 1
	switch {
	case p.eat("*"):
		least, most = 0, -1
	case p.eat("+"):
		least, most = 1, -1
	case p.eat("?"):
		least, most = 0, 1
	case p.pos < len(p.text) && p.text[p.pos] == '{':
		end := strings.IndexByte(p.text[p.pos:], '}')
		if end < 0 {
			return p.wrong("a quantifier is not closed")
		}
		low, high, ranged := strings.Cut(p.text[p.pos+1:p.pos+end], ",")
		var err1, err2 error
		least, err1 = count(low)
		switch most = least; {
		case ranged && high == "":
			most = -1
		case ranged:
			most, err2 = count(high)
		}
		if err1 != nil || err2 != nil || most >= 0 && most < least {
			return p.wrong("a quantifier that is none")
		}
		p.pos += end + 1
	default:
		return nil
	}
	if !repeatable {
		return p.wrong("an assertion is repeated")
	}
	p.eat("?")
	piece := p.take(start)
	if copies := max(least, most) + 1; copies > maxProgram || copies*(len(piece)+1) > maxProgram {
		return fmt.Errorf("%w: it has more than %d steps", ErrUnsupported, maxProgram)
	}
	for range least {
		p.put(piece)
	}
	if most < 0 {
		at := len(p.prog)
		p.emit(inst{op: opSplit, x: at + 1, y: at + len(piece) + 2})
		p.put(piece)
		p.emit(inst{op: opJump, x: at})
		return nil
	}
	end := len(p.prog) + (most-least)*(len(piece)+1)
	for range most - least {
		p.emit(inst{op: opSplit, x: len(p.prog) + 1, y: end})
		p.put(piece)
	}
	return nil
}

func count(s string) (int, error) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, ErrSyntax
	}
	return strconv.Atoi(s[:min(len(s), 9)])
}

// set is a set of characters.
type set struct {
	ranges []rune // pairs of first and last
	tables []*unicode.RangeTable
	others []*set
	not    bool
}

func (s *set) has(r rune) bool {
	in := false
	for i := 0; i < len(s.ranges) && !in; i += 2 {
		in = r >= s.ranges[i] && r <= s.ranges[i+1]
	}
	for i := 0; i < len(s.tables) && !in; i++ {
		in = unicode.Is(s.tables[i], r)
	}
	for i := 0; i < len(s.others) && !in; i++ {
		in = s.others[i].has(r)
	}
	return in != s.not
}

// class is CharacterClass, after its bracket.
func (p *parser) class() (*set, error) {
	out := &set{not: p.eat("^")}
	for {
		if p.pos >= len(p.text) {
			return nil, p.wrong("a class is not closed")
		}
		if p.eat("]") {
			return out, nil
		}
		first, err := p.classAtom()
		if err != nil {
			return nil, err
		}
		low, single := first.single()
		if !strings.HasPrefix(p.text[p.pos:], "-") || strings.HasPrefix(p.text[p.pos:], "-]") {
			out.others = append(out.others, first)
			continue
		}
		p.pos++
		last, err := p.classAtom()
		if err != nil {
			return nil, err
		}
		high, both := last.single()
		if !single || !both || low > high {
			return nil, p.wrong("a range that is none")
		}
		out.ranges = append(out.ranges, low, high)
	}
}

func (s *set) single() (rune, bool) {
	if len(s.ranges) == 2 && s.ranges[0] == s.ranges[1] && !s.not && s.tables == nil {
		return s.ranges[0], true
	}
	return 0, false
}

func (p *parser) classAtom() (*set, error) {
	if p.eat(`\`) {
		return p.escape(true)
	}
	r, n := utf8.DecodeRuneInString(p.text[p.pos:])
	if n == 0 {
		return nil, p.wrong("a class is not closed")
	}
	p.pos += n
	return &set{ranges: []rune{r, r}}, nil
}

// spaces are WhiteSpace and LineTerminator of ECMA-262.
var spaces = []rune{'\t', '\r', ' ', ' ', 0xa0, 0xa0, 0x1680, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x202f, 0x205f, 0x205f, 0x3000, 0x3000, 0xfeff, 0xfeff}

// categories are the general categories that are known here, by their names in Unicode.
var categories = map[string]*unicode.RangeTable{
	"L": unicode.L, "Letter": unicode.L, "Lu": unicode.Lu, "Uppercase_Letter": unicode.Lu, "Ll": unicode.Ll, "Lowercase_Letter": unicode.Ll,
	"N": unicode.N, "Number": unicode.N, "Nd": unicode.Nd, "Decimal_Number": unicode.Nd, "digit": unicode.Nd,
	"P": unicode.P, "Punctuation": unicode.P, "punct": unicode.P, "M": unicode.M, "Mark": unicode.M,
}

// escape is AtomEscape or ClassEscape, after its backslash.
func (p *parser) escape(inClass bool) (*set, error) {
	r, n := utf8.DecodeRuneInString(p.text[p.pos:])
	if n == 0 {
		return nil, p.wrong("a backslash at the end")
	}
	p.pos += n
	one := func(r rune) (*set, error) { return &set{ranges: []rune{r, r}}, nil }
	switch r {
	case 'd', 'D':
		return &set{ranges: []rune{'0', '9'}, not: r == 'D'}, nil
	case 'w', 'W':
		return &set{ranges: []rune{'0', '9', 'A', 'Z', '_', '_', 'a', 'z'}, not: r == 'W'}, nil
	case 's', 'S':
		return &set{ranges: spaces, not: r == 'S'}, nil
	case 't':
		return one('\t')
	case 'n':
		return one('\n')
	case 'r':
		return one('\r')
	case 'f':
		return one('\f')
	case 'v':
		return one('\v')
	case 'b':
		if inClass {
			return one('\b')
		}
	case '0':
		if p.pos >= len(p.text) || p.text[p.pos] < '0' || p.text[p.pos] > '9' {
			return one(0)
		}
	case 'c':
		if p.pos < len(p.text) && isWord(rune(p.text[p.pos])) && p.text[p.pos] > '9' && p.text[p.pos] != '_' {
			p.pos++
			return one(rune(p.text[p.pos-1]) % 32)
		}
	case 'x':
		if v, ok := p.hex(2); ok {
			return one(v)
		}
	case 'u':
		return p.unicodeEscape()
	case 'p', 'P':
		if !p.eat("{") {
			return nil, p.wrong("a property without a name")
		}
		end := strings.IndexByte(p.text[p.pos:], '}')
		if end < 0 {
			return nil, p.wrong("a property is not closed")
		}
		name := p.text[p.pos : p.pos+end]
		p.pos += end + 1
		for _, prefix := range []string{"General_Category=", "gc="} {
			name = strings.TrimPrefix(name, prefix)
		}
		table := categories[name]
		if table == nil {
			return nil, fmt.Errorf("%w: the property %.60q", ErrUnsupported, name)
		}
		return &set{tables: []*unicode.RangeTable{table}, not: r == 'P'}, nil
	case 'k', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return nil, fmt.Errorf("%w: it refers back", ErrUnsupported)
	case '-':
		// In Unicode mode only within a class, but written by many without need.
		return one('-')
	default:
		// SyntaxCharacter and "/": beyond them an escape of nothing is an error.
		if strings.ContainsRune(`^$\.*+?()[]{}|/`, r) {
			return one(r)
		}
	}
	return nil, p.wrong(`\%c means nothing`, r)
}

func (p *parser) hex(n int) (rune, bool) {
	if len(p.text)-p.pos < n {
		return 0, false
	}
	v, err := strconv.ParseUint(p.text[p.pos:p.pos+n], 16, 32)
	if err != nil || p.text[p.pos] == '+' {
		return 0, false
	}
	p.pos += n
	return rune(v), true
}

// unicodeEscape is RegExpUnicodeEscapeSequence, after its u.
func (p *parser) unicodeEscape() (*set, error) {
	var r rune
	if p.eat("{") {
		end := strings.IndexByte(p.text[p.pos:], '}')
		v, err := strconv.ParseUint(p.text[p.pos:p.pos+max(end, 0)], 16, 32)
		if err != nil || v > unicode.MaxRune {
			return nil, p.wrong("no code point")
		}
		p.pos += end + 1
		r = rune(v)
	} else {
		v, ok := p.hex(4)
		if !ok {
			return nil, p.wrong("no code point")
		}
		r = v
		if at := p.pos; v >= 0xd800 && v < 0xdc00 && p.eat(`\u`) {
			if low, ok := p.hex(4); ok && low >= 0xdc00 && low < 0xe000 {
				r = (v-0xd800)<<10 + (low - 0xdc00) + 0x10000
			} else {
				p.pos = at
			}
		}
	}
	return &set{ranges: []rune{r, r}}, nil
}
