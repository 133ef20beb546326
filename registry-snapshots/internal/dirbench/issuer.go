package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// id is the identifier of the issuer number i: every other one a DID.
func id(i int) string {
	if i%2 == 0 {
		return fmt.Sprintf("https://ehr-%d.health-system-%d.example/api/fhir/r4", i, i%997)
	}
	return fmt.Sprintf("did:web:issuer-%d.university-%d.example", i, i%997)
}

// issuer makes an issuer as those of today's registries are: a name, one P-256
// key named by its thumbprint, one authorization. The numbers in the key are no
// point on the curve, which the directory does not care for.
func issuer(i int) snapshot.Entity {
	x := sha256.Sum256(fmt.Appendf(nil, "x of %d", i))
	y := sha256.Sum256(fmt.Appendf(nil, "y of %d", i))
	b64 := base64.RawURLEncoding.EncodeToString
	jwk := strictjson.Object{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "x": b64(x[:]), "y": b64(y[:])}
	kid := sha256.Sum256(fmt.Appendf(nil, `{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, b64(x[:]), b64(y[:])))
	key := snapshot.Key{Kid: b64(kid[:]), JWK: jwk}
	if i%2 == 1 {
		key.Kid = id(i) + "#key-1"
	} else {
		jwk["kid"] = key.Kid
	}
	return snapshot.Entity{
		ID: id(i), Kind: "issuer", Names: []string{fmt.Sprintf("Health System %d, Clinic and Hospital No. %d", i%997, i)},
		Keys: []snapshot.Key{key},
		Auth: []snapshot.Authorization{{Action: "issue", Resource: "*"}},
	}
}
