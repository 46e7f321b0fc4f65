// Package programs has the whole programs that the guide shows, a directory
// each. Its test runs them with the commands that the pages show, and compares
// what comes back.
package programs
