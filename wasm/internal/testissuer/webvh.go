package testissuer

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/mr-tron/base58"

	"github.com/verilith/verilith/wasm/strictjson"
)

// Log is the history of a did:webvh that is being made: one entry after another.
type Log struct {
	// DID is known once the first entry is there.
	DID     string
	Entries []strictjson.Object

	scid string
}

// Version is one version of a did:webvh.
type Version struct {
	Time       string
	Location   string // host and path, as the DID has them
	Parameters strictjson.Object
	// State is what the document has beyond its id, with {DID} for the DID.
	State  strictjson.Object
	Signer *Issuer // an EdDSA key, named by its did:key
	// Edit changes the entry after its hash was made, and before it is signed; Resealed
	// before the hash is made.
	Resealed, Edit func(entry strictjson.Object)
}

// Multihash is base58btc(multihash(data)) with SHA-256.
func Multihash(data []byte) string {
	sum := sha256.Sum256(data)
	return base58.Encode(append([]byte{0x12, 0x20}, sum[:]...))
}

const scidPlaceholder = "{SCID}"

// Add makes the next entry, did:webvh 1.0 "Create (Register)" and "Update (Rotate)".
func (l *Log) Add(v Version) {
	first := len(l.Entries) == 0
	scid := l.scid
	if first {
		scid = scidPlaceholder
	}
	did := "did:webvh:" + scid + ":" + v.Location
	state := replaced(v.State, "{DID}", did)
	if !state.Has("id") {
		state["id"] = did
	}
	entry := strictjson.Object{"versionTime": v.Time, "parameters": v.Parameters.Without(), "state": state}
	if first {
		p := entry.Object("parameters")
		for name, value := range map[string]any{"method": "did:webvh:1.0", "scid": scidPlaceholder} {
			if !p.Has(name) {
				p[name] = value
			}
		}
		entry["versionId"] = scidPlaceholder
		l.scid = Multihash(strictjson.Encode(entry))
		entry = replaced(entry, scidPlaceholder, l.scid)
		l.DID = "did:webvh:" + l.scid + ":" + v.Location
	} else {
		entry["versionId"] = l.Entries[len(l.Entries)-1]["versionId"]
	}
	if v.Resealed != nil {
		v.Resealed(entry)
	}
	entry["versionId"] = fmt.Sprintf("%d-%s", len(l.Entries)+1, Multihash(strictjson.Encode(entry)))
	if v.Edit != nil {
		v.Edit(entry)
	}
	l.Entries = append(l.Entries, v.Signer.JCS(entry, nil))
}

// replaced is o with a text in place of another, in names and values.
func replaced(o strictjson.Object, old, with string) strictjson.Object {
	text := bytes.ReplaceAll(strictjson.Encode(o.Without()), []byte(old), []byte(with))
	out, err := strictjson.ParseObject(text)
	if err != nil {
		panic(err)
	}
	return out
}

// JSONL is the file did.jsonl.
func (l *Log) JSONL() []byte {
	var b strings.Builder
	for _, e := range l.Entries {
		b.Write(strictjson.Encode(e))
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

// Witness is an entry of did-witness.json: proofs over the version of an entry, from 0.
func (l *Log) Witness(entry int, witnesses ...*Issuer) strictjson.Object {
	o := strictjson.Object{"versionId": l.Entries[entry]["versionId"]}
	var proofs []any
	for _, w := range witnesses {
		proofs = append(proofs, w.JCS(o, nil)["proof"])
	}
	return strictjson.Object{"versionId": o["versionId"], "proof": proofs}
}

// Assertion is a document's state with one key for assertions, "#key".
func Assertion(key *Issuer) strictjson.Object {
	return strictjson.Object{
		"verificationMethod": []any{strictjson.Object{"id": "{DID}#key", "type": "Multikey", "controller": "{DID}", "publicKeyMultibase": key.Multikey()}},
		"assertionMethod":    []any{"{DID}#key"},
	}
}
