package verify

import (
	"encoding/base64"
	"errors"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/mdoc"
	"github.com/verilith/verilith/wasm/wire"
)

// deviceAuthentication checks that the device to which a mobile document was issued
// returned it, for the session in which it was asked for: ISO/IEC 18013-5 Section 9.1.3.
//
// Whether that is asked for is the caller's word: it is where Expect says anything. What
// a device authenticated and nobody asked for is not checked, since it is over a session
// that only who asked knows.
func deviceAuthentication(r *report, env *cred.Envelope, want *wire.Expect) {
	asked := want.Nonce != "" || len(want.Audiences()) > 0 || want.MDoc != nil
	switch {
	case !asked && env.MDoc.Device == nil:
		r.pass(wire.CheckExpect, "nothing was asked for; the document is as it was issued")
		return
	case !asked:
		r.pass(wire.CheckExpect, "nothing was asked for; for which session the device returned the document is not known")
		return
	}
	err := env.MDoc.VerifyDevice(session(want))
	var me *mdoc.Error
	switch {
	case err == nil:
		r.v.Credential.HolderProven = true
		r.pass(wire.CheckExpect, "it is what was asked for, returned by the device that it was issued to")
		return
	case errors.As(err, &me) && (me.Reason == mdoc.NoMACKey || me.Reason == mdoc.NoTranscript || me.Reason == mdoc.DeviceKeyUnusable):
		r.fail(wire.CheckExpect, string(me.Reason), err.Error(), true)
		return
	}
	reason := string(mdoc.BadDeviceAuth)
	if me != nil {
		reason = string(me.Reason)
	}
	r.fail(wire.CheckExpect, reason, err.Error(), false)
	r.problem("https://w3id.org/security#INVALID_CHALLENGE_ERROR", reason, err.Error())
}

// session is what the device may have authenticated, by what the caller asked for.
func session(want *wire.Expect) mdoc.Session {
	var s mdoc.Session
	more := want.MDoc
	if more == nil {
		more = &wire.MDoc{}
	}
	s.MACKey = octets(more.DeviceMACKey)
	if more.SessionTranscript != "" {
		if t := octets(more.SessionTranscript); mdoc.IsTranscript(t) {
			s.Transcripts = [][]byte{t}
		}
		return s
	}
	x := want.OpenID4VP
	if x == nil {
		x = &wire.OpenID4VP{}
	}
	switch {
	case want.Nonce == "":
	case x.ClientID != "":
		s.Transcripts = append(s.Transcripts, mdoc.OpenID4VP(x.ClientID, want.Nonce, octets(x.JWKThumbprint), x.ResponseURI))
		if more.GeneratedNonce != "" {
			s.Transcripts = append(s.Transcripts, mdoc.OID4VPHandover(x.ClientID, want.Nonce, x.ResponseURI, more.GeneratedNonce))
		}
	case want.Origin != "":
		s.Transcripts = append(s.Transcripts, mdoc.DigitalCredentials(want.Origin, want.Nonce, octets(x.JWKThumbprint)))
	}
	return s
}

// octets decodes what package wire has checked.
func octets(s string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}
