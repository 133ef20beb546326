package dcql

import "github.com/verilith/verilith/wasm/strictjson"

// Encode writes a query as Parse reads it, for what is read, written and read again. What has its default value is left out.
func (q *Query) Encode() strictjson.Object {
	o := strictjson.Object{}
	var list []any
	for i := range q.Credentials {
		list = append(list, q.Credentials[i].encode())
	}
	o["credentials"] = list
	list = nil
	for _, s := range q.Sets {
		set := strictjson.Object{"options": strictjson.From(s.Options)}
		if s.Optional {
			set["required"] = false
		}
		list = append(list, set)
	}
	if list != nil {
		o["credential_sets"] = list
	}
	return o
}

func (c *Credential) encode() strictjson.Object {
	o := strictjson.Object{"id": c.ID, "format": c.Format}
	meta := c.meta
	switch {
	case c.VCTs != nil:
		meta = strictjson.Object{"vct_values": strictjson.From(c.VCTs)}
	case c.DocType != "":
		meta = strictjson.Object{"doctype_value": c.DocType}
	case c.Types != nil:
		meta = strictjson.Object{"type_values": strictjson.From(c.Types)}
	}
	o["meta"] = meta
	if c.Multiple {
		o["multiple"] = true
	}
	if c.Unbound {
		o["require_cryptographic_holder_binding"] = false
	}
	var list []any
	for _, a := range c.Authorities {
		list = append(list, strictjson.Object{"type": a.Type, "values": strictjson.From(a.Values)})
	}
	if list != nil {
		o["trusted_authorities"] = list
	}
	list = nil
	for _, m := range c.Claims {
		claim := strictjson.Object{"path": m.Path.json()}
		if m.ID != "" {
			claim["id"] = m.ID
		}
		if m.Values != nil {
			claim["values"] = m.Values
		}
		if m.retain != nil {
			claim["intent_to_retain"] = *m.retain
		}
		list = append(list, claim)
	}
	if list != nil {
		o["claims"] = list
	}
	if c.ClaimSets != nil {
		o["claim_sets"] = strictjson.From(c.ClaimSets)
	}
	return o
}
