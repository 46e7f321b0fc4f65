package typeinfo

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An unknown tag key is usually not an error: types are shared with databases and other formats. Two kinds of keys are
// errors: those that look like a misspelling of one of this package's, and those with which another framework would
// have validated, bound or documented the field. Both would silently have no effect.
//
// Each app decides which keys it allows, and descriptions are shared between apps. So a description lists its stray
// keys, and sealing an app checks them.

// StrayKey is a tag key that looks as if this package should read it, but is not read.
type StrayKey struct {
	Error
	Key string
}

// ownKeys are all keys that this package reads.
var ownKeys = []string{
	"path", "query", "header", "cookie", "form", "file", "body", "dep", "security", "status", "env",
	"json", "validate", "pattern", "patternmsg", "requires", "readonly", "writeonly", "default", "example", "doc", "title", "deprecated", "hidden",
	"media", "realm", "scheme", "case", "event", "alias",
}

// foreignKeys are keys of other packages that would look like a misspelling of one of ours.
var foreignKeys = []string{
	"agent", "base", "bson", "cast", "cbor", "csv", "db", "fill", "gorm", "hjson", "json5", "jsonb", "loader", "math", "norm", "orm",
	"patch", "reader", "schema", "state", "stats", "table", "tile", "toml", "tuple", "xorm", "xpath", "yaml",
}

// keysOfFrameworks are keys with which other frameworks validate, bind or document a field, and what to write here instead.
var keysOfFrameworks = map[string]string{
	// gin
	"binding":           "write its rules as `validate:\"...\"`; a value is required unless it is a pointer, has a default or says omitempty",
	"uri":               "write `path:\"...\"`",
	"time_format":       "use time.Time, which is RFC 3339, candor.Date, or a type with UnmarshalText",
	"time_utc":          "use time.Time, which is RFC 3339, or a type with UnmarshalText",
	"time_location":     "use time.Time, which is RFC 3339, or a type with UnmarshalText",
	"collection_format": "write the option csv after the name for commas: `query:\"ids,csv\"`",
	// echo, Iris
	"param": "write `path:\"...\"`",
	// fiber
	"params":     "write `path:\"...\"`",
	"reqHeader":  "write `header:\"...\"`",
	"respHeader": "write `header:\"...\"` in a response envelope",
	// Hertz
	"vd":       "write rules as `validate:\"...\"`",
	"raw_body": "write `body:\"\"` on a []byte, a string or an io.Reader",
	// swaggest
	"formData": "write `form:\"...\"`",
	// govalidator and beego
	"valid": "write rules as `validate:\"...\"`",
	// Huma, swag, fuego, go-restful: keywords of JSON Schema
	"required":             "drop it; a value is required unless it is a pointer, has a default or says omitempty",
	"optional":             "use a pointer, or write omitempty after the name",
	"nullable":             "use a pointer or candor.Optional, which take null",
	"description":          "write `doc:\"...\"`",
	"modelDescription":     "write `doc:\"...\"`",
	"patternDescription":   "write `patternmsg:\"...\"`",
	"format":               "write a rule such as `validate:\"email\"`, or use a type such as time.Time or uuid.UUID",
	"timeFormat":           "use time.Time, which is RFC 3339, candor.Date, or a type with UnmarshalText",
	"enum":                 "write `validate:\"oneof=a b\"`, or give the type a method Enum() []T",
	"enums":                "write `validate:\"oneof=a b\"`, or give the type a method Enum() []T",
	"const":                "write `validate:\"eq=...\"`",
	"minimum":              "write `validate:\"gte=...\"`",
	"maximum":              "write `validate:\"lte=...\"`",
	"exclusiveMinimum":     "write `validate:\"gt=...\"`",
	"exclusiveMaximum":     "write `validate:\"lt=...\"`",
	"multipleOf":           "write `validate:\"multipleOf=...\"`",
	"minLength":            "write `validate:\"min=...\"`",
	"maxLength":            "write `validate:\"max=...\"`",
	"minItems":             "write `validate:\"min=...\"`",
	"maxItems":             "write `validate:\"max=...\"`",
	"minProperties":        "write `validate:\"min=...\"`",
	"maxProperties":        "write `validate:\"max=...\"`",
	"uniqueItems":          "write `validate:\"unique\"`",
	"additionalProperties": "embed candor.Strict to forbid what the struct does not list",
	"dependentRequired":    "write `requires:\"...\"` with the names of the other members",
	"readOnly":             "write `readonly:\"true\"`",
	"writeOnly":            "write `writeonly:\"true\"`",
	"contentType":          "write `media:\"...\"` on a raw `body:\"\"`",
	"encoding":             "drop it; []byte is base64 in JSON already",
	"collectionFormat":     "write the option csv after the name for commas: `query:\"ids,csv\"`",
	"swaggertype":          "give the type a method OpenAPISchema, or name it in Config.Schemas",
	"swaggerignore":        "write `hidden:\"true\"`",
	"extensions":           "give the type a method OpenAPISchema, or name it in Config.Schemas",
}

// keysOfSettings are keys of other libraries that read settings from the environment.
var keysOfSettings = map[string]string{
	"envDefault":         "write `default:\"...\"`",
	"envSeparator":       "drop it; lists have commas between their elements",
	"envKeyValSeparator": "write the option json after the name: `env:\"NAME,json\"`",
	"envPrefix":          "write the whole name into the env tag of each field",
	"envExpand":          "expand the value where the variable is set",
	"envconfig":          "write `env:\"...\"`",
	"split_words":        "write the name of the variable: `env:\"...\"`",
	"ignored":            "write `env:\"-\"`",
}

// judgeKey records an unknown key if it looks meaningful.
func (t *tagged) judgeKey(key string) {
	if slices.Contains(ownKeys, key) || slices.Contains(foreignKeys, key) {
		return
	}
	if advice, ok := keysOfFrameworks[key]; ok {
		t.stray(key, fmt.Sprintf("its tag %s belongs to another framework and has no effect here", key), advice)
		return
	}
	if own := nearestKey(key); own != "" {
		t.stray(key, fmt.Sprintf("its tag %s is nearly %s, but it is not read", key, own), fmt.Sprintf("write `%s:\"...\"`", own))
	}
}

// judgeSetting is like judgeKey, for keys that only have a meaning in settings.
func (t *tagged) judgeSetting() {
	for _, key := range slices.Sorted(maps.Keys(keysOfSettings)) {
		if _, ok := t.Tag.Lookup(key); ok {
			t.stray(key, fmt.Sprintf("its tag %s belongs to another library and has no effect here", key), keysOfSettings[key])
		}
	}
}

func (t *tagged) stray(key, problem, fix string) {
	t.strays = append(t.strays, &StrayKey{Error: *t.problem(problem, fix), Key: key})
}

// lost returns the problem of a field without the required tag. A stray key is the likely reason, so it is reported first.
func (t *tagged) lost(problem, fix string) error {
	if len(t.strays) == 0 {
		return t.problem(problem, fix)
	}
	stray := t.strays[0]
	return t.problem(problem+": "+stray.Problem, stray.Fix)
}

// strayKeys returns the stray keys of a field. An unexported field counts only if it is blank, where other frameworks put
// tags for the whole struct.
func (t *tagged) strayKeys() []*StrayKey {
	if !t.IsExported() && !t.Anonymous && t.Name != "_" {
		return nil
	}
	return t.strays
}

// nearestKey returns the own key of which a key is a misspelling, "" if there is none.
func nearestKey(key string) string {
	lower := strings.ToLower(key)
	// Only the case may be wrong.
	if slices.Contains(ownKeys, lower) {
		return lower
	}
	return NearestWord(lower, ownKeys)
}

// NearestWord returns the first of the words that are most similar to the misspelt one, "" if none is similar.
func NearestWord(misspelt string, words []string) string {
	// With more than two errors it is another word.
	nearest, least := "", 3
	for _, word := range words {
		if d := distance(misspelt, word); d < least && d <= allowedDistance(misspelt, word) {
			nearest, least = word, d
		}
	}
	return nearest
}

// allowedDistance returns how many errors count as a misspelling: in a short word a single error makes another word.
func allowedDistance(misspelt, word string) int {
	switch n := len(word); {
	case n >= 5 && len(misspelt) >= 5:
		return 2
	case len(misspelt) >= 4:
		return 1
	}
	return 0
}

// distance counts letters that are missing, superfluous, wrong, or swapped with their neighbour (optimal string
// alignment distance).
func distance(a, b string) int {
	// Three rows of the table are enough, because a swap looks two rows back.
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			wrong := 1
			if a[i] == b[j] {
				wrong = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+wrong)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		// The oldest row is overwritten next.
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// StrayKeys returns the stray keys of all types in a value of t. Each type is checked once: seen holds those already
// checked.
func (t *Type) StrayKeys(seen map[*Type]bool) []*StrayKey {
	if t == nil || seen[t] {
		return nil
	}
	seen[t] = true
	all := slices.Concat(t.Key.StrayKeys(seen), t.Elem.StrayKeys(seen))
	if t.Object == nil {
		return all
	}
	all = append(all, t.Object.Strays...)
	for _, f := range t.Object.Fields {
		all = append(all, f.Type.StrayKeys(seen)...)
	}
	for _, c := range t.Object.Cases {
		all = append(all, c.Type.StrayKeys(seen)...)
	}
	return all
}

// StrayKeys returns the stray keys of the input and of the types of its fields.
func (in *Input) StrayKeys(seen map[*Type]bool) []*StrayKey {
	all := in.Strays
	for _, f := range in.Fields() {
		all = append(all, f.Type.StrayKeys(seen)...)
	}
	return all
}

// StrayKeys returns the stray keys of an envelope and of the types of its fields, or of a plain value.
func (out *Output) StrayKeys(seen map[*Type]bool) []*StrayKey {
	all := out.Strays
	for _, f := range slices.Concat(out.Headers, out.Cookies) {
		all = append(all, f.Type.StrayKeys(seen)...)
	}
	if out.Body != nil {
		all = append(all, out.Body.Type.StrayKeys(seen)...)
	}
	return all
}
