package snippets_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-playground/validator/v10"

	"github.com/candor-go/candor"
)

type Order struct {
	Lines []Line `json:"lines" validate:"min=1,max=50"`
	Email string `json:"email" validate:"email"`
	Code  string `json:"code" pattern:"^[A-Z]{3}-[0-9]+$"`
	From  int    `json:"from" validate:"gte=0"`
	To    int    `json:"to" validate:"gtefield=From"`
}

type Line struct {
	SKU string `json:"sku" validate:"min=1"`
	Qty int    `json:"qty" validate:"gte=1"`
}

// Validate has the rules that no tag can express. Locations are relative to the
// struct.
func (o Order) Validate() error {
	var all []error
	seen := map[string]bool{}
	for i, line := range o.Lines {
		if seen[line.SKU] {
			all = append(all, candor.Invalid("is there twice", "lines", i, "sku"))
		}
		seen[line.SKU] = true
	}
	return errors.Join(all...)
}

type PlaceOrder struct {
	Body Order `body:""`
}

func order(_ context.Context, in PlaceOrder) (string, error) {
	return "ordered", nil
}

func Example_faults() {
	app := candor.New(candor.Config{})
	candor.Post(app, "/orders", order)

	ask(app, "POST /orders", `{"lines": [{"sku": "", "qty": 0}], "email": "nobody", "code": "x", "from": 2}`)
	ask(app, "POST /orders", `{"lines": [{"sku": "a", "qty": 1}, {"sku": "a", "qty": 1}], "email": "a@b.example", "code": "ABC-1", "from": 2, "to": 3}`)
	// Output:
	// 422 {"detail":[{"type":"string_too_short","loc":["body","lines",0,"sku"],"msg":"Must have at least 1 character","ctx":{"min_length":1}},{"type":"greater_than_equal","loc":["body","lines",0,"qty"],"msg":"Must be greater than or equal to 1","ctx":{"ge":1}},{"type":"value_error","loc":["body","email"],"msg":"Value error: not a valid email address","ctx":{"error":"not a valid email address"}},{"type":"string_pattern_mismatch","loc":["body","code"],"msg":"Must match the pattern ^[A-Z]{3}-[0-9]+$","ctx":{"pattern":"^[A-Z]{3}-[0-9]+$"}},{"type":"missing","loc":["body","to"],"msg":"Field required"}]}
	// 422 {"detail":[{"type":"value_error","loc":["body","lines",1,"sku"],"msg":"Value error: is there twice","ctx":{"error":"is there twice"}}]}
}

type Account struct {
	ID       int                     `json:"id" readonly:"true"`
	Name     string                  `json:"name" pattern:"^[a-z]+$" patternmsg:"Must be small letters"`
	Password string                  `json:"password" writeonly:"true" validate:"min=8"`
	Seats    int                     `json:"seats" default:"5" validate:"multipleOf=5"`
	Card     candor.Optional[string] `json:"card" requires:"holder"`
	Holder   candor.Optional[string] `json:"holder"`
}

func Example_oneWay() {
	app := candor.New(candor.Config{})
	type OpenAccount struct {
		Body Account `body:""`
	}

	candor.Post(app, "/accounts", func(_ context.Context, in OpenAccount) (Account, error) {
		in.Body.ID = 7
		return in.Body, nil
	})

	ask(app, "POST /accounts", `{"id": 99, "name": "ann", "password": "correct horse"}`)
	ask(app, "POST /accounts", `{"name": "Ann", "password": "correct horse", "seats": 7, "card": "4111"}`)
	// Output:
	// 200 {"id":7,"name":"ann","seats":5}
	// 422 {"detail":[{"type":"string_pattern_mismatch","loc":["body","name"],"msg":"Must be small letters","ctx":{"message":"Must be small letters","pattern":"^[a-z]+$"}},{"type":"multiple_of","loc":["body","seats"],"msg":"Must be a multiple of 5","ctx":{"multiple_of":5}},{"type":"missing","loc":["body","holder"],"msg":"Field required"}]}
}

func Example_rules() {
	multiple := candor.Rule{
		Func: func(fl validator.FieldLevel) bool {
			n, err := strconv.Atoi(fl.Param())
			return err == nil && n > 0 && fl.Field().Int()%int64(n) == 0
		},
		Schema: func(param string) map[string]any {
			n, _ := strconv.Atoi(param)
			return map[string]any{"multipleOf": n}
		},
		Message: "must be a multiple of %s",
	}
	app := candor.New(candor.Config{Rules: map[string]candor.Rule{"multiple_of": multiple}})
	type ReadSeats struct {
		Row int `query:"row" validate:"multiple_of=4"`
	}

	candor.Get(app, "/seats", func(_ context.Context, in ReadSeats) (int, error) {
		return in.Row, nil
	})

	ask(app, "GET /seats?row=8", "")
	ask(app, "GET /seats?row=9", "")
	// Output:
	// 200 8
	// 422 {"detail":[{"type":"value_error","loc":["query","row"],"msg":"Value error: must be a multiple of 4","ctx":{"error":"must be a multiple of 4"}}]}
}

func Example_echo() {
	app := candor.New(candor.Config{EchoInput: true})
	type ReadNumber struct {
		N int `query:"n"`
	}

	candor.Get(app, "/", func(_ context.Context, in ReadNumber) (string, error) {
		return fmt.Sprint(in.N), nil
	})

	ask(app, "GET /?n=x", "")
	// Output:
	// 422 {"detail":[{"type":"int_parsing","loc":["query","n"],"msg":"Not an integer","input":"x"}]}
}
