package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/jose"
	"github.com/verilith/verilith/wasm/strictjson"
)

// accreditation is an attribute of an issuer whose hash and signature are right.
type accreditation struct {
	place, holder, accreditor string
	signedBy                  string // thumbprint of the accreditor's key
	action, state             string
	resources, jurisdictions  []string
	from, until               string
	jwt                       []byte
}

// ebsiActions are what the types of accreditation allow, EBSI Issuer Trust Model.
var ebsiActions = map[string]string{
	"VerifiableAccreditationToAttest":      "issue",
	"VerifiableAccreditationToAccredit":    "accredit",
	"VerifiableAuthorisationForTrustChain": "accredit",
}

// ebsiGeneral are types that every credential of EBSI has and that, as a resource,
// would cover them all.
var ebsiGeneral = []string{"VerifiableCredential", "VerifiableAttestation"}

// attribute checks one attribute, {hash, body, issuerType, tao, rootTao}, and keeps
// it for chains, or says why not.
func (r *ebsiReader) attribute(place, did string, o strictjson.Object) {
	body := o.String("body")
	sum := sha256.Sum256([]byte(body))
	if hash := strings.TrimPrefix(strings.ToLower(o.String("hash")), "0x"); hash != hex.EncodeToString(sum[:]) {
		r.skip(place, BadSignature, "the hash %s is not that of the body", shown(hash))
		return
	}
	acc := &accreditation{place: place, holder: did, jwt: []byte(body)}
	switch role := o.String("issuerType"); role {
	case "RootTAO", "TAO", "TI":
	case "Revoked":
		acc.state = snapshot.Revoked
	default:
		r.skip(place, Unsupported, "issuerType %s, want RootTAO, TAO, TI or Revoked", shown(role))
		return
	}
	if err := r.accreditation(acc); err != nil {
		r.skipError(place, err)
		return
	}
	for _, m := range []string{"tao", "rootTao"} {
		if s := o.String(m); s != "" && !ebsiDID.MatchString(s) || m == "tao" && s != "" && s != acc.accreditor {
			r.note(place, BadForm, "%s is %s, and the accreditation is signed by %s, which stands", m, shown(s), acc.accreditor)
		}
	}
	r.others("attribute.", o, "not known to this importer", "hash", "body", "issuerType", "tao", "rootTao")
	r.held = append(r.held, acc)
}

// accreditation reads and verifies the credential of an attribute.
func (r *ebsiReader) accreditation(acc *accreditation) error {
	jws, err := jose.ParseCompact(string(acc.jwt))
	if err != nil {
		return errorf(BadForm, acc.place, "%v", err)
	}
	claims, err := object(acc.place, jws.Payload)
	if err != nil {
		return err
	}
	// VC-DATA-MODEL 1.1 Section 6.3.1: the claim vc, or in version 2 the payload itself.
	vc := claims
	if claims.Has("vc") {
		vc = claims.Object("vc")
	}
	acc.accreditor = vc.String("issuer")
	if acc.accreditor == "" {
		acc.accreditor = vc.Object("issuer").String("id")
	}
	subject := vc.Object("credentialSubject")
	did, _, _ := strings.Cut(jws.Kid, "#")
	switch {
	case !ebsiDID.MatchString(acc.accreditor):
		return errorf(BadForm, acc.place, "issuer %s is no did:ebsi", shown(acc.accreditor))
	case claims.Has("iss") && claims.String("iss") != acc.accreditor:
		return errorf(BadForm, acc.place, "iss is %s, and the issuer %s", shown(claims.String("iss")), acc.accreditor)
	case did != acc.accreditor:
		return errorf(WrongSigner, acc.place, "kid %s is no key of the issuer %s", shown(jws.Kid), acc.accreditor)
	case subject.String("id") != acc.holder || claims.Has("sub") && claims.String("sub") != acc.holder:
		return errorf(BadForm, acc.place, "is about %s, and held by %s", shown(subject.String("id")), acc.holder)
	}
	key := r.document(acc.accreditor).keys[jws.Kid]
	if key == nil {
		return errorf(WrongSigner, acc.place, "%s is not in the DID document of the accreditor, for assertions", shown(jws.Kid))
	}
	if err := jws.Verify(key); err != nil {
		return errorf(BadSignature, acc.place, "%v", err)
	}
	acc.signedBy = key.Thumbprint()
	if err := acc.window(claims, vc); err != nil {
		return err
	}
	return r.scope(acc, vc, subject)
}

// window is when an accreditation holds: the later start and the earlier end of
// those in the JWT and in the credential.
func (acc *accreditation) window(claims, vc strictjson.Object) error {
	var from, until time.Time
	at := func(t time.Time, start bool) {
		switch {
		case start && t.After(from):
			from = t
		case !start && (until.IsZero() || t.Before(until)):
			until = t
		}
	}
	for _, m := range []string{"nbf", "exp"} {
		if claims.Has(m) {
			t, err := jose.NumericDate(claims[m])
			if err != nil {
				return errorf(BadForm, acc.place, "%s: %v", m, err)
			}
			at(t, m == "nbf")
		}
	}
	for _, m := range []string{"validFrom", "issuanceDate", "expirationDate", "validUntil"} {
		if vc.Has(m) {
			t, err := time.Parse(time.RFC3339, vc.String(m))
			if err != nil {
				return errorf(BadForm, acc.place, "%s %s is no time in RFC 3339", m, shown(vc.String(m)))
			}
			at(t, m == "validFrom" || m == "issuanceDate")
		}
	}
	if !from.IsZero() {
		acc.from = rfc3339(from)
	}
	if !until.IsZero() {
		acc.until = rfc3339(until)
	}
	if !from.IsZero() && !until.IsZero() && !from.Before(until) {
		return errorf(BadForm, acc.place, "holds from %s until %s", acc.from, acc.until)
	}
	return nil
}

// scope reads what an accreditation is for: accreditedFor, which the newer trust
// model calls permissionFor.
func (r *ebsiReader) scope(acc *accreditation, vc, subject strictjson.Object) error {
	for _, v := range vc.Array("type") {
		s, _ := v.(string)
		action := ebsiActions[s]
		if action != "" && acc.action != "" && action != acc.action {
			return errorf(Unsupported, acc.place, "both to attest and to accredit")
		}
		if action != "" {
			acc.action = action
		}
	}
	if acc.action == "" {
		return errorf(Unsupported, acc.place, "no type of accreditation that is known here")
	}
	list, jurisdictions := subject.Array("accreditedFor"), "limitJurisdiction"
	if subject.Has("permissionFor") {
		list, jurisdictions = subject.Array("permissionFor"), "jurisdiction"
	}
	// An entry has its own jurisdictions: several are several accreditations by one JWT.
	var more []*accreditation
	for i, v := range list {
		o, ok := v.(strictjson.Object)
		if !ok {
			return errorf(BadForm, acc.place, "accreditedFor has something that is no object")
		}
		one := acc
		if i > 0 {
			one = &accreditation{}
			*one = *acc
			one.place, one.resources, one.jurisdictions = index(acc.place+": accreditedFor", i), nil, nil
			more = append(more, one)
		}
		if err := r.entry(one, o, jurisdictions); err != nil {
			return err
		}
	}
	if vc.Has("credentialStatus") {
		r.notMapped("attribute.body: credentialStatus", "the state of an accreditation is what the registry says of it")
	}
	r.held = append(r.held, more...)
	return nil
}

func (r *ebsiReader) entry(acc *accreditation, o strictjson.Object, jurisdictions string) error {
	for _, v := range o.Array("types") {
		s, _ := v.(string)
		if s == "" {
			return errorf(BadForm, acc.place, "types has something that is no text")
		}
		if !slices.Contains(ebsiGeneral, s) && !slices.Contains(acc.resources, s) {
			acc.resources = append(acc.resources, s)
		}
	}
	if len(acc.resources) == 0 {
		return errorf(Unsupported, acc.place, "names no type of credential but the general ones, which would stand for all")
	}
	if o.Has("schemaId") {
		r.notMapped("accreditedFor.schemaId", "a resource is a type of credential; which schema it has to follow, an authorization does not say")
	}
	list := o.Array(jurisdictions)
	if s := o.String(jurisdictions); s != "" {
		list = []any{s}
	}
	for _, v := range list {
		s, _ := v.(string)
		if s == "" {
			return errorf(BadForm, acc.place, "%s has something that is no text", jurisdictions)
		}
		acc.jurisdictions = append(acc.jurisdictions, r.atu(s))
	}
	r.others("accreditedFor.", o, "not known to this importer", "types", "schemaId", jurisdictions)
	return nil
}

// atu returns the ISO 3166 code of a country of the EU Publications Office's
// authority table of administrative territorial units. Another unit stays the URI
// that it is, which limits as much: nothing but itself equals it.
func (r *ebsiReader) atu(uri string) string {
	if code := atuCodes[path.Base(uri)]; code != "" && strings.Contains(uri, "publications.europa.eu/resource/authority/") {
		return code
	}
	r.notMapped("accreditedFor.limitJurisdiction", "some are no country with an ISO 3166 code: kept as the URI")
	return uri
}

// atuCodes are the ISO 3166-1 codes of the European Economic Area and those that
// take part in EBSI, alpha-3 to alpha-2.
var atuCodes = map[string]string{
	"AUT": "AT", "BEL": "BE", "BGR": "BG", "HRV": "HR", "CYP": "CY", "CZE": "CZ", "DNK": "DK", "EST": "EE", "FIN": "FI", "FRA": "FR",
	"DEU": "DE", "GRC": "GR", "HUN": "HU", "IRL": "IE", "ITA": "IT", "LVA": "LV", "LTU": "LT", "LUX": "LU", "MLT": "MT", "NLD": "NL",
	"POL": "PL", "PRT": "PT", "ROU": "RO", "SVK": "SK", "SVN": "SI", "ESP": "ES", "SWE": "SE", "ISL": "IS", "LIE": "LI", "NOR": "NO", "UKR": "UA",
}
