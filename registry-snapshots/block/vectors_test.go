package block

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ipfs/go-cid"
)

// TestCodecFixtures decodes and encodes every dag-cbor file of the IPLD codec
// fixtures; a file is named after its CID.
func TestCodecFixtures(t *testing.T) {
	dir := os.Getenv("VECTORS")
	if dir == "" {
		dir = "../../../shared/vectors"
	}
	files, err := filepath.Glob(filepath.Join(dir, "ipld-codecs/fixtures/*/*.dag-cbor"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("VECTORS names no folder with ipld-codecs/fixtures")
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c, err := cid.Decode(strings.TrimSuffix(filepath.Base(file), ".dag-cbor"))
			if err != nil {
				t.Fatal(err)
			}
			if got := New(DagCBOR, data).CID; got != c {
				t.Errorf("CID %s, want %s", got, c)
			}
			v, err := DecodeCBOR(data)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := EncodeCBOR(v); err != nil || !bytes.Equal(again, data) {
				t.Errorf("encodes to %x %v, want %x", again, err, data)
			}
		})
	}
	t.Logf("%d fixtures", len(files))
}
