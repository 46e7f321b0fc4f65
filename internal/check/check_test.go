package check_test

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mark"
	"github.com/candor-go/candor/internal/typeinfo"
)

// Optional stands in for candor.Optional.
type Optional[T any] struct {
	Value     T
	Set, Null bool
	_         mark.Optional
}

type (
	named   string
	tally   map[string]int
	uuid    [16]byte
	moments = time.Time
	level   int
	odd     int
)

func (u uuid) String() string                   { return string(u[:4]) }
func (u uuid) MarshalText() ([]byte, error)     { return []byte(u.String()), nil }
func (u *uuid) UnmarshalText(text []byte) error { copy(u[:], text); return nil }

func (l level) MarshalText() ([]byte, error) { return []byte{byte(l)}, nil }
func (l *level) UnmarshalText([]byte) error  { return nil }
func (l level) Validate() bool               { return l > 2 }
func (odd) Validate() int                    { return 1 }
func (n named) Validate() error              { return map[bool]error{true: errors.New("bad")}[n == "bad"] }

// wrapped gives validator the string it contains.
type wrapped struct{ Held string }

func (w wrapped) ValidatorValue() any { return w.Held }

// compile compiles the rules of a validate tag for values of type t.
func compile(t *testing.T, set *check.Set, goType reflect.Type, tag string) (check.Check, error) {
	t.Helper()
	typ, err := typeinfo.Of(goType)
	require.NoError(t, err)
	return set.Compile(typ, rules(tag))
}

// rules parses a tag as the reader of struct tags does.
func rules(tag string) *typeinfo.Rules {
	r := &typeinfo.Rules{}
	for element := range strings.SplitSeq(tag, ",") {
		if element == "omitempty" {
			r.SkipZero = true
			continue
		}
		alternatives := strings.Split(element, "|")
		rule := one(alternatives[0])
		if len(alternatives) > 1 {
			rule = typeinfo.Rule{}
			for _, a := range alternatives {
				rule.Or = append(rule.Or, one(a))
			}
		}
		r.Self = append(r.Self, rule)
	}
	return r
}

func one(element string) typeinfo.Rule {
	name, param, hasParam := strings.Cut(element, "=")
	param = strings.NewReplacer("0x2C", ",", "0x7C", "|").Replace(param)
	return typeinfo.Rule{Name: name, Param: param, HasParam: hasParam}
}

func value(v any) reflect.Value { return reflect.ValueOf(v) }

type ctx = map[string]any

func says(sentence string) ctx { return ctx{"error": sentence} }

func TestCheck(t *testing.T) {
	// want is "" for values that satisfy the rules.
	table := []struct {
		tag   string
		value any
		want  string
		ctx   ctx
	}{
		// Lengths of strings count characters.
		{"min=3", "äöü", "", nil},
		{"min=3", "äö", fault.StringTooShort, ctx{"min_length": 3}},
		{"gte=3", "ab", fault.StringTooShort, ctx{"min_length": 3}},
		{"gt=3", "abc", fault.StringTooShort, ctx{"min_length": 4}},
		{"gt=3", "abcd", "", nil},
		{"max=3", "abcd", fault.StringTooLong, ctx{"max_length": 3}},
		{"lte=3", "abc", "", nil},
		{"lt=3", "abc", fault.StringTooLong, ctx{"max_length": 2}},
		{"len=3", "ab", fault.StringTooShort, ctx{"min_length": 3}},
		{"len=3", "abcd", fault.StringTooLong, ctx{"max_length": 3}},
		{"len=3", "日本語", "", nil},
		{"min=0x2", "a", fault.StringTooShort, ctx{"min_length": 2}},
		{"min=2", named("a"), fault.StringTooShort, ctx{"min_length": 2}},
		// Lengths of lists, maps and bytes.
		{"min=2", []int{1}, fault.TooShort, ctx{"field_type": "List", "min_length": 2, "actual_length": 1}},
		{"max=1", []int{1, 2}, fault.TooLong, ctx{"field_type": "List", "max_length": 1, "actual_length": 2}},
		{"gt=1", []int{1}, fault.TooShort, ctx{"field_type": "List", "min_length": 2, "actual_length": 1}},
		{"lt=2", []int{1, 2}, fault.TooLong, ctx{"field_type": "List", "max_length": 1, "actual_length": 2}},
		{"len=2", []int{1}, fault.TooShort, ctx{"field_type": "List", "min_length": 2, "actual_length": 1}},
		{"eq=1", []int{1, 2}, fault.TooLong, ctx{"field_type": "List", "max_length": 1, "actual_length": 2}},
		{"ne=2", []int{1, 2}, fault.ValueError, says("must not have exactly 2 items")},
		{"len=2", [2]int{}, "", nil},
		{"min=1", tally{}, fault.TooShort, ctx{"field_type": "Dictionary", "min_length": 1, "actual_length": 0}},
		{"max=1", tally{"a": 1, "b": 2}, fault.TooLong, ctx{"field_type": "Dictionary", "max_length": 1, "actual_length": 2}},
		{"min=2", []byte("a"), fault.TooShort, ctx{"field_type": "Bytes", "min_length": 2, "actual_length": 1}},
		// Numbers.
		{"min=1", 0, fault.GreaterEqual, ctx{"ge": int64(1)}},
		{"gte=1", 1, "", nil},
		{"gt=1", 1, fault.Greater, ctx{"gt": int64(1)}},
		{"max=5", 6, fault.LessEqual, ctx{"le": int64(5)}},
		{"lte=5", 5, "", nil},
		{"lt=5", 5, fault.Less, ctx{"lt": int64(5)}},
		{"min=-3", int8(-4), fault.GreaterEqual, ctx{"ge": int64(-3)}},
		{"len=5", 4, fault.Literal, ctx{"expected": "5"}},
		{"eq=5", 4, fault.Literal, ctx{"expected": "5"}},
		{"ne=5", 5, fault.ValueError, says("must not be 5")},
		{"min=1", uint(0), fault.GreaterEqual, ctx{"ge": uint64(1)}},
		{"max=18446744073709551615", uint64(math.MaxUint64), "", nil},
		{"lt=3", uint8(3), fault.Less, ctx{"lt": uint64(3)}},
		{"gt=0", 0.0, fault.Greater, ctx{"gt": 0.0}},
		{"gte=0.1", float32(0.1), "", nil},
		{"gt=0.1", float32(0.1), fault.Greater, ctx{"gt": 0.1}},
		{"lte=1.5", 1.6, fault.LessEqual, ctx{"le": 1.5}},
		{"eq=1.5", 1.6, fault.Literal, ctx{"expected": "1.5"}},
		{"ne=1.5", 1.5, fault.ValueError, says("must not be 1.5")},
		{"eq=true", false, fault.Literal, ctx{"expected": "true"}},
		{"ne=true", true, fault.Literal, ctx{"expected": "false"}},
		// Durations and times.
		{"min=1h30m", time.Hour, fault.GreaterEqual, ctx{"ge": "1h30m"}},
		{"lt=1h", time.Hour, fault.Less, ctx{"lt": "1h"}},
		{"max=1000000000", 2 * time.Second, fault.LessEqual, ctx{"le": "1s"}},
		{"eq=1m", time.Minute, "", nil},
		{"gt", time.Now().Add(-time.Hour), fault.ValueError, says("must be in the future")},
		{"gte", time.Now().Add(time.Hour), "", nil},
		{"min", time.Now().Add(-time.Hour), fault.ValueError, says("must not be in the past")},
		{"lt", time.Now().Add(time.Hour), fault.ValueError, says("must be in the past")},
		{"lte", time.Now().Add(-time.Hour), "", nil},
		{"max", time.Now().Add(time.Hour), fault.ValueError, says("must not be in the future")},
		// Equality and choice.
		{"eq=a", "b", fault.Literal, ctx{"expected": "'a'"}},
		{"eq=", "b", fault.Literal, ctx{"expected": "''"}},
		{"ne=a", "a", fault.ValueError, says("must not be 'a'")},
		{"eq_ignore_case=A", "a", "", nil},
		{"eq_ignore_case=A", "b", fault.Literal, ctx{"expected": "'A' in any case"}},
		{"ne_ignore_case=A", "a", fault.ValueError, says("must not be 'A' in any case")},
		{"oneof=a b 'c d'", "c d", "", nil},
		{"oneof=a b c", "d", fault.Enum, ctx{"expected": "'a', 'b' or 'c'"}},
		{"oneof=a", "d", fault.Enum, ctx{"expected": "'a'"}},
		{"oneof=1 2 3", 4, fault.Enum, ctx{"expected": "1, 2 or 3"}},
		{"oneof=1 2 3", uint8(3), "", nil},
		{"oneof=a0x2Cb c", "a,b", "", nil},
		{"oneofci=Red Green", "rED", "", nil},
		{"oneofci=Red Green", "blue", fault.Enum, ctx{"expected": "'Red' or 'Green'"}},
		{"noneof=a b", "b", fault.ValueError, says("must not be 'a' or 'b'")},
		{"noneof=1 2", 3, "", nil},
		{"noneofci=a b", "B", fault.ValueError, says("must not be 'a' or 'b'")},
		{"isdefault", "", "", nil},
		{"isdefault", "a", fault.ValueError, says("must be left out or empty")},
		{"isdefault|email", "a@example.org", "", nil},
		// Steps. What counts is the decimal.
		{"multipleOf=5", 10, "", nil},
		{"multipleOf=5", -10, "", nil},
		{"multipleOf=5", 0, "", nil},
		{"multipleOf=5", 12, fault.MultipleOf, ctx{"multiple_of": int64(5)}},
		{"multipleOf=5", uint8(12), fault.MultipleOf, ctx{"multiple_of": uint64(5)}},
		{"multipleOf=18446744073709551615", uint64(math.MaxUint64), "", nil},
		{"multipleOf=0.1", 0.3, "", nil},
		{"multipleOf=0.1", float32(0.3), "", nil},
		{"multipleOf=0.1", 0.35, fault.MultipleOf, ctx{"multiple_of": 0.1}},
		{"multipleOf=0.01", -19.99, "", nil},
		{"multipleOf=1e-2", 19.999, fault.MultipleOf, ctx{"multiple_of": 0.01}},
		{"multipleOf=3", 1e300, fault.MultipleOf, nil},
		{"multipleOf=10", 1e300, "", nil},
		{"multipleOf=2.5", 5.0, "", nil},
		{"multipleOf=9007199254740992", 0x1p54, "", nil},
		{"multipleOf=1e22", 3e22, "", nil},
		{"multipleOf=16777216", float32(0x1p25), "", nil},
		{"omitempty,multipleOf=5,gte=10", 0, "", nil},
		{"multipleOf=4|multipleOf=6", 9, fault.ValueError, says("must be a multiple of 4 or must be a multiple of 6")},
		{"multipleOf=4|multipleOf=6", 18, "", nil},
		// Lists.
		{"unique", []int{1, 2, 1}, fault.ValueError, says("must not have the same item twice")},
		{"unique", []string{"a", "b"}, "", nil},
		{"unique", []float64{1, 2, 1}, fault.ValueError, nil},
		{"unique", []uint{1, 2, 1}, fault.ValueError, nil},
		{"unique", []bool{true, true}, fault.ValueError, nil},
		{"unique", tally{"a": 1, "b": 1}, fault.ValueError, nil},
		{"unique", []struct{ A int }{{1}, {1}}, fault.ValueError, nil},
		{"unique=A", []struct{ A, B int }{{1, 2}, {1, 3}}, fault.ValueError, nil},
		{"unique=A", []*struct{ A, B int }{{1, 2}, {2, 3}}, "", nil},
		// Text.
		{"pattern=^a+$", "aab", fault.PatternMismatch, ctx{"pattern": "^a+$"}},
		{"pattern=b", "aab", "", nil},
		{"email", "a@example.org", "", nil},
		{"email", "a@b", fault.ValueError, says("not a valid email address")},
		// The domain has 255 octets at most.
		{"email", "a@" + strings.Repeat("b.", 126) + "org", "", nil},
		{"email", "a@" + strings.Repeat("b.", 126) + "info", fault.ValueError, nil},
		{"email", "a@" + strings.Repeat("ü.", 84) + "org", "", nil},
		{"email", "a@" + strings.Repeat("ü.", 84) + "info", fault.ValueError, nil},
		{"email", `"a@b"@` + strings.Repeat("b.", 126) + "info", fault.ValueError, nil},
		{"email", wrapped{"a@" + strings.Repeat("b.", 126) + "org"}, "", nil},
		{"email", wrapped{"a@" + strings.Repeat("b.", 126) + "info"}, fault.ValueError, nil},
		{"email|numeric", "a@" + strings.Repeat("b.", 126) + "info", fault.ValueError, nil},
		{"uuid", "x", fault.UUIDParsing, nil},
		{"uuid4", "2f1b1c4e-0d63-4e5a-9a86-02e1f2a5e5d0", "", nil},
		{"uuid4", "2F1B1C4E-0D63-4E5A-9A86-02E1F2A5E5D0", fault.UUIDParsing, nil},
		{"uuid4_rfc4122", "2F1B1C4E-0D63-4E5A-9A86-02E1F2A5E5D0", "", nil},
		{"uuid", uuid{}, fault.UUIDParsing, nil},
		{"datetime=2006-01-02", "2020-02-30", fault.DateParsing, nil},
		{"datetime=2006-01-02", "2020-02-28", "", nil},
		{"datetime=15:04:05", "25:00:00", fault.TimeParsing, nil},
		{"datetime=2006-01-02T15:04:05Z07:00", "2020-02-28", fault.DatetimeParsing, nil},
		{"ip", "x", fault.IPAddress, nil},
		{"ipv4", "::1", fault.IPv4Address, nil},
		{"ipv6", "1.2.3.4", fault.IPv6Address, nil},
		{"ipv4", "::ffff:1.2.3.4", "", nil},
		{"url", "example.org", fault.URLParsing, nil},
		{"url", "https://example.org", "", nil},
		{"http_url", "ftp://example.org", fault.URLParsing, nil},
		{"https_url", "http://example.org", fault.URLParsing, nil},
		{"uri", "x y", fault.URLParsing, nil},
		{"startswith=x", "yx", fault.ValueError, says(`must start with "x"`)},
		{"endswith=x", "yx", "", nil},
		{"contains=0x2C", "a,b", "", nil},
		{"contains=0x7C", "a,b", fault.ValueError, says(`must contain "|"`)},
		{"containsany=!?", "a", fault.ValueError, says(`must contain one of the characters "!?"`)},
		{"excludes=b", "abc", fault.ValueError, says(`must not contain "b"`)},
		{"excludesall=!?", "a?", fault.ValueError, says(`must not contain any of the characters "!?"`)},
		{"alpha", "a1", fault.ValueError, says("not made of the letters a to z only")},
		{"alphanum", "a1", "", nil},
		{"numeric", "-1.5", "", nil},
		{"numeric", 3, "", nil},
		{"number", "-1", fault.ValueError, says("not made of digits only")},
		{"lowercase", "aB", fault.ValueError, says("not in lower case")},
		{"hostname", "-a", fault.ValueError, nil},
		{"e164", "+4930123456", "", nil},
		{"semver", "1.2", fault.ValueError, says("not a semantic version")},
		{"json", "{}", "", nil},
		{"json", []byte("{"), fault.ValueError, says("not JSON")},
		{"port", 0, fault.ValueError, says("not a port from 1 to 65535")},
		{"port", uint16(65535), "", nil},
		{"iscolor", "#fff", "", nil},
		{"iscolor", "blue", fault.ValueError, says("not a colour")},
		{"country_code", "DE", "", nil},
		{"postcode_iso3166_alpha2=DE", "1234", fault.ValueError, says("not a postcode of DE")},
		{"spicedb=permission", "read_all", "", nil},
		{"validateFn", named("bad"), fault.ValueError, says("not valid")},
		{"validateFn", named("good"), "", nil},
		{"validateFn=Validate", level(1), fault.ValueError, nil},
		{"latitude", 91.0, fault.ValueError, says("not a latitude from -90 to 90")},
		{"numeric", json.Number("1.5"), "", nil},
		// Alternatives, order and omitempty.
		{"hexcolor|rgb", "x", fault.ValueError, says("must be a colour such as #1e90ff or must be a colour such as rgb(30,144,255)")},
		{"ipv4|len=0", "", "", nil},
		{"min=2,alpha", "1", fault.StringTooShort, ctx{"min_length": 2}},
		{"min=2,alpha", "12", fault.ValueError, says("not made of the letters a to z only")},
		{"omitempty,min=2", "", "", nil},
		{"omitempty,min=2", "a", fault.StringTooShort, nil},
		{"omitempty,min=2", []int(nil), "", nil},
		{"omitempty,min=2", []int{}, fault.TooShort, nil},
		{"omitempty,gt=5", 0, "", nil},
		{"len=1", wrapped{"ab"}, fault.ValueError, nil},
		{"len=1", wrapped{"a"}, "", nil},
	}
	for _, row := range table {
		t.Run(row.tag, func(t *testing.T) {
			judge, err := compile(t, check.Builtin(), reflect.TypeOf(row.value), row.tag)
			require.NoError(t, err)
			f := judge(value(row.value))
			if row.want == "" {
				assert.Nil(t, f)
				return
			}
			require.NotNil(t, f)
			assert.Equal(t, row.want, f.Type)
			if row.ctx != nil {
				assert.Equal(t, row.ctx, f.Ctx)
			}
			assert.NotEmpty(t, f.Tag)
			assert.NotContains(t, fault.Message(f.Type, f.Ctx), "<nil>")
		})
	}
}

func TestCompileErrors(t *testing.T) {
	table := []struct {
		tag          string
		value        any
		problem, fix string
	}{
		{"multipleOf=0", 0, "only a whole number above zero makes sense", "write multipleOf=5"},
		{"multipleOf=-5", 0, "only a whole number above zero makes sense", "write multipleOf=5"},
		{"multipleOf=0.5", 0, "only a whole number above zero makes sense", "write multipleOf=5"},
		{"multipleOf=0.5", uint(0), "only a whole number above zero makes sense", "write multipleOf=5"},
		{"multipleOf=0", 0.0, "not a number above zero", "write multipleOf=0.5"},
		{"multipleOf=1/3", 0.0, "not a number above zero", "write multipleOf=0.5"},
		{"multipleOf=1e999", 0.0, "not a number above zero", "write multipleOf=0.5"},
		{"multipleOf=NaN", 0.0, "not a number above zero", "write multipleOf=0.5"},
		{"multipleOf=9007199254740993", 0.0, "a float64 does not hold 9007199254740993 exactly", "write multipleOf=9007199254740992"},
		{"multipleOf=16777217", float32(0), "a float32 does not hold 16777217 exactly", "write multipleOf=16777216"},
		{"multipleOf=0.1000000000000000055", 0.0, "a float64 does not hold 0.1000000000000000055 exactly", "write multipleOf=0.1"},
		{"multipleOf", 0, "lacks its value", "write multipleOf=value"},
		{"multipleOf=5", "", "judges integers, unsigned integers and floats, not string", "write"},
		{"multipleOf=5", time.Hour, "judges integers, unsigned integers and floats, not time.Duration", "write"},
		{"multiple_of=5", 0, "is written as JSON Schema has it", "multipleOf"},
		{"multipleOf=5,gte=6,lte=9", 0, "no multiple lies between the bounds", "write bounds"},
		{"multipleOf=0.5,gt=1,lt=1.5", 0.0, "no multiple lies between the bounds", "write bounds"},
		{"min=abc", 0, "not a number", "write min=3"},
		{"min=abc", "", "not a number", "write min=3"},
		{"min=1.5", 0, "not a whole number", "write min=3"},
		{"min=-1", uint(0), "below zero", "write min=3"},
		{"min=-1", "", "cannot be negative", "write min=3"},
		{"min=NaN", 0.0, "no JSON number", "write min=1.5"},
		{"min=Inf", 0.0, "no JSON number", "write min=1.5"},
		{"min=1e400", 0.0, "out of range", "write min=1.5"},
		{"min=99999999999999999999", 0, "out of range", "write min=3"},
		{"min=", 0, "lacks its value", "write min=3"},
		{"min", 0, "lacks its value", "write min=3"},
		{"min", 0.5, "lacks its value", "write min=1.5"},
		{"len", "", "lacks its value", "write len=value"},
		{"min=soon", time.Hour, "not a duration", "write min=1h30m"},
		{"gt=2020", time.Time{}, "takes no value", "write gt"},
		{"eq=maybe", true, "neither true nor false", "write eq=true"},
		{"email=x", "", "takes no value", "write email"},
		{"email", 0, "judges strings, not int", "write"},
		{"email", []string{}, "judges strings, not []string", "write dive in front"},
		{"min=1", true, "judges", "write"},
		{"min=1", struct{}{}, "judges", "Validate method"},
		{"min=1", json.RawMessage{}, "judges", "Validate method"},
		{"min=1", json.Number(""), "judges", "Validate method"},
		{"min=1", uuid{}, "judges", "Validate method"},
		{"min=1", level(0), "judges", "Validate method"},
		{"uuid", level(0), "judges", "write"},
		{"oneof=a b", 1.5, "judges strings, integers and unsigned integers, not float64", "write"},
		{"oneof=a b", 0, "'a' is not a number", "write one such as 3"},
		{"oneof=01", 0, "01 would never be met", "write 1"},
		{"oneof=1 300", int8(0), "300 is out of the range of int8", "drop it"},
		{"oneof=-1", uint(0), "'-1' is not a number", "write"},
		{"oneof=", "", "lacks its value", "write oneof=value"},
		{"oneof= ", "", "names no value", "write oneof=red green"},
		{"oneof=a a", "", "'a' is listed twice", "drop one"},
		{"port", "", "judges integers and unsigned integers, not string", "write"},
		{"datetime=foo", "", "not a layout", "write datetime=2006-01-02"},
		{"contains=", "", "lacks its value", "write contains=value"},
		{"min=5,max=3", 0, "min=5,max=3: no value satisfies both", "write bounds with values"},
		{"gt=5,lt=6", 0, "gt=5,lt=6: no value satisfies both", "write"},
		{"gt=1,lt=1", 0.0, "gt=1,lt=1: no value satisfies both", "write"},
		{"len=3,max=2", "", "len=3,max=2: no value satisfies both", "write"},
		{"eq=3,min=4", []int{}, "min=4,eq=3", "write"},
		{"min=2h,max=1h", time.Hour, "min=2h,max=1h", "write"},
		{"min=300", int8(0), "min=300: no int8 satisfies it", "in the type's range"},
		{"lt=0", uint(0), "lt=0: no uint satisfies it", "write"},
		{"lt=0", "", "lt=0: no string satisfies it", "write"},
		{"len=3", [2]int{}, "no [2]int satisfies it", "write"},
		{"unique", []any{}, "cannot be compared", "Validate method"},
		{"unique", [][]int{}, "cannot be compared", "Validate method"},
		{"unique", map[string]any{}, "cannot be compared", "Validate method"},
		{"unique=Nope", []struct{ A, B int }{}, "has no field Nope", "write one of A and B"},
		{"unique=A", []int{}, "int is not a struct", "write unique"},
		{"unique=Other", "", "judges bytes, lists and maps, not string", "write"},
		{"spicedb=x", "", "unknown identifier", "write spicedb=id"},
		{"postcode_iso3166_alpha2=XX", "", "not a country", "postcode_iso3166_alpha2=DE"},
		{"validateFn", 0, "has no method Validate", "declare it"},
		{"validateFn=Behind", named(""), "by the name Validate alone", "rename Behind"},
		{"validateFn", odd(0), "has no method Validate() error or Validate() bool", "not on the pointer"},
		{"structonly", struct{}{}, "always checked", "drop it"},
		{"nostructlevel", struct{}{}, "always checked", "drop it"},
		{"file", "", "server", "file tag"},
		{"mimetype=image/png", "", "server", "file tag"},
		{"tcp_addr", "", "resolve", "write hostname_port"},
		{"ip_addr", "", "resolve", "write ip"},
		{"uds_exists", "", "socket", "write a rule"},
		{"email|file", "", "file cannot be one of several", "write"},
		{"min=x", wrapped{}, "validator cannot judge", "Validate method"},
		{"pattern=(", "", "not a regular expression", "write"},
	}
	for _, row := range table {
		t.Run(row.tag, func(t *testing.T) {
			judge, err := compile(t, check.Builtin(), reflect.TypeOf(row.value), row.tag)
			require.Error(t, err)
			assert.Nil(t, judge)
			assert.Contains(t, err.Error(), row.problem)
			assert.Contains(t, err.Error(), row.fix)
		})
	}
}

func TestNothingToCheck(t *testing.T) {
	typ, err := typeinfo.Of(reflect.TypeFor[string]())
	require.NoError(t, err)
	cross := typeinfo.Rule{Name: "eqfield", Param: "A", HasParam: true, Cross: true}
	for _, rules := range []*typeinfo.Rules{nil, {}, {SkipZero: true}, {Self: []typeinfo.Rule{cross}}} {
		judge, err := check.Builtin().Compile(typ, rules)
		require.NoError(t, err)
		assert.Nil(t, judge)
	}
}

func TestPointerAndOptionalAreCheckedByTheirValues(t *testing.T) {
	for _, goType := range []reflect.Type{reflect.TypeFor[*int](), reflect.TypeFor[Optional[int]]()} {
		judge, err := compile(t, check.Builtin(), goType, "min=3")
		require.NoError(t, err)
		assert.Nil(t, judge(value(3)))
		assert.Equal(t, fault.GreaterEqual, judge(value(2)).Type)
	}
}

func TestFaultsAreShared(t *testing.T) {
	judge, err := compile(t, check.Builtin(), reflect.TypeFor[string](), "min=3,max=5")
	require.NoError(t, err)
	short, long := judge(value("")), judge(value("abcdef"))
	assert.Same(t, short, judge(value("ab")))
	assert.Equal(t, "min=3", short.Tag)
	assert.Equal(t, "max=5", long.Tag)
}

// The error of a list contains its length, so it cannot be shared.
func TestFaultsOfOneValue(t *testing.T) {
	judge, err := compile(t, check.Builtin(), reflect.TypeFor[[]int](), "max=1")
	require.NoError(t, err)
	two, three := judge(value([]int{1, 2})), judge(value([]int{1, 2, 3}))
	assert.Equal(t, 2, two.Ctx["actual_length"])
	assert.Equal(t, 3, three.Ctx["actual_length"])
	assert.Equal(t, "max=1", three.Tag)
}

func TestCustomRules(t *testing.T) {
	even := func(fl validator.FieldLevel) bool { return fl.Field().Int()%2 == 0 }
	small := func(fl validator.FieldLevel) bool { return fl.Field().NumField() < 2 && fl.Param() == "a,b" }
	some := func(fl validator.FieldLevel) bool { return fl.Field().String() == "x" }
	set, err := check.NewSet(custom(map[string]validator.Func{"even": even, "small": small, "some": some}))
	require.NoError(t, err)

	judge, err := compile(t, set, reflect.TypeFor[int](), "even")
	require.NoError(t, err)
	assert.Nil(t, judge(value(2)))
	f := judge(value(3))
	assert.Equal(t, &fault.Fault{Type: fault.ValueError, Ctx: says("breaks the rule even"), Rule: f.Rule, Tag: "even"}, f)

	// For a struct, the rule decides, and the tags of the struct are not checked again.
	type strict struct {
		A string `validate:"min=100"`
	}
	judge, err = compile(t, set, reflect.TypeFor[strict](), "small=a0x2Cb")
	require.NoError(t, err)
	assert.Nil(t, judge(value(strict{})))
	judge, err = compile(t, set, reflect.TypeFor[struct{ A, B int }](), "small=a0x2Cb")
	require.NoError(t, err)
	assert.NotNil(t, judge(value(struct{ A, B int }{})))

	judge, err = compile(t, set, reflect.TypeFor[any](), "some")
	require.NoError(t, err)
	var held any
	assert.Nil(t, judge(reflect.ValueOf(&held).Elem()), "null is not judged")
	held = "x"
	assert.Nil(t, judge(reflect.ValueOf(&held).Elem()))
	held = "y"
	assert.NotNil(t, judge(reflect.ValueOf(&held).Elem()))

	_, err = compile(t, check.Builtin(), reflect.TypeFor[int](), "even")
	var unknown *check.UnknownTagError
	require.ErrorAs(t, err, &unknown)
	assert.Equal(t, "even", unknown.Tag)
	assert.Contains(t, err.Error(), "Config.Rules")
	_, err = compile(t, check.Builtin(), reflect.TypeFor[int](), "min=1|even")
	require.ErrorAs(t, err, &unknown)
}

// An unknown rule is a misspelling, a word of another notation, or a value of the rule before it.
func TestWhatAnUnknownRuleMeans(t *testing.T) {
	for rules, want := range map[string]string{
		"emial":            "emial: no such rule; write email, or add it to Config.Rules",
		"requird":          "requird: no such rule; write required, or add it to Config.Rules",
		"gtefeild=A":       "gtefeild: no such rule; write gtefield, or add it to Config.Rules",
		"min=1,ge=1":       "ge: no such rule; write gte, or add it to Config.Rules",
		"min_length=3":     "min_length: no such rule; write min, or add it to Config.Rules",
		"in=a b":           "in: no such rule; write oneof=a b, or add it to Config.Rules",
		"regexp=^a":        "regexp: no such rule; write a tag of its own: `pattern:\"...\"`, or add it to Config.Rules",
		"optional":         "optional: no such rule; use a pointer, or write omitempty after the name, or add it to Config.Rules",
		"even":             "even: no such rule; write one of validator's or add it to Config.Rules",
		"oneof=a,bb":       "bb: no such rule; separate the values of oneof by spaces: oneof=a bb, or add it to Config.Rules",
		"max=3,noneof=a,b": "b: no such rule; separate the values of noneof by spaces: noneof=a b, or add it to Config.Rules",
	} {
		_, err := compile(t, check.Builtin(), reflect.TypeFor[string](), rules)
		assert.EqualError(t, err, want)
	}
}

func TestNewSetErrors(t *testing.T) {
	yes := func(validator.FieldLevel) bool { return true }
	for name, problem := range map[string]string{
		"": "a name has", "a b": "a name has", "a,b": "a name has", "a|b": "a name has", "a=b": "a name has", "ä": "a name has",
		"email": "taken", "iscolor": "taken", "dive": "taken", "-": "taken", "pattern": "taken", "required": "taken",
		"isdefault": "taken", "file": "taken", "eqfield": "taken", "omitzero": "taken", "0x2C": "taken",
	} {
		set, err := check.NewSet(custom(map[string]validator.Func{name: yes}))
		require.ErrorContains(t, err, problem, name)
		assert.Nil(t, set)
	}
	_, err := check.NewSet(custom(map[string]validator.Func{"mine": nil}))
	require.ErrorContains(t, err, "nil")
	_, err = check.NewSet(nil)
	require.NoError(t, err)
}

func TestTimesCompareWithThePresent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		for tag, keeps := range map[string][3]bool{ // a second ago, now, in a second
			"gt": {false, false, true}, "gte": {false, true, true}, "min": {false, true, true},
			"lt": {true, false, false}, "lte": {true, true, false}, "max": {true, true, false},
		} {
			judge, err := compile(t, check.Builtin(), reflect.TypeFor[moments](), tag)
			require.NoError(t, err)
			for i, at := range []time.Time{now.Add(-time.Second), now, now.Add(time.Second)} {
				assert.Equal(t, keeps[i], judge(value(at)) == nil, "%s %d", tag, i)
			}
		}
	})
}

func TestDescribe(t *testing.T) {
	assert.Equal(t, "must be a valid email address", check.Describe(one("email")))
	assert.Equal(t, `must start with "x"`, check.Describe(one("startswith=x")))
	assert.Equal(t, "must satisfy the rule mine=3", check.Describe(one("mine=3")))
	or := rules("hexcolor|rgb").Self[0]
	assert.Equal(t, "must be a colour such as #1e90ff or must be a colour such as rgb(30,144,255)", check.Describe(or))
}

// custom returns rules without messages.
func custom(funcs map[string]validator.Func) map[string]check.Custom {
	rules := map[string]check.Custom{}
	for name, f := range funcs {
		rules[name] = check.Custom{Func: f}
	}
	return rules
}
