package lazy

import "sync"

// Map holds values by key, each made when it is first asked for. The zero value is empty; it is safe for concurrent use.
//
// Unlike a sync.Map it is not generic inside, so no package compiles it again for a field of this type.
type Map struct {
	mutex sync.Mutex
	made  map[any]any
}

// Get returns the value of a key; the first call builds it. Others wait for it, so build must not call Get.
func (m *Map) Get(key any, build func() any) any {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	value, ok := m.made[key]
	if ok {
		return value
	}
	if m.made == nil {
		m.made = map[any]any{}
	}
	value = build()
	m.made[key] = value
	return value
}
