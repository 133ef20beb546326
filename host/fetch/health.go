package fetch

import (
	"errors"
	"sync"
	"time"
)

const (
	breakAfter  = 3                // failures in a row until a source rests
	restFirst   = 15 * time.Second // the first rest; each further one is twice as long
	restMost    = 5 * time.Minute
	banTime     = 24 * time.Hour   // after bytes that are not the block: broken or hostile
	missingTime = 5 * time.Minute  // a gateway that had it not is not asked again so soon
	missingLive = 30 * time.Second // nor a document's own host, where it may just be coming
	blockedTime = 6 * time.Hour    // 410 and 451 are meant to last
	maxMissing  = 4096             // names that are remembered as missing, for each source
	firstGuess  = time.Second      // latency of a source that was never asked
	hedgeLeast  = 50 * time.Millisecond
	hedgeMost   = 3 * time.Second
	smoothing   = 8 // of the moving averages, as TCP's (RFC 6298)
)

// health is what is known of one source: how fast, how often down, what it has not.
type health struct {
	mu       sync.Mutex
	now      func() time.Time
	mean     time.Duration // moving average of the latency; 0 = never asked
	spread   time.Duration // and of its deviation
	failures int           // in a row
	rests    int           // in a row
	until    time.Time     // resting or banned until then
	why      Reason
	missing  map[string]time.Time // until when
	retry    time.Duration        // after which what was missing is asked for again
}

func newHealth(retry time.Duration) *health {
	return &health{now: time.Now, missing: map[string]time.Time{}, retry: retry}
}

// ready reports whether the source may be asked for name, or why not.
func (h *health) ready(source, name string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	if now.Before(h.until) {
		return errorf(h.why, source, "left alone for another %v", h.until.Sub(now).Round(time.Second))
	}
	if t, ok := h.missing[name]; ok {
		if now.Before(t) {
			return errorf(NotFound, source, "said so before")
		}
		delete(h.missing, name)
	}
	return nil
}

// latency is the expected time to an answer, and the time by which it is late.
func (h *health) latency() (mean, late time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.mean == 0 {
		return firstGuess, firstGuess
	}
	return h.mean, min(max(h.mean+2*h.spread, hedgeLeast), hedgeMost)
}

// succeeded records an answer.
func (h *health) succeeded(took time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failures, h.rests = 0, 0
	if h.mean == 0 {
		h.mean, h.spread = max(took, 1), took/2
		return
	}
	h.spread += ((took - h.mean).Abs() - h.spread) / smoothing
	h.mean = max(h.mean+(took-h.mean)/smoothing, 1)
}

// late records that no answer came in this time, while another source's did.
func (h *health) late(took time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.mean == 0:
		h.mean = max(took, firstGuess)
	case took > h.mean:
		h.mean += (took-h.mean)/smoothing + 1
	}
}

// failed records a failure to answer for name.
func (h *health) failed(name string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	var rest restError
	switch reason := reasonOf(err); {
	case reason == Cancelled:
	case reason == NotFound || reason == Blocked || reason == NotCached:
		h.failures = 0 // it works, but has not this
		if len(h.missing) >= maxMissing {
			clear(h.missing)
		}
		h.missing[name] = now.Add(h.retry)
		if reason == Blocked {
			h.missing[name] = now.Add(blockedTime)
		}
	case reason == HashMismatch:
		h.until, h.why = now.Add(banTime), HashMismatch
	case errors.As(err, &rest):
		h.until, h.why = now.Add(time.Duration(rest)), reason
	default:
		if h.failures++; h.failures >= breakAfter {
			h.until, h.why = now.Add(min(restFirst<<min(h.rests, 10), restMost)), Unavailable
			h.failures = breakAfter - 1 // one more failure after the rest is enough
			h.rests++
		}
	}
}
