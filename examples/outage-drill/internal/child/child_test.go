package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// The test program is the child as well: $CHILD says of which kind.
func TestMain(m *testing.M) {
	switch os.Getenv("CHILD") {
	case "":
		os.Exit(m.Run())
	case "silent":
		fmt.Fprintln(os.Stderr, "no wish to talk")
		os.Exit(3)
	case "deaf": // does not end with its input
		fmt.Println(`{}`)
		time.Sleep(time.Minute)
	case "parent": // leaves a process behind
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "CHILD=deaf")
		if err := cmd.Start(); err != nil {
			fmt.Printf("{%q: %q}\n", "error", err)
		}
		fmt.Println(`{}`)
	default:
		err := Serve(os.Stdin, os.Stdout, func(name string) (any, func(int) (any, error), error) {
			if name == "" {
				return nil, nil, errors.New("want a name")
			}
			if name == "slow" {
				time.Sleep(time.Minute)
			}
			return map[string]string{"name": name}, func(n int) (any, error) {
				if n < 0 {
					return nil, fmt.Errorf("%d is negative", n)
				}
				return map[string]int{"twice": 2 * n}, nil
			}, nil
		})
		if err != nil {
			os.Exit(1)
		}
	}
}

func command(kind string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CHILD="+kind)
	return cmd
}

func TestAsk(t *testing.T) {
	var ready struct{ Name string }
	p, err := Start(t.Context(), "double", command("double"), "Ada", &ready)
	if err != nil || ready.Name != "Ada" {
		t.Fatalf("ready %v, error %v", ready, err)
	}
	defer p.Kill()
	var answer struct{ Twice int }
	if err := p.Ask(t.Context(), 21, &answer); err != nil || answer.Twice != 42 {
		t.Errorf("answer %d, error %v, want 42", answer.Twice, err)
	}
	if err := p.Ask(t.Context(), -1, &answer); err == nil || !strings.Contains(err.Error(), "-1 is negative") {
		t.Errorf("error %v, want that -1 is negative", err)
	}
	if err := p.Ask(t.Context(), 1, &answer); err != nil || answer.Twice != 2 {
		t.Errorf("after an error: answer %d, error %v, want 2", answer.Twice, err)
	}
	p.Stop()
	if !p.Gone() {
		t.Error("it is still there")
	}
	if err := p.Ask(t.Context(), 1, &answer); err == nil {
		t.Error("a child that has ended answered")
	}
}

func TestStartFails(t *testing.T) {
	for _, tt := range []struct{ kind, config, want string }{
		{"double", "", "want a name"},
		{"silent", "x", "no wish to talk"},
	} {
		var ready any
		p, err := Start(t.Context(), tt.kind, command(tt.kind), tt.config, &ready)
		if err == nil {
			p.Kill()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.kind, err, tt.want)
		}
	}
}

func TestKill(t *testing.T) {
	var ready any
	p, err := Start(t.Context(), "deaf", command("deaf"), 0, &ready)
	if err != nil {
		t.Fatal(err)
	}
	if p.Gone() {
		t.Error("gone before it was killed")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.Ask(ctx, 1, &ready); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want that time ran out", err)
	}
	p.Kill()
	if !p.Gone() {
		t.Error("still there after it was killed")
	}
}

// A child whose parent has gone does not first finish what it is at.
func TestChildEndsWithItsInput(t *testing.T) {
	cmd := command("double")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	fmt.Fprintln(in, `"slow"`)
	in.Close()
	if err := cmd.Wait(); err != nil || time.Since(start) > 10*time.Second {
		t.Errorf("ended after %v with error %v, want at once", time.Since(start), err)
	}
}
