package hosts

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	maxQuery = 4096 // bytes; RFC 1035 allows 512 over UDP, EDNS more
	ttl      = 0    // seconds: nobody may remember, so that the server's end is felt at once
)

// Zone answers for a few names, all at 127.0.0.1, and says of every other one that
// it does not exist.
type Zone []string

// ServeUDP answers until the connection is closed.
func (z Zone) ServeUDP(conn net.PacketConn, counter *Counter) error {
	buf := make([]byte, maxQuery)
	for {
		n, from, err := conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if answer, err := z.answer(buf[:n]); err == nil {
			counter.Add(len(answer))
			if _, err := conn.WriteTo(answer, from); err != nil {
				return err
			}
		}
	}
}

// ServeHTTP answers by HTTPS, RFC 8484: browsers cannot be given a name server by
// address, but one by URL.
func (z Zone) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var query []byte
	var err error
	if r.Method == http.MethodPost {
		query, err = io.ReadAll(io.LimitReader(r.Body, maxQuery))
	} else {
		query, err = base64.RawURLEncoding.DecodeString(r.URL.Query().Get("dns"))
	}
	var answer []byte
	if err == nil {
		answer, err = z.answer(query)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/dns-message")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(answer)
}

// answer answers one query, RFC 1035 Section 4.
func (z Zone) answer(query []byte) ([]byte, error) {
	var p dnsmessage.Parser
	header, err := p.Start(query)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	question, err := p.Question()
	if err != nil {
		return nil, fmt.Errorf("question: %w", err)
	}
	header.Response, header.Authoritative, header.RecursionAvailable = true, true, true
	known := false
	for _, name := range z {
		known = known || strings.EqualFold(name+".", question.Name.String())
	}
	if !known {
		header.RCode = dnsmessage.RCodeNameError
	}
	b := dnsmessage.NewBuilder(nil, header)
	if err := b.StartQuestions(); err != nil {
		return nil, err
	}
	if err := b.Question(question); err != nil {
		return nil, err
	}
	if known && question.Type == dnsmessage.TypeA {
		if err := b.StartAnswers(); err != nil {
			return nil, err
		}
		h := dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: ttl}
		if err := b.AResource(h, dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}); err != nil {
			return nil, err
		}
	}
	return b.Finish()
}
