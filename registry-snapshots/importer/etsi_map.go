package importer

import (
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// mapTSL makes entities of a trusted list.
func (r *Result) mapTSL(t *tsl) error {
	var links []snapshot.Service
	for _, u := range t.scheme.only(tslNS, "DistributionPoints").all(tslNS, "URI") {
		links = append(links, snapshot.Service{Type: "trust-list", URL: u.words()})
	}
	l := r.lister(t.listHead, checkLinks(r, "DistributionPoints", links))
	r.uncounted("", t.root, "not known to this importer", "SchemeInformation", "TrustServiceProviderList")
	r.uncounted("SchemeInformation.", t.scheme, "describes the scheme", "TSLVersionIdentifier", "TSLSequenceNumber", "TSLType",
		"SchemeOperatorName", "SchemeName", "SchemeTerritory", "ListIssueDateTime", "NextUpdate", "DistributionPoints", "PointersToOtherTSL")
	if t.listOfLists {
		l.pointers("PointersToOtherTSL", t.listHead)
	} else if len(t.pointers) > 0 {
		r.notMapped("SchemeInformation.PointersToOtherTSL", "the way back to the list of lists")
	}
	lists := t.root.all(tslNS, "TrustServiceProviderList")
	if len(lists) > 1 {
		return errorf(BadForm, t.path, "%d elements TrustServiceProviderList", len(lists))
	}
	for _, list := range lists {
		for i, p := range list.all(tslNS, "TrustServiceProvider") {
			l.provider(index("TrustServiceProvider", i), p)
		}
	}
	return nil
}

// provider reads a TrustServiceProvider, TS 119 612 Clause 5.4.
func (l *lister) provider(place string, n *xmlNode) {
	info := n.only(tslNS, "TSPInformation")
	name, trade := names(info.only(tslNS, "TSPName")), names(info.only(tslNS, "TSPTradeName"))
	if len(name) == 0 {
		l.skip(place, BadForm, "a provider without a TSPName (Clause 5.4.1)")
		return
	}
	if bad := criticalExtension(info.only(tslNS, "TSPInformationExtensions"), nil); bad != "" {
		l.skip(place, Unsupported, "%.80s: the critical extension %.80q", name[0], bad)
		return
	}
	l.uncounted("TSPInformation.", info, "describes the provider", "TSPName", "TSPTradeName", "TSPInformationURI")
	e := snapshot.Entity{
		ID: l.freeID(providerID("etsi-tsp:"+l.territory+":", name, trade)), Kind: "trust-service-provider",
		Names: both(name, trade), Jurisdiction: l.territory,
	}
	for _, u := range info.only(tslNS, "TSPInformationURI").all(tslNS, "URI") {
		l.service(&e, "TSPInformationURI", "website", u.words())
	}
	at := len(l.Entities)
	l.Entities = append(l.Entities, e)
	var services []listedService
	for i, s := range n.only(tslNS, "TSPServices").all(tslNS, "TSPService") {
		if svc, ok := l.tspService(index(place+".TSPService", i), s); ok {
			services = append(services, svc)
		}
	}
	l.services(&e, services)
	l.Entities[at] = e
}

// tspService reads a TSPService, TS 119 612 Clauses 5.5 and 5.6.
func (l *lister) tspService(place string, n *xmlNode) (s listedService, ok bool) {
	info := n.only(tslNS, "ServiceInformation")
	s = listedService{place: place, kind: info.only(tslNS, "ServiceTypeIdentifier").words(), names: names(info.only(tslNS, "ServiceName"))}
	if s.kind == "" || len(s.names) == 0 {
		l.skip(place, BadForm, "a service without a type or a name (Clause 5.5)")
		return s, false
	}
	l.uncounted("ServiceInformation.", info, "describes the service", "ServiceTypeIdentifier", "ServiceName", "ServiceDigitalIdentity",
		"ServiceStatus", "StatusStartingTime", "ServiceSupplyPoints", "ServiceInformationExtensions")
	for _, u := range info.only(tslNS, "ServiceSupplyPoints").all(tslNS, "ServiceSupplyPoint") {
		s.links = append(s.links, snapshot.Service{Type: "supply-point", URL: u.words()})
	}
	s.links = checkLinks(l.Result, "ServiceSupplyPoints", s.links)
	for i, h := range append([]*xmlNode{info}, n.only(tslNS, "ServiceHistory").all(tslNS, "ServiceHistoryInstance")...) {
		// What is said of a time long past counts as little as what is said of the present
		// if it cannot be understood: the service is not imported in part.
		if i > maxStates {
			l.skip(place, TooLarge, "more than %d states", maxStates)
			return s, false
		}
		if kind := h.only(tslNS, "ServiceTypeIdentifier").words(); kind != s.kind {
			l.skip(place, BadForm, "its history has the type %.80q, and it %.80q (Clause 5.6.1)", kind, s.kind)
			return s, false
		}
		if bad := criticalExtension(h.only(tslNS, "ServiceInformationExtensions"), l.extension); bad != "" {
			l.skip(place, Unsupported, "%.80s: the critical extension %.80q (Clause 5.5.9)", s.names[0], bad)
			return s, false
		}
		st := serviceState{at: h.only(tslNS, "StatusStartingTime").words(), status: h.only(tslNS, "ServiceStatus").words()}
		if st.stands, ok = serviceStands(st.status); !ok || st.at == "" {
			l.skip(place, Unsupported, "%.80s: the status %.100q since %.40q", s.names[0], st.status, st.at)
			return s, false
		}
		var bad []string
		st.certs, st.skis, bad = digitalIdentity(h.only(tslNS, "ServiceDigitalIdentity"))
		for _, b := range bad {
			l.notMapped("ServiceDigitalIdentity."+b, "identifies the service by something else than a certificate")
		}
		s.states = append(s.states, st)
	}
	return s, true
}

// maxStates bounds the history of one service; the longest that is known has seven.
const maxStates = 64

// digitalIdentity reads the certificates and key identifiers of a
// ServiceDigitalIdentity, Clause 5.5.3, and names what else there is.
func digitalIdentity(n *xmlNode) (certs []*x509.Certificate, skis, others []string) {
	for _, id := range n.all(tslNS, "DigitalId") {
		for _, k := range id.kids {
			switch k.Local {
			case "X509Certificate":
				der, err := base64.StdEncoding.DecodeString(k.solid())
				c, err2 := x509.ParseCertificate(der)
				if err != nil || err2 != nil {
					others = append(others, "X509Certificate (one that cannot be read)")
				} else if !slices.ContainsFunc(certs, c.Equal) {
					certs = append(certs, c)
				}
			case "X509SKI":
				if ski, ok := decodeSKI(k.solid()); ok {
					skis = append(skis, ski)
				}
			case "X509SubjectName": // the certificate has it, and it identifies no key
			default:
				others = append(others, k.Local)
			}
		}
	}
	return certs, skis, others
}

// understood are the extensions of a service that this importer knows, Clause 5.5.9. None
// of them can be said in the model.
var understood = map[string]string{
	"Qualifications":               "which certificates of the service are qualified, and for what",
	"AdditionalServiceInformation": "what the service is for, such as signatures, seals or web sites",
	"ExpiredCertsRevocationInfo":   "since when the service keeps revocation data of expired certificates",
	"TakenOverBy":                  "who has taken the service over",
}

// extension notes an extension of a service, and says whether it is known.
func (l *lister) extension(name string) bool {
	why, ok := understood[name]
	if ok {
		l.notMapped("ServiceInformationExtensions."+name, why)
	} else {
		l.notMapped("ServiceInformationExtensions."+name, "not known to this importer")
	}
	return ok
}

// criticalExtension returns the name of a critical extension that is not known, or "".
func criticalExtension(n *xmlNode, known func(name string) bool) string {
	for _, x := range n.all(tslNS, "Extension") {
		name := "one without content"
		for _, k := range x.kids {
			name = k.Local
			if known != nil && known(name) {
				name = ""
			}
		}
		if critical := strings.TrimSpace(x.attr("Critical")); name != "" && critical != "false" && critical != "0" {
			return name
		}
	}
	return ""
}

// names reads names in several languages, English first, each once.
func names(n *xmlNode) []string {
	var english, others []string
	for _, k := range n.all(tslNS, "Name") {
		if isEnglish(k.attrIn(xmlSpace, "lang")) {
			english = append(english, k.words())
		} else {
			others = append(others, k.words())
		}
	}
	return both(english, others)
}

func isEnglish(lang string) bool {
	lang = strings.ToLower(lang)
	return lang == "en" || strings.HasPrefix(lang, "en-")
}

// both joins two lists of names, without those that are there already, or are empty or
// too long for a name.
func both(a, b []string) []string {
	var list []string
	for _, s := range slices.Concat(a, b) {
		if s != "" && len(s) <= maxListedName && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// maxListedName bounds a name, which TS 119 612 does not; the model's own bound is twice that.
const maxListedName = 1024

// checkLinks returns those services whose address is one.
func checkLinks(r *Result, member string, links []snapshot.Service) []snapshot.Service {
	e := snapshot.Entity{ID: "x:"}
	for _, s := range links {
		r.service(&e, member, s.Type, s.URL)
	}
	return e.Services
}

// uncounted lists the children of an element that are not among those known.
func (r *Result) uncounted(path string, n *xmlNode, why string, known ...string) {
	if n == nil {
		return
	}
	for _, k := range n.kids {
		if !slices.Contains(known, k.Local) {
			r.notMapped(path+k.Local, why)
		}
	}
}
