// Package compat fails a test when a change of an app would break its clients.
//
//	func TestCompatible(t *testing.T) {
//		compat.Check(t, newApp(), "testdata/openapi.json")
//	}
//
// The file contains the OpenAPI document that clients know; go test -update writes it. The app's current document is
// compared with it by oasdiff, and by checks of this package where oasdiff misses a breaking change or reports one that
// is not.
package compat
