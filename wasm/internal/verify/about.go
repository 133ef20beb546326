package verify

import (
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/registry-snapshots/ipns"
	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/dcql"
	"github.com/verilith/verilith/wasm/internal/di"
	"github.com/verilith/verilith/wasm/internal/did"
	"github.com/verilith/verilith/wasm/internal/schema"
	"github.com/verilith/verilith/wasm/internal/status"
	"github.com/verilith/verilith/wasm/internal/trust"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// statusCRL is how a revocation list of certificates is named among the kinds of status.
const statusCRL = "X509CRL"

// about says what this module verifies, and its limits.
func about() *wire.About {
	a := &wire.About{
		Contract:   wire.Contract,
		Operations: []string{string(wire.OpVerify), string(wire.OpInspect), string(wire.OpAdvance), string(wire.OpAuthorize), string(wire.OpRecognize), string(wire.OpSignIn), string(wire.OpAbout)},
		Formats: []wire.Feature{
			{Name: string(cred.VCJWT), Specification: "W3C Verifiable Credentials Data Model 1.1, Section 6.3.1 (JWT)"},
			{Name: string(cred.VCJOSE), Specification: "W3C Securing Verifiable Credentials using JOSE and COSE, vc+jwt"},
			{Name: string(cred.SDJWTVC), Specification: "SD-JWT VC (draft 24) in an SD-JWT (RFC 9901), compact or JSON, with key binding"},
			{Name: string(cred.VCSDJWT), Specification: "W3C Securing Verifiable Credentials using JOSE and COSE, vc+sd-jwt"},
			{Name: string(cred.VCCOSE), Specification: "W3C Securing Verifiable Credentials using JOSE and COSE, vc+cose (COSE_Sign1)"},
			{Name: string(cred.MDoc), Specification: "ISO/IEC 18013-5 mobile documents: IssuerSigned and DeviceResponse, with device authentication for OpenID4VP 1.0 and ISO/IEC TS 18013-7"},
			{Name: string(cred.HealthCard), Specification: "SMART Health Cards Framework: JWS, shc:/ and .smart-health-card"},
			{Name: "siwe", Specification: "Sign-In with Ethereum, ERC-4361, by signin"},
			{Name: string(cred.DataIntegrity), Specification: "W3C Verifiable Credential Data Integrity 1.0, VCDM 1.1 and 2.0"},
			{Name: "presentation", Specification: "W3C presentations: the vp claim of VCDM 1.1, vp+jwt, vp+sd-jwt, vp+cose, Data Integrity with challenge and domain; credentials of all formats in them"},
			{Name: "x509", Specification: "X.509 certificates (RFC 5280) in x5c and x5chain, or by x5u from a registry and never fetched, to an anchor of a registry; revocation lists that a registry holds"},
			{Name: "openid4vp", Specification: "OpenID for Verifiable Presentations 1.0: the vp_token of a response, held to its request and its DCQL query"},
		},
		Suites:     di.Suites(),
		Methods:    did.Methods(),
		Registries: []string{"snapshot", "entities", "governed", "recognised"},
		Status:     append(status.Types(), statusCRL),
		Schemas:    schema.Types(),
		Limits: map[string]int{
			"input": wire.MaxInput, "case": wire.MaxCase, "block": block.MaxSize, "document": wire.MaxDocument,
			"jsonDepth": strictjson.MaxDepth, "jsonMembers": strictjson.MaxMembers,
			"needs": wire.MaxNeeds, "rounds": wire.MaxRounds, "proofs": di.MaxProofs,
			"governanceDocument": governance.MaxDocument, "governanceSignatures": governance.MaxSignatures, "governanceRoots": governance.MaxRoots,
			"ipnsRecord": ipns.MaxRecord, "accreditations": trust.MaxChain, "recognisedRegistries": trust.MaxOpened,
			"presentedCredentials": cred.MaxPresented, "presentations": dcql.MaxCredentials,
		},
	}
	for _, alg := range keys.Algorithms() {
		a.Algorithms = append(a.Algorithms, string(alg))
	}
	return a
}
