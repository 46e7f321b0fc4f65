package candor

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/mountpath"
)

// HandleHTTP registers a plain handler for the methods and the path. r.PathValue returns the values of wildcards.
// Options describe the handler in the document; its requests and responses are not checked. A configuration error
// panics, as in [Get].
func HandleHTTP(r Routes, methods []string, path string, h http.Handler, options ...RouteOption) {
	rt := &route{site: callsite.Here(), methods: append([]string(nil), methods...), path: path, plain: h}
	if h == nil {
		panic(rt.configError(errors.New("the handler is nil; pass an http.Handler")))
	}
	routerOf(r, rt.configError).register(rt, options)
}

// Mount passes requests of any method below the prefix to another handler, which sees the paths without the prefix.
// Routes take precedence. The handler is not in the document.
//
// A mounted *App keeps its own document and pages, and lists the paths at which it is mounted as its servers. It is
// sealed together with the app that mounts it.
func (r *Router) Mount(prefix string, h http.Handler, options ...RouteOption) {
	rt := mountRoute(prefix, h)
	if err := r.mount(rt, prefix, options); err != nil {
		panic(fmt.Errorf("candor: Mount(%q) at %s: %w", prefix, rt.site, err))
	}
}

func mountRoute(prefix string, h http.Handler) *route {
	return &route{site: callsite.Here(), methods: []string{mountpath.AnyMethod}, path: prefix + mountpath.Suffix, mounted: h}
}

func (r *Router) mount(rt *route, prefix string, options []RouteOption) (err error) {
	switch {
	case r == nil:
		return errNilRouter
	case r.sealed.Load():
		return errSealed
	case rt.mounted == nil:
		return errors.New("the handler is nil; pass an http.Handler")
	case strings.ContainsAny(prefix, "{}"):
		return errors.New("the prefix of a mount has no wildcards; give them to the parent router")
	}
	if err := checkPrefix(prefix); err != nil {
		return err
	}
	if rt.set, err = apply(options); err != nil {
		return err
	}
	// A front end is mounted as well, but outer guards apply to it.
	if rt.set.public && !rt.fallback {
		return errors.New("guards do not hold for what is mounted, so Public has no effect; drop it")
	}
	if err := rt.checkEffects(rt.set); err != nil {
		return err
	}
	rt.set = rt.set.copy() // copied, because others may share it
	rt.set.hidden = true
	r.addItem(item{route: rt})
	return nil
}
