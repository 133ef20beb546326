package proof

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/x509chain"
)

// Mismatch is the reason where certificates are not those that a proof means by their
// thumbprint.
const Mismatch Reason = "certificate_mismatch"

// thumbprint is the hash of the first certificate, by the number of its algorithm in the
// registry of COSE.
type thumbprint struct {
	alg  int64
	hash []byte
}

// certified reports whether the key of a proof is sought in certificates that it names.
//
// An SD-JWT VC (its Section 2.5) and the token of a status list that have some are by
// their key and no other. VC-JOSE-COSE Section 4 leaves the ways to a key open, and has
// kid for those of DIDs: so there certificates count where neither is, and are one way.
func (p *Proof) certified(c *cred.Credential) bool {
	switch p.env.Format {
	case cred.SDJWTVC, cred.StatusToken:
		return c != nil
	case cred.VCJWT, cred.VCJOSE, cred.VCSDJWT, cred.VCCOSE:
		p.OneWay = c != nil && p.Method == "" && !strings.HasPrefix(c.Issuer, "did:")
	}
	return p.OneWay
}

// badCertificates is the error of certificates that cannot be read. Those with a key of a
// kind that is not known here may be good.
func badCertificates(err error) *Error {
	var xe *x509chain.Error
	if errors.As(err, &xe) && xe.Reason == x509chain.UnsupportedKey {
		return &Error{Reason: Unsupported, Detail: err.Error(), Unknown: true}
	}
	return &Error{Reason: Malformed, Detail: err.Error()}
}

// certificatesJOSE reads x5c, x5u and x5t#S256, RFC 7515 Sections 4.1.5, 4.1.6 and 4.1.8.
// x5t is of SHA-1, and says nothing. Where there is an x5c, x5u is not needed.
func (p *Proof) certificatesJOSE(c *cred.Credential) (err error) {
	h := p.jws.Header
	if !h.Has("x5c") && !h.Has("x5u") || !p.certified(c) {
		return nil
	}
	if v, there := h["x5t#S256"]; there {
		s, _ := v.(string)
		hash, err := base64.RawURLEncoding.Strict().DecodeString(s)
		if err != nil || strings.ContainsAny(s, "\r\n") {
			return errors.New("x5t#S256 is no thumbprint in base64url")
		}
		p.x5t = &thumbprint{x509chain.SHA256, hash}
	}
	if !h.Has("x5c") {
		// Section 4.1.5: by a protocol with integrity protection.
		if p.X5U = h.String("x5u"); !strings.HasPrefix(p.X5U, "https://") {
			return fmt.Errorf("x5u %.200q is no https URL", p.X5U)
		}
		return nil
	}
	if p.Chain, err = x509chain.FromX5C(h["x5c"]); err != nil {
		return err
	}
	if p.x5t != nil && !p.Chain.Is(p.x5t.alg, p.x5t.hash) {
		return errors.New("x5t#S256 is not the thumbprint of the first certificate in x5c")
	}
	return nil
}

// certificatesCOSE reads x5chain, x5u and x5t, RFC 9360 Section 2. They may stand in
// either header: what they say is believed only by the chain, and by the signature.
func (p *Proof) certificatesCOSE(c *cred.Credential) error {
	m := p.env.COSE
	ders, err := m.X5Chain()
	url, err2 := m.X5U()
	if len(ders) == 0 && url == "" && err == nil && err2 == nil || !p.certified(c) {
		return nil
	}
	if err == nil && len(ders) == 0 {
		err = err2
	}
	if err != nil {
		return err
	}
	alg, hash, err := m.X5T()
	if err != nil {
		return err
	}
	if hash != nil {
		p.x5t = &thumbprint{alg, hash}
	}
	if len(ders) == 0 {
		p.X5U = url
		return nil
	}
	if p.Chain, err = x509chain.Parse(ders); err == nil && p.x5t != nil && !p.Chain.Is(alg, hash) {
		err = errors.New("x5t is not the thumbprint of the first certificate in x5chain")
	}
	return err
}

// Attach gives p the certificates that stand at its X5U. The error is an *[Error].
func (p *Proof) Attach(c x509chain.Chain) error {
	if p.x5t != nil && !c.Is(p.x5t.alg, p.x5t.hash) {
		return &Error{Reason: Mismatch, Detail: fmt.Sprintf("the first certificate at %.200q is not the one that the proof means by its thumbprint", p.X5U)}
	}
	p.Chain = c
	return nil
}
