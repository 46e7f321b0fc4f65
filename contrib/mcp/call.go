package mcp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/requestinfo"
)

// call handles a tool call: it sends a request to the app and converts the response. Errors are returned as results, so
// that the model can read them.
func (t *tool) call(ctx context.Context, req *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
	c := callIn(ctx)
	if c == nil {
		return nil, errors.New("the tool is called by its endpoint only")
	}
	var arguments map[string]json.RawMessage
	if raw := req.Params.Arguments; len(raw) > 0 && string(raw) != "null" {
		if err := json.Unmarshal(raw, &arguments); err != nil {
			return failed("arguments: Expected an object of the tool's arguments"), nil
		}
	}
	out, wrong := t.request(arguments)
	if len(wrong) > 0 {
		return notValid(wrong), nil
	}
	ctx, cancel := c.join(ctx)
	defer cancel()
	response, err := t.h.send(ctx, c, t, out)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode >= 400 {
		return t.refusal(c, response), nil
	}
	return t.result(ctx, req, response), nil
}

// send sends a request to the app with the credentials of the caller.
func (h *handler) send(ctx context.Context, c *call, t *tool, out *appRequest) (*http.Response, error) {
	query := out.query
	if t != nil {
		query = append(query, c.queries(t.queries)...)
	}
	client := candor.InProcess(h.app)
	target := client.Base + out.path
	if len(query) > 0 {
		target += "?" + strings.Join(query, "&")
	}
	var content io.Reader
	if out.body != nil {
		content = bytes.NewReader(out.body)
	}
	method := http.MethodGet
	if t != nil {
		method = t.op.method
	}
	r, err := http.NewRequestWithContext(ctx, method, target, content)
	if err != nil {
		return nil, err
	}
	if out.header != nil {
		r.Header = out.header
	}
	c.lend(r, t)
	own := *client.HTTP
	// The redirect itself is the response; its target may be another server.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return own.Do(r)
}

// lend adds what the caller's request has: its address, the host name, and its credentials.
func (c *call) lend(r *http.Request, t *tool) {
	r.RemoteAddr, r.Host, r.TLS = c.request.RemoteAddr, c.request.Host, c.request.TLS
	headers := []string{"Authorization"}
	if t != nil {
		headers = t.headers
		if t.accept != "" && t.accept != "*/*" {
			r.Header.Set("Accept", t.accept)
		}
	}
	if id := requestinfo.ID(c.request.Context()); id != "" {
		r.Header.Set("X-Request-Id", id)
	}
	for _, name := range append(slices.Clip(headers), "User-Agent") {
		if lines := c.request.Header.Values(name); len(lines) > 0 {
			r.Header[http.CanonicalHeaderKey(name)] = slices.Clone(lines)
		}
	}
}

// queries returns the caller's query parameters with these names.
func (c *call) queries(names []string) []string {
	var all []string
	given := c.request.URL.Query()
	for _, name := range names {
		for _, value := range given[name] {
			all = append(all, url.QueryEscape(name)+"="+url.QueryEscape(value))
		}
	}
	return all
}

// failed returns an error result.
func failed(texts ...string) *sdk.CallToolResult {
	return &sdk.CallToolResult{IsError: true, Content: contents(texts...)}
}

func contents(texts ...string) []sdk.Content {
	var all []sdk.Content
	for _, s := range texts {
		if s != "" {
			all = append(all, &sdk.TextContent{Text: s})
		}
	}
	return all
}

// notValid returns the result for invalid arguments.
func notValid(wrong []string) *sdk.CallToolResult {
	return failed("The arguments are not valid:\n- " + strings.Join(wrong, "\n- "))
}

// refusal returns the result for an error response.
func (t *tool) refusal(c *call, response *http.Response) *sdk.CallToolResult {
	c.note(response)
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(t.h.options.MaxResponse)))
	if err != nil {
		return failed(fmt.Sprintf("%s, and its text was truncated", response.Status))
	}
	if response.StatusCode == http.StatusUnprocessableEntity {
		if wrong := t.wrong(body); len(wrong) > 0 {
			return notValid(wrong)
		}
	}
	says := strings.TrimSpace(response.Status + ": " + string(body))
	switch response.StatusCode {
	case http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		says = "body: " + says
	}
	return failed(says, t.headersOf(response))
}

// headersOf returns the documented headers of a response.
func (t *tool) headersOf(response *http.Response) string {
	var lines []string
	for _, name := range append(slices.Clip(t.shown), "Retry-After", "Location") {
		line := name + ": " + strings.Join(response.Header.Values(name), ", ")
		if response.Header.Get(name) != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// result returns the result for a successful response.
func (t *tool) result(ctx context.Context, req *sdk.CallToolRequest, response *http.Response) *sdk.CallToolResult {
	contentType := response.Header.Get("Content-Type")
	if format := mediatype.SequenceOf(mediatype.Bare(contentType)); format != nil {
		return t.stream(ctx, req, response, format)
	}
	limit := t.h.options.MaxResponse
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(limit)+1))
	switch {
	case err != nil:
		return failed("The response was cut off before its end")
	case len(body) > limit:
		return failed(t.tooLarge())
	case response.StatusCode >= 300:
		result := failed(response.Status, t.headersOf(response))
		result.IsError = t.succeeds // unless only errors are documented
		return result
	case len(body) == 0:
		return &sdk.CallToolResult{Content: contents(response.Status, t.headersOf(response))}
	}
	result := &sdk.CallToolResult{Content: append([]sdk.Content{t.content(response, contentType, body)}, contents(t.headersOf(response))...)}
	if t.output != nil && mediatype.IsJSON(contentType) {
		result.StructuredContent = t.output.structured(body)
	}
	return result
}

// tooLarge returns advice on how to get a smaller response.
func (t *tool) tooLarge() string {
	advice := "ask for less"
	var names []string
	for name, a := range t.arguments {
		if a.in == "query" {
			names = append(names, name)
		}
	}
	if slices.Sort(names); len(names) > 0 {
		advice += ", by the arguments " + strings.Join(names, ", ")
	}
	return fmt.Sprintf("The response is larger than %d bytes, which is more than a tool returns; %s.", t.h.options.MaxResponse, advice)
}

// content converts the body of a response to a form that models understand.
func (t *tool) content(response *http.Response, contentType string, body []byte) sdk.Content {
	bare := mediatype.Bare(contentType)
	switch {
	case strings.HasPrefix(bare, "image/") && !strings.HasSuffix(bare, "+xml"):
		return &sdk.ImageContent{Data: body, MIMEType: bare}
	case strings.HasPrefix(bare, "audio/"):
		return &sdk.AudioContent{Data: body, MIMEType: bare}
	case utf8.Valid(body) && isText(bare):
		return &sdk.TextContent{Text: string(body)}
	}
	return &sdk.EmbeddedResource{Resource: &sdk.ResourceContents{
		URI: "response://" + response.Request.URL.EscapedPath(), MIMEType: cmp.Or(bare, mediatype.Octets), Blob: body,
	}}
}

// isText reports whether a body of a media type is readable text.
func isText(bare string) bool {
	return strings.HasPrefix(bare, "text/") || mediatype.IsJSON(bare) || strings.HasSuffix(bare, "xml") || strings.HasSuffix(bare, "yaml") || bare == "application/javascript"
}
