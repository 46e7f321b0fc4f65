// Package loose lists the routers that have routes and are not included in an app, for a warning that their routes are
// not served. It knows no router, only numbers, so that it keeps none alive, and lists them also after they were garbage
// collected, which is where a router that nothing includes soon ends.
package loose

import (
	"maps"
	"slices"
	"sync"

	"github.com/candor-go/candor/internal/callsite"
)

// Routers is a list of routers by number. The zero value is ready. It is safe for concurrent use.
type Routers struct {
	mutex   sync.Mutex
	made    int
	routers map[int]Router
}

// Router is what the warning says of a router.
type Router struct {
	Prefix string
	// Site is the call that made it.
	Site *callsite.Site
}

// Made returns how many routers have been made.
func (r *Routers) Made() int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.made
}

// Next returns the number of a new router. The first is 1.
func (r *Routers) Next() int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.made++
	return r.made
}

// Add lists a router that is not included.
func (r *Routers) Add(number int, router Router) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.routers == nil {
		r.routers = map[int]Router{}
	}
	r.routers[number] = router
}

// Remove takes a router off the list, since something includes it.
func (r *Routers) Remove(number int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.routers, number)
}

// TakeSince removes and returns the routers that were made after the given number of others, in their order.
func (r *Routers) TakeSince(number int) (taken []Router) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, n := range slices.Sorted(maps.Keys(r.routers)) {
		if n > number {
			taken = append(taken, r.routers[n])
			delete(r.routers, n)
		}
	}
	return taken
}
