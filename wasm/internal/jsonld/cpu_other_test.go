//go:build !unix

package jsonld_test

import "time"

var started = time.Now()

// cpuTime is the time since the tests began, where nothing better is at hand.
func cpuTime() time.Duration { return time.Since(started) }
