package operation_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/operation"
	"github.com/candor-go/candor/internal/typeinfo"
)

// parameters collects those of several inputs.
func parameters(t *testing.T, inputs ...any) *operation.Parameters {
	t.Helper()
	p := new(operation.Parameters)
	for _, value := range inputs {
		in, err := typeinfo.ReadInput(reflect.TypeOf(value), func(reflect.Type) bool { return false })
		require.NoError(t, err)
		for _, f := range in.Params {
			p.Add(f)
		}
	}
	return p
}

func TestParametersOfSeveralReaders(t *testing.T) {
	t.Parallel()
	type plain struct {
		A int    `query:"a"`
		H string `header:"x-h"`
		C int    `cookie:"a"`
	}
	p := parameters(t, plain{}, plain{}, struct {
		H string `header:"X-H"`
	}{})
	require.Len(t, p.Fields, 3, "one for each name and source")
	assert.Empty(t, p.Readers, "all readers say the same")

	p = parameters(t, plain{}, struct {
		A int `query:"a,omitempty" doc:"first" default:"3"`
	}{}, struct {
		A int `query:"a,omitempty" doc:"second" title:"T"`
	}{})
	a := p.Fields[0]
	require.Len(t, p.Readers[a], 3)
	assert.Len(t, p.Readers, 1)
	assert.Equal(t, "first", a.Doc, "the first that says it")
	assert.Equal(t, "T", a.Title)
	assert.True(t, a.Required, "one requires it")
	assert.Nil(t, a.Default, "so that the default of another has no effect")
}

func TestHiddenReadersComeLast(t *testing.T) {
	t.Parallel()
	p := parameters(t, struct {
		A int `query:"a,omitempty" doc:"secret" hidden:"true"`
	}{}, struct {
		A int `query:"a,omitempty"`
	}{})
	assert.False(t, p.Fields[0].Hidden)
	assert.Empty(t, p.Fields[0].Doc)
}

func TestDisagreement(t *testing.T) {
	t.Parallel()
	list, err := typeinfo.Of(reflect.TypeFor[[]int]())
	require.NoError(t, err)
	field := func(change func(f *typeinfo.Field)) *typeinfo.Field {
		f := &typeinfo.Field{Type: list}
		change(f)
		return f
	}
	plain := field(func(*typeinfo.Field) {})
	commas := field(func(f *typeinfo.Field) { f.Separator = "," })
	seven, eight := field(func(f *typeinfo.Field) { f.Default = []byte("7") }), field(func(f *typeinfo.Field) { f.Default = []byte("8") })
	for _, test := range []struct {
		readers []*typeinfo.Field
		want    string
	}{
		{[]*typeinfo.Field{plain, field(func(f *typeinfo.Field) { f.Doc = "another text" }), seven}, ""},
		{[]*typeinfo.Field{plain, commas}, "commas separate its elements for one, and each has a key of its own for another"},
		{[]*typeinfo.Field{commas, field(func(f *typeinfo.Field) { f.Separator = "|" })}, "commas separate its elements for one, and pipes separate its elements for another"},
		{[]*typeinfo.Field{plain, field(func(f *typeinfo.Field) { f.JSON = true })}, "it is JSON for one and plain text for another"},
		{[]*typeinfo.Field{plain, field(func(f *typeinfo.Field) { f.Nested = true })}, "it is sent as one string for one, and it is sent as several for another"},
		{[]*typeinfo.Field{seven, eight}, "it is 7 by default for one and 8 for another"},
	} {
		assert.Equal(t, test.want, operation.Disagreement(test.readers))
	}
}

func TestSharedParameters(t *testing.T) {
	t.Parallel()
	p := parameters(t, struct {
		ID int `path:"id"`
		A  int `query:"a"`
	}{})
	var shared operation.SharedParameters
	names := operation.Wildcards{Own: []string{"id"}, Documented: []string{"item"}}
	first := shared.Of(p, names, false)
	assert.Equal(t, "item", first[0].Name, "the document's name of the wildcard")
	second := shared.Of(p, operation.Wildcards{}, false)
	assert.Equal(t, "id", second[0].Name)
	assert.NotSame(t, first[0], second[0])
	assert.Same(t, first[1], second[1], "described once")

	p.Readers = map[*typeinfo.Field][]*typeinfo.Field{p.Fields[1]: {p.Fields[1]}}
	assert.NotSame(t, first[1], shared.Of(p, names, false)[1], "readers differ between operations")

	p.Fields[1].Nested, p.Readers = true, nil
	assert.True(t, shared.Of(p, names, true)[1].Closed)
	assert.False(t, shared.Of(p, names, false)[1].Closed)
}

func TestParametersOfPlainHandlers(t *testing.T) {
	t.Parallel()
	p := parameters(t, struct {
		Tenant string `path:"tenant"`
		Secret string `path:"secret" hidden:"true"`
	}{})
	names := operation.Wildcards{Own: []string{"tenant", "secret", "rest"}, Documented: []string{"tenant", "secret", "rest"}}
	var without []string
	for _, p := range new(operation.SharedParameters).OfPlain(p, names, false) {
		if p.Field == nil {
			without = append(without, p.Name)
		}
	}
	assert.Equal(t, []string{"secret", "rest"}, without, "documents have every wildcard")
}
