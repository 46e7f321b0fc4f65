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
	"github.com/candor-go/candor/internal/recorder"
	"github.com/candor-go/candor/internal/requestinfo"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Client says where [Route.Call] sends requests, and how. It is a value: copies
// may differ. The zero value has no place to send to; set Base, or take
// [InProcess].
type Client struct {
	// Base is the URL at which clients reach the app, such as
	// "https://api.example.com" or, for one below a prefix,
	// "https://example.com/api". The path of the route follows it.
	Base string
	// HTTP sends; nil is http.DefaultClient, which has no timeout but the
	// context's.
	HTTP *http.Client
	// Header is sent with every request, unless the input has such a header.
	Header http.Header
	// MaxBody limits what is read of a response, in bytes, 32 MiB by default. It
	// holds for each line or event of a stream, and not for a [Reader].
	MaxBody int64

	// app is set for calls in process.
	app *App
	// more are the inputs of With.
	more []any
}

// defaultMaxResponse is the limit of a response.
const defaultMaxResponse = 32 << 20

// With returns a client that sends an additional input with every request: that of
// a guard or provider of the app, which reads values the handler does not take.
//
//	type credentials struct{ Token candor.Bearer }
//
//	client = client.With(credentials{Token: token})
//
// The input is a struct like those of handlers, without a body. A value that
// the input of the call has too must be the same in both.
func (c Client) With(input any) Client {
	c.more = append(slices.Clip(c.more), input)
	return c
}

// InProcess is a client that calls an app without a network: its requests run
// through the same middleware, binding and checks. The app must run, by Run,
// Serve or Start, if it has a lifespan or shared providers.
//
// A call with the context of a request that an app is serving comes from the
// address of that request, so that rate limits, access logs and the app itself
// see the client; any other comes from 127.0.0.1. A request that is given to
// Client.HTTP with a RemoteAddr keeps it. middleware.TrustedProxies trusts no call in
// process: X-Forwarded-For and its like may be a copy of what anybody sent.
func InProcess(app *App) Client {
	return Client{Base: "http://in-process", HTTP: &http.Client{Transport: processTransport{app}}, app: app}
}

// target is the URL of a request.
func (c *Client) target(path, rawQuery string) (*url.URL, error) {
	base, err := url.Parse(c.Base)
	switch {
	case err != nil:
		return nil, fmt.Errorf("Client.Base: %w", err)
	case base.Scheme == "" || base.Host == "" || base.RawQuery != "" || base.Fragment != "":
		return nil, fmt.Errorf("Client.Base is %q; write a URL such as \"https://api.example.com\"", c.Base)
	}
	// Both parts are escaped already, so they are parsed and not escaped again.
	target, err := url.Parse(strings.TrimSuffix(base.EscapedPath(), "/") + path)
	if err != nil {
		return nil, err
	}
	target.Scheme, target.Host, target.User, target.RawQuery = base.Scheme, base.Host, base.User, rawQuery
	return target, nil
}

// sendMore writes the inputs of With.
func (c *Client) sendMore(compiler *compiler, to *draft) error {
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
		// A copy that is addressable, as send needs it.
		from := reflect.New(t).Elem()
		from.Set(reflect.ValueOf(input))
		if err := plan.send(from, to); err != nil {
			return fmt.Errorf("%s: %w", typeinfo.Name(t), err)
		}
	}
	return nil
}

// do sends a request. Redirects are left to the caller where they are what the
// route has a response for.
func (c *Client) do(r *http.Request, keepRedirects bool) (*http.Response, error) {
	for name, lines := range c.Header {
		// What the input says comes before the client's headers.
		if key := http.CanonicalHeaderKey(name); r.Header[key] == nil {
			r.Header[key] = lines
		}
	}
	// A copy, since the client is the user's, or the default one that everybody uses.
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

// tenRedirects is what an http.Client does that is told nothing else.
func tenRedirects(_ *http.Request, before []*http.Request) error {
	if len(before) >= 10 {
		return errors.New("stopped after 10 redirects")
	}
	return nil
}

// keepsMethod refuses a redirect at which net/http would send a GET without the body:
// its response would be taken for that of the call. A 303 asks for that GET.
func keepsMethod(next, before *http.Request) error {
	if status := next.Response.StatusCode; next.Method != before.Method && status != http.StatusSeeOther {
		return fmt.Errorf("a redirect by %d makes a %s a %s; the server should send 307 or 308", status, before.Method, next.Method)
	}
	return nil
}

// processTransport hands requests to an app as its server would.
type processTransport struct{ app *App }

// RoundTrip returns once the app has sent the header; the body follows through
// a pipe.
func (t processTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	// A validation error of this app is none of the request that calls it.
	ctx, cancel := context.WithCancel(faultlog.Out(r.Context()))
	sent := r.Clone(requestinfo.WithInProcess(ctx))
	if sent.Body == nil {
		// In a server no request is without one.
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
		w.Begin(http.StatusInternalServerError) // for one that panicked before it answered
		_ = into.CloseWithError(recorder.AbortError(failure))
	}()
	select {
	case <-w.Begun:
	case <-r.Context().Done():
	}
	// Asked where there is a response, too: it may be the one to the end of the context
	// itself, which no client over a connection would see.
	if err := r.Context().Err(); err != nil {
		// The handler sees the cancelled context; the closed pipe fails a write that it waits in.
		cancel()
		_ = body.CloseWithError(err)
		return nil, err
	}
	return &http.Response{
		Status: statusLine(w.Status), StatusCode: w.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.Sent, ContentLength: -1, Request: r, Body: &processBody{body, cancel},
	}, nil
}

// processBody ends the request when it is closed, as a connection does.
type processBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

// Close ends the request.
func (b *processBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}
