package fan

// Queued returns how many bytes are queued for all subscribers.
func (f *Fan) Queued() int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.bytes
}
