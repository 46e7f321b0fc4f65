package torture

import (
	"context"
	"sync"

	"github.com/candor-go/candor"
)

// note is a resource that can be patched.
type note struct {
	Text string   `json:"text" validate:"max=50"`
	Tags []string `json:"tags,omitempty" validate:"max=5"`
}

// addPatches registers a resource with a GET, a PUT and a PATCH made from them.
func addPatches(app *candor.App) {
	var mutex sync.Mutex
	kept := note{Text: "some text"}
	get := candor.Get(app, "/note", func(context.Context, candor.None) (note, error) {
		mutex.Lock()
		defer mutex.Unlock()
		return kept, nil
	}, candor.OperationID("readNote"))
	put := candor.Put(app, "/note", func(_ context.Context, in struct {
		Shout bool `query:"shout" default:"false"`
		Body  note `body:""`
	},
	) (note, error) {
		mutex.Lock()
		defer mutex.Unlock()
		kept = in.Body
		return kept, nil
	}, candor.OperationID("writeNote"))
	candor.AutoPatch(get, put, candor.OperationID("patchNote"))
}
