package cred

import (
	"path/filepath"
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
)

// layer is where a vector for SMART Health Cards is judged.
type layer string

const (
	here     layer = "recognised or modelled here"
	keyStep  layer = "the key step: whose key, and known to whom"
	proof    layer = "the proof step: the signature"
	dates    layer = "the dates step"
	crl      layer = "the issuer's revocation list"
	accepted layer = "nowhere: it is good, the suite warns at most"
	fhir     layer = "not applicable: a profile of FHIR resources"
	keyset   layer = "not applicable: a lint of published key sets"
	shlink   layer = "not applicable: SMART Health Links"
	noInput  layer = "not applicable: not an input"
)

// healthCardVectors classifies every file of the suite by the layer that judges it.
// reason is what this package says of it: "" where it must let it pass. A vector that
// holds a payload or a bundle is first put into a card.
var healthCardVectors = []struct {
	file   string
	layer  layer
	reason Reason
	why    string
}{
	{"badcrl/invalid-method/jws-crl-invalid-method.txt", crl, "", "the list's method is unknown; the card is good"},
	{"badcrl/too-long-rid/jws-crl-too-long-rid.txt", crl, "", "the list has a long rid; the card's is good"},

	{"test-example-00-d-jws-bad-fhir-metadata.txt", fhir, "", "meta beyond security, which is for cards meant for QR codes; a warning"},
	{"test-example-00-d-jws-der-signature.txt", proof, "", "a DER signature"},
	{"test-example-00-d-jws-invalid-signature.txt", proof, "", ""},
	{"test-example-00-d-jws-issuer-kid-mismatch.txt", keyStep, "", "the key is another issuer's"},
	{"test-example-00-d-jws-issuer-not-valid-with-smart-key.txt", keyStep, "", "the key is not this issuer's"},
	{"test-example-00-d-jws-jws_too_long.txt", here, MissingMember, "a warning for its length; refused since it has iat for nbf, and another type"},
	{"test-example-00-d-jws-no_jws_header_alg.txt", here, malformedHeader, ""},
	{"test-example-00-d-jws-trailing_chars.txt", here, UnrecognisedInput, "white space behind the token"},
	{"test-example-00-d-jws-utf8_bom_prefix.txt", here, Reason(strictjson.NotUTF8), ""},
	{"test-example-00-e-file-invalid_issuer_url_http.smart-health-card", here, MalformedValue, ""},
	{"test-example-00-e-file-issuer_url_with_trailing_slash.smart-health-card", here, MalformedValue, ""},
	{"test-example-00-e-file-jws_too_long.smart-health-card", here, MissingMember, "as the JWS alone"},
	{"test-example-00-e-file-multi-jws-issues.smart-health-card", here, malformedHeader, "the first card has no alg"},
	{"test-example-00-e-file.wrong-extension", accepted, "", "a file name is no input; a warning"},
	{"test-example-00-fhirhealthcard.json", accepted, "", "the suite accepts it, its manifest notwithstanding"},

	{"test-example-00-f-qr-code-numeric-value-0-index-out-of-range.txt", here, MalformedQR, ""},
	{"test-example-00-f-qr-code-numeric-value-0-odd-count.txt", here, MalformedQR, ""},
	{"test-example-00-f-qr-code-numeric-value-0-qr_chunk_too_small.txt", here, MalformedQR, "one of 17 chunks; all 17 are good, and only warned of"},
	{"test-example-00-f-qr-code-numeric-value-2-qr_chunk_too_small.txt", here, MalformedQR, "likewise"},
	{"test-example-00-f-qr-code-numeric-value-4-qr_chunk_too_small.txt", here, MalformedQR, "likewise"},
	{"test-example-00-f-qr-code-numeric-value-5-qr_chunk_too_small.txt", here, MalformedQR, "likewise"},
	{"test-example-00-f-qr-code-numeric-value-6-qr_chunk_too_small.txt", here, MalformedQR, "likewise"},
	{"test-example-00-f-qr-code-numeric-value-7-qr_chunk_too_small.txt", here, MalformedQR, "likewise"},
	{"test-example-00-f-qr-code-numeric-value-8-qr_chunk_too_small.txt", here, MalformedQR, "likewise"},
	{"test-example-00-f-qr-code-numeric-value-10-qr_chunk_too_small.txt", here, MalformedQR, "likewise"},
	{"test-example-00-f-qr-code-numeric-value-11-qr_chunk_too_small.txt", here, MalformedQR, "likewise"},
	{"test-example-00-f-qr-code-numeric-value-14-qr_chunk_too_small.txt", here, MalformedQR, "likewise"},
	{"test-example-00-f-qr-code-numeric-value-15-qr_chunk_too_small.txt", here, MalformedQR, "likewise"},
	{"test-example-00-f-qr-code-numeric-value-16-qr_chunk_too_small.txt", here, MalformedQR, "likewise"},
	{"test-example-00-f-qr-code-numeric-value-0-trailing_chars.txt", here, UnrecognisedInput, "white space around the digits"},
	{"test-example-00-f-qr-code-numeric-value-0-wrong-multi-chunk.txt", here, MalformedQR, "shc:/1/1/; the suite warns"},
	{"test-example-00-f-qr-code-numeric-value-0-wrong_qr_header.txt", here, UnrecognisedInput, "shc: without a slash"},
	{"test-example-02-f-qr-code-numeric-value-0-qr_chunk_too_big.txt", here, MalformedQR, "one of two chunks; its length is for who prints it"},
	{"test-example-1195-byte-qrnumeric.txt", accepted, "", "the suite accepts it, its manifest notwithstanding"},

	{"test-example-00-b-jws-payload-expanded-exp_milliseconds.json", accepted, "", "a far exp; a warning"},
	{"test-example-00-b-jws-payload-expanded-missing-coding.json", fhir, "", "an Immunization without vaccineCode"},
	{"test-example-00-b-jws-payload-expanded-missing-imm-vc-type.json", accepted, "", "types beyond health-card SHOULD be there; a warning"},
	{"test-example-00-b-jws-payload-expanded-missing-shc-vc-type.json", here, MalformedValue, ""},
	{"test-example-00-b-jws-payload-expanded-nbf_milliseconds.json", dates, "", "a far nbf"},
	{"test-example-00-b-jws-payload-expanded-unknown-vc-types.json", accepted, "", "unknown types SHALL be ignored; a warning"},

	{"test-example-00-a-fhirBundle-bad_meta_non_security.json", fhir, "", "meta"},
	{"test-example-00-a-fhirBundle-bad_meta_wrong_security.json", fhir, "", "meta.security"},
	{"test-example-00-a-fhirBundle-empty-values.json", fhir, "", "empty elements"},
	{"test-example-00-a-fhirBundle-occurrence-issues.json", fhir, "", "Immunization.occurrence[x]"},
	{"test-example-00-a-fhirBundle-profile-usa.json", fhir, "", "a national profile"},
	{"test-example-00-a-fhirBundle-status-not-completed.json", fhir, "", "Immunization.status"},
	{"test-example-00-a-fhirBundle-trailing_chars.json", noInput, "", "white space around a bundle that stands in no card"},
	{"test-example-00-a-non-dm-properties.json", fhir, "", "warnings"},
	{"test-example-00-a-short-refs.json", fhir, MalformedValue, "references between resources; its resource: URLs without numbers are refused here"},

	{"shlink-link-direct.txt", shlink, UnsupportedFormat, ""},
	{"shlink-link-with-viewer.txt", shlink, UnsupportedFormat, ""},
	{"shlink-link.txt", shlink, UnsupportedFormat, ""},
	{"shlink-manifest-file.txt", shlink, UnrecognisedInput, ""},
	{"shlink-manifest.txt", shlink, UnrecognisedInput, ""},
	{"shlink-payload.txt", shlink, UnrecognisedInput, ""},

	{"cert_mismatch.public.json", keyset, UnrecognisedInput, "x5c"},
	{"invalid_DNS_SAN.public.json", keyset, UnrecognisedInput, "x5c"},
	{"invalid_chain.public.json", keyset, UnrecognisedInput, "x5c"},
	{"invalid_no_SAN.public.json", keyset, UnrecognisedInput, "x5c"},
	{"private_key.json", keyset, UnrecognisedInput, "keys.FromJWK refuses it"},
	{"valid_2_chain.public.json", keyset, UnrecognisedInput, ""},
	{"valid_key.json", keyset, UnrecognisedInput, ""},
	{"valid_key_with_x5c.json", keyset, UnrecognisedInput, ""},
	{"valid_keys.json", keyset, UnrecognisedInput, ""},
	{"wrong_alg_key.json", keyset, UnrecognisedInput, "keys.Key.Fits refuses it for ES256"},
	{"wrong_kid_key.json", keyset, UnrecognisedInput, "CheckKeyID refuses a card by it"},
	{"wrong_kty_key.json", keyset, UnrecognisedInput, "keys.FromJWK refuses it"},
	{"wrong_use_key.json", keyset, UnrecognisedInput, "keys.Key.Fits refuses it"},
	{"test-issuers.json", noInput, UnrecognisedInput, "a directory of issuers"},
	{"shc/jwks.json", noInput, UnrecognisedInput, "keys for other vectors"},
	{"shc/issuer.jwks.private.json", noInput, UnrecognisedInput, "keys for other vectors"},
	{"shc/issuer.hmac.private.json", noInput, UnrecognisedInput, "keys for other vectors"},
}

func TestHealthCardVectors(t *testing.T) {
	dir := vectors(t, "smart-health-cards")
	listed := map[string]bool{}
	for _, tt := range healthCardVectors {
		listed[tt.file] = true
		t.Run(tt.file, func(t *testing.T) {
			input := readFile(t, dir, tt.file)
			if o, err := strictjson.ParseObject(input); err == nil {
				switch {
				case o.Has("vc"):
					input = []byte(card(o))
				case o["resourceType"] == "Bundle":
					payload := goodPayload()
					at(payload, "vc", "credentialSubject").(object)["fhirBundle"] = o
					input = []byte(card(payload))
				}
			}
			got, detail := outcome(input, "")
			if got != tt.reason {
				t.Errorf("got %q (%s), want %q; %s, %s", got, detail, tt.reason, tt.layer, tt.why)
			}
			t.Logf("%s: %s: %s", tt.layer, tt.why, detail)
		})
	}
	manifest, err := strictjson.ParseObject(readFile(t, dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range manifest.Array("cases") {
		for _, f := range c.(object).Array("files") {
			if !listed[filepath.ToSlash(f.(string))] {
				t.Errorf("%s is not classified", f)
			}
		}
	}
}
