package socket_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/socket"
)

// pipe serves one connection in memory, inside a synctest bubble. It returns the client's end; received returns the
// bytes from the server so far.
func pipe(t *testing.T, handler func(*socket.Conn)) (client net.Conn, received func() string) {
	t.Helper()
	client, server := net.Pipe()
	conns := make(chan net.Conn, 1)
	conns <- server
	s := http.Server{Handler: handle(t, handler)} //nolint:gosec // no one else connects
	go func() { _ = s.Serve(listener{conns}) }()
	_, reader := upgrade(t, client)
	var mutex sync.Mutex
	var all []byte
	go func() {
		for buffer := make([]byte, 512); ; {
			n, err := reader.Read(buffer)
			mutex.Lock()
			all = append(all, buffer[:n]...)
			mutex.Unlock()
			if err != nil {
				close(conns)
				return
			}
		}
	}()
	return client, func() string {
		synctest.Wait()
		mutex.Lock()
		defer mutex.Unlock()
		return string(all)
	}
}

type listener struct{ conns chan net.Conn }

func (l listener) Accept() (net.Conn, error) {
	if conn, ok := <-l.conns; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (l listener) Close() error   { return nil }
func (l listener) Addr() net.Addr { return &net.TCPAddr{} }

// frame returns a frame of a client, masked with zeros, with a short or a long length.
func frame(first byte, payload string) string {
	n := len(payload)
	switch {
	case n < 126:
		return string([]byte{first, 0x80 | byte(n), 0, 0, 0, 0}) + payload
	case n < 1<<16:
		return string([]byte{first, 0x80 | 126, byte(n >> 8), byte(n), 0, 0, 0, 0}) + payload
	}
	return string([]byte{first, 0x80 | 127, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 0, 0, 0, 0}) + payload
}

const (
	text, more, last, ping, pong = 0x81, 0x01, 0x80, 0x89, 0x8a
)

// Wherever a client pauses, Receive returns as soon as its context ends, and no part of a message is lost.
func TestReceiveIsInterruptedAnywhere(t *testing.T) {
	sent := frame(text, "one") + frame(ping, "p") + frame(text, "two") + frame(more, "th") + frame(pong, "") + frame(last, "ree") +
		frame(ping, "q") + frame(text, strings.Repeat("4", 200)) + frame(text, "five") + frame(pong, "r") + frame(text, "six")
	want := []string{"one", "two", "three", strings.Repeat("4", 200), "five", "six"}
	for step := 1; step < 40; step += 3 {
		synctest.Test(t, func(t *testing.T) {
			var got []string
			client, received := pipe(t, func(c *socket.Conn) {
				for {
					short, cancel := context.WithTimeout(context.Background(), 70*time.Millisecond)
					start := time.Now()
					m, err := c.Receive(short)
					cancel()
					if errors.Is(err, context.DeadlineExceeded) {
						assert.Equal(t, 70*time.Millisecond, time.Since(start))
						continue
					}
					if err != nil {
						return
					}
					got = append(got, string(m.Data))
					m.Release()
				}
			})
			for left := sent; left != ""; {
				n := min(step, len(left))
				_, err := io.WriteString(client, left[:n])
				require.NoError(t, err)
				left = left[n:]
				time.Sleep(31 * time.Millisecond)
			}
			time.Sleep(time.Second)
			assert.Equal(t, "\x8a\x01p\x8a\x01q", received(), step)
			require.NoError(t, client.Close())
			synctest.Wait()
			assert.Equal(t, want, got, step)
		})
	}
}

// A handler that waits for messages needs no additional goroutine. While a handler does something else, a goroutine
// detects that the client disconnects.
func TestReadersOnlyWhereTheyAreNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		steps := make(chan struct{})
		client, received := pipe(t, func(c *socket.Conn) {
			_, err := c.Receive(c.Context())
			assert.NoError(t, err)
			<-steps
			_, err = c.Receive(c.Context())
			assert.NoError(t, err)
			<-c.Context().Done()
		})
		send := func(bytes string) {
			_, err := io.WriteString(client, bytes)
			require.NoError(t, err)
		}
		for _, row := range []struct {
			name  string
			do    func()
			reads bool
		}{
			{"the handler waits for a message", func() {}, false},
			{"and goes on waiting after a ping", func() { send(frame(ping, "a")) }, false},
			{"it has a message, and works", func() { send(frame(text, "b")) }, true},
			{"it comes back", func() { steps <- struct{}{} }, false},
			{"half of a message has come", func() { send(frame(text, "cd")[:7]) }, true},
			{"all of it", func() { send("d") }, true},
		} {
			row.do()
			time.Sleep(time.Second)
			synctest.Wait()
			all := make([]byte, 1<<20)
			all = all[:runtime.Stack(all, true)]
			reads := bytes.Contains(all, []byte("socket.(*Conn).readAlone")) || bytes.Contains(all, []byte("socket.(*Conn).readRest"))
			assert.Equal(t, row.reads, reads, row.name)
		}
		assert.Equal(t, "\x8a\x01a", received())
		require.NoError(t, client.Close()) // the handler's context ends
	})
}

// A handler that waits for a message returns at once if the connection is closed elsewhere, even if the client does not
// respond.
func TestReceiveEndsWithTheConnection(t *testing.T) {
	for name, sent := range map[string]string{"nothing has come": "", "half of a message has": frame(text, "abc")[:8]} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				why := errors.New("the server stops")
				client, received := pipe(t, func(c *socket.Conn) {
					time.AfterFunc(time.Second, func() { c.Close(&socket.Closing{Code: 1001}, why) })
					start := time.Now()
					_, err := c.Receive(c.Context())
					assert.Equal(t, why, err)
					assert.Equal(t, time.Second, time.Since(start))
				})
				_, err := io.WriteString(client, sent)
				require.NoError(t, err)
				time.Sleep(time.Minute)
				assert.Equal(t, "\x88\x02\x03\xe9", received())
			})
		})
	}
}

// Several goroutines may receive at once: each message goes to one of them.
func TestReceiveConcurrently(t *testing.T) {
	const messages = 500
	var mutex sync.Mutex
	got := map[string]int{}
	done := make(chan struct{})
	conn, _ := framesDial(t, serve(t, func(c *socket.Conn) {
		defer close(done)
		var receivers sync.WaitGroup
		for i := range 8 {
			receivers.Go(func() {
				for {
					ctx, cancel := c.Context(), context.CancelFunc(func() {})
					if i%2 == 0 {
						ctx, cancel = context.WithTimeout(ctx, time.Duration(i)*100*time.Microsecond)
					}
					m, err := c.Receive(ctx)
					cancel()
					if errors.Is(err, context.DeadlineExceeded) {
						continue
					}
					if err != nil {
						return
					}
					mutex.Lock()
					got[string(m.Data)]++
					mutex.Unlock()
					m.Release()
				}
			})
		}
		receivers.Wait()
	}))
	want := map[string]int{}
	for i := range messages {
		data := strings.Repeat("x", i*37%6000+i)
		want[data]++
		_, err := io.WriteString(conn, frame(text, data))
		require.NoError(t, err)
	}
	_, err := conn.Write(closing(1000, ""))
	require.NoError(t, err)
	<-done
	assert.Equal(t, want, got)
}
