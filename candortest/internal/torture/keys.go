package torture

import (
	"context"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/idempotency"
)

// addKeys registers operations that accept or require an Idempotency-Key.
func addKeys(app *candor.App) {
	store := idempotency.NewMemoryStore(0)
	pay := func(_ context.Context, in struct {
		Body struct {
			N int `json:"n" validate:"gte=0,lte=5"`
		} `body:""`
	},
	) (kept, error) {
		if in.Body.N == 1 {
			return kept{}, errGone
		}
		return kept{Total: in.Body.N, Session: "s", Body: base{ID: 1, Name: "paid"}}, nil
	}
	candor.Post(app, "/keyed", pay, candor.OperationID("keyed"), candor.Raises(errGone), idempotency.Keys(store, idempotency.Config{}))
	candor.Put(app, "/keyed", pay, candor.OperationID("keyNeeded"), candor.Raises(errGone), idempotency.Keys(store, idempotency.Config{Required: true}))
}
