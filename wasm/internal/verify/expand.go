package verify

import (
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/strictjson"
)

// expandedTypes are the types of a W3C credential as a DCQL query may name them: each as
// it stands there, and the IRI that its context makes of it (OpenID4VP Appendix B.1.1).
//
// That section allows "alternative mechanisms" beside JSON-LD. Here a term is looked up in
// the contexts that are built in, and in those that stand in the document. Others are
// not asked for: to verify a token needs none, and a query can name a type as the
// credential does.
func expandedTypes(c *cred.Credential) []string {
	types := slices.Clone(c.Types)
	contexts := flatten(c.Document["@context"], 0)
	for _, t := range c.Types {
		if iri := expandType(contexts, t); iri != "" && !slices.Contains(types, iri) {
			types = append(types, iri)
		}
	}
	return types
}

// expandType is the IRI of a term, or "". The last context that defines it counts, JSON-LD
// 1.1 Section 4.1, but that the base contexts protect their terms (Section 4.1.11); and a prefix in
// it is one of the same context.
func expandType(contexts []strictjson.Object, term string) string {
	if strings.Contains(term, ":") {
		return ""
	}
	iri, vocab := "", ""
	for i, o := range contexts {
		s := definition(o, term)
		if s != "" && (iri == "" || i > 0 && !protected(contexts[:i], term)) {
			iri = s
			if prefix, rest, ok := strings.Cut(s, ":"); ok && !strings.HasPrefix(rest, "//") {
				if base := definition(o, prefix); base != "" {
					iri = base + rest
				}
			}
		}
		if s := o.String("@vocab"); s != "" {
			vocab = s
		}
	}
	if iri == "" && vocab != "" {
		return vocab + term
	}
	return iri
}

func protected(before []strictjson.Object, term string) bool {
	return slices.ContainsFunc(before, func(o strictjson.Object) bool {
		return o["@protected"] == true && definition(o, term) != ""
	})
}

func definition(context strictjson.Object, term string) string {
	switch v := context[term].(type) {
	case string:
		return v
	case strictjson.Object:
		return v.String("@id")
	}
	return ""
}

// maxFlat bounds how deep contexts may stand in one another: those that are built in are
// a list at most.
const maxFlat = 4

// flatten lists the contexts that are at hand, in order.
func flatten(v any, depth int) (list []strictjson.Object) {
	if depth > maxFlat {
		return nil
	}
	switch v := v.(type) {
	case strictjson.Object:
		list = append(list, v)
	case []any:
		for _, v := range v {
			list = append(list, flatten(v, depth+1)...)
		}
	case string:
		if doc, ok := builtIn(v); ok {
			if o, err := strictjson.ParseObject(doc.Data); err == nil {
				list = flatten(o["@context"], depth+1)
			}
		}
	}
	return list
}
