//go:build go1.27

package candor

import "context"

// From Go 1.27 on, registration may be written as methods of an app or router:
// app.Get("/items/{item_id}", readItem) is Get(app, "/items/{item_id}",
// readItem). Both spellings do the same.

// Get is the function [Get] as a method.
func (r *Router) Get[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Get(r, path, h, options...)
}

// Post is the function [Post] as a method.
func (r *Router) Post[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Post(r, path, h, options...)
}

// Put is the function [Put] as a method.
func (r *Router) Put[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Put(r, path, h, options...)
}

// Patch is the function [Patch] as a method.
func (r *Router) Patch[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Patch(r, path, h, options...)
}

// Delete is the function [Delete] as a method.
func (r *Router) Delete[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Delete(r, path, h, options...)
}

// Query is the function [Query] as a method.
func (r *Router) Query[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Query(r, path, h, options...)
}

// Head is the function [Head] as a method.
func (r *Router) Head[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Head(r, path, h, options...)
}

// Options is the function [Options] as a method.
func (r *Router) Options[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Options(r, path, h, options...)
}

// Trace is the function [Trace] as a method.
func (r *Router) Trace[In, Out any](path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Trace(r, path, h, options...)
}

// Handle is the function [Handle] as a method.
func (r *Router) Handle[In, Out any](methods []string, path string, h func(context.Context, In) (Out, error), options ...RouteOption) *Route[In, Out] {
	return Handle(r, methods, path, h, options...)
}
