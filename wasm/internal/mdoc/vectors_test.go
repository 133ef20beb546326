package mdoc_test

import (
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/verilith/verilith/wasm/internal/cose"
	"github.com/verilith/verilith/wasm/internal/mdoc"
	"github.com/verilith/verilith/wasm/strictjson"
)

// The example of ISO/IEC 18013-5 Annex D, with the MAC key derived from the reader's
// ephemeral key as Section 9.1.3.5 has it.
func TestAnnexD(t *testing.T) {
	dir := os.Getenv("VECTORS")
	if dir == "" {
		dir = "../../../../shared/vectors"
	}
	file, err := os.ReadFile(filepath.Join(dir, "mdoc/cases/annex-d.json"))
	if err != nil {
		t.Skipf("set VECTORS to the folder that has them: %v", err)
	}
	o, err := strictjson.ParseObject(file)
	if err != nil {
		t.Fatal(err)
	}
	get := func(name string) []byte {
		b, err := hex.DecodeString(o.String("ISO_18013_5_ANNEX_D_" + name))
		if err != nil || len(b) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		return b
	}
	docs, response, err := mdoc.Parse(get("DEVICE_RESPONSE"))
	if err != nil {
		t.Fatal(err)
	}
	if !response || len(docs) != 1 {
		t.Fatalf("%d documents", len(docs))
	}
	d := docs[0]
	key, err := d.Chain.Key()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.VerifyIssuer(key); err != nil {
		t.Error(err)
	}
	if len(d.Items) != 6 || d.Items[0].Element != "family_name" || d.Items[0].Value != "Doe" || d.Authority() != "ski:54fa2383a04c28e0d930792261c80c4881d2c00b" {
		t.Errorf("read as %+v by %s", d.Items, d.Authority())
	}

	curve := ecdh.P256()
	reader, err := curve.NewPrivateKey(get("EPHEMERAL_READER_KEY_D"))
	if err != nil {
		t.Fatal(err)
	}
	device, err := curve.NewPublicKey(append(append([]byte{4}, get("STATIC_DEVICE_KEY_X")...), get("STATIC_DEVICE_KEY_Y")...))
	if err != nil {
		t.Fatal(err)
	}
	secret, err := reader.ECDH(device)
	if err != nil {
		t.Fatal(err)
	}
	sessionBytes := get("SESSION_TRANSCRIPT_BYTES")
	salt := sha256.Sum256(sessionBytes)
	macKey, err := hkdf.Key(sha256.New, secret, salt[:], "EMacKey", 32)
	if err != nil {
		t.Fatal(err)
	}
	var tag cbor.Tag
	if err := cose.Decode(sessionBytes, &tag); err != nil {
		t.Fatal(err)
	}
	transcript := tag.Content.([]byte)
	if err := d.VerifyDevice(mdoc.Session{Transcripts: [][]byte{transcript}, MACKey: macKey}); err != nil {
		t.Error(err)
	}
	macKey[0] ^= 1
	if err := d.VerifyDevice(mdoc.Session{Transcripts: [][]byte{transcript}, MACKey: macKey}); reason(err) != mdoc.BadDeviceAuth {
		t.Errorf("with another key: %v", err)
	}
}
