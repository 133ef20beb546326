//go:build wasip1

// Guest is a module for the tests of package host. It obeys the contract, and does
// what the media type of the input says: answer, ask for needs, or break.
package main

import (
	"os"
	"strconv"
	"strings"
	"unsafe"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/wire"
)

func main() {}

var (
	buffer []byte
	reply  []byte
	grown  [][]byte
	calls  int
)

//go:wasmexport alloc
func alloc(n uint32) uint32 {
	buffer = make([]byte, max(n, 1))
	return uint32(uintptr(unsafe.Pointer(&buffer[0])))
}

//go:wasmexport run
func run(ptr, n uint32) uint64 {
	calls++
	c, bad := wire.OpenCase(buffer[:n])
	if bad != nil {
		return answer(wire.Reply{Error: bad})
	}
	if c.Request.Op == wire.OpAbout {
		return answer(wire.Reply{About: &wire.About{Contract: wire.Contract}})
	}
	if c.Request.Op == wire.OpInspect {
		return answer(wire.Reply{Inspection: &wire.Inspection{MediaType: "test/inspected"}})
	}
	kind, arg, _ := strings.Cut(c.Request.Input.MediaType, "=")
	switch kind {
	case "test/panic":
		panic("the guest was told to panic")
	case "test/exit":
		os.Exit(7)
	case "test/nil":
		var p *int
		*p = 1
	case "test/fault":
		return answer(wire.Reply{Error: &wire.Error{Reason: wire.InternalFault, Detail: "told to"}})
	case "test/refuse":
		return answer(wire.Reply{Error: &wire.Error{Reason: wire.BadRequest, Member: "policy", Detail: "told to"}})
	case "test/memory":
		for {
			grown = append(grown, make([]byte, 1<<20))
		}
	case "test/grow": // and survive
		n, _ := strconv.Atoi(arg)
		grown = append(grown, make([]byte, n))
		grown = nil
	case "test/deep":
		return uint64(deep(0))
	case "test/outside":
		return 0xfffffff0<<32 | 0x100
	case "test/endless":
		return uint64(uintptr(unsafe.Pointer(&buffer[0])))<<32 | 0xffffffff
	case "test/empty":
		return 0
	case "test/nonsense":
		reply = []byte(`{"verdict":{"outcome":12}}`)
		return at(reply)
	case "test/other":
		return answer(wire.Reply{About: &wire.About{}})
	case "test/rounds": // each a block that nobody has
		n, _ := strconv.Atoi(arg)
		if len(c.Request.Unobtainable) < n {
			id := block.New(block.Raw, []byte{byte(len(c.Request.Unobtainable))}).CID.String()
			return answer(wire.Reply{Needs: []wire.Need{{Block: id, MaxBytes: 10}}})
		}
	case "test/chain": // each line of the input is a CID or URL, and is asked for in a round of its own
		for _, line := range lines(c) {
			if !has(c, line) {
				return answer(wire.Reply{Needs: []wire.Need{need(line)}})
			}
		}
	case "test/list": // the same, all in one round
		var needs []wire.Need
		for _, line := range lines(c) {
			if !has(c, line) {
				needs = append(needs, need(line), need(line))
			}
		}
		if needs != nil {
			return answer(wire.Reply{Needs: needs})
		}
	}
	return answer(wire.Reply{Verdict: verdict(c)})
}

// lines are the words of the input that can be asked for.
func lines(c *wire.Case) []string {
	var found []string
	for _, word := range strings.Fields(string(c.Input)) {
		n := need(word)
		if _, err := block.ParseCID(n.Block); err == nil || n.URL != "" {
			found = append(found, word)
		}
	}
	return found
}

// need asks for a URL, a CID, or CID+path.
func need(line string) wire.Need {
	if strings.Contains(line, "://") {
		return wire.Need{URL: line, MaxBytes: wire.MaxDocument}
	}
	id, path, _ := strings.Cut(line, "+")
	return wire.Need{Block: id, Path: path, MaxBytes: block.MaxSize}
}

func has(c *wire.Case, line string) bool {
	n := need(line)
	for _, u := range c.Request.Unobtainable {
		if u == n.Block || u == n.URL {
			return true
		}
	}
	for _, e := range c.Request.Evidence {
		if e.URL == n.URL {
			return true
		}
	}
	id, err := block.ParseCID(n.Block)
	if err != nil {
		return false
	}
	_, ok := c.Block(id)
	return ok
}

// verdict is accepted where nothing was unobtainable, and rests on what the input lists.
func verdict(c *wire.Case) *wire.Verdict {
	v := &wire.Verdict{Outcome: wire.Accepted, Now: c.Request.Now}
	check := wire.Check{Check: wire.CheckFormat, Result: wire.Pass, Detail: strconv.Itoa(calls)}
	if len(c.Request.Unobtainable) > 0 {
		v.Outcome, v.Reason = wire.Undetermined, "unobtainable"
		check.Result, check.Reason = wire.Unknown, "unobtainable"
		check.Detail = strings.Join(c.Request.Unobtainable, " ")
	}
	for _, line := range lines(c) {
		if n := need(line); n.Block != "" {
			check.Rests = append(check.Rests, n.Block)
		}
	}
	for _, e := range c.Request.Evidence {
		check.Rests = append(check.Rests, e.Block)
	}
	v.Checks = []wire.Check{check}
	return v
}

func deep(n int) int {
	if n < 0 {
		return n
	}
	return deep(n+1) + 1
}

func answer(r wire.Reply) uint64 {
	reply = wire.EncodeReply(r)
	return at(reply)
}

func at(b []byte) uint64 {
	return uint64(uintptr(unsafe.Pointer(&b[0])))<<32 | uint64(len(b))
}
