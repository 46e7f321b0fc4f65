package candor_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

var errSignature = candor.Error(401, "wrong signature")

// countedHook counts how often it is decoded.
type countedHook struct {
	Event string `json:"event" validate:"min=2"`
}

var hooksDecoded int

func (h *countedHook) Validate() error {
	hooksDecoded++
	return nil
}

func signedHex(key, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// checkSignature verifies signatures as GitHub makes them.
func checkSignature(_ context.Context, in struct {
	Raw       candor.RawBody
	Signature string `header:"X-Hub-Signature-256"`
},
) error {
	if !candor.SecretsEqual(in.Signature, "sha256="+signedHex("key", string(in.Raw))) {
		return errSignature
	}
	return nil
}

func rawApp() *candor.App {
	app := candor.New(candor.Config{MaxBody: 100})
	signed := candor.NewRouter("/signed", candor.Require(checkSignature), candor.Raises(errSignature))
	candor.Post(signed, "/hooks", func(_ context.Context, in struct {
		Raw  candor.RawBody
		Hook countedHook `body:""`
	},
	) (string, error) {
		return in.Hook.Event + " of " + string(in.Raw), nil
	})
	candor.Get(signed, "/none", apptest.Returns("none"))
	candor.Post(signed, "/form", func(_ context.Context, in struct {
		A string `form:"a"`
	},
	) (string, error) {
		return in.A, nil
	})
	candor.HandleHTTP(signed, []string{"POST"}, "/plain", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%d %s", r.ContentLength, data)
	}))
	app.Include(signed)
	return app
}

func TestRawBodyInAGuard(t *testing.T) {
	app := rawApp()
	sign := func(body string) string { return "sha256=" + signedHex("key", body) }
	for _, row := range []struct {
		about, path, media, body, signature, want string
		decoded                                   int
	}{
		{"signed", "/hooks", "application/json", ` {"event":"push"}`, "", `200 | "push of  {\"event\":\"push\"}"`, 1},
		{"not signed so", "/hooks", "application/json", `{"event":"push"}`, "sha256=00", `401 | {"detail":"wrong signature"}`, 0},
		{"not signed so, and no JSON", "/hooks", "application/json", `{`, "sha256=00", `401 | {"detail":"wrong signature"}`, 0},
		{"signed, and no JSON", "/hooks", "application/json", `{"event":"x"}`, "", `422 | {"detail":[{"type":"string_too_short","loc":["body","event"],"msg":"Must have at least 2 characters","ctx":{"min_length":2}}]}`, 0},
		{"signed, and nothing", "/hooks", "", ``, "", `422 | {"detail":[{"type":"missing","loc":["body"],"msg":"Field required"}]}`, 0},
		{"another media type", "/hooks", "text/xml", `<a/>`, "", `415 | {"detail":"the body must be application/json"}`, 0},
		{"too much", "/hooks", "application/json", `"` + strings.Repeat("x", 100), "", `413 | {"detail":"the body is too large"}`, 0},
		{"a form", "/form", "application/x-www-form-urlencoded", "a=b%20c", "", `200 | "b c"`, 0},
		{"a form that is not signed", "/form", "application/x-www-form-urlencoded", "a=b%20c", "x", `401 | {"detail":"wrong signature"}`, 0},
		{"a plain handler", "/plain", "text/plain", "as it is", "", `200 | 8 as it is`, 0},
		{"a plain handler, not signed", "/plain", "text/plain", "as it is", "x", `401 | {"detail":"wrong signature"}`, 0},
	} {
		hooksDecoded = 0
		if row.signature == "" {
			row.signature = sign(row.body)
		}
		request := "POST /signed" + row.path + "\nX-Hub-Signature-256: " + row.signature
		if row.media != "" {
			request += "\nContent-Type: " + row.media
		}
		assert.Equal(t, row.want, apptest.Wire(app, request+"\n\n"+row.body), row.about)
		assert.Equal(t, row.decoded, hooksDecoded, row.about)
	}
	assert.Equal(t, `200 | "none"`, apptest.Wire(app, "GET /signed/none\nX-Hub-Signature-256: "+sign("")))
	assert.Equal(t, `422 | {"detail":[{"type":"missing","loc":["header","X-Hub-Signature-256"],"msg":"Field required"}]}`, apptest.Wire(app, "POST /signed/hooks\nContent-Type: application/json\n\n{}"))
}

func TestRawBodyOfParts(t *testing.T) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	require.NoError(t, w.SetBoundary("b"))
	require.NoError(t, w.WriteField("a", "text "))
	file, err := w.CreateFormFile("b", "f")
	require.NoError(t, err)
	_, _ = file.Write([]byte("file"))
	require.NoError(t, w.Close())
	app := candor.New(candor.Config{}, candor.Require(checkSignature))
	candor.Post(app, "/form", func(_ context.Context, in struct {
		A string `form:"a"`
		B []byte `file:"b"`
	},
	) (string, error) {
		return in.A + string(in.B), nil
	})
	r := httptest.NewRequest("POST", "/form", io.MultiReader(&body)) // of unknown length
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("X-Hub-Signature-256", "sha256="+signedHex("key", body.String()))
	response := httptest.NewRecorder()
	app.ServeHTTP(response, r)
	assert.Equal(t, `200 "text file"`, fmt.Sprint(response.Code, " ", strings.TrimSpace(response.Body.String())))
}

// Steps that do not need the raw body run before it is read.
func TestStepsOfARawBody(t *testing.T) {
	type sender struct{ name string }
	app := candor.New(candor.Config{}, candor.Require(checkSignature), candor.Require(func(_ context.Context, in struct {
		Token candor.Bearer
	},
	) error {
		return nil
	}), candor.Require(func(_ context.Context, in struct {
		Sender *sender `dep:""`
	},
	) error {
		return nil
	}))
	candor.Provide(app, func(_ context.Context, in struct{ Raw candor.RawBody }) (*sender, error) {
		return &sender{string(in.Raw)}, nil
	})
	candor.Post(app, "/", func(_ context.Context, in struct {
		Sender *sender `dep:""`
		Body   string  `body:""`
	},
	) (string, error) {
		return in.Sender.name, nil
	})
	require.NoError(t, app.Check())
	steps := app.Routes()[0].Steps
	read, decode := slices.Index(steps, "read the body"), slices.Index(steps, "decode the body")
	require.True(t, 0 < read && read < decode, steps)
	before, between := strings.Join(steps[:read], "\n"), strings.Join(steps[read:decode], "\n")
	assert.NotContains(t, before, "checkSignature")
	assert.Contains(t, between, "checkSignature")
	assert.Contains(t, between, "sender")
	assert.Equal(t, 401, httptest401(app))
	sign := "sha256=" + signedHex("key", "hello")
	assert.Equal(t, `200 | "hello"`, apptest.Wire(app, "POST /\nAuthorization: Bearer x\nContent-Type: text/plain\nX-Hub-Signature-256: "+sign+"\n\nhello"))
}

// httptest401 sends a request without credentials whose body must not be read.
func httptest401(app http.Handler) int {
	r := httptest.NewRequest("POST", "/", untouchedBody{})
	r.Header.Set("X-Hub-Signature-256", "x")
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	return w.Code
}

type untouchedBody struct{}

func (untouchedBody) Read([]byte) (int, error) { panic("the body was read") }

// The bytes are not reused for other requests, however long a handler keeps them.
func TestRawBodyIsNotUsedAgain(t *testing.T) {
	var kept []candor.RawBody
	app := candor.New(candor.Config{})
	candor.Post(app, "/", func(_ context.Context, in struct {
		Raw  candor.RawBody
		Body json.RawMessage `body:""`
	},
	) (candor.None, error) {
		kept = append(kept, in.Raw)
		return candor.None{}, nil
	})
	for i := range 20 {
		assert.Equal(t, "204", apptest.Wire(app, fmt.Sprintf("POST /\nContent-Type: application/json\n\n[%d]", i)))
	}
	for i, raw := range kept {
		assert.Equal(t, fmt.Sprintf("[%d]", i), string(raw))
	}
}

// Each attempt decodes the same bytes, and gets the same RawBody.
func TestRawBodyOfFurtherAttempts(t *testing.T) {
	type tx struct{ _ int }
	for _, needs := range []candor.Option{candor.Tags("a"), candor.Needs[*tx]()} {
		var seen []string
		app := candor.New(candor.Config{}, needs, candor.Require(func(_ context.Context, in struct{ Raw candor.RawBody }) error {
			seen = append(seen, "guard "+string(in.Raw))
			return nil
		}))
		candor.ProvideScoped(app, func(_ context.Context, _ candor.None, use func(*tx) error) error {
			for range 2 {
				if err := use(&tx{}); err == nil {
					return nil
				}
			}
			return nil
		}, candor.Attempts(3))
		candor.Post(app, "/", func(_ context.Context, in struct {
			Tx   *tx `dep:""`
			Raw  candor.RawBody
			Body []int `body:""`
		},
		) (string, error) {
			seen = append(seen, fmt.Sprint(string(in.Raw), in.Body))
			if strings.Count(strings.Join(seen, "; "), "[1][1]") < 2 {
				return "", errors.New("again")
			}
			return string(in.Raw), nil
		})
		assert.Equal(t, `200 | "[1]"`, apptest.Wire(app, "POST /\nContent-Type: application/json\n\n[1]"))
		assert.Equal(t, 2, strings.Count(strings.Join(seen, "; "), "[1][1]"))
	}
}

func TestRawBodyMistakes(t *testing.T) {
	for _, row := range []struct {
		want    string
		provoke func(*candor.App)
	}{
		{"candor.RawBody comes in addition to a body and is not one; make it a []byte", func(app *candor.App) {
			candor.Post(app, "/", apptest.Ignores[struct {
				Raw candor.RawBody `body:""`
			}])
		}},
		{"candor.RawBody together with a body that the handler reads itself", func(app *candor.App) {
			candor.Post(app, "/", apptest.Ignores[struct {
				Raw  candor.RawBody
				Body io.Reader `body:""`
			}])
		}},
		{"the handler takes candor.RawBody, but no body; take the bytes themselves: a []byte with the tag `body:\"\"`", func(app *candor.App) {
			candor.Post(app, "/", apptest.Ignores[struct{ Raw candor.RawBody }])
		}},
		{"a cached response with a guard that takes candor.RawBody", func(app *candor.App) {
			candor.Get(app, "/", apptest.Returns("x"), candor.Require(checkSignature), candor.Cache(candor.CacheConfig{TTL: time.Minute}))
		}},
	} {
		assert.ErrorContains(t, apptest.ConfigErrorOf(row.provoke), row.want)
	}
}
