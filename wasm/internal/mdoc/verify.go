package mdoc

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"strings"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/keys"
)

func digestSize(algorithm string) int {
	switch algorithm { // Table 21
	case "SHA-256":
		return sha256.Size
	case "SHA-384":
		return sha512.Size384
	case "SHA-512":
		return sha512.Size
	}
	return 0
}

func digest(algorithm string, data []byte) []byte {
	switch algorithm {
	case "SHA-384":
		sum := sha512.Sum384(data)
		return sum[:]
	case "SHA-512":
		sum := sha512.Sum512(data)
		return sum[:]
	}
	sum := sha256.Sum256(data)
	return sum[:]
}

// VerifyIssuer reports whether the document is what the document signer of that key
// signed: steps 2 to 4 of Section 9.3.1. A nil error means that it is.
func (d *Document) VerifyIssuer(key *keys.Key) error {
	if err := d.auth.Verify(key, nil, nil); err != nil { // step 2
		return wrap("issuerAuth", err)
	}
	for i := range d.Items { // step 3: every one that is disclosed
		item := &d.Items[i]
		want, ok := d.MSO.digests[item.Namespace][item.DigestID]
		if !ok {
			return fail(DigestMissing, item.Element, "the issuer signed no digest %d in %.100q", item.DigestID, item.Namespace)
		}
		if subtle.ConstantTimeCompare(want, digest(d.MSO.DigestAlgorithm, item.bytes)) != 1 {
			return fail(DigestMismatch, item.Element, "is not what the issuer signed as digest %d in %.100q", item.DigestID, item.Namespace)
		}
	}
	if d.Declared != "" && d.Declared != d.MSO.DocType { // step 4
		return fail(DocTypeMismatch, "docType", "%.100q, the issuer signed %.100q", d.Declared, d.MSO.DocType)
	}
	return d.issuedWhere()
}

// issuedWhere holds what a driving licence says of who issued it to the document signer's
// certificate, Section 9.3.3: where issuing_country is disclosed it is the countryName of
// the subject, and so is issuing_jurisdiction the stateOrProvinceName, if there is one.
func (d *Document) issuedWhere() error {
	subject := d.Chain[0].Subject
	for i := range d.Items {
		item, want := &d.Items[i], ""
		switch {
		case item.Namespace != spaceMDL:
			continue
		case item.Element == "issuing_country":
			want = one(subject.Country)
		case item.Element == "issuing_jurisdiction" && len(subject.Province) > 0:
			want = one(subject.Province)
		default:
			continue
		}
		if is, _ := item.Value.(string); is == "" || !strings.EqualFold(is, want) {
			return fail(Profile, item.Element, "is %.80q, the document signer's certificate has %.80q", is, want)
		}
	}
	return nil
}

// spaceMDL is the namespace of the elements of a driving licence, Section 7.1.
const spaceMDL = "org.iso.18013.5.1"

// Session is what a device may have authenticated itself for.
type Session struct {
	// Transcripts are the sessions that it may have been, each a CBOR encoded
	// SessionTranscript; one of them must have been it.
	Transcripts [][]byte
	// MACKey is EMacKey of Section 9.1.3.5, nil where the caller cannot derive it.
	MACKey []byte
}

// VerifyDevice reports whether the device that the issuer gave the document to returned
// it in that session: Section 9.1.3. A nil error means that it did.
func (d *Document) VerifyDevice(s Session) error {
	if d.Device == nil {
		return fail(NoDeviceAuth, "deviceSigned", "is not there: the document is as it was issued")
	}
	if d.Device.mac != nil && len(s.MACKey) == 0 {
		return fail(NoMACKey, "deviceAuth.deviceMac", "checking it takes EMacKey, of the reader's session")
	}
	if d.Device.signature != nil && d.MSO.DeviceKey == nil {
		return fail(DeviceKeyUnusable, "deviceKey", "%v", d.MSO.DeviceKeyErr)
	}
	if len(s.Transcripts) == 0 {
		return fail(NoTranscript, "deviceAuth", "no session is known that it could be for")
	}
	var err error
	for _, transcript := range s.Transcripts {
		if err = d.authenticated(transcript, s.MACKey); err == nil {
			return nil
		}
	}
	return fail(BadDeviceAuth, "deviceAuth", "is not over this session by the device's key: %v", err)
}

// authenticated checks one session, Sections 9.1.3.4 to 9.1.3.6. The payload is detached;
// one that stands there must be the same.
func (d *Document) authenticated(transcript, macKey []byte) error {
	payload := d.authentication(transcript)
	inside := func(p []byte) ([]byte, error) {
		switch {
		case p == nil:
			return payload, nil
		case bytes.Equal(p, payload):
			return nil, nil
		}
		return nil, fail(BadDeviceAuth, "payload", "is another session's")
	}
	if d.Device.mac != nil {
		detached, err := inside(d.Device.mac.Payload)
		if err != nil {
			return err
		}
		return d.Device.mac.Verify(macKey, detached, nil)
	}
	detached, err := inside(d.Device.signature.Payload)
	if err != nil {
		return err
	}
	return d.Device.signature.Verify(d.MSO.DeviceKey, detached, nil)
}

// authentication is DeviceAuthenticationBytes, Section 9.1.3.4. The session and the
// device's namespaces go in as they were received.
func (d *Document) authentication(transcript []byte) []byte {
	return embed(array(cose.Encode("DeviceAuthentication"), transcript, cose.Encode(d.MSO.DocType), d.Device.namespaces))
}
