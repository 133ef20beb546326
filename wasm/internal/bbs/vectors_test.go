package bbs

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/verilith/verilith/wasm/strictjson"
)

// The draft's own vectors, where they are at hand; the conformance command counts them.
func TestVectors(t *testing.T) {
	root := os.Getenv("VECTORS")
	if root == "" {
		root = "../../../../shared/vectors"
	}
	files, _ := filepath.Glob(filepath.Join(root, "bbs-signature/bls12-381-sha-256/*/*.json"))
	if len(files) == 0 {
		t.Skip("no vectors of bbs-signature at hand")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			o, err := strictjson.ParseObject(data)
			if err != nil {
				t.Fatal(err)
			}
			unhexIn := func(o strictjson.Object, name string) []byte {
				b, err := hex.DecodeString(o.String(name))
				if err != nil {
					t.Fatal(err)
				}
				return b
			}
			unhex := func(name string) []byte { return unhexIn(o, name) }
			var messages [][]byte
			for _, m := range o.Array("messages") {
				b, err := hex.DecodeString(m.(string))
				if err != nil {
					t.Fatal(err)
				}
				messages = append(messages, b)
			}
			if o.Has("proof") {
				var disclosed []Disclosed
				for _, v := range o.Array("disclosedIndexes") {
					i, _ := v.(strictjson.Number).Int64()
					disclosed = append(disclosed, Disclosed{int(i), messages[i]})
				}
				err = VerifyProof(unhex("signerPublicKey"), unhex("proof"), unhex("header"), unhex("presentationHeader"), disclosed)
			} else {
				err = VerifySignature(unhexIn(o.Object("signerKeyPair"), "publicKey"), unhex("signature"), unhex("header"), messages)
			}
			if want := o.Object("result")["valid"] == true; (err == nil) != want {
				t.Fatalf("got %v, want valid %v", err, want)
			}
		})
	}
}
