package mediatype

import (
	"net/http"
	"strings"
)

// MethodQuery is the method of RFC 10008: safe like GET, with the query in the body. net/http has no constant for it.
const MethodQuery = "QUERY"

// IsRead reports whether the method only reads: its responses may be cached, and need not be sent if the client has
// them.
func IsRead(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == MethodQuery
}

// The extensions of a path item for methods without a field before OpenAPI 3.2: QUERY, and a map of all others.
const (
	QueryExtension   = "x-query"
	MethodsExtension = "x-additionalOperations"
)

// Lower returns a method in lower case, as path items of OpenAPI name it. It allocates nothing for the usual methods.
func Lower(method string) string {
	switch method {
	case http.MethodGet:
		return "get"
	case http.MethodPut:
		return "put"
	case http.MethodPost:
		return "post"
	case http.MethodDelete:
		return "delete"
	case http.MethodPatch:
		return "patch"
	}
	return strings.ToLower(method)
}

// HasField reports whether path items of OpenAPI 3.1 have a field for a method.
func HasField(method string) bool {
	switch method {
	case http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete,
		http.MethodOptions, http.MethodHead, http.MethodPatch, http.MethodTrace:
		return true
	}
	return false
}
