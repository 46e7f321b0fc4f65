//go:build go1.27

package candor

import (
	"context"
	"net/http"

	"github.com/candor-go/candor/internal/mediatype"
)

// From Go 1.27 on, registration may be written as methods of an app or router:
// app.Get("/items/{item_id}", readItem) is Get(app, "/items/{item_id}",
// readItem). Both spellings do the same.

// Get is the function [Get] as a method.
func (r *Router) Get[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Handle(r, []string{http.MethodGet}, path, h, options...)
}

// Post is the function [Post] as a method.
func (r *Router) Post[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Handle(r, []string{http.MethodPost}, path, h, options...)
}

// Put is the function [Put] as a method.
func (r *Router) Put[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Handle(r, []string{http.MethodPut}, path, h, options...)
}

// Patch is the function [Patch] as a method.
func (r *Router) Patch[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Handle(r, []string{http.MethodPatch}, path, h, options...)
}

// Delete is the function [Delete] as a method.
func (r *Router) Delete[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Handle(r, []string{http.MethodDelete}, path, h, options...)
}

// Query is the function [Query] as a method.
func (r *Router) Query[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Handle(r, []string{mediatype.MethodQuery}, path, h, options...)
}

// Head is the function [Head] as a method.
func (r *Router) Head[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Handle(r, []string{http.MethodHead}, path, h, options...)
}

// Options is the function [Options] as a method.
func (r *Router) Options[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Handle(r, []string{http.MethodOptions}, path, h, options...)
}

// Trace is the function [Trace] as a method.
func (r *Router) Trace[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Handle(r, []string{http.MethodTrace}, path, h, options...)
}

// Handle is the function [Handle] as a method.
func (r *Router) Handle[In, Out any](methods []string, path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Handle(r, methods, path, h, options...)
}
