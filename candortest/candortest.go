// Package candortest holds an app against its own document. It reads nothing
// but what [candor.App.WriteOpenAPI] writes, makes requests of it, and sends
// them in process, in the tests of whoever has written the app. It knows nothing
// of the app but its document, which it judges by itself:
//
//	func TestConform(t *testing.T) {
//		candortest.Conform(t, newApp())
//	}
//
// It asks of every operation that
//
//   - what the document allows is accepted: boundary values, with the optional
//     parts and without them, in every source that a value may come from, in
//     every media type there is and for every one that may be asked for;
//   - what breaks a single rule is refused with a 4xx: a member or parameter
//     that is missing, of another type, out of its bounds, not among its values,
//     or unknown where unknown members are forbidden; a body that is not JSON, of
//     another media type, or not there;
//   - requests without credentials get a 401, where security is
//     declared, and other methods by 405 with the methods there are;
//   - every response is as declared: its status, headers, media type and body, of
//     a stream each item. An undeclared 500 is a failure like any other;
//   - some of what it allows is done: an operation that only refuses, by a 404, a
//     401 or a 409, has shown nothing of what it declares, and fails the test
//     unless [WithoutSuccess] names it.
//
// A disagreement is shown with the smallest request that has it. go test -v
// prints how many of the valid requests of each operation succeeded.
//
// What makes things is asked first, what deletes them last, and in between the
// requests are about things that there are: ids are learned from the bodies of
// responses, from the header Location and from the links of the document, and go
// where a path, a query or a body has their name. /users/{user_id} is the "id" of
// what POST /users returned, and so is a member "user_id" or "userId".
//
// Handlers with side effects are tamed by [candor.Override], whose providers are
// asked instead of the app's, such as a transaction that is always rolled
// back, or left out by [Skip]. WebSockets are no operations of the document, and
// are not tried.
//
// What no schema can say is not held against the app: validation errors of values
// whose schema has the extension x-validate, those of a Validate method, of
// [candor.Invalid], and of types that a handler has made up. What a request was
// refused for is known in whatever form the app reports it: [candor.OnError],
// [candor.OnStatus], [candor.DottedFaults], problem details.
//
// A pattern is an expression of ECMA-262. One that Go has no equal for, as for
// look-around, cannot be judged, and is reported unless its schema has the
// extension x-validate.
package candortest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/candor-go/candor"
)

// Option shapes what is sent.
type Option func(*settings)

type settings struct {
	cases       int
	skipped     []string
	barren      []string
	header      [][2]string
	credentials map[string]string
	values      map[string][]string
	codecs      map[string]candor.Codec
}

// Cases is how many requests each operation is sent. Without the option it is
// what the environment variable CANDOR_CONFORM says, so that a nightly run may
// send more, or 200. Every rule that can be broken is broken at least once.
func Cases(n int) Option { return func(s *settings) { s.cases = n } }

// Skip leaves operations out, by their ids or tags: those whose side effects
// are not for a test.
func Skip(idsOrTags ...string) Option {
	return func(s *settings) { s.skipped = append(s.skipped, idsOrTags...) }
}

// WithoutSuccess names operations, by their ids or tags, that cannot succeed in a
// test: what calls another service, or asks for what no request has twice. They
// are tried like the others, and a success is not asked for.
func WithoutSuccess(idsOrTags ...string) Option {
	return func(s *settings) { s.barren = append(s.barren, idsOrTags...) }
}

// Header is sent with every request.
func Header(name, value string) Option {
	return func(s *settings) { s.header = append(s.header, [2]string{name, value}) }
}

// Credentials are sent where an operation asks for the security scheme: the
// token, the key, or for HTTP Basic "user:password". Without the option made up
// ones are, which usually end in a 401; a rule that is broken after them goes
// unseen.
func Credentials(scheme, value string) Option {
	return func(s *settings) { s.credentials[scheme] = value }
}

// Values are what parameters and fields of forms of that name are sent as, in
// every request that is to be accepted: ids that exist, for instance, or the
// password of a login. One of them is chosen, instead of what was learned.
func Values(parameter string, texts ...string) Option {
	return func(s *settings) { s.values[parameter] = append(s.values[parameter], texts...) }
}

// Codec is how bodies of a media type are written and read, other than JSON,
// forms and what is sent as it is: one of [candor.Config.Codecs]. Without the
// option such bodies are not sent, and responses of that type are not looked into.
func Codec(mediaType string, codec candor.Codec) Option {
	return func(s *settings) { s.codecs[mediaType] = codec }
}

const defaultCases = 200

func newSettings(options []Option) (*settings, error) {
	s := &settings{credentials: map[string]string{}, values: map[string][]string{}, codecs: map[string]candor.Codec{}}
	for _, option := range options {
		option(s)
	}
	if asked := os.Getenv("CANDOR_CONFORM"); s.cases == 0 && asked != "" {
		n, err := strconv.Atoi(asked)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("CANDOR_CONFORM=%s is not a number of requests", asked)
		}
		s.cases = n
	}
	s.cases = cmp.Or(s.cases, defaultCases)
	return s, nil
}

func (s *settings) skips(o *operation) bool { return o.isNamed(s.skipped) }

// isNamed reports whether one of the names is the operation's id or a tag of it.
func (o *operation) isNamed(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return name == o.id || slices.Contains(o.tags, name) })
}

// Conform fails the test for each disagreement between the app and its
// document. The app is started, and stops with the test.
//
// The requests are different in every run. A disagreement names the seed that
// leads to it: go test -run TestConform -rapid.seed=N sends it again. The flags
// of pgregory.net/rapid hold, so that -rapid.shrinktime bounds the search for
// the smallest request; it also leaves a file below testdata/rapid, from which
// the next run starts, unless -rapid.nofailfile is given.
func Conform(tb candor.TB, app *candor.App, options ...Option) {
	tb.Helper()
	e := start(tb, app, options)
	e.explore(tb)
	e.closing(tb)
}

// Fuzz is [Conform] as a fuzz target, for go test -fuzz: which request is sent
// is read from the fuzzer's data.
//
//	func FuzzConform(f *testing.F) {
//		candortest.Fuzz(f, newApp())
//	}
func Fuzz(f *testing.F, app *candor.App, options ...Option) {
	f.Helper()
	e := start(f, app, options)
	probes := e.probes()
	if len(probes) == 0 {
		f.Fatalf("the document has no operation to send requests to")
	}
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		p := rapid.SampledFrom(probes).Draw(t, "probe")
		if failure := e.try(t, p); failure != "" {
			t.Fatalf("%s: %s", p, failure)
		}
	}))
}

// start makes the app ready and reads its document.
func start(tb candor.TB, app *candor.App, options []Option) *explorer {
	tb.Helper()
	set, err := newSettings(options)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	stop, err := app.Start(context.Background())
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(func() {
		tb.Helper()
		if err := stop(); err != nil {
			tb.Errorf("the app did not stop well: %v", err)
		}
	})
	var written bytes.Buffer
	if err := app.WriteOpenAPI(&written); err != nil {
		tb.Fatalf("%v", err)
	}
	doc, err := readDocument(written.Bytes(), set.codecs)
	if err != nil {
		tb.Fatalf("the document cannot be read: %v", err)
	}
	e := &explorer{app: app, doc: doc, set: set, tallies: map[*operation]*tally{}, known: newKnowledge()}
	e.checkOptions(tb)
	e.checkPatterns(tb)
	return e
}
