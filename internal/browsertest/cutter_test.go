package browsertest

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// cutter stands between a browser and a server, and cuts their connections.
type cutter struct {
	mutex sync.Mutex
	conns map[net.Conn]bool
}

// startCutter serves what is at a URL under another one.
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

// pass hands on what comes from one side, until either ends.
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

// cut resets every connection there is, and tells how many there were.
func (c *cutter) cut() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for conn := range c.conns {
		_ = conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}
	return len(c.conns) / 2
}
