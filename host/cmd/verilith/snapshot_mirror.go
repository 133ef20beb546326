package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/host/publish"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

// The bounds of the server: a client sends a line and a few headers, and takes what it
// asked for within minutes, be it a registry of a gigabyte.
const (
	serveHeader  = 10 * time.Second
	serveWrite   = 30 * time.Minute
	serveIdle    = 2 * time.Minute
	serveHeaders = 16 << 10
	serveStop    = 5 * time.Second // for what is under way when the server ends
)

func mirrorCommand() *command {
	return &command{
		name: "mirror", args: "[REGISTRY…]",
		short: "copy registries into a static mirror, and serve it",
		text: `REGISTRY is the id of a governed registry, the CID of a bare snapshot, or the URL of a
mirror, for all registries that it has. Everything is verified on the way: blocks by their
hashes, documents by the registry's keys, from its id on. Only what is new is copied, and
what was interrupted goes on where it ended; an older head takes nobody's place.

--serve answers as a trustless gateway, over --to, or over one CAR file. --every copies
again and again.`,
		examples: `  verilith snapshot mirror bagaa… --from https://mirror.example --to public
  verilith snapshot mirror https://mirror.example --to public --every 1h --serve :8080
  verilith snapshot mirror --serve localhost:8080 --from registry.car`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			m := &mirrorFlags{}
			fs.StringVar(&m.to.Dir, "to", "", "`DIR` of the static mirror")
			fs.Var(&m.from, "from", "mirror or gateway by `URL`, mirror's folder, or CAR file to copy from\n(repeatable; beside the mirrors that a registry names)")
			fs.BoolVar(&m.to.Slices, "slices", false, "write the proofs as files, too")
			fs.BoolVar(&m.to.Check, "check", false, "hash every block that is there, and mend it")
			fs.IntVar(&m.prune, "prune", 0, "keep the newest `N` versions of each registry, and remove what only older ones need")
			fs.StringVar(&m.serve, "serve", "", "`ADDRESS` to serve at, as :8080, until interrupted")
			fs.DurationVar(&m.every, "every", 0, "`TIME` after which to copy again, until interrupted")
			fs.Var(&m.private, "private", "`HOST:PORT` of a registry's mirror at a private address; http://localhost:PORT is\nasked by http (repeatable)")
			fs.BoolVar(&m.json, "json", false, "print one JSON object a line")
			return m.run
		},
	}
}

type mirrorFlags struct {
	sources
	to    publish.Folder
	from  list
	prune int
	serve string
	every time.Duration
	json  bool

	fetcher *fetch.Fetcher
	car     *fetch.CAR // to serve from, where there is no folder
}

func (m *mirrorFlags) run(ctx context.Context, args []string, s std) error {
	defer m.done()
	switch {
	case len(args) > 0 && m.to.Dir == "":
		return usagef("want --to, the folder to copy into")
	case len(args) == 0 && m.serve == "" && m.prune == 0:
		return usagef("want a registry to copy, --serve or --prune")
	case len(args) == 0 && m.every != 0:
		return usagef("--every copies again, and no registry is named")
	case m.to.Dir == "" && (len(m.from) != 1 || m.prune != 0):
		return usagef("want --to, or one CAR file as --from to serve")
	case m.every != 0 && m.every < time.Second:
		return usagef("--every %v, want at least a second", m.every)
	}
	if err := m.open(args); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	served := make(chan error, 1)
	if m.serve != "" {
		l, err := net.Listen("tcp", m.serve)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(s.out, "serving    http://%s\n", l.Addr()); err != nil {
			return err
		}
		go func() {
			err := m.listen(ctx, l)
			cancel(err) // without the server there is nothing to copy for
			served <- err
		}()
	} else {
		served <- nil
	}
	err := m.copyAll(ctx, args, s)
	var missed exit // something was not to be had: what is there is served all the same
	for err == nil || errors.As(err, &missed) {
		if m.every == 0 && m.serve == "" {
			break
		}
		var again <-chan time.Time
		if m.every != 0 {
			again = time.After(m.every)
		}
		select {
		case <-again:
			err = m.copyAll(ctx, args, s)
			continue
		case <-ctx.Done():
			err = nil // to be interrupted is how this ends
		}
		break
	}
	if m.serve != "" && ctx.Err() != nil {
		err = nil
	}
	cancel(nil)
	return errors.Join(err, <-served)
}

// open opens what --from names, and the URLs among the arguments.
func (m *mirrorFlags) open(args []string) (err error) {
	m.cache, m.mirrors = "none", true // the mirror itself is what is kept
	for _, arg := range m.from {
		st, err := os.Stat(arg)
		switch {
		case isURL(arg):
			m.gateways = append(m.gateways, arg)
		case err != nil:
			return fmt.Errorf("--from: %q is neither a URL nor a file: %w", clean(arg, 80), err)
		case st.IsDir():
			m.folders = append(m.folders, arg)
		default:
			if m.car, err = m.openCAR(arg); err != nil {
				return err
			}
		}
	}
	if m.to.Dir == "" && m.car == nil {
		return usagef("--serve without --to serves a CAR file: want one as --from")
	}
	for _, arg := range args {
		if isURL(arg) && !slices.Contains(m.gateways, arg) {
			m.gateways = append(m.gateways, arg)
		}
	}
	m.fetcher, err = m.sources.fetcher(false)
	return err
}

func isURL(arg string) bool {
	return strings.HasPrefix(arg, "https://") || strings.HasPrefix(arg, "http://")
}

// copyAll copies every registry. One that fails keeps the others from nothing.
func (m *mirrorFlags) copyAll(ctx context.Context, args []string, s std) error {
	var failed bool
	tell := func(what string, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failed = true
		fmt.Fprintf(s.err, "verilith: %s: %s\n", clean(what, 80), clean(err.Error(), maxLine))
		return nil
	}
	var all []wire.Registry
	for _, arg := range args {
		if !isURL(arg) {
			c, err := block.ParseCID(arg)
			if err != nil {
				return usagef("%q is no CID and no URL", clean(arg, 80))
			}
			if c.Prefix().Codec == block.JSON {
				all = append(all, wire.Registry{ID: arg})
			} else {
				all = append(all, wire.Registry{Snapshot: arg})
			}
			continue
		}
		ids, err := publish.Registries(ctx, arg)
		if err != nil {
			if err := tell(arg, err); err != nil {
				return err
			}
		}
		for _, id := range ids {
			all = append(all, wire.Registry{ID: id})
		}
	}
	for _, reg := range all {
		if err := m.copy(ctx, s, reg); err != nil {
			if err := tell(reg.ID+reg.Snapshot, err); err != nil {
				return err
			}
		}
	}
	if m.prune != 0 {
		gone, err := m.to.Prune(m.prune)
		if err != nil {
			return err
		}
		if m.json {
			_, err = fmt.Fprintf(s.out, "%s\n", strictjson.Encode(strictjson.Object{"pruned": strictjson.From(gone)}))
		} else {
			_, err = fmt.Fprintf(s.out, "pruned     %s, %s, %s\n", count(gone.Versions, "version"), count(gone.Files, "file"), size(gone.Bytes))
		}
		if err != nil {
			return err
		}
	}
	if failed {
		return exit(exitUndetermined)
	}
	return nil
}

// copy copies one registry.
func (m *mirrorFlags) copy(ctx context.Context, s std, reg wire.Registry) error {
	var r publish.Release
	if reg.ID != "" {
		var err error
		if r, err = publish.Obtain(ctx, m.fetcher, reg.ID); err != nil {
			return err
		}
	} else {
		root, err := block.ParseCID(reg.Snapshot)
		if err != nil {
			return err
		}
		r = publish.ObtainSnapshot(m.fetcher, root)
	}
	progress := newProgress(s, "blocks")
	r.Progress = func(done publish.Report) { progress.at(done.NewBlocks) }
	report, err := m.to.Publish(ctx, r)
	progress.done()
	if err != nil {
		return err
	}
	if m.json {
		o := strictjson.From(report).(strictjson.Object)
		o["snapshot"] = r.Snapshot.String()
		if r.ID != "" {
			o["registry"] = r.ID
		}
		_, err = fmt.Fprintf(s.out, "%s\n", strictjson.Encode(o))
		return err
	}
	var b bytes.Buffer
	if r.ID != "" {
		fmt.Fprintf(&b, "registry   %s\n", r.ID)
	}
	fmt.Fprintf(&b, "snapshot   %s\n", r.Snapshot)
	fmt.Fprintf(&b, "copied     %s: %s, %s\n", clean(m.to.Dir, maxLine), count(report.NewBlocks, "new block"), size(report.NewBytes))
	_, err = s.out.Write(b.Bytes())
	return err
}

// listen serves until the context ends.
func (m *mirrorFlags) listen(ctx context.Context, l net.Listener) error {
	source := m.to.Source()
	if m.to.Dir == "" {
		source = publish.CARSource(m.car)
	}
	server := &http.Server{
		Handler: publish.Handler(source), ReadHeaderTimeout: serveHeader, ReadTimeout: serveHeader,
		WriteTimeout: serveWrite, IdleTimeout: serveIdle, MaxHeaderBytes: serveHeaders,
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), serveStop)
		defer cancel()
		err := server.Shutdown(late)
		if err != nil { // someone still takes a large answer
			err = server.Close()
		}
		stopped <- err
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
