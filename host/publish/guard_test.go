package publish

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/verilith/verilith/host/fetch"
)

// What is there is replaced only by what follows it: not set back, not another
// registry's, and nobody's notes.
func TestCARGuard(t *testing.T) {
	o := newOperator(t)
	one := o.release(o.build(20, 0, 0), 0)
	two := o.release(o.build(20, 1, 1), 1)
	car := CAR{Path: filepath.Join(t.TempDir(), "registry.car")}
	publish(t, car, two)
	refuse := func(what string, r Release, want Reason) {
		t.Helper()
		before, err := os.ReadFile(car.Path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = car.Publish(t.Context(), r)
		wantReason(t, err, want)
		if after, err := os.ReadFile(car.Path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: the file is another, %v", what, err)
		}
	}
	refuse("an older head", one, Older)
	other := newOperator(t)
	refuse("another registry", other.release(other.build(20, 0, 0), 0), BadTarget)
	refuse("a bare snapshot", Release{Snapshot: two.Snapshot, Get: two.Get}, BadTarget)

	// A later freshness of the same head stays.
	late := two
	late.Fresh = o.fresh(3)
	publish(t, car, late)
	publish(t, car, two)
	opened, err := fetch.OpenCAR(car.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if got, ok := opened.Get(opened.Release.Documents["fresh"]); !ok || !bytes.Equal(got, late.Fresh) {
		t.Error("an earlier freshness took the place of a later one")
	}
	o.rotate()
	publish(t, car, o.release(o.build(20, 2, 2), 2))
	refuse("fewer roots", late, Older)

	for name, text := range map[string]string{"notes": "name: R\n", "nothing": "", "the head": string(two.Head)} {
		if err := os.WriteFile(car.Path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		refuse(name, two, BadTarget)
	}
	bare := CAR{Path: filepath.Join(t.TempDir(), "1.car")}
	publish(t, bare, Release{Snapshot: one.Snapshot, Get: one.Get})
	publish(t, bare, Release{Snapshot: two.Snapshot, Get: two.Get})
	car = bare
	refuse("a registry over a snapshot", two, BadTarget)
}

// A mirror is served whole, and a working folder has private keys in it.
func TestWorkingFolderIsNoMirror(t *testing.T) {
	o := newOperator(t)
	r := o.release(o.build(20, 0, 0), 0)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "root"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "root", "1.json"), r.Roots[0], 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Folder{Dir: dir}.Publish(t.Context(), r)
	wantReason(t, err, BadTarget)
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Errorf("left over: %v, %v", list, err)
	}
	publish(t, Folder{Dir: filepath.Join(dir, "public")}, r)
}
