// Package verify is the order of the checks: it opens a case, asks for the evidence
// that is missing, and turns the answers of the packages below it into a verdict.
//
// It is a pure function of the case: no clock, no network, no state between calls.
package verify

import (
	"github.com/verilith/verilith/wasm/wire"
)

// Run answers a case with a reply, both in the form of package wire.
func Run(car []byte) []byte {
	return wire.EncodeReply(Answer(car))
}

// Answer is Run with the reply as a value.
func Answer(car []byte) wire.Reply {
	c, werr := wire.OpenCase(car)
	if werr != nil {
		return wire.Reply{Error: werr}
	}
	switch c.Request.Op {
	case wire.OpAbout:
		return wire.Reply{About: about()}
	case wire.OpInspect:
		return wire.Reply{Inspection: inspect(c)}
	}
	if c.Request.Op == wire.OpAdvance {
		return advance(c)
	}
	if c.Request.Op == wire.OpAuthorize || c.Request.Op == wire.OpRecognize {
		return query(c)
	}
	if c.Request.Op == wire.OpSignIn {
		return signIn(c)
	}
	return judge(c)
}
