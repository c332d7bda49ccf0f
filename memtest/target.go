package memtest

import "github.com/memgate/memgate/memtest/target"

// A Target is what is put under load. [Image], [Process] and [Container] are targets;
// another one only needs to know how to start, and package target says with what.
type Target = target.Target

// Instance is a target that runs.
type Instance = target.Instance

// Exit is how a target ended by itself.
type Exit = target.Exit

var (
	_ target.Limited = Image{}
	_ target.Limited = Process{}
	_ target.Target  = Container{}
)

// exitRemedy returns what to do about a target that ended by itself.
func exitRemedy(e Exit) string {
	switch {
	case e.OOMKilled:
		return "raise its memory limit (MemoryLimit) if it needs that much, else see in the report what grew"
	case e.Code == target.Killed:
		return "find out who killed it: docker events, the kernel's log, another test"
	case e.Code < 0:
		return "leave the container alone while the run lasts"
	case e.Code == 129, e.Code == 130, e.Code == 143:
		return "somebody stopped it: let no other test do that, and no docker stop"
	case e.Logs == "":
		return "it wrote no log: run it by hand to see why"
	case e.Code == 0:
		return "a target serves until it is stopped: its last log lines may say why this one ended"
	default:
		return "its last log lines may say why"
	}
}
