package candor_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
)

func TestCheckETag(t *testing.T) {
	tests := []struct {
		method, name, value, etag string
		want                      int
	}{
		{"GET", "", "", `"a"`, 0},
		{"GET", "If-None-Match", `"a"`, `"a"`, 304},
		{"HEAD", "If-None-Match", `W/"a"`, `"a"`, 304},
		{"GET", "If-None-Match", `"b"`, `"a"`, 0},
		{"PUT", "If-None-Match", `"a"`, `"a"`, 412},
		{"PUT", "If-None-Match", `*`, `"a"`, 412},
		{"PUT", "If-None-Match", `*`, ``, 0},
		{"PUT", "If-Match", `"a"`, `"a"`, 0},
		{"PUT", "If-Match", `"b", "a"`, `"a"`, 0},
		{"PUT", "If-Match", `"b"`, `"a"`, 412},
		{"PUT", "If-Match", `*`, `"a"`, 0},
		{"PUT", "If-Match", `*`, ``, 412},
		{"PUT", "If-Match", `W/"a"`, `W/"a"`, 412},
		{"PUT", "If-Match", ``, `"a"`, 412},
	}
	for _, tc := range tests {
		r := httptest.NewRequest(tc.method, "/", nil)
		if tc.name != "" {
			r.Header.Set(tc.name, tc.value)
		}
		err := candor.CheckETag(r, tc.etag)
		var known *candor.HTTPError
		if errors.As(err, &known) {
			assert.Equal(t, tc.want, known.Status(), "%+v", tc)
			assert.Equal(t, tc.want == 412, errors.Is(err, candor.ErrPreconditionFailed))
			continue
		}
		assert.Zero(t, tc.want, "%+v", tc)
	}
}

func ExampleCheckETag() {
	version := 3
	app := candor.New(candor.Config{})
	candor.Put(app, "/note", func(_ context.Context, in struct {
		Request *http.Request
		Body    struct {
			Text string `json:"text"`
		} `body:""`
	},
	) (string, error) {
		if err := candor.CheckETag(in.Request, fmt.Sprintf(`"v%d"`, version)); err != nil {
			return "", err
		}
		version++
		return "saved", nil
	}, candor.Raises(candor.ErrPreconditionFailed))

	show(app, "PUT", "/note", `{"text":"mine"}`, `If-Match: "v3"`)
	show(app, "PUT", "/note", `{"text":"another's"}`, `If-Match: "v3"`)
	// Output:
	// 200 "saved"
	// 412 {"detail":"the resource is not in the state that the request asks for"}
}
