package candor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// HandleHTTP registers a plain handler for the methods and the path. Its
// wildcards are found by r.PathValue. Options say what the document tells
// about it; nothing is checked. A mistake panics, as in [Get].
func HandleHTTP(r Routes, methods []string, path string, h http.Handler, options ...RouteOption) {
	rt := &route{site: callSite(), methods: append([]string(nil), methods...), path: path, plain: h}
	if h == nil {
		panic(rt.mistake(errors.New("the handler is nil; pass an http.Handler")))
	}
	r.router().register(rt, options)
}

// belowMount is how the pattern of a mount ends.
const belowMount = "/{rest...}"

// Mount serves everything below the prefix by another handler, whatever the
// method, which sees the paths without the prefixes. Routes come first wherever
// they overlap. The handler stays out of the document.
//
// A mounted *App keeps its own document and pages, and announces where it is
// mounted as its servers. It is sealed with the app around it.
func (r *Router) Mount(prefix string, h http.Handler, options ...RouteOption) {
	rt := &route{site: callSite(), methods: []string{anyMethod}, path: prefix + belowMount, mounted: h}
	if err := r.mount(rt, prefix, options); err != nil {
		panic(fmt.Errorf("candor: Mount(%q) at %s: %w", prefix, rt.site, err))
	}
}

func (r *Router) mount(rt *route, prefix string, options []RouteOption) (err error) {
	switch {
	case r.sealed.Load():
		return errSealed
	case rt.mounted == nil:
		return errors.New("the handler is nil; pass an http.Handler")
	case strings.ContainsAny(prefix, "{}"):
		return errors.New("the prefix of a mount has no wildcards; give them to a router around it")
	}
	if err := checkPrefix(prefix); err != nil {
		return err
	}
	if rt.set, err = apply(options); err != nil {
		return err
	}
	if len(rt.set.aliases) > 0 {
		return errors.New("a mount has no aliases; mount the handler twice")
	}
	rt.set.hidden = true
	r.items = append(r.items, item{route: rt})
	return nil
}

// below passes requests on with their paths shortened by the prefix.
func below(prefix string, h http.Handler) http.Handler {
	segments := strings.Count(prefix, "/")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner := new(http.Request)
		*inner = *r
		inner.URL = new(url.URL)
		*inner.URL = *r.URL
		path, escaped := pathOf(r)
		path = dropSegments(path, segments)
		inner.URL.Path, inner.URL.RawPath = path, ""
		if plain, err := url.PathUnescape(path); escaped && err == nil {
			inner.URL.Path, inner.URL.RawPath = plain, path
		}
		h.ServeHTTP(w, inner)
	})
}

// dropSegments takes the first n segments off a path. They are counted, not
// compared: an escaped path may spell them with other escapes than the prefix,
// and a wildcard stands for any.
func dropSegments(path string, n int) string {
	for range n {
		if path == "" {
			return ""
		}
		slash := strings.IndexByte(path[1:], '/')
		if slash < 0 {
			return ""
		}
		path = path[1+slash:]
	}
	return path
}

// rootKey finds the root path of the app around a mounted one.
type rootKey struct{}

// withRoot tells a mounted app the root path of the one around it.
func withRoot(root string, h http.Handler) http.Handler {
	if root == "" {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), rootKey{}, root)))
	})
}

func outerRoot(r *http.Request) string {
	root, _ := r.Context().Value(rootKey{}).(string)
	return root
}
