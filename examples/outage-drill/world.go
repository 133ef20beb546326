package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/verilith/verilith/examples/outage-drill/internal/child"
	"github.com/verilith/verilith/examples/outage-drill/internal/hosts"
)

// world is what the drill takes away.
type world struct {
	identity hosts.Identity
	self     string // this program
	names    *living
	gateway  *living
	web      *living // the did:web university's host
	page     *living // the page's host
}

// living is a host in its process.
type living struct {
	*child.Process
	hosts.Ready
}

func newWorld() (*world, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	identity, err := hosts.NewIdentity(hosts.Names())
	return &world{identity: identity, self: self}, err
}

// start starts a host in a process of its own.
func (w *world) start(ctx context.Context, kind hosts.Kind, c hosts.Config) (*living, error) {
	c.Identity = w.identity
	l := &living{}
	p, err := child.Start(ctx, kind.String(), exec.Command(w.self, "host", string(kind)), c, &l.Ready)
	l.Process = p
	return l, err
}

// all are the hosts that were started.
func (w *world) all() []*living {
	var list []*living
	for _, l := range []*living{w.names, w.gateway, w.web, w.page} {
		if l != nil && l.Process != nil {
			list = append(list, l)
		}
	}
	return list
}

// state says who is alive and who is dead, by their processes.
func (w *world) state() string {
	var alive, dead []string
	for _, l := range w.all() {
		if l.Gone() {
			dead = append(dead, l.Name)
		} else {
			alive = append(alive, l.Name)
		}
	}
	list := func(names []string) string {
		if len(names) == 0 {
			return "nobody"
		}
		return strings.Join(names, ", ")
	}
	return "alive: " + list(alive) + "; dead: " + list(dead)
}

// url is where a host is found by its name.
func (l *living) url(name string) string { return "https://" + l.hostport(name) }

func (l *living) hostport(name string) string {
	_, port, _ := net.SplitHostPort(l.Address) // it is what net.Listen said
	return net.JoinHostPort(name, port)
}

// traffic is what the gateway and the did:web host have answered so far.
func (w *world) traffic(ctx context.Context) (hosts.Traffic, error) {
	var sum hosts.Traffic
	for _, l := range []*living{w.gateway, w.web} {
		if l.Gone() {
			continue // the dead answer nothing
		}
		var t hosts.Traffic
		if err := l.Ask(ctx, hosts.Count{}, &t); err != nil {
			return sum, err
		}
		sum = sum.Plus(t)
	}
	return sum, nil
}

// cutNames kills the name server and proves that names do not resolve any more,
// though the hosts behind them still listen.
func (w *world) cutNames(ctx context.Context) error {
	if _, err := resolver(w.names.Address).LookupHost(ctx, hosts.UniversityName); err != nil {
		return fmt.Errorf("before the outage: %w", err)
	}
	w.names.Kill()
	if !w.names.Gone() {
		return fmt.Errorf("process %d is still there", w.names.PID())
	}
	addrs, err := resolver(w.names.Address).LookupHost(ctx, hosts.UniversityName)
	var failed *net.DNSError
	if !errors.As(err, &failed) {
		return fmt.Errorf("%s still leads to %v (error %v)", hosts.UniversityName, addrs, err)
	}
	return dial(w.web.Address) // it is the name that is gone, not yet the host
}

// cut kills a host and proves that its process is gone and its port closed.
func cut(l *living) error {
	if err := dial(l.Address); err != nil {
		return fmt.Errorf("before the outage: %w", err)
	}
	l.Kill()
	if !l.Gone() {
		return fmt.Errorf("process %d is still there", l.PID())
	}
	if err := dial(l.Address); !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%s: want the connection refused, got %v", l.Address, err)
	}
	return nil
}

func dial(address string) error {
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return err
	}
	return conn.Close()
}
