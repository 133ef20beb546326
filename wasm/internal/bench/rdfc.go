package main

import (
	"fmt"
	"os"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/verilith/verilith/wasm/internal/bench/canon"
	"github.com/verilith/verilith/wasm/strictjson"
)

// canonical asks for the time of one canonicalization.
type canonical struct {
	// Contender is verilith or json-gold; In is native or wazero.
	Contender string            `json:"contender"`
	In        string            `json:"in"`
	Document  strictjson.Object `json:"document"`
	// Module is the file of package canonwasm, for wazero.
	Module string `json:"module"`
	Millis int    `json:"millis"`
}

func (b *bench) canonicalize(q *canonical) (answer, error) {
	document := strictjson.Encode(q.Document)
	if q.In == "native" {
		contenders, err := canon.Contenders()
		if err != nil {
			return answer{}, err
		}
		if err := canon.Same(contenders, document); err != nil {
			return answer{}, err
		}
		work := contenders[q.Contender]
		if work == nil {
			return answer{}, fmt.Errorf("no contender %q", q.Contender)
		}
		return timed(q.Millis, func() error {
			_, err := work(document)
			return err
		})
	}
	guest, err := b.guest(q.Module, document)
	if err != nil {
		return answer{}, err
	}
	var gold uint64
	if q.Contender == "json-gold" {
		gold = 1
	}
	return timed(q.Millis, func() error {
		n, err := guest.ExportedFunction("canonicalize").Call(b.ctx, gold)
		if err == nil && n[0] == 0 {
			err = fmt.Errorf("%s fails under wazero", q.Contender)
		}
		return err
	})
}

// guest starts canonwasm on a document, once.
func (b *bench) guest(file string, document []byte) (api.Module, error) {
	if b.canonGuest != nil {
		return b.canonGuest, nil
	}
	wasm, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	b.canonRuntime = wazero.NewRuntime(b.ctx)
	wasi_snapshot_preview1.MustInstantiate(b.ctx, b.canonRuntime)
	guest, err := b.canonRuntime.InstantiateWithConfig(b.ctx, wasm, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	if err != nil {
		return nil, err
	}
	at, err := guest.ExportedFunction("alloc").Call(b.ctx, uint64(len(document)))
	if err != nil {
		return nil, err
	}
	if !guest.Memory().Write(uint32(at[0]), document) {
		return nil, fmt.Errorf("no room for the document")
	}
	same, err := guest.ExportedFunction("same").Call(b.ctx)
	if err != nil {
		return nil, err
	}
	if same[0] != 1 {
		return nil, fmt.Errorf("under wazero the contenders do not agree")
	}
	b.canonGuest = guest
	return guest, nil
}

// timed makes calls for some time, at least one, and says how long one takes.
func timed(millis int, call func() error) (answer, error) {
	var took []time.Duration
	for began := time.Now(); len(took) == 0 || time.Since(began) < time.Duration(millis)*time.Millisecond; {
		start := time.Now()
		if err := call(); err != nil {
			return answer{}, err
		}
		took = append(took, time.Since(start))
	}
	return answer{Nanos: int64(median(took)), Calls: len(took)}, nil
}
