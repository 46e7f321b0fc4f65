package candor_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// uploadForm has a field of each type that a form with files can have.
type uploadForm struct {
	Avatar candor.Upload   `file:"avatar"`
	Banner *candor.Upload  `file:"banner"`
	Photos []candor.Upload `file:"photos,omitempty"`
	Notes  []byte          `file:"notes,omitempty"`
	Title  string          `form:"title,omitempty" validate:"max=5"`
	Stars  *int            `form:"stars"`
	Meta   *uploadMeta     `form:"meta,json"`
}

type uploadMeta struct {
	Author string `json:"author" validate:"min=2"`
	Pages  []int  `json:"pages" default:"[1]"`
}

// uploadSeen is the content of a form.
type uploadSeen struct {
	Files []string
	Title string
	Stars int
	Meta  *uploadMeta
}

func (s *uploadSeen) add(field string, u candor.Upload) error {
	file, err := u.Open()
	if err != nil {
		return err
	}
	content, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	text := string(content)
	if len(text) > 20 {
		text = fmt.Sprintf("%x", sha256.Sum256(content))[:8]
	}
	s.Files = append(s.Files, fmt.Sprintf("%s %q %s %d %s", field, u.Filename, u.ContentType, u.Size, text))
	return file.Close()
}

func uploadAll(_ context.Context, in uploadForm) (uploadSeen, error) {
	seen := uploadSeen{Title: in.Title, Meta: in.Meta}
	err := seen.add("avatar", in.Avatar)
	if in.Banner != nil {
		err = errors.Join(err, seen.add("banner", *in.Banner))
	}
	for _, photo := range in.Photos {
		err = errors.Join(err, seen.add("photo", photo))
	}
	if in.Notes != nil {
		seen.Files = append(seen.Files, "notes "+string(in.Notes))
	}
	if in.Stars != nil {
		seen.Stars = *in.Stars
	}
	return seen, err
}

func uploadClient(t *testing.T, options ...candor.RouteOption) *candor.TestClient {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	app := candor.New(candor.Config{})
	candor.Post(app, "/", uploadAll, options...)
	return candor.NewTestClient(t, app)
}

// uploadLeft lists the remaining temporary files.
func uploadLeft(t *testing.T) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "candor-*"))
	require.NoError(t, err)
	return left
}

// uploadParts joins parts in wire format: headers, an empty line and the content.
func uploadParts(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		b.WriteString("--B\r\n" + part + "\r\n")
	}
	return b.String() + "--B--\r\n"
}

func uploadPart(disposition, content string, headers ...string) string {
	lines := append([]string{"Content-Disposition: form-data; " + disposition}, headers...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + content
}

const uploadType = "multipart/form-data; boundary=B"

func uploadSend(c *candor.TestClient, body string) *candor.TestResponse {
	return c.Post("/", nil, candor.WithBody(uploadType, strings.NewReader(body)))
}

var uploadAvatar = uploadPart(`name="avatar"; filename="a.png"`, "pixels", "Content-Type: image/png")

func TestUploads(t *testing.T) {
	c := uploadClient(t)
	large := strings.Repeat("large", 300_000)
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte(large)))[:8]
	for _, row := range []struct {
		name string
		with []string
		want uploadSeen
	}{
		{"one file", nil, uploadSeen{}},
		{"all kinds", []string{
			uploadPart(`name="banner"; filename="b"`, "B"),
			uploadPart(`name="photos"; filename="1"`, "one", "Content-Type: image/gif"),
			uploadPart(`name="title"`, "T"), uploadPart(`name=stars`, "5"),
			uploadPart(`name="photos"; filename="2"`, "two", "content-type: image/jpeg"),
			uploadPart(`name="notes"; filename="n"`, "N"),
		}, uploadSeen{Title: "T", Stars: 5, Files: []string{
			`banner "b" application/octet-stream 1 B`, `photo "1" image/gif 3 one`, `photo "2" image/jpeg 3 two`, "notes N",
		}}},
		{"JSON as a text", []string{uploadPart(`name="meta"`, `{"author":"Ann"}`)}, uploadSeen{Meta: &uploadMeta{"Ann", []int{1}}}},
		{"JSON with a media type", []string{uploadPart(`name="meta"`, `{"author":"Ann"}`, "Content-Type: application/json")}, uploadSeen{Meta: &uploadMeta{"Ann", []int{1}}}},
		{"JSON as a blob of a script", []string{uploadPart(`name="meta"; filename="blob"`, `{"author":"Ann","pages":[]}`, "Content-Type: application/json")}, uploadSeen{Meta: &uploadMeta{"Ann", []int{}}}},
		{"an input left empty", []string{uploadPart(`name="banner"; filename=""`, "", "Content-Type: application/octet-stream")}, uploadSeen{}},
		{"an input left empty, without a filename", []string{uploadPart(`name="banner"`, ""), uploadPart(`name="notes"`, "", "Content-Type: application/octet-stream")}, uploadSeen{}},
		{"some of a list left empty", []string{uploadPart(`name="photos"`, ""), uploadPart(`name="photos"; filename=""`, ""), uploadPart(`name="photos"; filename="1"`, "one")}, uploadSeen{Files: []string{`photo "1" application/octet-stream 3 one`}}},
		{"an empty file is one", []string{uploadPart(`name="banner"; filename="b"`, "")}, uploadSeen{Files: []string{`banner "b" application/octet-stream 0 `}}},
		{"an empty text of a number is none", []string{uploadPart(`name="stars"`, "")}, uploadSeen{}},
		{"the base name counts", []string{uploadPart(`name="banner"; filename="../../etc/passwd"`, "x")}, uploadSeen{Files: []string{`banner "passwd" application/octet-stream 1 x`}}},
		{"of any system", []string{uploadPart(`name="banner"; filename="C:\dir\b.txt"`, "x")}, uploadSeen{Files: []string{`banner "b.txt" application/octet-stream 1 x`}}},
		{"and not dots", []string{uploadPart(`name="banner"; filename=".."`, "x")}, uploadSeen{Files: []string{`banner "" application/octet-stream 1 x`}}},
		{"names have quotes and UTF-8", []string{uploadPart(`name="banner"; filename="ä \"b\" ; c"`, "x")}, uploadSeen{Files: []string{`banner "ä \"b\" ; c" application/octet-stream 1 x`}}},
		{"filename* is ignored", []string{uploadPart(`name="banner"; filename="b"; filename*=UTF-8''evil`, "x")}, uploadSeen{Files: []string{`banner "b" application/octet-stream 1 x`}}},
		{"the last of a single one counts", []string{uploadPart(`name="banner"; filename="b"`, "x"), uploadPart(`name="banner"; filename="c"`, "y")}, uploadSeen{Files: []string{`banner "c" application/octet-stream 1 y`}}},
		{"unknown parts are read past", []string{uploadPart(`name="x"; filename="b"`, large), uploadPart(`name="y"`, large)}, uploadSeen{}},
		{"large ones go to a file", []string{uploadPart(`name="banner"; filename="b"`, large), uploadPart(`name="photos"; filename="1"`, "one"), uploadPart(`name="photos"; filename="2"`, large)}, uploadSeen{Files: []string{
			`banner "b" application/octet-stream 1500000 ` + hash, `photo "1" application/octet-stream 3 one`, `photo "2" application/octet-stream 1500000 ` + hash,
		}}},
		{"a preamble and an epilogue do not count", []string{}, uploadSeen{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got uploadSeen
			body := uploadParts(append([]string{uploadAvatar}, row.with...)...)
			if row.with != nil && len(row.with) == 0 {
				body = "before\r\n" + body + "after"
			}
			uploadSend(c, body).Status(200).JSON(&got)
			row.want.Files = append([]string{`avatar "a.png" image/png 6 pixels`}, row.want.Files...)
			assert.Equal(t, row.want, got)
			assert.Empty(t, uploadLeft(t))
		})
	}
}

func TestUploadFaults(t *testing.T) {
	open, closed := uploadClient(t), uploadClient(t, candor.ForbidExtra())
	for _, row := range []struct {
		name, body string
		client     *candor.TestClient
		want       []string
	}{
		{"nothing", "", open, []string{"missing [body]"}},
		{"no parts", "--B--", open, []string{"missing [body avatar]"}},
		{"a required file left empty", uploadParts(uploadPart(`name="avatar"; filename=""`, "")), open, []string{"missing [body avatar]"}},
		{"a text where a file is expected", uploadParts(uploadPart(`name="avatar"`, "x")), open, []string{"value_error [body avatar]"}},
		{"filename* makes no file", uploadParts(uploadPart(`name="avatar"; filename*=UTF-8''a`, "x")), open, []string{"value_error [body avatar]"}},
		{"a file where a text is expected", uploadParts(uploadAvatar, uploadPart(`name="title"; filename="t"`, "x", "Content-Type: text/plain")), open, []string{"value_error [body title]"}},
		{"a file that is no JSON", uploadParts(uploadAvatar, uploadPart(`name="meta"; filename="t"`, "{}", "Content-Type: text/plain")), open, []string{"value_error [body meta]"}},
		{
			"all faults at once", uploadParts(uploadPart(`name="title"`, "too long"), uploadPart(`name="stars"`, "x"), uploadPart(`name="meta"`, `{"author":"A","pages":["x"]}`)), open,
			[]string{"missing [body avatar]", "string_too_long [body title]", "int_parsing [body stars]", "string_too_short [body meta author]", "int_type [body meta pages 0]"},
		},
		{"JSON that is none", uploadParts(uploadAvatar, uploadPart(`name="meta"`, "{")), open, []string{"json_invalid [body meta]"}},
		{"a text in another charset", uploadParts(uploadAvatar, uploadPart(`name="title"`, "x", "Content-Type: text/plain; charset=latin1")), open, []string{"value_error [body title]"}},
		{"a text that is not UTF-8", uploadParts(uploadAvatar, uploadPart(`name="title"`, "\xff")), open, []string{"string_unicode [body title]"}},
		{"a required file left empty without a filename", uploadParts(uploadPart(`name="avatar"`, "", "Content-Type: application/octet-stream")), open, []string{"missing [body avatar]"}},
		{"101 parts", uploadParts(slices.Repeat([]string{uploadPart(`name="photos"; filename="x"`, "x")}, 101)...), open, []string{"too_long [body]"}},
		{"names where they are forbidden", uploadParts(uploadAvatar, uploadPart(`name="x"`, "x"), uploadPart(`name="y"; filename="y"`, "y")), closed, []string{"extra_forbidden [body x]", "extra_forbidden [body y]"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got []string
			for _, f := range uploadSend(row.client, row.body).Faults() {
				got = append(got, fmt.Sprint(f.Type, " ", f.Loc))
			}
			assert.Equal(t, row.want, got)
		})
	}
	parts := append([]string{uploadAvatar}, slices.Repeat([]string{uploadPart(`name="photos"; filename="x"`, "x")}, 99)...)
	uploadSend(open, uploadParts(parts...)).Status(200)
}

func TestUploadRefusals(t *testing.T) {
	c := uploadClient(t)
	headers := func(n int, value string) string {
		var lines []string
		for i := range n {
			lines = append(lines, fmt.Sprintf("X-%02d: %s", i, value))
		}
		return uploadParts(uploadAvatar, uploadPart(`name="x"`, "x", lines...))
	}
	whole := uploadParts(uploadAvatar)
	for _, row := range []struct {
		name, media, body string
		status            int
	}{
		{"as it should be", uploadType, whole, 200},
		{"a quoted boundary", `Multipart/Form-Data; charset=utf-8; boundary="B"`, whole, 200},
		{"no boundary", "multipart/form-data", whole, 400},
		{"an empty boundary", "multipart/form-data; boundary=", whole, 400},
		{"a boundary of 70 characters", "multipart/form-data; boundary=" + strings.Repeat("b", 70), strings.ReplaceAll(whole, "--B", "--"+strings.Repeat("b", 70)), 200},
		{"a boundary of 71 characters", "multipart/form-data; boundary=" + strings.Repeat("b", 71), strings.ReplaceAll(whole, "--B", "--"+strings.Repeat("b", 71)), 400},
		{"another media type", "application/json", "{}", 415},
		{"a filename that needs quotes", uploadType, uploadParts(uploadPart(`name="x"; filename=photo (1).jpg`, "x")), 400},
		{"pairs for a form with files", formType, "a=b", 415},
		{"another kind of parts", "multipart/mixed; boundary=B", whole, 415},
		{"another boundary", "multipart/form-data; boundary=C", whole, 400},
		{"cut in the content", uploadType, whole[:len(whole)-9], 400},
		{"cut in a header", uploadType, whole[:20], 400},
		{"no disposition", uploadType, uploadParts("X: y\r\n\r\nx"), 400},
		{"no name", uploadType, uploadParts(uploadPart(`filename="x"`, "x")), 400},
		{"two names", uploadType, uploadParts(uploadPart(`name="x"; name="y"`, "x")), 400},
		{"two dispositions", uploadType, uploadParts(uploadPart(`name="x"`, "x", `Content-Disposition: form-data; name="y"`)), 400},
		{"another disposition", uploadType, uploadParts("Content-Disposition: attachment; name=x\r\n\r\nx"), 400},
		{"16 headers", uploadType, headers(15, "y"), 200},
		{"17 headers", uploadType, headers(16, "y"), 400},
		{"headers of 8 KiB", uploadType, headers(1, strings.Repeat("y", 8<<10-100)), 200},
		{"headers of more", uploadType, headers(1, strings.Repeat("y", 8<<10)), 400},
		{"headers of much more", uploadType, headers(1, strings.Repeat("y", 1<<20)), 400},
		{"a preamble of much more", uploadType, strings.Repeat("y\r\n", 1<<20) + whole, 400},
		{"a form of 32 MiB", uploadType, uploadParts(uploadPart(`name="avatar"; filename="x"`, strings.Repeat("x", 32<<20-90))), 200},
		{"a form of more", uploadType, uploadParts(uploadPart(`name="avatar"; filename="x"`, strings.Repeat("x", 32<<20))), 413},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, body := range []io.Reader{strings.NewReader(row.body), io.MultiReader(strings.NewReader(row.body))} {
				response := c.Post("/", nil, candor.WithBody(row.media, body))
				assert.Equal(t, row.status, response.Code, response.Text())
			}
			assert.Empty(t, uploadLeft(t))
		})
	}
	for disposition, want := range map[string]string{
		`Content-Disposition: form-data; name="x"; filename=photo (1).jpg`: "has a malformed Content-Disposition",
		`Content-Disposition: attachment; name="x"`:                        "has a malformed Content-Disposition",
		`Content-Disposition: form-data; filename="x"`:                     "has a Content-Disposition without a name",
		`X-Other: y`: "has no Content-Disposition, or more than one",
	} {
		assert.Contains(t, uploadSend(c, uploadParts(disposition+"\r\n\r\nx")).Status(400).Text(), want)
	}
	small := uploadClient(t, candor.MaxBody(100))
	uploadSend(small, whole+strings.Repeat(" ", 100)).Status(413)
}

func TestMultipartLimits(t *testing.T) {
	type in struct {
		A     string          `form:"a,omitempty"`
		B     []string        `form:"b,omitempty"`
		JSON  map[string]int  `form:"json,json,omitempty"`
		Files []candor.Upload `file:"files,omitempty" validate:"max=3"`
		Notes []byte          `file:"notes,omitempty"`
	}
	count := func(_ context.Context, in in) ([]int, error) {
		return []int{len(in.A), len(in.B), len(in.JSON), len(in.Files), len(in.Notes)}, nil
	}
	app := candor.New(candor.Config{Limits: candor.Limits{Multipart: candor.MultipartLimits{Files: 2}}})
	candor.Post(app, "/", count)
	candor.Post(app, "/more", count, candor.LimitMultipart(candor.MultipartLimits{Files: 9}))
	router := candor.NewRouter("/router", candor.LimitMultipart(candor.MultipartLimits{Parts: 5}))
	candor.Post(router, "/", count, candor.LimitMultipart(candor.MultipartLimits{Files: 1}))
	app.Include(router)
	c := candor.NewTestClient(t, app)

	text := func(name string, n int) string {
		return uploadPart(fmt.Sprintf("name=%q", name), strings.Repeat("x", n))
	}
	file := uploadPart(`name="files"; filename="f"`, "x")
	notes := uploadPart(`name="notes"; filename="n"`, strings.Repeat("x", 60))
	object := uploadPart(`name="json"`, `{"a":1,"b":2}`+strings.Repeat(" ", 70_000))
	for _, row := range []struct {
		path  string
		parts []string
		want  string
	}{
		{"/", []string{text("a", 70_000), object}, `200 [70000,0,2,0,0]`},
		{"/", slices.Repeat([]string{text("b", 1)}, 100), `200 [0,100,0,0,0]`},
		{"/", slices.Repeat([]string{text("b", 1)}, 105), `too_long ["body"] {"actual_length":105,"item":"part","max_length":100}`},
		{"/", slices.Repeat([]string{file}, 3), `too_long ["body"] {"actual_length":3,"item":"file","max_length":2}`},
		{"/", []string{file, file, uploadPart(`name="other"; filename="f"`, "x")}, `too_long ["body"] {"actual_length":3,"item":"file","max_length":2}`},
		{"/more", slices.Repeat([]string{file}, 3), `200 [0,0,0,3,0]`},
		{"/more", slices.Repeat([]string{file}, 4), `too_long ["body","files"] {"actual_length":4,"field_type":"List","max_length":3}`},
		{"/", []string{text("a", 600_000), text("b", 600_000)}, `413 {"detail":"the texts of the form have together more than 1048576 bytes"}`},
		{"/", []string{text("other", 1_200_000), text("a", 1)}, `200 [1,0,0,0,0]`},
		{"/router/", slices.Repeat([]string{text("b", 1)}, 6), `too_long ["body"] {"actual_length":6,"item":"part","max_length":5}`},
		{"/router/", []string{file, file}, `too_long ["body"] {"actual_length":2,"item":"file","max_length":1}`},
	} {
		got := c.Post(row.path, nil, candor.WithBody(uploadType, strings.NewReader(uploadParts(row.parts...))))
		assert.Equal(t, row.want, apptest.Outcome(got), row.path)
	}

	wide := candor.New(candor.Config{})
	candor.Post(wide, "/", count, candor.MaxBody(500), candor.LimitMultipart(candor.MultipartLimits{Text: 20}))
	c = candor.NewTestClient(t, wide)
	assert.Equal(t, `413 {"detail":"a form value has more than 20 bytes"}`, apptest.Outcome(uploadSend(c, uploadParts(text("a", 21), text("b", 20)))))
	assert.Equal(t, `200 [20,1,0,0,0]`, apptest.Outcome(uploadSend(c, uploadParts(text("a", 20), text("b", 20)))))
	assert.Equal(t, `200 [0,0,0,0,60]`, apptest.Outcome(uploadSend(c, uploadParts(notes))))

	for _, limits := range []candor.MultipartLimits{{Parts: -1}, {Files: -1}, {Text: -1}} {
		assert.Panics(t, func() { candor.New(candor.Config{}, candor.LimitMultipart(limits)) })
		assert.Panics(t, func() { candor.New(candor.Config{Limits: candor.Limits{Multipart: limits}}) })
	}
}

func TestFormsAsParts(t *testing.T) {
	c := formClient(t)
	for _, row := range []string{"name=Ann&age=3", "name=Ann&age=3&news=&born=", "name=&age=x&sizes=1,x", "age=3&name=Ann&name=Bob&colors=a&colors=", `name=Ann&age=1&extra={"a":1}`} {
		values, err := url.ParseQuery(row)
		require.NoError(t, err)
		var parts []string
		for name, texts := range values {
			for _, text := range texts {
				parts = append(parts, uploadPart(fmt.Sprintf("name=%q", name), text))
			}
		}
		as := c.Post("/model", nil, candor.WithBody(uploadType, strings.NewReader(uploadParts(parts...))))
		pairs := c.Post("/model", nil, candor.WithForm(values))
		assert.Equal(t, pairs.Code, as.Code)
		assert.JSONEq(t, pairs.Text(), as.Text())
	}
}

func TestUploadDocument(t *testing.T) {
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Required bool
				Content  map[string]struct {
					Schema   map[string]any
					Encoding map[string]map[string]any
				}
			}
			Responses map[string]any
		}
		Components struct {
			Schemas map[string]struct {
				Required   []string
				Properties map[string]map[string]any
			}
		}
	}
	app := candor.New(candor.Config{})
	candor.Post(app, "/", uploadAll)
	candor.Post(app, "/parts", uploadCount)
	candor.NewTestClient(t, app).Get("/openapi.json").JSON(&doc)
	op := doc.Paths["/"]["post"]
	assert.True(t, op.RequestBody.Required)
	require.Len(t, op.RequestBody.Content, 1)
	media := op.RequestBody.Content["multipart/form-data"]
	assert.Equal(t, map[string]map[string]any{"meta": {"contentType": "application/json"}}, media.Encoding)
	ref, _ := media.Schema["$ref"].(string)
	schema := doc.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
	assert.Equal(t, []string{"avatar"}, schema.Required)
	binary := map[string]any{"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
	for _, name := range []string{"avatar", "banner", "notes"} {
		assert.Equal(t, binary, schema.Properties[name], name)
	}
	assert.Equal(t, map[string]any{"type": "array", "items": binary}, schema.Properties["photos"])
	for _, status := range []string{"400", "413", "415", "422"} {
		assert.Contains(t, op.Responses, status)
	}
	parts := doc.Paths["/parts"]["post"].RequestBody
	assert.Equal(t, map[string]any{"type": "object"}, parts.Content["multipart/form-data"].Schema)
	assert.Len(t, parts.Content, 1)
}

// uploadCount sums the sizes of the parts while it reads them.
func uploadCount(_ context.Context, in struct {
	Body *multipart.Reader `body:""`
},
) (map[string]int64, error) {
	sizes := map[string]int64{}
	for {
		part, err := in.Body.NextPart()
		if errors.Is(err, io.EOF) {
			return sizes, nil
		}
		if err != nil {
			return nil, err
		}
		if sizes[part.FormName()], err = io.Copy(io.Discard, part); err != nil {
			return nil, err
		}
	}
}

func TestUploadsAsParts(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/", uploadCount, candor.MaxBody(64<<20), candor.Raises(candor.Error(400, "")))
	candor.Post(app, "/small", uploadCount, candor.MaxBody(100))
	candor.Post(app, "/maybe", func(_ context.Context, in struct {
		Body *multipart.Reader `body:",omitempty"`
	},
	) (bool, error) {
		return in.Body == nil, nil
	})
	c := candor.NewTestClient(t, app)
	var sizes map[string]int64
	c.Post("/", nil, candor.WithFile("a", "a", make([]byte, 33<<20)), candor.WithForm(url.Values{"b": {"bb"}})).Status(200).JSON(&sizes)
	assert.Equal(t, map[string]int64{"a": 33 << 20, "b": 2}, sizes)
	c.Post("/small", nil, candor.WithFile("a", "a", make([]byte, 100))).Status(413)
	long := io.MultiReader(strings.NewReader(uploadParts(uploadPart("name=a", strings.Repeat("x", 100)))))
	c.Post("/small", nil, candor.WithBody(uploadType, long)).Status(413)
	c.Post("/", nil, candor.WithBody("multipart/form-data", strings.NewReader("x"))).Status(400)
	c.Post("/", nil, candor.WithBody(formType, strings.NewReader("x"))).Status(415)
	assert.Equal(t, []any{"body"}, c.Post("/", nil).Faults()[0].Loc)
	assert.Equal(t, "true", c.Post("/maybe", nil).Status(200).Text())
}

// TestWhereUploadsAreStored distinguishes files in memory from files on disk by removing the directory for temporary files.
func TestWhereUploadsAreStored(t *testing.T) {
	const share, whole = 64 << 10, 1 << 20
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
	candor.Post(app, "/", func(_ context.Context, in struct {
		Files []candor.Upload `file:"f"`
	},
	) (string, error) {
		hash := sha256.New()
		for _, u := range in.Files {
			content, err := u.Open()
			if err != nil {
				return "", err
			}
			if n, err := io.Copy(hash, content); err != nil || n != u.Size {
				return "", fmt.Errorf("%d of %d bytes: %w", n, u.Size, err)
			}
		}
		return hex.EncodeToString(hash.Sum(nil)), nil
	})
	c := candor.NewTestClient(t, app)
	there, missing := t.TempDir(), filepath.Join(t.TempDir(), "missing")
	for _, row := range []struct {
		name   string
		sizes  []int
		length bool // whether the length of the form is sent
		inFile bool
	}{
		{"an empty one", []int{0}, false, false},
		{"a small one", []int{1}, false, false},
		{"a share", []int{share}, false, false},
		{"more than a share", []int{share + 1}, false, true},
		{"more than a share of a short form", []int{share + 1}, true, false},
		{"a short form of several", []int{5, share, 3 * share, 0, 2*share - 1}, true, false},
		{"a short form that is full", []int{whole - 100}, true, false},
		{"a form that is not short", []int{whole}, true, true},
		{"small ones of a long form", slices.Repeat([]int{share}, 16), true, false},
		{"more of them", slices.Repeat([]int{share}, 17), true, true},
		{"and some more", slices.Repeat([]int{share}, 20), false, true},
		{"blocks", []int{4 * share, 2*share + 1, 3*share + 2, whole + share - 1}, false, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			var parts []string
			hash := sha256.New()
			for i, size := range row.sizes {
				content := strings.Repeat(string(rune('a'+i)), size)
				hash.Write([]byte(content))
				parts = append(parts, uploadPart(`name="f"; filename="f"`, content))
			}
			send := func(body string) *candor.TestResponse {
				var from io.Reader = strings.NewReader(body)
				if !row.length {
					from = io.MultiReader(from)
				}
				return c.Post("/", nil, candor.WithBody(uploadType, from))
			}
			body := uploadParts(parts...)
			t.Setenv("TMPDIR", there)
			var got string
			send(body).Status(200).JSON(&got)
			assert.Equal(t, hex.EncodeToString(hash.Sum(nil)), got)
			send(strings.TrimSuffix(body, "\r\n--B--\r\n")).Status(400)
			assert.Empty(t, uploadLeft(t))
			t.Setenv("TMPDIR", missing)
			send(body).Status(map[bool]int{false: 200, true: 500}[row.inFile])
		})
	}
}

func TestUploadContent(t *testing.T) {
	var kept candor.Upload
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	save := func(u candor.Upload) {
		one, err := u.Open()
		require.NoError(t, err)
		other, err := u.Open()
		require.NoError(t, err)
		_, err = one.Seek(-3, io.SeekEnd)
		require.NoError(t, err)
		end, err := io.ReadAll(one)
		require.NoError(t, err)
		whole, err := io.ReadAll(other)
		require.NoError(t, err)
		assert.Equal(t, "end", string(end))
		assert.Len(t, whole, int(u.Size))
		path := filepath.Join(dir, u.Filename)
		require.NoError(t, u.Save(path))
		saved, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, whole, saved)
		assert.ErrorIs(t, u.Save(path), fs.ErrExist)
		assert.ErrorIs(t, u.SaveIn(root, u.Filename), fs.ErrExist)
		assert.NoError(t, u.SaveIn(root, "in-"+u.Filename))
		assert.Error(t, u.SaveIn(root, "../x"))
	}
	t.Setenv("TMPDIR", t.TempDir())
	save(candor.NewUpload("dir/made", []byte("at the end")))
	app := candor.New(candor.Config{})
	candor.Post(app, "/", func(_ context.Context, in struct {
		Files []candor.Upload `file:"f"`
	},
	) (candor.None, error) {
		for _, u := range in.Files {
			save(u)
		}
		kept = in.Files[1]
		assert.Equal(t, "application/octet-stream", kept.Header.Get("Content-Type"))
		return candor.None{}, nil
	})
	c := candor.NewTestClient(t, app)
	large := append(make([]byte, 2<<20), "end"...)
	c.Post("/", nil, candor.WithFile("f", "small", []byte("the end")), candor.WithFile("f", "large", large)).Status(204)
	_, err = kept.Open()
	require.ErrorContains(t, err, "its request ended")
	assert.Error(t, kept.Save(filepath.Join(dir, "late")))
	assert.NoFileExists(t, filepath.Join(dir, "late"))
}

// uploadDescriptors counts the open file descriptors of the process, if the system provides that.
func uploadDescriptors() int {
	open, _ := os.ReadDir("/proc/self/fd")
	return len(open)
}

// However a request ends, no file, file descriptor or goroutine is left.
func TestUploadsLeaveNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
	candor.Post(app, "/{end}", func(_ context.Context, in struct {
		End  string        `path:"end"`
		File candor.Upload `file:"f"`
	},
	) (int64, error) {
		switch in.End {
		case "panic":
			panic("in a handler")
		case "abort":
			panic(http.ErrAbortHandler)
		case "exit":
			return 0, errors.New("unknown")
		}
		return in.File.Size, nil
	}, candor.MaxBody(2<<20))
	candor.Post(app, "/bytes/{end}", func(_ context.Context, in struct {
		End  string `path:"end"`
		File []byte `file:"f"`
	},
	) (int, error) {
		return len(in.File), nil
	}, candor.MaxBody(2<<20))
	server := httptest.NewServer(app)
	defer server.Close()
	addr := server.Listener.Addr().String()
	goroutines, descriptors := runtime.NumGoroutine(), uploadDescriptors()
	body := uploadParts(uploadPart(`name="f"; filename="f"`, strings.Repeat("x", 1<<20)))
	ends := []string{"panic", "abort", "exit", "ok", "reset", "large", "malformed", "other", "bytes/ok", "bytes/reset", "bytes/malformed"}
	for i := range 8 * len(ends) {
		conn, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		end := ends[i%len(ends)]
		sent, body := body, body
		switch path.Base(end) {
		case "reset":
			sent = body[:len(body)/2]
		case "large":
			body = strings.Repeat(body[:len(body)-len("--B--\r\n")], 3) + "--B--\r\n"
			sent = body
		case "malformed":
			body = strings.Replace(body, "--B--", "--B-x", 1)
			sent = body
		case "other":
			body = strings.Replace(body, `name="f"`, `name="g"`, 1)
			sent = body
		}
		_, err = fmt.Fprintf(conn, "POST /%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", end, uploadType, len(body), sent)
		if path.Base(end) != "large" { // the server refuses it and closes the connection meanwhile
			require.NoError(t, err)
		}
		switch path.Base(end) {
		case "reset":
			require.NoError(t, conn.(*net.TCPConn).SetLinger(0))
		case "large": // nobody reads the rest of it
			_, _ = io.Copy(io.Discard, conn)
		default:
			_, err = io.Copy(io.Discard, conn)
			require.NoError(t, err)
		}
		require.NoError(t, conn.Close())
	}
	settled(t, goroutines)
	assert.Eventually(t, func() bool { return uploadDescriptors() <= descriptors }, time.Minute, time.Millisecond)
	assert.Empty(t, uploadLeft(t))
}

func TestUploadMistakes(t *testing.T) {
	for _, row := range []struct {
		want     string
		register func(r candor.Routes)
	}{
		{"a file cannot be taken as string; make it a candor.Upload, *candor.Upload, []candor.Upload or []byte", badInput[struct {
			F string `file:"f"`
		}]("/")},
		{"a file cannot be taken as *multipart.FileHeader", badInput[struct {
			F *multipart.FileHeader `file:"f"`
		}]("/")},
		{"rules on a file, whose content they cannot see; drop the tags validate and pattern; candor.MaxBody limits the size of the form", badInput[struct {
			F []byte `file:"f" validate:"max=3"`
		}]("/")},
		{"rules on a file, whose content they cannot see", badInput[struct {
			F []candor.Upload `file:"f" validate:"max=3,dive,min=1"`
		}]("/")},
		{"field Body of struct{...}: a multipart.Form, which is never set; write one field with a form or file tag", badInput[struct {
			Body *multipart.Form `body:""`
		}]("/")},
		{"a multipart.FileHeader, which is never set; make it a candor.Upload with the tag `file:\"f\"`", badInput[struct {
			F *multipart.FileHeader `body:"f"`
		}]("/")},
		{"has no JSON of this kind; drop the tag", badInput[struct {
			F []candor.Upload `file:"f" default:"[]"`
		}]("/")},
		{"has no JSON of this kind; drop the tag", badInput[struct {
			F []byte `file:"f" default:"x"`
		}]("/")},
		{"a candor.Upload that is not a file of a form; write `file:\"f\"`", badInput[struct {
			F candor.Upload `form:"f"`
		}]("/")},
		{"a candor.Upload that is not a file of a form; write `file:\"file\"`", badInput[struct {
			F []candor.Upload `body:""`
		}]("/")},
		{"it and A both read the file value \"f\"; keep one of them", badInput[struct {
			A string        `form:"f"`
			F candor.Upload `file:"f"`
		}]("/")},
		{"a form value in addition to B, which takes the whole body", badInput[struct {
			B string        `body:""`
			F candor.Upload `file:"f"`
		}]("/")},
		{"a *multipart.Reader without a source; write `body:\"\"`", badInput[struct{ R *multipart.Reader }]("/")},
		{"rules on a *multipart.Reader, which nobody has read yet", badInput[struct {
			R *multipart.Reader `body:"" validate:"max=3"`
		}]("/")},
		{"a media type on a *multipart.Reader, which reads multipart/form-data; drop the tag media", badInput[struct {
			R *multipart.Reader `body:"" media:"multipart/mixed"`
		}]("/")},
	} {
		t.Run(row.want, func(t *testing.T) {
			defer func() {
				err, _ := recover().(error)
				require.ErrorContains(t, err, row.want)
			}()
			row.register(candor.New(candor.Config{}))
		})
	}
}

// uploadTwin parses a form with mime/multipart; ok is whether its parts are valid for uploadFuzzed.
func uploadTwin(body string) (twin uploadFuzzedSeen, ok bool) {
	form, err := multipart.NewReader(strings.NewReader(body), "B").ReadForm(1 << 20)
	if err != nil {
		return twin, false
	}
	defer func() { _ = form.RemoveAll() }()
	for _, headers := range form.File {
		for _, header := range headers {
			if hasStar(header.Header) {
				return twin, false
			}
		}
	}
	twin.A = append([]string{}, form.Value["a"]...)
	twin.F = []string{}
	for _, header := range form.File["f"] {
		file, err := header.Open()
		if err != nil {
			return twin, false
		}
		content, err := io.ReadAll(file)
		if err != nil {
			return twin, false
		}
		twin.F = append(twin.F, fmt.Sprintf("%q %x", header.Header.Get("Content-Type"), content))
	}
	return twin, len(form.Value["f"])+len(form.File["a"]) == 0 && utf8.ValidString(strings.Join(twin.A, ""))
}

func hasStar(header textproto.MIMEHeader) bool {
	return strings.Contains(header.Get("Content-Disposition"), "*")
}

type uploadFuzzedSeen struct{ A, F []string }

func uploadFuzzed(_ context.Context, in struct {
	A []string        `form:"a,omitempty"`
	F []candor.Upload `file:"f,omitempty"`
},
) (uploadFuzzedSeen, error) {
	seen := uploadFuzzedSeen{A: append([]string{}, in.A...), F: []string{}}
	for _, u := range in.F {
		file, err := u.Open()
		if err != nil {
			return seen, err
		}
		content, err := io.ReadAll(file)
		if err != nil {
			return seen, err
		}
		seen.F = append(seen.F, fmt.Sprintf("%q %x", u.Header.Get("Content-Type"), content))
	}
	return seen, nil
}

// FuzzMultipart compares forms with mime/multipart: a 200 has the same values, and a form that both consider
// well-formed is a 200.
func FuzzMultipart(f *testing.F) {
	for _, parts := range [][]string{
		{uploadPart(`name="a"`, "1"), uploadPart(`name="f"; filename="x"`, "content"), uploadPart(`name=a`, "2")},
		{uploadPart(`name="f"; filename="C:\x"`, "", "Content-Type: image/png")},
		{uploadPart(`name="f"; filename=x;`, "--B-", "Content-Type: image/png")},
		{uploadPart(`name="a"`, "a=3D\r\n=\r\n", "Content-Transfer-Encoding: quoted-printable")},
		{uploadPart(`name="a"; filename*=x`, "1")},
		{},
	} {
		f.Add(uploadParts(parts...))
		f.Add(strings.ReplaceAll(uploadParts(parts...), "\r\n", "\n"))
	}
	app := candor.New(candor.Config{})
	candor.Post(app, "/", uploadFuzzed)
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", uploadType)
		got := httptest.NewRecorder()
		app.ServeHTTP(got, r)
		require.Contains(t, []int{200, 400, 413, 422}, got.Code, got.Body)
		twin, ok := uploadTwin(body)
		if !ok || got.Code != 200 || strings.Contains(body, "*") || strings.Contains(body, `\`) {
			return
		}
		var seen uploadFuzzedSeen
		require.NoError(t, json.Unmarshal(got.Body.Bytes(), &seen))
		if bytes.Contains([]byte(body), []byte(`filename=""`)) {
			return
		}
		assert.Equal(t, twin, seen)
	})
}
