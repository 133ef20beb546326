// Command reactor is a module with the contract of package wire that does what its
// input says, so that the tests can meet a module that asks, breaks and misbehaves.
//
// The input is "<issuer>.<command> <argument>…".
package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"time"
	"unsafe"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"

	"github.com/ipfs/go-cid"
)

var input, output []byte

//go:wasmexport alloc
func alloc(n uint32) uint32 {
	input = make([]byte, max(n, 1))
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(input))))
}

//go:wasmexport run
func run(_, n uint32) uint64 {
	c, err := wire.OpenCase(input[:n])
	if err != nil {
		return answer(wire.EncodeReply(wire.Reply{Error: err}))
	}
	if c.Request.Op == wire.OpAbout {
		return answer(wire.EncodeReply(wire.Reply{About: &wire.About{Contract: wire.Contract}}))
	}
	if c.Request.Op == wire.OpInspect {
		return answer(wire.EncodeReply(wire.Reply{Inspection: &wire.Inspection{MediaType: c.Request.Input.MediaType}}))
	}
	_, text, _ := strings.Cut(string(c.Input), ".")
	words := strings.Fields(text)
	switch words[0] {
	case "echo":
		v, _ := strictjson.ParseObject(wire.EncodeRequest(c.Request))
		return verdict(wire.Verdict{Outcome: wire.Accepted, Credential: &wire.Credential{Format: "echo", Claims: []strictjson.Object{v}}})
	case "need":
		return need(c, words[1:])
	case "again": // for what it was given
		return answer(wire.EncodeReply(wire.Reply{Needs: []wire.Need{{Block: words[1], MaxBytes: 1 << 20}}}))
	case "more": // for something new in each round
		n := len(c.Request.Unobtainable)
		return answer(wire.EncodeReply(wire.Reply{Needs: []wire.Need{{URL: fmt.Sprintf("https://example.com/%d", n), MaxBytes: 1}}}))
	case "clock":
		b := make([]byte, 4)
		_, _ = rand.Read(b)
		return verdict(wire.Verdict{Outcome: wire.Accepted, Reason: fmt.Sprintf("%s %s %x", time.Now().UTC().Format(time.RFC3339), time.Since(time.Now()), b)})
	case "panic":
		panic("the test said so")
	case "overflow":
		return deeper(0)
	case "exit":
		os.Exit(7)
	case "fault":
		return answer(wire.EncodeReply(wire.Reply{Error: &wire.Error{Reason: wire.InternalFault, Detail: "the test said so"}}))
	case "garbage":
		return answer([]byte("{\xff"))
	case "nothing":
		return answer([]byte("{}"))
	case "outside":
		return 0xffff_fff0<<32 | 0x100
	case "grow":
		var hold [][]byte
		for {
			hold = append(hold, make([]byte, 16<<20))
		}
	case "swell": // use much, and then answer
		output = make([]byte, 200<<20)
		return verdict(wire.Verdict{Outcome: wire.Accepted})
	case "forever":
		for {
			output = append(output[:0], input...)
		}
	}
	return answer(wire.EncodeReply(wire.Reply{Error: &wire.Error{Reason: wire.Unsupported, Member: "input", Detail: words[0]}}))
}

// need asks for blocks (a CID), paths (a CID and segments) and documents (a URL), as
// the verifier does: for the first block on a path that is not there.
func need(c *wire.Case, names []string) uint64 {
	var needs []wire.Need
	v := wire.Verdict{Outcome: wire.Accepted}
	gone := func(name string) bool {
		for _, u := range c.Request.Unobtainable {
			if u == name {
				v.Outcome, v.Reason = wire.Undetermined, "missing"
				return true
			}
		}
		return false
	}
	check := wire.Check{Check: wire.CheckTrust, Result: wire.Pass}
	for _, name := range names {
		if strings.HasPrefix(name, "https:") {
			found := gone(name)
			for _, e := range c.Request.Evidence {
				if e.URL == name {
					found = true
					id, _ := block.ParseCID(e.Block)
					body, _ := c.Block(id)
					check.Rests = append(check.Rests, e.Block)
					check.Detail += fmt.Sprintf("%s %s %s %s\n", e.URL, e.MediaType, e.Obtained, body)
				}
			}
			if !found {
				needs = append(needs, wire.Need{URL: name, Accept: "application/json", MaxBytes: 1000})
			}
			continue
		}
		segments := strings.Split(name, "/")
		id, err := block.ParseCID(segments[0])
		for i := 1; err == nil && id.Defined(); i++ {
			data, ok := c.Block(id)
			if !ok {
				if !gone(id.String()) {
					n := wire.Need{Block: id.String(), MaxBytes: block.MaxSize}
					if len(segments) > 1 {
						n.Path = name
					}
					needs = append(needs, n)
				}
				break
			}
			check.Rests = append(check.Rests, id.String())
			id = cid.Undef
			if v, err := block.DecodeCBOR(data); err == nil && i < len(segments) {
				m, _ := v.(map[string]any)
				id, _ = m[segments[i]].(cid.Cid)
			}
		}
	}
	if len(needs) > 0 {
		return answer(wire.EncodeReply(wire.Reply{Needs: needs}))
	}
	v.Now = c.Request.Now
	v.Checks = []wire.Check{check}
	return verdict(v)
}

func deeper(n uint64) uint64 {
	var frame [64]byte
	frame[n%64] = byte(n)
	return deeper(n+1) + uint64(frame[n%63])
}

func verdict(v wire.Verdict) uint64 { return answer(wire.EncodeReply(wire.Reply{Verdict: &v})) }

func answer(b []byte) uint64 {
	output = b
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(output))))<<32 | uint64(len(output))
}

func main() {}
