// Package callers remembers recent clients, so that each is logged once an hour rather than for each request. The root
// uses it for deprecated operations.
package callers

import (
	"net/http"
	"sync"
	"time"

	"github.com/candor-go/candor/internal/requestinfo"
)

const (
	// pause is how long a client is not new again.
	pause = time.Hour
	// most bounds the memory of a Seen, which clients fill.
	most = 1000
	// longestAgent is how much of a User-Agent is kept.
	longestAgent = 200
)

// Seen are the clients that were seen recently. The zero value is ready to use, and safe for concurrent use.
type Seen struct {
	mu   sync.Mutex
	seen map[Caller]time.Time
}

// Caller identifies a client without its credentials.
type Caller struct{ Address, Agent string }

// Of is the client of a request.
func Of(r *http.Request) Caller {
	who := Caller{Address: r.RemoteAddr, Agent: r.UserAgent()}
	if address, ok := requestinfo.Address(r); ok {
		who.Address = address.String()
	}
	who.Agent = who.Agent[:min(len(who.Agent), longestAgent)]
	return who
}

// IsNew reports whether a client was not seen in the last hour, and notes it.
func (c *Seen) IsNew(who Caller, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last, ok := c.seen[who]; ok && now.Sub(last) < pause {
		return false
	}
	// Clients can make up agents, so a full map is emptied.
	if c.seen == nil || len(c.seen) >= most {
		c.seen = map[Caller]time.Time{}
	}
	c.seen[who] = now
	return true
}
