package did

import (
	"crypto/sha256"
	"strconv"
	"strings"

	"github.com/multiformats/go-multibase"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// resolvePeer makes the document of a did:peer that holds it: numalgo 0, 2, and 4 in
// its long form. That of 1 and 3, and of 4 in its short form, is known to peers alone.
func resolvePeer(u didURL) (*Document, error) {
	rest := u.id[1:]
	switch u.id[0] {
	case '0':
		return peerKey(u, rest)
	case '2':
		return peerKeys(u, rest)
	case '4':
		if hash, encoded, ok := strings.Cut(rest, ":"); ok {
			return peerDocument(u, hash, encoded)
		}
	case '1', '3':
	default:
		return nil, fail(MalformedDID, "", "%.60q: no numalgo %q", u.did, u.id[:1])
	}
	return nil, fail(UnsupportedMethod, "", "%.60q does not hold its document: want numalgo 0, 2, or 4 in its long form", u.did)
}

// peerKey is numalgo 0: "functionally equivalent to a did:key value".
func peerKey(u didURL, multikey string) (*Document, error) {
	d, err := resolveKey(didURL{did: u.did, id: multikey})
	if err != nil {
		return nil, err
	}
	d.methods[0].ID = u.did + "#" + multikey
	return d, nil
}

// peerPurposes are the purpose codes of numalgo 2.
var peerPurposes = map[byte]string{
	'A': "assertionMethod", 'E': "keyAgreement", 'V': "authentication", 'I': "capabilityInvocation", 'D': "capabilityDelegation",
}

// peerKeys is numalgo 2, "Resolving a did:peer:2". Services are not read: nothing here
// needs them.
func peerKeys(u didURL, rest string) (*Document, error) {
	d := &Document{ID: u.did}
	elements := strings.Split(rest, ".")
	if len(elements) < 2 || elements[0] != "" || len(elements) > maxMethods {
		return nil, fail(MalformedDID, "", "%.60q: want elements, at most %d, each behind a dot", u.did, maxMethods-1)
	}
	for _, e := range elements[1:] {
		if e == "" {
			return nil, fail(MalformedDID, "", "%.60q has an empty element", u.did)
		}
		if e[0] == 'S' {
			if _, err := keys.Base64URL(e[1:]); err != nil {
				return nil, fail(MalformedDID, "", "%.60q: a service: %v", u.did, err)
			}
			continue
		}
		purpose, ok := peerPurposes[e[0]]
		if !ok || !strings.HasPrefix(e[1:], "z") {
			return nil, fail(MalformedDID, "", "%.60q: %.20q is no purpose and key in base58btc", u.did, e)
		}
		m := &Method{ID: u.did + "#key-" + strconv.Itoa(len(d.methods)+1), Controller: u.did, Type: "Multikey", Purposes: []string{purpose}}
		key, err := keys.FromMultikey(e[1:])
		if err != nil { // of another kind, as keys for key agreement are: the others still count
			m.KeyErr = fromKey("", err)
		} else {
			m.Key = key
		}
		d.methods = append(d.methods, m)
	}
	return d, nil
}

// peerDocument is numalgo 4, "Resolving a DID", "Long form".
func peerDocument(u didURL, hash, encoded string) (*Document, error) {
	if hash != "z"+multihash([]byte(encoded)) {
		return nil, fail(WrongDocument, "", "%.60q: the hash is not that of the document", u.did)
	}
	base, data, err := multibase.Decode(encoded)
	text, isJSON := strings.CutPrefix(string(data), "\x80\x04") // the multicodec json, 0x0200
	if err != nil || base != multibase.Base58BTC || !isJSON {
		return nil, fail(MalformedDID, "", "%.60q: want a document in base58btc, as JSON", u.did)
	}
	o, err := strictjson.ParseObject([]byte(text))
	if err != nil {
		return nil, fail(MalformedDocument, "", "%v", err)
	}
	if o.Has("id") {
		return nil, fail(MalformedDocument, "id", "the document of a did:peer:4 has none: it is the DID")
	}
	o["id"] = u.did
	methods := o.Array("verificationMethod")
	for _, r := range relationships {
		methods = append(methods[:len(methods):len(methods)], o.Array(r)...)
	}
	for _, v := range methods {
		if m, ok := v.(strictjson.Object); ok && !m.Has("controller") {
			m["controller"] = u.did
		}
	}
	return ParseDocument(u.did, o)
}

// multihash is base58btc(multihash(data)) with SHA-256.
func multihash(data []byte) string {
	sum := sha256.Sum256(data)
	s, err := multibase.Encode(multibase.Base58BTC, append([]byte{0x12, 0x20}, sum[:]...))
	if err != nil {
		return "" // the base is known
	}
	return s[1:]
}
