// Package compat fails a test when a change of an app would break its clients.
//
//	func TestCompatible(t *testing.T) {
//		compat.Check(t, newApp(), "testdata/openapi.json")
//	}
//
// The file has the OpenAPI document as clients know it; go test -update writes it. The
// app's document of today is held against it by oasdiff, and by checks of this package
// where oasdiff misses what breaks a client of Candor, or sees a break where there is
// none.
package compat
