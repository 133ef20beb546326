package fetch

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// clock is a clock that a test moves.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func TestHealth(t *testing.T) {
	down := errorf(Unavailable, "g", "down")
	tests := []struct {
		name     string
		failures []error
		asks     string        // for this name
		want     Reason        // why it is not asked right after
		until    time.Duration // when it is asked again
	}{
		{name: "one failure", failures: []error{down}},
		{name: "two failures", failures: []error{down, down}},
		{name: "three failures", failures: []error{down, down, down}, want: Unavailable, until: restFirst},
		{name: "a 404 between failures", failures: []error{down, down, errorf(NotFound, "g", ""), down}},
		{name: "not found", failures: []error{errorf(NotFound, "g", "")}, asks: "x", want: NotFound, until: missingTime},
		{name: "not found, another asked", failures: []error{errorf(NotFound, "g", "")}, asks: "y"},
		{name: "not cached", failures: []error{errorf(NotCached, "g", "")}, asks: "x", want: NotFound, until: missingTime},
		{name: "blocked", failures: []error{errorf(Blocked, "g", "")}, asks: "x", want: NotFound, until: blockedTime},
		{name: "bad hash", failures: []error{errorf(HashMismatch, "g", "")}, asks: "y", want: HashMismatch, until: banTime},
		{name: "429", failures: []error{&Error{Reason: RateLimited, Err: restError(90 * time.Second)}}, want: RateLimited, until: 90 * time.Second},
		{name: "503 with Retry-After", failures: []error{&Error{Reason: Unavailable, Err: restError(time.Minute)}}, want: Unavailable, until: time.Minute},
		{name: "the caller gave up", failures: []error{errorf(Cancelled, "", ""), errorf(Cancelled, "", ""), errorf(Cancelled, "", "")}},
		{name: "a page in its place", failures: []error{errorf(NotAGateway, "g", ""), errorf(NotAGateway, "g", ""), errorf(NotAGateway, "g", "")},
			want: Unavailable, until: restFirst},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &clock{time.Unix(1e9, 0)}
			h := newHealth(missingTime)
			h.now = c.now
			for _, err := range tt.failures {
				h.failed("x", err)
			}
			wantReason(t, h.ready("g", tt.asks), tt.want)
			c.Time = c.Add(tt.until - time.Nanosecond)
			if tt.until > 0 {
				wantReason(t, h.ready("g", tt.asks), tt.want)
			}
			c.Time = c.Add(time.Nanosecond)
			wantReason(t, h.ready("g", tt.asks), "")
		})
	}
}

// Each rest is twice as long as the one before, up to a bound; an answer ends that.
func TestHealthRests(t *testing.T) {
	c := &clock{time.Unix(1e9, 0)}
	h := newHealth(missingTime)
	h.now = c.now
	down := errorf(Unavailable, "g", "down")
	h.failed("x", down)
	h.failed("x", down)
	for i, rest := range []time.Duration{restFirst, 2 * restFirst, 4 * restFirst, 8 * restFirst, 16 * restFirst, restMost, restMost} {
		rest = min(rest, restMost)
		h.failed("x", down)
		c.Time = c.Add(rest - 1)
		if h.ready("g", "x") == nil {
			t.Fatalf("rest %d is shorter than %v", i, rest)
		}
		c.Time = c.Add(1)
		wantReason(t, h.ready("g", "x"), "")
	}
	for range 100 {
		h.failed("x", down)
	}
	h.succeeded(time.Millisecond)
	h.failed("x", down)
	h.failed("x", down)
	c.Time = c.Add(restMost)
	wantReason(t, h.ready("g", "x"), "")
	h.failed("x", down)
	c.Time = c.Add(restFirst)
	wantReason(t, h.ready("g", "x"), "")
}

func TestHealthIsBounded(t *testing.T) {
	h := newHealth(missingTime)
	for i := range 3 * maxMissing {
		h.failed(fmt.Sprint(i), errorf(NotFound, "g", ""))
	}
	if n := len(h.missing); n > maxMissing {
		t.Errorf("%d names remembered, want at most %d", n, maxMissing)
	}
}

func TestLatency(t *testing.T) {
	h := newHealth(missingTime)
	if mean, late := h.latency(); mean != firstGuess || late != firstGuess {
		t.Errorf("unknown: %v, %v", mean, late)
	}
	for range 100 {
		h.succeeded(20 * time.Millisecond)
	}
	if mean, late := h.latency(); mean != 20*time.Millisecond || late != hedgeLeast {
		t.Errorf("steady: %v, %v", mean, late)
	}
	for i := range 100 {
		h.succeeded(time.Duration(100+100*(i%2)) * time.Millisecond)
	}
	if mean, late := h.latency(); mean < 100*time.Millisecond || mean > 200*time.Millisecond || late < 200*time.Millisecond || late > 400*time.Millisecond {
		t.Errorf("unsteady: %v, %v", mean, late)
	}
	for range 100 {
		h.late(time.Minute)
	}
	if mean, late := h.latency(); mean < 30*time.Second || late != hedgeMost {
		t.Errorf("silent: %v, %v", mean, late)
	}
	h = newHealth(missingTime)
	h.succeeded(0)
	h.late(0)
	if mean, _ := h.latency(); mean == 0 || mean == firstGuess {
		t.Errorf("an answer at once counts as none: %v", mean)
	}
}

func TestRetryAfter(t *testing.T) {
	date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	for _, tt := range []struct {
		value    string
		from, to time.Duration
	}{
		{"", 7, 7},
		{"nonsense", 7, 7},
		{"-1", 7, 7},
		{"0", 0, 0},
		{"120", 2 * time.Minute, 2 * time.Minute},
		{" 120 ", 2 * time.Minute, 2 * time.Minute},
		{"999999999", maxRestTime, maxRestTime},
		{"99999999999999999999", 7, 7},
		{date(time.Minute), 50 * time.Second, time.Minute},
		{date(-time.Minute), 0, 0},
		{date(24 * time.Hour), maxRestTime, maxRestTime},
	} {
		if got := retryAfter(http.Header{"Retry-After": {tt.value}}, 7); got < tt.from || got > tt.to {
			t.Errorf("%q: %v, want %v to %v", tt.value, got, tt.from, tt.to)
		}
	}
}
