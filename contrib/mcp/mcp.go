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

// Options say which operations are tools, and within which limits. Without Tags,
// All or [Tool] none is.
type Options struct {
	// Tags choose the operations that have one of these tags, All every operation
	// of the document. Handlers of [candor.HandleHTTP], of which the document says
	// nothing, are tools by [Tool] only. [NoTool] leaves an operation out, whatever
	// chose it.
	Tags []string
	All  bool
	// Name and Version are those of the server in the protocol, the title and the
	// version of the document by default. Instructions tell models how to use the
	// tools; the description of the document by default.
	Name, Version, Instructions string

	// Forward names further headers of the request that go with every call of a
	// tool. Authorization always does, and so do the headers and query parameters of
	// the API keys in the document. Cookies never do.
	Forward []string
	// Origins are web pages that may send requests, such as
	// "https://chat.example.com". A request of any other page is refused with 403; one
	// that comes from no browser has no origin.
	Origins []string
	// Hosts are the names under which an endpoint that listens on a loopback
	// address is reached, such as by a proxy on the same machine. Requests for
	// other names than these, the host of Resource.URL and loopback itself are
	// refused with 403 there, since a web page may have made up such a name for
	// 127.0.0.1 (DNS rebinding).
	Hosts []string
	// Resource makes the endpoint ask for bearer tokens. See [Resource].
	Resource Resource

	// MaxRequest limits a request, in bytes: 4 MiB by default.
	MaxRequest int64
	// MaxResponse limits what a tool returns, in bytes: 256 KiB by default. A larger
	// response is an error that advises to ask for less. A stream is cut there.
	MaxResponse int
	// MaxItems limits the lines or events that a tool returns of a stream, 100 by
	// default, and MaxWait how long it waits for them, 30 seconds by default. A
	// stream that is cut says so: its result has "more": true.
	MaxItems int
	MaxWait  time.Duration

	// Documents are the paths of OpenAPI documents of the app that are resources:
	// "/openapi.json" by default; an empty list means none. They are read as any
	// client would, with the credentials of the caller.
	Documents []string
	// Server adds to the server what is no operation: prompts, resources and tools
	// of your own. It is called once.
	Server func(*sdk.Server)
	// Logger is told which operations were left out and why; slog.Default() if nil.
	Logger *slog.Logger
}

// The defaults of limits.
const (
	defaultMaxRequest  = 4 << 20
	defaultMaxResponse = 256 << 10
	defaultMaxItems    = 100
	defaultMaxWait     = 30 * time.Second
)

// withDefaults is o with a value in every field that has a default.
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

// check finds configuration errors that the options alone show.
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

// Of is a handler that speaks the Model Context Protocol for an app, by POST:
//
//	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, mcp.Options{All: true}), candor.Hidden())
//
// Tools are made when the app starts, from the document as it is then: a tool
// whose name no client takes, one that needs a cookie, or no tool at all ends
// [candor.App.Run] with an error that says what to write instead. The app therefore has a lifespan,
// and as a handler of another server it needs [candor.App.Start].
//
// Options that contradict each other panic.
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
	// build makes the tools, once: when the app starts.
	build func() (http.Handler, error)

	mutex sync.Mutex
	// calls are those in progress that a notification can cancel.
	calls map[callKey]context.CancelFunc
}

// compile makes the tools and the server that offers them.
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
		// Both are done in this package, which knows what the endpoint is called.
		DisableLocalhostProtection: true,
	}), nil
}

func (h *handler) newServer(doc *document) *sdk.Server {
	info, _ := doc.root["info"].(object)
	return sdk.NewServer(&sdk.Implementation{
		Name: cmp.Or(h.options.Name, text(info, "title"), "API"), Version: cmp.Or(h.options.Version, text(info, "version"), "0"),
	}, &sdk.ServerOptions{
		Instructions: cmp.Or(h.options.Instructions, text(info, "description")),
		// The tools stay as they are, and nothing is logged to clients.
		Capabilities: &sdk.ServerCapabilities{Tools: &sdk.ToolCapabilities{}, Resources: &sdk.ResourceCapabilities{}},
	})
}

// addDocument makes a document of the app a resource. It is read through the app, so
// that what guards its route guards it here too.
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
