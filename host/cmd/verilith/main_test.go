package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/verilith/verilith/host"
	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/wasm/strictjson"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"verilith": main})
}

// TestScripts runs the scripts in testdata: one for each behaviour, with the files
// that it works on beneath.
func TestScripts(t *testing.T) {
	// The compiled module is shared, and that of another run will do; everything else in a
	// script's cache is its own.
	compiled := os.Getenv("VERILITH_COMPILED")
	if compiled == "" {
		compiled = filepath.Join(t.TempDir(), "wazero")
	}
	v, err := host.Open(t.Context(), host.Config{CacheDir: compiled})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, name := range scripts {
		files = append(files, filepath.Join("testdata", name+".txt"))
	}
	dir := "testdata"
	if files != nil {
		dir = ""
	}
	testscript.Run(t, testscript.Params{
		Dir: dir, Files: files,
		Setup: func(env *testscript.Env) error {
			cache := filepath.Join(env.WorkDir, "user-cache")
			env.Setenv("XDG_CACHE_HOME", cache)
			env.Setenv("HOME", env.WorkDir)
			hosts := hosts{}
			env.Values[hostsKey{}] = hosts
			env.Defer(hosts.stop)
			dir := filepath.Join(cache, "verilith")
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return err
			}
			return os.Symlink(compiled, filepath.Join(dir, "wazero"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "issue": issue, "serve": serve, "lines": lines,
			"rootof": rootOf, "idof": idOf, "port": port, "edit": edit, "forge": forge, "fill": fill, "summary": summary, "waitfor": waitFor,
			"mode": mode,
		},
	})
}

// mode FILE BITS holds a file to its permissions, where there are any.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode FILE BITS")
	}
	st, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%#o", st.Mode().Perm()); got != args[1] && runtime.GOOS != "windows" {
		ts.Fatalf("%s has %s, want %s", args[0], got, args[1])
	}
}

// exits N PROGRAM ARG… runs a program, which has to end with the exit code N.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var e *exec.ExitError
	if errors.As(err, &e) {
		got = e.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// issue SEED PAYLOAD KID OUT signs a vc+jwt with the Ed25519 key of a seed.
func issue(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: issue SEED PAYLOAD KID OUT")
	}
	o, err := strictjson.ParseObject([]byte(ts.ReadFile(args[1])))
	ts.Check(err)
	header := strictjson.Object{"alg": "EdDSA", "kid": args[2], "typ": "vc+jwt"}
	b64 := base64.RawURLEncoding
	signed := b64.EncodeToString(strictjson.Encode(header)) + "." + b64.EncodeToString(strictjson.Encode(o))
	sig := ed25519.Sign(keyOf(args[0]), []byte(signed))
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), []byte(signed+"."+b64.EncodeToString(sig)), 0o644))
}

func keyOf(seed string) ed25519.PrivateKey {
	sum := sha256.Sum256([]byte(seed))
	return ed25519.NewKeyFromSeed(sum[:])
}

// hosts are the web hosts of a script.
type hosts map[string]*httptest.Server

type hostsKey struct{}

func (h hosts) stop() {
	for _, s := range h {
		s.Close()
	}
}

// serve NAME DIR starts a web host on loopback over a folder, and sets NAME to its
// URL, NAME_HOST and NAME_PORT to its parts. The files that it
// was asked for are listed in NAME.log. "serve -stop NAME" stops it.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: serve NAME DIR, or serve -stop NAME")
	}
	running := ts.Value(hostsKey{}).(hosts)
	if args[0] == "-stop" {
		running[args[1]].Close()
		return
	}
	name, dir, log := args[0], ts.MkAbs(args[1]), ts.MkAbs(args[0]+".log")
	ts.Check(os.WriteFile(log, nil, 0o644))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
		if err == nil {
			fmt.Fprintln(f, r.URL.Path)
			f.Close()
		}
		if r.URL.Query().Get("format") == "car" {
			http.NotFound(w, r) // a static host has files only
			return
		}
		http.ServeFile(w, r, filepath.Join(dir, filepath.FromSlash(r.URL.Path)))
	}))
	running[name] = s
	hostport := strings.TrimPrefix(s.URL, "http://")
	_, port, _ := strings.Cut(hostport, ":")
	ts.Setenv(name, s.URL)
	ts.Setenv(name+"_HOST", hostport)
	ts.Setenv(name+"_PORT", port)
}

// waitfor PATTERN waits until there is a file of that name.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitfor PATTERN")
	}
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if found, err := filepath.Glob(ts.MkAbs(args[0])); err == nil && len(found) > 0 {
			return
		}
	}
	ts.Fatalf("no file %s after 30 s", args[0])
}

// lines FILE N holds a file to its number of lines.
func lines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lines FILE N")
	}
	if n := strings.Count(ts.ReadFile(args[0]), "\n"); fmt.Sprint(n) != args[1] {
		ts.Fatalf("%d lines, want %s", n, args[1])
	}
}

// rootof CAR NAME sets NAME to the root of a CAR file.
func rootOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: rootof CAR NAME")
	}
	c, err := fetch.OpenCAR(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Setenv(args[1], c.Roots[0].String())
	ts.Check(c.Close())
}

// idof DIR NAME sets NAME to the id of the registry that a static mirror has.
func idOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: idof DIR NAME")
	}
	id, err := mirrored(ts.MkAbs(args[0]))
	ts.Check(err)
	if id == "" {
		ts.Fatalf("%s is no static mirror", args[0])
	}
	ts.Setenv(args[1], id)
}

// port PORT FILE… writes the port of a host into files, in the place of $PORT.
func port(ts *testscript.TestScript, neg bool, args []string) {
	for _, file := range args[1:] {
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(strings.ReplaceAll(ts.ReadFile(file), "$PORT", args[0])), 0o644))
	}
}

// edit FILE OLD NEW OUT writes FILE to OUT with NEW in the place of OLD, once.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 || !strings.Contains(ts.ReadFile(args[0]), args[1]) {
		ts.Fatalf("usage: edit FILE OLD NEW OUT, with OLD in FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), []byte(strings.Replace(ts.ReadFile(args[0]), args[1], args[2], 1)), 0o644))
}

// forge DIR changes a byte of every block in a folder.
func forge(ts *testscript.TestScript, neg bool, args []string) {
	files, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "ipfs", "*"))
	ts.Check(err)
	if neg || len(files) == 0 {
		ts.Fatalf("usage: forge DIR, with DIR/ipfs/CID")
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		ts.Check(err)
		data[len(data)-1] ^= 1
		ts.Check(os.WriteFile(f, data, 0o644))
	}
}

// fill FILE HTTPS WEB puts two tokens and a deep object into the lines of a file.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: fill FILE HTTPS WEB")
	}
	text := strings.NewReplacer("$HTTPS", ts.ReadFile(args[1]), "$WEB", ts.ReadFile(args[2]),
		"$DEEP", strings.Repeat(`{"a":`, 100_000)+"1"+strings.Repeat("}", 100_000)).Replace(ts.ReadFile(args[0]))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

// summary IN OUT writes a line "id outcome reason" for each line of --jsonl's output. It
// holds the members to their order. The reason of a verdict that is not accepted, and
// that the test does not name, is a star.
func summary(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: summary IN OUT")
	}
	var out strings.Builder
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		members, err := object1([]byte(strings.TrimSpace(line)))
		ts.Check(err)
		var names []string
		for _, m := range members {
			names = append(names, m.name)
		}
		last := "checks"
		if string(members[1].value) == `"error"` {
			last = "detail"
		}
		if want := []string{"id", "outcome", "reason", last}; !slices.Equal(names, want) {
			ts.Fatalf("members %v, want %v", names, want)
		}
		outcome, reason := strings.Trim(string(members[1].value), `"`), strings.Trim(string(members[2].value), `"`)
		if (outcome == "rejected" || outcome == "undetermined") && !strings.HasPrefix(reason, "json_") && reason != "no_trust_anchor" {
			if reason == "" {
				ts.Fatalf("%s has no reason", members[0].value)
			}
			reason = "*"
		}
		fmt.Fprintf(&out, "%s %s %s\n", members[0].value, outcome, reason)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(out.String()), 0o644))
}
