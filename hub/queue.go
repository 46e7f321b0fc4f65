package hub

// fifo is a queue in a circle of slots, which grows as needed and is given back
// when the queue is empty. The zero value is an empty queue.
type fifo[E any] struct {
	slots    []E
	first, n int
}

// spareSlots is how many slots an empty queue may hold on to.
const spareSlots = 8

func (q *fifo[E]) len() int { return q.n }

// at is the element with i elements in front of it.
func (q *fifo[E]) at(i int) E { return q.slots[(q.first+i)%len(q.slots)] }

// front is the element that pop would give. It stays in the queue.
func (q *fifo[E]) front() *E { return &q.slots[q.first] }

func (q *fifo[E]) push(e E) {
	if q.n == len(q.slots) {
		q.grow()
	}
	q.slots[(q.first+q.n)%len(q.slots)] = e
	q.n++
}

func (q *fifo[E]) grow() {
	slots := make([]E, max(4, 2*len(q.slots)))
	for i := range q.n {
		slots[i] = q.at(i)
	}
	q.slots, q.first = slots, 0
}

func (q *fifo[E]) pop() E {
	var none E
	e := q.slots[q.first]
	q.slots[q.first] = none
	q.first = (q.first + 1) % len(q.slots)
	q.n--
	if q.n == 0 && len(q.slots) > spareSlots {
		q.slots, q.first = nil, 0
	}
	return e
}

// popLast takes out the latest element.
func (q *fifo[E]) popLast() E {
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
