// Command conformance runs test vectors that others made against the verifier.
//
//	conformance [-v] [-json] -vectors DIR [topic…]
//
// DIR holds one folder a topic, each with a manifest.json that names its cases and
// what their source expects of them. The vectors are no part of Verilith: where the
// folder is missing there is nothing to run, and that is said in one line.
//
// Credentials go through the whole verifier, with a registry that authorises their
// issuer, so that a good one comes out accepted; parts of specifications (canonical
// JSON, DAG-CBOR, DID documents) go through the package that implements them. Cases
// that must verify and cases that must not are counted apart, since a verifier that
// always says no passes every case of the second kind. Where a source has only good
// cases the runner adds changed copies of them, marked so.
//
// A case is not applicable if it is about something that the verifier does not do, or
// that its specifications do not ask for. Each such case has its reason here, in the
// code beside the rule, and still says what the verifier must answer: a wrong yes is
// a failure all the same. A case for which there is no rule here fails.
//
// The exit status is 1 if any case failed.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	os.Exit(command(os.Args[1:], os.Stdout, os.Stderr, topics))
}

func command(args []string, stdout, stderr io.Writer, all []topic) int {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(stderr)
	dir := flags.String("vectors", "../shared/vectors", "folder of the vectors, one folder a topic")
	verbose := flags.Bool("v", false, "list every case")
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	chosen, err := choose(all, flags.Args())
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	if _, err := os.Stat(*dir); err != nil {
		fmt.Fprintf(stdout, "skipped: there are no vectors at %s; name their folder with -vectors\n", *dir)
		return 0
	}
	var reports []report
	for _, t := range chosen {
		reports = append(reports, t.report(filepath.Join(*dir, t.name)))
	}
	if *asJSON {
		err = printJSON(stdout, reports)
	} else {
		err = printText(stdout, reports, *verbose)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	if slices.ContainsFunc(reports, func(r report) bool { return r.count("", failed) > 0 }) {
		return 1
	}
	return 0
}

func choose(all []topic, names []string) ([]topic, error) {
	if len(names) == 0 {
		return all, nil
	}
	var chosen []topic
	for _, name := range names {
		i := slices.IndexFunc(all, func(t topic) bool { return t.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no topic %q; there are %v", name, topicNames(all))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

func topicNames(all []topic) []string {
	names := make([]string, len(all))
	for i, t := range all {
		names[i] = t.name
	}
	return names
}
