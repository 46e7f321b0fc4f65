package candor_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

// halfSent sends a request and then no more, and returns the status of the response.
func halfSent(t *testing.T, server *httptest.Server, request string) int {
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, request)
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	response.Body.Close()
	return response.StatusCode
}

func TestFormsCutShort(t *testing.T) {
	t.Parallel()
	app := candor.New(candor.Config{})
	candor.Post(app, "/text", func(context.Context, struct {
		A string `form:"a,omitempty"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	candor.Post(app, "/file", func(context.Context, struct {
		A []candor.Upload `file:"a,omitempty"`
	},
	) (candor.None, error) {
		return candor.None{}, nil
	})
	candor.Post(app, "/parts", func(_ context.Context, in struct {
		Body *multipart.Reader `body:""`
	},
	) (candor.None, error) {
		for {
			part, err := in.Body.NextPart()
			if err == io.EOF { //nolint:errorlint // NextPart returns it bare after the last part
				return candor.None{}, nil
			}
			if err == nil {
				_, err = io.Copy(io.Discard, part)
			}
			if err != nil {
				return candor.None{}, err
			}
		}
	})
	server := httptest.NewServer(app)
	defer server.Close()

	const head = "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n%s\r\n\r\n"
	const part = "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\r\nX: y\r\n\r\ntext\r\n"
	for name, body := range map[string]string{
		"before the first delimiter": "preamble",
		"in a delimiter":             part + "--",
		"after a delimiter":          part + "--b",
		"after its line":             part + "--b\r\n",
		"in a line of the header":    part + "--b\r\nContent-Disposition: form-data; name=\"a\"; file",
		"in the name of a header":    part + "--b\r\nConte",
		"after a line of the header": part + "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\r\n",
		"after the header":           part + "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\r\n\r\n",
		"in the content":             part + "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\r\n\r\nte",
		"before the last delimiter":  part + part,
	} {
		for _, path := range []string{"/text", "/file", "/parts"} {
			if path == "/text" {
				body = strings.ReplaceAll(body, `; filename="f"`, "")
			}
			for framing, request := range map[string]string{
				"by its own length":      fmt.Sprintf(head, path, fmt.Sprint("Content-Length: ", len(body))) + body,
				"by a chunk":             fmt.Sprintf(head, path, "Transfer-Encoding: chunked") + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body),
				"short of its length":    fmt.Sprintf(head, path, fmt.Sprint("Content-Length: ", len(body)+9)) + body,
				"without the last chunk": fmt.Sprintf(head, path, "Transfer-Encoding: chunked") + fmt.Sprintf("%x\r\n%s\r\n", len(body), body),
			} {
				want := 400
				if path == "/parts" && name == "in the name of a header" {
					want = 500 // package multipart reports a malformed line rather than the end
				}
				assert.Equal(t, want, halfSent(t, server, request), "%s cut %s %s", path, name, framing)
			}
		}
	}
}
