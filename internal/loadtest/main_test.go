//go:build linux

package loadtest

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// full selects the sizes that docs/streaming.md reports.
var full = os.Getenv("CANDOR_LOAD") == "full"

// size returns the small or the large size, as selected.
func size[T any](small, large T) T {
	if full {
		return large
	}
	return small
}

// patience is long enough for a busy machine. No test waits for all of it.
const patience = 60 * time.Second

// serverKey is the environment variable that makes the test binary run a server.
const serverKey = "CANDOR_LOADTEST_SERVER"

func TestMain(m *testing.M) {
	name, isServer := os.LookupEnv(serverKey)
	if !isServer {
		os.Exit(m.Run())
	}
	if err := beServer(name); err != nil {
		log.Fatal(err)
	}
}

// beServer serves until SIGTERM, and prints its address.
func beServer(name string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if name == "candor" {
		app, err := newApp()
		if err != nil {
			return err
		}
		return app.Serve(ctx, listener)
	}
	server := &http.Server{Handler: newBare(), ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// process is a running server.
type process struct {
	t       *testing.T
	addr    string
	command *exec.Cmd
	log     strings.Builder
}

// start starts the test binary as a server, with more variables, which stops with the test.
func start(t *testing.T, name string, variables ...string) *process {
	t.Helper()
	p := &process{t: t, command: exec.Command(os.Args[0])}
	p.command.Env = append(append(os.Environ(), serverKey+"="+name), variables...)
	output, err := p.command.StdoutPipe()
	require.NoError(t, err)
	p.run()
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	p.addr = strings.TrimSpace(line)
	return p
}

// startExample builds an example and starts it.
func startExample(t *testing.T, name string, args ...string) *process {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join("..", "..", "examples", name)
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener.Close()
	p := &process{t: t, addr: listener.Addr().String()}
	p.command = exec.Command(program, append([]string{"-addr", p.addr}, args...)...)
	p.run()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", p.addr)
		return err == nil && conn.Close() == nil
	}, patience, 50*time.Millisecond, "the example does not answer")
	return p
}

// run starts the command with two processors, on any machine.
func (p *process) run() {
	p.t.Helper()
	p.command.Env = append(p.command.Environ(), "GOMAXPROCS=2")
	p.command.Stderr = &p.log
	require.NoError(p.t, p.command.Start())
	p.t.Cleanup(p.stop)
}

// stop stops the server and expects a clean exit. The second call does nothing.
func (p *process) stop() {
	p.t.Helper()
	if p.command.ProcessState != nil {
		return
	}
	assert.NoError(p.t, p.command.Process.Signal(syscall.SIGTERM))
	assert.NoError(p.t, p.command.Wait(), "%s", p.log.String())
}

func (p *process) url(path string) string { return "http://" + p.addr + path }

// rise returns the largest increase in the memory of a process while f runs.
func (p *process) rise(f func()) int {
	p.t.Helper()
	pid := strconv.Itoa(p.command.Process.Pid)
	const forgetPeak = "5"
	require.NoError(p.t, os.WriteFile("/proc/"+pid+"/clear_refs", []byte(forgetPeak), 0))
	before, err := statusOf(pid, "VmRSS")
	require.NoError(p.t, err)
	f()
	peak, err := statusOf(pid, "VmHWM")
	require.NoError(p.t, err)
	return peak - before
}
