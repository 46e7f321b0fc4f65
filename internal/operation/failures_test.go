package operation_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/typeinfo"
)

type (
	httpError    struct{ error }
	invalidError struct{ error }
	userError    struct{ error }
)

func errorFormat(t *testing.T) *operation.ErrorFormat {
	detail, err := typeinfo.Of(reflect.TypeFor[struct{ Detail string }]())
	require.NoError(t, err)
	invalid, err := typeinfo.Of(reflect.TypeFor[[]string]())
	require.NoError(t, err)
	return &operation.ErrorFormat{
		MediaTypes: []string{"application/json", "application/cbor"}, Codecs: []string{"application/cbor"}, Detail: detail, Invalid: invalid,
		HTTPError: reflect.TypeFor[httpError](), ValidationError: reflect.TypeFor[invalidError](),
	}
}

func reply(mediaType string) *operation.Reply {
	return &operation.Reply{Output: &typeinfo.Output{}, Value: operation.Value{Kind: operation.Any}, Media: []string{mediaType}}
}

func statuses(all *operation.Responses) (found []int) {
	for _, r := range all.All {
		found = append(found, r.Status)
	}
	slices.Sort(found)
	return found
}

func TestFormatOfTheApp(t *testing.T) {
	format := errorFormat(t)
	all := &operation.Responses{}
	format.Describe(all, &operation.ErrorSources{
		Declared: []operation.Declared{{Failure: operation.Failure{Status: 404, Errors: []operation.SentError{{Status: 404, Body: json.RawMessage(`"gone"`)}}}}},
		Own:      []operation.Failure{{Status: 422}, {Status: 404, Description: "not shown: the operation describes it better"}},
	}, json.RawMessage(`["wrong"]`))
	assert.Equal(t, []int{404, 422}, statuses(all))
	assert.Same(t, format.Detail, all.To(404).In("application/cbor").Values[0].Type)
	assert.Same(t, format.Invalid, all.To(422).In("application/json").Values[0].Type)
	assert.Equal(t, "Not Found", all.To(404).Description)
	assert.Equal(t, `"gone"`, string(all.To(404).In("application/json").Example("not_found").Value))
	assert.Equal(t, `["wrong"]`, string(all.To(422).In("application/json").Example("unprocessable_entity").Value))
}

func TestErrorHandlers(t *testing.T) {
	ofType := func(e error) *operation.ErrorHandler {
		return &operation.ErrorHandler{Type: reflect.TypeOf(e), Reply: reply("application/json")}
	}
	anyError := &operation.ErrorHandler{Type: reflect.TypeFor[error](), Reply: reply("text/plain")}
	conflict := ofType(userError{})
	conflict.Statuses, conflict.Description = []int{409}, "of the user"
	conflict.Declared = []operation.Declared{{Failure: operation.Failure{Status: 500}}}
	for _, test := range []struct {
		means string
		from  operation.ErrorSources
		want  []int
	}{
		{"the status of the error", operation.ErrorSources{Handlers: []*operation.ErrorHandler{ofType(httpError{})}, Own: []operation.Failure{{Status: 404}}}, []int{404}},
		{"a declared type", operation.ErrorSources{Handlers: []*operation.ErrorHandler{conflict}, Types: []reflect.Type{reflect.TypeFor[userError]()}}, []int{409, 500}},
		{"a type that is not declared", operation.ErrorSources{Handlers: []*operation.ErrorHandler{conflict}}, nil},
		{"every 500 stays one", operation.ErrorSources{Handlers: []*operation.ErrorHandler{anyError}}, nil},
		{"every 500 becomes another", operation.ErrorSources{Handlers: []*operation.ErrorHandler{{Type: anyError.Type, Reply: anyError.Reply, Statuses: []int{503}}}}, []int{503}},
		{"by its status", operation.ErrorSources{Handlers: []*operation.ErrorHandler{{Status: 404, Reply: anyError.Reply, Statuses: []int{410}}}, Own: []operation.Failure{{Status: 404}, {Status: 401}}}, []int{401, 410}},
		{"of middleware", operation.ErrorSources{Layers: []operation.Declared{{Failure: operation.Failure{Status: 429}}, {Failure: operation.Failure{Status: 202}, Reply: reply("text/plain")}}}, []int{202, 429}},
	} {
		all := &operation.Responses{}
		errorFormat(t).Describe(all, &test.from, nil)
		assert.Equal(t, test.want, statuses(all), test.means)
	}
	all := &operation.Responses{}
	errorFormat(t).Add(all, []*operation.ErrorHandler{ofType(httpError{})}, operation.Failure{Status: 404})
	assert.NotNil(t, all.To(404).In("application/cbor"), "codecs have what JSON has")
}

func TestInvalidIsHandled(t *testing.T) {
	format := errorFormat(t)
	for want, from := range map[bool]operation.ErrorSources{
		true:  {Handlers: []*operation.ErrorHandler{{Type: format.ValidationError}}},
		false: {Handlers: []*operation.ErrorHandler{{Type: format.HTTPError}, {Status: 404}}},
	} {
		assert.Equal(t, want, from.HandlesInvalid(format))
	}
	assert.True(t, (&operation.ErrorSources{Declared: []operation.Declared{{Failure: operation.Failure{Status: 422}}}}).HandlesInvalid(format))

	values := format.RepliesToInvalid(nil)
	require.Len(t, values, 1, "messages are JSON")
	assert.Same(t, format.Invalid, values[0].Type)
	own := &operation.ErrorHandler{Type: format.ValidationError, Reply: reply("application/json"), Statuses: []int{400, 409}}
	assert.Len(t, format.RepliesToInvalid([]*operation.ErrorHandler{own}), 2)
}

func TestTakes(t *testing.T) {
	h := &operation.ErrorHandler{Type: reflect.TypeFor[interface{ Unwrap() error }]()}
	assert.False(t, h.Takes(reflect.TypeOf(errors.New("a")), 500))
	assert.True(t, (&operation.ErrorHandler{Status: 404}).Takes(reflect.TypeFor[httpError](), 404))
}

func TestCauses(t *testing.T) {
	found := func(c operation.Causes) (all []int) {
		for _, f := range c.Failures() {
			assert.NotEmpty(t, f.Description)
			all = append(all, f.Status)
		}
		return all
	}
	assert.Empty(t, found(operation.Causes{}))
	assert.Equal(t, []int{413}, found(operation.Causes{ReadsRaw: true}))
	assert.Equal(t, []int{401, 413, 415, 422}, found(operation.Causes{Secure: true, ReadsBody: true, Validates: true}))
	assert.Equal(t, []int{400, 403, 426}, found(operation.Causes{Upgrades: true}))
}
