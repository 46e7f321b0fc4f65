package operation_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/candor-go/candor/internal/operation"
)

func TestErrorHeaders(t *testing.T) {
	sent := func(status int, name string, values ...string) operation.SentError {
		return operation.SentError{Status: status, Header: http.Header{name: values}}
	}
	for _, test := range []struct {
		means string
		errs  []operation.SentError
		want  []operation.Header
	}{
		{"seconds", []operation.SentError{sent(503, "Retry-After", "3")}, []operation.Header{operation.RetryAfter()}},
		{
			"seconds or a date",
			[]operation.SentError{sent(503, "Retry-After", "3"), sent(503, "Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT")},
			[]operation.Header{{Name: "Retry-After", Description: "After how many seconds, or when, to try again"}},
		},
		{"every 401 has it", []operation.SentError{sent(401, "Www-Authenticate", "Basic")}, []operation.Header{{Name: "WWW-Authenticate", Description: "The credentials that are needed", Required: true}}},
		{"one has none", []operation.SentError{sent(401, "Www-Authenticate", "Basic"), sent(401, "Note", "a")}, []operation.Header{{Name: "WWW-Authenticate", Description: "The credentials that are needed"}, {Name: "Note"}}},
		{"HTTP cannot carry it", []operation.SentError{sent(400, "Note", "a\nb")}, nil},
	} {
		all := &operation.Responses{}
		new(operation.ErrorFormat).Add(all, nil, operation.Failure{Status: 400, Errors: test.errs})
		assert.Equal(t, test.want, all.To(400).Headers, test.means)
	}
}
