package did

import (
	"bytes"
	"strings"
	"time"

	"github.com/verilith/verilith/wasm/internal/di"
	"github.com/verilith/verilith/wasm/internal/xsd"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
)

// maxEntries bounds a log: each entry costs a signature check and two canonical forms,
// about a millisecond in a module. A key a month makes 256 entries in 21 years.
const maxEntries = 256

// scidLength is that of a SHA-256 multihash in base58btc, did:webvh Section 3.3.
const scidLength = 46

// WebVHURLs returns the URLs of a did:webvh's log and of its witnesses' proofs, did:webvh
// 1.0 "The DID to HTTPS Transformation". The host is a domain name in ASCII: a name in
// another script comes as its A-labels, as a DID has no such characters.
func WebVHURLs(did string) (log, witness string, err error) {
	u, err := parseURL(did)
	if err != nil {
		return "", "", err
	}
	if u.did != did || u.method != "webvh" {
		return "", "", fail(MalformedDID, "", "%.80q, want a did:webvh", did)
	}
	scid, location, _ := strings.Cut(u.id, ":")
	if len(scid) != scidLength || !strings.HasPrefix(scid, "Qm") || span(scid, isBase58) != len(scid) {
		return "", "", fail(MalformedDID, "", "%.80q: %.50q is no SCID, which has %d characters of base58btc", did, scid, scidLength)
	}
	base, wellKnown, reason := webBase(location)
	if reason != nil {
		return "", "", fail(MalformedDID, "", "%.80q: %s", did, reason.Detail)
	}
	if host, _, _ := strings.Cut(location, ":"); !strings.Contains(host, ".") {
		return "", "", fail(MalformedDID, "", "%.80q: want a host of two labels or more", did)
	}
	return base + wellKnown + "/did.jsonl", base + wellKnown + "/did-witness.json", nil
}

func isBase58(c byte) bool { return isAlnum(c) && c != '0' && c != 'O' && c != 'I' && c != 'l' }

// resolveWebVH reads a did:webvh's log, and the proofs of its witnesses where it has
// any, and returns the version in force at times.At.
//
// An entry that does not hold invalidates all of the log (did:webvh 1.0 "Read", step 10
// leaves that open): whoever holds the keys of a DID whose log is broken is not known.
// A deactivated DID stays what it was before: what it signed then is judged by the
// version of then.
func resolveWebVH(u didURL, times Times, fetch Fetch) (*Document, error) {
	logURL, witnessURL, err := WebVHURLs(u.did)
	if err != nil {
		return nil, err
	}
	body, err := fetch(logURL)
	if err != nil {
		return nil, err
	}
	l, err := readLog(body, times.Now)
	if err != nil {
		return nil, err
	}
	scid, _, _ := strings.Cut(u.id, ":")
	if scid != l.scid {
		return nil, fail(WrongDocument, "scid", "the log is of %.50q, want %.50q", l.scid, scid)
	}
	if l.witnessed() {
		body, err := fetch(witnessURL)
		if err != nil {
			return nil, err
		}
		if err := l.checkWitnesses(body); err != nil {
			return nil, err
		}
	}
	e := l.at(times.At)
	if e == nil {
		return nil, fail(NotInForce, "versionTime", "the DID is of %s, want a version of %s", stamp(l.entries[0].made), stamp(times.At))
	}
	if e.deactivated {
		return nil, fail(Deactivated, "deactivated", "the log says that %.80q is no more since %s", u.did, stamp(e.made))
	}
	return ParseDocument(u.did, e.state)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// history is a log that holds, but for its witnesses.
type history struct {
	scid    string
	entries []entry
}

// entry is one version.
type entry struct {
	versionID   string
	made        time.Time
	state       strictjson.Object
	deactivated bool
	// witness is the rule that governs the entry, nil for none.
	witness *witnessRule
}

// at returns the last version of that time or before, nil for none.
func (l *history) at(t time.Time) *entry {
	for i := len(l.entries) - 1; i >= 0; i-- {
		if !l.entries[i].made.After(t) {
			return &l.entries[i]
		}
	}
	return nil
}

// readLog reads and verifies a log, did:webvh 1.0 "Read (Resolve)". Step numbers are
// those of its list "For each entry".
func readLog(body []byte, now time.Time) (*history, error) {
	lines := bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
	if len(lines) > maxEntries {
		return nil, fail(MalformedLog, "", "%d entries, want at most %d", len(lines), maxEntries)
	}
	l := &history{}
	var p parameters
	previous := ""
	for i, line := range lines {
		o, err := strictjson.ParseObject(bytes.TrimSuffix(line, []byte("\r")))
		if err != nil {
			return nil, fail(MalformedLog, "", "entry %d: %v", i+1, err)
		}
		e, err := l.read(o, i, previous, &p, now)
		if err != nil {
			err := err.(*Error)
			err.Detail = "entry " + itoa(i+1) + ": " + err.Detail
			return nil, err
		}
		l.entries = append(l.entries, *e)
		previous = e.versionID
	}
	return l, nil
}

// read verifies entry i. p are the parameters in force before it, and after it.
func (l *history) read(o strictjson.Object, i int, previous string, p *parameters, now time.Time) (*entry, error) {
	for _, name := range o.Names() {
		switch name {
		case "versionId", "versionTime", "parameters", "state", "proof":
		default:
			return nil, fail(MalformedLog, name, "is no member of an entry")
		}
	}
	e := &entry{versionID: o.String("versionId"), state: o.Object("state")}
	if e.state == nil {
		return nil, fail(MalformedLog, "state", "want an object")
	}
	if p.deactivated { // "no further updates to the DID are permitted"
		return nil, fail(InvalidLog, "deactivated", "the DID was deactivated before")
	}
	// Step 1.
	before := *p
	if err := p.update(o.Object("parameters"), i == 0); err != nil {
		return nil, err
	}
	e.deactivated, e.witness = p.deactivated, p.witness
	if i > 0 && before.witness != nil { // a new list is active after the entry
		e.witness = before.witness
	}
	// Step 3, before step 2: what is not the entry of its hash needs no signature check.
	unsigned := o.Without("proof")
	if i == 0 {
		l.scid, previous = p.scid, p.scid
	}
	number, hash, _ := strings.Cut(e.versionID, "-")
	if number != itoa(i+1) {
		return nil, fail(InvalidLog, "versionId", "%.60q, want version %d", e.versionID, i+1)
	}
	unsigned["versionId"] = previous
	if err := checkHash(unsigned, hash, "versionId"); err != nil {
		return nil, err
	}
	// Step 4. MUSTS: strictly increasing, and not in the future.
	if err := e.readTime(o); err != nil {
		return nil, err
	}
	if i > 0 && !e.made.After(l.entries[i-1].made) {
		return nil, fail(InvalidLog, "versionTime", "%s is not after %s, the time of the version before", stamp(e.made), stamp(l.entries[i-1].made))
	}
	if e.made.After(now) {
		return nil, fail(InvalidLog, "versionTime", "%s is in the future, it is %s", stamp(e.made), stamp(now))
	}
	// Step 5.
	if i == 0 {
		if err := checkSCID(unsigned, p.scid); err != nil {
			return nil, err
		}
	}
	// Step 6, and "DID Portability".
	if err := l.checkID(e, p.portable); err != nil {
		return nil, err
	}
	// Step 7.
	signers := before.updateKeys
	switch {
	case i == 0:
		signers = p.updateKeys
	case len(before.nextKeyHashes) > 0:
		if err := before.rotated(o.Object("parameters")); err != nil {
			return nil, err
		}
		signers = p.updateKeys
	}
	// Step 2.
	return e, checkProofs(o, signers)
}

func (e *entry) readTime(o strictjson.Object) error {
	t, err := xsd.DateTimeStamp(o.String("versionTime"))
	if err != nil {
		return fail(MalformedLog, "versionTime", "%v", err)
	}
	if text := o.String("versionTime"); !strings.HasSuffix(text, "Z") && !strings.HasSuffix(text, "+00:00") {
		return fail(MalformedLog, "versionTime", "%.60q is not in UTC", text)
	}
	e.made = t
	return nil
}

// checkHash is "Verify The Entry Hash": base58btc(multihash(JCS(entry))).
func checkHash(o strictjson.Object, want, member string) error {
	text, err := strictjson.Canonical(o)
	if err != nil {
		return fail(MalformedLog, "", "%v", err)
	}
	if got := multihash(text); got != want {
		return fail(InvalidLog, member, "the hash is %s, want %.60q", got, want)
	}
	return nil
}

// scidPlaceholder stands for the SCID where its own hash is made.
const scidPlaceholder = "{SCID}"

// checkSCID is "Verify SCID", steps 5 to 8: a text replacement in the first entry. A
// placeholder that was left in place would make a second entry of the same SCID.
func checkSCID(first strictjson.Object, scid string) error {
	first["versionId"] = scid
	text, err := strictjson.Canonical(first)
	if err != nil {
		return fail(MalformedLog, "", "%v", err)
	}
	if bytes.Contains(text, []byte(scidPlaceholder)) {
		return fail(InvalidLog, "scid", "the placeholder %s is still there", scidPlaceholder)
	}
	o, err := strictjson.ParseObject(bytes.ReplaceAll(text, []byte(scid), []byte(scidPlaceholder)))
	if err != nil {
		return fail(MalformedLog, "scid", "%v", err)
	}
	return checkHash(o, scid, "scid")
}

// checkID holds a version's id to the SCID, and to the id before it: a portable DID may
// move, and then says from where.
func (l *history) checkID(e *entry, portable bool) error {
	id := e.state.String("id")
	if _, _, err := WebVHURLs(id); err != nil {
		return fail(InvalidLog, "state.id", "%v", err)
	}
	if !strings.HasPrefix(id, "did:webvh:"+l.scid+":") {
		return fail(InvalidLog, "state.id", "%.120q is not of the SCID %s", id, l.scid)
	}
	if len(l.entries) == 0 {
		return nil
	}
	before := l.entries[len(l.entries)-1].state.String("id")
	if id == before {
		return nil
	}
	if !portable {
		return fail(InvalidLog, "state.id", "%.120q, and the DID is not portable", id)
	}
	for _, a := range e.state.Array("alsoKnownAs") {
		if a == before {
			return nil
		}
	}
	return fail(InvalidLog, "state.alsoKnownAs", "lacks %.120q, from where the DID moved", before)
}

// checkProofs asks that every proof of an entry is an eddsa-jcs-2022 proof by one of the
// keys that may sign it, "Authorized Keys".
func checkProofs(o strictjson.Object, signers []string) error {
	var list []strictjson.Object
	switch v := o["proof"].(type) {
	case strictjson.Object:
		list = []strictjson.Object{v}
	case []any:
		for _, e := range v {
			p, ok := e.(strictjson.Object)
			if !ok {
				return fail(MalformedLog, "proof", "want objects")
			}
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		return fail(MalformedLog, "proof", "an entry has a proof")
	}
	proofs, err := di.ParseProofs(list)
	if err != nil {
		return fail(MalformedLog, "proof", "%v", err)
	}
	for _, p := range proofs {
		signer, key, err := proofKey(p)
		if err != nil {
			return err
		}
		if !contains(signers, signer) {
			return fail(InvalidLog, "proof", "%.60q is none of the keys that may sign the entry", signer)
		}
		if err := di.Verify(o.Without("proof"), proofs, p, key); err != nil {
			return fail(InvalidLog, "proof", "%v", err)
		}
	}
	return nil
}

// proofKey returns the key of a proof, which its did:key holds twice: both are to be the
// same, or the one that may sign and the one that signed could differ. No other suite
// than eddsa-jcs-2022 and no other purpose will do.
func proofKey(p *di.Proof) (multikey string, key *keys.Key, err error) {
	if p.Type != "DataIntegrityProof" || p.Suite != "eddsa-jcs-2022" {
		return "", nil, fail(InvalidLog, "proof", "%.60q, want eddsa-jcs-2022", p.Name())
	}
	if p.Purpose != "assertionMethod" {
		return "", nil, fail(InvalidLog, "proof", "proofPurpose %.60q, want assertionMethod", p.Purpose)
	}
	rest, ok := strings.CutPrefix(p.VerificationMethod, "did:key:")
	multikey, fragment, _ := strings.Cut(rest, "#")
	if !ok || multikey != fragment || !strings.HasPrefix(multikey, "z") {
		return "", nil, fail(InvalidLog, "proof", "%.120q, want a did:key, and its key as the fragment", p.VerificationMethod)
	}
	if key, err = keys.FromMultikey(multikey); err != nil {
		return "", nil, fail(InvalidLog, "proof", "%v", err)
	}
	return multikey, key, nil
}
