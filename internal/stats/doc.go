// Package stats holds the statistics of the leak verdict: slopes of correlated
// series with an honest interval, breaks, steps and stops. All are pure functions
// of []float64 that know nothing of memory or requests.
//
// Series have at most some dozens of points here: samples are reduced by Bins
// first. Results are NaN, never a panic, where the points do not give an answer.
package stats
