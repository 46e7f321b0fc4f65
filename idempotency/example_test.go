package idempotency_test

import (
	"context"
	"fmt"
	"maps"
	"net/http/httptest"
	"time"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/idempotency"
)

func ExampleKeys() {
	keys := idempotency.Keys(idempotency.NewMemoryStore(0), idempotency.Config{})
	app, orders := candor.New(candor.Config{}), 0
	candor.Post(app, "/orders", func(context.Context, candor.None) (int, error) {
		orders++
		return orders, nil
	}, candor.Status(201), keys)

	for _, key := range []string{"4711", "4711", "4712"} {
		r := httptest.NewRequest("POST", "/orders", nil)
		r.Header.Set("Idempotency-Key", key)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Printf("%d %s %q\n", w.Code, w.Body, w.Header().Get("Idempotent-Replayed"))
	}
	// Output:
	// 201 1 ""
	// 201 1 "true"
	// 201 2 ""
}

// database runs its transactions one after the other.
type database struct {
	keys   map[string][]byte
	orders int
}

// tx is a transaction: its changes take effect when it is committed.
type tx struct{ database }

func (d *database) transaction(_ context.Context, _ candor.None, use func(*tx) error) error {
	t := &tx{database{maps.Clone(d.keys), d.orders}}
	if err := use(t); err != nil {
		return err
	}
	*d = t.database
	return nil
}

// Take, Replace and Drop are SQL statements in a real service.
func (t *tx) Take(_ context.Context, key string, value []byte, _ time.Duration) ([]byte, error) {
	if held := t.keys[key]; held != nil {
		return held, nil
	}
	t.keys[key] = value
	return nil, nil
}

func (t *tx) Replace(_ context.Context, key string, _, value []byte, _ time.Duration) (bool, error) {
	t.keys[key] = value
	return true, nil
}

func (t *tx) Drop(_ context.Context, key string, _ []byte) error {
	delete(t.keys, key)
	return nil
}

func ExampleKeysIn() {
	d := &database{keys: map[string][]byte{}}
	app := candor.New(candor.Config{})
	candor.ProvideScoped(app, d.transaction)
	type PlaceOrder struct {
		Amount int `query:"amount"`
		Tx     *tx `dep:""`
	}

	candor.Post(app, "/orders", func(_ context.Context, in PlaceOrder) (int, error) {
		in.Tx.orders++ // which is rolled back with the key if the amount is wrong
		if in.Amount > 10 {
			return 0, candor.Error(409, "sold out")
		}
		return in.Tx.orders, nil
	}, idempotency.KeysIn[*tx](idempotency.Config{}))

	for _, amount := range []int{11, 11, 5, 5} {
		r := httptest.NewRequest("POST", fmt.Sprintf("/orders?amount=%d", amount), nil)
		r.Header.Set("Idempotency-Key", fmt.Sprintf("key of %d", amount))
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Printf("%d %s %q\n", w.Code, w.Body, w.Header().Get("Idempotent-Replayed"))
	}
	fmt.Println(d.orders, "order")
	// Output:
	// 409 {"detail":"sold out"} ""
	// 409 {"detail":"sold out"} ""
	// 200 1 ""
	// 200 1 "true"
	// 1 order
}
