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

// A client that does not read is disconnected after its time limit. Until then, the others receive every event without
// delay.
func TestStalledReader(t *testing.T) {
	const listeners, count, bytes = 8, 1000, 16 << 10
	p := start(t, "candor")
	var heard sync.WaitGroup
	for range listeners {
		c := p.listen("/topic/events")
		c.lines = bufio.NewReaderSize(c, 64<<10)
		heard.Go(func() {
			for i := range count {
				var event Event
				if !assert.NoError(t, json.Unmarshal([]byte(c.hears()), &event)) || !assert.Equal(t, i, event.N) {
					return
				}
			}
		})
	}
	for _, stalled := range []*client{p.listen("/topic/events"), p.connect("/topic/socket")} {
		require.NoError(t, stalled.Conn.(*net.TCPConn).SetReadBuffer(4<<10))
	}
	p.settles(func(now Usage) bool { return now.Streams == listeners+2 }, "not all are there")
	began := time.Now()
	p.publish(count, bytes)
	heard.Wait()
	took := time.Since(began)
	assert.Equal(t, listeners+2, p.usage().Streams, "somebody waited for those who do not read to be dropped")
	t.Logf("%d clients heard %d MB each within %s", listeners, count*bytes>>20, took.Round(time.Millisecond))
	p.settles(func(now Usage) bool { return now.Streams == listeners }, "who does not read is still there")
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
