package bind_test

import (
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// twoSteps matches the names of values in a map of maps.
var twoSteps = regexp.MustCompile(`^m\[([^\[\]]+)\]\[([^\[\]]+)\]$`)

// FuzzDeep compares binding with a naive reading of a map of maps with a regular expression and net/url. Other names in
// the map are rejected.
func FuzzDeep(f *testing.F) {
	for _, raw := range []string{
		"", "m[a][b]=1", "m%5Ba%5D%5Bb%5D=1&m[a][b]=2", "m[a]=1", "m[a][b][c]=1", "m[a]b=1", "m[][b]=1", "m[a][b=1", "m=1",
		"m[a][%5B]=1", "m[a][b]=%zz", "m[%ff][b]=1", "n[a][b]=1", "m[a.b][c d]=x+y&&m[a][b]",
	} {
		f.Add(raw)
	}
	type input struct {
		M map[string]map[string]string `query:"m,deep,omitempty"`
	}
	plan := planOf(f, reflect.TypeFor[input]())
	f.Fuzz(func(t *testing.T, raw string) {
		values, err := url.ParseQuery(raw)
		if err != nil || strings.Count(raw, "&") >= bind.MaxPairs {
			return
		}
		var in input
		var faults fault.List
		valid := plan.At(reflect.ValueOf(&in).Elem()).Bind(&bind.Request{RawQuery: raw}, &faults)
		want, elsewhere := naive(values)
		require.Equal(t, !elsewhere, valid, faults.Faults)
		if valid {
			require.Equal(t, want, in.M)
		}
	})
}

// naive returns the map of a query, and whether other names refer to the map.
func naive(values url.Values) (made map[string]map[string]string, elsewhere bool) {
	oneStep := regexp.MustCompile(`^m((\[[^\[\]]+\])*)$`)
	for name, texts := range values {
		last := texts[len(texts)-1]
		steps := twoSteps.FindStringSubmatch(name)
		switch {
		case steps == nil && oneStep.MatchString(name) && strings.Count(name, "[") <= 9:
			return nil, true
		case steps == nil:
			continue
		case !utf8.ValidString(name + last):
			return nil, true
		case made == nil:
			made = map[string]map[string]string{}
		}
		if made[steps[1]] == nil {
			made[steps[1]] = map[string]string{}
		}
		made[steps[1]][steps[2]] = last
	}
	return made, false
}

// A very long name takes time proportional to its length.
func TestLongNames(t *testing.T) {
	type input struct {
		M map[string]string `query:"m,deep,omitempty"`
	}
	plan := planOf(t, reflect.TypeFor[input]())
	var in input
	var faults fault.List
	long := "m" + strings.Repeat("[a]", 1<<17) + "=1"
	require.True(t, plan.At(reflect.ValueOf(&in).Elem()).Bind(&bind.Request{RawQuery: long}, &faults))
	require.Nil(t, in.M)
}

// FuzzDotted compares the accepted names of a form with a regular expression for names in a list of structs.
func FuzzDotted(f *testing.F) {
	for _, name := range []string{"a[0].b", "a[0]", "a", "a[00].b", "a[0].b.c", "a.0.b", "a[0]b", "a[0]..b", "a[-1].b", "a[1].b", "a[0][0].b", "a[999999999].b", "a[0].c"} {
		f.Add(name)
	}
	type input struct {
		A []struct {
			B string `json:"b"`
		} `form:"a,omitempty"`
	}
	described, err := typeinfo.ReadInput(reflect.TypeFor[input](), func(reflect.Type) bool { return false })
	require.NoError(f, err)
	nested, err := (&bind.Compiler{}).Nested(described.Form.Fields[0])
	require.NoError(f, err)
	known := regexp.MustCompile(`^a\[(0|[1-9][0-9]*)\]\.b$`)
	f.Fuzz(func(t *testing.T, name string) {
		require.Equal(t, known.MatchString(name), nested.Reads(name))
		var sent *bind.Branch
		nested.Take(&sent, name, "text", nil)
		require.Equal(t, known.MatchString(name), sent.IsThere())
		var in input
		var faults fault.List
		valid := nested.Bind(reflect.ValueOf(&in).Elem(), sent, false, bind.Closed{}, &faults)
		require.Equal(t, !known.MatchString(name) || name == "a[0].b", valid, faults.Faults)
		require.LessOrEqual(t, len(in.A), 1)
	})
}
