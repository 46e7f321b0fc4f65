package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The cluster of these tests: two processes of this program behind nginx, a
// Redis, a NATS, and one database.

const (
	secret   = "a secret for tests"
	adminKey = "a key for tests, too"
)

// builtFile is the file of this program, which is built once if a test needs
// it.
var builtFile = filepath.Join(os.TempDir(), fmt.Sprintf("candor-production-%d", os.Getpid()))

var program = sync.OnceValues(func() (string, error) {
	said, err := exec.Command("deploy/build.sh", builtFile).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, said)
	}
	return builtFile, nil
})

func TestMain(m *testing.M) {
	if file := os.Getenv(profileKey); file != "" {
		os.Exit(serveProfiled(file))
	}
	code := m.Run()
	_ = os.Remove(builtFile)
	os.Exit(code)
}

type cluster struct {
	t     *testing.T
	dir   string
	redis *exec.Cmd
	nats  *server.Server
	// The addresses of Redis and NATS stay the same after a restart.
	redisAddr string
	natsOpts  server.Options
	processes [2]*process
	// profiled means that processes profile themselves, alone that there is only
	// one.
	profiled, alone bool
	// url is the URL of nginx.
	url string
}

// process is a process of the service with its log.
type process struct {
	addr string
	env  []string
	cmd  *exec.Cmd
	log  *bytes.Buffer
}

// start starts the whole cluster; more are settings of the processes.
func start(t *testing.T, more ...string) *cluster {
	t.Helper()
	return (&cluster{t: t}).start(more...)
}

func (c *cluster) start(more ...string) *cluster {
	t := c.t
	t.Helper()
	c.dir, c.redisAddr = t.TempDir(), freeAddr(t)
	c.startRedis()
	t.Cleanup(c.killRedis)
	_, port, _ := net.SplitHostPort(freeAddr(t))
	c.natsOpts = server.Options{Host: "127.0.0.1", JetStream: true, StoreDir: filepath.Join(c.dir, "nats"), NoSigs: true, NoLog: true}
	_, err := fmt.Sscan(port, &c.natsOpts.Port)
	require.NoError(t, err)
	c.startNATS()
	t.Cleanup(c.killNATS)
	for i := range c.processes {
		if c.alone && i > 0 {
			c.processes[i] = c.processes[0]
			continue
		}
		c.processes[i] = &process{addr: freeAddr(t), env: append([]string{
			"SECRET=" + secret, "ADMIN_KEY=" + adminKey, "DATABASE_URL=" + c.database(), "TRUSTED_PROXIES=127.0.0.1/32",
			"REDIS_URL=redis://" + c.redisAddr, "LIMIT_BUDGET=30s", // on a busy machine
			fmt.Sprintf("NATS_URL=nats://127.0.0.1:%d", c.natsOpts.Port),
		}, more...)}
		c.startProcess(i)
		t.Cleanup(func() { c.stopProcess(i) })
	}
	c.startNginx()
	return c
}

// database returns the URL of PostgreSQL if there is one, otherwise a file.
func (c *cluster) database() string {
	if url := os.Getenv("DATABASE_URL"); url != "" {
		return url
	}
	return filepath.Join(c.dir, "users.db")
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, time.Minute, 20*time.Millisecond, "%s", what)
}

func accepts(addr string) bool {
	conn, err := net.Dial("tcp", addr)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

func (c *cluster) startRedis() {
	c.t.Helper()
	_, port, _ := net.SplitHostPort(c.redisAddr)
	c.redis = exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", c.dir, "--save", "")
	require.NoError(c.t, c.redis.Start())
	eventually(c.t, "redis", func() bool { return accepts(c.redisAddr) })
}

func (c *cluster) killRedis() {
	_ = c.redis.Process.Kill()
	_ = c.redis.Wait()
}

func (c *cluster) startNATS() {
	c.t.Helper()
	options := c.natsOpts
	var err error
	c.nats, err = server.NewServer(&options)
	require.NoError(c.t, err)
	c.nats.Start()
	require.True(c.t, c.nats.ReadyForConnections(time.Minute))
}

func (c *cluster) killNATS() {
	c.nats.Shutdown()
	c.nats.WaitForShutdown()
}

// startProcess waits until the process is ready for requests.
func (c *cluster) startProcess(i int) {
	c.t.Helper()
	file, err := program()
	require.NoError(c.t, err)
	p := c.processes[i]
	p.cmd, p.log = exec.Command(file, "-addr", p.addr), &bytes.Buffer{}
	p.cmd.Env, p.cmd.Stderr = p.env, p.log
	if c.profiled {
		p.cmd.Path = os.Args[0]
		p.cmd.Env = append(p.cmd.Env, profileKey+"="+c.profile(i))
	}
	require.NoError(c.t, p.cmd.Start())
	eventually(c.t, "process "+p.addr, func() bool { return c.ready(i) })
}

func (c *cluster) ready(i int) bool {
	answer, err := http.Get("http://" + c.processes[i].addr + "/readyz")
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// stopProcess asks a process to stop, as a platform does, and waits for its
// end.
func (c *cluster) stopProcess(i int) {
	c.t.Helper()
	p := c.processes[i]
	if p.cmd.ProcessState != nil {
		return
	}
	assert.NoError(c.t, p.cmd.Process.Signal(syscall.SIGTERM))
	assert.NoError(c.t, p.cmd.Wait(), "it ends with status 0")
	if c.t.Failed() {
		c.t.Log(p.log.String())
	}
}

// killProcess ends a process like a failing machine.
func (c *cluster) killProcess(i int) {
	c.t.Helper()
	require.NoError(c.t, c.processes[i].cmd.Process.Kill())
	_ = c.processes[i].cmd.Wait() // it ends by the signal
}

// startNginx runs the configuration of the deployment with local addresses.
func (c *cluster) startNginx() {
	c.t.Helper()
	text, err := os.ReadFile("deploy/nginx.conf")
	require.NoError(c.t, err)
	addr := freeAddr(c.t)
	config := strings.NewReplacer(
		"server production:8000 max_fails=0;",
		fmt.Sprintf("server %s max_fails=0; server %s max_fails=0;", c.processes[0].addr, c.processes[1].addr),
		"listen 8080;", "listen "+addr+";",
		"http {", "http { access_log off; client_body_temp_path "+c.dir+"/body; proxy_temp_path "+c.dir+"/proxy;"+
			" fastcgi_temp_path "+c.dir+"/f; uwsgi_temp_path "+c.dir+"/u; scgi_temp_path "+c.dir+"/s;",
		"worker_processes auto;", "worker_processes 2; daemon off; pid "+c.dir+"/nginx.pid; error_log "+c.dir+"/nginx.log;",
	).Replace(string(text))
	require.Contains(c.t, config, c.processes[1].addr)
	file := filepath.Join(c.dir, "nginx.conf")
	require.NoError(c.t, os.WriteFile(file, []byte(config), 0o600))
	require.NoError(c.t, os.Chmod(c.dir, 0o755)) // its workers run as another user
	nginx := exec.Command("nginx", "-p", c.dir, "-e", c.dir+"/nginx.log", "-c", file)
	require.NoError(c.t, nginx.Start())
	c.t.Cleanup(func() {
		_ = nginx.Process.Signal(syscall.SIGQUIT)
		ended := time.AfterFunc(10*time.Second, func() { _ = nginx.Process.Kill() })
		defer ended.Stop()
		_ = nginx.Wait()
		if log, err := os.ReadFile(c.dir + "/nginx.log"); err == nil && c.t.Failed() {
			c.t.Log(string(log[:min(len(log), 4000)]))
		}
	})
	eventually(c.t, "nginx", func() bool { return accepts(addr) })
	c.url = "http://" + addr
}

// client is a client with its own connections and address.
func client(t *testing.T, address string) *http.Client {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, addr)
		},
		MaxIdleConnsPerHost: 64,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
