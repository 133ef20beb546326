package importer

import (
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// mapLoTE makes entities of a list of trusted entities.
func (r *Result) mapLoTE(t *lote) error {
	var links []snapshot.Service
	for _, v := range t.scheme.Array("DistributionPoints") {
		u, _ := v.(string)
		links = append(links, snapshot.Service{Type: "trust-list", URL: u})
	}
	l := r.lister(t.listHead, checkLinks(r, "DistributionPoints", links))
	r.others("ListAndSchemeInformation.", t.scheme, "describes the scheme", "LoTEVersionIdentifier", "LoTESequenceNumber", "LoTEType",
		"SchemeOperatorName", "SchemeTerritory", "ListIssueDateTime", "NextUpdate", "DistributionPoints", "PointersToOtherLoTE")
	if t.listOfLists {
		l.pointers("PointersToOtherLoTE", t.listHead)
	} else if len(t.pointers) > 0 {
		r.notMapped("ListAndSchemeInformation.PointersToOtherLoTE", "other lists, which the operator does not vouch for here")
	}
	for i, v := range t.entities {
		o, ok := v.(strictjson.Object)
		if !ok {
			return errorf(BadForm, t.path, "TrustedEntitiesList[%d] is no object", i)
		}
		l.trustedEntity(index("TrustedEntitiesList", i), t.kind, o)
	}
	return nil
}

// trustedEntity reads a TrustedEntity, TS 119 602 Clause 6.5.
func (l *lister) trustedEntity(place, list string, o strictjson.Object) {
	info := o.Object("TrustedEntityInformation")
	name, trade := langTexts(info["TEName"], "value"), langTexts(info["TETradeName"], "value")
	if len(name) == 0 {
		l.skip(place, BadForm, "an entity without a TEName")
		return
	}
	if criticalJSON(info["TEInformationExtensions"]) {
		l.skip(place, Unsupported, "%.80s: a critical extension", name[0])
		return
	}
	l.others("TrustedEntity.", o, "not known to this importer", "TrustedEntityInformation", "TrustedEntityServices")
	l.others("TrustedEntityInformation.", info, "describes the entity", "TEName", "TETradeName", "TEInformationURI")
	e := snapshot.Entity{
		ID: l.freeID(providerID(l.by+":", name, trade)), Kind: "trust-service-provider", Names: both(name, trade), Jurisdiction: l.territory,
	}
	for _, u := range langTexts(info["TEInformationURI"], "uriValue") {
		l.service(&e, "TEInformationURI", "website", u)
	}
	at := len(l.Entities)
	l.Entities = append(l.Entities, e)
	var services []listedService
	for i, v := range o.Array("TrustedEntityServices") {
		svc, _ := v.(strictjson.Object)
		if s, ok := l.entityService(index(place+".TrustedEntityServices", i), list, svc); ok {
			services = append(services, s)
		}
	}
	l.services(&e, services)
	l.Entities[at] = e
}

// entityService reads a TrustedEntityService, TS 119 602 Clauses 6.6 and 6.7.
func (l *lister) entityService(place, list string, o strictjson.Object) (s listedService, ok bool) {
	info := o.Object("ServiceInformation")
	s = listedService{place: place, kind: info.String("ServiceTypeIdentifier"), names: langTexts(info["ServiceName"], "value")}
	profile, known := loteProfiles[list]
	switch {
	case s.kind == "" || len(s.names) == 0:
		l.skip(place, BadForm, "a service without a type or a name")
		return s, false
	case known && !strings.HasPrefix(s.kind, profile.services):
		l.skip(place, BadProfile, "%.80s: the type %.100q in a list of the type %q", s.names[0], s.kind, list)
		return s, false
	}
	l.others("TrustedEntityService.", o, "not known to this importer", "ServiceInformation", "ServiceHistory")
	l.others("ServiceInformation.", info, "describes the service", "ServiceTypeIdentifier", "ServiceName", "ServiceDigitalIdentity",
		"ServiceStatus", "StatusStartingTime", "ServiceSupplyPoints")
	for _, v := range info.Array("ServiceSupplyPoints") {
		p, _ := v.(strictjson.Object)
		s.links = append(s.links, snapshot.Service{Type: "supply-point", URL: p.String("uriValue")})
	}
	s.links = checkLinks(l.Result, "ServiceSupplyPoints", s.links)
	for i, v := range append([]any{info}, o.Array("ServiceHistory")...) {
		h, _ := v.(strictjson.Object)
		kind := h.String("ServiceTypeIdentifier")
		st := serviceState{at: h.String("StatusStartingTime"), status: h.String("ServiceStatus"), stands: true}
		understood := true
		if st.status != "" {
			st.stands, understood = serviceStands(st.status)
		}
		switch {
		case i > maxStates:
			l.skip(place, TooLarge, "more than %d states", maxStates)
			return s, false
		case kind != s.kind && (i == 0 || kind != ""): // in the history it may be left out
			l.skip(place, BadForm, "its history has the type %.80q, and it %.80q", kind, s.kind)
			return s, false
		case criticalJSON(h["ServiceInformationExtensions"]):
			l.skip(place, Unsupported, "%.80s: a critical extension", s.names[0])
			return s, false
		case !understood, st.status == "" && (i > 0 || known && profile.status), h.Has("ServiceStatus") && st.status == "":
			l.skip(place, Unsupported, "%.80s: the status %.100q since %.40q", s.names[0], st.status, st.at)
			return s, false
		case st.status != "" && known && !profile.status:
			l.note(place, BadProfile, "%.80s: a status in a list in which being listed is the status", s.names[0])
		}
		var bad []string
		st.certs, st.keys, bad = l.identityLoTE(h.Object("ServiceDigitalIdentity"), &st)
		for _, b := range bad {
			l.notMapped("ServiceDigitalIdentity."+b, "identifies the service by something else than a certificate or key")
		}
		s.states = append(s.states, st)
	}
	return s, true
}

// identityLoTE reads a ServiceDigitalIdentity, Clause 6.6.3, and names what else there is
// than certificates and keys.
func (l *lister) identityLoTE(o strictjson.Object, st *serviceState) (certs []*x509.Certificate, ks []snapshot.Key, others []string) {
	certs, bad, members := certificatesLoTE(o)
	for range bad {
		others = append(others, "X509Certificates (one that cannot be read)")
	}
	for _, v := range o.Array("PublicKeyValues") {
		jwk, _ := v.(strictjson.Object)
		k := snapshot.Key{Kid: jwk.String("kid"), JWK: jwk}
		if _, err := (snapshot.Entity{ID: "x:", Keys: []snapshot.Key{k}}).Normal(); err != nil {
			others = append(others, "PublicKeyValues (one that cannot be read)")
			continue
		}
		ks = append(ks, k)
	}
	for _, v := range o.Array("X509SKIs") {
		s, _ := v.(string)
		if ski, ok := decodeSKI(s); ok {
			st.skis = append(st.skis, ski)
		}
	}
	for _, name := range members {
		if !slices.Contains([]string{"X509Certificates", "X509SubjectNames", "X509SKIs", "PublicKeyValues"}, name) {
			others = append(others, name)
		}
	}
	return certs, ks, others
}

// certificatesLoTE reads X509Certificates, counts those that are none, and names the
// members.
func certificatesLoTE(o strictjson.Object) (certs []*x509.Certificate, bad int, members []string) {
	for _, v := range o.Array("X509Certificates") {
		ob, _ := v.(strictjson.Object)
		der, err := base64.StdEncoding.Strict().DecodeString(ob.String("val"))
		c, err2 := x509.ParseCertificate(der)
		if err != nil || err2 != nil {
			bad++
		} else if !slices.ContainsFunc(certs, c.Equal) {
			certs = append(certs, c)
		}
	}
	return certs, bad, o.Names()
}
