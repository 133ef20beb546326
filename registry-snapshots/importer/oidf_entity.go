package importer

import (
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// oidfKinds are the entity types that the model has a word for, the weightier first.
var oidfKinds = []struct{ entityType, kind string }{
	{"openid_credential_issuer", "issuer"},
	{"openid_credential_verifier", "verifier"},
	{"openid_wallet_provider", "wallet-provider"},
	{"wallet_provider", "wallet-provider"},
	{"openid_relying_party", "verifier"},
	{"openid_provider", "provider"},
}

// entities makes an entity of every member.
func (f *federation) entities(members map[string]*member, root *member) {
	marks := f.trustMarks(members, root)
	for _, id := range sortedKeys(members) {
		m := members[id]
		e := snapshot.Entity{ID: id, Auth: marks[id]}
		var via, by string
		if n := len(m.chain); n > 0 {
			s := m.chain[n-1]
			via, by = f.carry(s.jwt, f.a.opt), s.iss
		}
		e.Source = f.carry(m.config.jwt, f.a.opt)
		for _, k := range oidfKinds {
			if o := m.metadata.Object(k.entityType); o != nil {
				if e.Kind == "" {
					e.Kind = k.kind
				}
				f.names(&e, o)
				f.metadataKeys(m.config.place, &e, o)
			}
		}
		fed := m.metadata.Object("federation_entity")
		f.names(&e, fed)
		f.service(&e, "metadata.organization_uri", "website", fed.String("organization_uri"))
		if m == root || m.superior {
			if e.Kind == "" {
				e.Kind = "authority"
			}
			e.Auth = append(e.Auth, snapshot.Authorization{Action: "accredit", Resource: "*", By: by, Via: via})
		}
		for _, resource := range f.issues(m) {
			e.Auth = append(e.Auth, snapshot.Authorization{Action: "issue", Resource: resource, By: by, Via: via})
		}
		if _, err := e.Normal(); err != nil {
			f.skip(m.config.place, BadEntity, "%v", err)
			continue
		}
		for _, t := range m.metadata.Names() {
			if !slices.ContainsFunc(oidfKinds, func(k struct{ entityType, kind string }) bool { return k.entityType == t }) && t != "federation_entity" {
				f.notMapped("metadata."+shown(t), "an entity type that the model has no word for")
			}
		}
		f.Entities = append(f.Entities, e)
	}
}

// names adds what metadata calls an entity.
func (f *federation) names(e *snapshot.Entity, o strictjson.Object) {
	for _, m := range []string{"organization_name", "display_name", "client_name"} {
		if s := strings.TrimSpace(o.String(m)); s != "" && !slices.Contains(e.Names, s) {
			with := snapshot.Entity{ID: e.ID, Names: []string{s}}
			if _, err := with.Normal(); err != nil {
				f.notMapped("metadata."+m, "some are no name of one line")
				continue
			}
			e.Names = append(e.Names, s)
		}
	}
}

// metadataKeys adds the keys of an entity type's own jwks: what it signs with, beyond
// the federation.
func (f *federation) metadataKeys(place string, e *snapshot.Entity, o strictjson.Object) {
	for _, m := range []string{"jwks_uri", "signed_jwks_uri"} {
		if o.Has(m) {
			f.notMapped("metadata."+m, "keys at an address, which nobody has signed with the statement")
		}
	}
	if !o.Has("jwks") {
		return
	}
	for _, v := range o.Object("jwks").Array("keys") {
		jwk, _ := v.(strictjson.Object)
		k, err := keys.FromJWK(jwk)
		if isPrivate(err) {
			f.note(place, BadForm, "metadata publishes a secret key, which is left out")
			continue
		}
		if err != nil {
			f.note(place, Unsupported, "a key of the metadata: %v", err)
			continue
		}
		if jwk.String("use") == "enc" {
			f.notMapped("metadata.jwks: use enc", "a key that signs nothing")
			continue
		}
		key := snapshot.Key{Kid: k.KID(), JWK: k.JWK()}
		if jwk.Has("x5c") {
			if err := strictjson.Bind(jwk["x5c"], &key.X5C); err != nil {
				f.note(place, BadForm, "x5c of a key of the metadata: %v", err)
				key.X5C = nil
			}
		}
		with := snapshot.Entity{ID: e.ID, Keys: append(slices.Clone(e.Keys), key)}
		if _, err := with.Normal(); err != nil {
			if !slices.ContainsFunc(e.Keys, func(o snapshot.Key) bool { return o.Kid == key.Kid }) {
				f.note(place, BadEntity, "a key of the metadata: %v", err)
			}
			continue // the same key in two entity types
		}
		e.Keys = with.Keys
	}
}

// issues are the types of the credentials that an issuer's metadata has after the
// policies, OpenID4VCI 1.0 Section 12.2.4 and Appendix A: vct, doctype, or the types
// of the credential definition but the general one.
func (f *federation) issues(m *member) []string {
	configurations := m.metadata.Object("openid_credential_issuer").Object("credential_configurations_supported")
	var list []string
	for _, name := range configurations.Names() {
		c := configurations.Object(name)
		found := false
		add := func(s string) {
			if s != "" {
				found = true
				if !slices.Contains(list, s) {
					list = append(list, s)
				}
			}
		}
		add(c.String("vct"))
		add(c.String("doctype"))
		types := c.Object("credential_definition").Array("type")
		for _, v := range types {
			if s, _ := v.(string); s != "VerifiableCredential" {
				add(s)
			}
		}
		if !found {
			f.notMapped("credential_configurations_supported", "some have neither vct, doctype nor a type of their own")
		}
	}
	slices.Sort(list)
	return list
}

// trustMarks verifies the trust marks that entities show, Section 7.3, and returns
// what they say of each. It gives those who issue them the accreditation that the
// anchor gives them.
func (f *federation) trustMarks(members map[string]*member, root *member) map[string][]snapshot.Authorization {
	issuers := root.config.claims.Object("trust_mark_issuers")
	owners := root.config.claims.Object("trust_mark_owners")
	auth := map[string][]snapshot.Authorization{}
	accredited := map[[2]string]bool{}
	for _, id := range sortedKeys(members) {
		for i, v := range members[id].config.claims.Array("trust_marks") {
			place := index(members[id].config.place+": trust_marks", i)
			o, _ := v.(strictjson.Object)
			text := []byte(o.String("trust_mark"))
			jws, claims, err := parseJWT(place, text, typTrustMark)
			if err != nil {
				f.skipError(place, err)
				continue
			}
			var iat, exp time.Time
			if iat, exp, err = window(place, claims, f.now, false); err != nil {
				f.skipError(place, err)
				continue
			}
			iss, kind := claims.String("iss"), claims.String("trust_mark_type")
			by := members[iss]
			allowed, listed := issuers[kind].([]any)
			switch {
			case critical(place, claims, nil) != nil:
				f.skipError(place, critical(place, claims, nil))
			case claims.String("sub") != id:
				f.skip(place, BadForm, "is about %s", shown(claims.String("sub")))
			case kind == "" || o.Has("trust_mark_type") && o.String("trust_mark_type") != kind:
				f.skip(place, BadForm, "trust_mark_type %s, and in the mark %s", shown(o.String("trust_mark_type")), shown(kind))
			case by == nil:
				f.skip(place, WrongSigner, "%s has no valid chain", shown(iss))
			case owners.Has(kind):
				f.skip(place, Unsupported, "%s has an owner who delegates it: delegations are not read", shown(kind))
			case !listed || len(allowed) > 0 && !holds(allowed, iss):
				f.skip(place, WrongSigner, "the anchor does not let %s issue %s", shown(iss), shown(kind))
			default:
				keys := by.config.keys
				if n := len(by.chain); n > 0 {
					keys = by.chain[n-1].keys
				}
				if _, err := verifyBy(place, jws, keys); err != nil {
					f.skipError(place, err)
					continue
				}
				a := snapshot.Authorization{Action: "trust-mark", Resource: kind, From: rfc3339(iat), By: iss, Via: f.carry(text, f.a.opt)}
				if !exp.IsZero() {
					a.Until = rfc3339(exp)
				}
				auth[id] = append(auth[id], a)
				if who := [2]string{iss, kind}; !accredited[who] && by != root {
					accredited[who] = true
					auth[iss] = append(auth[iss], snapshot.Authorization{Action: "accredit", Resource: kind, By: root.id()})
				}
			}
		}
	}
	return auth
}
