package owner

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var errZombie = errors.New("process has ended")

// parseStart reads the 22nd field of /proc/PID/stat. The second one, the command's
// name in parentheses, may hold blanks and parentheses itself.
func parseStart(stat []byte) (string, error) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return "", fmt.Errorf("parse process stat %.40q: no command name", stat)
	}
	const state, start = 0, 19 // of the fields behind the name
	fields := strings.Fields(string(stat[end+1:]))
	if len(fields) <= start {
		return "", fmt.Errorf("parse process stat %.40q: %d fields behind the name", stat, len(fields))
	}
	if fields[state] == "Z" || fields[state] == "X" {
		return "", errZombie
	}
	if _, err := strconv.ParseUint(fields[start], 10, 64); err != nil {
		return "", fmt.Errorf("parse process stat: start time %q is no number", fields[start])
	}
	return fields[start], nil
}
