package candor

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/candor-go/candor/internal/recorder"
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
	return Client{Base: "http://in-process", HTTP: &http.Client{Transport: recorder.Transport{Handler: app}}, app: app}
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
