package importer

import (
	"strings"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// DCC reads a registry of the Digital Credentials Consortium, the legacy form of
// its issuer registries: {"meta": {…}, "registry": {DID: {name, location, url}}}.
//
// The file is not signed, and the report says so. Being in it is the
// consortium's word that the DID belongs to the name; here that is the
// authorization to issue everything, written out. It holds no keys.
func DCC(path string, opt Options) (*Result, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return dcc(path, data, opt)
}

func dcc(path string, data []byte, opt Options) (*Result, error) {
	r := &Result{Name: "DCC issuer registry", Report: Report{
		From: FromDCC, Source: path,
		Signature: Signature{State: Absent, Note: "the DCC does not sign this form of its registries"},
	}}
	found := false
	err := members(path, data, func(name string, text []byte) error {
		switch name {
		case "meta":
			meta, err := object(path+": meta", text)
			if err != nil {
				return err
			}
			r.others("meta.", meta, "describes the file", "updated")
			r.Report.Time, err = str(path+": meta", meta, "updated")
			return err
		case "registry":
			found = true
			return members(path+": registry", text, r.dccIssuer)
		}
		r.notMapped(name, "not known to this importer")
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errorf(BadForm, path, "no member registry")
	}
	r.keepSource(data, opt)
	return r.judge(opt)
}

func (r *Result) dccIssuer(did string, text []byte) error {
	if !strings.HasPrefix(did, "did:") {
		return errorf(BadForm, did, "is no DID")
	}
	o, err := object(did, text)
	if err != nil {
		return err
	}
	e := snapshot.Entity{ID: did, Kind: "issuer", Auth: []snapshot.Authorization{{Action: "issue", Resource: "*"}}}
	name, err := str(did, o, "name")
	if err != nil {
		return err
	}
	if name = strings.TrimSpace(name); name != "" {
		e.Names = []string{name}
	}
	url, err := str(did, o, "url")
	if err != nil {
		return err
	}
	r.service(&e, "registry.*.url", "website", url)
	if o.Has("location") {
		r.notMapped("registry.*.location", "free text, where a jurisdiction is an ISO 3166 code")
	}
	r.others("registry.*.", o, "not known to this importer", "name", "url", "location")
	r.Entities = append(r.Entities, e)
	return nil
}

// service adds an address to an entity, or notes that it is none.
func (r *Result) service(e *snapshot.Entity, member, kind, url string) {
	if url = strings.TrimSpace(url); url == "" {
		return
	}
	with := snapshot.Entity{ID: e.ID, Services: []snapshot.Service{{Type: kind, URL: url}}}
	if _, err := with.Normal(); err != nil {
		r.notMapped(member, "some are no address")
		return
	}
	e.Services = append(e.Services, with.Services...)
}
