//go:build !unix

package benchmarks

import "time"

var started = time.Now()

// CPUTime is the clock where there is nothing better.
func CPUTime() time.Duration { return time.Since(started) }
