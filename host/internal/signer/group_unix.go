//go:build unix

package signer

import (
	"os/exec"
	"syscall"
)

// together gives a command a process group of its own, and ends the whole group when
// its time is over.
func together(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
