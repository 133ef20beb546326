package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/host/publish"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/wire"
)

// keyAnswers is how the newest version answered for all days.
type keyAnswers struct {
	Keys, Answers int
	Yes           int
	CameBack      int // keys that were away for a while: one period cannot say that
}

// answers asks the newest version of a copy whether each key that was ever listed was
// trusted on each day, and holds the answer to the list of that day.
func answers(days []day, f publish.Folder, newest publish.Release) (keyAnswers, error) {
	var out keyAnswers
	s, err := snapshot.Open(newest.Snapshot, f.Get)
	if err != nil {
		return out, err
	}
	ever := map[string]bool{}
	for _, d := range days {
		for k := range d.keys {
			ever[k] = true
		}
	}
	for name := range ever {
		issuer, kid, _ := strings.Cut(name, " ")
		e, p, err := s.Entity(issuer)
		if err != nil || !p.Found {
			return out, fmt.Errorf("%s: found %v, %v", issuer, p.Found, err)
		}
		out.Keys++
		spells, listed := 0, false
		for _, d := range days {
			if d.keys[name] && !listed {
				spells++
			}
			listed = d.keys[name]
		}
		if spells > 1 {
			out.CameBack++
		}
		for _, d := range days {
			trusted := false
			for _, k := range e.Keys {
				from, until := at(k.From), at(k.Until)
				trusted = trusted || k.Kid == kid && !d.time.Before(from) && (until.IsZero() || d.time.Before(until))
			}
			out.Answers++
			if trusted {
				out.Yes++
			}
			if trusted != d.keys[name] && (spells == 1 || trusted) {
				return out, fmt.Errorf("%s on %s: trusted %v, and listed %v", name, d.name, trusted, d.keys[name])
			}
		}
	}
	return out, nil
}

func at(text string) time.Time {
	t, _ := wire.ParseTime(text) // empty is no bound
	return t
}

// judged is the module's verdict on a credential of one day by the key of another.
type judged struct {
	Signed  string // day
	Key     string
	Listed  bool
	Outcome wire.Outcome
	Reason  string
}

// judge verifies, on the last day, with the copy alone, credentials of the clinic of
// every day, signed by each of its keys: those count that were its keys on that day.
func (h *holder) judge(ctx context.Context, days []day, id string) ([]judged, error) {
	store, err := fetch.Folder(h.copy.Dir)
	if err != nil {
		return nil, err
	}
	if h.via.Fetcher, err = fetch.New(fetch.Config{Stores: []fetch.Store{store}}); err != nil {
		return nil, err
	}
	var list []judged
	for i, d := range days {
		for j := 0; j < len(days); j += 3 {
			now, _ := clinicKey(i)
			kid, _ := clinicKey(j)
			v, err := h.verifier.Verify(ctx, host.Request{
				Input: credential(d.time, j), Now: days[len(days)-1].time.Add(3 * time.Hour), Registries: []wire.Registry{{ID: id}},
			})
			if err != nil {
				return nil, err
			}
			g := judged{Signed: d.name, Key: kid, Listed: now == kid, Outcome: v.Outcome, Reason: v.Reason}
			if (g.Outcome == wire.Accepted) != g.Listed {
				return nil, fmt.Errorf("a credential of %s by %s: %s %s; that key was listed then: %v", d.name, kid, v.Outcome, v.Reason, g.Listed)
			}
			list = append(list, g)
		}
	}
	return list, nil
}

// print shows the days as a table, and what was asked of the last one.
func (r *result) print(w io.Writer) error {
	fmt.Fprintf(w, "registry %s\n\n", r.Registry)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "day\tissuers\tkeys\tnew blocks\tbytes")
	for _, m := range r.Days[0].Moved {
		fmt.Fprintf(t, "\t%s: copied\trequests\tbytes", m.Holder)
	}
	fmt.Fprint(t, "\tadvance\tthe day before\n")
	for _, d := range r.Days {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d", d.Name, d.Issuers, d.Keys, d.Blocks, d.Bytes)
		for _, m := range d.Moved {
			fmt.Fprintf(t, "\t%d\t%d\t%d", m.Blocks, m.Requests, m.Sent)
		}
		m := d.Moved[0]
		refused := "–"
		if len(d.OldRefused) > 0 {
			refused = "refused: " + d.OldRefused[0]
		}
		fmt.Fprintf(t, "\t%s to %d\t%s\n", m.Outcome, m.Version, refused)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	yes := 0
	for _, j := range r.Clinic {
		if j.Listed {
			yes++
		}
	}
	_, err := fmt.Fprintf(w, `
Copied are the new blocks of the snapshot and the documents of the version; requests and bytes are those of following
the head and copying, as the server saw them.
%d keys that were ever listed, asked of the newest version for each of %d days: %d answers, %d of them yes, each as that
day's list had it (%d keys were away in between and came back; they count from their return).
%d credentials of a clinic with a new key every third day, judged on the last day: the %d by a key of their day are
accepted, and no other.
`, r.Keys.Keys, len(r.Days), r.Keys.Answers, r.Keys.Yes, r.Keys.CameBack, len(r.Clinic), yes)
	return err
}
