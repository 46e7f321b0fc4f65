package health

import (
	"context"
	"maps"
	"strconv"
)

// Report is the body of a health response.
type Report struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

// Live is the report of an app that responds at all.
func Live() Report { return Report{Status: "live"} }

// App is what decides about an app's health beside its checks.
type App struct {
	// Up means that shared providers and lifespans, if any, are running, and Stopping that the server is draining.
	Up, Stopping bool
	// DroppedTags is how many tags the store of cached responses has not accepted yet.
	DroppedTags int
}

// Ready reports whether an app accepts requests. The checks run only while it is up.
func (c *Checks) Ready(ctx context.Context, app App) (report Report, ready bool) {
	switch {
	case !app.Up:
		return Report{Status: "starting or stopped"}, false
	case app.Stopping:
		return Report{Status: "draining"}, false
	}
	checks, well := c.Look(ctx)
	if app.DroppedTags > 0 {
		// This tells operators why other processes may serve stale responses; this one does not.
		checks = maps.Clone(checks)
		checks["dropped tags"] = strconv.Itoa(app.DroppedTags) + " wait for the store of cached responses"
	}
	if !well {
		return Report{Status: "not ready", Checks: checks}, false
	}
	return Report{Status: "ready", Checks: checks}, true
}
