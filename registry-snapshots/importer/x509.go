package importer

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/keys"
)

// maxChain bounds the certificates that a source sends with its signature, as the
// verifier itself bounds them.
const maxChain = 6

// parseCertificates reads certificates: any number in PEM, or one in DER.
func parseCertificates(place string, data []byte) ([]*x509.Certificate, error) {
	if !bytes.Contains(data, []byte("-----BEGIN ")) {
		c, err := parseCertificate(place, data)
		return []*x509.Certificate{c}, err
	}
	var list []*x509.Certificate
	for len(bytes.TrimSpace(data)) > 0 {
		p, rest := pem.Decode(data)
		if p == nil || p.Type != "CERTIFICATE" {
			return nil, errorf(BadFile, place, "want certificates in PEM, and nothing else")
		}
		c, err := parseCertificate(place, p.Bytes)
		if err != nil {
			return nil, err
		}
		list, data = append(list, c), rest
	}
	return list, nil
}

func parseCertificate(place string, der []byte) (*x509.Certificate, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errorf(BadFile, place, "no certificate: %v", err)
	}
	return c, nil
}

// x5t is the SHA-256 of a certificate in hex, by which one is pinned.
func x5t(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// signers are the certificates that may have signed a source.
type signers struct {
	anchors []*x509.Certificate
	pin     string // the x5t of one that has to be in the chain, or ""
}

// signers reads what the caller trusts. known is the pin of the source itself, if it
// has one. A source that nobody vouches for is refused, unless it may be unsigned:
// the result is nil then.
func (opt Options) signers(source, known string) (*signers, error) {
	s := &signers{pin: strings.ToLower(strings.ReplaceAll(opt.Fingerprint, ":", ""))}
	if s.pin == "" && len(opt.Anchors) == 0 {
		s.pin = known
	}
	for _, file := range opt.Anchors {
		data, err := readFile(file)
		if err != nil {
			return nil, err
		}
		certs, err := parseCertificates(file, data)
		if err != nil {
			return nil, err
		}
		s.anchors = append(s.anchors, certs...)
	}
	if s.pin == "" && len(s.anchors) == 0 {
		if opt.Unsigned {
			return nil, nil
		}
		return nil, errorf(NoAnchor, source, "nothing says who has to have signed it: give the certificate of its signer or of a root above "+
			"as an anchor, or the SHA-256 of one as the fingerprint")
	}
	return s, nil
}

// check reports whether a chain, the signer's certificate first, leads to what is
// trusted, valid at a time. It returns the certificate that it leads to.
func (s *signers) check(place string, chain []*x509.Certificate, at time.Time) (*x509.Certificate, error) {
	if len(chain) == 0 || len(chain) > maxChain {
		return nil, errorf(WrongSigner, place, "%d certificates, want 1 to %d", len(chain), maxChain)
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range s.anchors {
		roots.AddCert(c)
	}
	pinned := s.pin == ""
	for _, c := range chain {
		between.AddCert(c)
		if s.pin != "" && x5t(c.Raw) == s.pin {
			pinned = true
			if len(s.anchors) == 0 {
				roots.AddCert(c)
			}
		}
	}
	for _, c := range s.anchors { // a chain need not hold its root
		pinned = pinned || x5t(c.Raw) == s.pin
	}
	if !pinned {
		return nil, errorf(WrongSigner, place, "no certificate in the chain has the fingerprint %.80s; its signer's is %s, of %s", s.pin, x5t(chain[0].Raw), chain[0].Subject)
	}
	// What a signer of lists may do is said by no extended key usage that is common
	// to the lists: who is trusted is pinned instead.
	paths, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return nil, errorf(Expired, place, "%v", err)
	case err != nil:
		return nil, errorf(WrongSigner, place, "%s: %v", chain[0].Subject, err)
	}
	path := paths[0]
	return path[len(path)-1], nil
}

// certificateKey is a certificate as a key of an entity. Its window ends with the
// certificate's last second, which is not in it: a second too little, not too much.
func certificateKey(c *x509.Certificate) snapshot.Key {
	sum := sha256.Sum256(c.Raw)
	return snapshot.Key{
		Kid: base64.RawURLEncoding.EncodeToString(sum[:]), // as x5t#S256, RFC 7515 Section 4.1.8
		X5C: []string{base64.StdEncoding.EncodeToString(c.Raw)}, From: rfc3339(c.NotBefore), Until: rfc3339(c.NotAfter),
	}
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// thumbprintURI names a party that is known by its key alone, RFC 9278.
func thumbprintURI(c *x509.Certificate) (string, error) {
	k, err := keys.FromCertificate(c.Raw)
	if err != nil {
		return "", err
	}
	return "urn:ietf:params:oauth:jwk-thumbprint:sha-256:" + k.Thumbprint(), nil
}

var (
	country     = regexp.MustCompile(`^[A-Z]{2}$`)               // ISO 3166-1 alpha-2
	subdivision = regexp.MustCompile(`^[A-Z]{2}-[A-Z0-9]{1,3}$`) // ISO 3166-2, whole
	region      = regexp.MustCompile(`^[A-Z0-9]{1,3}$`)          // the part behind the country
)

// jurisdiction is the code for a country and a state or province. ok is false where
// the state is not written as ISO 3166-2 has it: the code is the country's then.
func jurisdiction(c, state string) (code string, ok bool) {
	switch {
	case !country.MatchString(c):
		return "", false
	case state == "":
		return c, true
	case subdivision.MatchString(state) && strings.HasPrefix(state, c+"-"):
		return state, true
	}
	return c, false
}

// first returns the first string of a list, or "".
func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// subjectNames are what a certificate calls its holder: organization and common name.
func subjectNames(c *x509.Certificate) []string {
	var names []string
	for _, s := range []string{first(c.Subject.Organization), c.Subject.CommonName} {
		if s = strings.TrimSpace(s); s != "" && (len(names) == 0 || names[0] != s) {
			names = append(names, s)
		}
	}
	return names
}
