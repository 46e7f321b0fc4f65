package serve_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/serve"
)

// BenchmarkRequest compares one request on a kept-alive connection with a bare http.Server, by the time of client and
// server on one processor. The two take turns, so that other work on the machine affects both; bare-ns and over-bare-ns
// are lower quartiles:
//
//	go test -run '^$' -bench Request -benchtime 200x ./internal/serve
func BenchmarkRequest(b *testing.B) {
	b.Run("get", func(b *testing.B) { benchmarkRequest(b, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") })
	b.Run("post", func(b *testing.B) {
		benchmarkRequest(b, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
	})
}

func benchmarkRequest(b *testing.B, request string) {
	const atOnce = 500
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "hello")
	})
	bare := connectTo(b, func(l net.Listener) { _ = http.Serve(l, h) }) //nolint:gosec // the cost of a bare server
	served := connectTo(b, func(l net.Listener) {
		_ = serve.Serve(context.Background(), l, h, serve.Limits{}, serve.Hooks{}, serve.Protocols{})
	})
	var bareTimes, servedTimes []time.Duration
	for b.Loop() {
		bareTimes = append(bareTimes, bare.ask(b, request, atOnce))
		servedTimes = append(servedTimes, served.ask(b, request, atOnce))
	}
	lower := func(times []time.Duration) float64 {
		slices.Sort(times)
		return float64(times[len(times)/4]) / atOnce
	}
	b.ReportMetric(lower(bareTimes), "bare-ns")
	b.ReportMetric(lower(servedTimes)-lower(bareTimes), "over-bare-ns")
	b.ReportMetric(0, "ns/op") // of both together it would say nothing
}

// A kept is a kept-alive connection with its reader.
type kept struct {
	net.Conn
	responses *bufio.Reader
}

func connectTo(b *testing.B, run func(l net.Listener)) kept {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	b.Cleanup(func() { _ = l.Close() })
	go run(l)
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(b, err)
	b.Cleanup(func() { _ = conn.Close() })
	return kept{conn, bufio.NewReader(conn)}
}

// ask sends a request that many times, each after the response to the previous one.
func (k kept) ask(b *testing.B, request string, times int) time.Duration {
	began := time.Now()
	for range times {
		_, err := io.WriteString(k, request)
		require.NoError(b, err)
		for line := []byte(nil); string(line) != "\r\n"; {
			line, err = k.responses.ReadSlice('\n')
			require.NoError(b, err)
		}
		_, err = k.responses.Discard(len("hello"))
		require.NoError(b, err)
	}
	return time.Since(began)
}
