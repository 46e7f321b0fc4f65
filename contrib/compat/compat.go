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

// update is the flag -update of go test, shared with the test if that has already defined it.
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

// TB is the part of testing.TB that [Check] needs: a *testing.T, or any other testing.TB.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

// Option configures [Check].
type Option func(*check)

type check struct {
	allowed []string
	path    string
}

// Allow lets intended changes pass: lines as [Check] writes them. A line that does not occur fails the test, so that
// the list stays up to date; remove it after go test -update.
func Allow(changes ...string) Option {
	return func(c *check) { c.allowed = append(c.allowed, changes...) }
}

// Document makes [Check] request the document from the app at a path, such as that of a router with its own Docs; the
// default is the document of [candor.App.WriteOpenAPI].
func Document(path string) Option {
	return func(c *check) { c.path = path }
}

// Check compares the app's document with the one in the file, and fails the test for each change that breaks clients,
// in one line: operation, path, change.
//
//   - go test -update writes the file, sorted and indented, so that its history shows what changed. A missing file is
//     written, too, and the test passes.
//   - Operation ids and error statuses count, because generated clients depend on them. So does a removed query
//     parameter, if ForbidExtra now refuses it.
//   - Additions break nobody. The log says that the file lacks them.
//
// The app is sealed, but not started.
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

// report fails the test for changes that are not allowed, and for allowances without a change.
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

// read returns the current document, in the format of the file.
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

// sorted formats a document for the file: members in order, one per line.
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

// Breaking lists the changes between two OpenAPI documents in JSON that break clients of the old one, each as "METHOD
// /path: change".
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

// Changelog writes the changes between two OpenAPI documents in JSON as Markdown: first those that break clients, then
// the rest, by operation. It writes nothing if nothing has changed.
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
