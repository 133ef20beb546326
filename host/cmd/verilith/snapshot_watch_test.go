package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// After failures the next round comes soon, then later and later, never later than the
// schedule; a round that goes well brings the schedule back.
func TestWatchLoop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := &watch{period: time.Hour}
	outcomes := []bool{true, false, false, false, true, false, true} // whether a round goes well
	want := []time.Duration{time.Hour, 30 * time.Second, time.Minute, 2 * time.Minute, time.Hour, 30 * time.Second, time.Hour}
	var out, errs bytes.Buffer
	var waits []time.Duration
	rounds := 0
	err := w.loop(ctx, std{out: &out, err: &errs}, func(d time.Duration) bool {
		waits = append(waits, d)
		return rounds < len(outcomes)
	}, func() error {
		rounds++
		if !outcomes[rounds-1] {
			return errors.New("the mirror is full")
		}
		return nil
	})
	if err != nil || len(waits) != len(want) {
		t.Fatalf("%v after %d rounds", err, len(waits))
	}
	for i, d := range waits {
		if low, high := want[i]-want[i]/jitterParts, want[i]+want[i]/jitterParts; d < low || d > high {
			t.Errorf("after round %d: %v, want %v to %v", i+1, d, low, high)
		}
	}
	if n := strings.Count(errs.String(), "failed    the mirror is full"); n != 4 || !strings.HasSuffix(out.String(), "stopped   as asked\n") {
		t.Errorf("%s%s", errs.String(), out.String())
	}
	for range 100 {
		if d := w.delay(50); d > w.period+w.period/jitterParts {
			t.Fatalf("%v after many failures", d)
		}
	}
}

// A round that is interrupted is the end, and no failure.
func TestWatchLoopInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := &watch{period: time.Hour}
	var out, errs bytes.Buffer
	err := w.loop(ctx, std{out: &out, err: &errs}, func(time.Duration) bool {
		t.Error("waits for another round")
		return false
	}, func() error {
		cancel()
		return ctx.Err()
	})
	if err != nil || errs.Len() > 0 || !strings.Contains(out.String(), "stopped") {
		t.Errorf("%v: %s%s", err, out.String(), errs.String())
	}
}

// Two watches in one folder would sign two heads of one version.
func TestWatchLock(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no locks here")
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "registry.yaml")
	if err := os.WriteFile(config, []byte("name: R\nentities: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func() string {
		w := &watch{every: "1h", once: true, keep: 2}
		w.dir = dir
		err := w.run(t.Context(), config, std{out: io.Discard, err: io.Discard})
		if err == nil {
			t.Fatal("a folder without a registry was worked in")
		}
		return err.Error()
	}
	release, err := registryDir{dir}.lock()
	if err != nil {
		t.Fatal(err)
	}
	if got := run(); !strings.HasPrefix(got, "another watch is at work in "+dir) {
		t.Errorf("beside another watch: %s", got)
	}
	release()
	if got := run(); !strings.Contains(got, "has no root/1.json") {
		t.Errorf("by itself: %s", got)
	}
}
