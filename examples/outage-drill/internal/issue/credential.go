package issue

import (
	"bytes"
	"compress/flate"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/multiformats/go-multibase"
)

// Holder is whom every credential of the drill is about, and Forger the name that a
// forged copy puts in the place of it.
const (
	Holder = "Ada Lovelace"
	Forger = "Eve Lovelace"
)

const (
	contextV1 = "https://www.w3.org/2018/credentials/v1"
	contextV2 = "https://www.w3.org/ns/credentials/v2"
)

// The types of the drill's credentials: what the registry authorises for.
const (
	Degree       = "UniversityDegreeCredential"
	Membership   = "GuildMembershipCredential"
	Immunization = "https://smarthealth.cards#immunization"
)

// Form makes a credential that says what an issuer of that form would say. serial
// tells one credential from another.
type Form func(i *Issuer, serial int, now time.Time) (string, error)

// VCJWT11 secures a VCDM 1.1 credential as a JWT, VCDM 1.1 Section 6.3.1.
func VCJWT11(i *Issuer, serial int, now time.Time) (string, error) {
	payload, err := json.Marshal(map[string]any{
		"iss": i.ID, "nbf": now.Unix(), "exp": now.AddDate(1, 0, 0).Unix(), "jti": id(serial),
		"vc": map[string]any{
			"@context": []string{contextV1}, "type": []string{"VerifiableCredential", Membership},
			"credentialSubject": map[string]any{"name": Holder, "member": serial},
		},
	})
	if err != nil {
		return "", err
	}
	return i.sign(payload, "JWT", nil)
}

// VCJOSE secures a VCDM 2.0 credential as application/vc+jwt, VC-JOSE-COSE Section 3.1.1.
func VCJOSE(i *Issuer, serial int, now time.Time) (string, error) {
	payload, err := json.Marshal(degree(i, Degree, serial, now))
	if err != nil {
		return "", err
	}
	return i.sign(payload, "vc+jwt", map[jose.HeaderKey]any{"cty": "vc"})
}

// HealthCard is a SMART Health Card, https://spec.smarthealth.cards/: a VCDM 1.1
// credential, deflated.
func HealthCard(i *Issuer, serial int, now time.Time) (string, error) {
	payload, err := json.Marshal(map[string]any{
		"iss": i.ID, "nbf": now.Unix(),
		"vc": map[string]any{
			"type": []string{"https://smarthealth.cards#health-card", Immunization},
			"credentialSubject": map[string]any{
				"fhirVersion": "4.0.1",
				"fhirBundle": map[string]any{"resourceType": "Bundle", "type": "collection", "entry": []any{
					map[string]any{"fullUrl": "resource:0", "resource": map[string]any{
						"resourceType": "Patient", "name": []any{map[string]any{"text": Holder}}, "birthDate": "1815-12-10"}},
					map[string]any{"fullUrl": "resource:1", "resource": map[string]any{
						"resourceType": "Immunization", "status": "completed", "lotNumber": fmt.Sprint(serial),
						"patient": map[string]any{"reference": "resource:0"}, "occurrenceDateTime": "2026-01-05",
						"vaccineCode": map[string]any{"coding": []any{map[string]any{"system": "http://hl7.org/fhir/sid/cvx", "code": "207"}}}}},
				}},
			},
		},
	})
	if err != nil {
		return "", err
	}
	zipped, err := deflate(payload)
	if err != nil {
		return "", err
	}
	return i.sign(zipped, "", map[jose.HeaderKey]any{"zip": "DEF"})
}

// DataIntegrity secures a VCDM 2.0 credential with eddsa-jcs-2022, VC-DI-EDDSA
// Section 3.3.1.
func DataIntegrity(i *Issuer, serial int, now time.Time) (string, error) {
	key, ok := i.key.(ed25519.PrivateKey)
	if !ok {
		return "", fmt.Errorf("%s: eddsa-jcs-2022 takes an Ed25519 key", i.ID)
	}
	doc := degree(i, Membership, serial, now)
	proof := map[string]any{
		"@context": doc["@context"], "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022",
		"created": now.UTC().Format(time.RFC3339), "verificationMethod": i.Method, "proofPurpose": "assertionMethod",
	}
	hashes := make([]byte, 0, 64)
	for _, v := range []map[string]any{proof, doc} {
		// Of ASCII strings alone, encoding/json writes what RFC 8785 wants.
		canonical, err := json.Marshal(v)
		if err != nil {
			return "", err
		}
		hashes = append(hashes, digest(canonical)...)
	}
	value, err := multibase.Encode(multibase.Base58BTC, ed25519.Sign(key, hashes))
	if err != nil {
		return "", err
	}
	proof["proofValue"] = value
	doc["proof"] = proof
	secured, err := json.Marshal(doc)
	return string(secured), err
}

// degree is a VCDM 2.0 credential without proof.
func degree(i *Issuer, kind string, serial int, now time.Time) map[string]any {
	return map[string]any{
		"@context": []any{contextV2}, "id": id(serial), "type": []any{"VerifiableCredential", kind}, "issuer": i.ID,
		"validFrom": now.UTC().Format(time.RFC3339), "validUntil": now.AddDate(1, 0, 0).UTC().Format(time.RFC3339),
		"credentialSubject": map[string]any{"name": Holder},
	}
}

func id(serial int) string { return fmt.Sprintf("urn:example:drill:%d", serial) }

// Forge puts another name into a credential, and leaves its signature as it was.
func Forge(credential string) (string, error) {
	if strings.HasPrefix(credential, "{") {
		return replace(credential)
	}
	parts := strings.Split(credential, ".")
	if len(parts) != 3 {
		return "", fmt.Errorf("%.40q is no compact JWS", credential)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", err
	}
	inflated, err := io.ReadAll(flate.NewReader(bytes.NewReader(payload)))
	zipped := err == nil
	if !zipped {
		inflated = payload
	}
	forged, err := replace(string(inflated))
	if err != nil {
		return "", err
	}
	payload = []byte(forged)
	if zipped {
		if payload, err = deflate(payload); err != nil {
			return "", err
		}
	}
	parts[1] = base64.RawURLEncoding.EncodeToString(payload)
	return strings.Join(parts, "."), nil
}

func replace(text string) (string, error) {
	if !strings.Contains(text, Holder) {
		return "", fmt.Errorf("the credential does not name %s", Holder)
	}
	return strings.Replace(text, Holder, Forger, 1), nil
}

// deflate is RFC 1951, raw, as zip DEF is.
func deflate(b []byte) ([]byte, error) {
	var buf bytes.Buffer
	w, err := flate.NewWriter(&buf, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}
