package child

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// Serve is the child's side: it reads one line into config, calls start, writes its
// answer, and from then on answers each line by what the function that start
// returned says. It ends with the input.
func Serve[Config, Question any](in io.Reader, out io.Writer, start func(Config) (ready any, answer func(Question) (any, error), err error)) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	reply := json.NewEncoder(out)
	refuse := func(err error) error {
		return reply.Encode(map[string]string{"error": err.Error()})
	}
	if !lines.Scan() {
		return fmt.Errorf("no configuration: %w", io.ErrUnexpectedEOF)
	}
	var config Config
	if err := json.Unmarshal(lines.Bytes(), &config); err != nil {
		return refuse(err)
	}
	ready, answer, err := start(config)
	if err != nil {
		return refuse(err)
	}
	if err := reply.Encode(ready); err != nil {
		return err
	}
	for lines.Scan() {
		var q Question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return refuse(err)
		}
		a, err := answer(q)
		if err != nil {
			if err := refuse(err); err != nil {
				return err
			}
			continue
		}
		if err := reply.Encode(a); err != nil {
			return err
		}
	}
	return lines.Err()
}
