package fetch

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A Gatherer has the guards of live documents, and bounds of its caller's.
func TestGatherer(t *testing.T) {
	tests := []struct {
		name     string
		do       http.HandlerFunc
		question string
		private  bool
		max      int64
		within   time.Duration
		want     Reason
	}{
		{name: "document", do: func(w http.ResponseWriter, r *http.Request) {
			if r.Method != "GET" || r.Header.Get("Accept") != "application/xml" || r.Header.Get("Content-Type") != "" {
				t.Errorf("%s with %v", r.Method, r.Header)
			}
			io.WriteString(w, "<x/>")
		}, private: true, max: 4},
		{name: "larger than any verification takes", do: func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, strings.Repeat("x", 3<<20))
		}, private: true, max: 3 << 20},
		{name: "over the bound", do: func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<x/>") }, private: true, max: 3, want: TooLarge},
		{name: "not in time", do: func(w http.ResponseWriter, r *http.Request) { stall(w, r) }, private: true, max: 10, within: 100 * time.Millisecond, want: Timeout},
		{name: "private address", do: func(w http.ResponseWriter, r *http.Request) { t.Error("was asked") }, max: 10, want: BadAddress},
		{name: "question", do: func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if r.Method != "POST" || string(body) != `{"a":1}` || err != nil || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s %q with %v, %v", r.Method, body, r.Header, err)
			}
			io.WriteString(w, `{"b":2}`)
		}, question: `{"a":1}`, private: true, max: 10},
		{name: "question sent on", do: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/other", http.StatusPermanentRedirect)
		}, question: `{"a":1}`, private: true, max: 10, want: BadRedirect},
		{name: "question sent elsewhere as none", do: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/other", http.StatusSeeOther)
		}, question: `{"a":1}`, private: true, max: 10, want: BadRedirect},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base, cfg := web(t, tt.do)
			if !tt.private {
				cfg.Private = nil
			}
			g, err := NewGatherer(cfg.Private, cfg.RootCAs)
			if err != nil {
				t.Fatal(err)
			}
			var question []byte
			if tt.question != "" {
				question = []byte(tt.question)
			}
			if tt.within == 0 {
				tt.within = 10 * time.Second
			}
			d, err := g.Get(t.Context(), base+"/doc", "application/xml", question, tt.max, tt.within)
			wantReason(t, err, tt.want)
			if err == nil && (len(d.Body) == 0 || d.Obtained.IsZero()) {
				t.Errorf("%+v", d)
			}
		})
	}
	if _, err := NewGatherer([]string{"http://issuer.lan"}, nil); err == nil {
		t.Error("http to another machine is accepted")
	}
}
