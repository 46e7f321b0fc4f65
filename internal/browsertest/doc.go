// Package browsertest tries the documentation pages in Chromium: what a policy lets run and what a click does are
// known to a browser only. It is a module of its own, so that driving one costs the library no dependency.
//
// The tests need Chromium or Chrome on the PATH and fail without it.
package browsertest
