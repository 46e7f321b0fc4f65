package dependency_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/callsite"
	"github.com/candor-go/candor/internal/dependency"
	"github.com/candor-go/candor/internal/pathtree"
)

// The types that providers make, and a Lazy of some.
type (
	a struct{}
	b struct{}
	c struct{}
	d struct{}

	lazily[T any] struct{ _ T }
)

// typesOf are the types by their letter.
var typesOf = map[byte]reflect.Type{
	'a': reflect.TypeFor[a](), 'b': reflect.TypeFor[b](), 'c': reflect.TypeFor[c](), 'd': reflect.TypeFor[d](),
}

var lazyOf = map[byte]reflect.Type{
	'a': reflect.TypeFor[lazily[a]](), 'b': reflect.TypeFor[lazily[b]](), 'c': reflect.TypeFor[lazily[c]](), 'd': reflect.TypeFor[lazily[d]](),
}

// input reads an input: letters of types, after "?" lazy and after "!" fresh ones, "@" for credentials, "#" for the bytes of the
// body.
func input(text string) (in dependency.Input) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '@':
			in.ReadsCredentials = true
		case '#':
			in.TakesBytes = true
		case '?':
			i++
			in.Deps = append(in.Deps, dependency.Dep{Field: lazyOf[text[i]], Type: typesOf[text[i]]})
		case '!':
			i++
			in.Deps = append(in.Deps, dependency.Dep{Field: typesOf[text[i]], Type: typesOf[text[i]], Fresh: true})
		default:
			in.Deps = append(in.Deps, dependency.Dep{Field: typesOf[text[i]], Type: typesOf[text[i]]})
		}
	}
	return in
}

var kinds = map[string]dependency.Kind{
	"plain": dependency.Plain, "scoped": dependency.Scoped, "shared": dependency.Shared, "value": dependency.Ready,
	"guard": dependency.Guard, "around": dependency.Wrapper,
}

// provider reads "a: scoped bc until sent". The name of a guard or a wrapper has more than one letter.
func provider(line string) *dependency.Provider {
	name, rest, _ := strings.Cut(line, ":")
	p := &dependency.Provider{Name: name, Until: dependency.ResponseComplete, Site: callsite.Here()}
	if len(name) == 1 {
		p.Key = typesOf[name[0]]
	}
	rest, until, _ := strings.Cut(strings.TrimSpace(rest), " until ")
	switch until {
	case "sent":
		p.Until = dependency.ResponseSent
	case "encoded":
		p.Until = dependency.ResponseEncoded
	}
	kind, in, _ := strings.Cut(rest, " ")
	p.Kind, p.Input = kinds[kind], input(in)
	return p
}

// service is an app with one endpoint.
type service struct {
	graph    dependency.Graph
	endpoint dependency.Endpoint
}

// serve reads the lines of an app: providers of the app, after "router" those of a router inside, after "overrides" those of a
// test. Guards and wrappers are requirements, as is "needs a".
func serve(t *testing.T, handler string, lines ...string) *service {
	t.Helper()
	pattern, err := pathtree.Parse("/x")
	require.NoError(t, err)
	s := &service{
		graph:    dependency.Graph{Overrides: map[reflect.Type]*dependency.Provider{}, Asked: map[reflect.Type]bool{}},
		endpoint: dependency.Endpoint{Method: "GET", Pattern: pattern, Name: "handle", Input: input(handler), Scopes: []*dependency.Scope{{}}},
	}
	all := s.endpoint.Scopes
	s.graph.Everywhere = func() []*dependency.Scope { return all }
	overriding := false
	for _, line := range lines {
		switch {
		case line == "router":
			s.endpoint.Scopes = append([]*dependency.Scope{{}}, s.endpoint.Scopes...)
			all = s.endpoint.Scopes
		case line == "another router":
			all = append(all, &dependency.Scope{Providers: []*dependency.Provider{provider("c: plain")}})
		case line == "overrides":
			overriding = true
		case line == "public":
			s.endpoint.Public, s.endpoint.Inherited = true, len(s.endpoint.Requirements)
		case line == "cache", line == "cache body":
			s.endpoint.Caches, s.endpoint.CachesBody = true, line == "cache body"
		case strings.HasPrefix(line, "needs "):
			s.endpoint.Requirements = append(s.endpoint.Requirements, dependency.Requirement{Needs: typesOf[line[len("needs ")]]})
		default:
			s.add(provider(line), overriding)
		}
	}
	return s
}

func (s *service) add(p *dependency.Provider, overriding bool) {
	switch {
	case p.Key == nil:
		s.endpoint.Requirements = append(s.endpoint.Requirements, dependency.Requirement{Provider: p})
	case overriding:
		s.graph.Overrides[p.Key] = p
	default:
		s.endpoint.Scopes[0].Providers = append(s.endpoint.Scopes[0].Providers, p)
	}
}

// letter names a provider.
func letter(p *dependency.Provider) string { return p.Name }

// written writes the steps of a plan: what wraps the following ones ends in a colon, and "|" is the body, before which
// comes what waits for its bytes after a "#".
func written(p *dependency.Plan) string {
	var all []string
	add := func(steps []dependency.Step) {
		for _, s := range steps {
			all = append(all, stepName(p, s))
		}
	}
	add(p.Before)
	if len(p.AfterReading) > 0 {
		all = append(all, "#")
		add(p.AfterReading)
	}
	all = append(all, "|")
	add(p.After)
	return strings.Join(all, " ")
}

func stepName(p *dependency.Plan, s dependency.Step) string {
	switch s.Action {
	case dependency.AskForCredentials:
		return "ask"
	case dependency.AskForLater:
		return "later"
	case dependency.Cache:
		return "cache:"
	case dependency.WriteResponse:
		return "write:"
	case dependency.WriteStream:
		return "stream:"
	}
	n := p.Nodes[s.Node]
	switch {
	case n.Waits:
		return letter(n.Provider) + "?:"
	case n.Provider.Wraps():
		return letter(n.Provider) + ":"
	}
	return letter(n.Provider)
}

func TestOrder(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handler string
		lines   []string
		want    string
	}{
		"no dependencies":                       {"", nil, "|"},
		"each after its dependencies":           {"a", []string{"a: plain bc", "b: plain c", "c: plain"}, "| c b a"},
		"once for all":                          {"ab", []string{"a: plain c", "b: plain c", "c: plain"}, "| c a b"},
		"once for each that asks for a fresh":   {"a!c!c", []string{"a: plain c", "c: plain"}, "| c a c c"},
		"values have no step":                   {"ab", []string{"a: value", "b: shared a"}, "|"},
		"guards first":                          {"a", []string{"a: plain", "one: guard", "two: guard b", "b: plain"}, "one b two | a"},
		"a value as a guard":                    {"b", []string{"a: plain", "b: plain a", "needs a"}, "a | b"},
		"credentials before the body":           {"ab", []string{"a: plain c", "b: plain", "c: plain @"}, "c a | b"},
		"credentials of the handler":            {"@a", []string{"a: plain"}, "ask | a"},
		"scoped with credentials":               {"a", []string{"a: scoped @b", "b: plain"}, "later | b a:"},
		"dependencies of scoped with some":      {"a", []string{"a: scoped b", "b: plain @"}, "b | a:"},
		"a fresh one with credentials":          {"!a!a", []string{"a: plain @"}, "a a |"},
		"wrappers before providers":             {"a", []string{"a: plain", "outer: around", "inner: around"}, "| outer: inner: a"},
		"wrappers after what they need":         {"ab", []string{"a: plain", "b: plain", "outer: around b"}, "| b outer: a"},
		"the bytes of the body":                 {"", []string{"one: guard a", "a: plain #", "two: guard"}, "two # a one |"},
		"until the response was sent":           {"ab", []string{"a: scoped", "b: scoped until sent"}, "| b: write: a:"},
		"its dependencies outside, too":         {"ab", []string{"a: scoped", "b: scoped c until sent", "c: plain"}, "| c b: write: a:"},
		"until the first byte":                  {"ab", []string{"a: scoped until encoded", "b: scoped"}, "| b: stream: a:"},
		"all three":                             {"abc", []string{"a: scoped until encoded", "b: scoped", "c: scoped until sent"}, "| c: write: b: stream: a:"},
		"needed early, until sent":              {"", []string{"needs a", "a: scoped until sent"}, "a: write: |"},
		"needed early, until the first byte":    {"", []string{"needs a", "a: scoped until encoded"}, "stream: a: |"},
		"the cache first":                       {"a", []string{"cache", "a: plain"}, "| cache: a"},
		"the cache inside of wrappers":          {"a", []string{"cache", "a: plain", "one: around"}, "| one: cache: a"},
		"the cache inside of the write":         {"ab", []string{"cache", "a: plain", "b: scoped until sent"}, "| b: write: cache: a"},
		"the cache after guards":                {"a", []string{"cache", "a: plain", "one: guard"}, "one | cache: a"},
		"the cache inside of an early one":      {"", []string{"cache", "needs a", "a: scoped until sent"}, "a: write: cache: |"},
		"the cache of a QUERY is after it":      {"", []string{"cache body", "needs a", "a: scoped until sent"}, "a: write: | cache:"},
		"a lazy one waits":                      {"?a", []string{"a: plain b", "b: plain"}, "| b?: a?:"},
		"a lazy one that runs anyway":           {"?ac", []string{"a: plain b", "b: plain", "c: plain a"}, "| b a c"},
		"what others need runs":                 {"?ab", []string{"a: plain b", "b: plain"}, "| b a?:"},
		"what a lazy one needs for credentials": {"?a", []string{"a: plain b", "b: plain @"}, "b | a?:"},
		"lazy until the first byte":             {"?a", []string{"a: scoped until encoded"}, "| stream: a?:"},
		"a public route":                        {"a", []string{"one: guard @", "two: guard", "needs b", "b: plain @", "public", "a: plain"}, "two | a"},
		"the nearest provider":                  {"a", []string{"a: plain b", "b: plain", "router", "b: plain c", "c: plain"}, "| b a"},
		"an override":                           {"a", []string{"a: plain b", "b: plain", "overrides", "a: scoped"}, "| a:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, test.handler, test.lines...)
			plan, err := s.graph.Resolve(&s.endpoint)
			require.NoError(t, err)
			assert.Equal(t, test.want, written(plan))
		})
	}
}

func TestConfigurationErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handler string
		lines   []string
		want    string
	}{
		"none":                 {"a", []string{"a: plain b"}, "GET /x: handle -> dependency_test.a -> dependency_test.b: no provider; register one"},
		"elsewhere":            {"c", []string{"another router"}, "but on a router that does not contain what asks for it"},
		"a circle":             {"a", []string{"a: plain b", "b: plain a"}, "dependency_test.a -> dependency_test.b -> dependency_test.a: a circle"},
		"a circle of shared":   {"a", []string{"a: shared b", "b: shared a"}, "dependency_test.a -> dependency_test.b -> dependency_test.a: a circle"},
		"shared needs plain":   {"a", []string{"a: shared b", "b: plain"}, "a shared value cannot depend on one that is made for each request"},
		"shared needs lazy":    {"a", []string{"a: shared ?b", "b: value"}, "so it cannot be lazy"},
		"shared needs nothing": {"a", []string{"a: shared b"}, "register one with candor.ProvideShared"},
		"begins early":         {"", []string{"one: guard a", "a: scoped"}, "because one depends on it; write candor.Needs[dependency_test.a]()"},
		"begins early for credentials": {
			"a", []string{"a: plain @b", "b: scoped"}, "because a provider that reads credentials depends on it",
		},
		"outlives its dependency": {"a", []string{"a: scoped b until sent", "b: scoped"}, "dependency_test.a lives longer than dependency_test.b"},
		"ends inside of another":  {"b", []string{"needs a", "a: scoped until encoded", "b: scoped until sent"}, "dependency_test.a ends earlier than dependency_test.b"},
		"begins after the bytes of the body": {
			"", []string{"needs b", "needs a", "a: scoped", "b: scoped # until sent"}, "dependency_test.a ends earlier than dependency_test.b",
		},
		"lazy with credentials": {"?a", []string{"a: plain @"}, "so it cannot be lazy"},
		"lazy value":            {"?a", []string{"a: value"}, "there is nothing to wait for"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, test.handler, test.lines...)
			for range 2 { // the next endpoint reports the same
				_, err := s.graph.Resolve(&s.endpoint)
				assert.ErrorContains(t, err, test.want)
			}
		})
	}
}

func TestSharedValuesStartAfterTheirDependencies(t *testing.T) {
	t.Parallel()
	s := serve(t, "ab", "a: shared bc", "b: shared d", "c: shared d", "d: shared")
	plan, err := s.graph.Resolve(&s.endpoint)
	require.NoError(t, err)
	assert.True(t, plan.AwaitsStart)
	var started strings.Builder
	for _, n := range s.graph.Started {
		fmt.Fprint(&started, letter(n.Provider), len(n.Wires))
	}
	assert.Equal(t, "d0b1c1a2", started.String())
}

func TestWhatWasUsed(t *testing.T) {
	t.Parallel()
	s := serve(t, "a", "a: plain", "overrides", "b: plain")
	plan, err := s.graph.Resolve(&s.endpoint)
	require.NoError(t, err)
	assert.False(t, plan.Overridden || plan.AwaitsStart)
	assert.Equal(t, map[reflect.Type]bool{typesOf['a']: true}, s.graph.Asked)
	s = serve(t, "a", "a: plain", "overrides", "a: plain")
	plan, err = s.graph.Resolve(&s.endpoint)
	require.NoError(t, err)
	assert.True(t, plan.Overridden)
}
