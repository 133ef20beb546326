// Package trqp translates the messages of the Trust Registry Query Protocol 2.0 to
// questions of package wire, and its answers to messages: the authorization and the
// recognition query, by their JSON schemas ([TRQP] "Authorization Query and Response
// Schemas", "Recognition Query and Response Schemas").
//
// It carries no HTTP and decides nothing. An answer that the evidence does not suffice
// for has no message: TRQP 2.0 knows true and false, and false would be a claim.
//
// [TRQP]: https://trustoverip.github.io/tswg-trust-registry-protocol/
package trqp

import (
	"fmt"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// Reason is the stable part of an [Error].
type Reason string

// The reasons of this package.
const (
	MissingMember Reason = "trqp_missing_member"
	WrongType     Reason = "trqp_wrong_type"
	BadTime       Reason = "trqp_bad_time"
	UnknownMember Reason = "trqp_unknown_condition" // a condition of the query that would go unheeded
)

// Error is why a message is no query.
type Error struct {
	Reason Reason
	Member string
	Detail string
}

func (e *Error) Error() string { return string(e.Reason) + ": " + e.Member + ": " + e.Detail }

// The members of context that are understood. Another one would be a condition that the
// answer does not heed, so it is refused ("Identifiers", context, 1 and 3). A locator
// says where a server finds its records, which changes no answer.
const (
	contextTime         = "time"
	contextLocator      = "locator"
	contextJurisdiction = "jurisdiction" // ours: Query.Jurisdiction
)

// Query reads an authorization or recognition query. Members beside those of its schema
// have no meaning by it and are passed over.
func Query(o strictjson.Object) (wire.Query, error) {
	var q wire.Query
	for _, f := range []struct {
		name string
		dst  *string
	}{{"entity_id", &q.Entity}, {"authority_id", &q.Authority}, {"action", &q.Action}, {"resource", &q.Resource}} {
		s, err := text(o, f.name, f.name)
		if err != nil {
			return wire.Query{}, err
		}
		if s == "" {
			return wire.Query{}, &Error{MissingMember, f.name, "is missing or empty"}
		}
		*f.dst = s
	}
	if !o.Has("context") {
		return q, nil
	}
	context, ok := o["context"].(strictjson.Object)
	if !ok {
		return wire.Query{}, &Error{WrongType, "context", "want an object"}
	}
	for _, name := range context.Names() {
		s, err := text(context, name, "context."+name)
		if err != nil {
			return wire.Query{}, err
		}
		switch name {
		case contextTime:
			// "If blank, uses current server time. RFC3339 required, using only Z (+00:00) offset."
			if s == "" {
				continue
			}
			if _, err := wire.ParseTime(s); err != nil {
				return wire.Query{}, &Error{BadTime, "context.time", err.Error()}
			}
			if !strings.HasSuffix(s, "Z") && !strings.HasSuffix(s, "+00:00") {
				return wire.Query{}, &Error{BadTime, "context.time", fmt.Sprintf("%.40q has another offset than Z", s)}
			}
			q.Time = s
		case contextJurisdiction:
			q.Jurisdiction = s
		case contextLocator:
		default:
			return wire.Query{}, &Error{UnknownMember, "context." + name, "is a condition that is not understood"}
		}
	}
	return q, nil
}

func text(o strictjson.Object, name, member string) (string, error) {
	v, ok := o[name]
	if !ok {
		return "", nil
	}
	s, ok := v.(string)
	if !ok {
		return "", &Error{WrongType, member, "want a string"}
	}
	return s, nil
}

// Response is the response to a query, or false where the answer is unknown: then
// [Problem] says what there is to say. op is the operation that was asked.
func Response(op wire.Op, a *wire.Answer) (strictjson.Object, bool) {
	if a.Result != wire.Pass && a.Result != wire.Fail {
		return nil, false
	}
	said := "authorized"
	if op == wire.OpRecognize {
		said = "recognized"
	}
	q := a.Query
	o := strictjson.Object{"entity_id": q.Entity, "authority_id": q.Authority, "action": q.Action, "resource": q.Resource,
		said: a.Result == wire.Pass, "time_evaluated": a.Now}
	if a.Detail != "" {
		o["message"] = a.Detail
	}
	context := strictjson.Object{}
	if q.Time != "" {
		o["time_requested"], context[contextTime] = a.Time, q.Time
	}
	if q.Jurisdiction != "" {
		context[contextJurisdiction] = q.Jurisdiction
	}
	if len(context) > 0 {
		o["context"] = context
	}
	return o, true
}

// Problem is the problem details (RFC 9457) of an answer that is unknown: "Error
// Handling" of the HTTPS binding. It is 404, "authority not recognized", where no
// registry speaks for the authority, and else 503: another time the answer may be had.
func Problem(a *wire.Answer) strictjson.Object {
	status := "503"
	if a.Reason == "authority_unknown" || a.Reason == "no_trust_anchor" {
		status = "404"
	}
	return strictjson.Object{"type": "about:blank", "title": a.Reason, "status": strictjson.Number(status), "detail": a.Detail}
}
