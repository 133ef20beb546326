//go:build unix

package main

import (
	"errors"
	"os"
	"syscall"
)

// lockFile takes a file for this process, without waiting. The system gives it back when the
// process ends, however that is, so that no lock is ever left behind.
func lockFile(f *os.File) (taken bool, err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
