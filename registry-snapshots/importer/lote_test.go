package importer

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/base64"
	"hash"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

func b64url(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// jades signs a list. header, if not nil, changes the header first.
func jades(t testing.TB, s listSigner, payload string, header func(string) string) string {
	t.Helper()
	key := s.key.(*ecdsa.PrivateKey)
	alg, h := "ES256", sha256.New()
	switch key.Curve.Params().BitSize {
	case 384:
		alg, h = "ES384", hash.Hash(sha512.New384())
	case 521:
		alg, h = "ES512", sha512.New()
	}
	text := edit(header, `{"alg":"`+alg+`","iat":1780304400,"x5c":["`+s.b64()+`"]}`) // 2026-06-01T09:00:00Z
	input := b64url([]byte(text)) + "." + b64url([]byte(payload))
	h.Write([]byte(input))
	r, ss, err := ecdsa.Sign(rand.Reader, key, h.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	size := (key.Curve.Params().BitSize + 7) / 8
	return input + "." + b64url(append(r.FillBytes(make([]byte, size)), ss.FillBytes(make([]byte, size))...))
}

// loteText is a list of public bodies that issue attestations, as TS 119 602 Annex H has
// it: one entity with two services, of which one was withdrawn.
func loteText(certs [3]listSigner) string {
	identity := func(s listSigner) string {
		return `"ServiceDigitalIdentity":{"X509Certificates":[{"val":"` + s.b64() + `"}]}`
	}
	const status = "http://uri.etsi.org/19602/PubEAAProvidersList/SvcStatus/"
	return `{"LoTE":{"ListAndSchemeInformation":{"LoTEVersionIdentifier":1,"LoTESequenceNumber":4,` +
		`"LoTEType":"http://uri.etsi.org/19602/LoTEType/EUPubEAAProvidersList",` +
		`"SchemeOperatorName":[{"lang":"de","value":"Amt für Listen"},{"lang":"en","value":"List Office"}],"SchemeTerritory":"EL",` +
		`"StatusDeterminationApproach":"http://uri.etsi.org/19602/PubEAAProvidersList/StatusDetn/EU",` +
		`"ListIssueDateTime":"2026-06-01T10:00:00Z","NextUpdate":"2026-11-30T10:00:00Z","DistributionPoints":["https://lists.example/pub-eaa.json"]},` +
		`"TrustedEntitiesList":[{"TrustedEntityInformation":{"TEName":[{"lang":"en","value":"Registry of Births"}],` +
		`"TETradeName":[{"lang":"en","value":"VATEL-987654321"}],"TEAddress":{},"TEInformationURI":[{"lang":"en","uriValue":"https://births.example"}]},` +
		`"TrustedEntityServices":[` +
		`{"ServiceInformation":{"ServiceTypeIdentifier":"http://uri.etsi.org/19602/SvcType/PubEAA/Issuance","ServiceName":[{"lang":"en","value":"Birth certificates"}],` +
		identity(certs[0]) + `,"ServiceStatus":"` + status + `notified","StatusStartingTime":"2026-01-01T00:00:00Z"}},` +
		`{"ServiceInformation":{"ServiceTypeIdentifier":"http://uri.etsi.org/19602/SvcType/PubEAA/Revocation","ServiceName":[{"lang":"en","value":"Status"}],` +
		identity(certs[1]) + `,"ServiceStatus":"` + status + `withdrawn","StatusStartingTime":"2026-03-01T00:00:00Z","ServiceSupplyPoints":[{"uriValue":"https://births.example/status"}]},` +
		`"ServiceHistory":[{"ServiceName":[{"lang":"en","value":"Status"}],` + identity(certs[1]) + `,"ServiceStatus":"` + status + `notified","StatusStartingTime":"2026-01-01T00:00:00Z"}]}` +
		`]}]}}`
}

// pidText is a list in which to be listed is the status.
func pidText(cert listSigner) string {
	return `{"LoTE":{"ListAndSchemeInformation":{"LoTEVersionIdentifier":1,"LoTESequenceNumber":1,"LoTEType":"http://uri.etsi.org/19602/LoTEType/EUPIDProvidersList",` +
		`"SchemeOperatorName":[{"lang":"en","value":"European Commission"}],"SchemeTerritory":"EU","ListIssueDateTime":"2026-06-01T10:00:00Z","NextUpdate":"2026-11-30T10:00:00Z"},` +
		`"TrustedEntitiesList":[{"TrustedEntityInformation":{"TEName":[{"lang":"en","value":"Registry of Persons"}]},"TrustedEntityServices":[` +
		`{"ServiceInformation":{"ServiceTypeIdentifier":"http://uri.etsi.org/19602/SvcType/PID/Issuance","ServiceName":[{"lang":"en","value":"PID"}],` +
		`"ServiceDigitalIdentity":{"X509Certificates":[{"val":"` + cert.b64() + `"}],"X509SubjectNames":["CN=x"]}}},` +
		`{"ServiceInformation":{"ServiceTypeIdentifier":"http://uri.etsi.org/19602/SvcType/WalletSolution/Issuance","ServiceName":[{"lang":"en","value":"Wallet"}],` +
		`"ServiceDigitalIdentity":{"X509Certificates":[{"val":"` + cert.b64() + `"}]}}}` +
		`]}]}}`
}

// loteOfLists is a list of lists that points to the list of EL.
func loteOfLists(signer listSigner) string {
	return `{"LoTE":{"ListAndSchemeInformation":{"LoTEVersionIdentifier":1,"LoTESequenceNumber":9,"LoTEType":"http://lists.example/LoTEType/lists",` +
		`"SchemeOperatorName":[{"lang":"en","value":"Commission"}],"SchemeTerritory":"EU","ListIssueDateTime":"2026-06-01T10:00:00Z","NextUpdate":"2026-11-30T10:00:00Z",` +
		`"PointersToOtherLoTE":[{"LoTELocation":"https://lists.example/pub-eaa.json","ServiceDigitalIdentities":[{"X509Certificates":[{"val":"` + signer.b64() + `"}]}],` +
		`"LoTEQualifiers":[{"LoTEType":"http://uri.etsi.org/19602/LoTEType/EUPubEAAProvidersList","SchemeOperatorName":[{"lang":"en","value":"List Office"}],"SchemeTerritory":"EL","MimeType":"application/jose"}]}]}}}`
}

func TestLoTESignature(t *testing.T) {
	certs := services(t)
	list := loteText(certs)
	me := newListSigner(t, "P-256", greekName, nil)
	other := newListSigner(t, "P-256", greekName, nil)
	ca := newListSigner(t, "P-384", pkix.Name{CommonName: "Authority"}, nil)
	below := newListSigner(t, "P-256", greekName, &ca)
	stranger := newListSigner(t, "P-256", pkix.Name{Organization: []string{"Somebody"}, Country: []string{"GR"}, CommonName: "x"}, &ca)
	abroad := newListSigner(t, "P-256", pkix.Name{Organization: greekName.Organization, Country: []string{"FR"}, CommonName: "x"}, &ca)
	sum := sha256.Sum256(me.der)
	otherSum := sha256.Sum256(other.der)
	x5t256 := func(sum [32]byte) func(string) string {
		return replace(`"iat"`, `"x5t#S256":"`+b64url(sum[:])+`","iat"`)
	}
	pin := func(s listSigner) func(*Options) { return func(o *Options) { o.Fingerprint = fingerprint(s.der) } }
	anchor := func(files ...string) func(*Options) {
		return func(o *Options) { o.Fingerprint, o.Anchors = "", files }
	}
	tests := []struct {
		name   string
		by     listSigner // zero: me
		header func(string) string
		after  func(string) string
		opt    func(*Options)
		want   Reason
	}{
		{name: "ES256, pinned"},
		{name: "ES384", by: newListSigner(t, "P-384", greekName, nil), opt: func(o *Options) { o.Fingerprint = "" }},
		{name: "by an anchor that is the signer's", opt: anchor("me.pem")},
		{name: "by an anchor above", by: below, opt: anchor("ca.pem")},
		{name: "one of several anchors", opt: anchor("ca.pem", "me.pem")},
		{name: "sigT", header: replace(`"iat":1780304400`, `"sigT":"2026-06-01T09:00:00Z"`)},
		{name: "sigT, critical", header: replace(`"iat":1780304400`, `"sigT":"2026-06-01T09:00:00Z","crit":["sigT"]`)},
		{name: "x5t#S256", header: x5t256(sum)},
		{name: "typ, cty and kid", header: replace(`"iat"`, `"typ":"jose","cty":"json","kid":"k","iat"`)},
		{name: "a line end behind it", after: func(s string) string { return s + "\n" }},

		{name: "a letter changed", after: func(s string) string {
			p := strings.Split(s, ".")
			return p[0] + "." + b64url([]byte(replace("Births", "Deaths")(list))) + "." + p[2]
		}, want: BadSignature},
		{name: "header changed", after: func(s string) string {
			p := strings.Split(s, ".")
			h, _ := base64.RawURLEncoding.DecodeString(p[0])
			return b64url([]byte(replace("1780304400", "1780304401")(string(h)))) + "." + p[1] + "." + p[2]
		}, want: BadSignature},
		{name: "no signature", after: func(s string) string { return s[:strings.LastIndex(s, ".")+1] }, want: BadSignature},
		{name: "plain JSON", after: func(string) string { return list }, want: NoSignature},
		{name: "no payload", after: func(s string) string { p := strings.Split(s, "."); return p[0] + ".." + p[2] }, want: NoSignature},
		{name: "four segments", after: func(s string) string { return s + ".AA" }, want: BadSignature},
		{name: "payload padded", after: func(s string) string { p := strings.Split(s, "."); return p[0] + "." + p[1] + "=." + p[2] }, want: BadForm},
		{name: "none", header: replace("ES256", "none"), want: BadSignature},
		{name: "HS256", header: replace("ES256", "HS256"), want: BadSignature},
		{name: "another algorithm", header: replace("ES256", "ES384"), want: BadSignature},
		{name: "crit not understood", header: replace(`"iat"`, `"crit":["sigPId"],"sigPId":{},"iat"`), want: BadSignature},
		{name: "crit of what is not there", header: replace(`"iat"`, `"crit":["sigT"],"iat"`), want: BadSignature},
		{name: "sigD", header: replace(`"iat"`, `"sigD":{},"iat"`), want: Unsupported},
		{name: "payload that is not base64url", header: replace(`"iat"`, `"b64":false,"iat"`), want: BadSignature},
		{name: "a name twice", header: replace(`"iat"`, `"iat":1,"iat"`), want: BadSignature},
		{name: "no x5c", header: func(s string) string { return s[:strings.Index(s, `,"x5c"`)] + "}" }, want: BadSignature},
		{name: "x5c empty", header: func(s string) string { return s[:strings.Index(s, `,"x5c"`)] + `,"x5c":[]}` }, want: BadSignature},
		{name: "x5c of somebody else", header: replace(me.b64(), other.b64()), opt: pin(other), want: BadSignature},
		{name: "x5c in base64url", header: replace(`"x5c":["`, `"x5c":["-_`), want: BadSignature},
		{name: "x5t#S256 of another", header: x5t256(otherSum), want: BadSignature},
		{name: "no time", header: replace(`"iat":1780304400,`, ""), want: BadSignature},
		{name: "two times", header: replace(`"iat"`, `"sigT":"2026-06-01T09:00:00Z","iat"`), want: BadSignature},
		{name: "a time that is none", header: replace("1780304400", `"soon"`), want: BadSignature},
		{name: "sigT with a zone", header: replace(`"iat":1780304400`, `"sigT":"2026-06-01T09:00:00+02:00"`), want: BadSignature},
		{name: "signed after the certificate ended", header: replace("1780304400", "1980304400"), want: Expired},
		{name: "signed before it began", header: replace("1780304400", "1680304400"), want: Expired},

		{name: "somebody else", by: other, want: WrongSigner},
		{name: "nobody is trusted", opt: func(o *Options) { *o = Options{Now: o.Now} }, want: NoAnchor},
		{name: "nobody is trusted, and unsigned would do", opt: func(o *Options) { *o = Options{Now: o.Now, Unsigned: true} }, want: NoAnchor},
		{name: "another anchor", opt: anchor("ca.pem"), want: WrongSigner},
		{name: "under the anchor, another organization", by: stranger, opt: anchor("ca.pem"), want: WrongSigner},
		{name: "under the anchor, another country", by: abroad, opt: anchor("ca.pem"), want: WrongSigner},
		{name: "that one, pinned itself", by: stranger, opt: pin(stranger)},
		{name: "no such anchor", opt: anchor("none.pem"), want: NoFile},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			by := tt.by
			if by.key == nil {
				by = me
			}
			dir := write(t, map[string]string{"me.pem": certPEM(me.der), "ca.pem": certPEM(ca.der), "list": edit(tt.after, jades(t, by, list, tt.header))})
			opt := Options{Fingerprint: fingerprint(me.der), Now: listNow}
			if tt.opt != nil {
				tt.opt(&opt)
			}
			if tt.name == "ES384" {
				opt.Fingerprint = fingerprint(by.der)
			}
			for i := range opt.Anchors {
				opt.Anchors[i] = filepath.Join(dir, opt.Anchors[i])
			}
			r, err := Import(FromLoTE, filepath.Join(dir, "list"), opt)
			wantReason(t, err, tt.want)
			if err == nil && (r.Report.Signature.State != Verified || r.Report.Signature.Fingerprint != fingerprint(by.der) || r.Report.Entities != 4) {
				t.Errorf("report %+v", r.Report)
			}
		})
	}
}

func TestLoTEByListOfLists(t *testing.T) {
	list := loteText(services(t))
	me, other := newListSigner(t, "P-256", greekName, nil), newListSigner(t, "P-256", greekName, nil)
	commission := newListSigner(t, "P-256", pkix.Name{CommonName: "Commission"}, nil)
	tests := []struct {
		name string
		lotl func(string) string
		by   listSigner
		edit func(f map[string]string)
		want Reason
		past bool
	}{
		{name: "trusted by its pointer", by: me},
		{name: "past due", by: me, lotl: replace("2026-11-30", "2026-11-01"), past: true},
		{name: "a signer that the pointer does not have", by: other, want: WrongSigner},
		{name: "a pointer to another type", by: me, lotl: replace("EUPubEAAProvidersList", "EUPIDProvidersList"), want: WrongSigner},
		{name: "a list with entities is none of lists", by: me, lotl: replace(`}]}}}`, `}]},"TrustedEntitiesList":[]}}`), want: BadForm},
		{name: "a list of lists in XML", by: me, edit: func(f map[string]string) {
			f["lotl"] = xades{listSigner: commission}.sign(t, replace(tslTypes+"EUgeneric", "http://uri.etsi.org/19602/LoTEType/EUPubEAAProvidersList")(lotlText(me)))
		}},
		{name: "cannot be had", by: me, edit: func(f map[string]string) { delete(f, "lotl") }, want: NoFile},
		{name: "unsigned", by: me, edit: func(f map[string]string) { f["lotl"] = loteOfLists(me) }, want: NoSignature},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"list": jades(t, tt.by, list, nil), "lotl": jades(t, commission, edit(tt.lotl, loteOfLists(me)), nil)}
			if tt.edit != nil {
				tt.edit(files)
			}
			dir := write(t, files)
			r, err := LoTE(filepath.Join(dir, "list"), Options{Fingerprint: fingerprint(commission.der), LOTL: filepath.Join(dir, "lotl"), Now: listNow})
			wantReason(t, err, tt.want)
			if err == nil && (r.Report.Past != tt.past || !strings.Contains(r.Report.Signature.Note, "list of lists EU")) {
				t.Errorf("report %+v", r.Report)
			}
		})
	}
}

func TestLoTEMapping(t *testing.T) {
	certs := services(t)
	me := newListSigner(t, "P-256", greekName, nil)
	file := filepath.Join(write(t, map[string]string{"list": jades(t, me, loteText(certs), nil)}), "list")
	r, err := LoTE(file, Options{Fingerprint: fingerprint(me.der), Now: listNow})
	if err != nil {
		t.Fatal(err)
	}
	p := r.Report
	if r.Name != "Trusted list of EL, List Office" || p.Sequence != 4 || p.NextUpdate != "2026-11-30T10:00:00Z" || p.Past || len(p.Findings) != 0 {
		t.Errorf("%q, report %+v", r.Name, p)
	}
	s, _ := build(t, r)
	operator := find(t, s, r.Authority)
	if operator.ID != "etsi-lote:GR:EUPubEAAProvidersList" || operator.Names[0] != "List Office" || operator.Keys[0].X5C[0] != me.b64() {
		t.Errorf("operator %+v", operator)
	}
	body := find(t, s, operator.ID+":VATEL-987654321")
	if body.Names[0] != "Registry of Births" || len(body.Services) != 3 || len(body.Keys) != 0 {
		t.Errorf("entity %+v", body)
	}
	const kind = "http://uri.etsi.org/19602/SvcType/PubEAA/"
	for _, e := range r.Entities {
		tail, _ := strings.CutPrefix(e.ID, body.ID+"/PubEAA/")
		switch {
		case strings.HasPrefix(tail, "Issuance/"):
			want := snapshot.Authorization{Action: "provide", Resource: kind + "Issuance", Jurisdiction: "GR", From: "2026-01-01T00:00:00Z", By: operator.ID}
			if len(e.Auth) != 1 || e.Auth[0] != want || e.Status != "" || e.Keys[0].X5C[0] != certs[0].b64() || e.Keys[0].Until != "" {
				t.Errorf("%+v", e)
			}
		case strings.HasPrefix(tail, "Revocation/"):
			want := snapshot.Authorization{Action: "provide", Resource: kind + "Revocation", Jurisdiction: "GR", From: "2026-01-01T00:00:00Z",
				Until: "2026-03-01T00:00:00Z", By: operator.ID, State: snapshot.Retired}
			if len(e.Auth) != 1 || e.Auth[0] != want || e.Status != snapshot.Retired || e.Keys[0].Until != "2026-03-01T00:00:00Z" || len(e.Services) != 2 {
				t.Errorf("%+v", e)
			}
		}
	}
	// Listed is the status, and what does not belong into such a list is not taken.
	if r, err = lotePlain(pidText(certs[0])); err != nil {
		t.Fatal(err)
	}
	if f := r.Report.Findings; r.Report.Entities != 3 || len(f) != 1 || f[0].Reason != BadProfile || !f[0].Skipped {
		t.Errorf("report %+v", r.Report)
	}
	pid := r.Entities[2]
	want := snapshot.Authorization{Action: "provide", Resource: "http://uri.etsi.org/19602/SvcType/PID/Issuance", Jurisdiction: "EU", By: "etsi-lote:EU:EUPIDProvidersList"}
	if len(pid.Auth) != 1 || pid.Auth[0] != want || len(pid.History) != 0 || pid.Keys[0].From != "" || pid.Keys[0].Until != "" {
		t.Errorf("%+v", pid)
	}
	build(t, r)
}

// lotePlain imports a list without a signature.
func lotePlain(text string) (*Result, error) {
	l, err := parseLoTE("f", []byte(text), true)
	if err != nil {
		return nil, err
	}
	if l.chain != nil {
		return nil, errorf(NoAnchor, "f", "signed")
	}
	r := &Result{Name: l.name(), Report: Report{NextUpdate: l.next}}
	if err := r.mapLoTE(l); err != nil {
		return nil, err
	}
	return r.judgeList(l.listHead, "", Options{Now: listNow})
}

func TestLoTEEntries(t *testing.T) {
	certs := services(t)
	list := loteText(certs)
	jwk := `{"kty":"EC","crv":"P-256","x":"3dQz5ZlbazChP3U7bdqShfF0fvSXLXD9WMa1kqqH6i4","y":"FV4AsWjc7ZmfhSiHsw2gjnDMKNLwNqi2jMLmJpiKWtE","kid":"k"}`
	x509 := `"X509Certificates":[{"val":"` + certs[0].b64() + `"}]`
	tests := []struct {
		name     string
		edit     func(string) string
		want     Reason
		finding  Reason
		entities int
		keys     int
	}{
		{"as it is", nil, "", "", 4, 2},
		{"a key that is no certificate", replace(x509, `"PublicKeyValues":[`+jwk+`]`), "", "", 4, 2},
		{"two keys without a kid", replace(x509, `"PublicKeyValues":[`+replace(`,"kid":"k"`, "")(jwk)+`,{"kty":"OKP","crv":"Ed25519","x":"wIZdkG99wfvJR57A4XH9EgIJtTtg2TvvZaM486Qry9o"}]`), "", "", 4, 3},
		{"a private key", replace(x509, `"PublicKeyValues":[`+replace(`"kid"`, `"d":"AA","kid"`)(jwk)+`]`), "", "", 4, 1},
		{"identified by something else", replace(x509, `"OtherIds":["x"]`), "", "", 4, 1},
		{"a certificate that is none", replace(certs[0].b64(), "AAAA"), "", "", 4, 1},
		{"status of another scheme", replace("SvcStatus/notified", "SvcStatus/wonderful"), "", Unsupported, 3, 1},
		{"no status where there has to be one", replace(`"ServiceStatus":"http://uri.etsi.org/19602/PubEAAProvidersList/SvcStatus/notified",`, ""), "", Unsupported, 3, 1},
		{"a status that is empty", replace(`"ServiceStatus":"http://uri.etsi.org/19602/PubEAAProvidersList/SvcStatus/notified"`, `"ServiceStatus":""`), "", Unsupported, 3, 1},
		{"a time that is none", replace(`"StatusStartingTime":"2026-01-01`, `"StatusStartingTime":"2026-13-01`), "", BadForm, 3, 1},
		{"a type of another list", replace("SvcType/PubEAA/Issuance", "SvcType/PID/Issuance"), "", BadProfile, 3, 1},
		{"no type", replace(`"ServiceTypeIdentifier":"http://uri.etsi.org/19602/SvcType/PubEAA/Issuance",`, ""), "", BadForm, 3, 1},
		{"critical extension of a service", replace(`"ServiceStatus"`, `"ServiceInformationExtensions":[{"critical":true}],"ServiceStatus"`), "", Unsupported, 3, 1},
		{"extension of a service", replace(`"ServiceStatus"`, `"ServiceInformationExtensions":[{"critical":false}],"ServiceStatus"`), "", "", 4, 2},
		{"critical extension of an entity", replace(`"TEAddress"`, `"TEInformationExtensions":[{"Critical":"true"}],"TEAddress"`), "", Unsupported, 1, 0},
		{"critical extension of the scheme", replace(`"SchemeTerritory"`, `"SchemeExtensions":[{"critical":true}],"SchemeTerritory"`), Unsupported, "", 0, 0},
		{"an entity without a name", replace(`{"lang":"en","value":"Registry of Births"}`, ""), "", BadForm, 1, 0},
		{"an entity that is none", replace(`"TrustedEntitiesList":[`, `"TrustedEntitiesList":[7,`), BadForm, "", 0, 0},
		{"entities that are no list", replace(`"TrustedEntitiesList":[`, `"TrustedEntitiesList":{},"x":[`), BadForm, "", 0, 0},
		{"an unknown member is listed", replace(`"TEAddress"`, `"TEMotto":"x","TEAddress"`), "", "", 4, 2},
		{"an unknown member of the list", replace(`{"LoTE":{`, `{"LoTE":{"Signature":"",`), BadForm, "", 0, 0},
		{"without its wrapping", func(s string) string { return s[len(`{"LoTE":`) : len(s)-1] }, BadForm, "", 0, 0},
		{"something beside it", replace(`{"LoTE"`, `{"x":1,"LoTE"`), BadForm, "", 0, 0},
		{"$schema beside it", replace(`{"LoTE"`, `{"$schema":"https://a.example","LoTE"`), "", "", 4, 2},
		{"version 2", replace(`Identifier":1`, `Identifier":2`), Unsupported, "", 0, 0},
		{"no sequence number", replace(`"LoTESequenceNumber":4,`, ""), BadForm, "", 0, 0},
		{"sequence number with a fraction", replace(`Number":4`, `Number":4.5`), BadForm, "", 0, 0},
		{"sequence number as text", replace(`Number":4`, `Number":"4"`), BadForm, "", 0, 0},
		{"no operator", replace("SchemeOperatorName", "SchemeOperatorNom"), BadForm, "", 0, 0},
		{"no territory", replace(`"SchemeTerritory":"EL",`, ""), "", "", 4, 2},
		{"territory that is none", replace(`"EL"`, `"demo"`), BadForm, "", 0, 0},
		{"no next update", replace(`"NextUpdate":"2026-11-30T10:00:00Z",`, ""), BadForm, "", 0, 0},
		{"closed", replace(`"NextUpdate":"2026-11-30T10:00:00Z"`, `"NextUpdate":null`), "", "", 4, 2},
		{"no issue", replace("ListIssueDateTime", "ListIssueDatetime"), BadForm, "", 0, 0},
		{"duplicate name", replace(`"LoTESequenceNumber":4`, `"LoTESequenceNumber":4,"LoTESequenceNumber":5`), BadForm, "", 0, 0},
		{"duplicate name deep inside", replace(`"TEAddress":{}`, `"TEAddress":{"a":1,"a":2}`), BadForm, "", 0, 0},
		{"something behind it", func(s string) string { return s + "{}" }, BadForm, "", 0, 0},
		{"deep nesting", replace(`"TEAddress":{}`, `"TEAddress":`+strings.Repeat("[", 1000)+strings.Repeat("]", 1000)), BadForm, "", 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := lotePlain(edit(tt.edit, list))
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			var got Reason
			for _, f := range r.Report.Findings {
				if f.Skipped {
					got = f.Reason
				}
			}
			if got != tt.finding || r.Report.Entities != tt.entities || r.Report.Keys != tt.keys || r.Report.Past != (tt.name == "closed") {
				t.Errorf("report %+v", r.Report)
			}
			build(t, r)
		})
	}
}

// A list may be larger than the JWS that a wallet would take.
func TestLoTELarge(t *testing.T) {
	me := newListSigner(t, "P-256", greekName, nil)
	one := `{"TrustedEntityInformation":{"TEName":[{"lang":"en","value":"N"}]},"TrustedEntityServices":[]}`
	text := loteText(services(t))
	at := strings.Index(text, `"TrustedEntitiesList":[`) + len(`"TrustedEntitiesList":[`)
	text = text[:at] + strings.Repeat(one+",", 20_000) + text[at:]
	file := filepath.Join(write(t, map[string]string{"list": jades(t, me, text, nil)}), "list")
	r, err := LoTE(file, Options{Fingerprint: fingerprint(me.der), Now: listNow})
	wantReason(t, err, "")
	if r.Report.Entities != 20_004 || !slices.ContainsFunc(r.Entities, func(e snapshot.Entity) bool { return strings.HasSuffix(e.ID, ":N-20000") }) {
		t.Errorf("%d entities", r.Report.Entities)
	}
}

// What imports, builds, and importing is the same each time.
func FuzzLoTE(f *testing.F) {
	certs := services(f)
	f.Add([]byte(loteText(certs)))
	f.Add([]byte(pidText(certs[0])))
	f.Add([]byte(loteOfLists(certs[0])))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := lotePlain(string(data))
		checkImport(t, r, err, func() (*Result, error) { return lotePlain(string(data)) })
	})
}
