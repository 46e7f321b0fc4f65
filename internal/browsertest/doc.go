// Package browsertest tries the documentation pages and the examples in Chromium: what a policy lets run, what a click
// does and how a stream is resumed are known to a browser only. It is a module of its own, so that driving one costs the library no dependency.
//
// The tests need Chromium or Chrome on the PATH and fail without it.
package browsertest
