package main

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/candor-go/candor/benchmarks"
)

// disturbance finds the measurements that other work disturbs, on this machine
// or on others that share its caches, and counts them.
type disturbance struct {
	measured, repeated, kept int
	// slowness is by how much the machine is slower than at its best.
	slowness func() float64
	// patient reports whether there is time to repeat a measurement; nil means always.
	patient func() bool
}

// tolerable is the share of a processor that others may have, and by how much
// the machine may be slower than at its best.
const tolerable = 0.15

// attempts is how often a measurement is made at most.
const attempts = 3

// undisturbed makes a measurement that tells what share of a processor others had
// meanwhile. A disturbed one is repeated; of several the least disturbed counts.
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

// quiet waits until the machine is about as fast as it can be, and tells by how
// much it is not.
func (d *disturbance) quiet() float64 {
	for end := time.Now().Add(patientFor); ; time.Sleep(50 * time.Millisecond) {
		if slow := d.slowness(); slow < tolerable || time.Now().After(end) {
			return slow
		}
	}
}

// yardstick is a piece of work that waits for memory all the time: it slows down
// as soon as others take the caches.
type yardstick struct {
	// next leads through all of itself in a random order.
	next []uint32
	at   uint32
	best float64
}

// yardstickSize makes 2 MB, more than the caches of one processor hold.
const yardstickSize = 1 << 19

func newYardstick() *yardstick {
	y := &yardstick{best: math.Inf(1)}
	y.lay()
	for range 20 {
		y.slowness()
	}
	return y
}

// slowness compares a lap with the best one so far. The lap before it is for the
// caches, which a processor that slept has lost.
func (y *yardstick) slowness() float64 {
	y.lap()
	now := float64(y.lap())
	y.best = min(y.best, now)
	return now/y.best - 1
}

// lay makes the way, one cycle through everything.
func (y *yardstick) lay() {
	order := rand.Perm(yardstickSize)
	y.next = make([]uint32, yardstickSize)
	for i, from := range order {
		y.next[from] = uint32(order[(i+1)%len(order)])
	}
}

// lap goes all the way.
func (y *yardstick) lap() time.Duration {
	start := benchmarks.CPUTime()
	for range yardstickSize {
		y.at = y.next[y.at]
	}
	return benchmarks.CPUTime() - start
}
