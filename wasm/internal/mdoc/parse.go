package mdoc

import (
	"maps"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/x509chain"
)

// Parse reads an IssuerSigned, then of one document, or a DeviceResponse; response says
// which. The errors are of type *[Error].
func Parse(data []byte) (docs []*Document, response bool, err error) {
	m, err := readMap("", data)
	if err != nil {
		return nil, false, err
	}
	if _, ok := m.values["issuerAuth"]; ok {
		d, err := issuerSigned("", m)
		if err != nil {
			return nil, false, err
		}
		return []*Document{d}, false, nil
	}
	docs, err = deviceResponse(m)
	return docs, true, err
}

// deviceResponse reads Section 8.3.2.1.2.2. What the standard reserves is ignored.
func deviceResponse(m *members) ([]*Document, error) {
	version, status, list := m.text("version"), m.uint("status"), m.list("documents")
	if m.err != nil {
		return nil, m.err
	}
	switch {
	case !m.has("version"):
		return nil, fail(Malformed, "", "neither an issuerAuth nor a version: no mdoc")
	case version != "1.0":
		return nil, fail(UnsupportedMDoc, "version", "%.40q, want 1.0", version)
	case !m.has("status"):
		return nil, fail(Malformed, "status", "is required")
	case status != 0: // Table 8: general error, CBOR decoding error, CBOR validation error
		return nil, fail(ResponseStatus, "status", "the device returned status %d", status)
	case len(list) == 0:
		return nil, fail(NoDocument, "documents", "the device returned no document")
	case len(list) > maxDocuments:
		return nil, fail(TooManyDocuments, "documents", "%d documents, want at most %d", len(list), maxDocuments)
	}
	docs := make([]*Document, len(list))
	for i, raw := range list {
		d, err := document(at("documents", i), raw)
		if err != nil {
			return nil, err
		}
		docs[i] = d
	}
	return docs, nil
}

func document(place string, raw []byte) (*Document, error) {
	m, err := readMap(place, raw)
	if err != nil {
		return nil, err
	}
	declared := m.text("docType")
	m.require("docType", "issuerSigned", "deviceSigned")
	signed, device := m.object("issuerSigned"), m.object("deviceSigned")
	if m.err != nil {
		return nil, m.err
	}
	d, err := issuerSigned(signed.place, signed)
	if err != nil {
		return nil, err
	}
	d.Declared = declared
	if declared == "" {
		return nil, fail(Malformed, place+".docType", "is empty")
	}
	d.Device, err = deviceSigned(device)
	return d, err
}

// issuerSigned reads Section 8.3.2.1.2.2, IssuerSigned.
func issuerSigned(place string, m *members) (*Document, error) {
	auth, err := cose.ParseSign1(m.values["issuerAuth"])
	if err != nil {
		return nil, wrap(join(place, "issuerAuth"), err)
	}
	d := &Document{auth: auth}
	ders, err := auth.X5Chain()
	if err != nil {
		return nil, wrap(join(place, "issuerAuth"), err)
	}
	// Section 9.1.2.4: x5chain, "included as an unprotected header element". Where a
	// certificate stands changes nothing of what it proves.
	if d.Chain, err = x509chain.Parse(ders); err != nil {
		return nil, wrap(join(place, "issuerAuth.x5chain"), err)
	}
	if auth.Payload == nil {
		return nil, fail(Malformed, join(place, "issuerAuth.payload"), "is detached")
	}
	if d.MSO, err = parseMSO(join(place, "issuerAuth.payload"), auth.Payload); err != nil {
		return nil, err
	}
	if !m.has("nameSpaces") {
		return d, nil
	}
	spaces := m.object("nameSpaces")
	if m.err != nil {
		return nil, m.err
	}
	for _, ns := range slices.Sorted(maps.Keys(spaces.values)) {
		list := spaces.list(ns)
		if spaces.err != nil {
			return nil, spaces.err
		}
		if len(list) == 0 {
			return nil, fail(Malformed, join(spaces.place, ns), "discloses nothing")
		}
		if len(d.Items)+len(list) > maxItems {
			return nil, fail(Malformed, spaces.place, "over %d elements", maxItems)
		}
		if err := d.items(join(spaces.place, ns), ns, list); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// items reads the elements of one namespace. An element twice, or a digest for two of
// them, is two documents to two readers.
func (d *Document) items(place, ns string, list []cbor.RawMessage) error {
	ids, names := make(map[uint64]bool, len(list)), make(map[string]bool, len(list)) // at most maxItems
	for i, raw := range list {
		inner, ok := embedded(raw)
		if !ok {
			return fail(Malformed, at(place, i), "is no CBOR in tag 24")
		}
		m, err := readMap(at(place, i), inner)
		if err != nil {
			return err
		}
		m.require("digestID", "random", "elementIdentifier", "elementValue")
		item := Item{Namespace: ns, Element: m.text("elementIdentifier"), DigestID: m.uint("digestID"), bytes: raw}
		random := m.bytes("random")
		if m.err == nil {
			m.err = m.decode("elementValue", &item.Value)
		}
		switch {
		case m.err != nil:
			return m.err
		case len(random) < minRandom:
			return fail(Malformed, m.place+".random", "%d octets, want at least %d: too few hide nothing", len(random), minRandom)
		case item.Element == "":
			return fail(Malformed, m.place+".elementIdentifier", "is empty")
		case ids[item.DigestID]:
			return fail(Malformed, m.place+".digestID", "%d is there twice", item.DigestID)
		case names[item.Element]:
			return fail(Malformed, m.place+".elementIdentifier", "%.80q is there twice", item.Element)
		}
		ids[item.DigestID], names[item.Element] = true, true
		d.Items = append(d.Items, item)
	}
	return nil
}

// parseMSO reads MobileSecurityObjectBytes, Section 9.1.2.4.
func parseMSO(place string, data []byte) (MSO, error) {
	var o MSO
	inner, ok := embedded(data)
	if !ok {
		return o, fail(Malformed, place, "is no CBOR in tag 24")
	}
	m, err := readMap(place, inner)
	if err != nil {
		return o, err
	}
	m.require("version", "digestAlgorithm", "valueDigests", "deviceKeyInfo", "docType", "validityInfo")
	if version := m.text("version"); m.err == nil && version != "1.0" {
		return o, fail(UnsupportedMDoc, place+".version", "%.40q, want 1.0", version)
	}
	o.DocType, o.DigestAlgorithm = m.text("docType"), m.text("digestAlgorithm")
	values, device, validity := m.object("valueDigests"), m.object("deviceKeyInfo"), m.object("validityInfo")
	if m.err == nil && m.has("status") {
		m.err = m.decode("status", &o.Status)
	}
	if m.err != nil {
		return o, m.err
	}
	size := digestSize(o.DigestAlgorithm)
	switch {
	case size == 0:
		return o, fail(UnsupportedMDoc, place+".digestAlgorithm", "%.40q, want SHA-256, SHA-384 or SHA-512", o.DigestAlgorithm)
	case o.DocType == "":
		return o, fail(Malformed, place+".docType", "is empty")
	}
	o.digests = make(map[string]map[uint64][]byte, len(values.values))
	for _, ns := range slices.Sorted(maps.Keys(values.values)) {
		var list map[uint64][]byte
		if err := values.decode(ns, &list); err != nil {
			return o, fail(Malformed, values.place, "a namespace is no map of digests")
		}
		for _, digest := range list {
			if len(digest) != size {
				return o, fail(Malformed, values.place, "a digest is not of %d octets, as %s is", size, o.DigestAlgorithm)
			}
		}
		o.digests[ns] = list
	}
	device.require("deviceKey")
	if device.err != nil {
		return o, device.err
	}
	o.DeviceKey, o.DeviceKeyErr = cose.ParseKey(device.values["deviceKey"])
	return o, o.validity(validity)
}

// validity reads ValidityInfo, Section 9.1.2.4, and holds its times to their order.
func (o *MSO) validity(m *members) error {
	m.require("signed", "validFrom", "validUntil")
	o.Signed, o.ValidFrom, o.ValidUntil = m.tdate("signed"), m.tdate("validFrom"), m.tdate("validUntil")
	if m.has("expectedUpdate") {
		o.ExpectedUpdate = m.tdate("expectedUpdate")
	}
	show := func(t time.Time) string { return t.Format(time.RFC3339) }
	switch {
	case m.err != nil:
		return m.err
	case o.ValidFrom.Before(o.Signed):
		return fail(Malformed, m.place+".validFrom", "%s is before signed %s", show(o.ValidFrom), show(o.Signed))
	case !o.ValidUntil.After(o.ValidFrom):
		return fail(Malformed, m.place+".validUntil", "%s is not after validFrom %s", show(o.ValidUntil), show(o.ValidFrom))
	}
	return nil
}

// deviceSigned reads Section 8.3.2.1.2.2, DeviceSigned.
func deviceSigned(m *members) (*Device, error) {
	m.require("nameSpaces", "deviceAuth")
	auth := m.object("deviceAuth")
	if m.err != nil {
		return nil, m.err
	}
	d := &Device{namespaces: m.values["nameSpaces"]}
	if _, ok := embedded(d.namespaces); !ok {
		return nil, fail(Malformed, m.place+".nameSpaces", "is no CBOR in tag 24")
	}
	if auth.has("deviceSignature") == auth.has("deviceMac") {
		return nil, fail(Malformed, auth.place, "want either a deviceSignature or a deviceMac")
	}
	var err error
	if auth.has("deviceSignature") {
		if d.signature, err = cose.ParseSign1(auth.values["deviceSignature"]); err != nil {
			return nil, wrap(auth.place+".deviceSignature", err)
		}
	} else if d.mac, err = cose.ParseMac0(auth.values["deviceMac"]); err != nil {
		return nil, wrap(auth.place+".deviceMac", err)
	}
	return d, nil
}
