// Package process starts a child process as a target: on a free loopback port, in a
// control group of its own where the kernel lets us make one, watched until it ends,
// and removed with all its children. It also tells what the processes of a target use,
// whoever started them.
package process
