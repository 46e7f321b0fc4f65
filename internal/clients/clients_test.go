package clients_test

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/oapi-codegen/runtime" // what generated clients import
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const adminKey = "the key of the clients"

// example is a running example, with its document.
type example struct {
	url, document string
}

// start builds an example and runs it until the test ends.
func start(t *testing.T, name string) example {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	run(t, "../../examples/"+name, "go", "build", "-o", file, ".")
	e := example{document: filepath.Join(t.TempDir(), name+".json")}
	document, err := exec.Command(file, "-openapi").Output()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(e.document, document, 0o600))

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	server := exec.Command(file, "-addr", addr)
	server.Env = append(os.Environ(), "ADMIN_KEY="+adminKey, "DATABASE_URL=")
	var log bytes.Buffer
	server.Stderr = &log
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	e.url = "http://" + addr
	require.Eventually(t, func() bool {
		answer, err := http.Get(e.url + "/openapi.json")
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil
	}, time.Minute, 20*time.Millisecond)
	return e
}

// run runs a program in a directory and returns what it prints.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %s: %s", name, strings.Join(args, " "), said)
	return string(said)
}

// What a client of either service prints: a success, a 422 and a 404, as it
// understood them.
const (
	quickstartSays = "201 Laptop 19.5 true\n422 string_too_short body,name\n404 item not found\n"
	usersSays      = "201 ann member\n422 string_too_short body,password\n404 user not found\n"
)

func TestOapiCodegen(t *testing.T) {
	for _, c := range []struct{ example, says string }{{"quickstart", quickstartSays}, {"users", usersSays}} {
		t.Run(c.example, func(t *testing.T) {
			t.Parallel()
			e := start(t, c.example)
			dir := moduleFor(t, c.example)
			generated := run(t, ".", "go", "tool", "oapi-codegen", "-package", "client", "-generate", "types,client", e.document)
			require.NoError(t, os.Mkdir(filepath.Join(dir, "client"), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "client", "client.go"), []byte(generated), 0o600))
			run(t, dir, "go", "vet", ".")
			assert.Equal(t, c.says, run(t, dir, "go", "run", ".", e.url, adminKey))
		})
	}
}

// moduleFor is a module with the program that uses a client, and with what this
// one depends on.
func moduleFor(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	mod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(mod), "\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example\n"+rest), 0o600))
	copyFile(t, "go.sum", filepath.Join(dir, "go.sum"))
	copyFile(t, filepath.Join("testdata", "go", name+".go"), filepath.Join(dir, "main.go"))
	return dir
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, data, 0o600))
}

// The clients in TypeScript are checked as strictly as the compiler can.
func TestTypeScript(t *testing.T) {
	dir := packages(t)
	quickstart, users := start(t, "quickstart"), start(t, "users")
	bin := func(name string, args ...string) string {
		return run(t, dir, filepath.Join("node_modules", ".bin", name), args...)
	}
	for name, e := range map[string]example{"quickstart": quickstart, "users": users} {
		bin("openapi-typescript", e.document, "--default-non-nullable", "false", "-o", filepath.Join("fetch", name+".d.ts"))
		bin("openapi-ts", "-i", e.document, "-o", filepath.Join("hey", name), "-c", "@hey-api/client-fetch")
	}
	bin("tsc")
	bin("esbuild", "fetch-quickstart.ts", "fetch-users.ts", "hey-quickstart.ts", "hey-users.ts",
		"--bundle", "--platform=node", "--format=esm", "--outdir=out", "--log-level=warning")
	for _, c := range []struct {
		program, says string
		example       example
	}{
		{"fetch-quickstart", quickstartSays, quickstart},
		{"fetch-users", usersSays, users},
		{"hey-quickstart", quickstartSays, quickstart},
		{"hey-users", strings.Replace(usersSays, "ann", "bob", 1), users},
	} {
		t.Run(c.program, func(t *testing.T) {
			assert.Equal(t, c.says, run(t, dir, "node", filepath.Join("out", c.program+".js"), c.example.url, adminKey))
		})
	}
}

// packages is a directory with the programs and the packages of npm, which are
// kept from one run to the next.
func packages(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	kept := filepath.Join(cache, "candor-ci", "clients-2")
	if _, err := os.Stat(filepath.Join(kept, "node_modules", ".package-lock.json")); err != nil {
		require.NoError(t, os.MkdirAll(kept, 0o700))
		copyFile(t, "testdata/npm/package.json", filepath.Join(kept, "package.json"))
		copyFile(t, "testdata/npm/package-lock.json", filepath.Join(kept, "package-lock.json"))
		run(t, kept, "npm", "ci", "--silent", "--no-audit", "--no-fund")
	}
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/npm")))
	require.NoError(t, os.Symlink(filepath.Join(kept, "node_modules"), filepath.Join(dir, "node_modules")))
	return dir
}
