package responsecache

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/credentials"
	"github.com/candor-go/candor/internal/digest"
	"github.com/candor-go/candor/internal/mediatype"
	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Plan says which responses of one operation are kept, for how long and under which keys.
type Plan struct {
	// Store is given to Of; nil means the default of the app.
	Store Store
	// TTL, Budget and Strict are those of Use.
	TTL, Budget time.Duration
	Strict      bool
	// Tags may have wildcards of the path.
	Tags []string
	// Shared lets clients with different credentials share responses.
	Shared bool
	// Control is the Cache-Control of responses, for other caches.
	Control string
	// Path is the pattern of the operation, Wildcards are the names in it.
	Path      string
	Wildcards []string
	// Headers and Cookies of the request are part of the key.
	Headers, Cookies []string

	caches *Caches
	cache  *Cache
	vary   string
}

// Compile returns a copy of the plan that can be used. It fails for a tag whose wildcards the path does not have.
func (p Plan) Compile(c *Caches) (*Plan, error) {
	for _, tag := range p.Tags {
		if _, err := p.expand(tag, nil); err != nil {
			return nil, err
		}
	}
	p.caches, p.cache = c, c.Of(p.Store)
	p.cache.Use(p.TTL, p.Budget, p.Strict)
	vary := slices.Clip(p.Headers)
	if len(p.Cookies) > 0 && !slices.Contains(vary, "Cookie") {
		vary = append(vary, "Cookie")
	}
	p.vary = strings.Join(vary, ", ")
	return &p, nil
}

// expand replaces wildcards in a tag by their values.
func (p *Plan) expand(tag string, captured []string) (string, error) {
	var b strings.Builder
	for {
		text, rest, open := strings.Cut(tag, "{")
		b.WriteString(text)
		if !open {
			return b.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		i := slices.Index(p.Wildcards, name)
		if !closed || i < 0 {
			return "", fmt.Errorf("the tag of a Cache names the wildcard {%s}, which the path %s does not have", name, p.Path)
		}
		if captured != nil {
			b.WriteString(captured[i])
		}
		tag = after
	}
}

// Request is what a plan needs to know about a request.
type Request struct {
	*http.Request
	// Captured are the values of the wildcards.
	Captured []string
	// Body is part of the key of a QUERY request.
	Body []byte
	// Accepted is the negotiated media type.
	Accepted string
	// APIKeys are the fields of the operation that read API keys.
	APIKeys []*typeinfo.Field
}

// Key returns the key of a response.
func (p *Plan) Key(r Request) string {
	list := digest.NewList()
	list.Add(p.caches.Space())
	list.Add(p.Path)
	for _, value := range r.Captured {
		list.Add(value)
	}
	list.Add(r.URL.RawQuery)
	if r.Method == mediatype.MethodQuery {
		list.Add(r.Header.Get("Content-Type"))
		list.Add(string(r.Body))
	}
	list.Add(r.Accepted)
	for _, name := range p.Headers {
		list.Add(strings.Join(headerLines(r.Request, name), "\n"))
	}
	for _, name := range p.Cookies {
		for _, text := range bind.CookieTexts(r.Header, name) {
			list.Add(text)
		}
		list.Add("")
	}
	if !p.Shared {
		list.Add(strings.Join(r.Header.Values("Cookie"), "\n"))
		list.Add(credentials.Authorization(r.Request))
		for _, f := range r.APIKeys {
			list.Add(credentials.Key(r.Request, f))
		}
	}
	return "answer:" + list.String()
}

// headerLines returns the values of a header, including Host, which net/http removes from the header map.
func headerLines(r *http.Request, name string) []string {
	if name == "Host" {
		return []string{r.Host}
	}
	return r.Header.Values(name)
}

// SetHeaders sets the headers that responses have whether they come from the cache or not.
func (p *Plan) SetHeaders(h http.Header) {
	if p.Control != "" {
		h["Cache-Control"] = []string{p.Control}
	}
	if p.vary != "" {
		h["Vary"] = append(h["Vary"], p.vary)
	}
}

// Find looks up the response of a key and the versions of its tags; see [Cache.Find].
func (p *Plan) Find(ctx context.Context, key string, captured []string) (versions []string, kept *Response, err error) {
	keys := make([]string, 1, 2+len(p.Tags))
	keys[0] = key
	for _, tag := range p.Tags {
		tag, _ = p.expand(tag, captured) // cannot fail: checked by Compile
		keys = append(keys, p.caches.TagKey(tag))
	}
	return p.cache.Find(ctx, p.Budget, keys)
}

// Make starts making the response for a key; see [Cache.Make].
func (p *Plan) Make(key string, versions []string) (m Making, own bool) {
	return p.cache.Make(key, versions)
}

// maxCached is the size of the largest body that is cached, in bytes.
const maxCached = 1 << 20

// Keep keeps a response, if others may receive it. before is the header before the response was made, after the one
// after that.
func (p *Plan) Keep(ctx context.Context, m *Making, a *response.Response, before, after http.Header) error {
	if !canKeep(a) || p.isForbidden(a, before, after) {
		return nil
	}
	made := &Response{At: time.Now().Unix(), ContentType: a.ContentType, Header: a.Header, Body: a.Content()}
	if !made.Note(before, after) {
		return nil
	}
	return m.Keep(ctx, p.Budget, p.TTL, made)
}

// canKeep reports whether the response may be cached and given to other clients.
func canKeep(a *response.Response) bool {
	return a.Stream == nil && a.Status == http.StatusOK && len(a.Body)+len(a.Borrowed) <= maxCached &&
		!slices.ContainsFunc(a.Header, func(l response.Line) bool { return l.Name == "Set-Cookie" })
}

// isForbidden reports whether this response has a Cache-Control of its own that forbids a cache to keep it (RFC 9111,
// section 5.2.2). The one of the plan is for other caches.
func (p *Plan) isForbidden(a *response.Response, before, after http.Header) bool {
	header := http.Header{}
	if control := after["Cache-Control"]; !slices.Equal(before["Cache-Control"], control) {
		header["Cache-Control"] = slices.Clone(control)
	}
	for _, line := range a.Header {
		if line.Name == "Cache-Control" {
			header.Add(line.Name, line.Value)
		}
	}
	return slices.ContainsFunc(mediatype.Tokens(header, "Cache-Control"), func(directive string) bool {
		return strings.EqualFold(directive, "no-store") || p.Shared && strings.EqualFold(directive, "private")
	})
}
