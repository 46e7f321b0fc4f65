package candor_test

import (
	"go/ast"
	"go/types"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/filegraph"
)

const module = "github.com/candor-go/candor"

// importRules lists packages that the packages of the module must not import. A path that ends in "..." includes all
// packages below it.
var importRules = []struct{ who, not string }{
	{"/internal/...", ""},
	{"/hub", "/middleware"},
	{"/hub", "/candortest"},
	{"/middleware", "/hub"},
	{"/middleware", "/candortest"},
	{"/candortest/...", "/hub"},
	{"/candortest", "/middleware"},
	{"", "/hub"},
	{"", "/middleware"},
	{"", "/candortest"},
	{"", "/source"},
	{"", "/idempotency"},
	{"/hub", "/idempotency"},
	{"/middleware", "/idempotency"},
	{"/idempotency", "/hub"},
	{"/idempotency", "/middleware"},
	{"/idempotency", "/candortest"},
	{"", "/paging"},
	{"/hub", "/paging"},
	{"/middleware", "/paging"},
	{"/idempotency", "/paging"},
	{"/paging", "/idempotency"},
	{"/paging", "/hub"},
	{"/paging", "/middleware"},
	{"/paging", "/candortest"},
	{"/source", ""},
}

// testSupport is shared by the root's tests, and imports the root.
const testSupport = module + "/internal/apptest"

func TestPackagesImportInOneDirection(t *testing.T) {
	t.Parallel()
	output, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...").Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(output)) {
		importer, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, rule := range importRules {
			if isBelow(importer, module+rule.who) && importer != testSupport {
				assert.NotContains(t, strings.Fields(imports), module+rule.not, importer)
			}
		}
	}
}

func isBelow(path, pattern string) bool {
	if above, ok := strings.CutSuffix(pattern, "..."); ok {
		return strings.HasPrefix(path, above)
	}
	return path == pattern
}

// mostInCycle limits how many files may depend on each other in a cycle, through methods and fields too. "go run
// ./.ci/cycles -v" shows the uses.
const mostInCycle = 6

func TestFilesDependInFewCycles(t *testing.T) {
	t.Parallel()
	source, err := filegraph.Read(".")
	require.NoError(t, err)
	for _, cycle := range filegraph.Cycles(source.Uses()) {
		assert.LessOrEqual(t, len(cycle), mostInCycle, "%v need each other", cycle)
	}
}

// astray lists words that once had a private meaning in this code base. The terms of HTTP, OpenAPI, net/http and
// dependency injection replace them.
var astray = strings.Fields(`answer unfit sound mistake room around surround bracket enclose place places placement placed within injection
	deliver lifelong catcher mapping promise sentPart one announcement sender outgoing apart last told cut unsaid live below further flights
	land join fifo outline listing twins strangers furnish takeTypes settle resident`)

func TestPrivateNamesAreWordsThatEveryoneKnows(t *testing.T) {
	t.Parallel()
	source, err := filegraph.Read(".")
	require.NoError(t, err)
	for ident, object := range source.Info.Defs {
		field, isVar := object.(*types.Var)
		if object == nil || isVar && !field.IsField() && object.Parent() != source.Types.Scope() {
			continue // locals are only visible where they are declared
		}
		assert.NotContains(t, astray, ident.Name, "%s", source.Files.Position(ident.Pos()))
	}
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	t.Parallel()
	source, err := filegraph.Read(".")
	require.NoError(t, err)
	for _, tree := range source.Trees {
		for _, declaration := range tree.Decls {
			for name, doc := range exported(declaration) {
				assert.NotEmpty(t, strings.TrimSpace(doc), "%s of %s has no doc comment", name, source.FileOf(tree.Pos()))
			}
		}
	}
}

// exported maps the exported names of a declaration to their comments. The names in a group of constants or variables
// may share the comment of the group.
func exported(declaration ast.Decl) map[string]string {
	docs := map[string]string{}
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(filegraph.Receiver(d.Recv.List[0].Type))) {
			docs[d.Name.Name] = d.Doc.Text()
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Name.IsExported() {
					docs[spec.Name.Name] = spec.Doc.Text() + d.Doc.Text()
				}
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					if name.IsExported() {
						docs[name.Name] = spec.Doc.Text() + d.Doc.Text()
					}
				}
			}
		}
	}
	return docs
}
