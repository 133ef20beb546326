package verify_test

import (
	"testing"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/internal/verify"
	"github.com/verilith/verilith/wasm/wire"
)

// needs are what the first round asks for.
func (tr trial) needs(t *testing.T) []wire.Need {
	t.Helper()
	in := block.New(block.Raw, []byte(tr.input))
	req := wire.Request{Verilith: wire.Contract, Op: wire.OpVerify, Now: tr.now, Input: &wire.Input{Block: in.CID.String(), MediaType: tr.mediaType},
		Expect: tr.expect, Policy: tr.policy, Registries: tr.regs}
	car, _, err := wire.SealCase(req, []block.Block{in})
	if err != nil {
		t.Fatal(err)
	}
	return verify.Answer(car).Needs
}
