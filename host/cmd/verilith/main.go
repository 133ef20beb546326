// Command verilith verifies credentials against registry snapshots, and builds and
// reads such snapshots.
//
// It carries bytes to the verifier module and shows what that says. Each command is
// one file here. The exit code is 0 for an accepted credential or a yes, 1 for a
// rejected one or a no, 2 where the evidence does not suffice, and 3 for wrong usage or
// a fault.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes.
const (
	exitAccepted     = 0
	exitRejected     = 1
	exitUndetermined = 2
	exitFault        = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], std{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		inTTY: isTerminal(os.Stdin), outTTY: isTerminal(os.Stdout), errTTY: isTerminal(os.Stderr),
	})
	stop()
	os.Exit(code)
}

// std is the world that a command sees.
type std struct {
	in                    io.Reader
	out, err              io.Writer
	inTTY, outTTY, errTTY bool
}

// exit is an error that only sets the exit code: all was said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// usageError is a wrong command line.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// run finds the command and runs it. It returns the exit code.
func run(ctx context.Context, args []string, s std) int {
	cmd := root()
	for cmd.run == nil {
		var next *command
		switch {
		case len(args) == 0:
			cmd.help(s.err)
			return exitFault
		case args[0] == "help" && len(args) > 1:
			args = append(args[1:], "--help")
			continue
		case isHelp(args[0]) || args[0] == "help":
			cmd.help(s.out)
			return 0
		}
		if next = cmd.find(args[0]); next == nil {
			fmt.Fprintf(s.err, "verilith: no command %q; see %s --help\n", args[0], cmd.path())
			return exitFault
		}
		cmd, args = next, args[1:]
	}
	err := cmd.call(ctx, args, s)
	var code exit
	var usage *usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &usage):
		fmt.Fprintf(s.err, "verilith: %s; see %s --help\n", clean(usage.text, maxLine), cmd.path())
	case ctx.Err() != nil:
		fmt.Fprintln(s.err, "verilith: interrupted")
	default:
		fmt.Fprintf(s.err, "verilith: %s\n", clean(err.Error(), maxLine))
	}
	return exitFault
}

// root is the tree of commands.
func root() *command {
	c := &command{
		name:  "verilith",
		short: "verify credentials, also when their issuers cannot be reached",
		text: `Verilith checks a verifiable credential against a registry snapshot: who may issue
what, with which keys. Snapshots are known by their hash, so that any mirror,
gateway or file may carry them.`,
		examples: `  verilith verify card.jwt --registry registry.car
  verilith snapshot build --from folder --source my-registry --out registry.car`,
		sub: []*command{verifyCommand(), signinCommand(), authorizeCommand(), recognizeCommand(), advanceCommand(), inspectCommand(), replayCommand(), snapshotCommand(), keyCommand(), aboutCommand(), versionCommand()},
	}
	c.adopt()
	return c
}
