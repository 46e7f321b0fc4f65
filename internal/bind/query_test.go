package bind_test

import (
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/fault"
)

// byHand binds plain as a handler without a framework would.
func byHand(in *plain, r *bind.Request) bool {
	var err error
	if in.ID, err = strconv.Atoi(r.Path[0]); err != nil || in.ID < 1 {
		return false
	}
	values, err := url.ParseQuery(r.RawQuery)
	if err != nil {
		return false
	}
	if in.Q = values.Get("q"); utf8.RuneCountInString(in.Q) > 50 || !utf8.ValidString(in.Q) {
		return false
	}
	in.Limit = 20
	if values.Has("limit") {
		if in.Limit, err = strconv.Atoi(values.Get("limit")); err != nil {
			return false
		}
	}
	return in.Limit >= 1 && in.Limit <= 100
}

func TestPairsAreLimited(t *testing.T) {
	pairs := func(n int) string { return strings.Repeat("&q=1", n) }
	rows := []struct {
		name, query string
		faults      []string
	}{
		{"at the limit", pairs(1000), nil},
		{"empty pairs do not count", pairs(1000) + strings.Repeat("&", 5000), nil},
		{"over it", pairs(1001), []string{`too_long ["query"] {"actual_length":1001,"max_length":1000}`}},
		{"over it by names nobody reads", strings.Repeat("x&", 3000), []string{`too_long ["query"] {"actual_length":3000,"max_length":1000}`}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			in, faults := bound[qInts](t, query(row.query))
			assert.Equal(t, row.faults, faults)
			if row.faults == nil {
				assert.Len(t, in.Q, 1000)
			}
		})
	}
}

// If a query has too many pairs, other inputs are still bound.
func TestTooManyPairsLeaveOtherInputs(t *testing.T) {
	type in struct {
		Q []int  `query:"q,omitempty"`
		H string `header:"X-H"`
	}
	got, faults := bound[in](t, bind.Request{RawQuery: strings.Repeat("&q=1", 1001), Header: http.Header{"X-H": {"text"}}})
	assert.Equal(t, []string{`too_long ["query"] {"actual_length":1001,"max_length":1000}`}, faults)
	assert.Equal(t, in{H: "text"}, got)
}

func TestNoLimitWithoutQueryParameters(t *testing.T) {
	_, faults := bound[pID](t, bind.Request{Path: []string{"1"}, RawQuery: strings.Repeat("x&", 3000)}, "id")
	assert.Empty(t, faults)
}

func TestExtra(t *testing.T) {
	rows := []struct {
		name, query string
		extra       []string
	}{
		{"none", "q=1&other=2&q", nil},
		{"empty", "&&", nil},
		{"in order of appearance, once", "z=1&q=1&a=2&z=3&%7a=4", []string{"z", "a"}},
		{"case counts", "Q=1", []string{"Q"}},
		{"a key without a name", "=1", []string{""}},
		{"malformed percent-encoding", "%zz=1", []string{"%zz"}},
		{"not UTF-8", "%ff=1", []string{"\uFFFD"}},
		{"decoded", "a%20b+c=1", []string{"a b c"}},
	}
	plan := planOf(t, reflect.TypeFor[qString]())
	known := func(name string) bool { return name == "other" }
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var faults fault.List
			assert.Equal(t, row.extra == nil, plan.Extra(row.query, known, nil, &faults))
			var extra []string
			for _, f := range faults.Faults {
				assert.Equal(t, fault.ExtraForbidden, f.Type)
				require.Len(t, f.Loc, 2)
				assert.Equal(t, "query", f.Loc[0])
				extra = append(extra, f.Loc[1].(string))
			}
			assert.Equal(t, row.extra, extra)
		})
	}
}

func TestExtraOfOnePlan(t *testing.T) {
	var faults fault.List
	plan := planOf(t, reflect.TypeFor[qString]())
	assert.True(t, plan.Reads("q"))
	assert.False(t, plan.Extra("q=1&other=2", nil, nil, &faults))
	assert.Equal(t, []string{`extra_forbidden ["query","other"]`}, lines(faults))
}

func TestExtraIsBounded(t *testing.T) {
	var raw strings.Builder
	for i := range 5000 {
		raw.WriteString("&" + strconv.Itoa(i))
	}
	var faults fault.List
	planOf(t, reflect.TypeFor[qString]()).Extra(raw.String(), nil, nil, &faults)
	assert.Len(t, faults.Faults, fault.Limit)
	assert.True(t, faults.Truncated)
}

func TestExtraCookies(t *testing.T) {
	var faults fault.List
	plan := planOf(t, reflect.TypeFor[cSession]())
	known := func(name string) bool { return name == "theme" }
	valid := plan.ExtraCookies(http.Header{"Cookie": {"session=1; theme=2; b=3; b=4", "a=5; bad=\""}}, known, &faults)
	assert.False(t, valid)
	assert.Equal(t, []string{`extra_forbidden ["cookie","b"]`, `extra_forbidden ["cookie","a"]`, `extra_forbidden ["cookie","bad"]`}, lines(faults))
	assert.True(t, plan.ExtraCookies(http.Header{}, nil, &faults))
}

// FuzzQuery compares the scan of the query with net/url: if net/url can parse the query, the values for each key are
// the same.
func FuzzQuery(f *testing.F) {
	for _, raw := range []string{
		"", "q", "q=", "q=1", "q=1&q=2", "&&q=1&", "a+b=1", "%71=x", "q=a=b", "q=%41+%2B", "Q=1", "=1&q=2", "q=é", "q=%ff",
		"a%20b=%26&x=1&q=3&a+b=2",
	} {
		f.Add(raw)
	}
	type input struct {
		Q  [][]byte `query:"q,omitempty"`
		AB [][]byte `query:"a b,omitempty"`
		X  *[]byte  `query:"x"`
	}
	plan := planOf(f, reflect.TypeFor[input]())
	f.Fuzz(func(t *testing.T, raw string) {
		values, err := url.ParseQuery(raw)
		if err != nil || strings.Count(raw, "&") >= bind.MaxPairs {
			return
		}
		var in input
		var faults fault.List
		require.True(t, plan.At(reflect.ValueOf(&in).Elem()).Bind(&bind.Request{RawQuery: raw}, &faults), faults.Faults)
		require.Equal(t, values["q"], texts(in.Q))
		require.Equal(t, values["a b"], texts(in.AB))
		require.Equal(t, values.Has("x"), in.X != nil)
		if all := values["x"]; len(all) > 0 {
			require.Equal(t, all[len(all)-1], string(*in.X))
		}
		var extra []string
		var unread fault.List
		plan.Extra(raw, nil, nil, &unread)
		for _, unknown := range unread.Faults {
			extra = append(extra, unknown.Loc[1].(string))
		}
		require.Subset(t, keysOf(values), extra)
	})
}

func texts(values [][]byte) []string {
	var all []string
	for _, v := range values {
		all = append(all, string(v))
	}
	return all
}

func keysOf(values url.Values) []string {
	keys := []string{}
	for key := range values {
		keys = append(keys, strings.ToValidUTF8(key, "\uFFFD"))
	}
	return keys
}
