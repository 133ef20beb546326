package importer

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

// provide is the action of a trust service: it is the type of the service that is
// authorised, and not a type of credential.
const provide = "provide"

// A listedService is a service of a trusted list, in either form.
type listedService struct {
	place  string
	id     string
	kind   string // the URI of its type
	names  []string
	links  []snapshot.Service
	states []serviceState // newest first; the first one is in force
}

// A serviceState is the status of a service from a time on.
type serviceState struct {
	at     string // "" only where the list has no times
	status string // its URI; "" where being listed is the status
	stands bool
	certs  []*x509.Certificate
	keys   []snapshot.Key // those that are no certificates
	skis   []string       // in hex
}

// statuses are those of TS 119 612 Clause 5.5.4 and Annex D.5, by the end of their URIs, and
// those of the lists of public bodies that issue attestations, TS 119 602 Annex H: whether the
// service stands. The others of a scheme are its own, and not understood here.
var statuses = map[string]bool{
	"TrustedList/Svcstatus/granted":                   true,
	"TrustedList/Svcstatus/withdrawn":                 false,
	"TrustedList/Svcstatus/recognisedatnationallevel": true,
	"TrustedList/Svcstatus/deprecatedatnationallevel": false,
	"TrustedList/Svcstatus/setbynationallaw":          true,
	"TrustedList/Svcstatus/deprecatedbynationallaw":   false,
	"TrustedList/Svcstatus/undersupervision":          true,
	"TrustedList/Svcstatus/supervisionincessation":    true, // it ends, and has not ended
	"TrustedList/Svcstatus/supervisionceased":         false,
	"TrustedList/Svcstatus/supervisionrevoked":        false,
	"TrustedList/Svcstatus/accredited":                true,
	"TrustedList/Svcstatus/accreditationceased":       false,
	"TrustedList/Svcstatus/accreditationrevoked":      false,
	"PubEAAProvidersList/SvcStatus/notified":          true,
	"PubEAAProvidersList/SvcStatus/withdrawn":         false,
}

// serviceStands says what a status means; ok is false for one not known.
func serviceStands(status string) (stands, ok bool) {
	tail, found := strings.CutPrefix(status, "http://uri.etsi.org/TrstSvc/")
	if !found {
		tail, found = strings.CutPrefix(status, "http://uri.etsi.org/19602/")
	}
	stands, ok = statuses[tail]
	return stands, ok && found
}

// sortStates brings the states of a service, which a list has newest first, in order of
// time; false if a time is none. Of two from one time on the newer counts: the other
// lasted no time.
func (s *listedService) sortStates() bool {
	slices.Reverse(s.states)
	for i := range s.states {
		at := s.states[i].at
		t, err := time.Parse(time.RFC3339, at)
		if err != nil && (at != "" || len(s.states) > 1) {
			return false
		}
		if err == nil {
			s.states[i].at = rfc3339(t)
		}
	}
	slices.SortStableFunc(s.states, func(a, b serviceState) int {
		ta, _ := time.Parse(time.RFC3339Nano, a.at)
		tb, _ := time.Parse(time.RFC3339Nano, b.at)
		return ta.Compare(tb)
	})
	var last []serviceState
	for i, st := range s.states {
		if i+1 == len(s.states) || s.states[i+1].at != st.at {
			last = append(last, st)
		}
	}
	s.states = last
	return true
}

// A lister makes the entities of a list.
type lister struct {
	*Result
	taken     map[string]int // ids that are given → how often
	by        string         // the operator's id
	territory string         // as ISO 3166-1 has it
}

// lister makes the operator's entity, the first of the list.
func (r *Result) lister(h *listHead, links []snapshot.Service) *lister {
	l := &lister{r, map[string]int{}, h.id(), iso3166(h.territory)}
	e := snapshot.Entity{ID: l.freeID(l.by), Kind: "authority", Names: h.operator, Jurisdiction: l.territory, Services: links}
	if h.signer != nil {
		e.Keys = []snapshot.Key{certificateKey(h.signer)}
	}
	r.Entities = append(r.Entities, e)
	return l
}

// grants gives an entity an authorization by the operator, and the operator the right to
// grant such, where it has been given none yet. Within the list's own registry the
// operator is who speaks; in one of several sources, in another's name, the right is the
// word of whoever took the list into it, and what the operator grants stands on that.
func (l *lister) grants(e *snapshot.Entity, a snapshot.Authorization) {
	a.By = l.by
	e.Auth = append(e.Auth, a)
	right := snapshot.Authorization{Action: "accredit", Resource: a.Resource, Jurisdiction: l.territory}
	if a.Jurisdiction != l.territory { // a list of lists is of one territory and points to others
		right.Jurisdiction = ""
	}
	if operator := &l.Entities[0]; !slices.Contains(operator.Auth, right) {
		operator.Auth = append(operator.Auth, right)
	}
}

// pointers makes an entity of each operator that the list points to: the keys that
// sign its lists, and that it publishes them.
func (l *lister) pointers(member string, h *listHead) {
	places := map[string]int{}
	for i, p := range h.pointers {
		place := index(member, i)
		if p.territory == h.territory && p.kind == h.kind {
			continue // the list itself
		}
		if p.territory != "" && !country.MatchString(p.territory) || p.kind == "" || p.url == "" || len(p.operator) == 0 {
			l.skip(place, BadForm, "a pointer without a place, a type, an operator, or with a territory that is not two capital letters")
			continue
		}
		id := h.idOf(p.territory, p.kind, p.operator)
		at, ok := places[id]
		if !ok {
			if id == l.by {
				at = 0
			} else {
				at = len(l.Entities)
				l.Entities = append(l.Entities, snapshot.Entity{ID: l.freeID(id), Kind: "authority", Names: p.operator, Jurisdiction: iso3166(p.territory)})
			}
			places[id] = at
		}
		e := &l.Entities[at]
		l.service(e, place+".TSLLocation", "trust-list", p.url)
		l.grants(e, snapshot.Authorization{Action: "publish", Resource: p.kind, Jurisdiction: iso3166(p.territory)})
		for _, c := range p.certs {
			k := certificateKey(c)
			if !slices.ContainsFunc(e.Keys, func(have snapshot.Key) bool { return have.Kid == k.Kid }) {
				e.Keys = append(e.Keys, k)
			}
		}
	}
}

// services makes the entities of a provider's services. A provider may have several of
// one type with one key: those are told apart by their names.
func (l *lister) services(provider *snapshot.Entity, list []listedService) {
	kept := list[:0]
	same := map[string]int{}
	for _, s := range list {
		if !s.sortStates() {
			l.skip(s.place, BadForm, "a StatusStartingTime that is none")
			continue
		}
		s.id = provider.ID + "/" + serviceTail(s.kind) + "/" + s.identity()
		same[s.id]++
		kept = append(kept, s)
	}
	for _, s := range kept {
		if same[s.id] > 1 {
			s.id += "/" + s.nameHash()
		}
		l.addService(provider, s)
	}
}

func (l *lister) addService(provider *snapshot.Entity, s listedService) {
	now := s.states[len(s.states)-1]
	e := snapshot.Entity{
		ID: l.freeID(s.id), Kind: "trust-service",
		Names: s.names, Jurisdiction: l.territory,
		Services: append(s.links, snapshot.Service{Type: "provider", URL: provider.ID}),
	}
	if !now.stands {
		e.Status = snapshot.Retired
	}
	first, last := "", "" // of the time in which the service stood
	for i := 0; i < len(s.states); i++ {
		st := s.states[i]
		if st.at != "" {
			ev := snapshot.Event{At: st.at, Note: st.status}
			if !st.stands {
				ev.Status = snapshot.Retired
			}
			e.History = append(e.History, ev)
		}
		if !st.stands {
			continue
		}
		if len(e.Auth) == 0 {
			first = st.at
		}
		a := snapshot.Authorization{Action: provide, Resource: s.kind, Jurisdiction: l.territory, From: st.at}
		for i+1 < len(s.states) && s.states[i+1].stands { // one status may follow another
			i++
			e.History = append(e.History, snapshot.Event{At: s.states[i].at, Note: s.states[i].status})
		}
		last = ""
		if i+1 < len(s.states) {
			last = s.states[i+1].at
			a.Until, a.State = last, snapshot.Retired
		}
		l.grants(&e, a)
	}
	if len(e.Auth) > 0 {
		e.Keys = s.keyWindows(first, last)
	} else if len(now.certs)+len(now.keys) > 0 {
		l.notMapped("ServiceDigitalIdentity", "of services that never stood: a key without a time in which it was one")
	}
	if len(e.Auth) > 0 && len(e.Keys) == 0 {
		l.notMapped("ServiceDigitalIdentity", "without a certificate or key")
	}
	provider.Services = append(provider.Services, snapshot.Service{Type: "trust-service", URL: e.ID})
	l.Entities = append(l.Entities, e)
}

// keyWindows are the keys of a service, each for the time in which the list has it, within
// that in which the service stood. A state that has none, but a key identifier at most,
// has those of its neighbours: TS 119 612 Clause 5.6.3 asks no more of a history.
func (s *listedService) keyWindows(from, until string) []snapshot.Key {
	var list []snapshot.Key
	windows := map[string][2]int{} // the first and last state of each
	order := []string{}
	byID := map[string]snapshot.Key{}
	for i := len(s.states) - 1; i >= 0; i-- {
		for _, k := range s.states[i].allKeys() {
			id := k.Kid + " " + string(strictjson.Encode(k.JWK))
			if len(k.X5C) > 0 {
				id = k.X5C[0]
			}
			w, ok := windows[id]
			if !ok {
				w[1] = i
				byID[id], order = k, append(order, id)
			}
			windows[id] = [2]int{i, w[1]}
		}
	}
	bare := func(i int) bool { return i >= 0 && i < len(s.states) && len(s.states[i].allKeys()) == 0 }
	for _, id := range order {
		k, w := byID[id], windows[id]
		for bare(w[0] - 1) {
			w[0]--
		}
		for bare(w[1] + 1) {
			w[1]++
		}
		k.From, k.Until = from, until
		if at := s.states[w[0]].at; at != "" && earlier(k.From, at) {
			k.From = at
		}
		if w[1]+1 < len(s.states) {
			if at := s.states[w[1]+1].at; k.Until == "" || earlier(at, k.Until) {
				k.Until = at
			}
		}
		if k.Until != "" {
			k.State = snapshot.Retired
			if !earlier(k.From, k.Until) {
				continue // it was one only while the service did not stand
			}
		}
		list = append(list, k)
	}
	return list
}

// allKeys are the certificates and keys of a state, without the certificates' own dates:
// the list says how long.
func (st *serviceState) allKeys() []snapshot.Key {
	ks := slices.Clone(st.keys)
	for _, c := range st.certs {
		k := certificateKey(c)
		k.From, k.Until = "", ""
		ks = append(ks, k)
	}
	return ks
}

// earlier compares two times of a list; "" is before all.
func earlier(a, b string) bool {
	ta, _ := time.Parse(time.RFC3339Nano, a)
	tb, _ := time.Parse(time.RFC3339Nano, b)
	return ta.Before(tb)
}

// identity tells the services of one type and provider apart: by the subject key
// identifier as the list has it, or the certificate's, or by the name.
func (s *listedService) identity() string {
	for i := len(s.states) - 1; i >= 0; i-- {
		st := s.states[i]
		for _, c := range st.certs {
			if len(c.SubjectKeyId) > 0 {
				return hex.EncodeToString(c.SubjectKeyId)
			}
		}
		if len(st.skis) > 0 {
			return st.skis[0]
		}
		for _, c := range st.certs {
			return "x5t-" + x5t(c.Raw)[:32]
		}
	}
	return s.nameHash()
}

func (s *listedService) nameHash() string {
	sum := sha256.Sum256([]byte(strings.Join(s.names, "\n")))
	return "name-" + hex.EncodeToString(sum[:16])
}

// serviceTail is the part of a service type's URI that tells it from others.
func serviceTail(kind string) string {
	for _, prefix := range []string{"http://uri.etsi.org/TrstSvc/Svctype/", "http://uri.etsi.org/19602/SvcType/"} {
		if tail, ok := strings.CutPrefix(kind, prefix); ok && tail != "" {
			return tail
		}
	}
	return url.PathEscape(kind)
}

// freeID gives an identifier that no entity has: a second one with the same has -2
// behind it, in the order of the list.
func (l *lister) freeID(id string) string {
	free := id
	for l.taken[free] > 0 {
		l.taken[id]++ // where to go on: many may have the same
		free = id + "-" + strconv.Itoa(l.taken[id])
	}
	l.taken[free]++
	return free
}

// registration is an identifier of an organization as EN 319 412-1 Clause 5.1.4 forms it:
// VATAT-U00000000, NTRBE-0000.000.000.
var registration = regexp.MustCompile(`^[A-Z]{5}-[!-~]{1,100}$`)

// providerID identifies a provider in a list: by its registration number, or by its name.
func providerID(prefix string, names, tradeNames []string) string {
	for _, n := range tradeNames {
		if registration.MatchString(n) {
			return prefix + n
		}
	}
	return prefix + url.PathEscape(names[0])
}

// decodeSKI turns a subject key identifier in base64 into hex.
func decodeSKI(s string) (string, bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return hex.EncodeToString(b), err == nil && len(b) > 0 && len(b) <= 64
}
