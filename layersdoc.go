package candor

import (
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

// added documents the headers that middleware adds to the answers of an
// endpoint. Each answer may share its description with others, so it gets a
// header of its own.
func (d *documenter) added(all *openapi3.Responses, e *endpoint) {
	for _, h := range e.added {
		for key, response := range all.Map() {
			if status, err := strconv.Atoi(key); err == nil && (h.to == nil || h.to(status)) {
				put(&response.Value.Headers, h.name, h.documented())
			}
		}
	}
}
