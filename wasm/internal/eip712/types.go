package eip712

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

const (
	maxTypes   = 256  // struct types; a credential has a dozen. Bounds the walk over references.
	maxMembers = 256  // of one struct
	maxName    = 128  // octets of a name
	maxNesting = 8    // of arrays in arrays
	maxEncoded = 4096 // octets of a type's own encoding; each is hashed once for each struct value
)

// member is one member of a struct type.
type member struct{ name, typ string }

// schema is a set of struct types, by name.
type schema struct {
	structs map[string][]member
	own     map[string]string   // the encoding of a type by itself: Name(type name,…)
	hashes  map[string][32]byte // memo of typeHash
}

// readTypes reads the types, EIP-712 "Definition of typed structured data".
func readTypes(o strictjson.Object) (*schema, *Error) {
	if len(o) > maxTypes {
		return nil, fail(TooLarge, "types", "%d types, want at most %d", len(o), maxTypes)
	}
	s := &schema{structs: make(map[string][]member, len(o)), own: map[string]string{}, hashes: map[string][32]byte{}}
	for _, name := range o.Names() {
		path := "types." + name
		if !isIdentifier(name) || isAtomic(name) || name == "bytes" || name == "string" {
			return nil, fail(MalformedTypes, path, "no name for a struct type")
		}
		list, ok := o[name].([]any)
		if !ok || len(list) > maxMembers {
			return nil, fail(MalformedTypes, path, "want a list of at most %d members", maxMembers)
		}
		members := make([]member, 0, len(list))
		seen := make(map[string]bool, len(list))
		var encoded strings.Builder
		encoded.WriteString(name + "(")
		for i, v := range list {
			f, ok := v.(strictjson.Object)
			m := member{f.String("name"), f.String("type")}
			if !ok || len(f) != 2 || !isMemberName(m.name) || m.typ == "" {
				return nil, fail(MalformedTypes, path+"["+strconv.Itoa(i)+"]", "want a name and a type, and no more")
			}
			if seen[m.name] {
				return nil, fail(MalformedTypes, path+"."+m.name, "is there twice")
			}
			seen[m.name] = true
			members = append(members, m)
			if i > 0 {
				encoded.WriteByte(',')
			}
			encoded.WriteString(m.typ + " " + m.name)
			if encoded.Len() > maxEncoded {
				return nil, fail(TooLarge, path, "longer than %d octets", maxEncoded)
			}
		}
		encoded.WriteByte(')')
		s.structs[name], s.own[name] = members, encoded.String()
	}
	for _, name := range slices.Sorted(maps.Keys(s.structs)) {
		for _, m := range s.structs[name] {
			base, nesting, ok := element(m.typ)
			if !ok || nesting > maxNesting || !isAtomic(base) && base != "bytes" && base != "string" && s.structs[base] == nil {
				return nil, fail(MalformedTypes, "types."+name+"."+m.name, "%.60q is no type", m.typ)
			}
			if base == domainType {
				return nil, fail(MalformedTypes, "types."+name+"."+m.name, "a domain within a message")
			}
		}
	}
	return s, nil
}

// The members of EIP712Domain, of which a domain has some, in that order.
var domainMembers = []member{{"name", "string"}, {"version", "string"}, {"chainId", "uint256"}, {"verifyingContract", "address"}, {"salt", "bytes32"}}

// checkDomain holds the domain's type to "Definition of domainSeparator". The order is
// that text's; not all signers keep it, and as it is hashed, any is taken.
func (s *schema) checkDomain() *Error {
	members, ok := s.structs[domainType]
	if !ok || len(members) == 0 {
		return fail(MalformedTypes, "types."+domainType, "is missing: the domain separates signatures of one use from another's")
	}
	for _, m := range members {
		if !slices.Contains(domainMembers, m) {
			return fail(MalformedTypes, "types."+domainType+"."+m.name, "%.60q, want a member that EIP-712 gives a domain, of its type", m.typ)
		}
	}
	return nil
}

// allUsed refuses struct types that neither the message nor the domain uses: they would
// be shown to whoever signs, and not signed.
func (s *schema) allUsed(primary string) *Error {
	used := s.references(primary)
	for _, name := range slices.Sorted(maps.Keys(s.structs)) {
		if name != domainType && !slices.Contains(used, name) {
			return fail(MalformedTypes, "types."+name, "is not used")
		}
	}
	return nil
}

// references returns a type and all that it refers to, however indirectly. Types may be
// recursive.
func (s *schema) references(name string) []string {
	found, seen := []string{name}, map[string]bool{name: true}
	for i := 0; i < len(found); i++ {
		for _, m := range s.structs[found[i]] {
			if base, _, _ := element(m.typ); s.structs[base] != nil && !seen[base] {
				seen[base] = true
				found = append(found, base)
			}
		}
	}
	return found
}

// typeHash hashes encodeType: the type's own encoding, then those of the types that it
// refers to, sorted by name ("Definition of encodeType").
func (s *schema) typeHash(name string) [32]byte {
	if h, ok := s.hashes[name]; ok {
		return h
	}
	list := s.references(name)
	slices.Sort(list[1:])
	parts := make([][]byte, len(list))
	for i, n := range list {
		parts[i] = []byte(s.own[n])
	}
	h := keys.Keccak256(parts...)
	s.hashes[name] = h
	return h
}

// element takes the brackets off an array type: its innermost element's type, and how
// deep it is nested.
func element(typ string) (base string, nesting int, ok bool) {
	for strings.HasSuffix(typ, "]") {
		inner, _, good := arrayOf(typ)
		if !good {
			return typ, nesting, false
		}
		typ, nesting = inner, nesting+1
		if nesting > maxNesting {
			return typ, nesting, false
		}
	}
	return typ, nesting, true
}

// arrayOf splits T[] and T[n]; size is -1 for a dynamic one.
func arrayOf(typ string) (inner string, size int, ok bool) {
	open := strings.LastIndexByte(typ, '[')
	if open <= 0 || !strings.HasSuffix(typ, "]") {
		return "", 0, false
	}
	text := typ[open+1 : len(typ)-1]
	if text == "" {
		return typ[:open], -1, true
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 || text[0] == '0' {
		return "", 0, false
	}
	return typ[:open], int(n), true
}

// isAtomic reports whether a type is one of "Definition of typed structured data": there
// are no aliases uint and int.
func isAtomic(typ string) bool {
	if typ == "bool" || typ == "address" {
		return true
	}
	if _, ok := fixedBytes(typ); ok {
		return true
	}
	_, _, ok := integer(typ)
	return ok
}

func fixedBytes(typ string) (size int, ok bool) {
	n, ok := suffix(typ, "bytes")
	return n, ok && n <= 32
}

func integer(typ string) (bits int, signed, ok bool) {
	if bits, ok = suffix(typ, "uint"); !ok {
		bits, ok = suffix(typ, "int")
		signed = true
	}
	return bits, signed, ok && bits%8 == 0 && bits <= 256
}

// suffix reads the number behind a prefix: positive, without leading zeros.
func suffix(typ, prefix string) (int, bool) {
	text, ok := strings.CutPrefix(typ, prefix)
	if !ok || text == "" || text[0] == '0' || text[0] == '+' {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return int(n), err == nil
}

// isIdentifier holds the names of types to those of Solidity.
func isIdentifier(s string) bool {
	for i, c := range []byte(s) {
		letter := c == '_' || c == '$' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= maxName
}

// isMemberName is wider, for documents have members such as @context. What stands
// between names in encodeType is in none, so that it reads in one way only.
func isMemberName(s string) bool {
	return s != "" && len(s) <= maxName && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == '(' || r == ')' || r == ','
	})
}
