package ajv

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const ajvVersion, formatsVersion = "8.17.1", "3.0.1"

// modules returns the directory of the npm packages, which are installed once.
func modules(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	dir := filepath.Join(cache, "candor-ci", "ajv-"+ajvVersion+"-"+formatsVersion)
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "ajv-formats")); err == nil {
		return dir
	}
	install := exec.Command("npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", "--prefix", dir,
		"ajv@"+ajvVersion, "ajv-formats@"+formatsVersion)
	said, err := install.CombinedOutput()
	require.NoError(t, err, "%s", said)
	return dir
}

// question is a list of bodies to validate: JSON with the schema
// at a pointer, or forms with the media type at a pointer.
type question struct {
	Schema string `json:"schema,omitempty"`
	Form   string `json:"form,omitempty"`
	// ContentType is the header of the forms.
	ContentType string `json:"contentType,omitempty"`
	// Bodies are JSON texts, or forms in Base64.
	Bodies []string `json:"bodies"`
}

// ajv is a process that validates with one document until the test ends. It compiles each schema once, because that
// takes longer than validating many values.
type ajv struct {
	in         *json.Encoder
	out        *bufio.Reader
	complaints bytes.Buffer
}

func startAjv(t *testing.T, document json.RawMessage) *ajv {
	t.Helper()
	dir := modules(t)
	script, err := filepath.Abs(filepath.Join("testdata", "judge.cjs"))
	require.NoError(t, err)
	node := exec.Command("node", script)
	node.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(dir, "node_modules"))
	a := &ajv{}
	node.Stderr = &a.complaints
	in, err := node.StdinPipe()
	require.NoError(t, err)
	out, err := node.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, node.Start())
	t.Cleanup(func() {
		assert.NoError(t, in.Close())
		assert.NoError(t, node.Wait(), "%s", &a.complaints)
	})
	a.in, a.out = json.NewEncoder(in), bufio.NewReader(out)
	var line bytes.Buffer
	require.NoError(t, json.Compact(&line, document))
	require.NoError(t, a.in.Encode(json.RawMessage(line.Bytes())))
	return a
}

// ask sends one question. A verdict is nil if the document leaves it open.
func (a *ajv) ask(t *testing.T, q question) []*bool {
	t.Helper()
	require.NoError(t, a.in.Encode(q))
	line, err := a.out.ReadBytes('\n')
	if err != io.EOF {
		require.NoError(t, err)
	}
	var verdicts []*bool
	require.NoError(t, json.Unmarshal(line, &verdicts), "%s", line)
	require.Len(t, verdicts, len(q.Bodies))
	return verdicts
}

// values sends questions about JSON, which a schema never leaves open.
func (a *ajv) values(t *testing.T, questions []question) [][]bool {
	t.Helper()
	all := make([][]bool, len(questions))
	for i, q := range questions {
		for _, allowed := range a.ask(t, q) {
			all[i] = append(all[i], *allowed)
		}
	}
	return all
}
