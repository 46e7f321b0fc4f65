package browsertest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// startRedis runs a Redis and returns its URL.
func startRedis(t *testing.T) string {
	t.Helper()
	addr := freeAddr(t)
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	redis := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "")
	require.NoError(t, redis.Start())
	t.Cleanup(func() {
		_ = redis.Process.Kill()
		_ = redis.Wait()
	})
	accepts(t, addr)
	return "redis://" + addr
}

// startNATS runs a NATS with JetStream and returns its URL.
func startNATS(t *testing.T) string {
	t.Helper()
	nats, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	require.NoError(t, err)
	go nats.Start()
	t.Cleanup(func() {
		nats.Shutdown()
		nats.WaitForShutdown()
	})
	require.True(t, nats.ReadyForConnections(patience))
	return nats.ClientURL()
}

func accepts(t *testing.T, addr string) {
	t.Helper()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", addr)
		return err == nil && conn.Close() == nil
	}, patience, 20*time.Millisecond, addr)
}

// startNginx runs the nginx configuration of the deployment as a proxy for processes, and returns its URL.
func startNginx(t *testing.T, processes []string) string {
	t.Helper()
	text, err := os.ReadFile("../../examples/production/deploy/nginx.conf")
	require.NoError(t, err)
	dir, addr, upstream := t.TempDir(), freeAddr(t), ""
	for _, process := range processes {
		upstream += "server " + process + " max_fails=0; "
	}
	config := strings.NewReplacer(
		"server production:8000 max_fails=0;", upstream,
		"listen 8080;", "listen "+addr+";",
		"http {", "http { access_log off; client_body_temp_path "+dir+"/body; proxy_temp_path "+dir+"/proxy;"+
			" fastcgi_temp_path "+dir+"/f; uwsgi_temp_path "+dir+"/u; scgi_temp_path "+dir+"/s;",
		"worker_processes auto;", "worker_processes 1; daemon off; pid "+dir+"/nginx.pid; error_log "+dir+"/nginx.log;",
	).Replace(string(text))
	require.Contains(t, config, processes[0])
	file := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	require.NoError(t, os.Chmod(dir, 0o755)) // its workers run as another user
	nginx := exec.Command("nginx", "-p", dir, "-e", dir+"/nginx.log", "-c", file)
	require.NoError(t, nginx.Start())
	t.Cleanup(func() {
		_ = nginx.Process.Signal(syscall.SIGTERM)
		_ = nginx.Wait()
	})
	accepts(t, addr)
	return "http://" + addr
}

// chatProcess is one of several processes that share the rooms.
type chatProcess struct {
	t             *testing.T
	program, addr string
	// broker is the option that selects the broker, and its URL.
	broker [2]string
	cmd    *exec.Cmd
	log    *bytes.Buffer
}

func (p *chatProcess) start() {
	p.t.Helper()
	p.cmd, p.log = exec.Command(p.program, "-addr", p.addr, p.broker[0], p.broker[1]), &bytes.Buffer{}
	p.cmd.Stderr = p.log
	require.NoError(p.t, p.cmd.Start())
	accepts(p.t, p.addr)
}

func (p *chatProcess) stop() {
	p.t.Helper()
	assert.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	assert.NoError(p.t, p.cmd.Wait(), "%s", p.log)
	assert.NotContains(p.t, p.log.String(), "ERROR")
}

// Tabs connected to two processes behind nginx exchange messages, and reconnect by themselves if their process is
// restarted.
func TestTabsAtTwoProcessesChat(t *testing.T) {
	program := filepath.Join(t.TempDir(), "chat")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join("..", "..", "examples", "chat")
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)
	t.Run("over Redis", func(t *testing.T) { tabsChat(t, program, [2]string{"-redis", startRedis(t)}) })
	t.Run("over NATS", func(t *testing.T) { tabsChat(t, program, [2]string{"-nats", startNATS(t)}) })
}

func tabsChat(t *testing.T, program string, broker [2]string) {
	t.Helper()
	var processes []*chatProcess
	var addrs []string
	for range 2 {
		p := &chatProcess{t: t, program: program, addr: freeAddr(t), broker: broker}
		p.start()
		t.Cleanup(p.stop)
		processes, addrs = append(processes, p), append(addrs, p.addr)
	}
	home := startNginx(t, addrs)

	names := []string{"ann", "bob", "cid", "dan"}
	first := browse(t)
	tabs := map[string]context.Context{names[0]: first}
	for _, name := range names[1:] {
		tab, leave := chromedp.NewContext(first)
		t.Cleanup(leave)
		tabs[name] = tab
	}
	for i, name := range names {
		// nginx assigns requests to the processes in turn: some tabs load the page once more, so that not all WebSockets
		// connect to the same process.
		for range 1 + i/2 {
			require.NoError(t, chromedp.Do(tabs[name], chromedp.Navigate(home+"/tea")))
		}
		fill(t, tabs[name], `#join input`, name)
		click(t, tabs[name], `#join button`)
		require.NoError(t, chromedp.Do(tabs[name], chromedp.WaitVisible(chromedp.CSS(`#say`))))
	}
	talk := func(round int) {
		t.Helper()
		for _, name := range names {
			enter(t, tabs[name], name)
		}
		for _, name := range names {
			line := fmt.Sprintf("hello %d", round)
			fill(t, tabs[name], `#say input`, line)
			click(t, tabs[name], `#say button`)
			for _, tab := range tabs {
				until(t, tab, fmt.Sprintf(`[...document.querySelectorAll("#said li")].filter(item => item.textContent === %q).length === 1`, name+": "+line))
			}
		}
	}
	talk(1)
	processes[0].stop()
	processes[0].start()
	leavers := func() (n int) {
		for _, tab := range tabs {
			if slices.ContainsFunc(lines(t, tab, "#said"), func(line string) bool { return strings.HasPrefix(line, "left: 1001") }) {
				n++
			}
		}
		return n
	}
	for leavers() == 0 {
		select {
		case <-first.Done():
			require.Fail(t, "no tab was at the process that was restarted")
		case <-time.After(20 * time.Millisecond):
		}
	}
	talk(2)
	assert.Less(t, leavers(), len(tabs), "and another one at the other")
}

// enter has a tab say something until it hears itself: a WebSocket is open before its handler listens to the room, and
// stays open until the page notices that it was closed.
func enter(t *testing.T, tab context.Context, name string) {
	t.Helper()
	here := fmt.Sprintf(`[...document.querySelectorAll("#said li")].filter(item => item.textContent.startsWith(%q)).length`, name+": here")
	before := evaluate[int](t, tab, here)
	for {
		fill(t, tab, `#say input`, "here")
		click(t, tab, `#say button`)
		for range 50 {
			if evaluate[int](t, tab, here) > before {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}
