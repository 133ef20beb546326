package importer

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Bounds of an XML source. They hold before a tree is built of it, so that a
// hostile file costs one pass over its bytes.
const (
	maxXML         = 32 << 20 // bytes: trusted lists have a few MB at most
	maxXMLDepth    = 64       // nesting; the canonicalizer recurses, and a trusted list nests 20 deep
	maxXMLElements = 1 << 18  // a trusted list of 5 MB has 60,000
	maxXMLAttrs    = 32       // of one element; the root of a trusted list has nine
	maxXMLValue    = 64 << 10 // bytes of one attribute
	maxXMLPrefixes = 32       // in scope at once: the canonicalizer copies them at each element; nine are usual
	maxXMLComments = 1000     // the canonicalizer takes them out one by one
)

// xmlSpace is the namespace of the prefix xml, Namespaces in XML Section 3.
const xmlSpace = "http://www.w3.org/XML/1998/namespace"

// checkXML holds a document to the bounds, and to what has one meaning only: UTF-8,
// one root, no DTD (so no entities but the five of XML itself, and nothing external),
// no processing instructions, no attribute and no Id twice.
func checkXML(name string, data []byte) error {
	if len(data) > maxXML {
		return errorf(TooLarge, name, "XML of %d bytes, want at most %d", len(data), maxXML)
	}
	dec := xml.NewDecoder(bytes.NewReader(data))
	s := xmlScan{name: name, ids: map[string]bool{}}
	for first := true; ; first = false {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errorf(BadForm, name, "%v", err)
		}
		if err := s.token(t, first); err != nil {
			err.Member = fmt.Sprintf("%s at byte %d", name, dec.InputOffset())
			return err
		}
	}
	if s.roots != 1 {
		return errorf(BadForm, name, "has %d root elements, want 1", s.roots)
	}
	return nil
}

// xmlScan counts what the bounds are about.
type xmlScan struct {
	name                      string
	roots, elements, comments int
	declared                  []int // namespace declarations of each open element
	inScope                   int
	ids                       map[string]bool
}

func (s *xmlScan) token(t xml.Token, first bool) *Error {
	switch t := t.(type) {
	case xml.Directive:
		return errorf(BadForm, s.name, "a document type declaration: entities and external parts have no place here")
	case xml.ProcInst:
		if !first || t.Target != "xml" {
			return errorf(BadForm, s.name, "a processing instruction, %.40q", t.Target)
		}
	case xml.Comment:
		if s.comments++; s.comments > maxXMLComments {
			return errorf(TooLarge, s.name, "more than %d comments", maxXMLComments)
		}
	case xml.CharData:
		if len(s.declared) == 0 && len(bytes.TrimSpace(t)) > 0 {
			return errorf(BadForm, s.name, "text outside the root element")
		}
	case xml.StartElement:
		return s.start(t)
	case xml.EndElement:
		last := len(s.declared) - 1
		s.inScope -= s.declared[last]
		s.declared = s.declared[:last]
	}
	return nil
}

func (s *xmlScan) start(t xml.StartElement) *Error {
	if len(s.declared) == 0 {
		s.roots++
	}
	s.elements++
	switch {
	case len(s.declared) == maxXMLDepth:
		return errorf(TooLarge, s.name, "elements nested deeper than %d", maxXMLDepth)
	case s.elements > maxXMLElements:
		return errorf(TooLarge, s.name, "more than %d elements", maxXMLElements)
	case len(t.Attr) > maxXMLAttrs:
		return errorf(TooLarge, s.name, "%d attributes, want at most %d", len(t.Attr), maxXMLAttrs)
	}
	declared := 0
	for i, a := range t.Attr {
		if len(a.Value) > maxXMLValue {
			return errorf(TooLarge, s.name, "an attribute of %d bytes, want at most %d", len(a.Value), maxXMLValue)
		}
		if slices.ContainsFunc(t.Attr[:i], func(b xml.Attr) bool { return a.Name == b.Name }) {
			return errorf(BadForm, s.name, "the attribute %.60q is there twice", a.Name.Local)
		}
		if a.Name.Space == "xmlns" || a.Name == (xml.Name{Local: "xmlns"}) {
			declared++
		} else if strings.EqualFold(a.Name.Local, "id") {
			if s.ids[a.Value] {
				return errorf(BadForm, s.name, "the Id %.60q is there twice", a.Value)
			}
			s.ids[a.Value] = true
		}
	}
	s.declared = append(s.declared, declared)
	if s.inScope += declared; s.inScope > maxXMLPrefixes {
		return errorf(TooLarge, s.name, "more than %d namespace declarations in scope", maxXMLPrefixes)
	}
	return nil
}

// An xmlNode is one element of a canonical document.
type xmlNode struct {
	xml.Name
	attrs []xml.Attr
	text  []byte // of the element itself, not of those in it
	kids  []*xmlNode
}

// parseCanonical reads canonical XML: no comments, no instructions, so that the
// text of an element is one piece.
func parseCanonical(name string, data []byte) (*xmlNode, error) {
	dec := xml.NewDecoder(bytes.NewReader(data))
	top := &xmlNode{}
	open := []*xmlNode{top}
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errorf(BadForm, name, "%v", err)
		}
		in := open[len(open)-1]
		switch t := t.(type) {
		case xml.StartElement:
			n := &xmlNode{Name: t.Name, attrs: slices.Clone(t.Attr)}
			in.kids = append(in.kids, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			in.text = append(in.text, t...)
		default:
			return nil, errorf(BadForm, name, "canonical XML with a Go type %T in it", t)
		}
		if len(open) > maxXMLDepth+1 {
			return nil, errorf(TooLarge, name, "elements nested deeper than %d", maxXMLDepth)
		}
	}
	if len(top.kids) != 1 {
		return nil, errorf(BadForm, name, "has %d root elements, want 1", len(top.kids))
	}
	return top.kids[0], nil
}

// all returns the children of a name.
func (n *xmlNode) all(space, local string) []*xmlNode {
	if n == nil {
		return nil
	}
	var list []*xmlNode
	for _, k := range n.kids {
		if k.Name == (xml.Name{Space: space, Local: local}) {
			list = append(list, k)
		}
	}
	return list
}

// only returns the one child of a name, and nil if there is none or more than one.
func (n *xmlNode) only(space, local string) *xmlNode {
	if list := n.all(space, local); len(list) == 1 {
		return list[0]
	}
	return nil
}

// at follows a path of children of one namespace, each of which has to be the only
// one of its name. It returns nil where the path ends.
func (n *xmlNode) at(space string, path ...string) *xmlNode {
	for _, local := range path {
		n = n.only(space, local)
	}
	return n
}

// words is the element's text with its white space collapsed: "" for no element.
func (n *xmlNode) words() string {
	if n == nil {
		return ""
	}
	return strings.Join(strings.Fields(string(n.text)), " ")
}

// solid is the element's text without white space, for base64.
func (n *xmlNode) solid() string {
	if n == nil {
		return ""
	}
	return strings.Join(strings.Fields(string(n.text)), "")
}

// attr returns an attribute without a namespace.
func (n *xmlNode) attr(local string) string { return n.attrIn("", local) }

func (n *xmlNode) attrIn(space, local string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.attrs {
		if a.Name == (xml.Name{Space: space, Local: local}) {
			return a.Value
		}
	}
	return ""
}
