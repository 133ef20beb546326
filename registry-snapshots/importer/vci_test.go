package importer

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/block"
)

const vciFile = `{
  "directory": "https://directory.example/issuers.json",
  "time": "2026-08-22T04:43:50Z",
  "issuerInfo": [
    {"issuer": {"iss": "https://a.example/shc", "name": " Clinic A ", "website": "https://a.example"},
     "keys": [
       {"kty": "EC", "kid": "7JvktUpf1_9NPwdM-70FJT3YdyTiSe2IvmVxxgDSRb0", "use": "sig", "alg": "ES256", "crv": "P-256", "crlVersion": 1, "keySize": 256,
        "x": "3dQz5ZlbazChP3U7bdqShfF0fvSXLXD9WMa1kqqH6i4", "y": "FV4AsWjc7ZmfhSiHsw2gjnDMKNLwNqi2jMLmJpiKWtE"}],
     "lastRetrieved": "2026-08-22T04:43:50Z",
     "crls": [{"kid": "7JvktUpf1_9NPwdM-70FJT3YdyTiSe2IvmVxxgDSRb0", "method": "rid", "ctr": 1, "rids": ["MKyCxh7p6uQ"]}]},
    {"issuer": {"iss": "https://b.example", "name": "Clinic B", "website": "see below", "canonical_iss": "https://a.example/shc"}, "keys": [], "lastRetrieved": "2026-08-22T04:43:50Z", "rating": 5}
  ]
}`

// signer makes a key and a certificate that is valid from 2022 to 2032.
func signer(t testing.TB, curve elliptic.Curve) (*ecdsa.PrivateKey, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "directory.example"},
		NotBefore: time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2032, 1, 1, 0, 0, 0, 0, time.UTC),
	}, &x509.Certificate{Subject: pkix.Name{CommonName: "directory.example"}}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return key, der
}

func certPEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

func sign(t testing.TB, key *ecdsa.PrivateKey, text string) string {
	t.Helper()
	digest := sha512.Sum512([]byte(text))
	sig, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return string(sig)
}

func TestVCI(t *testing.T) {
	key, der := signer(t, elliptic.P521())
	other, otherDER := signer(t, elliptic.P521())
	p256, p256DER := signer(t, elliptic.P256())
	good := func() map[string]string {
		return map[string]string{"s.json": vciFile, "s.sig": sign(t, key, vciFile), "s.crt": certPEM(der)}
	}
	resign := func(f map[string]string, old, new string) {
		f["s.json"] = strings.ReplaceAll(f["s.json"], old, new)
		f["s.sig"] = sign(t, key, f["s.json"])
	}
	tests := []struct {
		name string
		edit func(f map[string]string, opt *Options)
		want Reason
	}{
		{"signed", func(f map[string]string, opt *Options) {}, ""},
		{"fingerprint with colons", func(f map[string]string, opt *Options) {
			opt.Fingerprint = strings.ToUpper(opt.Fingerprint[:2] + ":" + opt.Fingerprint[2:])
		}, ""},
		{"signature elsewhere", func(f map[string]string, opt *Options) {
			f["sigs/x"] = f["s.sig"]
			delete(f, "s.sig")
			opt.Signature = "sigs/x"
		}, ""},
		{"unsigned, as asked for", func(f map[string]string, opt *Options) {
			delete(f, "s.sig")
			opt.Unsigned = true
		}, ""},
		{"a byte changed", func(f map[string]string, opt *Options) {
			f["s.json"] = strings.Replace(vciFile, "Clinic A", "Clinic Z", 1)
		}, BadSignature},
		{"a byte changed, unsigned asked for", func(f map[string]string, opt *Options) {
			f["s.json"] = strings.Replace(vciFile, "Clinic A", "Clinic Z", 1)
			opt.Unsigned = true
		}, BadSignature},
		{"a space behind it", func(f map[string]string, opt *Options) { f["s.json"] += " " }, BadSignature},
		{"no signature", func(f map[string]string, opt *Options) { delete(f, "s.sig") }, NoSignature},
		{"no certificate", func(f map[string]string, opt *Options) { delete(f, "s.crt") }, NoFile},
		{"no file", func(f map[string]string, opt *Options) { delete(f, "s.json") }, NoFile},
		{"signed by another key", func(f map[string]string, opt *Options) { f["s.sig"] = sign(t, other, vciFile) }, BadSignature},
		{"another's certificate and signature", func(f map[string]string, opt *Options) {
			f["s.sig"], f["s.crt"] = sign(t, other, vciFile), certPEM(otherDER)
		}, WrongSigner},
		{"the known fingerprint is not this one", func(f map[string]string, opt *Options) { opt.Fingerprint = "" }, WrongSigner},
		{"P-256 certificate", func(f map[string]string, opt *Options) {
			f["s.sig"], f["s.crt"], opt.Fingerprint = sign(t, p256, vciFile), certPEM(p256DER), fingerprint(p256DER)
		}, WrongSigner},
		{"two certificates", func(f map[string]string, opt *Options) { f["s.crt"] += certPEM(otherDER) }, BadFile},
		{"no PEM", func(f map[string]string, opt *Options) { f["s.crt"] = string(der) }, BadFile},
		{"empty signature", func(f map[string]string, opt *Options) { f["s.sig"] = "" }, BadSignature},
		{"base64 signature", func(f map[string]string, opt *Options) { f["s.sig"] = "MIGIAkIB" }, BadSignature},
		{"signed after the certificate ended", func(f map[string]string, opt *Options) { resign(f, `"time": "2026`, `"time": "2033`) }, BadSignature},
		{"no time", func(f map[string]string, opt *Options) { resign(f, `"time"`, `"zeit"`) }, BadForm},
		{"no issuers", func(f map[string]string, opt *Options) { resign(f, `"issuerInfo"`, `"issuers"`) }, BadForm},
		{"duplicate member", func(f map[string]string, opt *Options) { resign(f, `"directory"`, `"time"`) }, BadForm},
		{"duplicate member inside", func(f map[string]string, opt *Options) { resign(f, `"use": "sig"`, `"alg": "sig"`) }, BadForm},
		{"issuer with http", func(f map[string]string, opt *Options) { resign(f, `"https://b.example"`, `"http://b.example"`) }, BadForm},
		{"issuer a string", func(f map[string]string, opt *Options) {
			resign(f, `"issuer": {"iss": "https://b.example"`, `"x": {"iss": "b"`)
		}, BadForm},
		{"private key", func(f map[string]string, opt *Options) { resign(f, `"keySize"`, `"d"`) }, BadEntity},
		{"key without a type", func(f map[string]string, opt *Options) { resign(f, `"kty"`, `"ktz"`) }, BadEntity},
		{"CRL without a kid", func(f map[string]string, opt *Options) { resign(f, `"crls": [{"kid"`, `"crls": [{"kit"`) }, BadForm},
		{"text behind it", func(f map[string]string, opt *Options) { resign(f, "\n}", "\n}{}") }, BadForm},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files, opt := good(), Options{Fingerprint: fingerprint(der)}
			tt.edit(files, &opt)
			dir := write(t, files)
			if opt.Signature != "" {
				opt.Signature = filepath.Join(dir, opt.Signature)
			}
			r, err := Import(FromVCI, filepath.Join(dir, "s.json"), opt)
			wantReason(t, err, tt.want)
			if err != nil {
				return
			}
			want := Verified
			if opt.Unsigned {
				want = Unsigned
			}
			if r.Report.Signature.State != want || r.Report.Entities != 2 || r.Report.Keys != 1 || r.Report.Auth != 2 || r.Report.Documents != 1 {
				t.Errorf("report %+v", r.Report)
			}
		})
	}
}

func TestVCIMapping(t *testing.T) {
	r, err := vci("s.json", []byte(vciFile), Options{}, Signature{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, store := build(t, r)
	a := find(t, s, "https://a.example/shc")
	if a.Kind != "issuer" || a.Names[0] != "Clinic A" || a.Services[0].URL != "https://a.example" || a.Auth[0].Resource != "*" || a.Auth[0].Action != "issue" {
		t.Errorf("%+v", a)
	}
	k := a.Keys[0]
	if k.Kid != "7JvktUpf1_9NPwdM-70FJT3YdyTiSe2IvmVxxgDSRb0" || k.JWK.Has("keySize") || !k.JWK.Has("crlVersion") {
		t.Errorf("key %+v", k)
	}
	if ids, p, err := s.KeyRef("jkt:" + k.Kid); err != nil || !p.Found || ids[0] != a.ID {
		t.Errorf("key index: %v %v %v", ids, p, err)
	}
	b := find(t, s, "https://b.example")
	if len(b.Keys) != 0 || len(b.Services) != 1 || b.Services[0].Type != "canonical-issuer" {
		t.Errorf("%+v", b)
	}
	res, p, err := s.Resource("https://a.example/shc/.well-known/crl/7JvktUpf1_9NPwdM-70FJT3YdyTiSe2IvmVxxgDSRb0.json")
	if err != nil || !p.Found {
		t.Fatalf("%+v %v", p, err)
	}
	c, err := block.ParseCID(res.CID)
	if err != nil || !strings.Contains(string(store[c]), `"rids":["MKyCxh7p6uQ"]`) {
		t.Errorf("CRL %s %v", store[c], err)
	}
	want := []NotMapped{
		{"issuer.website", 1, "some are no address"}, {"keys.keySize", 1, "no member of a JWK (RFC 7517)"},
		{"lastRetrieved", 2, "when the directory fetched the keys; it changes every day and the keys do not"}, {"rating", 1, "not known to this importer"},
	}
	if !slices.Equal(r.Report.NotMapped, want) {
		t.Errorf("not mapped %+v", r.Report.NotMapped)
	}
}

func TestEvidence(t *testing.T) {
	r, err := vci("s.json", []byte(vciFile), Options{Evidence: true}, Signature{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, store := build(t, r)
	c, err := block.ParseCID(find(t, s, "https://b.example").Source)
	if err != nil || string(store[c]) != vciFile || !r.Report.Carried || r.Report.SourceCID != c.String() {
		t.Errorf("source %s, report %+v, %v", c, r.Report, err)
	}
	big := vciFile + strings.Repeat(" ", block.MaxSize)
	if r, err = vci("s.json", []byte(big), Options{Evidence: true}, Signature{}, nil); err != nil || r.Report.Carried || r.Entities[0].Source != "" {
		t.Errorf("over 2 MiB: %+v %v", r.Report, err)
	}
	build(t, r)
}

func TestVCIGzip(t *testing.T) {
	pack := func(text string) string {
		var buf bytes.Buffer
		z := gzip.NewWriter(&buf)
		if _, err := z.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return buf.String()
	}
	good := pack(vciFile)
	tests := []struct {
		name, data string
		unsigned   bool
		want       Reason
	}{
		{"packed", good, true, ""},
		{"packed, and nobody asked for unsigned", good, false, NoSignature},
		{"not packed", vciFile, true, BadFile},
		{"cut", good[:len(good)-9], true, BadFile},
		{"bomb", pack(strings.Repeat(" ", MaxFile+1)), true, TooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(write(t, map[string]string{"2026.json.gz": tt.data}), "2026.json.gz")
			_, err := VCI(file, Options{Unsigned: tt.unsigned})
			wantReason(t, err, tt.want)
		})
	}
}

func TestImport(t *testing.T) {
	_, err := Import("ldap", "x", Options{})
	wantReason(t, err, UnknownSource)
	for _, from := range []string{FromFolder, FromVCI, FromDCC} {
		_, err := Import(from, filepath.Join(t.TempDir(), "none"), Options{})
		wantReason(t, err, NoFile)
	}
	file := filepath.Join(t.TempDir(), "large.json")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, MaxFile+1); err != nil {
		t.Fatal(err)
	}
	_, err = DCC(file, Options{})
	wantReason(t, err, TooLarge)
}

// What imports, builds; and importing is the same each time.
func FuzzVCI(f *testing.F) {
	f.Add([]byte(vciFile))
	f.Add([]byte(`{"time":"2026-08-22T04:43:50Z","issuerInfo":[]}`))
	f.Add([]byte(`{"time":"2026-08-22T04:43:50Z","issuerInfo":[{"issuer":{"iss":"https://a"},"keys":[{"kty":"EC","x5c":["AAAA"]}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := vci("f", data, Options{}, Signature{}, nil)
		checkImport(t, r, err, func() (*Result, error) { return vci("f", data, Options{}, Signature{}, nil) })
	})
}
