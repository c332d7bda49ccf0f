//go:build linux && !amd64

package heap

const processVMReadv = 270 // arm64 and what else came after it; no other is known here
