package signer

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/verilith/verilith/wasm/strictjson"
)

const (
	maxFile          = 64 << 10  // a key file has some hundred bytes
	maxJWEIterations = 1_000_000 // go-jose's bound, which it does not tell from a wrong passphrase

	pemKey    = "PRIVATE KEY"
	pemLocked = "ENCRYPTED PRIVATE KEY" // RFC 7468 Section 11
)

// Format is how a key file is written.
type Format string

// The formats.
const (
	PEM Format = "pem" // PKCS#8
	JWK Format = "jwk"
)

// Encode writes a key as a file has it. An empty passphrase leaves it open.
func (k *Key) Encode(f Format, passphrase []byte) ([]byte, error) {
	switch f {
	case PEM:
		der, err := marshalPKCS8(k)
		if err != nil {
			return nil, err
		}
		if len(passphrase) == 0 {
			return pem.EncodeToMemory(&pem.Block{Type: pemKey, Bytes: der}), nil
		}
		if der, err = lock(der, passphrase); err != nil {
			return nil, err
		}
		return pem.EncodeToMemory(&pem.Block{Type: pemLocked, Bytes: der}), nil
	case JWK:
		if len(passphrase) == 0 {
			return append(pretty(k.jwk()), '\n'), nil
		}
		return lockJWK(strictjson.Encode(k.jwk()), passphrase)
	}
	return nil, fail(UnsupportedKey, "", "format %.20q; want %s or %s", string(f), PEM, JWK)
}

// pretty is JSON for people.
func pretty(o strictjson.Object) []byte {
	var b bytes.Buffer
	_ = json.Indent(&b, strictjson.Encode(o), "", "  ") // of what Encode wrote it cannot fail
	return b.Bytes()
}

// Parse reads a key file. passphrase is asked only if the key is locked; nil stands
// for nobody to ask.
func Parse(data []byte, passphrase func() ([]byte, error)) (*Key, error) {
	ask := func() ([]byte, error) {
		if passphrase == nil {
			return nil, fail(NoPassphrase, "", "the key is locked")
		}
		p, err := passphrase()
		if err == nil && len(p) == 0 {
			err = fail(NoPassphrase, "", "the key is locked, and the passphrase is empty")
		}
		return p, err
	}
	text := bytes.TrimSpace(data)
	switch {
	case bytes.HasPrefix(text, []byte("-----BEGIN")):
		return parsePEM(text, ask)
	case bytes.HasPrefix(text, []byte("{")):
		o, err := strictjson.ParseObject(text)
		if err != nil {
			return nil, fail(MalformedKey, "", "not a JWK: %v", err)
		}
		if !o.Has("ciphertext") {
			return fromJWK(o)
		}
	case bytes.Count(text, []byte(".")) != 4: // RFC 7516 Section 7.1: five parts
		return nil, fail(MalformedKey, "", "neither PEM, nor a JWK, nor a JWE")
	}
	return openJWK(string(text), ask)
}

func parsePEM(text []byte, ask func() ([]byte, error)) (*Key, error) {
	b, rest := pem.Decode(text)
	if b == nil {
		return nil, fail(MalformedKey, "", "not PEM")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, fail(MalformedKey, "", "more than one key, or something after it")
	}
	switch b.Type {
	case pemKey:
		return parsePKCS8(b.Bytes)
	case pemLocked:
		l, err := readLock(b.Bytes)
		if err != nil {
			return nil, err
		}
		p, err := ask()
		if err != nil {
			return nil, err
		}
		return l.open(p)
	case "PUBLIC KEY", "CERTIFICATE":
		return nil, fail(PublicKey, "", "PEM %q; the private key signs", b.Type)
	}
	return nil, fail(MalformedKey, "", "PEM %.40q; want PKCS#8, as \"openssl pkcs8 -topk8\" writes it", b.Type)
}

// lockJWK encrypts a JWK as RFC 7517 Appendix C has it.
func lockJWK(jwk, passphrase []byte) ([]byte, error) {
	e, err := jose.NewEncrypter(jose.A128CBC_HS256,
		jose.Recipient{Algorithm: jose.PBES2_HS256_A128KW, Key: passphrase, PBES2Count: iterations},
		(&jose.EncrypterOptions{}).WithContentType("jwk+json"))
	if err != nil {
		return nil, err
	}
	jwe, err := e.Encrypt(jwk)
	if err != nil {
		return nil, err
	}
	s, err := jwe.CompactSerialize()
	return []byte(s + "\n"), err
}

// openJWK decrypts a JWE that holds a JWK.
func openJWK(text string, ask func() ([]byte, error)) (*Key, error) {
	parse := jose.ParseEncryptedCompact
	if strings.HasPrefix(text, "{") {
		parse = jose.ParseEncryptedJSON
	}
	jwe, err := parse(text,
		[]jose.KeyAlgorithm{jose.PBES2_HS256_A128KW, jose.PBES2_HS384_A192KW, jose.PBES2_HS512_A256KW},
		[]jose.ContentEncryption{jose.A128CBC_HS256, jose.A192CBC_HS384, jose.A256CBC_HS512, jose.A128GCM, jose.A192GCM, jose.A256GCM})
	if err != nil {
		return nil, fail(MalformedKey, "", "not a JWE under PBES2: %v", err)
	}
	if n, ok := jwe.Header.ExtraHeaders["p2c"].(float64); !ok || n > maxJWEIterations {
		return nil, fail(UnsupportedLock, "p2c", "%v iterations, want at most %d", jwe.Header.ExtraHeaders["p2c"], maxJWEIterations)
	}
	p, err := ask()
	if err != nil {
		return nil, err
	}
	jwk, err := jwe.Decrypt(p)
	if err != nil {
		return nil, fail(WrongPassphrase, "", "it does not open the key")
	}
	o, err := strictjson.ParseObject(jwk)
	if err != nil {
		return nil, fail(MalformedKey, "", "the JWE holds no JWK: %v", err)
	}
	return fromJWK(o)
}

// Load reads a key from a file. open reports that others on this machine may read the
// file, which is worth a warning.
func Load(path string, passphrase func() ([]byte, error)) (k *Key, open bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, fail(NoKeyFile, "", "%v", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, false, fail(NoKeyFile, "", "%v", err)
	}
	if !st.Mode().IsRegular() || st.Size() > maxFile {
		return nil, false, fail(NoKeyFile, "", "%s is no file of at most %d bytes", path, maxFile)
	}
	data := make([]byte, st.Size())
	n, err := f.ReadAt(data, 0)
	if n < len(data) {
		return nil, false, fail(NoKeyFile, "", "%v", err)
	}
	k, err = Parse(data, passphrase)
	// Windows has no such bits: there everything looks open.
	return k, runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0, err
}

// Write writes a key file that only its owner may read, and never over a file that is
// there.
func Write(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fail(KeyExists, "", "%s is there already", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = os.Remove(path)
	}
	return err
}
