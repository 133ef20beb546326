package importer

import (
	"bytes"
	"errors"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// OIDF reads an OpenID Federation 1.0, from a folder of what its parties sign: entity
// configurations and subordinate statements, as JWTs in files named .jwt, in any
// subfolder. Which is which the statements say themselves.
//
// source.json may name the trust anchor, {"endpoint": "https://ta.example"}. With
// Options.Get the federation is then fetched from there downwards, by the endpoints
// that its statements name: what the files do not have of it.
//
// The trust anchor is the entity whose configuration is signed with a pinned key.
// From it downwards every chain is verified, Section 10.2: signatures with the keys
// that the superior says, the superior among the authority_hints, times, constraints,
// critical claims, and metadata policies, which are merged and applied. An entity
// without a valid chain is skipped and listed.
//
// Superiors may accredit everything, by their own superior; an issuer of credentials
// may issue the types that its metadata has after the policies, and a trust mark is
// the action trust-mark, if the anchor lets its issuer issue it. Statements live for
// days: the first of them to end is the next update, and no authorization ends then.
// The keys are those in the metadata of issuers and verifiers of credentials, not
// those for the federation; what else the metadata says is not mapped.
func OIDF(dir string, opt Options) (*Result, error) {
	pins, err := opt.bareKeys(dir, "the trust anchor's federation keys")
	if err != nil {
		return nil, err
	}
	return openAnswers(dir, opt, func(a *answers) (*Result, error) { return oidf(a, pins) })
}

// maxFederation bounds the depth of a federation: no real one has more than three
// levels of superiors.
const maxFederation = 8

// federation is what the files of one have, by entity.
type federation struct {
	*Result
	a       *answers
	now     time.Time
	configs map[string]*statement
	subs    map[string]map[string]*statement // issuer → subject
	asked   int
}

func oidf(a *answers, pins map[string]bool) (*Result, error) {
	f := &federation{
		Result: &Result{Report: Report{From: FromOIDF, Source: a.dir}},
		a:      a, now: a.opt.now(), configs: map[string]*statement{}, subs: map[string]map[string]*statement{},
	}
	if err := f.load(); err != nil {
		return nil, err
	}
	if a.live() {
		f.fetch(a.endpoint)
	}
	anchor, err := f.anchor(pins)
	if err != nil {
		return nil, err
	}
	if a.endpoint != "" && anchor.sub != a.endpoint && anchor.sub != a.endpoint+"/" {
		return nil, errorf(WrongSigner, a.dir, "the pinned key is that of %s, and the endpoint is %s", anchor.sub, a.endpoint)
	}
	f.Name, f.Authority = anchor.sub, anchor.sub
	if name := anchor.claims.Object("metadata").Object("federation_entity").String("organization_name"); name != "" {
		f.Name = name
	}
	f.Report.List, f.Report.Time = anchor.sub, rfc3339(anchor.iat)
	f.Report.Signature = Signature{
		State: Verified, By: anchor.sub, Algorithm: string(anchor.jws.Alg), Fingerprint: anchor.keys[anchor.jws.Kid].Thumbprint(),
		Note: "every statement by its superior, up to the anchor",
	}
	next := f.walk(anchor)
	f.Report.NextUpdate = rfc3339(next)
	return f.judge(a.opt)
}

// load reads the files.
func (f *federation) load() error {
	return fs.WalkDir(f.a.fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fileError(name, err)
		case name != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() || name == "source.json":
			return nil
		case path.Ext(name) != ".jwt":
			f.notMapped(name, "not named .jwt")
			return nil
		}
		data, err := readFrom(f.a.fsys, name)
		if err != nil {
			return err
		}
		f.add(name, data)
		return nil
	})
}

// add keeps a statement, or says why not. Of two for the same parties the newer one
// stands, which is what a superior means by signing anew.
func (f *federation) add(place string, data []byte) *statement {
	s, err := parseStatement(place, bytes.TrimSpace(data), f.now)
	if err != nil {
		f.skipError(place, err)
		return nil
	}
	old := f.subs[s.iss][s.sub]
	if s.configuration() {
		old = f.configs[s.sub]
	}
	if old != nil && !bytes.Equal(old.jwt, s.jwt) {
		older := old
		if s.iat.Before(old.iat) || s.iat.Equal(old.iat) && bytes.Compare(s.jwt, old.jwt) < 0 {
			s, older = old, s
		}
		f.skip(older.place, Rollback, "%s has a newer statement about %s", older.iss, older.sub)
	}
	if s.configuration() {
		f.configs[s.sub] = s
		return s
	}
	if f.subs[s.iss] == nil {
		f.subs[s.iss] = map[string]*statement{}
	}
	f.subs[s.iss][s.sub] = s
	return s
}

// anchor finds the entity whose configuration a pinned key has signed.
func (f *federation) anchor(pins map[string]bool) (*statement, error) {
	var found *statement
	for _, id := range sortedKeys(f.configs) {
		s := f.configs[id]
		if k := s.keys[s.jws.Kid]; k == nil || !pins[k.Thumbprint()] {
			continue
		}
		if found != nil {
			return nil, errorf(WrongSigner, f.Report.Source, "two entities, %s and %s, have signed with a pinned key", found.sub, id)
		}
		found = s
	}
	if found == nil {
		// Why its configuration may not have been read is what there is to say.
		for _, n := range f.Report.Findings {
			if n.Reason == Expired {
				return nil, errorf(Expired, f.Report.Source, "no configuration of a trust anchor that is still valid: %s", n.Detail)
			}
		}
		return nil, errorf(WrongSigner, f.Report.Source, "no entity configuration here is signed with a pinned key")
	}
	return found, nil
}

// fetch brings what the files do not have, from an entity downwards. What cannot be
// had or read is listed: its chains will not be complete.
func (f *federation) fetch(anchor string) {
	type step struct {
		id    string
		depth int
	}
	seen := map[string]bool{anchor: true}
	for queue := []step{{anchor, 0}}; len(queue) > 0; {
		e := queue[0]
		queue = queue[1:]
		config := f.configs[e.id]
		if config == nil {
			config = f.ask(strings.TrimSuffix(e.id, "/") + "/.well-known/openid-federation") // Section 9
		}
		if config == nil || config.sub != e.id || e.depth == maxFederation {
			continue
		}
		fed := config.claims.Object("metadata").Object("federation_entity")
		list, statements := fed.String("federation_list_endpoint"), fed.String("federation_fetch_endpoint")
		if list == "" || statements == "" {
			continue
		}
		for _, sub := range f.subordinates(list) {
			if f.subs[e.id][sub] == nil { // Section 8.1.1
				if s := f.ask(withQuery(statements, "sub", sub)); s == nil || s.iss != e.id || s.sub != sub {
					continue
				}
			}
			if !seen[sub] {
				seen[sub] = true
				queue = append(queue, step{sub, e.depth + 1})
			}
		}
	}
}

// ask fetches a statement.
func (f *federation) ask(address string) *statement {
	if f.asked++; f.asked > maxAnswers {
		if f.asked == maxAnswers+1 {
			f.skip(address, TooLarge, "more than %d statements", maxAnswers)
		}
		return nil
	}
	data, err := f.a.opt.get(address)
	if err != nil {
		f.skipError(address, err)
		return nil
	}
	return f.add(address, data)
}

// subordinates asks for a list of entity identifiers, Section 8.2.
func (f *federation) subordinates(address string) []string {
	data, err := f.a.opt.get(address)
	if err != nil {
		f.skipError(address, err)
		return nil
	}
	var ids []string
	err = elements(address, data, func(i int, text []byte) error {
		v, err := strictjson.Parse(text)
		id, _ := v.(string)
		if err == nil {
			err = entityID(index(address, i), id)
		}
		ids = append(ids, id)
		return err
	})
	if err != nil {
		f.skipError(address, err)
		return nil
	}
	return ids
}

func withQuery(address, name, value string) string {
	sep := "?"
	if strings.Contains(address, "?") {
		sep = "&"
	}
	return address + sep + name + "=" + url.QueryEscape(value)
}

func sortedKeys[T any](m map[string]T) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// isPrivate reports whether a JWK was refused since it holds what is secret.
func isPrivate(err error) bool {
	var e *keys.Error
	return errors.As(err, &e) && (e.Reason == keys.PrivateKey || e.Reason == keys.SymmetricKey)
}
