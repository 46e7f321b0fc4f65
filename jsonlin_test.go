package candor_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/internal/apptest"
)

// lineIn is the type of the lines in these tests.
type lineIn struct {
	N    int             `json:"n" validate:"gte=0"`
	Name string          `json:"name,omitempty" validate:"max=5"`
	Tags []string        `json:"tags,omitempty"`
	Unit string          `json:"unit" default:"kg"`
	Any  json.RawMessage `json:"any,omitempty"`
}

// readLines returns the result of each line, and continues after an invalid one.
func readLines[T any](lines candor.JSONLines[T]) string {
	var told []string
	var kept []T
	for item, err := range lines {
		invalid, wrong := errors.AsType[*candor.ValidationError](err)
		switch {
		case wrong:
			for _, f := range invalid.Faults {
				at, _ := json.Marshal(f.Loc)
				told = append(told, f.Type+" "+string(at))
			}
		case err != nil:
			told = append(told, err.Error())
		default:
			kept = append(kept, item) // encoded later, to detect shared memory
			told = append(told, "")
		}
	}
	for i := range told {
		if told[i] == "" {
			text, _ := json.Marshal(kept[0])
			told[i], kept = string(text), kept[1:]
		}
	}
	return strings.Join(told, "\n")
}

func tellLines[T any](_ context.Context, in struct {
	Lines candor.JSONLines[T] `body:",omitempty"`
},
) (candor.Text, error) {
	return candor.Text(readLines(in.Lines)), nil
}

func TestLinesOfABody(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/", tellLines[lineIn])
	candor.Post(app, "/numbers", tellLines[*int])
	c := candor.NewTestClient(t, app)
	const one, two = `{"n":1,"unit":"kg"}`, `{"n":2,"unit":"kg"}`
	for _, row := range []struct{ name, body, want string }{
		{"lines", "{\"n\":1}\n{\"n\":2}\n", one + "\n" + two},
		{"the last without a line feed", "{\"n\":1}\n{\"n\":2}", one + "\n" + two},
		{"carriage returns", "{\"n\":1}\r\n{\"n\":2}\r\n", one + "\n" + two},
		{"empty lines", "\n\n{\"n\":1}\n \t\r\n{\"n\":2}\n\n", one + "\n" + two},
		{"nothing but line feeds", "\n\r\n\n", ""},
		{"nothing", "", ""},
		{"white space around", "  {\"n\":1}\t\n", one},
		{"values of every kind", `{"n":1,"name":"a","tags":["x","y"],"unit":"g","any":{"b":1}}`, `{"n":1,"name":"a","tags":["x","y"],"unit":"g","any":{"b":1}}`},
		{"a byte order mark", "\ufeff{\"n\":1}\n{\"n\":2}\n", one + "\n" + two},
		{"what breaks rules", "{\"n\":-1,\"name\":\"too long\"}\n{\"n\":2}\n{}\n", `greater_than_equal ["body",1,"n"]` + "\n" + `string_too_long ["body",1,"name"]` + "\n" + two + "\n" + `missing ["body",3,"n"]`},
		{"wrong lines between empty ones", "\n\n{\"n\":\"1\"}\n\n{\"n\":2}\nnull\n", `int_type ["body",3,"n"]` + "\n" + two + "\n" + `missing ["body",6]`},
		{"two values in a line", "{\"n\":1} {\"n\":2}\n{\"n\":2}", `json_invalid ["body",1,8]` + "\n" + two},
		{"a value over two lines", "{\"n\":\n1}\n", `json_invalid ["body",1,5]` + "\n" + `json_invalid ["body",2,1]`},
		{"a carriage return alone", "{\"n\":1}\r{\"n\":2}\n", `json_invalid ["body",1,8]`},
		{"a line separator in a text", "{\"n\":1,\"name\":\"a\u2028b\"}\n", `{"n":1,"name":"a\u2028b","unit":"kg"}`},
		{"bytes behind a value", "{\"n\":1}x\n{\"n\":2}\n", `json_invalid ["body",1,7]` + "\n" + two},
		{"a body that ends inside a value", "{\"n\":1}\n{\"n\":", one + "\n" + `json_invalid ["body",2,5]`},
		{"a body that ends inside a text", "{\"n\":1}\n{\"name\":\"a", one + "\n" + `json_invalid ["body",2,10]`},
		{"a NUL in a text", "{\"n\":1,\"name\":\"\x00\"}\n{\"n\":2}\n", `json_invalid ["body",1,15]` + "\n" + two},
		{"a NUL behind a value", "{\"n\":1}\x00\n{\"n\":2}\n", `json_invalid ["body",1,7]` + "\n" + two},
		{"a line of a NUL", "\x00\n{\"n\":2}\n", `json_invalid ["body",1,0]` + "\n" + two},
		{"a NUL with an escape", "{\"n\":1,\"name\":\"\\u0000\"}\n", `{"n":1,"name":"\u0000","unit":"kg"}`},
		{"a deep line", `{"n":1,"any":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + "}\n{\"n\":2}\n", `json_invalid ["body",1,112]` + "\n" + two},
		{"text that is not UTF-8", "{\"n\":1,\"name\":\"\xff\"}\n", `json_invalid ["body",1,15]`},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, media := range []string{"application/jsonl", "application/x-ndjson; charset=utf-8"} {
				for way, body := range map[string]io.Reader{
					"at once": strings.NewReader(row.body), "byte by byte": iotest.OneByteReader(strings.NewReader(row.body)),
				} {
					assert.Equal(t, row.want, c.Post("/", nil, candor.WithBody(media, body)).Status(200).Text(), "%s %s", media, way)
				}
			}
		})
	}
	assert.Equal(t, "1\nnull\n2", c.Post("/numbers", nil, apptest.Body("application/jsonl", "1\nnull\n2")).Status(200).Text())
	assert.Equal(t, `415 {"detail":"the body must be application/jsonl or application/x-ndjson"}`, apptest.Outcome(c.Post("/", nil, apptest.Body("application/json", "{}"))))
	assert.Equal(t, `415 {"detail":"the body must be application/jsonl or application/x-ndjson"}`, apptest.Outcome(c.Post("/", nil, apptest.Body("application/jsonl; charset=latin1", "{}"))))
	assert.Empty(t, c.Post("/", nil).Status(200).Text())
}

func TestLinesThatRespondWithTheirFaults(t *testing.T) {
	app := candor.New(candor.Config{EchoInput: true})
	candor.Post(app, "/", func(_ context.Context, in struct {
		Lines candor.JSONLines[lineIn] `body:""`
	},
	) (int, error) {
		sum := 0
		for item, err := range in.Lines {
			if err != nil {
				return 0, fmt.Errorf("loading: %w", err)
			}
			sum += item.N
		}
		return sum, nil
	})
	c := candor.NewTestClient(t, app)
	lines := func(body string) candor.TestOption { return apptest.Body("application/jsonl", body) }
	assert.Equal(t, "200 3", apptest.Outcome(c.Post("/", nil, lines("{\"n\":1}\n{\"n\":2}"))))
	assert.JSONEq(t, `{"detail":[{"type":"int_type","loc":["body",2,"n"],"msg":"Expected an integer","input":"x"}]}`,
		c.Post("/", nil, lines("{\"n\":1}\n{\"n\":\"x\"}\n{\"n\":2}")).Status(422).Text())
	assert.Equal(t, `missing ["body"]`, apptest.Outcome(c.Post("/", nil)))
	assert.Equal(t, `missing ["body"]`, apptest.Outcome(c.Post("/", nil, lines(""))))
	assert.Equal(t, `missing ["body"]`, apptest.Outcome(c.Post("/", nil, candor.WithBody("application/jsonl", io.MultiReader(strings.NewReader(""))))), "without a length")
	assert.Equal(t, "200 0", apptest.Outcome(c.Post("/", nil, lines("\n"))))
}

// wideItem takes more memory than its JSON text, also on 32-bit platforms.
type wideItem struct {
	A int64 `json:"a,omitempty"`
	B int64 `json:"b,omitempty"`
}

func TestLinesAreLimited(t *testing.T) {
	app := candor.New(candor.Config{}, candor.ForbidExtra())
	candor.Post(app, "/", tellLines[lineIn])
	candor.Post(app, "/small", tellLines[lineIn], candor.MessageLimit(9), candor.MaxBody(30))
	candor.Post(app, "/wide", tellLines[[]wideItem])
	c := candor.NewTestClient(t, app)
	ask := func(path, body string) string {
		return apptest.Outcome(c.Post(path, nil, candor.WithBody("application/jsonl", iotest.HalfReader(strings.NewReader(body)))))
	}
	const one = `{"n":1,"unit":"kg"}`
	assert.Equal(t, "200 "+one+"\n"+one, ask("/small", "{\"n\": 1 }\r\n {\"n\":1} "))
	assert.Equal(t, "200 "+one+"\n413: line 2 of the body is larger than 9 bytes", ask("/small", "{\"n\":1}\n{\"n\":   1}\n{\"n\":1}\n"))
	assert.Equal(t, "200 "+one+"\n413: line 2 of the body is larger than 9 bytes", ask("/small", "{\"n\":1}\n"+strings.Repeat("x", 20)))
	assert.Equal(t, "200 413: line 1 of the body is larger than 9 bytes", ask("/small", strings.Repeat("\r", 20)))
	assert.Equal(t, strings.Repeat("\n"+one, 3)[1:]+"\n413: the body is too large", ask("/small", strings.Repeat("{\"n\":1}\n", 4))[4:])
	assert.Equal(t, `extra_forbidden ["body",1,"x"]`, ask("/", `{"n":1,"x":1}`)[4:])

	long := `{"n":1,"tags":["` + strings.Repeat("x", 1<<20-len(`{"n":1,"tags":[""]}`)) + `"]}`
	assert.True(t, strings.HasPrefix(ask("/", long+"\n"), `200 {"n":1,"tags":["xx`))
	assert.Equal(t, "200 413: line 1 of the body is larger than 1048576 bytes", ask("/", " "+long))
	assert.Equal(t, "200 413: line 1 of the body takes too much memory", ask("/wide", "["+strings.Repeat("{},", 1<<18)+"{}]"))
	assert.Equal(t, `413 {"detail":"the body is too large"}`, apptest.Outcome(c.Post("/", nil, apptest.Body("application/jsonl", strings.Repeat("{}\n", 12<<20)))))

	// Returned by a handler, their errors lead to the same responses as those of other bodies.
	strict := candor.New(candor.Config{}, candor.MaxBody(10))
	candor.Post(strict, "/", func(_ context.Context, in struct {
		Lines candor.JSONLines[int] `body:""`
	},
	) (candor.None, error) {
		for _, err := range in.Lines {
			if err != nil {
				return candor.None{}, err
			}
		}
		return candor.None{}, nil
	})
	c = candor.NewTestClient(t, strict)
	unknown := candor.WithBody("application/jsonl", io.MultiReader(strings.NewReader("1\n2\n3\n4\n5\n6\n")))
	assert.Equal(t, `413 {"detail":"the body is too large"}`, apptest.Outcome(c.Post("/", nil, unknown)))
	broken := candor.WithBody("application/jsonl", io.MultiReader(strings.NewReader("1\n2"), failingReader{}))
	assert.Equal(t, `400 {"detail":"the body could not be read"}`, apptest.Outcome(c.Post("/", nil, broken, candor.Unchecked())))
}

// A line that a client began but never finished is not passed to the handler.
func TestLinesOfAClientThatLeaves(t *testing.T) {
	told := make(chan string, 1)
	app := candor.New(candor.Config{Logger: slog.New(slog.DiscardHandler)})
	candor.Post(app, "/", func(_ context.Context, in struct {
		Lines candor.JSONLines[lineIn] `body:""`
	},
	) (candor.None, error) {
		told <- readLines(in.Lines)
		return candor.None{}, nil
	})
	server := httptest.NewServer(app)
	defer server.Close()
	for _, sent := range []string{"{\"n\":1}\n{\"n\":2", "{\"n\":1}\n{\"n\":2}", "{\"n\":1}\n"} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/jsonl\r\nContent-Length: 99\r\n\r\n%s", sent)
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		lines := strings.Split(strings.TrimSuffix(<-told, " (unexpected EOF)"), "\n")
		assert.Equal(t, []string{`{"n":1,"unit":"kg"}`, "400: the body could not be read"}, lines)
	}
}

// A second loop continues where the first one stopped, and after the last line a loop is empty.
func TestLinesAreReadOnce(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/", func(_ context.Context, in struct {
		Lines candor.JSONLines[int] `body:""`
	},
	) ([]int, error) {
		var read []int
		for n, err := range in.Lines {
			if read = append(read, n); n == 2 || err != nil {
				break
			}
		}
		for n, err := range in.Lines {
			read = append(read, n)
			if err != nil {
				break
			}
		}
		for n, err := range in.Lines {
			if err != nil {
				return nil, err
			}
			read = append(read, n)
		}
		for _, err := range in.Lines {
			return nil, errors.Join(errors.New("there is more"), err)
		}
		return read, nil
	})
	c := candor.NewTestClient(t, app)
	assert.Equal(t, "200 [1,2,3,0,5]", apptest.Outcome(c.Post("/", nil, apptest.Body("application/jsonl", "1\n2\n3\n{}\n5\n"))))
}

// Lines can be sent while lines are still being received.
func TestLinesBothWays(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/double", func(_ context.Context, in struct {
		Lines candor.JSONLines[int] `body:""`
	},
	) (candor.JSONLines[int], error) {
		return func(yield func(int, error) bool) {
			for n, err := range in.Lines {
				if !yield(2*n, err) {
					return
				}
			}
		}, nil
	})
	server := httptest.NewServer(app)
	defer server.Close()
	send, sending := io.Pipe()
	answers := make(chan *http.Response, 1)
	go func() {
		request, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, server.URL+"/double", send)
		request.Header.Set("Content-Type", "application/jsonl")
		answer, err := http.DefaultClient.Do(request)
		if assert.NoError(t, err) {
			answers <- answer
		}
	}()
	_, _ = io.WriteString(sending, "1\n")
	answer := <-answers
	defer answer.Body.Close()
	got := bufio.NewReader(answer.Body)
	for n := range 100 {
		line, err := got.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintln(2*(n+1)), line)
		_, _ = fmt.Fprintln(sending, n+2)
	}
	require.NoError(t, sending.Close())
	rest, err := io.ReadAll(got)
	require.NoError(t, err)
	assert.Equal(t, "202\n", string(rest))
}

func TestLinesInTheDocument(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/", apptest.Ignores[struct {
		Lines candor.JSONLines[lineIn] `body:"" doc:"What is to be loaded" title:"Load"`
	}])
	candor.Post(app, "/own", apptest.Ignores[struct {
		Lines candor.JSONLines[lineIn] `body:",omitempty" media:"application/vnd.readings"`
	}])
	spec := apptest.Document(t, app)
	body := apptest.Member(spec, "paths", "/", "post", "requestBody").(map[string]any)
	assert.Equal(t, true, body["required"])
	assert.Equal(t, "What is to be loaded", body["description"])
	content := body["content"].(map[string]any)
	assert.Len(t, content, 2)
	for _, name := range []string{"application/jsonl", "application/x-ndjson"} {
		schema := content[name].(map[string]any)["schema"].(map[string]any)
		assert.Equal(t, "Load", schema["title"])
		assert.Equal(t, map[string]any{"type": "array", "items": map[string]any{"$ref": "#/components/schemas/lineIn"}}, schema["contentSchema"])
	}
	own := apptest.Member(spec, "paths", "/own", "post", "requestBody").(map[string]any)
	assert.Nil(t, own["required"])
	assert.Contains(t, own["content"], "application/vnd.readings")
	assert.Equal(t, []any{"n"}, apptest.Member(spec, "components", "schemas", "lineIn", "required"))
}

// Each line is decoded like a body of its own, whatever its line ending.
func FuzzLinesOfABody(f *testing.F) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/lines", tellLines[lineIn])
	candor.Post(app, "/one", func(_ context.Context, in struct {
		Body lineIn `body:""`
	},
	) (lineIn, error) {
		return in.Body, nil
	})
	post := func(t *testing.T, path, media string, body io.Reader) (int, string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, body)
		r.Header.Set("Content-Type", media)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	for _, seed := range []string{
		"{\"n\":1}\n{\"n\":2}", "\r\n{\"n\":1}\r\n\n{}", "\ufeff{\"n\":1}", "null\n[]\n1\n", "{\"n\":-1,\"name\":\"too long\"}\n", "{\"n\":1}\r{\"n\":1}", "{\"n\":1}\x00\n{",
		"{\"n\":1,\"any\":[1,{\"a\":null}]}\n{\"n\":1e2}\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var want []string
		for i, text := range strings.Split(body, "\n") {
			if strings.Trim(text, " \t\r") == "" {
				continue
			}
			status, answer := post(t, "/one", "application/json", strings.NewReader(text))
			if status == http.StatusOK {
				var item lineIn
				require.NoError(t, json.Unmarshal([]byte(answer), &item))
				normal, err := json.Marshal(item)
				require.NoError(t, err)
				want = append(want, string(normal))
				continue
			}
			require.Equal(t, http.StatusUnprocessableEntity, status)
			var told struct{ Detail []candor.Fault }
			require.NoError(t, json.Unmarshal([]byte(answer), &told))
			for _, fault := range told.Detail {
				loc, err := json.Marshal(slices.Insert(fault.Loc, 1, any(i+1)))
				require.NoError(t, err)
				want = append(want, fault.Type+" "+string(loc))
			}
		}
		for _, reader := range []io.Reader{bytes.NewReader([]byte(body)), iotest.OneByteReader(strings.NewReader(body))} {
			status, answer := post(t, "/lines", "application/jsonl", reader)
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, strings.Join(want, "\n"), answer)
		}
	})
}

// Validation errors that a handler keeps have messages, in the words of the app.
func TestFaultsOfLinesHaveMessages(t *testing.T) {
	type loaded struct {
		Faults []candor.Fault `json:"faults"`
	}
	load := func(_ context.Context, in struct {
		Lines candor.JSONLines[line] `body:""`
	},
	) (loaded loaded, err error) {
		for _, err := range in.Lines {
			if invalid, wrong := errors.AsType[*candor.ValidationError](err); wrong {
				loaded.Faults = append(loaded.Faults, invalid.Faults...)
			}
		}
		return loaded, nil
	}
	translated := candor.Config{Message: func(_ *http.Request, f candor.Fault) string {
		if f.Type == "missing" {
			return "fehlt"
		}
		return ""
	}}
	for missing, config := range map[string]candor.Config{"Field required": {}, "fehlt": translated} {
		app := candor.New(config)
		candor.Post(app, "/", load)
		assert.Equal(t, `200 | {"faults":[{"type":"greater_than_equal","loc":["body",1,"n"],"msg":"Must be greater than or equal to 0","ctx":{"ge":0}},`+
			`{"type":"missing","loc":["body",2,"n"],"msg":"`+missing+`"},`+
			`{"type":"json_invalid","loc":["body",3,0],"msg":"Invalid JSON: expected a value","ctx":{"error":"expected a value"}}]}`,
			apptest.Wire(app, "POST /\nContent-Type: application/jsonl\n\n{\"n\":-1}\n{}\nx\n"))
	}
}
