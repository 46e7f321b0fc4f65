package serve_test

import (
	"bufio"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/serve"
)

// A visit is what a client sends on one connection: requests with pauses between the pieces of their headers.
type visit []struct {
	pauses  []time.Duration
	handler time.Duration
}

// randomVisit uses odd milliseconds, so that nothing happens exactly when a limit ends.
func randomVisit(random *rand.Rand) visit {
	pause := func(atMost time.Duration) time.Duration {
		return time.Duration(random.Int64N(int64(atMost/time.Millisecond)))*time.Millisecond + 137*time.Microsecond
	}
	v := make(visit, 1+random.IntN(5))
	for i := range v {
		idle := 4 * time.Second
		if i > 0 {
			idle = 70 * time.Second
		}
		v[i].pauses = []time.Duration{pause(idle)}
		for range random.IntN(4) {
			v[i].pauses = append(v[i].pauses, pause(2*time.Second))
		}
		v[i].handler = pause(90 * time.Second)
	}
	return v
}

// closedAfter is the rule: the first header must be complete 5 seconds after the start, any other 5 seconds after its
// first byte, which must come within 60 seconds.
func (v visit) closedAfter() (now time.Duration) {
	for i, request := range v {
		limit := now + time.Minute
		if i == 0 {
			limit = 5 * time.Second
		}
		for piece, pause := range request.pauses {
			if now += pause; now > limit {
				return limit
			}
			if piece == 0 && i > 0 {
				limit = now + 5*time.Second
			}
		}
		now += request.handler
	}
	return now + time.Minute
}

// make sends the requests until the connection is closed.
func (v visit) make(c *client, handlers chan<- time.Duration) {
	const text = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, request := range v {
		handlers <- request.handler
		size := len(text) / len(request.pauses)
		for i, pause := range request.pauses {
			time.Sleep(pause)
			rest := text[i*size:]
			if i < len(request.pauses)-1 {
				rest = rest[:size]
			}
			if _, err := io.WriteString(c.Conn, rest); err != nil {
				return
			}
		}
		time.Sleep(request.handler)
	}
}

// TestLimitsOfRandomVisits checks that connections are closed when closedAfter says, however requests arrive.
func TestLimitsOfRandomVisits(t *testing.T) {
	const visits = 300
	bubble(t, func(t *testing.T, start starter) {
		random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // repeatable
		for range visits {
			v := randomVisit(random)
			handlers := make(chan time.Duration, len(v))
			r := start(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(<-handlers)
				hello(w, r)
			}, serve.Limits{}, serve.Hooks{})
			c := r.dial(t)
			began := time.Now()
			go v.make(c, handlers)
			for responses := bufio.NewReader(c.Conn); ; {
				response, err := http.ReadResponse(responses, nil)
				if err != nil {
					break
				}
				_, _ = io.Copy(io.Discard, response.Body)
			}
			if !assert.Equal(t, v.closedAfter(), time.Since(began), "%v", v) {
				return
			}
			time.Sleep(time.Minute) // time for what make has not sent yet
			_ = c.Close()
			r.end(t)
		}
	})
}
