package builder_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/registry-snapshots/builder"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// directory is a signed list of issuers as the VCI has it, by a signer of our own.
type directory struct {
	*web
	key         *ecdsa.PrivateKey
	cert        []byte
	fingerprint string
}

func newDirectory(t *testing.T) *directory {
	t.Helper()
	d := &directory{web: newWeb(t)}
	d.key, d.cert, d.fingerprint = newSigner(t)
	return d
}

func newSigner(t *testing.T) (*ecdsa.PrivateKey, []byte, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "directory.example"}, NotBefore: day(1).AddDate(-1, 0, 0), NotAfter: day(1).AddDate(9, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	return key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), hex.EncodeToString(sum[:])
}

// list is a version of the directory with these issuers.
func list(at time.Time, issuers ...string) string {
	var info []string
	for _, name := range issuers {
		info = append(info, fmt.Sprintf(`{"issuer":{"iss":"https://%s.example","name":%q},"keys":[{"kid":"k","use":"sig","alg":"ES256",%s]}`,
			name, name, jwk(name)[1:]))
	}
	return fmt.Sprintf(`{"directory":"https://directory.example","time":%q,"issuerInfo":[%s]}`, at.Format(time.RFC3339), strings.Join(info, ","))
}

// publish serves a version with its signature.
func (d *directory) publish(t *testing.T, text string) {
	t.Helper()
	digest := sha512.Sum512([]byte(text))
	sig, err := ecdsa.SignASN1(rand.Reader, d.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	d.file("/list.json", "application/json", text)
	d.file("/list.sig", "application/octet-stream", string(sig))
	d.file("/list.crt", "application/x-pem-file", string(d.cert))
}

func (d *directory) yaml() string {
	return "name: R\nsources:\n  - {from: vci, label: directory, url: '" + d.base + "/list.json', fingerprint: " + d.fingerprint + "}\n"
}

// TestHostileSource has a source that misbehaves. Without an earlier copy the build fails,
// with one that stays, and nobody in it is retired.
func TestHostileSource(t *testing.T) {
	tests := []struct {
		name string
		edit func(t *testing.T, d *directory)
		want string
	}{
		{"valid", func(t *testing.T, d *directory) {}, ""},
		{"a signature of another list", func(t *testing.T, d *directory) {
			d.file("/list.json", "application/json", list(day(2), "a", "evil"))
		}, "import_bad_signature"},
		{"a signature of nothing", func(t *testing.T, d *directory) { d.file("/list.sig", "", "") }, "import_bad_signature"},
		{"another signer", func(t *testing.T, d *directory) {
			mine := *d
			mine.key, mine.cert, _ = newSigner(t)
			mine.publish(t, list(day(2), "evil"))
		}, "import_wrong_signer"},
		{"no signature", func(t *testing.T, d *directory) { d.serve("/list.sig", http.NotFound) }, "import_no_signature"},
		{"signed, and not a list", func(t *testing.T, d *directory) { d.publish(t, `{"time":"2026-11-02T00:00:00Z"}`) }, "import_bad_form"},
		{"signed, and nested without end", func(t *testing.T, d *directory) {
			d.publish(t, `{"time":"2026-11-02T00:00:00Z","issuerInfo":[`+strings.Repeat("[", 1<<20))
		}, "import_bad_form"},
		{"a web page", func(t *testing.T, d *directory) { d.file("/list.json", "text/html", "<html>") }, "not_a_gateway"},
		{"endless", func(t *testing.T, d *directory) { d.serve("/list.json", endless) }, "too_large"},
		{"slow drip", func(t *testing.T, d *directory) { d.serve("/list.json", drip(20*time.Millisecond)) }, "timeout"},
		{"down", func(t *testing.T, d *directory) { d.Close() }, "unavailable"},
		{"redirect to a private address", func(t *testing.T, d *directory) { d.serve("/list.json", redirect("https://192.168.0.1/")) }, "address_refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDirectory(t)
			timeout := "30s"
			if tt.want == "timeout" {
				timeout = "500ms"
			}
			yaml := d.yaml() + "limits: {sourceBytes: 3000000, timeout: " + timeout + "}\n"
			d.publish(t, list(day(2), "a", "b"))
			tt.edit(t, d)
			p := newProject(t, fetchFrom(t, d.private()))
			r, err := p.try(day(2), yaml)
			if tt.want == "" {
				if err != nil || r.Report.Sources[0].State != builder.New || r.Report.Sources[0].Import.Signature.State != "verified" || r.Meta.Entities != 2 {
					t.Fatalf("%+v, %v", r.Report, err)
				}
				return
			}
			wantReason(t, err, builder.BadSource)
			if s := r.Report.Sources[0]; s.State != builder.Failed || s.Reason != tt.want {
				t.Errorf("%+v, want failed for %s", s, tt.want)
			}
			if strings.Contains(err.Error(), "verilith-source-") {
				t.Errorf("%v names a temporary file", err)
			}
			if tt.name == "down" {
				return // for good
			}
			// With what was imported the day before.
			p.opt.Fetch = fetchFrom(t, d.private())
			p.shelf()
			d.publish(t, list(day(1), "a", "b"))
			first := p.build(day(1), strings.Replace(yaml, timeout, "30s", 1))
			d.publish(t, list(day(2), "a", "b"))
			tt.edit(t, d)
			p.opt.Fetch = fetchFrom(t, d.private())
			r = p.build(day(2), yaml)
			s := r.Report.Sources[0]
			if r.Meta.Root != first.Meta.Root || s.State != builder.Kept || s.Reason != tt.want || s.Age != "24h0m0s" || s.Import.Signature.State != "verified" {
				t.Errorf("%+v, want kept for %s", s, tt.want)
			}
		})
	}
}

// shelf gives the project a place to keep sources.
func (p *project) shelf() {
	p.Helper()
	s, err := builder.OpenShelf(p.TempDir())
	if err != nil {
		p.Fatal(err)
	}
	p.opt.Shelf = s
}

// An old version of a source, rightly signed, is not taken for a new one.
func TestHostileReplay(t *testing.T) {
	d := newDirectory(t)
	p := newProject(t, fetchFrom(t, d.private()))
	p.shelf()
	d.publish(t, list(day(1), "a", "b"))
	p.build(day(1), d.yaml())
	d.publish(t, list(day(2), "a"))
	second := p.build(day(2), d.yaml())
	if e := p.entity(second.Meta.Root, "https://b.example"); e.Status != snapshot.Retired {
		t.Errorf("%+v", e)
	}
	d.publish(t, list(day(1), "a", "b"))
	r := p.build(day(3), d.yaml())
	if s := r.Report.Sources[0]; s.State != builder.Kept || s.Reason != "import_rollback" || r.Meta.Root != second.Meta.Root {
		t.Errorf("%+v", s)
	}
	d.publish(t, list(day(4), "a", "b"))
	r = p.build(day(4), d.yaml())
	if e := p.entity(r.Meta.Root, "https://b.example"); e.Status != "" || r.Report.Sources[0].State != builder.Changed {
		t.Errorf("%+v, %+v", e, r.Report.Sources[0])
	}
}

// A source that decompresses without end.
func TestHostileGzipSource(t *testing.T) {
	d := newDirectory(t)
	yaml := "name: R\nsources:\n  - {from: vci, url: '" + d.base + "/list.json.gz', unsigned: true}\n"
	d.file("/list.json.gz", "application/gzip", string(gzipped(list(day(1), "a"))))
	r := newProject(t, fetchFrom(t, d.private())).build(day(1), yaml)
	if s := r.Report.Sources[0]; s.Import.Signature.State != "unsigned" || s.Import.Entities != 1 {
		t.Errorf("%+v", s)
	}
	d.file("/list.json.gz", "application/gzip", string(bomb(65<<20)))
	r, err := newProject(t, fetchFrom(t, d.private())).try(day(1), yaml)
	wantReason(t, err, builder.BadSource)
	if s := r.Report.Sources[0]; s.Reason != "import_too_large" {
		t.Errorf("%+v", s)
	}
}

// XML whose entities would multiply is refused by the first of them.
func TestHostileXMLSource(t *testing.T) {
	w := newWeb(t)
	var bomb strings.Builder
	bomb.WriteString(`<?xml version="1.0"?><!DOCTYPE TrustServiceStatusList [<!ENTITY a0 "ha">`)
	for i := range 30 {
		fmt.Fprintf(&bomb, `<!ENTITY a%d "&a%d;&a%d;&a%d;&a%d;">`, i+1, i, i, i, i)
	}
	bomb.WriteString(`]><TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#"><SchemeInformation>&a30;</SchemeInformation></TrustServiceStatusList>`)
	for name, text := range map[string]string{
		"bomb":            bomb.String(),
		"external entity": `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#">&e;</TrustServiceStatusList>`,
		"nested":          strings.Repeat("<a>", 300_000),
	} {
		t.Run(name, func(t *testing.T) {
			w.file("/list.xml", "application/xml", text)
			start := time.Now()
			r, err := newProject(t, fetchFrom(t, w.private())).try(day(1), "name: R\nsources:\n  - {from: etsi, url: '"+w.base+"/list.xml', fingerprint: "+strings.Repeat("a", 64)+"}\n")
			wantReason(t, err, builder.BadSource)
			if s := r.Report.Sources[0]; !strings.HasPrefix(s.Reason, "import_") || time.Since(start) > 5*time.Second {
				t.Errorf("%+v after %v", s, time.Since(start))
			}
			t.Log(err)
		})
	}
}

// Without a copy of a source that may be missing, nobody is retired for its absence.
func TestOptionalSource(t *testing.T) {
	d := newDirectory(t)
	yaml := strings.Replace(d.yaml(), "label:", "optional: true, label:", 1)
	p := newProject(t, fetchFrom(t, d.private()))
	d.publish(t, list(day(1), "a", "b"))
	first := p.build(day(1), yaml)
	d.serve("/list.json", status(503))
	own := yaml + "entities:\n  - {id: 'https://c.example', kind: issuer}\n"
	r := p.build(day(2), own)
	if s := r.Report.Sources[0]; s.State != builder.Missing || s.Reason != "unavailable" || r.Meta.Entities != 3 {
		t.Errorf("%+v, %d entities", s, r.Meta.Entities)
	}
	if a := p.entity(r.Meta.Root, "https://a.example"); a.Status != "" || a.Keys[0].State != "" || first.Meta.Entities != 2 {
		t.Errorf("%+v", a)
	}
}

// Several sources are merged; what two of them say differently of one entity is an error
// that names both.
func TestConflict(t *testing.T) {
	const key = `keys: [{kid: '#k', jwk: {kty: OKP, crv: Ed25519, x: svlsb7BxscqshjMrLpPGH4wA_oFNsnCrVI9GPWuAgXw}}]`
	tests := []struct {
		name, a, b string
		want       []string // in the error; none: no error
	}{
		{name: "two entities", a: "{id: 'did:example:a', " + key + "}", b: "{id: 'did:example:b', " + key + "}"},
		{name: "the same of one", a: "{id: 'did:example:a', " + key + "}", b: "{" + key + ", id: 'did:example:a'}"},
		{"different things of one", "{id: 'did:example:a', kind: issuer, " + key + "}", "{id: 'did:example:a', kind: verifier, " + key + "}",
			[]string{"did:example:a", "source clubs", "source schools", "kind"}},
		{"keys against none", "{id: 'did:example:a', " + key + "}", "{id: 'did:example:a'}", []string{"keys"}},
		{"an alias of another", "{id: 'did:example:a', ids: ['did:example:b']}", "{id: 'did:example:b'}", []string{"did:example:b", "source clubs", "source schools"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newProject(t, nil)
			p.write("clubs/a.yaml", tt.a)
			p.write("schools/b.yaml", tt.b)
			r, err := p.try(day(1), "name: R\nsources: [{from: folder, file: clubs, label: clubs}, {from: folder, file: schools, label: schools}]\n")
			if tt.want == nil {
				wantReason(t, err, "")
				if len(r.Report.Sources) != 2 {
					t.Errorf("%+v", r.Report)
				}
				return
			}
			wantReason(t, err, builder.Conflict)
			for _, text := range tt.want {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%v does not say %s", err, text)
				}
			}
		})
	}
	t.Run("documents", func(t *testing.T) {
		p := newProject(t, nil)
		p.write("x.txt", "x")
		p.write("y.txt", "y")
		for _, tt := range []struct {
			second string
			want   builder.Reason
		}{{"x.txt", ""}, {"y.txt", builder.Conflict}} {
			_, err := p.try(day(1), "name: R\ncarry:\n  resources: [{as: 'https://a.example/x', file: x.txt}, {as: 'https://a.example/x', file: "+tt.second+"}]\n")
			wantReason(t, err, tt.want)
		}
	})
}

// A source that was interrupted is not kept half.
func TestCancelled(t *testing.T) {
	d := newDirectory(t)
	d.publish(t, list(day(1), "a"))
	p := newProject(t, nil)
	p.shelf()
	ctx, cancel := context.WithCancel(t.Context())
	get := fetchFrom(t, d.private())
	p.opt.Fetch = func(c context.Context, r builder.Request) (builder.Answer, error) {
		if strings.HasSuffix(r.URL, ".sig") {
			cancel()
		}
		return get(ctx, r)
	}
	p.write("registry.yaml", d.yaml())
	cfg, err := builder.Load(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	opt := p.opt
	_, err = builder.Build(ctx, cfg, p.store.Put, opt)
	wantReason(t, err, builder.Cancelled)
	if !errors.Is(ctx.Err(), context.Canceled) || len(p.store) != 0 {
		t.Errorf("%d blocks", len(p.store))
	}
	p.opt.Fetch = get
	if r := p.build(day(1), d.yaml()); r.Report.Sources[0].State != builder.New {
		t.Errorf("%+v", r.Report.Sources[0])
	}
}
