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
)

// TestStream is a response that is read while the app still writes it. Make one
// with [TestClient.Stream], and read it with [ReadLines] or [ReadEvents]. It
// closes with the test.
type TestStream struct {
	// Response is the response: its status and header, held against the document.
	// Its body is empty, unless the response is no stream: an error, for one.
	Response *TestResponse

	tb       TB
	expected *contract.Expected
	items    *contract.Items
	body     *io.PipeReader
	served   <-chan struct{}
	close    func()
}

// Stream sends a request and returns as soon as the header of the response is
// there. The body is as in [TestClient.Do]. A test that expects an error asks
// for it:
//
//	c.Stream("GET", "/ticks", nil).Response.Status(401)
func (c *TestClient) Stream(method, target string, body any, options ...TestOption) *TestStream {
	c.tb.Helper()
	request, made := c.request(method, target, body, options)
	// A client that leaves is a context that ends, as it is in net/http.
	ctx, leave := context.WithCancel(made.ctx)
	request = request.WithContext(ctx)
	sent, read := contract.Keep(request)
	reader, writer := io.Pipe()
	rec := recorder.New(method, writer)
	served := make(chan struct{})
	var failure any
	go func() {
		defer close(served)
		failure = rec.Serve(c.app, request)
		_ = writer.CloseWithError(recorder.AbortError(failure))
	}()
	s := &TestStream{tb: c.tb, body: reader, served: served, expected: c.expected(sent, made)}
	s.close = sync.OnceFunc(func() {
		c.tb.Helper()
		leave()
		_ = reader.Close()
		if !s.wait(sent) {
			return
		}
		c.app.waitForTasks()
		if s.expected != nil && s.Response != nil {
			s.expected.CheckRequest(sent, read, s.Response.judged())
		}
	})
	c.tb.Cleanup(s.close)
	// A handler that panics before its header never begins, so both are awaited.
	select {
	case <-rec.Begun:
	case <-served:
		if failure != nil {
			leave()
			c.tb.Fatalf("%s %s: the response was aborted: %v", method, target, failure)
		}
	}
	s.begin(c, rec, sent)
	return s
}

// begin judges what is there with the header, and reads a response that is no
// stream.
func (s *TestStream) begin(c *TestClient, rec *recorder.Recorder, sent *http.Request) {
	s.tb.Helper()
	s.Response = recordedResponse(s.tb, sent, rec, nil)
	c.jar.SetCookies(sent.URL, (&http.Response{Header: s.Response.Header}).Cookies())
	if !isStream(s.Response.Header.Get("Content-Type")) {
		var err error
		if s.Response.Body, err = io.ReadAll(s.body); err != nil {
			s.tb.Fatalf("%s: the response was aborted", s.Response.label)
		}
		// Nothing follows a whole response, so the request ends here.
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

// isStream reports whether a response of a media type is read item by item. A
// name that only requests may use does not count.
func isStream(contentType string) bool {
	format := mediatype.SequenceOf(contentType)
	return format != nil && format.MediaType == mediatype.Bare(contentType)
}

// wait waits until the handler has returned, and fails the test if it does not.
func (s *TestStream) wait(r *http.Request) bool {
	s.tb.Helper()
	patience := time.NewTimer(testPatience)
	defer patience.Stop()
	select {
	case <-s.served:
		return true
	case <-patience.C:
		s.tb.Errorf("%s %s: the handler did not return for %v after the client had left; let it end with its context", r.Method, r.URL.RequestURI(), testPatience)
		return false
	}
}

// Close leaves: the request's context is cancelled, and Close returns when the
// handler has. A loop over the stream does so at its end.
func (s *TestStream) Close() {
	s.tb.Helper()
	s.close()
}

// ReadLines reads JSON Lines, each by encoding/json, as the handler wrote them:
//
//	for item, err := range candor.ReadLines[Item](c.Stream("GET", "/export", nil)) { ... }
//
// The loop runs while the handler still produces, and waits for it. When
// it ends, also early, the request's context is cancelled and the handler has
// returned: the deferred calls of the producer have run. A response that is cut
// short is an error, io.ErrUnexpectedEOF, and so is a line that is no T; either
// is the last element. Each line is held against the document. A response that
// is no JSON Lines fails the test at once.
func ReadLines[T any](s *TestStream) JSONLines[T] {
	s.tb.Helper()
	return readItems(s, mediatype.JSONLines, func(line mediatype.Item) (value T, err error) {
		return value, json.Unmarshal(line.Data, &value)
	})
}

// ReadEvents reads server-sent events as the handler wrote them; their data by
// encoding/json, or as it is for [Raw]:
//
//	for event, err := range candor.ReadEvents[Tick](c.Stream("GET", "/ticks", nil)) { ... }
//
// It behaves like [ReadLines]. Comments, such as those that keep a connection
// alive, are left out. An event named "gap" of a hub has no data. One named
// "error", by which an app tells that the stream failed, is an error: its text
// holds the data.
func ReadEvents[T any](s *TestStream) Events[T] {
	s.tb.Helper()
	return readItems(s, mediatype.ServerSentEvents, func(item mediatype.Item) (Event[T], error) {
		event := Event[T]{Name: item.Name, ID: item.ID, Retry: item.Retry}
		return event, readData(item, &event.Data)
	})
}

// readData reads the data of an event.
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

// readItems reads the items of a stream while the app writes them, and holds
// each against the document.
func readItems[T any](s *TestStream, format *mediatype.Sequence, read func(mediatype.Item) (T, error)) func(func(T, error) bool) {
	s.tb.Helper()
	s.mustBe(format.MediaType)
	return func(yield func(T, error) bool) {
		s.tb.Helper()
		defer s.close()
		// Pulled, since a loop would put a function between the test and what fails it
		// that is no helper.
		next, stop := iter.Pull2(format.Split(s.body, 0))
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

// check holds an item against the document.
func (s *TestStream) check(item mediatype.Item) {
	s.tb.Helper()
	if s.items != nil {
		s.items.Check(item)
	}
}

// mustBe fails the test at once unless the response has a media type.
func (s *TestStream) mustBe(mediaType string) {
	s.tb.Helper()
	if got := s.Response.Header.Get("Content-Type"); mediatype.Bare(got) != mediaType {
		s.tb.Fatalf("%s: the response is not %s, but status %d and %q\n%s", s.Response.label, mediaType, s.Response.Code, got, bytes.TrimSpace(s.Response.Body))
	}
}
