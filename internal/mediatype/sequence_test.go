package mediatype_test

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/mediatype"
)

// everySequence lists all formats.
var everySequence = []*mediatype.Sequence{mediatype.JSONLines, mediatype.ServerSentEvents}

func TestSequenceOf(t *testing.T) {
	for contentType, want := range map[string]*mediatype.Sequence{
		"application/jsonl":                mediatype.JSONLines,
		"Application/JSONL; charset=utf-8": mediatype.JSONLines,
		"application/x-ndjson":             mediatype.JSONLines,
		"text/event-stream":                mediatype.ServerSentEvents,
		mediatype.Events:                   mediatype.ServerSentEvents,
		"application/json":                 nil,
		"":                                 nil,
	} {
		assert.Same(t, want, mediatype.SequenceOf(contentType), contentType)
	}
}

// split returns the items of a body, or the error in place of an item.
func split(format *mediatype.Sequence, body io.Reader, limit int) (items []string) {
	for item, err := range format.Split(body, limit) {
		if err != nil {
			items = append(items, "error: "+err.Error())
			continue
		}
		items = append(items, string(item.Data))
	}
	return items
}

func TestEverySequenceReadsWhatItWrites(t *testing.T) {
	long := `"` + strings.Repeat("x", 100<<10) + `"`
	for _, format := range everySequence {
		t.Run(format.MediaType, func(t *testing.T) {
			assert.Same(t, format, mediatype.SequenceOf(format.MediaType))
			assert.NotEmpty(t, format.Item)
			assert.NotEmpty(t, format.Doc)
			want, body, err := []string{`{"a":1}`, `[]`, long, `null`}, []byte(nil), error(nil)
			for _, data := range want {
				body, err = format.Write(body, mediatype.Item{Data: []byte(data)})
				require.NoError(t, err)
			}
			assert.Equal(t, want, split(format, strings.NewReader(string(body)), 0))
			assert.Equal(t, want, split(format, iotest.OneByteReader(strings.NewReader(string(body))), 0))
			assert.Empty(t, split(format, strings.NewReader(""), 0))
		})
	}
}

func TestEverySequenceStopsAtItsLimit(t *testing.T) {
	for _, format := range everySequence {
		body, err := format.Write(nil, mediatype.Item{Data: []byte(`"short"`)})
		require.NoError(t, err)
		body, err = format.Write(body, mediatype.Item{Data: []byte(`"` + strings.Repeat("x", 100) + `"`)})
		require.NoError(t, err)
		var failures []error
		for item, err := range format.Split(strings.NewReader(string(body)), 50) {
			if err == nil {
				assert.Equal(t, `"short"`, string(item.Data))
				continue
			}
			failures = append(failures, err)
		}
		require.Len(t, failures, 1, format.MediaType)
		assert.ErrorIs(t, failures[0], mediatype.ErrTooLong)
	}
}

func TestLinesAreSplit(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("1\n2"), iotest.ErrReader(io.ErrUnexpectedEOF))
	for _, row := range []struct {
		body  io.Reader
		limit int
		want  []string
	}{
		{strings.NewReader("1\n2\n"), 0, []string{"1", "2"}},
		{strings.NewReader("1\n2"), 0, []string{"1", "2"}},
		{strings.NewReader("1\r\n\n \n2\r\n"), 0, []string{"1\r", "", " ", "2\r"}},
		{strings.NewReader("1234\r\n1234\n1234"), 4, []string{"1234\r", "1234", "1234"}},
		{strings.NewReader("12345"), 4, []string{"error: more than 4 bytes: too long"}},
		{strings.NewReader("1234\r\n12345\n1\n"), 4, []string{"1234\r", "error: more than 4 bytes: too long"}},
		{broken, 0, []string{"1", "error: unexpected EOF"}}, // the second line is incomplete
	} {
		assert.Equal(t, row.want, split(mediatype.JSONLines, row.body, row.limit))
	}
}

func TestASecondRangeGoesOn(t *testing.T) {
	lines := mediatype.JSONLines.Split(strings.NewReader("1\n2\n3\n"), 0)
	for item, err := range lines {
		require.NoError(t, err)
		assert.Equal(t, "1", string(item.Data))
		break
	}
	var rest []string
	for item, err := range lines {
		require.NoError(t, err)
		rest = append(rest, string(item.Data))
	}
	assert.Equal(t, []string{"2", "3"}, rest)
	for item, err := range lines {
		t.Errorf("nothing is left, but %v and %v came", item, err)
	}
}

func TestEventsHaveNames(t *testing.T) {
	body, err := mediatype.ServerSentEvents.Write(nil, mediatype.Item{Name: "tick", ID: "7", Data: []byte("a\nb")})
	require.NoError(t, err)
	assert.Equal(t, "event: tick\ndata: a\ndata: b\nid: 7\n\n", string(body))
	for item, err := range mediatype.ServerSentEvents.Split(strings.NewReader(string(body)), 0) {
		require.NoError(t, err)
		assert.Equal(t, mediatype.Item{Name: "tick", ID: "7", Data: []byte("a\nb")}, item)
	}
	_, err = mediatype.ServerSentEvents.Write(nil, mediatype.Item{Name: "a\nb"})
	assert.Error(t, err)
}

func FuzzSplitLines(f *testing.F) {
	f.Add("1\n2", 3)
	f.Add("\r\n\n1", 0)
	f.Fuzz(func(t *testing.T, body string, limit int) {
		limit = max(limit, 0) % 64
		if strings.Contains(body, "\r\r") {
			return // more than one CR may count if they cross the end of a buffer
		}
		got := split(mediatype.JSONLines, strings.NewReader(body), limit)
		want := []string{}
		for line := range strings.Lines(body) {
			if limit > 0 && len(strings.TrimRight(line, "\r\n")) > limit {
				want = nil
				break
			}
			want = append(want, strings.TrimSuffix(line, "\n"))
		}
		if want != nil {
			assert.Equal(t, want, append([]string{}, got...))
		}
	})
}
