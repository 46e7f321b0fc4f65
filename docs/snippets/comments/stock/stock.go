// Package stock is what a shop has.
package stock

// Level says how much there is.
type Level string

// The levels.
const (
	Few  Level = "few"  // less than ten
	Many Level = "many" // ten or more
)

// Enum lists the levels.
func (Level) Enum() []Level { return []Level{Few, Many} }

// Article is something to buy.
type Article struct {
	Name  string  `json:"name"`
	Price float64 `json:"price"` // in euros
	// Level is how much is left.
	// It changes often.
	Level Level `json:"level"`
	Other Level `json:"other,omitempty" doc:"A tag comes first"`
}

// Page is a part of a list.
type Page[T any] struct {
	// Items are those on the page.
	Items []T `json:"items"`
	Next  int `json:"next,omitempty"` // 0 on the last
}
