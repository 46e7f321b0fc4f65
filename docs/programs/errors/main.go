package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/candor-go/candor"
)

var ErrNoAccount = candor.Error(404, "account not found")

type ShortageError struct{ Balance int }

func (e *ShortageError) Error() string { return fmt.Sprintf("only %d left", e.Balance) }

type Shortage struct {
	Code    string `json:"code"`
	Balance int    `json:"balance"`
}

func shortage(_ context.Context, err *ShortageError) (Shortage, error) {
	return Shortage{Code: "shortage", Balance: err.Balance}, nil
}

type Withdraw struct {
	ID     int `path:"id"`
	Amount int `query:"amount" validate:"gte=1"`
}

func withdraw(_ context.Context, in Withdraw) (candor.None, error) {
	switch {
	case in.ID == 2:
		return candor.None{}, errors.New("connect to 10.0.0.7: refused")
	case in.ID != 1:
		return candor.None{}, ErrNoAccount
	case in.Amount > 100:
		return candor.None{}, &ShortageError{Balance: 100}
	}
	return candor.None{}, nil
}

func main() {
	app := candor.New(candor.Config{Title: "Bank"})
	candor.OnError(app, shortage, candor.Status(409))
	candor.Post(app, "/accounts/{id}/withdrawals", withdraw, candor.Raises(ErrNoAccount), candor.RaisesType[*ShortageError]())
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
