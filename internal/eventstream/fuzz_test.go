package eventstream_test

import (
	"bytes"
	"io"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/eventstream"
)

// naiveRead implements the grammar and the steps of the HTML standard literally, for a whole stream. It reports every
// block with a field.
func naiveRead(stream string) []eventstream.Event {
	stream = strings.TrimPrefix(stream, "\ufeff")
	stream = strings.ReplaceAll(stream, "\r\n", "\n")
	stream = strings.ReplaceAll(stream, "\r", "\n")
	lines := strings.Split(stream, "\n")
	lines = lines[:len(lines)-1] // without a line end, it is incomplete

	var events []eventstream.Event
	var event eventstream.Event
	var values, comments []string
	var lastID string
	known := false
	for _, line := range lines {
		if line == "" {
			event.HasData = len(values) > 0
			event.Data = []byte(strings.Join(values, "\n"))
			event.Comment = strings.Join(comments, "\n")
			event.LastID = lastID
			if known {
				events = append(events, event)
			}
			event, values, comments, known = eventstream.Event{}, nil, nil, false
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case name == "":
			comments = append(comments, value)
		case name == "data":
			values = append(values, value)
		case name == "event":
			event.Name = value
		case name == "id" && !strings.Contains(value, "\x00"):
			event.ID, lastID = value, value
		case name == "retry" && onlyDigits.MatchString(value):
			event.Retry = naiveRetry(value)
		default:
			continue
		}
		known = true
	}
	return events
}

var onlyDigits = regexp.MustCompile(`^[0-9]+$`)

func naiveRetry(digits string) time.Duration {
	n, _ := new(big.Int).SetString(digits, 10)
	most := big.NewInt(int64(1<<63-1) / int64(time.Millisecond))
	if n.Cmp(most) > 0 {
		n = most
	}
	return time.Duration(n.Int64()) * time.Millisecond
}

// dispatched returns the events that a client dispatches.
func dispatched(events []eventstream.Event) []eventstream.Event {
	var some []eventstream.Event
	for _, event := range events {
		if event.HasData {
			event.Comment = ""
			some = append(some, event)
		}
	}
	return some
}

// chunked reads in pieces whose sizes come from a list, repeatedly.
type chunked struct {
	rest  []byte
	sizes []byte
	at    int
}

func (c *chunked) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	size := 1
	if len(c.sizes) > 0 {
		size += int(c.sizes[c.at%len(c.sizes)])
		c.at++
	}
	n := copy(p[:min(size, len(p))], c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func FuzzRead(f *testing.F) {
	for _, row := range read {
		f.Add([]byte(row.stream), []byte{0, 3})
	}
	for _, row := range written {
		f.Add([]byte(row.wire), []byte{1})
	}
	f.Fuzz(func(t *testing.T, stream, sizes []byte) {
		want := naiveRead(string(stream))
		all := gather(t, &chunked{rest: stream, sizes: sizes}, eventstream.ReadOptions{Comments: true})
		require.Equal(t, normal(want), normal(all))
		some := gather(t, &chunked{rest: stream, sizes: sizes}, eventstream.ReadOptions{})
		require.Equal(t, normal(dispatched(want)), normal(some))
	})
}

// FuzzAppend reads an event back between two others, to detect effects on its neighbours.
func FuzzAppend(f *testing.F) {
	for _, row := range written {
		e := row.event
		f.Add(e.Name, e.ID, e.Comment, e.Data, int64(e.Retry), e.HasData)
	}
	for _, row := range refused {
		e := row.event
		f.Add(e.Name, e.ID, e.Comment, e.Data, int64(e.Retry), e.HasData)
	}
	f.Fuzz(func(t *testing.T, name, id, comment string, text []byte, retry int64, hasData bool) {
		event := eventstream.Event{Name: name, ID: id, Comment: comment, Data: text, Retry: time.Duration(retry), HasData: hasData}
		before := []byte("data: before\n\n")
		wire, err := eventstream.Append(before, &event)
		if err != nil {
			assert.Equal(t, before, wire)
			return
		}
		if event.OneLine = !bytes.ContainsAny(text, "\r\n"); event.OneLine {
			again, err := eventstream.Append(before, &event)
			require.NoError(t, err)
			require.Equal(t, string(wire), string(again))
		}
		events := naiveRead(string(wire) + "data: after\n\n")
		require.Len(t, events, 3)
		assert.Equal(t, "after", string(events[2].Data))
		got := events[1]
		assert.Equal(t, name, got.Name)
		assert.Equal(t, id, got.ID)
		assert.Equal(t, lineFeeds(comment), got.Comment)
		assert.Equal(t, hasData, got.HasData)
		if hasData {
			assert.Equal(t, lineFeeds(string(text)), string(got.Data))
		}
		// Rounded up, in integers that cannot overflow.
		assert.Equal(t, retry/1e6+min(retry%1e6, 1), got.Retry.Milliseconds())
		assert.True(t, bytes.HasSuffix(wire, []byte("\n\n")))
	})
}

func lineFeeds(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}
