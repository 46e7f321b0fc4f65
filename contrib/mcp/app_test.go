package mcp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/contrib/mcp"
)

type Size struct {
	Width  int `json:"width" validate:"gte=1,lte=100"`
	Height int `json:"height" validate:"gte=1,lte=100"`
}

type Item struct {
	Name  string            `json:"name" validate:"min=1,max=20" doc:"What it is called" example:"Lamp"`
	Price float64           `json:"price" validate:"gte=0"`
	Tags  []string          `json:"tags,omitempty" validate:"max=3,dive,min=1"`
	Size  *Size             `json:"size"`
	Notes map[string]string `json:"notes,omitempty"`
}

type Node struct {
	Name string `json:"name" validate:"min=1"`
	Kids []Node `json:"kids,omitempty"`
}

type Cat struct {
	Lives int `json:"lives" validate:"gte=1,lte=9"`
}

type Dog struct {
	Breed string `json:"breed" validate:"min=2"`
}

type Pet struct {
	candor.OneOf `json:"kind" event:"name"`
	*Cat         `case:"cat"`
	*Dog         `case:"dog"`
}

type Measure struct {
	Celsius float64 `json:"celsius" validate:"gte=-90,lte=60"`
}

type who struct{ Name string }

type login struct {
	Token candor.Bearer
}

// user returns the user of a token.
func user(_ context.Context, in login) (who, error) {
	switch in.Token {
	case "token-of-ann":
		return who{"ann"}, nil
	case "token-of-bob":
		return who{"bob"}, nil
	}
	return who{}, candor.Error(401, "no such user")
}

// seen records what operations received, for tests to check.
type seen struct {
	mutex sync.Mutex
	about map[string]string
}

func (s *seen) put(key, value string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.about[key] = value
}

func (s *seen) get(key string) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.about[key]
}

// newApp has an operation of each kind.
func newApp(saw *seen, config candor.Config, options ...candor.Option) *candor.App {
	config.Title, config.Version, config.Description = "Everything", "1.2.3", "One tool of every kind."
	app := candor.New(config, options...)
	candor.Provide(app, user)
	candor.Get(app, "/items/{item_id}", readItem, candor.Tags("items"), candor.Raises(candor.Error(404, "no such item")), candor.Summary("Reads an item"))
	candor.Post(app, "/items", createItem, candor.Tags("items"), candor.Status(201))
	candor.Put(app, "/items/{item_id}", replaceItem, candor.Tags("items"))
	candor.Delete(app, "/items/{item_id}", deleteItem, candor.Tags("items"))
	candor.Get(app, "/lists", lists)
	candor.Post(app, "/trees", growTree)
	candor.Post(app, "/pets", feedPet)
	candor.Post(app, "/numbers", double)
	candor.Post(app, "/measures", average)
	candor.Get(app, "/measures", stream)
	candor.Get(app, "/pets", petEvents)
	candor.Get(app, "/endless", endless(saw))
	candor.Post(app, "/uploads", upload)
	candor.Post(app, "/forms", form)
	candor.Post(app, "/raw", echoBytes)
	candor.Get(app, "/picture", picture, candor.Produces("image/png"))
	candor.Get(app, "/text", plainText)
	candor.Get(app, "/moved", moved)
	candor.Get(app, "/large", large)
	candor.Get(app, "/me", me)
	candor.Get(app, "/seen", whatIsSeen(saw))
	candor.Get(app, "/wait", wait(saw))
	candor.Post(app, "/search", search, mcp.Tool("find_things", mcp.ReadOnly))
	candor.Get(app, "/twice/{id}", twice)
	candor.Handle(app, []string{"QUERY"}, "/things", ask)
	candor.Handle(app, []string{"REINDEX"}, "/things", deleteThings)
	candor.Get(app, "/filter", filter)
	candor.Get(app, "/secret", func(context.Context, struct{}) (candor.Text, error) { return "secret", nil }, mcp.NoTool())
	return app
}

type ref struct {
	ItemID int `path:"item_id" validate:"gte=1" doc:"Which one"`
}

type stored struct {
	ID int `json:"id"`
	Item
}

type withETag struct {
	ETag string `header:"ETag"`
	Body shown  `body:""`
}

type shown struct {
	ID    int    `json:"id"`
	About string `json:"about"`
}

func readItem(_ context.Context, in struct {
	ref
	Fields []string `query:"fields,omitempty" validate:"max=3"`
	Lang   string   `header:"X-Lang" default:"en" validate:"oneof=en de"`
	Seen   string   `cookie:"seen,omitempty"`
},
) (withETag, error) {
	if in.ItemID > 1000 {
		return withETag{}, candor.Error(404, "no such item")
	}
	return withETag{`"v1"`, shown{in.ItemID, in.Lang + strings.Join(in.Fields, "+") + in.Seen}}, nil
}

func createItem(_ context.Context, in struct {
	DryRun bool `query:"dry_run" default:"false"`
	Body   Item `body:""`
},
) (stored, error) {
	return stored{1, in.Body}, nil
}

func replaceItem(_ context.Context, in struct {
	ref
	Body Item `body:""`
},
) (stored, error) {
	return stored{in.ItemID, in.Body}, nil
}

func deleteItem(context.Context, ref) (candor.None, error) { return candor.None{}, nil }

func lists(_ context.Context, in struct {
	IDs   []int    `query:"ids" validate:"max=4"`
	Codes []string `query:"codes,csv,omitempty"`
	Names []string `header:"X-Names,omitempty"`
},
) ([]string, error) {
	return slices.Concat(strings.Fields(strings.Trim(fmt.Sprint(in.IDs), "[]")), in.Codes, in.Names), nil
}

func growTree(_ context.Context, in struct {
	Body Node `body:""`
},
) (Node, error) {
	return Node{Name: "parent", Kids: []Node{in.Body}}, nil
}

func feedPet(_ context.Context, in struct {
	Body Pet `body:""`
},
) (Pet, error) {
	return in.Body, nil
}

func double(_ context.Context, in struct {
	Body []int64 `body:"" validate:"max=5,dive,lte=9007199254740993"`
},
) ([]int64, error) {
	return in.Body, nil
}

func average(_ context.Context, in struct {
	Body candor.JSONLines[Measure] `body:""`
},
) (Measure, error) {
	sum, n := 0.0, 0
	for m, err := range in.Body {
		if err != nil {
			return Measure{}, err
		}
		sum, n = sum+m.Celsius, n+1
	}
	return Measure{sum / float64(max(n, 1))}, nil
}

func stream(_ context.Context, in struct {
	N int `query:"n" validate:"gte=0,lte=1000"`
},
) (candor.JSONLines[Measure], error) {
	return func(yield func(Measure, error) bool) {
		for i := range in.N {
			if !yield(Measure{float64(i % 60)}, nil) {
				return
			}
		}
	}, nil
}

func petEvents(_ context.Context, in struct {
	Fail bool `query:"fail" default:"false"`
},
) (candor.Events[Pet], error) {
	return func(yield func(candor.Event[Pet], error) bool) {
		_ = yield(candor.Event[Pet]{ID: "1", Data: Pet{Cat: &Cat{9}}}, nil) && yield(candor.Event[Pet]{Data: Pet{Dog: &Dog{"pug"}}}, nil) &&
			in.Fail && yield(candor.Event[Pet]{}, candor.Error(503, "the pets are tired"))
	}, nil
}

func endless(saw *seen) func(context.Context, struct{}) (candor.JSONLines[Measure], error) {
	return func(ctx context.Context, _ struct{}) (candor.JSONLines[Measure], error) {
		return func(yield func(Measure, error) bool) {
			_ = yield(Measure{1}, nil)
			<-ctx.Done()
			saw.put("endless", "ended")
		}, nil
	}
}

func upload(_ context.Context, in struct {
	File  candor.Upload   `file:"file"`
	More  []candor.Upload `file:"more,omitempty"`
	Title string          `form:"title" validate:"min=2"`
	Tags  []string        `form:"tags,omitempty"`
},
) (map[string]any, error) {
	f, err := in.File.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(f)
	return map[string]any{"name": in.File.Filename, "bytes": len(content), "more": len(in.More), "title": in.Title, "tags": in.Tags}, err
}

func form(_ context.Context, in struct {
	Name  string `form:"name" validate:"min=2"`
	Ages  []int  `form:"ages,omitempty" validate:"dive,gte=0"`
	Agree bool   `form:"agree" default:"false"`
},
) (map[string]any, error) {
	return map[string]any{"name": in.Name, "ages": in.Ages, "agree": in.Agree}, nil
}

func echoBytes(_ context.Context, in struct {
	Body io.Reader `body:""`
},
) (candor.Reader, error) {
	return in.Body, nil
}

func picture(context.Context, struct{}) ([]byte, error) { return []byte("\x89PNG\r\n"), nil }

func plainText(context.Context, struct{}) (candor.Text, error) { return "plain \"text\"", nil }

func moved(context.Context, struct{}) (candor.Redirect, error) { return "/text", nil }

func large(_ context.Context, in struct {
	Bytes int `query:"bytes" default:"1" validate:"gte=0,lte=10000000"`
},
) (candor.Text, error) {
	return candor.Text(strings.Repeat("x", in.Bytes)), nil
}

func me(_ context.Context, in struct {
	Who who `dep:""`
},
) (candor.Text, error) {
	return candor.Text(in.Who.Name), nil
}

// whatIsSeen is an operation that returns what was seen of the caller.
func whatIsSeen(saw *seen) func(context.Context, struct {
	Key candor.APIKey `header:"X-Key"`
},
) (map[string]string, error) {
	return func(context.Context, struct {
		Key candor.APIKey `header:"X-Key"`
	},
	) (map[string]string, error) {
		saw.mutex.Lock()
		defer saw.mutex.Unlock()
		return saw.about, nil
	}
}

func wait(saw *seen) func(context.Context, struct{}) (candor.None, error) {
	return func(ctx context.Context, _ struct{}) (candor.None, error) {
		saw.put("wait", "begun")
		<-ctx.Done()
		saw.put("wait", "cancelled")
		return candor.None{}, ctx.Err()
	}
}

func search(_ context.Context, in struct {
	Body struct {
		Words []string `json:"words" validate:"min=1,dive,min=2"`
	} `body:""`
},
) (struct {
	Found int `json:"found"`
}, error,
) {
	return struct {
		Found int `json:"found"`
	}{len(in.Body.Words)}, nil
}

func ask(_ context.Context, in struct {
	Body []string `body:"" validate:"min=1"`
},
) ([]string, error) {
	return in.Body, nil
}

func deleteThings(context.Context, struct{}) (candor.None, error) { return candor.None{}, nil }

type between struct {
	From *int `json:"from,omitempty" validate:"omitempty,gte=0"`
	To   *int `json:"to,omitempty"`
}

func filter(_ context.Context, in struct {
	Filter struct {
		Author string  `json:"author,omitempty" validate:"max=5"`
		Price  between `json:"price,omitempty"`
	} `query:"filter,deep,omitempty"`
	IDs   []int    `query:"ids,pipe,omitempty"`
	Words []string `query:"words,space,omitempty" validate:"max=2"`
},
) (map[string]any, error) {
	return map[string]any{"author": in.Filter.Author, "from": in.Filter.Price.From, "ids": in.IDs, "words": in.Words}, nil
}

func twice(_ context.Context, in struct {
	ID    int    `path:"id" validate:"gte=1"`
	Query int    `query:"id" validate:"gte=2"`
	Body  string `query:"body,omitempty"`
	Odd   string `query:"filter[name],omitempty" validate:"max=3"`
},
) (map[string]any, error) {
	return map[string]any{"path": in.ID, "query": in.Query, "body": in.Body, "odd": in.Odd}, nil
}

// service is an app with its endpoint, on a connection.
type service struct {
	t   *testing.T
	url string
	saw *seen
	log *strings.Builder
	// query is appended to the path of the endpoint.
	query string
}

// serve runs the app of these tests with an endpoint at /mcp.
func serve(t *testing.T, options mcp.Options) *service {
	t.Helper()
	s := &service{t: t, saw: &seen{about: map[string]string{}}, log: &strings.Builder{}}
	if options.Tags == nil && !options.All {
		options.All = true
	}
	options.Logger = slog.New(slog.NewTextHandler(s.log, nil))
	app := newApp(s.saw, candor.Config{Logger: slog.New(slog.DiscardHandler)}, candor.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/seen" {
				s.saw.put("address", r.RemoteAddr[:strings.LastIndexByte(r.RemoteAddr, ':')])
				s.saw.put("host", r.Host)
				s.saw.put("cookie", r.Header.Get("Cookie"))
				s.saw.put("key", r.Header.Get("X-Key"))
				s.saw.put("tenant", r.Header.Get("X-Tenant"))
			}
			next.ServeHTTP(w, r)
		})
	}))
	candor.HandleHTTP(app, []string{http.MethodPost}, "/mcp", mcp.Of(app, options))
	s.url = start(t, app)
	return s
}

// start serves an app until the end of the test.
func start(t *testing.T, app *candor.App) string {
	t.Helper()
	stop, err := app.Start(t.Context())
	require.NoError(t, err)
	server := httptest.NewServer(app)
	t.Cleanup(func() {
		server.Close()
		assert.NoError(t, stop())
	})
	return server.URL
}

// headers sends the same headers with every request.
type headers map[string]string

func (h headers) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range h {
		if r.Header.Set(name, value); name == "Host" {
			r.Host = value
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}

// connect opens a session with the SDK's client.
func (s *service) connect(with headers, options *sdk.ClientOptions) *sdk.ClientSession {
	s.t.Helper()
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, options)
	session, err := client.Connect(s.t.Context(), &sdk.StreamableClientTransport{
		Endpoint: s.url + "/mcp" + s.query, HTTPClient: &http.Client{Transport: with}, DisableStandaloneSSE: true, MaxRetries: -1,
	}, nil)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = session.Close() })
	return session
}

// call calls a tool with JSON arguments.
func call(t *testing.T, session *sdk.ClientSession, name, arguments string) *sdk.CallToolResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	result, err := session.CallTool(ctx, &sdk.CallToolParams{Name: name, Arguments: json.RawMessage(arguments)})
	require.NoError(t, err)
	return result
}

// said returns the text of a result.
func said(result *sdk.CallToolResult) string {
	var all []string
	for _, content := range result.Content {
		switch content := content.(type) {
		case *sdk.TextContent:
			all = append(all, content.Text)
		case *sdk.ImageContent:
			all = append(all, content.MIMEType+" "+string(content.Data))
		case *sdk.EmbeddedResource:
			all = append(all, content.Resource.MIMEType+" "+string(content.Resource.Blob))
		}
	}
	return strings.Join(all, "\n")
}

// structured returns the structured result as JSON.
func structured(t *testing.T, result *sdk.CallToolResult) string {
	t.Helper()
	text, err := json.Marshal(result.StructuredContent)
	require.NoError(t, err)
	return string(text)
}

// post sends a message of the protocol as text.
func (s *service) post(t *testing.T, with headers, message string) (status int, body string) {
	t.Helper()
	response := s.open(t, t.Context(), with, message)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

// open sends it, and leaves the response to the caller.
func (s *service) open(t *testing.T, ctx context.Context, with headers, message string) *http.Response {
	t.Helper()
	r := request(ctx, s.url, message)
	response, err := (&http.Client{Transport: with}).Do(r)
	require.NoError(t, err)
	return response
}

// request returns a message of the protocol as a request to an app.
func request(ctx context.Context, url, message string) *http.Request {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/mcp", strings.NewReader(message))
	if err != nil {
		panic(err) // the URL of a test server is valid
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	return r
}
