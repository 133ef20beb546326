package verify

import (
	"fmt"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/cred"
	"github.com/verilith/verilith/wasm/internal/issuer"
	"github.com/verilith/verilith/wasm/internal/proof"
	"github.com/verilith/verilith/wasm/wire"
)

func describe(env *cred.Envelope) string {
	kind := "credential"
	if env.Presentation {
		kind = "presentation"
	}
	return fmt.Sprintf("a %s of format %s", kind, env.Format)
}

// summary is what the credential says of itself.
func summary(c *cred.Credential, env *cred.Envelope) *wire.Credential {
	s := &wire.Credential{Format: string(env.Format), Version: c.Version, ID: c.ID, Issuer: c.Issuer, IssuerName: c.IssuerName,
		Types: c.Types, Subjects: c.SubjectIDs, Claims: c.Subjects,
		Evidence: c.Evidence, RefreshService: c.RefreshService, TermsOfUse: c.TermsOfUse}
	if env.SD != nil {
		if key, err := env.SD.HolderKey(); err == nil {
			s.HolderKey = "jkt:" + key.Thumbprint()
		}
	}
	if env.MDoc != nil && env.MDoc.MSO.DeviceKey != nil {
		s.HolderKey = "jkt:" + env.MDoc.MSO.DeviceKey.Thumbprint()
	}
	for _, t := range []struct {
		from *time.Time
		to   *string
	}{{c.ValidFrom, &s.ValidFrom}, {c.ValidUntil, &s.ValidUntil}, {c.SignedAt, &s.SignedAt}} {
		if t.from != nil {
			*t.to = wire.FormatTime(*t.from)
		}
	}
	return s
}

func keySources(m *material) string {
	var parts []string
	for _, found := range m.found {
		for _, k := range found {
			part := fmt.Sprintf("%.200s from the %s", k.Method, sourceName(k.Source))
			if k.Source == issuer.FromDID && strings.HasPrefix(k.Method, "did:ethr:") {
				part += ", whose chain was not read: it may name another owner"
			}
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

func sourceName(s issuer.Source) string {
	switch s {
	case issuer.FromRegistry:
		return "registry"
	case issuer.FromCertificate:
		return "certificate, by an anchor of the registry"
	case issuer.FromCredential:
		return "credential that is presented"
	case issuer.FromDID:
		return "DID itself"
	}
	return "issuer's document"
}

func madeBy(proofs []proof.Proof) string {
	names := make([]string, len(proofs))
	for i, p := range proofs {
		names[i] = p.Algorithm
	}
	return "signed with " + strings.Join(names, ", ")
}

func docCIDs(ev *evidence) []string {
	var list []string
	for _, d := range ev.used {
		list = append(append(list, cids(d.proof)...), d.cid)
	}
	return list
}
