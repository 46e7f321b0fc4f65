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

	_ "github.com/go-faster/errors" // imported by generated clients
	_ "github.com/go-faster/jx"
	_ "github.com/oapi-codegen/runtime"
	_ "github.com/ogen-go/ogen/conv"
	_ "github.com/ogen-go/ogen/http"
	_ "github.com/ogen-go/ogen/json"
	_ "github.com/ogen-go/ogen/ogenerrors"
	_ "github.com/ogen-go/ogen/otelogen"
	_ "github.com/ogen-go/ogen/uri"
	_ "github.com/ogen-go/ogen/validate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "go.opentelemetry.io/otel"
	_ "go.opentelemetry.io/otel/metric"
	_ "go.opentelemetry.io/otel/trace"
)

const (
	adminKey = "the key of the clients"
	secret   = "the secret of the clients, which is long enough"
)

// example is a running example with its document.
type example struct {
	url, document string
}

// start builds an example and runs it until the test ends.
func start(t *testing.T, name string) example {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	run(t, "../../examples/"+name, "go", "build", "-o", file, ".")
	e := example{document: filepath.Join(t.TempDir(), name+".json")}
	settings := append(os.Environ(), "ADMIN_KEY="+adminKey, "SECRET="+secret, "DATABASE_URL=", "DATABASE="+filepath.Join(t.TempDir(), "database"))
	asked := exec.Command(file, "-openapi")
	asked.Env = settings
	document, err := asked.Output()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(e.document, document, 0o600))

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	server := exec.Command(file, "-addr", addr)
	server.Env = settings
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

// The output of a client for each service: a success, a 422 and a 404, as it decoded them.
const (
	quickstartSays = "201 Laptop 19.5 true\n422 string_too_short body,name\n404 item not found\n"
	usersSays      = "201 ann member\n422 string_too_short body,password\n404 user not found\n"
	modelsSays     = "201 economy 7\n422 greater_than_equal body,to,locker,number\n404 parcel not found\n"
)

// The production service has the operations of users, so their programs are clients of both.
var goClients = []struct{ example, program, says string }{
	{"quickstart", "quickstart", quickstartSays},
	{"users", "users", usersSays},
	{"models", "models", modelsSays},
	{"production", "users", usersSays},
}

func TestOapiCodegen(t *testing.T) {
	for _, c := range goClients {
		t.Run(c.example, func(t *testing.T) {
			t.Parallel()
			e := start(t, c.example)
			dir := moduleFor(t, c.program)
			generated := run(t, ".", "go", "tool", "oapi-codegen", "-package", "client", "-generate", "types,client", e.document)
			require.NoError(t, os.Mkdir(filepath.Join(dir, "client"), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "client", "client.go"), []byte(generated), 0o600))
			run(t, dir, "go", "vet", ".")
			assert.Equal(t, c.says, run(t, dir, "go", "run", ".", e.url, adminKey))
		})
	}
}

// The production service needs its own program, because ogen uses other types for responses with headers.
func TestOgen(t *testing.T) {
	for name, says := range map[string]string{"users": byUser("cid"), "models": modelsSays, "production": byUser("cid")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, dir := start(t, name), moduleFor(t, "ogen-"+name)
			run(t, ".", "go", "tool", "ogen", "-target", filepath.Join(dir, "client"), "-package", "client", e.document)
			run(t, dir, "go", "vet", ".")
			assert.Equal(t, says, run(t, dir, "go", "run", ".", e.url, adminKey))
		})
	}
}

// moduleFor creates a module with the program that uses a client, and with the requirements of this module.
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

// The TypeScript clients are compiled with the strictest options.
func TestTypeScript(t *testing.T) {
	for _, c := range []struct {
		name     string
		examples map[string]string // by names of their programs
		programs map[string]string // and their output
	}{
		{"quickstart, users and models", map[string]string{"quickstart": "quickstart", "users": "users", "models": "models"}, map[string]string{
			"fetch-quickstart": quickstartSays, "hey-quickstart": quickstartSays, "fetch-users": usersSays,
			"hey-users": byUser("bob"), "sta-users": byUser("dan"), "orval-users": byUser("fay"),
			"fetch-models": modelsSays, "hey-models": modelsSays, "sta-models": modelsSays, "orval-models": modelsSays,
		}},
		{"production", map[string]string{"users": "production"}, map[string]string{
			"fetch-users": usersSays, "hey-users": byUser("bob"), "sta-users": byUser("dan"), "orval-users": byUser("fay"),
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, urls := packages(t), map[string]string{}
			for name, example := range c.examples {
				e := start(t, example)
				urls[name] = e.url
				generate(t, dir, name, e.document)
			}
			removeOthers(t, dir, c.programs)
			npm(t, dir, "tsc")
			for program, says := range c.programs {
				npm(t, dir, "esbuild", program+".ts", "--bundle", "--platform=node", "--format=esm", "--outdir=out", "--log-level=warning")
				_, name, _ := strings.Cut(program, "-")
				assert.Equal(t, says, run(t, dir, "node", filepath.Join("out", program+".js"), urls[name], adminKey), program)
			}
		})
	}
}

// removeOthers removes programs whose clients were not generated.
func removeOthers(t *testing.T, dir string, programs map[string]string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.ts"))
	require.NoError(t, err)
	for _, file := range files {
		if programs[strings.TrimSuffix(filepath.Base(file), ".ts")] == "" {
			require.NoError(t, os.Remove(file))
		}
	}
}

// byUser is the output of a client of users with another name.
func byUser(name string) string { return strings.Replace(usersSays, "ann", name, 1) }

func npm(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	run(t, dir, filepath.Join("node_modules", ".bin", name), args...)
}

// generate generates the clients of a document with all generators.
func generate(t *testing.T, dir, name, document string) {
	t.Helper()
	npm(t, dir, "openapi-typescript", document, "--default-non-nullable", "false", "-o", filepath.Join("fetch", name+".d.ts"))
	npm(t, dir, "openapi-ts", "-i", document, "-o", filepath.Join("hey", name), "-c", "@hey-api/client-fetch")
	npm(t, dir, "sta", "generate", "-p", document, "-o", "sta", "-n", name+".ts")
	npm(t, dir, "orval", "--input", document, "--output", filepath.Join("orval", name+".ts"), "--client", "fetch")
}

// packages returns a directory with the programs and the npm packages, which are cached between runs.
func packages(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	kept := filepath.Join(cache, "candor-ci", "clients-3")
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
