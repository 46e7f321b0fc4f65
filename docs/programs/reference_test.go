package programs

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// library reads the declarations and comments of the library's root package.
func library(t *testing.T) *doc.Package {
	t.Helper()
	paths, err := filepath.Glob("../../*.go")
	require.NoError(t, err)
	set := token.NewFileSet()
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_go127.go") {
			continue
		}
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, file)
	}
	p, err := doc.NewFromFiles(set, files, "github.com/candor-go/candor")
	require.NoError(t, err)
	return p
}

func typeNamed(p *doc.Package, name string) *doc.Type {
	i := slices.IndexFunc(p.Types, func(t *doc.Type) bool { return t.Name == name })
	return p.Types[i]
}

// The page of all options has each function that returns an option and each
// field of the structs that configure an app. CANDOR_GOLDEN=write writes its
// tables from the comments in the code.
func TestReferenceOfOptions(t *testing.T) {
	p := library(t)
	page, err := os.ReadFile("../options.md")
	require.NoError(t, err)
	text := string(page)
	for _, kind := range []string{"Option", "RouteOption", "Declaration", "IncludeOption", "ProvideOption", "TestOption"} {
		var rows []string
		for _, f := range typeNamed(p, kind).Funcs {
			rows = append(rows, row(f.Name, p.Synopsis(f.Doc)))
		}
		text = table(t, text, kind, rows)
	}
	for _, kind := range []string{"Config", "Docs", "Limits", "RateConfig", "CacheConfig", "MultipartLimits"} {
		text = table(t, text, kind, fieldRows(p, typeNamed(p, kind)))
	}
	if os.Getenv("CANDOR_GOLDEN") == "write" {
		require.NoError(t, os.WriteFile("../options.md", []byte(text), 0o644))
	}
}

// The package's documentation has an index of the exported names by subject.
func TestReferenceOfNames(t *testing.T) {
	p := library(t)
	_, index, found := strings.Cut(p.Doc, "\n# Names\n")
	require.True(t, found)
	listed := map[string]bool{}
	for _, link := range regexp.MustCompile(`\[(\w+)\]`).FindAllStringSubmatch(index, -1) {
		assert.False(t, listed[link[1]], "the index of candor.go lists %s twice", link[1])
		listed[link[1]] = true
	}
	names := exported(p)
	assert.Greater(t, len(names), 200)
	for _, name := range names {
		assert.True(t, listed[name], "the index of candor.go, below # Names, has no %s", name)
		delete(listed, name)
	}
	assert.Empty(t, listed, "the index of candor.go lists what there is no more")
}

// exported lists the declarations of the package, without methods and fields.
func exported(p *doc.Package) (names []string) {
	funcs, values := slices.Clone(p.Funcs), slices.Concat(p.Consts, p.Vars)
	for _, t := range p.Types {
		names = append(names, t.Name)
		funcs = append(funcs, t.Funcs...)
		values = slices.Concat(values, t.Consts, t.Vars)
	}
	for _, f := range funcs {
		names = append(names, f.Name)
	}
	for _, v := range values {
		names = append(names, slices.DeleteFunc(slices.Clone(v.Names), func(name string) bool { return !token.IsExported(name) })...)
	}
	return names
}

func row(name, synopsis string) string {
	return fmt.Sprintf("| `%s` | %s |", name, strings.ReplaceAll(plain(synopsis), "|", `\|`))
}

// plain returns a comment without the brackets of Go's links.
func plain(text string) string {
	return regexp.MustCompile(`\[(\*?[\w.]+)\]`).ReplaceAllString(text, "$1")
}

func fieldRows(p *doc.Package, t *doc.Type) (rows []string) {
	for _, field := range t.Decl.Specs[0].(*ast.TypeSpec).Type.(*ast.StructType).Fields.List {
		for _, name := range field.Names {
			comment := cmp.Or(field.Doc.Text(), field.Comment.Text())
			if name.IsExported() {
				rows = append(rows, row(name.Name, p.Synopsis(comment)))
			}
		}
	}
	return rows
}

// table checks that the page has a row for each name, and returns the page with
// the rows from the code.
func table(t *testing.T, page, kind string, rows []string) string {
	t.Helper()
	begin, end := "<!-- "+kind+" -->\n", "\n<!-- end of "+kind+" -->"
	_, rest, found := strings.Cut(page, begin)
	require.True(t, found, "options.md has no table of %s", kind)
	old, _, found := strings.Cut(rest, end)
	require.True(t, found, kind)
	for _, row := range rows {
		name, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " |")
		if os.Getenv("CANDOR_GOLDEN") != "write" {
			listed := strings.Contains(old, "| "+name+" |")
			assert.True(t, listed, "options.md has no row for %s of %s: CANDOR_GOLDEN=write go test . writes it", name, kind)
		}
	}
	return strings.Replace(page, begin+old+end, begin+"\n| name | what it does |\n|---|---|\n"+strings.Join(rows, "\n")+"\n"+end, 1)
}

// The page of all tags has each key that the reader of tags supports.
func TestReferenceOfTags(t *testing.T) {
	code, err := os.ReadFile("../../internal/typeinfo/keys.go")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(code), "var ownKeys = []string{")
	require.True(t, found)
	list, _, _ := strings.Cut(rest, "}")
	page, err := os.ReadFile("../tags.md")
	require.NoError(t, err)
	keys := regexp.MustCompile(`"(\w+)"`).FindAllStringSubmatch(list, -1)
	assert.Greater(t, len(keys), 20)
	for _, key := range keys {
		listed := strings.Contains(string(page), "| `"+key[1]+":")
		assert.True(t, listed, "tags.md has no row for the tag %s", key[1])
	}
}
