// Package interop has the tests of Candor beside other routers: served by them
// and serving them. It is a module of its own so that they are no dependency
// of Candor's.
package interop
