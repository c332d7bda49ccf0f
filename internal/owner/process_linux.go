package owner

import (
	"errors"
	"os"
	"strconv"
	"syscall"
)

// findProcess looks at a PID of our own PID namespace.
func findProcess(pid int) process {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return process{state: gone}
	}
	start, err := startOf(strconv.Itoa(pid))
	switch {
	case errors.Is(err, errZombie):
		return process{state: gone}
	case err != nil:
		return process{}
	}
	return process{state: running, start: start}
}

// startOf returns when a process started, in clock ticks since the boot.
func startOf(pid string) (string, error) {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return "", err
	}
	return parseStart(stat)
}
