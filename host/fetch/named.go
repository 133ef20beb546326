package fetch

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/release"
	"github.com/verilith/verilith/wasm/wire"
)

const (
	maxDocument = 64 << 10 // a registry's signed document
	maxIPNS     = 10 << 10 // an IPNS record: its specification's bound
	maxMirrors  = 64       // gateways made of what registries name as their mirrors
	maxCopies   = 8        // of one document; the module looks at no more
	// settle is how long the others are waited for once one mirror has answered: a
	// little more than a slow line's round trip.
	settle = time.Second

	acceptJOSE = "application/jose+json, application/json;q=0.9"
	acceptIPNS = "application/vnd.ipfs.ipns-record"
	ipnsPrefix = "ipns/"
)

// named looks for a registry's signed document. Whoever answers need not be trusted:
// the module checks the signatures. So what is judged here is form alone: an answer
// that is not this document of this registry counts as none.
//
// Nor is it judged here which copy counts. What files have is handed on beside what a
// few mirrors answered, where they differ: one that lags, or forges, is outvoted by
// whoever has the newest. What the cache has is handed on in an outage alone, with the
// time at which it was obtained.
func (f *Fetcher) named(ctx context.Context, need wire.Need) (host.Answer, error) {
	if c, err := block.ParseCID(need.Registry); err != nil || c.Prefix().Codec != block.JSON || !release.IsDocument(need.Document) {
		return host.Answer{}, errorf(BadRequest, "", "%.200q is no document of a registry", need.Name())
	}
	most := maxDocument
	if strings.HasPrefix(need.Document, ipnsPrefix) {
		most = maxIPNS
	}
	if need.MaxBytes <= 0 || need.MaxBytes > most {
		need.MaxBytes = most
	}
	all := &copies{}
	cl := f.clocks
	for _, st := range f.stores {
		if st.Document == nil {
			continue
		}
		data, when, ok := st.Document(need.Registry, need.Document)
		if ok && len(data) <= need.MaxBytes && checkNamed(need, st.Name, data) == nil {
			all.add(host.Document{Body: data, Obtained: when}, st.Name)
		}
	}
	var cached host.Document
	have := false
	if f.cfg.Cache != nil {
		cached, have = f.cfg.Cache.Document(need.Name())
		have = have && checkNamed(need, "cache", cached.Body) == nil
	}
	if have || all.docs != nil {
		cl.overall = min(cl.overall, patience)
	}
	answers, err := f.askNamed(ctx, need, cl)
	if ctx.Err() != nil {
		return host.Answer{}, &Error{Reason: Cancelled, Err: context.Cause(ctx)}
	}
	newest := answers.newest()
	for i, d := range answers.docs {
		all.add(d, answers.sources[i])
	}
	if have && all.docs == nil { // beside a mirror that goes back it would hide that
		all.add(cached, "cache")
	}
	if f.cfg.Cache != nil && newest != nil {
		_ = f.cfg.Cache.PutDocument(need.Name(), *newest)
	}
	if all.docs == nil {
		return host.Answer{}, err
	}
	return host.Answer{Copies: all.docs, Source: strings.Join(all.sources, ", ")}, nil
}

// copies are the answers for one document that differ.
type copies struct {
	docs    []host.Document
	sources []string
}

func (c *copies) add(d host.Document, source string) {
	if !slices.ContainsFunc(c.docs, func(o host.Document) bool { return bytes.Equal(o.Body, d.Body) }) && len(c.docs) < maxCopies {
		c.docs, c.sources = append(c.docs, d), append(c.sources, source)
	}
}

// newest is the copy of the highest version, nil if there is none.
func (c *copies) newest() *host.Document {
	var best *host.Document
	for i := range c.docs {
		if best == nil || newer(c.docs[i].Body, best.Body) {
			best = &c.docs[i]
		}
	}
	return best
}

// askNamed asks the mirrors, the gateways and the routers: a few at once, since one of
// them alone could keep back what is new, and another one where one has failed. Once
// there is an answer, the others under way are waited for a moment longer.
func (f *Fetcher) askNamed(ctx context.Context, need wire.Need, cl clocks) (*copies, error) {
	got := &copies{}
	var ready []*gateway
	var failures []error
	for _, g := range f.sources(need) {
		if err := g.health.ready(g.name, need.Name()); err != nil {
			failures = append(failures, err)
			continue
		}
		ready = append(ready, g)
	}
	byLatency(ready)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(errLost)
	type answer struct {
		doc    host.Document
		source string
		err    error
	}
	answers := make(chan answer, len(ready))
	flying, good := 0, 0
	start := func() {
		for flying < maxInFlight-good && len(ready) > 0 {
			g := ready[0]
			ready = ready[1:]
			flying++
			go func() {
				doc, err := g.named(ctx, need, cl)
				answers <- answer{doc, g.name, err}
			}()
		}
	}
	var enough <-chan time.Time
	for start(); flying > 0; start() {
		select {
		case a := <-answers:
			flying--
			if a.err != nil {
				failures = append(failures, a.err)
				continue
			}
			good++
			got.add(a.doc, a.source)
			if enough == nil {
				t := time.NewTimer(settle)
				defer t.Stop()
				enough = t.C
			}
		case <-enough:
			return got, nil
		}
	}
	switch {
	case got.docs != nil:
		return got, nil
	case failures == nil:
		return got, errorf(Offline, "", "%s is not at hand, and no mirror is known", need.Name())
	}
	return got, join(failures)
}

// sources are those who may have a registry's document: the mirrors that it names, in
// its order until they are known to be fast or slow, then the embedder's own.
func (f *Fetcher) sources(need wire.Need) []*gateway {
	all := append(f.mirrorsOf(need.Mirrors), f.gateways...)
	if strings.HasPrefix(need.Document, ipnsPrefix) {
		all = append(all, f.routers...)
	}
	return all
}

// mirrorsOf makes gateways of the mirrors that a registry names. A stranger chose
// them: they are asked by https at public addresses, or where the embedder said so.
func (f *Fetcher) mirrorsOf(urls []string) []*gateway {
	if !f.cfg.Mirrors {
		return nil
	}
	f.mirrors.Lock()
	defer f.mirrors.Unlock()
	var all []*gateway
	for _, raw := range urls {
		g, ok := f.mirrors.known[raw]
		if !ok {
			g = f.newMirror(raw)
			if len(f.mirrors.known) >= maxMirrors || f.mirrors.known == nil {
				f.mirrors.known = map[string]*gateway{}
			}
			f.mirrors.known[raw] = g
		}
		if g != nil {
			all = append(all, g)
		}
	}
	return all
}

// newMirror returns nil for a URL that is not asked.
func (f *Fetcher) newMirror(raw string) *gateway {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil
	}
	if scheme := f.private[strings.ToLower(hostport(u))]; scheme != "" {
		u.Host, u.Scheme = hostport(u), scheme
	}
	g, err := newGateway(u.String(), f.cfg.RootCAs, f.clocks)
	if err != nil {
		return nil
	}
	g.stranger(f.private)
	g.static.named, g.static.cache = true, f.cfg.Cache
	return g
}

// named asks one source for a registry's document.
func (g *gateway) named(ctx context.Context, need wire.Need, cl clocks) (host.Document, error) {
	type question struct {
		u      *url.URL
		accept string
	}
	questions := []question{{g.base.JoinPath("registry", need.Registry, need.Document+".json"), acceptJOSE}}
	if name, ok := strings.CutPrefix(need.Document, ipnsPrefix); ok {
		asGateway := g.base.JoinPath("ipns", name)
		asGateway.RawQuery = "format=ipns-record"
		questions = []question{{asGateway, acceptIPNS}, {g.base.JoinPath("ipns", name+".ipns-record"), acceptIPNS}}
		if g.router {
			questions = []question{{g.base.JoinPath("routing", "v1", "ipns", name), acceptIPNS}}
		}
	}
	var doc host.Document
	var err error
	start := time.Now()
	for _, q := range questions {
		err = get(ctx, g.client, g.name, q.u.String(), q.accept, int64(need.MaxBytes), cl, func(h http.Header, body io.Reader) error {
			data, err := io.ReadAll(body)
			if err != nil {
				return err
			}
			if isPage(h, data) {
				return errorf(NotAGateway, g.name, "a web page instead of %s", need.Document)
			}
			if err := checkNamed(need, g.name, data); err != nil {
				return err
			}
			doc = host.Document{Body: data, MediaType: mediaType(h), Obtained: time.Now().UTC()}
			return nil
		})
		if r := reasonOf(err); err == nil || r != NotFound && r != BadRequest && r != NotAcceptable && r != BadAnswer {
			break
		}
	}
	switch reasonOf(err) {
	case NotFound, BadRequest, NotAcceptable, BadAnswer, Blocked, NotCached:
		if err != nil {
			return doc, err // it answers, and may have the document next time: its rest is not for that
		}
	}
	switch {
	case err == nil:
		g.health.succeeded(time.Since(start))
	case ctx.Err() == nil:
		g.health.failed(need.Name(), err)
	case context.Cause(ctx) == errLost:
		g.health.late(time.Since(start))
	}
	return doc, err
}

// claims are what a document says that it is. Nothing of it is proven.
type claims struct {
	Type     string `json:"type"`
	Registry string `json:"registry"`
	Version  int64  `json:"version"`
	AsOf     string `json:"asOf"`
}

// claimsOf reads the payload of a JWS in its general JSON form, RFC 7515 Section 7.2.1.
func claimsOf(doc []byte) (c claims) {
	var jws struct {
		Payload string `json:"payload"`
	}
	if json.Unmarshal(doc, &jws) == nil {
		if text, err := base64.RawURLEncoding.DecodeString(jws.Payload); err == nil {
			_ = json.Unmarshal(text, &c) // then it claims nothing
		}
	}
	return c
}

// newer reports whether c is later than d: of a higher version, or of the same one and
// known to be the newest at a later time.
func (c claims) newer(d claims) bool {
	if c.Version != d.Version {
		return c.Version > d.Version
	}
	a, errA := wire.ParseTime(c.AsOf)
	b, errB := wire.ParseTime(d.AsOf)
	return errA == nil && errB == nil && a.After(b)
}

func newer(a, b []byte) bool { return claimsOf(a).newer(claimsOf(b)) }

// checkNamed holds an answer to the form of what was asked for.
func checkNamed(need wire.Need, source string, data []byte) error {
	if strings.HasPrefix(need.Document, ipnsPrefix) {
		if !isRecord(data) {
			return errorf(BadAnswer, source, "no IPNS record")
		}
		return nil
	}
	c := claimsOf(data)
	want := claims{Registry: need.Registry}
	switch kind, version, _ := strings.Cut(need.Document, "/"); kind {
	case "head":
		want.Type = "SnapshotHead"
	case "fresh":
		want.Type = "Freshness"
	case "root":
		want.Type = "RegistryRoot"
		if version == "1" {
			want.Registry = "" // its own CID is the registry's id
		}
	}
	if c.Type != want.Type || c.Registry != want.Registry {
		return errorf(BadAnswer, source, "%.40q of the registry %.80q, want the %s of %s", c.Type, c.Registry, want.Type, need.Registry)
	}
	return nil
}

// isRecord reports whether bytes may be an IPNS record: a protobuf message whose fields
// have the numbers 1 to 9 and end where it ends. A sentence that says that there is
// none does not.
func isRecord(data []byte) bool {
	if len(data) == 0 {
		return false
	}
	for len(data) > 0 {
		field := data[0] >> 3
		if field < 1 || field > 9 {
			return false
		}
		n, size := binary.Uvarint(data[1:])
		if size <= 0 {
			return false
		}
		rest := data[1+size:]
		switch data[0] & 7 {
		case 0: // a number
		case 2: // bytes
			if n > uint64(len(rest)) {
				return false
			}
			rest = rest[n:]
		default:
			return false
		}
		data = rest
	}
	return true
}
