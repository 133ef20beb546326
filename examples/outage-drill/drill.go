package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/verilith/verilith/examples/outage-drill/internal/child"
	"github.com/verilith/verilith/examples/outage-drill/internal/hosts"
)

// theDrill is one run.
type theDrill struct {
	options
	*printer
	dir      string // for everything, removed at the end
	issuers  issuers
	world    *world
	registry string // root CID
	module   string // CID, once a verifier has said it

	goVerifier *goVerifier
	page       *page                      // nil without Chromium
	before     map[string]json.RawMessage // verdicts by input, as they were before the outage
	failures   int
}

// drill does all of it, and ends every process that it started.
func drill(ctx context.Context, o options, out *printer) (err error) {
	start := time.Now()
	if err := child.Adopt(); err != nil {
		return err
	}
	d := &theDrill{options: o, printer: out, before: map[string]json.RawMessage{}}
	if d.dir, err = os.MkdirTemp("", "outage-drill-"); err != nil {
		return err
	}
	defer os.RemoveAll(d.dir) // last: nobody writes there any more
	err = d.run(ctx)
	if left := d.end(); left != nil {
		return errors.Join(err, left)
	}
	if err == nil {
		d.say("\nEvery verdict is as it should be; no process is left behind; %.0f s.", time.Since(start).Seconds())
	}
	return err
}

func (d *theDrill) run(ctx context.Context) error {
	if err := d.prepare(ctx); err != nil {
		return err
	}
	known, err := d.issuers.known(time.Now())
	if err != nil {
		return err
	}
	if err := d.startVerifiers(ctx); err != nil {
		return err
	}
	if err := d.judge(ctx, "Before the outage", known); err != nil {
		return err
	}
	if err := d.outage(ctx); err != nil {
		return err
	}
	if err := d.startVerifiers(ctx); err != nil {
		return err
	}
	if err := d.judge(ctx, "In the outage, the same credentials", known); err != nil {
		return err
	}
	unseen, err := d.issuers.unseen(time.Now())
	if err != nil {
		return err
	}
	if err := d.judge(ctx, "In the outage, credentials that nobody had seen before", unseen); err != nil {
		return err
	}
	if d.failures > 0 {
		return fmt.Errorf("%d verdicts are not as they should be", d.failures)
	}
	return nil
}

// prepare makes the registry and starts the world around it.
func (d *theDrill) prepare(ctx context.Context) (err error) {
	if d.issuers, err = newIssuers(); err != nil {
		return err
	}
	if d.world, err = newWorld(); err != nil {
		return err
	}
	w := d.world
	if w.names, err = w.start(ctx, hosts.NameServer, hosts.Config{}); err != nil {
		return err
	}
	jwk, err := d.issuers.university.JWK("")
	if err != nil {
		return err
	}
	if w.web, err = w.start(ctx, hosts.University, hosts.Config{JWK: jwk}); err != nil {
		return err
	}
	d.issuers.settle(w.web.Address)
	car := filepath.Join(d.dir, "registry.car")
	meta, err := d.issuers.snapshot(d.options.registry, filepath.Join(d.dir, "registry"), car)
	if err != nil {
		return err
	}
	d.registry = meta.Root.String()
	d.say("Registry snapshot %s (%d entities)", d.registry, meta.Entities)
	if w.gateway, err = w.start(ctx, hosts.Gateway, hosts.Config{CAR: car}); err != nil {
		return err
	}
	d.say("Hosts, each a process of its own, on loopback")
	d.host(w.names, w.names.Address+" and https://"+w.names.DoH)
	d.host(w.gateway, w.gateway.url(hosts.GatewayName)+" (boxo)")
	d.host(w.web, w.web.url(hosts.UniversityName))
	return d.startBrowser(ctx)
}

// startBrowser starts Chromium, and the host of its page, if there is a Chromium.
func (d *theDrill) startBrowser(ctx context.Context) error {
	path, err := findChromium()
	if errors.Is(err, errNoChromium) && os.Getenv("CI") == "" {
		d.warn("%v: the page's part is skipped", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("the page's part must not be skipped: %w", err)
	}
	w := d.world
	if w.page, err = w.start(ctx, hosts.Page, hosts.Config{Folder: d.options.page}); err != nil {
		return err
	}
	p, version, err := startPage(ctx, d.driver, browserConfig{
		Chromium: path, Profile: filepath.Join(d.dir, "chromium"), Pin: w.identity.Pin,
		NameServer: "https://" + w.names.DoH + "/dns-query", Page: "http://" + w.page.Address + "/",
		Verifier: d.verifierConfig(),
	})
	if err != nil {
		return err
	}
	d.page = &p
	d.host(w.page, "http://"+w.page.Address)
	d.say("Chromium %s, names by the same name server", version)
	return nil
}

func (d *theDrill) host(l *living, where string) {
	d.say("  %-13s pid %-7d %s", l.Name, l.PID(), where)
}

func (d *theDrill) verifierConfig() verifierConfig {
	return verifierConfig{Registry: d.registry, Gateway: d.world.gateway.url(hosts.GatewayName),
		Private: []string{d.world.web.hostport(hosts.UniversityName)}}
}

// startVerifiers starts a new Go verifier, with the folder that the last one cached
// in, and loads the page anew.
func (d *theDrill) startVerifiers(ctx context.Context) error {
	if d.goVerifier != nil {
		d.goVerifier.Stop()
	}
	c := d.verifierConfig()
	c.Module, c.NameServer, c.Authority = d.options.module, d.world.names.Address, d.world.identity.Authority
	c.Compiled, c.Cache = filepath.Join(d.dir, "compiled"), filepath.Join(d.dir, "cache")
	var o opened
	p, err := child.Start(ctx, "verifier", exec.Command(d.world.self, "verifier"), c, &o)
	if err != nil {
		return err
	}
	d.goVerifier = &goVerifier{p}
	d.say("\nGo verifier   pid %-7d opened in %s ms", p.PID(), millis(o.MS))
	if err := d.sameModule(o.Module); err != nil || d.page == nil {
		return err
	}
	if o, err = d.page.Open(ctx); err != nil {
		return err
	}
	from := "its host"
	if o.Surviving {
		from = "its service worker"
	}
	d.say("Page          loaded from %s, module opened in %s ms", from, millis(o.MS))
	if d.world.page.Gone() && !o.Surviving {
		return errors.New("the page came from a host that is dead")
	}
	return d.sameModule(o.Module)
}

// sameModule holds every verifier to the same module, byte for byte.
func (d *theDrill) sameModule(cid string) error {
	if d.module == "" {
		d.module = cid
		d.say("Module        %s", cid)
	}
	if cid != d.module {
		return fmt.Errorf("module %s, want %s: run make demo, which builds both from one", cid, d.module)
	}
	return nil
}

// end ends every process, and names those that would not.
func (d *theDrill) end() error {
	if d.goVerifier != nil {
		d.goVerifier.Stop()
	}
	if d.page != nil {
		d.page.Stop()
	}
	if d.world != nil {
		for _, l := range d.world.all() {
			l.Kill()
		}
	}
	left := child.Left()
	for deadline := time.Now().Add(5 * time.Second); len(left) > 0 && time.Now().Before(deadline); left = child.Left() {
		time.Sleep(50 * time.Millisecond) // a browser's helpers end after it
	}
	if len(left) == 0 {
		return nil
	}
	for _, p := range left {
		_ = syscall.Kill(p.PID, syscall.SIGKILL) // it may have ended by now
	}
	return fmt.Errorf("left behind, and killed: %v", left)
}
