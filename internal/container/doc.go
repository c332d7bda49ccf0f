// Package container starts, watches, inspects and removes the container of a run.
// It is the one place that talks to a container engine: testcontainers-go creates
// the container, moby's client watches it.
//
// # What it leaves behind
//
// Nothing. A container, and an image built for it, carry labels that say who owns
// them: the process, its start time, the boot and the PID namespace. They go
//
//   - in Stop, and before Start returns an error;
//   - on SIGINT and SIGTERM, by a handler that is in place while a container of ours
//     lives; the signal is then let through, and a second one ends at once;
//   - after SIGKILL, a panic in any goroutine or the -timeout panic of package
//     testing, where no code of ours runs any more: at the next Start on this host,
//     by Sweep, which removes only what belongs to an owner that is provably dead.
//
// A container is removed by force, which is SIGKILL at once: a target has nothing to
// save, and a polite stop costs up to ten seconds a test.
package container
