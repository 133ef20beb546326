// Command bench measures the verifier from Go: the core in this process, and the
// module under package host. js/peers/bench.mjs starts it and asks it to measure in
// turn with the other contenders, so that all of them share the machine's moods.
//
// It reads one question a line from standard input and answers each by one line, both
// JSON. It judges no figure: it only refuses to time a verifier that accepts a
// tampered copy.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/wasm/strictjson"
)

// maxLine bounds a question: a workload is a credential, its registry and documents.
const maxLine = 8 << 20

func main() {
	module := flag.String("module", "", "file of the module; empty is the embedded one")
	flag.Parse()
	if err := serve(*module, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// question is one line of input. Exactly one member is set.
type question struct {
	// Prepare makes a workload known, and checks that the verdicts are right.
	Prepare *workload `json:"prepare,omitempty"`
	// Run times one contender on a workload.
	Run *run `json:"run,omitempty"`
	// Open times host.Open.
	Open *opening `json:"open,omitempty"`
	// Canonicalize times RDF canonicalization, beside json-gold's.
	Canonicalize *canonical `json:"canonicalize,omitempty"`
}

type run struct {
	Contender string `json:"contender"`
	Workload  string `json:"workload"`
	Millis    int    `json:"millis"`
}

type opening struct {
	// Cached says that compiled code is at hand from an earlier Open.
	Cached bool `json:"cached"`
}

// answer is one line of output.
type answer struct {
	// Nanos is the median time of one call; Calls, how many there were.
	Nanos int64  `json:"nanos,omitempty"`
	Calls int    `json:"calls,omitempty"`
	Error string `json:"error,omitempty"`
}

func serve(module string, in io.Reader, out io.Writer) error {
	b := &bench{ctx: context.Background(), prepared: map[string]*prepared{}}
	defer b.close()
	if module != "" {
		wasm, err := os.ReadFile(module)
		if err != nil {
			return err
		}
		b.config.Module = wasm
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		a, err := b.answer(lines.Bytes())
		if err != nil {
			a = answer{Error: err.Error()}
		}
		if _, err := fmt.Fprintf(out, "%s\n", strictjson.Encode(strictjson.From(a))); err != nil {
			return err
		}
	}
	return lines.Err()
}

// bench is what outlives a question.
type bench struct {
	ctx      context.Context
	config   host.Config
	cacheDir string         // of Open, filled by the first one
	verifier *host.Verifier // of the wazero contender
	prepared map[string]*prepared

	canonRuntime wazero.Runtime // nil until it is asked for
	canonGuest   api.Module
}

func (b *bench) answer(line []byte) (answer, error) {
	v, err := strictjson.Parse(line)
	if err != nil {
		return answer{}, err
	}
	var q question
	if err := strictjson.Bind(v, &q); err != nil {
		return answer{}, err
	}
	switch {
	case q.Prepare != nil:
		return answer{}, b.prepare(q.Prepare)
	case q.Run != nil:
		return b.run(q.Run)
	case q.Open != nil:
		return b.open(q.Open)
	case q.Canonicalize != nil:
		return b.canonicalize(q.Canonicalize)
	}
	return answer{}, fmt.Errorf("a question has one of prepare, run, open and canonicalize")
}

func (b *bench) close() {
	if b.verifier != nil {
		b.verifier.Close()
	}
	if b.canonRuntime != nil {
		b.canonRuntime.Close(b.ctx)
	}
	if b.cacheDir != "" {
		os.RemoveAll(b.cacheDir)
	}
}
