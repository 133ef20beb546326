package rdfc

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// hashFirstDegree implements Hash First Degree Quads, RDFC-1.0 Section 4.6.3.
func (s *state) hashFirstDegree(n int32) string {
	buf := s.buf[:0]
	lines := s.lines[:0]
	for _, i := range s.mentions(n) {
		// Step 3: n is _:a, every other blank node _:z.
		q := &s.quads[i]
		start, at := int32(len(buf)), q.start
		for _, h := range q.hole[:q.holes] {
			buf = append(buf, s.text[at:h.start]...)
			label := "_:z"
			if h.node == n {
				label = "_:a"
			}
			buf = append(buf, label...)
			at = h.end
		}
		buf = append(buf, s.text[at:q.end]...)
		lines = append(lines, [2]int32{start, int32(len(buf))})
	}
	s.lines = lines
	// Steps 4 and 5.
	if len(lines) > 1 {
		slices.SortFunc(lines, func(a, b [2]int32) int { return bytes.Compare(buf[a[0]:a[1]], buf[b[0]:b[1]]) })
		end := len(buf)
		for _, l := range lines {
			buf = append(buf, buf[l[0]:l[1]]...)
		}
		s.buf = buf
		return s.digest(buf[end:])
	}
	s.buf = buf
	return s.digest(buf)
}

// appendIdentifier appends the canonical or else the temporary identifier of n, if it
// has one.
func (s *state) appendIdentifier(buf []byte, n int32) ([]byte, bool) {
	switch {
	case s.canonical[n] >= 0:
		return strconv.AppendInt(append(buf, "_:c14n"...), int64(s.canonical[n]), 10), true
	case s.temp[n] >= 0:
		return strconv.AppendInt(append(buf, "_:b"...), int64(s.temp[n]), 10), true
	}
	return buf, false
}

// hashRelated implements Hash Related Blank Node, RDFC-1.0 Section 4.7.3.
func (s *state) hashRelated(related int32, q *quad, position byte) string {
	// Steps 1 and 2.
	buf := append(s.buf[:0], position)
	if position != 'g' {
		buf = append(buf, '<')
		buf = append(buf, q.predicate...)
		buf = append(buf, '>')
	}
	// Steps 3 and 4.
	buf, ok := s.appendIdentifier(buf, related)
	if !ok {
		buf = append(buf, s.first[related]...)
	}
	s.buf = buf
	return s.digest(buf)
}

// relatives are the blank nodes that one node's quads mention with one related hash.
type relatives struct {
	hash  string
	nodes []int32
}

// hashNDegree implements Hash N-Degree Quads, RDFC-1.0 Section 4.8.3. The issuer that
// it takes and returns is the one in s.
func (s *state) hashNDegree(n int32, depth int) (string, error) {
	if depth > maxDepth {
		return "", &Error{WorkLimit, "more than " + strconv.Itoa(maxDepth) + " blank nodes that look alike hang together in a row"}
	}
	// Steps 1 to 3.
	related, err := s.relatives(n)
	if err != nil {
		return "", err
	}
	// Steps 4 and 5.
	var data []byte
	for _, r := range related {
		data = append(data, r.hash...)
		path, err := s.choosePath(r.nodes, depth)
		if err != nil {
			return "", err
		}
		data = append(data, path...)
	}
	// Step 6.
	return s.digest(data), nil
}

// relatives is Step 3: Hn, by hash in code point order.
func (s *state) relatives(n int32) ([]relatives, error) {
	type entry struct {
		hash string
		node int32
	}
	var found []entry
	for _, i := range s.mentions(n) {
		q := &s.quads[i]
		for _, h := range q.hole[:q.holes] {
			if h.node == n {
				continue
			}
			found = append(found, entry{s.hashRelated(h.node, q, h.position), h.node})
			if s.spent() {
				return nil, s.tooMuch()
			}
		}
	}
	slices.SortStableFunc(found, func(a, b entry) int { return strings.Compare(a.hash, b.hash) })
	var all []relatives
	for _, e := range found {
		if len(all) == 0 || all[len(all)-1].hash != e.hash {
			all = append(all, relatives{hash: e.hash})
		}
		last := &all[len(all)-1]
		last.nodes = append(last.nodes, e.node)
	}
	return all, nil
}

// choosePath is Steps 5.2 to 5.6: the least path over all permutations of nodes. What
// its choice issued is issued when it returns.
func (s *state) choosePath(nodes []int32, depth int) ([]byte, error) {
	base := len(s.issued)
	var chosen, path []byte
	var issued []int32
	var recursion []int32
	order := make([]int, len(nodes))
	for i := range order {
		order[i] = i
	}
	for more := true; more; more = next(order) {
		s.work -= 1 + len(nodes)>>4
		if s.spent() {
			return nil, s.tooMuch()
		}
		s.rewind(base) // Step 5.4.1
		path, recursion = path[:0], recursion[:0]
		skip := false
		worse := func() bool { // Steps 5.4.4.3 and 5.4.5.6
			return len(chosen) > 0 && len(path) >= len(chosen) && bytes.Compare(path, chosen) > 0
		}
		for _, i := range order { // Step 5.4.4
			n := nodes[i]
			if s.canonical[n] < 0 && s.temp[n] < 0 {
				recursion = append(recursion, n)
				s.issue(n)
			}
			path, _ = s.appendIdentifier(path, n)
			if skip = worse(); skip {
				break
			}
		}
		for _, n := range recursion { // Step 5.4.5
			if skip {
				break
			}
			hash, err := s.hashNDegree(n, depth+1)
			if err != nil {
				return nil, err
			}
			path, _ = s.appendIdentifier(path, n)
			path = append(path, '<')
			path = append(path, hash...)
			path = append(path, '>')
			skip = worse()
		}
		if !skip && (len(chosen) == 0 || bytes.Compare(path, chosen) < 0) { // Step 5.4.6
			chosen = append(chosen[:0], path...)
			issued = append(issued[:0], s.issued[base:]...)
		}
	}
	// Step 5.6.
	s.rewind(base)
	for _, n := range issued {
		s.issue(n)
	}
	return chosen, nil
}

// next makes the next permutation in lexicographic order, and reports whether there is one.
func next(order []int) bool {
	i := len(order) - 2
	for i >= 0 && order[i] > order[i+1] {
		i--
	}
	if i < 0 {
		return false
	}
	j := len(order) - 1
	for order[j] < order[i] {
		j--
	}
	order[i], order[j] = order[j], order[i]
	slices.Reverse(order[i+1:])
	return true
}
