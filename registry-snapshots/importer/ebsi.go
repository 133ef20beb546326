package importer

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/verilith/verilith/wasm/strictjson"
)

// EBSI reads a Trusted Issuers Registry of the European Blockchain Services
// Infrastructure, from the answers of its API (version 5) in a folder:
//
//	source.json                       {"endpoint": "https://api-pilot.ebsi.eu"}, optional
//	issuers.json, issuers-2.json …    GET /trusted-issuers-registry/v5/issuers, its pages
//	issuers/<DID>.json                GET …/issuers/<DID>, also in its older form, with the attributes
//	issuers/<DID>/attributes.json     GET …/issuers/<DID>/attributes, its pages as above
//	issuers/<DID>/attributes/<id>.json  GET …/issuers/<DID>/attributes/<id>
//	dids/<DID>.json                   GET /did-registry/v5/identifiers/<DID>
//
// What is not there is fetched from the endpoint, if Options.Get can; else it is an
// error, since a registry with holes would prove issuers absent that are not.
//
// An attribute is an accreditation: a credential in a JWT, signed by the accreditor
// with a key of its DID document. Its hash and its signature are checked, and its
// chain has to lead to a root whose key the caller pins: what does not, is skipped
// and listed. The DID documents themselves, and which accreditations are revoked,
// are the word of the registry's API, which signs nothing; the report says so.
//
// VerifiableAccreditationToAttest becomes the action issue, …ToAccredit and
// VerifiableAuthorisationForTrustChain the action accredit, each for the types of
// credential that it names, by the accreditor; a root itself may accredit what its
// own authorisation names, or everything. That a credential also has to follow the
// schema of the accreditation, the model cannot say.
func EBSI(dir string, opt Options) (*Result, error) {
	pins, err := opt.bareKeys(dir, "the keys of the Root TAOs")
	if err != nil {
		return nil, err
	}
	return openAnswers(dir, opt, func(a *answers) (*Result, error) { return ebsi(a, pins) })
}

var (
	ebsiDID = regexp.MustCompile(`^did:ebsi:z[1-9A-HJ-NP-Za-km-z]{1,64}$`) // EBSI DID method for legal entities
	hash256 = regexp.MustCompile(`^(0x)?[0-9a-fA-F]{64}$`)
)

const (
	ebsiIssuers = "/trusted-issuers-registry/v5/issuers"
	ebsiDIDs    = "/did-registry/v5/identifiers/"
)

// ebsiReader reads one registry.
type ebsiReader struct {
	*Result
	a     *answers
	pins  map[string]bool
	docs  map[string]*didDocument // without keys for a document that cannot be used
	asked int
	held  []*accreditation
}

func ebsi(a *answers, pins map[string]bool) (*Result, error) {
	r := &ebsiReader{
		Result: &Result{Name: "EBSI Trusted Issuers Registry", Report: Report{From: FromEBSI, Source: a.dir}},
		a:      a, pins: pins, docs: map[string]*didDocument{},
	}
	dids, whole, err := r.issuers()
	if err != nil {
		return nil, err
	}
	for _, did := range dids {
		if err := r.issuer(did); err != nil {
			return nil, err
		}
	}
	roots := r.chains(dids)
	if len(roots) == 0 {
		return nil, errorf(WrongSigner, a.dir, "no DID document of an issuer or accreditor here has a pinned key for assertions")
	}
	note := "each accreditation by its accreditor, up to a pinned root; nobody signs the DID documents, what is revoked, and which issuers there are"
	if !whole {
		note += "; a selection of issuers, without the registry's list"
	}
	r.Report.Signature = Signature{State: Verified, By: strings.Join(roots, ", "), Algorithm: "JWS", Note: note}
	return r.judge(a.opt)
}

func (r *ebsiReader) read(name, url string) (strictjson.Object, error) {
	if r.asked++; r.asked > maxAnswers {
		return nil, errorf(TooLarge, r.Report.Source, "more than %d documents", maxAnswers)
	}
	data, err := r.a.read(name, r.a.endpoint+url)
	if err != nil {
		return nil, err
	}
	return object(name, data)
}

// pages calls f for each item of a list that the API gives in pages, and holds that
// all are there.
func (r *ebsiReader) pages(dir, base, url string, f func(o strictjson.Object) error) (there bool, err error) {
	files, err := r.a.pages(dir, base)
	if err != nil {
		return false, err
	}
	var pages []strictjson.Object
	for _, name := range files {
		o, err := r.read(name, url)
		if err != nil {
			return false, err
		}
		pages = append(pages, o)
	}
	if len(pages) == 0 && r.a.live() {
		url := url + "?page[after]=1&page[size]=50"
		for seen := map[string]bool{}; !seen[url]; {
			seen[url] = true
			o, err := r.read(path.Join(dir, fmt.Sprintf("%s-%d.json", base, len(pages)+1)), url)
			if err != nil {
				return false, err
			}
			pages = append(pages, o)
			next, err := str(base, o.Object("links"), "next")
			if err != nil {
				return false, err
			}
			if next == "" {
				break
			}
			// A link elsewhere is not followed: this registry is at this endpoint.
			rest, ok := strings.CutPrefix(next, r.a.endpoint)
			if !ok || !strings.HasPrefix(rest, strings.SplitN(url, "?", 2)[0]+"?") {
				return false, errorf(BadForm, base, "the next page is at %.200q, which is not the endpoint", next)
			}
			url = rest
		}
	}
	count, total := 0, int64(-1)
	for _, o := range pages {
		if n, ok := o["total"].(strictjson.Number); ok {
			total, _ = n.Int64()
		}
		for _, v := range o.Array("items") {
			item, ok := v.(strictjson.Object)
			if !ok {
				return false, errorf(BadForm, path.Join(dir, base), "items has something that is no object")
			}
			count++
			if err := f(item); err != nil {
				return false, err
			}
		}
	}
	if len(pages) > 0 && int64(count) < total {
		return false, errorf(BadForm, path.Join(dir, base), "%d items, and the registry says that there are %d: not every page is here", count, total)
	}
	return len(pages) > 0, nil
}

// issuers returns the DIDs of the registry, sorted; whole is false where its list is
// not there and the files of issuers are all there is.
func (r *ebsiReader) issuers() (dids []string, whole bool, err error) {
	seen := map[string]bool{}
	add := func(place, did string) error {
		if !ebsiDID.MatchString(did) {
			return errorf(BadForm, place, "%.100q is no did:ebsi of a legal entity", did)
		}
		if !seen[did] {
			seen[did] = true
			dids = append(dids, did)
		}
		return nil
	}
	whole, err = r.pages(".", "issuers", ebsiIssuers, func(o strictjson.Object) error { return add("issuers", o.String("did")) })
	if err != nil {
		return nil, false, err
	}
	if !whole {
		entries, err := r.a.list("issuers")
		if err != nil {
			return nil, false, err
		}
		for _, e := range entries {
			if err := add("issuers/"+e.Name(), strings.TrimSuffix(e.Name(), ".json")); err != nil {
				return nil, false, err
			}
		}
	}
	if len(dids) == 0 {
		return nil, false, errorf(NoFile, r.Report.Source, "neither issuers.json nor issuers/<DID>.json")
	}
	slices.Sort(dids)
	return dids, whole, nil
}

// issuer reads the attributes of one issuer.
func (r *ebsiReader) issuer(did string) error {
	place := "issuers/" + did
	url := ebsiIssuers + "/" + did
	o, err := r.read(place+".json", url)
	if err != nil {
		return err
	}
	if o.String("did") != did {
		return errorf(BadForm, place, "is of %.100q", o.String("did"))
	}
	// The older form has the attributes in it.
	if list, ok := o["attributes"].([]any); ok {
		for i, v := range list {
			attr, ok := v.(strictjson.Object)
			if !ok {
				return errorf(BadForm, index(place+": attributes", i), "is no object")
			}
			r.attribute(index(place+": attributes", i), did, attr)
		}
		return nil
	}
	if o["hasAttributes"] == false {
		return nil
	}
	seen := map[string]bool{}
	there, err := r.pages(place, "attributes", url+"/attributes", func(item strictjson.Object) error {
		id := item.String("id")
		if !hash256.MatchString(id) || seen[id] {
			return errorf(BadForm, place, "attribute id %.100q, want a SHA-256 in hex, once", id)
		}
		seen[id] = true
		name := place + "/attributes/" + id
		attr, err := r.read(name+".json", url+"/attributes/"+id)
		if err != nil {
			return err
		}
		if d := attr.String("did"); d != did {
			return errorf(BadForm, name, "is of %.100q", d)
		}
		r.attribute(name, did, attr.Object("attribute"))
		return nil
	})
	if err == nil && !there {
		return errorf(NoFile, place+"/attributes.json", "there is no such file")
	}
	return err
}
