package fetch

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/wire"
)

// Each line is one way in which a gateway may answer. The block is owed; how many
// requests it took says whether the one-request path was used.
func TestGateway(t *testing.T) {
	proof, need := want(t, 7)
	_, store := registry()
	n := len(proof.Blocks)
	car := pathCAR(proof.Path)
	var all []block.Block
	for _, c := range proof.Blocks {
		all = append(all, block.Block{CID: c, Data: store[c]})
	}
	stranger := block.New(block.Raw, []byte("nobody asked for this"))
	forged := block.Block{CID: proof.Blocks[n-1], Data: []byte("forged")}
	isCAR := func(r *http.Request) bool { return r.URL.Query().Get("format") == "car" }
	answerCAR := func(data []byte) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if isCAR(r) {
				w.Write(data)
			}
			return isCAR(r)
		}
	}
	status := func(code int, header ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			return true
		}
	}
	statusCAR := func(code int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if isCAR(r) {
				w.WriteHeader(code)
			}
			return isCAR(r)
		}
	}
	raws := func(n int) []string { return slices.Repeat([]string{"raw"}, n) }
	tests := []struct {
		name     string
		do       func(http.ResponseWriter, *http.Request) bool
		want     Reason
		blocks   int
		requests []string // nil: not looked at
	}{
		{name: "one request for the whole path", blocks: n, requests: []string{"car"}},
		{name: "duplicates, strangers and another order", do: answerCAR(carOf(slices.Concat([]block.Block{stranger, all[2], all[0]}, all)...)),
			blocks: n, requests: []string{"car"}},
		{name: "blocks of another hash beside ours", do: answerCAR(withForeign(car)), blocks: n, requests: []string{"car"}},
		{name: "404 for a path too deep", do: func(w http.ResponseWriter, r *http.Request) bool {
			deep := isCAR(r) && len(strings.Split(r.URL.Path, "/")) > 10
			if deep {
				http.NotFound(w, r)
			}
			return deep
		}, blocks: n, requests: []string{"car", "/mirror.json", "car"}},
		{name: "404 for any path", do: statusCAR(404), blocks: n, requests: append([]string{"car", "/mirror.json", "car"}, raws(n)...)},
		{name: "400 for any path", do: statusCAR(400), blocks: n},
		{name: "406 for CAR", do: statusCAR(406), blocks: n},
		{name: "static mirror: bytes of the root for any path", do: answerCAR(all[0].Data), blocks: n, requests: append([]string{"car", "car"}, raws(n)...)},
		{name: "short CAR", do: answerCAR(carOf(all[:n-1]...)), blocks: n, requests: []string{"car", "raw"}},
		{name: "short CAR, and the block is nowhere", do: func(w http.ResponseWriter, r *http.Request) bool {
			if !isCAR(r) {
				http.NotFound(w, r)
				return true
			}
			return answerCAR(carOf(all[:n-1]...))(w, r)
		}, want: NotFound},
		{name: "empty CAR", do: answerCAR(carOf()), blocks: n},
		{name: "CAR cut in its last section", do: answerCAR(car[:len(car)-5]), blocks: n},
		{name: "CAR cut in a section behind what is owed", do: answerCAR(append(slices.Clone(car), 200, 1, 2, 3)), blocks: n, requests: []string{"car"}},
		{name: "CARv2", do: answerCAR([]byte("\x0a\xa1gversion\x02")), blocks: n},
		{name: "not a byte", do: answerCAR(nil), blocks: n},
		{name: "wrong bytes in the CAR", do: answerCAR(carOf(append(slices.Clone(all[:n-1]), forged)...)), want: HashMismatch, requests: []string{"car"}},
		{name: "wrong bytes", do: func(w http.ResponseWriter, r *http.Request) bool { w.Write([]byte("forged")); return true }, want: HashMismatch},
		{name: "no bytes", do: func(w http.ResponseWriter, r *http.Request) bool { return true }, want: HashMismatch},
		{name: "HTML with 200", do: func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Write([]byte("<html>Please log in"))
			return true
		}, want: NotAGateway, requests: []string{"car"}},
		{name: "HTML with 200 that says it is a block", do: func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Type", acceptRaw)
			w.Write([]byte("\xef\xbb\xbf \n<!DOCTYPE html><title>Please log in"))
			return true
		}, want: NotAGateway},
		{name: "400", do: status(400), want: BadRequest},
		{name: "404", do: status(404), want: NotFound},
		{name: "406", do: status(406), want: NotAcceptable},
		{name: "410", do: status(410), want: Blocked, requests: []string{"car"}},
		{name: "451", do: status(451), want: Blocked, requests: []string{"car"}},
		{name: "412", do: status(412), want: NotCached, requests: []string{"car"}},
		{name: "429 without Retry-After", do: status(429), want: RateLimited, requests: []string{"car"}},
		{name: "429", do: status(429, "Retry-After", "1"), want: RateLimited, requests: []string{"car"}},
		{name: "500", do: status(500), want: Unavailable, requests: []string{"car"}},
		{name: "502", do: status(502), want: Unavailable, requests: []string{"car"}},
		{name: "503", do: status(503, "Retry-After", "7"), want: Unavailable, requests: []string{"car"}},
		{name: "504", do: status(504), want: Unavailable, requests: []string{"car"}},
		{name: "403", do: status(403), want: BadAnswer},
		{name: "204", do: status(204), want: BadAnswer},
		{name: "compressed", do: func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(car)
			return true
		}, want: BadAnswer},
		{name: "endless", do: endless, want: TooLarge},
		{name: "says that it is too large", do: func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Length", "99999999999")
			w.Write(car)
			return true
		}, want: TooLarge},
		{name: "stalls before the answer", do: stall, want: Timeout, requests: []string{"car"}},
		{name: "stalls in the answer", do: func(w http.ResponseWriter, r *http.Request) bool {
			w.Write(car[:50])
			return stall(w, r)
		}, want: Timeout, requests: []string{"car"}},
		{name: "slow drip", do: func(w http.ResponseWriter, r *http.Request) bool {
			for i := range car {
				w.Write(car[i : i+1])
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
					return true
				case <-time.After(20 * time.Millisecond):
				}
			}
			return true
		}, want: Timeout, requests: []string{"car"}},
		{name: "drops the line", do: func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Length", "500")
			w.Write(car[:100])
			panic(http.ErrAbortHandler)
		}, want: Unavailable, requests: []string{"car"}},
		{name: "redirect to a private address", do: redirect("http://10.0.0.1/ipfs/x"), want: BadAddress, requests: []string{"car"}},
		{name: "redirect to another port of this machine", do: redirect("http://127.0.0.1:1/ipfs/x"), want: BadAddress},
		{name: "redirect to a name of this machine", do: redirect("http://localhost:1/ipfs/x"), want: BadAddress},
		{name: "redirect to a link-local address", do: redirect("http://169.254.169.254/latest"), want: BadAddress},
		{name: "redirect to a mapped address", do: redirect("http://[::ffff:127.0.0.1]:1/"), want: BadAddress},
		{name: "redirect with a user name", do: redirect("http://user@example.com/"), want: BadRedirect},
		{name: "redirect to another scheme", do: redirect("file:///etc/passwd"), want: BadRedirect},
		{name: "redirects in a circle", do: redirect("/ipfs/x"), want: BadRedirect},
		{name: "redirect within the gateway", do: func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasPrefix(r.URL.Path, "/other") {
				http.Redirect(w, r, "/other"+r.URL.String(), http.StatusFound)
				return true
			}
			if r.Header.Get("Referer") != "" {
				t.Error("a referrer was sent")
			}
			r.URL.Path = strings.TrimPrefix(r.URL.Path, "/other")
			return false
		}, blocks: n},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMirror(t, tt.do)
			cl := patient
			if tt.want == Timeout {
				cl = quick
			}
			f := fetcherWith(t, Config{Gateways: []string{m.URL}}, cl)
			blocks, source, err := fetch(t, f, need)
			wantReason(t, err, tt.want)
			if err == nil && (blocks != tt.blocks || source != strings.TrimPrefix(m.URL, "http://")) {
				t.Errorf("%d blocks from %q, want %d", blocks, source, tt.blocks)
			}
			if got := m.requests(); tt.requests != nil && !slices.Equal(got, tt.requests) {
				t.Errorf("requests %v, want %v", got, tt.requests)
			}
		})
	}
}

func endless(w http.ResponseWriter, r *http.Request) bool {
	chunk := bytes.Repeat([]byte{0x17}, 1<<16)
	for {
		if _, err := w.Write(chunk); err != nil {
			return true
		}
	}
}

func stall(w http.ResponseWriter, r *http.Request) bool {
	w.(http.Flusher).Flush()
	select {
	case <-r.Context().Done():
	case <-time.After(time.Minute):
	}
	return true
}

func redirect(to string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
		return true
	}
}

// withForeign puts a section before the others whose CID is none of ours.
func withForeign(car []byte) []byte {
	mh, err := multihash.Sum([]byte("x"), multihash.SHA2_512, -1)
	if err != nil {
		panic(err)
	}
	header := int(car[0]) + 1
	id := cid.NewCidV1(cid.Raw, mh).Bytes()
	section := append([]byte{byte(len(id) + 1)}, append(id, 'x')...)
	return slices.Concat(car[:header], section, car[header:])
}

// A gateway that answers no paths is not asked for one again; a block without a path
// is asked for raw.
func TestGatewayLearns(t *testing.T) {
	_, first := want(t, 7)
	proof, second := want(t, 8)
	for _, tt := range []struct {
		name  string
		codes []int // of the first two CAR requests
		want  []string
	}{
		{"whole paths", nil, []string{"car"}},
		{"short paths", []int{404}, []string{"car"}},
		{"no paths", []int{404, 406}, slices.Repeat([]string{"raw"}, len(proof.Blocks))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			codes := tt.codes
			m := newMirror(t, func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Query().Get("format") != "car" || len(codes) == 0 {
					return false
				}
				w.WriteHeader(codes[0])
				codes = codes[1:]
				return true
			})
			f := fetcher(t, Config{Gateways: []string{m.URL}})
			if _, _, err := fetch(t, f, first); err != nil {
				t.Fatal(err)
			}
			before := len(m.requests())
			if n, _, err := fetch(t, f, second); err != nil || n != len(proof.Blocks) {
				t.Fatal(n, err)
			}
			if got := m.requests()[before:]; !slices.Equal(got, tt.want) {
				t.Errorf("requests %v, want %v", got, tt.want)
			}
			before = len(m.requests())
			if _, _, err := fetch(t, f, wire.Need{Block: second.Block, MaxBytes: 1 << 20}); err != nil {
				t.Fatal(err)
			}
			if got := m.requests()[before:]; !slices.Equal(got, []string{"raw"}) {
				t.Errorf("without a path: requests %v", got)
			}
		})
	}
}

func TestGatewayURL(t *testing.T) {
	for _, tt := range []struct {
		url  string
		want Reason
	}{
		{"https://gateway.example", ""},
		{"https://gateway.example/", ""},
		{"http://[::1]:8080/base", ""},
		{"gateway.example", BadURL},
		{"ftp://gateway.example", BadURL},
		{"https://", BadURL},
		{"https://u:p@gateway.example", BadURL},
		{"https://gateway.example/?a=b", BadURL},
		{"https://gateway.example/#a", BadURL},
		{"https://gate way", BadURL},
	} {
		_, err := New(Config{Gateways: []string{tt.url}})
		wantReason(t, err, tt.want)
	}
	// A gateway may be given with /ipfs or without it, and below a path.
	proof, need := want(t, 3)
	for _, suffix := range []string{"", "/", "/ipfs", "/ipfs/", "/base", "/base/ipfs/"} {
		m := newMirror(t, func(_ http.ResponseWriter, r *http.Request) bool {
			r.URL.Path = strings.TrimPrefix(r.URL.Path, strings.TrimSuffix(strings.TrimRight(suffix, "/"), "/ipfs"))
			return false
		})
		if n, _, err := fetch(t, fetcher(t, Config{Gateways: []string{m.URL + suffix}}), need); err != nil || n != len(proof.Blocks) {
			t.Errorf("%q: %d blocks, %v", suffix, n, err)
		}
	}
}

// FuzzCAR holds the reader of a gateway's answer to this: what it hands on is what
// its hash says, whatever the bytes; and an answer that it takes is read the same
// again from the blocks that it gave.
func FuzzCAR(f *testing.F) {
	proof, _ := want(f, 7)
	car := pathCAR(proof.Path)
	f.Add("application/vnd.ipld.car", car)
	f.Add("", car[:len(car)-5])
	f.Add("", withForeign(car))
	f.Add("", carOf())
	f.Add("text/html", []byte("<html>"))
	f.Add("", []byte("\x0a\xa1gversion\x02"))
	f.Add("", append(slices.Clone(car), 0xff, 0xff, 0xff, 0xff, 0x7f))
	f.Fuzz(func(t *testing.T, mediaType string, data []byte) {
		read := func(data []byte) (snapshot.Store, []block.Block, error) {
			store := snapshot.Store{}
			var list []block.Block
			err := readCAR("fuzz", http.Header{"Content-Type": {mediaType}}, io.LimitReader(bytes.NewReader(data), maxPathCAR), func(b block.Block) {
				if err := block.Check(b.CID, b.Data); err != nil {
					t.Fatal(err)
				}
				if _, ok := store[b.CID]; !ok {
					list = append(list, b)
				}
				_ = store.Put(b)
			})
			return store, list, err
		}
		store, list, err := read(data)
		if err != nil {
			if r := reasonOf(err); r != BadAnswer && r != HashMismatch && r != NotAGateway {
				t.Fatalf("reason %s: %v", r, err)
			}
			return
		}
		again, _, err := read(carOf(list...))
		if err != nil || len(again) != len(store) {
			t.Fatalf("%d blocks read again as %d: %v", len(store), len(again), err)
		}
	})
}
