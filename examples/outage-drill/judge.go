package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/verilith/verilith/examples/outage-drill/internal/hosts"
)

// answer is what one verifier made of one credential, and what it asked for.
type answer struct {
	result
	asked hosts.Traffic // what the gateway and the did:web host answered
}

// judge has every credential judged by every verifier, and prints a line for each.
// A verdict must be the expected one, the same in the page as in Go, and where there
// was one before, the same as then.
func (d *theDrill) judge(ctx context.Context, title string, list []credential) error {
	d.tableHead(title, d.world.state(), d.page != nil)
	for _, c := range list {
		inGo, err := d.ask(ctx, d.goVerifier, c)
		if err != nil {
			return fmt.Errorf("%s, in Go: %w", c.name, err)
		}
		var inPage *answer
		if d.page != nil {
			if inPage, err = d.ask(ctx, d.page, c); err != nil {
				return fmt.Errorf("%s, in the page: %w", c.name, err)
			}
		}
		var v verdict
		if err := json.Unmarshal(inGo.Verdict, &v); err != nil {
			return fmt.Errorf("%s: verdict: %w", c.name, err)
		}
		wrong := d.check(c, v, inGo, inPage)
		if wrong != nil {
			d.failures++
		}
		d.tableLine(c.name, v, inGo, inPage, wrong)
	}
	return nil
}

func (d *theDrill) ask(ctx context.Context, by verifier, c credential) (*answer, error) {
	before, err := d.world.traffic(ctx)
	if err != nil {
		return nil, err
	}
	q := question{Input: c.input, AcceptStale: c.acceptStale}
	if c.later != 0 {
		q.Now = later(c.later)
	}
	r, err := by.Verify(ctx, q)
	if err != nil {
		return nil, err
	}
	after, err := d.world.traffic(ctx)
	return &answer{r, after.Since(before)}, err
}

// check says what is wrong with the answers.
func (d *theDrill) check(c credential, v verdict, inGo, inPage *answer) error {
	if v.Outcome != string(c.outcome) || v.Reason != c.reason {
		return fmt.Errorf("want %s", verdict{string(c.outcome), c.reason})
	}
	for _, a := range []*answer{inGo, inPage} {
		if a != nil && a.asked.Requests > c.requests {
			return fmt.Errorf("%d requests, want at most %d", a.asked.Requests, c.requests)
		}
	}
	if inPage != nil {
		if err := same(inGo.Verdict, inPage.Verdict); err != nil {
			return fmt.Errorf("in Go and in the page: %w", err)
		}
	}
	if old, ok := d.before[c.key()]; ok {
		if err := same(old, inGo.Verdict); err != nil {
			return fmt.Errorf("before and in the outage: %w", err)
		}
	}
	d.before[c.key()] = inGo.Verdict
	return nil
}
