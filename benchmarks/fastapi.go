package benchmarks

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
)

// FastAPI is FastAPI in its own process, from these packages of Debian: python3-fastapi, python3-uvicorn,
// python3-uvloop, python3-httptools, python3-email-validator and python3-multipart.
func FastAPI() Contender { return inPython{} }

type inPython struct{}

//go:embed fastapi.py
var fastAPI string

// python is Debian's Python, the only one that sees its packages. With -I it ignores modules in the current directory.
const python = "/usr/bin/python3"

// pythonJob is the first input of fastapi.py.
type pythonJob struct {
	Workload
	Routes []HubRoute `json:"routes"`
	Groups int        `json:"groups"`
}

// Name returns "fastapi".
func (inPython) Name() string { return "fastapi" }

// Version returns the versions of everything that affects the speed.
func (inPython) Version() (string, error) {
	out, err := exec.Command(python, "-I", "-c", fastAPI, "version").Output()
	if err != nil {
		return "", fmt.Errorf("not installed: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// start runs fastapi.py until the context ends, and sends it the job.
func (inPython) start(ctx context.Context, role string, job pythonJob, l *os.File) (*exec.Cmd, io.Writer, *bufio.Reader, error) {
	cmd := exec.CommandContext(ctx, python, "-I", "-c", fastAPI, role)
	cmd.Stderr = os.Stderr
	if l != nil {
		cmd.ExtraFiles = []*os.File{l}
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, nil, err
	}
	if err := json.NewEncoder(in).Encode(job); err != nil {
		return nil, nil, nil, err
	}
	return cmd, in, bufio.NewReader(out), nil
}

// Serve runs uvicorn on the listener, in one process.
func (c inPython) Serve(ctx context.Context, s Service, l net.Listener) error {
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return fmt.Errorf("%T has no file", l)
	}
	file, err := tcp.File()
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // the other process has its own
	cmd, _, _, err := c.start(ctx, "serve", pythonJob{Workload: Workload{Service: s}, Routes: HubRoutes()}, file)
	if err != nil {
		return err
	}
	if err := cmd.Wait(); ctx.Err() == nil {
		return errors.Join(errors.New("uvicorn ended"), err)
	}
	return nil
}

// Drive calls the application in a loop in Python, without a server.
func (c inPython) Drive(ctx context.Context, w Workload) (func(n int) (Cost, error), error) {
	cmd, in, out, err := c.start(ctx, "drive", pythonJob{Workload: w, Routes: HubRoutes()}, nil)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = cmd.Wait() })
	return func(n int) (cost Cost, err error) {
		if _, err := fmt.Fprintln(in, n); err != nil {
			return cost, err
		}
		line, err := out.ReadBytes('\n')
		if err != nil {
			return cost, err
		}
		return cost, json.Unmarshal(line, &cost)
	}, nil
}

// Start creates the large service in its own process.
func (c inPython) Start(ctx context.Context, groups int) (made Started, err error) {
	cmd, _, out, err := c.start(ctx, "start", pythonJob{Groups: groups}, nil)
	if err != nil {
		return made, err
	}
	return made, errors.Join(json.NewDecoder(out).Decode(&made), cmd.Wait())
}
