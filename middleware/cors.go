package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rs/cors"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/layer"
	"github.com/candor-go/candor/internal/mediatype"
)

// CORSConfig says which pages of other origins may use an API.
type CORSConfig struct {
	// Origins are those of the pages, each exactly as a browser sends it, such as
	// "https://app.example.com"; "*" alone is every page.
	Origins []string
	// OriginFunc is asked for origins that Origins does not list, never for
	// "null". It is called concurrently.
	OriginFunc func(origin string) bool
	// Methods are those that pages may use: GET, HEAD, POST, PUT, PATCH and
	// DELETE when empty.
	Methods []string
	// Headers are those that pages may set beside Content-Type, Authorization and
	// the few that browsers always allow. "*" alone is any.
	Headers []string
	// Expose are headers of responses that pages may read.
	Expose []string
	// Credentials lets pages send cookies and other credentials.
	Credentials bool
	// MaxAge is how long a browser may remember what was allowed, 10 minutes when
	// 0; negative means not at all.
	MaxAge time.Duration
}

// CORS is middleware that lets browsers show responses to pages of other origins.
// It responds to preflights, also on routers and routes, and its headers stand on
// errors too.
//
// It refuses nothing: a page that is not allowed does not get to see the
// response, but its request was served, unless it needed a preflight. See [CrossOrigin]
// for the reverse.
//
// What is unsafe or contradicts itself panics: no origins, "*" beside others or
// with Credentials, "null", and anything that is not an origin.
func CORS(config CORSConfig) func(http.Handler) http.Handler {
	site := callsite.Here()
	if err := config.check(); err != nil {
		panic(fmt.Errorf("candor: middleware.CORS at %s: %w", site, err))
	}
	rules := cors.New(config.options())
	return func(next http.Handler) http.Handler {
		return layer.Attach(&corsHandler{Layer: layer.Layer{Next: next}, Handler: rules.Handler(next)}, next)
	}
}

// corsHandler adds the headers to responses.
type corsHandler struct {
	layer.Layer
	http.Handler
}

// Describe makes preflights for the operation come here.
func (h *corsHandler) Describe(*layer.Operation) layer.Effects {
	return layer.Effects{AnswersPreflights: true}
}

var (
	corsMethods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, mediatype.MethodQuery}
	corsHeaders = []string{"Content-Type", "Authorization"}
)

// defaultCORSAge is how long browsers remember the response to a preflight.
const defaultCORSAge = 10 * time.Minute

func (c CORSConfig) options() cors.Options {
	o := cors.Options{
		AllowedOrigins: c.Origins, AllowedMethods: c.Methods, AllowedHeaders: c.Headers, ExposedHeaders: c.Expose,
		AllowCredentials: c.Credentials, MaxAge: seconds(defaultCORSAge),
	}
	if len(c.Methods) == 0 {
		o.AllowedMethods = corsMethods
	}
	// rs/cors takes "*" only where it is alone.
	if !slices.Contains(c.Headers, "*") {
		o.AllowedHeaders = slices.Concat(corsHeaders, c.Headers)
	}
	if c.OriginFunc != nil {
		o.AllowOriginVaryRequestFunc = func(_ *http.Request, origin string) (bool, []string) {
			// rs/cors asks for "null" too, which any sandboxed page sends.
			return origin != "null" && (slices.Contains(c.Origins, origin) || c.OriginFunc(origin)), nil
		}
	}
	switch {
	case c.MaxAge < 0:
		o.MaxAge = -1 // which rs/cors sends as 0; its 0 sends nothing
	case c.MaxAge > 0:
		o.MaxAge = seconds(c.MaxAge)
	}
	return o
}

// seconds rounds up, so that a short age is not taken for none.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

func (c CORSConfig) check() error {
	if len(c.Origins) == 0 && c.OriginFunc == nil {
		return errors.New(`no origin is allowed; list the pages in Origins, such as "https://app.example.com"`)
	}
	everyone := slices.Contains(c.Origins, "*")
	switch {
	case everyone && c.Credentials:
		return errors.New(`Origins "*" with Credentials would give every page what its visitor may see; list the origins`) //nolint:staticcheck // the name of a field
	case everyone && (len(c.Origins) > 1 || c.OriginFunc != nil):
		return errors.New(`Origins "*" is every origin; drop the others, or the "*"`) //nolint:staticcheck // the name of a field
	}
	// "*" is no origin, so that validOrigin would refuse it.
	if !everyone {
		for _, origin := range c.Origins {
			if err := validOrigin(origin); err != nil {
				return err
			}
		}
	}
	for _, list := range []struct {
		field string
		names []string
	}{{"Methods", c.Methods}, {"Headers", c.Headers}, {"Expose", c.Expose}} {
		if err := c.checkNames(list.field, list.names); err != nil {
			return err
		}
	}
	return nil
}

// validOrigin takes what a browser would send, and nothing else.
func validOrigin(origin string) error {
	if origin == "null" {
		return errors.New(`the origin "null" is that of any sandboxed page; give the page an origin of its own`)
	}
	u, err := url.Parse(origin)
	switch {
	case err != nil, u.Scheme == "", u.Host == "", u.Scheme+"://"+u.Host != origin, strings.ContainsAny(u.Host, "*,"), origin != strings.ToLower(origin):
		return fmt.Errorf(`the origin %q; write a scheme, a host and, where it is not the default, a port, in lower case and without a path: "https://app.example.com"`, origin)
	case u.Scheme == "https" && u.Port() == "443", u.Scheme == "http" && u.Port() == "80":
		return fmt.Errorf("the origin %q; browsers omit the default port, so omit it too", origin)
	}
	return nil
}

func (c CORSConfig) checkNames(field string, names []string) error {
	for _, name := range names {
		switch {
		case name == "*" && field == "Methods":
			return fmt.Errorf(`%s "*"; list the methods`, field)
		case name == "*" && c.Credentials:
			return fmt.Errorf(`%s "*" with Credentials; list the names`, field)
		case name == "*" && len(names) > 1:
			return fmt.Errorf(`%s "*" is every name; drop the others, or the "*"`, field)
		case name != "*" && !mediatype.ValidHeader(name, nil):
			return fmt.Errorf("%s %q; write a name", field, name)
		}
	}
	return nil
}
