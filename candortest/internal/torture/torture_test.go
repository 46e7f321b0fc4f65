package torture

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/typeinfo"
)

const internal = "../../../internal/"

// parse parses the Go files of a directory, except for the tests.
func parse(t *testing.T, dir string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		files = append(files, file)
	}
	require.NotEmpty(t, files)
	return files
}

// keys returns the keys of a map that a package declares or that one of its functions makes, as written.
func keys(t *testing.T, dir, name string) []ast.Expr {
	t.Helper()
	var found []ast.Expr
	for _, file := range parse(t, dir) {
		ast.Inspect(file, func(n ast.Node) bool {
			var made ast.Expr
			switch n := n.(type) {
			case *ast.ValueSpec:
				if n.Names[0].Name == name && len(n.Values) > 0 {
					made = n.Values[0]
				}
			case *ast.FuncDecl:
				if n.Name.Name == name {
					made = n.Body.List[0].(*ast.ReturnStmt).Results[0]
				}
			}
			if made == nil {
				return true
			}
			for _, element := range made.(*ast.CompositeLit).Elts {
				found = append(found, element.(*ast.KeyValueExpr).Key)
			}
			return false
		})
	}
	require.NotEmpty(t, found, "%s declares no %s", dir, name)
	return found
}

func unquoted(t *testing.T, expressions []ast.Expr) []string {
	t.Helper()
	var all []string
	for _, e := range expressions {
		text, err := strconv.Unquote(e.(*ast.BasicLit).Value)
		require.NoError(t, err)
		all = append(all, text)
	}
	return all
}

// tags returns the struct tags of the service's fields.
func tags(t *testing.T) []reflect.StructTag {
	t.Helper()
	var all []reflect.StructTag
	for _, file := range parse(t, ".") {
		ast.Inspect(file, func(n ast.Node) bool {
			if field, ok := n.(*ast.Field); ok && field.Tag != nil {
				text, err := strconv.Unquote(field.Tag.Value)
				require.NoError(t, err)
				all = append(all, reflect.StructTag(text))
			}
			return true
		})
	}
	return all
}

// Every known rule is used, including any that are added later.
func TestEveryRuleIsUsed(t *testing.T) {
	used := map[string]bool{}
	for _, tag := range tags(t) {
		_, isPattern := tag.Lookup("pattern")
		used["pattern"] = used["pattern"] || isPattern
		for _, rule := range strings.FieldsFunc(tag.Get("validate"), func(r rune) bool { return r == ',' || r == '|' }) {
			name, _, _ := strings.Cut(rule, "=")
			used[name] = true
		}
	}
	known := slices.Concat(
		unquoted(t, keys(t, internal+"check", "makeTags")), unquoted(t, keys(t, internal+"check", "makeCrossTags")),
		unquoted(t, keys(t, internal+"typeinfo", "structural")),
	)
	assert.Greater(t, len(known), 170)
	for _, name := range known {
		assert.True(t, used[name], "no field has the rule %s", name)
	}
}

// Every source of a request and every part of a response is used.
func TestEverySourceIsUsed(t *testing.T) {
	used := map[string]bool{}
	for _, tag := range tags(t) {
		for s := typeinfo.Path; s <= typeinfo.Status; s++ {
			_, ok := tag.Lookup(s.String())
			used[s.String()] = used[s.String()] || ok
		}
	}
	for s := typeinfo.Path; s <= typeinfo.Status; s++ {
		assert.True(t, used[s.String()], "no field has the tag %s", s)
	}
}

// held collects a type and all types that it contains.
func held(t *typeinfo.Type, into map[*typeinfo.Type]bool) {
	if t == nil || into[t] {
		return
	}
	into[t] = true
	held(t.Elem, into)
	held(t.Key, into)
	for _, f := range t.Object.Members() {
		held(f.Type, into)
	}
	if t.Object != nil {
		for _, c := range t.Object.Cases {
			held(c.Type, into)
		}
	}
}

func bodies(t *testing.T) map[*typeinfo.Type]bool {
	t.Helper()
	all := map[*typeinfo.Type]bool{}
	for _, body := range []reflect.Type{
		reflect.TypeFor[numbers](), reflect.TypeFor[words](), reflect.TypeFor[nulls](), reflect.TypeFor[lists](), reflect.TypeFor[rules](),
	} {
		described, err := typeinfo.Of(body)
		require.NoError(t, err)
		held(described, all)
	}
	return all
}

// kinds returns the names of typeinfo's kinds, in order.
func kinds(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, file := range parse(t, internal+"typeinfo") {
		for _, declaration := range file.Decls {
			block, ok := declaration.(*ast.GenDecl)
			if !ok || block.Tok != token.CONST || len(block.Specs) == 0 {
				continue
			}
			if first, ok := block.Specs[0].(*ast.ValueSpec); ok && first.Names[0].Name == "Invalid" {
				for _, spec := range block.Specs {
					names = append(names, spec.(*ast.ValueSpec).Names[0].Name)
				}
			}
		}
	}
	require.Greater(t, len(names), 20)
	return names
}

// Every known type is used, including any that are added later.
func TestEveryTypeIsUsed(t *testing.T) {
	usedKinds, usedTypes := map[typeinfo.Kind]bool{}, map[string]bool{}
	for typ := range bodies(t) {
		usedKinds[typ.Kind] = true
		usedTypes[typ.Go.String()], usedTypes[typ.Go.PkgPath()+"."+typ.Go.Name()] = true, true
	}
	// In Go 1.27 it is an alias of a type in encoding/json/jsontext.
	usedTypes["json.RawMessage"] = usedTypes[reflect.TypeFor[json.RawMessage]().String()]
	for i, name := range kinds(t) {
		if kind := typeinfo.Kind(i); kind != typeinfo.Invalid {
			assert.True(t, usedKinds[kind], "no value is a %s", name)
		}
	}
	for _, leaf := range keys(t, internal+"typeinfo", "leaves") {
		name := leaf.(*ast.CallExpr).Fun.(*ast.IndexExpr).Index.(*ast.SelectorExpr)
		assert.True(t, usedTypes[name.X.(*ast.Ident).Name+"."+name.Sel.Name], "no value is a %s.%s", name.X, name.Sel)
	}
	module, err := os.ReadFile("../../../go.mod")
	require.NoError(t, err)
	tried := 0
	for _, name := range unquoted(t, keys(t, internal+"typeinfo", "formats")) {
		if isAtHand(string(module), name) {
			tried++
			assert.True(t, usedTypes[name], "no value is a %s", name)
		}
	}
	assert.Greater(t, tried, 8)
}

// isAtHand reports whether a type belongs to the standard library, this module, or a module that it requires.
func isAtHand(module, name string) bool {
	path := name[:strings.LastIndex(name, ".")]
	if host, _, _ := strings.Cut(path, "/"); !strings.Contains(host, ".") {
		return true
	}
	return strings.Contains(module, path+" v") || strings.Contains(module, "module "+path+"\n")
}

// The example of every string rule follows it, so each rule is tried with valid values.
func TestExamplesKeepTheirRules(t *testing.T) {
	client := candor.NewTestClient(t, New(candor.Config{}))
	for path, typ := range map[string]reflect.Type{"/exactly": reflect.TypeFor[Exactly](), "/roughly": reflect.TypeFor[Roughly]()} {
		for i := range typ.NumField() {
			name, example := typ.Field(i).Tag.Get("json"), typ.Field(i).Tag.Get("example")
			client.Post(path, map[string]string{name: example}).Status(200)
		}
	}
}
