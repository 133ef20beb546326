package wire

import (
	"bytes"
	"fmt"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
)

// Case is an opened case: every block in it matches its CID.
type Case struct {
	Root    cid.Cid
	Request Request
	Input   []byte // nil for an operation without input

	blocks map[cid.Cid][]byte
}

// OpenCase reads a case, checks every block's hash, and binds the request.
func OpenCase(car []byte) (*Case, *Error) {
	if len(car) > MaxCase {
		return nil, &Error{BadCase, "", fmt.Sprintf("the case has %d bytes, want at most %d", len(car), MaxCase)}
	}
	roots, blocks, err := block.ReadCAR(car, block.Limits{Bytes: MaxCase, Blocks: MaxBlocks})
	if err != nil {
		return nil, &Error{BadCase, "", err.Error()}
	}
	if len(roots) != 1 {
		return nil, &Error{BadCase, "", fmt.Sprintf("the case has %d roots, want 1", len(roots))}
	}
	c := &Case{Root: roots[0], blocks: make(map[cid.Cid][]byte, len(blocks))}
	for _, b := range blocks {
		c.blocks[b.CID] = b.Data
	}
	root, ok := c.blocks[c.Root]
	if !ok {
		return nil, &Error{BadCase, "", "the root block " + c.Root.String() + " is not in the case"}
	}
	if c.Root.Prefix().Codec != block.JSON {
		return nil, &Error{BadCase, "", "the root block " + c.Root.String() + " is not of codec 0x0200 (JSON)"}
	}
	if c.Request, err = decodeRequest(root); err != nil {
		return nil, err.(*Error)
	}
	if in := c.Request.Input; in != nil {
		if c.Input, err = c.input(in); err != nil {
			return nil, err.(*Error)
		}
	}
	return c, nil
}

func (c *Case) input(in *Input) ([]byte, error) {
	id, err := block.ParseCID(in.Block)
	if err != nil {
		return nil, &Error{BadRequest, "input.block", err.Error()}
	}
	data, ok := c.blocks[id]
	if !ok {
		return nil, &Error{MissingInput, "input.block", in.Block + " is not in the case"}
	}
	if len(data) > MaxInput {
		return nil, &Error{InputTooLarge, "input", fmt.Sprintf("the input has %d bytes, want at most %d", len(data), MaxInput)}
	}
	return data, nil
}

// Block returns a block of the case. Its bytes match id.
func (c *Case) Block(id cid.Cid) ([]byte, bool) {
	data, ok := c.blocks[id]
	return data, ok
}

// SealCase writes the case of a request: the request's block as root, and evidence
// blocks in the given order, each once. It returns the case and its root CID.
func SealCase(req Request, evidence []block.Block) ([]byte, cid.Cid, error) {
	root := block.New(block.JSON, EncodeRequest(req))
	var buf bytes.Buffer
	w, err := block.NewCARWriter(&buf, root.CID)
	if err != nil {
		return nil, cid.Undef, err
	}
	seen := make(map[cid.Cid]bool, 1+len(evidence))
	for _, b := range append([]block.Block{root}, evidence...) {
		if seen[b.CID] {
			continue
		}
		seen[b.CID] = true
		if err := w.Put(b); err != nil {
			return nil, cid.Undef, err
		}
	}
	if buf.Len() > MaxCase {
		return nil, cid.Undef, &Error{BadCase, "", fmt.Sprintf("the case has %d bytes, want at most %d", buf.Len(), MaxCase)}
	}
	return buf.Bytes(), root.CID, nil
}

// EncodeRequest writes a request in canonical JSON.
func EncodeRequest(req Request) []byte { return strictjson.Encode(strictjson.From(req)) }

// decodeRequest binds the root block and checks what binding cannot.
func decodeRequest(data []byte) (Request, error) {
	var req Request
	if len(data) > MaxRequest {
		return req, &Error{BadRequest, "", fmt.Sprintf("the request has %d bytes, want at most %d", len(data), MaxRequest)}
	}
	v, err := strictjson.Parse(data)
	if err == nil {
		err = strictjson.Bind(v, &req)
	}
	if err != nil {
		e := err.(*strictjson.Error)
		return req, &Error{BadRequest, e.Member, string(e.Reason) + ": " + e.Detail}
	}
	return req, req.check()
}

// EncodeReply writes a reply. The order of members is RFC 8785's, so equal replies
// are equal bytes.
func EncodeReply(r Reply) []byte { return strictjson.Encode(strictjson.From(r)) }

// DecodeReply reads what the module answered.
func DecodeReply(data []byte) (Reply, error) {
	var r Reply
	v, err := strictjson.ParseWithin(data, maxReplyDeep, maxShown*strictjson.MaxMembers)
	if err == nil {
		err = strictjson.Bind(v, &r)
	}
	return r, err
}
