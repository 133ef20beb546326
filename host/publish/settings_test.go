package publish

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/verilith/verilith/host/fetch"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// An operator's own settings stay.
func TestSettings(t *testing.T) {
	o, f := newOperator(t), Folder{Dir: t.TempDir()}
	r := o.release(o.build(10, 0, 0), 0)
	publish(t, f, r)
	own := filepath.Join(f.Dir, "nginx.conf")
	if err := os.WriteFile(own, []byte("# mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(f.Dir, "404.html")); err != nil {
		t.Fatal(err)
	}
	publish(t, f, r)
	if data, err := os.ReadFile(own); err != nil || string(data) != "# mine\n" {
		t.Errorf("the operator's settings are %q, %v", data, err)
	}
	for _, name := range []string{"404.html", "_headers", ".htaccess", "Caddyfile", ".nojekyll"} {
		if _, err := os.Stat(filepath.Join(f.Dir, name)); err != nil {
			t.Error(err)
		}
	}
}

// webServers are real ones, with the settings that a mirror brings.
var webServers = []struct {
	name    string
	command func(dir, temp, address string) (program string, args []string, config string)
}{
	{"nginx", func(dir, temp, address string) (string, []string, string) {
		return "nginx", []string{"-p", temp, "-e", "stderr", "-c", filepath.Join(temp, "config")}, fmt.Sprintf(`
daemon off; master_process off; pid %[1]s/pid; error_log stderr;
events {}
http { access_log off; client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;
  server { listen %[3]s; root %[2]s; include %[2]s/nginx.conf; } }
`, temp, dir, address)
	}},
	{"caddy", func(dir, temp, address string) (string, []string, string) {
		own, err := os.ReadFile(filepath.Join(dir, "Caddyfile"))
		if err != nil {
			return "", nil, ""
		}
		config := "{\n\tadmin off\n\tauto_https off\n}\n" + strings.NewReplacer(":8080", "http://"+address, "root * .", "root * "+dir).Replace(string(own))
		return "caddy", []string{"run", "--adapter", "caddyfile", "--config", filepath.Join(temp, "config")}, config
	}},
	{"apache2", func(dir, temp, address string) (string, []string, string) {
		modules := os.Getenv("APACHE_MODULES")
		if modules == "" {
			modules = "/usr/lib/apache2/modules"
		}
		config := fmt.Sprintf("ServerRoot %[1]s\nPidFile %[1]s/pid\nErrorLog /dev/stderr\nServerName localhost\nListen %[2]s\nDocumentRoot %[3]s\n", temp, address, dir)
		for _, m := range []string{"mpm_event", "authz_core", "headers", "mime", "dir", "alias", "autoindex"} {
			config += fmt.Sprintf("LoadModule %[1]s_module %[2]s/mod_%[1]s.so\n", m, modules)
		}
		return "apache2", []string{"-X", "-f", filepath.Join(temp, "config")},
			config + "TypesConfig /dev/null\n<Directory " + dir + ">\nAllowOverride FileInfo Options\nRequire all granted\n</Directory>\n"
	}},
}

// The settings do what they say, in the web servers that are installed here.
func TestWebServers(t *testing.T) {
	o, f, r := mirrored(t)
	if err := os.Chmod(f.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	absent := block.New(block.Raw, []byte("nobody has this")).CID.String()
	forever, short := "public, max-age=29030400, immutable", "public, max-age=60"
	car := "application/vnd.ipld.car; version=1"
	for _, server := range webServers {
		t.Run(server.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			address := l.Addr().String()
			l.Close()
			temp := t.TempDir()
			program, args, config := server.command(f.Dir, temp, address)
			if _, err := exec.LookPath(program); err != nil {
				t.Skipf("%s is not installed here", server.name)
			}
			if err := os.WriteFile(filepath.Join(temp, "config"), []byte(config), 0o644); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			cmd := exec.Command(program, args...)
			cmd.Stdout, cmd.Stderr = &out, &out
			cmd.Env = append(os.Environ(), "HOME="+temp)
			cmd.WaitDelay = 5 * time.Second // also where a child of it holds the output
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
				if t.Failed() {
					t.Log(out.String())
				}
			}()
			up := false
			for range 100 {
				if c, err := net.Dial("tcp", address); err == nil {
					c.Close()
					up = true
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			if !up {
				t.Fatal("it does not come up")
			}
			url := "http://" + address
			for _, tt := range []struct {
				path, kind, kept string
				status           int
				body             []byte
			}{
				{"/ipfs/" + r.Snapshot.String() + "?format=raw", rawType, forever, 200, o.store[r.Snapshot]},
				{"/ipfs/" + r.Snapshot.String() + ".car", car, forever, 200, nil},
				{"/registry/" + o.id() + "/head.json", documentType, short, 200, r.Head},
				{"/ipns/" + r.RecordName + "?format=ipns-record", recordType, short, 200, r.Record},
				{"/ipns/" + r.RecordName + ".ipns-record", recordType, short, 200, r.Record},
				{"/mirror.json", "application/json", short, 200, nil},
				{"/ipfs/" + absent + "?format=raw", "", "", 404, nil},
				{"/ipfs/" + r.Snapshot.String() + "/e/a?format=car&dag-scope=block", "", "", 404, nil},
				{"/registry/" + o.id() + "/root/2.json", "", "", 404, nil},
				{"/.htaccess", "", "", 404, nil},
				{"/nginx.conf", "", "", 404, nil},
				{"/Caddyfile", "", "", 404, nil},
			} {
				resp, body := ask(t, "GET", url+tt.path)
				h := resp.Header
				if tt.path == "/.htaccess" && resp.StatusCode == http.StatusForbidden {
					continue // Apache's own default, in a whole installation
				}
				if resp.StatusCode != tt.status || tt.body != nil && !bytes.Equal(body, tt.body) {
					t.Errorf("%s: status %d, %d bytes; want %d", tt.path, resp.StatusCode, len(body), tt.status)
					continue
				}
				if tt.kind != "" && h.Get("Content-Type") != tt.kind {
					t.Errorf("%s: type %q, want %q", tt.path, h.Get("Content-Type"), tt.kind)
				}
				if h.Get("Cache-Control") != tt.kept {
					t.Errorf("%s: Cache-Control %q, want %q", tt.path, h.Get("Cache-Control"), tt.kept)
				}
				if h.Get("Access-Control-Allow-Origin") != "*" && !strings.Contains(tt.path, "nginx") && !strings.Contains(tt.path, "Caddy") && !strings.Contains(tt.path, ".ht") {
					t.Errorf("%s: no other origin may ask", tt.path)
				}
			}
			got, err := Obtain(t.Context(), fetcher(t, fetch.Config{Gateways: []string{url}}), o.id())
			if err != nil {
				t.Fatal(err)
			}
			to := Folder{Dir: t.TempDir()}
			publish(t, to, got)
			if _, err := snapshot.Verify(r.Snapshot, to.Get); err != nil {
				t.Error(err)
			}
		})
	}
}
