package candor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"sync"
	"time"

	"github.com/candor-go/candor/internal/contract"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/recorder"
	"github.com/candor-go/candor/internal/testserver"
)

// TestStream is a response that is read while the app is still writing it. Open it with [TestClient.Stream], and read
// it with [ReadLines] or [ReadEvents]. It is closed when the test ends.
type TestStream struct {
	// Response has the status and header of the response, compared with the document. Its body is empty, unless the
	// response is not a stream, such as an error.
	Response *TestResponse

	tb       TB
	expected *contract.Expected
	items    *contract.Items
	running  *recorder.Running
	close    func()
}

// Stream sends a request and returns as soon as the header of the response has arrived. The body is as in
// [TestClient.Do]. A test that expects an error says so:
//
//	c.Stream("GET", "/ticks", nil).Response.Status(401)
func (c *TestClient) Stream(method, target string, body any, options ...TestOption) *TestStream {
	c.tb.Helper()
	request, made := c.request(method, target, body, options)
	// As in net/http, the request's context ends when the client disconnects.
	ctx, leave := context.WithCancel(made.draft.Context)
	request = request.WithContext(ctx)
	sent, read := contract.Keep(request)
	running := recorder.Start(c.app, request)
	s := &TestStream{tb: c.tb, running: running, expected: c.expected(sent, made)}
	s.close = sync.OnceFunc(func() {
		c.tb.Helper()
		leave()
		_ = running.Body.Close()
		if !s.wait(sent) {
			return
		}
		c.app.waitForTasks()
		if s.expected != nil && s.Response != nil {
			s.expected.CheckRequest(sent, read, s.Response.judged())
		}
	})
	c.tb.Cleanup(s.close)
	if failure := running.Wait(); failure != nil {
		leave()
		c.tb.Fatalf("%s %s: the response was aborted: %v", method, target, failure)
	}
	s.begin(c, sent)
	return s
}

// begin compares the header with the document, and reads a response that is not a stream.
func (s *TestStream) begin(c *TestClient, sent *http.Request) {
	s.tb.Helper()
	s.Response = recordedResponse(s.tb, sent, s.running.Response, nil)
	c.jar.SetCookies(sent.URL, (&http.Response{Header: s.Response.Header}).Cookies())
	if !isStream(s.Response.Header.Get("Content-Type")) {
		var err error
		if s.Response.Body, err = io.ReadAll(s.running.Body); err != nil {
			s.tb.Fatalf("%s: the response was aborted", s.Response.label)
		}
		// Nothing follows a complete response, so the request ends here.
		s.close()
		if s.expected != nil {
			s.expected.CheckResponse(sent, s.Response.judged())
		}
		return
	}
	if s.expected != nil {
		s.items = s.expected.CheckHead(sent, s.Response.judged())
	}
}

// isStream reports whether responses of a media type are read item by item. A media type that only requests may have
// does not count.
func isStream(contentType string) bool {
	format := mediatype.SequenceOf(contentType)
	return format != nil && format.MediaType == mediatype.Bare(contentType)
}

// wait waits until the handler has returned, and fails the test if it does not.
func (s *TestStream) wait(r *http.Request) bool {
	s.tb.Helper()
	patience := time.NewTimer(testserver.Patience)
	defer patience.Stop()
	select {
	case <-s.running.Served:
		return true
	case <-patience.C:
		s.tb.Errorf("%s %s: the handler did not return for %v after the client had left; let it end with its context", r.Method, r.URL.RequestURI(), testserver.Patience)
		return false
	}
}

// Close disconnects: it cancels the request's context, and returns when the handler has returned. A loop over the
// stream does this when it ends.
func (s *TestStream) Close() {
	s.tb.Helper()
	s.close()
}

// ReadLines reads JSON Lines as the handler writes them, each decoded with encoding/json:
//
//	for item, err := range candor.ReadLines[Item](c.Stream("GET", "/export", nil)) { ... }
//
// The loop runs concurrently with the handler, and waits for its lines. When the loop ends, even early, the request's
// context is cancelled and the handler has returned, so the producer's deferred calls have run. A truncated response
// yields io.ErrUnexpectedEOF, and a line that cannot be decoded its error; either is the last element. Each line is
// compared with the document. A response that is not JSON Lines fails the test immediately.
func ReadLines[T any](s *TestStream) JSONLines[T] {
	s.tb.Helper()
	return readItems(s, mediatype.JSONLines, func(line mediatype.Item) (value T, err error) {
		return value, json.Unmarshal(line.Data, &value)
	})
}

// ReadEvents reads server-sent events as the handler writes them; their data is decoded with encoding/json, or taken as
// it is for [Raw]:
//
//	for event, err := range candor.ReadEvents[Tick](c.Stream("GET", "/ticks", nil)) { ... }
//
// It behaves like [ReadLines]. Comments, such as heartbeats, are skipped. An event named "gap" has no data. An event
// named "error", which reports that the stream has failed, yields an error whose text contains the data.
func ReadEvents[T any](s *TestStream) Events[T] {
	s.tb.Helper()
	return readItems(s, mediatype.ServerSentEvents, func(item mediatype.Item) (Event[T], error) {
		event := Event[T]{Name: item.Name, ID: item.ID, Retry: item.Retry}
		return event, readData(item, &event.Data)
	})
}

// readData decodes the data of an event.
func readData[T any](item mediatype.Item, into *T) error {
	if item.Name == mediatype.ErrorEvent {
		return fmt.Errorf("the stream failed: %s", item.Data)
	}
	if raw, ok := any(into).(*Raw); ok {
		*raw = Raw(item.Data)
		return nil
	}
	if readRaw(item.Data, into) {
		return nil
	}
	return json.Unmarshal(item.Data, into)
}

// readItems reads the items of a stream while the app writes them, and compares each with the document.
func readItems[T any](s *TestStream, format *mediatype.Sequence, read func(mediatype.Item) (T, error)) func(func(T, error) bool) {
	s.tb.Helper()
	s.mustBe(format.MediaType)
	return func(yield func(T, error) bool) {
		s.tb.Helper()
		defer s.close()
		// iter.Pull2 rather than a range loop: its body would be a function that is not marked as a test helper.
		next, stop := iter.Pull2(format.Split(s.running.Body, 0))
		defer stop()
		for item, err, more := next(); more; item, err, more = next() {
			var value T
			if err == nil {
				s.check(item)
				value, err = read(item)
			}
			if !yield(value, err) || err != nil {
				return
			}
		}
	}
}

// check compares an item with the document.
func (s *TestStream) check(item mediatype.Item) {
	s.tb.Helper()
	if s.items != nil {
		s.items.Check(item)
	}
}

// mustBe fails the test immediately unless the response has the media type.
func (s *TestStream) mustBe(mediaType string) {
	s.tb.Helper()
	if got := s.Response.Header.Get("Content-Type"); mediatype.Bare(got) != mediaType {
		s.tb.Fatalf("%s: the response is not %s, but status %d and %q\n%s", s.Response.label, mediaType, s.Response.Code, got, bytes.TrimSpace(s.Response.Body))
	}
}
