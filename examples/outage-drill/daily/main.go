// Command daily publishes ten versions of a real registry one after another, and
// follows them as a verifier does.
//
// The versions are those of the VCI directory, the registry of SMART Health Card
// issuers, of ten days between August 2022 and August 2026. Each is signed as a new
// head, and published to a static mirror, which a web server that knows nothing but
// files serves, and to the gateway that IPFS nodes run, boxo's. Whoever holds a day
// moves on to the next with the blocks that are new; the newest version answers for
// every day; and the day before is refused from then on.
//
// It reads the versions from the folder vci/history of the real registries, which
// REALDATA or -realdata names. It asks nobody outside this machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	dir := flag.String("realdata", os.Getenv("REALDATA"), "folder of real registries, with vci/history in it")
	module := flag.String("module", "", "a module's file; empty is the embedded one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := program(ctx, *dir, *module); err != nil {
		fmt.Fprintln(os.Stderr, "daily:", err)
		os.Exit(1)
	}
}

func program(ctx context.Context, dir, module string) error {
	days, err := history(dir)
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "daily-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	r, err := run(ctx, days, temp, module)
	if err != nil {
		return err
	}
	return r.print(os.Stdout)
}
