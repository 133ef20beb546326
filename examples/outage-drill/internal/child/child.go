// Package child starts the processes of the drill, talks with them, and ends them.
//
// A child reads JSON lines on its standard input and answers each with one on its
// standard output; the first line is its configuration, and the answer to it says
// that it is ready. A child ends when its input does, so none outlives the drill,
// however that ends.
package child

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

const (
	maxLine = 8 << 20         // bytes of an answer; a verdict has some 10 KB
	maxTail = 4 << 10         // bytes of a child's complaints that are kept
	grace   = 5 * time.Second // from asking a child to end to killing it
)

// Descendant is a process that descends from this one.
type Descendant struct {
	PID  int
	Name string
}

// Process is a child that was started.
type Process struct {
	Name string

	cmd     *exec.Cmd
	in      io.WriteCloser
	answers chan []byte
	gone    chan struct{} // closed when the process was waited for
	stderr  *tail
	mu      sync.Mutex // one question at a time
}

// Start starts a child in a process group of its own, hands it config, and waits
// for its answer.
func Start(ctx context.Context, name string, cmd *exec.Cmd, config, ready any) (*Process, error) {
	p := &Process{Name: name, cmd: cmd, answers: make(chan []byte), gone: make(chan struct{}), stderr: &tail{}}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p.in, cmd.Stderr = in, p.stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go p.read(out)
	if err := p.Ask(ctx, config, ready); err != nil {
		p.Kill()
		return nil, err
	}
	return p, nil
}

// read hands out the child's lines, and waits for the child once there are no more.
func (p *Process) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		p.answers <- bytes.Clone(lines.Bytes())
	}
	close(p.answers)
	_ = p.cmd.Wait() // how it ended is of no matter: what it said counts
	close(p.gone)
}

// PID is the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Ask writes one line and reads one, an object. One with a member error is an error.
func (p *Process) Ask(ctx context.Context, question, answer any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	line, err := json.Marshal(question)
	if err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return p.ended()
	}
	select {
	case line, ok := <-p.answers:
		if !ok {
			return p.ended()
		}
		var failure struct {
			Error string `json:"error"`
		}
		if err := json.Unmarshal(line, &failure); err != nil {
			return fmt.Errorf("%s: answered %.100q: %w", p.Name, line, err)
		}
		if failure.Error != "" {
			return fmt.Errorf("%s: %s", p.Name, failure.Error)
		}
		return json.Unmarshal(line, answer)
	case <-ctx.Done():
		return fmt.Errorf("%s: no answer: %w", p.Name, context.Cause(ctx))
	}
}

func (p *Process) ended() error {
	if s := p.stderr.String(); s != "" {
		return fmt.Errorf("%s ended: %s", p.Name, s)
	}
	return fmt.Errorf("%s ended", p.Name)
}

// Kill ends the child and its group at once, as a power cut would, and waits until
// it is gone.
func (p *Process) Kill() {
	// A group that is gone already is what was wanted.
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL)
	p.wait()
}

// Stop lets the child end by itself, and kills it if it does not.
func (p *Process) Stop() {
	p.in.Close()
	overdue := time.AfterFunc(grace, func() { _ = syscall.Kill(-p.PID(), syscall.SIGKILL) })
	defer overdue.Stop()
	p.wait()
}

func (p *Process) wait() {
	p.in.Close()
	for range p.answers { // nobody asked for these any more
	}
	<-p.gone
}

// Gone reports whether no process has the child's id any more.
func (p *Process) Gone() bool {
	select {
	case <-p.gone:
		return errors.Is(syscall.Kill(p.PID(), 0), syscall.ESRCH)
	default:
		return false
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - maxTail; over > 0 {
		t.buf = t.buf[over:]
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.buf))
}
