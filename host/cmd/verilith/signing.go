package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/verilith/verilith/host/internal/signer"
	"github.com/verilith/verilith/wasm/strictjson"
)

// maxPassphrase bounds a passphrase file; what has more is another file.
const maxPassphrase = 4 << 10

// oneSigner signs for one key.
type oneSigner interface {
	Key() strictjson.Object
	Alg() string
	Thumbprint() string
	Sign(input []byte) ([]byte, error)
}

// signerFlags are the flags that say who signs.
type signerFlags struct {
	files               list
	command, commandKey string
	passphraseFile      string
	timeout             time.Duration
	yes                 bool
}

func (f *signerFlags) declare(fs *flag.FlagSet) {
	fs.Var(&f.files, "key", "`FILE` of a private key that signs: PKCS#8 in PEM, or a JWK (repeatable)")
	fs.StringVar(&f.command, "signer-command", "", "`COMMAND` that signs in a key file's place: it reads the bytes to sign, and\nwrites the signature; VERILITH_ALG and VERILITH_KID say with what")
	fs.StringVar(&f.commandKey, "signer-key", "", "`FILE` with the public JWK of the command's key")
	fs.DurationVar(&f.timeout, "signer-timeout", signer.DefaultTimeout, "how long the command may take")
	f.declarePassphrase(fs)
}

func (f *signerFlags) declarePassphrase(fs *flag.FlagSet) {
	fs.StringVar(&f.passphraseFile, "passphrase-file", "", "`FILE` whose first line is the passphrase (default: "+signer.PassphraseVar+", or ask)")
}

// signers opens the keys.
func (f *signerFlags) signers(ctx context.Context, s std) ([]oneSigner, error) {
	var all []oneSigner
	for _, path := range f.files {
		k, err := f.load(s, path)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	switch {
	case f.command == "" && f.commandKey == "":
		return all, nil
	case f.command == "" || f.commandKey == "":
		return nil, usagef("--signer-command and --signer-key belong together")
	}
	jwk, _, err := readPublic(f.commandKey)
	if err != nil {
		return nil, err
	}
	c, err := signer.NewCommand(ctx, f.command, jwk, signer.CommandOptions{Timeout: f.timeout, Stderr: s.err, Terminal: s.inTTY})
	if err != nil {
		return nil, err
	}
	return append(all, c), nil
}

// load opens a key file.
func (f *signerFlags) load(s std, path string) (*signer.Key, error) {
	k, open, err := signer.Load(path, func() ([]byte, error) { return f.passphrase(s, path, false) })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", clean(path, maxLine), err)
	}
	if open {
		fmt.Fprintf(s.err, "verilith: warning: others on this machine may read %s; chmod 600 it\n", clean(path, maxLine))
	}
	return k, nil
}

// given reports whether a passphrase is at hand without asking.
func (f *signerFlags) given() bool {
	return f.passphraseFile != "" || os.Getenv(signer.PassphraseVar) != ""
}

// passphrase obtains a passphrase, and asks for a new one twice.
func (f *signerFlags) passphrase(s std, path string, fresh bool) ([]byte, error) {
	if f.passphraseFile != "" {
		data, err := readFile(f.passphraseFile, maxPassphrase)
		if err != nil {
			return nil, fmt.Errorf("--passphrase-file: %w", err)
		}
		line, _, _ := bytes.Cut(data, []byte("\n"))
		if line = bytes.TrimSuffix(line, []byte("\r")); len(line) == 0 {
			return nil, errors.New("--passphrase-file: its first line is empty")
		}
		return line, nil
	}
	if p := os.Getenv(signer.PassphraseVar); p != "" {
		return []byte(p), nil
	}
	in, ok := s.in.(*os.File)
	if !ok || !s.inTTY {
		return nil, &signer.Error{Reason: signer.NoPassphrase, Detail: "give --passphrase-file or " + signer.PassphraseVar + ", since there is no terminal to ask at"}
	}
	ask := func(text string) ([]byte, error) {
		fmt.Fprintf(s.err, "%s %s: ", text, clean(path, maxLine))
		p, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(s.err)
		return p, err
	}
	p, err := ask("Passphrase of")
	if err != nil || !fresh {
		return p, err
	}
	if len(p) == 0 {
		return nil, errors.New("the passphrase is empty")
	}
	again, err := ask("The same again, for")
	if err == nil && !bytes.Equal(p, again) {
		err = errors.New("the two differ")
	}
	return p, err
}

// confirm asks at a terminal whether to sign what was shown. Elsewhere nobody is asked:
// who runs it by a script has looked before.
func (f *signerFlags) confirm(s std) error {
	in, ok := s.in.(*os.File)
	if f.yes || !ok || !s.inTTY {
		return nil
	}
	fmt.Fprint(s.err, "Sign it? [y/N] ")
	var line []byte
	for one := make([]byte, 1); ; { // no byte more than the line: a passphrase may follow
		n, err := in.Read(one)
		if n == 0 || err != nil || one[0] == '\n' {
			break
		}
		line = append(line, one[0])
	}
	if answer := strings.ToLower(strings.TrimSpace(string(line))); answer == "y" || answer == "yes" {
		return nil
	}
	return errors.New("not signed")
}

// readPublic reads the public JWK of a file, and its thumbprint.
func readPublic(path string) (strictjson.Object, string, error) {
	data, err := readFile(path, maxPublic)
	if err != nil {
		return nil, "", err
	}
	jwk, thumbprint, err := signer.Public(data)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w; want the public key, as verilith key new writes it beside the key", clean(path, maxLine), err)
	}
	return jwk, thumbprint, nil
}

const maxPublic = 64 << 10 // a public key has some hundred bytes
