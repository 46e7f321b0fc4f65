package benchmarks

import (
	"net/http"
	"slices"
	"strings"
)

// A HubRoute is an operation of a large service. It responds with its name and the values of its wildcards, as a Hit.
type HubRoute struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	// Wildcards are the names in the path.
	Wildcards []string `json:"wildcards"`
}

// Hit is the response of a HubRoute.
type Hit struct {
	Route  string   `json:"route"`
	Values []string `json:"values,omitempty"`
}

// String returns the pattern for net/http.
func (r HubRoute) String() string { return r.Method + " " + r.Path }

// Target returns the path of a request, with a different value for each wildcard.
func (r HubRoute) Target() (path string, values []string) {
	path = r.Path
	for _, name := range r.Wildcards {
		value := "value-of-" + name
		path, values = strings.Replace(path, "{"+name+"}", value, 1), append(values, value)
	}
	return path, values
}

// colons converts a path to the notation of gin, echo and fiber.
func colons(path string) string { return strings.NewReplacer("{", ":", "}", "").Replace(path) }

// hit returns the response; value returns the value of a wildcard.
func (r HubRoute) hit(name string, value func(string) string) Hit {
	h := Hit{Route: name}
	if len(r.Wildcards) > 0 {
		h.Values = make([]string, len(r.Wildcards))
	}
	for i, wildcard := range r.Wildcards {
		h.Values[i] = value(wildcard)
	}
	return h
}

// hub is the large service with net/http's mux.
func (s byHand) hub() http.Handler {
	mux := http.NewServeMux()
	for _, r := range HubRoutes() {
		mux.HandleFunc(r.String(), s.hit(r))
	}
	return mux
}

func (s byHand) hit(r HubRoute) http.HandlerFunc {
	name := r.String()
	return func(w http.ResponseWriter, request *http.Request) {
		s.write(w, http.StatusOK, r.hit(name, request.PathValue))
	}
}

// HubRoutes lists the operations, modelled on GitHub's API. Those with fewer wildcards come first, because fiber and
// FastAPI use the first route that matches.
func HubRoutes() (routes []HubRoute) {
	for line := range strings.Lines(hub) {
		words := strings.Fields(line)
		for _, method := range words[1:] {
			r := HubRoute{Method: method, Path: words[0]}
			for _, name := range []string{"a", "b", "c"} {
				if strings.Contains(r.Path, "{"+name+"}") {
					r.Wildcards = append(r.Wildcards, name)
				}
			}
			routes = append(routes, r)
		}
	}
	slices.SortStableFunc(routes, func(a, b HubRoute) int { return len(a.Wildcards) - len(b.Wildcards) })
	return routes
}

// The inputs of routes with one to three wildcards.
type (
	inOne struct {
		A string `path:"a"`
	}
	inTwo struct {
		A string `path:"a"`
		B string `path:"b"`
	}
	inThree struct {
		A string `path:"a"`
		B string `path:"b"`
		C string `path:"c"`
	}
)

func (in inOne) values() []string   { return []string{in.A} }
func (in inTwo) values() []string   { return []string{in.A, in.B} }
func (in inThree) values() []string { return []string{in.A, in.B, in.C} }

// hub has a line for each path, with its methods. issues/comments/{c} is missing, because in net/http's mux it
// conflicts with issues/{c}/comments.
const hub = `/authorizations GET POST
/authorizations/{a} GET PATCH DELETE
/applications/{a}/tokens/{b} GET DELETE
/applications/{a}/tokens DELETE
/authorizations/clients/{a} PUT
/events GET
/repos/{a}/{b}/events GET
/networks/{a}/{b}/events GET
/orgs/{a}/events GET
/users/{a}/received_events GET
/users/{a}/received_events/public GET
/users/{a}/events GET
/users/{a}/events/public GET
/users/{a}/events/orgs/{b} GET
/feeds GET
/notifications GET PUT
/repos/{a}/{b}/notifications GET PUT
/notifications/threads/{a} GET PATCH
/notifications/threads/{a}/subscription GET PUT DELETE
/repos/{a}/{b}/stargazers GET
/users/{a}/starred GET
/user/starred GET
/user/starred/{a}/{b} GET PUT DELETE
/repos/{a}/{b}/subscribers GET
/users/{a}/subscriptions GET
/user/subscriptions GET
/repos/{a}/{b}/subscription GET PUT DELETE
/user/subscriptions/{a}/{b} GET PUT DELETE
/users/{a}/gists GET
/gists/public GET
/gists/starred GET
/gists GET POST
/gists/{a} GET PATCH DELETE
/gists/{a}/star GET PUT DELETE
/gists/{a}/forks POST
/gists/{a}/comments GET POST
/gists/{a}/comments/{b} GET PATCH DELETE
/repos/{a}/{b}/git/blobs POST
/repos/{a}/{b}/git/blobs/{c} GET
/repos/{a}/{b}/git/commits POST
/repos/{a}/{b}/git/commits/{c} GET
/repos/{a}/{b}/git/tags POST
/repos/{a}/{b}/git/tags/{c} GET
/repos/{a}/{b}/git/trees POST
/repos/{a}/{b}/git/trees/{c} GET
/repos/{a}/{b}/git/refs GET POST
/repos/{a}/{b}/git/refs/{c} GET PATCH DELETE
/issues GET
/user/issues GET
/orgs/{a}/issues GET
/repos/{a}/{b}/issues GET POST
/repos/{a}/{b}/issues/{c} GET PATCH
/repos/{a}/{b}/assignees GET
/repos/{a}/{b}/assignees/{c} GET
/repos/{a}/{b}/issues/{c}/comments GET POST
/repos/{a}/{b}/issues/comments GET
/repos/{a}/{b}/issues/{c}/events GET
/repos/{a}/{b}/issues/events GET
/repos/{a}/{b}/labels GET POST
/repos/{a}/{b}/labels/{c} GET PATCH DELETE
/repos/{a}/{b}/issues/{c}/labels GET POST PUT DELETE
/repos/{a}/{b}/milestones GET POST
/repos/{a}/{b}/milestones/{c} GET PATCH DELETE
/repos/{a}/{b}/milestones/{c}/labels GET
/emojis GET
/gitignore/templates GET
/gitignore/templates/{a} GET
/meta GET
/rate_limit GET
/markdown POST
/markdown/raw POST
/users/{a}/orgs GET
/user/orgs GET
/orgs/{a}/members GET
/orgs/{a}/teams GET POST
/orgs/{a} GET PATCH
/orgs/{a}/members/{b} GET DELETE
/orgs/{a}/public_members GET
/orgs/{a}/public_members/{b} GET PUT DELETE
/teams/{a} GET PATCH DELETE
/teams/{a}/members GET
/teams/{a}/members/{b} GET PUT DELETE
/teams/{a}/repos GET
/teams/{a}/repos/{b}/{c} GET PUT DELETE
/user/teams GET
/repos/{a}/{b}/pulls GET POST
/repos/{a}/{b}/pulls/{c} GET PATCH
/repos/{a}/{b}/pulls/{c}/commits GET
/repos/{a}/{b}/pulls/{c}/files GET
/repos/{a}/{b}/pulls/{c}/merge GET PUT
/repos/{a}/{b}/pulls/{c}/comments GET PUT
/repos/{a}/{b}/pulls/comments GET
/user/repos GET POST
/users/{a}/repos GET
/orgs/{a}/repos GET POST
/repositories GET
/repos/{a}/{b} GET PATCH DELETE
/repos/{a}/{b}/contributors GET
/repos/{a}/{b}/languages GET
/repos/{a}/{b}/teams GET
/repos/{a}/{b}/tags GET
/repos/{a}/{b}/branches GET
/repos/{a}/{b}/branches/{c} GET
/repos/{a}/{b}/collaborators GET
/repos/{a}/{b}/comments GET
/repos/{a}/{b}/commits GET
/repos/{a}/{b}/commits/{c} GET
/repos/{a}/{b}/readme GET
/repos/{a}/{b}/keys GET POST
/repos/{a}/{b}/downloads GET
/repos/{a}/{b}/forks GET POST
/repos/{a}/{b}/hooks GET POST
/repos/{a}/{b}/releases GET POST
/repos/{a}/{b}/stats/contributors GET
/repos/{a}/{b}/stats/commit_activity GET
/repos/{a}/{b}/stats/code_frequency GET
/repos/{a}/{b}/stats/participation GET
/repos/{a}/{b}/stats/punch_card GET
/repos/{a}/{b}/collaborators/{c} GET PUT DELETE
/repos/{a}/{b}/commits/{c}/comments GET POST
/repos/{a}/{b}/comments/{c} GET PATCH DELETE
/repos/{a}/{b}/keys/{c} GET PATCH DELETE
/repos/{a}/{b}/hooks/{c} GET PATCH DELETE
/repos/{a}/{b}/releases/{c} GET PATCH DELETE
/repos/{a}/{b}/merges POST
/repos/{a}/{b}/contents/{c} GET PUT DELETE
/repos/{a}/{b}/downloads/{c} GET DELETE
/repos/{a}/{b}/hooks/{c}/tests POST
/repos/{a}/{b}/releases/{c}/assets GET
/repos/{a}/{b}/statuses/{c} GET POST
/search/repositories GET
/search/code GET
/search/issues GET
/search/users GET
/users GET
/users/{a} GET
/users/{a}/followers GET
/users/{a}/following GET
/users/{a}/following/{b} GET
/users/{a}/keys GET
/user/followers GET
/user/following GET
/user GET PATCH
/user/emails GET POST DELETE
/user/following/{a} GET PUT DELETE
/user/keys GET POST
/user/keys/{a} GET PATCH DELETE
`
