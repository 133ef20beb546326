package hosts

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func TestZone(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	counter := &Counter{}
	go Zone(Names()).ServeUDP(conn, counter)
	r := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("udp", conn.LocalAddr().String())
	}}
	addrs, err := r.LookupHost(t.Context(), GatewayName)
	if err != nil || !slices.Equal(addrs, []string{"127.0.0.1"}) {
		t.Errorf("%v, error %v, want 127.0.0.1", addrs, err)
	}
	var failed *net.DNSError
	if addrs, err := r.LookupHost(t.Context(), "nobody."+Domain); !errors.As(err, &failed) || !failed.IsNotFound {
		t.Errorf("%v, error %v, want that the name is not found", addrs, err)
	}
	if n := counter.Traffic().Requests; n < 2 {
		t.Errorf("%d requests counted, want one for each question", n)
	}
	conn.Close()
	if addrs, err := r.LookupHost(t.Context(), GatewayName); !errors.As(err, &failed) {
		t.Errorf("without a server: %v, error %v", addrs, err)
	}
}

// RFC 8484 Section 4.1: by GET and by POST.
func TestZoneByHTTPS(t *testing.T) {
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: 7, RecursionDesired: true})
	if err := errors.Join(b.StartQuestions(), b.Question(dnsmessage.Question{
		Name: dnsmessage.MustNewName(GatewayName + "."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET})); err != nil {
		t.Fatal(err)
	}
	query, err := b.Finish()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, method, target string
		body                 []byte
		status               int
	}{
		{"GET", "GET", "/dns-query?dns=" + base64.RawURLEncoding.EncodeToString(query), nil, 200},
		{"POST", "POST", "/dns-query", query, 200},
		{"no query", "GET", "/dns-query", nil, 400},
		{"cut query", "POST", "/dns-query", query[:len(query)-3], 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			Zone(Names()).ServeHTTP(w, httptest.NewRequest(tt.method, tt.target, bytes.NewReader(tt.body)))
			if w.Code != tt.status {
				t.Fatalf("status %d, want %d", w.Code, tt.status)
			}
			if tt.status != 200 {
				return
			}
			var m dnsmessage.Message
			if err := m.Unpack(w.Body.Bytes()); err != nil || m.ID != 7 || len(m.Answers) != 1 {
				t.Errorf("answer %v, error %v, want one address", m, err)
			}
		})
	}
}

func TestIdentityServesItsNamesAlone(t *testing.T) {
	id, err := NewIdentity(Names())
	if err != nil {
		t.Fatal(err)
	}
	counter := &Counter{}
	address, err := listen(counter.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "hello")
	})), &id)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(id.Authority))
	for _, tt := range []struct {
		name string
		ok   bool
	}{{UniversityName, true}, {"127.0.0.1", true}, {"verilith.example", false}} {
		conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots, ServerName: tt.name})
		if (err == nil) != tt.ok {
			t.Errorf("%s: error %v, want ok %v", tt.name, err, tt.ok)
		}
		if err == nil {
			conn.Close()
		}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	resp, err := client.Get("https://" + address)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if got := counter.Traffic(); got != (Traffic{1, 5}) {
		t.Errorf("counted %v, want 1 request of 5 bytes", got)
	}
}

func TestUniversityDocument(t *testing.T) {
	did := DID("127.0.0.1:8443")
	if did != "did:web:university.drill.example%3A8443" {
		t.Errorf("DID %s", did)
	}
	data, err := didDocument(did, json.RawMessage(`{"kty":"EC"}`))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		ID              string
		AssertionMethod []string
	}
	if err := json.Unmarshal(data, &doc); err != nil || doc.ID != did || len(doc.AssertionMethod) != 1 {
		t.Errorf("document %s, error %v", data, err)
	}
}
