package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor"
)

func TestErrors(t *testing.T) {
	const withdrawals = "/accounts/1/withdrawals"
	plain, dotted, problems := form{}, form{dotted: true}, form{problems: true}
	german := candor.WithHeader("Accept-Language", "de-AT,de")
	for _, row := range []struct {
		name         string
		form         form
		target, body string
		option       []candor.TestOption
		status       int
		want         string
	}{
		{"enough", plain, withdrawals, `{"amount": 20}`, nil, 201, `{"id": 1, "balance": 30}`},
		{
			"a type of error", plain, withdrawals, `{"amount": 51}`, nil,
			409, `{"code": "short_of_money", "balance": 50, "asked": 51}`,
		},
		{
			"a status", plain, "/accounts/2/withdrawals", `{"amount": 1}`, nil,
			404, `{"detail": "account 2 not found", "help": "see /docs"}`,
		},
		{
			"a status of no route", plain, "/nowhere", `{}`, nil,
			404, `{"detail": "Not Found", "help": "see /docs"}`,
		},
		{
			"all faults", plain, "/accounts/x/withdrawals", `{}`, nil,
			422, `{"detail": [
				{"type": "int_parsing", "loc": ["path", "id"], "msg": "Not an integer"},
				{"type": "missing", "loc": ["body", "amount"], "msg": "Field required"}]}`,
		},
		{
			"translated", plain, "/accounts/x/withdrawals", `{}`,
			[]candor.TestOption{german},
			422, `{"detail": [
				{"type": "int_parsing", "loc": ["path", "id"], "msg": "ist keine ganze Zahl"},
				{"type": "missing", "loc": ["body", "amount"], "msg": "fehlt"}]}`,
		},
		{
			"dotted", dotted, withdrawals, `{"amount": 0}`, nil,
			422, `{"detail": [{"field": "body.amount", "message": "Must be greater than or equal to 1"}]}`,
		},
		{
			"a problem", problems, "/accounts/2/withdrawals", `{"amount": 1}`, nil,
			404, `{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "account 2 not found"}`,
		},
		{
			"a mapped error stays as it is mapped", problems, withdrawals, `{"amount": 51}`, nil,
			409, `{"code": "short_of_money", "balance": 50, "asked": 51}`,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			answer := candor.NewTestClient(t, newApp(row.form)).Post(row.target, row.body, row.option...)
			assert.JSONEq(t, row.want, answer.Status(row.status).Text())
		})
	}
}

func TestFaultsAsProblem(t *testing.T) {
	answer := candor.NewTestClient(t, newApp(form{problems: true})).Get("/accounts/0").Status(422)
	assert.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))
	var problem candor.Problem
	answer.JSON(&problem)
	assert.Equal(t, 422, problem.Status)
	assert.Len(t, problem.Errors, 1)
}
