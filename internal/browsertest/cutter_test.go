package browsertest

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// cutter is a proxy between a browser and a server that can cut their connections.
type cutter struct {
	mutex sync.Mutex
	conns map[net.Conn]bool
}

// startCutter starts a cutter for a URL, and returns its own.
func startCutter(t *testing.T, home string) (c *cutter, front string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	c = &cutter{conns: map[net.Conn]bool{}}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", strings.TrimPrefix(home, "http://"))
			if err != nil {
				client.Close()
				continue
			}
			go c.pass(client, server)
			go c.pass(server, client)
		}
	}()
	return c, "http://" + listener.Addr().String()
}

// pass copies data in one direction until either side ends.
func (c *cutter) pass(from, to net.Conn) {
	c.mutex.Lock()
	c.conns[from] = true
	c.mutex.Unlock()
	_, _ = io.Copy(to, from)
	c.mutex.Lock()
	delete(c.conns, from)
	c.mutex.Unlock()
	from.Close()
	to.Close()
}

// cut resets all connections, and returns their number.
func (c *cutter) cut() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for conn := range c.conns {
		_ = conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}
	return len(c.conns) / 2
}
