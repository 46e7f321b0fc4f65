// Package candortest tests an app against its own document. It reads only what [candor.App.WriteOpenAPI] writes,
// generates requests from it, sends them in process, and checks the responses:
//
//	func TestConform(t *testing.T) {
//		candortest.Conform(t, newApp())
//	}
//
// It checks for every operation that
//
//   - what the document allows is accepted: boundary values, with and without optional parts, in every parameter
//     location, every request media type and every media type that a client may ask for;
//   - what violates a single rule is refused with a 4xx: a member or parameter that is missing, of the wrong type, out
//     of bounds, not among the allowed values, or unknown where unknown members are forbidden; a body that is missing,
//     not JSON, or of the wrong media type;
//   - requests without credentials get a 401 where security is declared, and methods that do not exist a 405 with the
//     ones that do;
//   - every response is as documented: its status, headers, media type and body, or each item of a stream. An
//     undocumented 500 is a failure like any other;
//   - some requests succeed: an operation that only responds with errors such as 404, 401 or 409 has not been tested,
//     and fails the test unless [WithoutSuccess] names it.
//
// A failure is reported with the smallest request that causes it. go test -v prints how many of the valid requests of
// each operation succeeded.
//
// Operations that create resources run first, those that delete them last; requests in between refer to existing
// resources: ids are learned from response bodies, Location headers and the links of the document, and are used
// wherever a path, a query or a body has a value of that name. /users/{user_id} is the "id" of what POST /users
// returned, and so is a member "user_id" or "userId".
//
// For handlers with side effects, use [candor.Override], for example with a transaction that is always rolled back, or
// leave them out with [Skip]. WebSockets are not tested.
//
// What a schema cannot express is not counted as a failure: validation errors of values whose schema has the extension
// x-validate, those of a Validate method or of [candor.Invalid], and of error types defined by a handler. The reasons
// for refusing a request are known whatever the format of the response: [candor.OnError], [candor.OnStatus],
// [candor.DottedFaults], problem details.
//
// Patterns are ECMA-262 regular expressions. A pattern that Go cannot express, such as one with look-around, cannot be
// checked, and is reported unless its schema has the extension x-validate.
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

// Option configures a test.
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

// Cases sets how many requests are sent to each operation. The default is the value of the environment variable
// CANDOR_CONFORM, so that a nightly run can send more, or else 200. Every rule is violated at least once.
func Cases(n int) Option { return func(s *settings) { s.cases = n } }

// Skip leaves out operations, by their ids or tags, whose side effects do not belong in a test.
func Skip(idsOrTags ...string) Option {
	return func(s *settings) { s.skipped = append(s.skipped, idsOrTags...) }
}

// WithoutSuccess names operations, by their ids or tags, that cannot succeed in a test, for example because they call
// another service. They are tested like the others, but need not succeed.
func WithoutSuccess(idsOrTags ...string) Option {
	return func(s *settings) { s.barren = append(s.barren, idsOrTags...) }
}

// Header adds a header to every request.
func Header(name, value string) Option {
	return func(s *settings) { s.header = append(s.header, [2]string{name, value}) }
}

// Credentials sets the credentials for a security scheme: the token, the key, or "user:password" for HTTP Basic.
// Without the option they are made up, which usually ends in a 401, so that later checks are not reached.
func Credentials(scheme, value string) Option {
	return func(s *settings) { s.credentials[scheme] = value }
}

// Values sets the values for parameters and form fields of that name in requests that should be accepted, such as ids
// that exist or the password of a login. One of them is chosen, instead of a learned value.
func Values(parameter string, texts ...string) Option {
	return func(s *settings) { s.values[parameter] = append(s.values[parameter], texts...) }
}

// Codec sets how bodies of a media type other than JSON and forms are encoded and decoded: one of
// [candor.Config.Codecs]. Without the option such bodies are not sent, and such responses are not inspected.
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

// isNamed reports whether the operation's id or one of its tags is in names.
func (o *operation) isNamed(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return name == o.id || slices.Contains(o.tags, name) })
}

// Conform fails the test for each contradiction between the app and its document. It starts the app, which stops when
// the test ends.
//
// The requests differ in every run. A failure names its seed: go test -run TestConform -rapid.seed=N sends the same
// requests again. The flags of pgregory.net/rapid apply: -rapid.shrinktime limits the search for the smallest request.
// A failure also leaves a file below testdata/rapid, with which the next run starts, unless -rapid.nofailfile is given.
func Conform(tb candor.TB, app *candor.App, options ...Option) {
	tb.Helper()
	e := start(tb, app, options)
	e.explore(tb)
	e.closing(tb)
}

// Fuzz is [Conform] as a fuzz target for go test -fuzz: the fuzzer's data determines the request.
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

// start starts the app and reads its document.
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
