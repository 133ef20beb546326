package importer

import (
	"bytes"
	"crypto/x509"
	"slices"
	"strconv"
	"strings"
	"time"
)

// LOTLFingerprints are the SHA-256 of the certificates that may sign the European
// Commission's list of trusted lists: those of the notice C/2026/1944 in the Official
// Journal of 15 April 2026, https://eur-lex.europa.eu/eli/C/2026/1944/oj, which the
// list itself names as where its trust comes from.
var LOTLFingerprints = []string{
	"c0641c4f7d56c431b1c924742db7fce9c1eef7d7fd212113a2768486b3abcdc5",
	"e0a620fbb6747362bb933ac44169d676a553444716cf5f31605f12a22b8396b1",
	"df7e29360c34b2b8d6d5f40325c1d4d12c9922cecd33b7407674a74b2b3ca1e5",
	"b63d416744e7098bf9ec2caa596a93bc2468e37f8284ba65ecc061711bcbaa18",
	"236103f03a8031ae8f47f9059bf8de38564cdbfebedde4a597d50f8980aa653b",
	"d2064fdd70f6982dcc516b86d9d5c56aea939417c624b2e478c0b29de54f8474",
}

// The namespaces and URIs of TS 119 612.
const (
	tslNS      = "http://uri.etsi.org/02231/v2#"
	tslTag     = "http://uri.etsi.org/19612/TSLTag"
	tslTypes   = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/" // Annex D.5
	euListType = tslTypes + "EUlistofthelists"
	listOf     = "listofthelists" // how the type of a list of lists ends
)

// maxListLife is how long after its issue a list may say that the next one comes,
// TS 119 612 Clause 5.3.15 and TS 119 602 Clause 6.3.15: six months.
const maxListLife = 186 * 24 * time.Hour

// ETSI reads a trusted list or a list of trusted lists, XML as in ETSI TS 119 612,
// version 5 or 6 of the form, with its enveloped XAdES signature.
//
// The signer's certificate itself has to be among those that are trusted; one above
// it does not do, since Annex A.1 trusts the operators' certificates and no authority.
// A list of lists is trusted by Options.Anchors or Fingerprint, or, for that of the
// European Commission, by [LOTLFingerprints]. Any other list is trusted in the same way, or
// by Options.LOTL, a list of lists that points to it. Then the list is stale also where
// the list of lists is.
//
// The operator of the scheme becomes an entity of kind authority; each provider one of kind
// trust-service-provider; each of its services one of kind trust-service, with the certificates
// that identify it as keys and the periods in which its status stood as authorizations to
// "provide" the type of the service, given by the operator. A status that ended is retired,
// with its end: what was done while it stood was done rightly. No type of service says which
// credentials may be issued, so nothing here says "issue".
//
// TS 119 612 gives no identifiers to providers. Theirs here are made of the territory and
// the registration number that Implementing Decision (EU) 2015/1505 asks for among the trade
// names, and if there is none of the name: etsi-tsp:AT:VATAT-U00000000. A service's is the
// provider's with the end of its type and the subject key identifier.
func ETSI(path string, opt Options) (*Result, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	l, err := parseTSL(path, data, opt.Unsigned)
	if err != nil {
		return nil, err
	}
	return importList(FromETSI, l, opt)
}

// importList imports a list that was read: in this order, so that what nobody is trusted
// for is not looked at.
func importList(from string, l trustedList, opt Options) (*Result, error) {
	h := l.head()
	sig, stale, err := l.trust(opt)
	if err != nil {
		return nil, err
	}
	r := &Result{Name: h.name(), Authority: h.id(), Report: Report{
		From: from, Source: h.path, List: h.list(), Time: h.issued, NextUpdate: h.next, Sequence: h.sequence, Signature: sig,
	}}
	if err := l.mapTo(r); err != nil {
		return nil, err
	}
	r.keepSource(h.data, opt)
	return r.judgeList(h, stale, opt)
}

// A listHead is what the lists of TS 119 612 and TS 119 602 say of themselves.
type listHead struct {
	path         string
	data         []byte
	kind         string // the URI of the list's type
	territory    string
	operator     []string // names, English first
	sequence     uint64
	issued, next string // next is "" for a closed list
	lotlNext     string // that of the list of lists that vouches for the signer; "" for none
	pointers     []listPointer
	listOfLists  bool
	signer       *x509.Certificate
	idOf         func(territory, kind string, operator []string) string // of an operator
}

// A trustedList is a list in one of the two forms.
type trustedList interface {
	head() *listHead
	trust(opt Options) (sig Signature, stale string, err error)
	mapTo(r *Result) error
}

// openListOfLists reads a signed list, XML or JSON.
func openListOfLists(path string) (trustedList, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff"))), []byte("<")) {
		return parseTSL(path, data, false)
	}
	return parseLoTE(path, data, false)
}

// A listPointer says where another list is, and who signs it.
type listPointer struct {
	url, kind, territory, mime string
	operator                   []string
	certs                      []*x509.Certificate
}

// name is what a registry made of the list is called: the names that schemes have are
// half a page of law.
func (h *listHead) name() string {
	what := "Trusted list of "
	if h.listOfLists {
		what = "List of trusted lists of "
	}
	if h.territory != "" {
		what += h.territory + ", "
	}
	return what + h.operator[0]
}

// id identifies the operator.
func (h *listHead) id() string { return h.idOf(h.territory, h.kind, h.operator) }

// list says which list it is: an operator may have several, of different types.
func (h *listHead) list() string { return h.id() + " " + h.kind }

// tslID identifies the operator of a trusted list by the territory that its scheme is of.
func tslID(territory, _ string, _ []string) string { return "etsi-tlso:" + iso3166(territory) }

// iso3166 is the territory as ISO 3166-1 has it: TS 119 612 Clause 5.3.10 writes EL and
// UK for two of them.
func iso3166(territory string) string {
	switch territory {
	case "EL":
		return "GR"
	case "UK":
		return "GB"
	}
	return territory
}

// A tsl is a list whose signature was checked, as far as it says so.
type tsl struct {
	*listHead
	root   *xmlNode
	scheme *xmlNode
	signed *signedXML // nil if it may be unsigned, and is
}

func (l *tsl) head() *listHead { return l.listHead }

func (l *tsl) mapTo(r *Result) error { return r.mapTSL(l) }

// parseTSL reads a list and checks its signature, but not whose it is.
func parseTSL(path string, data []byte, unsigned bool) (*tsl, error) {
	text := bytes.TrimPrefix(data, []byte("\ufeff")) // no part of the document, XML 1.0 Section 4.3.3
	if err := checkXML(path, text); err != nil {
		return nil, err
	}
	root, err := readXML(path, text)
	if err != nil {
		return nil, err
	}
	l := &tsl{listHead: &listHead{path: path, data: data, idOf: tslID}}
	if unsigned && countElements(root, dsNS, "Signature") == 0 {
		c14n, err := canonicalize(path, root)
		if err != nil {
			return nil, err
		}
		if l.root, err = parseCanonical(path, c14n); err != nil {
			return nil, err
		}
	} else {
		if l.signed, err = verifyXML(path, root); err != nil {
			return nil, err
		}
		l.root, l.signer = l.signed.root, l.signed.signer
	}
	return l, l.readHead()
}

// readHead reads the SchemeInformation, TS 119 612 Clause 5.3.
func (l *tsl) readHead() error {
	if l.root.Space != tslNS || l.root.Local != "TrustServiceStatusList" || l.root.attr("TSLTag") != tslTag {
		return errorf(BadForm, l.path, "the root is %.60q with the TSLTag %.80q, want a TrustServiceStatusList of TS 119 612", l.root.Local, l.root.attr("TSLTag"))
	}
	if l.scheme = l.root.only(tslNS, "SchemeInformation"); l.scheme == nil {
		return errorf(BadForm, l.path, "want one SchemeInformation")
	}
	s := l.scheme
	if v := s.only(tslNS, "TSLVersionIdentifier").words(); v != "5" && v != "6" {
		return errorf(Unsupported, l.path, "the TSLVersionIdentifier %.20q, want 5 or 6", v)
	}
	var err error
	if l.sequence, err = strconv.ParseUint(s.only(tslNS, "TSLSequenceNumber").words(), 10, 53); err != nil || l.sequence == 0 {
		return errorf(BadForm, l.path, "no TSLSequenceNumber from 1 on")
	}
	l.kind = s.only(tslNS, "TSLType").words()
	l.listOfLists = strings.HasSuffix(l.kind, listOf)
	l.territory = s.only(tslNS, "SchemeTerritory").words()
	l.operator = names(s.only(tslNS, "SchemeOperatorName"))
	if !country.MatchString(l.territory) || l.kind == "" || len(l.operator) == 0 {
		return errorf(BadForm, l.path, "want TSLType, SchemeOperatorName, and SchemeTerritory as two capital letters")
	}
	l.issued, l.next = s.only(tslNS, "ListIssueDateTime").words(), s.at(tslNS, "NextUpdate", "dateTime").words()
	if l.next == "" && s.only(tslNS, "NextUpdate") == nil {
		return errorf(BadForm, l.path, "no NextUpdate: a closed list has an empty one (Clause 5.3.15)")
	}
	if err := l.checkTimes(); err != nil {
		return err
	}
	if bad := criticalExtension(s.only(tslNS, "SchemeExtensions"), nil); bad != "" {
		return errorf(Unsupported, l.path, "a critical extension of the scheme, %.80q (Clause 5.3.17)", bad)
	}
	for _, p := range s.only(tslNS, "PointersToOtherTSL").all(tslNS, "OtherTSLPointer") {
		l.pointers = append(l.pointers, readPointer(p))
	}
	return nil
}

// checkTimes holds issue and next update to their form.
func (h *listHead) checkTimes() error {
	if _, err := time.Parse(time.RFC3339, h.issued); err != nil {
		return errorf(BadForm, h.path, "ListIssueDateTime: %v", err)
	}
	if h.next != "" {
		if _, err := time.Parse(time.RFC3339, h.next); err != nil {
			return errorf(BadForm, h.path, "NextUpdate: %v", err)
		}
	}
	return nil
}

// readPointer reads an OtherTSLPointer, Clause 5.3.13. What it lacks does not match
// any list.
func readPointer(n *xmlNode) listPointer {
	p := listPointer{url: n.only(tslNS, "TSLLocation").words()}
	for _, id := range n.only(tslNS, "ServiceDigitalIdentities").all(tslNS, "ServiceDigitalIdentity") {
		certs, _, _ := digitalIdentity(id)
		for _, c := range certs {
			if !slices.ContainsFunc(p.certs, c.Equal) {
				p.certs = append(p.certs, c)
			}
		}
	}
	for _, info := range n.only(tslNS, "AdditionalInformation").all(tslNS, "OtherInformation") {
		for _, k := range info.kids {
			switch k.Local {
			case "TSLType":
				p.kind = k.words()
			case "SchemeTerritory":
				p.territory = k.words()
			case "SchemeOperatorName":
				p.operator = names(k)
			case "MimeType":
				p.mime = k.words()
			}
		}
	}
	return p
}

// trust says by whom the list is signed, and whether that is known from a list of
// lists that is past its own next update.
func (l *tsl) trust(opt Options) (Signature, string, error) {
	if l.signed == nil {
		return Signature{State: Unsigned, Note: "accepted without a signature, as was asked for"}, "", nil
	}
	var known []string
	if l.kind == euListType && l.territory == "EU" {
		known = LOTLFingerprints
	}
	note, stale := "", ""
	var err error
	if opt.LOTL != "" {
		note, stale, err = l.listed(opt)
	} else {
		note, err = l.pinned(opt, known, "the notice C/2026/1944 in the Official Journal of the European Union")
	}
	if err != nil {
		return Signature{}, "", err
	}
	if l.signed.legacy {
		note += "; with SigningCertificate, which SigningCertificateV2 has replaced"
	}
	return Signature{
		State: Verified, By: l.signer.Subject.String(), Algorithm: "XAdES, " + l.signed.algorithm,
		Fingerprint: x5t(l.signer.Raw), Note: note,
	}, stale, nil
}

// pinned reports whether the signer's certificate is one that the caller trusts, or
// without the caller's word one of those known.
func (h *listHead) pinned(opt Options, known []string, by string) (string, error) {
	if opt.Fingerprint == "" && len(opt.Anchors) == 0 && len(known) > 0 {
		if !slices.Contains(known, x5t(h.signer.Raw)) {
			return "", errorf(WrongSigner, h.path, "signed with the certificate %s, which is none of those of %s", x5t(h.signer.Raw), by)
		}
		return "pinned by " + by, nil
	}
	opt.Unsigned = false
	s, err := opt.signers(h.path, "")
	if err != nil {
		return "", err
	}
	if x5t(h.signer.Raw) == s.pin {
		return "pinned by its fingerprint", nil
	}
	if slices.ContainsFunc(s.anchors, h.signer.Equal) {
		return "pinned by an anchor", nil
	}
	return "", errorf(WrongSigner, h.path, "signed with the certificate %s of %s, which is not among those trusted", x5t(h.signer.Raw), h.signer.Subject)
}

// listed reports whether Options.LOTL, a list of lists that is trusted, has the signer's
// certificate for a list of this type and territory.
func (h *listHead) listed(opt Options) (note, stale string, err error) {
	by, err := openListOfLists(opt.LOTL)
	if err != nil {
		return "", "", err
	}
	above := opt
	above.LOTL = ""
	if _, _, err = by.trust(above); err != nil {
		return "", "", err
	}
	lotl := by.head()
	if !lotl.listOfLists {
		return "", "", errorf(BadForm, lotl.path, "is of the type %.80q, want a list of lists", lotl.kind)
	}
	found := false
	for _, p := range lotl.pointers {
		if p.territory != h.territory || p.kind != h.kind {
			continue
		}
		found = true
		if slices.ContainsFunc(p.certs, h.signer.Equal) {
			note, h.lotlNext = "pinned by "+lotl.describe(), lotl.next
			if lotl.past(opt.now()) {
				stale = lotl.describe() + " is past its next update, " + lotl.next
			}
			return note, stale, nil
		}
	}
	if !found {
		return "", "", errorf(WrongSigner, h.path, "%s does not point to a list of the type %.80q for %s", lotl.describe(), h.kind, h.territory)
	}
	return "", "", errorf(WrongSigner, h.path, "signed with the certificate %s of %s, which %s does not have for %s",
		x5t(h.signer.Raw), h.signer.Subject, lotl.describe(), h.territory)
}

func (h *listHead) describe() string {
	return "list of lists " + h.territory + " number " + strconv.FormatUint(h.sequence, 10)
}

// past reports whether the next update of a list is past; a closed one has none.
func (h *listHead) past(now time.Time) bool {
	next, err := time.Parse(time.RFC3339, h.next)
	return err != nil || !now.Before(next)
}

// due is when what the list says is stale: at its next update, or at that of the list of
// lists that vouches for it. A closed list is stale from its issue on.
func (h *listHead) due() string {
	if h.next == "" {
		return h.issued
	}
	next, err := time.Parse(time.RFC3339, h.next)
	above, errAbove := time.Parse(time.RFC3339, h.lotlNext)
	if err == nil && errAbove == nil && above.Before(next) {
		return h.lotlNext
	}
	return h.next
}

// judgeList is judge for a list: it is stale also if closed, and if the list of lists
// that it is trusted by is.
func (r *Result) judgeList(h *listHead, stale string, opt Options) (*Result, error) {
	r.due(h.due())
	r, err := r.judge(opt)
	if err != nil {
		return nil, err
	}
	now := opt.now()
	p := &r.Report
	switch {
	case h.next == "":
		p.Judged, p.Past = now.Format(time.RFC3339), true
		r.note("NextUpdate", Expired, "the list is closed: it says that there will be no other")
	case stale != "":
		p.Past = true
		r.note("lotl", Expired, "%s: the list cannot be told for current by it", stale)
	}
	issued, _ := time.Parse(time.RFC3339, h.issued)
	if next, err := time.Parse(time.RFC3339, h.next); err == nil && next.Sub(issued) > maxListLife {
		r.note("NextUpdate", BadProfile, "%s is more than six months after the issue, %s", h.next, h.issued)
	}
	if issued.After(now) {
		r.note("ListIssueDateTime", BadProfile, "%s is in the future", h.issued)
	}
	if h.signer != nil && now.After(h.signer.NotAfter) {
		r.note("signature", Expired, "the signer's certificate ended on %s, after it signed", rfc3339(h.signer.NotAfter))
	}
	return r, nil
}
