package hosts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/verilith/verilith/examples/outage-drill/internal/child"
	"github.com/verilith/verilith/examples/outage-drill/internal/gateway"
	"github.com/verilith/verilith/registry-snapshots/block"
)

// Config is what a host is told when it starts.
type Config struct {
	Identity Identity        `json:"identity"`
	CAR      string          `json:"car,omitempty"` // the gateway's blocks
	JWK      json.RawMessage `json:"jwk,omitempty"` // the university's key
	Folder   string          `json:"folder,omitempty"`
}

// Ready is what a host says when it is.
type Ready struct {
	Address string `json:"address"`       // "127.0.0.1:port"
	DoH     string `json:"doh,omitempty"` // the name server's, by https
}

// Count is the one question that a running host answers, by its Traffic.
type Count struct{}

// Kind is one of the hosts.
type Kind string

// The kinds.
const (
	NameServer Kind = "names"
	Gateway    Kind = "gateway"
	University Kind = "university"
	Page       Kind = "page"
)

// String is what people call it.
func (k Kind) String() string {
	return map[Kind]string{NameServer: "name server", Gateway: "gateway", University: "did:web host", Page: "page host"}[k]
}

// Run is the whole program of one host, by its kind.
func Run(kind Kind, in io.Reader, out io.Writer) error {
	start, ok := map[Kind]func(Config, *Counter) (Ready, error){
		NameServer: startNames, Gateway: startGateway, University: startUniversity, Page: startPage,
	}[kind]
	if !ok {
		return fmt.Errorf("no host %q", string(kind))
	}
	return child.Serve(in, out, func(c Config) (any, func(Count) (any, error), error) {
		counter := &Counter{}
		ready, err := start(c, counter)
		return ready, func(Count) (any, error) { return counter.Traffic(), nil }, err
	})
}

func startNames(c Config, counter *Counter) (Ready, error) {
	zone := Zone(Names())
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return Ready{}, err
	}
	go zone.ServeUDP(conn, counter) // until the process ends
	doh, err := listen(counter.Handler(zone), &c.Identity)
	return Ready{Address: conn.LocalAddr().String(), DoH: doh}, err
}

func startGateway(c Config, counter *Counter) (Ready, error) {
	g, err := gateway.New()
	if err != nil {
		return Ready{}, err
	}
	file, err := os.Open(c.CAR)
	if err != nil {
		return Ready{}, err
	}
	defer file.Close()
	car, err := block.NewCARReader(file)
	if err != nil {
		return Ready{}, err
	}
	for {
		b, err := car.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Ready{}, err
		}
		if err := g.Put(b); err != nil {
			return Ready{}, err
		}
	}
	address, err := listen(counter.Handler(g), &c.Identity)
	return Ready{Address: address}, err
}

// DID is the university's: did:web names the port, percent-encoded.
func DID(address string) string {
	_, port, _ := strings.Cut(address, ":")
	return "did:web:" + UniversityName + "%3A" + port
}

func startUniversity(c Config, counter *Counter) (Ready, error) {
	var document []byte
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/did.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/did+json")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Write(document)
	})
	listening := make(chan struct{}) // the document holds the port
	address, err := listen(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-listening
		counter.Handler(mux).ServeHTTP(w, r)
	}), &c.Identity)
	if err != nil {
		return Ready{}, err
	}
	document, err = didDocument(DID(address), c.JWK)
	close(listening)
	return Ready{Address: address}, err
}

// startPage serves the page that verifies: static files.
func startPage(c Config, counter *Counter) (Ready, error) {
	files := http.FileServer(http.Dir(c.Folder))
	address, err := listen(counter.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store") // what survives is what the service worker keeps
		files.ServeHTTP(w, r)
	})), nil)
	return Ready{Address: address}, err
}
