package freeze

import "syscall"

func threadOf(r *syscall.PtraceRegs) Thread {
	return Thread{PC: r.Pc, SP: r.Sp, FP: r.Regs[29], Registers: r.Regs[:29]}
}
