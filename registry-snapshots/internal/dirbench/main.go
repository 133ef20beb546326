// Command dirbench builds registries of synthetic issuers and prints what a
// lookup and an update cost: blocks and bytes, build time and memory. It exits
// with 1 where a figure is over the bound that the project holds itself to.
package main

import (
	"bufio"
	"encoding/binary"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
)

// bounds are what is held at a number of issuers and above: blocks of the
// directory on a lookup path and their bytes, new blocks for 100 changed records,
// and what a build may take.
var bounds = []struct {
	issuers, blocks, bytes, changed int
	build                           time.Duration
	memoryMB                        int
}{
	{0, 5, 10_000, 340, time.Minute, 2048},
	{10_000_000, 6, 11_000, 440, 10 * time.Minute, 4096},
}

const (
	samples = 2000 // lookups of each kind
	updates = 100
)

func main() {
	sizes := flag.String("n", "1000,100000,1000000", "numbers of issuers, comma-separated")
	dir := flag.String("dir", "", "folder for temporary files (default: the system's)")
	flag.Parse()
	over := false
	for _, s := range strings.Split(*sizes, ",") {
		n, err := strconv.Atoi(s)
		if err == nil {
			var bad []string
			if bad, err = run(n, *dir); len(bad) > 0 {
				over = true
				fmt.Printf("  OVER: %s\n", strings.Join(bad, "; "))
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "dirbench:", err)
			os.Exit(3)
		}
	}
	if over {
		os.Exit(1)
	}
}

func run(n int, dir string) (over []string, err error) {
	dir, err = os.MkdirTemp(dir, "dirbench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	store, err := newFileStore(filepath.Join(dir, "blocks"))
	if err != nil {
		return nil, err
	}
	defer store.f.Close()
	scratch, err := os.Create(filepath.Join(dir, "scratch"))
	if err != nil {
		return nil, err
	}
	defer scratch.Close()

	bound := bounds[0]
	for _, b := range bounds {
		if n >= b.issuers {
			bound = b
		}
	}
	check := func(what string, got, max int) {
		if got > max {
			over = append(over, fmt.Sprintf("%s %d, bound %d", what, got, max))
		}
	}

	runtime.GC()
	start, cpu := time.Now(), cpuTime()
	meta, err := snapshot.Build(snapshot.Source{Name: "Synthetic", Entities: issuers(n)}, store.put, snapshot.Options{Scratch: scratch})
	if err != nil {
		return nil, err
	}
	if err := store.w.Flush(); err != nil {
		return nil, err
	}
	took := time.Since(start)
	cpu = cpuTime() - cpu
	memory := peakMB()
	fmt.Printf("%d issuers: %d blocks, %.1f MB, built in %.1fs (%.1fs of one core, %.1f µs each), peak memory %d MB\n",
		n, len(store.at), float64(store.size)/1e6, took.Seconds(), cpu.Seconds(), float64(cpu.Microseconds())/float64(n), memory)
	// By the processor's time, so that a busy machine does not count.
	check("build seconds", int(cpu.Seconds()), int(bound.build.Seconds()))
	check("memory MB", memory, bound.memoryMB)

	s, err := snapshot.Open(meta.Root, store.get)
	if err != nil {
		return nil, err
	}
	for _, kind := range []string{"present", "absent"} {
		blocks, bytes, took, err := lookups(s, store, n, kind == "present")
		if err != nil {
			return nil, err
		}
		fmt.Printf("  lookup, %-7s  %s directory blocks, %s bytes (min/median/max of %d), and %d of the root, %.0f µs\n",
			kind, spread(blocks), spread(bytes), samples, store.at[short(meta.Root)].n, float64(took.Microseconds())/samples)
		check(kind+" blocks", slices.Max(blocks), bound.blocks)
		check(kind+" bytes", slices.Max(bytes), bound.bytes)
	}
	for _, what := range []string{"names", "keys"} {
		blocks, bytes, took, err := update(s, n, what)
		if err != nil {
			return nil, err
		}
		fmt.Printf("  %d changed %-5s  %d new blocks, %.1f KB, %.0f ms\n", updates, what, blocks, float64(bytes)/1e3, float64(took.Milliseconds()))
		if what == "names" { // a changed key also changes two records of the key index
			check("changed blocks", blocks, bound.changed)
		}
	}
	return over, nil
}

func lookups(s *snapshot.Snapshot, store *fileStore, n int, present bool) (blocks, bytes []int, took time.Duration, err error) {
	for i := range samples {
		number := i * (n / min(n, samples)) % n
		if !present {
			number += n
		}
		start := time.Now()
		_, p, err := s.Entity(id(number))
		took += time.Since(start)
		if err != nil || p.Found != present {
			return nil, nil, 0, fmt.Errorf("%s: found %v, %v", id(number), p.Found, err)
		}
		size := 0
		for _, c := range p.Blocks[1:] {
			size += int(store.at[short(c)].n)
		}
		blocks, bytes = append(blocks, len(p.Blocks)-1), append(bytes, size)
	}
	return blocks, bytes, took, nil
}

func update(s *snapshot.Snapshot, n int, what string) (blocks, bytes int, took time.Duration, err error) {
	var ch snapshot.Changes
	for i := range updates {
		e := issuer(i * (n / updates) % n)
		if what == "names" {
			e.Names = []string{"Renamed " + e.Names[0]}
		} else {
			e.Keys = append(e.Keys, issuer(10*n+i).Keys...)
			e.Keys[0].State, e.Keys[0].Until = snapshot.Retired, "2026-01-01T00:00:00Z"
		}
		ch.Put = append(ch.Put, e)
	}
	start := time.Now()
	_, err = snapshot.Update(s, ch, func(b block.Block) error {
		blocks++
		bytes += len(b.Data)
		return nil
	})
	return blocks, bytes, time.Since(start), err
}

func spread(list []int) string {
	list = slices.Sorted(slices.Values(list))
	return fmt.Sprintf("%d/%d/%d", list[0], list[len(list)/2], list[len(list)-1])
}

func issuers(n int) iter.Seq2[snapshot.Entity, error] {
	return func(yield func(snapshot.Entity, error) bool) {
		for i := range n {
			if !yield(issuer(i), nil) {
				return
			}
		}
	}
}

// peakMB is the most memory that the process has had so far, as the system counts
// it where it does, else as Go does.
func peakMB() int {
	data, _ := os.ReadFile("/proc/self/status") // not there on other systems
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			if kb, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB")); err == nil {
				return kb / 1024
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.Sys >> 20)
}

// A fileStore keeps blocks in a file. It knows them by eight bytes of their hash: a map
// of CIDs would take more memory than the build that is measured. Were two blocks to
// share them, the hash check of a lookup would fail.
type fileStore struct {
	w    *bufio.Writer
	f    *os.File
	size int64
	at   map[uint64]extent
}

type extent struct {
	off int64
	n   int32
}

func newFileStore(name string) (*fileStore, error) {
	f, err := os.Create(name)
	return &fileStore{f: f, w: bufio.NewWriterSize(f, 1<<20), at: map[uint64]extent{}}, err
}

func short(c cid.Cid) uint64 {
	s := c.KeyString()
	return binary.LittleEndian.Uint64([]byte(s[len(s)-8:]))
}

func (s *fileStore) put(b block.Block) error {
	id := short(b.CID)
	if _, there := s.at[id]; there {
		return nil
	}
	s.at[id] = extent{s.size, int32(len(b.Data))}
	s.size += int64(len(b.Data))
	_, err := s.w.Write(b.Data)
	return err
}

func (s *fileStore) get(c cid.Cid) ([]byte, bool) {
	e, ok := s.at[short(c)]
	data := make([]byte, e.n)
	if _, err := s.f.ReadAt(data, e.off); !ok || err != nil {
		return nil, false
	}
	return data, true
}
