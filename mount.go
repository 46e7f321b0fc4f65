package candor

import (
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

// Mount serves everything below the prefix by another handler, which sees the
// paths without it. Routes come first wherever they overlap. The handler
// stays out of the document.
//
// A mounted *App keeps its own document and pages, and announces the prefix as
// its server.
func (r *Router) Mount(prefix string, h http.Handler, options ...RouteOption) {
	rt := &route{site: callSite(), methods: []string{anyMethod}, path: prefix + "/{rest...}", mounted: h}
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
	case rt.mounted == http.Handler(r.app) && r.app != nil:
		return errors.New("the app would contain itself; mount another")
	case prefix != "" && checkPrefix("Mount", prefix) != nil, strings.ContainsAny(prefix, "{}"):
		return errors.New("a prefix begins with a slash, does not end with one and has no wildcards")
	}
	if rt.set, err = apply(options); err != nil {
		return err
	}
	if err := r.checkPaths(rt); err != nil {
		return err
	}
	rt.set.hidden = true
	r.items = append(r.items, item{route: rt})
	return nil
}

// below passes requests on with their paths shortened by the prefix.
func below(prefix string, h http.Handler) http.Handler {
	if prefix == "" {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner := new(http.Request)
		*inner = *r
		inner.URL = new(url.URL)
		*inner.URL = *r.URL
		inner.URL.Path = strings.TrimPrefix(r.URL.Path, prefix)
		inner.URL.RawPath = dropSegments(r.URL.RawPath, strings.Count(prefix, "/"))
		h.ServeHTTP(w, inner)
	})
}

// dropSegments takes the first n segments off an escaped path, whose prefix
// may be spelled with other escapes than the one registered.
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
