package child

import (
	"syscall"
	"testing"
	"time"
)

// What a child leaves behind is found, and can be ended.
func TestLeft(t *testing.T) {
	if err := Adopt(); err != nil {
		t.Fatal(err)
	}
	if left := Left(); len(left) > 0 {
		t.Fatalf("%v is there before anything was started", left)
	}
	var ready any
	p, err := Start(t.Context(), "parent", command("parent"), 0, &ready)
	if err != nil {
		t.Fatal(err)
	}
	p.Stop()
	left := Left()
	if len(left) != 1 {
		t.Fatalf("left %v, want one process", left)
	}
	if err := syscall.Kill(left[0].PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); len(Left()) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%v is still there", Left())
		}
	}
}
