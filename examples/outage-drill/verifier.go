package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/verilith/verilith/examples/outage-drill/internal/child"
	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// verifierConfig is what a verifier is told when it starts: the Go one and the page.
type verifierConfig struct {
	Registry string   `json:"registry"` // the snapshot's root CID
	Gateway  string   `json:"gateway"`  // URL
	Private  []string `json:"private"`  // "host:port" of documents that are at private addresses

	// The Go verifier alone is told these.
	Module     string `json:"module,omitempty"`     // file, or "" for the embedded one
	Compiled   string `json:"compiled,omitempty"`   // folder for compiled code
	Cache      string `json:"cache,omitempty"`      // folder for blocks and documents
	NameServer string `json:"nameServer,omitempty"` // address
	Authority  string `json:"authority,omitempty"`  // PEM
}

// opened is what a verifier says when it is ready.
type opened struct {
	Module string  `json:"module"` // CID
	MS     float64 `json:"ms"`
	// Surviving says that the page came from its service worker, not from its host.
	Surviving bool `json:"surviving,omitempty"`
}

// question is one credential to judge.
type question struct {
	Input       string    `json:"input"`
	Now         time.Time `json:"now,omitzero"`          // zero means the verifier's clock
	AcceptStale string    `json:"acceptStale,omitempty"` // age of keys, "30d"
}

// result is a verifier's answer.
type result struct {
	Verdict json.RawMessage `json:"verdict"`
	MS      float64         `json:"ms"`
	Tried   int             `json:"tried"` // questions to the network that nobody answered
}

// runVerifier is the Go verifier's process: what a backend that uses package host is.
// It is an ordinary one, but that it asks the drill's name server in place of the
// system's.
func runVerifier(in io.Reader, out io.Writer) error {
	return child.Serve(in, out, func(c verifierConfig) (any, func(question) (any, error), error) {
		start := time.Now()
		net.DefaultResolver = resolver(c.NameServer)
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM([]byte(c.Authority)) {
			return nil, nil, errors.New("no authority")
		}
		cache, err := fetch.OpenCache(c.Cache, 0)
		if err != nil {
			return nil, nil, err
		}
		fetcher, err := fetch.New(fetch.Config{
			Cache: cache, Gateways: []string{c.Gateway}, Live: true, Private: c.Private, RootCAs: roots,
		})
		if err != nil {
			return nil, nil, err
		}
		config := host.Config{Fetcher: fetcher, CacheDir: c.Compiled, Instances: 1}
		if c.Module != "" {
			if config.Module, err = os.ReadFile(c.Module); err != nil {
				return nil, nil, err
			}
		}
		verifier, err := host.Open(context.Background(), config)
		if err != nil {
			return nil, nil, err
		}
		answer := func(q question) (any, error) { return judge(verifier, c.Registry, q) }
		return opened{Module: verifier.ModuleCID(), MS: since(start)}, answer, nil
	})
}

func judge(verifier *host.Verifier, registry string, q question) (result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), maxVerify)
	defer cancel()
	var policy *wire.Policy
	if q.AcceptStale != "" {
		policy = &wire.Policy{AcceptStale: map[string]string{wire.ClassKeys: q.AcceptStale}}
	}
	start := time.Now()
	v, err := verifier.Verify(ctx, host.Request{
		Input: []byte(q.Input), Now: q.Now, Policy: policy, Registries: []wire.Registry{{Snapshot: registry}},
	})
	if err != nil {
		return result{}, err
	}
	r := result{Verdict: strictjson.Encode(strictjson.From(v.Verdict)), MS: since(start)}
	for _, a := range v.Asked {
		// A document is asked for first, and taken from the cache when that fails.
		if a.Err != nil || a.Path == "" && a.Source == "cache" {
			r.Tried++
		}
	}
	return r, nil
}

// resolver asks one name server, and nobody else.
func resolver(address string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", address)
	}}
}

func since(start time.Time) float64 { return float64(time.Since(start).Microseconds()) / 1000 }
