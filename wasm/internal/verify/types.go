package verify

import (
	"errors"
	"fmt"
	"slices"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/typemeta"
	"github.com/verilith/verilith/wasm/wire"
)

// Type metadata is no evidence that a credential needs: SD-JWT VC draft 24 leaves it to
// the verifier whether it is processed. Here it is where it is at hand, in a registry's
// resources or given with the request; then it is processed with all that it extends, or
// the verdict is left open. The type's own document is not asked for by URL: its
// publisher would learn which credentials are verified, and when.

// TypeUnavailable is why a type that is at hand could not be processed.
const TypeUnavailable = "type_metadata_unavailable"

// typeCheck holds an SD-JWT VC to its type. good says that nothing speaks against the
// credential so far: only then is anything asked for.
func typeCheck(ev *evidence, r *report, env *cred.Envelope, c *cred.Credential, good bool) {
	vct, integrity := c.Types[0], env.Claims.String("vct#integrity")
	first := len(ev.used)
	types, missing, err := ev.typeChain(vct, integrity, good)
	var rests []string
	for _, d := range ev.used[first:] {
		r.v.Freshness = append(r.v.Freshness, wire.Freshness{Class: wire.ClassTypes, Source: d.url, Origin: d.origin, AsOf: d.obtained, State: "pinned"})
		rests = append(append(rests, cids(d.proof)...), d.cid)
	}
	if err == nil && missing == "" && len(types) > 0 {
		err = typemeta.Check(types, env.SD.Claims)
	}
	var te *typemeta.Error
	switch {
	case errors.As(err, &te):
		r.fail(wire.CheckSchema, string(te.Reason), te.Error(), false, rests...)
		r.problem("https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR", string(te.Reason), te.Error())
	case len(types) == 0:
		r.pass(wire.CheckSchema, "there is no metadata of its type at hand, and none was asked for")
	case missing != "" && !good:
		r.skip(skippedEarlier, "what its type extends is not asked for before all else holds", wire.CheckSchema)
	case missing != "":
		r.fail(wire.CheckSchema, TypeUnavailable, fmt.Sprintf("the metadata of %.200q, which its type extends, could not be obtained", missing), true, rests...)
	default:
		r.pass(wire.CheckSchema, fmt.Sprintf("it meets the metadata of its type, and of %d that it extends", len(types)-1), rests...)
	}
}

// typeChain obtains the metadata of a type and of all that it extends. missing is a type
// that was not to be had, or not yet.
func (ev *evidence) typeChain(vct, integrity string, good bool) (types []*typemeta.Type, missing string, err error) {
	for at := vct; at != ""; {
		if slices.ContainsFunc(types, func(t *typemeta.Type) bool { return t.VCT == at }) {
			return types, "", &typemeta.Error{Reason: typemeta.Circular, Detail: fmt.Sprintf("%.200q extends itself", at)}
		}
		if len(types) == typemeta.MaxTypes {
			return types, "", &typemeta.Error{Reason: typemeta.TooDeep, Detail: fmt.Sprintf("%.200q extends more than %d types", vct, typemeta.MaxTypes-1)}
		}
		body, err := ev.atHand(at, good && len(types) > 0)
		if err != nil {
			return types, at, nil
		}
		if integrity != "" {
			if err := typemeta.CheckIntegrity(integrity, body); err != nil {
				return types, "", err
			}
		}
		t, err := typemeta.Parse(body, at)
		if err != nil {
			return types, "", err
		}
		types = append(types, t)
		at, integrity = t.Extends, t.ExtendsIntegrity
	}
	return types, "", nil
}

// atHand obtains a document that a registry carries or the request came with, and asks
// for it by its URL only where ask says so and it has one.
func (ev *evidence) atHand(url string, ask bool) ([]byte, error) {
	if !ask || !isHTTPS(url) {
		defer func(was bool) { ev.gone[url] = was }(ev.gone[url])
		ev.gone[url] = true // what is gone is not asked for
	}
	return ev.Document(url, "application/json")
}

func isHTTPS(url string) bool { return len(url) > 8 && url[:8] == "https://" }
