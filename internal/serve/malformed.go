package serve

import (
	"net/http"
	"slices"
	"strings"

	"github.com/candor-go/candor/internal/mediatype"
)

// isMalformed reports whether an HTTP/2 request is malformed (RFC 9113, section 8.1.1) in a way that net/http only finds
// in HTTP/1: the same request must not be refused over one protocol and served over the other.
func isMalformed(r *http.Request) bool {
	return !mediatype.IsToken(r.Method) || !isHost(r.Host) || hasOtherHost(r) || hasWrongLength(r)
}

// hasOtherHost reports whether a Host names another server than :authority, apart from a default port.
func hasOtherHost(r *http.Request) bool {
	return slices.ContainsFunc(r.Header["Host"], func(line string) bool { return !strings.EqualFold(withoutPort(line), withoutPort(r.Host)) })
}

func withoutPort(host string) string {
	return strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
}

// hasWrongLength reports whether the header names several lengths, or the length of a body that is not there. net/http
// compares the length with a body while that is read.
func hasWrongLength(r *http.Request) bool {
	lines := r.Header["Content-Length"]
	if len(lines) == 0 {
		return false
	}
	differ := slices.ContainsFunc(lines, func(line string) bool { return line != lines[0] })
	return differ || r.ContentLength == 0 && strings.Trim(lines[0], "0") != ""
}

// isHost reports whether a host with a port, without userinfo, consists of bytes that it may have (RFC 3986, section
// 3.2.2), as net/http asks of HTTP/1. A request may have none.
func isHost(host string) bool {
	return strings.IndexFunc(host, func(c rune) bool { return !strings.ContainsRune(hostBytes, c) }) < 0
}

const hostBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!$%&'()*+,-.:;=[]_~"

// refuse responds with 400, as net/http does to a malformed request of HTTP/1.
func (s *server) refuse(w http.ResponseWriter) {
	if s.hooks.Refusal == nil {
		http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		return
	}
	mediaType, body := s.hooks.Refusal(http.StatusBadRequest)
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write(body)
}
