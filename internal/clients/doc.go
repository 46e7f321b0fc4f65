// Package clients has generators of others make clients from the documents of
// the examples, and these call the running examples. Its tests are all there is.
package clients
