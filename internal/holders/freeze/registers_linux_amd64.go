package freeze

import "syscall"

func threadOf(r *syscall.PtraceRegs) Thread {
	return Thread{PC: r.Rip, SP: r.Rsp, FP: r.Rbp, Registers: []uint64{
		r.Rax, r.Rbx, r.Rcx, r.Rdx, r.Rsi, r.Rdi, r.R8, r.R9, r.R10, r.R11, r.R12, r.R13, r.R14, r.R15,
	}}
}
