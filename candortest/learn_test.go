package candortest_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/candortest"
)

func unlogged(options ...candor.Option) *candor.App {
	return candor.New(candor.Config{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}, options...)
}

var errNone = candor.Error(404, "no such thing")

// store has values under ids that cannot be guessed.
type store[T any] struct {
	things map[string]T
	made   int
}

func newStore[T any]() *store[T] { return &store[T]{things: map[string]T{}} }

func (s *store[T]) add(prefix string, thing T) string {
	s.made++
	id := fmt.Sprintf("%s-%x", prefix, uint32(s.made)*2654435761)
	s.things[id] = thing
	return id
}

func (s *store[T]) get(id string) (T, error) {
	thing, ok := s.things[id]
	if !ok {
		return thing, errNone
	}
	return thing, nil
}

type (
	userOut struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	orderOut struct {
		Number string `json:"orderNumber"`
		Pieces int    `json:"pieces"`
	}
	byUser struct {
		UserID string `path:"user_id"`
	}
	byOrder struct {
		byUser
		Number string `path:"order_number"`
	}
	ofUser struct {
		UserID string `json:"userId"`
	}
	created struct {
		Location string `header:"Location"`
	}
)

// shop has nested resources, resources that only a Location header or a link leads to, and names that paths, queries
// and bodies share.
func shop() *candor.App {
	app := unlogged()
	users, orders, notes := newStore[string](), newStore[string](), newStore[string]()
	raises := candor.Raises(errNone)
	candor.Post(app, "/users", func(_ context.Context, in struct {
		Name string `body:"name" validate:"min=1,max=20"`
	},
	) (userOut, error) {
		return userOut{users.add("u", in.Name), in.Name}, nil
	}, candor.OperationID("addUser"))
	candor.Get(app, "/users/{user_id}", func(_ context.Context, in byUser) (userOut, error) {
		name, err := users.get(in.UserID)
		return userOut{in.UserID, name}, err
	}, candor.OperationID("readUser"), raises)
	candor.Delete(app, "/users/{user_id}", func(_ context.Context, in byUser) (candor.None, error) {
		_, err := users.get(in.UserID)
		delete(users.things, in.UserID)
		return candor.None{}, err
	}, candor.OperationID("deleteUser"), raises)
	candor.Post(app, "/users/{user_id}/orders", func(_ context.Context, in struct {
		byUser
		Pieces int `body:"pieces" validate:"gte=1,lte=9"`
	},
	) (orderOut, error) {
		_, err := users.get(in.UserID)
		return orderOut{orders.add("o", in.UserID), in.Pieces}, err
	}, candor.OperationID("addOrder"), raises)
	candor.Put(app, "/users/{user_id}/orders/{order_number}", func(_ context.Context, in byOrder) (candor.None, error) {
		if user, err := orders.get(in.Number); err != nil || user != in.UserID {
			return candor.None{}, errNone
		}
		return candor.None{}, nil
	}, candor.OperationID("changeOrder"), raises)
	candor.Post(app, "/notes", func(_ context.Context, in struct {
		Of ofUser `body:""`
	},
	) (created, error) {
		_, err := users.get(in.Of.UserID)
		return created{Location: "/notes/" + notes.add("n", "")}, err
	}, candor.OperationID("addNote"), candor.Status(201), raises)
	candor.Get(app, "/notes/{key}/text", func(_ context.Context, in struct {
		Key string `path:"key"`
	},
	) (string, error) {
		return notes.get(in.Key)
	}, candor.OperationID("readNote"), raises)
	candor.Delete(app, "/notes/{key}", func(_ context.Context, in struct {
		Key string `path:"key"`
	},
	) (candor.None, error) {
		_, err := notes.get(in.Key)
		delete(notes.things, in.Key)
		return candor.None{}, err
	}, candor.OperationID("deleteNote"), raises)
	candor.Get(app, "/search", func(_ context.Context, in struct {
		UserID string `query:"userID"`
	},
	) (string, error) {
		return users.get(in.UserID)
	}, candor.OperationID("search"), raises)
	candor.Get(app, "/of/{user_id}/name", func(_ context.Context, in byUser) (string, error) {
		return users.get(in.UserID)
	}, candor.OperationID("nameOf"), raises)
	return app
}

// Conform reads, changes and deletes the resources that it has created.
func TestIdsAreLearned(t *testing.T) {
	t.Parallel()
	got := logged(func(tb *loggingTB) { candortest.Conform(tb, shop()) })
	assert.Empty(t, got.errors)
	require.Len(t, got.logs, 1)
	for _, id := range []string{"addUser", "readUser", "deleteUser", "addOrder", "changeOrder", "addNote", "readNote", "deleteNote", "search", "nameOf"} {
		row := got.row(t, id)
		assert.Greater(t, row[1], "0", "%s %v", id, row)
	}
}

// A link names the member that is a parameter of another operation.
func TestLinksAreFollowed(t *testing.T) {
	t.Parallel()
	app, tickets := unlogged(), newStore[string]()
	type ticket struct {
		Barcode string `json:"barcode"`
		ID      int    `json:"id"`
	}
	candor.Post(app, "/sales", func(context.Context, candor.None) (ticket, error) {
		return ticket{tickets.add("t", ""), 1}, nil
	}, candor.OperationID("sell"), candor.Links(200, candor.Link{
		Name: "admission", OperationID: "admit", Parameters: map[string]string{"code": "$response.body#/barcode"},
	}))
	candor.Put(app, "/gate/{code}", func(_ context.Context, in struct {
		Code string `path:"code"`
	},
	) (candor.None, error) {
		_, err := tickets.get(in.Code)
		return candor.None{}, err
	}, candor.OperationID("admit"), candor.Raises(errNone))
	assert.Empty(t, record(func(tb *recordingTB) { candortest.Conform(tb, app) }))
}

// An operation whose requests all fail is reported as untested.
func TestOperationsThatNeverSucceed(t *testing.T) {
	t.Parallel()
	refusing := func(err *candor.HTTPError) *candor.App {
		app := unlogged()
		candor.Get(app, "/things/{id}", func(_ context.Context, in struct {
			ID int `path:"id"`
		},
		) (string, error) {
			return "", err
		}, candor.OperationID("read"), candor.Raises(err), candor.Tags("things"))
		return app
	}
	for _, status := range []int{401, 403, 404, 409, 410, 429} {
		err := candor.Error(status, "no")
		if status == 401 {
			err = err.WithHeader("WWW-Authenticate", "Bearer")
		}
		got := record(func(tb *recordingTB) { candortest.Conform(tb, refusing(err)) })
		require.Len(t, got, 1, status)
		assert.Contains(t, got[0], "GET /things/{id} (read): not one of")
		assert.Contains(t, got[0], fmt.Sprintf("(%d: ", status))
		for _, name := range []string{"read", "things"} {
			assert.Empty(t, record(func(tb *recordingTB) { candortest.Conform(tb, refusing(err), candortest.WithoutSuccess(name)) }))
		}
	}
}

// A body that cannot be generated does not count as accepted.
func TestBodiesThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	app := unlogged()
	candor.HandleHTTP(app, []string{"POST"}, "/it", respondWith(200, `{"n":1}`), candor.Responds[small](200), candor.OperationID("it"),
		candor.EditOperation(func(o *openapi3.Operation) {
			o.RequestBody = &openapi3.RequestBodyRef{Value: &openapi3.RequestBody{Required: true, Content: openapi3.Content{"application/cbor": {Schema: openapi3.NewSchemaRef("", openapi3.NewObjectSchema())}}}}
		}))
	got := record(func(tb *recordingTB) { candortest.Conform(tb, app) })
	assert.Contains(t, strings.Join(got, "\n"), "no body of application/cbor could be written")
}

func TestOptionsAboutNothing(t *testing.T) {
	t.Parallel()
	got := record(func(tb *recordingTB) {
		candortest.Conform(tb, honest(nil), candortest.Skip("creat"), candortest.WithoutSuccess("rea"), candortest.Credentials("Bearer", "x"), candortest.Values("ident", "1"))
	})
	text := strings.Join(got, "\n")
	for _, about := range []string{`Skip("creat")`, `WithoutSuccess("rea")`, `Credentials("Bearer")`, `Values("ident")`} {
		assert.Contains(t, text, about)
	}
}

// Credentials are sent as documented, whichever alternative they belong to.
func TestCredentialsOfAnAlternative(t *testing.T) {
	t.Parallel()
	for scheme, options := range map[string][]candortest.Option{
		"HTTPToken":    {candortest.Credentials("HTTPToken", "s3cret")},
		"APIKeyHeader": {candortest.Credentials("APIKeyHeader", "s3cret")},
	} {
		app := candor.New(candor.Config{})
		candor.Get(app, "/me", func(_ context.Context, in struct {
			Shown struct {
				Token *candor.Bearer `scheme:"Token"`
				Key   *candor.APIKey `header:"X-Key"`
			} `security:"any"`
		},
		) (string, error) {
			if in.Shown.Token != nil && *in.Shown.Token == "s3cret" {
				return "HTTPToken", nil
			}
			if in.Shown.Key != nil && *in.Shown.Key == "s3cret" {
				return "APIKeyHeader", nil
			}
			return "", candor.Error(401, "unknown")
		})
		assert.Empty(t, record(func(tb *recordingTB) { candortest.Conform(tb, app, options...) }), scheme)
	}
}

// nested is a recursive map of maps; each map must be present.
type nested struct {
	Inner map[string]nested `json:"inner"`
	Sizes map[uint8]size    `json:"sizes"`
}

type size struct {
	Width int    `json:"width" validate:"gte=1,lte=3"`
	Unit  string `json:"unit" pattern:"^(mm|cm)$"`
}

// Generated maps are less deep than the limit of JSON, and a duplicate key does not hide a broken rule.
func TestMaps(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/", func(_ context.Context, in struct {
		Body nested `body:""`
	},
	) (nested, error) {
		return in.Body, nil
	})
	for range 3 {
		assert.Empty(t, record(func(tb *recordingTB) { candortest.Conform(tb, app, candortest.Cases(400)) }))
	}
}

type marked struct {
	ID   int    `json:"id" readonly:"true"`
	Name string `json:"name" pattern:"^[a-z]{2,4}$"`
}

type labels struct {
	First  *marked           `json:"first"`
	Others map[string]marked `json:"others"`
}

// A readonly member of a request is ignored, so it breaks no rule, wherever it is in a body.
func TestReadOnlyMembersBesideABrokenRule(t *testing.T) {
	app := candor.New(candor.Config{})
	candor.Post(app, "/", func(_ context.Context, in struct {
		Body labels `body:""`
	},
	) (labels, error) {
		if in.Body.First == nil {
			in.Body.First = &marked{Name: "none"}
		}
		return in.Body, nil
	})
	candortest.Conform(t, app, candortest.Cases(1000))
}
