//go:build go1.27

package candor_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
)

func TestMethods(t *testing.T) {
	type name struct {
		Name string `path:"name"`
	}
	hello := func(_ context.Context, in name) (string, error) { return "hello " + in.Name, nil }
	app := candor.New(candor.Config{})
	router := candor.NewRouter("/r")
	for _, r := range []*candor.Router{&app.Router, router} {
		r.Get("/{name}", hello)
		r.Post("/{name}", hello)
		r.Put("/{name}", hello)
		r.Patch("/{name}", hello)
		r.Delete("/{name}", hello)
		r.Options("/{name}", hello)
		r.Trace("/{name}", hello)
		r.Head("/head/{name}", hello)
		r.Handle([]string{http.MethodGet, http.MethodPost}, "/both/{name}", hello)
	}
	app.Include(router)
	c := candor.NewTestClient(t, app)
	for _, prefix := range []string{"", "/r"} {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
			assert.Equal(t, `"hello ann"`, c.Do(method, prefix+"/ann", nil).Status(200).Text(), method)
		}
		c.Head(prefix + "/head/ann").Status(200)
		assert.Equal(t, `"hello ann"`, c.Post(prefix+"/both/ann", nil).Status(200).Text())
	}
}

func TestMethodsNameTheCall(t *testing.T) {
	defer func() {
		err, _ := recover().(error)
		assert.ErrorContains(t, err, "methods_go127_test.go:")
	}()
	candor.New(candor.Config{}).Get("no slash", func(context.Context, candor.None) (candor.None, error) { return candor.None{}, nil })
}
