package importer

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/strictjson"
)

// member is an entity whose chain to the anchor is valid.
type member struct {
	config *statement
	// chain are the subordinate statements from the anchor's down to the one about
	// this entity; empty for the anchor.
	chain    []*statement
	metadata strictjson.Object // after constraints and policies
	superior bool              // it has subordinates of its own here
}

func (m *member) id() string { return m.config.sub }

// walk verifies every chain from the anchor downwards, breadth first, so that each
// entity gets the shortest. It adds the entities, and returns when the first of the
// statements that they rest on ends.
func (f *federation) walk(anchor *statement) time.Time {
	root := &member{config: anchor, metadata: anchor.claims.Object("metadata")}
	members := map[string]*member{anchor.sub: root}
	next := anchor.exp
	for queue := []*member{root}; len(queue) > 0; {
		above := queue[0]
		queue = queue[1:]
		// The keys of who signs the statements below: what its superior says they
		// are, and for the anchor its own, which the pin vouches for.
		signing := above.config.keys
		if n := len(above.chain); n > 0 {
			signing = above.chain[n-1].keys
		}
		for _, sub := range sortedKeys(f.subs[above.id()]) {
			s := f.subs[above.id()][sub]
			if err := s.verify(signing); err != nil {
				f.skipError(s.place, err)
				continue
			}
			if members[sub] != nil {
				if sub != anchor.sub {
					f.notMapped("second chain", "an entity with several superiors is taken by its shortest chain")
				}
				continue
			}
			m, err := f.join(above, s)
			if err != nil {
				f.skipError(s.place, err)
				continue
			}
			above.superior = true
			members[sub] = m
			for _, end := range []time.Time{s.exp, m.config.exp} {
				if end.Before(next) {
					next = end
				}
			}
			queue = append(queue, m)
		}
	}
	for _, id := range sortedKeys(f.configs) {
		if members[id] == nil {
			f.skip(f.configs[id].place, WrongSigner, "%s has no valid chain to %s", id, anchor.sub)
		}
	}
	for _, iss := range sortedKeys(f.subs) {
		if members[iss] == nil {
			for _, sub := range sortedKeys(f.subs[iss]) {
				f.skip(f.subs[iss][sub].place, WrongSigner, "%s, who says so of %s, has no valid chain to %s", iss, sub, anchor.sub)
			}
		}
	}
	f.entities(members, root)
	return next
}

// join checks one more link of a chain: s is by above, and verified.
func (f *federation) join(above *member, s *statement) (*member, error) {
	config := f.configs[s.sub]
	switch {
	case config == nil:
		return nil, errorf(NoFile, s.place, "the entity configuration of %s is not here", s.sub)
	case !config.hints(above.id()):
		return nil, errorf(WrongSigner, s.place, "%s does not name %s among its superiors", s.sub, above.id())
	case len(above.chain)+1 > maxFederation:
		return nil, errorf(TooLarge, s.place, "more than %d superiors", maxFederation)
	}
	// Section 10.2: the entity's configuration is signed with a key that its superior
	// says is the entity's, not only with one that it says itself.
	if _, err := verifyBy(config.place, config.jws, s.keys); err != nil {
		return nil, err
	}
	m := &member{config: config, chain: append(slices.Clone(above.chain), s)}
	if err := m.constraints(); err != nil {
		return nil, err
	}
	var err error
	m.metadata, err = f.resolve(m)
	return m, err
}

// constraints checks those of every superior, Section 6.2.
func (m *member) constraints() error {
	for i, s := range m.chain {
		v, there := s.claims["constraints"]
		if !there {
			continue
		}
		c, ok := v.(strictjson.Object)
		if !ok {
			return errorf(BadForm, s.place, "constraints is no object")
		}
		// 6.2.1: how many superiors may stand between the one who says so and the
		// chain's subject. chain[i] is by the superior at depth i.
		if c.Has("max_path_length") {
			n, _ := c["max_path_length"].(strictjson.Number)
			limit, ok := n.Int64()
			if !ok || limit < 0 {
				return errorf(BadForm, s.place, "max_path_length is no whole number")
			}
			if between := len(m.chain) - i - 1; int64(between) > limit {
				return errorf(BadProfile, m.config.place, "%d superiors between %s and %s, who allows %d (max_path_length)", between, m.id(), s.iss, limit)
			}
		}
		if c.Has("naming_constraints") {
			if err := m.naming(s, c.Object("naming_constraints")); err != nil {
				return err
			}
		}
	}
	return nil
}

// naming checks the host of the entity, and of every entity between, against the
// names that are permitted and excluded, 6.2.2: as the URIs of RFC 5280 Section
// 4.2.1.10, a host, or with a dot before it what lies below it.
func (m *member) naming(s *statement, c strictjson.Object) error {
	lists := map[string][]string{}
	for _, name := range c.Names() {
		if name != "permitted" && name != "excluded" {
			return errorf(Unsupported, s.place, "naming_constraints has %s, want permitted and excluded", shown(name))
		}
		for _, v := range c.Array(name) {
			host, _ := v.(string)
			if host == "" || strings.ContainsAny(host, "/: ") {
				return errorf(BadForm, s.place, "naming_constraints has something that is no host")
			}
			lists[name] = append(lists[name], strings.ToLower(host))
		}
	}
	u, err := url.Parse(m.id())
	if err != nil {
		return errorf(BadForm, m.config.place, "%v", err)
	}
	host := strings.ToLower(u.Hostname())
	within := func(rule string) bool {
		if strings.HasPrefix(rule, ".") {
			return strings.HasSuffix(host, rule)
		}
		return host == rule
	}
	switch {
	case slices.ContainsFunc(lists["excluded"], within):
		return errorf(BadProfile, m.config.place, "%s excludes the name %s", s.iss, host)
	case c.Has("permitted") && !slices.ContainsFunc(lists["permitted"], within):
		return errorf(BadProfile, m.config.place, "%s does not permit the name %s", s.iss, host)
	}
	return nil
}

// allowed takes out of metadata the entity types that a superior does not allow,
// 6.2.3. federation_entity is always allowed.
func (m *member) allowed(metadata strictjson.Object) error {
	for _, s := range m.chain {
		c := s.claims.Object("constraints")
		if !c.Has("allowed_entity_types") {
			continue
		}
		list, ok := c["allowed_entity_types"].([]any)
		if !ok {
			return errorf(BadForm, s.place, "allowed_entity_types is no list")
		}
		for _, t := range metadata.Names() {
			if t != "federation_entity" && !slices.ContainsFunc(list, func(v any) bool { return v == t }) {
				delete(metadata, t)
			}
		}
	}
	return nil
}
