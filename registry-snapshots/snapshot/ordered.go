package snapshot

// workers is how many pieces of work of a large build are under way at once. More than
// there are processors do no harm; the results are taken in order all the same.
const workers = 4

// An ordered runs pieces of work side by side and hands their results to take in the
// order in which they were given, on the caller's goroutine.
type ordered[T any] struct {
	take    func(T) error
	pending []chan T
}

// do gives a piece of work. It first waits for the oldest, where enough are under way.
func (o *ordered[T]) do(work func() T) error {
	if len(o.pending) >= workers {
		if err := o.next(); err != nil {
			return err
		}
	}
	done := make(chan T, 1) // has room, so that nobody waits for a taker who gave up
	o.pending = append(o.pending, done)
	go func() { done <- work() }()
	return nil
}

func (o *ordered[T]) next() error {
	done := o.pending[0]
	o.pending = o.pending[1:]
	return o.take(<-done)
}

// wait takes all that is left.
func (o *ordered[T]) wait() error {
	for len(o.pending) > 0 {
		if err := o.next(); err != nil {
			return err
		}
	}
	return nil
}
