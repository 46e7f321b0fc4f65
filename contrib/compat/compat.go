package compat

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/candor-go/candor"
)

// update is the flag -update of go test. One that the test has already is the same.
var update = updateFlag()

func updateFlag() func() bool {
	const name = "update"
	if flag.Lookup(name) == nil {
		flag.Bool(name, false, "write the files that documents are held against")
	}
	return func() bool {
		f := flag.Lookup(name)
		return f != nil && f.Value.String() == "true"
	}
}

// TB is what [Check] needs of a test: a *testing.T, or any other testing.TB.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

// Option changes what [Check] finds.
type Option func(*check)

type check struct {
	allowed []string
	path    string
}

// Allow lets changes pass that are meant: lines as [Check] writes them. One that does not
// occur fails the test, so that the list stays true; go test -update, after which the
// changes are no more, is the time to drop it.
func Allow(changes ...string) Option {
	return func(c *check) { c.allowed = append(c.allowed, changes...) }
}

// Document has [Check] ask the app for a document at a path, such as the one that a
// router has by its Docs; without it the document is that of [candor.App.WriteOpenAPI].
func Document(path string) Option {
	return func(c *check) { c.path = path }
}

// Check fails a test with each change of the app's document that breaks clients which
// know the document in the file, in one line: operation, path, what.
//
//   - go test -update writes the file, sorted and indented, so that its history shows
//     what changed. A file that is missing is written, too, and the test passes.
//   - Operation ids and error statuses count, as generated clients are made of them. So
//     does a query parameter that an operation no longer has and, by ForbidExtra, refuses.
//   - What was added breaks nobody. The log says that the file lacks it.
//
// The app is sealed, and not started.
func Check(t TB, app *candor.App, file string, options ...Option) {
	t.Helper()
	var c check
	for _, option := range options {
		option(&c)
	}
	today, err := c.read(app)
	if err != nil {
		t.Errorf("compat: %v", err)
		return
	}
	known, err := os.ReadFile(file)
	switch {
	case update(), errors.Is(err, fs.ErrNotExist):
		if err := write(file, today); err != nil {
			t.Errorf("compat: %v", err)
			return
		}
		t.Logf("compat: %s is written; commit it with the code", file)
		return
	case err != nil:
		t.Errorf("compat: %v", err)
		return
	}
	found, err := Breaking(known, today)
	if err != nil {
		t.Errorf("compat: %s: %v", file, err)
		return
	}
	c.report(t, file, found)
	if !bytes.Equal(known, today) && len(found) == 0 {
		t.Logf("compat: %s is older than the app, which breaks no client; go test -update writes it", file)
	}
}

// report fails the test with the changes that are not allowed, and with what is allowed
// for nothing.
func (c *check) report(t TB, file string, found []string) {
	t.Helper()
	for _, line := range found {
		if !slices.Contains(c.allowed, line) {
			t.Errorf("compat: breaks clients: %s", line)
		}
	}
	for _, line := range c.allowed {
		if !slices.Contains(found, line) {
			t.Errorf("compat: Allow(%q) allows nothing, since %s and the app have no such difference; drop it", line, file)
		}
	}
}

// read is the document of today, in the form of the file.
func (c *check) read(app *candor.App) ([]byte, error) {
	var written bytes.Buffer
	if c.path == "" {
		if err := app.WriteOpenAPI(&written); err != nil {
			return nil, err
		}
		return sorted(written.Bytes())
	}
	client := candor.InProcess(app)
	response, err := client.HTTP.Get(client.Base + c.path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if _, err := io.Copy(&written, response.Body); err != nil {
		return nil, err
	}
	if response.StatusCode != 200 {
		return nil, fmt.Errorf("GET %s: %s; give Document the path of a document in JSON", c.path, response.Status)
	}
	return sorted(written.Bytes())
}

// sorted is a document in the form of files: its members in order, one a line.
func sorted(document []byte) ([]byte, error) {
	var tree any
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("no document in JSON: %w", err)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(tree)
	return out.Bytes(), err
}

func write(file string, document []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, document, 0o644) //nolint:gosec // a file of the repository
}

// Breaking lists the changes between two OpenAPI documents in JSON that break clients
// which know the old one, each as "METHOD /path: what".
func Breaking(old, today []byte) ([]string, error) {
	changes, err := compare(old, today)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, c := range changes {
		if c.breaks {
			lines = append(lines, c.String())
		}
	}
	return lines, nil
}

// Changelog writes what changed between two OpenAPI documents in JSON, as Markdown: what
// breaks clients first, then the rest, by operation. Nothing is written if nothing changed.
func Changelog(w io.Writer, old, today []byte) error {
	changes, err := compare(old, today)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, part := range []struct {
		title  string
		breaks bool
	}{{"Breaking changes", true}, {"Changes", false}} {
		last := ""
		for _, c := range changes {
			if c.breaks != part.breaks {
				continue
			}
			if last == "" {
				fmt.Fprintf(&text, "## %s\n", part.title)
			}
			if c.where != last {
				fmt.Fprintf(&text, "\n### %s\n\n", c.where)
				last = c.where
			}
			fmt.Fprintf(&text, "- %s\n", c.what)
		}
		if last != "" {
			text.WriteString("\n")
		}
	}
	_, err = io.WriteString(w, text.String())
	return err
}
