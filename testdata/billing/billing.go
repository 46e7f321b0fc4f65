// Package billing has types with the same names as types in the tests of the root package.
package billing

// Account is an account that pays.
type Account struct {
	ID      int64   `json:"id" validate:"gte=1"`
	Balance float64 `json:"balance"`
	Owner   *Person `json:"owner,omitempty"`
}

// Person owns accounts.
type Person struct {
	Name     string    `json:"name" validate:"min=1,max=80"`
	Accounts []Account `json:"accounts,omitempty" validate:"max=9"`
}
