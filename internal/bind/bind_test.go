package bind_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/typeinfo"
)

// compiler has simple stand-ins for the parts of the codec.
var compiler = &bind.Compiler{
	Rules: check.Builtin(),
	Defaults: func(f *typeinfo.Field) (func(reflect.Value), error) {
		return func(dst reflect.Value) {
			if err := json.Unmarshal(f.Default, dst.Addr().Interface()); err != nil {
				panic(err)
			}
		}, nil
	},
	JSON: func(*typeinfo.Field) (func(reflect.Value, string, *fault.List), error) {
		return func(dst reflect.Value, text string, faults *fault.List) {
			if json.Unmarshal([]byte(text), dst.Addr().Interface()) != nil {
				faults.Add(&fault.Fault{Type: fault.JSONInvalid, Loc: []any{3}})
			}
		}, nil
	},
}

func describe(t testing.TB, in reflect.Type) *typeinfo.Input {
	t.Helper()
	input, err := typeinfo.ReadInput(in, func(reflect.Type) bool { return false })
	require.NoError(t, err)
	return input
}

func planOf(t testing.TB, in reflect.Type, wildcards ...string) *bind.Plan {
	t.Helper()
	plan, err := compiler.Plan(describe(t, in), wildcards)
	require.NoError(t, err)
	return plan
}

// bound binds a request to a new In. Each validation error is one line: type, location, facts.
func bound[In any](t testing.TB, r bind.Request, wildcards ...string) (In, []string) {
	t.Helper()
	var in In
	var faults fault.List
	valid := planOf(t, reflect.TypeFor[In](), wildcards...).At(reflect.ValueOf(&in).Elem()).Bind(&r, &faults)
	assert.Equal(t, len(faults.Faults) == 0, valid)
	return in, lines(faults)
}

func lines(faults fault.List) []string {
	var all []string
	for _, f := range faults.Faults {
		loc, err := json.Marshal(f.Loc)
		if err != nil {
			panic(err)
		}
		line := f.Type + " " + string(loc)
		if f.Ctx != nil {
			facts, err := json.Marshal(f.Ctx)
			if err != nil {
				panic(err)
			}
			line += " " + string(facts)
		}
		all = append(all, line)
	}
	return all
}

type bindRow struct {
	name string
	run  func(t *testing.T)
}

// binds expects a value and no validation error, or the errors and any value.
func binds[In any](name string, r bind.Request, want In, faults ...string) bindRow {
	return bindRow{name, func(t *testing.T) {
		got, found := bound[In](t, r, "id", "rest")
		assert.Equal(t, faults, found)
		if len(faults) == 0 {
			assert.Equal(t, want, got)
		}
	}}
}

func query(raw string) bind.Request { return bind.Request{RawQuery: raw} }

func header(pairs ...string) bind.Request {
	r := bind.Request{Header: http.Header{}}
	for i := 0; i < len(pairs); i += 2 {
		r.Header.Add(pairs[i], pairs[i+1])
	}
	return r
}

func pointer[T any](v T) *T { return &v }

type (
	qString struct {
		Q string `query:"q"`
	}
	qInt struct {
		Q int `query:"q"`
	}
	qInts struct {
		Q []int `query:"q"`
	}
	qStrings struct {
		Q []string `query:"q"`
	}
	qOmit struct {
		Q string `query:"q,omitempty"`
	}
	qDefault struct {
		Q int `query:"q" default:"7"`
	}
	qList struct {
		Q []int `query:"q" default:"[1,2]"`
	}
	qPointer struct {
		Q *int `query:"q"`
	}
	qOptional struct {
		Q optional[string] `query:"q"`
	}
	qPtrList struct {
		Q *[]int `query:"q"`
	}
	qOptList struct {
		Q optional[[]int] `query:"q"`
	}
	qListPtr struct {
		Q []*int `query:"q"`
	}
	qArray struct {
		Q [2]int `query:"q"`
	}
	qBytes struct {
		Q []byte `query:"q"`
	}
	qCSV struct {
		Q []string `query:"q,csv"`
	}
	qCSVInts struct {
		Q []int `query:"q,csv"`
	}
	qJSON struct {
		Q map[string]int `query:"q,json"`
	}
	qNamed struct {
		Q string `query:"a b/é"`
	}

	qRules struct {
		Q int `query:"q,omitempty" validate:"gte=1"`
	}
	qRulesPtr struct {
		Q *int `query:"q" validate:"gte=1"`
	}
	qRulesOpt struct {
		Q optional[int] `query:"q" validate:"gte=1"`
	}
	qDive struct {
		Q []int `query:"q" validate:"min=2,dive,gte=1"`
	}
	qDivePtr struct {
		Q []*int `query:"q" validate:"dive,gte=1"`
	}

	pID struct {
		ID int `path:"id"`
	}
	pRest struct {
		Rest string `path:"rest"`
		ID   int8   `path:"id"`
	}

	hToken struct {
		Token string `header:"x-Token"`
	}
	hTokens struct {
		Token []string `header:"X-Token"`
	}
	hCSV struct {
		List []string `header:"X-List,csv"`
	}
	hHost struct {
		Host string `header:"host"`
	}
	hCount struct {
		N int `header:"X-Count,omitempty"`
	}
	hDefault struct {
		N string `header:"X-N" default:"none"`
	}

	cSession struct {
		S string `cookie:"session"`
	}
	cAll struct {
		S []string `cookie:"session"`
	}
	cNumber struct {
		N int `cookie:"n"`
	}
)

func TestBind(t *testing.T) {
	rows := []bindRow{
		binds("a string", query("q=x"), qString{"x"}),
		binds("an empty string is present", query("q="), qString{""}),
		binds("a name alone is present", query("q"), qString{""}),
		binds("absent", query(""), qString{}, `missing ["query","q"]`),
		binds("names are exact", query("Q=x&q%20=x&qq=x"), qString{}, `missing ["query","q"]`),
		binds("an encoded name", query("%71=x"), qString{"x"}),
		binds("a name with everything", query("a+b%2F%c3%A9=x"), qNamed{"x"}),
		binds("plus is a space", query("q=a+b%20c%2B"), qString{"a b c+"}),
		binds("a semicolon is a character", query("q=a;q=b"), qString{"a;q=b"}),
		binds("the first = splits", query("q=a=b"), qString{"a=b"}),
		binds("empty pairs do not count", query("&&q=x&"), qString{"x"}),
		binds("the last scalar wins", query("q=1&q=2"), qInt{2}),
		binds("only the last scalar is read", query("q=x&q=2"), qInt{2}),
		binds("malformed percent-encoding", query("q=%zz"), qString{}, `value_error ["query","q"] {"error":"malformed percent-encoding"}`),
		binds("malformed percent-encoding elsewhere", query("%zz=1&r=%&q=x"), qString{"x"}),
		binds("malformed percent-encoding of an element", query("q=1&q=%"), qInts{}, `value_error ["query","q",1] {"error":"malformed percent-encoding"}`),
		binds("not UTF-8", query("q=%ff"), qString{}, `string_unicode ["query","q"]`),
		binds("bytes take anything", query("q=%ff"), qBytes{[]byte{0xff}}),
		binds("an integer", query("q=12"), qInt{12}),
		binds("an empty integer", query("q="), qInt{}, `int_parsing ["query","q"]`),
		binds("an encoded integer", query("q=%31%32"), qInt{12}),

		binds("optional, absent", query(""), qOmit{}),
		binds("a default", query(""), qDefault{7}),
		binds("a zero instead of the default", query("q=0"), qDefault{0}),
		binds("an empty text is no default", query("q="), qDefault{}, `int_parsing ["query","q"]`),
		binds("a default list", query(""), qList{[]int{1, 2}}),
		binds("a list replaces its default", query("q=3"), qList{[]int{3}}),
		binds("pointer", query("q=0"), qPointer{pointer(0)}),
		binds("pointer, absent", query(""), qPointer{}),
		binds("pointer, empty", query("q="), qPointer{}, `int_parsing ["query","q"]`),
		binds("Optional", query("q=x"), qOptional{optional[string]{Value: "x", Set: true}}),
		binds("Optional, empty", query("q="), qOptional{optional[string]{Set: true}}),
		binds("Optional, absent", query(""), qOptional{}),

		binds("a list keeps its order", query("q=3&x=9&q=1&q=2"), qInts{[]int{3, 1, 2}}),
		binds("a list, absent", query("x=9"), qInts{}, `missing ["query","q"]`),
		binds("faulty elements", query("q=1&q=x&q=3&q="), qInts{}, `int_parsing ["query","q",1]`, `int_parsing ["query","q",3]`),
		binds("commas do not split", query("q=a,b"), qStrings{[]string{"a,b"}}),
		binds("pointer to a list", query("q=1&q=2"), qPtrList{&[]int{1, 2}}),
		binds("pointer to a list, absent", query(""), qPtrList{}),
		binds("Optional list", query("q=1"), qOptList{optional[[]int]{Value: []int{1}, Set: true}}),
		binds("list of pointers", query("q=1"), qListPtr{[]*int{pointer(1)}}),
		binds("an array", query("q=1&q=2"), qArray{[2]int{1, 2}}),
		binds("an array too short", query("q=1"), qArray{}, `too_short ["query","q"] {"actual_length":1,"min_length":2}`),
		binds("an array too long", query("q=1&q=2&q=3"), qArray{}, `too_long ["query","q"] {"actual_length":3,"max_length":2}`),
		binds("csv", query("q=a,b%2Cc,,d+e"), qCSV{[]string{"a", "b,c", "", "d e"}}),
		binds("csv, repeated", query("q=a,b&q=c"), qCSV{[]string{"a", "b", "c"}}),
		binds("csv, empty is the empty list", query("q="), qCSV{[]string{}}),
		binds("csv, faulty element", query("q=1,x"), qCSVInts{}, `int_parsing ["query","q",1]`),
		binds("JSON", query(`q=%7B%22a%22:1%7D`), qJSON{map[string]int{"a": 1}}),
		binds("JSON, faulty", query(`q={`), qJSON{}, `json_invalid ["query","q"]`),
		binds("JSON, blank", query(`q=+`), qJSON{}, `json_invalid ["query","q"] {"error":"nothing there"}`),
		binds("JSON, malformed percent-encoding", query(`q=%`), qJSON{}, `value_error ["query","q"] {"error":"malformed percent-encoding"}`),

		binds("a rule", query("q=0"), qRules{}, `greater_than_equal ["query","q"] {"ge":1}`),
		binds("a rule, kept", query("q=1"), qRules{1}),
		binds("an absent value is not judged", query(""), qRules{}),
		binds("a rule behind a pointer", query("q=0"), qRulesPtr{}, `greater_than_equal ["query","q"] {"ge":1}`),
		binds("a rule behind Optional", query("q=0"), qRulesOpt{}, `greater_than_equal ["query","q"] {"ge":1}`),
		binds("a rule of elements", query("q=1&q=0"), qDive{}, `greater_than_equal ["query","q",1] {"ge":1}`),
		binds("a rule of elements behind pointers", query("q=1&q=0"), qDivePtr{}, `greater_than_equal ["query","q",1] {"ge":1}`),
		binds("a rule of the list", query("q=1"), qDive{}, `too_short ["query","q"] {"actual_length":1,"field_type":"List","min_length":2}`),

		binds("path", bind.Request{Path: []string{"5", "a/b"}}, pID{5}),
		binds("path, by name", bind.Request{Path: []string{"5", "a//b"}}, pRest{Rest: "a//b", ID: 5}),
		binds("path, faulty", bind.Request{Path: []string{"300", "\xff"}}, pRest{},
			`string_unicode ["path","rest"]`, `less_than_equal ["path","id"] {"le":127}`),
		binds("path, captured too little", bind.Request{}, pID{}, `missing ["path","id"]`),

		binds("header", header("X-TOKEN", "abc"), hToken{"abc"}),
		binds("header, spelled as in the tag", header(), hToken{}, `missing ["header","x-Token"]`),
		binds("header, underscores differ", header("X_Token", "abc"), hToken{}, `missing ["header","x-Token"]`),
		binds("header, last line wins", header("X-Token", "a", "X-Token", "b"), hToken{"b"}),
		binds("header, lines and commas fill a list", header("X-Token", "a", "X-Token", "b,\tc ,"), hTokens{[]string{"a", "b", "c"}}),
		binds("header, a list of nothing", header("X-Token", ""), hTokens{[]string{}}),
		binds("header, csv", header("X-List", "a, b\t,,", "X-List", "c"), hCSV{[]string{"a", "b", "c"}}),
		binds("header, not percent-encoded", header("X-Token", "%zz+"), hToken{"%zz+"}),
		binds("header, optional and absent", header(), hCount{}),
		binds("header, faulty", header("X-Count", "1 0"), hCount{}, `int_parsing ["header","X-Count"]`),
		binds("header, default", header(), hDefault{"none"}),
		binds("host", bind.Request{Host: "example.org:80"}, hHost{"example.org:80"}),
		binds("host, absent", header("Host", "x"), hHost{}, `missing ["header","host"]`),

		binds("cookie", header("Cookie", "a=1; session=abc"), cSession{"abc"}),
		binds("cookie, the first wins", header("Cookie", "session=a; session=b", "Cookie", "session=c"), cSession{"a"}),
		binds("cookie, a list takes all", header("Cookie", "session=a; session=b", "Cookie", "session=c"), cAll{[]string{"a", "b", "c"}}),
		binds("cookie, a list between commas", header("Cookie", `session=a,b c,,d`), cAll{[]string{"a", "b c", "", "d"}}),
		binds("cookie, a list of nothing", header("Cookie", `session=`), cAll{[]string{}}),
		binds("cookie, quoted", header("Cookie", `session="a b"`), cSession{"a b"}),
		binds("cookie, empty", header("Cookie", `session=`), cSession{""}),
		binds("cookie, name alone", header("Cookie", `session`), cSession{""}),
		binds("cookie, spaces", header("Cookie", ` ;; session =a ;`), cSession{"a"}),
		binds("cookie, exact name", header("Cookie", `Session=a; sessions=b`), cSession{}, `missing ["cookie","session"]`),
		binds("cookie, a quotation mark", header("Cookie", `session=a"b`), cSession{`a"b`}),
		binds("cookie, a backslash", header("Cookie", `session=\`), cSession{`\`}),
		binds("cookie, UTF-8", header("Cookie", `session=é`), cSession{`é`}),
		binds("cookie, JSON", header("Cookie", `a=b; session={"a":[1,"b"]}`), cSession{`{"a":[1,"b"]}`}),
		binds("header list, a comma in quotes", header("X-List", `"a,b", c;d="e\",f" , "g`), hCSV{[]string{`"a,b"`, `c;d="e\",f"`, `"g`}}),
		binds("header list, a mark without an end", header("X-List", `5" a, 6 b`), hCSV{[]string{`5" a`, `6 b`}}),
		binds("cookie, absent", header(), cSession{}, `missing ["cookie","session"]`),
		binds("cookie, faulty", header("Cookie", "n=x"), cNumber{}, `int_parsing ["cookie","n"]`),
	}
	for _, row := range rows {
		t.Run(row.name, row.run)
	}
}

// paging shows that parameters of embedded structs are bound.
type paging struct {
	Limit  int8 `query:"limit" default:"20" validate:"max=100"`
	Offset int  `query:"offset,omitempty"`
}

type everything struct {
	Session string `cookie:"session"`
	Token   int    `header:"X-Token"`
	paging
	Tags   []int `query:"tag"`
	ID     int   `path:"id"`
	Filter struct {
		Since time.Time `query:"since"`
		Name  *string   `query:"name"`
	} `query:""`
}

func TestFaultsComeInOrderOfSources(t *testing.T) {
	_, faults := bound[everything](t, bind.Request{
		Path: []string{"x"}, RawQuery: "tag=1&tag=b&since=now&limit=101",
		Header: http.Header{"X-Token": {"t"}},
	}, "id")
	assert.Equal(t, []string{
		`int_parsing ["path","id"]`,
		`less_than_equal ["query","limit"] {"le":100}`,
		`int_parsing ["query","tag",1]`,
		`datetime_parsing ["query","since"]`,
		`int_parsing ["header","X-Token"]`,
		`missing ["cookie","session"]`,
	}, faults)
}

func TestEverything(t *testing.T) {
	in, faults := bound[everything](t, bind.Request{
		Path: []string{"4"}, RawQuery: "tag=1&since=2026-01-02T03:04:05Z&name=x",
		Header: http.Header{"X-Token": {"9"}, "Cookie": {"session=s"}},
	}, "id")
	require.Empty(t, faults)
	want := everything{Session: "s", Token: 9, paging: paging{Limit: 20}, Tags: []int{1}, ID: 4}
	want.Filter.Since = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want.Filter.Name = pointer("x")
	assert.Equal(t, want, in)
}

func TestEchoInput(t *testing.T) {
	type input struct {
		N    int            `query:"n"`
		L    []int          `query:"l"`
		A    [1]int         `query:"a"`
		M    string         `query:"m"`
		J    map[string]int `query:"j,json"`
		Rule int            `query:"rule" validate:"gte=5"`
	}
	r := bind.Request{RawQuery: "n=a%20b&l=1&l=x&a=1&a=2&j={&rule=1", EchoInput: true}
	plan := planOf(t, reflect.TypeFor[input]())
	echoed := func(r bind.Request) []any {
		var in input
		var faults fault.List
		plan.At(reflect.ValueOf(&in).Elem()).Bind(&r, &faults)
		var inputs []any
		for _, f := range faults.Faults {
			inputs = append(inputs, f.Input)
		}
		return inputs
	}
	assert.Equal(t, []any{"a b", "x", []string{"1", "2"}, nil, "{", "1"}, echoed(r))
	r.EchoInput = false
	assert.Equal(t, make([]any, 6), echoed(r))
}

type window struct {
	From int  `query:"from"`
	To   int  `header:"X-To" validate:"gtfield=From"`
	Step *int `query:"step" validate:"gte=0,ltfield=To"`
}

func TestRulesAcrossFields(t *testing.T) {
	rows := []struct {
		name, query, to string
		faults          int
		loc             []any
	}{
		{"kept", "from=1&step=1", "2", 0, nil},
		{"absent is not judged", "from=1", "2", 0, nil},
		{"broken", "from=2", "2", 1, []any{"header", "X-To"}},
		{"each is judged", "from=2&step=5", "2", 2, []any{"query", "step"}},
		{"not judged beside a fault", "from=2&step=-1", "2", 1, []any{"query", "step"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var in window
			var faults fault.List
			r := bind.Request{RawQuery: row.query, Header: http.Header{"X-To": {row.to}}, EchoInput: true}
			valid := planOf(t, reflect.TypeFor[window]()).At(reflect.ValueOf(&in).Elem()).Bind(&r, &faults)
			require.Len(t, faults.Faults, row.faults)
			assert.Equal(t, row.faults == 0, valid)
			if row.faults > 0 {
				assert.Equal(t, row.loc, faults.Faults[0].Loc)
				assert.NotNil(t, faults.Faults[0].Input)
			}
		})
	}
}

func TestPlanAdvises(t *testing.T) {
	rows := []struct {
		name      string
		in        reflect.Type
		wildcards []string
		want      string
	}{
		{
			"not in the pattern", reflect.TypeFor[pID](),
			[]string{"item", "rest"},
			"bind_test.pID.ID: the path has no {id}; put {id} into the path, or name one it has in the tag: item, rest",
		},
		{"a pattern without wildcards", reflect.TypeFor[pID](), nil, "bind_test.pID.ID: the path has no {id}; put {id} into the path"},
		{
			"a list in the path", reflect.TypeFor[struct {
				IDs []int `path:"id"`
			}](),
			[]string{"id"},
			"field IDs of struct{...}: a list in a path, where each segment is one value; use a string and split it, or move the list to the query",
		},
		{
			"no form as text", reflect.TypeFor[struct {
				M map[string]int `query:"m"`
			}](), nil,
			"field M of struct{...}: map[string]int: a value of this type cannot be read from a string; " +
				"read its members as m[member]=...: `query:\"m,deep\"`, or read it as JSON: `query:\"m,json\"`",
		},
		{
			"a list of lists", reflect.TypeFor[struct {
				M [][]int `query:"m"`
			}](), nil,
			"field M of struct{...}: []int: a list inside a list cannot be read from a string; use one list, or read it as JSON: `query:\"m,json\"`",
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := compiler.Plan(describe(t, row.in), row.wildcards)
			require.Error(t, err)
			assert.Equal(t, row.want, err.Error())
			var e *typeinfo.Error
			assert.ErrorAs(t, err, &e)
		})
	}
}

func TestPlanRejectsUnknownRules(t *testing.T) {
	for name, in := range map[string]reflect.Type{
		"of a value": reflect.TypeFor[struct {
			N int `query:"n" validate:"nosuchrule"`
		}](),
		"of a list": reflect.TypeFor[struct {
			N []int `query:"n" validate:"nosuchrule"`
		}](),
		"of elements": reflect.TypeFor[struct {
			N []int `query:"n" validate:"dive,nosuchrule"`
		}](),
		"across fields": reflect.TypeFor[struct {
			N int `query:"n" validate:"gtfield=Other"`
		}](),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := compiler.Plan(describe(t, in), nil)
			require.Error(t, err)
			assert.True(t, strings.HasPrefix(err.Error(), "field N of struct{...}: "), err)
			if name != "across fields" {
				assert.ErrorAs(t, err, new(*check.UnknownTagError), "the rule may be known elsewhere")
			}
		})
	}
}

func TestPartsThatFail(t *testing.T) {
	failing := &bind.Compiler{
		Defaults: func(*typeinfo.Field) (func(reflect.Value), error) { return nil, fmt.Errorf("no default; none") },
		JSON: func(*typeinfo.Field) (func(reflect.Value, string, *fault.List), error) {
			return nil, fmt.Errorf("no reader; none")
		},
	}
	_, err := failing.Plan(describe(t, reflect.TypeFor[qDefault]()), nil)
	assert.EqualError(t, err, "bind_test.qDefault.Q: no default; none")
	_, err = failing.Plan(describe(t, reflect.TypeFor[qJSON]()), nil)
	assert.EqualError(t, err, "bind_test.qJSON.Q: no reader; none")
}

func TestBindFailsWhenTheListIsFull(t *testing.T) {
	faults := fault.List{Faults: make([]fault.Fault, fault.Limit)}
	plan := planOf(t, reflect.TypeFor[qJSON]())
	var in qJSON
	for _, raw := range []string{"", "q={"} {
		assert.False(t, plan.At(reflect.ValueOf(&in).Elem()).Bind(&bind.Request{RawQuery: raw}, &faults))
	}
	assert.Len(t, faults.Faults, fault.Limit)
	assert.True(t, faults.Truncated)
}

func TestFormValues(t *testing.T) {
	type form struct {
		Name string `form:"name"`
		Tags []int  `form:"tag,csv"`
	}
	fields := describe(t, reflect.TypeFor[form]()).Form.Fields
	var in form
	var faults fault.List
	for i, texts := range [][]string{{"a+b%20"}, {"1,2", "3"}} {
		param, err := compiler.Param(fields[i])
		require.NoError(t, err)
		assert.True(t, param.Bind(reflect.ValueOf(&in).Elem(), texts, false, &faults))
		if i == 0 {
			assert.False(t, param.Bind(reflect.ValueOf(&form{}).Elem(), nil, false, &faults))
		}
	}
	assert.Equal(t, form{Name: "a+b%20", Tags: []int{1, 2, 3}}, in)
	assert.Equal(t, []string{`missing ["body","name"]`}, lines(faults))
}

// Three plain parameters are bound without allocations.
const plainBudget = 0

func TestAllocations(t *testing.T) {
	in, r := plainRequest()
	target := planOf(t, reflect.TypeFor[plain](), "id").At(reflect.ValueOf(in).Elem())
	var faults fault.List
	allocations := testing.AllocsPerRun(100, func() {
		*in = plain{}
		target.Bind(r, &faults)
	})
	assert.Empty(t, faults.Faults)
	assert.Equal(t, plain{ID: 42, Q: "laptop", Limit: 10}, *in)
	assert.LessOrEqual(t, allocations, float64(plainBudget))
}

type plain struct {
	ID    int    `path:"id" validate:"gte=1"`
	Q     string `query:"q,omitempty" validate:"max=50"`
	Limit int    `query:"limit" default:"20" validate:"gte=1,lte=100"`
}

func plainRequest() (*plain, *bind.Request) {
	return &plain{}, &bind.Request{Path: []string{"42"}, RawQuery: "q=laptop&limit=10", Header: http.Header{}}
}

func BenchmarkPlain(b *testing.B) {
	in, r := plainRequest()
	target := planOf(b, reflect.TypeFor[plain](), "id").At(reflect.ValueOf(in).Elem())
	var faults fault.List
	b.ReportAllocs()
	for b.Loop() {
		target.Bind(r, &faults)
	}
}

// BenchmarkPlainByHand does the same with net/url and strconv, for comparison.
func BenchmarkPlainByHand(b *testing.B) {
	in, r := plainRequest()
	b.ReportAllocs()
	for b.Loop() {
		if !byHand(in, r) {
			b.Fatal("refused")
		}
	}
}

func BenchmarkList(b *testing.B) {
	raw := strings.Repeat("q=12&", 100)
	var in qInts
	target := planOf(b, reflect.TypeFor[qInts]()).At(reflect.ValueOf(&in).Elem())
	var faults fault.List
	b.ReportAllocs()
	for b.Loop() {
		target.Bind(&bind.Request{RawQuery: raw}, &faults)
	}
}
