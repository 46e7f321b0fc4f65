package check_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"

	"github.com/candor-go/candor/internal/check"
	"github.com/candor-go/candor/internal/typeinfo"
)

// agree compares the compiled rule with validator. If Compile rejects a rule there is nothing to compare; otherwise
// validator must not panic and must give the same result.
func agree(t *testing.T, v *validator.Validate, rule typeinfo.Rule, x any) {
	t.Helper()
	typ, err := typeinfo.Of(reflect.TypeOf(x))
	if err != nil {
		t.Fatal(err)
	}
	rules := &typeinfo.Rules{Self: []typeinfo.Rule{rule}}
	judge, err := check.Builtin().Compile(typ, rules)
	if err != nil {
		return
	}
	element := rule.Name
	if rule.HasParam {
		element += "=" + strings.NewReplacer(",", "0x2C", "|", "0x7C").Replace(rule.Param)
	}
	want := v.Var(x, element) == nil && !longDomain(rule, x)
	f := judge(reflect.ValueOf(x))
	if want != (f == nil) {
		t.Fatalf("%s of %#v: validator says %t, fault %+v", element, x, want, f)
	}
	q := check.Builtin().Quick(typ, rules)
	if quick(q, reflect.ValueOf(x)) && !want {
		t.Fatalf("%s of %#v: the quick judge is wrong", element, x)
	}
	if sure(q, reflect.ValueOf(x)) && !want {
		t.Fatalf("%s of %#v: the range is wrong", element, x)
	}
	if text, ok := x.(string); ok && q.Characters != nil && q.Characters.Has(int64(utf8.RuneCountInString(text))) != want {
		t.Fatalf("%s of %#v: the range of characters is wrong", element, x)
	}
}

// longDomain reports the one intended difference from validator: an address whose domain has more octets than RFC 5321,
// section 4.5.3.1.2, allows.
func longDomain(rule typeinfo.Rule, x any) bool {
	address, ok := x.(string)
	return rule.Name == "email" && ok && len(address[strings.LastIndexByte(address, '@')+1:]) > 255
}

// sure reports whether a value is in the range that needs no further check.
func sure(q check.Quick, v reflect.Value) bool {
	switch {
	case v.Kind() == reflect.Float64:
		return q.SureFloat != nil && q.SureFloat.Has(v.Float())
	case q.Sure == nil:
		return false
	case v.CanInt():
		return q.Sure.Has(v.Int())
	}
	return (v.Kind() == reflect.String || v.Kind() == reflect.Slice) && q.Sure.Has(int64(v.Len()))
}

// quick returns the result of the quick check for values of its kind.
func quick(q check.Quick, v reflect.Value) bool {
	switch {
	case v.Kind() == reflect.String && q.Text != nil:
		return q.Text(v.String())
	case v.Kind() == reflect.Slice && q.Length != nil:
		return q.Length(v.Len())
	case v.CanInt() && q.Int != nil:
		return q.Int(v.Int())
	case v.CanUint() && q.Uint != nil:
		return q.Uint(v.Uint())
	case v.CanFloat() && q.Float != nil:
		return q.Float(v.Float())
	}
	return false
}

// fresh returns a validator for one run: it caches every tag it has seen, and the next run has others.
func fresh() *validator.Validate { return validator.New(validator.WithRequiredStructEnabled()) }

// seeds are values and parameters of the tables.
var seeds = []struct{ value, param string }{
	{"", ""},
	{"abc", "3"},
	{"äöü", "3"},
	{"a b", "'a b' c"},
	{"\xff", "1"},
	{"A", "a"},
	{"true", "true"},
	{"-1.5", "-1.5"},
	{"0x1F", "0x10"},
	{"a,b", "a,b|c"},
	{"2020-01-01", "2006-01-02"},
	{"'", "a'b 'c"},
	{"ſ", "S"},
	{"1_0", "1_0"},
	{"9223372036854775807", "-9223372036854775808"},
	{"ada.l+x@mail-1.example.org", ""},
	{"a..b@example.org", ""},
	{"a@example", ""},
	{"a@-b.example.org1", ""},
	{"a@" + strings.Repeat("b.", 127) + "org", ""},
	{"2024-02-29", "2006-01-02"},
	{"2023-02-29", "2006-01-02"},
	{"0000-13-01", "2006-01-02"},
	{"2020-04-31", "2006-01-02"},
	{"2020-01-02T03:04:05.6Z", time.RFC3339},
	{"2020-01-02T03:04:05+24:00", time.RFC3339},
	{"2020-01-02t03:04:05z", time.RFC3339},
	{"2020-01-02", time.RFC3339},
}

// fits reports whether a parameter means the same inside a tag.
func fits(param string) bool {
	return !strings.Contains(param, "0x2C") && !strings.Contains(param, "0x7C")
}

func FuzzCheckStrings(f *testing.F) {
	names := []string{
		"min", "max", "len", "gt", "gte", "lt", "lte", "eq", "ne", "eq_ignore_case", "ne_ignore_case",
		"oneof", "oneofci", "noneof", "noneofci", "contains", "containsany", "containsrune", "excludes", "excludesall", "excludesrune",
		"startswith", "endswith", "startsnotwith", "endsnotwith", "datetime",
		"alpha", "alphaspace", "alphanum", "alphanumspace", "alphaunicode", "alphanumunicode", "numeric", "number", "hexadecimal",
		"ascii", "printascii", "lowercase", "uppercase", "boolean", "multibyte", "email",
	}
	for _, seed := range seeds {
		for i := range names {
			f.Add(uint8(i), seed.value, seed.param)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, s, param string) {
		if !fits(param) {
			return
		}
		v := fresh()
		name := names[int(which)%len(names)]
		agree(t, v, typeinfo.Rule{Name: name}, s)
		agree(t, v, typeinfo.Rule{Name: name, Param: param, HasParam: true}, s)
	})
}

// FuzzFormats compares the compiled formats with validator.
func FuzzFormats(f *testing.F) {
	names := []string{
		"email",
		"uuid", "uuid3", "uuid4", "uuid5", "uuid7", "uuid_rfc4122", "uuid3_rfc4122", "uuid4_rfc4122", "uuid5_rfc4122",
		"ip", "ipv4", "ipv6", "cidr", "cidrv4", "cidrv6", "hostname", "hostname_rfc1123", "fqdn",
		"url", "http_url", "uri", "e164", "base64", "base64url", "json", "https_url", "semver",
	}
	for _, value := range []string{
		"no address",
		"a@b.c.",
		"a@b.~c",
		"\"a@b\"@example.org",
		"ä@bü.org",
		"0b1e4a5c-6f0e-4a49-9e0e-0123456789ab",
		"0B1E4A5C-6F0E-3A49-FE0E-0123456789AB",
		"0b1e4a5c-6f0e-5a49-8e0e-0123456789ab",
		"0b1e4a5c-6f0e-7a49-ce0e-0123456789ab",
		"0b1e4a5c-6f0e-4a49-9e0e-0123456789a-",
		"127.0.0.1",
		"127.0.0.1/8",
		"10.0.0.0/8",
		"::1",
		"::ffff:1.2.3.4",
		"fe80::1%eth0",
		"2001:db8::/32",
		"::ffff:1.2.3.4/120",
		"::ffff:102:304",
		"::ffff:102:304/120",
		"a-.b",
		"1a.b2.",
		"a." + strings.Repeat("b", 63) + ".c1",
		"a." + strings.Repeat("b", 64),
		strings.Repeat("ab.", 84) + "cd.",
		"HTTP://Example.org/a?b#c",
		"file:///",
		"file:///a",
		"mailto:a@b.org",
		"http:///a",
		"http:#a",
		"/a b#c",
		"*",
		"a%zz:b",
		"+4930123456",
		"0030123456",
		"YWJjZA==",
		"YWJ=",
		"Y===",
		"-_+/",
		`{"a":[1]}`,
		"1.20.0",
		"1.02.0",
		"1.2.0-a.01",
		"1.2.0-a.-01+001.b-",
		"1.2.0+",
		"1.2.0-",
		"1.2",
		"https://a",
	} {
		for i := range names {
			f.Add(uint8(i), value)
		}
	}
	v := fresh()
	f.Fuzz(func(t *testing.T, which uint8, s string) {
		agree(t, v, typeinfo.Rule{Name: names[int(which)%len(names)]}, s)
	})
}

func FuzzCheckNumbers(f *testing.F) {
	names := []string{"min", "max", "len", "gt", "gte", "lt", "lte", "eq", "ne", "oneof", "noneof", "port", "numeric", "number", "latitude", "luhn_checksum"}
	for _, seed := range seeds {
		for i := range names {
			f.Add(uint8(i), uint64(i)-3, 1.5, seed.param)
			f.Add(uint8(i), uint64(1)<<63, -0.1, "1h30m")
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, bits uint64, x float64, param string) {
		if !fits(param) {
			return
		}
		v := fresh()
		name := names[int(which)%len(names)]
		for _, value := range []any{
			int(bits), int8(bits), int16(bits), int32(bits), int64(bits), uint(bits), uint8(bits), uint16(bits), uint32(bits), bits,
			x, float32(x), time.Duration(bits), level(bits), bits%2 == 0,
		} {
			agree(t, v, typeinfo.Rule{Name: name}, value)
			agree(t, v, typeinfo.Rule{Name: name, Param: param, HasParam: true}, value)
		}
	})
}

func FuzzCheckLists(f *testing.F) {
	names := []string{"min", "max", "len", "gt", "gte", "lt", "lte", "eq", "ne", "unique"}
	for i := range names {
		f.Add(uint8(i), []byte("abcabc"), "3")
		f.Add(uint8(i), []byte("abcdefghijklmnopqrstuvwxyz"), "26")
		f.Add(uint8(i), []byte("abcdefghijklmnopqrstuvwxya"), "-1")
		f.Add(uint8(i), []byte{}, "0")
	}
	f.Fuzz(func(t *testing.T, which uint8, items []byte, param string) {
		if !fits(param) {
			return
		}
		v := fresh()
		name := names[int(which)%len(names)]
		for _, list := range lists(items) {
			agree(t, v, typeinfo.Rule{Name: name}, list)
			agree(t, v, typeinfo.Rule{Name: name, Param: param, HasParam: true}, list)
		}
	})
}

// lists makes lists and maps of every kind of scalar out of bytes.
func lists(items []byte) []any {
	var texts []string
	var ints []int16
	var uints []uint32
	var floats []float32
	var pointers []*int
	var bools []bool
	var rows []struct{ A byte }
	numbers := map[string]int{}
	for i, b := range items {
		n := int(b)
		texts, ints, uints = append(texts, string(b)), append(ints, int16(b)-100), append(uints, uint32(b))
		floats, pointers, bools = append(floats, float32(b)-1), append(pointers, &n), append(bools, b > 100)
		rows, numbers[fmt.Sprint(i%7)] = append(rows, struct{ A byte }{b}), n
	}
	return []any{texts, ints, uints, floats, pointers, bools, rows, numbers, items, [3]int{1, len(items), 3}, []json.Number{"1", "2"}}
}

// Words splits as validator does, seen through oneof.
func FuzzWords(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed.param, seed.value)
	}
	f.Fuzz(func(t *testing.T, param, word string) {
		if !fits(param) || strings.ContainsAny(param, ",|") {
			return
		}
		v := fresh()
		in := false
		for _, w := range check.Words(param) {
			in = in || w == word
			if v.Var(w, "oneof="+param) != nil {
				t.Fatalf("%q is no word of %q", w, param)
			}
		}
		if in != (v.Var(word, "oneof="+param) == nil) {
			t.Fatalf("%q in %q: %t", word, param, in)
		}
	})
}
