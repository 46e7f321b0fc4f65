// Package ajv has the tests that hold Candor's verdicts on requests against those
// of Ajv, the JSON Schema validator of JavaScript, which reads the same
// document. It is a module of its own because it needs node and npm.
package ajv
