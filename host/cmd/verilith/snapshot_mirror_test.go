package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A folder and a CAR file are served as gateways until the program is interrupted, and
// a mirror of a mirror follows what is published.
func TestMirrorServes(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("XDG_CACHE_HOME", dir)
	if err := os.MkdirAll("entities", 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join("entities", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	do := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, std{in: strings.NewReader(""), out: &out, err: &errs}); code != want {
			t.Fatalf("%v: exit code %d, want %d\n%s%s", args, code, want, &out, &errs)
		}
		return out.String()
	}
	// start runs a server and returns its URL, and what stops it.
	start := func(args ...string) (string, func() int) {
		t.Helper()
		r, w := io.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		code := make(chan int, 1)
		go func() {
			code <- run(ctx, append([]string{"snapshot", "mirror"}, args...), std{in: strings.NewReader(""), out: w, err: io.Discard})
			w.Close()
		}()
		lines := bufio.NewReader(r)
		line, err := lines.ReadString('\n')
		url, ok := strings.CutPrefix(strings.TrimSpace(line), "serving    ")
		if err != nil || !ok {
			t.Fatalf("%v: %q, %v", args, line, err)
		}
		go func() { _, _ = io.Copy(io.Discard, lines) }()
		stop := func() int {
			cancel()
			select {
			case c := <-code:
				return c
			case <-time.After(20 * time.Second):
				t.Fatal("it does not end")
				return -1
			}
		}
		t.Cleanup(cancel)
		return url, stop
	}
	write("registry.yaml", "name: Registry of Examples\n")
	write("lab.yaml", "id: https://lab.example\nkind: issuer\n")
	do(0, "snapshot", "build", "--from", "folder", "--source", "entities", "--out", "registry.car")
	do(0, "key", "new", "--type", "ed25519", "--out", "my.key")
	do(0, "snapshot", "init", "--name", "Registry of Examples", "--root", "my.key.pub", "--head", "my.key.pub", "--key", "my.key")
	do(0, "snapshot", "sign", "registry.car", "--key", "my.key", "--cache", "none")
	do(0, "snapshot", "publish", "--car", "registry.car", "--to", "public", "--out", "whole.car", "--cache", "none")

	folder, stopFolder := start("--to", "public", "--serve", "127.0.0.1:0")
	file, stopFile := start("--from", "whole.car", "--serve", "127.0.0.1:0")
	// Of the mirror of the mirror there is nothing yet.
	second, stopSecond := start(folder, "--to", "second", "--serve", "127.0.0.1:0", "--every", "1s")
	root := ""
	for line := range strings.Lines(do(0, "snapshot", "inspect", "registry.car")) {
		if name, value, _ := strings.Cut(line, " "); name == "root" {
			root = strings.TrimSpace(value)
		}
	}
	for _, url := range []string{folder, file} {
		if out := do(0, "snapshot", "lookup", "https://lab.example", "--registry", root, "--gateway", url, "--cache", "none"); strings.Count(out, "asked ") != 1 {
			t.Errorf("want one request:\n%s", out)
		}
		do(1, "snapshot", "lookup", "https://nobody.example", "--registry", root, "--gateway", url, "--cache", "none")
	}
	write("next.yaml", "id: https://next.example\nkind: issuer\n")
	do(0, "snapshot", "build", "--from", "folder", "--source", "entities", "--out", "next.car")
	do(0, "snapshot", "sign", "next.car", "--key", "my.key", "--cache", "none", "--car", "registry.car")
	do(0, "snapshot", "publish", "--car", "next.car", "--to", "public", "--cache", "none")
	for line := range strings.Lines(do(0, "snapshot", "inspect", "next.car")) {
		if name, value, _ := strings.Cut(line, " "); name == "root" {
			root = strings.TrimSpace(value)
		}
	}
	followed := false
	for range 200 {
		if _, err := os.Stat(filepath.Join("second", "ipfs", root)); err == nil {
			followed = true
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if !followed {
		t.Fatal("the second mirror does not follow the first")
	}
	if code := stopFolder(); code != 0 {
		t.Errorf("interrupted: exit code %d", code)
	}
	// The second one goes on without the first.
	do(0, "snapshot", "lookup", "https://next.example", "--registry", root, "--gateway", second, "--cache", "none")
	for _, stop := range []func() int{stopFile, stopSecond} {
		if code := stop(); code != 0 {
			t.Errorf("interrupted: exit code %d", code)
		}
	}
	do(3, "snapshot", "mirror", "--to", "public", "--serve", "nowhere")
}
