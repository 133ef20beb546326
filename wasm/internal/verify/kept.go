package verify

import "sync/atomic"

// kept is what one call leaves to the next. Whoever uses it takes it, so that two calls at
// once, as Go code may make them, never have the same: the second starts anew, and what
// comes back last is kept.
type kept[T any] struct{ at atomic.Pointer[T] }

func (k *kept[T]) take() *T {
	if v := k.at.Swap(nil); v != nil {
		return v
	}
	return new(T)
}

func (k *kept[T]) put(v *T) { k.at.Store(v) }
