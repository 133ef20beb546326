package host

import (
	"context"
	"testing"
)

// BenchmarkOpenCold opens the embedded module without compiled code at hand.
func BenchmarkOpenCold(b *testing.B) {
	for b.Loop() {
		v, err := Open(context.Background(), Config{CacheDir: NoCache})
		if err != nil {
			b.Fatal(err)
		}
		v.Close()
	}
}

// BenchmarkOpenCached opens it with compiled code in the cache directory.
func BenchmarkOpenCached(b *testing.B) {
	dir, err := compiled()
	if err != nil {
		b.Fatal(err)
	}
	open(b, Config{Module: mustEmbedded(b)}) // compiles
	for b.Loop() {
		v, err := Open(context.Background(), Config{CacheDir: dir})
		if err != nil {
			b.Fatal(err)
		}
		v.Close()
	}
}

func mustEmbedded(b *testing.B) []byte {
	b.Helper()
	wasm, err := embeddedModule()
	if err != nil {
		b.Fatal(err)
	}
	return wasm
}
