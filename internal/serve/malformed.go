package serve

import (
	"net/http"
	"slices"
	"strings"
)

// isMalformed reports whether an HTTP/2 request is malformed (RFC 9113, section 8.1.1) in a way that net/http only finds
// in HTTP/1: the same request must not be refused over one protocol and served over the other.
func isMalformed(r *http.Request) bool {
	return !isMade(r.Method, isTokenByte) || !isMade(r.Host, isHostByte) && r.Host != "" || hasOtherHost(r) || hasWrongLength(r)
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

func isMade(text string, of func(c byte) bool) bool {
	for i := range len(text) {
		if !of(text[i]) {
			return false
		}
	}
	return text != ""
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// isTokenByte reports whether a byte may stand in a method (RFC 9110, section 5.6.2).
func isTokenByte(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// isHostByte reports whether a byte may stand in a host with a port, without userinfo (RFC 3986, section 3.2.2).
func isHostByte(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("!$%&'()*+,-.:;=[]_~", c) >= 0
}

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
