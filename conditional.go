package candor

import (
	"net/http"
	"time"

	"github.com/candor-go/candor/internal/etag"
)

// ErrPreconditionFailed is the 412 of a request that asks for another state of
// a resource than the one there is. See [CheckETag].
var ErrPreconditionFailed = Error(http.StatusPreconditionFailed, "the resource is not in the state that the request asks for")

// CheckETag judges a request by the ETag of the resource as it is, in its
// quotes, such as `"v3"`, or "" for one that does not exist (RFC 9110, section
// 13.2). It returns
//
//   - [ErrPreconditionFailed] where If-Match lists another tag, or If-None-Match
//     this one and the method may change something: so a PUT that names the tag
//     of what its client has seen cannot undo the change of another client;
//   - an error that responds with 304 where If-None-Match lists the tag and the method
//     is GET or HEAD: the client has it already;
//   - nil for everything else.
//
// The 412 is declared by Raises(ErrPreconditionFailed), the 304 by
// Responds[None](304).
func CheckETag(r *http.Request, tag string) error {
	switch etag.Precondition(r, tag, time.Time{}) {
	case http.StatusNotModified:
		return Error(http.StatusNotModified, nil).WithHeader("ETag", tag)
	case http.StatusPreconditionFailed:
		return ErrPreconditionFailed
	}
	return nil
}
