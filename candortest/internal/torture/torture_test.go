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

// parse reads the Go files of a directory, but not the tests.
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

// keys are those of a map that a package declares, or that a function of it makes, as
// they are written.
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

// tags are those of the service's fields.
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

// A rule that becomes known must be tried.
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

// sources are where values come from, and where they go to.
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

// held are all types that a type consists of.
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

// kinds are the names of typeinfo's kinds, in their order.
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

// A type that becomes known must be tried.
func TestEveryTypeIsUsed(t *testing.T) {
	usedKinds, usedTypes := map[typeinfo.Kind]bool{}, map[string]bool{}
	for typ := range bodies(t) {
		usedKinds[typ.Kind] = true
		usedTypes[typ.Go.String()], usedTypes[typ.Go.PkgPath()+"."+typ.Go.Name()] = true, true
	}
	// Go 1.27 has it as another name of a type of encoding/json/jsontext.
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

// isAtHand reports whether a type belongs to the standard library, to this
// module, or to one that it requires.
func isAtHand(module, name string) bool {
	path := name[:strings.LastIndex(name, ".")]
	if host, _, _ := strings.Cut(path, "/"); !strings.Contains(host, ".") {
		return true
	}
	return strings.Contains(module, path+" v") || strings.Contains(module, "module "+path+"\n")
}

// Every rule of a text has an example that keeps it, so that each is tried with
// values that are accepted.
func TestExamplesKeepTheirRules(t *testing.T) {
	client := candor.NewTestClient(t, New(candor.Config{}))
	for path, typ := range map[string]reflect.Type{"/exactly": reflect.TypeFor[Exactly](), "/roughly": reflect.TypeFor[Roughly]()} {
		for i := range typ.NumField() {
			name, example := typ.Field(i).Tag.Get("json"), typ.Field(i).Tag.Get("example")
			client.Post(path, map[string]string{name: example}).Status(200)
		}
	}
}
