package importer

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
)

// The federation of the tests: an anchor, an intermediate below it, an issuer below
// that, and a verifier below the anchor.
const (
	idAnchor   = "https://anchor.example"
	idMiddle   = "https://middle.example"
	idIssuer   = "https://issuer.middle.example/a"
	idVerifier = "https://verifier.example"
)

// fedCase is a federation to be made. Statements are named "iss>sub", and a
// configuration "sub>sub".
type fedCase struct {
	keys   map[string]jwtKey
	claims map[string]strictjson.Object
	typ    map[string]string // in place of the right one
	by     map[string]string // whose key signs, in place of the issuer's
	files  map[string]string // put over those made, or taken away where empty
	opt    Options
}

func goodFed(t testing.TB) *fedCase {
	c := &fedCase{
		keys: map[string]jwtKey{}, claims: map[string]strictjson.Object{}, typ: map[string]string{}, by: map[string]string{}, files: map[string]string{},
	}
	for _, id := range []string{idAnchor, idMiddle, idIssuer, idVerifier} {
		c.keys[id] = newJWTKey(t, "fed-"+id)
	}
	statement := func(iss, sub string, more strictjson.Object) {
		o := strictjson.Object{"iss": iss, "sub": sub, "iat": testNow.Add(-time.Hour).Unix(), "exp": testNow.Add(24 * time.Hour).Unix(),
			"jwks": strictjson.Object{"keys": []any{c.keys[sub].jwk(t)}}}
		for name, v := range more {
			o[name] = v
		}
		c.claims[iss+">"+sub] = normal(t, o)
	}
	fed := func(id string) strictjson.Object {
		return strictjson.Object{
			"federation_fetch_endpoint": id + "/fetch", "federation_list_endpoint": id + "/list", "organization_name": "Organisation of " + id,
		}
	}
	statement(idAnchor, idAnchor, strictjson.Object{"metadata": strictjson.Object{"federation_entity": fed(idAnchor)}})
	statement(idMiddle, idMiddle, strictjson.Object{
		"authority_hints": []any{idAnchor}, "metadata": strictjson.Object{"federation_entity": fed(idMiddle)},
	})
	statement(idIssuer, idIssuer, strictjson.Object{
		"authority_hints": []any{idMiddle}, "metadata": strictjson.Object{
			"federation_entity": strictjson.Object{"organization_name": "University", "organization_uri": "https://university.example"},
			"openid_credential_issuer": strictjson.Object{
				"display_name": "Registrar", "jwks": strictjson.Object{"keys": []any{newJWTKey(t, "sign-1").jwk(t)}}, "jwks_uri": "https://issuer.middle.example/jwks",
				"credential_configurations_supported": strictjson.Object{
					"a": strictjson.Object{"format": "dc+sd-jwt", "vct": "https://university.example/diploma"},
					"b": strictjson.Object{"format": "mso_mdoc", "doctype": "org.example.id"},
					"c": strictjson.Object{"format": "jwt_vc_json", "credential_definition": strictjson.Object{"type": []any{"VerifiableCredential", "Degree"}}},
				},
			},
		},
	})
	statement(idVerifier, idVerifier, strictjson.Object{
		"authority_hints": []any{"https://elsewhere.example", idAnchor}, "metadata": strictjson.Object{
			"openid_credential_verifier": strictjson.Object{"client_name": "Shop", "response_types_supported": []any{"vp_token", "code"}, "scope": "a b"},
		},
	})
	statement(idAnchor, idMiddle, nil)
	statement(idMiddle, idIssuer, nil)
	statement(idAnchor, idVerifier, nil)
	c.opt = Options{Now: testNow, Fingerprint: c.keys[idAnchor].thumbprint(t)}
	return c
}

// normal is a value as it is read, for the tests' own numbers and maps.
func normal(t testing.TB, o strictjson.Object) strictjson.Object {
	t.Helper()
	n, err := strictjson.ParseObject(strictjson.Encode(o))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (c *fedCase) jwts(t testing.TB) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, name := range sortedKeys(c.claims) {
		iss, sub, _ := strings.Cut(name, ">")
		typ, by := typStatement, iss
		if c.typ[name] != "" {
			typ = c.typ[name]
		}
		if c.by[name] != "" {
			by = c.by[name]
		}
		files[fedFile(iss, sub)] = c.keys[by].sign(t, typ, c.claims[name]) + "\n"
	}
	for name, text := range c.files {
		if text == "" {
			delete(files, name)
		} else {
			files[name] = text
		}
	}
	return files
}

func fedFile(iss, sub string) string {
	name := func(id string) string { return strings.ReplaceAll(strings.TrimPrefix(id, "https://"), "/", "_") }
	return path.Join(name(iss), name(sub)+".jwt")
}

func (c *fedCase) constraint(name string, v any) {
	o := c.claims[name].Object("constraints")
	if o == nil {
		o = strictjson.Object{}
	}
	for k, x := range v.(strictjson.Object) {
		o[k] = x
	}
	c.claims[name]["constraints"] = o
}

func (c *fedCase) policy(t testing.TB, name, text string) {
	t.Helper()
	o, err := strictjson.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	c.claims[name]["metadata_policy"] = o
}

func TestOIDF(t *testing.T) {
	num := func(n int) strictjson.Number { return strictjson.Number(fmt.Sprint(n)) }
	at := func(d time.Duration) strictjson.Number { return num(int(testNow.Add(d).Unix())) }
	names := func(kind string, list ...any) strictjson.Object {
		return strictjson.Object{"naming_constraints": strictjson.Object{kind: list}}
	}
	const anchor, middle, issuer, verifier = idAnchor + ">" + idAnchor, idAnchor + ">" + idMiddle, idMiddle + ">" + idIssuer, idAnchor + ">" + idVerifier
	const middleOwn, issuerOwn, verifierOwn = idMiddle + ">" + idMiddle, idIssuer + ">" + idIssuer, idVerifier + ">" + idVerifier
	all := []string{idAnchor, idMiddle, idIssuer, idVerifier}
	noIssuer, noMiddle := []string{idAnchor, idMiddle, idVerifier}, []string{idAnchor, idVerifier}
	noVerifier := []string{idAnchor, idMiddle, idIssuer}
	tests := []struct {
		name    string
		edit    func(c *fedCase)
		want    Reason
		members []string
		finding Reason // one of the findings; "" for none at all
	}{
		{"anchor, intermediate, issuer, verifier", func(c *fedCase) {}, "", all, ""},
		{"the anchor's keys as a set", func(c *fedCase) { c.opt.Fingerprint, c.opt.Anchors = "", []string{jwksFile(t, c.keys[idAnchor])} }, "", all, ""},
		{"the intermediate is the anchor", func(c *fedCase) { c.opt.Fingerprint = c.keys[idMiddle].thumbprint(t) }, "", []string{idMiddle, idIssuer}, WrongSigner},
		{"no anchor", func(c *fedCase) { c.opt.Fingerprint = "" }, NoAnchor, nil, ""},
		{"no anchor, unsigned asked for", func(c *fedCase) { c.opt.Fingerprint, c.opt.Unsigned = "", true }, NoAnchor, nil, ""},
		{"another anchor", func(c *fedCase) { c.opt.Fingerprint = newJWTKey(t, "x").thumbprint(t) }, WrongSigner, nil, ""},
		{"two anchors", func(c *fedCase) { c.opt.Anchors = []string{jwksFile(t, c.keys[idMiddle])} }, WrongSigner, nil, ""},
		{"the anchor's configuration has ended", func(c *fedCase) { c.claims[anchor]["exp"] = at(-time.Second) }, Expired, nil, ""},
		{"the anchor's configuration is not here", func(c *fedCase) { c.files[fedFile(idAnchor, idAnchor)] = "" }, WrongSigner, nil, ""},

		{"a statement has ended", func(c *fedCase) { c.claims[issuer]["exp"] = at(0) }, "", noIssuer, Expired},
		{"a configuration has ended", func(c *fedCase) { c.claims[issuerOwn]["exp"] = at(-time.Hour) }, "", noIssuer, Expired},
		{"a statement of tomorrow", func(c *fedCase) { c.claims[issuer]["iat"] = at(time.Minute) }, "", noIssuer, Expired},
		{"no exp", func(c *fedCase) { delete(c.claims[issuer], "exp") }, "", noIssuer, BadForm},
		{"no iat", func(c *fedCase) { delete(c.claims[issuer], "iat") }, "", noIssuer, BadForm},
		{"exp is text", func(c *fedCase) { c.claims[issuer]["exp"] = "1" }, "", noIssuer, BadForm},
		{"another typ", func(c *fedCase) { c.typ[issuer] = "JWT" }, "", noIssuer, BadForm},
		{"a trust mark's typ", func(c *fedCase) { c.typ[issuer] = typTrustMark }, "", noIssuer, BadForm},
		{"signed by the subject", func(c *fedCase) { c.by[issuer] = idIssuer }, "", noIssuer, WrongSigner},
		{"signed by another with the issuer's kid", func(c *fedCase) {
			c.keys["x"] = jwtKey{newJWTKey(t, "").key, c.keys[idMiddle].kid}
			c.by[issuer] = "x"
		}, "", noIssuer, BadSignature},
		{"a configuration signed by another", func(c *fedCase) {
			c.keys["x"] = jwtKey{newJWTKey(t, "").key, c.keys[idIssuer].kid}
			c.by[issuerOwn] = "x"
		}, "", noIssuer, BadSignature},
		{"a configuration with keys that the superior does not know", func(c *fedCase) {
			c.keys["x"] = newJWTKey(t, "new")
			c.claims[issuerOwn]["jwks"] = strictjson.Object{"keys": []any{c.keys["x"].jwk(t)}}
			c.by[issuerOwn] = "x"
		}, "", noIssuer, WrongSigner},
		{"an intermediate that signs with a key only it knows of", func(c *fedCase) {
			c.keys["x"] = newJWTKey(t, "new")
			c.claims[middleOwn]["jwks"] = strictjson.Object{"keys": []any{c.keys[idMiddle].jwk(t), c.keys["x"].jwk(t)}}
			c.by[issuer] = "x"
		}, "", noIssuer, WrongSigner},
		{"the superior is not among the hints", func(c *fedCase) { c.claims[issuerOwn]["authority_hints"] = []any{idAnchor} }, "", noIssuer, WrongSigner},
		{"no hints", func(c *fedCase) { delete(c.claims[issuerOwn], "authority_hints") }, "", noIssuer, WrongSigner},
		{"hints are empty", func(c *fedCase) { c.claims[issuerOwn]["authority_hints"] = []any{} }, "", noIssuer, BadForm},
		{"the intermediate is not of the federation", func(c *fedCase) { c.files[fedFile(idAnchor, idMiddle)] = "" }, "", noMiddle, WrongSigner},
		{"no statement about the issuer", func(c *fedCase) { c.files[fedFile(idMiddle, idIssuer)] = "" }, "", noIssuer, WrongSigner},
		{"no configuration of the issuer", func(c *fedCase) { c.files[fedFile(idIssuer, idIssuer)] = "" }, "", noIssuer, NoFile},
		{"a stranger speaks of the issuer", func(c *fedCase) {
			c.keys["https://x.example"] = newJWTKey(t, "x")
			c.claims["https://x.example>"+idIssuer] = c.claims[issuer].Without()
			c.claims["https://x.example>"+idIssuer]["iss"] = "https://x.example"
		}, "", all, WrongSigner},
		{"crit", func(c *fedCase) { c.claims[issuer]["crit"], c.claims[issuer]["x"] = []any{"x"}, true }, "", noIssuer, Unsupported},
		{"crit is empty", func(c *fedCase) { c.claims[issuer]["crit"] = []any{} }, "", noIssuer, BadForm},
		{"no keys", func(c *fedCase) { delete(c.claims[issuer], "jwks") }, "", noIssuer, BadForm},
		{"a kid twice", func(c *fedCase) {
			c.claims[issuer].Object("jwks")["keys"] = []any{c.keys[idIssuer].jwk(t), c.keys[idIssuer].jwk(t)}
		}, "", noIssuer, BadForm},
		{"a private key", func(c *fedCase) {
			jwk := c.keys[idIssuer].jwk(t)
			jwk["d"] = jwk["x"]
			c.claims[issuer].Object("jwks")["keys"] = []any{jwk}
		}, "", noIssuer, BadForm},
		{"an identifier with http", func(c *fedCase) { c.claims[issuer]["sub"] = "http://issuer.middle.example/a" }, "", noIssuer, BadForm},
		{"constraints in a configuration", func(c *fedCase) { c.claims[issuerOwn]["constraints"] = strictjson.Object{} }, "", noIssuer, BadForm},
		{"hints in a statement", func(c *fedCase) { c.claims[issuer]["authority_hints"] = []any{idAnchor} }, "", noIssuer, BadForm},
		{"rubbish", func(c *fedCase) { c.files[fedFile(idMiddle, idIssuer)] = "rubbish" }, "", noIssuer, BadForm},
		{"an older statement beside", func(c *fedCase) {
			old := c.claims[issuer].Without()
			old["iat"] = at(-2 * time.Hour)
			old["jwks"] = c.claims[anchor]["jwks"]
			c.files["old.jwt"] = c.keys[idMiddle].sign(t, typStatement, old)
		}, "", all, Rollback},

		{"one superior between, and one allowed", func(c *fedCase) { c.constraint(middle, strictjson.Object{"max_path_length": num(1)}) }, "", all, ""},
		{"one superior between, and none allowed", func(c *fedCase) { c.constraint(middle, strictjson.Object{"max_path_length": num(0)}) }, "", noIssuer, BadProfile},
		{"none between, and none allowed", func(c *fedCase) { c.constraint(issuer, strictjson.Object{"max_path_length": num(0)}) }, "", all, ""},
		{"a negative number", func(c *fedCase) { c.constraint(issuer, strictjson.Object{"max_path_length": num(-1)}) }, "", noIssuer, BadForm},
		{"names permitted below", func(c *fedCase) { c.constraint(middle, names("permitted", "middle.example", ".middle.example")) }, "", all, ""},
		{"names not permitted below", func(c *fedCase) { c.constraint(middle, names("permitted", "middle.example")) }, "", noIssuer, BadProfile},
		{"names excluded below", func(c *fedCase) { c.constraint(middle, names("excluded", ".middle.example")) }, "", noIssuer, BadProfile},
		{"a name excluded, and others not", func(c *fedCase) { c.constraint(middle, names("excluded", "iddle.example", ".other.example")) }, "", all, ""},
		{"a name excluded, in capitals", func(c *fedCase) { c.constraint(issuer, names("excluded", "ISSUER.middle.example")) }, "", noIssuer, BadProfile},
		{"no name is permitted", func(c *fedCase) { c.constraint(issuer, names("permitted")) }, "", noIssuer, BadProfile},
		{"names of another kind", func(c *fedCase) { c.constraint(issuer, names("required", "a")) }, "", noIssuer, Unsupported},
		{"a name that is a URL", func(c *fedCase) { c.constraint(issuer, names("permitted", "https://a.example")) }, "", noIssuer, BadForm},

		{"policy that is met", func(c *fedCase) {
			c.policy(t, verifier, `{"openid_credential_verifier": {"response_types_supported": {"subset_of": ["vp_token"], "superset_of": ["vp_token"], "essential": true}}}`)
		}, "", all, ""},
		{"policy that is not met", func(c *fedCase) {
			c.policy(t, verifier, `{"openid_credential_verifier": {"response_types_supported": {"superset_of": ["id_token"]}}}`)
		}, "", noVerifier, BadProfile},
		{"essential, and not there", func(c *fedCase) {
			c.policy(t, verifier, `{"openid_credential_verifier": {"logo_uri": {"essential": true}}}`)
		}, "", noVerifier, BadProfile},
		{"essential, and given by the superior", func(c *fedCase) {
			c.policy(t, verifier, `{"openid_credential_verifier": {"logo_uri": {"essential": true}}}`)
			c.claims[verifier]["metadata"] = strictjson.Object{"openid_credential_verifier": strictjson.Object{"logo_uri": "https://a.example"}}
		}, "", all, ""},
		{"policies that contradict one another", func(c *fedCase) {
			c.policy(t, middle, `{"openid_credential_issuer": {"display_name": {"one_of": ["A"]}}}`)
			c.policy(t, issuer, `{"openid_credential_issuer": {"display_name": {"one_of": ["Registrar"]}}}`)
		}, "", noIssuer, BadProfile},
		{"an operator that is not known", func(c *fedCase) {
			c.policy(t, verifier, `{"openid_credential_verifier": {"scope": {"regexp": "x"}}}`)
		}, "", all, ""},
		{"an operator that is not known, and has to be", func(c *fedCase) {
			c.policy(t, verifier, `{"openid_credential_verifier": {"scope": {"regexp": "x"}}}`)
			c.claims[verifier]["metadata_policy_crit"] = []any{"regexp"}
		}, "", noVerifier, Unsupported},
		{"metadata of an entity type that is no object", func(c *fedCase) {
			c.claims[verifierOwn]["metadata"] = strictjson.Object{"openid_provider": "x"}
		}, "", noVerifier, BadForm},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := goodFed(t)
			tt.edit(c)
			r, err := Import(FromOIDF, write(t, c.jwts(t)), c.opt)
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			var got []string
			for _, e := range r.Entities {
				got = append(got, e.ID)
			}
			slices.Sort(got)
			slices.Sort(tt.members)
			if !slices.Equal(got, tt.members) {
				t.Errorf("members %q, want %q; findings %+v", got, tt.members, r.Report.Findings)
			}
			if tt.finding == "" && len(r.Report.Findings) > 0 || tt.finding != "" && !slices.ContainsFunc(r.Report.Findings, func(f Finding) bool { return f.Reason == tt.finding }) {
				t.Errorf("findings %+v, want %q", r.Report.Findings, tt.finding)
			}
			if r.Report.Signature.State != Verified || r.Report.Past {
				t.Errorf("report %+v", r.Report)
			}
			build(t, r)
		})
	}
}

func TestOIDFMapping(t *testing.T) {
	c := goodFed(t)
	c.opt.Evidence = true
	c.claims[idMiddle+">"+idIssuer]["exp"] = strictjson.Number(fmt.Sprint(testNow.Add(time.Hour).Unix()))
	c.claims[idAnchor+">"+idMiddle]["metadata_policy"] = strictjson.Object{"openid_credential_issuer": strictjson.Object{"display_name": strictjson.Object{"value": "The Registrar"}}}
	files := c.jwts(t)
	r, err := OIDF(write(t, files), c.opt)
	if err != nil {
		t.Fatal(err)
	}
	p := r.Report
	if r.Name != "Organisation of "+idAnchor || r.Authority != idAnchor || p.Time != "2026-07-01T11:00:00Z" || p.NextUpdate != "2026-07-01T13:00:00Z" || p.Signature.By != idAnchor {
		t.Errorf("%q %q %+v", r.Name, r.Authority, p)
	}
	if want := []NotMapped{{"metadata.jwks_uri", 1, "keys at an address, which nobody has signed with the statement"}}; !slices.Equal(p.NotMapped, want) {
		t.Errorf("not mapped %+v", p.NotMapped)
	}
	s, store := build(t, r)
	if a := find(t, s, idAnchor); a.Kind != "authority" || a.Auth[0].Action != "accredit" || a.Auth[0].Resource != "*" || a.Auth[0].By != "" {
		t.Errorf("anchor %+v", a)
	}
	if m := find(t, s, idMiddle); m.Auth[0].Action != "accredit" || m.Auth[0].By != idAnchor {
		t.Errorf("intermediate %+v", m)
	}
	if v := find(t, s, idVerifier); v.Kind != "verifier" || len(v.Auth) != 0 || v.Names[0] != "Shop" {
		t.Errorf("verifier %+v", v)
	}
	e := find(t, s, idIssuer)
	var got []string
	for _, a := range e.Auth {
		got = append(got, a.Action+" "+a.Resource+" "+a.By+a.Until)
	}
	want := []string{"issue Degree " + idMiddle, "issue https://university.example/diploma " + idMiddle, "issue org.example.id " + idMiddle}
	if !slices.Equal(got, want) || e.Kind != "issuer" || !slices.Equal(e.Names, []string{"The Registrar", "University"}) || e.Services[0].URL != "https://university.example" {
		t.Errorf("issuer %+v", e)
	}
	if len(e.Keys) != 1 || e.Keys[0].Kid != "sign-1" {
		t.Errorf("keys %+v", e.Keys)
	}
	for _, cid := range []string{e.Source, e.Auth[0].Via} {
		c, err := block.ParseCID(cid)
		if err != nil || strings.Count(string(store[c]), ".") != 2 {
			t.Errorf("evidence %s %v", cid, err)
		}
	}
	if via, _ := block.ParseCID(e.Auth[0].Via); string(store[via])+"\n" != files[fedFile(idMiddle, idIssuer)] {
		t.Error("via is another statement")
	}
}

// An entity type that a superior does not allow is no role of the entity.
func TestOIDFEntityTypes(t *testing.T) {
	for _, tt := range []struct {
		name  string
		types []any
		kind  string
		auth  int
	}{
		{"allowed", []any{"openid_credential_issuer"}, "issuer", 3},
		{"not allowed", []any{"openid_provider"}, "", 0},
		{"none allowed", []any{}, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := goodFed(t)
			c.constraint(idAnchor+">"+idMiddle, strictjson.Object{"allowed_entity_types": tt.types})
			r, err := OIDF(write(t, c.jwts(t)), c.opt)
			if err != nil {
				t.Fatal(err)
			}
			s, _ := build(t, r)
			if e := find(t, s, idIssuer); e.Kind != tt.kind || len(e.Auth) != tt.auth {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestOIDFTrustMarks(t *testing.T) {
	const kind = "https://anchor.example/marks/member"
	tests := []struct {
		name string
		edit func(c *fedCase, mark strictjson.Object)
		want Reason // "" for a mark that counts
	}{
		{"by the intermediate, as the anchor allows", func(c *fedCase, mark strictjson.Object) {}, ""},
		{"without an end", func(c *fedCase, mark strictjson.Object) { delete(mark, "exp") }, ""},
		{"by anybody, as the anchor allows", func(c *fedCase, mark strictjson.Object) {
			c.claims[idAnchor+">"+idAnchor]["trust_mark_issuers"] = strictjson.Object{kind: []any{}}
		}, ""},
		{"not allowed by the anchor", func(c *fedCase, mark strictjson.Object) {
			delete(c.claims[idAnchor+">"+idAnchor], "trust_mark_issuers")
		}, WrongSigner},
		{"allowed to another", func(c *fedCase, mark strictjson.Object) {
			c.claims[idAnchor+">"+idAnchor]["trust_mark_issuers"] = strictjson.Object{kind: []any{idVerifier}}
		}, WrongSigner},
		{"by a stranger", func(c *fedCase, mark strictjson.Object) { mark["iss"] = "https://x.example" }, WrongSigner},
		{"about another", func(c *fedCase, mark strictjson.Object) { mark["sub"] = idVerifier }, BadForm},
		{"of another type than it is shown as", func(c *fedCase, mark strictjson.Object) { mark["trust_mark_type"] = "x" }, BadForm},
		{"ended", func(c *fedCase, mark strictjson.Object) { mark["exp"] = testNow.Unix() }, Expired},
		{"signed by its holder", func(c *fedCase, mark strictjson.Object) { c.by["mark"] = idIssuer }, WrongSigner},
		{"signed with a key that only its issuer knows of", func(c *fedCase, mark strictjson.Object) {
			c.keys["x"] = newJWTKey(t, "new")
			c.claims[idMiddle+">"+idMiddle]["jwks"] = strictjson.Object{"keys": []any{c.keys[idMiddle].jwk(t), c.keys["x"].jwk(t)}}
			c.by["mark"] = "x"
		}, WrongSigner},
		{"a statement in its place", func(c *fedCase, mark strictjson.Object) { c.typ["mark"] = typStatement }, BadForm},
		{"delegated", func(c *fedCase, mark strictjson.Object) {
			c.claims[idAnchor+">"+idAnchor]["trust_mark_owners"] = strictjson.Object{kind: strictjson.Object{"sub": "https://o.example"}}
		}, Unsupported},
		{"crit", func(c *fedCase, mark strictjson.Object) { mark["crit"] = []any{"x"} }, Unsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := goodFed(t)
			c.claims[idAnchor+">"+idAnchor]["trust_mark_issuers"] = strictjson.Object{kind: []any{idMiddle}}
			mark := strictjson.Object{"iss": idMiddle, "sub": idIssuer, "trust_mark_type": kind, "iat": testNow.Add(-time.Hour).Unix(), "exp": testNow.Add(time.Hour).Unix()}
			c.by["mark"], c.typ["mark"] = idMiddle, typTrustMark
			tt.edit(c, mark)
			c.claims[idIssuer+">"+idIssuer]["trust_marks"] = []any{strictjson.Object{"trust_mark_type": kind, "trust_mark": c.keys[c.by["mark"]].sign(t, c.typ["mark"], mark)}}
			delete(c.by, "mark")
			r, err := OIDF(write(t, c.jwts(t)), c.opt)
			if err != nil {
				t.Fatal(err)
			}
			checkFindings(t, r, tt.want, true)
			s, _ := build(t, r)
			marks, accredits := 0, 0
			for _, a := range find(t, s, idIssuer).Auth {
				if a.Action == "trust-mark" && a.Resource == kind && a.By == idMiddle && a.From == "2026-07-01T11:00:00Z" {
					marks++
				}
			}
			for _, a := range find(t, s, idMiddle).Auth {
				if a.Action == "accredit" && a.Resource == kind && a.By == idAnchor {
					accredits++
				}
			}
			if good := tt.want == ""; good != (marks == 1) || good != (accredits == 1) {
				t.Errorf("%d marks, %d accreditations", marks, accredits)
			}
		})
	}
}

// OpenID Federation 1.0 Section 6.1.3: operators, how they merge and combine.
func TestMetadataPolicy(t *testing.T) {
	tests := []struct {
		name, superior, subordinate, metadata string
		want                                  string // the parameter p after; "error" for none
	}{
		{"value", `{"value": "b"}`, `{}`, `{"p": "a"}`, `"b"`},
		{"value null takes out", `{"value": null}`, `{}`, `{"p": "a"}`, ``},
		{"value twice", `{"value": "b"}`, `{"value": "b"}`, `{}`, `"b"`},
		{"value, and another", `{"value": "b"}`, `{"value": "c"}`, `{}`, `error`},
		{"add", `{"add": ["b"]}`, `{"add": ["c"]}`, `{"p": ["a", "b"]}`, `["a","b","c"]`},
		{"add to nothing", `{"add": ["b"]}`, `{}`, `{}`, `["b"]`},
		{"default", `{"default": ["b"]}`, `{}`, `{}`, `["b"]`},
		{"default, and there", `{"default": ["b"]}`, `{}`, `{"p": ["a"]}`, `["a"]`},
		{"default, and another", `{"default": ["b"]}`, `{"default": ["c"]}`, `{}`, `error`},
		{"one of", `{"one_of": ["a", "b"]}`, `{"one_of": ["b", "c"]}`, `{"p": "b"}`, `"b"`},
		{"one of, and another", `{"one_of": ["a", "b"]}`, `{"one_of": ["b", "c"]}`, `{"p": "a"}`, `error`},
		{"one of, and not there", `{"one_of": ["a"]}`, `{}`, `{}`, ``},
		{"one of nothing in common", `{"one_of": ["a"]}`, `{"one_of": ["b"]}`, `{}`, `error`},
		{"subset", `{"subset_of": ["a", "b"]}`, `{"subset_of": ["b", "c"]}`, `{"p": ["a", "b"]}`, `["b"]`},
		{"subset, and nothing left", `{"subset_of": ["a"]}`, `{}`, `{"p": ["b"]}`, `[]`},
		{"superset", `{"superset_of": ["a"]}`, `{"superset_of": ["b"]}`, `{"p": ["a", "b", "c"]}`, `["a","b","c"]`},
		{"superset, and one is missing", `{"superset_of": ["a"]}`, `{"superset_of": ["b"]}`, `{"p": ["a", "c"]}`, `error`},
		{"superset, and a member too few after the subset", `{"superset_of": ["a"]}`, `{"subset_of": ["b"]}`, `{"p": ["a", "b"]}`, `error`},
		{"essential", `{"essential": true}`, `{"essential": false}`, `{}`, `error`},
		{"essential by the subordinate", `{"essential": false}`, `{"essential": true}`, `{}`, `error`},
		{"not essential", `{"essential": false}`, `{}`, `{}`, ``},
		{"essential, with a default", `{"essential": true}`, `{"default": 1}`, `{}`, `1`},
		{"value and one of", `{"value": "a"}`, `{"one_of": ["b"]}`, `{}`, `error`},
		{"value and subset", `{"value": ["a"]}`, `{"subset_of": ["b"]}`, `{}`, `error`},
		{"value null and essential", `{"value": null}`, `{"essential": true}`, `{}`, `error`},
		{"add within value", `{"value": ["a", "b"]}`, `{"add": ["a"]}`, `{}`, `["a","b"]`},
		{"add beyond value", `{"value": ["a"]}`, `{"add": ["b"]}`, `{}`, `error`},
		{"add beyond subset", `{"subset_of": ["a"]}`, `{"add": ["b"]}`, `{}`, `error`},
		{"default beyond one of", `{"one_of": ["a"]}`, `{"default": "b"}`, `{}`, `error`},
		{"list that is none", `{"subset_of": "a"}`, `{}`, `{}`, `error`},
		{"essential that is text", `{"essential": "true"}`, `{}`, `{}`, `error`},
		{"objects are compared whole", `{"one_of": [{"b": 1, "a": 2}]}`, `{}`, `{"p": {"a": 2, "b": 1}}`, `{"a":2,"b":1}`},
	}
	parse := func(t *testing.T, text string) strictjson.Object {
		o, err := strictjson.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &federation{Result: &Result{}}
			m := &member{config: &statement{place: "own", claims: strictjson.Object{"metadata": strictjson.Object{"t": parse(t, tt.metadata)}}}}
			for _, policy := range []string{tt.superior, tt.subordinate} {
				m.chain = append(m.chain, &statement{place: "above", claims: strictjson.Object{"metadata_policy": strictjson.Object{"t": strictjson.Object{"p": parse(t, policy)}}}})
			}
			metadata, err := f.resolve(m)
			got := "error"
			if err == nil {
				got = ""
				if p, there := metadata.Object("t")["p"]; there {
					got = text(p)
				}
			}
			if got != tt.want {
				t.Errorf("%s (%v), want %s", got, err, tt.want)
			}
		})
	}
	// scope is a list that is written as one text.
	o := strictjson.Object{"scope": "a b c"}
	if why := applyPolicy(o, "scope", strictjson.Object{"subset_of": []any{"a", "c"}}); why != "" || o["scope"] != "a c" {
		t.Errorf("%v %s", o, why)
	}
}

// The federation is fetched from the anchor downwards, and nothing of it that the
// files have.
func TestOIDFLive(t *testing.T) {
	c := goodFed(t)
	files := c.jwts(t)
	lists := map[string][]any{idAnchor: {idMiddle, idVerifier}, idMiddle: {idIssuer}}
	var asked []string
	get := func(_ context.Context, address string) ([]byte, string, error) {
		asked = append(asked, address)
		if id, ok := strings.CutSuffix(address, "/.well-known/openid-federation"); ok {
			if text, there := files[fedFile(id, id)]; there {
				return []byte(text), "application/entity-statement+jwt", nil
			}
		}
		if id, ok := strings.CutSuffix(address, "/list"); ok {
			return []byte(text(lists[id])), "application/json", nil
		}
		if id, query, ok := strings.Cut(address, "/fetch?sub="); ok {
			sub, err := url.QueryUnescape(query)
			if text, there := files[fedFile(id, sub)]; err == nil && there {
				return []byte(text), "application/entity-statement+jwt", nil
			}
		}
		return nil, "", errors.New("404")
	}
	opt := c.opt
	opt.Get = get
	source := map[string]string{"source.json": `{"endpoint": "` + idAnchor + `"}`}
	r, err := OIDF(write(t, source), opt)
	if err != nil || r.Report.Entities != 4 || len(r.Report.Findings) != 0 {
		t.Fatalf("%+v %v", r, err)
	}
	if len(asked) != 4+2+3 {
		t.Errorf("asked %q", asked)
	}
	both := c.jwts(t)
	both["source.json"] = source["source.json"]
	asked = nil
	if _, err := OIDF(write(t, both), opt); err != nil || len(asked) != 2 { // who there is, is asked all the same
		t.Errorf("asked %q, %v", asked, err)
	}
	t.Run("a list that goes round", func(t *testing.T) {
		lists[idMiddle] = []any{idIssuer, idAnchor}
		defer func() { lists[idMiddle] = []any{idIssuer} }()
		if r, err := OIDF(write(t, source), opt); err != nil || r.Report.Entities != 4 || len(r.Report.Findings) != 1 {
			t.Errorf("%+v %v", r, err)
		}
	})
	t.Run("an entity that cannot be had", func(t *testing.T) {
		lists[idMiddle] = []any{idIssuer, "https://gone.example"}
		defer func() { lists[idMiddle] = []any{idIssuer} }()
		if r, err := OIDF(write(t, source), opt); err != nil || r.Report.Entities != 4 || r.Report.Findings[0].Reason != NoFile {
			t.Errorf("%+v %v", r, err)
		}
	})
	t.Run("a list that is none", func(t *testing.T) {
		lists[idMiddle] = []any{1}
		defer func() { lists[idMiddle] = []any{idIssuer} }()
		if r, err := OIDF(write(t, source), opt); err != nil || r.Report.Entities != 3 || r.Report.Findings[0].Reason != BadForm {
			t.Errorf("%+v %v", r, err)
		}
	})
	t.Run("the endpoint is not the anchor", func(t *testing.T) {
		both["source.json"] = `{"endpoint": "` + idMiddle + `"}`
		_, err := OIDF(write(t, both), opt)
		wantReason(t, err, WrongSigner)
	})
	t.Run("nobody fetches", func(t *testing.T) {
		opt.Get = nil
		_, err := OIDF(write(t, source), opt)
		wantReason(t, err, WrongSigner)
	})
}

// MUSTS 17: an anchor's configuration older than the last one imported is refused.
func TestMust17Federation(t *testing.T) {
	c := goodFed(t)
	dir := write(t, c.jwts(t))
	for _, tt := range []struct {
		name  string
		after *Report
		want  Reason
	}{
		{"the same again", &Report{From: FromOIDF, Time: "2026-07-01T11:00:00Z"}, ""},
		{"newer than before", &Report{From: FromOIDF, Time: "2026-07-01T10:00:00Z"}, ""},
		{"the same federation", &Report{From: FromOIDF, List: idAnchor, Time: "2026-07-01T10:00:00Z"}, ""},
		{"another federation", &Report{From: FromOIDF, List: idMiddle, Time: "2026-07-01T10:00:00Z"}, Rollback},
		{"older than before", &Report{From: FromOIDF, Time: "2026-07-01T11:00:01Z"}, Rollback},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.opt.After = tt.after
			_, err := OIDF(dir, c.opt)
			wantReason(t, err, tt.want)
		})
	}
}

func FuzzOIDF(f *testing.F) {
	c := goodFed(f)
	c.claims[idMiddle+">"+idIssuer]["constraints"] = strictjson.Object{"max_path_length": strictjson.Number("1")}
	f.Add([]byte(text(c.claims[idIssuer+">"+idIssuer])), []byte(text(c.claims[idMiddle+">"+idIssuer])))
	f.Add([]byte(`{"iss":1}`), []byte(`{"metadata_policy":{"openid_credential_issuer":{"a":{"add":[1]}}}}`))
	rest := c.jwts(f)
	f.Fuzz(func(t *testing.T, own, above []byte) {
		fsys := fstest.MapFS{}
		for name, text := range rest {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		for by, data := range map[string][]byte{idIssuer: own, idMiddle: above} {
			o, err := strictjson.ParseObject(data)
			if err != nil {
				return
			}
			fsys[fedFile(by, idIssuer)] = &fstest.MapFile{Data: []byte(c.keys[by].sign(t, typStatement, o))}
		}
		load := func() (*Result, error) {
			return oidf(&answers{dir: "f", fsys: fsys, opt: c.opt}, map[string]bool{c.opt.Fingerprint: true})
		}
		r, err := load()
		checkImport(t, r, err, load)
		if err == nil && len(r.Entities) < 4 && len(r.Report.Findings) == 0 {
			t.Fatal("an entity that is neither there nor listed")
		}
	})
}
