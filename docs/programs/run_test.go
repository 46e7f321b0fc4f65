package programs

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shownAddress is the address of the programs in the guide.
const shownAddress = "localhost:8000"

// A whole program in the guide compiles, and its output or its responses are
// those on the page. CANDOR_GOLDEN=write updates the pages.
func TestPrograms(t *testing.T) {
	files := sourcesOf(t, ".")
	binary := build(t, files)
	shown, withOutput := map[string]bool{}, map[string]bool{}
	for _, page := range pages(t) {
		found := sessionsOf(t, page, files)
		t.Run(strings.TrimPrefix(page, "../"), func(t *testing.T) {
			t.Parallel()
			for i := range found {
				play(t, binary, &found[i])
			}
			if os.Getenv("CANDOR_GOLDEN") == "write" {
				rewrite(t, page, found)
			}
		})
		for _, s := range found {
			shown[s.program] = true
			if slices.ContainsFunc(s.commands, func(c command) bool { return len(c.output) > 0 }) {
				withOutput[s.program] = true
			}
		}
	}
	t.Logf("%d whole programs are shown, %d of them with their output", len(shown), len(withOutput))
	assert.GreaterOrEqual(t, len(withOutput), 65, "whole programs in the guide, with what they print or respond")
	for path := range files {
		if strings.HasSuffix(path, "main.go") {
			assert.True(t, shown[filepath.Dir(path)], "no page shows %s", path)
		}
	}
}

// build compiles all programs into one, because linking sixty would take
// minutes. Each becomes a package whose main function has another name, and
// listens on the address in the environment.
func build(t *testing.T, files map[string]string) (binary string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(".")))
	for path := range files {
		if strings.HasSuffix(path, "_test.go") {
			require.NoError(t, os.Remove(filepath.Join(dir, path)))
		}
	}
	module, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	write(t, filepath.Join(dir, "go.mod"), strings.ReplaceAll(string(module), "=> ../..", "=> "+root))

	var imports, cases strings.Builder
	for _, program := range programsOf(files) {
		// The directory has the name of the package: source.Of finds functions by
		// both.
		ident := identOf(program)
		require.NoError(t, os.CopyFS(filepath.Join(dir, ident), os.DirFS(filepath.Join(dir, program))))
		for path, text := range files {
			if filepath.Dir(path) == program && !strings.HasSuffix(path, "_test.go") {
				write(t, filepath.Join(dir, ident, filepath.Base(path)), asPackage(ident, text))
			}
		}
		write(t, filepath.Join(dir, ident, "address.go"), "package "+ident+"\n\nimport \"os\"\n\nvar address = os.Getenv(\"ADDRESS\")\n")
		fmt.Fprintf(&imports, "\t%q\n", "example.com/"+ident)
		fmt.Fprintf(&cases, "\tcase %q:\n\t\t%s.Main()\n", program, ident)
	}
	write(t, filepath.Join(dir, "all", "main.go"), "package main\n\nimport (\n\t\"os\"\n\n"+imports.String()+
		")\n\nfunc main() {\n\tprogram := os.Args[1]\n\tos.Args = append(os.Args[:1], os.Args[2:]...)\n\tswitch program {\n"+cases.String()+"\t}\n}\n")

	binary = filepath.Join(dir, "programs")
	command := exec.Command("go", "build", "-o", binary, "./all")
	command.Dir = dir
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return binary
}

// programsOf lists the directories with a main function.
func programsOf(files map[string]string) []string {
	found := map[string]bool{}
	for path, text := range files {
		if strings.Contains(text, "\nfunc main() {") {
			found[filepath.Dir(path)] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func identOf(program string) string {
	return "p_" + regexp.MustCompile(`\W`).ReplaceAllString(program, "_")
}

func asPackage(ident, text string) string {
	text = regexp.MustCompile(`(?m)^package main$`).ReplaceAllString(text, "package "+ident)
	text = strings.Replace(text, "\nfunc main() {", "\nfunc Main() {", 1)
	return regexp.MustCompile(`(\(|Addr: )":8000"`).ReplaceAllString(text, "${1}address")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

// play runs a program with the commands of its page. A server is started by "go
// run . &", or in advance if the page does not start one.
func play(t *testing.T, binary string, s *session) {
	t.Helper()
	require.NotEmpty(t, s.commands, "%s:%d: the page does not say how to call the program", s.page, s.line)
	listen := freeAddress(t)
	dir := workingDirectory(t, s)
	environ := append(os.Environ(), "ADDRESS="+listen, "TZ=UTC", "LC_ALL=C")
	run := strings.NewReplacer("go run .", binary+" "+s.program, shownAddress, listen, "curl ", "curl -sS ")

	server, started := "go run .", !slices.ContainsFunc(s.commands, func(c command) bool { return strings.Contains(c.text, "go run .") })
	var script strings.Builder
	for _, c := range s.commands {
		text, background := strings.CutSuffix(c.text, " &")
		if background && strings.Contains(text, "go run .") {
			server, started, text = text, true, "true"
		}
		fmt.Fprintf(&script, "%s\necho; echo %s\n", run.Replace(text), mark)
	}
	if started {
		defer start(t, s, exec.Command("bash", "-c", "exec env "+run.Replace(server)), dir, environ, listen)()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // some compile the library
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-c", script.String())
	shell.Dir, shell.Env, shell.WaitDelay = dir, environ, time.Second
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	shell.Cancel = func() error { return syscall.Kill(-shell.Process.Pid, syscall.SIGKILL) }
	printed, err := shell.CombinedOutput()
	require.NoError(t, err, "%s:%d: %s", s.page, s.line, printed)
	shown := strings.NewReplacer(listen, shownAddress, identOf(s.program)+".", "main.",
		filepath.Join(filepath.Dir(binary), identOf(s.program))+"/", "").Replace(string(printed))
	outputs := strings.Split(shown, mark+"\n")
	for i := range s.commands {
		compare(t, s, &s.commands[i], outputs[i])
	}
}

// workingDirectory is empty, except if the page tests or builds the program:
// then it is a module with its files.
func workingDirectory(t *testing.T, s *session) string {
	t.Helper()
	dir := t.TempDir()
	if slices.ContainsFunc(s.commands, func(c command) bool { return regexp.MustCompile(`go (test|build)\b`).MatchString(c.text) }) {
		makeModule(t, dir, s.program)
	}
	return dir
}

// makeModule copies a program into its own module, as a reader has it.
func makeModule(t *testing.T, dir, program string) {
	t.Helper()
	require.NoError(t, os.CopyFS(dir, os.DirFS(program)))
	module, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	sums, err := os.ReadFile("go.sum")
	require.NoError(t, err)
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	own := strings.Replace(string(module), "module example.com\n", "module example.com/books\n", 1)
	write(t, filepath.Join(dir, "go.mod"), strings.ReplaceAll(own, "=> ../..", "=> "+root))
	write(t, filepath.Join(dir, "go.sum"), string(sums))
}

// mark marks the end of a command's output.
const mark = "--- end of a command"

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// start runs a server until the function that it returns is called.
func start(t *testing.T, s *session, server *exec.Cmd, dir string, environ []string, listen string) (stop func()) {
	t.Helper()
	var logged bytes.Buffer
	server.Dir, server.Env, server.Stdout, server.Stderr = dir, environ, &logged, &logged
	require.NoError(t, server.Start())
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", listen)
		return err == nil && conn.Close() == nil || len(ended) > 0
	}, time.Minute, 10*time.Millisecond)
	require.Empty(t, ended, "%s:%d: the program ended: %s", s.page, s.line, &logged)
	return func() {
		assert.NoError(t, server.Process.Signal(syscall.SIGTERM))
		if err := <-ended; err != nil { // servers of other frameworks fail on the signal
			assert.EqualError(t, err, "signal: terminated", "%s:%d: %s", s.page, s.line, &logged)
		}
	}
}

// compare compares the output of a command with the page. Line breaks and
// indentation do not matter, and three dots match anything.
func compare(t *testing.T, s *session, c *command, printed string) {
	t.Helper()
	pattern := strings.ReplaceAll(regexp.QuoteMeta(flat(strings.Join(c.output, "\n"))), `\.\.\.`, ".*")
	if regexp.MustCompile("^(?s:" + pattern + ")$").MatchString(flat(printed)) {
		return
	}
	if os.Getenv("CANDOR_GOLDEN") == "write" {
		c.output = strings.Split(strings.TrimSpace(strings.ReplaceAll(printed, "\r", "")), "\n")
		return
	}
	assert.Fail(t, "not what the page shows", "%s:%d: %s\nshown:\n%s\nprinted:\n%s", s.page, c.line+1, c.text, strings.Join(c.output, "\n"), printed)
}

func flat(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "")
}

// rewrite updates the outputs in a page, from the last to the first.
func rewrite(t *testing.T, page string, found []session) {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	lines := strings.Split(string(text), "\n")
	for _, s := range slices.Backward(found) {
		for _, c := range slices.Backward(s.commands) {
			first := c.line + strings.Count(c.text, "\n") + 1
			last := first
			for last < len(lines) && lines[last] != "```" && !strings.HasPrefix(lines[last], "$ ") {
				last++
			}
			lines = slices.Replace(lines, first, last, c.output...)
		}
	}
	require.NoError(t, os.WriteFile(page, []byte(strings.Join(lines, "\n")), 0o644))
}
