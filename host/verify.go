package host

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/wire"
)

// maxFetches bounds how many needs of one round are answered at once.
const maxFetches = 8

// Verify judges one credential. It obtains from the Fetcher what the module asks
// for; what cannot be had is named to the module, and the verdict follows from that.
//
// A rejected credential is a Verdict. An [*Error] means that there is none: the
// request is malformed, the context ended, or the module broke.
func (v *Verifier) Verify(ctx context.Context, req Request) (Verdict, error) {
	now := req.Now
	if now.IsZero() {
		now = time.Now().Truncate(time.Millisecond) // finer says nothing, and is long to read
	}
	ev := newEvidence(req.Blocks)
	for url, d := range req.Resources {
		if len(d.Body) > block.MaxSize {
			return Verdict{}, &Error{Reason: wire.BadRequest, Member: "resources",
				Detail: url + " has more bytes than a block may have"}
		}
		ev.addDocument(url, d, now)
	}
	if err := ev.setInput(req.Input); err != nil {
		return Verdict{}, err
	}
	key := remembered(req)
	ev.guess(v.memory.recall(key))

	r, err := v.run(ctx, wire.Request{
		Verilith: wire.Contract, Op: wire.OpVerify, Now: wire.FormatTime(now),
		Input:  &wire.Input{Block: ev.input.CID.String(), MediaType: req.MediaType},
		Expect: req.Expect, Registries: req.Registries, Policy: req.Policy,
	}, ev)
	if err != nil {
		return Verdict{}, err
	}
	if r.reply.Verdict == nil {
		return Verdict{}, errorf(ModuleFault, "the module answered verify by something else")
	}
	v.memory.keep(key, *r.reply.Verdict, ev)
	return v.verdict(r), nil
}

// Inspect decodes a credential and shows it. Nothing in it is verified.
func (v *Verifier) Inspect(ctx context.Context, input []byte, mediaType string) (wire.Inspection, error) {
	ev := newEvidence(nil)
	if err := ev.setInput(input); err != nil {
		return wire.Inspection{}, err
	}
	r, err := v.run(ctx, wire.Request{
		Verilith: wire.Contract, Op: wire.OpInspect,
		Input: &wire.Input{Block: ev.input.CID.String(), MediaType: mediaType},
	}, ev)
	if err != nil {
		return wire.Inspection{}, err
	}
	if r.reply.Inspection == nil {
		return wire.Inspection{}, errorf(ModuleFault, "the module answered inspect by something else")
	}
	return *r.reply.Inspection, nil
}

// Replay judges a sealed case again, with nothing but what is in it. It returns the
// module's reply as well, byte for byte: the same module gives the same bytes.
func (v *Verifier) Replay(ctx context.Context, car []byte) (Verdict, []byte, error) {
	if len(car) == 0 || len(car) > wire.MaxCase { // no room to ask the module for
		return Verdict{}, nil, errorf(wire.BadCase, "the case has %d bytes, want 1 to %d", len(car), wire.MaxCase)
	}
	r, err := v.ask(ctx, car)
	if err != nil {
		return Verdict{}, nil, err
	}
	if r.reply.Error != nil {
		return Verdict{}, r.raw, refused(r.reply.Error)
	}
	c, bad := wire.OpenCase(car)
	if bad != nil {
		return Verdict{}, r.raw, errorf(ModuleFault, "the module answered a case that is none: %v", bad)
	}
	r.root = c.Root
	switch {
	case len(r.reply.Needs) > 0:
		return Verdict{}, r.raw, errorf(IncompleteCase, "the case lacks %s", name(r.reply.Needs[0]))
	case r.reply.Verdict == nil:
		return Verdict{}, r.raw, errorf(NoVerdict, "the case's operation is %s", c.Request.Op)
	}
	return v.verdict(r), r.raw, nil
}

// answered is a reply and the case that it answers.
type answered struct {
	reply  wire.Reply
	raw    []byte
	car    []byte
	root   cid.Cid
	rounds int
	asked  []Asked
}

func (v *Verifier) verdict(r answered) Verdict {
	return Verdict{
		Verdict: *r.reply.Verdict, Case: r.car, CaseCID: r.root.String(), ModuleCID: v.module,
		Rounds: r.rounds, Asked: r.asked,
	}
}

// run sends the same request with more and more evidence, until the module answers
// with something else than needs.
func (v *Verifier) run(ctx context.Context, req wire.Request, ev *evidence) (answered, error) {
	var asked []Asked
	for round := 1; round <= wire.MaxRounds; round++ {
		car, root, err := ev.seal(req)
		if err != nil {
			var refusal *wire.Error
			if errors.As(err, &refusal) {
				return answered{}, refused(refusal)
			}
			return answered{}, causedBy(wire.BadCase, err)
		}
		r, err := v.ask(ctx, car)
		if err != nil {
			return answered{}, err
		}
		if r.reply.Error != nil {
			return answered{}, refused(r.reply.Error)
		}
		if len(r.reply.Needs) == 0 {
			r.root, r.rounds, r.asked = root, round, asked
			return r, nil
		}
		more, err := v.answer(ctx, r.reply.Needs, ev, round)
		if err != nil {
			return answered{}, err
		}
		asked = append(asked, more...)
	}
	return answered{}, errorf(TooManyRounds, "no verdict after %d rounds", wire.MaxRounds)
}

// ask runs one case in the module.
func (v *Verifier) ask(ctx context.Context, car []byte) (answered, error) {
	r := answered{car: car, rounds: 1}
	err := v.pool.call(ctx, car, func(raw []byte) (err error) {
		r.raw = raw
		if r.reply, err = wire.DecodeReply(raw); err == nil && r.reply.Error != nil && r.reply.Error.Reason == wire.InternalFault {
			err = r.reply.Error // a panic was caught inside; the instance is not sound
		}
		return err
	})
	return r, err
}

// answer obtains the needs of a round, several at once, and adds them to the
// evidence in the order in which they were listed.
func (v *Verifier) answer(ctx context.Context, needs []wire.Need, ev *evidence, round int) ([]Asked, error) {
	seen := map[string]bool{}
	todo := make([]wire.Need, 0, len(needs))
	for _, n := range needs {
		if id := name(n); !seen[id] {
			seen[id] = true
			todo = append(todo, n)
		}
	}
	if v.fetcher == nil {
		for id := range seen {
			ev.unobtainable[id] = true
		}
		return nil, ctxError(ctx)
	}
	answers := make([]Answer, len(todo))
	log := make([]Asked, len(todo))
	places := make(chan struct{}, maxFetches)
	var wg sync.WaitGroup
	for i, n := range todo {
		log[i] = Asked{Need: name(n), Path: n.Path, Round: round}
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			start := time.Now()
			answers[i], log[i].Err = v.fetcher.Fetch(ctx, n)
			log[i].Took = time.Since(start)
		})
	}
	wg.Wait()
	// What failed because the caller gave up is not unobtainable.
	if err := ctxError(ctx); err != nil {
		return nil, err
	}
	for i, n := range todo {
		if log[i].Err == nil {
			log[i].Source = answers[i].Source
			log[i].Blocks, log[i].Bytes, log[i].Err = ev.take(n, answers[i], time.Now())
		}
		if log[i].Err != nil {
			ev.unobtainable[name(n)] = true
		}
	}
	return log, nil
}

func ctxError(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return causedBy(Cancelled, err)
	}
	return nil
}
