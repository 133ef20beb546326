package did

import (
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// resolveJWK makes the document of a did:jwk: one method, #0, for what the JWK's use
// allows. The JWK's own kid is no name for it ("Create the DID URL").
func resolveJWK(u didURL) (*Document, error) {
	text, err := keys.Base64URL(u.id)
	if err != nil {
		return nil, fail(MalformedDID, "", "%.80q: %v", u.did, err)
	}
	o, err := strictjson.ParseObject(text)
	if err != nil {
		return nil, fail(MalformedDID, "", "%.80q: %v", u.did, err)
	}
	k, err := keys.FromJWK(o)
	if err != nil {
		return nil, fromKey("", err)
	}
	m := &Method{ID: u.did + "#0", Controller: u.did, Type: "JsonWebKey2020", Key: k}
	use := o.String("use")
	if use == "" || use == "sig" {
		m.Purposes = signing()
	}
	if use == "" || use == "enc" {
		m.Purposes = append(m.Purposes, "keyAgreement")
	}
	return &Document{ID: u.did, methods: []*Method{m}}, nil
}
