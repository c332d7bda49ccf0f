// Package chart draws runs: memory, load and latency over time, and the icicle of what a
// heap is made of. A drawing is data, every coordinate in pixels; templates write it down.
package chart
