package status

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/strictjson"
)

// cardEntry reads the entry that a health card's rid became, SMART Health Cards,
// "Revocation".
func cardEntry(o strictjson.Object, c *cred.Credential) ([]Entry, Answer) {
	e := Entry{Type: cred.HealthCardRevocation, URL: o.String("id"), Accept: "application/json", rid: o.String("rid"), made: c.ValidFrom}
	if !isList(e.URL) || e.rid == "" {
		return nil, malformed("the card's revocation list would stand at %.200q", e.URL)
	}
	_, name, _ := strings.Cut(e.URL, "/.well-known/crl/")
	e.kid = strings.TrimSuffix(name, ".json")
	return []Entry{e}, Answer{}
}

// maxRevoked bounds the rids of a card revocation list: what a document may hold.
const maxRevoked = strictjson.MaxMembers

// CheckCards answers by a card revocation list. It is not signed: whose word it is, its
// place says, as it does for the key set beside it. version is the crlVersion there: a
// list with a lower ctr is one from before, and what is not in it may have been added.
func (e *Entry) CheckCards(body []byte, version int64) Answer {
	o, err := strictjson.ParseObject(body)
	if err != nil {
		return badList("%v", err)
	}
	if o.String("kid") != e.kid {
		return Answer{Reason: OtherList, Detail: fmt.Sprintf("the list is of key %.100q, want %.100q", o.String("kid"), e.kid)}
	}
	if m := o.String("method"); m != "rid" {
		return Answer{Reason: Unsupported, Unknown: true, Detail: fmt.Sprintf("the list is by method %.60q, want rid", m)}
	}
	ctr, _ := o["ctr"].(strictjson.Number)
	count, isCount := ctr.Int64()
	if !isCount || count < 0 {
		return badList("ctr is %.40s, want the number of its updates", ctr)
	}
	rids, ok := o["rids"].([]any)
	if !ok || len(rids) > maxRevoked {
		return badList("rids is no array")
	}
	revoked := false
	for _, v := range rids {
		s, _ := v.(string)
		rid, stamp, dated := strings.Cut(s, ".")
		at, err := strconv.ParseInt(stamp, 10, 64)
		if rid == "" || dated && (err != nil || at < 0 || stamp[0] == '+') {
			return badList("%.80q is no rid with or without a time", s)
		}
		// "The timestamp suffix … the Health Card is revoked if it was issued before".
		if rid == e.rid && (!dated || e.made == nil || e.made.Unix() < at) {
			revoked = true
		}
	}
	if revoked {
		return Answer{Reason: Revoked, Detail: fmt.Sprintf("the issuer has revoked cards of rid %.40q", e.rid)}
	}
	if count < version {
		return Answer{Reason: Stale, Unknown: true, Detail: fmt.Sprintf("the list is the issuer's number %d, and its key set has number %d", count, version)}
	}
	return Answer{Detail: "the issuer's list has no such rid"}
}
