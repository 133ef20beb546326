// Package hosts is the part of the world that the drill takes away: a name server, a
// trustless gateway, a university's web host, and the host of the page. Each runs in
// a process of its own, on 127.0.0.1.
package hosts

import (
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"time"
)

// Domain is that of every name in the drill; RFC 2606 reserves it, nobody owns it.
const Domain = "drill.example"

// The names. The probes lead to the university; each is asked for once, so that
// nobody has its address from before.
const (
	GatewayName    = "gateway." + Domain
	UniversityName = "university." + Domain
	ProbeBefore    = "probe-before." + Domain
	ProbeAfter     = "probe-after." + Domain
)

// Names are all of them.
func Names() []string { return []string{GatewayName, UniversityName, ProbeBefore, ProbeAfter} }

// Traffic is what a host has answered since it was started.
type Traffic struct {
	Requests int `json:"requests"`
	Bytes    int `json:"bytes"` // of bodies
}

// Since is the traffic after an earlier count.
func (t Traffic) Since(earlier Traffic) Traffic {
	return Traffic{t.Requests - earlier.Requests, t.Bytes - earlier.Bytes}
}

// Plus adds what another host answered.
func (t Traffic) Plus(other Traffic) Traffic {
	return Traffic{t.Requests + other.Requests, t.Bytes + other.Bytes}
}

// Counter counts answers.
type Counter struct {
	mu sync.Mutex
	t  Traffic
}

// Add counts an answer of n bytes.
func (c *Counter) Add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t.Requests++
	c.t.Bytes += n
}

// Traffic is the count.
func (c *Counter) Traffic() Traffic {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

// Handler counts what next answers. A request is counted when it comes, its bytes
// before they are sent: who has read the answer finds it counted.
func (c *Counter) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.Add(0)
		next.ServeHTTP(&counted{w, c}, r)
	})
}

type counted struct {
	http.ResponseWriter
	c *Counter
}

func (w *counted) Write(b []byte) (int, error) {
	w.c.mu.Lock()
	w.c.t.Bytes += len(b)
	w.c.mu.Unlock()
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController find the connection.
func (w *counted) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// listen serves handler on a free port, by https if there is an identity. It returns
// the address.
func listen(handler http.Handler, id *Identity) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address := l.Addr().String()
	if id != nil {
		config, err := id.tls()
		if err != nil {
			l.Close()
			return "", err
		}
		l = tls.NewListener(l, config)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go server.Serve(l) // until the process ends
	return address, nil
}

// didDocument is the document of a did:web with one key for assertions, DID Core
// Section 5.
func didDocument(did string, jwk json.RawMessage) ([]byte, error) {
	method := did + "#key-1"
	return json.MarshalIndent(map[string]any{
		"@context": []string{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"},
		"id":       did,
		"verificationMethod": []any{map[string]any{
			"id": method, "type": "JsonWebKey", "controller": did, "publicKeyJwk": jwk,
		}},
		"assertionMethod": []string{method},
	}, "", "  ")
}
