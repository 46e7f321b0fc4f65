package candor_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/apptest"
)

// filesOf lists the repository's files with an extension, as slash-separated paths.
func filesOf(t *testing.T, extension string) []string {
	t.Helper()
	var found []string
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "testdata"):
			return filepath.SkipDir
		case filepath.Ext(path) == extension:
			found = append(found, filepath.ToSlash(path))
		}
		return nil
	}))
	return found
}

// guidePages are the README and the pages in docs/.
func guidePages(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(filesOf(t, ".md"), func(path string) bool {
		return path != "README.md" && !strings.HasPrefix(path, "docs/")
	})
}

// unindented removes leading and trailing white space from each line.
func unindented(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return "\n" + strings.Join(lines, "\n") + "\n"
}

type snippet struct {
	line int
	code string
}

// snippetsOf returns the Go code blocks of a page.
func snippetsOf(page string) []snippet {
	var found []snippet
	var code []string
	start := 0
	for i, line := range strings.Split(page, "\n") {
		switch {
		case start > 0 && strings.TrimSpace(line) == "```":
			found = append(found, snippet{start, strings.Join(code, "\n")})
			start, code = 0, nil
		case start > 0:
			code = append(code, line)
		case strings.HasPrefix(strings.TrimSpace(line), "```go"):
			start = i + 1
		}
	}
	return found
}

// Each code block of the guide occurs in a Go file of the repository, apart from its indentation, so it compiles.
func TestSnippetsOfTheGuide(t *testing.T) {
	var sources []string
	for _, path := range filesOf(t, ".go") {
		sources = append(sources, unindented(apptest.ReadFile(t, path)))
	}
	for _, page := range guidePages(t) {
		for _, s := range snippetsOf(apptest.ReadFile(t, page)) {
			compiled := slices.ContainsFunc(sources, func(source string) bool { return strings.Contains(source, unindented(s.code)) })
			assert.True(t, compiled, "%s:%d: no Go file has this block:\n%s", page, s.line, s.code)
		}
	}
}

func TestSnippetsAreFound(t *testing.T) {
	page := "a\n```go\nx := 1\n\ty()\n```\n```sh\nz\n```\n  ```go\n  w\n  ```\n"
	assert.Equal(t, []snippet{{2, "x := 1\n\ty()"}, {9, "  w"}}, snippetsOf(page))
	assert.Contains(t, unindented("func f() {\n\t\tx := 1\n\t\t\ty()\n}\n"), unindented("x := 1\n\ty()"))
	assert.NotContains(t, unindented("func f() {\n\txx := 1\n}\n"), unindented("x := 1"))
}

var (
	pageLink = regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
	// pageCode matches code in a page: indented and fenced blocks, and inline code.
	pageCode = regexp.MustCompile("(?ms)^```.*?^```|^(\t|    )[^\n]*|`[^`\n]*`")
)

// Relative links in the guide lead to existing files.
func TestLinksOfTheGuide(t *testing.T) {
	for _, page := range guidePages(t) {
		for _, link := range pageLink.FindAllStringSubmatch(pageCode.ReplaceAllString(apptest.ReadFile(t, page), ""), -1) {
			if strings.Contains(link[1], "://") {
				continue
			}
			_, err := os.Stat(filepath.Join(filepath.Dir(page), filepath.FromSlash(link[1])))
			assert.NoError(t, err, "%s links to %s", page, link[1])
		}
	}
}

// The table in docs/fastapi-features.md has a row for each feature, and the tests that it names exist.
func TestTableOfFastAPI(t *testing.T) {
	page := apptest.ReadFile(t, "docs/fastapi-features.md")
	for group, count := range map[string]int{
		"A": 15, "RT": 21, "P": 17, "B": 20, "R": 16, "E": 9, "O": 18, "DOC": 4,
		"D": 18, "S": 11, "BG": 4, "L": 2, "F": 10, "ST": 12, "WS": 11, "SUB": 7, "M": 8, "T": 5, "SET": 6,
	} {
		for n := 1; n <= count; n++ {
			assert.Regexp(t, fmt.Sprintf(`(?m)^\| %s%d \|`, group, n), page)
		}
	}
	var tests strings.Builder
	for _, path := range filesOf(t, ".go") {
		if strings.HasSuffix(path, "_test.go") {
			tests.WriteString(apptest.ReadFile(t, path))
		}
	}
	for _, name := range regexp.MustCompile(`\b(?:Test|Example)[A-Z]\w+`).FindAllString(page, -1) {
		if name == "TestClient" {
			continue
		}
		assert.Contains(t, tests.String(), "\nfunc "+name+"(", "docs/fastapi-features.md names it")
	}
}

// Each row of the table in docs/validation.md: the validation error of a value that breaks the rule, and the keyword
// in the document.
func TestTableOfValidation(t *testing.T) {
	c := apptest.Echoing[struct {
		Body struct {
			Gt       int            `json:"gt" validate:"gt=1"`
			Gte      float64        `json:"gte" validate:"gte=1"`
			Lt       int            `json:"lt" validate:"lt=1"`
			Lte      int            `json:"lte" validate:"lte=1"`
			Shortest string         `json:"shortest" validate:"min=2"`
			Longest  string         `json:"longest" validate:"max=1"`
			Exactly  string         `json:"exactly" validate:"len=2"`
			Few      []int          `json:"few" validate:"min=1"`
			Many     []int          `json:"many" validate:"max=1"`
			Members  map[string]int `json:"members" validate:"min=1"`
			Pattern  string         `json:"pattern" pattern:"^a$"`
			OneOf    string         `json:"oneof" validate:"oneof=a b"`
			Eq       string         `json:"eq" validate:"eq=a"`
			Ne       string         `json:"ne" validate:"ne=x"`
			Unique   []int          `json:"unique" validate:"unique"`
			Email    string         `json:"email" validate:"email"`
			URL      string         `json:"url" validate:"http_url"`
			UUID     string         `json:"uuid" validate:"uuid"`
			IP       string         `json:"ip" validate:"ip"`
			Date     string         `json:"date" validate:"datetime=2006-01-02"`
			Starts   string         `json:"starts" validate:"startswith=a"`
			Base64   string         `json:"base64" validate:"base64"`
			Other    string         `json:"other" validate:"isbn"`
		} `body:""`
	}](t, "/")
	want := [][3]string{
		{"gt", "greater_than", "exclusiveMinimum"},
		{"gte", "greater_than_equal", "minimum"},
		{"lt", "less_than", "exclusiveMaximum"},
		{"lte", "less_than_equal", "maximum"},
		{"shortest", "string_too_short", "minLength"},
		{"longest", "string_too_long", "maxLength"},
		{"exactly", "string_too_short", "minLength"},
		{"few", "too_short", "minItems"},
		{"many", "too_long", "maxItems"},
		{"members", "too_short", "minProperties"},
		{"pattern", "string_pattern_mismatch", "pattern"},
		{"oneof", "enum", "enum"},
		{"eq", "literal_error", "const"},
		{"ne", "value_error", "not"},
		{"unique", "value_error", "uniqueItems"},
		{"email", "value_error", "format"},
		{"url", "url_parsing", "format"},
		{"uuid", "uuid_parsing", "format"},
		{"ip", "ip_any_address", "anyOf"},
		{"date", "date_parsing", "format"},
		{"starts", "value_error", "pattern"},
		{"base64", "value_error", "contentEncoding"},
		{"other", "value_error", "x-validate"},
	}
	faults := c.Post("/", `{"gt":1,"gte":0,"lt":1,"lte":2,"shortest":"x","longest":"xx","exactly":"x","few":[],"many":[1,2],"members":{},
		"pattern":"x","oneof":"x","eq":"x","ne":"x","unique":[1,1],"email":"x","url":"x","uuid":"x","ip":"x","date":"x","starts":"x","base64":"?","other":"x"}`).Faults()
	require.Len(t, faults, len(want))
	for i, row := range want {
		assert.Equal(t, []any{"body", row[0]}, faults[i].Loc)
		assert.Equal(t, row[1], faults[i].Type, row[0])
		schema := apptest.DocumentMember(t, c, "paths", "/", "post", "requestBody", "content", "application/json", "schema", "properties", row[0])
		assert.Contains(t, schema, row[2], row[0])
	}
}
