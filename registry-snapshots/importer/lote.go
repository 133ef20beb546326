package importer

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// The URIs of TS 119 602.
const (
	loteTypes = "http://uri.etsi.org/19602/LoTEType/"
	loteKinds = "http://uri.etsi.org/19602/SvcType/"
)

// maxListMembers bounds the JSON of a list: a hundred thousand services have some
// twenty members each. Its bytes are bounded by MaxFile.
const maxListMembers = 2_000_000

// loteProfiles are the lists of the European Union, TS 119 602 Annexes D to I: what the
// types of their services begin with, "to the exclusion of any other", and whether a
// service has a status; where it has none, to be listed is the status.
var loteProfiles = map[string]struct {
	services string
	status   bool
}{
	loteTypes + "EUPIDProvidersList":           {loteKinds + "PID/", false},
	loteTypes + "EUWalletProvidersList":        {loteKinds + "WalletSolution/", false},
	loteTypes + "EUWRPACProvidersList":         {loteKinds + "WRPAC/", false},
	loteTypes + "EUWRPRCProvidersList":         {loteKinds + "WRPRC/", false},
	loteTypes + "EUPubEAAProvidersList":        {loteKinds + "PubEAA/", true},
	loteTypes + "EURegistrarsAndRegistersList": {loteKinds + "Register", false},
}

// LoTE reads a list of trusted entities, JSON as in ETSI TS 119 602 V1.1.1, in a compact
// JAdES baseline B signature, TS 119 182-1: who provides person identification data,
// wallets, access certificates of relying parties, attestations by public bodies.
//
// The signer's certificate is the first in the header's x5c. It has to be the pinned one
// or lead to an anchor, or be the one that Options.LOTL has for the list, and to have been
// valid when it signed. Where it only leads to an anchor, its organization and country
// have to be those of the list's operator, Clause 6.8: others have certificates of the
// same authority. "sigT" may be critical, as in version 1.1.1 of TS 119 182-1; a signature
// of something that stands elsewhere (sigD) is refused.
//
// What becomes of it is as for [ETSI]. Identifiers begin with etsi-lote, the territory and
// the end of the list's type. A list of one of the types of the European Union holds services of
// that type only: others in it are skipped.
//
// A folder is read as the YAML sources of such a list, which are unsigned.
func LoTE(path string, opt Options) (*Result, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return loteFolder(path, opt)
	}
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	l, err := parseLoTE(path, data, opt.Unsigned)
	if err != nil {
		return nil, err
	}
	return importList(FromLoTE, l, opt)
}

// A lote is a list whose signature was checked, as far as it says so.
type lote struct {
	*listHead
	scheme   strictjson.Object
	entities []any
	chain    []*x509.Certificate // nil if it may be unsigned, and is
	alg      keys.Algorithm
	at       time.Time // when it was signed, as it says
}

func (l *lote) head() *listHead { return l.listHead }

func (l *lote) mapTo(r *Result) error { return r.mapLoTE(l) }

func parseLoTE(path string, data []byte, unsigned bool) (*lote, error) {
	l := &lote{listHead: &listHead{path: path, data: data, idOf: loteID}}
	text := bytes.TrimSpace(data)
	if unsigned && bytes.HasPrefix(text, []byte("{")) {
		return l, l.readHead(text)
	}
	payload, err := l.verify(string(text))
	if err != nil {
		return nil, err
	}
	return l, l.readHead(payload)
}

// verify checks the JAdES signature and returns what it signs. The list is handed over as
// a detached payload, which may be larger than the JWS that package jose takes whole.
func (l *lote) verify(token string) ([]byte, error) {
	protected, rest, _ := strings.Cut(token, ".")
	encoded, signature, ok := strings.Cut(rest, ".")
	if !ok || encoded == "" || strings.HasPrefix(token, "{") {
		return nil, errorf(NoSignature, l.path, "no JWS in compact serialization (TS 119 602 Clause 6.8)")
	}
	payload, err := keys.Base64URL(encoded)
	if err != nil {
		return nil, errorf(BadForm, l.path, "payload: %v", err)
	}
	j, err := jose.ParseCompactWith(protected+".."+signature, jose.Options{Detached: true, Understood: []string{"sigT"}})
	if err != nil {
		return nil, errorf(BadSignature, l.path, "%v", err)
	}
	if err := l.readSigner(j); err != nil {
		return nil, err
	}
	key, err := keys.FromCertificate(l.signer.Raw)
	if err != nil {
		return nil, errorf(BadSignature, l.path, "the signer's key: %v", err)
	}
	if err := j.VerifyDetached(payload, key); err != nil {
		return nil, errorf(BadSignature, l.path, "%v", err)
	}
	return payload, nil
}

// readSigner reads what a baseline B signature has to say, TS 119 182-1 Clause 6.3: the
// signing certificate and the time of signing.
func (l *lote) readSigner(j *jose.JWS) error {
	h := j.Header
	l.alg = j.Alg
	if h.Has("sigD") {
		return errorf(Unsupported, l.path, "sigD: what is signed stands elsewhere")
	}
	x5c := h.Array("x5c")
	if len(x5c) == 0 || len(x5c) > maxChain {
		return errorf(BadSignature, l.path, "%d certificates in x5c, want 1 to %d", len(x5c), maxChain)
	}
	for i, v := range x5c {
		s, _ := v.(string)
		der, err := base64.StdEncoding.Strict().DecodeString(s)
		if err != nil || s == "" || strings.ContainsAny(s, "\r\n") {
			return errorf(BadSignature, index(l.path+": x5c", i), "no base64 of a certificate (RFC 7515 Section 4.1.6)")
		}
		c, err := parseCertificate(index(l.path+": x5c", i), der)
		if err != nil {
			return err
		}
		l.chain = append(l.chain, c)
	}
	l.signer = l.chain[0]
	if h.Has("x5t#S256") {
		sum := sha256.Sum256(l.signer.Raw)
		if h["x5t#S256"] != base64.RawURLEncoding.EncodeToString(sum[:]) {
			return errorf(BadSignature, l.path, "x5t#S256 is of another certificate than the first in x5c")
		}
	}
	var err error
	switch {
	case h.Has("iat") && h.Has("sigT"):
		err = fmt.Errorf("both iat and sigT")
	case h.Has("iat"):
		l.at, err = jose.NumericDate(h["iat"])
	case h.Has("sigT"):
		s, _ := h["sigT"].(string)
		l.at, err = time.Parse("2006-01-02T15:04:05Z", s)
	default:
		err = fmt.Errorf("neither iat nor sigT")
	}
	if err != nil {
		return errorf(BadSignature, l.path, "the time of signing (TS 119 182-1 Clause 6.3): %v", err)
	}
	if l.at.Before(l.signer.NotBefore) || l.at.After(l.signer.NotAfter) {
		return errorf(Expired, l.path, "signed at %s, and the certificate is valid from %s to %s", rfc3339(l.at),
			rfc3339(l.signer.NotBefore), rfc3339(l.signer.NotAfter))
	}
	return nil
}

// trust says by whom the list is signed, and whether that is known from a list of
// lists that is past its own next update.
func (l *lote) trust(opt Options) (Signature, string, error) {
	if l.chain == nil {
		return Signature{State: Unsigned, Note: "accepted without a signature, as was asked for"}, "", nil
	}
	note, stale := "", ""
	var err error
	if opt.LOTL != "" {
		note, stale, err = l.listed(opt)
	} else if note, err = l.pinned(opt, nil, ""); err != nil && len(opt.Anchors) > 0 {
		note, err = l.anchored(opt)
	}
	if err != nil {
		return Signature{}, "", err
	}
	return Signature{
		State: Verified, By: l.signer.Subject.String(), Algorithm: "JAdES, " + string(l.alg), Fingerprint: x5t(l.signer.Raw), Note: note,
	}, stale, nil
}

// anchored reports whether the signer's certificate leads to an anchor, and is the
// operator's.
func (l *lote) anchored(opt Options) (string, error) {
	opt.Unsigned = false
	s, err := opt.signers(l.path, "")
	if err != nil {
		return "", err
	}
	root, err := s.check(l.path, l.chain, l.at)
	if err != nil {
		return "", err
	}
	subject := l.signer.Subject
	if !slices.ContainsFunc(subject.Organization, func(o string) bool { return slices.Contains(l.operator, strings.Join(strings.Fields(o), " ")) }) ||
		l.territory != "" && !slices.Contains(subject.Country, iso3166(l.territory)) {
		return "", errorf(WrongSigner, l.path, "the signer is %s, want the operator %q of %s (TS 119 602 Clause 6.8)", subject, l.operator[0], l.territory)
	}
	return "the operator's by its name, under the anchor " + root.Subject.String(), nil
}

// readHead reads the ListAndSchemeInformation, TS 119 602 Clause 6.3.
func (l *lote) readHead(payload []byte) error {
	v, err := strictjson.ParseWithin(payload, strictjson.MaxDepth, maxListMembers)
	if err != nil {
		return errorf(BadForm, l.path, "%v", err)
	}
	top, _ := v.(strictjson.Object)
	list, ok := top["LoTE"].(strictjson.Object)
	if !ok || len(top) > 2 || len(top) == 2 && !top.Has("$schema") {
		return errorf(BadForm, l.path, "want an object with the member LoTE alone (TS 119 602 Annex A)")
	}
	if l.scheme, ok = list["ListAndSchemeInformation"].(strictjson.Object); !ok {
		return errorf(BadForm, l.path, "no ListAndSchemeInformation")
	}
	for _, name := range list.Names() {
		if name != "ListAndSchemeInformation" && name != "TrustedEntitiesList" {
			return errorf(BadForm, l.path, "the member %.60q, which a LoTE does not have", name)
		}
	}
	if l.entities, ok = list["TrustedEntitiesList"].([]any); !ok && list.Has("TrustedEntitiesList") {
		return errorf(BadForm, l.path, "TrustedEntitiesList is no array")
	}
	s := l.scheme
	if n, ok := s["LoTEVersionIdentifier"].(strictjson.Number); !ok || n != "1" {
		return errorf(Unsupported, l.path, "the LoTEVersionIdentifier %v, want 1", s["LoTEVersionIdentifier"])
	}
	n, _ := s["LoTESequenceNumber"].(strictjson.Number)
	if seq, ok := n.Int64(); ok && seq > 0 {
		l.sequence = uint64(seq)
	} else {
		return errorf(BadForm, l.path, "no LoTESequenceNumber from 1 on")
	}
	l.kind, l.territory = s.String("LoTEType"), s.String("SchemeTerritory")
	l.operator = langTexts(s["SchemeOperatorName"], "value")
	if len(l.operator) == 0 || l.territory != "" && !country.MatchString(l.territory) {
		return errorf(BadForm, l.path, "want SchemeOperatorName, and SchemeTerritory as two capital letters if there is one")
	}
	l.issued = s.String("ListIssueDateTime")
	next, there := s["NextUpdate"]
	if l.next, ok = next.(string); !there || next != nil && !ok || ok && l.next == "" {
		return errorf(BadForm, l.path, "no NextUpdate: that of a closed list is null (Clause 6.3.15)")
	}
	if err := l.checkTimes(); err != nil {
		return err
	}
	if criticalJSON(s["SchemeExtensions"]) {
		return errorf(Unsupported, l.path, "a critical extension of the scheme (Clause 6.3.17)")
	}
	for _, v := range s.Array("PointersToOtherLoTE") {
		o, _ := v.(strictjson.Object)
		l.pointers = append(l.pointers, pointerLoTE(o))
	}
	l.listOfLists = l.entities == nil && len(l.pointers) > 0
	return nil
}

// pointerLoTE reads an OtherLoTEPointer, Clause 6.3.13. What it lacks does not match any
// list.
func pointerLoTE(o strictjson.Object) listPointer {
	p := listPointer{url: o.String("LoTELocation")}
	for _, v := range o.Array("ServiceDigitalIdentities") {
		id, _ := v.(strictjson.Object)
		certs, _, _ := certificatesLoTE(id)
		p.certs = append(p.certs, certs...)
	}
	for _, v := range o.Array("LoTEQualifiers") {
		q, _ := v.(strictjson.Object)
		p.kind, p.territory, p.mime = q.String("LoTEType"), q.String("SchemeTerritory"), q.String("MimeType")
		p.operator = langTexts(q["SchemeOperatorName"], "value")
	}
	return p
}

// langTexts reads a sequence of {lang, value} or {lang, uriValue}, English first.
func langTexts(v any, member string) []string {
	var english, others []string
	list, _ := v.([]any)
	for _, v := range list {
		o, _ := v.(strictjson.Object)
		text := strings.Join(strings.Fields(o.String(member)), " ")
		if isEnglish(o.String("lang")) {
			english = append(english, text)
		} else {
			others = append(others, text)
		}
	}
	return both(english, others)
}

// criticalJSON reports whether one of a sequence of extensions says that it is critical.
// TS 119 602 leaves their form open, and this importer knows none of them.
func criticalJSON(v any) bool {
	list, _ := v.([]any)
	return slices.ContainsFunc(list, func(v any) bool {
		o, _ := v.(strictjson.Object)
		return slices.ContainsFunc(o.Names(), func(name string) bool {
			return strings.EqualFold(name, "critical") && o[name] != false && o[name] != "false"
		})
	})
}

// loteID identifies the operator of a list of entities: by territory and type, for one
// operator may have several lists with other keys.
func loteID(territory, kind string, operator []string) string {
	tail := strings.TrimPrefix(strings.TrimPrefix(kind, loteTypes), tslTypes)
	return "etsi-lote:" + cmp.Or(iso3166(territory), "-") + ":" + url.PathEscape(cmp.Or(tail, operator[0]))
}
