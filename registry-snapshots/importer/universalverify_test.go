package importer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/verilith/verilith/wasm/strictjson"
)

// uvIssuer is an issuer's file, not yet signed, and its AKI.
func uvIssuer(c *x509.Certificate) (o strictjson.Object, aki string) {
	aki = base64.RawURLEncoding.EncodeToString(c.SubjectKeyId)
	return strictjson.Object{
		"issuer_id": "x509_aki:" + aki, "entity_type": "government",
		"entity_metadata": strictjson.Object{"country": "US", "region": "OH", "government_level": "state", "official_name": "Department of Ohio"},
		"display":         strictjson.Object{"name": "Ohio", "logo": "https://ohio.example/logo.svg"},
		"certificates":    []any{strictjson.Object{"data": certPEM(c.Raw), "format": "pem", "trust_lists": []any{"uv"}}},
	}, aki
}

// uvSign signs a file as the registry does.
func uvSign(t testing.TB, key *ecdsa.PrivateKey, o strictjson.Object) []byte {
	t.Helper()
	text, err := strictjson.Canonical(o.Without("signature"))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(text)
	sig, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	o = o.Without()
	o["signature"] = base64.StdEncoding.EncodeToString(sig)
	return strictjson.Encode(o)
}

type uvCase struct {
	issuer strictjson.Object
	name   string
	files  fstest.MapFS
	signer party
	after  func(text []byte) []byte
	opt    Options
}

func TestUniversalVerify(t *testing.T) {
	registry, stranger := listRoot(t, "Registry"), listRoot(t, "Registry")
	cert := mdlRoot(t, "US-OH", nil).cert
	notice := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	tests := []struct {
		name    string
		edit    func(c *uvCase)
		want    Reason
		finding Reason
		skipped bool
	}{
		{"signed", func(c *uvCase) {}, "", "", false},
		{"certificate elsewhere", func(c *uvCase) {
			delete(c.files, "public_signing_key.pem")
			c.opt.Certificate = anchorFile(t, registry.cert)
		}, "", "", false},
		{"the signer is another than the known one", func(c *uvCase) { c.opt.Fingerprint = "" }, WrongSigner, "", false},
		{"no certificate, and the pin is not the known one", func(c *uvCase) { delete(c.files, "public_signing_key.pem") }, NoFile, "", false},
		{"the known signer, who has not signed this", func(c *uvCase) {
			delete(c.files, "public_signing_key.pem")
			c.opt.Fingerprint = ""
		}, BadSignature, "", false},
		{"another's certificate", func(c *uvCase) { c.files["public_signing_key.pem"].Data = []byte(certPEM(stranger.cert.Raw)) }, WrongSigner, "", false},
		{"two certificates", func(c *uvCase) {
			c.files["public_signing_key.pem"].Data = []byte(certPEM(registry.cert.Raw) + certPEM(stranger.cert.Raw))
		}, BadFile, "", false},
		{"signed by another", func(c *uvCase) { c.signer = stranger }, BadSignature, "", false},
		{"signed by another, unsigned asked for", func(c *uvCase) { c.signer, c.opt.Unsigned = stranger, true }, BadSignature, "", false},
		{"changed after", func(c *uvCase) {
			c.after = func(text []byte) []byte { return replaceOnce(text, `"region":"OH"`, `"region":"TX"`) }
		}, BadSignature, "", false},
		{"a member more after", func(c *uvCase) {
			c.after = func(text []byte) []byte { return replaceOnce(text, `{`, `{"x":1,`) }
		}, BadSignature, "", false},
		{"a member twice", func(c *uvCase) {
			c.after = func(text []byte) []byte { return replaceOnce(text, `{`, `{"entity_type":"government",`) }
		}, BadForm, "", false},
		{"written in another order", func(c *uvCase) {
			c.after = func(text []byte) []byte {
				return replaceOnce(replaceOnce(text, `,"region":"OH"`, ``), `{"country"`, `{"region":"OH", "country"`)
			}
		}, "", "", false},
		{"no signature", func(c *uvCase) { c.after = func([]byte) []byte { return strictjson.Encode(c.issuer) } }, NoSignature, "", false},
		{"signature with a line end", func(c *uvCase) {
			c.after = func(text []byte) []byte { return replaceOnce(text, `"signature":"`, `"signature":"\n`) }
		}, BadSignature, "", false},
		{"the signer's certificate has ended", func(c *uvCase) { c.opt.Now = certUntil.AddDate(0, 0, 1) }, Expired, "", false},
		{"another issuer's file", func(c *uvCase) { c.name = "AAAA" }, BadForm, "", false},
		{"an id of another kind", func(c *uvCase) { c.issuer["issuer_id"] = "did:web:a.example" }, BadForm, "", false},
		{"an anchor", func(c *uvCase) { c.opt.Anchors = []string{anchorFile(t, registry.cert)} }, Unsupported, "", false},
		{"nobody's folder", func(c *uvCase) { c.name = ""; c.files["issuers/x.json"] = notice("{}") }, NoFile, "", false},
		{"test data and examples are passed over", func(c *uvCase) {
			c.files["test/issuers/x509_aki/x.json"], c.files["examples/x509_aki/x.json"] = notice("{}"), notice("{}")
		}, "", "", false},
		{"certificate that is none", func(c *uvCase) {
			c.issuer["certificates"] = append(c.issuer.Array("certificates"), strictjson.Object{"data": "x", "format": "pem"})
		}, "", BadFile, true},
		{"certificate in another format", func(c *uvCase) {
			c.issuer["certificates"] = append(c.issuer.Array("certificates"), strictjson.Object{"data": "x", "format": "der"})
		}, "", Unsupported, true},
		{"certificate of another", func(c *uvCase) {
			c.issuer["certificates"] = append(c.issuer.Array("certificates"), strictjson.Object{"data": certPEM(stranger.cert.Raw), "format": "pem"})
		}, "", BadForm, true},
		{"the same certificate twice", func(c *uvCase) {
			c.issuer["certificates"] = append(c.issuer.Array("certificates"), c.issuer.Array("certificates")[0])
		}, "", BadEntity, true},
		{"region in words", func(c *uvCase) { c.issuer.Object("entity_metadata")["region"] = "Ohio" }, "", BadProfile, false},
		{"end of life without a time", func(c *uvCase) { c.files["deprecation_notice.json"] = notice(`{"version": "0.1"}`) }, BadForm, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			issuer, aki := uvIssuer(cert)
			c := &uvCase{
				issuer: issuer, name: aki, signer: registry, files: fstest.MapFS{"public_signing_key.pem": {Data: []byte(certPEM(registry.cert.Raw))}},
				opt: Options{Now: testNow, Fingerprint: x5t(registry.cert.Raw)},
			}
			tt.edit(c)
			text := uvSign(t, c.signer.key, c.issuer)
			if c.after != nil {
				text = c.after(text)
			}
			if c.name != "" {
				c.files["issuers/x509_aki/"+c.name+".json"] = &fstest.MapFile{Data: text}
			}
			dir := t.TempDir()
			if err := os.CopyFS(dir, c.files); err != nil {
				t.Fatal(err)
			}
			r, err := Import(FromUniversalVerify, dir, c.opt)
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			if r.Report.Signature.State != Verified || r.Report.Entities != 1 || r.Report.Keys != 1 || r.Report.Auth != 1 {
				t.Errorf("report %+v", r.Report)
			}
			checkFindings(t, r, tt.finding, tt.skipped)
			build(t, r)
		})
	}
}

func replaceOnce(text []byte, old, new string) []byte {
	i := slices.Index(text, old[0])
	for ; i+len(old) <= len(text); i++ {
		if string(text[i:i+len(old)]) == old {
			return slices.Concat(text[:i], []byte(new), text[i+len(old):])
		}
	}
	panic("the text has no " + old)
}

func TestUniversalVerifyMapping(t *testing.T) {
	registry, cert := listRoot(t, "Registry"), mdlRoot(t, "US-OH", nil).cert
	o, aki := uvIssuer(cert)
	dir := write(t, map[string]string{
		"public_signing_key.pem": certPEM(registry.cert.Raw), "issuers/x509_aki/" + aki + ".json": string(uvSign(t, registry.key, o)),
		"deprecation_notice.json": `{"version": "0.1", "end_of_life": 1767225600}`, "trusted-issuer.schema.json": "{}",
	})
	r, err := UniversalVerify(dir, Options{Now: testNow, Fingerprint: x5t(registry.cert.Raw), Evidence: true})
	if err != nil {
		t.Fatal(err)
	}
	if p := r.Report; p.NextUpdate != "2026-01-01T00:00:00Z" || !p.Past || p.Signature.By != "CN=Registry" {
		t.Errorf("report %+v", p)
	}
	var left []string
	for _, n := range r.Report.NotMapped {
		left = append(left, n.Member)
	}
	if want := []string{"certificates.trust_lists", "display.logo", "entity_metadata.government_level", "entity_type"}; !slices.Equal(left, want) {
		t.Errorf("not mapped %q", left)
	}
	s, store := build(t, r)
	e := find(t, s, "x509_aki:"+aki)
	if e.Jurisdiction != "US-OH" || !slices.Equal(e.Names, []string{"Ohio", "Department of Ohio"}) || e.Auth[0].Resource != "*" || e.Source == "" {
		t.Errorf("%+v", e)
	}
	if len(store) == 0 || r.Report.Carried != true {
		t.Error("the signed file is not carried")
	}
}

// The known signer is a P-256 key, valid at the time of these tests.
func TestUniversalVerifyKnown(t *testing.T) {
	s, err := knownUniversalVerify()
	if err != nil || s.key.Curve != elliptic.P256() || !s.from.Before(testNow) || !s.until.After(testNow) || len(s.fingerprint) != 64 {
		t.Errorf("%+v %v", s, err)
	}
}

func FuzzUniversalVerify(f *testing.F) {
	registry, cert := listRoot(f, "Registry"), mdlRoot(f, "US-OH", nil).cert
	o, aki := uvIssuer(cert)
	signer := &ecdsaSigner{by: "r", key: &registry.key.PublicKey}
	f.Add(uvSign(f, registry.key, o), true)
	f.Add(strictjson.Encode(o), true)
	f.Add([]byte(`{"issuer_id":"x509_aki:A","display":[],"certificates":[{}]}`), true)
	f.Fuzz(func(t *testing.T, data []byte, resign bool) {
		if resign { // past the signature, to the parser
			if o, err := strictjson.ParseObject(data); err == nil {
				if _, err := strictjson.Canonical(o); err == nil {
					data = uvSign(t, registry.key, o)
				}
			}
		}
		load := func() (*Result, error) {
			r := &Result{}
			if err := r.universalVerifyIssuer("x509_aki/"+aki+".json", data, signer, map[string]string{}, Options{}); err != nil {
				return nil, err
			}
			return r.judge(Options{Now: testNow})
		}
		r, err := load()
		checkImport(t, r, err, load)
	})
}

// A file's own name decides, wherever the folder is.
func TestUniversalVerifyTwice(t *testing.T) {
	registry, cert := listRoot(t, "Registry"), mdlRoot(t, "US-OH", nil).cert
	o, aki := uvIssuer(cert)
	text := string(uvSign(t, registry.key, o))
	file := filepath.Join("x509_aki", aki+".json")
	opt := Options{Now: testNow, Fingerprint: x5t(registry.cert.Raw)}
	once := map[string]string{"public_signing_key.pem": certPEM(registry.cert.Raw), filepath.Join("issuers", file): text}
	if _, err := UniversalVerify(write(t, once), opt); err != nil {
		t.Error(err)
	}
	once[filepath.Join("more", file)] = text
	_, err := UniversalVerify(write(t, once), opt)
	wantReason(t, err, BadForm)
}
