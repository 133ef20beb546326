package fetch

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// What is owed is had from whichever gateway has it.
func TestRace(t *testing.T) {
	proof, need := want(t, 7)
	missing := func(w http.ResponseWriter, r *http.Request) bool { http.NotFound(w, r); return true }
	broken := func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(502); return true }
	forged := func(w http.ResponseWriter, r *http.Request) bool { w.Write([]byte("forged")); return true }
	tests := []struct {
		name   string
		do     []func(http.ResponseWriter, *http.Request) bool
		want   Reason
		clocks clocks
	}{
		{"second", []func(http.ResponseWriter, *http.Request) bool{missing, nil}, "", patient},
		{"fourth", []func(http.ResponseWriter, *http.Request) bool{missing, broken, forged, nil}, "", patient},
		{"fourth, while three hang", []func(http.ResponseWriter, *http.Request) bool{stall, stall, stall, nil}, "", clocks{time.Second, 20 * time.Second}},
		{"nobody has it", []func(http.ResponseWriter, *http.Request) bool{missing, missing}, NotFound, patient},
		{"each fails otherwise", []func(http.ResponseWriter, *http.Request) bool{missing, broken}, Unavailable, patient},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var urls []string
			for _, do := range tt.do {
				urls = append(urls, newMirror(t, do).URL)
			}
			n, _, err := fetch(t, fetcherWith(t, Config{Gateways: urls}, tt.clocks), need)
			wantReason(t, err, tt.want)
			if err == nil && n != len(proof.Blocks) {
				t.Errorf("%d blocks, want %d", n, len(proof.Blocks))
			}
		})
	}
}

// No more than three gateways are asked for one block at once: while three hang, the
// fourth is not asked, however late they are.
func TestRaceInFlight(t *testing.T) {
	_, need := want(t, 7)
	arrived := make(chan struct{}, 6)
	var urls []string
	for range 6 {
		urls = append(urls, newMirror(t, func(w http.ResponseWriter, r *http.Request) bool {
			arrived <- struct{}{}
			return stall(w, r)
		}).URL)
	}
	f, err := newFetcher(Config{Gateways: urls}, patient)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range f.gateways { // late after a moment
		g.health.succeeded(time.Millisecond)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := f.Fetch(ctx, need)
		ended <- err
	}()
	for range maxInFlight {
		<-arrived
	}
	select {
	case <-arrived:
		t.Errorf("more than %d gateways at once", maxInFlight)
	case <-time.After(500 * time.Millisecond): // the others were asked within a few
	}
	cancel()
	wantReason(t, <-ended, Cancelled)
}

// The one that answers fastest is asked first, and one that stops answering loses
// its place.
func TestRaceOrder(t *testing.T) {
	_, need := want(t, 7)
	a, b := newMirror(t, stall), newMirror(t, nil)
	f := fetcher(t, Config{Gateways: []string{b.URL, a.URL}})
	first := func() *gateway {
		list := slices.Clone(f.gateways)
		byLatency(list)
		return list[0]
	}
	silent, sound := f.gateways[1], f.gateways[0]
	silent.health.succeeded(2 * time.Millisecond)
	sound.health.succeeded(200 * time.Millisecond)
	if first() != silent {
		t.Error("the faster one is not the first")
	}
	for i := 0; first() == silent; i++ {
		if _, source, err := fetch(t, f, need); err != nil || source != sound.name {
			t.Fatalf("from %s, %v; want the one that answers", source, err)
		}
		if i == 100 {
			t.Fatal("a gateway that never answers is still asked first")
		}
	}
}

func TestRaceCancelled(t *testing.T) {
	_, need := want(t, 7)
	f := fetcher(t, Config{Gateways: []string{newMirror(t, stall).URL}})
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	_, err := f.Fetch(ctx, need)
	wantReason(t, err, Cancelled)
	if _, err = f.Fetch(ctx, need); reasonOf(err) != Cancelled {
		t.Errorf("%v, want %s", err, Cancelled)
	}
	if g := f.gateways[0]; g.health.failures != 0 {
		t.Error("the gateway was blamed for its caller's impatience")
	}
}

func TestFlights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights[int]
		var calls atomic.Int32
		work := func() (int, error) { calls.Add(1); time.Sleep(time.Second); return 7, nil }
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if v, err := f.do(context.Background(), "a", work); v != 7 || err != nil {
					t.Errorf("%d, %v", v, err)
				}
			})
		}
		wg.Wait()
		if n := calls.Load(); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
		if _, err := f.do(context.Background(), "a", work); err != nil || calls.Load() != 2 {
			t.Errorf("a later one is its own: %d calls, %v", calls.Load(), err)
		}

		// A leader that gave up is replaced; a follower may give up alone.
		calls.Store(0)
		leader, cancel := context.WithTimeout(context.Background(), time.Second/2)
		defer cancel()
		wg.Go(func() {
			if _, err := f.do(leader, "b", func() (int, error) { <-leader.Done(); return 0, leader.Err() }); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("leader: %v", err)
			}
		})
		synctest.Wait()
		follower, cancelFollower := context.WithTimeout(context.Background(), time.Second/4)
		defer cancelFollower()
		wg.Go(func() {
			_, err := f.do(follower, "b", work)
			wantReason(t, err, Cancelled)
		})
		if v, err := f.do(context.Background(), "b", work); v != 7 || err != nil || calls.Load() != 1 {
			t.Errorf("%d, %v after %d calls", v, err, calls.Load())
		}
		wg.Wait()
	})
}
