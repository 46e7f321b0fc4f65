package candor_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

var (
	changed = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	shelf   = fstest.MapFS{
		"digits.txt":     {Data: []byte("0123456789"), ModTime: changed},
		"page.html":      {Data: []byte("<p>"), ModTime: changed},
		"timeless.bin":   {Data: []byte("abc")},
		"empty.bin":      {ModTime: changed},
		"no-such-type.x": {Data: []byte("<html>"), ModTime: changed},
		"folder/in.txt":  {Data: []byte("in"), ModTime: changed},
	}
)

// digitsTag is the entity tag of digits.txt.
const digitsTag = `"dn0sutd8c1s0-a"`

type fileRequest struct {
	Path string `path:"path"`
}

func serveShelf(_ context.Context, in fileRequest) (candor.File, error) {
	return candor.File{FS: shelf, Path: in.Path}, nil
}

func TestFiles(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/files/{path...}", serveShelf)
	head := "Accept-Ranges: bytes\nContent-Length: 10\nContent-Type: text/plain; charset=utf-8\nEtag: " + digitsTag + "\nLast-Modified: Sat, 21 Nov 2026 10:00:00 GMT\n\n"
	part := func(status, length, content, body string) string {
		return status + "\nAccept-Ranges: bytes\nContent-Length: " + length + "\n" + content + "Content-Type: text/plain; charset=utf-8\nEtag: " + digitsTag +
			"\nLast-Modified: Sat, 21 Nov 2026 10:00:00 GMT\n\n" + body
	}
	failed := func(status, length, more, detail string) string {
		return status + "\nContent-Length: " + length + "\n" + more + "Content-Type: application/json\n\n{\"detail\":\"" + detail + "\"}"
	}
	unchanged := "304\nEtag: " + digitsTag + "\n\n"
	tests := []struct{ name, path, header, want string }{
		{"whole", "digits.txt", "", "200\n" + head + "0123456789"},
		{"a part", "digits.txt", "Range: bytes=2-4", part("206", "3", "Content-Range: bytes 2-4/10\n", "234")},
		{"an open part", "digits.txt", "Range: bytes=7-", part("206", "3", "Content-Range: bytes 7-9/10\n", "789")},
		{"the end", "digits.txt", "Range: bytes=-1", part("206", "1", "Content-Range: bytes 9-9/10\n", "9")},
		{"beyond the end", "digits.txt", "Range: bytes=10-", failed("416", "44", "Content-Range: bytes */10\n", "Requested Range Not Satisfiable")},
		{"nonsense", "digits.txt", "Range: bytes=a-b", failed("416", "44", "Content-Range: bytes */10\n", "Requested Range Not Satisfiable")},
		{"another unit", "digits.txt", "Range: lines=1-2", "200\n" + head + "0123456789"},
		{"too many parts", "digits.txt", "Range: bytes=" + strings.Repeat("0-0,", 16) + "1-1", "200\n" + head + "0123456789"},
		{"more than the whole", "digits.txt", "Range: bytes=0-9,0-9", "200\n" + head + "0123456789"},
		{"the version is here", "digits.txt", "If-None-Match: " + digitsTag, unchanged},
		{"among others", "digits.txt", `If-None-Match: "x", W/` + digitsTag, unchanged},
		{"another version", "digits.txt", `If-None-Match: "x"`, "200\n" + head + "0123456789"},
		{"not changed since", "digits.txt", "If-Modified-Since: Sat, 21 Nov 2026 10:00:00 GMT", unchanged},
		{"changed since", "digits.txt", "If-Modified-Since: Sat, 21 Nov 2026 09:59:59 GMT", "200\n" + head + "0123456789"},
		{"the part of another version", "digits.txt", "If-Range: \"x\"\nRange: bytes=2-4", "200\n" + head + "0123456789"},
		{"the part of this version", "digits.txt", "If-Range: " + digitsTag + "\nRange: bytes=2-4", part("206", "3", "Content-Range: bytes 2-4/10\n", "234")},
		{"only another version", "digits.txt", `If-Match: "x"`, failed("412", "32", "", "Precondition Failed")},
		{"only if older", "digits.txt", "If-Unmodified-Since: Sat, 21 Nov 2026 09:00:00 GMT", failed("412", "32", "", "Precondition Failed")},
		{"malformed conditions", "digits.txt", "If-None-Match: \x7f\nIf-Modified-Since: soon\nIf-Range: ,", "200\n" + head + "0123456789"},
		{"without a time", "timeless.bin", "", "200\nAccept-Ranges: bytes\nContent-Length: 3\nContent-Type: application/octet-stream\n\nabc"},
		{"empty", "empty.bin", "Range: bytes=0-5", "200\nAccept-Ranges: bytes\nContent-Length: 0\nContent-Type: application/octet-stream\nEtag: \"dn0sutd8c1s0-0\"\nLast-Modified: Sat, 21 Nov 2026 10:00:00 GMT\n\n"},
		{"no sniffing", "no-such-type.x", "", "200\nAccept-Ranges: bytes\nContent-Length: 6\nContent-Type: application/octet-stream\nEtag: \"dn0sutd8c1s0-6\"\nLast-Modified: Sat, 21 Nov 2026 10:00:00 GMT\n\n<html>"},
		{"no such file", "other.txt", "", failed("404", "22", "", "Not Found")},
		{"a folder", "folder", "", failed("404", "22", "", "Not Found")},
		{"the root", ".", "", failed("404", "22", "", "Not Found")},
		{"upwards", "../digits.txt", "", failed("404", "22", "", "Not Found")},
		{"upwards, encoded", "%2e%2e%2fdigits.txt", "", failed("404", "22", "", "Not Found")},
		{"backslash", "folder%5Cin.txt", "", failed("404", "22", "", "Not Found")},
		{"NUL", "digits.txt%00", "", failed("404", "22", "", "Not Found")},
		{"a slash too many", "folder//in.txt", "", failed("404", "22", "", "Not Found")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var options []candor.TestOption
			for line := range strings.SplitSeq(tt.header, "\n") {
				if name, value, ok := strings.Cut(line, ": "); ok {
					options = append(options, candor.WithHeader(name, value))
				}
			}
			got := candor.NewTestClient(t, app).Get("/files/"+tt.path, options...)
			assert.Equal(t, tt.want, answered(got))
		})
	}
}

func TestFileNames(t *testing.T) {
	tests := map[string]struct {
		file candor.File
		want string
	}{
		"shown":                {candor.File{FS: shelf, Path: "digits.txt"}, ""},
		"saved":                {candor.File{FS: shelf, Path: "folder/in.txt", Download: true}, "attachment; filename=in.txt"},
		"saved as":             {candor.File{FS: shelf, Path: "digits.txt", Download: true, Name: "my digits.txt"}, `attachment; filename="my digits.txt"`},
		"shown as":             {candor.File{FS: shelf, Path: "digits.txt", Name: "x.txt"}, "inline; filename=x.txt"},
		"beyond ASCII":         {candor.File{FS: shelf, Path: "digits.txt", Name: "naïve.txt"}, "inline; filename*=utf-8''na%C3%AFve.txt"},
		"a quote":              {candor.File{FS: shelf, Path: "digits.txt", Name: `a"b.txt`}, `inline; filename="a\"b.txt"`},
		"a path":               {candor.File{FS: shelf, Path: "digits.txt", Name: `/etc/..\passwd`}, "inline; filename=passwd"},
		"a line break":         {candor.File{FS: shelf, Path: "digits.txt", Name: "a\r\nX: y.txt"}, `inline; filename="aX: y.txt"`},
		"turned round":         {candor.File{FS: shelf, Path: "digits.txt", Name: "a\u202etxt.exe"}, "inline; filename=atxt.exe"},
		"nothing left, shown":  {candor.File{FS: shelf, Path: "digits.txt", Name: ".."}, ""},
		"nothing left, saved":  {candor.File{Content: strings.NewReader("x"), Name: "/", Download: true}, "attachment"},
		"made, with a name":    {candor.File{Content: strings.NewReader("x"), Name: "x.csv", Download: true}, "attachment; filename=x.csv"},
		"made, without a name": {candor.File{Content: strings.NewReader("x")}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			app := candor.New(candor.Config{})
			candor.Get(app, "/", apptest.Returns(tt.file))
			got := candor.NewTestClient(t, app).Get("/").Status(200).Header.Get("Content-Disposition")
			assert.Equal(t, tt.want, got)
			if got != "" {
				_, _, err := mime.ParseMediaType(got)
				assert.NoError(t, err)
			}
		})
	}
}

func TestContentThatWasMade(t *testing.T) {
	tests := map[string]struct {
		file candor.File
		want string
	}{
		"plain":             {candor.File{Content: strings.NewReader("abc")}, "200\nAccept-Ranges: bytes\nContent-Length: 3\nContent-Type: application/octet-stream\n\nabc"},
		"with a time":       {candor.File{Content: strings.NewReader("abc"), ModTime: changed}, "200\nAccept-Ranges: bytes\nContent-Length: 3\nContent-Type: application/octet-stream\nLast-Modified: Sat, 21 Nov 2026 10:00:00 GMT\n\nabc"},
		"with a tag":        {candor.File{Content: strings.NewReader("abc"), ETag: `W/"1"`}, "200\nAccept-Ranges: bytes\nContent-Length: 3\nContent-Type: application/octet-stream\nEtag: W/\"1\"\n\nabc"},
		"a file without":    {candor.File{FS: shelf, Path: "page.html", ETag: "-"}, "200\nAccept-Ranges: bytes\nContent-Length: 3\nContent-Type: text/html; charset=utf-8\nLast-Modified: Sat, 21 Nov 2026 10:00:00 GMT\n\n<p>"},
		"type by the name":  {candor.File{Content: strings.NewReader("abc"), Name: "a.css"}, "200\nAccept-Ranges: bytes\nContent-Disposition: inline; filename=a.css\nContent-Length: 3\nContent-Type: text/css; charset=utf-8\n\nabc"},
		"read to the end":   {candor.File{Content: atEnd("abc")}, "200\nAccept-Ranges: bytes\nContent-Length: 3\nContent-Type: application/octet-stream\n\nabc"},
		"that cannot seek":  {candor.File{FS: unseekable{shelf}, Path: "digits.txt"}, "200\nContent-Length: 10\nContent-Type: text/plain; charset=utf-8\nEtag: " + digitsTag + "\nLast-Modified: Sat, 21 Nov 2026 10:00:00 GMT\n\n0123456789"},
		"one that is lying": {candor.File{FS: growing{shelf}, Path: "digits.txt"}, "200\nContent-Length: 10\nContent-Type: text/plain; charset=utf-8\nEtag: " + digitsTag + "\nLast-Modified: Sat, 21 Nov 2026 10:00:00 GMT\n\n0123456789"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			app := candor.New(candor.Config{})
			candor.Get(app, "/", apptest.Returns(tt.file))
			assert.Equal(t, tt.want, answered(candor.NewTestClient(t, app).Get("/")))
		})
	}
}

func atEnd(text string) io.ReadSeeker {
	r := strings.NewReader(text)
	_, _ = io.Copy(io.Discard, r)
	return r
}

// unseekable is a file system whose files cannot seek.
type unseekable struct{ fs.FS }

func (u unseekable) Open(name string) (fs.File, error) {
	f, err := u.FS.Open(name)
	return struct{ fs.File }{f}, err
}

// growing has files with more content than their size says.
type growing struct{ fs.FS }

func (g growing) Open(name string) (fs.File, error) {
	f, err := g.FS.Open(name)
	return grown{f, io.MultiReader(f, strings.NewReader("and more"))}, err
}

type grown struct {
	fs.File
	all io.Reader
}

func (g grown) Read(p []byte) (int, error) { return g.all.Read(p) }

func TestSeveralPartsOfAFile(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/files/{path...}", serveShelf)
	got := candor.NewTestClient(t, app).Get("/files/digits.txt", candor.WithHeader("Range", "bytes=0-1,8-")).Status(206)
	mediaType, params, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/byteranges", mediaType)
	parts := multipart.NewReader(bytes.NewReader(got.Body), params["boundary"])
	for _, want := range []struct{ place, text string }{{"bytes 0-1/10", "01"}, {"bytes 8-9/10", "89"}} {
		part, err := parts.NextPart()
		require.NoError(t, err)
		text, err := io.ReadAll(part)
		require.NoError(t, err)
		assert.Equal(t, want.place, part.Header.Get("Content-Range"))
		assert.Equal(t, want.text, string(text))
	}
}

// disk is content that counts calls and can fail.
type disk struct {
	*strings.Reader
	read   func() error
	reads  int
	closes int
}

func (d *disk) Read(p []byte) (int, error) {
	d.reads++
	if d.read != nil {
		if err := d.read(); err != nil {
			return 0, err
		}
	}
	return d.Reader.Read(p)
}

func (d *disk) Close() error {
	d.closes++
	return nil
}

func TestHEADReadsNoFile(t *testing.T) {
	d := &disk{Reader: strings.NewReader("0123456789")}
	app := candor.New(candor.Config{})
	candor.Get(app, "/", apptest.Returns(candor.File{Content: d, ModTime: changed}))
	got := candor.NewTestClient(t, app).Head("/").Status(200)
	assert.Equal(t, "10", got.Header.Get("Content-Length"))
	assert.Zero(t, d.reads)
	assert.Equal(t, 1, d.closes)
}

func TestAFileOfAnotherMethodIsSentWhole(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/", apptest.Returns(candor.File{FS: shelf, Path: "digits.txt"}))
	candor.Get(app, "/", apptest.Returns(candor.File{FS: shelf, Path: "digits.txt"}), candor.Status(203))
	c := candor.NewTestClient(t, app)
	for _, method := range []string{"POST", "GET"} {
		got := c.Do(method, "/", nil, candor.WithHeader("Range", "bytes=0-1"), candor.WithHeader("If-None-Match", "*"))
		assert.Equal(t, "0123456789", got.Text())
		assert.Equal(t, map[string]int{"POST": 200, "GET": 203}[method], got.Code)
	}
}

func TestAFileThatFails(t *testing.T) {
	calls := 0
	tests := map[string]struct {
		read    func() error
		ranges  string
		aborted bool
	}{
		"in the middle":       {func() error { return errors.New("disk") }, "", true},
		"by a panic":          {func() error { panic("disk") }, "", true},
		"in one of the parts": {func() error { calls++; return map[bool]error{true: errors.New("disk")}[calls > 1] }, "bytes=0-1,4-5", true},
		"panicking in a part": {func() error { panic("disk") }, "bytes=0-1,4-5", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := &disk{Reader: strings.NewReader("0123456789"), read: tt.read}
			app, log := apptest.Quiet(candor.Config{})
			candor.Get(app, "/", apptest.Returns(candor.File{Content: d}))
			server := httptest.NewServer(app)
			defer server.Close()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
			require.NoError(t, err)
			if tt.ranges != "" {
				request.Header.Set("Range", tt.ranges)
			}
			response, err := http.DefaultClient.Do(request)
			if err == nil {
				_, err = io.ReadAll(response.Body)
				assert.NoError(t, response.Body.Close())
			}
			assert.Error(t, err)
			server.Close()
			assert.Equal(t, 1, d.closes)
			assert.Contains(t, log.String(), "level=ERROR")
		})
	}
}

func TestFilesThatCannotBeSent(t *testing.T) {
	tests := map[string]struct {
		file candor.File
		log  string
	}{
		"nothing":         {candor.File{}, "a candor.File with neither FS nor Content; set one of them"},
		"both":            {candor.File{FS: shelf, Content: strings.NewReader("")}, "a candor.File with both FS and Content; set one of them"},
		"a tag unquoted":  {candor.File{FS: shelf, Path: "digits.txt", ETag: "v1"}, "the ETag \\\"v1\\\" of a candor.File is malformed; write one in quotes"},
		"a tag broken":    {candor.File{FS: shelf, Path: "digits.txt", ETag: "W/\"a\"b\""}, "is malformed"},
		"no right to":     {candor.File{FS: denied{}, Path: "x"}, "the file cannot be opened"},
		"that is no file": {candor.File{FS: vanished{shelf}, Path: "digits.txt"}, "the file cannot be sent"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			app, log := apptest.Quiet(candor.Config{})
			candor.Get(app, "/", apptest.Returns(tt.file))
			got := candor.NewTestClient(t, app).Get("/").Status(500)
			assert.JSONEq(t, `{"detail":"Internal Server Error"}`, got.Text())
			assert.Contains(t, log.String(), tt.log)
		})
	}
}

type denied struct{}

func (denied) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
}

type vanished struct{ fs.FS }

func (v vanished) Open(name string) (fs.File, error) {
	f, err := v.FS.Open(name)
	return gone{f}, err
}

type gone struct{ fs.File }

func (gone) Stat() (fs.FileInfo, error) { return nil, fs.ErrClosed }

// filesOfFS serves a file system, with the request path as the name.
func filesOfFS(files fs.FS) *candor.App {
	app, _ := apptest.Quiet(candor.Config{})
	candor.Get(app, "/{path...}", func(_ context.Context, in fileRequest) (candor.File, error) {
		return candor.File{FS: files, Path: in.Path}, nil
	})
	return app
}

// Neither a path nor a symbolic link leads out of a file system.
func TestFilesStayInside(t *testing.T) {
	inside := linkedSite(t)
	root, err := os.OpenRoot(inside)
	require.NoError(t, err)
	defer root.Close()
	part, err := fs.Sub(os.DirFS(filepath.Dir(inside)), "inside")
	require.NoError(t, err)
	require.NoError(t, os.Symlink("../real/../folder/a.txt", filepath.Join(inside, "real", "there.txt")))
	require.NoError(t, os.Symlink("folder/../../secret.txt", filepath.Join(inside, "back.txt")))
	socket, err := net.Listen("unix", filepath.Join(inside, "socket"))
	require.NoError(t, err)
	defer socket.Close()
	for name, files := range map[string]fs.FS{"os.Root": root.FS(), "os.DirFS": os.DirFS(inside), "part of an os.DirFS": part} {
		c := candor.NewTestClient(t, filesOfFS(files))
		for _, path := range []string{"/real/a.txt", "/in.txt", "/folder/a.txt", "/real/there.txt", "/folder/there.txt"} {
			assert.Equal(t, "a", c.Get(path).Status(200).Text(), "%s of %s", path, name)
		}
		for _, path := range []string{
			"/out.txt", "/back.txt", "/absolute.txt", "/up/secret.txt", "/up/inside/real/a.txt", "/nowhere", "/loop", "/loop/x", "/other",
			"/real/a.txt/b", "/" + strings.Repeat("x", 300), "/../secret.txt", "/%2e%2e/secret.txt", "/real", "/folder", "/socket",
		} {
			assert.Equal(t, notFound, apptest.Wire(filesOfFS(files), "GET "+path), "%s of %s", path, name)
		}
	}
	assert.Equal(t, notFound, apptest.Wire(filesOfFS(os.DirFS(filepath.Join(inside, "missing"))), "GET /a.txt"))
}

type download struct {
	Checksum string      `header:"X-Checksum"`
	Tag      string      `header:"ETag,omitempty"`
	Seen     string      `cookie:"seen"`
	Body     candor.File `body:"" media:"image/png"`
}

func TestAFileInAnEnvelope(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/", apptest.Returns(download{Checksum: "c", Tag: `"own"`, Seen: "yes", Body: candor.File{FS: shelf, Path: "digits.txt"}}))
	c := candor.NewTestClient(t, app)
	assert.Equal(t, "206\nAccept-Ranges: bytes\nContent-Length: 1\nContent-Range: bytes 0-0/10\nContent-Type: image/png\nEtag: \"own\"\n"+
		"Last-Modified: Sat, 21 Nov 2026 10:00:00 GMT\nSet-Cookie: seen=yes; Path=/; HttpOnly; SameSite=Lax\nX-Checksum: c\n\n0",
		answered(c.Get("/", candor.WithHeader("Range", "bytes=0-0"))))
	assert.Equal(t, "304\nEtag: \"own\"\nSet-Cookie: seen=yes; Path=/; HttpOnly; SameSite=Lax\nX-Checksum: c\n\n",
		answered(c.Get("/", candor.WithHeader("If-None-Match", `"own"`))))
	assert.Equal(t, "412\nContent-Length: 32\nContent-Type: application/json\n\n{\"detail\":\"Precondition Failed\"}",
		answered(c.Get("/", candor.WithHeader("If-Match", `"x"`))))
}

func TestFilesInTheDocument(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Get(app, "/any", apptest.Returns(candor.File{}))
	candor.Post(app, "/any", apptest.Returns(candor.File{}))
	candor.Get(app, "/images", apptest.Returns(candor.File{}), candor.Produces("image/png", "image/webp"))
	doc := documentOf(t, app)
	names := func(d document) (keys []string) {
		t.Helper()
		for _, status := range []string{"200", "206", "304", "404", "412", "416", "422"} {
			if bytes.Contains(d, []byte(`"`+status+`":{`)) {
				keys = append(keys, status)
			}
		}
		return keys
	}
	assert.Equal(t, []string{"200", "206", "304", "404", "412", "416"}, names(doc.at(t, "paths", "/any", "get", "responses")))
	assert.Equal(t, []string{"200", "404"}, names(doc.at(t, "paths", "/any", "post", "responses")))
	image := `{"schema": {"type": "string", "format": "binary"}}`
	images := doc.at(t, "paths", "/images", "get", "responses")
	assert.JSONEq(t, `{"image/png": `+image+`, "image/webp": `+image+`}`, string(images.at(t, "200", "content")))
	assert.JSONEq(t, `{"image/png": `+image+`, "image/webp": `+image+`, "multipart/byteranges": `+image+`}`, string(images.at(t, "206", "content")))
	assert.JSONEq(t, `{"description": "Which part of the file this is", "required": true, "schema": {"type": "string"}}`,
		string(images.at(t, "416", "headers", "Content-Range")))
	assert.NotContains(t, string(images.at(t, "304")), "content\"")
}

func TestAFileOfATypeThatIsNotListed(t *testing.T) {
	app, log := apptest.Quiet(candor.Config{})
	candor.Get(app, "/", apptest.Returns(candor.File{FS: shelf, Path: "digits.txt"}), candor.Produces("image/png", "image/webp"))
	candor.NewTestClient(t, app).Get("/").Status(500)
	assert.Contains(t, log.String(), `the media type \"text/plain; charset=utf-8\" is not one of image/png, image/webp`)
}

var (
	// simpleRanges have neither signs nor other characters, which http.ServeContent takes for numbers or refuses.
	simpleRanges = regexp.MustCompile(`^bytes=[0-9,\t -]*$`)
	// oddRanges are the last 0 bytes, which http.ServeContent sends, and numbers that it cannot read.
	oddRanges = regexp.MustCompile(`[=,\t ]-[\t ]*0+[\t ]*(,|$)|[0-9]{19}`)
)

// The response to a request for a file is the one of http.ServeContent, whatever the range and the preconditions,
// except for the body of errors and for odd ranges.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{"", "bytes=0-1", "bytes=-3", "bytes=9-", "bytes=10-", "bytes=1-0", "bytes=0-1,3-4", "bytes=,", "bytes=0-1,", "bytes= 1-2", "bytes=0 -"} {
		f.Add(seed, `"x"`, "")
	}
	f.Add("bytes=0-1", digitsTag, digitsTag)
	app := candor.New(candor.Config{})
	candor.Get(app, "/", apptest.Returns(candor.File{FS: shelf, Path: "digits.txt"}))
	f.Fuzz(func(t *testing.T, ranges, ifNoneMatch, ifRange string) {
		if strings.Count(ranges, ",") > 8 || !simpleRanges.MatchString(ranges) || oddRanges.MatchString(ranges) {
			return
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header = http.Header{"Range": {ranges}, "If-None-Match": {ifNoneMatch}, "If-Range": {ifRange}}
		got, want := httptest.NewRecorder(), httptest.NewRecorder()
		app.ServeHTTP(got, r)
		want.Header().Set("Etag", digitsTag)
		want.Header().Set("Content-Type", "text/plain; charset=utf-8")
		http.ServeContent(want, r, "", changed, strings.NewReader("0123456789"))
		require.Equal(t, want.Code, got.Code)
		if want.Code >= 400 {
			assert.Equal(t, "application/json", got.Header().Get("Content-Type"))
			return
		}
		assert.Equal(t, want.Header().Get("Content-Range"), got.Header().Get("Content-Range"))
		assert.Equal(t, want.Body.Len(), got.Body.Len())
		if !strings.HasPrefix(want.Header().Get("Content-Type"), "multipart/") {
			assert.Equal(t, want.Header(), got.Header())
			assert.Equal(t, want.Body.String(), got.Body.String())
		}
	})
}
