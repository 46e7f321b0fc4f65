package candor

import "sync"

// memo keeps what was made without an error, by what it was made of. The zero
// value is empty and safe for concurrent use.
type memo[K comparable, V any] struct {
	mutex sync.Mutex
	made  map[K]V
}

// get returns what was made of the key first.
func (m *memo[K, V]) get(key K, compile func(K) (V, error)) (V, error) {
	m.mutex.Lock()
	known, ok := m.made[key]
	m.mutex.Unlock()
	if ok {
		return known, nil
	}
	made, err := compile(key)
	if err != nil {
		return made, err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if known, ok := m.made[key]; ok {
		return known, nil
	}
	if m.made == nil {
		m.made = map[K]V{}
	}
	m.made[key] = made
	return made, nil
}
