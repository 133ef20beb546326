package importer

import (
	"bytes"
	"crypto/x509"
	"slices"
	"strings"
	"time"

	"github.com/veraison/go-cose"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/keys"
)

// VICAL reads a list of the certificates of issuing authorities, ISO/IEC 18013-5
// Annex C: a COSE_Sign1 (RFC 9052), tagged or not, whose x5chain (RFC 9360) is that
// of the list's provider, over a CBOR map.
//
// The signer's chain has to lead to one of Options.Anchors, or hold a certificate
// with Options.Fingerprint, and be valid at the date of the list. No provider is
// known without: with Options.Unsigned a list is read whose signer nobody vouches
// for, and its signature is checked all the same.
//
// An entry is what may sign for a set of docTypes: an entity named by the thumbprint
// of the entry's key (RFC 9278), since names in certificates prove nothing, that may
// issue these docTypes. An entry whose certificate cannot be read, or is not the one
// that the entry describes, is skipped and listed.
func VICAL(path string, opt Options) (*Result, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return vical(path, data, opt)
}

// coseAlgorithms are the algorithms for which ISO/IEC 18013-5 Table C.1 and C.1.7.2
// let a VICAL be signed.
var coseAlgorithms = map[cose.Algorithm]keys.Algorithm{
	cose.AlgorithmES256: keys.ES256, cose.AlgorithmES384: keys.ES384, cose.AlgorithmES512: keys.ES512, cose.AlgorithmEdDSA: keys.EdDSA,
}

// coseVerifier checks signatures for go-cose where all signatures are checked.
type coseVerifier struct {
	alg cose.Algorithm
	key *keys.Key
}

func (v coseVerifier) Algorithm() cose.Algorithm { return v.alg }

func (v coseVerifier) Verify(content, signature []byte) error {
	return v.key.Verify(coseAlgorithms[v.alg], content, signature)
}

// openCOSE parses a COSE_Sign1 and checks its signature by the first certificate of
// its x5chain. It judges no certificate.
func openCOSE(place string, data []byte) (payload []byte, chain []*x509.Certificate, alg keys.Algorithm, err error) {
	var m cose.UntaggedSign1Message
	if len(data) > 0 && data[0] == 0xd2 { // tag 18
		data = data[1:]
	}
	if err := m.UnmarshalCBOR(data); err != nil {
		return nil, nil, "", errorf(BadForm, place, "no COSE_Sign1: %v", err)
	}
	a, err := m.Headers.Protected.Algorithm()
	if err != nil || coseAlgorithms[a] == "" {
		return nil, nil, "", errorf(Unsupported, place, "algorithm %v in the protected header, want ES256, ES384, ES512 or EdDSA", a)
	}
	if crit, err := m.Headers.Protected.Critical(); err != nil || len(crit) > 0 {
		return nil, nil, "", errorf(Unsupported, place, "header parameters that must be understood and are not: %v", crit)
	}
	if m.Payload == nil {
		return nil, nil, "", errorf(BadForm, place, "the payload is not in it")
	}
	x5, there := m.Headers.Unprotected[cose.HeaderLabelX5Chain]
	if p, in := m.Headers.Protected[cose.HeaderLabelX5Chain]; in {
		x5, there = p, true
	}
	if !there {
		return nil, nil, "", errorf(NoSignature, place, "no x5chain, so nothing says by whom it is signed")
	}
	var ders [][]byte
	switch x5 := x5.(type) {
	case []byte:
		ders = append(ders, x5)
	case []any:
		for _, v := range x5 {
			der, _ := v.([]byte)
			ders = append(ders, der)
		}
	}
	if len(ders) == 0 || len(ders) > maxChain {
		return nil, nil, "", errorf(BadForm, place+": x5chain", "%d certificates, want 1 to %d", len(ders), maxChain)
	}
	for _, der := range ders {
		c, err := parseCertificate(place+": x5chain", der)
		if err != nil {
			return nil, nil, "", err
		}
		chain = append(chain, c)
	}
	key, err := keys.FromCertificate(chain[0].Raw)
	if err != nil {
		return nil, nil, "", errorf(Unsupported, place+": x5chain", "%v", err)
	}
	if err := (*cose.UntaggedSign1Message)(&m).Verify(nil, coseVerifier{a, key}); err != nil {
		return nil, nil, "", errorf(BadSignature, place, "no signature by %s: %v", chain[0].Subject, err)
	}
	return m.Payload, chain, coseAlgorithms[a], nil
}

func vical(path string, data []byte, opt Options) (*Result, error) {
	trusted, err := opt.signers(path, "")
	if err != nil {
		return nil, err
	}
	payload, chain, alg, err := openCOSE(path, data)
	if err != nil {
		return nil, err
	}
	m, err := parseCBORMap(path, payload)
	if err != nil {
		return nil, err
	}
	// C.1.7.1
	m.require("version", "vicalProvider", "date", "certificateInfos")
	version, provider, date, next := m.text("version"), m.text("vicalProvider"), m.tdate("date"), m.tdate("nextUpdate")
	entries, issue := m.list("certificateInfos"), m.uint("vicalIssueID")
	switch {
	case m.err != nil:
		return nil, m.err
	case !strings.HasPrefix(version, "1."):
		return nil, errorf(Unsupported, path, "version %.40q, want 1.0", version)
	case date.After(opt.now()):
		return nil, errorf(Expired, path, "is of %s, which is still to come", rfc3339(date))
	}
	r := &Result{Name: provider + " VICAL", Report: Report{
		From: FromVICAL, Source: path, List: provider, Time: rfc3339(date), Sequence: issue,
		Signature: Signature{State: Unsigned, By: chain[0].Subject.String(), Algorithm: "COSE " + string(alg), Fingerprint: x5t(chain[0].Raw),
			Note: "nobody vouches for the signer, as was asked for"},
	}}
	if !next.IsZero() {
		r.Report.NextUpdate = rfc3339(next)
	}
	if trusted != nil {
		root, err := trusted.check(path+": x5chain", chain, date)
		if err != nil {
			return nil, err
		}
		r.Report.Signature.State, r.Report.Signature.Note = Verified, "trusted by "+root.Subject.String()
		if end := chain[0].NotAfter; opt.now().After(end) {
			r.note(path+": x5chain", Expired, "the signer's certificate was valid when it signed, and has ended on %s", rfc3339(end))
		}
	}
	seen := map[string]int{}
	for i, raw := range entries {
		r.vicalEntry(index("certificateInfos", i), raw, seen, opt.now())
	}
	r.otherCBOR("", m, "version", "vicalProvider", "date", "vicalIssueID", "nextUpdate", "certificateInfos")
	r.keepSource(data, opt)
	r.due(r.Report.NextUpdate)
	return r.judge(opt)
}

// vicalEntry adds one CertificateInfo, C.1.7.1. seen has the entity of each key.
func (r *Result) vicalEntry(place string, raw []byte, seen map[string]int, now time.Time) {
	m, err := parseCBORMap(place, raw)
	if err != nil {
		r.skipError(place, err)
		return
	}
	m.require("certificate", "serialNumber", "ski", "docType")
	der, serial, ski, docTypes := m.bytes("certificate"), m.biguint("serialNumber"), m.bytes("ski"), m.texts("docType")
	issuer, subject, from, until := m.bytes("issuer"), m.bytes("subject"), m.tdate("notBefore"), m.tdate("notAfter")
	authority, country, state := m.text("issuingAuthority"), m.text("issuingCountry"), m.text("stateOrProvinceName")
	if m.err == nil && len(docTypes) == 0 {
		m.fail("docType", "at least one")
	}
	if m.err != nil {
		r.skipError(place, m.err)
		return
	}
	c, err := parseCertificate(place, der)
	if err != nil {
		r.skipError(place, err)
		return
	}
	id, err := thumbprintURI(c)
	if err != nil {
		r.skip(place, Unsupported, "the key of %s: %v", c.Subject, err)
		return
	}
	// The entry describes its certificate. If it is that of another, which of them
	// the provider meant cannot be known.
	for _, d := range []struct {
		name  string
		wrong bool
	}{
		{"serialNumber", serial.Cmp(c.SerialNumber) != 0},
		{"ski", len(c.SubjectKeyId) > 0 && !bytes.Equal(skiOctets(ski), c.SubjectKeyId)},
		{"issuer", issuer != nil && !bytes.Equal(issuer, c.RawIssuer)},
		{"subject", subject != nil && !bytes.Equal(subject, c.RawSubject)},
	} {
		if d.wrong {
			r.skip(place, BadForm, "%s is not that of the certificate of %s", d.name, c.Subject)
			return
		}
	}
	// C.1.7.1 has these for convenience. The certificate's own window stands: a real
	// list writes the hours of the afternoon without the twelve.
	if !from.IsZero() && !from.Equal(c.NotBefore) || !until.IsZero() && !until.Equal(c.NotAfter) {
		r.note(place, BadProfile, "notBefore and notAfter are not those of the certificate of %s, which stand: %s to %s", c.Subject, rfc3339(c.NotBefore), rfc3339(c.NotAfter))
	}
	e := snapshot.Entity{ID: id, Kind: "issuer", Names: subjectNames(c), Keys: []snapshot.Key{certificateKey(c)}}
	if len(e.Names) == 0 && authority != "" {
		e.Names = []string{authority}
	}
	if country == "" {
		country, state = first(c.Subject.Country), first(c.Subject.Province)
	}
	ok := false
	if e.Jurisdiction, ok = jurisdiction(country, state); !ok {
		r.note(place, BadProfile, "state or province %.40q in country %.40q of %s, want ISO 3166 codes", state, country, c.Subject)
	}
	for _, t := range docTypes {
		e.Auth = append(e.Auth, snapshot.Authorization{Action: "issue", Resource: t})
	}
	if _, err := e.Normal(); err != nil {
		r.skip(place, BadEntity, "%v", err)
		return
	}
	if now.After(c.NotAfter) {
		r.note(place, Expired, "the certificate of %s has ended on %s", c.Subject, rfc3339(c.NotAfter))
	}
	r.addKeyEntity(place, e, seen)
	r.otherCBOR("certificateInfos.", m, "certificate", "serialNumber", "ski", "docType", "issuingAuthority", "issuingCountry",
		"stateOrProvinceName", "issuer", "subject", "notBefore", "notAfter")
}

// addKeyEntity adds an entity with one key, or the key and authorizations to the
// entity that is there already: another certificate of the same key.
func (r *Result) addKeyEntity(place string, e snapshot.Entity, seen map[string]int) {
	i, there := seen[e.ID]
	if !there {
		seen[e.ID] = len(r.Entities)
		r.Entities = append(r.Entities, e)
		return
	}
	old := &r.Entities[i]
	if slices.ContainsFunc(old.Keys, func(k snapshot.Key) bool { return k.Kid == e.Keys[0].Kid }) {
		r.note(place, BadProfile, "the certificate %s is there twice", e.Keys[0].Kid)
	} else {
		old.Keys = append(old.Keys, e.Keys...)
	}
	for _, a := range e.Auth {
		if !slices.Contains(old.Auth, a) {
			old.Auth = append(old.Auth, a)
		}
	}
}

// skiOctets is a subject key identifier without the DER around it that some lists
// have there: the OCTET STRING of the extension's value, or that of the extension
// around it.
func skiOctets(ski []byte) []byte {
	for range 2 {
		if len(ski) > 2 && ski[0] == 4 && int(ski[1]) == len(ski)-2 {
			ski = ski[2:]
		}
	}
	return ski
}

// otherCBOR counts the members of a map that are not among those known.
func (r *Result) otherCBOR(path string, m *cborMap, known ...string) {
	var names []string
	for name := range m.values {
		if !slices.Contains(known, name) && !m.empty(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		why := "not known to this importer"
		if name == "certificateProfile" {
			why = "the model has no profiles of certificates"
		}
		r.notMapped(path+name, why)
	}
}
