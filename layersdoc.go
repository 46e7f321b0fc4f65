package candor

import (
	"net/http"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

// added documents what middleware answers without a body, and the headers it
// adds to the answers of an endpoint.
func (d *documenter) added(all *openapi3.Responses, e *endpoint) {
	for _, r := range e.raised {
		if r.status < http.StatusBadRequest && all.Status(r.status) == nil {
			d.respond(all, r.status, r.doc, nil)
		}
	}
	for _, h := range e.added {
		for key, response := range all.Map() {
			if status, err := strconv.Atoi(key); err == nil && (h.to == nil || h.to(status)) {
				put(&response.Value.Headers, h.name, h.documented())
			}
		}
	}
}
