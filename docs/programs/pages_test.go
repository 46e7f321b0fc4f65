package programs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// session is a program of a page with the commands that the page shows below.
type session struct {
	page, program string
	// line is where the program begins in the page.
	line     int
	commands []command
}

// command is a line after a prompt, with the lines that it prints.
type command struct {
	line   int // of the prompt, counted from 0
	text   string
	output []string
}

// block is a fenced block of a page.
type block struct {
	language string
	line     int // of the first line inside, counted from 0
	lines    []string
}

// pages are the README and the pages of the guide.
func pages(t *testing.T) []string {
	t.Helper()
	found := []string{"../../README.md"}
	for _, pattern := range []string{"../*.md", "../*/*.md"} {
		matches, err := filepath.Glob(pattern)
		require.NoError(t, err)
		found = append(found, matches...)
	}
	return found
}

// blocksOf lists the fenced blocks of a page.
func blocksOf(page string) (found []block) {
	inside := false
	for i, line := range strings.Split(page, "\n") {
		switch {
		case inside && line == "```":
			inside = false
		case inside:
			last := &found[len(found)-1]
			last.lines = append(last.lines, line)
		case strings.HasPrefix(line, "```"):
			language, _, _ := strings.Cut(strings.TrimPrefix(line, "```"), " ")
			found, inside = append(found, block{language: language, line: i + 1}), true
		}
	}
	return found
}

// commandsOf takes a console apart. A command whose line ends with a backslash
// goes on in the next.
func commandsOf(b block) (found []command) {
	for i := 0; i < len(b.lines); i++ {
		text, isCommand := strings.CutPrefix(b.lines[i], "$ ")
		if !isCommand {
			last := &found[len(found)-1]
			last.output = append(last.output, b.lines[i])
			continue
		}
		c := command{line: b.line + i, text: text}
		for strings.HasSuffix(c.text, "\\") {
			i++
			c.text += "\n" + b.lines[i]
		}
		found = append(found, c)
	}
	return found
}

// programsWith lists the programs that have the file which a block shows whole.
func programsWith(files map[string]string, b block) (found []string) {
	shown := strings.Join(b.lines, "\n") + "\n"
	for path, text := range files {
		if text != shown && !strings.HasSuffix(text, "\n"+shown) {
			continue
		}
		found = append(found, programAbove(files, path))
	}
	slices.Sort(found)
	return found
}

// programAbove is the nearest directory with a main function above a file.
func programAbove(files map[string]string, path string) (nearest string) {
	for _, program := range programsOf(files) {
		if strings.HasPrefix(path, program+string(filepath.Separator)) && len(program) > len(nearest) {
			nearest = program
		}
	}
	return nearest
}

// sourcesOf reads the Go files below a directory.
func sourcesOf(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	}))
	return files
}

// sessionsOf pairs the programs of a page with the consoles below them. The
// files of one program follow each other, and some may be in other programs too.
func sessionsOf(t *testing.T, path string, files map[string]string) (found []session) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var candidates []string
	playing := false
	for _, b := range blocksOf(string(text)) {
		switch b.language {
		case "go":
			if len(b.lines) == 0 || !strings.HasPrefix(b.lines[0], "package ") {
				continue
			}
			with := programsWith(files, b)
			if playing = len(with) > 0; !playing {
				continue // a program of another module, whose tests run it
			}
			common := slices.DeleteFunc(slices.Clone(candidates), func(program string) bool { return !slices.Contains(with, program) })
			if len(common) == 0 {
				found, common = append(found, session{page: path, line: b.line}), with
			}
			candidates, found[len(found)-1].program = common, common[0]
		case "console":
			if playing {
				last := &found[len(found)-1]
				last.commands = append(last.commands, commandsOf(b)...)
			}
		}
	}
	return found
}

// The configuration of air is that of the examples.
func TestAirConfiguration(t *testing.T) {
	page, err := os.ReadFile("../daily-work.md")
	require.NoError(t, err)
	for _, example := range []string{"quickstart", "users"} {
		file, err := os.ReadFile("../../examples/" + example + "/.air.toml")
		require.NoError(t, err)
		require.Contains(t, string(page), "```toml\n"+string(file)+"```\n")
	}
}

// The page of SQL shows what sqlc reads, and the version that made the package.
func TestSQLC(t *testing.T) {
	page, err := os.ReadFile("../sql.md")
	require.NoError(t, err)
	for language, path := range map[string]string{"yaml": "sqlc/sqlc.yaml", "sql": "sqlc/queries.sql"} {
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Contains(t, string(page), "```"+language+"\n"+string(file)+"```\n")
	}
	generator, err := os.ReadFile("../../.ci/sqlc")
	require.NoError(t, err)
	version := regexp.MustCompile(`sqlc@(v[0-9.]+)`).FindStringSubmatch(string(generator))
	require.NotNil(t, version)
	require.Contains(t, string(page), version[0])
	for _, path := range []string{"sqlc/db/db.go", "sqlc/db/models.go", "sqlc/db/queries.sql.go"} {
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Contains(t, string(file), "// Code generated by sqlc. DO NOT EDIT.\n// versions:\n//   sqlc "+version[1]+"\n")
	}
}

// A link to a section leads to a heading.
func TestLinksToSections(t *testing.T) {
	headings := map[string]map[string]bool{}
	texts := map[string]string{}
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		// Comments of shell scripts look like headings.
		texts[page] = regexp.MustCompile("(?ms)^```.*?^```").ReplaceAllString(string(text), "")
		headings[page] = map[string]bool{}
		for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(texts[page], -1) {
			headings[page][slug(heading[1])] = true
		}
	}
	count := 0
	for page, text := range texts {
		for _, link := range regexp.MustCompile(`\]\(([\w./-]*)#([\w-]+)\)`).FindAllStringSubmatch(text, -1) {
			target := page
			if link[1] != "" {
				target = filepath.Join(filepath.Dir(page), link[1])
			}
			if headings[target] != nil {
				count++
				require.True(t, headings[target][link[2]], "%s links to %s", page, link[0])
			}
		}
	}
	require.Greater(t, count, 20)
}

// slug is the id of a heading, as GitHub and VitePress make it.
func slug(heading string) string {
	kept := regexp.MustCompile(`[^\w -]`).ReplaceAllString(strings.ToLower(heading), "")
	return strings.ReplaceAll(kept, " ", "-")
}
