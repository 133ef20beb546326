package child

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Serve is the child's side: it reads one line into config, calls start, writes what
// is ready, and from then on answers each line by the function that start returned.
// It returns as soon as the input ends, whatever is under way.
func Serve[Config, Question any](in io.Reader, out io.Writer, start func(Config) (ready any, answer func(Question) (any, error), err error)) error {
	lines := make(chan []byte)
	go func() {
		defer close(lines)
		s := bufio.NewScanner(in)
		s.Buffer(nil, maxLine)
		for s.Scan() {
			lines <- bytes.Clone(s.Bytes())
		}
	}()
	reply := json.NewEncoder(out)
	refuse := func(err error) error { return reply.Encode(map[string]string{"error": err.Error()}) }

	line, ok := <-lines
	if !ok {
		return fmt.Errorf("no configuration: %w", io.ErrUnexpectedEOF)
	}
	var config Config
	if err := json.Unmarshal(line, &config); err != nil {
		return refuse(err)
	}
	var answer func(Question) (any, error)
	ready, err := until(lines, func() (ready any, err error) {
		ready, answer, err = start(config)
		return ready, err
	})
	if errors.Is(err, errEnded) {
		return nil
	}
	if err != nil {
		return refuse(err)
	}
	if err := reply.Encode(ready); err != nil {
		return err
	}
	for line := range lines {
		var q Question
		if err := json.Unmarshal(line, &q); err != nil {
			return refuse(err)
		}
		a, err := until(lines, func() (any, error) { return answer(q) })
		switch {
		case errors.Is(err, errEnded):
			return nil
		case err != nil:
			err = refuse(err)
		default:
			err = reply.Encode(a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var errEnded = errors.New("the input has ended")

// until is what work returns, or errEnded if the input ends before. Nobody asks
// before the last question was answered; who does so ends it as well.
func until(lines <-chan []byte, work func() (any, error)) (any, error) {
	type outcome struct {
		value any
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := work()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-lines:
		return nil, errEnded
	}
}
