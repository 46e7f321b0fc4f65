package eventstream_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/eventstream"
)

func data(s string) eventstream.Event {
	return eventstream.Event{Data: []byte(s), HasData: true}
}

// written are events and their form on the wire.
var written = []struct {
	name  string
	event eventstream.Event
	wire  string
}{
	{"data", data(`{"a":1}`), "data: {\"a\":1}\n\n"},
	{"empty data", data(""), "data: \n\n"},
	{"nil data", eventstream.Event{HasData: true}, "data: \n\n"},
	{"data that begins with a space", data(" a"), "data:  a\n\n"},
	{"data that begins with a colon", data(":a"), "data: :a\n\n"},
	{"lines of data", data("a\nb\rc\r\nd"), "data: a\ndata: b\ndata: c\ndata: d\n\n"},
	{"line ends in a row", data("\r\r\n\n"), "data: \ndata: \ndata: \ndata: \n\n"},
	{"no other line ends", data("a\vb\fc\u0085d\u2028e\u2029f\x1cg"), "data: a\vb\fc\u0085d\u2028e\u2029f\x1cg\n\n"},
	{"NUL in data", data("a\x00b"), "data: a\x00b\n\n"},
	{"BOM in data", data("\ufeffa"), "data: \ufeffa\n\n"},
	{"name", eventstream.Event{Name: "add", Data: []byte("1"), HasData: true}, "event: add\ndata: 1\n\n"},
	{"id", eventstream.Event{ID: "7", Data: []byte("1"), HasData: true}, "data: 1\nid: 7\n\n"},
	{"id alone", eventstream.Event{ID: "7"}, "id: 7\n\n"},
	{"name alone", eventstream.Event{Name: "a"}, "event: a\n\n"},
	{"retry", eventstream.Event{Retry: 1500 * time.Millisecond}, "retry: 1500\n\n"},
	{"retry below a millisecond", eventstream.Event{Retry: time.Nanosecond}, "retry: 1\n\n"},
	{"comment", eventstream.Event{Comment: "ping"}, eventstream.Ping},
	{"lines of a comment", eventstream.Event{Comment: "a\nb\r\nc\rd"}, ": a\n: b\n: c\n: d\n\n"},
	{"a comment cannot become data", eventstream.Event{Comment: "a\rdata: b"}, ": a\n: data: b\n\n"},
	{
		"everything",
		eventstream.Event{Comment: "c", Name: "n", ID: "i", Retry: time.Second, Data: []byte("d"), HasData: true},
		": c\nevent: n\ndata: d\nid: i\nretry: 1000\n\n",
	},
}

func TestAppend(t *testing.T) {
	for _, test := range written {
		t.Run(test.name, func(t *testing.T) {
			wire, err := eventstream.Append([]byte("before\n\n"), &test.event)
			require.NoError(t, err)
			assert.Equal(t, "before\n\n"+test.wire, string(wire))
		})
	}
}

// refused are events that a client would read differently.
var refused = []struct {
	name  string
	event eventstream.Event
	err   string
}{
	{"nothing", eventstream.Event{}, "needs data"},
	{"nothing but data that does not count", eventstream.Event{Data: []byte("a")}, "needs data"},
	{"LF in the name", eventstream.Event{Name: "a\nb", HasData: true}, "name of an event"},
	{"CR in the name", eventstream.Event{Name: "a\rb", HasData: true}, "name of an event"},
	{"LF in the id", eventstream.Event{ID: "\n"}, "id of an event"},
	{"CR in the id", eventstream.Event{ID: "a\r"}, "id of an event"},
	{"NUL in the id", eventstream.Event{ID: "a\x00"}, "id of an event"},
	{"negative retry", eventstream.Event{Retry: -1}, "retry of an event"},
	{"a name that is no UTF-8", eventstream.Event{Name: "\xff", HasData: true}, "UTF-8"},
	{"an id that is no UTF-8", eventstream.Event{ID: "\xff"}, "UTF-8"},
	{"a comment that is no UTF-8", eventstream.Event{Comment: "\xff"}, "UTF-8"},
	{"data that is no UTF-8", data("\xe2\x82"), "UTF-8"},
}

func TestAppendRejects(t *testing.T) {
	for _, test := range refused {
		t.Run(test.name, func(t *testing.T) {
			dst, err := eventstream.Append([]byte("before"), &test.event)
			require.ErrorContains(t, err, test.err)
			assert.Equal(t, "before", string(dst), "what was there stays")
		})
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	event := eventstream.Event{Comment: "a\nb", Name: "n", ID: "i", Retry: time.Second, Data: []byte("c\nd"), HasData: true}
	dst := make([]byte, 0, 1024)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		dst, _ = eventstream.Append(dst[:0], &event)
	}))
}

func withID(e eventstream.Event, id string) eventstream.Event {
	e.ID, e.LastID = id, id
	return e
}

// read are streams and their events. The rows marked "standard" are the examples of the HTML standard.
var read = []struct {
	name   string
	stream string
	events []eventstream.Event
}{
	{"standard: lines of data", "data: YHOO\ndata: +2\ndata: 10\n\n", []eventstream.Event{data("YHOO\n+2\n10")}},
	{
		"standard: comment, id, empty id, leading space",
		": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
		[]eventstream.Event{withID(data("first event"), "1"), data("second event"), data(" third event")},
	},
	{"standard: empty data", "data\n\ndata\ndata\n\ndata:", []eventstream.Event{data(""), data("\n")}},
	{"standard: the space behind the colon", "data:test\n\ndata: test\n\n", []eventstream.Event{data("test"), data("test")}},
	{"no stream", "", nil},
	{"only blank lines", "\n\n\r\r\n\n", nil},
	{"an incomplete event", "data: a\n\ndata: b\n", []eventstream.Event{data("a")}},
	{"CR", "data: a\rdata: b\r\r", []eventstream.Event{data("a\nb")}},
	{"CRLF", "data: a\r\ndata: b\r\n\r\n", []eventstream.Event{data("a\nb")}},
	{"mixed line ends", "data: a\n\r\ndata: b\r\n\rdata: c\r\n\n", []eventstream.Event{data("a"), data("b"), data("c")}},
	{"a BOM at the beginning", "\ufeffdata: a\n\n", []eventstream.Event{data("a")}},
	{"a second BOM is a part of the name", "\ufeff\ufeffdata: a\n\n", nil},
	{"a BOM later is a part of the name", "data: a\n\n\ufeffdata: b\n\n", []eventstream.Event{data("a")}},
	{"a BOM alone on the first line", "\ufeff\ndata: a\n\n", []eventstream.Event{data("a")}},
	{"unknown fields", "foo: 1\n data: 2\nData: 3\ndata : 4\ndata: a\n\n", []eventstream.Event{data("a")}},
	{"a name counts for its event only", "event: x\ndata: a\n\ndata: b\n\n", []eventstream.Event{{Name: "x", Data: []byte("a"), HasData: true}, data("b")}},
	{"a name without data is forgotten", "event: x\n\ndata: b\n\n", []eventstream.Event{data("b")}},
	{"the last name counts", "event: x\nevent: y\nevent\nevent: z\ndata: a\n\n", []eventstream.Event{{Name: "z", Data: []byte("a"), HasData: true}}},
	{"an id stays", "id: 1\ndata: a\n\ndata: b\n\n", []eventstream.Event{withID(data("a"), "1"), {LastID: "1", Data: []byte("b"), HasData: true}}},
	{"an id without data counts", "id: 1\n\ndata: b\n\n", []eventstream.Event{{LastID: "1", Data: []byte("b"), HasData: true}}},
	{"an id with NUL is none", "id: 1\nid: 2\x003\ndata: a\n\n", []eventstream.Event{withID(data("a"), "1")}},
	{"an id is not trimmed", "id:  1 \ndata: a\n\n", []eventstream.Event{withID(data("a"), " 1 ")}},
	{"retry", "retry: 10\ndata: a\n\n", []eventstream.Event{{Retry: 10 * time.Millisecond, Data: []byte("a"), HasData: true}}},
	{"retry is digits only", "retry: 10\nretry: +1\nretry: 1.5\nretry:\nretry: 1e3\nretry:  1\nretry: ٣\ndata: a\n\n", []eventstream.Event{{Retry: 10 * time.Millisecond, Data: []byte("a"), HasData: true}}},
	{"the longest retry", "retry: 99999999999999999999999\ndata: a\n\n", []eventstream.Event{{Retry: 9223372036854 * time.Millisecond, Data: []byte("a"), HasData: true}}},
	{"NUL in data", "data: a\x00b\n\n", []eventstream.Event{data("a\x00b")}},
	{"other white space", "data:\ta\v\n\n", []eventstream.Event{data("\ta\v")}},
}

func gather(t testing.TB, r io.Reader, opts eventstream.ReadOptions) []eventstream.Event {
	var events []eventstream.Event
	for event, err := range eventstream.Read(r, opts) {
		require.NoError(t, err)
		events = append(events, event)
	}
	return events
}

func TestRead(t *testing.T) {
	for _, test := range read {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.events, gather(t, strings.NewReader(test.stream), eventstream.ReadOptions{}))
			bytewise := iotest.OneByteReader(strings.NewReader(test.stream))
			assert.Equal(t, test.events, gather(t, bytewise, eventstream.ReadOptions{}), "byte by byte")
		})
	}
}

func TestReadComments(t *testing.T) {
	stream := ": a\n:b\ndata: 1\n\n: ping\n\nid: 7\n\nevent: x\n\nfoo: 1\n\n: incomplete\n"
	assert.Equal(t, []eventstream.Event{
		{Comment: "a\nb", Data: []byte("1"), HasData: true},
		{Comment: "ping"},
		{ID: "7", LastID: "7"},
		{Name: "x", LastID: "7"},
	}, normal(gather(t, strings.NewReader(stream), eventstream.ReadOptions{Comments: true})))
	assert.Equal(t, []eventstream.Event{data("1")}, gather(t, strings.NewReader(stream), eventstream.ReadOptions{}))
}

func TestReadLimits(t *testing.T) {
	opts := eventstream.ReadOptions{MaxLine: 8, MaxEvent: 12}
	for _, test := range []struct {
		name   string
		stream string
		fails  bool
	}{
		{"a line at its limit", "data:123\n\n", false},
		{"a line over its limit", "data:1234\n\n", true},
		{"a line over its limit that never ends", "data:1234", true},
		{"an event at its limit", "data:1\ndata:2\n\n", false},
		{"an event over its limit", "data:1\ndata:22\n\n", true},
		{"unknown fields count", "data:1\nfoo\nbar:\n\n", true},
		{"comments count", ":234567\n:23456\n\n", true},
		{"each event counts alone", "data:1\n\ndata:2\n\ndata:3\n\n", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var failure error
			for _, err := range eventstream.Read(strings.NewReader(test.stream), opts) {
				failure = err
			}
			if test.fails {
				require.ErrorIs(t, failure, eventstream.ErrTooLong)
				return
			}
			require.NoError(t, failure)
		})
	}
}

func TestReadEnds(t *testing.T) {
	broken := errors.New("connection reset")
	var events int
	var failure error
	for _, err := range eventstream.Read(io.MultiReader(strings.NewReader("data: a\n\ndata: b"), iotest.ErrReader(broken)), eventstream.ReadOptions{}) {
		if events++; err != nil {
			failure = err
		}
	}
	assert.Equal(t, 2, events, "one event and the error")
	require.ErrorIs(t, failure, broken)

	for _, err := range eventstream.Read(silent{}, eventstream.ReadOptions{}) {
		require.ErrorIs(t, err, io.ErrNoProgress)
	}
	for event, err := range eventstream.Read(strings.NewReader("data: a\n\ndata: b\n\n"), eventstream.ReadOptions{}) {
		require.NoError(t, err)
		assert.Equal(t, "a", string(event.Data))
		break
	}
}

// silent is a reader that returns no data.
type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

// An event is available with its last byte, also if its lines end with CR.
func TestReadAtOnce(t *testing.T) {
	for _, stream := range []string{"data: a\n\n", "data: a\r\r", "data: a\r\n\r"} {
		pipe, writer := io.Pipe()
		go func() { _, _ = io.WriteString(writer, stream) }()
		for event, err := range eventstream.Read(pipe, eventstream.ReadOptions{}) {
			require.NoError(t, err)
			assert.Equal(t, "a", string(event.Data))
			break
		}
	}
}

// normal sets Data of events without data to nil.
func normal(events []eventstream.Event) []eventstream.Event {
	for i := range events {
		if len(events[i].Data) == 0 {
			events[i].Data = nil
		}
	}
	return events
}

func BenchmarkAppend(b *testing.B) {
	event := eventstream.Event{ID: "1234", Data: bytes.Repeat([]byte("0123456789abcdef"), 8), HasData: true}
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	b.SetBytes(int64(len(event.Data)))
	for b.Loop() {
		dst, _ = eventstream.Append(dst[:0], &event)
	}
}
