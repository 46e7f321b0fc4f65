// Package clients tests generated clients: other projects' generators create them from the documents of the examples,
// and they call the running examples.
package clients
