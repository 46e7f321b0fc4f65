package fan

// Queued is how many bytes wait for all subscribers.
func (f *Fan) Queued() int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.bytes
}
