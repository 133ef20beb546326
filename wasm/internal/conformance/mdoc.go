package main

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/mdoc"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	mdocPart  = "a part of a library's own tests, and no document"
	mdocVICAL = "a list of authorities: package importer's tests read it"
	mdocBare  = "a document without its signer's certificate; refused"
	mdocKey   = "a private key, or what is derived in a session; Annex D derives its own"
)

// mobileDocuments verifies the example of ISO/IEC 18013-5 Annex D and what wallets
// returned. The certificates that a source trusts stand in an inline registry.
func mobileDocuments(s *session) {
	for _, v := range s.vectors {
		switch {
		case v.Name == "annex-d":
			s.annexD(v)
		case v.Name == "wallet-animo-mdoc-05":
			s.animo(v)
		case v.Name == "wallet-bdr":
			s.bdr(v)
		case v.Name == "wallet-france":
			s.france(v)
		case strings.HasPrefix(v.Name, "isomdl-vical/"):
			s.skip(v, "", open, mdocVICAL)
		case strings.HasPrefix(v.Name, "isomdl-definitions/session/"), strings.HasSuffix(v.Name, "secret_key"):
			s.skip(v, "", open, mdocKey)
		case strings.HasPrefix(v.Name, "isomdl-definitions/"):
			s.definition(v)
		default:
			s.skip(v, "", open, mdocPart)
		}
	}
}

// definition reads what a library writes in hex.
func (s *session) definition(v vector) {
	text, ok := s.read(v, v.Files[0])
	if !ok {
		return
	}
	data, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		s.fail(v, "", open, "%v", err)
		return
	}
	switch name := v.Name[strings.LastIndexByte(v.Name, '/')+1:]; {
	case strings.Contains(v.Name, "/sign1/"):
		_, err = cose.ParseSign1(data)
	case strings.Contains(v.Name, "/mac0/"):
		_, err = cose.ParseMac0(data)
	case name == "ec_p256.cbor":
		_, err = cose.ParseKey(data)
	case name == "device_response.cbor":
		_, _, err = mdoc.Parse(data)
		if e, ok := err.(*mdoc.Error); ok && e.Reason == "malformed_certificate" {
			s.skip(v, "", open, mdocBare)
			return
		}
	case name == "issuer_signed.cbor":
		_, _, err = mdoc.Parse(data)
	default:
		s.skip(v, "", open, mdocPart)
		return
	}
	s.check(v, "read", open, err == nil, "%v", err)
}

func holding(pemOrDER string) strictjson.Object {
	text := strings.NewReplacer("-----BEGIN CERTIFICATE-----", "", "-----END CERTIFICATE-----", "", "\n", "").Replace(pemOrDER)
	return strictjson.Object{"id": "https://authority.example", "kind": "issuer",
		"keys": []any{strictjson.Object{"kid": "certificate", "x5c": []any{text}}},
		"auth": []any{strictjson.Object{"action": "issue", "resource": "*"}}}
}

// twice asks, and again with a letter of an element changed.
func (s *session) twice(v vector, part string, q question, element string) {
	s.judge(v, part, q, accepted())
	from := append([]byte{0x60 | byte(len(element))}, element...)
	if !bytes.Contains(q.input, from) {
		s.fail(v, part+", element changed", invalid, "there is no %q in it", element)
		return
	}
	to := bytes.Clone(from)
	to[1] ^= 2
	q.input = bytes.Replace(q.input, from, to, 1)
	s.judge(v, part+", element changed", q, rejected(wire.CheckProof, string(mdoc.DigestMismatch)))
}

func (s *session) annexD(v vector) {
	o, ok := s.object(v, v.Files[0])
	if !ok {
		return
	}
	get := func(name string) []byte {
		b, _ := hex.DecodeString(o.String("ISO_18013_5_ANNEX_D_" + name))
		return b
	}
	q := question{input: get("DEVICE_RESPONSE"), now: "2021-01-01T00:00:00Z",
		entities: []strictjson.Object{holding(base64.StdEncoding.EncodeToString(get("DS_CERT")))}}
	s.twice(v, "document", q, "Doe")

	// Section 9.1.3.5: EMacKey.
	var tag cbor.Tag
	reader, err := ecdh.P256().NewPrivateKey(get("EPHEMERAL_READER_KEY_D"))
	if err == nil {
		err = cose.Decode(get("SESSION_TRANSCRIPT_BYTES"), &tag)
	}
	var device *ecdh.PublicKey
	if err == nil {
		device, err = ecdh.P256().NewPublicKey(append(append([]byte{4}, get("STATIC_DEVICE_KEY_X")...), get("STATIC_DEVICE_KEY_Y")...))
	}
	transcript, isBytes := tag.Content.([]byte)
	if err != nil || !isBytes {
		s.fail(v, "MAC", valid, "its session: %v", err)
		return
	}
	secret, err1 := reader.ECDH(device)
	salt := sha256.Sum256(get("SESSION_TRANSCRIPT_BYTES"))
	key, err2 := hkdf.Key(sha256.New, secret, salt[:], "EMacKey", 32)
	if err1 != nil || err2 != nil {
		s.fail(v, "MAC", valid, "its key: %v, %v", err1, err2)
		return
	}
	b64 := base64.RawURLEncoding.EncodeToString
	q.expect = &wire.Expect{MDoc: &wire.MDoc{SessionTranscript: b64(transcript), DeviceMACKey: b64(key)}}
	s.judge(v, "MAC", q, accepted())
	key[0] ^= 1
	q.expect = &wire.Expect{MDoc: &wire.MDoc{SessionTranscript: b64(transcript), DeviceMACKey: b64(key)}}
	s.judge(v, "MAC by another key", q, rejected(wire.CheckExpect, string(mdoc.BadDeviceAuth)))
}

// value is a constant of a source's test.
func value(o strictjson.Object, name string) string { return o.Object(name).String("value") }

// animo is a response of OpenID4VP 1.0; nonce, client and key are those of the source's test.
func (s *session) animo(v vector) {
	o, ok := s.object(v, v.Files[0])
	if !ok {
		return
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(value(o, "deviceResponse"), "="))
	if err != nil {
		s.fail(v, "", valid, "%v", err)
		return
	}
	thumbprint, _ := hex.DecodeString("61a29f269176244d397cae26f7f80ab196bffcb65fe3052b540c78073dab7c1e")
	request := func(nonce string) *wire.Expect {
		return &wire.Expect{Nonce: nonce, OpenID4VP: &wire.OpenID4VP{ClientID: "x509_san_dns:playground.animo.id",
			ResponseURI:   "https://playground.animo.id/oid4vp/8caaebcc-d48c-471b-86b0-a534e15c4774/authorize?session=6c115dbc-1364-4e9f-a325-173eeec01a5a",
			JWKThumbprint: base64.RawURLEncoding.EncodeToString(thumbprint)}}
	}
	// What the file calls the issuer's certificate is that of its authority.
	q := question{input: data, now: "2026-01-12T00:00:00Z", entities: []strictjson.Object{holding(value(o, "issuerCertificate"))},
		expect: request("LMGPB6k--THpBUSkEBvLxmdMIi3Ee1fjHXXUUzBVa04")}
	s.twice(v, "OpenID4VP", q, "Erika")
	q.expect = request("LMGPB6k--THpBUSkEBvLxmdMIi3Ee1fjHXXUUzBVa05")
	s.judge(v, "another nonce", q, rejected(wire.CheckExpect, string(mdoc.BadDeviceAuth)))
	q.now = "2027-02-01T00:00:00Z"
	s.judge(v, "when it had ended", q, rejected(wire.CheckDates, "expired"))
}

// bdr is a licence as it was issued; the source trusts the document signer itself.
func (s *session) bdr(v vector) {
	o, ok := s.object(v, v.Files[0])
	if !ok {
		return
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(value(o, "issuerSigned"), "="))
	if err != nil {
		s.fail(v, "", valid, "%v", err)
		return
	}
	q := question{input: data, now: "2025-06-01T00:00:00Z", entities: []strictjson.Object{holding(value(o, "issuerCertificate"))}}
	s.twice(v, "issuer", q, "Mustermann")
}

// france is a response for a session of OpenID4VP draft 18, whose handover is that of ISO/IEC
// TS 18013-7 Annex B with an empty nonce of the wallet. The source's own test has it
// refused, since its library writes the elements anew before it hashes them; over the
// octets as they came, every digest and the device's signature hold.
func (s *session) france(v vector) {
	o, ok := s.object(v, v.Files[0])
	if !ok {
		return
	}
	data, err := hex.DecodeString(value(o, "deviceResponse"))
	if err != nil {
		s.fail(v, "", valid, "%v", err)
		return
	}
	session := func(nonce string) *wire.Expect {
		transcript := mdoc.OID4VPHandover("example.com", nonce, "https://example.com/12345/response", "")
		return &wire.Expect{MDoc: &wire.MDoc{SessionTranscript: base64.RawURLEncoding.EncodeToString(transcript)}}
	}
	q := question{input: data, now: "2021-01-25T00:00:00Z", entities: []strictjson.Object{holding(value(o, "issuerCertificate"))},
		expect: session("abcdefgh1234567890")}
	s.twice(v, "draft 18", q, "Doe")
	q.expect = session("abcdefgh1234567891")
	s.judge(v, "another nonce", q, rejected(wire.CheckExpect, string(mdoc.BadDeviceAuth)))
}
