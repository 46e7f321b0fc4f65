package sendfile_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor/internal/response"
	"github.com/candor-go/candor/internal/sendfile"
)

func files() fs.FS {
	return fstest.MapFS{
		"a.txt":    {Data: []byte("0123456789"), ModTime: time.Unix(1, 0)},
		"new.html": {Data: []byte("<p>")},
		"dir":      {Mode: fs.ModeDir},
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	content := strings.NewReader("abc")
	for name, row := range map[string]struct {
		file   sendfile.File
		header []response.Line
		media  string
	}{
		"a tag of time and size":       {sendfile.File{FS: files(), Path: "a.txt"}, []response.Line{{Name: "Etag", Value: `"gjdgxs-a"`}}, "text/plain; charset=utf-8"},
		"no time, no tag":              {sendfile.File{FS: files(), Path: "new.html"}, nil, "text/html; charset=utf-8"},
		"no tag wanted":                {sendfile.File{FS: files(), Path: "a.txt", ETag: "-"}, nil, "text/plain; charset=utf-8"},
		"a download has a name":        {sendfile.File{FS: files(), Path: "new.html", Download: true}, []response.Line{{Name: "Content-Disposition", Value: "attachment; filename=new.html"}}, "text/html; charset=utf-8"},
		"a name without directories":   {sendfile.File{Content: content, Name: "../x/b.json"}, []response.Line{{Name: "Content-Disposition", Value: "inline; filename=b.json"}}, "application/json"},
		"a name that is not ASCII":     {sendfile.File{Content: content, Name: "é"}, []response.Line{{Name: "Content-Disposition", Value: "inline; filename*=utf-8''%C3%A9"}}, "application/octet-stream"},
		"a download of an unnamed one": {sendfile.File{Content: content, Download: true}, []response.Line{{Name: "Content-Disposition", Value: "attachment"}}, "application/octet-stream"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var a response.Response
			defer a.Close()
			opened, err := row.file.Open(&a)
			require.NoError(t, err)
			assert.Equal(t, row.header, row.file.Header(opened))
			assert.Equal(t, row.media, row.file.MediaType())
			assert.Equal(t, row.file.FS != nil, a.Closer != nil, "the response closes what was opened")
		})
	}
}

func TestFileThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		file sendfile.File
		want string
	}{
		"missing":        {sendfile.File{FS: files(), Path: "none"}, "Not Found"},
		"a directory":    {sendfile.File{FS: files(), Path: "dir"}, "Not Found"},
		"a way out":      {sendfile.File{FS: files(), Path: "../a"}, "Not Found"},
		"a backslash":    {sendfile.File{FS: files(), Path: `dir\a`}, "Not Found"},
		"nothing":        {sendfile.File{}, "neither FS nor Content"},
		"two contents":   {sendfile.File{FS: files(), Content: strings.NewReader("")}, "both FS and Content"},
		"a bad tag":      {sendfile.File{Content: strings.NewReader(""), ETag: "v1"}, `such as "\"v1\""`},
		"a weak bad tag": {sendfile.File{Content: strings.NewReader(""), ETag: "W/v1"}, `such as "W/\"v1\""`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := row.file.Open(new(response.Response))
			require.ErrorContains(t, err, row.want)
		})
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		method, ask string
		status      int
		want        int
		refusal     *sendfile.Refusal
		body        string
	}{
		"a range":             {ask: "bytes=2-4", want: 206, body: "234"},
		"a range of no use":   {ask: "bytes=20-", refusal: &sendfile.Refusal{Status: 416, Line: response.Line{Name: "Content-Range", Value: "bytes */10"}}},
		"no range of a write": {method: http.MethodPost, ask: "bytes=2-4", want: 200, body: "0123456789"},
		"nor of an error":     {ask: "bytes=2-4", status: 404, want: 404, body: "0123456789"},
		"HEAD":                {method: http.MethodHead, want: 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := response.Response{Outcome: response.Outcome{Status: max(row.status, 200), ContentType: "text/plain"}}
			defer a.Close()
			file := sendfile.File{FS: files(), Path: "a.txt"}
			opened, err := file.Open(&a)
			require.NoError(t, err)
			w, r := httptest.NewRecorder(), httptest.NewRequest(row.method, "/", nil)
			r.Header.Set("Range", row.ask)
			err = sendfile.Send(w, r, &a, opened)
			if row.refusal != nil {
				require.Equal(t, row.refusal, err)
				assert.Empty(t, w.Header(), "the error is written elsewhere")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, row.want, w.Code)
			assert.Equal(t, row.body, w.Body.String())
		})
	}
}
