package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
)

// A Reason says why something could not be obtained. It is stable.
type Reason string

// The reasons of this package.
const (
	NotFound      Reason = "not_found"       // a source says that it has it not: 404
	Blocked       Reason = "blocked"         // a source refuses it for good: 410, 451
	BadRequest    Reason = "bad_request"     // a source does not understand the question: 400
	NotAcceptable Reason = "not_acceptable"  // a source has not the format: 406
	NotCached     Reason = "not_cached"      // a source serves only what it has at hand: 412
	RateLimited   Reason = "rate_limited"    // a source wants to be left alone: 429
	Unavailable   Reason = "unavailable"     // a source is down, out of reach or resting: network errors, 5xx
	Timeout       Reason = "timeout"         // a source was too slow
	TooLarge      Reason = "too_large"       // an answer is over its bound
	HashMismatch  Reason = "hash_mismatch"   // a source sent bytes that are not the block
	BadAnswer     Reason = "bad_answer"      // an answer breaks its form, or has not what it should
	NotAGateway   Reason = "not_a_gateway"   // a web page instead of the answer: a captive portal
	BadRedirect   Reason = "bad_redirect"    // a redirect that is not followed
	BadAddress    Reason = "address_refused" // a name that leads to a private address
	BadURL        Reason = "bad_url"         // a URL that is not asked
	BadStore      Reason = "bad_store"       // a CAR file, folder or cache that cannot be used
	Offline       Reason = "offline"         // not at hand, and there is nobody to ask
	Cancelled     Reason = "cancelled"       // the caller gave up
)

// Error is why something could not be obtained.
type Error struct {
	Reason Reason
	Source string // the gateway, URL or file, or ""
	Detail string // for people; may change
	Err    error  // the cause, or nil
}

func (e *Error) Error() string {
	s := string(e.Reason)
	if e.Source != "" {
		s += ": " + e.Source
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

func errorf(r Reason, source, format string, args ...any) *Error {
	return &Error{Reason: r, Source: source, Detail: fmt.Sprintf(format, args...)}
}

// reasonOf is the reason of an error of this package, else Unavailable.
func reasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return Unavailable
}

// netError types what net/http returned. ctx is the request's, whose cause says
// whether it was the caller or a clock that ended it.
func netError(ctx context.Context, source string, err error) *Error {
	var e *Error
	if errors.As(err, &e) { // ours, from a dial or a redirect
		return &Error{Reason: e.Reason, Source: source, Detail: e.Detail, Err: e.Err}
	}
	if cause := context.Cause(ctx); cause != nil {
		if errors.As(cause, &e) { // a stall
			return &Error{Reason: e.Reason, Source: source, Detail: e.Detail}
		}
		if errors.Is(cause, context.DeadlineExceeded) {
			return &Error{Reason: Timeout, Source: source, Detail: "no whole answer in time", Err: cause}
		}
		return &Error{Reason: Cancelled, Source: source, Err: cause}
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) { // its text repeats the URL
		err = wrapped.Err
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return &Error{Reason: Timeout, Source: source, Detail: err.Error(), Err: err}
	}
	return &Error{Reason: Unavailable, Source: source, Detail: err.Error(), Err: err}
}
