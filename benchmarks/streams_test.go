package benchmarks_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/benchmarks"
)

// receive requests a stream and calls each for every note.
func receive(t testing.TB, url string, each func(note []byte)) (contentType string) {
	t.Helper()
	answer, err := http.Get(url)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(make([]byte, 64<<10), 64<<10)
	for lines.Scan() {
		if note := bytes.TrimPrefix(lines.Bytes(), []byte("data: ")); len(note) > 0 {
			each(note)
		}
	}
	require.NoError(t, lines.Err())
	return answer.Header.Get("Content-Type")
}

// TestStreams shows that both implementations send the same notes.
func TestStreams(t *testing.T) {
	for _, c := range benchmarks.Streamers() {
		server := httptest.NewServer(c.Handler())
		defer server.Close()
		for path, media := range map[string]string{"/events?count=3&pause=1ms": "text/event-stream", "/lines?count=3": "application/jsonl"} {
			var ids []int
			got := receive(t, server.URL+path, func(text []byte) {
				var note benchmarks.Note
				require.NoError(t, json.Unmarshal(text, &note))
				ids = append(ids, note.ID)
			})
			assert.Contains(t, got, media, c.Name)
			assert.Equal(t, []int{0, 1, 2}, ids, c.Name)
		}
		conn := dial(t, server)
		sent := benchmarks.Note{ID: 7, Sent: 1, Text: "hello"}
		require.NoError(t, wsjson.Write(t.Context(), conn, sent))
		var back benchmarks.Note
		require.NoError(t, wsjson.Read(t.Context(), conn, &back))
		assert.Equal(t, sent, back, c.Name)
	}
}

func dial(t testing.TB, server *httptest.Server) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), server.URL+"/echo", nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

// BenchmarkStreams has a sub-benchmark for each kind of stream and each implementation. cmd/streams runs them.
func BenchmarkStreams(b *testing.B) {
	for _, w := range []struct {
		name string
		run  func(b *testing.B, server *httptest.Server)
	}{
		{"busy events", func(b *testing.B, s *httptest.Server) { busy(b, s.URL+"/events") }},
		{"busy lines", func(b *testing.B, s *httptest.Server) { busy(b, s.URL+"/lines") }},
		{"slow events", slow},
		{"echo of one", func(b *testing.B, s *httptest.Server) { echo(b, s, 1) }},
		{"echo of sixteen", func(b *testing.B, s *httptest.Server) { echo(b, s, 16) }},
	} {
		b.Run(w.name, func(b *testing.B) {
			for _, c := range benchmarks.Streamers() {
				b.Run(c.Name, func(b *testing.B) {
					server := httptest.NewServer(c.Handler())
					defer server.Close()
					b.ReportAllocs()
					before := benchmarks.CPUTime()
					w.run(b, server)
					b.ReportMetric(float64(benchmarks.CPUTime()-before)/float64(b.N), "cpu-ns/op")
				})
			}
		})
	}
}

// busy receives from a producer that never waits. The client only counts, so that nearly all of the time is spent in
// the server.
func busy(b *testing.B, url string) {
	answer, err := http.Get(fmt.Sprint(url, "?count=", b.N))
	require.NoError(b, err)
	defer answer.Body.Close()
	var notes counter
	_, err = io.CopyBuffer(&notes, struct{ io.Reader }{answer.Body}, make([]byte, 64<<10))
	require.NoError(b, err)
	require.Equal(b, b.N, int(notes))
}

// counter counts the notes of a stream by their closing braces: each note has one.
type counter int

// Write counts the notes of a piece of the stream.
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(bytes.Count(p, []byte("}")))
	return len(p), nil
}

// slow receives from a producer that pauses before each note, and reports how old notes are when they arrive.
func slow(b *testing.B, server *httptest.Server) {
	ages := make([]time.Duration, 0, b.N)
	receive(b, fmt.Sprint(server.URL, "/events?pause=1ms&count=", b.N), func(text []byte) {
		now := time.Now()
		var note benchmarks.Note
		if err := json.Unmarshal(text, &note); err != nil {
			b.Fatal(err)
		}
		ages = append(ages, now.Sub(time.Unix(0, note.Sent)))
	})
	slices.Sort(ages)
	b.ReportMetric(float64(ages[len(ages)/2]), "median-ns")
	b.ReportMetric(float64(ages[len(ages)*99/100]), "p99-ns")
}

// echo has clients that each send a note and wait until it is back.
func echo(b *testing.B, server *httptest.Server, clients int) {
	note, err := json.Marshal(benchmarks.Note{ID: 1, Sent: 1, Text: strings.Repeat("x", 50)})
	require.NoError(b, err)
	var conns []*websocket.Conn
	for range clients {
		conns = append(conns, dial(b, server))
	}
	b.ResetTimer()
	var all sync.WaitGroup
	for i, conn := range conns {
		all.Go(func() {
			for range (b.N + i) / clients {
				if err := conn.Write(b.Context(), websocket.MessageText, note); err != nil {
					b.Error(err)
					return
				}
				if _, _, err := conn.Read(b.Context()); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}
