package signer

import (
	"bytes"
	"context"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

const (
	// DefaultTimeout is how long a command may take: somebody has to find the card and
	// press its button.
	DefaultTimeout = 2 * time.Minute
	maxOutput      = 4 << 10 // a signature has 64 bytes; bounds what a broken command may print
	lingering      = time.Second
)

// Command is a key that another program holds. For each signature the program is run
// by the shell. It reads the bytes to sign on its standard input, the algorithm and
// the key's thumbprint in VERILITH_ALG and VERILITH_KID, and writes the signature to
// its standard output. What it says to people it writes to its standard error.
//
// The bytes to sign are the JWS signing input itself: ES256 and ES256K sign its
// SHA-256, and so must the program. The signature is 64 bytes (EdDSA's, or r || s), or
// an ECDSA signature in DER, or r || s and a recovery byte as wallets have it; raw, in
// base64url, base64, or hexadecimal digits. All these are safe to take, since nothing
// is used that the public key does not verify.
type Command struct {
	line   string
	alg    keys.Algorithm
	public *keys.Key
	opt    CommandOptions
	ctx    context.Context // of the run of this program
}

// CommandOptions are how a command is run.
type CommandOptions struct {
	// Timeout is how long a signature may take; zero is DefaultTimeout.
	Timeout time.Duration
	// Stderr gets what the command says to people. Nil drops it.
	Stderr io.Writer
	// Terminal leaves the command in the terminal's foreground, so that it can ask for
	// a PIN there. Without, whatever it started ends with it.
	Terminal bool
}

// NewCommand makes a signer of a command line and the public JWK of its key.
func NewCommand(ctx context.Context, line string, jwk strictjson.Object, opt CommandOptions) (*Command, error) {
	if strings.TrimSpace(line) == "" {
		return nil, fail(CommandFailed, "", "the command is empty")
	}
	public, err := publicOf(jwk)
	if err != nil {
		return nil, err
	}
	alg, err := algorithm(public)
	if err != nil {
		return nil, err
	}
	if opt.Timeout <= 0 {
		opt.Timeout = DefaultTimeout
	}
	return &Command{line: line, alg: alg, public: public, opt: opt, ctx: ctx}, nil
}

// Key returns the public half as a JWK.
func (c *Command) Key() strictjson.Object { return bare(c.public) }

// Alg returns the JOSE algorithm.
func (c *Command) Alg() string { return string(c.alg) }

// Thumbprint returns the key's RFC 7638 SHA-256 thumbprint: its kid.
func (c *Command) Thumbprint() string { return c.public.Thumbprint() }

// Sign runs the command. Its answer is used only if the public key verifies it.
func (c *Command) Sign(input []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(c.ctx, c.opt.Timeout)
	defer cancel()
	shell := []string{"/bin/sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/C"}
	}
	cmd := exec.CommandContext(ctx, shell[0], shell[1], c.line)
	cmd.WaitDelay = lingering // a child of the shell may hold the pipe
	if !c.opt.Terminal {
		together(cmd)
	}
	cmd.Env = append(environ(), "VERILITH_ALG="+c.Alg(), "VERILITH_KID="+c.Thumbprint())
	cmd.Stdin = bytes.NewReader(input)
	out := &bounded{}
	cmd.Stdout, cmd.Stderr = out, c.opt.Stderr
	err := cmd.Run()
	switch {
	case c.ctx.Err() != nil:
		return nil, c.ctx.Err()
	case ctx.Err() != nil:
		return nil, fail(CommandTimeout, "", "no signature within %v", c.opt.Timeout)
	case out.over:
		return nil, fail(CommandFailed, "", "it wrote more than %d bytes, and not a signature", maxOutput)
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return nil, fail(CommandFailed, "", "%v", err)
	}
	for _, sig := range signatures(out.data, c.alg) {
		if c.public.Verify(c.alg, input, sig) == nil {
			return sig, nil
		}
	}
	return nil, fail(CommandLied, "", "%d bytes that are no %s signature by the key %s", len(out.data), c.alg, c.Thumbprint())
}

// PassphraseVar is the environment's name for the passphrase of a key file. No command
// gets to see it.
const PassphraseVar = "VERILITH_PASSPHRASE"

// environ is the environment without the passphrase.
func environ() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, PassphraseVar+"=") })
}

// bounded keeps the first bytes of an output, and breaks the pipe after them. It has
// no method but Write: a Buffer's ReadFrom would read on.
type bounded struct {
	data []byte
	over bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if len(b.data)+len(p) > maxOutput {
		b.over = true
		return 0, io.ErrShortWrite
	}
	b.data = append(b.data, p...)
	return len(p), nil
}

// signatures are what an output may stand for, in JOSE's form.
func signatures(out []byte, alg keys.Algorithm) [][]byte {
	text := strings.TrimSpace(string(out))
	octets := [][]byte{out}
	if b, err := hex.DecodeString(strings.TrimPrefix(text, "0x")); err == nil {
		octets = append(octets, b)
	}
	for _, enc := range []*base64.Encoding{base64.RawURLEncoding, base64.RawStdEncoding} {
		if b, err := enc.DecodeString(strings.TrimRight(text, "=")); err == nil {
			octets = append(octets, b)
		}
	}
	var all [][]byte
	for _, b := range octets {
		switch {
		case len(b) == sizeECDSA:
			all = append(all, lower(b, alg))
		case alg == keys.EdDSA:
		case len(b) == sizeECDSA+1: // Ethereum's r || s || v
			all = append(all, lower(b[:sizeECDSA], alg))
		case len(b) > 0 && b[0] == 0x30:
			var rs struct{ R, S *big.Int }
			if rest, err := asn1.Unmarshal(b, &rs); err == nil && len(rest) == 0 && rs.R.Sign() > 0 && rs.S.Sign() > 0 && rs.R.BitLen() <= 256 && rs.S.BitLen() <= 256 {
				all = append(all, lower(join(rs.R, rs.S), alg))
			}
		}
	}
	return all
}
