package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/verilith/verilith/examples/outage-drill/internal/child"
)

// errNoChromium is why the page's part is skipped.
var errNoChromium = errors.New("no Chromium in $CHROMIUM, $PATH or /usr/bin")

func findChromium() (string, error) {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return exec.LookPath(path)
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "/usr/bin/chromium"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errNoChromium
}

// browserConfig is what the driver is told.
type browserConfig struct {
	Chromium   string         `json:"chromium"`
	Profile    string         `json:"profile"`    // folder
	NameServer string         `json:"nameServer"` // URL
	Pin        string         `json:"pin"`
	Page       string         `json:"page"` // URL
	Verifier   verifierConfig `json:"verifier"`
}

// A verifier is asked for verdicts: a Go process, or a page.
type verifier interface {
	Verify(ctx context.Context, q question) (result, error)
}

type goVerifier struct{ *child.Process }

func (v goVerifier) Verify(ctx context.Context, q question) (r result, err error) {
	return r, v.Ask(ctx, q, &r)
}

// page is one page in Chromium. It outlives reloads.
type page struct{ *child.Process }

func startPage(ctx context.Context, driver string, c browserConfig) (page, string, error) {
	if _, err := os.Stat(filepath.Join(filepath.Dir(driver), "dist", "app.js")); err != nil {
		return page{}, "", fmt.Errorf("the page is not built: run make demo: %w", err)
	}
	var ready struct {
		Version string `json:"version"`
	}
	p, err := child.Start(ctx, "chromium", exec.Command("node", driver), c, &ready)
	return page{p}, ready.Version, err
}

// Open loads the page, or reloads it.
func (p page) Open(ctx context.Context) (o opened, err error) {
	return o, p.Ask(ctx, struct {
		Ask string `json:"ask"`
	}{"open"}, &o)
}

func (p page) Verify(ctx context.Context, q question) (r result, err error) {
	return r, p.Ask(ctx, struct {
		Ask string `json:"ask"`
		question
	}{"verify", q}, &r)
}

// Answers reports whether the page gets an answer at a URL.
func (p page) Answers(ctx context.Context, url string) (bool, error) {
	var r struct {
		Answered bool `json:"answered"`
	}
	err := p.Ask(ctx, struct {
		Ask string `json:"ask"`
		URL string `json:"url"`
	}{"probe", url}, &r)
	return r.Answered, err
}
