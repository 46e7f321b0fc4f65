// Package programs has the whole programs that the guide shows, one directory
// each. Its test runs them with the commands on the pages and compares the
// output.
package programs
