package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/verilith/verilith/host/internal/signer"
	"github.com/verilith/verilith/registry-snapshots/ipns"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

func keyCommand() *command {
	return &command{
		name:  "key",
		short: "make and show the keys that sign a registry's documents",
		text: `A registry's root, head and freshness are signed by people who hold keys. A key file is
PKCS#8 in PEM, as openssl has it, or a JWK; with a passphrase it is encrypted. The public
half goes to whoever writes the registry's root.`,
		examples: `  verilith key new --type ed25519 --out alice.key --passphrase
  verilith key show alice.key.pub`,
		sub: []*command{keyNewCommand(), keyImportCommand(), keyShowCommand()},
	}
}

func keyNewCommand() *command {
	return &command{
		name:  "new",
		short: "make a key, and write it with its public half beside it",
		text: `Types: ed25519 (signs with EdDSA), es256 (P-256) and es256k (secp256k1, as wallets have).
The key goes to FILE, which only its owner may read, its public half as a JWK to FILE.pub.
Neither is ever written over.`,
		examples: `  verilith key new --type ed25519 --out alice.key --passphrase
  verilith key new --type es256k --format jwk --out bob.jwk
  VERILITH_PASSPHRASE=… verilith key new --type es256 --out carol.key`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			kind := fs.String("type", signer.Ed25519, "`TYPE` of the key: ed25519, es256 or es256k")
			out := fs.String("out", "", "`FILE` to write")
			format := fs.String("format", string(signer.PEM), "`FORMAT` of the file: pem or jwk")
			locked := fs.Bool("passphrase", false, "encrypt the file with a passphrase")
			asJSON := fs.Bool("json", false, "print it as JSON")
			f := &signerFlags{}
			f.declarePassphrase(fs)
			return func(_ context.Context, args []string, s std) error {
				if len(args) > 0 {
					return usagef("unexpected %q", clean(args[0], 80))
				}
				if *out == "" {
					return usagef("want --out")
				}
				return keep(s, f, *out, signer.Format(*format), *locked || f.given(), *asJSON, func() (*signer.Key, error) { return signer.Generate(*kind) })
			}
		},
	}
}

func keyImportCommand() *command {
	return &command{
		name: "import", args: "FILE",
		short: "write a key anew: from a wallet, in another format, with a passphrase",
		text: `FILE is a key file, or the 32 secret octets of a key in hexadecimal digits, as wallets
export it; those need --type. It stays as it is.`,
		examples: `  verilith key import wallet.hex --type es256k --out carol.key --passphrase
  verilith key import theirs.pem --format jwk --out ours.jwk`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			kind := fs.String("type", "", "`TYPE` of a key in hexadecimal digits: ed25519, es256 or es256k")
			out := fs.String("out", "", "`FILE` to write")
			format := fs.String("format", string(signer.PEM), "`FORMAT` of the file: pem or jwk")
			locked := fs.Bool("passphrase", false, "encrypt the file with a passphrase")
			asJSON := fs.Bool("json", false, "print it as JSON")
			f := &signerFlags{}
			f.declarePassphrase(fs)
			return func(_ context.Context, args []string, s std) error {
				if len(args) != 1 || *out == "" {
					return usagef("want one key file and --out")
				}
				return keep(s, f, *out, signer.Format(*format), *locked || f.given(), *asJSON, func() (*signer.Key, error) {
					if *kind == "" {
						return f.load(s, args[0])
					}
					data, err := readFile(args[0], maxPublic)
					if err != nil {
						return nil, err
					}
					return signer.FromHex(*kind, string(data))
				})
			}
		},
	}
}

// keep writes a key and its public half to files that are not there yet.
func keep(s std, f *signerFlags, out string, format signer.Format, locked, asJSON bool, obtain func() (*signer.Key, error)) error {
	for _, path := range []string{out, out + ".pub"} { // before anybody is asked for a passphrase
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return &signer.Error{Reason: signer.KeyExists, Detail: path + " is there already, and is not written over"}
		}
	}
	k, err := obtain()
	if err != nil {
		return err
	}
	var pass []byte
	if locked {
		if pass, err = f.passphrase(s, out, true); err != nil {
			return err
		}
	}
	data, err := k.Encode(format, pass)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o700); err != nil {
		return err
	}
	if err := signer.Write(out, data); err != nil {
		return err
	}
	public := k.Key()
	public["kid"], public["alg"] = k.Thumbprint(), k.Alg()
	if err := writeNew(out+".pub", append(strictjson.Encode(public), '\n'), 0o644); err != nil {
		return err
	}
	lock := "no passphrase: whoever has the file has the key"
	if locked {
		lock = "with a passphrase"
	}
	if asJSON {
		o, err := keyObject(k.Key())
		if err != nil {
			return err
		}
		o["file"], o["public"], o["locked"] = out, out+".pub", locked
		_, err = fmt.Fprintf(s.out, "%s\n", strictjson.Encode(o))
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "private    %s, %s\n", clean(out, maxLine), lock)
	fmt.Fprintf(&b, "public     %s\n", clean(out+".pub", maxLine))
	if err := showKey(&b, k.Key()); err != nil {
		return err
	}
	_, err = s.out.Write(b.Bytes())
	return err
}

// writeNew writes a file that is not there yet.
func writeNew(path string, data []byte, mode os.FileMode) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

func keyShowCommand() *command {
	return &command{
		name: "show", args: "FILE",
		short: "show the public half of a key",
		text: `FILE is a private key (with its passphrase, if it has one), or a public one: a JWK, PEM, or
a point of secp256k1 in hexadecimal digits, as wallets have it. The thumbprint
(RFC 7638, SHA-256) is what a root calls the key by; an Ed25519 key also has an IPNS name.`,
		examples: `  verilith key show alice.key.pub
  verilith key show card.pem --jwk > card.pub`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			jwkOnly := fs.Bool("jwk", false, "print the public JWK alone")
			asJSON := fs.Bool("json", false, "print it as JSON")
			f := &signerFlags{}
			f.declarePassphrase(fs)
			return func(_ context.Context, args []string, s std) error {
				if len(args) != 1 {
					return usagef("want one key file")
				}
				jwk, err := f.public(s, args[0])
				if err != nil {
					return err
				}
				o, err := keyObject(jwk)
				if err != nil {
					return err
				}
				var b bytes.Buffer
				switch {
				case *jwkOnly:
					jwk["kid"], jwk["alg"] = o["kid"], o["alg"]
					fmt.Fprintf(&b, "%s\n", strictjson.Encode(jwk))
				case *asJSON:
					fmt.Fprintf(&b, "%s\n", strictjson.Encode(o))
				default:
					err = showKey(&b, jwk)
				}
				if err != nil {
					return err
				}
				_, err = s.out.Write(b.Bytes())
				return err
			}
		},
	}
}

// public reads the public half of a file: it may hold the private one.
func (f *signerFlags) public(s std, path string) (strictjson.Object, error) {
	data, err := readFile(path, maxPublic)
	if err != nil {
		return nil, err
	}
	if jwk, _, err := signer.Public(data); err == nil {
		return jwk, nil
	}
	k, err := f.load(s, path)
	if err != nil {
		return nil, err
	}
	return k.Key(), nil
}

// keyObject is what there is to say of a public key.
func keyObject(jwk strictjson.Object) (strictjson.Object, error) {
	k, err := keys.FromJWK(jwk)
	if err != nil {
		return nil, err
	}
	o := strictjson.Object{"jwk": jwk, "kid": k.Thumbprint(), "type": k.Type()}
	switch k.Type() {
	case keys.TypeEd25519:
		o["alg"] = string(keys.EdDSA)
		name, err := ipns.NameOf(jwk)
		if err != nil {
			return nil, err
		}
		o["ipns"] = name.String()
	case keys.TypeP256:
		o["alg"] = string(keys.ES256)
	default:
		o["alg"] = string(keys.ES256K)
	}
	return o, nil
}

// showKey prints it.
func showKey(b *bytes.Buffer, jwk strictjson.Object) error {
	o, err := keyObject(jwk)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "type       %s, signs with %s\n", o.String("type"), o.String("alg"))
	fmt.Fprintf(b, "thumbprint %s\n", o.String("kid"))
	if name := o.String("ipns"); name != "" {
		fmt.Fprintf(b, "ipns       %s\n", name)
	}
	fmt.Fprintf(b, "jwk        %s\n", strictjson.Encode(jwk))
	return nil
}

// keyLabel is how a key file is called in a root: its name without endings.
func keyLabel(path string) string {
	name := filepath.Base(path)
	for _, end := range []string{".pub", ".json", ".jwk", ".key", ".pem"} {
		name = strings.TrimSuffix(name, end)
	}
	return name
}
