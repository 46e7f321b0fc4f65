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
	// Origins are the origins of the pages, exactly as a browser sends them, such as "https://app.example.com"; "*"
	// alone allows every page.
	Origins []string
	// OriginFunc is called for origins that Origins does not list, but never for "null". It is called concurrently.
	OriginFunc func(origin string) bool
	// Methods are the methods that pages may use; the default is GET, HEAD, POST, PUT, PATCH and DELETE.
	Methods []string
	// Headers are the request headers that pages may set, in addition to Content-Type, Authorization and those that
	// browsers always allow. "*" alone allows any.
	Headers []string
	// Expose are the response headers that pages may read.
	Expose []string
	// Credentials allows pages to send cookies and other credentials.
	Credentials bool
	// MaxAge is how long a browser may cache the response to a preflight, 10 minutes by default; a negative value means
	// not at all.
	MaxAge time.Duration
}

// CORS returns middleware that allows pages of other origins to read responses. It handles preflight requests, also on
// routers and routes, and adds its headers to errors too.
//
// It refuses nothing: a page that is not allowed cannot read the response, but its request is served, unless it needed
// a preflight. To refuse requests, use [CrossOrigin].
//
// Unsafe or contradictory settings panic: no origins, "*" together with others or with Credentials, "null", and
// anything that is not an origin.
func CORS(config CORSConfig) func(http.Handler) http.Handler {
	site := callsite.Here()
	if err := config.check(); err != nil {
		panic(fmt.Errorf("candor: middleware.CORS at %s: %w", site, err))
	}
	rules := cors.New(config.options())
	return func(next http.Handler) http.Handler {
		return layer.Attach(&corsHandler{Layer: layer.Layer{Next: next}, rules: rules.Handler(next)}, next)
	}
}

// corsHandler adds the headers to responses.
type corsHandler struct {
	layer.Layer
	rules http.Handler
}

// ServeHTTP implements http.Handler. Several Origin lines are one value that is no origin, so that none is allowed: rs/cors
// would compare the first and send all of them back.
func (h *corsHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if lines := r.Header.Values("Origin"); len(lines) > 1 {
		r = r.Clone(r.Context())
		r.Header.Set("Origin", strings.Join(lines, ", "))
	}
	h.rules.ServeHTTP(w, r)
}

// Describe makes preflight requests for the operation reach this handler.
func (h *corsHandler) Describe(*layer.Operation) layer.Effects {
	return layer.Effects{AnswersPreflights: true}
}

var (
	corsMethods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, mediatype.MethodQuery}
	corsHeaders = []string{"Content-Type", "Authorization"}
)

// defaultCORSAge is how long browsers cache the response to a preflight.
const defaultCORSAge = 10 * time.Minute

func (c CORSConfig) options() cors.Options {
	o := cors.Options{
		AllowedOrigins: c.Origins, AllowedMethods: c.Methods, AllowedHeaders: c.Headers, ExposedHeaders: c.Expose,
		AllowCredentials: c.Credentials, MaxAge: seconds(defaultCORSAge),
	}
	if len(c.Methods) == 0 {
		o.AllowedMethods = corsMethods
	}
	// rs/cors accepts "*" only if it is alone.
	if !slices.Contains(c.Headers, "*") {
		o.AllowedHeaders = slices.Concat(corsHeaders, c.Headers)
	}
	if c.OriginFunc != nil {
		o.AllowOriginVaryRequestFunc = func(_ *http.Request, origin string) (bool, []string) {
			// rs/cors also calls this for "null", which any sandboxed page sends, and for what is no origin.
			return origin != "null" && !strings.Contains(origin, ",") && (slices.Contains(c.Origins, origin) || c.OriginFunc(origin)), nil
		}
	}
	switch {
	case c.MaxAge < 0:
		o.MaxAge = -1 // rs/cors sends -1 as 0, and nothing for 0
	case c.MaxAge > 0:
		o.MaxAge = seconds(c.MaxAge)
	}
	return o
}

// seconds rounds up, so that a short time does not become zero.
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
	// "*" is not an origin, so validOrigin would refuse it.
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

// validOrigin accepts exactly what a browser would send.
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
		case name != "*" && !mediatype.IsToken(name):
			return fmt.Errorf("%s %q; write a name", field, name)
		}
	}
	return nil
}
