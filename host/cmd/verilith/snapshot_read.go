package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/ipfs/go-cid"

	"github.com/verilith/verilith/registry-snapshots/snapshot"
	"github.com/verilith/verilith/wasm/strictjson"
)

func snapshotInspectCommand() *command {
	return &command{
		name: "inspect", args: "SNAPSHOT",
		short: "show what a snapshot says of itself",
		text: `SNAPSHOT is a CAR file, a CID, or a folder of entity files; or a governed registry, as
its id, a mirror's folder or a working folder: then it is that of the newest head that can
be had. With --verify the whole snapshot is read and held to the one form that its content
has.`,
		examples: `  verilith snapshot inspect registry.car --verify
  verilith snapshot inspect bafyrei… --gateway https://mirror.example`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			f := &sources{}
			verify := fs.Bool("verify", false, "read the whole snapshot and check its form")
			asJSON := fs.Bool("json", false, "print it as JSON")
			f.blockFlags(fs)
			return func(ctx context.Context, args []string, s std) error {
				defer f.done()
				if len(args) != 1 {
					return usagef("want one snapshot")
				}
				r, roots, err := newReader(ctx, s, f, args[0])
				if err != nil {
					return err
				}
				var meta snapshot.Meta
				if *verify {
					p := newProgress(s, "blocks")
					n := 0
					meta, err = snapshot.Verify(roots[0], func(c cid.Cid) ([]byte, bool) {
						n++
						p.at(n)
						return r.get(c)
					})
					p.done()
				} else {
					err = r.ask(roots[0], func(s *snapshot.Snapshot) (err error) {
						meta, err = s.Head()
						return err
					})
				}
				if err != nil {
					return undetermined(s, r.explain(err))
				}
				total := int64(0)
				for _, data := range r.have {
					total += int64(len(data))
				}
				if *asJSON {
					o := metaObject(meta)
					if *verify {
						o["verified"], o["blocks"], o["bytes"] = true, len(r.have), total
					}
					_, err := fmt.Fprintf(s.out, "%s\n", strictjson.Encode(o))
					return err
				}
				var b bytes.Buffer
				fmt.Fprintf(&b, "root       %s\n", meta.Root)
				showMeta(&b, meta)
				if *verify {
					fmt.Fprintf(&b, "verified   %s, %s: whole, and in its one form\n", count(len(r.have), "block"), size(total))
				}
				_, err = s.out.Write(b.Bytes())
				return err
			}
		},
	}
}

// undetermined prints a missing block, which is no answer, with its exit code. Other
// errors pass.
func undetermined(s std, err error) error {
	var missing *snapshot.Missing
	if !errors.As(err, &missing) {
		return err
	}
	fmt.Fprintf(s.err, "verilith: undetermined: %s\n", clean(err.Error(), maxLine))
	return exit(exitUndetermined)
}

func lookupCommand() *command {
	return &command{
		name: "lookup", args: "ID",
		short: "prove that something is in a snapshot, or that it is not",
		text: `ID is an entity's identifier (a DID, an https URL), a key reference (jkt:… for a
JWK thumbprint, ski:… for a certificate's key identifier, a DID URL with #), or with
--resource the URL of a document. The blocks that prove the answer are printed. Exit
code: 0 present, 1 absent, 2 where a block was not to be had, 3 wrong usage or a fault.`,
		examples: `  verilith snapshot lookup https://issuer.example/r4 --registry vci.car
  verilith snapshot lookup did:web:issuer.example --registry bafyrei… --gateway https://mirror.example`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			f := &sources{}
			fs.Var(&f.registries, "registry", "the `SNAPSHOT`: a CAR file, a CID, or a folder of entity files; of a governed\nregistry (its id, a mirror's folder, a working folder) that of the newest head")
			resource := fs.Bool("resource", false, "look up a document by its URL")
			asJSON := fs.Bool("json", false, "print it as JSON")
			f.blockFlags(fs)
			return func(ctx context.Context, args []string, s std) error {
				defer f.done()
				if len(args) != 1 || len(f.registries) != 1 {
					return usagef("want one ID and one --registry")
				}
				r, roots, err := newReader(ctx, s, f, f.registries[0])
				if err != nil {
					return err
				}
				var found any
				var proof snapshot.Proof
				err = r.ask(roots[0], func(s *snapshot.Snapshot) (err error) {
					found, proof, err = lookup(s, args[0], *resource)
					return err
				})
				if err != nil {
					return undetermined(s, err)
				}
				if *asJSON {
					err = lookupJSON(s, args[0], r, found, proof)
				} else {
					err = showLookup(s, args[0], r, found, proof)
				}
				if err == nil && !proof.Found {
					return exit(exitRejected)
				}
				return err
			}
		},
	}
}

// lookup asks the room of a snapshot that an id belongs to.
func lookup(s *snapshot.Snapshot, id string, resource bool) (any, snapshot.Proof, error) {
	switch {
	case resource:
		res, p, err := s.Resource(id)
		return strictjson.From(res), p, err
	case strings.HasPrefix(id, "jkt:"), strings.HasPrefix(id, "ski:"), strings.HasPrefix(id, "did:") && strings.Contains(id, "#"):
		ids, p, err := s.KeyRef(id)
		return strictjson.From(ids), p, err
	}
	e, p, err := s.Entity(id)
	return e.JSON(), p, err
}

func lookupJSON(s std, id string, r *reader, found any, proof snapshot.Proof) error {
	blocks := []any{}
	for _, c := range proof.Blocks {
		blocks = append(blocks, strictjson.Object{"cid": c.String(), "bytes": len(r.have[c])})
	}
	o := strictjson.Object{"id": id, "found": proof.Found, "path": proof.Path, "blocks": blocks}
	if proof.Found {
		o["record"] = found
	}
	_, err := fmt.Fprintf(s.out, "%s\n", strictjson.Encode(o))
	return err
}

func showLookup(s std, id string, r *reader, found any, proof snapshot.Proof) error {
	var b bytes.Buffer
	word := "absent"
	if proof.Found {
		word = "present"
	}
	fmt.Fprintf(&b, "%s    %s\n", word+strings.Repeat(" ", 7-len(word)), clean(id, maxLine))
	if proof.Found {
		fmt.Fprintf(&b, "record     %s\n", clean(string(strictjson.Encode(found)), 4*maxLine))
	}
	total := 0
	for _, c := range proof.Blocks {
		n := len(r.have[c])
		total += n
		fmt.Fprintf(&b, "block      %s, %s\n", c, size(int64(n)))
	}
	fmt.Fprintf(&b, "proof      %s, %s\n", count(len(proof.Blocks), "block"), size(int64(total)))
	fmt.Fprintf(&b, "path       %s\n", proof.Path)
	showAsked(&b, false, r.log)
	_, err := s.out.Write(b.Bytes())
	return err
}

func diffCommand() *command {
	return &command{
		name: "diff", args: "OLD NEW [NEWER…]",
		short: "show what changed from one snapshot to the next",
		text: `Prints the entities that came, went and changed, and how many blocks and bytes
whoever has the older snapshot needs to get. Only the blocks in which the two differ
are read. Snapshots are CAR files, CIDs, folders of entity files, or governed registries.`,
		examples: `  verilith snapshot diff monday.car tuesday.car
  verilith snapshot diff day1.car day2.car day3.car --json`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			f := &sources{}
			asJSON := fs.Bool("json", false, "print one JSON object a line")
			brief := fs.Bool("brief", false, "print the numbers only")
			f.blockFlags(fs)
			return func(ctx context.Context, args []string, s std) error {
				defer f.done()
				if len(args) < 2 {
					return usagef("want two snapshots, or more")
				}
				r, roots, err := newReader(ctx, s, f, args...)
				if err != nil {
					return err
				}
				for i := range roots[1:] {
					old, err := snapshot.Open(roots[i], r.get)
					if err != nil {
						return err
					}
					next, err := snapshot.Open(roots[i+1], r.get)
					if err != nil {
						return err
					}
					d, err := snapshot.Diff(old, next)
					if err != nil {
						return undetermined(s, r.explain(err))
					}
					if *asJSON {
						o := strictjson.From(d).(strictjson.Object)
						o["old"], o["new"] = roots[i].String(), roots[i+1].String()
						if _, err := fmt.Fprintf(s.out, "%s\n", strictjson.Encode(o)); err != nil {
							return err
						}
						continue
					}
					if err := showDelta(s, args[i], args[i+1], d, *brief); err != nil {
						return err
					}
				}
				return nil
			}
		},
	}
}

func showDelta(s std, old, next string, d snapshot.Delta, brief bool) error {
	var b bytes.Buffer
	writeDelta(&b, old, next, d, brief)
	_, err := s.out.Write(b.Bytes())
	return err
}

func writeDelta(b *bytes.Buffer, old, next string, d snapshot.Delta, brief bool) {
	fmt.Fprintf(b, "%s to %s: %d added, %d removed, %d changed", clean(old, 100), clean(next, 100), len(d.Added), len(d.Removed), len(d.Changed))
	if n := len(d.ResourcesAdded) + len(d.ResourcesRemoved) + len(d.ResourcesChanged); n > 0 {
		fmt.Fprintf(b, ", %s", count(n, "resource"))
	}
	if n := len(d.StatusListsAdded) + len(d.StatusListsRemoved) + len(d.StatusListsChanged); n > 0 {
		fmt.Fprintf(b, ", %s", count(n, "status list"))
	}
	if n := len(d.RecognitionsAdded) + len(d.RecognitionsRemoved) + len(d.RecognitionsChanged); n > 0 {
		fmt.Fprintf(b, ", %s", count(n, "recognition"))
	}
	fmt.Fprintf(b, "; %s, %s to get\n", count(d.NewBlocks, "new block"), size(d.NewBytes))
	rows := func(sign string, names []string) {
		for _, n := range names {
			fmt.Fprintf(b, "  %s %s\n", sign, clean(n, maxLine))
		}
	}
	if !brief {
		rows("+", d.Added)
		rows("-", d.Removed)
		for _, c := range d.Changed {
			what := []string{strings.Join(c.Fields, ", ")}
			for _, k := range []struct {
				what string
				kids []string
			}{{"keys added", c.KeysAdded}, {"removed", c.KeysRemoved}, {"retired", c.KeysRetired}, {"changed", c.KeysChanged}} {
				if len(k.kids) > 0 {
					what = append(what, k.what+" "+strings.Join(k.kids, " "))
				}
			}
			fmt.Fprintf(b, "  ~ %s\n", clean(c.ID+": "+strings.Join(what, "; "), maxLine))
		}
		rows("+ resource", d.ResourcesAdded)
		rows("- resource", d.ResourcesRemoved)
		rows("~ resource", d.ResourcesChanged)
		rows("+ status list", d.StatusListsAdded)
		rows("- status list", d.StatusListsRemoved)
		rows("~ status list", d.StatusListsChanged)
		rows("+ recognises", d.RecognitionsAdded)
		rows("- recognises", d.RecognitionsRemoved)
		rows("~ recognises", d.RecognitionsChanged)
	}
}
