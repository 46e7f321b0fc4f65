package benchmarks

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/candor-go/candor"
)

// Started is a large service: groups of four operations, which list, read, create and delete items. Huma writes most of
// its document while operations are registered, Candor and FastAPI when it is first requested, so only the total is
// comparable.
type Started struct {
	// Time is the time to register the operations and to write the document.
	Time time.Duration `json:"time"`
	// Memory is what the service still uses afterwards.
	Memory int `json:"memory"`
	// Document is nil for frameworks that write none.
	Document []byte `json:"document"`
}

// large creates a large service and its document.
type large func(groups int) (service any, document []byte, err error)

// started creates a large service in this process.
func (l large) started(groups int) (Started, error) {
	before, start := inUse(), CPUTime()
	service, document, err := l(groups)
	took := CPUTime() - start
	made := Started{Time: took, Memory: inUse() - before - cap(document), Document: document}
	runtime.KeepAlive(service)
	return made, err
}

// inUse returns the memory in use.
func inUse() int {
	runtime.GC()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	return int(now.HeapAlloc)
}

// routesOnly is for frameworks without a document. It passes the patterns of each group to add, in net/http's notation.
func routesOnly(service any, groups int, add func(method, path string)) (any, []byte, error) {
	for i := range groups {
		path := fmt.Sprintf("/group-%d", i)
		add(http.MethodGet, path)
		add(http.MethodPost, path)
		add(http.MethodGet, path+"/{id}")
		add(http.MethodDelete, path+"/{id}")
	}
	return service, nil, nil
}

// candorLarge registers the operations with Candor.
func candorLarge(groups int) (any, []byte, error) {
	app := candor.New(candor.Config{Title: "Large", Version: "1.0.0"})
	for i := range groups {
		path := fmt.Sprintf("/group-%d", i)
		candor.Get(app, path, func(context.Context, struct {
			Q     string `query:"q" validate:"max=50" default:""`
			Limit int    `query:"limit" default:"20" validate:"gte=1,lte=100"`
		},
		) ([]Item, error) {
			return nil, nil
		})
		candor.Post(app, path, func(_ context.Context, in struct {
			Body Item `body:""`
		},
		) (Item, error) {
			return in.Body, nil
		})
		candor.Get(app, path+"/{id}", func(_ context.Context, in struct {
			ID int `path:"id" validate:"gte=1"`
		},
		) (Item, error) {
			return Item{}, nil
		})
		candor.Delete(app, path+"/{id}", func(_ context.Context, in struct {
			ID int `path:"id" validate:"gte=1"`
		},
		) (candor.None, error) {
			return candor.None{}, nil
		})
	}
	var out bytes.Buffer
	err := app.WriteOpenAPI(&out)
	return app, out.Bytes(), err
}

// humaLarge registers the same operations with huma.
func humaLarge(groups int) (any, []byte, error) {
	config := huma.DefaultConfig("Large", "1.0.0")
	config.CreateHooks = nil
	api := humago.New(http.NewServeMux(), config)
	for i := range groups {
		path := fmt.Sprintf("/group-%d", i)
		huma.Get(api, path, func(context.Context, *struct {
			Q     string `query:"q" maxLength:"50"`
			Limit int    `query:"limit" default:"20" minimum:"1" maximum:"100"`
		},
		) (*humaAnswer[[]humaItem], error) {
			return humaBody[[]humaItem](nil)
		})
		huma.Post(api, path, func(_ context.Context, in *struct{ Body humaItem }) (*humaAnswer[humaItem], error) {
			return humaBody(in.Body)
		})
		huma.Get(api, path+"/{id}", func(context.Context, *struct {
			ID int `path:"id" minimum:"1"`
		},
		) (*humaAnswer[humaItem], error) {
			return humaBody(humaItem{})
		})
		huma.Delete(api, path+"/{id}", func(context.Context, *struct {
			ID int `path:"id" minimum:"1"`
		},
		) (*struct{}, error) {
			return nil, nil
		})
	}
	document, err := api.OpenAPI().MarshalJSON()
	return api, document, err
}
