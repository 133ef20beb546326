package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/wasm/keys"
	"github.com/verilith/verilith/wasm/strictjson"
	"github.com/verilith/verilith/wasm/wire"
)

const defaultRootExpires = "365d"

func initCommand() *command {
	return &command{
		name:  "init",
		short: "found a registry: make its first root, and sign it",
		text: `The root names the keys of three roles and how many of each must sign: root keys change
the root, head keys sign each new head, fresh keys (online ones) say that the head is still
the newest. Keys are given by their public halves, as verilith key new writes them.

The CID of the signed root is the registry's id, for ever: once it has its signatures,
none is added. Until then it waits in root.next.json, and is cosigned.`,
		examples: `  verilith snapshot init --name 'Registry of Examples' --root alice.key.pub --root bob.key.pub \
      --root carol.key.pub --head alice.key.pub --head bob.key.pub --fresh online.key.pub \
      --mirror https://mirror.example --key alice.key
  verilith snapshot init --name 'My registry' --root my.key.pub --head my.key.pub --key my.key`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			f := &initFlags{}
			f.signing.declare(fs)
			fs.StringVar(&f.name, "name", "", "`NAME` of the registry, for people")
			for i, role := range roles {
				fs.Var(&f.roles[i], role, "`FILE` of the public key of a "+role+" key holder (repeatable)")
			}
			f.rootFlags.declare(fs, "")
			fs.BoolVar(&f.prepare, "prepare", false, "write the root as it is to be signed, and sign nothing")
			return func(ctx context.Context, args []string, s std) error {
				if len(args) > 0 {
					return usagef("unexpected %q", clean(args[0], 80))
				}
				return f.found(ctx, s)
			}
		},
	}
}

// roles are the names of a root's roles.
var roles = [...]string{roleRoot, roleHead, roleFresh}

type initFlags struct {
	signing
	rootFlags
	name    string
	roles   [len(roles)]list
	prepare bool
}

// rootFlags are what init and rotate both set.
type rootFlags struct {
	mirrors           list
	ipns, expires, at string
	thresholds        [len(roles)]int
}

func (f *rootFlags) declare(fs *flag.FlagSet, none string) {
	for i, role := range roles {
		fs.IntVar(&f.thresholds[i], role+"-threshold", 0, "`NUMBER` of "+role+" keys that must sign (default: "+[]string{"more than half", "more than half", "one"}[i]+")")
	}
	fs.Var(&f.mirrors, "mirror", "https `URL` where the registry is published (repeatable)"+none)
	fs.StringVar(&f.ipns, "ipns", "", "IPNS `NAME` (k51…) whose record points to the head"+none)
	fs.StringVar(&f.expires, "expires", "", "`AGE` after which the root no longer counts (default "+defaultRootExpires+")")
	fs.StringVar(&f.at, "at", "", "`TIME` (RFC 3339) of issue (default now)")
}

func (f *initFlags) found(ctx context.Context, s std) error {
	d := registryDir{f.dir}
	have, err := d.roots()
	switch {
	case err != nil:
		return err
	case len(have) > 0:
		return fmt.Errorf("%s has a registry: %s", d.path, have[0].ID())
	case f.name == "" || len(f.roles[0]) == 0 || len(f.roles[1]) == 0:
		return usagef("want --name, --root and --head")
	case f.prepare && (len(f.files) > 0 || f.command != ""):
		return usagef("--prepare signs nothing: leave out the key")
	}
	root := governance.Root{Version: 1, Name: f.name, Mirrors: f.mirrors, IPNS: f.ipns}
	for i, files := range f.roles {
		r := &root.Roles.Root
		switch {
		case i == 1:
			r = &root.Roles.Head
		case i == 2 && len(files) == 0:
			continue
		case i == 2:
			root.Roles.Fresh = &governance.Role{}
			r = root.Roles.Fresh
		}
		for _, path := range files {
			thumbprint, err := addKey(&root, path)
			if err != nil {
				return err
			}
			r.Keys = append(r.Keys, thumbprint)
		}
		if r.Threshold = f.thresholds[i]; r.Threshold == 0 {
			r.Threshold = defaultThreshold(roles[i], len(r.Keys))
		}
	}
	now, err := issueTime(f.at)
	if err != nil {
		return err
	}
	root.Issued = wire.FormatTime(now)
	if root.Expires, err = after(now, "--expires", f.expires, defaultRootExpires); err != nil {
		return err
	}
	doc, err := unsigned(governance.TypeRoot, root)
	if err != nil {
		return err
	}
	wants, err := d.wants(doc, nil)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	showRootChange(&b, nil, doc.root)
	return f.begin(ctx, s, &b, d, doc, nil, wants, f.prepare)
}

// defaultThreshold is a majority, so that two different documents cannot both be
// signed without somebody signing both. A Freshness is by one machine.
func defaultThreshold(role string, n int) int {
	if role == roleFresh {
		return 1
	}
	return n/2 + 1
}

// addKey adds the public key of a file to a root, once, and returns its thumbprint.
func addKey(root *governance.Root, path string) (string, error) {
	jwk, thumbprint, err := readPublic(path)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(root.Keys, func(k governance.RootKey) bool { return thumbprintOf(k.JWK) == thumbprint }) {
		root.Keys = append(root.Keys, governance.RootKey{JWK: jwk, Name: keyLabel(path)})
	}
	return thumbprint, nil
}

func thumbprintOf(jwk strictjson.Object) string {
	k, err := keys.FromJWK(jwk)
	if err != nil {
		return ""
	}
	return k.Thumbprint()
}

// showRootChange says in words who may do what by a root, and what it changes.
func showRootChange(b *bytes.Buffer, prev, next *governance.RootDoc) {
	for _, role := range roles {
		now := wanted{next, role}.of()
		var was governance.Role
		if prev != nil {
			was = wanted{prev, role}.of()
		}
		if len(now.Keys) == 0 {
			if len(was.Keys) > 0 {
				fmt.Fprintf(b, "%-10s the role ends\n", role)
			}
			continue
		}
		var names []string
		for _, k := range now.Keys {
			sign := ""
			if prev != nil && !slices.Contains(was.Keys, k) {
				sign = "+ "
			}
			names = append(names, sign+whose(next, k))
		}
		for _, k := range was.Keys {
			if !slices.Contains(now.Keys, k) {
				names = append(names, "- "+whose(prev, k))
			}
		}
		threshold := fmt.Sprintf("%d of %d", now.Threshold, len(now.Keys))
		if prev != nil && (was.Threshold != now.Threshold || len(was.Keys) != len(now.Keys)) {
			threshold += fmt.Sprintf(" (was %d of %d)", was.Threshold, len(was.Keys))
		}
		fmt.Fprintf(b, "%-10s %s: %s\n", role, threshold, strings.Join(names, ", "))
	}
	if prev == nil {
		return
	}
	if prev.Name != next.Name {
		fmt.Fprintf(b, "name       %q, was %q\n", clean(next.Name, maxLine), clean(prev.Name, maxLine))
	}
	for _, m := range next.Mirrors {
		if !slices.Contains(prev.Mirrors, m) {
			fmt.Fprintf(b, "mirror     + %s\n", m)
		}
	}
	for _, m := range prev.Mirrors {
		if !slices.Contains(next.Mirrors, m) {
			fmt.Fprintf(b, "mirror     - %s\n", m)
		}
	}
	if prev.IPNS != next.IPNS {
		fmt.Fprintf(b, "ipns       %s\n", join(", ", next.IPNS, prefixed("was ", prev.IPNS)))
	}
	fmt.Fprintf(b, "expires    %s, was %s\n", next.Expires, prev.Expires)
}
