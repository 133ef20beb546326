package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/verilith/verilith/registry-snapshots/governance"
	"github.com/verilith/verilith/wasm/wire"
)

func rotateCommand() *command {
	return &command{
		name:  "rotate",
		short: "make a registry's next root: other keys, thresholds, mirrors, a later expiry",
		text: `The next root is signed by enough root keys of the one before and enough of its own; it
waits in root.next.json until it is. WHO is a key's name in the root, its thumbprint, or the
file of its public half. Without any change it is the same root with a later expiry.

A change of head keys, or of how many must sign, ends every head that was signed before:
sign a new one at once.`,
		examples: `  verilith snapshot rotate --replace carol=dave.key.pub --key alice.key
  verilith snapshot rotate --add head=erin.key.pub --head-threshold 3 --key alice.key --key bob.key
  verilith snapshot rotate --mirror https://new.example --key alice.key`,
		flags: func(fs *flag.FlagSet) func(context.Context, []string, std) error {
			f := &rotateFlags{}
			f.signing.declare(fs)
			fs.Var(&f.add, "add", "`ROLE=FILE`: give the key of this public half a role (repeatable)")
			fs.Var(&f.remove, "remove", "`ROLE=WHO`: take a role from a key (repeatable)")
			fs.Var(&f.replace, "replace", "`WHO=FILE`: put a key in another's place in all its roles (repeatable)")
			fs.StringVar(&f.name, "name", "", "`NAME` of the registry, for people (default: as before)")
			f.rootFlags.declare(fs, ";\n\"none\" ends what was there (default: as before)")
			fs.BoolVar(&f.prepare, "prepare", false, "write the root as it is to be signed, and sign nothing")
			return func(ctx context.Context, args []string, s std) error {
				if len(args) > 0 {
					return usagef("unexpected %q", clean(args[0], 80))
				}
				return f.rotate(ctx, s)
			}
		},
	}
}

type rotateFlags struct {
	signing
	rootFlags
	add, remove, replace list
	name                 string
	prepare              bool
}

func (f *rotateFlags) rotate(ctx context.Context, s std) error {
	if f.prepare && (len(f.files) > 0 || f.command != "") {
		return usagef("--prepare signs nothing: leave out the key")
	}
	d := registryDir{f.dir}
	roots, err := d.registry()
	if err != nil {
		return err
	}
	prev := roots[len(roots)-1]
	next, err := f.next(prev, roots[0].ID())
	if err != nil {
		return err
	}
	doc, err := unsigned(governance.TypeRoot, next)
	if err != nil {
		return err
	}
	wants, err := d.wants(doc, roots)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	showRootChange(&b, prev, doc.root)
	return f.begin(ctx, s, &b, d, doc, roots, wants, f.prepare)
}

// next is the root that follows prev.
func (f *rotateFlags) next(prev *governance.RootDoc, id string) (governance.Root, error) {
	next := prev.Root
	next.Registry, next.Version, next.Prev = id, prev.Version+1, prev.Identity.String()
	next.Keys = slices.Clone(prev.Keys)
	if prev.Roles.Fresh != nil {
		fresh := *prev.Roles.Fresh // not the role of prev
		next.Roles.Fresh = &fresh
	}
	for _, role := range roles {
		if r := roleOf(&next, role); r != nil {
			r.Keys = slices.Clone(r.Keys)
		}
	}
	for _, v := range f.replace {
		who, path, ok := strings.Cut(v, "=")
		if !ok {
			return next, usagef("--replace %q, want WHO=FILE", clean(v, 100))
		}
		if err := replaceKey(&next, prev, who, path); err != nil {
			return next, fmt.Errorf("--replace: %w", err)
		}
	}
	for _, v := range f.remove {
		name, who, ok := strings.Cut(v, "=")
		role := roleOf(&next, name)
		if !ok || role == nil {
			return next, usagef("--remove %q, want ROLE=WHO, of root, head or fresh", clean(v, 100))
		}
		thumbprint, err := find(prev, who)
		if err != nil {
			return next, fmt.Errorf("--remove: %w", err)
		}
		at := slices.Index(role.Keys, thumbprint)
		if at < 0 {
			return next, fmt.Errorf("--remove: %s is not among the %s keys", clean(who, 100), name)
		}
		role.Keys = slices.Delete(role.Keys, at, at+1)
	}
	for _, v := range f.add {
		name, path, ok := strings.Cut(v, "=")
		if ok && name == roleFresh && next.Roles.Fresh == nil {
			next.Roles.Fresh = &governance.Role{Threshold: 1}
		}
		role := roleOf(&next, name)
		if !ok || role == nil {
			return next, usagef("--add %q, want ROLE=FILE, of root, head or fresh", clean(v, 100))
		}
		thumbprint, err := addKey(&next, path)
		if err != nil {
			return next, err
		}
		role.Keys = append(role.Keys, thumbprint)
	}
	for i, name := range roles {
		if f.thresholds[i] != 0 {
			role := roleOf(&next, name)
			if role == nil {
				return next, usagef("--%s-threshold: there is no such role", name)
			}
			role.Threshold = f.thresholds[i]
		}
	}
	if r := next.Roles.Fresh; r != nil && len(r.Keys) == 0 {
		next.Roles.Fresh = nil
	}
	next.Keys = slices.DeleteFunc(next.Keys, func(k governance.RootKey) bool { return !listed(&next, thumbprintOf(k.JWK)) })
	return next, f.rest(&next, prev)
}

// rest sets the members that are no keys.
func (f *rotateFlags) rest(next *governance.Root, prev *governance.RootDoc) error {
	if f.name != "" {
		next.Name = f.name
	}
	switch {
	case len(f.mirrors) == 1 && f.mirrors[0] == "none":
		next.Mirrors = nil
	case len(f.mirrors) > 0:
		next.Mirrors = f.mirrors
	}
	switch f.ipns {
	case "":
	case "none":
		next.IPNS = ""
	default:
		next.IPNS = f.ipns
	}
	now, err := issueTime(f.at)
	if err != nil {
		return err
	}
	next.Issued = wire.FormatTime(now)
	next.Expires, err = after(now, "--expires", f.expires, between(prev.Issued, prev.Expires))
	return err
}

func roleOf(root *governance.Root, name string) *governance.Role {
	switch name {
	case roleRoot:
		return &root.Roles.Root
	case roleHead:
		return &root.Roles.Head
	case roleFresh:
		return root.Roles.Fresh
	}
	return nil
}

// listed reports whether a key has a role.
func listed(root *governance.Root, thumbprint string) bool {
	return slices.ContainsFunc(roles[:], func(name string) bool {
		r := roleOf(root, name)
		return r != nil && slices.Contains(r.Keys, thumbprint)
	})
}

// find finds a key of a root: by its name, its thumbprint, or the file of its public half.
func find(root *governance.RootDoc, who string) (string, error) {
	found := ""
	for _, k := range root.Keys {
		thumbprint := thumbprintOf(k.JWK)
		if thumbprint == who {
			return who, nil
		}
		if k.Name == who {
			if found != "" {
				return "", fmt.Errorf("several keys are called %q: give the thumbprint", clean(who, 100))
			}
			found = thumbprint
		}
	}
	if found != "" {
		return found, nil
	}
	_, thumbprint, err := readPublic(who)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("no key of root %d is %q, and it is no file", root.Version, clean(who, 100))
	}
	return thumbprint, err
}

// replaceKey puts a key in the place of another.
func replaceKey(next *governance.Root, prev *governance.RootDoc, who, path string) error {
	old, err := find(prev, who)
	if err != nil {
		return err
	}
	thumbprint, err := addKey(next, path)
	if err != nil {
		return err
	}
	done := false
	for _, name := range roles {
		if r := roleOf(next, name); r != nil {
			if at := slices.Index(r.Keys, old); at >= 0 {
				r.Keys[at], done = thumbprint, true
			}
		}
	}
	if !done {
		return fmt.Errorf("%s has no role", clean(who, 100))
	}
	return nil
}
