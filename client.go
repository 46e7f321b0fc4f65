package candor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/faultlog"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/recorder"
	"github.com/candor-go/candor/internal/requestinfo"
	"github.com/candor-go/candor/internal/sending"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Client says where and how [Route.Call] sends requests. It is a plain value: copy it to vary it. The zero value has no
// target; set Base, or use [InProcess].
type Client struct {
	// Base is the URL at which clients reach the app, such as "https://api.example.com" or, with a prefix,
	// "https://example.com/api". The path of the route is appended to it.
	Base string
	// HTTP sends the requests; nil means http.DefaultClient, which has no timeout but that of the context.
	HTTP *http.Client
	// Header is added to every request; a header that the input sets wins. Host is the host of the request. A call fails
	// for headers that the client writes itself: Content-Length, Transfer-Encoding and Trailer.
	Header http.Header
	// MaxBody limits how much of a response is read, in bytes; the default is 32 MiB. For a stream it applies to each
	// line or event. It does not apply to a [Reader].
	MaxBody int64

	// app is set by InProcess.
	app *App
	// more are the inputs added by With.
	more []any
}

// defaultMaxResponse is the default of MaxBody.
const defaultMaxResponse = 32 << 20

// With returns a client that sends an additional input with every request, for guards and providers that read values
// which the handler's input does not have.
//
//	type credentials struct{ Token candor.Bearer }
//
//	client = client.With(credentials{Token: token})
//
// The input is a struct like those of handlers, without a body. A value that is also in the input of the call must be
// the same in both.
func (c Client) With(input any) Client {
	c.more = append(slices.Clip(c.more), input)
	return c
}

// InProcess returns a client that calls an app without a network: requests pass through the same middleware, binding
// and checks. If the app has a lifespan or shared providers, it must be running (Run, Serve or Start).
//
// A call made with the context of a request that is being served has the remote address of that request, so that rate
// limits, access logs and the app see the original client; any other call comes from 127.0.0.1. A request passed to
// Client.HTTP with its own RemoteAddr keeps it. middleware.TrustedProxies does not trust calls in process:
// X-Forwarded-For and similar headers may have been copied from anybody's request.
func InProcess(app *App) Client {
	return Client{Base: "http://in-process", HTTP: &http.Client{Transport: processTransport{app}}, app: app}
}

// target returns the URL of a request.
func (c *Client) target(path, rawQuery string) (*url.URL, error) {
	base, err := url.Parse(c.Base)
	switch {
	case err != nil:
		return nil, fmt.Errorf("Client.Base: %w", err)
	case base.Scheme == "" || base.Host == "" || base.RawQuery != "" || base.Fragment != "":
		return nil, fmt.Errorf("Client.Base is %q; write a URL such as \"https://api.example.com\"", c.Base)
	}
	// Both parts are already escaped, so they are parsed rather than escaped again.
	target, err := url.Parse(strings.TrimSuffix(base.EscapedPath(), "/") + path)
	if err != nil {
		return nil, err
	}
	target.Scheme, target.Host, target.User, target.RawQuery = base.Scheme, base.Host, base.User, rawQuery
	return target, nil
}

// sendMore encodes the inputs added by With.
func (c *Client) sendMore(compiler *compiler, to *sending.Draft) error {
	for _, input := range c.more {
		t := reflect.TypeOf(input)
		if t == nil {
			return errors.New("With(nil); give it the input of a guard or provider")
		}
		desc, err := describeInput(t)
		if err != nil {
			return err
		}
		if desc.Body != nil || desc.Members != nil || desc.Form != nil {
			return fmt.Errorf("%s, given to With, has a body, which belongs to the input of the handler", typeinfo.Name(t))
		}
		plan, err := compiler.compileSending(desc)
		if err != nil {
			return err
		}
		// A copy, because encoding needs an addressable value.
		from := reflect.New(t).Elem()
		from.Set(reflect.ValueOf(input))
		if err := plan.send(from, to); err != nil {
			return fmt.Errorf("%s: %w", typeinfo.Name(t), err)
		}
	}
	return nil
}

// bodyHeaders say how a body is sent, so a client writes them. net/http would ignore them without a word.
var bodyHeaders = []string{"Content-Length", "Transfer-Encoding", "Trailer"}

// do sends a request. Redirects that the route itself returns are not followed.
func (c *Client) do(r *http.Request, keepRedirects bool) (*http.Response, error) {
	for name, lines := range c.Header {
		switch key := http.CanonicalHeaderKey(name); {
		case slices.Contains(bodyHeaders, key):
			return nil, fmt.Errorf("Client.Header: the client writes %s itself", key)
		case key == "Host" && len(lines) > 0 && r.Host == r.URL.Host:
			r.Host = lines[0] // net/http ignores it in the header
		case r.Header[key] == nil: // headers of the input win over those of the client
			r.Header[key] = lines
		}
	}
	// A copy: the client is the user's, or http.DefaultClient, which everybody shares.
	client := *cmp.Or(c.HTTP, http.DefaultClient)
	follow := client.CheckRedirect
	if follow == nil {
		follow = tenRedirects
	}
	client.CheckRedirect = func(next *http.Request, before []*http.Request) error {
		if keepRedirects {
			return http.ErrUseLastResponse
		}
		if err := keepsMethod(next, before[len(before)-1]); err != nil {
			return err
		}
		return follow(next, before)
	}
	return client.Do(r)
}

// tenRedirects is the default policy of http.Client.
func tenRedirects(_ *http.Request, before []*http.Request) error {
	if len(before) >= 10 {
		return errors.New("stopped after 10 redirects")
	}
	return nil
}

// keepsMethod refuses a redirect for which net/http would switch to GET and drop the body: the response would be
// mistaken for that of the call. A 303 asks for a GET, and is followed.
func keepsMethod(next, before *http.Request) error {
	if status := next.Response.StatusCode; next.Method != before.Method && status != http.StatusSeeOther {
		return fmt.Errorf("a redirect by %d makes a %s a %s; the server should send 307 or 308", status, before.Method, next.Method)
	}
	return nil
}

// processTransport passes requests to an app, as its server would.
type processTransport struct{ app *App }

// RoundTrip returns once the app has sent the header; the body follows through a pipe.
func (t processTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	// Validation errors of the called app do not belong to the calling request's log.
	ctx, cancel := context.WithCancel(faultlog.Out(r.Context()))
	sent := r.Clone(requestinfo.WithInProcess(ctx))
	if sent.Body == nil {
		// A server never passes on a request with a nil body.
		sent.Body = http.NoBody
	}
	sent.Proto, sent.ProtoMajor, sent.ProtoMinor = "HTTP/1.1", 1, 1
	sent.Host = cmp.Or(r.Host, r.URL.Host)
	sent.RequestURI, sent.RemoteAddr = r.URL.RequestURI(), cmp.Or(r.RemoteAddr, requestinfo.Client(ctx), "127.0.0.1:0")
	sent.URL.Scheme, sent.URL.Host, sent.URL.User = "", "", nil
	body, into := io.Pipe()
	w := recorder.New(r.Method, into)
	go func() {
		failure := w.Serve(t.app, sent)
		w.Begin(http.StatusInternalServerError) // for a handler that panicked before it responded
		_ = into.CloseWithError(recorder.AbortError(failure))
	}()
	select {
	case <-w.Begun:
	case <-r.Context().Done():
	}
	// The context is checked even if there is a response: that may be the handler's reaction to the cancelled context,
	// which a client over a network would never see.
	if err := r.Context().Err(); err != nil {
		// cancel ends the handler's context; closing the pipe ends a blocked write.
		cancel()
		_ = body.CloseWithError(err)
		return nil, err
	}
	return &http.Response{
		Status: mediatype.StatusLine(w.Status), StatusCode: w.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.Sent, ContentLength: -1, Request: r, Body: &processBody{body, cancel},
	}, nil
}

// processBody ends the request when it is closed, as closing a connection does.
type processBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

// Close ends the request.
func (b *processBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}
