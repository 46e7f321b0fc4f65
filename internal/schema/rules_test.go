package schema_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/schema"
	"github.com/candor-go/candor/internal/typeinfo"
)

func TestRules(t *testing.T) {
	t.Parallel()
	str, num, unum, fnum := reflect.TypeFor[string](), reflect.TypeFor[int64](), reflect.TypeFor[uint64](), reflect.TypeFor[float64]()
	list, mapped := reflect.TypeFor[[]string](), reflect.TypeFor[map[string]int64]()
	const (
		text    = `"type":"string"`
		integer = `"type":"integer","format":"int64"`
		number  = `"type":"number","format":"double"`
		strings = `"items":{"type":"string"}`
		ints    = `"additionalProperties":{"type":"integer","format":"int64"}`
		email   = `"format":"idn-email"`
		url     = `"format":"iri"`
		uri     = `"pattern":"^(/|\\*(#|$)|[a-zA-Z][a-zA-Z0-9+.-]*:)"`
		ipv4    = `"anyOf":[{"type":"string","format":"ipv4"},{"type":"string","format":"ipv6"}]`
	)
	for _, row := range []struct {
		typ  reflect.Type
		tag  string
		want string
	}{
		{str, `min=2`, text + `,"minLength":2`},
		{str, `gte=0x2`, text + `,"minLength":2`},
		{str, `max=3`, text + `,"maxLength":3`},
		{str, `lte=0`, text + `,"maxLength":0`},
		{str, `len=3`, text + `,"minLength":3,"maxLength":3`},
		{str, `gt=1`, text + `,"minLength":2`},
		{str, `lt=3`, text + `,"maxLength":2`},
		{str, `min=-1`, text},
		{str, `min=1,max=50,min=2`, text + `,"minLength":2,"maxLength":50`},
		{str, `eq=ab`, text + `,"const":"ab"`},
		{str, `ne=ab`, text + `,"not":{"type":"string","const":"ab"}`},
		{str, `oneof=a 'b c'`, text + `,"enum":["a","b c"]`},
		{str, `noneof=a b`, text + `,"not":{"type":"string","enum":["a","b"]}`},
		{reflect.TypeFor[string](), `isdefault`, `"type":"string","const":""`},
		{reflect.TypeFor[int64](), `isdefault`, `"type":"integer","format":"int64","const":0`},
		{reflect.TypeFor[uint8](), `isdefault`, `"type":"integer","format":"int32","const":0,"minimum":0,"maximum":255`},
		{reflect.TypeFor[float64](), `isdefault`, `"type":"number","format":"double","const":0`},
		{reflect.TypeFor[bool](), `isdefault`, `"type":"boolean","const":false`},
		{reflect.TypeFor[[]string](), `isdefault`, `"type":"array","items":{"type":"string"},"x-validate":"isdefault"`},
		{reflect.TypeFor[string](), `isdefault|alpha`, `"type":"string","anyOf":[{"type":"string","const":""},{"type":"string","pattern":"^[a-zA-Z]+$"}]`},
		{reflect.TypeFor[int64](), `multipleOf=5`, `"type":"integer","format":"int64","multipleOf":5`},
		{reflect.TypeFor[float64](), `multipleOf=0.1,multipleOf=0.25`, `"type":"number","format":"double","multipleOf":0.1,"allOf":[{"multipleOf":0.25}]`},
		{str, `oneofci=ab 1k`, text + `,"pattern":"^([aA][bB]|1[k` + "\u212a" + `K])$"`},
		{str, `noneofci=a`, text + `,"not":{"type":"string","pattern":"^([aA])$"}`},
		{str, `eq_ignore_case=a.b`, text + `,"pattern":"^[aA]\\.[bB]$"`},
		{str, `ne_ignore_case=a`, text + `,"not":{"type":"string","pattern":"^[aA]$"}`},
		{str, `oneof=a b,oneof=b c`, text + `,"enum":["a","b"],"allOf":[{"type":"string","enum":["b","c"]}]`},
		{str, `required`, text},
		{str, `uuid`, text + `,"format":"uuid"`},
		{str, `uuid4`, text + `,"format":"uuid","pattern":"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"`},
		{str, `uuid5_rfc4122`, text + `,"format":"uuid","pattern":"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-5[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$"`},
		{str, `datetime=2006-01-02`, text + `,"format":"date"`},
		{str, `datetime=2006-01-02T15:04:05Z07:00`, text + `,"x-validate":"datetime=2006-01-02T15:04:05Z07:00"`},
		{str, `email`, text + `,` + email + `,"x-validate":"email"`},
		{str, `url`, text + `,` + url + `,"x-validate":"url"`},
		{str, `http_url`, text + `,` + url + `,"pattern":"^[hH][tT][tT][pP][sS]?://","x-validate":"http_url"`},
		{str, `uri`, text + `,` + uri + `,"x-validate":"uri"`},
		{str, `ipv4`, text + `,` + ipv4 + `,"x-validate":"ipv4"`},
		{str, `ip`, text + `,"anyOf":[{"type":"string","format":"ipv4"},{"type":"string","format":"ipv6"}],"x-validate":"ip"`},
		{str, `hostname`, text + `,"pattern":"^[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$"`},
		{str, `dns_rfc1035_label`, text + `,"maxLength":63,"pattern":"^[a-z]([-a-z0-9]*[a-z0-9])?$"`},
		{str, `alpha`, text + `,"pattern":"^[a-zA-Z]+$"`},
		{str, `alphaunicode`, text + `,"pattern":"^\\p{L}+$"`},
		{str, `lowercase`, text + `,"pattern":"^[^A-Z]+$","x-validate":"lowercase"`},
		{str, `startswith=a.b`, text + `,"pattern":"^a\\.b"`},
		{str, `endswith=$`, text + `,"pattern":"\\$$"`},
		{str, `contains=0x2C`, text + `,"pattern":","`},
		{str, `excludes=a(`, text + `,"not":{"type":"string","pattern":"a\\("}`},
		{str, `startsnotwith=x`, text + `,"not":{"type":"string","pattern":"^x"}`},
		{str, `containsany=a]-^\\`, text + `,"pattern":"[a\\]\\-\\^\\\\]"`},
		{str, `excludesall=!?`, text + `,"pattern":"^[^!?]*$"`},
		{str, `containsrune=é`, text + `,"pattern":"[é]"`},
		{str, `contains=a,contains=b,startswith=c`, text + `,"pattern":"a","allOf":[{"pattern":"b"},{"pattern":"^c"}]`},
		{str, `excludes=a,excludes=b`, text + `,"allOf":[{"not":{"type":"string","pattern":"b"}}],"not":{"type":"string","pattern":"a"}`},
		{str, `base64`, text + `,"contentEncoding":"base64","pattern":"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$"`},
		{str, `json`, text + `,"contentMediaType":"application/json","x-validate":"json"`},
		{str, `boolean`, text + `,"enum":["1","t","T","TRUE","true","True","0","f","F","FALSE","false","False"]`},
		{str, `cidr,mac`, text + `,"x-validate":"cidr,mac"`},
		{str, `eq=a|eq=b`, text + `,"anyOf":[{"type":"string","const":"a"},{"type":"string","const":"b"}]`},
		{str, `email|cidr`, text + `,"x-validate":"email|cidr"`},
		{str, `email|len=0`, text + `,"anyOf":[{"type":"string",` + email + `},{"type":"string","maxLength":0}],"x-validate":"email|len=0"`},
		{str, `omitempty,max=3`, text + `,"maxLength":3`},
		{str, `omitempty,min=3,max=9`, text + `,"anyOf":[{"type":"string","minLength":3,"maxLength":9},{"type":"string","const":""}]`},
		{str, `omitempty,email`, text + `,"anyOf":[{"type":"string",` + email + `},{"type":"string","const":""}],"x-validate":"email"`},

		{num, `min=1,max=100`, integer + `,"minimum":1,"maximum":100`},
		{num, `gt=1,lt=1000000`, integer + `,"exclusiveMinimum":1,"exclusiveMaximum":1000000`},
		{num, `gte=5,gt=5,min=3`, integer + `,"exclusiveMinimum":5`},
		{num, `lt=5,lte=5`, integer + `,"exclusiveMaximum":5`},
		{num, `eq=-7`, integer + `,"const":-7`},
		{num, `len=7`, integer + `,"const":7`},
		{num, `ne=9007199254740993`, integer + `,"not":{"type":"integer","const":9007199254740993}`},
		{num, `max=9007199254740993`, integer + `,"x-validate":"max=9007199254740993"`},
		{num, `max=9007199254740992`, integer + `,"maximum":9007199254740992`},
		{num, `oneof=1 2 9007199254740993`, integer + `,"enum":[1,2,9007199254740993]`},
		{num, `noneof=-1 0`, integer + `,"not":{"type":"integer","enum":[-1,0]}`},
		{num, `port`, integer + `,"minimum":1,"maximum":65535`},
		{num, `latitude`, integer + `,"minimum":-90,"maximum":90`},
		{num, `numeric`, integer},
		{num, `eq=0|gte=10`, integer + `,"anyOf":[{"type":"integer","const":0},{"type":"integer","minimum":10}]`},
		{num, `omitempty,gte=0`, integer + `,"minimum":0`},
		{num, `omitempty,gte=10`, integer + `,"anyOf":[{"type":"integer","minimum":10},{"type":"integer","const":0}]`},
		{reflect.TypeFor[int8](), `min=-500,max=10`, `"type":"integer","format":"int32","minimum":-128,"maximum":10`},
		{unum, `gt=0`, `"type":"integer","exclusiveMinimum":0`},
		{unum, `max=5`, `"type":"integer","minimum":0,"maximum":5`},
		{fnum, `gte=0.1,lt=1e21`, number + `,"minimum":0.1,"exclusiveMaximum":1e+21`},
		{reflect.TypeFor[float32](), `gte=0.1`, `"type":"number","format":"float","minimum":0.1`},
		{fnum, `eq=1.5`, number + `,"const":1.5`},
		{reflect.TypeFor[bool](), `eq=true`, `"type":"boolean","const":true`},
		{reflect.TypeFor[*int64](), `min=1`, `"type":["integer","null"],"format":"int64","minimum":1`},
		{reflect.TypeFor[*int64](), `eq=1`, `"anyOf":[{"type":"integer","format":"int64","const":1},{"type":"null"}]`},
		{reflect.TypeFor[*string](), `omitempty,min=1`, `"type":["string","null"],"minLength":1`},
		{reflect.TypeFor[optional[string]](), `min=1`, `"type":["string","null"],"minLength":1`},
		{reflect.TypeFor[word](), `ne=a`, `"allOf":[{"$ref":"#/components/schemas/word"},{"not":{"const":"a"}}]`},
		{reflect.TypeFor[word](), `oneof=a`, `"allOf":[{"$ref":"#/components/schemas/word"},{"enum":["a"]}]`},

		{list, `min=1,max=5`, `"type":"array","minItems":1,"maxItems":5,` + strings},
		{list, `len=2`, `"type":"array","minItems":2,"maxItems":2,` + strings},
		{list, `eq=2`, `"type":"array","minItems":2,"maxItems":2,` + strings},
		{list, `ne=0`, `"type":"array",` + strings + `,"not":{"type":"array","maxItems":0}`},
		{list, `unique`, `"type":"array","uniqueItems":true,` + strings},
		{list, `omitempty,min=1`, `"type":"array","minItems":1,` + strings},
		{list, `max=5,dive,min=1,max=20`, `"type":"array","maxItems":5,"items":{"type":"string","minLength":1,"maxLength":20}`},
		{reflect.TypeFor[*[]*string](), `min=1,dive,min=2`, `"type":["array","null"],"minItems":1,"items":{"type":["string","null"],"minLength":2}`},
		{reflect.TypeFor[[][]int64](), `dive,min=1,dive,gt=0`, `"type":"array","items":{"type":"array","minItems":1,"items":{"type":"integer","format":"int64","exclusiveMinimum":0}}`},
		{reflect.TypeFor[[]time.Time](), `unique`, `"type":"array","items":{"type":"string","format":"date-time"},"x-validate":"unique"`},
		{mapped, `min=1,max=5`, `"type":"object","minProperties":1,"maxProperties":5,` + ints},
		{mapped, `unique`, `"type":"object",` + ints + `,"x-validate":"unique"`},
		{mapped, `dive,keys,min=2,endkeys,gte=1`, `"type":"object","propertyNames":{"type":"string","minLength":2},"additionalProperties":{"type":"integer","format":"int64","minimum":1}`},
		{reflect.TypeFor[map[int]int64](), `dive,keys,min=2,endkeys`, `"type":"object","propertyNames":{"type":"string","pattern":"^(0|-?[1-9][0-9]*)$","x-validate":"int,min=2"},` + ints},
		{reflect.TypeFor[[]byte](), `min=4,max=6`, `"type":"string","contentEncoding":"base64","minLength":8,"maxLength":8,"x-validate":"min=4,max=6"`},
		{reflect.TypeFor[time.Time](), `gt`, `"type":"string","format":"date-time","x-validate":"gt"`},
		{reflect.TypeFor[json.Number](), `numeric`, `"type":"number","x-validate":"numeric"`},
		{reflect.TypeFor[colour](), `vague`, `"type":"string","x-validate":"colour,vague"`},
	} {
		t.Run(row.typ.String()+" "+row.tag, func(t *testing.T) {
			t.Parallel()
			f := field(t, row.typ, `validate:"`+row.tag+`"`)
			assert.Equal(t, "{"+row.want+"}", compact(t, schema.New(schema.Options{}).Field(f, schema.In)))
		})
	}
}

func TestPatternTagStandsAsItIs(t *testing.T) {
	t.Parallel()
	c := schema.New(schema.Options{})
	f := field(t, reflect.TypeFor[string](), `validate:"alpha" pattern:"^[A-Z]{3}$"`)
	assert.JSONEq(t, `{"type":"string","pattern":"^[a-zA-Z]+$","allOf":[{"pattern":"^[A-Z]{3}$"}]}`, compact(t, c.Field(f, schema.In)))
}

func TestRulesAboutOtherFieldsAreNoted(t *testing.T) {
	t.Parallel()
	d := describe[struct {
		A string `json:"a"`
		B string `json:"b" validate:"eqfield=A,max=3"`
	}](t)
	c := schema.New(schema.Options{})
	assert.JSONEq(t, `{"type":"string","maxLength":3,"x-validate":"eqfield"}`, compact(t, c.Field(d.Object.Field("b"), schema.In)))
}

func TestRulesBesideAReference(t *testing.T) {
	t.Parallel()
	c := schema.New(schema.Options{})
	f := field(t, reflect.TypeFor[Item](), `validate:"isdefault"`)
	assert.JSONEq(t, `{"$ref":"#/components/schemas/Item","x-validate":"isdefault"}`, compact(t, c.Field(f, schema.In)))
}

// samples are texts at the boundaries of the text rules.
var samples = []string{
	"", " ", "a", "A", "ab", "aB", "abc", "abc1", "abc 1", "ABC", "é", "É", "éa", "ß", "STRASSE", "Straße", "日本", "١", "½", "𝐀", "ǅ", "Ⅷ",
	"\n", "a\nb", "\x00", "\x7f", "~", "!", "a!b", "a?b", "a.b", "a,b", "a|b", "a-b", "a]b", "a^b", `a\b`, "$", "a$", "(", "a(b", "k", "K", "1k", "ſ",
	"0", "1", "-1", "+1", "1.0", "1.", ".5", "1e5", "007", "90", "90.0", "90.1", "-90", "180", "180.0", "180.5", "-179.99", "89.999", "65535", "65536",
	"true", "TRUE", "True", "tRUE", "t", "F", "false", "no",
	"0x1f", "0XFF", "0x", "deadbeef", "xyz", "#fff", "#FFFF", "#ffffff", "#ff", "#12345678", "fff",
	"rgb(1,2,3)", "rgb( 1 , 2 , 3 )", "rgb(256,0,0)", "rgb(10%,20%,30%)", "rgb(10%,20%,30)", "rgba(1,2,3,0.5)", "rgba(1,2,3,1)", "rgba(1,2,3,0.05)",
	"hsl(360,100%,50%)", "hsl(361,100%,50%)", "hsla(120,1%,1%,0.3)", "cmyk(88%, 44%, 0%, 0%)", "cmyk(101%,0%,0%,0%)",
	"+4930123456", "4930123456", "0930123456", "+1", "+123456789012345", "+1234567890123456",
	"a@b.de", "ü@b.de", "a@bücher.de", strings.Repeat("a", 65) + "@b.de", "a@" + strings.Repeat("b.", 130) + "de", "http://a.de/a b", "http://a.de/<x>", "http://a.de/[x]#a#b", "http://ä.de/ö", "0:0:0:0:0:FFFF:102:304", "::ffff:1.2.3.4", "a@b", "a.b+c@example.com", "a@localhost", "\"a b\"@example.com", "a@b.de.", ".a@b.de", "a@-b.de",
	"http://a.de", "HTTP://a.de/x?y#z", "https://a.de:80", "ftp://a.de", "mailto:a@b.de", "javascript:alert(1)", "/a/b", "a/b", "http://", "//a.de", "file:///x", "http://a.de/%zz", "#x",
	"1.2.3.4", "1.2.3", "256.1.1.1", "01.2.3.4", "::1", "fe80::1%eth0", "2001:db8::1", "::", ":::", "1.2.3.4/24",
	"localhost", "example.com", "example.com.", "a-.de", "-a.de", "1a.de", "a_b.de", "a.1", "1.1", "a..b", strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a.", 150) + "de",
	"6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "550e8400-e29b-41d4-a716-446655440000", "550E8400-E29B-41D4-A716-446655440000",
	"6fa459ea-ee8a-3ca4-894e-db77e160355e", "886313e1-3b8a-5372-9b90-0c9aee199e5d", "01890a5d-ac96-774b-bcce-b302099a8057", "550e8400e29b41d4a716446655440000",
	"01ARZ3NDEKTSV4RRFFQ69G5FAV", "01arz3ndektsv4rrffq69g5fav", "81ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTſV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FA", "01ARZ3NDE\u212aTSV4RRFFQ69G5FAV", "1\u212a",
	"YQ==", "YWI=", "YWJj", "YQ", "Y-_=", "YW_-", "YQ=", "YW-_YQ", "MFRA====", "MFRGG===", "ME======", "mfra====", "AAAAAAAA",
	"{}", "[1,]", "null", "a.b.c", "a.b.", "a.b", "a-_.b-_.c-_", "1.2.3", "1.2.3-rc.1+b.2", "01.2.3", "1.2", "1.2.3-01", "1.2.3-a",
	strings.Repeat("a", 32), strings.Repeat("0f", 20), strings.Repeat("0f", 32), strings.Repeat("0f", 48), strings.Repeat("0f", 64), strings.Repeat("0f", 24), strings.Repeat("0f", 12), strings.Repeat("0F", 16),
	"0x" + strings.Repeat("aB", 20), "CVE-2021-1234", "CVE-1999-0067", "CVE-1998-0001", "CVE-2021-0000", "CVE-2021-12345",
	"DEUTDEFF", "DEUTDEFF500", "deutdeff", "DEUTDEFF5", "12-3456789", "123456789", "2049-3630", "2049-363X", "20493630",
	"1h30m", "-1.5h", "1", "0", "+0", ".5s", "1h 30m", "9999999999h", "µs", "3µs",
	"2026-01-02", "2026-13-02", "2026-02-30", "2026-1-2", "2024-02-29", "0000-01-01", "2026-01-02T03:04:05Z", "03:04:05Z", "100%", "100%25", "%zz", "a%20b",
	"dot.", "a]-", "x", "xa", "aax", "b", "c", "b c", "ca", "cab", "!?", "-", "\\", "&", "ab]cd",
}

// textRules are the rules of text with keywords.
var textRules = strings.Fields(`min=2 max=3 len=3 gt=1 lt=3 gte=0x2 lte=0 eq=ab ne=ab noneof=a eq_ignore_case=1K ne_ignore_case=k
	oneofci=ab noneofci=sTrasse startswith=a. endswith=$ contains=0x2C excludes=a( startsnotwith=x endsnotwith=b containsany=a]-^\ excludesall=!? containsrune=é excludesrune=é
	alpha alphaspace alphanum alphanumspace alphaunicode alphanumunicode numeric number hexadecimal ascii printascii multibyte lowercase uppercase boolean e164
	hexcolor rgb rgba hsl hsla cmyk iscolor email url uri http_url https_url ip ipv4 ipv6 hostname hostname_rfc1123 hostname_label fqdn dns_rfc1035_label url_encoded
	uuid uuid3 uuid4 uuid5 uuid7 uuid_rfc4122 uuid3_rfc4122 uuid4_rfc4122 uuid5_rfc4122 ulid base32 base64 base64url base64rawurl json jwt
	md4 md5 sha256 sha384 sha512 ripemd128 ripemd160 tiger128 tiger160 tiger192 semver mongodb eth_addr cve bic bic_iso_9362_2014 ein issn duration
	datetime=2006-01-02 latitude longitude eq=a|eq=b email|len=1 omitempty,min=3 omitempty,uuid4 omitempty,ne=a oneof=a|alpha`)

// judgeOfRule compiles the schema of a rule, with formats.
func judgeOfRule(t testing.TB, tag string) (judge *jsonschema.Schema, text string) {
	t.Helper()
	f := field(t, reflect.TypeFor[string](), `validate:"`+strings.ReplaceAll(tag, `\`, `\\`)+`"`)
	text = compact(t, schema.New(schema.Options{}).Field(f, schema.In))
	return judgeText(t, text, ""), text
}

// FuzzNoRuleIsWiderThanItsSchema looks for texts that satisfy a rule but not its schema, with formats enabled.
func FuzzNoRuleIsWiderThanItsSchema(f *testing.F) {
	validate := validator.New()
	judges := make([]*jsonschema.Schema, len(textRules))
	exact := make([]bool, len(textRules))
	for i, tag := range textRules {
		var text string
		judges[i], text = judgeOfRule(f, tag)
		exact[i] = !strings.Contains(text, "x-validate")
		for _, sample := range samples[i%7:] {
			if validate.Var(sample, tag) == nil {
				f.Add(uint8(i), sample)
			}
		}
	}
	f.Fuzz(func(t *testing.T, at uint8, sample string) {
		i := int(at) % len(textRules)
		if !utf8.ValidString(sample) || strings.ContainsAny(sample, "\u0130\u212a") {
			return // invalid UTF-8 is never in a body; validator converts the two characters to i and k before it parses a URL
		}
		keeps, fits := validate.Var(sample, textRules[i]) == nil, judges[i].Validate(sample) == nil
		if keeps && !fits || exact[i] && keeps != fits {
			t.Fatalf("%q keeps %s: %v; it satisfies the schema: %v", sample, textRules[i], keeps, fits)
		}
	})
}

func TestTextRulesAgainstValidator(t *testing.T) {
	t.Parallel()
	validate := validator.New()
	for _, tag := range append(textRules, "oneof=a 'b c'") {
		t.Run(tag, func(t *testing.T) {
			t.Parallel()
			judge, text := judgeOfRule(t, tag)
			exact := !strings.Contains(text, "x-validate")
			require.NotEqual(t, `{"type":"string"}`, text)
			accepted := 0
			for _, sample := range samples {
				keeps, fits := validate.Var(sample, tag) == nil, judge.Validate(sample) == nil
				if keeps {
					accepted++
				}
				if exact {
					assert.Equal(t, keeps, fits, "%q", sample)
				} else if keeps {
					assert.True(t, fits, "%q", sample)
				}
			}
			assert.NotZero(t, accepted, "no sample keeps the rule")
		})
	}
}

func TestOtherRulesAgainstValidator(t *testing.T) {
	t.Parallel()
	validate := validator.New()
	ints := []any{0, 1, -1, 2, 3, 5, 6, 7, 10, 90, 91, 100, 101, 65535, 65536, -90, -128}
	for _, row := range []struct {
		typ    reflect.Type
		tags   string
		values []any
	}{
		{reflect.TypeFor[int](), "min=1 max=5 gt=1 lt=5 gte=2 lte=2 eq=5 ne=5 len=7 eq=0x5 oneof=1|eq=7 noneof=1 port latitude longitude numeric omitempty,min=5 omitempty,eq=5 gte=0,max=5,ne=2", ints},
		{reflect.TypeFor[uint](), "min=1 max=5 gt=1 lt=5 eq=5 ne=5 oneof=1 port omitempty,gt=5", []any{uint(0), uint(1), uint(5), uint(6), uint(65536)}},
		{reflect.TypeFor[float64](), "min=1.5 max=2.5 gt=1.5 lt=2.5 eq=1.5 ne=1.5 latitude longitude omitempty,gt=1", []any{0.0, 1.5, 1.6, 2.4999, 2.5, -90.0, 90.0, 90.5, 180.5}},
		{reflect.TypeFor[float32](), "min=0.1 max=0.1 gt=0.1 lt=0.1 eq=0.1", []any{float32(0), float32(0.1), float32(0.2), float32(-1)}},
		{reflect.TypeFor[bool](), "eq=true ne=true boolean omitempty,eq=true", []any{true, false}},
		{reflect.TypeFor[[]string](), "min=1 max=2 len=2 gt=1 lt=2 eq=2 ne=2 ne=0 unique dive,min=2 omitempty,min=1 max=1,dive,ne=a", []any{
			[]string{}, []string{"a"}, []string{"aa", "ab"}, []string{"aa", "aa"}, []string{"aa", "a", "b"},
		}},
		{reflect.TypeFor[map[string]int](), "min=1 max=2 len=2 gt=1 lt=2 eq=1 ne=1 dive,keys,min=2,endkeys,gte=1 dive,max=1 dive,keys,oneof=a,endkeys", []any{
			map[string]int{}, map[string]int{"a": 1}, map[string]int{"aa": 0}, map[string]int{"aa": 1, "bb": 2}, map[string]int{"a": 1, "b": 1, "c": 1},
		}},
		{reflect.TypeFor[[]byte](), "min=4 max=6 len=5 gt=3 lt=4 eq=2", []any{
			[]byte{}, []byte("ab"), []byte("abc"), []byte("abcd"), []byte("abcde"), []byte("abcdef"), []byte("abcdefg"), []byte("abcdefghi"), []byte("0123456789abc"),
		}},
	} {
		for tag := range strings.FieldsSeq(row.tags) {
			t.Run(row.typ.String()+" "+tag, func(t *testing.T) {
				t.Parallel()
				f := field(t, row.typ, `validate:"`+tag+`"`)
				text := compact(t, schema.New(schema.Options{}).Field(f, schema.In))
				judge, exact := judgeText(t, text, ""), !strings.Contains(text, "x-validate")
				for _, v := range row.values {
					sent, err := json.Marshal(v)
					require.NoError(t, err)
					keeps, fits := validate.Var(v, tag) == nil, judge.Validate(value(t, string(sent))) == nil
					if exact {
						assert.Equal(t, keeps, fits, "%s by %s", sent, text)
					} else if keeps {
						assert.True(t, fits, "%s by %s", sent, text)
					}
				}
			})
		}
	}
}

func TestKeyRulesOfEnumsAndOwnSchemas(t *testing.T) {
	t.Parallel()
	key := describe[map[word]int64](t)
	rules := &typeinfo.Rules{Keys: &typeinfo.Rules{Self: []typeinfo.Rule{{Name: "ne", Param: "a", HasParam: true}}}}
	assert.JSONEq(t, `{"type":"object","propertyNames":{"type":"string","enum":["a","b<c"],"not":{"type":"string","const":"a"}},"additionalProperties":{"type":"integer","format":"int64"}}`,
		compact(t, schema.New(schema.Options{}).Value(key, rules, schema.In)))
}
