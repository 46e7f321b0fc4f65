package benchmarks

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Load is the result of requests over sockets.
type Load struct {
	Requests int           `json:"requests"`
	Took     time.Duration `json:"took"`
}

// SendLoad sends a workload to a server for the given time, over that many connections, each of which waits for a
// response before it sends the next request. It reads responses with far less work than net/http's client, so that the
// server is the bottleneck.
func SendLoad(ctx context.Context, url string, w Workload, connections int, d time.Duration) (Load, error) {
	wires := make([][]byte, len(w.Requests))
	for i, r := range w.Requests {
		wires[i] = r.Wire()
	}
	counts, failures := make([]int, connections), make([]error, connections)
	conns := make([]net.Conn, connections)
	for i := range conns {
		conn, err := dial(ctx, url)
		if err != nil {
			return Load{}, err
		}
		defer conn.Close()
		conns[i] = conn
	}
	start := time.Now()
	end := start.Add(d)
	var all sync.WaitGroup
	for i, conn := range conns {
		all.Go(func() { counts[i], failures[i] = ask(conn, wires, w.Status, end) })
	}
	all.Wait()
	load := Load{Took: time.Since(start)}
	for _, n := range counts {
		load.Requests += n
	}
	return load, errors.Join(failures...)
}

// ask sends requests in turn until the end time, at least one.
func ask(conn net.Conn, wires [][]byte, status int, end time.Time) (n int, err error) {
	answers := bufio.NewReaderSize(conn, 32<<10)
	for ; n == 0 || time.Now().Before(end); n++ {
		if _, err := conn.Write(wires[n%len(wires)]); err != nil {
			return n, err
		}
		got, err := readAnswer(answers)
		if err != nil {
			return n, err
		}
		if got != status {
			return n, fmt.Errorf("answered %d instead of %d", got, status)
		}
	}
	return n, nil
}

// readAnswer reads a response and returns its status. It only supports the framing that these servers use: a length or
// chunks, without trailers.
func readAnswer(r *bufio.Reader) (status int, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 13 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, fmt.Errorf("no answer: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length, chunked := 0, false
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		name, value, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(":"))
		switch {
		case len(name) == 0:
			if chunked {
				return status, skipChunks(r)
			}
			_, err := r.Discard(length)
			return status, err
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
}

func skipChunks(r *bufio.Reader) error {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, r, size+2); err != nil || size == 0 {
			return err
		}
	}
}

// Hold opens connections, gets one response on each, and keeps them open until they are closed.
func Hold(ctx context.Context, url string, w Workload, connections int) (io.Closer, error) {
	var all held
	for range connections {
		conn, err := dial(ctx, url)
		if err == nil {
			all = append(all, conn)
			_, err = ask(conn, [][]byte{w.Requests[0].Wire()}, w.Status, time.Time{})
		}
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
	}
	return all, nil
}

func dial(ctx context.Context, url string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", strings.TrimPrefix(url, "http://"))
}

// held are connections that are closed together.
type held []net.Conn

// Close closes all connections.
func (h held) Close() (err error) {
	for _, conn := range h {
		err = errors.Join(err, conn.Close())
	}
	return err
}
