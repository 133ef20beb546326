package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

var kinds = []kind{valid, invalid, open}

// printText prints a block for each topic: its counts, every failure, and every reason
// for which cases are not applicable, with how many they are.
func printText(w io.Writer, reports []report, verbose bool) error {
	out := bufio.NewWriter(w)
	var total report
	for _, r := range reports {
		if r.Skipped != "" {
			fmt.Fprintf(out, "%s\n  skipped: %s\n", r.Topic, r.Skipped)
			continue
		}
		total.Results = append(total.Results, r.Results...)
		fmt.Fprintln(out, r.Topic)
		printCounts(out, r)
		if verbose {
			for _, res := range r.Results {
				line := fmt.Sprintf("  %-14s %-7s %s", res.Outcome, res.Kind, oneLine(res.name()))
				if res.Why != "" {
					line += ": " + res.Why
				}
				fmt.Fprintln(out, line)
			}
			continue
		}
		printFailures(out, r)
		printReasons(out, r)
	}
	fmt.Fprintln(out, "all topics")
	printCounts(out, total)
	return out.Flush()
}

func printCounts(out io.Writer, r report) {
	for _, k := range kinds {
		p, f, n := r.count(k, passed), r.count(k, failed), r.count(k, notApplicable)
		if p+f+n > 0 {
			fmt.Fprintf(out, "  %-8s %4d passed %4d failed %4d not applicable\n", k, p, f, n)
		}
	}
}

func printFailures(out io.Writer, r report) {
	for _, res := range r.Results {
		if res.Outcome == failed {
			fmt.Fprintf(out, "  FAILED %s %s: %s\n", res.Kind, oneLine(res.name()), res.Why)
		}
	}
}

// printReasons groups the cases that are not applicable by their reason, in the order
// in which the reasons came up.
func printReasons(out io.Writer, r report) {
	var reasons []string
	cases := map[string][]string{}
	for _, res := range r.Results {
		if res.Outcome != notApplicable {
			continue
		}
		if !slices.Contains(reasons, res.Why) {
			reasons = append(reasons, res.Why)
		}
		cases[res.Why] = append(cases[res.Why], oneLine(res.name()))
	}
	for _, why := range reasons {
		list := cases[why]
		shown := strings.Join(list[:min(len(list), 2)], ", ")
		if len(list) > 2 {
			shown += ", …"
		}
		fmt.Fprintf(out, "  n/a %4d  %s (%.120s)\n", len(list), why, shown)
	}
}

// printJSON prints one object: the topics with every result, and the counts.
func printJSON(w io.Writer, reports []report) error {
	topics := make([]any, len(reports))
	for i, r := range reports {
		o := strictjson.From(r).(strictjson.Object)
		for _, k := range kinds {
			o[string(k)] = strictjson.Object{
				"passed": r.count(k, passed), "failed": r.count(k, failed), "notApplicable": r.count(k, notApplicable),
			}
		}
		topics[i] = o
	}
	_, err := fmt.Fprintf(w, "%s\n", strictjson.Encode(strictjson.Object{"topics": topics}))
	return err
}
