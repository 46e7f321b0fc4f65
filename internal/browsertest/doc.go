// Package browsertest tries the documentation pages and the examples in Chromium: only a browser shows which scripts a
// policy allows, what a click does, and how a stream is resumed. It is its own module, so that the library does not
// depend on the driver of the browser.
//
// The tests need Chromium or Chrome on the PATH and fail without it.
package browsertest
