package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/dcql"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// Why a response of OpenID4VP is refused, beside the reasons of package dcql.
const (
	// MalformedResponse: it is no vp_token, OpenID4VP Section 8.1.
	MalformedResponse = "malformed_vp_token"
	// HolderBindingMissing: the query asks for a proof by the holder, and there is none.
	HolderBindingMissing = "holder_binding_missing"
	// TooManyPresentations: more than any query could ask for.
	TooManyPresentations = "too_many_presentations"
)

// response judges a response of OpenID4VP 1.0 by Section 8.6, VP Token Validation: its structure,
// every presentation in it for the nonce and the audience, each one against the credential
// query that it answers, and all of them against the whole query.
//
// trusted_authorities prove nothing: a wallet chose by them, and says nothing of how. Who
// may issue is for the registries.
func response(ev *evidence, c *wire.Case) wire.Reply {
	req := &c.Request
	q, err := dcql.Parse(req.Expect.OpenID4VP.Query)
	if err != nil {
		return wire.Reply{Error: &wire.Error{Reason: wire.BadRequest, Member: "expect.openid4vp.dcqlQuery", Detail: err.Error()}}
	}
	r := newReport(ev.now)
	refuse := func(reason, format string, args ...any) wire.Reply {
		r.fail(wire.CheckFormat, reason, fmt.Sprintf(format, args...), false)
		r.skip(skippedEarlier, "the response could not be read", wire.CheckPart, wire.CheckQuery)
		v := r.conclude(false)
		return wire.Reply{Verdict: &v}
	}
	if t, _, _ := strings.Cut(req.Input.MediaType, ";"); t != "" && !strings.EqualFold(strings.TrimSpace(t), "application/json") {
		return refuse(string(cred.MediaTypeConflict), "declared as %.80q, want application/json: an encrypted response is decrypted before it comes here", t)
	}
	token, err := strictjson.ParseObject(c.Input)
	if err != nil {
		return refuse(MalformedResponse, "%v", err)
	}
	if whole := token.Object("vp_token"); whole != nil { // no credential query's value is an object
		token = whole
	}
	count := 0
	for _, id := range token.Names() {
		list, ok := token[id].([]any)
		if !ok || len(list) == 0 {
			return refuse(MalformedResponse, "%.60q is no list of one or more presentations", id)
		}
		count += len(list)
	}
	if count > dcql.MaxCredentials {
		return refuse(TooManyPresentations, "%d presentations, want at most %d", count, dcql.MaxCredentials)
	}
	r.pass(wire.CheckFormat, fmt.Sprintf("an OpenID4VP response with %d presentations", count))
	if len(q.Ignored) > 0 {
		r.pass(wire.CheckQuery, fmt.Sprintf("OpenID4VP 1.0 has no members %.300q: they ask for nothing here", q.Ignored))
	}

	a := answers{ev: ev, r: r, req: req, met: map[string]bool{}, members: strictjson.MaxMembers}
	for i := range q.Credentials {
		query := &q.Credentials[i]
		list := token.Array(query.ID)
		for j, v := range list {
			name := fmt.Sprintf("%q", query.ID)
			if len(list) > 1 {
				name += fmt.Sprintf(" %d", j+1)
			}
			a.presentation(query, name, v)
		}
		if len(list) > 1 && !query.Multiple {
			a.lacks(dcql.Missing{Reason: dcql.NotAsked, Query: query.ID,
				Detail: fmt.Sprintf("credential query %q asks for one presentation, and %d were returned", query.ID, len(list))})
		}
	}
	for _, id := range token.Names() {
		if q.Lookup(id) == nil {
			a.lacks(dcql.Missing{Reason: dcql.NotAsked, Query: clip(id), Detail: fmt.Sprintf("presentations were returned for %.60q, which no credential query is called", id)})
		}
	}
	unanswered := q.Unanswered(func(id string) bool { return a.met[id] })
	for _, m := range unanswered {
		a.lacks(m)
	}
	if len(unanswered) == 0 {
		r.pass(wire.CheckQuery, "all that is required was returned")
	}
	if len(ev.needs) > 0 {
		return wire.Reply{Needs: ev.needs}
	}
	v := r.conclude(a.stale)
	return wire.Reply{Verdict: &v}
}

// clip bounds a name that the response made up.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64]
	}
	return s
}

// answers gathers what became of the presentations of a response.
type answers struct {
	ev    *evidence
	r     *report
	req   *wire.Request
	met   map[string]bool // by credential query
	stale bool

	members     int // that further presentations may have; bounds the verdict, which shows them
	credentials int // in all presentations so far; each costs a verification
}

// maxItems bounds what a verdict names as missing and as not asked for, each: enough to
// mend a request or a wallet by. What is left out is as good as what is named: the first
// one settles the outcome.
const maxItems = 256

func (a *answers) lacks(m dcql.Missing) {
	if len(a.r.v.Missing) >= maxItems {
		return
	}
	item := wire.QueryItem{Query: m.Query, Reason: string(m.Reason)}
	if m.Path != nil {
		item.Path = m.Path.String()
	}
	a.r.v.Missing = append(a.r.v.Missing, item)
	a.r.fail(wire.CheckQuery, string(m.Reason), m.Detail, m.Reason == dcql.NoFormat)
}

// presentation judges one presentation, and holds it to its credential query.
func (a *answers) presentation(query *dcql.Credential, name string, v any) {
	env, err := open(query, v)
	var list []*cred.Envelope
	if err == nil {
		list = credentials(env)
		for _, c := range list {
			a.members -= c.Members()
		}
		a.credentials += len(list)
		switch {
		case a.credentials > dcql.MaxCredentials:
			err = &cred.Error{Reason: cred.TooManyParts, Detail: fmt.Sprintf("the presentations have more than %d credentials together", dcql.MaxCredentials)}
		case a.members < 0:
			err = &cred.Error{Reason: cred.Reason(strictjson.TooMany), Detail: fmt.Sprintf("the presentations have more than %d members together", strictjson.MaxMembers)}
		}
	}
	if err != nil {
		part := *unrecognised(err, a.ev.now)
		part.Query = query.ID
		a.r.v.Parts = append(a.r.v.Parts, part)
		a.r.part(name, &part)
		a.lacks(dcql.Missing{Reason: dcql.NotMet, Query: query.ID, Detail: fmt.Sprintf("what was returned for credential query %q could not be read", query.ID)})
		return
	}
	// Section 14.1.2: the nonce and the audience are in every presentation. One without holder
	// binding has neither, where the query says that none is needed (Section 6.1).
	mine := *a.req
	bound := holderBound(env)
	if query.Unbound && !bound {
		mine.Expect = nil
	}
	env.AskedAs = a.ev.askedAs(query, env)
	part := apart(a.ev, func() wire.Verdict { return all(a.ev, env, &mine) })
	part.Query = query.ID
	a.r.v.Parts = append(a.r.v.Parts, part)
	a.stale = a.r.part(name, &part) || a.stale
	if !bound && !query.Unbound {
		a.r.fail(wire.CheckQuery, HolderBindingMissing, fmt.Sprintf("credential query %q asks for a presentation that its holder signed", query.ID), false)
	}

	if len(list) > 1 && !query.Multiple {
		a.lacks(dcql.Missing{Reason: dcql.NotAsked, Query: query.ID,
			Detail: fmt.Sprintf("credential query %q asks for one credential, and %d were returned", query.ID, len(list))})
	}
	met := len(list) > 0
	for _, e := range list {
		missing := query.Match(shownTo(query, e))
		for _, m := range missing {
			a.lacks(m)
		}
		met = met && len(missing) == 0
		for _, p := range query.Beyond(disclosures(e)) {
			if len(a.r.v.Unasked) >= maxItems {
				break
			}
			a.r.v.Unasked = append(a.r.v.Unasked, wire.QueryItem{Query: query.ID, Path: p.String()})
		}
	}
	if !met {
		return
	}
	a.met[query.ID] = true
	detail := name + " has what its credential query asks for"
	if query.Authorities != nil {
		detail += "; its trusted_authorities prove nothing, the registries say who may issue"
	}
	a.r.pass(wire.CheckQuery, detail)
}

// askedAs is the type by which a query asks for an SD-JWT VC whose vct it does not name,
// or "": one of its aka_vcts (SD-JWT VC Section 2.2.2.2), or one that its type extends by
// the metadata at hand (OpenID4VP Appendix B.3.5). Neither says that the issuer may issue
// it (SD-JWT VC Section 7.7): it becomes a type of the credential, and the registries are
// asked for it as for the vct.
func (ev *evidence) askedAs(query *dcql.Credential, env *cred.Envelope) string {
	vct := env.Claims.String("vct")
	if env.Format != cred.SDJWTVC || query.VCTs == nil || slices.Contains(query.VCTs, vct) {
		return ""
	}
	for _, v := range env.Claims.Array("aka_vcts") {
		if s, ok := v.(string); ok && slices.Contains(query.VCTs, s) {
			return s
		}
	}
	if types, missing, err := ev.typeChain(vct, env.Claims.String("vct#integrity"), false); missing == "" && err == nil {
		for _, t := range types {
			if slices.Contains(query.VCTs, t.VCT) {
				return t.VCT
			}
		}
	}
	return ""
}

// open recognises a presentation: an mdoc is base64url text (Appendix B.2.5), others are
// tokens or objects.
func open(query *dcql.Credential, v any) (*cred.Envelope, error) {
	if query.Format == dcql.MDoc {
		s, ok := v.(string)
		if !ok {
			return nil, &cred.Error{Reason: cred.MalformedEnvelope, Detail: "an mdoc is returned as a string"}
		}
		return cred.Recognise([]byte(s), "")
	}
	return cred.RecogniseValue(v)
}

// holderBound reports whether a presentation has a proof by its holder; whether it holds is
// checked with the presentation.
func holderBound(env *cred.Envelope) bool {
	switch {
	case env.Presentation:
		return true
	case env.SD != nil:
		return env.SD.KeyBinding != nil
	case env.MDoc != nil:
		return env.MDoc.Device != nil
	}
	return format(env) == dcql.MDoc
}

// credentials are those that a presentation holds, as far as they were recognised.
func credentials(env *cred.Envelope) (list []*cred.Envelope) {
	switch {
	case env.Presentation:
		p, _ := env.OpenPresentation()
		for _, c := range p.Credentials {
			if c.Err == nil {
				list = append(list, credentials(c.Envelope)...)
			}
		}
	case len(env.Parts) > 0:
		for i := range env.Parts {
			list = append(list, &env.Parts[i])
		}
	default:
		list = append(list, env)
	}
	return list
}

// format is a credential's format as DCQL names it, or "".
func format(env *cred.Envelope) string {
	switch env.Format {
	case cred.VCJWT, cred.VCJOSE:
		return dcql.JWTVC
	case cred.DataIntegrity:
		return dcql.LDPVC
	case cred.SDJWTVC:
		return dcql.SDJWT
	case cred.VCSDJWT:
		return dcql.OldSDJWT
	case cred.MDoc:
		return dcql.MDoc
	}
	return ""
}

// shownTo is a credential as a query looks at it.
func shownTo(query *dcql.Credential, env *cred.Envelope) dcql.Presented {
	p := dcql.Presented{Format: format(env), Claims: env.Document}
	if p.Format == dcql.MDoc {
		p.Claims = env.Document.Object("nameSpaces")
	}
	if env.SD != nil {
		p.Claims, _ = withPlaces(env.SD.Claims).(strictjson.Object)
	}
	if env.Format == cred.SDJWTVC && query.Format == dcql.OldSDJWT && query.Types == nil {
		p.Format = dcql.OldSDJWT // an SD-JWT VC by its former name
	}
	c, _ := env.Credential()
	if c == nil {
		return p
	}
	p.Types = c.Types
	if c.Version != "" { // of the W3C data model
		p.Types = expandedTypes(c)
	}
	return p
}
