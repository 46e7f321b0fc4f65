package hub

// queue is a ring buffer that grows as needed, and is released when it is empty. The zero value is an empty queue.
type queue[E any] struct {
	slots    []E
	first, n int
}

// spareSlots is how many slots an empty queue may keep.
const spareSlots = 8

func (q *queue[E]) len() int { return q.n }

// at returns the element with index i.
func (q *queue[E]) at(i int) E { return q.slots[(q.first+i)%len(q.slots)] }

// front returns the first element without removing it.
func (q *queue[E]) front() *E { return &q.slots[q.first] }

func (q *queue[E]) push(e E) {
	if q.n == len(q.slots) {
		q.grow()
	}
	q.slots[(q.first+q.n)%len(q.slots)] = e
	q.n++
}

func (q *queue[E]) grow() {
	slots := make([]E, max(4, 2*len(q.slots)))
	for i := range q.n {
		slots[i] = q.at(i)
	}
	q.slots, q.first = slots, 0
}

func (q *queue[E]) pop() E {
	var none E
	e := q.slots[q.first]
	q.slots[q.first] = none // so that the slot does not keep its element alive
	q.first = (q.first + 1) % len(q.slots)
	q.n--
	if q.n == 0 && len(q.slots) > spareSlots {
		q.slots, q.first = nil, 0
	}
	return e
}

// popLast removes the last element.
func (q *queue[E]) popLast() E {
	var none E
	last := &q.slots[(q.first+q.n-1)%len(q.slots)]
	e := *last
	*last = none
	q.n--
	if q.n == 0 && len(q.slots) > spareSlots {
		q.slots, q.first = nil, 0
	}
	return e
}
