//go:build !unix

package signer

import "os/exec"

// together does nothing where there are no process groups: the command is ended, and
// what it started is not.
func together(*exec.Cmd) {}
