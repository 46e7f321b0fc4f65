package mcp

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/callsite"
)

// Options choose the operations that become tools, and set limits. Without Tags, All or [Tool] there are none.
type Options struct {
	// Tags chooses the operations with one of these tags, All every operation of the document. Plain handlers of
	// [candor.HandleHTTP], about which the document says nothing, become tools only by [Tool]. [NoTool] excludes an
	// operation in any case.
	Tags []string
	All  bool
	// Name and Version identify the server in the protocol; they default to the title and the version of the document.
	// Instructions tell models how to use the tools; the default is the description of the document.
	Name, Version, Instructions string

	// Forward names further headers of the request that are passed on with every tool call. Authorization always is,
	// and so are the headers and query parameters of the API keys in the document. Cookies never are.
	Forward []string
	// Origins lists web pages that may send requests, such as "https://chat.example.com". A request from any other page
	// gets a 403. Requests that do not come from a browser have no origin.
	Origins []string
	// Hosts lists further host names for an endpoint that listens on a loopback address, for example behind a proxy on
	// the same machine. There, requests for other names than these, the host of Resource.URL and loopback itself get a
	// 403, because a web page may have made such a name point to 127.0.0.1 (DNS rebinding).
	Hosts []string
	// Resource makes the endpoint require bearer tokens. See [Resource].
	Resource Resource

	// MaxRequest limits the size of a request, in bytes; the default is 4 MiB.
	MaxRequest int64
	// MaxResponse limits what a tool returns, in bytes; the default is 256 KiB. A larger response is an error that
	// advises the model to ask for less. A stream is truncated.
	MaxResponse int
	// MaxItems limits the lines or events of a stream that a tool returns, 100 by default, and MaxWait how long it
	// waits for them, 30 seconds by default. A truncated result has "more": true.
	MaxItems int
	MaxWait  time.Duration

	// Documents are the paths of the app's OpenAPI documents to offer as resources; the default is "/openapi.json", an
	// empty list means none. They are read with the credentials of the caller.
	Documents []string
	// Server adds prompts, resources and tools of your own to the server. It is called once.
	Server func(*sdk.Server)
	// Logger logs which operations were left out and why; the default is slog.Default().
	Logger *slog.Logger
}

// Default limits.
const (
	defaultMaxRequest  = 4 << 20
	defaultMaxResponse = 256 << 10
	defaultMaxItems    = 100
	defaultMaxWait     = 30 * time.Second
)

// withDefaults returns o with defaults for unset fields.
func (o Options) withDefaults() Options {
	o.MaxRequest = cmp.Or(o.MaxRequest, defaultMaxRequest)
	o.MaxResponse = cmp.Or(o.MaxResponse, defaultMaxResponse)
	o.MaxItems = cmp.Or(o.MaxItems, defaultMaxItems)
	o.MaxWait = cmp.Or(o.MaxWait, defaultMaxWait)
	o.Logger = cmp.Or(o.Logger, slog.Default())
	if o.Documents == nil {
		o.Documents = []string{"/openapi.json"}
	}
	return o
}

// check reports configuration errors in the options.
func (o Options) check() error {
	switch {
	case o.MaxRequest < 0 || o.MaxResponse < 0 || o.MaxItems < 0 || o.MaxWait < 0:
		return fmt.Errorf("a limit of Options is negative; leave it out for its default")
	case o.All && len(o.Tags) > 0:
		return fmt.Errorf("Options.All chooses every operation, so Tags (%s) have no effect; drop one of them", strings.Join(o.Tags, ", "))
	}
	for _, name := range o.Forward {
		if name == "" || strings.EqualFold(name, "Cookie") {
			return fmt.Errorf("Options.Forward has %q; name a header that is not Cookie, which never leaves the endpoint", name)
		}
	}
	for _, path := range o.Documents {
		if !strings.HasPrefix(path, "/") {
			return fmt.Errorf("Options.Documents has %q; write a path of the app such as \"/openapi.json\"", path)
		}
	}
	return o.Resource.check()
}

// Of returns a handler for POST requests of the Model Context Protocol:
//
//	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, mcp.Options{All: true}), candor.Hidden())
//
// Tools are made when the app starts, from its document: an invalid tool name, a tool that needs a cookie, or no tools
// at all make [candor.App.Run] return an error that says what to write instead. The app therefore has a lifespan, and
// as a handler of your own server it needs [candor.App.Start].
//
// Contradictory options panic.
func Of(app *candor.App, options Options) http.Handler {
	site := callsite.Here()
	fail := func(err error) { panic(fmt.Errorf("candor: mcp.Of at %s: %w", site, err)) }
	if app == nil {
		fail(fmt.Errorf("the app is nil; pass the one whose operations are tools"))
	}
	if err := options.check(); err != nil {
		fail(err)
	}
	h := &handler{app: app, options: options.withDefaults(), calls: map[callKey]context.CancelFunc{}}
	for _, origin := range options.Origins {
		if err := h.origins.AddTrustedOrigin(origin); err != nil {
			fail(fmt.Errorf("Options.Origins: %w; write one such as \"https://chat.example.com\"", err))
		}
	}
	h.hosts = h.options.Hosts
	if u, err := url.Parse(options.Resource.URL); err == nil && u.Host != "" {
		h.hosts = append(slices.Clip(h.hosts), u.Hostname())
		options.Resource.serve(app, u)
	}
	h.build = sync.OnceValues(h.compile)
	app.Lifespan(func(ctx context.Context, serve func(context.Context) error) error {
		if _, err := h.build(); err != nil {
			return fmt.Errorf("mcp.Of at %s: %w", site, err)
		}
		return serve(ctx)
	})
	return h
}

// handler is the endpoint of the protocol.
type handler struct {
	app     *candor.App
	options Options
	origins http.CrossOriginProtection
	hosts   []string
	// build creates the tools, once, when the app starts.
	build func() (http.Handler, error)

	mutex sync.Mutex
	// calls are the calls in progress that a notification can cancel.
	calls map[callKey]context.CancelFunc
}

// compile creates the tools and their server.
func (h *handler) compile() (http.Handler, error) {
	doc, err := readDocument(h.app)
	if err != nil {
		return nil, err
	}
	tools, err := h.tools(doc)
	if err != nil {
		return nil, err
	}
	server := h.newServer(doc)
	for _, t := range tools {
		server.AddTool(t.declared, t.call)
	}
	for _, path := range h.options.Documents {
		h.addDocument(server, path)
	}
	if h.options.Server != nil {
		h.options.Server(server)
	}
	return sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return server }, &sdk.StreamableHTTPOptions{
		// Any process can serve any request, and the newest version of the protocol has no sessions.
		Stateless: true, MaxRequestBodyBytes: -1, PropagateRequestCancellation: true,
		// This package does both itself, because it knows the host names of the endpoint.
		DisableLocalhostProtection: true,
	}), nil
}

func (h *handler) newServer(doc *document) *sdk.Server {
	info, _ := doc.root["info"].(object)
	return sdk.NewServer(&sdk.Implementation{
		Name: cmp.Or(h.options.Name, text(info, "title"), "API"), Version: cmp.Or(h.options.Version, text(info, "version"), "0"),
	}, &sdk.ServerOptions{
		Instructions: cmp.Or(h.options.Instructions, text(info, "description")),
		// The tools never change, and no log messages are sent to clients.
		Capabilities: &sdk.ServerCapabilities{Tools: &sdk.ToolCapabilities{}, Resources: &sdk.ResourceCapabilities{}},
	})
}

// addDocument offers a document of the app as a resource. It is read through the app, so the guards of its route apply.
func (h *handler) addDocument(server *sdk.Server, path string) {
	mediaType := "application/json"
	if strings.HasSuffix(path, ".yaml") {
		mediaType = "application/yaml"
	}
	server.AddResource(&sdk.Resource{
		URI: "openapi://" + path, Name: strings.TrimPrefix(path, "/"), MIMEType: mediaType,
		Description: "The OpenAPI document of this API",
	}, func(ctx context.Context, req *sdk.ReadResourceRequest) (*sdk.ReadResourceResult, error) {
		c := callIn(ctx)
		if c == nil {
			return nil, sdk.ResourceNotFoundError(req.Params.URI)
		}
		return h.readDocument(ctx, c, path, req.Params.URI, mediaType)
	})
}
