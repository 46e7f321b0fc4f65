package lazy

import (
	"reflect"
	"sync"
)

// MemoKey is a Go type and, where several things are made of one, what distinguishes them.
type MemoKey struct {
	Type    reflect.Type
	Variant string
}

// Memo holds what was made of types, if that succeeded. The zero value is empty; it is safe for concurrent use. It has one
// type of key, and is meant for pointers, so that all memos of a package are compiled once.
type Memo[V any] struct {
	mutex sync.Mutex
	made  map[MemoKey]V
}

// Get returns what was made before, or makes it.
func (m *Memo[V]) Get(key MemoKey, build func() (V, error)) (V, error) {
	m.mutex.Lock()
	known, ok := m.made[key]
	m.mutex.Unlock()
	if ok {
		return known, nil
	}
	// Called without the lock, because build may ask for other keys.
	made, err := build()
	if err != nil {
		return made, err
	}
	m.mutex.Lock()
	// Two goroutines may have made the same; all callers get the result that was stored first.
	defer m.mutex.Unlock()
	if known, ok := m.made[key]; ok {
		return known, nil
	}
	if m.made == nil {
		m.made = map[MemoKey]V{}
	}
	m.made[key] = made
	return made, nil
}
