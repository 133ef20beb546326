// Outage-drill shows that verification survives the cloud.
//
// It makes a registry snapshot, serves it from a trustless gateway, and verifies
// fresh credentials by the snapshot's CID, in Go and in a page in Chromium. Then it
// kills the gateway, the did:web host of an issuer, the name server and the page's
// own host, and verifies again from what is cached. It fails if any verdict is not
// the expected one, or if it leaves a process behind.
//
// The children are this program again: "outage-drill host KIND", "outage-drill verifier".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/verilith/verilith/examples/outage-drill/internal/hosts"
)

const (
	maxDrill  = 4 * time.Minute  // all of it; a machine with two free cores takes a tenth
	maxVerify = 30 * time.Second // one credential, with every host dead
)

func main() {
	args := os.Args[1:]
	var err error
	switch {
	case len(args) == 2 && args[0] == "host":
		err = hosts.Run(hosts.Kind(args[1]), os.Stdin, os.Stdout)
	case len(args) == 1 && args[0] == "verifier":
		err = runVerifier(os.Stdin, os.Stdout)
	default:
		err = run(args)
	}
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "outage-drill:", err)
		os.Exit(1)
	}
}

// options are the command line's.
type options struct {
	module   string // file
	registry string // folder of entities
	page     string // folder of the built page
	driver   string // file
}

func run(args []string) error {
	var o options
	flags := flag.NewFlagSet("outage-drill", flag.ContinueOnError)
	flags.StringVar(&o.module, "module", "", "verifier module `file`; empty means the one embedded in package host")
	flags.StringVar(&o.registry, "registry", "registry", "`folder` with the registry's entities")
	flags.StringVar(&o.page, "page", "page/dist", "`folder` with the built page")
	flags.StringVar(&o.driver, "driver", "page/drive.mjs", "`file` that drives Chromium")
	if err := flags.Parse(args); err != nil {
		return err
	}
	// SIGPIPE too: when nobody reads any more, there is still something to clean up.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, maxDrill, fmt.Errorf("the drill took more than %v", maxDrill))
	defer cancel()
	return drill(ctx, o, newPrinter(os.Stdout))
}
