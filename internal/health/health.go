// Package health runs the checks of an app's health, at most once a second however many requests ask.
package health

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/candor-go/candor/internal/background"
)

const (
	// checkTime is how long the checks may take, and checkPause how long their results are kept.
	checkTime  = 5 * time.Second
	checkPause = time.Second
)

// Checks are the checks of an app. Look may be called concurrently, after the last Add.
type Checks struct {
	log    *slog.Logger
	probes []*probe
	// mutex is held while the checks run; a request that waits for it finds their results.
	mutex   sync.Mutex
	at      time.Time
	results map[string]string
	well    bool
}

// NewChecks returns no checks yet, whose errors go to the log.
func NewChecks(log *slog.Logger) *Checks { return &Checks{log: log} }

// Add adds a check. Its ctx ends after 5 seconds; it fails if it has not returned by then.
func (c *Checks) Add(name string, check func(context.Context) error) {
	c.probes = append(c.probes, &probe{name: name, check: check})
}

// Look returns the result of each check by its name, and whether all is well. It runs the checks again if the results
// are old. The caller must not change them.
func (c *Checks) Look(ctx context.Context) (results map[string]string, well bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if !c.at.IsZero() && time.Since(c.at) < checkPause {
		return c.results, c.well
	}
	// Other requests use the results too, so the checks do not end with this client.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTime)
	defer cancel()
	errs := make([]error, len(c.probes))
	var all sync.WaitGroup
	for i, p := range c.probes {
		all.Go(func() { errs[i] = p.run(ctx) })
	}
	all.Wait()
	c.results, c.well = map[string]string{}, true
	for i, p := range c.probes {
		c.results[p.name] = "ok"
		if errs[i] != nil {
			c.results[p.name], c.well = "failing", false
			c.log.Log(ctx, slog.LevelWarn, "a health check fails", "check", p.name, "error", errs[i])
		}
	}
	c.at = time.Now()
	return c.results, c.well
}

// probe is a check of which only one run is active at a time.
type probe struct {
	name  string
	check func(context.Context) error
	busy  atomic.Bool
}

var errHangs = errors.New("the check has not returned")

// run runs the check, but does not wait for it after ctx has ended.
func (p *probe) run(ctx context.Context) error {
	if !p.busy.CompareAndSwap(false, true) {
		return errHangs
	}
	done := make(chan error, 1) // buffered, so that a late check can end
	go func() {
		err := background.Isolated(ctx, p.check)
		p.busy.Store(false)
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errHangs
	}
}
