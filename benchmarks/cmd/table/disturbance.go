package main

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/candor-go/candor/benchmarks"
)

// disturbance finds measurements that were disturbed by other work, on this machine or on others that share its caches, and
// counts them.
type disturbance struct {
	measured, repeated, kept int
	// slowness is how much slower the machine is than at its best.
	slowness func() float64
	// patient reports whether there is time to repeat a measurement; nil means always.
	patient func() bool
}

// tolerable is the share of a processor that other work may use, and how much slower than at its best the machine may be.
const tolerable = 0.15

// attempts is the maximum number of attempts for a measurement.
const attempts = 3

// undisturbed runs a measurement that reports the share of a processor used by other work. A disturbed measurement is
// repeated; the least disturbed one counts.
func undisturbed[T any](d *disturbance, measure func() (m T, others float64, err error)) (best T, err error) {
	d.measured++
	least := 0.0
	for attempt := range attempts {
		if attempt > 0 {
			d.repeated++
		}
		before := d.quiet()
		m, others, err := measure()
		if err != nil {
			return m, err
		}
		disturbed := max(others, before, d.slowness())
		if attempt == 0 || disturbed < least {
			best, least = m, disturbed
		}
		if least < tolerable {
			return best, nil
		}
		if d.patient != nil && !d.patient() {
			break
		}
	}
	d.kept++
	return best, nil
}

// patientFor is how long quiet waits at most.
const patientFor = 300 * time.Millisecond

// quiet waits until the machine is about as fast as at its best, and returns how much slower it still is.
func (d *disturbance) quiet() float64 {
	for end := time.Now().Add(patientFor); ; time.Sleep(50 * time.Millisecond) {
		if slow := d.slowness(); slow < tolerable || time.Now().After(end) {
			return slow
		}
	}
}

// yardstick is work that waits for memory all the time: it slows down as soon as other work uses the caches.
type yardstick struct {
	// next is one random cycle through all of its elements.
	next []uint32
	at   uint32
	best float64
}

// yardstickSize gives 2 MB, more than the caches of one processor hold.
const yardstickSize = 1 << 19

func newYardstick() *yardstick {
	y := &yardstick{best: math.Inf(1)}
	y.lay()
	for range 20 {
		y.slowness()
	}
	return y
}

// slowness compares a lap with the best one so far. A lap before it fills the caches, which are lost while a processor
// sleeps.
func (y *yardstick) slowness() float64 {
	y.lap()
	now := float64(y.lap())
	y.best = min(y.best, now)
	return now/y.best - 1
}

// lay creates the random cycle.
func (y *yardstick) lay() {
	order := rand.Perm(yardstickSize)
	y.next = make([]uint32, yardstickSize)
	for i, from := range order {
		y.next[from] = uint32(order[(i+1)%len(order)])
	}
}

// lap follows the cycle once.
func (y *yardstick) lap() time.Duration {
	start := benchmarks.CPUTime()
	for range yardstickSize {
		y.at = y.next[y.at]
	}
	return benchmarks.CPUTime() - start
}
