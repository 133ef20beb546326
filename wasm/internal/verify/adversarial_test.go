package verify_test

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/mr-tron/base58"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/internal/verify"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// These tests think like a forger, and like an issuer whose library does things its own
// way. go-jose signs what the forger or the issuer has to say, with keys made from
// names; every forgery stands beside what it was made from.

type object = strictjson.Object

// signer is a key pair. Its public half is written down in every way that documents have.
type signer struct {
	alg      jose.SignatureAlgorithm
	private  crypto.Signer
	jwk      object
	multikey string
}

func newSigner(alg jose.SignatureAlgorithm, name string) *signer {
	seed := sha256.Sum256([]byte("adversarial " + name))
	s := &signer{alg: alg}
	var raw []byte
	var codec uint64
	switch alg {
	case jose.EdDSA:
		key := ed25519.NewKeyFromSeed(seed[:])
		s.private, codec, raw = key, 0xed, key.Public().(ed25519.PublicKey)
		s.jwk = object{"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
	case jose.ES256:
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
		if err != nil {
			panic(err)
		}
		point, err := key.PublicKey.Bytes()
		if err != nil {
			panic(err)
		}
		s.private, codec = key, 0x1200
		raw = append([]byte{2 + point[64]&1}, point[1:33]...)
		s.jwk = object{"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])}
	}
	s.multikey = "z" + base58.Encode(append(binary.AppendUvarint(nil, codec), raw...))
	return s
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (s *signer) didKey() string { return "did:key:" + s.multikey }
func (s *signer) method() string { return s.didKey() + "#" + s.multikey }
func (s *signer) didJWK() string { return "did:jwk:" + b64(strictjson.Encode(s.jwk)) }

func (s *signer) thumbprint() string {
	sum := sha256.Sum256(strictjson.Encode(s.jwk)) // the JWK has the required members and no others
	return b64(sum[:])
}

// jws signs a payload with go-jose. Header members that are nil are left out.
func (s *signer) jws(header object, payload []byte) string {
	opts := &jose.SignerOptions{}
	for name, v := range header {
		if v != nil {
			opts.WithHeader(jose.HeaderKey(name), v)
		}
	}
	js, err := jose.NewSigner(jose.SigningKey{Algorithm: s.alg, Key: s.private}, opts)
	if err != nil {
		panic(err)
	}
	sig, err := js.Sign(payload)
	if err != nil {
		panic(err)
	}
	token, err := sig.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return token
}

// raw signs a header that go-jose would not write.
func (s *signer) raw(header string, payload []byte) string {
	text := b64([]byte(header)) + "." + b64(payload)
	return text + "." + b64(s.sign([]byte(text)))
}

// sign signs a message with Ed25519.
func (s *signer) sign(message []byte) []byte {
	sig, err := s.private.Sign(nil, message, crypto.Hash(0))
	if err != nil {
		panic(err)
	}
	return sig
}

func with(o object, more object) object {
	c := strictjson.Clone(o).(object)
	for name, v := range more {
		c[name] = v
		if v == nil {
			delete(c, name)
		}
	}
	return c
}

func number(n int64) strictjson.Number { return strictjson.Number(fmt.Sprint(n)) }

// The time line of these tests, in seconds: issued, and asked a good year later.
const (
	now    = "2026-03-01T00:00:00Z"
	nowS   = 1772323200
	issued = 1735689600 // 2025-01-01T00:00:00Z
)

// vcClaims are those of a good VC-JWT of VCDM 1.1.
func vcClaims(issuer string) object {
	return object{
		"iss": issuer, "sub": "did:example:alice", "nbf": number(issued), "jti": "urn:uuid:3978344f-8596-4c3a-a978-8fcaba3903c5",
		"vc": object{
			"@context":          []any{"https://www.w3.org/2018/credentials/v1", "https://issuer.example/v1"},
			"type":              []any{"VerifiableCredential", "Degree"},
			"credentialSubject": object{"degree": "Bachelor"},
		},
	}
}

// document2 is a good credential of VCDM 2.0.
func document2(issuer string) object {
	return object{
		"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://issuer.example/v2"},
		"id":       "urn:uuid:3978344f-8596-4c3a-a978-8fcaba3903c5",
		"type":     []any{"VerifiableCredential", "Degree"}, "issuer": issuer, "validFrom": "2025-01-01T00:00:00Z",
		"credentialSubject": object{"id": "did:example:alice", "degree": "Bachelor"},
	}
}

func document1(issuer string) object {
	return with(document2(issuer), object{"@context": []any{"https://www.w3.org/2018/credentials/v1"},
		"validFrom": nil, "issuanceDate": "2025-01-01T00:00:00Z"})
}

// cardClaims are those of a good SMART Health Card.
func cardClaims(issuer string) object {
	return object{"iss": issuer, "nbf": number(issued), "vc": object{
		"type": []any{"https://smarthealth.cards#health-card", "https://smarthealth.cards#immunization"},
		"credentialSubject": object{"fhirVersion": "4.0.1", "fhirBundle": object{
			"resourceType": "Bundle", "type": "collection", "entry": []any{
				object{"fullUrl": "resource:0", "resource": object{"resourceType": "Patient", "birthDate": "1951-01-20"}}}}}}}
}

func deflate(b []byte) []byte {
	var buf bytes.Buffer
	w, err := flate.NewWriter(&buf, flate.BestCompression)
	if err == nil {
		_, err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return buf.Bytes()
}

func (s *signer) card(claims object) string {
	return s.jws(object{"zip": "DEF", "kid": s.thumbprint()}, deflate(strictjson.Encode(claims)))
}

// jcs adds an eddsa-jcs-2022 proof by hand: VC-DI-EDDSA Section 3.3.1.
func (s *signer) jcs(doc, options object) object {
	return with(doc, object{"proof": s.proofOver(doc, options)})
}

func (s *signer) proofOver(doc, options object) object {
	config := with(object{"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "created": "2025-01-01T00:00:00Z",
		"verificationMethod": s.method(), "proofPurpose": "assertionMethod", "@context": doc["@context"]}, options)
	docHash, configHash := sha256.Sum256(strictjson.Encode(doc)), sha256.Sum256(strictjson.Encode(config))
	return with(config, object{"proofValue": "z" + base58.Encode(s.sign(append(configHash[:], docHash[:]...)))})
}

// trial is one question to the module. Its zero value, with an input, is asked now,
// with no registry.
type trial struct {
	input     string
	mediaType string
	now       string
	expect    *wire.Expect
	policy    *wire.Policy
	regs      []wire.Registry
	docs      map[string]string // live documents
	obtained  string            // of docs; "" is now
	blocks    []block.Block     // of snapshots
}

func (tr trial) verdict(t *testing.T) wire.Verdict {
	t.Helper()
	if tr.now == "" {
		tr.now = now
	}
	if tr.obtained == "" {
		tr.obtained = tr.now
	}
	in := block.New(block.Raw, []byte(tr.input))
	blocks := append([]block.Block{in}, tr.blocks...)
	req := wire.Request{Verilith: wire.Contract, Op: wire.OpVerify, Now: tr.now, Input: &wire.Input{Block: in.CID.String(), MediaType: tr.mediaType},
		Expect: tr.expect, Policy: tr.policy, Registries: tr.regs}
	for url, body := range tr.docs {
		b := block.New(block.Raw, []byte(body))
		blocks = append(blocks, b)
		req.Evidence = append(req.Evidence, wire.Evidence{URL: url, Block: b.CID.String(), Obtained: tr.obtained})
	}
	for range wire.MaxRounds {
		car, _, err := wire.SealCase(req, blocks)
		if err != nil {
			t.Fatal(err)
		}
		reply := verify.Answer(car)
		switch {
		case reply.Error != nil:
			return wire.Verdict{Outcome: "error", Reason: reply.Error.Reason,
				Checks: []wire.Check{{Check: "request", Result: wire.Fail, Reason: reply.Error.Reason, Detail: reply.Error.Error()}}}
		case reply.Verdict != nil:
			for _, c := range reply.Verdict.Checks {
				if c.Reason != "" && strings.HasPrefix(c.Detail, c.Reason+":") {
					t.Errorf("%s says its reason twice: %s", c.Check, c.Detail)
				}
			}
			return *reply.Verdict
		}
		for _, n := range reply.Needs {
			req.Unobtainable = append(req.Unobtainable, n.Block+n.URL)
		}
	}
	t.Fatal("no verdict")
	return wire.Verdict{}
}

// ends says a verdict in a line: the outcome, and the check and reason that settled it.
func ends(v wire.Verdict) string {
	for _, result := range []wire.Result{wire.Fail, wire.Unknown} {
		for _, c := range v.Checks {
			if c.Result == result {
				return fmt.Sprintf("%s %s %s", v.Outcome, c.Check, c.Reason)
			}
		}
	}
	return string(v.Outcome)
}

// attempt is a trial and how it must end.
type attempt struct {
	name string
	trial
	want string
}

func runAttempts(t *testing.T, list []attempt) {
	t.Helper()
	for _, a := range list {
		t.Run(a.name, func(t *testing.T) {
			v := a.verdict(t)
			if got := ends(v); got != a.want {
				detail := ""
				for _, c := range v.Checks {
					if c.Result != wire.Pass && c.Result != wire.Skipped {
						detail += "\n  " + c.Check + ": " + c.Detail
					}
				}
				t.Errorf("got  %s\nwant %s%s", got, a.want, detail)
			}
		})
	}
}

// entity is an issuer that may issue anything.
func entity(id string, more object) object {
	return with(object{"id": id, "auth": []any{object{"action": "issue", "resource": "*"}}}, more)
}

func key(kid string, s *signer, more object) object {
	return with(object{"kid": kid, "jwk": s.jwk}, more)
}

func registry(entities ...object) []wire.Registry { return []wire.Registry{{Entities: entities}} }

var (
	alice   = newSigner(jose.EdDSA, "issuer")
	other   = newSigner(jose.EdDSA, "another issuer")
	mallory = newSigner(jose.EdDSA, "forger")
	clinic  = newSigner(jose.ES256, "clinic")
	trusted = registry(entity(alice.didKey(), nil))
)

func TestAdversarialVCJWT(t *testing.T) {
	good := vcClaims(alice.didKey())
	jwt := object{"typ": "JWT", "kid": alice.method()}
	token := func(header, claims object) trial {
		return trial{input: alice.jws(header, strictjson.Encode(claims)), regs: trusted}
	}
	claims := func(more object) trial { return token(jwt, with(good, more)) }
	vc := func(more object) trial { return claims(object{"vc": with(good.Object("vc"), more)}) }
	header := func(more object) trial { return token(with(jwt, more), good) }
	payload := strictjson.Encode(good)
	plain := alice.jws(jwt, payload)
	parts := strings.Split(plain, ".")
	in := func(input string) trial { return trial{input: input, regs: trusted} }
	aud := func(aud any, audience ...string) trial {
		tr := claims(object{"aud": aud})
		if audience != nil {
			tr.expect = &wire.Expect{Audience: audience}
		}
		return tr
	}
	runAttempts(t, []attempt{
		{"good", claims(nil), "accepted"},
		{"no kid", header(object{"kid": nil}), "accepted"},
		{"kid is a fragment", header(object{"kid": "#" + alice.multikey}), "accepted"},
		{"kid is the DID", header(object{"kid": alice.didKey()}), "accepted"},
		{"kid is the thumbprint", header(object{"kid": alice.thumbprint()}), "accepted"},
		{"kid is empty", header(object{"kid": ""}), "accepted"},
		{"no typ", header(object{"typ": nil}), "accepted"},
		{"typ in lower case", header(object{"typ": "jwt"}), "accepted"},

		{"kid of the forger", header(object{"kid": mallory.method()}), "rejected proof bad_signature"},
		{"signed by the forger, kid of the forger", in(mallory.jws(with(jwt, object{"kid": mallory.method()}), payload)), "rejected binding key_of_another"},
		{"signed by the forger, no kid", in(mallory.jws(object{"typ": "JWT"}, payload)), "rejected proof bad_signature"},
		{"signed by the forger, kid of the issuer", in(mallory.jws(jwt, payload)), "rejected proof bad_signature"},
		{"signed by the forger, jwk in the header", in(mallory.jws(with(jwt, object{"jwk": mallory.jwk}), payload)), "rejected proof bad_signature"},
		{"issuer is the forger", in(mallory.jws(with(jwt, object{"kid": nil}), strictjson.Encode(vcClaims(mallory.didKey())))), "rejected trust issuer_not_in_registry"},
		{"iss with the fragment of the key", claims(object{"iss": alice.method()}), "rejected binding key_of_another"},
		{"iss in upper case", claims(object{"iss": "DID:KEY:" + alice.multikey}), "rejected binding key_of_another"},
		{"iss with a trailing space", claims(object{"iss": alice.didKey() + " "}), "rejected model malformed_value"},
		{"kid unknown", header(object{"kid": alice.didKey() + "#other"}), "rejected key key_not_found"},

		{"alg none", in(b64([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + "."), "rejected format alg_none"},
		{"alg none, signature kept", in(b64([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + "." + parts[2]), "rejected format alg_none"},
		{"alg HS256", in(b64([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + parts[1] + "." + parts[2]), "rejected format alg_mac"},
		{"alg Ed448", in(alice.raw(`{"alg":"Ed448","typ":"JWT"}`, payload)), "rejected format unsupported_algorithm"},
		{"alg ES256 for an Ed25519 key", in(alice.raw(`{"alg":"ES256","typ":"JWT"}`, payload)), "rejected proof algorithm_mismatch"},
		{"alg twice", in(alice.raw(`{"alg":"EdDSA","alg":"EdDSA","typ":"JWT"}`, payload)), "rejected format malformed_jws_header"},
		{"crit exp", in(alice.raw(`{"alg":"EdDSA","typ":"JWT","crit":["exp"],"exp":1}`, payload)), "rejected format unsupported_critical_header"},
		{"header is no object", in(alice.raw(`[]`, payload)), "rejected format malformed_jws_header"},
		{"iss twice", in(alice.jws(jwt, []byte(strings.Replace(string(payload), `"iss":`, `"iss":"did:example:x","iss":`, 1)))), "rejected format json_duplicate_name"},
		{"vc twice", in(alice.jws(jwt, []byte(strings.Replace(string(payload), `"vc":{`, `"vc":{},"vc":{`, 1)))), "rejected format json_duplicate_name"},
		{"padded", in(plain + "="), "rejected format unrecognised_input"},
		{"stray bits in the signature", in(plain[:len(plain)-1] + "B"), "rejected format malformed_jws"},
		{"a line break inside", in(plain[:40] + "\n" + plain[40:]), "rejected format unrecognised_input"},
		{"four parts", in(plain + "." + parts[2]), "rejected format unrecognised_input"},
		{"S not reduced", in(parts[0] + "." + parts[1] + "." + b64(unreduced(parts[2]))), "rejected proof bad_signature"},
		{"payload changed", in(parts[0] + "." + b64(strictjson.Encode(with(good, object{"sub": "did:example:bob"}))) + "." + parts[2]), "rejected proof bad_signature"},
		{"header changed", in(b64([]byte(`{"alg":"EdDSA","typ":"JWT"}`)) + "." + parts[1] + "." + parts[2]), "rejected proof bad_signature"},
		{"signature empty", in(parts[0] + "." + parts[1] + "."), "rejected format malformed_jws"},
		{"signature one byte short", in(parts[0] + "." + parts[1] + "." + parts[2][:84]), "rejected proof bad_signature"},

		{"exp ahead", claims(object{"exp": number(nowS + 1)}), "accepted"},
		{"exp now", claims(object{"exp": number(nowS)}), "rejected dates expired"},
		{"exp with a fraction ahead", claims(object{"exp": strictjson.Number("1772323200.5")}), "accepted"},
		{"exp past", claims(object{"exp": number(nowS - 1)}), "rejected dates expired"},
		{"exp a string", claims(object{"exp": "1772323201"}), "rejected model malformed_value"},
		{"exp null", in(alice.jws(jwt, []byte(strings.Replace(string(payload), `"nbf":`, `"exp":null,"nbf":`, 1)))), "rejected model malformed_value"},
		{"exp in milliseconds", claims(object{"exp": number(nowS * 1000)}), "rejected model out_of_range"},
		{"nbf now", claims(object{"nbf": number(nowS)}), "accepted"},
		{"nbf ahead", claims(object{"nbf": number(nowS + 1)}), "rejected dates not_yet_valid"},
		{"nbf missing", claims(object{"nbf": nil}), "rejected model missing_member"},
		{"nbf missing, issuanceDate there", token(jwt, with(good, object{"nbf": nil, "vc": with(good.Object("vc"), object{"issuanceDate": "2025-01-01T00:00:00Z"})})), "accepted"},
		{"issuanceDate agrees", vc(object{"issuanceDate": "2025-01-01T01:00:00+01:00"}), "accepted"},
		{"issuanceDate differs", vc(object{"issuanceDate": "2024-12-31T00:00:00Z"}), "rejected model claim_conflict"},
		{"expirationDate past, exp ahead", token(jwt, with(good, object{"exp": number(nowS + 9), "vc": with(good.Object("vc"), object{"expirationDate": "2025-02-01T00:00:00Z"})})), "rejected model claim_conflict"},
		{"expirationDate past, no exp", vc(object{"expirationDate": "2025-02-01T00:00:00Z"}), "rejected dates expired"},
		{"validUntil past", vc(object{"validUntil": "2025-02-01T00:00:00Z"}), "rejected dates expired"},
		{"iat a minute ahead, as clocks are", claims(object{"iat": number(nowS + 60)}), "accepted"},
		{"iat further ahead", claims(object{"iat": number(nowS + 61)}), "rejected dates signed_in_future"},
		{"iat before nbf", claims(object{"iat": number(issued - 60)}), "accepted"},
		{"nbf after exp", claims(object{"nbf": number(issued + 10), "exp": number(issued)}), "rejected dates expired"},

		{"issuer too", vc(object{"issuer": alice.didKey()}), "accepted"},
		{"issuer an object", vc(object{"issuer": object{"id": alice.didKey(), "name": "Issuer"}}), "accepted"},
		{"issuer differs", vc(object{"issuer": mallory.didKey()}), "rejected model claim_conflict"},
		{"issuer's id differs", vc(object{"issuer": object{"id": mallory.didKey()}}), "rejected model claim_conflict"},
		{"iss missing", token(jwt, with(good, object{"iss": nil, "vc": with(good.Object("vc"), object{"issuer": alice.didKey()})})), "rejected model missing_member"},
		{"iss an object", claims(object{"iss": object{"id": alice.didKey()}}), "rejected model malformed_value"},
		{"subject's id agrees", vc(object{"credentialSubject": object{"id": "did:example:alice"}}), "accepted"},
		{"subject's id differs", vc(object{"credentialSubject": object{"id": "did:example:bob", "degree": "Bachelor"}}), "rejected model claim_conflict"},
		{"two subjects and a sub", vc(object{"credentialSubject": []any{object{"a": "1"}, object{"a": "2"}}}), "rejected model claim_conflict"},
		{"id agrees", vc(object{"id": "urn:uuid:3978344f-8596-4c3a-a978-8fcaba3903c5"}), "accepted"},
		{"id differs", vc(object{"id": "urn:uuid:3978344f-8596-4c3a-a978-8fcaba3903c6"}), "rejected model claim_conflict"},
		{"no VerifiableCredential type", vc(object{"type": []any{"Degree"}}), "rejected model malformed_value"},
		{"vc and vp", claims(object{"vp": object{}}), "rejected format malformed_envelope"},
		{"vc an array", claims(object{"vc": []any{}}), "rejected format malformed_envelope"},
		{"a document of 2.0 in vc", vc(object{"@context": []any{"https://www.w3.org/ns/credentials/v2"}}), "rejected model malformed_value"},
		{"status of a kind not known", vc(object{"credentialStatus": object{"id": "https://issuer.example/1#1", "type": "X"}}), "undetermined status status_unsupported"},
		{"status an empty array", vc(object{"credentialStatus": []any{}}), "rejected model malformed_value"},
		{"a token status list", claims(object{"status": object{"status_list": object{"idx": number(1), "uri": "https://issuer.example/s"}}}), "undetermined status status_unavailable"},
		{"schema of a kind not known", vc(object{"credentialSchema": object{"id": "https://issuer.example/1", "type": "X"}}), "undetermined schema schema_unsupported"},

		{"aud, nobody asked", aud("https://verifier.example"), "rejected expect audience_mismatch"},
		{"aud of the caller", aud("https://verifier.example", "https://verifier.example"), "accepted"},
		{"aud of the caller among others", aud([]any{"https://a.example", "https://verifier.example"}, "https://verifier.example"), "accepted"},
		{"aud of another", aud("https://a.example", "https://verifier.example"), "rejected expect audience_mismatch"},
		{"aud missing, asked for", aud(nil, "https://verifier.example"), "rejected expect audience_mismatch"},
		{"aud a number", aud(number(7), "7"), "rejected model malformed_value"},
		{"aud a number, nobody asked", aud(number(7)), "rejected model malformed_value"},
		{"aud an empty array, nobody asked", aud([]any{}), "rejected model malformed_value"},
		{"aud an array with a number, nobody asked", aud([]any{number(7)}), "rejected model malformed_value"},
		{"nonce as asked", trial{input: claims(object{"nonce": "n-1"}).input, expect: &wire.Expect{Nonce: "n-1"}, regs: trusted}, "accepted"},
		{"nonce of another question", trial{input: claims(object{"nonce": "n-2"}).input, expect: &wire.Expect{Nonce: "n-1"}, regs: trusted}, "rejected expect nonce_mismatch"},
		{"nonce missing", trial{input: plain, expect: &wire.Expect{Nonce: "n-1"}, regs: trusted}, "rejected expect nonce_mismatch"},
		{"declared as VC-JOSE-COSE", trial{input: plain, mediaType: "application/vc+jwt", regs: trusted}, "rejected format media_type_conflict"},
		{"declared as JWT", trial{input: plain, mediaType: "application/jwt", regs: trusted}, "accepted"},
	})
}

// unreduced adds the group's order to S: the same signature in another encoding, RFC
// 8032 Section 5.1.7.
func unreduced(signature string) []byte {
	sig, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		panic(err)
	}
	order := []byte{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10}
	carry := 0
	for i, b := range order {
		sum := int(sig[32+i]) + int(b) + carry
		sig[32+i], carry = byte(sum), sum>>8
	}
	return sig
}

func TestAdversarialVCJOSE(t *testing.T) {
	good := document2(alice.didKey())
	typed := object{"typ": "vc+jwt", "kid": alice.method()}
	claims := func(more object) trial {
		return trial{input: alice.jws(typed, strictjson.Encode(with(good, more))), regs: trusted}
	}
	header := func(more object) trial {
		return trial{input: alice.jws(with(typed, more), strictjson.Encode(good)), regs: trusted}
	}
	edited := func(old, new string) trial {
		text := strings.Replace(string(strictjson.Encode(good)), old, new, 1)
		return trial{input: alice.jws(typed, []byte(text)), regs: trusted}
	}
	plain := claims(nil).input
	enveloped := func(id string) trial {
		return trial{input: string(strictjson.Encode(object{"@context": "https://www.w3.org/ns/credentials/v2",
			"type": "EnvelopedVerifiableCredential", "id": id})), regs: trusted}
	}
	runAttempts(t, []attempt{
		{"good", claims(nil), "accepted"},
		{"cty", header(object{"cty": "vc"}), "accepted"},
		{"typ written out", header(object{"typ": "application/vc+jwt"}), "accepted"},
		{"typ in upper case", header(object{"typ": "VC+JWT"}), "accepted"},
		{"no typ", header(object{"typ": nil}), "accepted"},
		{"typ JWT", header(object{"typ": "JWT"}), "accepted"},
		{"typ of an access token", header(object{"typ": "at+jwt"}), "rejected format malformed_token"},
		{"typ of an SD-JWT", header(object{"typ": "vc+sd-jwt"}), "rejected format malformed_token"},
		{"typ of a presentation", header(object{"typ": "vp+jwt"}), "rejected model malformed_value"},
		{"cty of a presentation", header(object{"cty": "vp"}), "rejected model malformed_value"},
		{"iss agrees", claims(object{"iss": alice.didKey()}), "accepted"},
		{"iss differs", claims(object{"iss": mallory.didKey()}), "rejected model claim_conflict"},
		{"iss in the header differs", header(object{"iss": mallory.didKey()}), "rejected model claim_conflict"},
		{"vc claim", claims(object{"vc": object{}}), "rejected model forbidden_member"},
		{"vp claim", claims(object{"vp": object{}}), "rejected model forbidden_member"},
		{"vc claim, no typ", trial{input: alice.jws(object{"kid": alice.method()}, strictjson.Encode(with(good, object{"vc": object{}}))), regs: trusted}, "rejected model forbidden_member"},
		{"exp past", claims(object{"exp": number(nowS - 1)}), "rejected dates expired"},
		{"exp ahead, validUntil past", claims(object{"exp": number(nowS + 1), "validUntil": "2026-02-28T23:59:59Z"}), "rejected dates expired"},
		{"validUntil now", claims(object{"validUntil": now}), "accepted"},
		{"validUntil now, in another offset", claims(object{"validUntil": "2026-03-01T14:00:00+14:00"}), "accepted"},
		{"validUntil a moment ago", claims(object{"validUntil": "2026-02-28T23:59:59.999Z"}), "rejected dates expired"},
		{"validUntil without an offset", claims(object{"validUntil": "2030-01-01T00:00:00"}), "rejected model malformed_value"},
		{"validUntil a date", claims(object{"validUntil": "2030-01-01"}), "rejected model malformed_value"},
		{"validUntil a day that is not", claims(object{"validUntil": "2030-02-29T00:00:00Z"}), "rejected model malformed_value"},
		{"validUntil at 24:00", claims(object{"validUntil": "2029-12-31T24:00:00Z"}), "accepted"},
		{"validUntil empty", claims(object{"validUntil": ""}), "rejected model malformed_value"},
		{"validFrom ahead", claims(object{"validFrom": "2026-03-01T00:00:01Z"}), "rejected dates not_yet_valid"},
		{"validFrom after validUntil", claims(object{"validUntil": "2024-01-01T00:00:00Z"}), "rejected model out_of_range"},
		{"no validFrom", claims(object{"validFrom": nil}), "accepted"},
		{"nbf ahead, validFrom past", claims(object{"nbf": number(nowS + 1)}), "rejected dates not_yet_valid"},
		{"expirationDate of 1.1, past", claims(object{"expirationDate": "2025-02-01T00:00:00Z"}), "accepted"}, // no member of 2.0
		{"iat a minute ahead, as clocks are", claims(object{"iat": number(nowS + 60)}), "accepted"},
		{"iat further ahead", claims(object{"iat": number(nowS + 61)}), "rejected dates signed_in_future"},
		{"sub differs", claims(object{"sub": "did:example:bob"}), "rejected model claim_conflict"},
		{"jti differs", claims(object{"jti": "urn:x:y"}), "rejected model claim_conflict"},
		{"context of 1.1 first", claims(object{"@context": []any{"https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2"}}), "rejected model malformed_value"},
		{"context a string", claims(object{"@context": "https://www.w3.org/ns/credentials/v2"}), "rejected model malformed_value"},
		{"issuer an array", claims(object{"issuer": []any{alice.didKey()}}), "rejected model malformed_value"},
		{"issuer an object", claims(object{"issuer": object{"id": alice.didKey()}}), "accepted"},
		{"issuer null", edited(`"issuer":"`+alice.didKey()+`"`, `"issuer":null`), "rejected model malformed_value"},
		{"id null", edited(`"id":"urn:uuid:3978344f-8596-4c3a-a978-8fcaba3903c5"`, `"id":null`), "rejected model malformed_value"},
		{"credentialStatus null", edited(`"issuer":`, `"credentialStatus":null,"issuer":`), "rejected model malformed_value"},
		{"credentialStatus of a kind not known", claims(object{"credentialStatus": object{"type": "X"}}), "undetermined status status_unsupported"},
		{"credentialStatus, one of two", claims(object{"credentialStatus": []any{object{"type": "X"}, "y"}}), "rejected model malformed_value"},
		{"a token status list", claims(object{"status": object{"status_list": object{"idx": number(1), "uri": "https://issuer.example/s"}}}), "undetermined status status_unavailable"},
		{"credentialSchema", claims(object{"credentialSchema": object{"id": "https://issuer.example/s", "type": "JsonSchema"}}), "undetermined schema schema_unavailable"},
		{"relatedResource", claims(object{"relatedResource": object{"id": "https://issuer.example/r", "digestSRI": "sha256-YTIzNDU2Nzg5MGFiY2RlZg"}}), "undetermined schema related_resource_unavailable"},
		{"subject empty", claims(object{"credentialSubject": object{}}), "rejected model malformed_value"},
		{"no subject", claims(object{"credentialSubject": nil}), "rejected model missing_member"},
		{"type in another case", claims(object{"type": []any{"verifiableCredential", "Degree"}}), "rejected model malformed_value"},
		{"payload an array", trial{input: alice.jws(typed, []byte(`[]`)), regs: trusted}, "rejected format json_wrong_type"},
		{"payload with a second value", trial{input: alice.jws(typed, append(strictjson.Encode(good), "{}"...)), regs: trusted}, "rejected format json_syntax"},
		{"a number that no double holds", edited(`"degree":"Bachelor"`, `"degree":1e400`), "rejected format json_number_range"},
		{"lone surrogate", edited(`"Bachelor"`, `"\ud800"`), "rejected format json_bad_code_point"},
		{"enveloped", enveloped("data:application/vc+jwt," + plain), "accepted"},
		{"enveloped as SD-JWT", enveloped("data:application/vc+sd-jwt," + plain), "rejected format media_type_conflict"},
		{"enveloped as a presentation", enveloped("data:application/vp+jwt," + plain), "rejected format media_type_conflict"},
		{"enveloped in base64", enveloped("data:application/vc+jwt;base64," + plain), "rejected format malformed_envelope"},
		{"enveloped and changed", enveloped("data:application/vc+jwt," + plain[:len(plain)-8] + "AAAAAAAA"[:7] + "A"), "rejected proof bad_signature"},
		{"declared as a presentation", trial{input: plain, mediaType: "application/vp+jwt", regs: trusted}, "rejected format media_type_conflict"},
		{"declared with a parameter", trial{input: plain, mediaType: "application/vc+jwt; charset=utf-8", regs: trusted}, "accepted"},
		{"no registry", trial{input: plain}, "undetermined trust no_trust_anchor"},
		{"no registry, trust none", trial{input: plain, policy: &wire.Policy{Trust: "none"}}, "accepted"},
		{"a registry of somebody else", trial{input: plain, regs: registry(entity(mallory.didKey(), nil))}, "rejected trust issuer_not_in_registry"},
	})
}

func TestAdversarialHealthCard(t *testing.T) {
	const iss = "https://clinic.example/shc"
	good := cardClaims(iss)
	reg := registry(entity(iss, object{"keys": []any{key(clinic.thumbprint(), clinic, nil)}}))
	keyless := registry(entity(iss, nil))
	card := func(more object) trial { return trial{input: clinic.card(with(good, more)), regs: reg} }
	vc := func(more object) trial { return card(object{"vc": with(good.Object("vc"), more)}) }
	head := object{"zip": "DEF", "kid": clinic.thumbprint()}
	header := func(more object) trial {
		return trial{input: clinic.jws(with(head, more), deflate(strictjson.Encode(good))), regs: reg}
	}
	body := func(payload []byte) trial { return trial{input: clinic.jws(head, payload), regs: reg} }
	plain := card(nil).input
	file := func(cards ...any) trial {
		return trial{input: string(strictjson.Encode(object{"verifiableCredential": cards})), regs: reg}
	}
	set := func(jwks ...any) map[string]string {
		return map[string]string{iss + "/.well-known/jwks.json": string(strictjson.Encode(object{"keys": jwks}))}
	}
	own := with(clinic.jwk, object{"kid": clinic.thumbprint(), "use": "sig", "alg": "ES256"})
	live := func(docs map[string]string) trial { return trial{input: plain, regs: keyless, docs: docs} }
	aged := func(obtained string, policy *wire.Policy) trial {
		return trial{input: plain, regs: keyless, docs: set(own), obtained: obtained, policy: policy}
	}
	numeric := func(n int, order ...int) trial {
		chunks := numericChunks(plain, n)
		var picked []string
		for _, i := range order {
			picked = append(picked, chunks[i])
		}
		return trial{input: strings.Join(picked, "\n"), regs: reg}
	}
	forged := flipLast(plain)
	runAttempts(t, []attempt{
		{"good", card(nil), "accepted"},
		{"QR code", numeric(1, 0), "accepted"},
		{"two QR codes", numeric(2, 0, 1), "accepted"},
		{"three QR codes in another order", numeric(3, 2, 0, 1), "accepted"},
		{"one of two QR codes", numeric(2, 1), "rejected format malformed_qr"},
		{"one of two QR codes twice", numeric(2, 0, 0), "rejected format malformed_qr"},
		{"file", file(plain), "accepted"},
		{"file of two", file(plain, plain), "accepted"},
		{"file of two, the second changed", file(plain, forged), "rejected part bad_signature"},
		{"file of two, the first changed", file(forged, plain), "rejected part bad_signature"},
		{"file of none", file(), "rejected format too_many_parts"},
		{"file of a card and another JWT", file(plain, alice.jws(object{"typ": "JWT"}, strictjson.Encode(vcClaims(alice.didKey())))), "rejected format malformed_envelope"},
		{"changed", trial{input: forged, regs: reg}, "rejected proof bad_signature"},

		{"kid of another key", header(object{"kid": alice.thumbprint()}), "rejected key key_not_found"},
		{"no kid", header(object{"kid": nil}), "rejected model missing_member"},
		{"no zip", header(object{"zip": nil}), "rejected format json_syntax"},
		{"not compressed", body(strictjson.Encode(good)), "rejected format malformed_deflate"},
		{"a byte after the stream", body(append(deflate(strictjson.Encode(good)), 0)), "rejected format malformed_deflate"},
		{"the stream cut", body(deflate(strictjson.Encode(good))[:100]), "rejected format malformed_deflate"},
		{"a bomb", body(deflate(bytes.Repeat([]byte{' '}, 8<<20))), "rejected format too_large"},
		{"EdDSA", trial{input: alice.card(good), regs: registry(entity(iss, object{"keys": []any{key(alice.thumbprint(), alice, nil)}}))}, "rejected model malformed_value"},
		{"registry names the key otherwise", trial{input: plain, regs: registry(entity(iss, object{"keys": []any{key("key-1", clinic, nil)}}))}, "accepted"},

		{"iss by http", card(object{"iss": "http://clinic.example/shc"}), "rejected model malformed_value"},
		{"iss with a slash", card(object{"iss": iss + "/"}), "rejected model malformed_value"},
		{"iss in upper case", card(object{"iss": "https://CLINIC.example/shc"}), "rejected key issuer_not_in_registry"},
		{"iss with a query", card(object{"iss": iss + "?a"}), "rejected key issuer_not_in_registry"},
		{"nbf missing", card(object{"nbf": nil}), "rejected model missing_member"},
		{"nbf a string", card(object{"nbf": "1735689600"}), "rejected model malformed_value"},
		{"nbf ahead", card(object{"nbf": number(nowS + 1)}), "rejected dates not_yet_valid"},
		{"exp past", card(object{"exp": number(nowS)}), "rejected dates expired"},
		{"exp ahead", card(object{"exp": number(nowS + 1)}), "accepted"},
		{"a type of its own alone", vc(object{"type": []any{"https://smarthealth.cards#immunization"}}), "rejected model malformed_value"},
		{"type a string", vc(object{"type": "https://smarthealth.cards#health-card"}), "rejected model malformed_value"},
		{"no bundle", vc(object{"credentialSubject": object{"fhirVersion": "4.0.1"}}), "rejected model missing_member"},
		{"a rid, of a key without crlVersion", vc(object{"rid": "abc"}), "accepted"},
		{"a rid too long", vc(object{"rid": strings.Repeat("a", 25)}), "rejected model malformed_value"},
		{"credentialStatus in vc", vc(object{"credentialStatus": object{"id": "https://clinic.example/1", "type": "X"}}), "undetermined status status_unsupported"},
		{"credentialSchema in vc", vc(object{"credentialSchema": object{"id": "https://clinic.example/1", "type": "X"}}), "undetermined schema schema_unsupported"},
		{"expirationDate in vc, past", vc(object{"expirationDate": "2025-02-01T00:00:00Z"}), "rejected dates expired"},

		{"key set", live(set(own)), "accepted"},
		{"key set with another key before it", live(set(with(other.jwk, object{"kid": "x"}), own)), "accepted"},
		{"key set with a key not known before it", live(set(object{"kty": "AKP", "kid": "x"}, own)), "accepted"},
		{"key set without it", live(set(with(clinic.jwk, object{"kid": "x"}))), "rejected key key_not_found"},
		{"key set with it twice", live(set(own, own)), "rejected key ambiguous_key"},
		{"key set with another key under its kid", live(set(with(newSigner(jose.ES256, "x").jwk, object{"kid": clinic.thumbprint()}))), "rejected proof kid_is_no_thumbprint"},
		{"key set with the private key", live(set(with(own, object{"d": "AA"}))), "rejected key malformed_key_document"},
		{"key set for encryption", live(set(with(own, object{"use": "enc"}))), "rejected proof algorithm_mismatch"},
		{"key set is a key", live(map[string]string{iss + "/.well-known/jwks.json": string(strictjson.Encode(own))}), "rejected key key_not_found"},
		{"key set at another place", live(map[string]string{iss + "/jwks.json": string(strictjson.Encode(object{"keys": []any{own}}))}), "undetermined key key_unavailable"},
		{"key set of yesterday", aged("2026-02-28T00:00:00Z", nil), "accepted"},
		{"key set of the day before", aged("2026-02-27T23:59:59Z", nil), "undetermined key stale_keys"},
		{"key set of the day before, allowed", aged("2026-02-27T23:59:59Z", &wire.Policy{AcceptStale: map[string]string{"keys": "2d"}}), "accepted-stale"},
		{"key set of the day before, a day allowed", aged("2026-02-27T23:59:59Z", &wire.Policy{AcceptStale: map[string]string{"keys": "1d"}}), "undetermined key stale_keys"},
		{"key set of the day before, status allowed", aged("2026-02-27T23:59:59Z", &wire.Policy{AcceptStale: map[string]string{"status": "9d"}}), "undetermined key stale_keys"},
		{"key set where the registry has other keys", trial{input: plain, docs: set(own),
			regs: registry(entity(iss, object{"keys": []any{key("x", newSigner(jose.ES256, "x"), nil)}}))}, "rejected key key_not_found"},
		{"issuer absent, key set there", trial{input: plain, docs: set(own), regs: trusted}, "rejected trust issuer_not_in_registry"},
	})
}

func numericChunks(token string, n int) []string {
	size := (len(token) + n - 1) / n
	var chunks []string
	for c := range n {
		text := "shc:/"
		if n > 1 {
			text += fmt.Sprintf("%d/%d/", c+1, n)
		}
		for _, b := range []byte(token[c*size : min(len(token), (c+1)*size)]) {
			text += fmt.Sprintf("%02d", b-45)
		}
		chunks = append(chunks, text)
	}
	return chunks
}

// flipLast changes the tenth character from the end.
func flipLast(token string) string {
	b := []byte(token)
	i := len(b) - 10
	b[i] = map[bool]byte{true: 'B', false: 'A'}[b[i] == 'A']
	return string(b)
}

func TestAdversarialDataIntegrity(t *testing.T) {
	good := document2(alice.didKey())
	signed := alice.jcs(good, nil)
	doc := func(o object) trial { return trial{input: string(strictjson.Encode(o)), regs: trusted} }
	claims := func(more object) trial { return doc(alice.jcs(with(good, more), nil)) }
	options := func(more object) trial { return doc(alice.jcs(good, more)) }
	after := func(more object) trial { return doc(with(signed, more)) } // changed once it was signed
	proof := func(more object) trial { return after(object{"proof": with(signed.Object("proof"), more)}) }
	proofs := func(list ...any) trial { return after(object{"proof": list}) }
	p := signed.Object("proof")
	forged := with(p, object{"proofValue": mallory.proofOver(good, nil)["proofValue"]})
	mallorys := mallory.proofOver(good, nil)
	value := func(sig []byte) trial { return proof(object{"proofValue": "z" + base58.Encode(sig)}) }
	sig, err := base58.Decode(p.String("proofValue")[1:])
	if err != nil {
		t.Fatal(err)
	}
	first := alice.proofOver(good, object{"id": "urn:uuid:1"})
	chained := func(previous any, held ...any) object {
		return alice.proofOver(with(good, object{"proof": held}), object{"previousProof": previous})
	}
	asked := func(tr trial, nonce string, audience ...string) trial {
		tr.expect = &wire.Expect{Nonce: nonce, Audience: audience}
		return tr
	}
	lock := func(domain any, challenge string) object { return object{"domain": domain, "challenge": challenge} }
	one := document1(alice.didKey())
	runAttempts(t, []attempt{
		{"good", doc(signed), "accepted"},
		{"good, of VCDM 1.1", doc(alice.jcs(one, nil)), "accepted"},
		{"proof in an array", proofs(p), "accepted"},
		{"no @context in the proof", options(object{"@context": nil}), "accepted"},
		{"a further member in the proof", options(object{"nonce": "n"}), "accepted"},
		{"written with other white space", trial{input: strings.ReplaceAll(string(strictjson.Encode(signed)), `":`, "\" : \n"), regs: trusted}, "accepted"},
		{"numbers written otherwise", trial{input: strings.Replace(claims(object{"credentialSubject": object{"n": number(100)}}).input, `"n":100`, `"n":1.0E2`, 1), regs: trusted}, "accepted"},
		{"a number that no double holds", trial{input: strings.Replace(claims(object{"credentialSubject": object{"n": number(1 << 53)}}).input, `"n":9007199254740992`, `"n":9007199254740993`, 1), regs: trusted}, "rejected proof no_canonical_form"},
		{"a context added at the end", after(object{"@context": append(good.Array("@context"), "https://attacker.example/v1")}), "accepted"}, // VC-DI-EDDSA Section 3.3.2 step 4

		{"claim changed", after(object{"credentialSubject": object{"id": "did:example:bob", "degree": "Bachelor"}}), "rejected proof bad_signature"},
		{"claim added", after(object{"name": "x"}), "rejected proof bad_signature"},
		{"claim removed", after(object{"id": nil}), "rejected proof bad_signature"},
		{"a context put first", after(object{"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://attacker.example/v1", "https://issuer.example/v2"}}), "rejected proof proof_context_mismatch"},
		{"a context removed", after(object{"@context": []any{"https://www.w3.org/ns/credentials/v2"}}), "rejected proof proof_context_mismatch"},
		{"created changed", proof(object{"created": "2025-01-01T00:00:01Z"}), "rejected proof bad_signature"},
		{"created removed", proof(object{"created": nil}), "rejected proof bad_signature"},
		{"member added to the proof", proof(object{"nonce": "n"}), "rejected proof bad_signature"},
		{"id added to the proof", proof(object{"id": "urn:uuid:1"}), "rejected proof bad_signature"},
		{"@context removed from the proof", proof(object{"@context": nil}), "rejected proof bad_signature"},
		{"method changed to the forger's", proof(object{"verificationMethod": mallory.method()}), "rejected proof bad_signature"},
		{"signed by the forger, method of the issuer", after(object{"proof": forged}), "rejected proof bad_signature"},
		{"signed by the forger", after(object{"proof": mallorys}), "rejected binding key_of_another"},
		{"issuer changed to the forger, signed by it", doc(mallory.jcs(document2(mallory.didKey()), nil)), "rejected trust issuer_not_in_registry"},

		{"proofValue in base64url", proof(object{"proofValue": "u" + b64(sig)}), "rejected proof malformed_proof"},
		{"proofValue without its prefix", proof(object{"proofValue": p.String("proofValue")[1:]}), "rejected proof malformed_proof"},
		{"proofValue of 63 bytes", value(sig[:63]), "rejected proof malformed_proof"},
		{"proofValue of 65 bytes", value(append(bytes.Clone(sig), 0)), "rejected proof malformed_proof"},
		{"proofValue empty", proof(object{"proofValue": ""}), "rejected proof malformed_proof"},
		{"proofValue missing", proof(object{"proofValue": nil}), "rejected proof malformed_proof"},
		{"S not reduced", value(unreduced(b64(sig))), "rejected proof bad_signature"},
		{"R and S zero", value(make([]byte, 64)), "rejected proof bad_signature"},
		{"another type", options(object{"type": "Ed25519Signature2016"}), "undetermined proof unsupported_proof"},
		{"another suite", options(object{"cryptosuite": "eddsa-rdfc-2021"}), "undetermined proof unsupported_proof"},
		{"no suite", options(object{"cryptosuite": nil}), "rejected proof malformed_proof"},
		{"suite in upper case", options(object{"cryptosuite": "EDDSA-JCS-2022"}), "undetermined proof unsupported_proof"},
		{"no type", options(object{"type": nil}), "rejected model missing_member"},
		{"no method", options(object{"verificationMethod": nil}), "rejected proof malformed_proof"},
		{"method is the DID alone", options(object{"verificationMethod": alice.didKey()}), "rejected key malformed_key_reference"},
		{"method a fragment", options(object{"verificationMethod": "#" + alice.multikey}), "rejected key malformed_key_reference"},
		{"method an object", options(object{"verificationMethod": object{"id": alice.method()}}), "rejected proof malformed_proof"},
		{"no purpose", options(object{"proofPurpose": nil}), "rejected proof malformed_proof"},
		{"purpose authentication", options(object{"proofPurpose": "authentication"}), "rejected proof proof_purpose"},
		{"purpose written out", options(object{"proofPurpose": "https://w3id.org/security#assertionMethod"}), "rejected proof proof_purpose"},
		{"key of another type", doc(with(document2(clinic.didKey()), object{"proof": with(p, object{"verificationMethod": clinic.method()})})), "rejected proof algorithm_mismatch"},
		{"proof null", trial{input: strings.Replace(string(strictjson.Encode(with(good, object{"proof": "x"}))), `"x"`, `null`, 1), regs: trusted}, "rejected model malformed_value"},
		{"proof a string", after(object{"proof": "x"}), "rejected model malformed_value"},
		{"no proof", doc(good), "rejected proof no_proof"},
		{"proofs none", proofs(), "rejected model malformed_value"},
		{"a member twice", trial{input: strings.Replace(string(strictjson.Encode(signed)), `"issuer":`, `"issuer":"did:example:x","issuer":`, 1), regs: trusted}, "rejected format json_duplicate_name"},

		{"created a minute ahead, as clocks are", options(object{"created": "2026-03-01T00:01:00Z"}), "accepted"},
		{"created further ahead", options(object{"created": "2026-03-01T00:01:01Z"}), "rejected dates signed_in_future"},
		{"created without an offset", options(object{"created": "2025-01-01T00:00:00"}), "accepted"},
		{"created a date", options(object{"created": "2025-01-01"}), "rejected proof malformed_proof"},
		{"expires ahead", options(object{"expires": "2026-03-01T00:00:01Z"}), "accepted"},
		{"expires now", options(object{"expires": now}), "rejected proof proof_expired"},
		{"expires before created", options(object{"expires": "2024-01-01T00:00:00Z"}), "rejected proof proof_expired"},
		{"validUntil past", claims(object{"validUntil": "2025-02-01T00:00:00Z"}), "rejected dates expired"},
		{"expirationDate past, VCDM 1.1", doc(alice.jcs(with(one, object{"expirationDate": "2025-02-01T00:00:00Z"}), nil)), "rejected dates expired"},
		{"status of a kind not known", claims(object{"credentialStatus": object{"type": "X"}}), "undetermined status status_unsupported"},
		{"issuer not authorised for the type", trial{input: string(strictjson.Encode(signed)), regs: registry(object{"id": alice.didKey(),
			"auth": []any{object{"action": "issue", "resource": "License"}}})}, "rejected trust issuer_not_authorised"},

		{"two proofs of the issuer", proofs(p, first), "accepted"},
		{"the same proof twice", proofs(p, p), "accepted"},
		{"the forger's proof too", proofs(p, mallorys), "accepted"},
		{"the forger's proof first", proofs(mallorys, p), "accepted"},
		{"a bad proof too", proofs(p, forged), "rejected proof bad_signature"},
		{"a bad proof first", proofs(forged, p), "rejected proof bad_signature"},
		{"a proof for another purpose too", proofs(p, alice.proofOver(good, object{"proofPurpose": "authentication"})), "rejected proof proof_purpose"},
		{"a proof of another suite too", proofs(p, with(p, object{"cryptosuite": "ecdsa-rdfc-2018"})), "undetermined proof unsupported_proof"},
		{"a chain", proofs(first, chained("urn:uuid:1", first)), "accepted"},
		{"a chain, the later one first", proofs(chained("urn:uuid:1", first), first), "accepted"},
		{"a chain without its start", proofs(chained("urn:uuid:1", first)), "rejected proof previous_proof_missing"},
		{"a chain on another start", proofs(alice.proofOver(good, object{"id": "urn:uuid:1", "created": "2025-01-02T00:00:00Z"}), chained("urn:uuid:1", first)), "rejected proof bad_signature"},
		{"a chain of the forger's on the issuer's", proofs(first, mallory.proofOver(with(good, object{"proof": []any{first}}), object{"previousProof": "urn:uuid:1"})), "accepted"},
		{"a chain that rests on itself", proofs(with(p, object{"id": "urn:uuid:1", "previousProof": "urn:uuid:1"})), "rejected proof previous_proof_is_cyclic"},
		{"seventeen proofs", proofs(p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p, p), "rejected proof proof_chain_too_long"},

		{"challenge and domain as asked", asked(options(lock("https://v.example", "c")), "c", "https://v.example"), "accepted"},
		{"another challenge", asked(options(lock("https://v.example", "c")), "d", "https://v.example"), "rejected expect nonce_mismatch"},
		{"another domain", asked(options(lock("https://a.example", "c")), "c", "https://v.example"), "rejected expect audience_mismatch"},
		{"neither", asked(doc(signed), "c", "https://v.example"), "rejected expect nonce_mismatch"},
		{"one of two domains", asked(options(lock([]any{"https://a.example", "https://v.example"}, "c")), "c", "https://v.example"), "rejected expect audience_mismatch"},
		{"challenge and domain in a proof of the forger's", asked(proofs(p, mallory.proofOver(good, lock("https://v.example", "c"))), "c", "https://v.example"), "rejected expect nonce_mismatch"},
		{"domain in a proof of the forger's", asked(proofs(alice.proofOver(good, lock("https://a.example", "c")), mallory.proofOver(good, lock("https://v.example", "x"))), "c", "https://v.example"), "rejected expect audience_mismatch"},
	})
}

func TestAdversarialDIDs(t *testing.T) {
	const web = "did:web:issuer.example"
	const url = "https://issuer.example/.well-known/did.json"
	method := func(id string, s *signer, more object) object {
		return with(object{"id": id, "type": "Multikey", "controller": web, "publicKeyMultibase": s.multikey}, more)
	}
	didDoc := func(more object) object {
		return with(object{"id": web, "verificationMethod": []any{method(web+"#k", alice, nil)}, "assertionMethod": []any{web + "#k"}}, more)
	}
	token := func(kid string) string {
		h := object{"typ": "vc+jwt"}
		if kid != "" {
			h["kid"] = kid
		}
		return alice.jws(h, strictjson.Encode(document2(web)))
	}
	reg := registry(entity(web, nil))
	at := func(kid string, doc object) trial {
		return trial{input: token(kid), regs: reg, docs: map[string]string{url: string(strictjson.Encode(doc))}}
	}
	edited := func(more object) trial { return at(web+"#k", didDoc(more)) }
	key1 := func(more object) trial {
		return edited(object{"verificationMethod": []any{method(web+"#k", alice, more)}})
	}
	self := func(iss, kid string, s *signer) trial {
		h := object{"typ": "vc+jwt"}
		if kid != "" {
			h["kid"] = kid
		}
		return trial{input: s.jws(h, strictjson.Encode(document2(iss))), regs: registry(entity(iss, nil))}
	}
	jwk := func(o object) string { return "did:jwk:" + b64(strictjson.Encode(o)) }
	multi := func(codec uint64, raw []byte) string {
		return "did:key:z" + base58.Encode(append(binary.AppendUvarint(nil, codec), raw...))
	}
	runAttempts(t, []attempt{
		{"did:web", edited(nil), "accepted"},
		{"did:web, kid a fragment", at("#k", didDoc(nil)), "accepted"},
		{"did:web, kid a bare name", at("k", didDoc(nil)), "accepted"},
		{"did:web, no kid", at("", didDoc(nil)), "accepted"},
		{"did:web, kid the thumbprint", at(alice.thumbprint(), didDoc(nil)), "accepted"},
		{"did:web, no kid, two keys", at("", didDoc(object{"verificationMethod": []any{method(web+"#x", other, nil), method(web+"#k", alice, nil)},
			"assertionMethod": []any{"#x", "#k"}})), "accepted"},
		{"did:web, relative ids", at(web+"#k", object{"id": web, "verificationMethod": []any{method("#k", alice, nil)}, "assertionMethod": []any{"#k"}}), "accepted"},
		{"did:web, method in the relationship", edited(object{"verificationMethod": nil, "assertionMethod": []any{method(web+"#k", alice, nil)}}), "accepted"},
		{"did:web, JWK", key1(object{"type": "JsonWebKey", "publicKeyMultibase": nil, "publicKeyJwk": alice.jwk}), "accepted"},
		{"did:web, a key not known beside it", edited(object{"verificationMethod": []any{method(web+"#b", alice, object{"publicKeyMultibase": "zUC7"}), method(web+"#k", alice, nil)}}), "accepted"},
		{"did:web, its service", edited(object{"service": []any{object{"id": "#s", "type": "X", "serviceEndpoint": "https://x.example"}}}), "accepted"},
		{"did:web, a method with a path beside it", edited(object{"verificationMethod": []any{method("/p", other, nil), method(web+"#k", alice, nil)}}), "accepted"},

		{"did:web, its document refers to a did:key", at(alice.method(), object{"id": web, "assertionMethod": []any{alice.method()}}), "accepted"},
		{"did:web, its document refers to a did:key to authenticate", at(alice.method(), object{"id": web, "authentication": []any{alice.method()}}), "rejected binding key_of_another"},
		{"https, asked for its controller document", trial{input: alice.jws(object{"typ": "vc+jwt", "kid": alice.method()}, strictjson.Encode(document2("https://issuer.example"))),
			regs: registry(entity("https://issuer.example", nil))}, "undetermined key key_unavailable"},

		{"document of another DID", edited(object{"id": "did:web:other.example"}), "rejected key malformed_key_document"},
		{"document with another key", key1(object{"publicKeyMultibase": mallory.multikey}), "rejected proof bad_signature"},
		{"key for authentication only", edited(object{"assertionMethod": nil, "authentication": []any{web + "#k"}}), "rejected key wrong_purpose"},
		{"key for nothing", edited(object{"assertionMethod": nil}), "rejected key wrong_purpose"},
		{"no kid, key for authentication only", at("", didDoc(object{"assertionMethod": nil, "authentication": []any{web + "#k"}})), "rejected key key_not_found"},
		{"key controlled by another", key1(object{"controller": "did:web:other.example"}), "rejected binding key_of_another"},
		{"key without controller", key1(object{"controller": nil}), "rejected key malformed_key_document"},
		{"key revoked before", key1(object{"revoked": "2024-12-31T23:59:59Z"}), "rejected binding key_revoked"},
		{"key revoked then", key1(object{"revoked": "2025-01-01T00:00:00Z"}), "rejected binding key_revoked"},
		{"key expired before", key1(object{"expires": "2024-12-31T23:59:59Z"}), "rejected binding key_expired"},
		{"key revoked since", key1(object{"revoked": "2025-06-01T00:00:00Z"}), "rejected binding key_revoked"},
		{"key to be revoked", key1(object{"revoked": "2026-06-01T00:00:00Z"}), "accepted"},
		{"revoked malformed", key1(object{"revoked": "yes"}), "rejected key malformed_key_document"},
		{"two keys of one id", edited(object{"verificationMethod": []any{method(web+"#k", alice, nil), method(web+"#k", mallory, nil)}}), "rejected key malformed_key_document"},
		{"two forms of the key", key1(object{"publicKeyJwk": alice.jwk}), "rejected key malformed_key_document"},
		{"private key published", key1(object{"privateKeyMultibase": "z1"}), "rejected key malformed_key_document"},
		{"deactivated", edited(object{"deactivated": true}), "rejected key did_deactivated"},
		{"signature changed, no kid, a key of another type behind", trial{input: flipLast(token("")), regs: reg, docs: map[string]string{url: string(strictjson.Encode(
			didDoc(object{"verificationMethod": []any{method(web+"#k", alice, nil), method(web+"#c", clinic, nil)}, "assertionMethod": []any{"#k", "#c"}})))}}, "rejected proof bad_signature"},
		{"no document", trial{input: token(web + "#k"), regs: reg}, "undetermined key key_unavailable"},
		{"document at another URL", trial{input: token(web + "#k"), regs: reg, docs: map[string]string{"https://issuer.example/did.json": string(strictjson.Encode(didDoc(nil)))}}, "undetermined key key_unavailable"},
		{"document is no JSON", trial{input: token(web + "#k"), regs: reg, docs: map[string]string{url: "<html>"}}, "rejected key malformed_key_document"},
		{"kid of another DID, which the document holds", at("did:web:other.example#k", didDoc(object{"verificationMethod": []any{method("did:web:other.example#k", alice, nil)},
			"assertionMethod": []any{"did:web:other.example#k"}})), "undetermined key key_unavailable"},
		{"kid with a query", at(web+"?versionId=1#k", didDoc(nil)), "rejected key key_of_another"},
		{"issuer in upper case", trial{input: alice.jws(object{"typ": "vc+jwt"}, strictjson.Encode(document2("did:web:ISSUER.example"))), regs: reg,
			docs: map[string]string{url: string(strictjson.Encode(didDoc(nil)))}}, "rejected key issuer_not_in_registry"},

		{"did:key", self(alice.didKey(), alice.method(), alice), "accepted"},
		{"did:key, ES256", self(clinic.didKey(), clinic.method(), clinic), "accepted"},
		{"did:key, another's fragment", self(alice.didKey(), alice.didKey()+"#"+mallory.multikey, alice), "rejected key key_not_found"},
		{"did:key in base64url", self("did:key:u"+b64(append([]byte{0xed, 1}, mustPoint(alice)...)), "", alice), "rejected key malformed_key_document"},
		{"did:key of X25519", self(multi(0xec, mustPoint(alice)), "", alice), "undetermined key unsupported_key_type"},
		{"did:key, one byte more", self(multi(0xed, append(mustPoint(alice), 0)), "", alice), "rejected key malformed_key_document"},
		{"did:key, small order", self(multi(0xed, append([]byte{1}, make([]byte, 31)...)), "", alice), "rejected key malformed_key_document"},
		{"did:key, point not on the curve", self(multi(0x1200, append([]byte{2}, bytes.Repeat([]byte{0xff}, 32)...)), "", clinic), "rejected key malformed_key_document"},

		{"did:jwk", self(alice.didJWK(), alice.didJWK()+"#0", alice), "accepted"},
		{"did:jwk, no kid", self(alice.didJWK(), "", alice), "accepted"},
		{"did:jwk, kid #0", self(alice.didJWK(), "#0", alice), "accepted"},
		{"did:jwk, kid #1", self(alice.didJWK(), alice.didJWK()+"#1", alice), "rejected key key_not_found"},
		{"did:jwk with use sig", self(jwk(with(alice.jwk, object{"use": "sig"})), "", alice), "accepted"},
		{"did:jwk with use enc", self(jwk(with(alice.jwk, object{"use": "enc"})), "", alice), "rejected key key_not_found"},
		{"did:jwk with another alg", self(jwk(with(alice.jwk, object{"alg": "ES256"})), "", alice), "rejected proof algorithm_mismatch"},
		{"did:jwk with the private key", self(jwk(with(alice.jwk, object{"d": "AA"})), "", alice), "rejected key malformed_key_document"},
		{"did:jwk of a symmetric key", self(jwk(object{"kty": "oct", "k": "AA"}), "", alice), "rejected key malformed_key_document"},
		{"did:jwk padded", self(alice.didJWK()+"=", "", alice), "rejected key malformed_key_document"},
		{"did:example", self("did:example:1", "did:example:1#k", alice), "undetermined key unsupported_did_method"},
	})
}

// mustPoint is the bytes of an Ed25519 public key.
func mustPoint(s *signer) []byte {
	b, err := base64.RawURLEncoding.DecodeString(s.jwk.String("x"))
	if err != nil {
		panic(err)
	}
	return b
}

func TestAdversarialRegistry(t *testing.T) {
	const web, https = "did:web:issuer.example", "https://issuer.example"
	token := func(iss, kid string, more object) string {
		h := object{"typ": "vc+jwt"}
		if kid != "" {
			h["kid"] = kid
		}
		return alice.jws(h, strictjson.Encode(with(document2(iss), with(object{"iat": number(issued)}, more))))
	}
	keyed := func(id string, keys ...any) []wire.Registry { return registry(entity(id, object{"keys": keys})) }
	plain := token(https, "k", nil)
	ask := func(regs ...[]wire.Registry) trial {
		tr := trial{input: plain}
		for _, r := range regs {
			tr.regs = append(tr.regs, r...)
		}
		return tr
	}
	window := func(more object) trial { return ask(keyed(https, key("k", alice, more))) }
	granted := func(grants ...any) trial {
		return ask(registry(object{"id": https, "keys": []any{key("k", alice, nil)}, "auth": grants}))
	}
	grant := func(more object) object { return with(object{"action": "issue", "resource": "Degree"}, more) }
	status := func(s string, until any) trial {
		return ask(registry(object{"id": https, "status": s, "keys": []any{key("k", alice, nil)}, "auth": []any{grant(object{"until": until})}}))
	}
	good := keyed(https, key("k", alice, nil))
	self := alice.jws(object{"typ": "vc+jwt"}, strictjson.Encode(with(document2(alice.didKey()), object{"iat": number(issued)})))
	selfKeyed := func(more object) trial {
		return trial{input: self, regs: keyed(alice.didKey(), key(alice.method(), alice, more))}
	}
	alias := func(iss, kid string, e object) trial { return trial{input: token(iss, kid, nil), regs: registry(e)} }
	webDoc := func(revoked any) map[string]string {
		return map[string]string{"https://issuer.example/.well-known/did.json": string(strictjson.Encode(object{"id": web, "assertionMethod": []any{
			with(object{"id": "#k", "type": "Multikey", "controller": web, "publicKeyMultibase": alice.multikey}, object{"revoked": revoked})}}))}
	}
	missing := []wire.Registry{{Snapshot: block.New(block.DagCBOR, []byte{0xa0}).CID.String()}}
	// An issuer whose first key was stolen, and whose authorization ended since.
	old, fresh := alice, other
	doc := document2(https)
	sets := func(list ...any) trial {
		return trial{input: string(strictjson.Encode(with(doc, object{"proof": list}))), regs: registry(object{"id": https,
			"keys": []any{key("old", old, object{"state": "compromised"}), key("new", fresh, object{"from": "2025-06-01T00:00:00Z"})},
			"auth": []any{grant(object{"until": "2025-03-01T00:00:00Z"})}})}
	}
	byOld := old.proofOver(doc, object{"verificationMethod": https + "#old", "created": "2025-01-01T00:00:00Z"})
	byNew := fresh.proofOver(doc, object{"verificationMethod": https + "#new", "created": "2025-07-01T00:00:00Z"})
	runAttempts(t, []attempt{
		{"good", ask(good), "accepted"},
		{"good, no kid", trial{input: token(https, "", nil), regs: good}, "accepted"},
		{"kid is the thumbprint", trial{input: token(https, alice.thumbprint(), nil), regs: good}, "accepted"},
		{"kid unknown", trial{input: token(https, "x", nil), regs: good}, "rejected key key_not_found"},
		{"another key under that kid", ask(keyed(https, key("k", mallory, nil))), "rejected proof bad_signature"},
		{"two keys under that kid", ask(keyed(https, key("k", mallory, nil), key("k", alice, nil))), "accepted"},
		{"the key is somebody else's", ask(registry(entity(https, object{"keys": []any{key("k", other, nil)}}), entity("https://other.example", object{"keys": []any{key("k", alice, nil)}}))), "rejected proof bad_signature"},

		{"key from then on", window(object{"from": "2025-01-01T00:00:00Z"}), "accepted"},
		{"key from a second later", window(object{"from": "2025-01-01T00:00:01Z"}), "rejected binding key_not_yet_valid"},
		{"key until then", window(object{"until": "2025-01-01T00:00:00Z"}), "rejected binding key_retired"},
		{"key until a second later", window(object{"until": "2025-01-01T00:00:01Z"}), "accepted"},
		{"key until a second later, in another offset", window(object{"until": "2025-01-01T02:00:01+02:00"}), "accepted"},
		{"key retired since", window(object{"until": "2025-06-01T00:00:00Z", "state": "retired"}), "accepted"},
		{"key retired, since when is not said", window(object{"state": "retired"}), "rejected binding key_retired"},
		{"key revoked since", window(object{"until": "2025-06-01T00:00:00Z", "state": "revoked"}), "rejected binding key_revoked"},
		{"key compromised", window(object{"state": "compromised"}), "rejected binding key_revoked"},
		{"key suspended", window(object{"state": "suspended"}), "rejected binding key_suspended"},
		{"key active", window(object{"state": "active"}), "accepted"},
		{"key for encryption", window(object{"use": "enc"}), "rejected key wrong_purpose"},
		{"key for signatures", window(object{"use": "sig"}), "accepted"},
		{"state unknown", window(object{"state": "lost"}), "error request bad_request"},
		{"iat in the key's window, nbf after it", trial{input: token(https, "k", object{"nbf": number(issued + 9)}), regs: keyed(https, key("k", alice, object{"until": "2025-01-01T00:00:05Z"}))}, "accepted"},
		{"iat after the key's window, validFrom in it", trial{input: token(https, "k", object{"iat": number(issued + 9)}), regs: keyed(https, key("k", alice, object{"until": "2025-01-01T00:00:05Z"}))}, "rejected binding key_retired"},
		{"no iat, validFrom in the key's window", trial{input: token(https, "k", object{"iat": nil}), regs: keyed(https, key("k", alice, object{"until": "2025-01-01T00:00:05Z"}))}, "accepted"},
		{"no time at all, key retired since", trial{input: alice.jws(object{"kid": "k"}, strictjson.Encode(with(document2(https), object{"validFrom": nil}))), regs: keyed(https, key("k", alice, object{"until": "2025-06-01T00:00:00Z"}))}, "rejected binding key_retired"},

		{"did:key, its registry says revoked", selfKeyed(object{"state": "revoked"}), "rejected binding key_revoked"},
		{"did:key, its registry says until", selfKeyed(object{"until": "2024-01-01T00:00:00Z"}), "rejected binding key_retired"},
		{"did:key, its registry says for encryption", selfKeyed(object{"use": "enc"}), "rejected binding wrong_purpose"},
		{"did:key under another kid, revoked", trial{input: self, regs: keyed(alice.didKey(), key("x", alice, object{"state": "revoked"}))}, "rejected binding key_revoked"},
		{"did:web, retired key of the registry, signed before", trial{input: token(web, web+"#old", nil), regs: keyed(web, key(web+"#old", alice, object{"until": "2025-06-01T00:00:00Z"}))}, "accepted"},
		{"did:web, retired key of the registry, signed after", trial{input: token(web, web+"#old", object{"iat": number(nowS - 9)}), regs: keyed(web, key(web+"#old", alice, object{"until": "2025-06-01T00:00:00Z"}))}, "rejected binding key_retired"},

		{"grant by name", granted(grant(nil)), "accepted"},
		{"grant for another type", granted(grant(object{"resource": "License"})), "rejected trust issuer_not_authorised"},
		{"grant in another case", granted(grant(object{"resource": "degree"})), "rejected trust issuer_not_authorised"},
		{"grant to verify", granted(grant(object{"action": "verify"})), "rejected trust issuer_not_authorised"},
		{"grant from then on", granted(grant(object{"from": "2025-01-01T00:00:00Z"})), "accepted"},
		{"grant from later", granted(grant(object{"from": "2025-01-02T00:00:00Z"})), "rejected trust authorization_not_in_force"},
		{"grant ended before", granted(grant(object{"until": "2025-01-01T00:00:00Z"})), "rejected trust authorization_not_in_force"},
		{"grant ended since", granted(grant(object{"until": "2025-06-01T00:00:00Z"})), "accepted"},
		{"grant revoked", granted(grant(object{"state": "revoked"})), "rejected trust authorization_revoked"},
		{"grant revoked, another one holds", granted(grant(object{"state": "revoked"}), grant(object{"resource": "*"})), "accepted"},
		{"no grant", granted(), "rejected trust issuer_not_authorised"},
		{"two types, one granted", trial{input: token(https, "k", object{"type": []any{"VerifiableCredential", "Degree", "License"}}),
			regs: registry(object{"id": https, "keys": []any{key("k", alice, nil)}, "auth": []any{grant(nil)}})}, "rejected trust issuer_not_authorised"},
		{"no type of its own, granted Degree", trial{input: token(https, "k", object{"type": "VerifiableCredential"}),
			regs: registry(object{"id": https, "keys": []any{key("k", alice, nil)}, "auth": []any{grant(nil)}})}, "rejected trust issuer_not_authorised"},
		{"issuer active", status("active", nil), "accepted"},
		{"issuer suspended", status("suspended", nil), "rejected trust issuer_suspended"},
		{"issuer revoked", status("revoked", nil), "rejected trust issuer_revoked"},
		{"issuer retired since", status("retired", "2025-06-01T00:00:00Z"), "accepted"},
		{"issuer retired, since when is not said", status("retired", nil), "rejected trust issuer_retired"},

		{"issuer by another of its names", alias("did:web:alias.example", "k", entity(https, object{"ids": []any{"did:web:alias.example"}, "keys": []any{key("k", alice, nil)}})), "accepted"},
		{"kid of another of its names", alias(https, "did:web:alias.example#k", entity(https, object{"ids": []any{"did:web:alias.example"}, "keys": []any{key("did:web:alias.example#k", alice, nil)}})), "accepted"},
		{"kid of a did:key among its names", alias(https, alice.method(), entity(https, object{"ids": []any{alice.didKey()}})), "accepted"},
		{"kid of a did:key not among its names", alias(https, alice.method(), entity(https, object{"ids": []any{other.didKey()}})), "undetermined key key_unavailable"},
		{"kid of a did:key not among its names, accepted by policy", trial{input: token(https, alice.method(), nil), regs: registry(entity(https, nil)), policy: &wire.Policy{AcceptUnboundIssuer: true}}, "accepted"},
		{"kid of another issuer, accepted by policy", trial{input: token(https, web+"#k", nil), regs: registry(entity(https, nil)), policy: &wire.Policy{AcceptUnboundIssuer: true}, docs: webDoc(nil)}, "accepted"},
		{"kid of another issuer, revoked, accepted by policy", trial{input: token(https, web+"#k", nil), regs: registry(entity(https, nil)), policy: &wire.Policy{AcceptUnboundIssuer: true}, docs: webDoc("2024-06-01T00:00:00Z")}, "rejected binding key_revoked"},
		{"kid of a did:key, key compromised by the registry", alias(https, alice.method(), entity(https, object{"ids": []any{alice.didKey()}, "keys": []any{key("x", alice, object{"state": "compromised"})}})), "rejected binding key_revoked"},
		{"one name for two entities", ask(registry(entity(https, nil), entity("https://other.example", object{"ids": []any{https}}))), "error request bad_request"},

		{"two registries, one has it", ask(keyed("https://other.example", key("k", mallory, nil)), good), "accepted"},
		{"two registries, the other says key compromised", ask(good, keyed(https, key("k", alice, object{"state": "compromised"}))), "rejected binding key_revoked"},
		{"two registries, the other says issuer revoked", ask(good, registry(entity(https, object{"status": "revoked"}))), "rejected trust issuer_revoked"},
		{"two registries, the other cannot be read", ask(good, missing), "undetermined trust registry_unavailable"},
		{"key in one registry, grant in the other", ask(registry(object{"id": https, "keys": []any{key("k", alice, nil)}}), registry(entity(https, nil))), "accepted"},
		{"the only registry cannot be read", ask(missing), "undetermined key registry_unavailable"},
		{"the only registry cannot be read, trust none", trial{input: self, regs: missing, policy: &wire.Policy{Trust: "none"}}, "accepted"},
		{"trust none, key compromised", trial{input: plain, policy: &wire.Policy{Trust: "none"}, regs: keyed(https, key("k", alice, object{"state": "compromised"}))}, "rejected binding key_revoked"},

		{"signed by the stolen key", sets(byOld), "rejected binding key_revoked"},
		{"signed after the grant ended", sets(byNew), "rejected trust authorization_not_in_force"},
		{"a stolen key says when, the other one who", sets(byOld, byNew), "rejected trust authorization_not_in_force"},
	})
}

func TestAdversarialPresentations(t *testing.T) {
	vc := alice.jws(object{"typ": "vc+jwt", "kid": alice.method()}, strictjson.Encode(document2(alice.didKey())))
	enveloped := object{"@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt," + vc}
	vp := object{"@context": []any{"https://www.w3.org/ns/credentials/v2"}, "type": []any{"VerifiablePresentation"},
		"holder": alice.didKey(), "verifiableCredential": []any{enveloped}}
	ask := func(input string) trial { return trial{input: input, regs: trusted} }
	runAttempts(t, []attempt{
		{"unsecured", ask(string(strictjson.Encode(vp))), "rejected proof no_proof"},
		{"Data Integrity", ask(string(strictjson.Encode(alice.jcs(vp, object{"proofPurpose": "authentication"})))), "rejected holder holder_is_not_subject"},
		{"Data Integrity, to assert", ask(string(strictjson.Encode(alice.jcs(vp, nil)))), "rejected proof proof_purpose"},
		{"vp+jwt", ask(alice.jws(object{"typ": "vp+jwt"}, strictjson.Encode(vp))), "rejected holder holder_is_not_subject"},
		{"vp claim", ask(alice.jws(object{"typ": "JWT"}, strictjson.Encode(object{"iss": alice.didKey(), "vp": object{
			"@context": []any{"https://www.w3.org/2018/credentials/v1"}, "type": "VerifiablePresentation", "verifiableCredential": []any{vc}}}))), "rejected holder holder_is_not_subject"},
		{"both types, no proof", ask(string(strictjson.Encode(with(document2(alice.didKey()), object{"type": []any{"VerifiableCredential", "VerifiablePresentation"}})))), "rejected proof no_proof"},
	})
}

// Nothing that differs from a good credential in one character, or lacks its end, is
// accepted; only the white space around it is free.
func TestAdversarialEveryCharacterCounts(t *testing.T) {
	const iss = "https://clinic.example/shc"
	clinics := registry(entity(iss, object{"keys": []any{key(clinic.thumbprint(), clinic, nil)}}))
	card := clinic.card(cardClaims(iss))
	for _, c := range []struct {
		name string
		trial
	}{
		{"VC-JWT", trial{input: alice.jws(object{"typ": "JWT", "kid": alice.method()}, strictjson.Encode(vcClaims(alice.didKey()))), regs: trusted}},
		{"VC-JOSE", trial{input: alice.jws(object{"typ": "vc+jwt", "kid": alice.method()}, strictjson.Encode(document2(alice.didKey()))), regs: trusted}},
		{"Data Integrity", trial{input: string(strictjson.Encode(alice.jcs(document2(alice.didKey()), nil))), regs: trusted}},
		{"health card", trial{input: card, regs: clinics}},
		{"QR code", trial{input: numericChunks(card, 1)[0], regs: clinics}},
	} {
		t.Run(c.name, func(t *testing.T) {
			good := c.input
			if v := c.verdict(t); v.Outcome != wire.Accepted {
				t.Fatalf("the good one: %s", ends(v))
			}
			step := 1
			if testing.Short() {
				step = 17
			}
			for i := 0; i < len(good); i += step {
				tr := c.trial
				for _, b := range []byte{good[i] ^ 1, good[i] ^ 32, '0'} {
					if b == good[i] {
						continue
					}
					tr.input = good[:i] + string(rune(b)) + good[i+1:]
					if v := tr.verdict(t); v.Outcome == wire.Accepted || v.Outcome == "error" {
						t.Errorf("character %d, %q for %q: %s", i, b, good[i], ends(v))
					}
				}
				tr.input = good[:i]
				if v := tr.verdict(t); v.Outcome == wire.Accepted || v.Outcome == "error" {
					t.Errorf("the first %d characters: %s", i, ends(v))
				}
			}
		})
	}
}
