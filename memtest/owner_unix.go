//go:build unix

package memtest

import (
	"os"
	"syscall"
)

// isOurs reports whether this user owns the file and nobody else may write to it.
func isOurs(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Getuid() && info.Mode().Perm()&0o022 == 0
}
