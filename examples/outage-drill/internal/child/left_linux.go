package child

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const prSetChildSubreaper = 36 // prctl(2)

// Adopt makes this process the parent of every descendant whose own parent ends, so
// that Left sees them all: a browser's helpers too.
func Adopt() error {
	if _, _, e := syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); e != 0 {
		return fmt.Errorf("prctl: %w", e)
	}
	return nil
}

// Left lists the processes that descend from this one. Call it when every Process
// was waited for: it collects those that have ended and that nobody waits for.
func Left() []Descendant {
	for {
		var status syscall.WaitStatus
		if pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil); err != nil || pid <= 0 {
			break
		}
	}
	parents, names := map[int]int{}, map[int]string{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well formed
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // it has just ended
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		// pid (name) state ppid …: proc_pid_stat(5). The name may hold anything.
		end := bytes.LastIndexByte(data, ')')
		fields := strings.Fields(string(data[end+1:]))
		if end < 0 || len(fields) < 2 {
			continue
		}
		parents[pid], _ = strconv.Atoi(fields[1])
		names[pid] = string(data[bytes.IndexByte(data, '(')+1 : end])
	}
	var left []Descendant
	for pid := range parents {
		for up, steps := parents[pid], 0; up > 1 && steps < 64; up, steps = parents[up], steps+1 {
			if up == os.Getpid() {
				left = append(left, Descendant{pid, names[pid]})
				break
			}
		}
	}
	return left
}
