// Package contexts holds the JSON-LD contexts that are built into the module: those
// of the W3C's specifications for credentials, Data Integrity, DIDs and status lists,
// and those of the older signature suites.
//
// A context is known by its digest, as VC-DATA-INTEGRITY Section 2.4.1 asks. The
// bytes are those that are published at its IRI, so that the digests which the
// specifications list are over them, and a credential's relatedResource may name them.
// Where they come from and under which licence is in data/NOTICE.
package contexts

import (
	_ "embed" // the contexts

	"github.com/verilith/verilith/wasm/internal/jsonld"
)

// Context is one that is built in.
type Context struct {
	IRI    string
	SHA256 string // of Data, in hexadecimal
	Data   []byte
}

// All are the built-in contexts. They are not to be changed.
var All = [...]Context{
	{"https://www.w3.org/ns/credentials/v2", "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734", credentialsV2},
	{"https://www.w3.org/2018/credentials/v1", "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc", credentialsV1},
	{"https://www.w3.org/ns/credentials/undefined-terms/v2", "82dab514ba44eb18f5d1b0f638c5e140c6a556fbfb5089601bdc0fa5eb8b2581", credentialsUndefinedTermsV2},
	{"https://www.w3.org/ns/credentials/status/v1", "fd08cbf28ddd829ab2f1978c48f43ab07a112c1c90245a0cfac7ba721c65170c", credentialsStatusV1},
	{"https://w3id.org/vc/status-list/2021/v1", "634d71c159289f068c96012e4511c657fdf82ac4231900081bda3ba24e2e1160", statusList2021V1},
	{"https://w3id.org/vc-revocation-list-2020/v1", "9fe1e5bd6d2f709e4628947c86455f2d97204e07ed7b7ae51d559e35e5238e9d", revocationList2020V1},
	{"https://w3id.org/security/data-integrity/v2", "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4", dataIntegrityV2},
	{"https://w3id.org/security/data-integrity/v1", "b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554", dataIntegrityV1},
	{"https://w3id.org/security/multikey/v1", "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597", multikeyV1},
	{"https://www.w3.org/ns/did/v1", "4f3eae5568c9c5f036a082088f9e192019ee06faa78973c87ff91d5421b88dad", didV1},
	{"https://w3id.org/security/suites/ed25519-2020/v1", "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588", ed255192020V1},
	{"https://w3id.org/security/suites/ed25519-2018/v1", "166c6abb9e08176cee5f6c87c9c1bbfefa5717da391bcac525e5437f93eab809", ed255192018V1},
	{"https://w3id.org/security/suites/x25519-2020/v1", "b234f84fe7cebb0efef37cad82667eeacb6d414f6c51ac37f5dc803a4a0c728a", x255192020V1},
	{"https://w3id.org/security/suites/jws-2020/v1", "7b1650940cbe0c3574646b4c1741752e8d8611e48a9b0b2040753567dc453cda", jws2020V1},
	{"https://w3id.org/security/suites/secp256k1-2019/v1", "8452efdde151151539b78d240f55cee7d9cc985bf078123ce310aa7ae04763b4", secp256k12019V1},
	{"https://w3id.org/security/v2", "611bd81151d5efe53ec9aed78f5a813e577287bc9451ee26d6879b1b8b46bc3b", securityV2},
	{"https://w3id.org/security/v1", "abaf97e107d1925503c433dcaf3ffd2831697cacc1ed2a293e1bc8030d5bcb47", securityV1},
}

var (
	//go:embed data/credentials-v2.jsonld
	credentialsV2 []byte
	//go:embed data/credentials-v1.jsonld
	credentialsV1 []byte
	//go:embed data/credentials-undefined-terms-v2.jsonld
	credentialsUndefinedTermsV2 []byte
	//go:embed data/credentials-status-v1.jsonld
	credentialsStatusV1 []byte
	//go:embed data/status-list-2021-v1.jsonld
	statusList2021V1 []byte
	//go:embed data/revocation-list-2020-v1.jsonld
	revocationList2020V1 []byte
	//go:embed data/data-integrity-v2.jsonld
	dataIntegrityV2 []byte
	//go:embed data/data-integrity-v1.jsonld
	dataIntegrityV1 []byte
	//go:embed data/multikey-v1.jsonld
	multikeyV1 []byte
	//go:embed data/did-v1.jsonld
	didV1 []byte
	//go:embed data/ed25519-2020-v1.jsonld
	ed255192020V1 []byte
	//go:embed data/ed25519-2018-v1.jsonld
	ed255192018V1 []byte
	//go:embed data/x25519-2020-v1.jsonld
	x255192020V1 []byte
	//go:embed data/jws-2020-v1.jsonld
	jws2020V1 []byte
	//go:embed data/secp256k1-2019-v1.jsonld
	secp256k12019V1 []byte
	//go:embed data/security-v2.jsonld
	securityV2 []byte
	//go:embed data/security-v1.jsonld
	securityV1 []byte
)

// Get returns a built-in context by its IRI.
func Get(iri string) (Context, bool) {
	for _, c := range All {
		if c.IRI == iri {
			return c, true
		}
	}
	return Context{}, false
}

// Document returns a built-in context as package jsonld takes it.
func Document(iri string) (jsonld.Document, bool) {
	c, ok := Get(iri)
	if !ok {
		return jsonld.Document{}, false
	}
	return jsonld.Document{Data: c.Data, ID: "sha256:" + c.SHA256, Trusted: true}, true
}
