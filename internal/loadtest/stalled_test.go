//go:build linux

package loadtest

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	manyEvents = 1000
	eventSize  = 16 << 10
)

// stalled are clients that do not read.
func stalled(t *testing.T, p *process) (clients []*client) {
	t.Helper()
	for _, c := range []*client{p.listen("/topic/events"), p.connect("/topic/socket")} {
		require.NoError(t, c.Conn.(*net.TCPConn).SetReadBuffer(4<<10))
		clients = append(clients, c)
	}
	return clients
}

// While clients that do not read are connected, the others receive every event. Nobody waits for them: they would wait for
// an hour.
func TestNobodyWaitsForStalledReaders(t *testing.T) {
	const listeners = 8
	p := start(t, "candor", writeLimitKey+"=1h")
	var heard sync.WaitGroup
	for range listeners {
		c := p.listen("/topic/events")
		c.lines = bufio.NewReaderSize(c, 64<<10)
		require.NoError(t, c.SetReadDeadline(time.Now().Add(10*patience)))
		heard.Go(func() {
			for i := range manyEvents {
				var event Event
				if !assert.NoError(t, json.Unmarshal([]byte(c.hears()), &event)) || !assert.Equal(t, i, event.N) {
					return
				}
			}
		})
	}
	others := stalled(t, p)
	p.settles(func(now Usage) bool { return now.Streams == listeners+len(others) }, "not all are there")
	began := time.Now()
	p.publish(manyEvents, eventSize)
	heard.Wait()
	t.Logf("%d clients heard %d MB each within %s", listeners, manyEvents*eventSize>>20, time.Since(began).Round(time.Millisecond))
	assert.Equal(t, listeners+len(others), p.usage().Streams, "who does not read is still there")
	for _, c := range others {
		c.reset()
	}
	p.settles(func(now Usage) bool { return now.Streams == listeners }, "who has left is still there")
}

// A client that does not read is disconnected after its time limit.
func TestStalledReadersAreDropped(t *testing.T) {
	p := start(t, "candor", writeLimitKey+"=2s")
	others := stalled(t, p)
	p.settles(func(now Usage) bool { return now.Streams == len(others) }, "not all are there")
	began := time.Now()
	p.publish(manyEvents, eventSize)
	p.settles(func(now Usage) bool { return now.Streams == 0 }, "who does not read is still there")
	t.Logf("who does not read was dropped after %s", time.Since(began).Round(100*time.Millisecond))
	p.publish(1, 1)
}

// A large body, sent or received, is never completely in memory.
func TestMemoryOfLargeBodies(t *testing.T) {
	const atMost = 8 << 20
	t.Run("an upload", func(t *testing.T) {
		p := startExample(t, "uploads", "-dir", t.TempDir())
		bytes := size[int64](64<<20, 1<<30)
		send := func(name string, bytes int64) {
			answer := p.do("PUT", "/files/"+name, io.LimitReader(zeros{}, bytes))
			var kept struct{ Size int64 }
			require.NoError(t, json.NewDecoder(answer.Body).Decode(&kept))
			require.Equal(t, bytes, kept.Size)
		}
		send("small", 100_000)
		rise := p.rise(func() { send("large", bytes) })
		t.Logf("%d MB raised the process by %d KB", bytes>>20, rise>>10)
		assert.Less(t, rise, atMost)
	})
	t.Run("an export", func(t *testing.T) {
		rows := size("100000", "1000000")
		p := startExample(t, "export", "-rows", rows)
		take := func(path string) (count int) {
			lines := bufio.NewScanner(p.get(path).Body)
			for lines.Scan() {
				count++
			}
			require.NoError(t, lines.Err())
			return count
		}
		assert.Equal(t, 100, take("/readings?limit=100"))
		rise := p.rise(func() { assert.Equal(t, size(100_000, 1_000_000), take("/readings")) })
		t.Logf("%s lines raised the process by %d KB", rows, rise>>10)
		assert.Less(t, rise, atMost)
	})
}

// zeros is endless.
type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
