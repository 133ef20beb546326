package signer

import (
	"bytes"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

func saying(p string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(p), nil }
}

// Every type of key comes back from every form of file, and signs.
func TestFiles(t *testing.T) {
	for kind := range types {
		for _, f := range []Format{PEM, JWK} {
			for _, pass := range []string{"", "correct horse"} {
				t.Run(kind+" "+string(f)+" "+pass, func(t *testing.T) {
					k, err := Generate(kind)
					if err != nil {
						t.Fatal(err)
					}
					data, err := k.Encode(f, []byte(pass))
					if err != nil {
						t.Fatal(err)
					}
					path := filepath.Join(t.TempDir(), "a.key")
					if err := Write(path, data); err != nil {
						t.Fatal(err)
					}
					asked := 0
					got, open, err := Load(path, func() ([]byte, error) { asked++; return []byte(pass), nil })
					if err != nil || open {
						t.Fatalf("open %v, %v", open, err)
					}
					if want := len(pass) > 0; (asked == 1) != want {
						t.Errorf("asked for a passphrase %d times", asked)
					}
					if got.Thumbprint() != k.Thumbprint() || !bytes.Equal(got.d, k.d) {
						t.Fatal("another key came back")
					}
					input := []byte("what is signed")
					sig, err := got.Sign(input)
					if err != nil {
						t.Fatal(err)
					}
					public, err := keys.FromJWK(k.Key())
					if err != nil {
						t.Fatal(err)
					}
					if err := public.Verify(keys.Algorithm(k.Alg()), input, sig); err != nil {
						t.Error(err)
					}
					if public.Verify(keys.Algorithm(k.Alg()), []byte("something else"), sig) == nil {
						t.Error("the signature holds for anything")
					}
					if _, err := Parse(data, saying("wrong")); pass != "" && reasonOf(err) != WrongPassphrase {
						t.Errorf("wrong passphrase: %v", err)
					}
					if _, err := Parse(data, nil); pass != "" && reasonOf(err) != NoPassphrase {
						t.Errorf("no passphrase: %v", err)
					}
				})
			}
		}
	}
}

// ES256K signatures have the lower s, so that every verifier takes them.
func TestLowS(t *testing.T) {
	k := testKey(t, ES256K, "low")
	for range 20 {
		sig, err := k.Sign([]byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(lower(sig, keys.ES256K), sig) {
			t.Fatal("the higher s")
		}
	}
}

// Each line is one edit of a file that is read.
func TestParse(t *testing.T) {
	jwk := func(edit func(o strictjson.Object)) []byte {
		o := testKey(t, ES256, "a").jwk()
		edit(o)
		return strictjson.Encode(o)
	}
	file := func(f Format, pass string) []byte {
		data, err := testKey(t, Ed25519, "a").Encode(f, []byte(pass))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	reEncode := func(data []byte, typ string) []byte {
		b, _ := pem.Decode(data)
		b.Type = typ
		return pem.EncodeToMemory(b)
	}
	for _, tt := range []struct {
		name string
		data []byte
		want Reason // "" means that it is read
	}{
		{"JWK", jwk(func(strictjson.Object) {}), ""},
		{"JWK of the public half", jwk(func(o strictjson.Object) { delete(o, "d") }), PublicKey},
		{"JWK with another's public half", jwk(func(o strictjson.Object) {
			o["x"], o["y"] = testKey(t, ES256, "b").Key()["x"], testKey(t, ES256, "b").Key()["y"]
		}), MalformedKey},
		{"JWK without y", jwk(func(o strictjson.Object) { delete(o, "y") }), MalformedKey},
		{"JWK off the curve", jwk(func(o strictjson.Object) { o["y"] = o["x"] }), MalformedKey},
		{"JWK with d of another length", jwk(func(o strictjson.Object) { o["d"] = "AAAA" }), MalformedKey},
		{"JWK with d not base64url", jwk(func(o strictjson.Object) { o["d"] = "!" }), MalformedKey},
		{"JWK with d zero", jwk(func(o strictjson.Object) { o["d"] = strings.Repeat("A", 43) }), MalformedKey},
		{"JWK with d beyond the order", jwk(func(o strictjson.Object) { o["d"] = strings.Repeat("_", 42) + "8" }), MalformedKey},
		{"JWK of another algorithm", jwk(func(o strictjson.Object) { o["alg"] = "ES384" }), MalformedKey},
		{"JWK of P-384", jwk(func(o strictjson.Object) { o["crv"] = "P-384" }), UnsupportedKey},
		{"JWK of RSA", []byte(`{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB"}`), UnsupportedKey},
		{"symmetric JWK", []byte(`{"kty":"oct","k":"AQAB"}`), UnsupportedKey},
		{"JSON with a name twice", []byte(`{"kty":"OKP","kty":"OKP"}`), MalformedKey},
		{"PEM", file(PEM, ""), ""},
		{"PEM with white space around", append([]byte("\n\n"), file(PEM, "")...), ""},
		{"two keys", append(file(PEM, ""), file(PEM, "")...), MalformedKey},
		{"PEM cut off", file(PEM, "")[:60], MalformedKey},
		{"PEM of a public key", reEncode(file(PEM, ""), "PUBLIC KEY"), PublicKey},
		{"PEM of SEC 1", reEncode(file(PEM, ""), "EC PRIVATE KEY"), MalformedKey},
		{"open PKCS#8 called locked", reEncode(file(PEM, ""), pemLocked), MalformedKey},
		{"locked PKCS#8 called open", reEncode(file(PEM, "p"), pemKey), MalformedKey},
		{"locked PEM", file(PEM, "p"), ""},
		{"locked JWK", file(JWK, "p"), ""},
		{"locked JWK cut off", file(JWK, "p")[:80], MalformedKey},
		{"locked JWK with a byte changed", bytes.Replace(file(JWK, "p"), []byte("eyJ"), []byte("eyK"), 1), MalformedKey},
		{"nothing", nil, MalformedKey},
		{"a sentence", []byte("This is no key. It. Is. A. Text"), MalformedKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, err := Parse(tt.data, saying("p"))
			if reasonOf(err) != tt.want {
				t.Fatalf("%v, want %q", err, tt.want)
			}
			if (k == nil) != (tt.want != "") {
				t.Errorf("a key is there: %v", k != nil)
			}
		})
	}
}

// A JWE that is not made with a passphrase, or would take an hour, is refused.
func TestForeignLocks(t *testing.T) {
	key := testKey(t, Ed25519, "a")
	seal := func(r jose.Recipient, content []byte) []byte {
		e, err := jose.NewEncrypter(jose.A128GCM, r, nil)
		if err != nil {
			t.Fatal(err)
		}
		jwe, err := e.Encrypt(content)
		if err != nil {
			t.Fatal(err)
		}
		s, err := jwe.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return []byte(s)
	}
	sealJSON := func(r jose.Recipient, content []byte) []byte {
		jwe, err := jose.ParseEncryptedCompact(string(seal(r, content)), []jose.KeyAlgorithm{r.Algorithm}, []jose.ContentEncryption{jose.A128GCM})
		if err != nil {
			t.Fatal(err)
		}
		return []byte(jwe.FullSerialize())
	}
	pass := func(alg jose.KeyAlgorithm, n int) jose.Recipient {
		return jose.Recipient{Algorithm: alg, Key: []byte("p"), PBES2Count: n}
	}
	good := strictjson.Encode(key.jwk())
	for _, tt := range []struct {
		name string
		data []byte
		want Reason
	}{
		{"PBES2-HS512+A256KW", seal(pass(jose.PBES2_HS512_A256KW, 1000), good), ""},
		{"a million and one iterations", seal(pass(jose.PBES2_HS256_A128KW, maxJWEIterations+1), good), UnsupportedLock},
		{"shared key", seal(jose.Recipient{Algorithm: jose.A128KW, Key: make([]byte, 16)}, good), MalformedKey},
		{"JSON serialization", sealJSON(pass(jose.PBES2_HS256_A128KW, 1000), good), ""},
		{"something else inside", seal(pass(jose.PBES2_HS256_A128KW, 1000), []byte("hello")), MalformedKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse(tt.data, saying("p")); reasonOf(err) != tt.want {
				t.Fatalf("%v, want %q", err, tt.want)
			}
		})
	}
}

// openssl reads our files, and we read its.
func TestOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("no openssl here")
	}
	openssl := func(t *testing.T, args ...string) []byte {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "openssl", args...).Output()
		if err != nil {
			t.Fatalf("openssl %v: %v", args, err)
		}
		return out
	}
	for kind, genpkey := range map[string][]string{
		Ed25519: {"-algorithm", "ed25519"},
		ES256:   {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"},
		ES256K:  {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"},
	} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "theirs.pem")
			openssl(t, append([]string{"genpkey", "-out", path}, genpkey...)...)
			theirs, _, err := Load(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, lock := range [][]string{
				{"-v2", "aes-256-cbc"},
				{"-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"},
				{"-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512", "-iter", "5000"},
			} {
				data := openssl(t, append([]string{"pkcs8", "-topk8", "-in", path, "-passout", "pass:p"}, lock...)...)
				got, err := Parse(data, saying("p"))
				if err != nil || got.Thumbprint() != theirs.Thumbprint() {
					t.Errorf("%v: %v", lock, err)
				}
				if _, err := Parse(data, saying("q")); reasonOf(err) != WrongPassphrase {
					t.Errorf("%v: %v", lock, err)
				}
			}
			for _, lock := range [][]string{{"-scrypt"}, {"-v2", "des3"}, {"-v1", "PBE-SHA1-3DES"}} {
				data := openssl(t, append([]string{"pkcs8", "-topk8", "-in", path, "-passout", "pass:p"}, lock...)...)
				if _, err := Parse(data, saying("p")); reasonOf(err) != UnsupportedLock {
					t.Errorf("%v: %v", lock, err)
				}
			}
			want := openssl(t, "pkey", "-in", path, "-pubout")
			if jwk, thumbprint, err := Public(want); err != nil || thumbprint != theirs.Thumbprint() || len(jwk) < 3 {
				t.Errorf("the public half: %v", err)
			}
			for _, pass := range []string{"", "p"} {
				data, err := theirs.Encode(PEM, []byte(pass))
				if err != nil {
					t.Fatal(err)
				}
				ours := filepath.Join(dir, "ours"+pass)
				if err := Write(ours, data); err != nil {
					t.Fatal(err)
				}
				if got := openssl(t, "pkey", "-in", ours, "-passin", "pass:"+pass, "-pubout"); !bytes.Equal(got, want) {
					t.Errorf("openssl reads another key:\n%s", got)
				}
			}
		})
	}
}

func TestWriteNeverOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.key")
	if err := Write(path, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("second")); reasonOf(err) != KeyExists {
		t.Errorf("%v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "first" {
		t.Errorf("%q %v", got, err)
	}
}

func TestLoadRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := Load(filepath.Join(dir, "none"), nil); reasonOf(err) != NoKeyFile {
		t.Errorf("%v", err)
	}
	if _, _, err := Load(dir, nil); reasonOf(err) != NoKeyFile {
		t.Errorf("a folder: %v", err)
	}
	big := filepath.Join(dir, "big")
	if err := os.WriteFile(big, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(big, nil); reasonOf(err) != NoKeyFile {
		t.Errorf("a large file: %v", err)
	}
	data, err := testKey(t, Ed25519, "a").Encode(PEM, nil)
	if err != nil {
		t.Fatal(err)
	}
	shared := filepath.Join(dir, "shared")
	if err := os.WriteFile(shared, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, open, err := Load(shared, nil); err != nil || open != (runtime.GOOS != "windows") {
		t.Errorf("open %v, %v", open, err)
	}
}

func TestGenerateRefuses(t *testing.T) {
	for _, kind := range []string{"", "rsa", "ES256", "p-384"} {
		if k, err := Generate(kind); reasonOf(err) != UnsupportedKey || k != nil {
			t.Errorf("%q: %v", kind, err)
		}
	}
}

// What is read is the same key in every form that it is written in.
func FuzzParse(f *testing.F) {
	for kind := range types {
		for _, format := range []Format{PEM, JWK} {
			data, err := testKey(f, kind, "fuzz").Encode(format, nil)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Add([]byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n"))
	f.Add([]byte("a.b.c.d.e"))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := Parse(data, nil)
		if err != nil {
			if reasonOf(err) == "" || strings.HasPrefix(string(reasonOf(err)), "untyped") {
				t.Fatalf("untyped: %v", err)
			}
			return
		}
		for _, format := range []Format{PEM, JWK} {
			out, err := k.Encode(format, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Parse(out, nil)
			if err != nil || got.Thumbprint() != k.Thumbprint() || !bytes.Equal(got.d, k.d) {
				t.Fatalf("%s: another key came back: %v", format, err)
			}
		}
	})
}
