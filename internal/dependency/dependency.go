// Package dependency finds what the functions of an endpoint depend on, and the order in which they run. It works on
// plain data: what providers there are, and what each function asks for. The root calls the functions.
package dependency

import (
	"reflect"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/pathtree"
)

// Kind says how a provider makes its value.
type Kind uint8

// The kinds of providers.
const (
	Plain   Kind = iota // called once
	Scoped              // wraps the rest of the request
	Shared              // wraps the life of the app
	Ready               // an existing value
	Guard               // called for its error
	Wrapper             // wraps the rest of the request, without a value
)

// Lifetime says when a provider that wraps the rest of the request ends. A longer one is a greater number.
type Lifetime uint8

// The lifetimes.
const (
	ResponseEncoded  Lifetime = iota // before the first byte
	ResponseComplete                 // before the response is written, or after the last byte of a stream
	ResponseSent                     // after the last byte and the background tasks
)

// Provider makes the values of one type; guards and wrappers make none.
type Provider struct {
	Site *callsite.Site
	Kind Kind
	// Key is the type of its values, nil for guards and wrappers.
	Key reflect.Type
	// Name is the name of its function, "" for a function literal.
	Name  string
	Input Input
	Until Lifetime
}

// String names the provider in dependency chains.
func (p *Provider) String() string {
	switch {
	case p.Key != nil:
		return p.Key.String()
	case p.Name != "":
		return p.Name
	}
	return "guard at " + p.Site.String()
}

// Wraps reports whether the provider wraps the rest of the request.
func (p *Provider) Wraps() bool { return p.Kind == Scoped || p.Kind == Wrapper }

// Input is what the input of a function says about dependencies.
type Input struct {
	// Deps are its dependencies, in the order of the fields.
	Deps []Dep
	// ReadsCredentials means that it has a security field, TakesBytes that it takes the bytes of the body.
	ReadsCredentials, TakesBytes bool
}

// Dep is a field that gets the value of a provider.
type Dep struct {
	// Field is the type of the field, and Type the key of the provider: another type if the field is a Lazy.
	Field, Type reflect.Type
	// Fresh means that the value is made for this field alone.
	Fresh bool
}

func (d Dep) isLazy() bool { return d.Field != d.Type }

// Requirement is a function that an option adds to a request: a guard, a wrapper, or the provider of a type.
type Requirement struct {
	Provider *Provider
	Needs    reflect.Type
}

// isWrapper reports whether it is a function of Around.
func (q Requirement) isWrapper() bool { return q.Provider != nil && q.Provider.Kind == Wrapper }

// Scope has what one router provides.
type Scope struct{ Providers []*Provider }

// Endpoint is an endpoint whose dependencies are to be found.
type Endpoint struct {
	// Method and Pattern name it in errors. Name is that of its handler, "" for a function literal.
	Method  string
	Pattern *pathtree.Pattern
	Name    string
	// Input is that of the handler.
	Input Input
	// Scopes are those of the enclosing routers, innermost first.
	Scopes []*Scope
	// Requirements are the functions that options add, of which the first come from outside of the route: as many as
	// Inherited says.
	Requirements []Requirement
	Inherited    int
	// Public means that inherited requirements that read credentials do not run.
	Public bool
	// Caches means that its responses are cached, and CachesBody that the body of the request is part of the key.
	Caches, CachesBody bool
}

// Plan is what an endpoint runs.
type Plan struct {
	// Nodes are the functions: the handler first, each of the others after its dependencies.
	Nodes []*Node
	// Before are the steps between parameters and body, AfterReading those that need the bytes of the body before it is
	// decoded, and After those between body and handler.
	Before, AfterReading, After []Step
	// Overridden means that an override was used.
	Overridden bool
	// AwaitsStart means that a shared value is needed, which an app has once it is started.
	AwaitsStart bool
}

// Node is one function of an endpoint.
type Node struct {
	// Provider is nil for the handler.
	Provider *Provider
	// Wires say what its dependencies get, in their order.
	Wires []Wire
	// Lazy means that a Lazy may ask for the value; Waits means that the node runs only then.
	Lazy, Waits bool

	input *Input
}

// Wire says what a dependency gets: the value of a node or, if that is Singleton, one that belongs to no request.
type Wire struct {
	Node     int
	Provider *Provider
	// Lazy means that the field is a Lazy, for which the node may wait.
	Lazy bool
}

// Singleton is the index of values that belong to no request.
const Singleton = -1

// Step is a step of a request: what is done, and for Run with which node.
type Step struct {
	Action Action
	Node   int
}

// Action is what a step does.
type Action uint8

// The actions. All but Run are done by the endpoint itself.
const (
	Run Action = iota
	// AskForCredentials refuses a request whose handler lacks credentials, AskForLater one that lacks credentials of a
	// node that runs after the body.
	AskForCredentials
	AskForLater
	// Cache responds from the cache, or runs the steps after it and keeps their response.
	Cache
	// WriteResponse runs the steps after it and writes the response. WriteStream does so for streams.
	WriteResponse
	WriteStream
)
