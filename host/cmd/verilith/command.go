package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// command is one command: its help, and what it does.
type command struct {
	name     string
	args     string // after the name, for the usage line
	short    string // one line
	text     string // paragraphs
	examples string
	parent   *command
	sub      []*command

	// flags declares the command's flags and returns what runs it with the
	// arguments that are none.
	flags func(fs *flag.FlagSet) func(ctx context.Context, args []string, s std) error
	run   func(ctx context.Context, args []string, s std) error // set where there are no subcommands
}

// adopt links the tree.
func (c *command) adopt() {
	for _, s := range c.sub {
		s.parent = c
		s.adopt()
	}
	if c.flags != nil {
		c.run = func(ctx context.Context, args []string, s std) error { return c.call(ctx, args, s) }
	}
}

func (c *command) find(name string) *command {
	for _, s := range c.sub {
		if s.name == name {
			return s
		}
	}
	return nil
}

func (c *command) path() string {
	if c.parent == nil {
		return c.name
	}
	return c.parent.path() + " " + c.name
}

func isHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

// call parses flags, which may stand before, between and after the arguments.
func (c *command) call(ctx context.Context, args []string, s std) error {
	fs := flag.NewFlagSet(c.path(), flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	do := c.flags(fs)
	var plain []string
	for len(args) > 0 {
		err := fs.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			c.help(s.out)
			return nil
		}
		if err != nil {
			return usagef("%s", strings.ReplaceAll(err.Error(), "flag provided but not defined: -", "no flag --"))
		}
		rest := fs.Args()
		if n := len(args) - len(rest); n > 0 && args[n-1] == "--" { // what follows is no flag
			plain = append(plain, rest...)
			break
		}
		if len(rest) == 0 {
			break
		}
		plain, args = append(plain, rest[0]), rest[1:]
	}
	return do(ctx, plain, s)
}

// help prints what a command does, with its flags and an example.
func (c *command) help(w io.Writer) {
	args := c.args
	if c.sub != nil {
		args = "COMMAND"
	}
	fmt.Fprintf(w, "%s: %s\n\nUsage: %s\n", c.path(), c.short, strings.TrimSpace(c.path()+" "+args))
	if c.text != "" {
		fmt.Fprintf(w, "\n%s\n", c.text)
	}
	if c.sub != nil {
		fmt.Fprintln(w, "\nCommands:")
		for _, s := range c.sub {
			fmt.Fprintf(w, "  %-10s %s\n", s.name, s.short)
		}
	}
	if c.flags != nil {
		fs := flag.NewFlagSet("", flag.ContinueOnError)
		c.flags(fs)
		first := true
		fs.VisitAll(func(f *flag.Flag) {
			if first {
				fmt.Fprintln(w, "\nFlags:")
				first = false
			}
			name, usage := flag.UnquoteUsage(f)
			if name != "" {
				name = " " + name
			}
			head := "  --" + f.Name + name
			fmt.Fprintf(w, "%-26s ", head)
			if len(head) > 26 {
				fmt.Fprintf(w, "\n%27s", "")
			}
			fmt.Fprintln(w, strings.ReplaceAll(usage, "\n", "\n"+strings.Repeat(" ", 27)))
		})
	}
	if c.examples != "" {
		fmt.Fprintf(w, "\nExamples:\n%s\n", c.examples)
	}
	if c.sub != nil {
		fmt.Fprintf(w, "\n%s COMMAND --help says more.\n", c.path())
	}
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, ", ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }
