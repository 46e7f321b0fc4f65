// Package shop has a type of the same name as another package of its name.
package shop

// Item is one of two types with this name.
type Item struct {
	FromA string `json:"from"`
}
