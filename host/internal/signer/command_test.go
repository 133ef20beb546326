package signer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/consensys/gnark-crypto/ecc/secp256k1/fr"
)

// TestMain lets the test's own binary be the command that signs, so that the tests
// need no tool.
func TestMain(m *testing.M) {
	if how := os.Getenv("TEST_SIGNER"); how != "" {
		if err := act(how); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// act is a program that signs, well or badly.
func act(how string) error {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	if os.Getenv(PassphraseVar) != "" {
		return fmt.Errorf("the passphrase of a key file came along")
	}
	t := &testing.T{}
	kind := map[string]string{"EdDSA": Ed25519, "ES256": ES256, "ES256K": ES256K}[os.Getenv("VERILITH_ALG")]
	k := testKey(t, kind, "held elsewhere")
	if k.Thumbprint() != os.Getenv("VERILITH_KID") {
		return fmt.Errorf("no key %q", os.Getenv("VERILITH_KID"))
	}
	if how == "other message" {
		input = append(input, '.')
	}
	if how == "other key" {
		k = testKey(t, kind, "another")
	}
	sig, err := k.Sign(input)
	if err != nil {
		return err
	}
	switch how {
	case "raw":
		_, err = os.Stdout.Write(sig)
	case "hex":
		fmt.Println("0x" + hex.EncodeToString(sig))
	case "base64":
		fmt.Println(base64.StdEncoding.EncodeToString(sig))
	case "recovery byte":
		fmt.Println("0x" + hex.EncodeToString(sig) + "1b")
	case "der":
		priv, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), k.d)
		if err != nil {
			return err
		}
		hash := sha256.Sum256(input)
		der, err := ecdsa.SignASN1(rand.Reader, priv, hash[:])
		if err != nil {
			return err
		}
		_, err = os.Stdout.Write(der)
		return err
	case "higher s":
		s := new(big.Int).SetBytes(sig[32:])
		_, err = os.Stdout.Write(join(new(big.Int).SetBytes(sig[:32]), s.Sub(fr.Modulus(), s)))
	case "one byte short":
		_, err = os.Stdout.Write(sig[:63])
	case "nothing":
	case "endless":
		for {
			if _, err := os.Stdout.Write(make([]byte, 1000)); err != nil {
				return err
			}
		}
	case "hang":
		time.Sleep(time.Minute)
	case "refuse":
		return fmt.Errorf("the card says no")
	default:
		fmt.Println(base64.RawURLEncoding.EncodeToString(sig))
	}
	return err
}

func TestCommand(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("quotes as a POSIX shell does")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(PassphraseVar, "a secret")
	for _, tt := range []struct {
		name, kind string
		want       Reason // "" means that it signs
	}{
		{"base64url", Ed25519, ""},
		{"base64url", ES256, ""},
		{"base64url", ES256K, ""},
		{"raw", Ed25519, ""},
		{"raw", ES256K, ""},
		{"hex", ES256, ""},
		{"base64", Ed25519, ""},
		{"recovery byte", ES256K, ""},
		{"recovery byte", Ed25519, CommandLied},
		{"der", ES256, ""},
		{"higher s", ES256K, ""},
		{"one byte short", Ed25519, CommandLied},
		{"nothing", Ed25519, CommandLied},
		{"other message", ES256, CommandLied},
		{"other key", Ed25519, CommandLied},
		{"endless", Ed25519, CommandFailed},
		{"refuse", ES256, CommandFailed},
		{"hang", Ed25519, CommandTimeout},
	} {
		t.Run(tt.name+" "+tt.kind, func(t *testing.T) {
			timeout := time.Minute
			if tt.want == CommandTimeout {
				timeout = 50 * time.Millisecond
			}
			jwk := testKey(t, tt.kind, "held elsewhere").Key()
			start := time.Now()
			c, err := NewCommand(t.Context(), fmt.Sprintf("TEST_SIGNER='%s' '%s'", tt.name, self), jwk, CommandOptions{Timeout: timeout, Terminal: tt.kind == ES256})
			if err != nil {
				t.Fatal(err)
			}
			input := []byte("the signing input")
			sig, err := c.Sign(input)
			if reasonOf(err) != tt.want {
				t.Fatalf("%v, want %q", err, tt.want)
			}
			if (sig == nil) != (tt.want != "") {
				t.Errorf("signature %x", sig)
			}
			if tt.want == CommandTimeout && time.Since(start) > 30*time.Second {
				t.Error("it waited for the command")
			}
			if tt.want == "" {
				if err := c.public.Verify(c.alg, input, sig); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// What a command started does not outlive it: the child would write the file.
func TestCommandLeavesNothing(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no process groups")
	}
	late := filepath.Join(t.TempDir(), "late")
	c, err := NewCommand(t.Context(), "(sleep 1; echo > "+late+") & sleep 60; true", testKey(t, Ed25519, "a").Key(), CommandOptions{Timeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Sign(nil); reasonOf(err) != CommandTimeout {
		t.Fatal(err)
	}
	time.Sleep(1500 * time.Millisecond)
	if _, err := os.Stat(late); err == nil {
		t.Error("the child ran on")
	}
}

func TestCommandRefuses(t *testing.T) {
	good := testKey(t, Ed25519, "a").Key()
	if _, err := NewCommand(t.Context(), "true", good, CommandOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := NewCommand(t.Context(), " ", good, CommandOptions{}); reasonOf(err) != CommandFailed {
		t.Errorf("an empty command: %v", err)
	}
	if _, err := NewCommand(t.Context(), "true", testKey(t, Ed25519, "a").jwk(), CommandOptions{}); reasonOf(err) != MalformedKey {
		t.Errorf("a private key: %v", err)
	}
	p384 := map[string]any{"kty": "EC", "crv": "P-384",
		"x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0SLaVVYjC4fRz1xXKLhJ9M", "y": "DXdX4T4sMUc9V7PKbLGdUB6yVw2HGE-nyHhYVjYxGlb3Aa6wGkmzYYYPGmLCe_8X"}
	if _, err := NewCommand(t.Context(), "true", p384, CommandOptions{}); reasonOf(err) == "" {
		t.Error("a P-384 key")
	}
	ctx, cancel := context.WithCancel(t.Context())
	c, err := NewCommand(ctx, "sleep 60", good, CommandOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := c.Sign(nil); err != context.Canceled {
		t.Errorf("interrupted: %v", err)
	}
}

func TestPublic(t *testing.T) {
	k := testKey(t, ES256, "a")
	o := k.Key()
	o["kid"], o["use"], o["alg"] = "x", "sig", "ES256"
	got, thumbprint, err := Public(pretty(o))
	if err != nil || thumbprint != k.Thumbprint() || len(got) != 4 || got.String("x") != o.String("x") {
		t.Errorf("%v %s %v", got, thumbprint, err)
	}
	wallet := testKey(t, ES256K, "wallet")
	xy := ""
	for _, name := range []string{"x", "y"} {
		b, err := base64.RawURLEncoding.DecodeString(wallet.Key().String(name))
		if err != nil {
			t.Fatal(err)
		}
		xy += hex.EncodeToString(b)
	}
	compressed := "02" + xy[:64]
	if strings.ContainsAny(xy[127:], "13579bdf") {
		compressed = "03" + xy[:64]
	}
	for _, text := range []string{xy, "0x" + xy + "\n", "04" + xy, compressed} {
		if _, thumbprint, err := Public([]byte(text)); err != nil || thumbprint != wallet.Thumbprint() {
			t.Errorf("%s: %v", text, err)
		}
	}
	for name, data := range map[string][]byte{
		"half a point": []byte(xy[:64]), "a point off the curve": []byte(xy[64:] + xy[64:]), "a private key in hex": []byte(hex.EncodeToString(wallet.d)),
		"private": pretty(k.jwk()), "not JSON": []byte("-----BEGIN"), "RSA": []byte(`{"kty":"RSA","n":"AQAB","e":"AQAB"}`), "no JWK": []byte(`{}`),
	} {
		if _, _, err := Public(data); err == nil {
			t.Errorf("%s: was read", name)
		}
	}
}

func TestFromHex(t *testing.T) {
	for kind := range types {
		k := testKey(t, kind, "wallet")
		for _, text := range []string{hex.EncodeToString(k.d), "0x" + hex.EncodeToString(k.d) + "\n"} {
			if got, err := FromHex(kind, text); err != nil || got.Thumbprint() != k.Thumbprint() {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
	short := hex.EncodeToString(testKey(t, ES256K, "wallet").d[1:])
	for _, tt := range []struct{ kind, text string }{{ES256K, short}, {ES256K, "zz"}, {ES256K, ""}, {"rsa", short + "00"}, {ES256K, short[:60] + "0000" + short[:60]}} {
		if k, err := FromHex(tt.kind, tt.text); err == nil || k != nil {
			t.Errorf("%s %s: was read", tt.kind, tt.text)
		}
	}
}
