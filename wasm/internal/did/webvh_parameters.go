package did

import (
	"slices"
	"strconv"
	"strings"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// parameters are those of did:webvh 1.0 "did:webvh DID Method Parameters".
type parameters struct {
	scid          string
	updateKeys    []string
	nextKeyHashes []string
	portable      bool
	deactivated   bool
	witness       *witnessRule // nil for {}
}

// maxListed bounds the keys, hashes and witnesses of an entry.
const maxListed = 64

func itoa(n int) string { return strconv.Itoa(n) }

func contains(list []string, s string) bool { return slices.Contains(list, s) }

// update takes over the parameters of an entry: what it does not name stays. A null is
// taken for the default, as that text's note asks for.
func (p *parameters) update(o strictjson.Object, first bool) error {
	if o == nil {
		return fail(MalformedLog, "parameters", "want an object")
	}
	for _, name := range o.Names() {
		v := o[name]
		var err error
		switch name {
		case "method":
			if v != "did:webvh:1.0" {
				err = fail(MalformedLog, name, "%v, want did:webvh:1.0", show(v))
			}
		case "scid":
			p.scid = o.String(name)
			if !first {
				err = fail(InvalidLog, name, "is of the first entry alone")
			} else if p.scid == "" {
				err = fail(MalformedLog, name, "want a string")
			}
		case "updateKeys":
			p.updateKeys, err = listed(v, name)
			for _, k := range p.updateKeys {
				if err == nil && !strings.HasPrefix(k, "z") {
					err = fail(MalformedLog, name, "%.60q is no Multikey in base58btc", k)
				}
			}
		case "nextKeyHashes":
			p.nextKeyHashes, err = listed(v, name)
		case "witness":
			p.witness, err = readWitnessRule(v)
		case "watchers":
			_, err = listed(v, name)
		case "portable":
			now, ok := v.(bool)
			switch {
			case !ok && v != nil:
				err = fail(MalformedLog, name, "want true or false")
			case now && !first: // also where it was true before
				err = fail(InvalidLog, name, "true is for the first entry alone")
			default:
				p.portable = now
			}
		case "deactivated":
			now, ok := v.(bool)
			if !ok && v != nil {
				err = fail(MalformedLog, name, "want true or false")
			}
			p.deactivated = now
		case "ttl":
			n, ok := v.(strictjson.Number)
			if seconds, whole := n.Int64(); v != nil && (!ok || !whole || seconds < 0 || seconds > 1<<31) {
				err = fail(MalformedLog, name, "want 0 to 2³¹")
			}
		default:
			err = fail(MalformedLog, name, "is no parameter of did:webvh:1.0")
		}
		if err != nil {
			return err
		}
	}
	if first {
		for _, name := range []string{"method", "scid", "updateKeys"} {
			if !o.Has(name) {
				return fail(MalformedLog, name, "is missing in the first entry")
			}
		}
	}
	return nil
}

func show(v any) string {
	text := string(strictjson.Encode(v))
	return text[:min(len(text), 60)]
}

// listed reads a list of distinct strings.
func listed(v any, name string) ([]string, error) {
	if v == nil {
		return nil, nil
	}
	list, ok := v.([]any)
	if !ok || len(list) > maxListed {
		return nil, fail(MalformedLog, name, "want a list of at most %d strings", maxListed)
	}
	out := make([]string, 0, len(list))
	for _, e := range list {
		s, ok := e.(string)
		if !ok || s == "" || slices.Contains(out, s) {
			return nil, fail(MalformedLog, name, "want strings that are not empty, each once")
		}
		out = append(out, s)
	}
	return out, nil
}

// rotated holds the entry after one with nextKeyHashes to them, "Pre-Rotation Key Hash
// Generation and Verification".
func (p *parameters) rotated(o strictjson.Object) error {
	for _, name := range []string{"updateKeys", "nextKeyHashes"} {
		if !o.Has(name) {
			return fail(InvalidLog, name, "is missing, and the entry before has nextKeyHashes")
		}
	}
	for _, v := range o.Array("updateKeys") {
		if k, ok := v.(string); !ok || !slices.Contains(p.nextKeyHashes, multihash([]byte(k))) {
			return fail(InvalidLog, "updateKeys", "%s is none of the keys that the entry before announced", show(v))
		}
	}
	return nil
}

// witnessRule is who must witness, and how many of them.
type witnessRule struct {
	threshold int
	keys      []string // as Multikey
}

// readWitnessRule reads the parameter witness, "The witness Parameter".
func readWitnessRule(v any) (*witnessRule, error) {
	o, ok := v.(strictjson.Object)
	switch {
	case v == nil, ok && len(o) == 0:
		return nil, nil
	case !ok:
		return nil, fail(MalformedLog, "witness", "want an object")
	}
	number, _ := o["threshold"].(strictjson.Number)
	threshold, whole := number.Int64()
	list, isList := o["witnesses"].([]any)
	if !isList || len(list) == 0 || len(list) > maxListed || !whole {
		return nil, fail(MalformedLog, "witness", "want a threshold, and 1 to %d witnesses", maxListed)
	}
	r := &witnessRule{threshold: int(threshold)}
	for _, e := range list {
		w, _ := e.(strictjson.Object)
		key, ok := strings.CutPrefix(w.String("id"), "did:key:")
		if !ok || !strings.HasPrefix(key, "z") {
			return nil, fail(MalformedLog, "witness", "%s, want the did:key of a witness", show(e))
		}
		if k, err := keys.FromMultikey(key); err != nil || k.Type() != keys.TypeEd25519 {
			return nil, fail(MalformedLog, "witness", "%.60q is no key for eddsa-jcs-2022", key)
		}
		if slices.Contains(r.keys, key) {
			return nil, fail(MalformedLog, "witness", "%.60q is there twice: the threshold counts witnesses", key)
		}
		r.keys = append(r.keys, key)
	}
	if threshold < 1 || threshold > int64(len(r.keys)) {
		return nil, fail(MalformedLog, "witness", "threshold %d, want 1 to %d", threshold, len(r.keys))
	}
	return r, nil
}
