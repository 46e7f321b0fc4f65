//go:build !unix

package benchmarks_test

import "time"

var started = time.Now()

// cpuTime is the clock where there is nothing better.
func cpuTime() time.Duration { return time.Since(started) }
