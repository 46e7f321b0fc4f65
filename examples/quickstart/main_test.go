package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// start builds the program and runs it until the test ends. It must then stop
// with exit status 0.
func start(t *testing.T) (addr string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "quickstart")
	output, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", output)
	addr = freeAddr(t)
	var logged bytes.Buffer
	server := exec.Command(program, "-addr", addr)
	server.Stdout, server.Stderr = &logged, &logged
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		assert.NoError(t, server.Process.Signal(syscall.SIGTERM))
		assert.NoError(t, server.Wait(), "%s", logged.String())
		assert.Contains(t, logged.String(), addr)
		assert.Contains(t, logged.String(), "/docs")
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", addr)
		return err == nil && conn.Close() == nil
	}, time.Minute, 10*time.Millisecond)
	return addr
}

func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// exchange sends a request as text and returns the response with its body.
func exchange(t *testing.T, addr, request string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	go func() { _, _ = io.WriteString(conn, request) }() // a server that rejects it early does not read all of it
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer, string(body)
}

func post(target, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", target, len(body), body)
}

func bare(method, target string, lines ...string) string {
	head := append([]string{method + " " + target + " HTTP/1.1", "Host: shop", "Connection: close"}, lines...)
	return strings.Join(head, "\r\n") + "\r\n\r\n"
}

// The program, started as from a shell, and its responses on the wire.
func TestProgram(t *testing.T) {
	addr := start(t)
	for _, row := range []struct {
		name, request string
		status        int
		header        [2]string
		body          string
	}{
		{
			"a good item is created", post("/items", `{"name":"Mouse","price":0,"in_stock":false}`),
			201,
			[2]string{"Content-Type", "application/json"},
			`{"id":2,"name":"Mouse","price":0,"in_stock":false}`,
		},
		{
			"an unknown id", bare("GET", "/items/77"),
			404,
			[2]string{"Content-Type", "application/json"},
			`{"detail":"item not found"}`,
		},
		{
			"no such path", bare("GET", "/nowhere"),
			404,
			[2]string{"Content-Type", "application/json"},
			`{"detail":"Not Found"}`,
		},
		{
			"a wrong method names the methods of all routes there", bare("PATCH", "/items/1"),
			405,
			[2]string{"Allow", "DELETE, GET, HEAD, OPTIONS, PUT"},
			`{"detail":"Method Not Allowed"}`,
		},
		{
			"what is no JSON is located by its offset", post("/items", `{"name": "x",}`),
			422,
			[2]string{"Content-Type", "application/json"},
			`{"detail":[{"type":"json_invalid","loc":["body",13],"msg":"<any>","ctx":{"error":"<any>"}}]}`,
		},
		{
			"a body of three megabytes", post("/items", `{"name":"`+strings.Repeat("x", 3<<20)+`","price":1}`),
			413,
			[2]string{"Content-Type", "application/json"},
			`{"detail":"the body is too large"}`,
		},
		{
			"a header of a hundred kilobytes", bare("GET", "/items", "X-Long: "+strings.Repeat("x", 100<<10)),
			431,
			[2]string{"Content-Type", "application/json"},
			`{"detail":"request header fields too large"}`,
		},
		{
			"an empty name is a value, and too short", post("/items", `{"name":"","price":1}`),
			422,
			[2]string{"Content-Type", "application/json"},
			`{"detail":[{"type":"string_too_short","loc":["body","name"],"msg":"<any>","ctx":{"min_length":1}}]}`,
		},
		{
			"a slash too many", bare("GET", "/items/?limit=1"),
			307,
			[2]string{"Location", "/items?limit=1"},
			``,
		},
		{
			"what methods there are", bare("OPTIONS", "/items"),
			204,
			[2]string{"Allow", "GET, HEAD, OPTIONS, POST"},
			``,
		},
		{
			"a body of another media type", strings.Replace(post("/items", `name=x`), "application/json", "application/x-www-form-urlencoded", 1),
			415,
			[2]string{"Content-Type", "application/json"},
			`<any>`,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			answer, body := exchange(t, addr, row.request)
			require.Equal(t, row.status, answer.StatusCode, body)
			assert.Equal(t, row.header[1], answer.Header.Get(row.header[0]))
			switch row.body {
			case "", "<any>":
			default:
				assert.JSONEq(t, row.body, anyWords(body))
			}
		})
	}
}

// anyWords replaces sentences, which may change.
func anyWords(body string) string {
	for _, key := range []string{`"msg":"`, `"error":"`} {
		before, rest, found := strings.Cut(body, key)
		if _, after, closed := strings.Cut(rest, `"`); found && closed {
			body = before + key + `<any>"` + after
		}
	}
	return body
}
