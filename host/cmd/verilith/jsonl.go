package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// maxLineBytes bounds a line of --jsonl: a case's evidence of 32 MiB in base64, and
// slack. A longer line is answered by an error and passed over.
const maxLineBytes = 48 << 20

// outcomeError stands in the place of an outcome for a line without a verdict.
const outcomeError = "error"

// jsonLines answers every line of the input by one line, in order, in one instance
// of the module.
func (f *verifyFlags) jsonLines(ctx context.Context, args []string, s std, liveGiven bool) error {
	if f.json || f.casePath != "" || f.quiet {
		return usagef("--jsonl has an output of its own: --json, --case and --quiet do not go with it")
	}
	f.live = f.live && liveGiven
	base, err := f.request()
	if err != nil {
		return err
	}
	in := s.in
	switch {
	case len(args) > 1:
		return usagef("%d inputs, want one", len(args))
	case len(args) == 1 && args[0] != "-":
		file, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	case len(args) == 0 && s.inTTY:
		return usagef("no input: name a file, or pipe it in")
	}
	fetcher, err := f.fetcher(f.live)
	if err != nil {
		return err
	}
	store, err := f.store()
	if err != nil {
		return err
	}
	v, err := openWith(ctx, s, fetcher, store)
	if err != nil {
		return err
	}
	defer v.Close()

	progress := newProgress(s, "lines")
	defer progress.done()
	lines := lineReader{r: bufio.NewReaderSize(in, 1<<20)}
	for n := 0; ; {
		text, err := lines.next()
		if err == io.EOF {
			return nil
		}
		if err != nil && !errors.Is(err, errLongLine) {
			return err
		}
		if err == nil && len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		var answer []byte
		if err != nil {
			answer = errorLine(nil, err)
		} else {
			answer = answerLine(ctx, v, base, text)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := s.out.Write(append(answer, '\n')); err != nil {
			return err
		}
		n++
		progress.at(n)
	}
}

// answerLine is the output for one line.
func answerLine(ctx context.Context, v *host.Verifier, base host.Request, text []byte) []byte {
	l, err := parseLine(text)
	if err != nil {
		return errorLine(l.id, err)
	}
	got, err := v.Verify(ctx, l.over(base))
	if err != nil {
		return errorLine(l.id, err)
	}
	checks := strictjson.From(got.Checks)
	return compose(l.id, string(got.Outcome), got.Reason, "checks", checks)
}

// errorLine is the output for a line without a verdict.
func errorLine(id []byte, err error) []byte {
	reason, detail := "fault", err.Error()
	var line *lineError
	var fault *host.Error
	switch {
	case errors.As(err, &line):
		reason, detail = line.reason, line.detail
	case errors.As(err, &fault):
		reason, detail = fault.Reason, fault.Detail
		if fault.Member != "" {
			detail = fault.Member + ": " + detail
		}
	}
	return compose(id, outcomeError, reason, "detail", detail)
}

// compose writes {"id", "outcome", "reason", last} in this order.
func compose(id []byte, outcome, reason, last string, value any) []byte {
	if id == nil {
		id = []byte("null")
	}
	b := append([]byte(`{"id":`), id...)
	for _, m := range []struct {
		name  string
		value any
	}{{"outcome", outcome}, {"reason", reason}, {last, value}} {
		b = append(b, ',')
		b = append(b, strictjson.Encode(m.name)...)
		b = append(b, ':')
		b = append(b, strictjson.Encode(m.value)...)
	}
	return append(b, '}')
}

// over puts what a line says over what the flags say. Registries are both.
func (l *line) over(base host.Request) host.Request {
	req := base
	req.Input, req.Registries = l.input, append(l.registries, base.Registries...)
	if l.mediaType != "" {
		req.MediaType = l.mediaType
	}
	if !l.now.IsZero() {
		req.Now = l.now
	}
	if req.Now.IsZero() {
		req.Now = time.Now().Truncate(time.Millisecond)
	}
	if l.expect != nil {
		req.Expect = l.expect
	}
	if l.policy != nil {
		req.Policy = l.policy
	}
	if len(l.resources) > 0 {
		all := map[string]host.Document{}
		for url, d := range base.Resources {
			all[url] = d
		}
		for url, d := range l.resources {
			all[url] = d
		}
		req.Resources = all
	}
	return req
}

var errLongLine = &lineError{wire.BadRequest, fmt.Sprintf("a line has more than %d bytes", maxLineBytes)}

// lineReader reads lines of at most maxLineBytes.
type lineReader struct {
	r *bufio.Reader
}

// next returns the next line without its end, or errLongLine after having passed over
// it, or io.EOF. The line is valid until the next call.
func (l *lineReader) next() ([]byte, error) {
	var line []byte
	for long := false; ; {
		part, err := l.r.ReadSlice('\n')
		if len(line)+len(part) > maxLineBytes+1 {
			long, line = true, nil
		}
		if !long {
			line = append(line, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && len(line) == 0 && !long:
			return nil, io.EOF
		case err != nil && err != io.EOF:
			return nil, err
		case long:
			return nil, errLongLine
		}
		return bytes.TrimSuffix(line, []byte("\n")), nil
	}
}
