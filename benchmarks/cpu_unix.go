//go:build unix

package benchmarks

import (
	"syscall"
	"time"
)

// CPUTime is what the process has used of the processors: on a machine with
// other work it says more than the clock.
func CPUTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
