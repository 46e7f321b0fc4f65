package bind_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net"
	"net/netip"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/bind"
	"github.com/candor-go/candor/internal/fault"
	"github.com/candor-go/candor/internal/mark"
	"github.com/candor-go/candor/internal/typeinfo"
)

type (
	count  int
	letter byte

	// optional is like candor.Optional.
	optional[T any] struct {
		Value     T
		Set, Null bool
		_         mark.Optional
	}

	// even is a text with an even number of bytes.
	even string

	level  string
	weight int

	// grade accepts any case but lists only lower case.
	grade string

	// told rejects everything with its own validation error.
	told struct{}

	// spoken has a JSON form and a text form.
	spoken struct{ Words string }

	// mute can only be encoded.
	mute struct{}
)

func (e *even) UnmarshalText(text []byte) error {
	if len(text)%2 != 0 {
		return errors.New("secret of a library")
	}
	*e = even(text)
	return nil
}

func (level) Enum() []level   { return []level{"low", "mid", "high"} }
func (weight) Enum() []weight { return []weight{1, 20} }
func (grade) Enum() []grade   { return []grade{"a"} }

func (g grade) MarshalText() ([]byte, error) { return []byte(g), nil }
func (g *grade) UnmarshalText(text []byte) error {
	*g = grade(strings.ToLower(string(text)))
	return nil
}

type toldError struct{}

func (toldError) Error() string { return "told" }
func (toldError) CandorFaults() []fault.Fault {
	return []fault.Fault{{Type: "told", Msg: "as it was told"}}
}

func (*told) UnmarshalText([]byte) error { return fmt.Errorf("reading: %w", toldError{}) }

func (s *spoken) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &s.Words) }
func (s *spoken) UnmarshalText(text []byte) error { s.Words = string(text); return nil }

func (mute) MarshalText() ([]byte, error) { return nil, nil }

// read binds a value of type T from text.
func read[T any](t testing.TB, text string) (T, *fault.Fault) {
	t.Helper()
	described, err := typeinfo.Of(reflect.TypeFor[T]())
	require.NoError(t, err)
	scalar, err := bind.CompileScalar(described)
	require.NoError(t, err)
	var into T
	f := scalar(reflect.ValueOf(&into).Elem(), text)
	return into, f
}

type scalarRow struct {
	name string
	run  func(t *testing.T)
}

func accepts[T any](text string, want T) scalarRow {
	return scalarRow{fmt.Sprintf("%T takes %q", want, text), func(t *testing.T) {
		got, f := read[T](t, text)
		require.Nil(t, f)
		assert.Equal(t, want, got)
	}}
}

// refuses expects a validation error of the type; facts are pairs of key and value.
func refuses[T any](typ, text string, facts ...any) scalarRow {
	return scalarRow{fmt.Sprintf("%s refuses %q", reflect.TypeFor[T](), text), func(t *testing.T) {
		_, f := read[T](t, text)
		require.NotNil(t, f)
		assert.Equal(t, typ, f.Type)
		assert.Empty(t, f.Loc)
		assert.Nil(t, f.Input)
		assert.Len(t, f.Ctx, len(facts)/2)
		for i := 0; i < len(facts); i += 2 {
			assert.EqualValues(t, facts[i+1], f.Ctx[facts[i].(string)])
		}
	}}
}

func TestScalars(t *testing.T) {
	one := 1
	rows := []scalarRow{
		accepts("0", 0),
		accepts("-7", -7),
		accepts("-0", 0),
		accepts("007", 7),
		accepts("5", count(5)),
		accepts("127", int8(127)),
		accepts("-128", int8(-128)),
		accepts("9223372036854775807", int64(math.MaxInt64)),
		accepts("-9223372036854775808", int64(math.MinInt64)),
		refuses[int](fault.IntParsing, ""),
		refuses[int](fault.IntParsing, "-"),
		refuses[int](fault.IntParsing, "+5"),
		refuses[int](fault.IntParsing, " 5"),
		refuses[int](fault.IntParsing, "5 "),
		refuses[int](fault.IntParsing, "1_000"),
		refuses[int](fault.IntParsing, "0x10"),
		refuses[int](fault.IntParsing, "4.2"),
		refuses[int](fault.IntParsing, "4.0"),
		refuses[int](fault.IntParsing, "1e3"),
		refuses[int](fault.IntParsing, "--5"),
		refuses[int](fault.IntParsing, "foo"),
		refuses[int](fault.IntParsing, "٣"),
		refuses[int](fault.IntParsing, "5\x00"),
		refuses[int8](fault.LessEqual, "300", "le", 127),
		refuses[int8](fault.GreaterEqual, "-129", "ge", -128),
		refuses[int16](fault.LessEqual, "32768", "le", 32767),
		refuses[int32](fault.GreaterEqual, "-2147483649", "ge", -2147483648),
		refuses[int64](fault.IntParsingSize, "9223372036854775808"),
		refuses[int8](fault.IntParsingSize, "99999999999999999999"),

		accepts("255", uint8(255)),
		accepts("-0", uint(0)),
		accepts("18446744073709551615", uint64(math.MaxUint64)),
		refuses[uint8](fault.LessEqual, "256", "le", 255),
		refuses[uint](fault.GreaterEqual, "-1", "ge", 0),
		refuses[uint](fault.GreaterEqual, "-99999999999999999999", "ge", 0),
		refuses[uint64](fault.IntParsingSize, "18446744073709551616"),
		refuses[uint](fault.IntParsing, "x"),
		refuses[uint](fault.IntParsing, "-"),

		accepts("1.5", 1.5),
		accepts("-0.5e-3", -0.0005),
		accepts("3", float32(3)),
		accepts("1E+2", 100.0),
		refuses[float64](fault.FloatParsing, ""),
		refuses[float64](fault.FloatParsing, "NaN"),
		refuses[float64](fault.FloatParsing, "Inf"),
		refuses[float64](fault.FloatParsing, "-infinity"),
		refuses[float64](fault.FloatParsing, "0x1p-2"),
		refuses[float64](fault.FloatParsing, "1_0.5"),
		refuses[float64](fault.FloatParsing, "01"),
		refuses[float64](fault.FloatParsing, "-01.5"),
		refuses[float64](fault.FloatParsing, ".5"),
		refuses[float64](fault.FloatParsing, "5."),
		refuses[float64](fault.FloatParsing, "+5"),
		refuses[float64](fault.FloatParsing, "1e"),
		refuses[float64](fault.FloatParsing, "1e+"),
		refuses[float64](fault.FloatParsing, "1 "),
		refuses[float64](fault.FiniteNumber, "1e999"),
		refuses[float32](fault.FiniteNumber, "1e39"),

		accepts("12345678901234567890.10", json.Number("12345678901234567890.10")),
		refuses[json.Number](fault.FloatParsing, "one"),

		refuses[bool](fault.BoolParsing, ""),
		refuses[bool](fault.BoolParsing, "2"),
		refuses[bool](fault.BoolParsing, "tru"),
		refuses[bool](fault.BoolParsing, "falſe"),
		refuses[bool](fault.BoolParsing, "yeſ"),
		refuses[bool](fault.BoolParsing, " true"),

		accepts("", ""),
		accepts("héllo\n", "héllo\n"),
		refuses[string](fault.StringUnicode, "a\xffb"),
		accepts("a\xffb", []byte("a\xffb")),
		accepts("ab", []letter{'a', 'b'}),

		accepts(`{"a": 1}`, json.RawMessage(`{"a": 1}`)),
		refuses[json.RawMessage](fault.JSONInvalid, `{"a"`, "error", "not one JSON value"),
		refuses[json.RawMessage](fault.JSONInvalid, "", "error", "not one JSON value"),

		accepts("2026-11-21T10:00:00.25Z", time.Date(2026, 11, 21, 10, 0, 0, 250_000_000, time.UTC)),
		accepts("2026-11-21T10:00:00Z", time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)),
		refuses[time.Time](fault.DatetimeParsing, ""),
		refuses[time.Time](fault.DatetimeParsing, "2026-11-21"),
		refuses[time.Time](fault.DatetimeParsing, "2026-11-21T1:00:00Z"),
		refuses[time.Time](fault.DatetimeParsing, "2026-11-21T10:00:00,5Z"),
		refuses[time.Time](fault.DatetimeParsing, "2026-11-21T10:00:00 02:00"),
		refuses[time.Time](fault.DatetimeParsing, "2026-11-21T10:00:00"),
		refuses[time.Time](fault.DatetimeParsing, "2026-11-21T10:00:00."),
		refuses[time.Time](fault.DatetimeParsing, "2026-11-21T10:00:00.Z"),
		refuses[time.Time](fault.DatetimeParsing, "2026-11-21t10:00:00z"),
		refuses[time.Time](fault.DatetimeParsing, "2026-02-30T10:00:00Z"),
		refuses[time.Time](fault.DatetimeParsing, "2026-11-21T24:00:00Z"),
		refuses[time.Time](fault.DatetimeParsing, "2026-11-21T10:00:00+24:00"),
		refuses[time.Time](fault.DatetimeParsing, "2026-11-21T10:00:00+00:60"),
		refuses[time.Time](fault.DatetimeParsing, "2026-11-21T10:00:00+01:00Z"),

		accepts("1h30m", 90*time.Minute),
		refuses[time.Duration](fault.DeltaParsing, ""),
		refuses[time.Duration](fault.DeltaParsing, "90"),
		refuses[time.Duration](fault.DeltaParsing, "PT90M"),

		accepts("10.0.0.1", netip.MustParseAddr("10.0.0.1")),
		accepts("::1", net.ParseIP("::1")),
		refuses[netip.Addr](fault.IPAddress, "10.0.0"),
		refuses[netip.Addr](fault.IPAddress, ""),
		refuses[net.IP](fault.IPAddress, ""),
		refuses[netip.Prefix](fault.ValueError, "", "error", "not a valid Prefix"),
		accepts("-12345678901234567890", *mustInt("-12345678901234567890")),
		refuses[big.Int](fault.IntParsing, "0x10"),
		refuses[big.Int](fault.IntParsing, "1_000"),
		refuses[big.Float](fault.FloatParsing, "Inf"),
		accepts("3/4", *big.NewRat(3, 4)),
		refuses[big.Rat](fault.ValueError, "1e1000000", "error", "not a valid Rat"),
		refuses[big.Rat](fault.ValueError, "1/0", "error", "not a valid Rat"),

		accepts("", even("")),
		accepts("ab", even("ab")),
		refuses[even](fault.ValueError, "abc", "error", "not a valid even"),
		refuses[even](fault.ValueError, "\xff\xff", "error", "not a valid even"),
		accepts("hi", spoken{Words: "hi"}),
		refuses[told]("told", "x"),

		accepts("mid", level("mid")),
		refuses[level](fault.Enum, "MID", "expected", "'low', 'mid' or 'high'"),
		refuses[level](fault.Enum, "", "expected", "'low', 'mid' or 'high'"),
		accepts("20", weight(20)),
		refuses[weight](fault.Enum, "2", "expected", "1 or 20"),
		refuses[weight](fault.Enum, "foo", "expected", "1 or 20"),
		accepts("a", grade("a")),
		refuses[grade](fault.Enum, "A", "expected", "'a'"),

		accepts("1", &one),
		refuses[*int](fault.IntParsing, ""),
		refuses[*level](fault.Enum, "x", "expected", "'low', 'mid' or 'high'"),
		accepts("1", optional[int]{Value: 1, Set: true}),
		accepts("", optional[string]{Set: true}),
		refuses[optional[int]](fault.IntParsing, ""),
	}
	for _, word := range []string{"1", "true", "TRUE", "t", "T", "yes", "Yes", "y", "on", "oN"} {
		rows = append(rows, accepts(word, true))
	}
	for _, word := range []string{"0", "false", "False", "f", "F", "no", "NO", "n", "off", "Off"} {
		rows = append(rows, accepts(word, false))
	}
	for _, row := range rows {
		t.Run(row.name, row.run)
	}
}

func mustInt(text string) *big.Int {
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		panic(text)
	}
	return n
}

// No dependency has types with these formats, so the test sets the formats itself.
func TestFormats(t *testing.T) {
	const valid = "0189f7ea-ae2c-7809-8aeb-b819cf5e9e7f"
	rows := []struct{ format, text, fault string }{
		{"uuid", valid, ""},
		{"uuid", strings.ToUpper(valid), ""},
		{"uuid", "", fault.UUIDParsing},
		{"uuid", "{" + valid + "}", fault.UUIDParsing},
		{"uuid", strings.ReplaceAll(valid, "-", ""), fault.UUIDParsing},
		{"uuid", strings.ReplaceAll(valid, "-", "0"), fault.UUIDParsing},
		{"uuid", strings.ReplaceAll(valid, "a", "g"), fault.UUIDParsing},
		{"ipv4", "", fault.IPv4Address},
		{"ipv6", "", fault.IPv6Address},
		{"decimal", "", fault.DecimalParsing},
		{"date", "", fault.DateParsing},
		{"time", "", fault.TimeParsing},
		{"duration", "", fault.DeltaParsing},
		{"uri", "", fault.URLParsing},
		{"ulid", "", fault.ValueError},
	}
	for _, row := range rows {
		t.Run(row.format+" "+row.text, func(t *testing.T) {
			scalar, err := bind.CompileScalar(&typeinfo.Type{
				Go: reflect.TypeFor[even](), Kind: typeinfo.Text, Format: row.format, Reads: true,
			})
			require.NoError(t, err)
			var into even
			f := scalar(reflect.ValueOf(&into).Elem(), row.text)
			if row.fault == "" {
				require.Nil(t, f)
				assert.EqualValues(t, row.text, into)
				return
			}
			require.NotNil(t, f)
			assert.Equal(t, row.fault, f.Type)
		})
	}
}

// copied reads into a copy of itself.
type copied string

func (copied) UnmarshalText([]byte) error { return nil }

func TestCompileScalarAdvises(t *testing.T) {
	rows := []struct {
		of  reflect.Type
		fix string
	}{
		{reflect.TypeFor[struct{ A int }](), "UnmarshalText"},
		{reflect.TypeFor[*struct{ A int }](), "UnmarshalText"},
		{reflect.TypeFor[map[string]int](), "one field for each value"},
		{reflect.TypeFor[any](), "use string"},
		{reflect.TypeFor[[]int](), "use one list"},
		{reflect.TypeFor[[2]int](), "use one list"},
		{reflect.TypeFor[mute](), "add a method UnmarshalText"},
		{reflect.TypeFor[copied](), "declare UnmarshalText with a pointer receiver"},
		{reflect.TypeFor[*copied](), "declare UnmarshalText with a pointer receiver"},
	}
	for _, row := range rows {
		t.Run(row.of.String(), func(t *testing.T) {
			described, err := typeinfo.Of(row.of)
			require.NoError(t, err)
			_, err = bind.CompileScalar(described)
			var e *typeinfo.Error
			require.ErrorAs(t, err, &e)
			assert.Contains(t, e.Fix, row.fix)
		})
	}
}

var (
	integerGrammar = regexp.MustCompile(`^-?[0-9]+$`)
	numberGrammar  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
	boolGrammar    = regexp.MustCompile(`^([01tTfFyYnN]|[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]|[yY][eE][sS]|[nN][oO]|[oO][nN]|[oO][fF][fF])$`)
)

// FuzzScalars compares numbers and booleans with a regular expression of the grammar and strconv.
func FuzzScalars(f *testing.F) {
	for _, text := range []string{
		"", "-", "0", "-0", "007", "127", "128", "-129", "255", "256", "1_0", "0x1", "+1", " 1", "1 ", "٣", "1.5", "01", "1.",
		".5", "1e5", "1E-5", "1e", "1e+", "1e999", "-1e39", "NaN", "Inf", "9223372036854775808", "18446744073709551616",
		"-99999999999999999999", "true", "YES", "yeſ", "off", "o", "n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		i8, broken := read[int8](t, text)
		wantI8, err := strconv.ParseInt(text, 10, 8)
		sameScalar(t, text, integerGrammar.MatchString(text) && err == nil, int8(wantI8), i8, broken)

		i64, broken := read[int64](t, text)
		wantI64, err := strconv.ParseInt(text, 10, 64)
		sameScalar(t, text, integerGrammar.MatchString(text) && err == nil, wantI64, i64, broken)

		u64, broken := read[uint64](t, text)
		wantU64, err := strconv.ParseUint(regexp.MustCompile(`^-(0+)$`).ReplaceAllString(text, "$1"), 10, 64)
		sameScalar(t, text, integerGrammar.MatchString(text) && err == nil, wantU64, u64, broken)

		f32, broken := read[float32](t, text)
		wantF32, err := strconv.ParseFloat(text, 32)
		sameScalar(t, text, numberGrammar.MatchString(text) && err == nil, float32(wantF32), f32, broken)

		f64, broken := read[float64](t, text)
		wantF64, err := strconv.ParseFloat(text, 64)
		sameScalar(t, text, numberGrammar.MatchString(text) && err == nil, wantF64, f64, broken)

		b, broken := read[bool](t, text)
		sameScalar(t, text, boolGrammar.MatchString(text), strings.ContainsAny(text[:min(1, len(text))], "1tTyY") || strings.EqualFold(text, "on"), b, broken)
	})
}

func sameScalar[T comparable](t *testing.T, text string, valid bool, want, got T, f *fault.Fault) {
	t.Helper()
	require.Equal(t, valid, f == nil, "%T from %q: %v", got, text, f)
	if valid {
		require.Equal(t, want, got, "%T from %q", got, text)
	}
}
