package main

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"math/big"
	"path"
	"strings"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	shcIssuer = "https://spec.smarthealth.cards/examples/issuer"
	shcNow    = "2022-06-01T00:00:00Z" // after every nbf in seconds

	whyFHIRBundle  = "a FHIR bundle by itself, no card: whether FHIR resources obey their profiles is for who reads them; not taken for a credential"
	whyFHIRProfile = "signed here by the source's own key. Its fault is in the profile of a FHIR resource, which is for who reads the resource"
	whyOneOfMany   = "one QR code of several that are not all here, refused as such; the source tests how long each is, which \"Chunking Larger SHCs\" asks of those who print them"
	whyShlink      = "a SMART Health Link or its manifest: another specification, and no credential; not taken for one"
	whyIssuerList  = "a list of issuers, an option of the source's own tool; not taken for a credential"
	whyKeyMaterial = "key material of the other cases"
	whyX5C         = "a chain of certificates in a JWK set, whose fault or merit is in X.509: the issuer's key is the JWK that its set or the registry holds, and x5c is not read yet"
	whyNoKey       = "a revocation list and a card by a key whose public half the vectors do not have; not accepted"
)

// shcAnswers are the cards and what else is no bare key, by their names less what all
// names begin with. Where the source's own test expects no error, at most a warning,
// the card is good: "[0, [ec.X]]" in the manifest is no error and the warning X.
var shcAnswers = map[string]answer{
	"d-jws-bad-fhir-metadata.txt":                             accepted(), // a warning on FHIR metadata
	"e-file.wrong-extension":                                  accepted(), // a warning on a file's name, which a credential has not
	"fhirhealthcard.json":                                     accepted(), // no fault
	"1195-byte-qrnumeric.txt":                                 accepted(), // no fault
	"d-jws-der-signature.txt":                                 rejected(wire.CheckProof, "bad_signature"),
	"d-jws-invalid-signature.txt":                             rejected(wire.CheckProof, "bad_signature"),
	"d-jws-issuer-kid-mismatch.txt":                           rejected(wire.CheckKey, "key_not_found"),
	"d-jws-issuer-not-valid-with-smart-key.txt":               rejected(wire.CheckKey, "issuer_not_in_registry"),
	"d-jws-jws_too_long.txt":                                  rejected(wire.CheckModel, "missing_member"), // of the draft: no nbf, another type
	"d-jws-no_jws_header_alg.txt":                             rejected(wire.CheckFormat, "malformed_jws_header"),
	"d-jws-trailing_chars.txt":                                rejected(wire.CheckFormat, "unrecognised_input"),
	"d-jws-utf8_bom_prefix.txt":                               rejected(wire.CheckFormat, "json_not_utf8"), // a byte order mark: RFC 8259 Section 8.1
	"e-file-invalid_issuer_url_http.smart-health-card":        rejected(wire.CheckModel, "malformed_value"),
	"e-file-issuer_url_with_trailing_slash.smart-health-card": rejected(wire.CheckModel, "malformed_value"),
	"e-file-jws_too_long.smart-health-card":                   rejected(wire.CheckModel, "missing_member"),
	"e-file-multi-jws-issues.smart-health-card":               rejected(wire.CheckFormat, "malformed_jws_header"),
	"f-qr-code-numeric-value-0-index-out-of-range.txt":        rejected(wire.CheckFormat, "malformed_qr"),
	"f-qr-code-numeric-value-0-odd-count.txt":                 rejected(wire.CheckFormat, "malformed_qr"),
	"f-qr-code-numeric-value-0-trailing_chars.txt":            rejected(wire.CheckFormat, "unrecognised_input"),
	"f-qr-code-numeric-value-0-wrong-multi-chunk.txt":         rejected(wire.CheckFormat, "malformed_qr"),
	"f-qr-code-numeric-value-0-wrong_qr_header.txt":           rejected(wire.CheckFormat, "unrecognised_input"),
	"issuers.json":                                            {kind: open, outcome: wire.Rejected, check: wire.CheckFormat, reason: "unrecognised_input", why: whyIssuerList},

	// Payloads, which the runner signs.
	"b-jws-payload-expanded-exp_milliseconds.json":    accepted(), // a warning: exp is far off
	"b-jws-payload-expanded-missing-coding.json":      {kind: invalid, outcome: wire.Accepted, why: whyFHIRProfile},
	"b-jws-payload-expanded-missing-imm-vc-type.json": accepted(), // a warning
	"b-jws-payload-expanded-missing-shc-vc-type.json": rejected(wire.CheckModel, "malformed_value"),
	"b-jws-payload-expanded-nbf_milliseconds.json":    rejected(wire.CheckDates, "not_yet_valid"),
	"b-jws-payload-expanded-unknown-vc-types.json":    accepted(), // a warning
}

// smartHealthCards runs the test data of the specification's own developer tools.
func smartHealthCards(s *session) {
	var set []namedKey
	var private strictjson.Object
	for _, v := range s.vectors {
		switch v.Name {
		case "shc-jwks.json":
			if o, ok := s.object(v, v.Files[0]); ok {
				for _, jwk := range o.Array("keys") {
					o := jwk.(strictjson.Object)
					set = append(set, namedKey{o.String("kid"), o})
				}
			}
		case "shc-issuer.jwks.private.json":
			if o, ok := s.object(v, v.Files[0]); ok {
				private, _ = o.Array("keys")[0].(strictjson.Object)
			}
		}
	}
	issuer := entity(shcIssuer, set...)
	for _, v := range s.vectors {
		file := path.Base(v.Files[0])
		name := strings.TrimPrefix(strings.TrimPrefix(file, "test-example-00-"), "test-example-")
		name = strings.TrimPrefix(name, "test-")
		want, listed := shcAnswers[name]
		input, ok := s.read(v, v.Files[0])
		if !ok {
			continue
		}
		q := question{input: input, now: shcNow, entities: []strictjson.Object{issuer}}
		switch {
		case v.Expected == "key":
			s.skip(v, "", open, whyKeyMaterial)
		case listed && strings.HasPrefix(name, "b-"):
			token, err := signCard(input, private)
			if err != nil {
				s.fail(v, "", want.kind, "signing it: %v", err)
				continue
			}
			q.input = []byte(token)
			s.judge(v, "signed", q, want)
		case listed:
			s.judge(v, "", q, want)
		case strings.HasPrefix(name, "a-"):
			s.judge(v, "", q, answer{kind: invalid, outcome: wire.Rejected, check: wire.CheckFormat, reason: "unrecognised_input", why: whyFHIRBundle})
		case strings.Contains(name, "qr_chunk_too_"):
			s.judge(v, "", q, answer{kind: invalid, outcome: wire.Rejected, check: wire.CheckFormat, reason: "malformed_qr", why: whyOneOfMany})
		case strings.HasPrefix(name, "shlink"):
			s.notCard(v, q)
		case strings.HasPrefix(v.Name, "badcrl/"):
			s.judge(v, "", q, answer{kind: open, outcome: wire.Rejected, check: wire.CheckKey, reason: "issuer_not_in_registry", why: whyNoKey})
		case strings.HasSuffix(name, "key.json"), name == "valid_keys.json":
			s.cardKeys(v)
		case strings.HasSuffix(name, ".public.json"), name == "valid_key_with_x5c.json":
			s.skip(v, "", open, whyX5C)
		}
	}
	s.changedCards(issuer)
}

// notCard asks only that nothing of the kind is taken for a credential.
func (s *session) notCard(v vector, q question) {
	got, err := q.ask()
	switch {
	case err != nil:
		s.fail(v, "", open, "no verdict: %v", err)
	case got.Outcome == wire.Accepted || of(got, wire.CheckFormat).Result == wire.Pass:
		s.fail(v, "", open, "%s", said(got))
	default:
		s.skip(v, "", open, whyShlink)
	}
}

// cardKeys reads the keys of a JWK set and asks of each what a card asks of its key:
// that it is public, that ES256 fits it, and that its kid is its thumbprint.
func (s *session) cardKeys(v vector) {
	o, ok := s.object(v, v.Files[0])
	if !ok {
		return
	}
	var err error
	for _, e := range o.Array("keys") {
		jwk, _ := e.(strictjson.Object)
		var k *keys.Key
		if k, err = keys.FromJWK(jwk); err != nil {
			break
		}
		if err = k.Fits(keys.ES256); err == nil && k.Thumbprint() != jwk["kid"] {
			err = errors.New("kid is no thumbprint")
		}
	}
	if strings.HasPrefix(v.Name, "valid") {
		s.check(v, "", valid, err == nil && len(o.Array("keys")) > 0, "%v", err)
	} else {
		s.check(v, "", invalid, err != nil, "was taken")
	}
}

// changedCards asks the good card of the topic again with something changed that the
// source has no case for.
func (s *session) changedCards(issuer strictjson.Object) {
	v, ok := s.find("test-example-1195-byte-qrnumeric.txt")
	if !ok {
		return
	}
	input, ok := s.read(v, v.Files[0])
	if !ok {
		return
	}
	q := question{input: input, now: shcNow, entities: []strictjson.Object{issuer}}
	text := string(bytes.TrimSpace(input))

	absent := q
	absent.entities = []strictjson.Object{entity("https://other.example/issuer")}
	s.judge(v, "its issuer is not in the registry", absent, rejected(wire.CheckKey, "issuer_not_in_registry"))

	nobody := q
	nobody.entities = nil
	nobody.documents = []document{{shcIssuer + "/.well-known/jwks.json", strictjson.Encode(strictjson.Object{"keys": jwks(issuer)})}}
	s.judge(v, "no registry, keys from the issuer's key set", nobody,
		answer{kind: invalid, outcome: wire.Undetermined, check: wire.CheckTrust, reason: "no_trust_anchor", proven: true})

	for _, c := range []struct{ part, member, value, reason string }{
		{"its key was retired before nbf", "until", "2021-01-01T00:00:00Z", "key_retired"},
		{"its key is newer than nbf", "from", "2022-01-01T00:00:00Z", "key_not_yet_valid"},
		{"its key is compromised", "state", "compromised", "key_revoked"},
	} {
		changed := strictjson.Clone(issuer).(strictjson.Object)
		for _, k := range changed.Array("keys") {
			k.(strictjson.Object)[c.member] = c.value
		}
		q.entities = []strictjson.Object{changed}
		s.judge(v, c.part, q, rejected(wire.CheckBinding, c.reason))
	}

	q.entities = []strictjson.Object{issuer}
	q.input = []byte(swapPairs(text, len(text)-20))
	s.judge(v, "signature changed", q, rejected(wire.CheckProof, "bad_signature"))
}

func jwks(issuer strictjson.Object) []any {
	var list []any
	for _, k := range issuer.Array("keys") {
		list = append(list, k.(strictjson.Object)["jwk"])
	}
	return list
}

// swapPairs exchanges the two digits pairs at a position that differ.
func swapPairs(text string, at int) string {
	at -= (at - len("shc:/")) % 2
	for text[at:at+2] == text[at+2:at+4] {
		at -= 2
	}
	return text[:at] + text[at+2:at+4] + text[at:at+2] + text[at+4:]
}

// signCard makes a card of a payload: minified, deflated, ES256 ("Health Cards are
// Compact"). A payload is signed as it is, so that its fault is.
func signCard(payload []byte, private strictjson.Object) (string, error) {
	o, err := strictjson.ParseObject(payload)
	if err != nil {
		return "", err
	}
	d, err := base64.RawURLEncoding.DecodeString(private.String("d"))
	if err != nil {
		return "", err
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
	if err != nil {
		return "", err
	}
	var deflated bytes.Buffer
	w, err := flate.NewWriter(&deflated, flate.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(strictjson.Encode(o)); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	header := strictjson.Encode(strictjson.Object{"alg": "ES256", "zip": "DEF", "kid": private.String("kid")})
	text := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(deflated.Bytes())
	sum := sha256.Sum256([]byte(text))
	der, err := key.Sign(nil, sum[:], crypto.SHA256)
	if err != nil {
		return "", err
	}
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &rs); err != nil {
		return "", err
	}
	sig := append(rs.R.FillBytes(make([]byte, 32)), rs.S.FillBytes(make([]byte, 32))...)
	return text + "." + base64.RawURLEncoding.EncodeToString(sig), nil
}
