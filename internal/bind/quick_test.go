package bind_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

type (
	quickName string
	quickID   int
	quickOn   bool
	quickPart struct {
		Inner int64 `header:"X-Inner" validate:"min=-3,max=12"`
	}
	quickWord string
)

// Enum makes quickWord a type that lists its values.
func (quickWord) Enum() []quickWord { return []quickWord{"7", "long"} }

// quickInput has each kind of parameter that can be bound without reflection, and some similar ones.
type quickInput struct {
	Path   string    `path:"p"`
	PathID int       `path:"n"`
	A      int       `query:"a"`
	B      int64     `query:"b" validate:"gte=-5,lte=100"`
	C      quickID   `query:"c" validate:"gt=3"`
	D      int8      `query:"d"`
	E      string    `query:"e"`
	F      quickName `query:"f" validate:"min=2,max=5"`
	G      string    `query:"g" validate:"omitempty,alpha"`
	H      bool      `query:"h"`
	I      quickOn   `query:"i"`
	J      quickWord `query:"j"`
	K      int       `query:"k" validate:"omitempty,gte=3"`
	L      string    `query:"l" validate:"email"`
	Line   string    `header:"X-Text"`
	LineID int       `header:"X-ID" validate:"ne=0"`
	quickPart
}

// bothWays binds a text to all parameters of a target, and to each separately without shortcuts. It returns the result,
// which must be the same.
func bothWays(t *testing.T, plan *bind.Plan, fields []*typeinfo.Field, text string) (quickInput, []string) {
	t.Helper()
	var short, long quickInput
	var shortFaults, longFaults fault.List
	r := bind.Request{
		Path: []string{text, text}, Header: http.Header{"X-Text": {text}, "X-Id": {text}, "X-Inner": {text}}, EchoInput: true,
		RawQuery: strings.ReplaceAll("a=?&b=?&c=?&d=?&e=?&f=?&g=?&h=?&i=?&j=?&k=?&l=?", "?", text),
	}
	valid := plan.At(reflect.ValueOf(&short).Elem()).Bind(&r, &shortFaults)
	for _, f := range fields {
		param, err := compiler.Param(f)
		require.NoError(t, err)
		param.Bind(reflect.ValueOf(&long).Elem(), []string{text}, true, &longFaults)
	}
	require.Equal(t, long, short, "%q", text)
	require.Equal(t, longFaults, shortFaults, "%q", text)
	require.Equal(t, len(longFaults.Faults) == 0, valid, "%q", text)
	return short, lines(shortFaults)
}

var quickTexts = []string{
	"", "-", "0", "-0", "7", "007", "-5", "-6", "4", "3", "100", "101", "127", "128", "12", "13", "+1", "1_0", "0x1", "1 ", "٣", "1.0",
	"999999999999999999", "-999999999999999999", "1000000000000000000", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
	"-9223372036854775809", "000000000000000000000000000007", "true", "on", "OFF", "yeſ", "word", "long", "words5", "a", "é", "éé", "\xff", "\x00",
	"a+b", "%41", "%", "%zz", "%C3%A9", "%ff", "a@b.example", strings.Repeat("a", 64), strings.Repeat("a", 65), strings.Repeat("1", 65),
}

func TestShortcutsHaveTheSameResult(t *testing.T) {
	plan, fields := planOf(t, reflect.TypeFor[quickInput](), "p", "n"), describe(t, reflect.TypeFor[quickInput]()).Params
	for _, text := range quickTexts {
		bothWays(t, plan, fields, text)
	}
	in, faults := bothWays(t, plan, fields, "7")
	assert.Equal(t, quickInput{
		Path: "7", PathID: 7, A: 7, B: 7, C: 7, D: 7, E: "7", J: "7", K: 7, Line: "7", LineID: 7, quickPart: quickPart{7},
		F: "7", G: "7", L: "7", // which violate a rule
	}, in)
	assert.Len(t, faults, 5) // and two invalid booleans
}

// FuzzQuick compares binding with and without shortcuts.
func FuzzQuick(f *testing.F) {
	for _, text := range quickTexts {
		f.Add(text)
	}
	var plan *bind.Plan
	var fields []*typeinfo.Field
	f.Fuzz(func(t *testing.T, text string) {
		if plan == nil {
			plan, fields = planOf(t, reflect.TypeFor[quickInput](), "p", "n"), describe(t, reflect.TypeFor[quickInput]()).Params
		}
		if !strings.ContainsAny(text, "&?") {
			bothWays(t, plan, fields, text)
		}
	})
}

// A parameter is found even if its name is percent-encoded, and names that only look equal are not confused.
func TestNamesInAQuery(t *testing.T) {
	type names struct {
		Plus    string `query:"a+b,omitempty"`
		Space   string `query:"a b,omitempty"`
		Percent string `query:"a%20b,omitempty"`
		Last    string `query:"z,omitempty"`
		First   []int  `query:"n,omitempty"`
	}
	for raw, want := range map[string]names{
		"a+b=1":                        {Space: "1"},
		"a%20b=1":                      {Space: "1"},
		"a%2Bb=1":                      {Plus: "1"},
		"a%2520b=1":                    {Percent: "1"},
		"a b=1":                        {Space: "1"},
		"z=1&%7A=2":                    {Last: "2"},
		"%7a=1&z=2":                    {Last: "2"},
		"z&z":                          {},
		"z=1&z":                        {},
		"z=1=2":                        {Last: "1=2"},
		"=1&z=2&=3":                    {Last: "2"},
		"%zz=1&z=2&%":                  {Last: "2"},
		"n=3&z=1&n=4&%6E=5&a+b=6&n=7&": {First: []int{3, 4, 5, 7}, Last: "1", Space: "6"},
		"Z=1&zz=2&":                    {},
	} {
		got, faults := bound[names](t, query(raw))
		assert.Empty(t, faults, raw)
		assert.Equal(t, want, got, raw)
	}
}
