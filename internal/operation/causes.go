package operation

import "net/http"

// Causes are the reasons why Candor itself may respond with an error to a request for an operation.
type Causes struct {
	// Upgrades means a WebSocket, Secure that credentials are required, Negotiates that the client chooses the media
	// type, and Timed that a limit of time applies.
	Upgrades, Secure, Negotiates, Timed bool
	// ReadsBody means that the body is decoded, ReadsRaw that only its bytes are read.
	ReadsBody, ReadsRaw, Multipart, Validates bool
}

// Failures describes the responses.
func (c Causes) Failures() []Failure {
	var all []Failure
	add := func(is bool, status int, description string) {
		if is {
			all = append(all, Failure{Status: status, Description: description})
		}
	}
	add(c.Upgrades, http.StatusBadRequest, "The handshake is malformed")
	add(c.Upgrades, http.StatusForbidden, "The origin is not allowed, or the connection is refused")
	add(c.Upgrades, http.StatusUpgradeRequired, "The request is not a WebSocket handshake")
	add(c.Secure, http.StatusUnauthorized, "Credentials are missing or not accepted")
	add(c.Negotiates, http.StatusNotAcceptable, "The client accepts none of the available media types")
	add(c.ReadsRaw || c.ReadsBody, http.StatusRequestEntityTooLarge, "The body is too large")
	add(c.ReadsBody, http.StatusUnsupportedMediaType, "The media type or the encoding of the body is not supported")
	add(c.Multipart, http.StatusBadRequest, "The multipart body is malformed")
	add(c.Validates, http.StatusUnprocessableEntity, "Unprocessable request: validation errors")
	add(c.Timed, http.StatusGatewayTimeout, "The operation took too long")
	return all
}
