// Package load says what traffic was sent: a Driver sends it, a Meter counts what
// came back while it runs, a Summary tells it afterwards.
//
// Plan is the Driver most tests need: a constant rate of HTTP requests, driven by
// Vegeta. It is an open model: requests leave at their times, whether or not
// earlier ones have been answered, as users do. A closed model (so many clients,
// each waiting for its answer) slows down with a slow target and so spares it just
// when its memory is under strain; requests that pile up inside the target are part
// of what a memory test must see.
//
// One load runs from one process, over connections of its own. What one process
// cannot send shows as an achieved rate below the planned one, never as silence.
package load
