package host

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"sync"

	"github.com/verilith/verilith/registry-snapshots/block"
)

// embedded is the module that `make module` builds, compressed. It is committed, so
// that a program which imports this package needs no build step.
//
//go:embed verifier.wasm.gz
var embedded []byte

// maxModule bounds the module's bytes; the build is some 10 MB.
const maxModule = 64 << 20

var embeddedModule = sync.OnceValues(func() ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(embedded))
	if err != nil {
		return nil, causedBy(ModuleInvalid, err)
	}
	wasm, err := io.ReadAll(io.LimitReader(z, maxModule+1))
	if err != nil {
		return nil, causedBy(ModuleInvalid, err)
	}
	if len(wasm) > maxModule {
		return nil, errorf(ModuleInvalid, "the embedded module has more than %d bytes", maxModule)
	}
	return wasm, nil
})

// moduleCID is the CID under which anyone can find and compare the module.
func moduleCID(wasm []byte) string {
	return block.New(block.Raw, wasm).CID.String()
}
