package serve_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/serve"
)

// BenchmarkRequest compares one request on a kept connection with a bare http.Server.
func BenchmarkRequest(b *testing.B) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "hello")
	})
	servers := map[string]func(l net.Listener) error{
		"bare": func(l net.Listener) error { return http.Serve(l, h) },
		"serve": func(l net.Listener) error {
			return serve.Serve(context.Background(), l, h, serve.Limits{}, serve.Hooks{}, serve.Protocols{})
		},
	}
	requests := map[string]string{
		"get":  "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"post": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
	}
	for method, request := range requests {
		for name, run := range servers {
			b.Run(method+"/"+name, func(b *testing.B) { benchmarkRequest(b, run, request) })
		}
	}
}

func benchmarkRequest(b *testing.B, run func(l net.Listener) error, request string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	defer l.Close()
	go func() { _ = run(l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(b, err)
	defer conn.Close()
	r := bufio.NewReader(conn)
	b.ReportAllocs()
	for b.Loop() {
		_, err := io.WriteString(conn, request)
		require.NoError(b, err)
		for line := ""; line != "\r\n"; {
			line, err = r.ReadString('\n')
			require.NoError(b, err)
		}
		_, err = r.Discard(len("hello"))
		require.NoError(b, err)
	}
}
