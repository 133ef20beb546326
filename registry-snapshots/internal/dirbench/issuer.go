package main

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// id is the identifier of the issuer number i: every other one a DID.
func id(i int) string {
	b := make([]byte, 0, 72)
	if i%2 == 0 {
		b = strconv.AppendInt(append(b, "https://ehr-"...), int64(i), 10)
		b = strconv.AppendInt(append(b, ".health-system-"...), int64(i%997), 10)
		return string(append(b, ".example/api/fhir/r4"...))
	}
	b = strconv.AppendInt(append(b, "did:web:issuer-"...), int64(i), 10)
	b = strconv.AppendInt(append(b, ".university-"...), int64(i%997), 10)
	return string(append(b, ".example"...))
}

// issuer makes an issuer as those of today's registries are: a name, one P-256
// key named by its thumbprint, one authorization. The numbers in the key are no
// point on the curve, and the name is no thumbprint of it but as long and as random
// as one, which the directory does not care for.
func issuer(i int) snapshot.Entity {
	number := strconv.Itoa(i)
	x := sha256.Sum256([]byte(number))
	y := sha256.Sum256(x[:])
	b64 := base64.RawURLEncoding.EncodeToString
	jwk := strictjson.Object{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "x": b64(x[:]), "y": b64(y[:])}
	id := id(i)
	key := snapshot.Key{Kid: id + "#key-1", JWK: jwk}
	if i%2 == 0 {
		x[0] ^= 1
		key.Kid = b64(x[:])
		jwk["kid"] = key.Kid
	}
	return snapshot.Entity{
		ID: id, Kind: "issuer", Names: []string{"Health System " + strconv.Itoa(i%997) + ", Clinic and Hospital No. " + number},
		Keys: []snapshot.Key{key},
		Auth: []snapshot.Authorization{{Action: "issue", Resource: "*"}},
	}
}
