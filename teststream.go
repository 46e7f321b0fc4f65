package candor

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"sync"
	"time"

	"github.com/candor-go/candor/internal/contract"
	"github.com/candor-go/candor/internal/eventstream"
	"github.com/candor-go/candor/internal/mediatype"
)

// TestStream is an answer that is read while the app still writes it. Make one
// with [TestClient.Stream], and read it with [LinesFrom] or [EventsFrom]. It
// closes with the test.
type TestStream struct {
	// Response is the answer: its status and header, held against the document.
	// Its body is empty, unless the answer is no stream: an error, for one.
	Response *TestResponse

	tb      TB
	promise *contract.Expected
	items   *contract.Items
	body    *io.PipeReader
	served  <-chan struct{}
	close   func()
}

// Stream sends a request and returns as soon as the header of the answer is
// there. The body is as in [TestClient.Do]. A test that expects an error asks
// for it:
//
//	c.Stream("GET", "/ticks", nil).Response.Status(401)
func (c *TestClient) Stream(method, target string, body any, options ...TestOption) *TestStream {
	c.tb.Helper()
	request, made := c.request(method, target, body, options)
	ctx, leave := context.WithCancel(made.ctx)
	request = request.WithContext(ctx)
	sent, read := contract.Keep(request)
	reader, writer := io.Pipe()
	recorder := newRecorder(method, writer)
	served := make(chan struct{})
	var failure any
	go func() {
		defer close(served)
		failure = recorder.serve(c.app, request)
		_ = writer.CloseWithError(cutShort(failure))
	}()
	s := &TestStream{tb: c.tb, body: reader, served: served, promise: c.expected(sent, made)}
	s.close = sync.OnceFunc(func() {
		c.tb.Helper()
		leave()
		_ = reader.Close()
		if !s.wait(sent) {
			return
		}
		c.app.settle()
		if s.promise != nil && s.Response != nil {
			s.promise.CheckRequest(sent, read, s.Response.judged())
		}
	})
	c.tb.Cleanup(s.close)
	select {
	case <-recorder.begun:
	case <-served:
		if failure != nil {
			leave()
			c.tb.Fatalf("%s %s: the answer was aborted: %v", method, target, failure)
		}
	}
	s.begin(c, recorder, sent)
	return s
}

// begin judges what is there with the header, and reads an answer that is no
// stream.
func (s *TestStream) begin(c *TestClient, recorder *recorder, sent *http.Request) {
	s.tb.Helper()
	s.Response = recorder.answered(s.tb, sent, nil)
	c.jar.SetCookies(sent.URL, (&http.Response{Header: s.Response.Header}).Cookies())
	mediaType := mediatype.Bare(s.Response.Header.Get("Content-Type"))
	if mediaType != mediatype.Lines && mediaType != mediatype.Bare(mediatype.Events) {
		var err error
		if s.Response.Body, err = io.ReadAll(s.body); err != nil {
			s.tb.Fatalf("%s: the answer was aborted", s.Response.label)
		}
		s.close()
		if s.promise != nil {
			s.promise.CheckResponse(sent, s.Response.judged())
		}
		return
	}
	if s.promise != nil {
		s.items = s.promise.CheckHead(sent, s.Response.judged())
	}
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

// LinesFrom reads JSON Lines, each by encoding/json, as the handler wrote them:
//
//	for item, err := range candor.LinesFrom[Item](c.Stream("GET", "/export", nil)) { ... }
//
// The loop runs while the handler still produces, and waits for it. When
// it ends, also early, the request's context is cancelled and the handler has
// returned: the deferred calls of the producer have run. An answer that is cut
// short is an error, io.ErrUnexpectedEOF, and so is a line that is no T; either
// is the last element. Each line is held against the document. An answer that
// is no JSON Lines fails the test at once.
func LinesFrom[T any](s *TestStream) JSONLines[T] {
	s.tb.Helper()
	s.mustBe(mediatype.Lines)
	return func(yield func(T, error) bool) {
		s.tb.Helper()
		defer s.close()
		for line, err := range s.lines() {
			var item T
			if err == nil {
				err = json.Unmarshal(line, &item)
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// lines are the texts of a stream's lines.
func (s *TestStream) lines() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		s.tb.Helper()
		for buffered := bufio.NewReader(s.body); ; {
			line, err := buffered.ReadBytes('\n')
			switch {
			case errors.Is(err, io.EOF) && len(line) == 0:
				return
			case err != nil && !errors.Is(err, io.EOF):
				yield(nil, err)
				return
			}
			if s.items != nil {
				s.items.CheckLine(line)
			}
			if !yield(line, nil) || err != nil {
				return
			}
		}
	}
}

// EventsFrom reads server-sent events as the handler wrote them; their data by
// encoding/json, or as it is for [Raw]:
//
//	for event, err := range candor.EventsFrom[Tick](c.Stream("GET", "/ticks", nil)) { ... }
//
// It behaves like [LinesFrom]. Comments, such as those that keep a connection
// alive, are left out. An event named "gap" of a hub has no data. One named
// "error", by which an app tells that the stream failed, is an error: its text
// holds the data.
func EventsFrom[T any](s *TestStream) Events[T] {
	s.tb.Helper()
	s.mustBe(mediatype.Bare(mediatype.Events))
	return func(yield func(Event[T], error) bool) {
		s.tb.Helper()
		defer s.close()
		// Pulled, since a loop would put a function between the test and what fails it
		// that is no helper.
		next, stop := iter.Pull2(eventstream.Read(s.body, eventstream.ReadOptions{}))
		defer stop()
		for wire, err, more := next(); more; wire, err, more = next() {
			event := Event[T]{Name: wire.Name, ID: wire.ID, Retry: wire.Retry}
			if err == nil {
				event.Data, err = readEvent[T](s, wire)
			}
			if !yield(event, err) || err != nil {
				return
			}
		}
	}
}

func readEvent[T any](s *TestStream, wire eventstream.Event) (data T, err error) {
	s.tb.Helper()
	if s.items != nil {
		s.items.CheckEvent(wire.Name, wire.Data)
	}
	if wire.Name == mediatype.ErrorEvent {
		return data, fmt.Errorf("the stream failed: %s", wire.Data)
	}
	if raw, ok := any(&data).(*Raw); ok {
		*raw = Raw(wire.Data)
		return data, nil
	}
	if readRaw(wire.Data, &data) {
		return data, nil
	}
	return data, json.Unmarshal(wire.Data, &data)
}

// mustBe fails the test at once unless the answer has a media type.
func (s *TestStream) mustBe(mediaType string) {
	s.tb.Helper()
	if got := s.Response.Header.Get("Content-Type"); mediatype.Bare(got) != mediaType {
		s.tb.Fatalf("%s: the answer is no %s, but status %d and %q\n%s", s.Response.label, mediaType, s.Response.Code, got, bytes.TrimSpace(s.Response.Body))
	}
}
