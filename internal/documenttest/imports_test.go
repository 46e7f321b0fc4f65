package documenttest_test

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/candor-go/candor"

// kinPackages are the packages that may import kin-openapi: the root for its hooks, those that create and encode
// schemas and documents, and those that validate documents.
var kinPackages = []string{
	module,
	module + "/internal/contract",
	module + "/internal/documenttest",
	module + "/internal/openapi",
	module + "/internal/schema",
}

func TestPackagesThatImportKin(t *testing.T) {
	list := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	list.Dir = filepath.Join("..", "..")
	out, err := list.Output()
	require.NoError(t, err)
	var found []string
	for line := range strings.Lines(string(out)) {
		name, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.Contains(imports, "kin-openapi") {
			found = append(found, name)
		}
	}
	assert.Subset(t, kinPackages, found)
}

// kinFiles is how many files of the root may import kin-openapi.
const kinFiles = 2

func TestFilesThatImportKin(t *testing.T) {
	root := filepath.Join("..", "..")
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	var found []string
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range file.Imports {
			if path, _ := strconv.Unquote(spec.Path.Value); strings.HasPrefix(path, "github.com/getkin/kin-openapi") {
				found = append(found, name)
			}
		}
	}
	assert.LessOrEqual(t, len(found), kinFiles, "%s", found)
}
