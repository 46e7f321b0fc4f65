package bind_test

import (
	"errors"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

type span struct {
	From int `query:"from"`
	To   int `query:"to"`
}

func (s *span) Validate() error {
	if s.From > s.To {
		return errors.New("from is after to")
	}
	return nil
}

type search struct {
	span
	Name string `query:"name"`
}

func (s *search) Validate() error {
	if s.Name == "" {
		return errors.New("no name")
	}
	return nil
}

func inputOf(t *testing.T, v any) *typeinfo.Input {
	t.Helper()
	in, err := typeinfo.ReadInput(reflect.TypeOf(v), func(t reflect.Type) bool { return t == reflect.TypeFor[readyMade]() })
	require.NoError(t, err)
	return in
}

func TestValidators(t *testing.T) {
	t.Parallel()
	all := bind.ValidatorsOf(inputOf(t, search{}))
	for want, in := range map[string]search{
		"":                 {Name: "x"},
		"from is after to": {span: span{From: 1}, Name: "x"},
		"no name":          {},
	} {
		var faults fault.List
		assert.Equal(t, want == "", all.Validate(reflect.ValueOf(&in).Elem(), &faults))
		if want != "" {
			require.Len(t, faults.Faults, 1)
			assert.Contains(t, fault.Message(faults.Faults[0].Type, faults.Faults[0].Ctx), want)
			assert.NotNil(t, faults.Faults[0].Loc)
		}
	}
}

type readyMade string

func TestExtras(t *testing.T) {
	t.Parallel()
	var closed bind.Extras
	for _, v := range []any{struct {
		A   int       `query:"a"`
		Key readyMade `query:"key"`
	}{}, struct {
		B int       `query:"b"`
		C string    `cookie:"c"`
		S readyMade `cookie:"s"`
	}{}} {
		in := inputOf(t, v)
		plan, err := compiler.Plan(in, nil)
		require.NoError(t, err)
		closed.Add(plan, in)
	}
	r := httptest.NewRequest("GET", "/?a=1&b=2&key=3&other=4&other=5", nil)
	r.Header.Set("Cookie", "a=1; c=2; s=3")
	for _, row := range []struct {
		query, cookies bool
		want           [][]any
	}{
		{false, false, nil},
		{true, false, [][]any{{"query", "other"}}},
		{true, true, [][]any{{"query", "other"}, {"cookie", "a"}}},
	} {
		closed.Query, closed.Cookies = row.query, row.cookies
		var faults fault.List
		closed.Refuse(r, &faults)
		var locs [][]any
		for _, f := range faults.Faults {
			locs = append(locs, f.Loc)
		}
		assert.Equal(t, row.want, locs)
	}
}
