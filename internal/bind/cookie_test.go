package bind_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/fault"
)

func TestCookieTexts(t *testing.T) {
	for line, want := range map[string][]string{
		`a=1; b=2;a=3`:        {"1", "3"},
		` a = 1 ;; a`:         {" 1", ""},
		`a={"x":1,"y":"é"}`:   {`{"x":1,"y":"é"}`},
		`a=x\y; a=say "hi"`:   {`x\y`, `say "hi"`},
		`a="x, y"; a=""; a="`: {"x, y", "", `"`},
		`a==; a=b=c`:          {"=", "b=c"},
		`A=1; aa=2; =3`:       nil,
	} {
		assert.Equal(t, want, bind.CookieTexts(http.Header{"Cookie": {line}}, "a"), line)
	}
}

// A cookie is read back as it was written, with any characters.
func TestCookieString(t *testing.T) {
	for _, text := range []string{"", "x", `"`, `""`, `"x"`, " x ", "a, b", `{"x":[1, 2]}`, `\`, "é=&%"} {
		line := bind.Cookie{Name: "a", Value: text}.String()
		assert.Equal(t, []string{text}, bind.CookieTexts(http.Header{"Cookie": {"b=1; " + line + "; c=2"}}, "a"), line)
	}
	assert.Error(t, bind.Cookie{Value: "a;b"}.Check())
	assert.Error(t, bind.Cookie{Value: "a\nb"}.Check())
}

// FuzzCookies compares the scan of the Cookie header with a simple one, and with net/http, which finds a subset.
func FuzzCookies(f *testing.F) {
	for _, line := range []string{
		"", "a=1", "a=1; b=2", "a=1;a=2", ` a = 1 `, `a="x y"`, `a="`, `a=""`, `a="x`, `a=x"`, `a=x\`, "a=é", "a", ";;", "=1",
		"a=1\t;\tb=2", "a=x,y", "a=\x7f", "a=\x00", "a b=1", "\ra=1\n", "a=caf\xe9", `a={"x":"y"}`,
	} {
		f.Add(line, "a=last")
	}
	type single struct {
		A *string `cookie:"a"`
	}
	first := planOf(f, reflect.TypeFor[single]())
	f.Fuzz(func(t *testing.T, line, second string) {
		r := http.Request{Header: http.Header{"Cookie": {line, second}}}
		all := append(pairsNamed(line, "a"), pairsNamed(second, "a")...)
		require.Equal(t, all, bind.CookieTexts(r.Header, "a"))
		rest := all
		for _, c := range r.CookiesNamed("a") {
			for len(rest) > 0 && rest[0] != c.Value {
				rest = rest[1:]
			}
			require.NotEmpty(t, rest, "net/http finds %q", c.Value)
			rest = rest[1:]
		}

		var one single
		var faults fault.List
		valid := first.At(reflect.ValueOf(&one).Elem()).Bind(&bind.Request{Header: r.Header}, &faults)
		switch {
		case len(all) == 0:
			require.True(t, valid && one.A == nil)
		case utf8.ValidString(all[0]):
			require.True(t, valid)
			require.Equal(t, all[0], *one.A)
		default:
			require.Equal(t, fault.StringUnicode, faults.Faults[0].Type)
		}
	})
}

// pairsNamed is a simple parser of a Cookie line.
func pairsNamed(line, name string) (values []string) {
	for _, pair := range strings.Split(line, ";") {
		key, value, _ := strings.Cut(strings.Trim(pair, " \t\r\n"), "=")
		if strings.Trim(key, " \t\r\n") != name {
			continue
		}
		if len(value) >= 2 && strings.HasPrefix(value, `"`) && strings.HasSuffix(value, `"`) {
			value = value[1 : len(value)-1]
		}
		values = append(values, value)
	}
	return values
}
