//go:build linux && !amd64 && !arm64

package freeze

import "syscall"

func threadOf(*syscall.PtraceRegs) Thread { return Thread{} }
