package candor

import "github.com/candor-go/candor/internal/mediatype"

// Problem is the body of an error where Config.ProblemDetails is set: RFC 9457,
// application/problem+json.
//
// By itself, Candor writes the reason phrase as the title and the detail of the
// error as the detail. An error whose detail is a Problem says more:
//
//	candor.Error(403, candor.Problem{
//		Type:   "https://example.com/problems/out-of-credit",
//		Title:  "You do not have enough credit",
//		Detail: "Your balance is 30, but that costs 50",
//	})
type Problem struct {
	// Type is a URI that names the kind of problem; "about:blank", when empty,
	// is one that the status tells.
	Type string `json:"type"`
	// Title is a short text, the same for all problems of the type; the reason
	// phrase when empty.
	Title string `json:"title"`
	// Status is that of the response; it is filled in.
	Status int `json:"status"`
	// Detail is about this occurrence.
	Detail string `json:"detail,omitempty"`
	// Instance is a URI that names this occurrence.
	Instance string `json:"instance,omitempty"`
	// Errors are the faults of a request that is not valid.
	Errors []Fault `json:"errors,omitempty"`
	// Extra is the detail of an error whose detail is not a text.
	Extra any `json:"extra,omitzero"`
}

// problemFormat is the form of errors with Config.ProblemDetails.
func problemFormat() *errorFormat {
	return &errorFormat{mediaType: mediatype.Problem, body: func(e *HTTPError) any { return problemOf(e) }}
}

// problemOf tells an error as a problem.
func problemOf(e *HTTPError) Problem {
	var p Problem
	switch detail := e.detail.(type) {
	case Problem:
		p = detail
	case *Problem:
		p = *detail
	case string:
		p.Detail = detail
	case []Fault:
		p.Detail, p.Errors = "the request is not valid", detail
	default:
		p.Extra = detail
	}
	if p.Type == "" {
		p.Type = "about:blank"
	}
	if p.Title == "" {
		p.Title = reason(e.status)
	}
	p.Status = e.status
	return p
}
