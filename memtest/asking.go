package memtest

import "github.com/memgate/memgate/memtest/target"

// asked is what a run can ask of the target's runtime: nil where it cannot, or does not
// answer any more.
type asked struct {
	collector target.Collector
	heaps     target.HeapProfiler
	tasks     target.TaskProfiler
	walker    target.HeapWalker
}

// askable returns what the runtime says that it can do.
func askable(r target.Runtime) (a asked) {
	a.collector, _ = r.(target.Collector)
	a.heaps, _ = r.(target.HeapProfiler)
	a.tasks, _ = r.(target.TaskProfiler)
	a.walker, _ = r.(target.HeapWalker)
	return a
}
