package host

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ipfs/go-cid"

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
	r, err := v.call(ctx, wire.OpVerify, req)
	if err != nil {
		return Verdict{}, err
	}
	return Verdict{*r.reply.Verdict, r.receipt}, nil
}

// Advance follows governed registries to their newest root and head, and keeps in
// Config.Registries what the module says to keep of them. What was offered and broke a
// rule is in the answer, with its evidence: it is no error.
func (v *Verifier) Advance(ctx context.Context, req Request) (Advanced, error) {
	r, err := v.call(ctx, wire.OpAdvance, req)
	if err != nil {
		return Advanced{}, err
	}
	return Advanced{r.reply.Advance, r.receipt}, nil
}

// Authorize answers whether an entity may do something (TRQP's authorization query).
// A no is a Decision, with the blocks that prove it.
func (v *Verifier) Authorize(ctx context.Context, req Request) (Decision, error) {
	return v.decide(ctx, wire.OpAuthorize, req)
}

// Recognize answers whether a registry is recognised for something (TRQP's recognition
// query). A no is a Decision, with the blocks that prove it.
func (v *Verifier) Recognize(ctx context.Context, req Request) (Decision, error) {
	return v.decide(ctx, wire.OpRecognize, req)
}

func (v *Verifier) decide(ctx context.Context, op wire.Op, req Request) (Decision, error) {
	r, err := v.call(ctx, op, req)
	if err != nil {
		return Decision{}, err
	}
	return Decision{*r.reply.Answer, r.receipt}, nil
}

// call does what every operation with registries has in common.
func (v *Verifier) call(ctx context.Context, op wire.Op, req Request) (answered, error) {
	now := req.Now
	if now.IsZero() {
		now = time.Now().Truncate(time.Millisecond) // finer says nothing, and is long to read
	}
	ev := newEvidence(req.Blocks)
	if err := ev.addResources(req.Resources, now); err != nil {
		return answered{}, err
	}
	asked := wire.Request{
		Verilith: wire.Contract, Op: op, Now: wire.FormatTime(now),
		Expect: req.Expect, Registries: req.Registries, Policy: req.Policy,
	}
	if op == wire.OpVerify || op == wire.OpSignIn || req.Input != nil { // one that the operation has not is for the module to refuse
		if err := ev.setInput(req.Input); err != nil {
			return answered{}, err
		}
		asked.Input = &wire.Input{Block: ev.input.CID.String(), MediaType: req.MediaType}
	}
	if op == wire.OpAuthorize || op == wire.OpRecognize || req.Query != (wire.Query{}) {
		asked.Query = &req.Query
	}
	known, err := v.recallStates(&asked, ev)
	if err != nil {
		return answered{}, err
	}
	key := remembered(op, req)
	ev.guess(v.memory.recall(key))

	r, err := v.run(ctx, asked, ev, v.fetcher)
	if err != nil {
		return answered{}, err
	}
	named := map[string]bool{}
	switch {
	case r.reply.Verdict != nil && (op == wire.OpVerify || op == wire.OpSignIn):
		rests(*r.reply.Verdict, named)
	case r.reply.Answer != nil && (op == wire.OpAuthorize || op == wire.OpRecognize):
		for _, t := range r.reply.Answer.Trust {
			addAll(named, t.Blocks)
		}
	case r.reply.Advance != nil && op == wire.OpAdvance:
	default:
		return answered{}, errorf(ModuleFault, "the module answered %s by something else", op)
	}
	v.memory.keep(key, named, ev)
	r.receipt = v.receiptOf(r)
	r.receipt.NotKept = v.keepStates(ctx, asked, r.reply.Advance, known, ev)
	return r, nil
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
	}, ev, v.fetcher)
	if err != nil {
		return wire.Inspection{}, err
	}
	if r.reply.Inspection == nil {
		return wire.Inspection{}, errorf(ModuleFault, "the module answered inspect by something else")
	}
	return *r.reply.Inspection, nil
}

// Replay judges a sealed case again, of whatever operation, with nothing but what is in
// it: neither the Fetcher nor Config.Registries is asked. It returns the module's reply
// as well, byte for byte: the same module gives the same bytes.
func (v *Verifier) Replay(ctx context.Context, car []byte) (Replayed, []byte, error) {
	if len(car) == 0 || len(car) > wire.MaxCase { // no room to ask the module for
		return Replayed{}, nil, errorf(wire.BadCase, "the case has %d bytes, want 1 to %d", len(car), wire.MaxCase)
	}
	r, err := v.ask(ctx, car)
	if err != nil {
		return Replayed{}, nil, err
	}
	if r.reply.Error != nil {
		return Replayed{}, r.raw, refused(r.reply.Error)
	}
	c, bad := wire.OpenCase(car)
	if bad != nil {
		return Replayed{}, r.raw, errorf(ModuleFault, "the module answered a case that is none: %v", bad)
	}
	r.root = c.Root
	if len(r.reply.Needs) > 0 {
		return Replayed{}, r.raw, errorf(IncompleteCase, "the case lacks %s", r.reply.Needs[0].Name())
	}
	return Replayed{r.reply, v.receiptOf(r)}, r.raw, nil
}

// answered is a reply and the case that it answers.
type answered struct {
	reply   wire.Reply
	raw     []byte
	car     []byte
	root    cid.Cid
	rounds  int
	asked   []Asked
	receipt Receipt
}

func (v *Verifier) receiptOf(r answered) Receipt {
	return Receipt{Case: r.car, CaseCID: r.root.String(), ModuleCID: v.module, Rounds: r.rounds, Asked: r.asked}
}

// run sends the same request with more and more evidence, until the module answers
// with something else than needs. Without a fetcher nothing more is to be had.
func (v *Verifier) run(ctx context.Context, req wire.Request, ev *evidence, f Fetcher) (answered, error) {
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
		more, err := answer(ctx, f, r.reply.Needs, ev, round)
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
func answer(ctx context.Context, f Fetcher, needs []wire.Need, ev *evidence, round int) ([]Asked, error) {
	seen := map[string]bool{}
	todo := make([]wire.Need, 0, len(needs))
	for _, n := range needs {
		if id := n.Name(); !seen[id] {
			seen[id] = true
			todo = append(todo, n)
		}
	}
	if f == nil {
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
		log[i] = Asked{Need: n.Name(), Path: n.Path, Round: round}
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			start := time.Now()
			answers[i], log[i].Err = f.Fetch(ctx, n)
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
			ev.unobtainable[n.Name()] = true
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
