package candor

import (
	"errors"
	"fmt"
	"slices"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/pathtree"
)

// Webhook documents a request that the API sends to those who have registered
// for it, by other means than this API. In describes what is sent, with the
// tags of inputs; Out is the answer that is expected, candor.None for 204.
//
//	candor.Webhook[OrderShipped, candor.None](app, http.MethodPost, "order-shipped")
//
// Nothing is served or sent by it. The options are those that describe:
// [Summary], [Tags], [Responds] for further answers and so on.
func Webhook[In, Out any](r Routes, method, name string, options ...RouteOption) {
	o := newAnnouncement[In, Out](method, name)
	o.route.site = callsite.Here()
	if err := routerOf(r, o.configError).announce(o, options); err != nil {
		panic(o.configError(err))
	}
}

// announce keeps a webhook with a router.
func (r *Router) announce(o *announcement, options []RouteOption) error {
	if r.sealed.Load() {
		return errSealed
	}
	if err := o.describe(options); err != nil {
		return err
	}
	r.webhooks = append(r.webhooks, o)
	return nil
}

// webhooks puts the webhooks of a router into its documents.
func (b *builder) webhooks(r *Router, s scope) {
	for _, o := range r.webhooks {
		e, err := b.outgoing(o, s.set.tags)
		if err != nil {
			b.errs = append(b.errs, o.configError(err))
			continue
		}
		e.set.deprecated = e.set.deprecated || s.set.deprecated
		for _, l := range s.documents {
			if known := slices.ContainsFunc(l.document.webhooks, func(w *endpoint) bool { return w.outgoing == &o.outgoing }); !l.hidden && !e.set.hidden && !known {
				l.document.webhooks = append(l.document.webhooks, e)
			}
		}
	}
}

// callbacks compiles those of an endpoint.
func (b *builder) callbacks(e *endpoint) error {
	for _, c := range e.set.callbacks {
		o, ok := c.(*announcement)
		if !ok {
			continue
		}
		for _, x := range o.addresses {
			if err := x.check(e); err != nil {
				return fmt.Errorf("Callback(%q): %w", o.name, err)
			}
		}
		made, err := b.outgoing(o, nil)
		if err != nil {
			return fmt.Errorf("Callback(%q): %w", o.name, err)
		}
		e.callbacks = append(e.callbacks, made)
	}
	return nil
}

// outgoing compiles a request that is sent as one that is read, by which it is
// described.
func (b *builder) outgoing(o *announcement, tags []string) (*endpoint, error) {
	pattern, err := pathtree.Parse("/")
	if err != nil {
		return nil, err
	}
	e := &endpoint{appShared: b.shared, route: o.route, outgoing: &o.outgoing, method: o.route.methods[0], pattern: pattern, set: o.route.set.copy()}
	e.set.tags = appendNew(slices.Clone(tags), e.set.tags)
	alone := func(*endpoint) (before, after []step, err error) { return nil, nil, nil }
	if err := e.compile(b.app.programs, alone); err != nil {
		return nil, err
	}
	return e, errors.Join(b.checkCredentials(e), e.checkAnnotations(b.app.programs.compiler), b.keys.route(o.route, e.set))
}
