package main

import (
	"context"
	"embed"
	"net/http"
	"strings"

	"github.com/candor-go/candor"
	"github.com/candor-go/candor/source"
)

// form selects the form of errors.
type form struct{ dotted, problems bool }

// code has the comments that describe operations and types in the document.
//
//go:embed *.go
var code embed.FS

func newApp(form form) *candor.App {
	app := candor.New(candor.Config{
		Title: "Accounts", Version: "1.0.0", Description: "Money, and what can go wrong with it.",
		License:        candor.License{Name: "MIT", Identifier: "MIT"},
		Source:         source.Of(code),
		Servers:        []candor.Server{{URL: "/", Description: "here"}},
		Tags:           []candor.Tag{{Name: "accounts", Description: "Money"}},
		ProblemDetails: form.problems,
		Message:        message,
	}, candor.Tags("accounts"))
	if form.dotted {
		candor.OnError(app, candor.DottedFaults)
	}
	if !form.problems {
		candor.OnStatus(app, 404, notFound)
	}
	candor.OnError(app, shortOfMoney, candor.Status(409, "There is not enough money"))

	bank := &bank{balances: map[int]int{1: 50}}
	candor.Get(app, "/accounts/{id}", bank.read, candor.Raises(ErrAccountNotFound))
	candor.Post(app, "/accounts/{id}/withdrawals", bank.withdraw, candor.Status(201),
		candor.Raises(ErrAccountNotFound), candor.RaisesType[*ShortageError]())
	return app
}

// Shortage is the response body of a ShortageError.
type Shortage struct {
	Code    string `json:"code" validate:"eq=short_of_money"`
	Balance int    `json:"balance"`
	Asked   int    `json:"asked"`
}

// shortOfMoney handles one type of error, wherever it comes from.
func shortOfMoney(_ context.Context, err *ShortageError) (Shortage, error) {
	return Shortage{Code: "short_of_money", Balance: err.Balance, Asked: err.Asked}, nil
}

// Missing is the body of every 404, including unknown paths.
type Missing struct {
	Detail any    `json:"detail"`
	Help   string `json:"help"`
}

func notFound(_ context.Context, err *candor.HTTPError) (Missing, error) {
	return Missing{Detail: err.Detail(), Help: "see /docs"}, nil
}

// german has the most frequent messages of this service.
var german = map[string]string{
	"missing":            "fehlt",
	"int_parsing":        "ist keine ganze Zahl",
	"int_type":           "ist keine ganze Zahl",
	"greater_than_equal": "ist zu klein",
}

// message translates a message. If it is empty, the English one is used.
func message(r *http.Request, f candor.Fault) string {
	if strings.HasPrefix(r.Header.Get("Accept-Language"), "de") {
		return german[f.Type]
	}
	return ""
}
