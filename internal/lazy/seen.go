package lazy

import "sync"

// Seen holds keys, such as the names of what was logged. The zero value is empty; it is safe for concurrent use.
type Seen struct {
	mutex sync.Mutex
	keys  map[any]bool
}

// IsNew adds a key, and reports whether it was not there yet: of concurrent calls only one gets true.
func (s *Seen) IsNew(key any) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.keys[key] {
		return false
	}
	if s.keys == nil {
		s.keys = map[any]bool{}
	}
	s.keys[key] = true
	return true
}
