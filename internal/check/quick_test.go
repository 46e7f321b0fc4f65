package check_test

import (
	"math"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/typeinfo"
)

type shade string

// Ranges accept without running the rules: lengths and numbers between the bounds of all rules, and texts that are long
// enough whatever their characters are.
func TestSure(t *testing.T) {
	rows := []struct {
		tag   string
		value any
		want  bool
	}{
		{"min=1,max=3", "abc", true},
		{"min=1,max=3", "", false},
		{"min=1,max=3", "äö", false},
		{"min=2", "abcd", false},
		{"min=2", "abcde", true},
		{"min=0", "", true},
		{"max=3", "", true},
		{"max=3,email", "abc", false},
		{"gte=0,lte=9", 9, true},
		{"gte=0,lte=9", 10, false},
		{"gte=0,lte=9", int8(-1), false},
		{"eq=3", 3, true},
		{"gt=3", 4, false},
		{"gte=0", 0.5, true},
		{"gte=0", math.NaN(), false},
		{"lte=1", math.Inf(1), false},
		{"min=1,max=2", []int{1}, true},
		{"min=1,max=2", []int{}, false},
		{"min=4611686018427387904", "a", false},
	}
	for _, row := range rows {
		typ, err := typeinfo.Of(reflect.TypeOf(row.value))
		require.NoError(t, err)
		assert.Equal(t, row.want, sure(check.Builtin().Quick(typ, rules(row.tag)), reflect.ValueOf(row.value)), "%s of %v", row.tag, row.value)
	}
}

func TestQuick(t *testing.T) {
	rows := []struct {
		tag   string
		value any
		// judges is whether the rules have a quick check, keeps is its result.
		judges, keeps bool
	}{
		{"min=1,max=3", "abc", true, true},
		{"min=1,max=3", "äöü", true, true},
		{"min=1,max=3", "", true, false},
		{"min=1,max=3", "abcd", true, false},
		{"min=2", "ä", true, false},
		{"len=1", "ä", true, true},
		{"oneof=red green", shade("red"), true, true},
		{"oneof=red green", shade("blue"), true, false},
		{"gte=0,lte=9", 9, true, true},
		{"gte=0,lte=9", int8(10), true, false},
		{"oneof=1 2", uint16(2), true, true},
		{"gt=0", 0.5, true, true},
		{"gt=0", -0.5, true, false},
		{"min=1,max=2", []int{1}, true, true},
		{"min=1,max=2", []int{}, true, false},
		{"email", "ada@example.org", true, true},
		{"email", "a@" + strings.Repeat("b.", 126) + "org", true, true},
		{"email", "a@" + strings.Repeat("b.", 126) + "info", true, false},
		// Rare addresses are left to validator.
		{"email", `"ada l"@example.org`, true, false},
		{"email", "ada@example.org1", true, false},
		{"uuid", "0b1e4a5c-6f0e-4a49-9e0e-0123456789ab", true, true},
		{"datetime=2006-01-02", "2023-02-29", true, false},
		// A single rule without a quick check disables it.
		{"max=9,ulid", "abc", false, false},
		{"min=1,unique", []int{1}, false, false},
		{"alpha|numeric", "abc", false, false},
		{"isdefault", 0, false, false},
		{"uri", url.URL{}, false, false},
	}
	for _, row := range rows {
		t.Run(row.tag, func(t *testing.T) {
			typ, err := typeinfo.Of(reflect.TypeOf(row.value))
			require.NoError(t, err)
			q := check.Builtin().Quick(typ, rules(row.tag))
			has := q.Text != nil || q.Int != nil || q.Uint != nil || q.Float != nil || q.Length != nil
			assert.Equal(t, row.judges, has)
			assert.Equal(t, row.keeps, quick(q, reflect.ValueOf(row.value)))
		})
	}
}

// What the quick check accepts as an address is valid for validator.
func FuzzPlainEmail(f *testing.F) {
	for _, address := range []string{
		"ada@example.org", "a.b+c@x-y.z1.example", "!#$%&'*+-/=?^_`{|}~@a.bc", "a@b", "a@b.c1", "a@b-.org", "a@b..org",
		".a@b.org", "a.@b.org", "a@b.org.", "a@b@c.org", "a b@c.org", "ä@b.org", "a@[127.0.0.1]", "a@b.org\n", "", "@", "a@1.org",
	} {
		f.Add(address)
	}
	typ, err := typeinfo.Of(reflect.TypeFor[string]())
	require.NoError(f, err)
	q, v := check.Builtin().Quick(typ, rules("email")), validator.New()
	f.Fuzz(func(t *testing.T, address string) {
		if q.Text(address) && v.Var(address, "email") != nil {
			t.Fatalf("%q is no address to validator", address)
		}
	})
}
