package bind_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/fault"
)

// FuzzCookies holds the scan of the Cookie header against net/http, malformed
// headers included.
func FuzzCookies(f *testing.F) {
	for _, line := range []string{
		"", "a=1", "a=1; b=2", "a=1;a=2", ` a = 1 `, `a="x y"`, `a="`, `a=""`, `a="x`, `a=x"`, `a=x\`, "a=é", "a", ";;", "=1",
		"a=1\t;\tb=2", "a=x,y", "a=\x7f", "a=\x00", "a b=1", "\ra=1\n",
	} {
		f.Add(line, "a=last")
	}
	type input struct {
		A []string `cookie:"a,omitempty"`
		B []string `cookie:"b,omitempty"`
	}
	type single struct {
		A *string `cookie:"a"`
	}
	lists, first := planOf(f, reflect.TypeFor[input]()), planOf(f, reflect.TypeFor[single]())
	f.Fuzz(func(t *testing.T, line, second string) {
		r := http.Request{Header: http.Header{"Cookie": {line, second}}}
		from := bind.Request{Header: r.Header}
		var in input
		var faults fault.List
		require.True(t, lists.At(reflect.ValueOf(&in).Elem()).Bind(&from, &faults))
		require.Equal(t, cookies(&r, "a"), in.A)
		require.Equal(t, cookies(&r, "b"), in.B)

		var one single
		require.True(t, first.At(reflect.ValueOf(&one).Elem()).Bind(&from, &faults))
		want, err := r.Cookie("a")
		require.Equal(t, err == nil, one.A != nil)
		if err == nil {
			require.Equal(t, want.Value, *one.A)
		}
	})
}

func cookies(r *http.Request, name string) []string {
	var values []string
	for _, c := range r.CookiesNamed(name) {
		if values = append(values, strings.Split(c.Value, ",")...); c.Value == "" {
			values = values[:len(values)-1]
		}
	}
	return values
}
