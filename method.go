package candor

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// documentedMethods are those OpenAPI has a place for.
var documentedMethods = []string{
	http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete,
	http.MethodOptions, http.MethodHead, http.MethodPatch, http.MethodTrace,
}

func checkMethods(methods []string) error {
	if len(methods) == 0 {
		return errors.New("no method; name at least one, such as http.MethodGet")
	}
	for i, m := range methods {
		if upper := strings.ToUpper(m); upper != m && slices.Contains(documentedMethods, upper) {
			return fmt.Errorf("the method %q is another one than %q; write that", m, upper)
		}
		if !slices.Contains(documentedMethods, m) {
			return fmt.Errorf("the method %q cannot be documented; use one of %s", m, strings.Join(documentedMethods, ", "))
		}
		if slices.Contains(methods[:i], m) {
			return fmt.Errorf("the method %s stands twice; name each once", m)
		}
	}
	return nil
}
