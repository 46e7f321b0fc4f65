//go:build !unix

package benchmarks

import "time"

var started = time.Now()

// CPUTime returns the elapsed time, as the processor time is not available.
func CPUTime() time.Duration { return time.Since(started) }
