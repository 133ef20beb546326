package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/block"
	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

func exportCommand() *command {
	return &command{
		name: "export", args: "SNAPSHOT",
		short: "write a snapshot as a static mirror, a CAR, or JSON",
		text: `Formats:
  blocks    a folder with a file ipfs/CID for each block: put it on any web host, and
            that is a mirror for --gateway; put it on a USB stick, and it is for --blocks
  car       one CAR file, also of a snapshot that is read from a gateway
  entities  a JSON list of the entities, as --registry and build --from folder read it`,
		examples: `  verilith snapshot export registry.car --format blocks --out public
  verilith snapshot export bafyrei… --gateway https://mirror.example --format car --out registry.car`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			f := &sources{}
			format := fs.String("format", "blocks", "`FORMAT`: blocks, car or entities")
			out := fs.String("out", "", "`PATH` to write: a folder for blocks, else a file")
			f.blockFlags(fs)
			return func(ctx context.Context, args []string, s std) error {
				defer f.done()
				if len(args) != 1 || *out == "" {
					return usagef("want one snapshot and --out")
				}
				r, roots, err := newReader(ctx, s, f, args[0])
				if err != nil {
					return err
				}
				p := newProgress(s, *format)
				n := 0
				get := func(c cid.Cid) ([]byte, bool) {
					n++
					p.at(n)
					return r.get(c)
				}
				var what string
				switch *format {
				case "blocks":
					what, err = exportBlocks(*out, roots[0], get)
				case "car":
					err = writeCAR(*out, roots[0], get)
					what = count(len(r.have), "block")
				case "entities":
					what, err = exportEntities(*out, roots[0], get)
				default:
					return usagef("--format %q, want blocks, car or entities", clean(*format, 40))
				}
				p.done()
				if err != nil {
					return undetermined(s, r.explain(err))
				}
				_, err = fmt.Fprintf(s.out, "root       %s\nwritten    %s: %s\n", roots[0], clean(*out, maxLine), what)
				return err
			}
		},
	}
}

// exportBlocks writes a file for each block. One that is there is left as it is: a
// block's name says its content.
func exportBlocks(dir string, root cid.Cid, get snapshot.Getter) (string, error) {
	dir = filepath.Join(dir, "ipfs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	blocks, total, fresh := 0, int64(0), 0
	err := snapshot.Blocks(root, get, func(b block.Block) error {
		blocks++
		total += int64(len(b.Data))
		path := filepath.Join(dir, b.CID.String())
		if old, err := readFile(path, block.MaxSize); err == nil && block.Check(b.CID, old) == nil {
			return nil
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		fresh++
		// By another name first: what a web host serves is never half a block.
		if err := os.WriteFile(path+".new", b.Data, 0o644); err != nil {
			return err
		}
		return os.Rename(path+".new", path)
	})
	return fmt.Sprintf("%s, %s; %d of them new", count(blocks, "block"), size(total), fresh), err
}

// exportEntities writes the entities as a JSON list, one a line.
func exportEntities(path string, root cid.Cid, get snapshot.Getter) (_ string, err error) {
	s, err := snapshot.Open(root, get)
	if err != nil {
		return "", err
	}
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
		if err != nil {
			os.Remove(path)
		}
	}()
	w := bufio.NewWriter(f)
	n := 0
	for e, err := range s.Entities() {
		if err != nil {
			return "", err
		}
		sep := ",\n"
		if n == 0 {
			sep = "[\n"
		}
		if _, err := fmt.Fprintf(w, "%s%s", sep, strictjson.Encode(e.JSON())); err != nil {
			return "", err
		}
		n++
	}
	end := "\n]\n"
	if n == 0 {
		end = "[]\n"
	}
	if _, err := w.WriteString(end); err != nil {
		return "", err
	}
	if n == 1 {
		return "1 entity", w.Flush()
	}
	return fmt.Sprintf("%d entities", n), w.Flush()
}
