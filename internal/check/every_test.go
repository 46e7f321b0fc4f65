package check_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/typeinfo"
)

// everyTag reads the names of validator's rules and aliases from its source.
func everyTag(t *testing.T) []string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/go-playground/validator/v10").Output()
	require.NoError(t, err)
	source := filepath.Join(strings.TrimSpace(string(dir)), "baked_in.go")
	file, err := parser.ParseFile(token.NewFileSet(), source, nil, 0)
	require.NoError(t, err)
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			if name.Name == "bakedInValidators" || name.Name == "bakedInAliases" {
				names = append(names, keys(t, spec.Values[i])...)
			}
		}
		return true
	})
	require.Greater(t, len(names), 150)
	return names
}

func keys(t *testing.T, value ast.Expr) []string {
	t.Helper()
	var names []string
	for _, element := range value.(*ast.CompositeLit).Elts {
		name, err := strconv.Unquote(element.(*ast.KeyValueExpr).Key.(*ast.BasicLit).Value)
		require.NoError(t, err)
		names = append(names, name)
	}
	return names
}

// params are the parameters that rules need.
var params = map[string]string{
	"min": "1", "max": "3", "gt": "1", "gte": "1", "lt": "3", "lte": "3", "len": "2", "eq": "1", "ne": "1",
	"eq_ignore_case": "a", "ne_ignore_case": "a", "oneof": "1 2", "oneofci": "a b", "noneof": "1 2", "noneofci": "a b",
	"contains": "a", "containsany": "a", "containsrune": "a", "excludes": "a", "excludesall": "a", "excludesrune": "a",
	"startswith": "a", "endswith": "a", "startsnotwith": "a", "endsnotwith": "a", "datetime": "2006-01-02",
	"mimetype": "image/png", "postcode_iso3166_alpha2": "DE", "postcode_iso3166_alpha2_field": "Other", "validateFn": "Validate",
	"required_if": "Other a", "required_unless": "Other a", "excluded_if": "Other a", "excluded_unless": "Other a", "skip_unless": "Other a",
}

// values returns empty and other values of every kind that a rule may apply to.
func values() []any {
	return []any{
		"", "a", "äöü", "\xff", "1", "-1.5", "2020-01-01", named("bad"), true, false, 0, -7, int8(3), int64(1) << 62,
		uint(0), uint8(200), uint64(1) << 63, float32(0.1), 0.0, -1e300, time.Now(),
		time.Time{},
		time.Hour, time.Duration(0),
		[]byte(nil), []byte("{}"),
		[]string{"a", "a"},
		[]int(nil),
		[2]int{},
		[]any{1, []int{}},
		tally{"a": 1},
		map[string]any{},
		struct{ A int }{1},
		uuid{1},
		level(3),
		wrapped{"a"},
		[]struct{ A int }{{1}, {1}},
	}
}

// A row in the table is not enough for a rule: it needs a function of this package, or validator's.
func TestEveryRowIsJudged(t *testing.T) {
	known := everyTag(t)
	makers := check.Makers()
	require.Greater(t, len(makers), 100)
	for name, made := range makers {
		assert.True(t, made || slices.Contains(known, name), "the row %s has no maker, and validator has no such tag: it would compile and fail in a request", name)
	}
}

// For each kind, a rule either compiles and then never panics, or is rejected with a reason; each rule is accepted for
// some kind, or rejected for all with one reason.
func TestEveryTag(t *testing.T) {
	for _, name := range everyTag(t) {
		if name == "required" {
			continue // handled by the reader of tags
		}
		element := name
		if param, ok := params[name]; ok {
			element += "=" + param
		}
		taken, reasons := 0, map[string]bool{}
		for _, v := range values() {
			typ, err := typeinfo.Of(reflect.TypeOf(v))
			require.NoError(t, err)
			for _, e := range []string{element, name} { // name alone also: rules of times take no parameter
				judge, err := check.Builtin().Compile(typ, rules(e))
				if err != nil {
					assert.NotContains(t, err.Error(), "no such rule", e)
					assert.Contains(t, err.Error(), "; ", "what to write instead")
					_, reason, _ := strings.Cut(err.Error(), ": ")
					reasons[reason] = true
					continue
				}
				if judge == nil {
					continue // a rule about other fields
				}
				taken++
				assert.NotPanics(t, func() { judge(value(v)) }, "%s on %T", e, v)
			}
		}
		if isCross(name) {
			assert.Zero(t, taken, name)
			assert.Empty(t, reasons, name)
			continue
		}
		if taken == 0 {
			assert.Len(t, reasons, 1, "%s is refused for one reason", name)
		}
		if taken > 0 {
			assert.NotContains(t, check.Describe(one(element)), "must keep the rule", name)
		}
	}
}

func isCross(name string) bool {
	switch {
	case name == "fieldcontains", name == "fieldexcludes", name == "skip_unless":
		return true
	case strings.HasSuffix(name, "field"):
		return true
	}
	return strings.HasPrefix(name, "required_") || strings.HasPrefix(name, "excluded_")
}

// On strings, accepted rules give the same result as validator.
func TestStringTagsAgree(t *testing.T) {
	v := validator.New(validator.WithRequiredStructEnabled())
	texts := []string{
		"", "a", "A", "aB1", "a b", "äöü", "\xff", "1", "-1.5", "+1", "1.", ".5", "0x1F", "0x", "0", "#fff", "true", "T", "é1",
		"2020-01-01", "a@example.org", "1.2.3.4", "::1", "https://example.org/?q=1#f", "DE", "80331", "1h", "{}", " ", "\x00", "~", "\x7f", "ß", "ǅ",
	}
	for _, name := range everyTag(t) {
		if name == "required" || isCross(name) || name == "isdefault" {
			continue
		}
		element := name
		if param, ok := params[name]; ok {
			element += "=" + param
		}
		judge, err := compile(t, check.Builtin(), reflect.TypeFor[string](), element)
		if err != nil {
			continue
		}
		for _, s := range texts {
			assert.Equal(t, v.Var(s, element) == nil, judge(value(s)) == nil, "%s of %q", element, s)
		}
	}
}
