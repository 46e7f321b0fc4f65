package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/candor-go/candor"
)

// ErrAccountNotFound is the response to an unknown id.
var ErrAccountNotFound = candor.Error(404, "account not found")

// ShortageError is an error of the bank, which knows nothing of HTTP.
type ShortageError struct{ Balance, Asked int }

func (e *ShortageError) Error() string {
	return fmt.Sprintf("%d asked for, but there is only %d", e.Asked, e.Balance)
}

// Account is a bank account.
type Account struct {
	ID      int `json:"id"`
	Balance int `json:"balance"`
}

// AccountRef names an account in a path.
type AccountRef struct {
	ID int `path:"id" validate:"gte=1"`
}

type bank struct {
	mutex    sync.Mutex
	balances map[int]int
}

// read shows an account.
func (b *bank) read(_ context.Context, in AccountRef) (Account, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	balance, ok := b.balances[in.ID]
	if !ok {
		return Account{}, ErrAccountNotFound
	}
	return Account{in.ID, balance}, nil
}

type Withdraw struct {
	AccountRef
	Amount int `body:"amount" validate:"gte=1"`
}

// withdraw takes money from an account, as long as there is enough.
func (b *bank) withdraw(_ context.Context, in Withdraw) (Account, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	balance, ok := b.balances[in.ID]
	if !ok {
		return Account{}, ErrAccountNotFound.With(fmt.Sprintf("account %d not found", in.ID))
	}
	if in.Amount > balance {
		return Account{}, fmt.Errorf("withdrawing: %w", &ShortageError{Balance: balance, Asked: in.Amount})
	}
	b.balances[in.ID] = balance - in.Amount
	return Account{in.ID, balance - in.Amount}, nil
}
