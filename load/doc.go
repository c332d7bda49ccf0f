// Package load says what traffic was sent: a Driver sends it, a Meter counts what
// came back while it runs, a Summary tells it afterwards.
//
// Plan is the Driver most tests need: a constant rate of HTTP requests, an open
// model driven by Vegeta.
package load
